"""The rehearsal platform (演练平台): WeCom's customer transfer played on this machine, for demos, rehearsals and tests.

It answers as the platform's documents say it does, with invented members and customers, a clock that is moved by
hand, and faults that can be ordered. It listens on 127.0.0.1 alone, every errmsg says 演练, and it reaches nobody.

    with Rehearsal(clock=lambda: NOW) as platform:
        platform.add_member("li"); platform.add_customer("wm1", of=["li"])
        wecom = WeCom(Api(corpid=platform.corpid, secret=platform.secret, base=platform.base, clock=platform.clock))

Where the documents are silent, the choice stands beside the rule in `rules`.
"""

from jieli.connectors.wecom.rehearsal.platform import Rehearsal

__all__ = ["Rehearsal"]
