"""The demo's own RFC 3161 authority: real protocol, real signatures, a clock that is the demo's.

It vouches for nothing outside the demo, its certificates say so, and `jieli check --deploy` refuses it.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from jieli.kernel.errors import JieliError
from jieli.kernel.times import from_ms

MAX_QUERY = 4_096
ROOT_FILE, KEY_FILE, CERT_FILE = "tsa-ca.pem", "tsa.key", "tsa.pem"
_POLICY = "1.3.6.1.4.1.32473.1"  # an arc reserved for examples: this authority has no policy of its own


class BadQuery(JieliError):
    """The request is not an RFC 3161 query over SHA-256."""

    code = "stamp.bad_query"


def make_authority(directory: Path, *, at: int) -> None:
    """Make the demo authority's root, key and certificate in a directory; existing ones stay."""
    if (directory / CERT_FILE).exists():
        return
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name("接力演示时间戳根证书（仅供演示）")
    root = _builder(root_name, root_name, root_key.public_key(), at).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    leaf = _builder(_name("接力演示时间戳机构（演示时钟）"), root_name, key.public_key(), at).add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
    )
    _write(directory / ROOT_FILE, _pem(root.sign(root_key, hashes.SHA256())))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(directory / KEY_FILE, private)
    # Last: its presence says that the others are whole.
    _write(directory / CERT_FILE, _pem(leaf.sign(root_key, hashes.SHA256())))


def _write(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, at: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(from_ms(at) - timedelta(days=3_650))
        .not_valid_after(from_ms(at) + timedelta(days=7_300))
    )


@dataclass(frozen=True)
class DemoAuthority:
    """Answers queries with the key of a directory and the time that `clock` gives, in milliseconds."""

    directory: Path
    clock: Callable[[], int]

    def respond(self, query: bytes) -> bytes:
        """The DER response to a DER query; BadQuery for anything but SHA-256."""
        try:
            request = tsp.TimeStampReq.load(query, strict=True)
            imprint = request["message_imprint"]
            digest, algorithm = (
                imprint["hashed_message"].native,
                imprint["hash_algorithm"]["algorithm"].native,
            )
            nonce = request["nonce"].native
        except (ValueError, TypeError, KeyError) as error:
            raise BadQuery("请求不是 RFC 3161 查询。", remedy="请用 SHA-256 查询。") from error
        if algorithm != "sha256" or len(digest) != 32:
            raise BadQuery("只为 SHA-256 摘要盖时间戳。", remedy="请用 SHA-256 查询。")
        token = self._token(self._info(digest, nonce))
        return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())

    def _info(self, digest: bytes, nonce: int | None) -> bytes:
        info = {
            "version": "v1",
            "policy": _POLICY,
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest},
            "serial_number": secrets.randbits(64),
            "gen_time": from_ms(self.clock()).replace(microsecond=0),
        }
        if nonce is not None:
            info["nonce"] = nonce
        return bytes(tsp.TSTInfo(info).dump())

    def _token(self, info: bytes) -> cms.ContentInfo:
        pem = (self.directory / CERT_FILE).read_bytes()
        der = x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
        certificate = asn1_x509.Certificate.load(der)
        essential = tsp.SigningCertificateV2(
            {"certs": [tsp.ESSCertIDv2({"cert_hash": sha256(der).digest()})]}
        )
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": ["tst_info"]},
                {"type": "message_digest", "values": [sha256(info).digest()]},
                {"type": "signing_certificate_v2", "values": [essential]},
            ]
        )
        key = serialization.load_pem_private_key((self.directory / KEY_FILE).read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise BadQuery("演示时间戳机构的密钥已损坏。", remedy="请删除演示目录后重新运行 make demo。")
        signer = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    "issuer_and_serial_number",
                    {"issuer": certificate.issuer, "serial_number": certificate.serial_number},
                ),
                "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
                "signed_attrs": attributes,
                "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
                "signature": key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
            }
        )
        signed = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
                "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info)},
                "certificates": [certificate],
                "signer_infos": [signer],
            }
        )
        return cms.ContentInfo({"content_type": "signed_data", "content": signed})


def serve(authority: DemoAuthority, *, port: int) -> ThreadingHTTPServer:
    """An HTTP server of the authority on 127.0.0.1; the caller runs and closes it."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if not 0 < length <= MAX_QUERY:
                self.send_error(413)
                return
            try:
                response = authority.respond(self.rfile.read(length))
            except BadQuery:
                self.send_error(400)
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(response)))
            self.end_headers()
            self.wfile.write(response)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: requests carry only digests, and the demo's own table shows what was stamped."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
