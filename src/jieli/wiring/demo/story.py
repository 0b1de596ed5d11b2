"""The demo, step by step: a month, then a leaving. Each step is an operation of the house; nothing writes rows itself.

Crash on the way: what was committed stands and proves itself; the demo says so the next time and offers to begin
anew. Done already: it says what there is to look at, and changes nothing.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Any

from jieli.consent.types import Reason
from jieli.kernel.times import MINUTE, to_ms
from jieli.ledger import fsck
from jieli.ledger import queries as ledger
from jieli.wiring import checks, keys, ports, postgres, signer, start
from jieli.wiring.demo import events, grounds, imports, proof
from jieli.wiring.demo.children import Children, processes
from jieli.wiring.demo.clock import DemoClock
from jieli.wiring.demo.days import BEGIN, august, october
from jieli.wiring.demo.errors import HomeInUse, Interrupted, NotHere
from jieli.wiring.demo.grounds import BY, Grounds
from jieli.wiring.demo.imports import Taken
from jieli.wiring.demo.leaving import act
from jieli.wiring.demo.month import World, world, write_world
from jieli.wiring.home import Home, home_of
from jieli.wiring.load import LoadReport, load_company
from jieli.wiring.profile import Profile
from seal.page import page

ORIGIN = "demo.jieli.example/log"
FOLDER, SUMMARY, BEGUN = "demo", "summary.json", "begun"
CONVERSATION = "conversation.zip"
Tell = Callable[[str], None]

#: Reasons that a live import cannot come upon, and why; every other one occurs in the month.
CANNOT_OCCUR = {
    Reason.CUSTOMER_NOT_NOTIFIED: "客户本人的同意须有先行送达的告知书才能登记，登记不上的同意不会走到准入这一步",
}


@dataclass
class Story:
    """A running demo."""

    profile: Profile
    tell: Tell
    home: Home
    folder: Path
    clock: DemoClock
    world: World
    taken: Taken = field(default_factory=Taken)
    rounds: list[dict[str, Any]] = field(default_factory=list)

    def checkpoint(self) -> None:
        """Have the signer cover everything committed so far."""
        self.rounds.append(signer.ask(self.profile))


def run(profile: Profile, *, again: bool, tell: Tell) -> dict[str, Any]:
    """Play the month in the home of the profile; counts as a JSON object. A demo played before answers its own.

    `again` removes what an earlier demo made and begins anew. Errors: NotHere, HomeInUse, Interrupted, ChildDied.
    """
    home, folder = home_of(profile), profile.home / FOLDER
    _check(profile, home, folder, again=again)
    if again:
        _forget(profile, home, folder)
    if (folder / SUMMARY).exists():
        return {**json.loads((folder / SUMMARY).read_text(encoding="utf-8")), "already": 1}
    began = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / BEGUN).touch()
    story = Story(profile, tell, home, folder, DemoClock(home.demo_clock), world())
    story.clock.go(to_ms(BEGIN))
    with processes(profile, folder) as children:
        children.prepare()
        tell("启动自带的数据库")
        start.ready(profile)
        summary = _play(story, children)
    summary["seconds"] = round(time.monotonic() - began, 1)
    _write_summary(folder, summary)
    return {**summary, "already": 0}


def _check(profile: Profile, home: Home, folder: Path, *, again: bool) -> None:
    if not profile.demo or profile.urls is not None:
        raise NotHere(
            "演示只在演示配置和自带的数据库上运行。", remedy="请去掉 JIELI_PROFILE 与 DATABASE_URL 后重试。"
        )
    ours = (folder / BEGUN).exists()
    if home.log_key.exists() and not ours:
        raise HomeInUse(
            "此目录已有账本，不是演示建立的，演示不会碰它。", remedy="请用 JIELI_HOME 另指一个空目录。"
        )
    if ours and not again and not (folder / SUMMARY).exists():
        raise Interrupted(
            "上次演示中途停止，已提交的内容仍在账本里。", remedy="请运行 jieli demo --again 清除后从头开始。"
        )


def _forget(profile: Profile, home: Home, folder: Path) -> None:
    """Remove what a demo made, and only where one has begun; what begins it is removed last."""
    if not (folder / BEGUN).exists():
        return
    server = postgres.ensure(profile.home)
    for database in (start.MAIN, start.KEYS):
        postgres.drop_database(server, database)
    for directory in (home.keys, home.log_key.parent, home.seal, home.outbox):
        rmtree(directory, ignore_errors=True)
    for file in (home.policy, home.timestamp_roots, home.demo_clock):
        file.unlink(missing_ok=True)
    rmtree(folder)


def _play(story: Story, children: Children) -> dict[str, Any]:
    story.tell("写出虚构公司的资料与一个月的消息")
    write_world(story.world, story.folder)
    _keys(story, children)
    loaded, found = _grounds(story)
    _month(story, found)
    first = _after(story, found, loaded)
    second = act.play(
        story.profile, story.folder, found, children, clock=story.clock, tell=story.tell, checkpoint=story.checkpoint
    )  # fmt: skip
    return first | {"leaving": second} | _proved(story)


def _keys(story: Story, children: Children) -> None:
    story.tell("建立密钥与账本，启动见证方、时间戳机构、签名进程")
    at = story.clock.now
    made = keys.init(story.profile, origin=ORIGIN, witness_lines=[children.witness_line()], at=at)
    ports.fill(story.profile, at=at)
    children.start(made.vkey)
    story.checkpoint()


def _grounds(story: Story) -> tuple[LoadReport, Grounds]:
    """First the firm and every lawful ground, each in the ledger before anything is recorded."""
    clock = story.clock
    story.tell("装载公司资料：40 名员工、300 名客户、账号、设备、班次、已签文件")
    loaded = load_company(story.folder / "公司资料", by=BY, at=clock.go(august(28, "09:30")))
    found = Grounds(story.world, clock)
    found.find_people()
    story.tell("登记人员、政策，发布并送达告知书")
    clock.go(august(28, "10:00"))
    grounds.admit_people(found)
    grounds.set_rules(found)
    clock.go(august(28, "10:30"))
    grounds.tell_everybody(found)
    story.tell("员工与客户各自表态：同意、不同意、只同意一部分")
    clock.go(august(28, "14:00"))
    grounds.staff_answer(found)
    clock.go(august(29, "10:00"))
    grounds.customers_answer(found)
    story.checkpoint()
    return loaded, found


def _month(story: Story, found: Grounds) -> None:
    """Messages in batches and what happens between them, in order of time, a checkpoint after each batch."""
    waiting = events.happenings(story.folder / "九月补充")
    for pull in story.world.pulls:
        while waiting and waiting[0].at < pull.at:
            happening = waiting.pop(0)
            story.tell(happening.title)
            story.clock.go(happening.at)
            happening.act(found)
        story.clock.go(pull.at)
        report = imports.take(found, pull)
        story.taken.add(report)
        story.tell(f"导入 {pull.name}：存入 {report.admitted}，拒收 {report.refused}")
        story.checkpoint()
    story.clock.on(MINUTE)
    report = imports.take_calls(found)
    story.taken.add_calls(report)
    story.tell(f"导入话单：存入 {report.admitted}，拒收 {report.refused}")
    story.checkpoint()


def _after(story: Story, found: Grounds, loaded: LoadReport) -> dict[str, Any]:
    """Reading, keeping, destroying, proving."""
    clock, folder = story.clock, story.folder
    clock.go(october(9, "09:30"))
    story.tell("立案，为投诉溯源、防私单、合规审计检索和查阅，查阅先入账")
    matter, conversation = proof.open_dispute(found), proof.hero_conversation(found)
    shown = proof.read(found, matter, conversation)
    story.tell("保全争议会话；应客户请求销毁另一段会话并出具证明")
    proof.keep(found, matter, conversation)
    clock.go(october(9, "10:30"))
    gone = proof.destroy(found, conversation)
    proof.certificate_paper(found, story.profile, gone, folder / "销毁证明.pdf")
    story.checkpoint()
    story.tell("生成证据包")
    clock.go(october(9, "11:00"))
    made = proof.package(found, story.profile, matter, conversation, folder / CONVERSATION)
    story.checkpoint()
    return _summary(story, found, loaded) | {
        "read": asdict(shown),
        "matter": matter.number,
        "destroyed": {
            "items": gone.certificate.items, "certificate": str(gone.certificate.id),
            "live_gone": proof.stamp_of(gone.certificate.live_gone_at),
            "backups_gone": proof.stamp_of(gone.certificate.backups_gone_by),
            "hold_stopped_another": int(gone.stopped_by_hold),
        },
        "package": {"items": made.items, "omitted": made.omitted, "bytes": made.size, "sha256": made.sha256},
    }  # fmt: skip


def _proved(story: Story) -> dict[str, Any]:
    """What a stranger is given, what he finds, and whether our own books agree at the very end."""
    folder = story.folder
    (folder / "trust.policy").write_bytes(story.home.policy.read_bytes())
    (folder / "tsa-ca.pem").write_bytes(story.home.timestamp_roots.read_bytes())
    (folder / "核验.html").write_bytes(page())
    story.checkpoint()
    story.tell("另起进程，以陌生人身份核验证据包")
    verified = {name: proof.verify(folder, name).status for name in proof.packages(folder)}
    story.tell("逐项核对数据库与账本")
    audit = fsck.run(checks.all_checks(story.profile, at=story.clock.now))
    last = ledger.last_checkpoint()
    return {
        "verified": verified,
        "fsck": {"clean": int(audit.clean), "checks": len(audit.checks), "findings": len(audit.findings)},
        "ledger": {"entries": ledger.head(ledger.live_log()).size, "checkpoint": last.size if last else 0},
        "witnessed": sorted({name for one in story.rounds for name in one.get("witnessed", ())}),
        "stamped": sorted({name for one in story.rounds for name in one.get("stamped", ())}),
        "checkpoints": len(ledger.checkpoints()),
        "folder": str(story.folder),
    }


def _summary(story: Story, found: Grounds, loaded: LoadReport) -> dict[str, Any]:
    taken = story.taken
    return {
        "clock": "demo",
        "loaded": {
            "rows": loaded.total("rows"),
            "new": loaded.total("new"),
            "refused": loaded.total("refused"),
        },
        "consents": found.statements,
        "lines": taken.lines,
        "admitted": taken.admitted,
        "refused": taken.refused,
        "refused_by_reason": dict(taken.reasons.most_common()),
        "cannot_occur": {str(reason): why for reason, why in CANNOT_OCCUR.items()},
        "statements": taken.statements,
        "switches": taken.switches,
        "malformed": taken.malformed,
        "duplicates": taken.duplicates,
        "calls": {"admitted": taken.calls_admitted, "refused": taken.calls_refused},
    }


def _write_summary(folder: Path, summary: dict[str, Any]) -> None:
    """Written whole, as the last act: its presence says that the demo came to its end."""
    fresh = folder / f"{SUMMARY}.new"
    fresh.write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    fresh.replace(folder / SUMMARY)
