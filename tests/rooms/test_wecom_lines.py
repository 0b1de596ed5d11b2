"""Decrypted WeCom messages: every line gives one value, and a bad one costs nothing beside it."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.capture.types import (
    CALL,
    CHAT,
    MAX_JSON_INTEGER,
    ConsentLine,
    Incoming,
    Malformed,
    SwitchLine,
    conversation_key,
)
from jieli.connectors.jsonline import MAX_LINE, bounded_lines
from jieli.connectors.wecom.lines import SENTENCES, parse
from jieli.connectors.wecom.structures import SHAPES
from tests.shared_data import shared

SAMPLES = "wecom_samples/wecom_messages_example.jsonl"
# Types without a word that a person sees, and those whose files the platform keeps.
WORDLESS = {"image", "voice", "video", "emotion", "revoke", "voiptext", "someday_new_type"}
WITH_FILE = {"image", "voice", "video", "emotion", "file", "meeting_voice_call", "voip_doc_share"}


def message(**fields):
    whole = {
        "msgid": "m-1",
        "action": "send",
        "from": "staff-hu",
        "tolist": ["wm-lin"],
        "roomid": "",
        "msgtime": 1_770_000_000_123,
        "msgtype": "text",
        "text": {"content": "茶样今天寄出"},
    }
    whole.update(fields)
    return {key: value for key, value in whole.items() if value is not ...}


def line(**fields):
    return json.dumps(message(**fields), ensure_ascii=False).encode()


def one(raw):
    [value] = parse([raw])
    return value


def code_of(raw):
    value = one(raw)
    assert isinstance(value, Malformed)
    return value.code


def samples():
    """The shared messages, as (JSON, value) by line."""
    lines = shared(SAMPLES).read_bytes().splitlines()
    return list(zip(lines, map(json.loads, lines), parse(lines), strict=True))


def test_all_shared_samples_are_read_and_keep_their_exact_bytes():
    found = samples()
    assert len(found) == 41
    assert not [value for _, _, value in found if isinstance(value, Malformed)]
    assert [value.line for _, _, value in found] == list(range(1, 42))
    assert all(value.raw == raw for raw, _, value in found if not isinstance(value, SwitchLine))
    assert [value.message_id for _, _, value in found] == [source["msgid"] for _, source, _ in found]


def test_shared_messages_carry_the_envelope_that_stands_in_them():
    messages = [(source, value) for _, source, value in samples() if isinstance(value, Incoming)]
    assert len(messages) == 38
    for source, value in messages:
        assert value.source == "wecom"
        assert value.action == source["action"]
        assert value.sender == source["from"]
        assert list(value.receivers) == list(dict.fromkeys(source["tolist"]))
        assert value.room == source.get("roomid", "")
        assert value.event_ms == source["msgtime"]
        assert value.msgtype == source["msgtype"]


def test_shared_messages_have_words_exactly_where_their_type_shows_some():
    messages = [(source, value) for _, source, value in samples() if isinstance(value, Incoming)]
    silent = {source["msgtype"] for source, value in messages if not value.text}
    # Of the two recorded calls one showed a document: its name is the only word.
    assert silent == WORDLESS | {"meeting_voice_call"}
    for source, value in messages:
        known = json.dumps(source, ensure_ascii=False).replace("\\", "")
        for word in value.text.replace('"', "").split("\n"):
            assert word.replace('"', "") in known.replace('"', "")


def test_shared_texts_are_the_content_unchanged():
    texts = [(source, value) for _, source, value in samples() if source.get("msgtype") == "text"]
    assert len(texts) == 4
    assert all(value.text == source["text"]["content"] for source, value in texts)


def test_shared_files_are_claimed_as_the_platform_says():
    messages = [(source, value) for _, source, value in samples() if isinstance(value, Incoming)]
    with_file = {source["msgtype"] for source, value in messages if value.media}
    assert with_file == WITH_FILE | {"chatrecord", "mixed"}
    for source, value in messages:
        for claim in value.media:
            escaped = json.dumps(source, ensure_ascii=False)
            assert claim.locator
            assert claim.locator in escaped
            assert claim.digest in escaped
            assert claim.algorithm == "md5"
            assert claim.size is None or str(claim.size) in escaped


def test_shared_calls_are_of_the_call_channel_and_have_no_room():
    calls = [value for _, _, value in samples() if isinstance(value, Incoming) and value.channel == CALL]
    assert [value.msgtype for value in calls] == ["meeting_voice_call"] * 2 + ["voip_doc_share"]
    assert {value.room for value in calls} == {""}


def test_shared_recalls_name_the_message_taken_back():
    recalls = [(source, value) for _, source, value in samples() if source["action"] == "recall"]
    assert len(recalls) == 2
    assert all(value.recalls == source["revoke"]["pre_msgid"] for source, value in recalls)
    assert all(value.recalls == "" for _, source, value in samples() if source.get("msgtype") == "text")


def test_shared_consent_lines_carry_the_platforms_own_time():
    [(said_yes, yes), (said_no, no)] = [
        (source, value) for _, source, value in samples() if isinstance(value, ConsentLine)
    ]
    assert (yes.agreed, yes.at_ms) == (True, said_yes["agree"]["agree_time"])
    assert (no.agreed, no.at_ms) == (False, said_no["disagree"]["disagree_time"])
    assert yes.customer == said_yes["from"]
    assert list(yes.staff) == said_yes["tolist"]


def test_the_shared_switch_log_is_counted_and_is_no_message():
    [(source, switch)] = [(s, value) for _, s, value in samples() if isinstance(value, SwitchLine)]
    assert (switch.user, switch.at_ms) == (source["user"], source["time"])


def test_every_documented_type_has_a_shape():
    document = json.loads(shared("wecom_samples/wecom_archive_msgtypes.json").read_bytes())
    documented = {entry["msgtype"] for entry in document["types"]} - {None, "agree", "disagree"}
    assert documented <= set(SHAPES)


def test_a_broken_part_of_a_forwarded_record_costs_only_itself():
    parts = [
        {"type": "ChatRecordText", "msgtime": 1_769_999_000, "content": '{"content": "先看样"}'},
        {"type": "ChatRecordText", "msgtime": 1_769_999_001, "content": '{"content": "半句'},
        {"type": "ChatRecordText", "content": 7},
        "no part",
        {"type": "ChatRecordLink", "content": {"title": "展会", "description": "五号馆"}},
    ]
    value = one(line(msgtype="chatrecord", text=..., chatrecord={"title": "两人的聊天", "item": parts}))
    assert value.text == "两人的聊天\n先看样\n展会\n五号馆"
    assert value.event_ms == 1_770_000_000_123


def test_records_inside_records_are_read_and_endless_ones_end():
    def nested(depth):
        record = {"title": "层0", "item": []}
        for layer in range(1, depth + 1):
            part = {"type": "chatrecord", "content": json.dumps(record, ensure_ascii=False)}
            record = {"title": f"层{layer}", "item": [part]}
        return record

    shallow = one(line(msgtype="chatrecord", text=..., chatrecord=nested(2)))
    assert shallow.text == "层2\n层1\n层0"
    deep = one(line(msgtype="chatrecord", text=..., chatrecord=nested(11)))
    assert deep.text.split("\n") == [f"层{depth}" for depth in range(11, 2, -1)]


def test_a_part_with_a_repeated_key_adds_no_words():
    part = {"type": "text", "content": '{"content": "甲", "content": "乙"}'}
    assert one(line(msgtype="mixed", text=..., mixed={"item": [part]})).text == ""


def test_notes_are_read_under_both_spellings():
    part = [{"msg_type": "text", "content": '{"content": "周三回电"}'}]
    assert one(line(msgtype="note", text=..., info={"items": part})).text == "周三回电"
    assert one(line(msgtype="note", text=..., info={"item": part})).text == "周三回电"


def test_a_vote_is_read_under_its_key_and_at_the_top():
    body = {"votetitle": "选哪天", "voteitem": ["周一", "周二"]}
    assert one(line(msgtype="vote", text=..., vote=body)).text == "选哪天\n周一\n周二"
    assert one(line(msgtype="vote", text=..., **body)).text == "选哪天\n周一\n周二"


def test_bodies_under_other_keys_than_their_type_are_found():
    assert one(line(msgtype="external_redpacket", text=..., redpacket={"wish": "开工"})).text == "开工"
    assert one(line(msgtype="markdown", text=..., info={"content": "# 告示"})).text == "# 告示"
    assert one(line(msgtype="markdown", text=..., markdown={"markdown": "# 告示"})).text == "# 告示"
    assert one(line(msgtype="meetingvoicecall", text=..., meetingvoicecall={})).channel == CALL


def test_an_unknown_type_or_an_odd_body_keeps_the_raw_line_and_no_words():
    unknown = line(msgtype="hologram", text=..., hologram={"content": "不知何物"})
    assert (one(unknown).text, one(unknown).raw) == ("", unknown)
    assert one(line(text="not an object")).text == ""
    assert one(line(text={"content": 5})).text == ""
    assert one(line(msgtype="news", text=..., info={"item": "no list"})).text == ""


def test_numbers_beyond_63_and_64_bits_do_not_disturb():
    for meeting_id in (2**63, 2**64 - 1, 2**64, 10**40):
        raw = line(msgtype="meeting", text=..., meeting={"topic": "复盘", "meetingid": meeting_id})
        assert one(raw).text == "复盘"
        assert str(meeting_id).encode() in one(raw).raw


def test_a_size_beyond_the_canonical_form_is_unknown_and_an_odd_digest_is_none():
    sizes = [MAX_JSON_INTEGER, MAX_JSON_INTEGER + 1, -1, 2.5, True, "4096", "x", None]
    bodies = [
        {"sdkfileid": "f", "md5sum": "Z" * 32, "filesize": size, "filename": "册.pdf"} for size in sizes
    ]
    claims = [one(line(msgtype="file", text=..., file=body)).media[0] for body in bodies]
    assert [claim.size for claim in claims] == [MAX_JSON_INTEGER, None, None, None, None, 4096, None, None]
    assert {claim.digest for claim in claims} == {""}
    assert claims[0].as_json() == {
        "kind": "file",
        "locator": "f",
        "name": "册.pdf",
        "size": MAX_JSON_INTEGER,
    }
    upper = one(line(msgtype="image", text=..., image={"md5sum": "AB" * 16, "filesize": 0}))
    assert upper.media[0].digest == "ab" * 16


def test_receivers_are_counted_once_and_may_be_one_string():
    assert one(line(tolist=["a", "b", "a", "", "b"], roomid="wr1")).receivers == ("a", "b")
    assert one(line(tolist="wm-lin")).receivers == ("wm-lin",)
    assert one(line(tolist=..., roomid="wr1")).receivers == ()
    assert one(line(tolist=[f"member-{n}" for n in range(900)], roomid="wr1")).receivers[899] == "member-899"


def test_a_missing_room_is_one_to_one_and_a_missing_sender_is_nobody():
    assert one(line(roomid=...)).room == ""
    assert one(line(roomid=None)).room == ""
    assert one(line(**{"from": ...})).sender == ""


def test_a_bot_speaks_under_its_own_id():
    assert one(line(**{"from": "wb-clock"})).sender == "wb-clock"


def test_control_characters_that_nobody_sees_become_spaces_in_the_words_only():
    raw = line(text={"content": "甲\x00乙\u009b丙\r\n丁\t戊"})
    assert one(raw).text == "甲 乙 丙 \n丁\t戊"
    assert one(raw).raw == raw


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", "not_json"),
        (b"nonsense", "not_json"),
        (b'{"a":1}\n{"a":2}', "not_json"),
        (b'{"a":\n1}', "not_json"),
        (b'{"a":NaN}', "not_json"),
        (b'{"a":"\x00"}', "not_json"),
        (b'{"a":"\\ud83d"}', "not_json"),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, "not_json"),
        (b'{"a" :' * 900 + b"[1e5000]" + b"}" * 900, "not_json"),
        (b'{"a":"\xff"}', "not_utf8"),
        ("中文".encode("gbk"), "not_utf8"),
        (b"[1]", "not_object"),
        (b'{"a":' * 65 + b'":"' + b"}" * 65, "too_deep"),
        (b'{"a":' * 64 + b'":"' + b"}" * 64, "no_msgid"),
        (b"7", "not_object"),
        (b'{"msgid":"' + b"x" * MAX_LINE + b'"}', "too_long"),
        (line(msgid=...), "no_msgid"),
        (line(msgid=""), "no_msgid"),
        (line(msgid=7), "bad_id"),
        (line(msgid="a\nb"), "bad_id"),
        (line(msgid="x" * 257), "bad_id"),
        (line(roomid="wr\x001"), "bad_id"),
        (line(tolist=[7]), "bad_id"),
        (line(tolist=[["a"]]), "bad_id"),
        (line(tolist={"a": 1}), "bad_id"),
        (line(**{"from": {}}), "bad_id"),
        (line(action=...), "no_action"),
        (line(msgtype=...), "no_msgtype"),
        (line(msgtype=1), "bad_id"),
        (line(msgtime=...), "bad_time"),
        (line(msgtime=1.5), "bad_time"),
        (line(msgtime=True), "bad_time"),
        (line(msgtime=-1), "bad_time"),
        (line(msgtime=2**53), "bad_time"),
        (line(msgtime="soon"), "bad_time"),
        (line(tolist=[]), "no_parties"),
        (b'{"msgid":"s","action":"switch","user":"u"}', "bad_time"),
    ],
)
def test_a_line_that_cannot_be_read_has_its_own_code(raw, code):
    assert code_of(raw) == f"wecom.{code}"


def test_digits_in_a_string_are_a_time_and_seconds_are_not_guessed_at():
    assert one(line(msgtime="1770000000123")).event_ms == 1_770_000_000_123
    assert one(line(msgtime=1_770_000_000)).event_ms == 1_770_000_000
    assert one(line(msgtime=0)).event_ms == 0


@pytest.mark.parametrize(
    "repeated",
    [
        line()[:-1] + b',"from":"staff-ma"}',
        line()[:-1] + b', "from" \t: "staff-ma"}',
        line()[:-1] + b',"\\u0066rom":"staff-ma"}',
        line(text=...)[:-1] + b',"text":{"content":"a","content":"b"}}',
        line(extra=[{"k": 1}])[:-1] + b',"more":[{"k":1,"k":1}]}',
        line(text={"content": "见 https://shop.example : 8 折"})[:-1] + b',"msgid":"m-2"}',
    ],
)
def test_a_repeated_key_is_refused_wherever_it_stands(repeated):
    assert code_of(repeated) == "wecom.duplicate_key"


def test_colons_in_words_are_no_repeated_keys():
    for words in ("10:30 见", 'a":b', '\\":', " : ", "https://shop.example", '{"a": {"a": 1}}'):
        assert one(line(text={"content": words})).text == words


def consent(agreed, **fields):
    kind = "agree" if agreed else "disagree"
    body = {"userid": "wm-lin", f"{kind}_time": 1_770_000_000_777}
    start = {"from": "wm-lin", "tolist": ["staff-hu"], "msgtype": kind, "text": ..., kind: body}
    return line(**{**start, **fields})


def test_a_doubtful_agreement_is_malformed():
    assert one(consent(True)).agreed
    assert code_of(consent(True, agree={"userid": "wm-lin"})) == "wecom.bad_time"
    assert code_of(consent(True, agree={"userid": "wm-other", "agree_time": 1})) == "wecom.consent_unclear"
    assert code_of(consent(True, tolist=[])) == "wecom.consent_unclear"
    assert code_of(consent(True, agree={}, **{"from": ""})) == "wecom.consent_unclear"


def test_a_doubtful_refusal_is_kept():
    assert one(consent(False, disagree={"userid": "wm-lin"})).at_ms == 1_770_000_000_123
    assert one(consent(False, disagree={"userid": "wm-other"})).customer == "wm-other"
    assert one(consent(False, disagree=...)).customer == "wm-lin"
    assert one(consent(False, tolist=[])).staff == ()
    assert one(consent(False, roomid="wr1")).room == "wr1"


def test_good_lines_beside_bad_ones_survive_with_their_numbers():
    good = [line(msgid=f"m-{n}") for n in range(4)]
    file = [b"\xef\xbb\xbf" + good[0] + b"\n", b"\n", b"\xff\n", good[1] + b"\r\n", b"{\n", b" \t\n", good[2]]
    values = list(parse([*file, good[3]]))
    assert [type(value) for value in values] == [Incoming, Malformed, Incoming, Malformed, Incoming, Incoming]
    assert [value.line for value in values] == [1, 3, 4, 5, 7, 8]
    assert [value.raw for value in values if isinstance(value, Incoming)] == good


def test_a_byte_order_mark_is_taken_off_line_one_only():
    assert [type(value) for value in parse([b"\xef\xbb\xbf" + line()])] == [Incoming]
    [later] = parse([b"\xef\xbb\xbf" + line()], first_line=2)
    assert (later.code, later.line) == ("wecom.not_json", 2)


def test_a_file_read_in_slices_gives_the_same_values():
    lines = [line(msgid=f"m-{n}") + b"\n" for n in range(9)]
    assert list(parse(lines)) == [*parse(lines[:4]), *parse(lines[4:], first_line=5)]


def test_an_overlong_line_is_passed_over_without_being_held():
    file = io.BytesIO(line() + b"\n" + b"y" * (3 * MAX_LINE) + b"\n" + line(msgid="m-2"))
    lines = list(bounded_lines(file))
    assert max(map(len, lines)) == MAX_LINE + 2
    assert [getattr(value, "code", "") for value in parse(lines)] == ["", "wecom.too_long", ""]


def test_the_longest_allowed_line_is_read():
    empty = line(text={"content": ""})
    raw = line(text={"content": "y" * (MAX_LINE - len(empty))})
    assert len(raw) == MAX_LINE
    [value] = parse(bounded_lines(io.BytesIO(raw + b"\r\n")))
    assert value.raw == raw


def test_a_report_tells_where_and_quotes_nothing():
    secret = "绝密报价"
    raw = f'{{"msgid":"{secret}","action":'.encode()
    report = one(raw)
    assert report.column == len(raw.decode()) + 1
    assert secret not in repr(report)
    assert one(b'{"\xff').column == 3


def test_every_report_is_one_of_the_fixed_sentences_with_a_remedy():
    reports = list(parse([b"{", b"\xff", b"[]", line(msgid=...), line(msgtime=...)]))
    assert all(report.sentence == SENTENCES[report.code.removeprefix("wecom.")] for report in reports)
    assert all(sentence.count("。") == 2 for sentence in SENTENCES.values())


@given(st.binary(max_size=200).map(lambda raw: raw.replace(b"\n", b" ")))
def test_any_bytes_give_one_value_or_none_when_blank(raw):
    values = list(parse([raw], first_line=2))
    assert len(values) == (not (not raw or raw.isspace()))
    assert all(isinstance(value, Malformed) for value in values)
    assert all(value.sentence in SENTENCES.values() for value in values)


SHORT = st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | SHORT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(SHORT, inner, max_size=2),
    max_leaves=4,
)


@given(st.integers(0, len(line()) - 1), st.integers(0, 255).filter(lambda byte: byte != 0x0A))
def test_a_line_with_one_byte_changed_gives_exactly_one_value(position, byte):
    changed = bytearray(line())
    changed[position] = byte
    [value] = parse([bytes(changed)], first_line=2)
    assert isinstance(value, Incoming | ConsentLine | Malformed | SwitchLine)


@given(
    st.sampled_from([*sorted(SHAPES), "agree", "disagree"]),
    st.dictionaries(st.sampled_from([*message(), "info", "item", "agree", "chatrecord"]), JSON, max_size=3),
)
def test_any_json_in_any_field_gives_exactly_one_value(msgtype, odd):
    raw = json.dumps({**message(msgtype=msgtype), **odd}).encode()
    value = one(raw)
    assert isinstance(value, Incoming | ConsentLine | Malformed | SwitchLine)
    assert value.line == 1


@given(st.dictionaries(st.text(min_size=1, max_size=3), JSON, min_size=1, max_size=4), st.data())
def test_a_repeated_key_is_found_and_a_single_one_never_suspected(fields, data):
    once = json.dumps({**message(), **{f"x-{key}": value for key, value in fields.items()}})
    key = data.draw(st.sampled_from(sorted(json.loads(once))))
    again = f"{once[:-1]},{json.dumps(key)}:1}}"
    assert getattr(one(once.encode()), "code", "") != "wecom.duplicate_key"
    assert getattr(one(again.encode()), "code", "") in {"wecom.duplicate_key", "wecom.not_json"}


@given(st.text())
def test_words_come_out_as_they_went_in(words):
    cleaned = one(line(text={"content": words})).text
    assert len(cleaned) == len(words)
    assert all(got == put or got == " " for got, put in zip(cleaned, words, strict=True))


def test_a_conversation_survives_its_holder_and_its_direction():
    asked = one(line())
    answered = asked._replace(sender="wm-lin", receivers=("staff-hu",))
    assert conversation_key(asked, "staff-hu") == ("wecom", "staff-hu", "wm-lin")
    assert conversation_key(answered, "staff-hu") == ("wecom", "staff-hu", "wm-lin")
    assert conversation_key(asked._replace(room="wr1"), "staff-hu") == ("wecom", "wr1")


def test_two_accounts_of_the_company_have_one_conversation():
    there = one(line(tolist=["staff-an"]))
    assert conversation_key(there, "staff-hu", internal=True) == ("wecom", "staff-an", "staff-hu")
    assert conversation_key(there, "staff-an", internal=True) == ("wecom", "staff-an", "staff-hu")


def test_a_conversation_that_cannot_be_told_is_none():
    asked = one(line())
    assert conversation_key(asked, "staff-ma") is None
    assert conversation_key(asked._replace(receivers=("wm-lin", "wm-bo")), "staff-hu") is None
    assert conversation_key(asked._replace(receivers=("staff-hu",)), "staff-hu") == (
        "wecom",
        "staff-hu",
        "staff-hu",
    )


def test_a_chat_message_is_of_the_chat_channel():
    assert one(line()).channel == CHAT
    assert one(line(msgtype="voiptext", text=..., info={"callduration": 65})).channel == CHAT
