"""Packages and policies, good and bad, on which the page and the command must give the same answer."""

import zipfile
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from zlib import crc32

from seal import note
from seal.container import central_header, end_record, local_header
from seal.keys import COSIGNATURE, key_id
from tests.seal.packages import SIZE, Built, build, digest, files_of, policy_text, remade, signer
from tests.seal.test_package import CHANGED_FILES, CHANGED_LINES, edit
from tests.seal.test_visible import WISH
from tests.seal.test_visible import forged as forged_words

Case = tuple[bytes, bytes | None]
ORDER = 2**252 + 27742317777372353535851937790883648493  # of the group of Ed25519


def cases(folder: Path) -> dict[str, Case]:
    """Name -> the package's bytes and the verifier's policy (None: none given)."""
    plain = build(folder / "plain.zip", stamp=lambda text: b"no timestamp, which the page does not judge")
    return {
        **_good(folder, plain),
        **_changed(plain),
        **{f"zip: {name}": (data, plain.policy) for name, data in _zips(plain).items()},
        **{f"spelling: {name}": (data, plain.policy) for name, data in _spellings(plain).items()},
        **{f"names: {name}": (data, plain.policy) for name, data in _names(plain).items()},
        **{f"policy: {name}": (plain.path.read_bytes(), text) for name, text in _policies(plain).items()},
        **_signatures(plain),
    }


def _good(folder: Path, plain: Built) -> dict[str, Case]:
    three = build(folder / "three.zip", witness_count=3)
    alone = build(folder / "alone.zip", witness_count=0, clock="real")
    forged = build(folder / "forged.zip", seed="forger")
    foreign = build(folder / "foreign.zip", origin="log.other.example")
    wishing = forged_words(WISH, folder / "wishing.zip")
    two_of_three = policy_text(three.log, three.witnesses, quorum=2)
    return {
        "good": (plain.path.read_bytes(), plain.policy),
        "good, nobody named": (plain.path.read_bytes(), None),
        "good, three witnesses": (three.path.read_bytes(), three.policy),
        "good, two of three": (three.path.read_bytes(), two_of_three),
        "good, no witness": (alone.path.read_bytes(), alone.policy),
        "another log of the same name": (forged.path.read_bytes(), plain.policy),
        "another origin": (foreign.path.read_bytes(), plain.policy),
        "the forger's own policy": (forged.path.read_bytes(), forged.policy),
        "words that command": ((folder / "wishing.zip").read_bytes(), wishing),
        "words that command, nobody named": ((folder / "wishing.zip").read_bytes(), None),
    }


def _changed(plain: Built) -> dict[str, Case]:
    """What the command's own tests change, so that a case added there is a case here."""
    files = files_of(plain.path)
    lines = {
        f"{name}: {label}": (remade(files, {name: edit(files[name], change)}), plain.policy)
        for name, label, change, _wanted in CHANGED_LINES
    }
    return lines | {
        label: (remade(files, change(plain, files)), plain.policy) for label, change, _wanted in CHANGED_FILES
    }


def zipped(members: list[tuple[bytes, bytes]]) -> bytes:
    """A container in our spelling but for what the members are and how they are ordered."""
    body, central = b"", b""
    for name, data in members:
        central += central_header(name, crc32(data), len(data), len(body))
        body += local_header(name, crc32(data), len(data)) + data
    return body + central + end_record(len(members), len(central), len(body))


def _foreign_zip(files: dict[str, bytes], method: int) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, method)
    return target.getvalue()


def _zips(plain: Built) -> dict[str, bytes]:
    files = files_of(plain.path)
    good = plain.path.read_bytes()
    members = [(name.encode(), data) for name, data in files.items()]
    first = len(local_header(*_header(members[0]))) + len(members[0][1])
    return {
        "nothing": b"",
        "not a zip": b"%PDF-1.4\n" * 40,
        "an empty container": end_record(0, 0, 0),
        "cut short": good[:-1],
        "cut in the middle": good[: len(good) // 2],
        "a byte before": b"\0" + good,
        "a byte behind": good + b"\0",
        "a comment": good[:-2] + b"\x02\x00hi",
        "a second end": good + good[-22:],
        "one file too many counted": good[:-14] + (len(members) + 1).to_bytes(2, "little") * 2 + good[-10:],
        "a disk number": good[:-18] + b"\x01" + good[-17:],
        "another date before a file": good.replace(b"\x21\x00", b"\x22\x00", 1),
        "an attribute in the directory": good[: good.rindex(b"PK\x01\x02") + 38]
        + b"\x01"
        + good[good.rindex(b"PK\x01\x02") + 39 :],
        "a gap between files": good[:first] + b"gap" + good[first:],
        "deflated": _foreign_zip(files, zipfile.ZIP_DEFLATED),
        "stored by another program": _foreign_zip(files, zipfile.ZIP_STORED),
        "in another order": zipped(members[::-1]),
        "a name twice": zipped([*members, members[-1]]),
        "a path upwards": zipped([(b"../policy", b"x"), *members]),
        "an absolute path": zipped([(b"/policy", b"x"), *members]),
        "a backslash": zipped([*members, (b"z\\x", b"x")]),
        "a folder": zipped([*members, (b"z/", b"")]),
        "a control character": zipped([*members, (b"z\x01", b"")]),
        "a name that is no UTF-8": zipped([*members, (b"\xff\xfe", b"")]),
        "a name too long": zipped([*members, (b"z" * 256, b"")]),
        "no name": zipped([(b"", b""), *members]),
        "a wrong sum of a file": good.replace(crc32(files["policy"]).to_bytes(4, "little"), b"\0\0\0\0"),
    }


def _header(member: tuple[bytes, bytes]) -> tuple[bytes, int, int]:
    name, data = member
    return name, crc32(data), len(data)


def _spellings(plain: Built) -> dict[str, bytes]:
    """The same or nearly the same values, spelled as canonical JSON does not."""
    files = files_of(plain.path)
    facts = files["package.json"]

    def with_facts(old: bytes, new: bytes) -> bytes:
        return remade(files, {"package.json": facts.replace(old, new, 1)})

    def with_text(new: bytes) -> bytes:
        return with_facts(b'"\xe6\xa0\xb7\xe4\xbe\x8b\xe4\xba\x8b\xe9\xa1\xb9"', b'"' + new + b'"')

    def with_fact(value: bytes) -> bytes:
        return remade(files, {"parts.jsonl": files["parts.jsonl"].replace('"人事一"'.encode(), value, 1)})

    def nested(levels: int) -> bytes:
        return b"[" * levels + b"]" * levels

    return {
        "a space": with_facts(b'":', b'": '),
        "a space at the end": with_facts(b"}\n", b"} \n"),
        "no last newline": with_facts(b"}\n", b"}"),
        "a mark of byte order": remade(files, {"package.json": b"\xef\xbb\xbf" + facts}),
        "a float": with_facts(b'"v":1', b'"v":1.0'),
        "an exponent": with_facts(b'"v":1', b'"v":1e0'),
        "true for one": with_facts(b'"v":1', b'"v":true'),
        "null": with_facts(b'"v":1', b'"v":null'),
        "minus nought": with_facts(b'"omissions":2', b'"omissions":-0'),
        "a leading nought": with_facts(b'"omissions":2', b'"omissions":02'),
        "2 to the 53rd": with_facts(b'"omissions":2', b'"omissions":9007199254740992'),
        "one below 2 to the 53rd": with_facts(b'"omissions":2', b'"omissions":9007199254740991'),
        "negative": with_facts(b'"omissions":2', b'"omissions":-2'),
        "a key twice": with_facts(b'"v":1', b'"v":1,"v":1'),
        "keys in another order": with_facts(
            '"purpose":"争议举证","size":5'.encode(), '"size":5,"purpose":"争议举证"'.encode()
        ),
        "a letter escaped": with_text(rb"\u0061"),
        "a slash escaped": with_text(rb"\/"),
        "a newline in the long form": with_text(rb"\u000a"),
        "a newline in the short form": with_text(rb"\n"),
        "a bell": with_text(rb"\u0007"),
        "a unit separator in capitals": with_text(rb"\u001F"),
        "a unit separator": with_text(rb"\u001f"),
        "a raw tab": with_text(b"\t"),
        "a delete": with_text(b"\x7f"),
        "a line separator": with_text("\u2028".encode()),
        "half a pair": with_text(rb"\ud83d"),
        "a pair escaped": with_text(rb"\ud83d\ude00"),
        "a pair": with_text("😀".encode()),
        "a quote": with_text(rb"\""),
        "an open string": with_facts(b'"v":1}', b'"v":"1}'),
        "a surrogate in UTF-8": with_text(b"\xed\xa0\x80"),
        "an overlong slash": with_text(b"\xc0\xaf"),
        "too deep": with_fact(nested(62)),
        "just not too deep": with_fact(nested(61)),
        "set bits behind a hash": remade(files, {"consistency/3": _set_bits(files["consistency/3"])}),
        "a served paper that nobody names": remade(files, {f"served/{sha256(b'x').hexdigest()}": b"x"}),
        "an empty line": remade(files, {"omissions.jsonl": files["omissions.jsonl"] + b"\n"}),
        "a line of Windows": remade(
            files, {"omissions.jsonl": files["omissions.jsonl"].replace(b"\n", b"\r\n")}
        ),
        "another key called __proto__": with_facts(b'{"clock"', b'{"__proto__":1,"clock"'),
    }


def _set_bits(lines: bytes) -> bytes:
    """The first hash in base64 that means the same bytes to a careless reader."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = lines.index(b"=") - 1
    return lines[:last] + letters[letters.index(chr(lines[last])) + 1].encode() + lines[last + 1 :]


def _names(plain: Built) -> dict[str, bytes]:
    """Names that some system may take for one another."""
    files = files_of(plain.path)

    def papers(*names: str) -> bytes:
        return remade(files, dict.fromkeys(names, b"%PDF"))

    return {
        "case alone": papers("02-a.pdf", "02-A.pdf"),
        "a sharp s and two": papers("02-ß.pdf", "02-SS.pdf"),
        "a capital sharp s": papers("02-ẞ.pdf", "02-ss.pdf"),
        "two kinds of sigma": papers("02-ς.pdf", "02-Σ.pdf"),
        "the sign of kelvin": papers("02-\u212a.pdf", "02-k.pdf"),
        "an i without its dot": papers("02-ı.pdf", "02-I.pdf"),
        "an I with a dot": papers("02-İ.pdf", "02-i.pdf"),
        "a ligature": papers("02-ﬁ.pdf", "02-FI.pdf"),
        "five digits": papers("00002-a.pdf"),
        "wide digits": papers("０２-a.pdf"),
        "a paper in a folder": papers("x/02-a.pdf"),
    }


def _policies(plain: Built) -> dict[str, bytes]:
    log, witness = plain.log.vkey.format(), plain.witnesses[0].vkey.format()
    other = signer("other.example").vkey.format()
    more = [signer(f"w{n}.example", kind=COSIGNATURE).vkey.format() for n in range(3)]
    marked = signer("w\ufeff.example", kind=COSIGNATURE).vkey.format()
    wide, next_line = (_vkey(f"log{space}example", 1, digest("k")) for space in "\u3000\x85")
    later_kind = f"w.example+01020304+{b64encode(bytes([6]) + digest('k')).decode()}"
    texts = {
        "of Windows": plain.policy.decode().replace("\n", "\r\n"),
        "without the last newline": plain.policy.decode().rstrip("\n"),
        "nothing": "",
        "a comment alone": "# nobody\n",
        "any log, no quorum": f"log {log}\nquorum none\n",
        "tabs and spaces": f"\tlog  {log}\t https://log.example/ \n\n  # x\nquorum\tnone\n",
        "no log": f"witness a {witness}\nquorum a\n",
        "another log": f"log {other}\nquorum none\n",
        "one witness by name": f"log {log}\nwitness a {witness}\nquorum a\n",
        "a witness nobody knows": f"log {log}\nwitness a {more[0]}\nquorum a\n",
        "any of two": f"log {log}\nwitness a {more[0]}\nwitness b {witness}\ngroup g any a b\nquorum g\n",
        "all of two": f"log {log}\nwitness a {more[0]}\nwitness b {witness}\ngroup g all a b\nquorum g\n",
        "groups of groups": f"log {log}\nwitness a {more[0]}\nwitness b {witness}\nwitness c {more[1]}\n"
        "group g 1 a b\ngroup h any g c\nquorum h\n",
        "groups not met": f"log {log}\nwitness a {more[0]}\nwitness b {witness}\nwitness c {more[1]}\n"
        "group g 2 a b\ngroup h any g c\nquorum h\n",
        "a member of two groups": f"log {log}\nwitness a {witness}\ngroup g any a\ngroup h any a\nquorum h\n",
        "two of one": f"log {log}\nwitness a {witness}\ngroup g 2 a\nquorum g\n",
        "nought of one": f"log {log}\nwitness a {witness}\ngroup g 0 a\nquorum g\n",
        "a quorum before its witness": f"log {log}\nquorum a\nwitness a {witness}\n",
        "two quorums": f"log {log}\nquorum none\nquorum none\n",
        "the same log twice": f"log {log}\nlog {log}\nquorum none\n",
        "a witness's key as log": f"log {witness}\nquorum none\n",
        "a log's key as witness": f"log {log}\nwitness a {log}\nquorum a\n",
        "a name of the language": f"log {log}\nwitness constructor {witness}\nquorum constructor\n",
        "a word of the language": "constructor x\nquorum none\n",
        "the reserved name": f"witness none {witness}\nquorum none\n",
        "a key with another id": f"log {log.replace(plain.log.vkey.id.hex(), '0' * 8)}\nquorum none\n",
        "a key of small order": f"log {_vkey('log.example', 1, bytes(32))}\nquorum none\n",
        "a key of a later kind": f"log {log}\nwitness a {later_kind}\nquorum a\n",
        "a name with a mark of byte order": f"log {log}\nwitness a {marked}\nquorum none\n",
        "a wide space in a name": f"log {wide}\nquorum none\n",
        "a next line in a name": f"log {next_line}\nquorum none\n",
        "a control character": "# \x01\nquorum none\n",
    }
    encoded = {name: text.encode() for name, text in texts.items()}
    return encoded | {
        "a name of bytes": b"log %b\nwitness \xff %b\nquorum \xff\n" % (log.encode(), witness.encode()),
        "a key of bytes": b"log \xff+00000000+AA==\nquorum none\n",
        "too long": b"#" * 2**20 + b"\nquorum none\n",
    }


def _vkey(name: str, kind: int, public: bytes) -> str:
    identifier = key_id(name, kind, public).hex()
    return f"{name}+{identifier}+{b64encode(bytes([kind]) + public).decode()}"


def _signatures(plain: Built) -> dict[str, Case]:
    """The newest checkpoint with other signature lines, in all its places; the list of digests made anew."""
    files = files_of(plain.path)
    newest = files[f"checkpoints/{SIZE}"]
    text, lines = note.parse(newest).text, newest.split(b"\n\n")[1].splitlines()

    def with_lines(
        change: Callable[[list[bytes]], list[bytes]], policy: bytes = plain.policy, named: bytes | None = None
    ) -> Case:
        made = text + b"\n" + b"".join(line + b"\n" for line in change(list(lines)))
        changes = {name: data.replace(newest, made) for name, data in files.items() if name != "SHA256SUMS"}
        return remade(files, changes | {"policy": policy}), named or policy

    def longer(line: bytes) -> bytes:
        head, data = line.rsplit(b" ", 1)
        raw = b64decode(data)
        scalar = int.from_bytes(raw[36:], "little") + ORDER
        return head + b" " + b64encode(raw[:36] + scalar.to_bytes(32, "little"))

    nowhere = _vkey(plain.log.name, 1, _no_point())
    line = "— {} {}".format(
        plain.log.name, b64encode(bytes.fromhex(nowhere.split("+")[1]) + digest("r") + bytes(32)).decode()
    )
    both = plain.policy.replace(b"witness w0", f"log {nowhere}\nwitness w0".encode())
    stranger = signer("log.stranger.example")
    signed = note.Signature(stranger.name, stranger.vkey.id, stranger.sign(text)).line().strip().encode()
    strange = plain.policy.replace(b"witness w0", f"log {stranger.vkey.format()}\nwitness w0".encode())
    lone = policy_text(plain.log, ())

    def wrong(line: bytes) -> bytes:
        head, data = line.rsplit(b" ", 1)
        raw = b64decode(data)
        return head + b" " + b64encode(raw[:20] + bytes([raw[20] ^ 1]) + raw[21:])

    return {
        "signatures: a wrong one of the witness": with_lines(lambda found: [found[0], wrong(found[1])]),
        "signatures: a wrong one that only the package names": with_lines(
            lambda found: [found[0], wrong(found[1])], named=lone
        ),
        "signatures: of a log of another name": with_lines(lambda found: [signed, found[1]], strange),
        "signatures: of two logs": with_lines(lambda found: [*found, signed], strange),
        "signatures: none of the log": with_lines(lambda found: found[1:]),
        "signatures: none of the witness": with_lines(lambda found: found[:1]),
        "signatures: none": with_lines(lambda found: []),
        "signatures: one twice": with_lines(lambda found: [*found, found[0]]),
        "signatures: the other way round": with_lines(lambda found: found[::-1]),
        "signatures: a hyphen for the dash": with_lines(lambda found: [b"-" + found[0][3:], found[1]]),
        "signatures: a scalar not reduced": with_lines(lambda found: [longer(found[0]), found[1]]),
        "signatures: a key that is no point": with_lines(lambda found: [*found, line.encode()], both),
        "signatures: of the witness for the log": with_lines(
            lambda found: [found[0].rsplit(b" ", 1)[0] + b" " + found[1].rsplit(b" ", 1)[1], found[1]]
        ),
    }


def _no_point() -> bytes:
    """The smallest y above 2 that is the y of no point of the curve."""
    prime = 2**255 - 19
    d = -121665 * pow(121666, -1, prime) % prime

    def square(y: int) -> int:
        return (y * y - 1) * pow(d * y * y + 1, -1, prime) % prime

    found = next(y for y in range(3, 100) if pow(square(y), (prime - 1) // 2, prime) == prime - 1)
    return found.to_bytes(32, "little")
