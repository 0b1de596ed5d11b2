"""What goes wrong in a month, each thing on purpose: so that every reason against recording is seen at work."""

from collections.abc import Callable, Sequence

from jieli.kernel.times import MINUTE, SECOND
from jieli.wiring.demo.clients import HERO, Attitude, Client
from jieli.wiring.demo.days import day, moment
from jieli.wiring.demo.people import Case
from jieli.wiring.demo.talk import Turn
from jieli.wiring.demo.things import SHARED, UNREGISTERED
from jieli.wiring.demo.traffic import Stage, of_case

_SHORT = ("客：{kid}今天{course}几点下课？", "员：{parent}，{time}，老师送到门口。", "客：好的，谢谢。")
_OUT_OF_CALENDAR = 3


def play(stage: Stage) -> None:
    """All of it."""
    for act in (_people, _hours, _customers, _accounts, _nobody, _times, _kinds, _broken):
        act(stage)


def _exchange(stage: Stage, handle: str, client: Client, number: int, clock: str) -> None:
    stage.talk(client, handle, stage.said(_SHORT, client), moment(day(number), clock))


def _willing(stage: Stage, nth: int) -> Client:
    """A customer who agrees to everything, so that only the firm's side is at fault."""
    found = [c for c in stage.clients.values() if c.attitude is Attitude.AUTHORISES and c.no != HERO]
    return found[nth]


def _people(stage: Stage) -> None:
    """Somebody before his first and after his last day, without papers, notice or consent, or having ended it."""
    plan = (
        (Case.JOINS_LATER, 3, "11:00"), (Case.JOINS_LATER, 9, "14:00"), (Case.LEAVES, 17, "11:05"),
        (Case.PAPER_MISSING, 5, "14:00"), (Case.NOT_TOLD, 4, "15:00"), (Case.REFUSES, 8, "13:00"),
        (Case.DEFAULT_AGREE, 8, "13:30"), (Case.WITHDRAWS, 10, "14:10"), (Case.WITHDRAWS, 17, "14:10"),
        (Case.OBJECTS, 16, "13:40"), (Case.OBJECTS, 23, "13:40"), (Case.OTHER_POST, 9, "10:20"),
        (Case.SIGNS_LATE, 9, "13:20"), (Case.SIGNS_LATE, 23, "13:20"), (Case.NEVER_SIGNED, 10, "14:40"),
        (Case.ACCOUNT_CLOSES, 19, "11:15"),
    )  # fmt: skip
    for n, (case, number, clock) in enumerate(plan):
        _exchange(stage, of_case(stage, case).handle, _willing(stage, n), number, clock)


def _hours(stage: Stage) -> None:
    """Days off, leave, away from the desk, at night, on the holiday; and the lawful exceptions beside them."""
    plan = (
        ("E0001", 14, "11:00"), ("E0001", 26, "11:10"), ("E0005", 26, "10:30"), ("E0021", 26, "14:00"),
        ("E0023", 9, "10:00"), ("E0024", 10, "15:00"), ("E0005", 17, "13:00"), ("E0005", 17, "15:00"),
        ("E0002", 11, "21:20"), ("E0004", 7, "11:00"), ("E0002", 12, "23:10"), ("E0011", 23, "15:00"),
        ("E0013", 21, "11:00"), ("E0025", 20, "10:10"), ("E0026", 13, "10:10"), ("E0027", 22, "09:40"),
    )  # fmt: skip
    for n, (who, number, clock) in enumerate(plan):
        _exchange(stage, stage.staff[who].handle, _willing(stage, n), number, clock)


def _customers(stage: Stage) -> None:
    """Customers who withdraw, object, refuse, stay silent, or for whom a guardian would have to speak."""
    for n, attitude in enumerate(Attitude):
        found = [
            c for c in stage.clients.values() if c.attitude is attitude and c.external_id and c.no != HERO
        ]
        for k, client in enumerate(found[:3]):
            for number in (8, 22):
                _exchange(stage, stage.staff["E0001"].handle, client, number, f"{10 + n}:{10 + 12 * k:02d}")


def _accounts(stage: Stage) -> None:
    """An account nobody answered for, and one that nobody registered."""
    for number in (3, 10):
        _exchange(stage, SHARED, _willing(stage, 20), number, "14:20")
    _exchange(stage, UNREGISTERED, _willing(stage, 21), 8, "16:00")


def _nobody(stage: Stage) -> None:
    """Strangers, a line that names no sender, and one that goes to two at once outside any group."""
    desk, seller = stage.desk, stage.staff["E0001"].handle
    ms = moment(day(2), "11:30")
    for n in range(8):
        stranger, later = f"wmDEMOlead{n % 4}", ms + n * 40 * MINUTE
        words = ("课程怎么收费？" if n % 2 else "看到你们的广告了，周末有试听吗？") + "孩子上二年级。"
        desk.say(Turn(True, "text", words), sender=stranger, receivers=[seller], ms=later)
        answer = Turn(False, "text", "您好，方便留个称呼吗？登记之后我把课表发您。")
        desk.say(answer, sender=seller, receivers=[stranger], ms=later + 50 * SECOND)
    known = _willing(stage, 3).external_id
    unsigned = Turn(True, "text", "这条不知道是谁发的，平台没有写发送人")
    desk.say(unsigned, sender="", receivers=[seller], ms=moment(day(4), "12:00"))
    both = [known, _willing(stage, 4).external_id]
    two = Turn(False, "text", "两位家长好，周六的公开课改到下午三点")
    desk.say(two, sender=seller, receivers=both, ms=moment(day(4), "12:05"))


def _times(stage: Stage) -> None:
    """Times in seconds, which fall into 1970, and one two years ahead."""
    client, handle = _willing(stage, 6), stage.staff["E0002"].handle
    for n in range(_OUT_OF_CALENDAR):
        ms = moment(day(5), "14:00") + n * MINUTE
        body = {"text": {"content": f"第{n + 1}条，导出时把时间写成了秒"}}
        stage.desk.put(
            ms, "send", "text", body, sender=client.external_id, receivers=[handle], claimed_ms=ms // 1_000
        )
    ahead = moment(day(6), "14:00")
    body = {"text": {"content": "这台手机的日期调快了两年"}}
    stage.desk.put(
        ahead,
        "send",
        "text",
        body,
        sender=client.external_id,
        receivers=[handle],
        claimed_ms=ahead + 730 * 86_400_000,
    )


def _kinds(stage: Stage) -> None:
    """Types nobody knows yet, a call inside the chat, people who switch firms on the platform."""
    client, seller = stage.clients[HERO], stage.staff["E0001"].handle
    for n, number in enumerate((3, 11, 19)):
        ms = moment(day(number), "16:30") + n * MINUTE
        stage.talk(client, seller, [Turn(n % 2 == 0, "poll_2026", "这类消息是平台新加的")], ms)
    body = {"voiceid": "demo-voice-1", "meeting_voice_call": {"endtime": 1, "sdkfileid": "demo-call-1"}}
    stage.desk.put(
        moment(day(16), "11:30"), "send", "meeting_voice_call", body,
        sender=seller, receivers=[client.external_id],
    )  # fmt: skip
    for number in (7, 21):
        ms = moment(day(number), "08:55")
        switch = {"msgid": stage.desk.new_id(external=False), "action": "switch", "time": ms, "user": seller}
        stage.desk.add(ms, switch)


def _broken(stage: Stage) -> None:
    """Three lines that cannot be read: cut off, without an id, not UTF-8. The lines beside them lose nothing."""
    damage: Sequence[tuple[int, Callable[[int], bytes]]] = (
        (6, lambda ms: b'{"msgid":"cut-off","action":"send","from":"'),
        (15, lambda ms: b'{"action":"send","msgtime":%d,"msgtype":"text","text":{"content":"x"}}' % ms),
        (24, lambda ms: b'{"msgid":"not-utf8","action":"send","text":{"content":"\xb2\xe2\xca\xd4"}}'),
    )
    for number, make in damage:
        ms = moment(day(number), "13:00")
        stage.desk.raw(ms, make(ms))
