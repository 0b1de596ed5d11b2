"""Callbacks of WeCom: the official sample, forgeries, replays, and the wake-up in them."""

import base64
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.connectors.wecom.callback import BadCallback, Callback, StaleCallback, TransferWake, transfer_wake
from jieli.kernel.times import HOUR, MINUTE, SECOND
from tests.fakes.platform import NOW, stage

TOKEN, KEY = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"  # the platform's published sample
OFFICIAL = Callback(token=TOKEN, aes_key=KEY, receive_id="wx5823bf96d3bd56c7")
SAMPLE = {
    "msg_signature": "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
    "timestamp": "1409659589",
    "nonce": "263014780",
    "echostr": "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
}
OURS = Callback(token=TOKEN, aes_key=KEY, receive_id="wwyanlian")


def sealed(message: str, *, by: Callback = OURS, at: int = NOW, nonce: str = "7") -> dict[str, object]:
    stamp = str(at // SECOND)
    encrypted, signature = by.seal(message, timestamp=stamp, nonce=nonce, random=b"0123456789abcdef")
    body = (
        f"<xml><ToUserName><![CDATA[wwyanlian]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    )
    return {"msg_signature": signature, "timestamp": stamp, "nonce": nonce, "body": body.encode()}


def test_the_official_sample_opens() -> None:
    assert OFFICIAL.echo(**SAMPLE) == "1616140317555161061"


def test_the_official_sample_is_sealed_again_to_the_same_bytes() -> None:
    cipher = OFFICIAL._cipher().decryptor()
    random = cipher.update(base64.b64decode(SAMPLE["echostr"]))[:16]
    encrypted, signature = OFFICIAL.seal(
        "1616140317555161061", timestamp=SAMPLE["timestamp"], nonce=SAMPLE["nonce"], random=random
    )
    assert (encrypted, signature) == (SAMPLE["echostr"], SAMPLE["msg_signature"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("msg_signature", "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd4"),
        ("msg_signature", ""),
        ("msg_signature", "签名"),
        ("timestamp", "1409659590"),
        ("nonce", "263014781"),
        ("echostr", SAMPLE["echostr"].replace("P9n", "P8n")),
        ("echostr", ""),
    ],
)
def test_a_forged_sample_is_refused(field: str, value: str) -> None:
    with pytest.raises(BadCallback):
        OFFICIAL.echo(**{**SAMPLE, field: value})


def test_a_notice_for_another_corp_is_refused_though_rightly_signed() -> None:
    other = Callback(token=TOKEN, aes_key=KEY, receive_id="wwother")
    with pytest.raises(BadCallback):
        OURS.receive(**sealed("<xml><Event>x</Event></xml>", by=other), at=NOW)


def test_the_corp_id_is_compared_whole() -> None:
    shorter = Callback(token=TOKEN, aes_key=KEY, receive_id="wwyanlia")
    with pytest.raises(BadCallback):
        shorter.receive(**sealed("<xml><Event>x</Event></xml>"), at=NOW)


def test_a_second_delivery_is_known_even_under_another_signature() -> None:
    callback = Callback(token=TOKEN, aes_key=KEY, receive_id="wwyanlian")
    message = "<xml><Event>change_external_contact</Event></xml>"
    first = callback.receive(**sealed(message), at=NOW)
    again = callback.receive(**sealed(message, at=NOW + 5 * SECOND, nonce="8"), at=NOW + 5 * SECOND)
    other = callback.receive(**sealed(message.replace("contact", "chat")), at=NOW)
    assert [(e.repeated, e.key == first.key) for e in (first, again, other)] == [
        (False, True), (True, True), (False, False),
    ]  # fmt: skip
    assert first.key == sha256(message.encode()).hexdigest()


@pytest.mark.parametrize("later", [11 * MINUTE, -11 * MINUTE, 24 * HOUR])
def test_a_replay_at_another_time_is_refused(later: int) -> None:
    notice = sealed("<xml><Event>x</Event></xml>")
    with pytest.raises(StaleCallback):
        OURS.receive(**notice, at=NOW + later)
    assert OURS.receive(**notice, at=NOW + 9 * MINUTE).name == "x"


def test_what_is_forgotten_is_the_oldest() -> None:
    callback = Callback(token=TOKEN, aes_key=KEY, receive_id="wwyanlian", remember=2)
    found = [callback.receive(**sealed(f"<xml><Event>{n}</Event></xml>"), at=NOW) for n in "12321"]
    assert [e.repeated for e in found] == [False, False, False, True, False]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"\xff\xfe<xml/>",
        b"<xml></xml>",
        b"<xml><Encrypt></Encrypt></xml>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>',
        b"<xml><Encrypt>" + b"A" * (1 << 20) + b"</Encrypt></xml>",
    ],
)
def test_a_body_that_is_no_notice_is_refused_with_our_error(body: bytes) -> None:
    with pytest.raises(BadCallback):
        OURS.receive(**{**sealed("x"), "body": body}, at=NOW)


def test_a_body_that_declares_entities_is_refused_though_rightly_signed() -> None:
    encrypted, signature = OURS.seal("<xml/>", timestamp=str(NOW // SECOND), nonce="7", random=b"")
    body = f'<!DOCTYPE x [<!ENTITY a "{encrypted}">]><xml><Encrypt>&a;</Encrypt></xml>'.encode()
    given = {"msg_signature": signature, "timestamp": str(NOW // SECOND), "nonce": "7"}
    with pytest.raises(BadCallback):
        OURS.receive(**given, body=body, at=NOW)
    plain = f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode()
    assert OURS.receive(**given, body=plain, at=NOW).name == ""


RIGHT = b"0" * 16 + b"\0\0\0\x02hi" + b"wwyanlian"  # 31 bytes: one byte of padding


def opened(data: bytes) -> str:
    encryptor = OURS._cipher().encryptor()
    encrypted = base64.b64encode(encryptor.update(data)).decode()
    signature = OURS._signature("1", "2", encrypted)
    return OURS.echo(msg_signature=signature, timestamp="1", nonce="2", echostr=encrypted)


@pytest.mark.parametrize("data", [RIGHT + b"\x01", RIGHT + b"\x11" * 17])
def test_what_is_padded_to_its_end_opens(data: bytes) -> None:
    assert opened(data) == "hi"


@pytest.mark.parametrize(
    "data",
    [
        RIGHT + b"\x01" + b"\x20" * 32,  # only the last block is padding: the byte before it is too much
        RIGHT + b"\x00",
        RIGHT + b"\x11" * 15 + b"\x10\x11",
        RIGHT + b"\x21" * 33,
        b"\x0c" * 32,
        RIGHT.replace(b"\x02hi", b"\xffhi") + b"\x01",
        RIGHT.replace(b"\x02hi", b"\x01hi") + b"\x01",
    ],
)
def test_what_is_padded_or_measured_wrongly_is_refused(data: bytes) -> None:
    with pytest.raises(BadCallback):
        opened(data)


def test_a_signed_notice_with_a_wrong_timestamp_text_is_refused() -> None:
    encrypted, signature = OURS.seal("<xml/>", timestamp="soon", nonce="1", random=b"")
    body = f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode()
    with pytest.raises(BadCallback):
        OURS.receive(msg_signature=signature, timestamp="soon", nonce="1", body=body, at=NOW)


@given(
    encrypted=st.one_of(
        st.text(max_size=60), st.binary(max_size=96).map(lambda b: base64.b64encode(b).decode())
    )
)
def test_whatever_is_signed_opens_or_is_refused(encrypted: str) -> None:
    signature = OURS._signature("1", "2", encrypted)
    with pytest.raises(BadCallback):
        OURS.echo(msg_signature=signature, timestamp="1", nonce="2", echostr=encrypted)


@given(message=st.text(max_size=200), random=st.binary(min_size=16, max_size=16))
def test_whatever_is_sealed_opens_again(message: str, random: bytes) -> None:
    encrypted, signature = OURS.seal(message, timestamp="1", nonce="2", random=random)
    assert len(base64.b64decode(encrypted)) % 32 == 0
    assert OURS.echo(msg_signature=signature, timestamp="1", nonce="2", echostr=encrypted) == message


@pytest.mark.parametrize(
    ("token", "key", "corp"),
    [("", KEY, "ww"), (TOKEN, KEY[:-1], "ww"), (TOKEN, "签" * 43, "ww"), (TOKEN, KEY, "")],
)
def test_incomplete_settings_are_refused_at_the_start(token: str, key: str, corp: str) -> None:
    with pytest.raises(BadCallback):
        Callback(token=token, aes_key=key, receive_id=corp)


def test_a_refusal_and_a_full_taker_wake_us_with_the_taker_s_id() -> None:
    with stage(customers=2) as s:
        s.platform.add_member("chen", limit=1)
        s.transfer("wm000", "wm001", takeover="chen")
        s.platform.add_customer("wm900", of=["chen"])
        s.platform.refuse("wm000")
        s.platform.advance(24 * HOUR)
        first, second = s.platform.deliveries(OURS)
        fields = ("msg_signature", "timestamp", "nonce", "body")
        refused = OURS.receive(**{f: getattr(first, f) for f in fields}, at=NOW)
        full = OURS.receive(**{f: getattr(second, f) for f in fields}, at=NOW + 24 * HOUR)
    assert transfer_wake(refused) == TransferWake("chen", "wm000", "customer_refused")
    assert transfer_wake(full) == TransferWake("chen", "wm001", "customer_limit_exceed")
    assert full.created_s == (NOW + 24 * HOUR) // SECOND


def test_other_events_wake_nobody() -> None:
    added = "<xml><Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType></xml>"
    event = OURS.receive(**sealed(added), at=NOW)
    assert (event.change, transfer_wake(event)) == ("add_external_contact", None)


def test_an_event_shows_no_content_when_printed() -> None:
    event = OURS.receive(**sealed("<xml><Event>x</Event><Remark>王女士</Remark></xml>"), at=NOW)
    assert event.fields["Remark"] == "王女士"
    assert "王女士" not in repr(event)
