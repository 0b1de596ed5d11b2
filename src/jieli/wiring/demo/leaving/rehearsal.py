"""The rehearsal platform as a process beside us: what it is told at its start, and how it is steered.

The house knows nothing of this steering: it speaks to the platform through its own client, as it would to the real
one. Here speaks the world: customers who refuse, a member who is taken off, a limit that is reached.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from jieli.wiring.demo.errors import ChildDied
from jieli.wiring.demo.leaving.cast import ROOM, Newcomer
from jieli.wiring.demo.month import World

CALL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Steering:
    """The platform on this port of this machine."""

    port: int

    @property
    def base(self) -> str:
        """The address that the client of the house is given."""
        return f"http://127.0.0.1:{self.port}/cgi-bin"

    def __call__(self, what: str, **given: Any) -> None:
        """Order something below /rehearsal/; ChildDied when the platform does not take it."""
        try:
            httpx.post(
                f"http://127.0.0.1:{self.port}/rehearsal/{what}", json=given, timeout=CALL_SECONDS
            ).raise_for_status()
        except httpx.HTTPError as error:
            raise ChildDied(
                "演练平台没有照办。", remedy="原因见 demo/platform.log；然后运行 jieli demo --again。"
            ) from error


def write_seed(path: Path, world: World, found: list[Newcomer], owner: str) -> None:
    """Members, customers and groups as the platform knows them: everybody with an account, and whose customers."""
    members = [{"userid": e.handle, "name": e.name} for e in world.staff if e.handle]
    handles = {e.no: e.handle for e in world.staff}
    customers = [
        {"external_userid": c.external_id, "name": c.name, "follows": [handles[c.seller]]}
        for c in world.clients
        if c.external_id
    ]
    customers += [{"external_userid": c.external_id, "name": c.name, "follows": [owner]} for c in found]
    groups = [{"chat_id": r.room, "owner": r.owner.handle, "name": r.name} for r in world.rooms]
    if ROOM not in {r.room for r in world.rooms}:
        raise LookupError(ROOM)
    path.write_text(
        json.dumps({"members": members, "customers": customers, "groups": groups}, ensure_ascii=False),
        encoding="utf-8",
    )
