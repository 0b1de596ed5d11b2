"""The ``seal`` command: ``verify``, ``show``, ``extract``, ``excerpt`` and ``keygen``. Standard library only."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn, TextIO

from seal import keys, policy, timestamp
from seal.chinese import sentence
from seal.errors import MismatchError, NoCryptoError, SealError, UnvouchedError
from seal.verify import verify_package
from seal.visible import text_of

_MAX_INPUT = 4 * 1024 * 1024
_Span = tuple[int, int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 0 verified, 1 failed, 2 malformed or wrong usage, 3 not vouched for."""
    options = _parser().parse_args(arguments)
    try:
        return _COMMANDS[options.command](options)
    except SealError as error:
        return _ended(error, as_json=options.json)
    except (OSError, MemoryError) as error:
        broken = _broken_off(error)
        with suppress(OSError):
            _ended(broken, as_json=options.json)
        with suppress(OSError):
            sys.stdout.close()  # what is left in it would fail once more when Python ends, and change the exit code
        return 2


def _ended(error: SealError, *, as_json: bool) -> int:
    code = 3 if isinstance(error, NoCryptoError) else 2
    if as_json:
        _say_json(json.dumps({"v": 1, "exit": code, "code": error.code, "detail": error.message}))
    else:
        _complain(f"无法进行：{sentence(error.code)} ({error.code})", f"Cannot proceed: {error.message}")
    return code


def _broken_off(error: OSError | MemoryError) -> SealError:
    """A pipe, a full disk, no memory: nothing was judged, and Python's own 1 would read as a verdict on evidence."""
    return SealError(
        "cli.io", f"Reading or writing broke off ({type(error).__name__}); use plain files and run it again."
    )


class _Parser(argparse.ArgumentParser):
    """Says in Chinese first what argparse says in English of a line that was typed wrongly."""

    def error(self, message: str) -> NoReturn:
        """End with 2."""
        _complain(f"命令写得不完整或不对；用法见 {self.prog} --help。", f"{self.prog}: {message}")
        self.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="seal", description="核验证据包 / verify an evidence package")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="核验一个证据包 / verify a package")
    verify.add_argument("package", type=Path)
    verify.add_argument("--policy", type=Path, help="您信任谁 / whom you trust (tlog-policy)")
    verify.add_argument(
        "--tsa-ca", type=Path, help="时间戳机构的根证书 / roots of timestamp authorities (PEM)"
    )
    verify.add_argument("--json", action="store_true", help="机器可读 / for programs")
    show = commands.add_parser("show", help="包里有什么 / what is in a package")
    show.add_argument("package", type=Path)
    show.add_argument("--json", action="store_true", help="机器可读 / for programs")
    extract = commands.add_parser("extract", help="摘录一项及其证明 / one item with its proof")
    extract.add_argument("package", type=Path)
    extract.add_argument("--item", required=True, help="编号，见 seal show，如 2.1 / its id")
    extract.add_argument("--out", type=Path, required=True, help="新文件夹 / a new folder")
    extract.add_argument("--json", action="store_true", help="机器可读 / for programs")
    excerpt = commands.add_parser("excerpt", help="核验一段媒体摘录 / verify an excerpt of a media file")
    excerpt.add_argument("folder", type=Path)
    excerpt.add_argument("--policy", type=Path, help="您信任谁 / whom you trust (tlog-policy)")
    excerpt.add_argument("--json", action="store_true", help="机器可读 / for programs")
    keygen = commands.add_parser("keygen", help="生成签名密钥 / make a signing key")
    keygen.add_argument("name", help="密钥名，如 example.cn/log / the key's name")
    keygen.add_argument("--cosigner", action="store_true", help="见证方密钥 / a witness's key")
    keygen.add_argument(
        "--type", choices=("ed25519", "mldsa", "sm2"), default="ed25519", help="算法 / the algorithm"
    )
    keygen.add_argument("--out", type=Path, help="存放处 / the file to keep it in (default: NAME.key here)")
    keygen.add_argument("--json", action="store_true", help="机器可读 / for programs")
    return parser


def _verify(options: argparse.Namespace) -> int:
    # what the user named wrongly is said before anything is judged: it is no fault of the evidence
    named = _policy(options)
    roots = _read(options.tsa_ca) if options.tsa_ca else None
    if roots is not None:
        timestamp.check_roots(roots)
    _can_be_read(options.package)
    report = verify_package(options.package, policy=named, tsa_roots=roots)
    if options.json:
        _say_json(json.dumps(report.json(), ensure_ascii=False))
    else:
        _say(*report.lines())
    return report.exit_code


def _show(options: argparse.Namespace) -> int:
    from seal.show import show

    _can_be_read(options.package)
    shown = show(options.package)
    if options.json:
        _say_json(json.dumps(shown.json(), ensure_ascii=False))
    else:
        _say(*shown.lines())
    return 0


def _extract(options: argparse.Namespace) -> int:
    from seal.extract import extract  # here, because whoever only verifies never loads the writer

    _can_be_read(options.package)
    made = extract(options.package, item=options.item, out=options.out)
    if options.json:
        told = {"v": 1, "exit": 0, "out": str(made.folder), "left": made.left}
        _say_json(json.dumps(told, ensure_ascii=False))
    else:
        _say(f"已写入 {made.folder}：extract.zip 与 README.txt；原包另有 {made.left} 项没有收入。")
    return 0


def _excerpt(options: argparse.Namespace) -> int:
    from seal.media import verify_excerpt

    trusted = _policy(options)
    try:
        found = verify_excerpt(options.folder, trusted=trusted)
    except (MismatchError, UnvouchedError) as error:
        code = 1 if isinstance(error, MismatchError) else 3
        told = {"v": 1, "exit": code, "code": error.code, "detail": error.message}
        words = "内容与登记不符" if code == 1 else "内部一致，但您信任的人没有为它作证"
        if options.json:
            _say_json(json.dumps(told))
        else:
            _say(f"{words}：{sentence(error.code)} ({error.code})", error.message)
        return code
    if options.json:
        _say_json(json.dumps({"v": 1, "exit": 0, **asdict(found)}, ensure_ascii=False))
    else:
        _say(
            f"相符：条目 {found.item} 第 {found.media} 个附件的 {found.blocks} 块（全文件 {found.of} 块，"
            f"{found.size} 字节）。",
            *_stretches(found.spans, found.stretches(), found.seconds),
            f"整个文件 SHA-256：{found.sha256}",
            f"账本条目 {found.entry}，检查点 {found.checkpoint}，由 {found.log} 签名，"
            f"见证 {len(found.witnesses)} 方。",
        )
    return 0


def _stretches(shown: Sequence[_Span], spans: Sequence[_Span], seconds: int) -> Iterator[str]:
    """Where in the file the bytes stand: whoever holds a long excerpt can cut it into a shorter one without a key."""
    yield "所示的块 blocks：" + "、".join(_span(first, last) for first, last in shown)
    if seconds:
        sound = [(first - 1, min(last, seconds)) for first, last in spans if first <= seconds]
        yield "录音中的位置 seconds：" + "、".join(
            f"{_clock(first)} 至 {_clock(last)}" for first, last in sound
        )
    if len(spans) > 1:
        yield (
            "注意：这一段不连续，中间有内容没有收入，播放时听不出来。 /"
            " Note: not continuous; something in between is left out, which is not heard."
        )


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


def _keygen(options: argparse.Namespace) -> int:
    kinds = {
        "ed25519": keys.COSIGNATURE if options.cosigner else keys.ED25519,
        "mldsa": keys.MLDSA,
        "sm2": keys.SM2,
    }
    if options.cosigner and options.type == "sm2":
        raise SealError("cli.type", "SM2 states no time and is no key for a witness; take ed25519 or mldsa.")
    signer = keys.generate(options.name, kind=kinds[options.type])
    out: Path = options.out or Path(options.name.replace("/", "_") + ".key")
    try:
        descriptor = os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError:
        raise SealError(
            "cli.out", "The key file exists or cannot be made; choose another with --out."
        ) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(signer.secret() + "\n")
    vkey = signer.vkey.format()
    if options.json:
        _say_json(json.dumps({"v": 1, "exit": 0, "vkey": vkey}))
    else:
        _say(vkey)
    return 0


def _policy(options: argparse.Namespace) -> policy.Policy | None:
    return policy.parse(_read(options.policy)) if options.policy else None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_INPUT + 1)
    except OSError:
        raise SealError("cli.read", "The policy or the roots cannot be read; check the path.") from None
    if len(data) > _MAX_INPUT:
        raise SealError("cli.read", "The policy or the roots are longer than 4 MiB; check the path.")
    return data


def _can_be_read(package: Path) -> None:
    """A slip in a path is the user's: it must not read as a verdict on the evidence."""
    try:
        with package.open("rb"):
            return
    except OSError:
        raise SealError("cli.read", "The package does not exist or cannot be read; check the path.") from None


def _say(*lines: str) -> None:
    """Words for people, each a line: nothing that came from a file may end it or command the terminal."""
    _put(sys.stdout, text_of(lines))


def _say_json(answer: str) -> None:
    """Words for programs, byte for byte."""
    _put(sys.stdout, f"{answer}\n")


def _complain(*lines: str) -> None:
    _put(sys.stderr, text_of(lines))


def _put(stream: TextIO, text: str) -> None:
    # an old console that lacks a character must not turn a verdict into a traceback
    stream.buffer.write(text.encode(stream.encoding or "utf-8", "replace"))
    stream.flush()


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "verify": _verify,
    "show": _show,
    "extract": _extract,
    "excerpt": _excerpt,
    "keygen": _keygen,
}


if __name__ == "__main__":
    sys.exit(main())
