"""``seal extract``: one item or part of a package, with its proof, for a court file (ADR 16).

The extract is a package of the same kind and form, so that ``seal verify`` judges it like any other. A readme beside
it holds the few lines of Python with which anyone recomputes the root, without any program of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from seal.container import CHUNK, Container
from seal.errors import SealError
from seal.package import About, Closed, Opened, Package
from seal.policy import MAX_POLICY
from seal.shape import Shape
from seal.show import check_sound
from seal.verify.contents import MAX_LINE, Contents, read_contents
from seal.verify.sums import SM3_SUMS

PACKAGE = "extract.zip"
README = "README.txt"
_ID = re.compile(r"(0|[1-9][0-9]{0,14})\.(0|[1-9][0-9]{0,14})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Extract:
    """What was written: the folder, and how many items and parts of the package stayed behind."""

    folder: Path
    left: int


def extract(package: Path, *, item: str, out: Path) -> Extract:
    """Write ``out`` (a new folder) with ``extract.zip`` and ``README.txt`` for the item or part with this id.

    The same package and id give the same bytes. It appears whole or not at all: a crash leaves ``out.partial``.
    """
    match = _ID.fullmatch(item)
    if match is None:
        raise SealError("extract.id", "An id is entry.n, such as 2.1; seal show lists them.")
    check_sound(package)
    partial = out.with_name(out.name + ".partial")
    with Container.open(package) as container:
        contents = read_contents(container)
        found = _find(container, int(match[1]), int(match[2]))
        if out.exists():
            raise SealError("extract.out", "The folder exists already; choose another with --out.")
        try:
            partial.mkdir(parents=True)
        except OSError:
            raise SealError(
                "extract.out", "The folder cannot be made, or an unfinished one stands there; choose another."
            ) from None
        left = contents.about.counts["items"] + contents.about.counts["parts"] - 1
        _write(partial / PACKAGE, container, contents, found, left=left, source=_digest(package))
    (partial / README).write_text(_readme(found, item), encoding="utf-8")
    partial.rename(out)
    return Extract(out, left)


def _find(container: Container, entry: int, n: int) -> Shape:
    for name in ("items.jsonl", "parts.jsonl"):
        for line in container.lines(name, limit=MAX_LINE):
            if line.startswith((b'{"entry":%d,' % entry, b'{"body":')):
                shape = Shape.of(line, code="item.shape")
                if (shape.integer("entry"), shape.integer("n")) == (entry, n):
                    return shape
    raise SealError("extract.absent", "The package holds no item or part with this id; seal show lists them.")


def _write(
    path: Path, container: Container, contents: Contents, found: Shape, *, left: int, source: str
) -> None:
    about, entry = contents.about, found.integer("entry")
    said = About(
        about.kind, about.origin, about.made, about.clock, about.matter, about.purpose, about.not_proved
    )
    policy = container.read("policy", limit=MAX_POLICY)
    with Package(said, policy=policy, sm3=SM3_SUMS in container.members) as made:
        # the older checkpoints over the entry say since when it is fixed
        for size, head in sorted(contents.heads.items()):
            if size > entry:
                made.add_checkpoint(head.data)
                if size in contents.consistency:
                    made.add_consistency(size, contents.consistency[size])
        for size, _n, response in contents.timestamps:
            if size > entry:
                made.add_timestamp(size, response)
        proof = contents.proofs[entry]
        made.add_entry(entry, proof.extra or b"", proof.path)
        _add(made, found)
        for omission in contents.omissions:
            made.add_omission(what=omission.what, count=omission.count, reason=omission.reason)
        if left:
            made.add_omission(
                what="原证据包的其余内容", count=left, reason=f"摘录；原证据包 SHA-256 {source}"
            )
        made.write(path)


def _add(made: Package, found: Shape) -> None:
    entry, n, path = found.integer("entry"), found.integer("n"), found.hashes("path")
    if found.has("body"):
        made.add_part(entry=entry, n=n, path=path, salt=found.hex("salt", 16), body=found.object("body"))
        return
    fields: dict[str, Opened | Closed] = {}
    for name, value in found.object("fields").items():
        field = Shape(value, code="item.shape")
        opened = field.has("bytes")
        fields[name] = (
            Opened(field.hex("salt", 32), field.hex("bytes", None))
            if opened
            else Closed(field.hex("digest", 32))
        )
    made.add_item(entry=entry, n=n, path=path, row=found.object("row"), fields=fields)


def _digest(package: Path) -> str:
    digest = sha256()
    with package.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _readme(found: Shape, item: str) -> str:
    code = _CODE.replace("LEAF\n", _PART if found.has("body") else _ITEM)
    return _WORDS.format(item=item, code=code.replace("FILE", "parts" if found.has("body") else "items"))


_CODE = """\
import base64, hashlib, json, zipfile
files = zipfile.ZipFile("extract.zip")
H = lambda data: hashlib.sha256(data).digest()
canonical = lambda v: json.dumps(v, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
shown = lambda text: "".join(c if c.isprintable() or c == "\\u3000" else f"\\\\u{ord(c):04x}" for c in text)
def climb(node, n, size, path):
    last = size - 1
    for sibling in path:
        if n & 1 or n == last:
            node = H(b"\\1" + sibling + node)
            while not n & 1 and n:
                n, last = n >> 1, last >> 1
        else:
            node = H(b"\\1" + node + sibling)
        n, last = n >> 1, last >> 1
    return node
line = json.loads(files.read("FILE.jsonl"))
LEAF
(name,) = [name for name in files.namelist() if name.startswith("proofs/")]
head, _, checkpoint = files.read(name).partition(b"\\n\\n")
header, extra, index, *path = head.split(b"\\n")
entry = base64.b64decode(extra[6:])
claim = json.loads(entry)
if climb(leaf, line["n"], claim["count"], map(bytes.fromhex, line["path"])).hex() != claim["commitment"]:
    raise SystemExit("不符：打开的内容不是账本条目所登记的 / what is opened is not what the entry commits to")
origin, size, root = checkpoint.split(b"\\n")[:3]
if climb(H(b"\\0" + entry), int(index[6:]), int(size), map(base64.b64decode, path)) != base64.b64decode(root):
    raise SystemExit("不符：账本条目不在检查点之内 / the entry does not stand under the checkpoint")
print("OK", *(shown(word.decode()) for word in (origin, size, root)))
"""

_ITEM = """\
order = ["raw", "text", "sender", "receivers", "time"] + [f"media.{n}" for n in range(1024)]
lines = ""
for name in sorted(line["fields"], key=order.index):
    field = line["fields"][name]
    if "bytes" in field:
        data = bytes.fromhex(field["bytes"])
        field["digest"] = H(name.encode() + b"\\0" + bytes.fromhex(field["salt"]) + data).hex()
        print(name, shown(data.decode(errors="replace")))
    lines += f"{name} {field['digest']}\\n"
leaf = H(b"\\0jieli.item.v1\\n" + H(lines.encode()) + H(canonical(line["row"])))
"""

_PART = """\
print(shown(json.dumps(line["body"], ensure_ascii=False)))
leaf = H(b"\\0" + bytes.fromhex(line["salt"]) + canonical(line["body"]))
"""

_WORDS = """\
摘录：证据包中的第 {item} 项，连同其证明
Extract: item {item} of an evidence package, with its proof

extract.zip 是一个完整的证据包，只含这一项；没有收入的，连同原包的摘要，写在 omissions.jsonl。
extract.zip is a package of its own that holds this item alone; omissions.jsonl says what was left behind.

一、用核验程序 / with the verifier:

  seal verify extract.zip --policy 您信任的策略 --tsa-ca 时间戳根证书.pem

二、不用我们的任何程序 / with no program of ours. 在本文件夹运行下面的 Python，只用标准库：由打开的内容算到账本条目，
再由条目算到检查点的根；两次都相符才会打印 OK。 Run this here: it leads from what is opened to the ledger's entry,
and from the entry to the root of the checkpoint; it prints OK only if both agree.

-----BEGIN PYTHON-----
{code}-----END PYTHON-----

三、检查点是谁签的 / who signed the checkpoint: checkpoints/ 中的文件是 C2SP signed-note
（https://c2sp.org/signed-note），任何懂这个格式的程序都能验证签名。信任谁，由您决定。
Any program that knows signed notes checks the signatures; whom to trust is for you to decide.
"""
