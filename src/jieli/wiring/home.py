"""Where things lie under an installation's home. Secrets are files of mode 0600 in directories of mode 0700."""

from dataclasses import dataclass
from pathlib import Path

from jieli.wiring.profile import Profile

#: Bytes of a unix socket's path that every kernel takes.
SOCKET_NAME_LIMIT = 107


@dataclass(frozen=True)
class Home:
    root: Path

    @property
    def keys(self) -> Path:
        """The archive's keyring."""
        return self.root / "keys"

    @property
    def log_key(self) -> Path:
        """The log's signing key; only the signer process reads it."""
        return self.root / "signer" / "log.key"

    @property
    def signer_socket(self) -> Path:
        return self.root / "signer" / "sock"

    @property
    def keeper_socket(self) -> Path:
        """Where the key keeper of this home listens, unless it is told another place."""
        return self.root / "keeper" / "sock"

    @property
    def policy(self) -> Path:
        """The installation's own tlog-policy: its log's public key, its witnesses with their addresses."""
        return self.root / "trust.policy"

    @property
    def timestamp_roots(self) -> Path:
        return self.root / "tsa-ca.pem"

    @property
    def seal(self) -> Path:
        """The company's certificate and key with which papers are sealed; the demo's is called one."""
        return self.root / "seal"

    @property
    def outbox(self) -> Path:
        """演示投递箱: what would have gone out by SMS or mail, one file each; nothing of it leaves the machine."""
        return self.root / "outbox"

    @property
    def demo_clock(self) -> Path:
        """Milliseconds of the demo's clock, shared with its witness and timestamp authority."""
        return self.root / "demo-clock"


def home_of(profile: Profile) -> Home:
    return Home(profile.home)


def write_secret(path: Path, text: str) -> None:
    """Write a secret once; FileExistsError when it is there already. Crash in between leaves a `.new` file only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    if path.exists():
        raise FileExistsError(path)
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.rename(path)
