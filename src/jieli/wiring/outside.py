"""What a package needs to know of the world around the house."""

from importlib.metadata import version

from jieli.evidence.types import Outside
from jieli.papers.types import Clock
from jieli.parties import queries as parties
from jieli.wiring import signer
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile
from seal.page import page_digest


def outside(profile: Profile) -> Outside:
    """The installation's policy, its firm, its clock, and its signer."""
    home = home_of(profile)
    signer.trusted(home)  # says in a sentence what is wrong with the policy, if anything is
    demo = profile.demo and home.demo_clock.exists()
    return Outside(
        policy=home.policy.read_bytes(),
        page_sha256=page_digest(),
        clock=Clock.DEMO if demo else Clock.REAL,
        unit="、".join(parties.entity_names()) or "（未登记法人）",
        system_version=version("jieli"),
        checkpoint=lambda: signer.ask(profile),
    )
