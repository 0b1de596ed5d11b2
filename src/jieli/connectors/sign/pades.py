"""PAdES B-B with pyHanko: the port `papers.ports.Sealer`, and what a sealed PDF says when it is checked.

The seal is a further revision of the file: the typeset PDF/A stays in it byte for byte. It shows nothing on the
sheet, for a picture would be taken for 公章; the page's foot says in words what it is.
"""

import io
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from asn1crypto import keys, pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from jieli.connectors.sign.certificate import CERT_FILE, KEY_FILE
from jieli.kernel.errors import JieliError
from jieli.kernel.times import from_ms, to_ms
from jieli.papers.errors import NotSealed

FIELD: Final = "Seal"
REASON: Final = "企业电子签章（非公章）"
#: Room for the CMS: two certificates and a signature of 384 bytes fit well.
_RESERVED: Final = 16_384
# It logs a traceback for every signature that fails; `Signed` and `NotAPdf` say the same in a word.
logging.getLogger("pyhanko.sign.validation").setLevel(logging.CRITICAL)


class NotAPdf(JieliError):
    """What was to be checked cannot be read as a PDF with signatures."""

    code = "sign.unreadable"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a PDF's seal says. `holds` is the whole of it; the rest says which part fails.

    `claimed_at` is the signer's own word, in milliseconds UTC, None when it has none. `whole` is False when something
    was added to the file after the seal. `trusted` is about the roots given, at the moment asked for.
    """

    name: str
    claimed_at: int | None
    intact: bool
    whole: bool
    trusted: bool

    @property
    def holds(self) -> bool:
        return self.intact and self.whole and self.trusted


class _Revision(IncrementalPdfFileWriter):
    """A further revision that leaves what the typesetter said of the file: its dates are the paper's, not a clock's."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__(io.BytesIO(pdf))
        first = self._document_id[0]
        second = generic.ByteStringObject(sha256(pdf).digest()[:16])
        self._document_id = generic.ArrayObject([first, second])

    def _update_meta(self) -> None:
        """Nothing: title, dates and producer stay equal in both places where PDF/A wants them equal."""


class _Signer(PdfSigner):
    """Signs with the time it is given, where pyHanko would take the machine's."""

    moment: datetime

    def init_signing_session(self, pdf_out: Any, existing_fields_only: bool = False) -> Any:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self.moment
        return session


class CompanySeal:
    """The port `papers.ports.Sealer` with a key and certificates in memory."""

    def __init__(self, *, certificates: list[asn1_x509.Certificate], key: keys.PrivateKeyInfo) -> None:
        self.name = _called(certificates[0])
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        # Its own certificate goes in once, by itself: a second copy would be covered by no signed attribute.
        store.register_multiple(certificates[1:])
        self._signer = SimpleSigner(signing_cert=certificates[0], signing_key=key, cert_registry=store)

    def seal(self, pdf: bytes, *, at: int) -> bytes:
        """See the port. The same PDF and time give the same bytes."""
        about = PdfSignatureMetadata(
            field_name=FIELD, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, reason=REASON
        )
        signer = _Signer(about, self._signer, new_field_spec=SigFieldSpec(FIELD))
        signer.moment = from_ms(at).replace(microsecond=0)
        out = io.BytesIO()
        try:
            signer.sign_pdf(_Revision(pdf), bytes_reserved=_RESERVED, output=out)
        except (PdfError, SigningError, ValueError) as error:
            raise NotSealed(
                "文书不能加盖企业电子签章。", remedy="请核对签章证书与密钥，再重新出具。"
            ) from error
        return out.getvalue()


def load(directory: Path) -> CompanySeal:
    """The seal whose key and certificates lie in a directory; NotSealed when they cannot be used together."""
    try:
        chain = (directory / CERT_FILE).read_bytes()
        private = serialization.load_pem_private_key((directory / KEY_FILE).read_bytes(), password=None)
        own = x509.load_pem_x509_certificates(chain)[0].public_key()
    except (OSError, ValueError, TypeError, IndexError) as error:
        raise _unusable() from error
    spki = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if own.public_bytes(*spki) != private.public_key().public_bytes(*spki):
        raise _unusable()
    der = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return CompanySeal(certificates=_certificates(chain), key=keys.PrivateKeyInfo.load(der))


def check(pdf: bytes, roots: Iterable[bytes], *, at: int | None = None) -> Signed | None:
    """What the last seal of a PDF says under these roots (PEM); None when it has none, NotAPdf when unreadable.

    The certificate is judged at `at`, or without it at the time the signer claims: that is no proof of the time.
    """
    try:
        embedded = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures
        if not embedded:
            return None
        last = embedded[-1]
        claimed = last.self_reported_timestamp
        trusted = [c for root in roots for c in _certificates(root)]
        moment = from_ms(at) if at is not None else claimed
        context = ValidationContext(trust_roots=trusted, moment=moment, allow_fetching=False)
        status = validate_pdf_signature(last, signer_validation_context=context)
    except (PdfError, SignatureValidationError, ValueError, TypeError, KeyError, IndexError) as error:
        raise NotAPdf("这个文件不能作为带签章的 PDF 读取。", remedy="请向出具单位重新索取原文件。") from error
    return Signed(
        name=_called(status.signing_cert),
        claimed_at=to_ms(claimed) if claimed is not None else None,
        intact=bool(status.intact and status.valid),
        whole=status.coverage is SignatureCoverageLevel.ENTIRE_FILE,
        trusted=bool(status.trusted),
    )


def _certificates(data: bytes) -> list[asn1_x509.Certificate]:
    return [asn1_x509.Certificate.load(der) for _, _, der in pem.unarmor(data, multiple=True)]


def _called(certificate: asn1_x509.Certificate) -> str:
    """Whose certificate it is, as it says itself: organisation and name."""
    said = certificate.subject.native
    return " ".join(str(said[part]) for part in ("organization_name", "common_name") if part in said)


def _unusable() -> NotSealed:
    return NotSealed(
        "企业电子签章的密钥或者证书不能使用。",
        remedy="请核对签章目录中的 seal.key 与 seal.pem。",
        code="sign.unusable",
    )
