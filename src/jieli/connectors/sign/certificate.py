"""The key and certificate of the company's seal, as files of one directory.

A firm with a certificate of a recognised authority puts its own files there under the same names. The one made
here vouches only for this installation, and its names say so.
"""

from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from jieli.kernel.times import from_ms

ROOT_FILE: Final = "seal-ca.pem"
KEY_FILE: Final = "seal.key"
CERT_FILE: Final = "seal.pem"
_YEARS: Final = 10
_LONGEST: Final = 64
#: RSA, for every reader of PDFs in use knows it, and its PKCS #1 signatures are the same for the same bytes.
_BITS: Final = 3072


def make_company_seal(directory: Path, name: str, at: int) -> None:
    """Make root, key and certificate of a seal for the company `name`; a finished one stays as it is.

    The root's key is thrown away: nothing else is ever issued under it. Crash before the certificate is written:
    made anew at the next call.
    """
    if (directory / CERT_FILE).exists():
        return
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    root_key = rsa.generate_private_key(65537, _BITS)
    key = rsa.generate_private_key(65537, _BITS)
    root_name = _name("企业电子签章根（自签，非公章）", name)
    root = (
        _builder(root_name, root_name, root_key.public_key(), root_key.public_key(), at)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(ca=True), critical=True)
    )
    leaf = (
        _builder(
            _name("企业电子签章（非公章）", name), root_name, key.public_key(), root_key.public_key(), at
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(ca=False), critical=True)
    )
    _write(directory / ROOT_FILE, _pem(root.sign(root_key, hashes.SHA256())))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(directory / KEY_FILE, private)
    # Last: its presence says that the others are whole.
    _write(directory / CERT_FILE, _pem(leaf.sign(root_key, hashes.SHA256())))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: rsa.RSAPublicKey, issuer_key: rsa.RSAPublicKey, at: int
) -> x509.CertificateBuilder:
    begins = from_ms(at).replace(microsecond=0) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=366 * _YEARS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=not ca,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str, organization: str) -> x509.Name:
    """A subject. X.520 lets a part be 64 long, which the library counts in bytes: a longer name ends in `…`."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _short(organization)),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _short(name: str) -> str:
    if len(name.encode()) <= _LONGEST:
        return name
    return name.encode()[: _LONGEST - 3].decode(errors="ignore") + "…"


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)
