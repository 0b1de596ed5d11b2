"""Packages signed in each way and in all, good and bad, on which the page and the command must give one answer."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

from seal import mldsa, note
from seal.cosignature import cosign
from seal.keys import COSIGNATURE, MLDSA, SM2, SM2_IDENTIFIER, Signer, key_id, signer_of
from tests.seal.bad_signatures import BAD_MLDSA, BAD_SM2, SEED
from tests.seal.packages import COSIGNED, ORIGIN, Built, build, files_of, remade, signer, sm2_signer

Case = tuple[bytes, bytes | None]
Line = Callable[[bytes], note.Signature]  # from the text of a checkpoint

CLASSIC, QUANTUM, NATIONAL = (
    signer(ORIGIN, seed="sample log"),
    signer_of(ORIGIN, SEED, kind=MLDSA),
    sm2_signer(),
)
LOGS = {"Ed25519": CLASSIC, "ML-DSA-44": QUANTUM, "SM2": NATIONAL}
WITNESSES = {
    "a": signer("a.example", kind=COSIGNATURE),
    "b": signer("b.example", kind=MLDSA),
    "c": signer("c.example", kind=MLDSA),
}


def signing_cases(folder: Path) -> dict[str, Case]:
    """Name -> the package's bytes and the verifier's policy."""
    plain = build(folder / "signers.zip")
    files = files_of(plain.path)
    found = [*_logs(files), *_thresholds(files), *_flips(files), *_odd(files), *_bad(files), *_sm3(folder)]
    assert len({name for name, _case in found}) == len(found)
    return dict(found)


def signed(one: Signer, *, time: int = COSIGNED) -> Line:
    """The line that ``one`` writes."""
    timed = one.kind in (COSIGNATURE, MLDSA)
    return lambda text: note.Signature(
        one.name, one.vkey.id, cosign(text, one, time=time) if timed else one.sign(text)
    )


def carrying(
    files: dict[str, bytes],
    lines: Sequence[Line],
    policy: bytes,
    bend: Callable[[bytes], bytes] = lambda text: text,
) -> bytes:
    """The package with these lines on its checkpoints, whose texts were bent after they were signed."""
    new = {}
    for size in (3, 5):
        old = files[f"checkpoints/{size}"]
        text = note.parse(old).text
        new[old] = bend(text) + b"\n" + "".join(line(text).line() for line in lines).encode()
    changes = {}
    for name, data in files.items():
        if name.startswith(("checkpoints/", "proofs/")):
            changes[name] = next(data.replace(old, made) for old, made in new.items() if old in data)
    return remade(files, {**changes, "policy": policy})


def trusting(
    logs: Sequence[str | Signer], witnesses: Sequence[str | Signer] = (), quorum: str | int = "none"
) -> bytes:
    """A policy; ``quorum`` is how many of the witnesses, or all, or any, or none."""
    lines = [f"log {_text(one)}" for one in logs]
    lines += [f"witness w{n} {_text(one)}" for n, one in enumerate(witnesses)]
    if quorum != "none":
        lines.append(f"group g {quorum} " + " ".join(f"w{n}" for n in range(len(witnesses))))
    lines.append("quorum none" if quorum == "none" else "quorum g")
    return "".join(line + "\n" for line in lines).encode()


def _text(one: str | Signer) -> str:
    return one if isinstance(one, str) else one.vkey.format()


def _subsets(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for length in range(1, len(names) + 1):
        yield from combinations(names, length)


def _logs(files: dict[str, bytes]) -> Iterator[tuple[str, Case]]:
    """Each kind alone and all together, judged by whoever trusts one of them, or all."""
    for signing in _subsets(list(LOGS)):
        keys = [LOGS[name] for name in signing]
        data = carrying(files, [signed(one) for one in keys], trusting(keys))
        for trusted in [*LOGS, "all"]:
            named = list(LOGS.values()) if trusted == "all" else [LOGS[trusted]]
            yield f"signed by {'+'.join(signing)}, trusted {trusted}", (data, trusting(named))
        yield f"signed by {'+'.join(signing)}, nobody named", (data, None)


def _thresholds(files: dict[str, bytes]) -> Iterator[tuple[str, Case]]:
    """A witness of each kind and one more, of whom some cosigned."""
    everybody = list(WITNESSES.values())
    for there in [(), *_subsets(list(WITNESSES))]:
        lines = [signed(NATIONAL), *(signed(WITNESSES[name], time=COSIGNED + ord(name)) for name in there)]
        data = carrying(files, lines, trusting([NATIONAL], everybody))
        for quorum in (1, 2, "all"):
            yield f"cosigned by {'+'.join(there)}, {quorum}", (data, trusting([NATIONAL], everybody, quorum))
    one = WITNESSES["b"]
    untimed = [signed(QUANTUM, time=0), signed(one, time=0), signed(WITNESSES["c"])]
    policy = trusting([QUANTUM], [one, WITNESSES["c"]], "all")
    yield "a cosignature without a time", (carrying(files, untimed, policy), policy)
    policy = trusting([QUANTUM], [QUANTUM], "all")
    yield "one key as log and witness", (carrying(files, [signed(QUANTUM)], policy), policy)


def _flips(files: dict[str, bytes]) -> Iterator[tuple[str, Case]]:
    """A byte of the signature, of the key, of the text: under who relies on that key, and under who does not."""
    for label, one in [*LOGS.items(), *WITNESSES.items()]:
        log = label in LOGS
        others = [other for other in LOGS.values() if other is not one]

        def policy(key: str | Signer, log: bool = log, others: Sequence[Signer] = others) -> bytes:
            return trusting([*others, key]) if log else trusting(others, [key], 1)

        def package(line: Line, key: str | Signer, bend: Callable[[bytes], bytes] = lambda text: text,
                    others: Sequence[Signer] = others, policy: Callable[..., bytes] = policy) -> bytes:  # fmt: skip
            return carrying(files, [*map(signed, others), line], policy(key), bend)

        length = len(signed(one)(b"x\n1\n" + b64encode(bytes(32)) + b"\n").payload)
        for at in sorted({0, 8, 40, length - 1}):
            if at < length:
                data = package(_changed(signed(one), at), one)
                yield f"{label}: byte {at} of the signature", (data, policy(one))
                if at == 8:
                    yield f"{label}: byte {at} of the signature, not relied on", (data, trusting(others))
        for at in sorted({0, 31, len(one.vkey.public) - 1}):
            if at < len(one.vkey.public):
                bent = _bent_key(one, at)
                data = package(_renamed(signed(one), bent), bent)
                yield f"{label}: byte {at} of the key", (data, policy(bent))
                yield f"{label}: byte {at} of the key, not relied on", (data, trusting(others))
                yield f"{label}: byte {at} of the verifier's key", (package(signed(one), one), policy(bent))
        for what, bend in _BENT_TEXTS.items():
            alone = trusting([one]) if log else trusting([CLASSIC], [one], 1)
            lines = [signed(one)] if log else [_over(bend, CLASSIC), signed(one)]
            yield f"{label}: {what}", (carrying(files, lines, alone, bend), alone)


_BENT_TEXTS: dict[str, Callable[[bytes], bytes]] = {
    "another root": lambda text: text[:-46] + (b"B" if text[-46:-45] == b"A" else b"A") + text[-45:],
    "an extension line": lambda text: text + b"an extension\n",
}


def _over(bend: Callable[[bytes], bytes], one: Signer) -> Line:
    return lambda text: signed(one)(bend(text))


def _changed(line: Line, at: int) -> Line:
    def changed(text: bytes) -> note.Signature:
        made = line(text)
        payload = bytearray(made.payload)
        payload[at] ^= 1
        return note.Signature(made.name, made.id, bytes(payload))

    return changed


def _vkey(name: str, kind: int, material: bytes) -> str:
    return f"{name}+{key_id(name, kind, material).hex()}+{b64encode(bytes([kind]) + material).decode()}"


def _bent_key(one: Signer, at: int) -> str:
    """The key with a byte changed, under the id that it then has."""
    material = bytearray(one.vkey.material)
    material[len(material) - len(one.vkey.public) + at] ^= 1
    return _vkey(one.name, one.kind, bytes(material))


def _renamed(line: Line, key: str) -> Line:
    """The line under the id of another key."""
    return lambda text: note.Signature(line(text).name, bytes.fromhex(key.split("+")[1]), line(text).payload)


def _odd(files: dict[str, bytes]) -> Iterator[tuple[str, Case]]:
    """Keys that nobody understands, names as long as they may be, and keys that are none."""
    later = {"a later kind": (5, b"later"), "another 0xff": (SM2, b"example.v1\n" + bytes(32))}
    for name, (kind, material) in later.items():
        key = _vkey(ORIGIN, kind, material)
        line = _renamed(signed(CLASSIC), key)
        data = carrying(files, [signed(CLASSIC), line], trusting([CLASSIC, key]))
        yield f"{name}, not relied on", (data, trusting([CLASSIC]))
        yield f"{name}, relied on", (data, trusting([key]))
        yield f"{name}, as a witness", (data, trusting([CLASSIC], [key], 1))
    for length in (255, 256):
        named = signer("w" * 255, kind=MLDSA)
        key = named.vkey.format() if length == 255 else _vkey("w" * 256, MLDSA, named.vkey.material)
        policy = trusting([CLASSIC], [key], 1)
        yield f"a name of {length} bytes", (carrying(files, [signed(CLASSIC), signed(named)], policy), policy)
    yield from _long_origin(files)
    point = NATIONAL.vkey.public
    keys = {
        "a byte short": point[:-1], "compressed": bytes([2 + point[-1] % 2]) + point[1:33], "hybrid": b"\6" + point[1:],
        "not on the curve": point[:-1] + bytes([point[-1] ^ 1]), "zero": b"\4" + bytes(64),
        "the point at infinity": b"\0", "x above the field": b"\4" + b"\xff" * 32 + point[33:],
    }  # fmt: skip
    for name, public in keys.items():
        key = _vkey(ORIGIN, SM2, SM2_IDENTIFIER + public)
        yield (
            f"an SM2 key: {name}",
            (carrying(files, [signed(CLASSIC)], trusting([CLASSIC])), trusting([key])),
        )
    for name, public in {
        "a byte short": bytes(mldsa.PUBLIC_LENGTH - 1),
        "zeros": bytes(mldsa.PUBLIC_LENGTH),
    }.items():
        key = _vkey(ORIGIN, MLDSA, public)
        data = carrying(files, [_renamed(signed(QUANTUM), key)], trusting([key]))
        yield f"an ML-DSA key: {name}", (data, trusting([key]))


def _long_origin(files: dict[str, bytes]) -> Iterator[tuple[str, Case]]:
    """An ML-DSA line has room for 255 bytes of origin: over a longer one nobody can have cosigned in that form."""
    one, other = WITNESSES["b"], WITNESSES["a"]
    nobody = note.Signature(one.name, one.vkey.id, bytes(8 + mldsa.SIGNATURE_LENGTH))
    policy = trusting([], [one, other], 2)
    for length in (255, 256):
        origin = b"o" * length
        here = {**files, "package.json": files["package.json"].replace(ORIGIN.encode(), origin)}

        def move(text: bytes, origin: bytes = origin) -> bytes:
            return text.replace(ORIGIN.encode(), origin)

        line = _over(move, one) if length == 255 else lambda text: nobody
        data = carrying(here, [line, _over(move, other)], policy, move)
        yield f"an origin of {length} bytes", (data, policy)


def _bad(files: dict[str, bytes]) -> Iterator[tuple[str, Case]]:
    """Every named bad signature, as the line of the only key that counts."""
    from seal.cosignature import tree_message

    for name, makes in BAD_MLDSA.items():

        def quantum(text: bytes, makes: Callable[[bytes], bytes] = makes) -> note.Signature:
            message = tree_message(text, COSIGNED, ORIGIN)
            return note.Signature(ORIGIN, QUANTUM.vkey.id, COSIGNED.to_bytes(8, "big") + makes(message))

        yield f"bad ML-DSA-44: {name}", (carrying(files, [quantum], trusting([QUANTUM])), trusting([QUANTUM]))
    for name, makes in BAD_SM2.items():

        def national(text: bytes, makes: Callable[[bytes], bytes] = makes) -> note.Signature:
            return note.Signature(ORIGIN, NATIONAL.vkey.id, makes(text) or b"\0")

        yield f"bad SM2: {name}", (carrying(files, [national], trusting([NATIONAL])), trusting([NATIONAL]))


def _sm3(folder: Path) -> Iterator[tuple[str, Case]]:
    """SM3 beside SHA-256, right and wrong, with a log of all kinds."""
    many: Built = build(folder / "many.zip", more=(QUANTUM, NATIONAL), cosigner=MLDSA, sm3=True)
    files = files_of(many.path)
    listed = files["SM3SUMS"]
    changes = {
        "right": {},
        "a wrong digest": {"SM3SUMS": b"0" * 64 + listed[64:]},
        "a line missing": {"SM3SUMS": listed.split(b"\n", 1)[1]},
        "another order": {"SM3SUMS": b"".join(listed.splitlines(True)[::-1])},
        "no list": {"SM3SUMS": None},
        "a changed file": {"01-证据目录.pdf": b"%PDF"},
    }
    for name, change in changes.items():
        yield f"SM3: {name}", (remade(files, change), many.policy)
