"""Who holds the root key: a file, a Vault, or the keeper process; read off the environment, typed."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jieli.archive.keys import ring
from jieli.archive.keys.kept import KeptKeyring
from jieli.connectors.vault import Address, Transit, VaultRoot
from jieli.connectors.vault.errors import VaultBadSetting
from jieli.wiring.home import Home
from jieli.wiring.keeper_line import SocketKeeper


@dataclass(frozen=True)
class Custody:
    """The settings about keys. `keeper`: the socket to ask; `vault` and its token file: where the root key lives."""

    keeper: Path | None = None
    vault: Address | None = None
    token_file: Path | None = None


def read_custody(environ: Mapping[str, str]) -> Custody:
    """The settings that an environment holds; VaultBadSetting says what is wrong with them."""
    keeper = environ.get("JIELI_KEEPER")
    url, token = environ.get("JIELI_VAULT_ADDR"), environ.get("JIELI_VAULT_TOKEN_FILE")
    if url and not token:
        raise VaultBadSetting(
            "设置了 JIELI_VAULT_ADDR，但没有 JIELI_VAULT_TOKEN_FILE。",
            remedy="请给出令牌文件；令牌不从环境变量读取。",
        )
    ca = environ.get("JIELI_VAULT_CA")
    address = None
    if url:
        address = Address(
            url, environ.get("JIELI_VAULT_KEY", "jieli"), environ.get("JIELI_VAULT_MOUNT", "transit"),
            environ.get("JIELI_VAULT_NAMESPACE", ""), Path(ca) if ca else None,
        )  # fmt: skip
    return Custody(Path(keeper) if keeper else None, address, Path(token) if url and token else None)


def custody() -> Custody:
    """The settings of this process."""
    return read_custody(os.environ)


def kept_here(home: Home, settings: Custody | None = None) -> bool:
    """Whether the keeper asked is this home's own, at the socket where `jieli keys keep` listens by itself.

    Such a one shares the account and the files of those who ask; `jieli serve` starts it along with them.
    """
    asked = (settings or custody()).keeper
    return asked is not None and asked.absolute() == home.keeper_socket.absolute()


def root(settings: Custody) -> VaultRoot | None:
    """The root that lives elsewhere; None for the file. Nothing is asked of it yet."""
    if settings.vault is None or settings.token_file is None:
        return None
    return VaultRoot(Transit(settings.vault, settings.token_file))


def own(home: Home) -> ring.HeldKeyring:
    """The keyring of this installation, read in this process."""
    return ring.load(home.root, root(custody()))


def keyring(home: Home) -> ring.Keyring:
    """The keyring as this process may have it: kept for it where JIELI_KEEPER says so, otherwise its own."""
    settings = custody()
    return KeptKeyring(SocketKeeper(settings.keeper)) if settings.keeper else own(home)
