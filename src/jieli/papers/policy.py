"""What may be kept as a paper. Pure."""

from typing import Final

from jieli.papers.errors import PaperRefused
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
