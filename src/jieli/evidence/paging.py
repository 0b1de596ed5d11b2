"""How many sheets a paper has, for the 页码 column of a list of evidence."""

from io import BytesIO

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from jieli.papers.types import MediaType

UNKNOWN = "页数未识别"


def pages(content: bytes, media_type: str) -> str:
    """`3 页`; an image is one sheet; a PDF that cannot be read, or a text, says so instead of a guess."""
    if media_type in (MediaType.PNG.value, MediaType.JPEG.value):
        return "1 页"
    if media_type != MediaType.PDF.value:
        return "电子文本"
    try:
        count = PdfFileReader(BytesIO(content)).root["/Pages"]["/Count"]
    except (PdfError, KeyError, ValueError):
        return UNKNOWN
    return f"{int(count)} 页"
