"""Whether the keys are there that this installation needs, wherever they are kept: for `check` and for `fsck`."""

from collections.abc import Iterator

from jieli.archive.errors import KeyringMissing
from jieli.archive.keys import sound
from jieli.archive.keys.sound import Wrong
from jieli.kernel.errors import JieliError
from jieli.wiring.custody import Custody, root
from jieli.wiring.home import Home
from jieli.wiring.keeper_line import SocketKeeper


def wrong(home: Home, settings: Custody, *, at: int) -> Iterator[Wrong]:
    """Everything that is wrong with the keyring, by file; KeeperAway among it where a keeper was to have it.

    Nothing where no keyring was made here. DatabaseError where the key store does not answer.
    """
    try:
        if settings.keeper is not None:
            kept = SocketKeeper(settings.keeper).status()["fingerprints"]
            yield from sound.absent(kept, at=at)
            yield from sound.of_another_store(kept, at=at)
        elif home.keys.is_dir():
            yield from sound.faults(home.root, root(settings), at=at)
    except JieliError as error:
        yield "", error
    except PermissionError:
        sentence = "本账户读不到密钥环的目录。"
        yield home.keys.name, KeyringMissing(sentence, remedy="请以密钥环所属的账户运行，或设 JIELI_KEEPER。")
