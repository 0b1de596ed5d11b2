"""Call records of telephone systems: who called whom and when, and no word of what was said."""

import csv
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.capture.types import CALL, Incoming, Malformed
from jieli.connectors.files.calls import LAYOUTS, SENTENCES, parse, record
from jieli.connectors.jsonline import MAX_LINE
from jieli.kernel.times import local
from tests.shared_data import shared

FILES = {
    "asterisk": "call_records/asterisk_master_made.csv",
    "freeswitch": "call_records/freeswitch_master_made.csv",
}


def asterisk(**change):
    row = {
        "account": "",
        "caller": "075566660101",
        "called": "700",
        "context": "from-trunk",
        "clid": '"""何"" <075566660101>"',
        "channel": "PJSIP/trunk-0000000a",
        "other": "PJSIP/7003-0000000b",
        "app": "Queue",
        "data": '"tea,t"',
        "start": "2026-03-02 09:30:00",
        "answer": "2026-03-02 09:30:05",
        "end": "2026-03-02 09:31:00",
        "duration": "60",
        "talk": "55",
        "outcome": "ANSWERED",
        "ama": "DOCUMENTATION",
        "uniqueid": "1772415000.7",
        **change,
    }
    return ",".join(row.values()).encode()


def freeswitch(**change):
    row = {
        "name": '"何"',
        "caller": "7001",
        "called": "075566660101",
        "context": "default",
        "start": "2026-03-02 09:30:00",
        "answer": "",
        "end": "2026-03-02 09:30:20",
        "duration": '"20"',
        "talk": '"0"',
        "outcome": "NO_ANSWER",
        "uuid": "11111111-2222-4333-8444-555555555555",
        "other": "",
        "account": "",
        "read": "PCMA",
        "write": "PCMA",
        **change,
    }
    return ",".join(row.values()).encode()


def one(raw, layout="asterisk", **options):
    [value] = parse([raw], layout, **options)
    return value


def code_of(raw, layout="asterisk", **options):
    value = one(raw, layout, **options)
    assert isinstance(value, Malformed)
    return value.code


@pytest.mark.parametrize("layout", sorted(FILES))
def test_all_shared_rows_are_read(layout):
    lines = shared(FILES[layout]).read_bytes().splitlines()
    rows = list(csv.reader(line.decode() for line in lines))
    values = list(parse(lines, layout))
    shape = LAYOUTS[layout]
    assert len(values) == len(rows) == 7
    assert len({value.message_id for value in values}) == 7
    for raw, row, value in zip(lines, rows, values, strict=True):
        assert isinstance(value, Incoming)
        assert (value.raw, value.source, value.channel, value.text) == (raw, "pbx", CALL, "")
        assert value.sender == row[shape.caller]
        assert f"{local(value.event_ms):%Y-%m-%d %H:%M:%S}" == row[shape.start]
        found = record(raw, layout)
        assert found.called == row[shape.called]
        assert (found.answer_ms is None) == (row[shape.answer] == "")
        assert found.end_ms - found.start_ms == int(row[shape.duration]) * 1_000
        assert found.outcome == row[shape.outcome]


def test_both_shared_systems_tell_of_the_same_calls():
    told = [
        [(v.sender, v.event_ms) for v in parse(shared(name).read_bytes().splitlines(), layout)]
        for layout, name in FILES.items()
    ]
    assert told[0] == told[1]


def test_two_shared_rows_of_one_call_are_two_records_of_one_call():
    lines = shared(FILES["asterisk"]).read_bytes().splitlines()
    calls = [record(line, "asterisk").call for line in lines]
    assert len(set(calls)) == 6
    assert calls[3] == calls[4]


def test_who_answered_behind_a_queue_is_the_receiver():
    assert one(asterisk()).receivers == ("7003",)
    assert record(asterisk(), "asterisk").called == "700"
    assert one(asterisk(answer="")).receivers == ("700",)
    assert one(asterisk(app="Dial", other="PJSIP/075500000001-0000000b")).receivers == ("700",)
    assert one(asterisk(other="PJSIP/trunk-0000000b")).receivers == ("700",)


def test_a_row_without_uniqueid_still_has_a_name_of_its_own():
    columns = asterisk().split(b",")[:-1]
    first = one(b",".join(columns))
    columns[5] = b"PJSIP/trunk-0000000c"
    assert isinstance(first, Incoming)
    assert one(b",".join(columns)).message_id != first.message_id


def test_a_withheld_number_is_nobody():
    assert one(asterisk(caller="")).sender == ""


def test_a_site_may_append_columns_of_its_own_to_freeswitch_only():
    assert one(freeswitch() + b",own,fields", "freeswitch").sender == "7001"
    assert code_of(asterisk() + b",userfield,own") == "pbx.columns"


def test_an_unanswered_call_has_no_answer():
    found = record(freeswitch(), "freeswitch")
    assert (found.answer_ms, found.duration_s, found.talk_s) == (None, 20, 0)


def test_the_zone_is_the_callers_to_name():
    there = one(asterisk(), zone=ZoneInfo("UTC")).event_ms
    assert there - one(asterisk()).event_ms == 8 * 3_600_000


def test_an_hour_that_comes_twice_or_never_is_no_instant():
    berlin = ZoneInfo("Europe/Berlin")
    twice = asterisk(start="2026-10-25 02:30:00", answer="", end="2026-10-25 02:31:00")
    never = asterisk(start="2026-03-29 02:30:00", answer="", end="2026-03-29 03:31:00")
    assert code_of(twice, zone=berlin) == "pbx.ambiguous_time"
    assert code_of(never, zone=berlin) == "pbx.ambiguous_time"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"\xff", "not_utf8"),
        (b"a,b", "columns"),
        (b'"a"b,' * 17, "not_csv"),
        (b'"open', "not_csv"),
        (asterisk(data="a\rb"), "not_csv"),
        (asterisk(data="a\nb"), "not_csv"),
        (b"x" * (MAX_LINE + 1), "too_long"),
        (b"x" * 200_000, "not_csv"),
        (asterisk(called=""), "bad_id"),
        (asterisk(caller="0755\x006666"), "bad_id"),
        (asterisk(uniqueid="u" * 300), "bad_id"),
        (asterisk(start="start"), "bad_time"),
        (asterisk(start="2026-02-30 09:00:00"), "bad_time"),
        (asterisk(start="2026-03-02T09:30:00"), "bad_time"),
        (asterisk(start="0001-01-01 00:00:00"), "bad_time"),
        (asterisk(start="1969-12-31 00:00:00"), "bad_time"),
        (asterisk(end="2026-03-02 09:29:59"), "bad_time"),
        (asterisk(end=""), "bad_time"),
        (asterisk(answer="later"), "bad_time"),
        (asterisk(duration="1m"), "bad_number"),
        (asterisk(talk="-1"), "bad_number"),
    ],
)
def test_a_row_that_cannot_be_read_has_its_own_code(raw, code):
    assert code_of(raw) == f"pbx.{code}"


def test_an_unknown_layout_is_the_callers_mistake():
    with pytest.raises(KeyError):
        list(parse([asterisk()], "teletype"))


def test_good_rows_beside_bad_ones_survive_with_their_numbers():
    lines = [b"\xef\xbb\xbf" + asterisk() + b"\r\n", b"\n", b"calldate,clid,src\n", asterisk(called="701")]
    values = list(parse(lines, "asterisk"))
    assert [(type(value), value.line) for value in values] == [(Incoming, 1), (Malformed, 3), (Incoming, 4)]
    assert values[0].raw == asterisk()


@given(st.binary(max_size=200).map(lambda raw: raw.replace(b"\n", b" ")), st.sampled_from(sorted(LAYOUTS)))
def test_any_bytes_give_one_report_or_none_when_blank(raw, layout):
    values = list(parse([raw], layout, first_line=2))
    assert len(values) == (not (not raw or raw.isspace()))
    assert all(value.sentence in SENTENCES.values() for value in values)


@given(st.sampled_from(["caller", "called", "start", "answer", "end", "duration", "uniqueid"]), st.text())
def test_any_text_in_any_column_gives_exactly_one_value(column, text):
    quoted = '"' + text.replace('"', '""') + '"'
    assert isinstance(one(asterisk(**{column: quoted})), Incoming | Malformed)


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("/var/spool/monitor/2026/out-8003.wav", "out-8003.wav"),
        ("audio:q-600.mp3", "q-600.mp3"),
        ("二楼/通话 1.amr", "通话 1.amr"),
    ],
)
def test_a_row_that_names_its_recording_claims_it(cell: str, name: str) -> None:
    """The claim is a name and a place; what the row does not say of size and digest is absent."""
    [claim] = one(asterisk() + f",{cell}".encode()).media
    assert claim.as_json() == {"kind": "recording", "name": name, "locator": cell.removeprefix("audio:")}


@pytest.mark.parametrize("cell", ["", "VIP", "see note.wav please", "x.exe", "." + "a" * 300 + ".wav"])
def test_other_words_in_that_field_claim_nothing(cell: str) -> None:
    assert one(asterisk() + f",{cell}".encode()).media == ()
    assert one(asterisk()).media == () == one(freeswitch(), "freeswitch").media
