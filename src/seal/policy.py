"""C2SP tlog-policy: which logs and witnesses somebody trusts, and how many of them must agree."""

from __future__ import annotations

from dataclasses import dataclass

from seal import note as notes
from seal.checkpoint import Checkpoint
from seal.encoding import from_decimal
from seal.errors import SealError
from seal.keys import COSIGNATURE, ED25519, SM2, Vkey, parse_vkey

MAX_POLICY = 1024 * 1024
MAX_NAMES = 256  # of logs, of witnesses and of groups each; the specification asks for 32
_LINE_WORDS = {"log": (2, 3), "witness": (3, 4), "group": (4, 3 + 2 * MAX_NAMES), "quorum": (2, 2)}


@dataclass(frozen=True, slots=True)
class Group:
    """Met when at least ``threshold`` of its members (witnesses or groups) are."""

    threshold: int
    members: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A parsed policy. Names are opaque bytes; ``quorum`` None means that no witness is asked for."""

    logs: tuple[Vkey, ...]
    witnesses: dict[bytes, Vkey]
    groups: dict[bytes, Group]
    quorum: bytes | None
    urls: dict[str, str]  # vkey text -> URL, for those lines that carry one

    def vkeys(self) -> tuple[Vkey, ...]:
        """Every key that the policy names."""
        return (*self.logs, *self.witnesses.values())


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy says of one checkpoint.

    ``log`` is the name of the log key that signed (None: no log of the policy did), ``witnesses`` those whose
    cosignatures are right with their time in POSIX seconds (0: none stated), ``reasons`` why it is not satisfied.
    """

    log: str | None
    witnesses: tuple[tuple[str, int], ...]
    quorum_ok: bool
    reasons: tuple[str, ...]

    @property
    def log_ok(self) -> bool:
        """Whether a log of the policy signed under its own origin."""
        return self.log is not None

    @property
    def satisfied(self) -> bool:
        """Whether the checkpoint may be believed under the policy."""
        return self.log_ok and self.quorum_ok


class _Reader:
    """Collects the lines of one policy; each name is defined once and is a member once."""

    def __init__(self) -> None:
        self.logs: list[Vkey] = []
        self.witnesses: dict[bytes, Vkey] = {}
        self.groups: dict[bytes, Group] = {}
        self.urls: dict[str, str] = {}
        self.members: set[bytes] = set()
        self.quorum: list[bytes | None] = []

    def line(self, words: list[bytes]) -> None:
        keyword = words[0].decode("latin-1")
        least, most = _LINE_WORDS.get(keyword, (1, 0))
        if not least <= len(words) <= most:
            raise SealError("policy.line", "A policy line is log, witness, group or quorum with its words.")
        if keyword == "log":
            self._log(words)
        elif keyword == "witness":
            self._witness(words)
        elif keyword == "group":
            self._group(words)
        else:
            self._quorum(words[1])

    def _log(self, words: list[bytes]) -> None:
        key = _vkey(words[1])
        if key.kind == COSIGNATURE or len(self.logs) == MAX_NAMES:
            raise SealError("policy.key", "A log needs a log key, and no policy more than 256 of them.")
        if any(key.material == other.material for other in self.logs):
            raise SealError("policy.duplicate", "A policy names one log key twice.")
        self.logs.append(key)
        self._url(key, words[2:])

    def _witness(self, words: list[bytes]) -> None:
        key = _vkey(words[2])
        untimed = key.kind == ED25519 or (key.kind == SM2 and key.understood)
        if untimed or len(self.witnesses) == MAX_NAMES:
            raise SealError(
                "policy.key", "A witness needs a cosigner key, and no policy more than 256 of them."
            )
        if any(key.material == other.material for other in self.witnesses.values()):
            raise SealError("policy.duplicate", "A policy names one witness key twice.")
        self.witnesses[self._new_name(words[1])] = key
        self._url(key, words[3:])

    def _group(self, words: list[bytes]) -> None:
        name, rule, members = self._new_name(words[1]), words[2], words[3:]
        if len(self.groups) == MAX_NAMES:
            raise SealError("policy.group", "A policy may not hold more than 256 groups.")
        for member in members:
            if not self._defined(member) or member in self.members:
                raise SealError(
                    "policy.group", "A group member is defined before it and member of one group only."
                )
            self.members.add(member)
        if rule in (b"any", b"all"):
            threshold = 1 if rule == b"any" else len(members)
        else:
            threshold = from_decimal(rule.decode("latin-1"), code="policy.group", limit=len(members))
        if threshold < 1:
            raise SealError("policy.group", "The number of a group is from 1 to the count of its members.")
        self.groups[name] = Group(threshold, tuple(members))

    def _quorum(self, name: bytes) -> None:
        if name != b"none" and not self._defined(name):
            raise SealError(
                "policy.quorum", "The quorum names a witness or group defined before it, or none."
            )
        self.quorum.append(None if name == b"none" else name)

    def _defined(self, name: bytes) -> bool:
        return name in self.witnesses or name in self.groups

    def _new_name(self, name: bytes) -> bytes:
        if name == b"none" or self._defined(name):
            raise SealError("policy.name", "A policy defines a name twice, or the reserved name none.")
        return name

    def _url(self, key: Vkey, words: list[bytes]) -> None:
        if words:
            self.urls[key.format()] = words[0].decode("utf-8", "backslashreplace")


def _vkey(word: bytes) -> Vkey:
    try:
        return parse_vkey(word.decode("utf-8"))
    except UnicodeDecodeError:
        raise SealError("policy.key", "A verifier key must be UTF-8.") from None


def parse(data: bytes) -> Policy:
    """Read a policy strictly: lines in the order the specification asks for, exactly one quorum."""
    if len(data) > MAX_POLICY:
        raise SealError("policy.size", "A policy may not be longer than 1 MiB.")
    if any((byte < 0x20 and byte not in b"\t\n") or byte == 0x7F for byte in set(data)):
        raise SealError("policy.control", "A policy may hold no control character but tab and newline.")
    if data and not data.endswith(b"\n"):
        raise SealError("policy.end", "Each line of a policy must end in a newline.")
    reader = _Reader()
    for line in data.split(b"\n"):
        words = line.replace(b"\t", b" ").split(b" ")
        words = [word for word in words if word]
        if words and not words[0].startswith(b"#"):
            reader.line(words)
    if len(reader.quorum) != 1:
        raise SealError(
            "policy.quorum", "A policy needs exactly one quorum line; write quorum none to ask for none."
        )
    return Policy(tuple(reader.logs), reader.witnesses, reader.groups, reader.quorum[0], reader.urls)


def evaluate(policy: Policy, checkpoint: Checkpoint, signed: notes.Note) -> Decision:
    """Check every signature of the policy's keys; :class:`MismatchError` if one of them is wrong.

    A log vouches only under its own origin: a key of another log that also signed does not count. Nor is a log its own
    witness: a witness's line under the public key of one of the policy's logs is checked and counts for nothing.
    """
    verified = {one.key: one for one in notes.verify(signed, policy.vkeys())}
    log = next((key.name for key in policy.logs if key in verified and key.name == checkpoint.origin), None)
    met: set[bytes] = set()
    witnesses = []
    own = {key.public for key in policy.logs}
    for name, key in policy.witnesses.items():
        if key in verified and key.public not in own:
            met.add(name)
            witnesses.append((name.decode("utf-8", "backslashreplace"), verified[key].time or 0))
    for name, group in policy.groups.items():  # in the order of definition, members first
        if sum(member in met for member in group.members) >= group.threshold:
            met.add(name)
    quorum_ok = policy.quorum is None or policy.quorum in met
    reasons = [] if log is not None else ["no log that the policy names has signed this checkpoint"]
    if not quorum_ok:
        reasons.append("the witnesses that cosigned are fewer than the policy's quorum")
    return Decision(log, tuple(witnesses), quorum_ok, tuple(reasons))
