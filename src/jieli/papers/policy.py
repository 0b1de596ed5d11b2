"""What may be kept as a paper, and what a signature of each grade needs. Pure."""

from collections.abc import Mapping
from typing import Final

from jieli.papers import assertions
from jieli.papers.errors import PaperRefused, SignatureRefused
from jieli.papers.signing import Grade
from jieli.papers.types import MediaType

LIMIT: Final = 20 * 1024 * 1024
_BEGINS: Final = {
    MediaType.PDF: b"%PDF-",
    MediaType.PNG: b"\x89PNG\r\n\x1a\n",
    MediaType.JPEG: b"\xff\xd8\xff",
}


def check_content(content: bytes, media_type: str) -> MediaType:
    """The media type, when the bytes may be kept under it; PaperRefused says why not. Limit: 20 MiB."""
    try:
        media = MediaType(media_type)
    except ValueError as error:
        raise PaperRefused(
            "文书的文件类型不在可收之列。",
            remedy="请改存为 PDF、PNG、JPEG 或纯文本。",
            code="papers.media_type",
        ) from error
    if not content:
        raise PaperRefused("文书是空的。", remedy="请重新选择文件。", code="papers.empty")
    if len(content) > LIMIT:
        raise PaperRefused("文书超过 20 MiB。", remedy="请压缩扫描件或分册提交。", code="papers.too_large")
    if not _is(content, media):
        raise PaperRefused(
            "文件内容与所称类型不符。", remedy="请重新导出后再提交。", code="papers.media_mismatch"
        )
    return media


def _is(content: bytes, media: MediaType) -> bool:
    if media is not MediaType.TEXT:
        return content.startswith(_BEGINS[media])
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return "\0" not in text


#: What stands in the row for 甲, so that it can be checked without us: the provider's certificate and signature.
CA_KEYS: Final = ("provider", "certificate", "signature")
#: What 丙 may never carry, for it is no signature.
_SIGNATURE_LIKE: Final = frozenset({"certificate", "signature", "public_key"})


def check_signature(*, grade: Grade, evidence: Mapping[str, str], has_scan: bool, sha256: bytes) -> None:
    """SignatureRefused unless the grade has what it needs, and nothing that would make it look like another one."""
    reason = why_no_signature(grade=grade, evidence=evidence, has_scan=has_scan, sha256=sha256)
    if reason is not None:
        code, sentence, remedy = reason
        raise SignatureRefused(sentence, remedy=remedy, code=code)


def why_no_signature(
    *, grade: Grade, evidence: Mapping[str, str], has_scan: bool, sha256: bytes
) -> tuple[str, str, str] | None:
    """Code, sentence and remedy of what is wrong with a signature of this grade; None when nothing is."""
    match grade:
        case Grade.CA:
            lacking = any(not evidence.get(key) for key in CA_KEYS)
            found = (
                "papers.ca_evidence",
                "甲级签名缺少第三方机构、证书或者签名值。",
                "请从签名平台取回完整的签名。",
            )
        case Grade.PASSKEY:
            lacking = has_scan or not assertions.holds(evidence, sha256)
            found = "papers.assertion", "通行密钥的签名与这份文书不符。", "请在手机上重新签署这份文书。"
        case Grade.TRACE:
            odd = [key for key in evidence if key in _SIGNATURE_LIKE or not key.isascii()]
            lacking = has_scan or not evidence or bool(odd)
            found = (
                "papers.trace",
                "系统留痕确认须以英文键名写明登录方式，且不能带有签名。",
                "请改用相应的签署方式。",
            )
        case Grade.INK:
            lacking = bool(evidence) or not has_scan
            found = "papers.ink", "线下手签须附签署页的照片，不另附签名。", "请拍下签署页后再登记。"
    return found if lacking else None
