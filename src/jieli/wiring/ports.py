"""What rooms need of the rooms above them and of the machine, filled once a process."""

from collections.abc import Callable

from jieli.archive import ports as archive
from jieli.archive.errors import KeyringMismatch, KeyringMissing, KeyringUnsafe
from jieli.archive.keys.ring import HeldKeyring
from jieli.archive.keys.store import open_store
from jieli.connectors.sign import pades
from jieli.connectors.sign.certificate import CERT_FILE
from jieli.connectors.wecom.client import Api
from jieli.connectors.wecom.transfers import WeCom
from jieli.kernel.errors import JieliError
from jieli.papers import ports as papers
from jieli.reading.queries import opening_names
from jieli.reading.records import due_openings
from jieli.succession import ports as succession
from jieli.wiring import media
from jieli.wiring.custody import keyring
from jieli.wiring.extraction import extract, extract_all
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile


def fill(profile: Profile, *, at: int, clock: Callable[[], int] | None = None) -> None:
    """Load the keyring and fill every port; KeyringMissing before `jieli keys init`. Idempotent.

    With JIELI_KEEPER no key is loaded: the keeper is asked when one is needed, and opens the store itself.
    A process that never calls this can neither deposit nor open anything, seals no paper and reaches no platform.
    `clock` is for processes that live longer than one answer: by it they know when a platform's token has ended.
    """
    ring = keyring(home_of(profile))
    if isinstance(ring, HeldKeyring):
        open_store(ring, at=at)
    archive.use(keyring=ring, extract=extract, extract_all=extract_all, confirm_opening=opening_names)
    ask_rooms()
    media.fill(profile)
    seal_papers(profile)
    reach_platform(profile, clock or (lambda: at))


def fill_to_look(profile: Profile, *, at: int) -> JieliError | None:
    """As `fill`, for who only looks: what is wrong with the keyring hinders nothing; why it cannot be loaded, or None.

    One that loads is used, though the key store may name keys that it lacks.
    """
    try:
        fill(profile, at=at)
    except (KeyringMismatch, KeyringMissing, KeyringUnsafe):
        media.fill(profile)
        try:
            archive.use(keyring=keyring(home_of(profile)))
        except JieliError as error:
            return error
    return None


def ask_rooms() -> None:
    """The archive asks the rooms above it which of their records are past their time. Needs no key."""
    archive.use(records={"opening": due_openings})


def seal_papers(profile: Profile) -> None:
    """Papers get the company's seal where the installation has one; NotSealed when it cannot be used."""
    directory = home_of(profile).seal
    papers.use(sealer=pades.load(directory) if (directory / CERT_FILE).exists() else None)


def reach_platform(profile: Profile, clock: Callable[[], int]) -> None:
    """Customers are passed on where a corp is configured; otherwise by hand. Opens no connection yet."""
    corp = profile.wecom
    if corp is None:
        succession.use(platform=None)
        return
    api = Api(corpid=corp.corpid, secret=corp.secret, clock=clock, base=corp.url)
    succession.use(platform=WeCom(api))
