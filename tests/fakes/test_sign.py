"""The company's electronic seal: two programs that are not ours accept it, and every change is found."""

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from pypdf import PdfReader

from jieli.connectors.sign import pades
from jieli.connectors.sign.certificate import CERT_FILE, KEY_FILE, ROOT_FILE, make_company_seal
from jieli.connectors.sign.pades import FIELD, NotAPdf, Signed
from jieli.kernel.times import DAY
from jieli.papers import ports
from jieli.papers.errors import NotSealed
from jieli.papers.forms.parts import FormPaper
from jieli.papers.operations import prepare
from jieli.papers.rendering import render
from tests.conftest import NOW
from tests.rooms import forms

FIRM = "青禾学堂（杭州）教育科技有限公司"
NAME = f"{FIRM} 企业电子签章（非公章）"


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("seal")
    make_company_seal(directory, FIRM, NOW)
    return directory


@pytest.fixture
def sealing(firm: Path) -> Iterator[None]:
    ports.use(sealer=pades.load(firm))
    yield
    ports.use(sealer=None)


def roots(firm: Path) -> list[bytes]:
    return [(firm / ROOT_FILE).read_bytes()]


@pytest.fixture(scope="module")
def sealed(firm: Path) -> bytes:
    return pades.load(firm).seal(render(forms.CERTIFICATE), at=NOW)


@pytest.mark.usefixtures("sealing")
@pytest.mark.parametrize("form", forms.EXAMPLES, ids=lambda form: form.kind)
def test_poppler_and_pyhanko_accept_every_form(form: FormPaper, firm: Path, tmp_path: Path) -> None:
    made = prepare(form)
    (tmp_path / "p.pdf").write_bytes(made)
    said = subprocess.run(
        ["pdfsig", "p.pdf"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert "Signature Validation: Signature is Valid." in said
    assert "Total document signed" in said
    assert "Signature Type: ETSI.CAdES.detached" in said
    assert "企业电子签章（非公章）" in said
    assert pades.check(made, roots(firm)) == Signed(NAME, NOW, intact=True, whole=True, trusted=True)


def test_the_seal_is_a_further_revision_and_leaves_the_archival_file_as_it_was(sealed: bytes) -> None:
    plain = render(forms.CERTIFICATE)
    assert sealed.startswith(plain)
    before, after = PdfReader(io.BytesIO(plain)), PdfReader(io.BytesIO(sealed))
    assert [p.extract_text() for p in after.pages] == [p.extract_text() for p in before.pages]
    assert after.metadata == before.metadata
    assert after.xmp_metadata is not None
    assert (after.xmp_metadata.pdfaid_part, after.xmp_metadata.pdfaid_conformance) == ("2", "U")
    widget = after.get_fields()[FIELD].indirect_reference.get_object()  # type: ignore[index,union-attr]
    assert [float(edge) for edge in widget["/Rect"]] == [0, 0, 0, 0]
    assert int(widget["/F"]) & 0b100110111 == 0b100  # printed, neither hidden nor invisible, as PDF/A asks
    assert widget["/V"]["/SubFilter"] == "/ETSI.CAdES.detached"
    assert widget["/V"]["/Reason"] == "企业电子签章（非公章）"


def test_the_same_paper_and_time_give_the_same_sealed_bytes(firm: Path, sealed: bytes) -> None:
    again = pades.load(firm)
    assert again.name == NAME
    assert again.seal(render(forms.CERTIFICATE), at=NOW) == sealed
    assert again.seal(render(forms.CERTIFICATE), at=NOW + 60_000) != sealed


def test_a_changed_byte_in_the_paper_or_in_the_signature_is_found(firm: Path, sealed: bytes) -> None:
    for place in (2_000, len(render(forms.CERTIFICATE)) // 2, sealed.index(b"/Reason") + 12):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        assert holds(changed, firm) is False
    digits = sealed.index(b"/Contents <") + 2_400
    forged = sealed[:digits] + (b"0" if sealed[digits : digits + 1] != b"0" else b"1") + sealed[digits + 1 :]
    assert holds(forged, firm) is False
    assert holds(sealed, firm) is True


def holds(pdf: bytes, firm: Path) -> bool:
    """Whether the seal of a file holds; one that can no longer be read does not."""
    try:
        said = pades.check(pdf, roots(firm))
    except NotAPdf:
        return False
    return said is not None and said.holds


def test_what_is_added_after_the_seal_is_told(firm: Path, sealed: bytes) -> None:
    twice = pades.load(firm)
    other = sealed + b"\n% a line more\n"
    said = pades.check(other, roots(firm))
    assert said is not None
    assert (said.intact, said.whole, said.holds) == (True, False, False)
    with pytest.raises(NotSealed, match=r"papers\.not_sealed"):
        twice.seal(b"%PDF-1.7 nothing", at=NOW)


def test_another_company_or_another_time_is_not_trusted(firm: Path, sealed: bytes, tmp_path: Path) -> None:
    make_company_seal(tmp_path, "别的公司", NOW)
    stranger = pades.check(sealed, roots(tmp_path))
    assert stranger is not None
    assert (stranger.intact, stranger.trusted) == (True, False)
    late = pades.check(sealed, roots(firm), at=NOW + 20 * 366 * DAY)
    assert late is not None
    assert (late.intact, late.trusted) == (True, False)


def test_an_unsealed_paper_has_nothing_to_say_and_rubbish_is_refused(firm: Path) -> None:
    assert pades.check(render(forms.CERTIFICATE), roots(firm)) is None
    with pytest.raises(NotAPdf, match=r"sign\.unreadable"):
        pades.check(b"not a pdf", roots(firm))


def test_a_seal_is_made_once_its_key_is_private_and_its_name_says_what_it_is_not(firm: Path) -> None:
    before = (firm / CERT_FILE).read_bytes()
    make_company_seal(firm, "别的公司", NOW + DAY)
    assert (firm / CERT_FILE).read_bytes() == before
    assert (firm / KEY_FILE).stat().st_mode & 0o777 == 0o600
    for file in (CERT_FILE, ROOT_FILE):
        assert "非公章" in x509.load_pem_x509_certificate((firm / file).read_bytes()).subject.rfc4514_string()


def test_a_long_company_name_still_makes_a_seal(tmp_path: Path) -> None:
    make_company_seal(tmp_path, FIRM * 3, NOW)
    seal = pades.load(tmp_path)
    assert seal.name.startswith("青禾学堂（杭州）教育科技有限公司")
    assert seal.name.endswith("… 企业电子签章（非公章）")


def test_a_seal_whose_key_is_missing_or_anothers_is_refused(firm: Path, tmp_path: Path) -> None:
    with pytest.raises(NotSealed, match=r"sign\.unusable"):
        pades.load(tmp_path)
    make_company_seal(tmp_path, "别的公司", NOW)
    (tmp_path / CERT_FILE).write_bytes((firm / CERT_FILE).read_bytes())
    with pytest.raises(NotSealed, match=r"sign\.unusable"):
        pades.load(tmp_path)
