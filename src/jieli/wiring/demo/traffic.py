"""A month of ordinary talk: who writes to whom, when, and what; groups and colleagues among it."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from jieli.kernel.times import MINUTE, SECOND
from jieli.wiring.demo.clients import HERO, Attitude, Client
from jieli.wiring.demo.days import day, moment
from jieli.wiring.demo.hero import CHAPTERS
from jieli.wiring.demo.hours import Span, at_work
from jieli.wiring.demo.lines import Desk
from jieli.wiring.demo.people import Case, Employee, ordinary, with_accounts
from jieli.wiring.demo.talk import Scene, Turn, filling, scenes, turns
from jieli.wiring.demo.things import INTERNAL_ROOMS, Room

#: Of a hundred scenes so many begin late in the evening, when nobody is at work.
NIGHTLY = 6
ROOM_SCENES = 8

_DISAGREE = frozenset({Attitude.REFUSES})
_SAY_NOTHING = frozenset({Attitude.SILENT})
_INTERNAL = (
    "今天到访登记表填一下，晚上汇总", "周末谁值班？把名单发我", "客户问开票，转给财务了", "续费名单更新了，大家核对",
    "例会改到明天九点半，三号会议室", "新教具到了，领的人签个字", "投影仪坏了一台，先用备用的",
    "有位家长在前台等，谁方便接一下", "上周的请假单还差两张", "门店巡检照片今天下班前传", "价格表更新了，旧的不要再发",
    "收到", "好的，我去处理", "明天我调休，有事找值班的",
)  # fmt: skip


class Stage:
    """Where the month is played: a desk that numbers lines, the people by number, one source of chance."""

    def __init__(self, desk: Desk, staff: Sequence[Employee], clients: Sequence[Client], rng: Random) -> None:
        self.desk, self.rng = desk, rng
        self.staff = {e.no: e for e in staff}
        self.clients = {c.no: c for c in clients}
        self.asked: set[tuple[str, str]] = set()
        self._scenes = scenes()

    def talk(self, client: Client, handle: str, said: Sequence[Turn], ms: int) -> int:
        """A one to one talk from `ms` on; the moment after it. Before the first the platform asks for consent."""
        self._ask(client, handle, ms)
        last = {True: "", False: ""}
        for turn in said:
            sender, receiver = (
                (client.external_id, handle) if turn.by_customer else (handle, client.external_id)
            )
            back = last[turn.by_customer] if turn.kind == "revoke" else ""
            last[turn.by_customer] = self.desk.say(
                turn, sender=sender, receivers=[receiver], ms=ms, recalls=back
            )
            ms += self.rng.randrange(15, 95) * SECOND + self.rng.randrange(1_000)
        return ms

    def _ask(self, client: Client, handle: str, ms: int) -> None:
        if (client.external_id, handle) in self.asked or client.attitude in _SAY_NOTHING:
            return
        self.asked.add((client.external_id, handle))
        agreed = client.attitude not in _DISAGREE
        self.desk.consent(client.external_id, receivers=[handle], agreed=agreed, ms=ms - MINUTE)

    def scene(self) -> Scene:
        return self.rng.choice(self._scenes)

    def said(self, lines: Sequence[str], client: Client) -> list[Turn]:
        """Lines in the notation of `scenes`, filled in for a customer."""
        return list(turns(lines, filling(client, self.rng), self.rng, chatty=True))

    def within(self, span: Span) -> int:
        """A moment within a shift that leaves time for a talk."""
        _, on, begins, ends = span
        first, last = moment(on, begins) + 5 * MINUTE, moment(on, ends) - 25 * MINUTE
        return self.rng.randrange(first, last)

    def late(self, on: date) -> int:
        """A moment late in the evening."""
        return moment(on, "22:15") + self.rng.randrange(60 * MINUTE)


def ordinary_talk(stage: Stage) -> None:
    """Every customer of the platform with whoever serves him, once or twice in the month."""
    for client in stage.clients.values():
        if not client.external_id or client.no == HERO:
            continue
        seller = stage.staff[client.seller]
        for span in sorted(stage.rng.choices(at_work(seller), k=stage.rng.choice((1, 1, 2))), key=_first):
            night = stage.rng.randrange(100) < NIGHTLY
            begins = stage.late(span[1]) if night else stage.within(span)
            stage.talk(client, seller.handle, stage.said(stage.scene().lines, client), begins)


def _first(span: Span) -> tuple[date, str]:
    return span[1], span[2]


def hero_talk(stage: Stage) -> None:
    """The conversation that will be proved."""
    client = stage.clients[HERO]
    seller = stage.staff[client.seller]
    for number, clock, text in CHAPTERS:
        slots = filling(client, stage.rng)
        said = list(turns(text.strip().splitlines(), slots, stage.rng, chatty=False))
        stage.talk(client, seller.handle, said, moment(day(number), clock))


def room_talk(stage: Stage, rooms: Sequence[Room]) -> None:
    """Groups in which some agreed and some did not: everybody is judged for himself."""
    for room in rooms:
        _room_consents(stage, room)
        for span in stage.rng.choices(at_work(room.owner), k=ROOM_SCENES):
            _room_scene(stage, room, stage.within(span))


def _room_consents(stage: Stage, room: Room) -> None:
    begins = moment(day(1), "09:00")
    members = [e.handle for e in (room.owner, room.teacher)] + [c.external_id for c in room.clients]
    for n, client in enumerate(room.clients):
        if client.attitude not in _SAY_NOTHING:
            others = [m for m in members if m != client.external_id]
            agreed = client.attitude not in _DISAGREE
            ms = begins + n * MINUTE
            stage.desk.consent(client.external_id, receivers=others, agreed=agreed, ms=ms, room=room.room)


def _room_scene(stage: Stage, room: Room, ms: int) -> None:
    """A scene spread over a group: several customers take the customer's part, now and then somebody unknown."""
    members = [e.handle for e in (room.owner, room.teacher)]
    members += [*(c.external_id for c in room.clients), room.stranger]
    lead = stage.rng.choice(room.clients)
    for turn in stage.said(stage.scene().lines, lead):
        if turn.kind == "revoke":
            continue
        answering = stage.rng.choice((room.owner, room.owner, room.owner, room.teacher)).handle
        asking = stage.rng.choice((*(c.external_id for c in room.clients), lead.external_id, room.stranger))
        sender = asking if turn.by_customer else answering
        receivers = [m for m in members if m != sender]
        stage.desk.say(turn, sender=sender, receivers=receivers, ms=ms, room=room.room)
        ms += stage.rng.randrange(10, 120) * SECOND


def colleagues_talk(stage: Stage) -> None:
    """Colleagues among themselves, in groups and one to one: none of it may be kept."""
    staff = with_accounts(list(stage.staff.values()))
    members = [e.handle for e in staff[:12]]
    for n in range(60):
        ms = moment(day(1), "09:20") + n * 11 * 60 * MINUTE + stage.rng.randrange(30 * MINUTE)
        turn = Turn(False, "text", stage.rng.choice(_INTERNAL))
        sender = stage.rng.choice(members)
        if n % 3:
            receivers = [m for m in members if m != sender]
            stage.desk.say(turn, sender=sender, receivers=receivers, ms=ms, room=INTERNAL_ROOMS[n % 2])
        else:
            receiver = stage.rng.choice([e.handle for e in ordinary(staff) if e.handle != sender])
            stage.desk.say(turn, sender=sender, receivers=[receiver], ms=ms)


def trial_talk(stage: Stage) -> None:
    """The last day of August, before anybody entered the calendar: a trial import of which nothing may be kept."""
    sellers = ordinary(list(stage.staff.values()))
    before = day(1) - timedelta(days=1)
    for n, seller in enumerate(sellers[:3]):
        client = next(
            c for c in stage.clients.values()
            if c.seller == seller.no and c.attitude is Attitude.AGREES and c.external_id
        )  # fmt: skip
        lines = stage.scene().lines[:4]
        stage.talk(client, seller.handle, stage.said(lines, client), moment(before, f"{14 + n}:05"))


def of_case(stage: Stage, case: Case) -> Employee:
    """The first of whom something is particular."""
    return next(e for e in stage.staff.values() if e.case is case)
