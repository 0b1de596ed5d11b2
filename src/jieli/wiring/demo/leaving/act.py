"""The second act from its first scene to its last, and what is said of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from jieli.connectors.sign.certificate import make_company_seal
from jieli.connectors.wecom.rehearsal.platform import CORP, OPENS_NOTHING
from jieli.succession import ports as succession
from jieli.wiring import ports
from jieli.wiring.demo.children import Children
from jieli.wiring.demo.clock import DemoClock
from jieli.wiring.demo.grounds import Grounds
from jieli.wiring.demo.leaving import (
    afterwards,
    before,
    earlier,
    ending,
    last_day,
    missing,
    notice_period,
    opening,
)
from jieli.wiring.demo.leaving import cast as people
from jieli.wiring.demo.leaving.rehearsal import Steering, write_seed
from jieli.wiring.demo.leaving.stage import Stage
from jieli.wiring.demo.people import ENTITY
from jieli.wiring.home import home_of
from jieli.wiring.profile import Corp, Profile


def play(
    profile: Profile,
    folder: Path,
    found: Grounds,
    children: Children,
    *,
    clock: DemoClock,
    tell: Callable[[str], None],
    checkpoint: Callable[[], None],
) -> dict[str, Any]:
    """Play it and say what came of it, ready for JSON. The platform is gone again afterwards."""
    tell("给公司做一枚电子签章（演示用，非公章），启动演练平台进程")
    home = home_of(profile)
    make_company_seal(home.seal, ENTITY, clock.now)
    ports.seal_papers(profile)
    seed = folder / "演练平台.json"
    write_seed(seed, found.world, people.newcomers(), people.handle_of(found.world.staff, people.LEAVER))
    steer = Steering(children.start_platform(seed))
    stage = Stage(profile, home, folder, clock, found, steer, tell, checkpoint)
    reaches = replace(profile, wecom=Corp(steer.base, CORP, OPENS_NOTHING))
    ports.reach_platform(reaches, lambda: clock.now)
    try:
        _scenes(stage)
    finally:
        succession.use(platform=None)
    return {**stage.facts, "papers": sorted(p.name for p in (folder / "papers").iterdir())}


def _scenes(stage: Stage) -> None:
    before.play(stage)
    case, plan = opening.play(stage)
    notice_period.play(stage, case, plan)
    last_day.play(stage, case, plan)
    afterwards.play(stage, case, plan)
    ending.play(stage, case)
    missing.play(stage)
    earlier.play(stage)
