"""A rehearsal platform with a client for it, ready for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jieli.connectors.wecom.client import Api
from jieli.connectors.wecom.rehearsal import Rehearsal
from jieli.connectors.wecom.transfers import WeCom

NOW = 1_790_000_000_000  # 2026-09-21, a Monday
APPROVAL = "0192-approved"


@dataclass
class Stage:
    """The platform, the client that speaks to it, and the seconds it was told to sleep."""

    platform: Rehearsal
    api: Api
    wecom: WeCom
    slept: list[float] = field(default_factory=list)

    def transfer(self, *customers: str, resigned: bool = False, **changed: Any) -> dict[str, int]:
        given = {"handover": "li", "takeover": "wang", "approval": APPROVAL, **changed}
        return self.wecom.transfer(resigned=resigned, customers=customers, **given)

    def statuses(self, *, resigned: bool = False, takeover: str = "wang") -> dict[str, int]:
        found = self.wecom.results(resigned=resigned, handover="li", takeover=takeover)
        return {r.external_userid: r.status for r in found}


@contextmanager
def stage(*, customers: int = 0, timeout: float = 60.0, **settings: Any) -> Iterator[Stage]:
    """li has the customers wm000…, wang and zhao may take over."""
    slept: list[float] = []
    with Rehearsal(clock=lambda: NOW, **settings) as platform:
        for userid in ("li", "wang", "zhao"):
            platform.add_member(userid)
        for number in range(customers):
            platform.add_customer(f"wm{number:03d}", of=["li"], name=f"客户{number}")
        with Api(
            corpid=platform.corpid, secret=platform.secret, base=platform.base,
            clock=platform.clock, sleep=slept.append, timeout=timeout,
        ) as api:  # fmt: skip
            yield Stage(platform, api, WeCom(api), slept)
