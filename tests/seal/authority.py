"""A timestamp authority for tests, by the ``openssl`` command, in a folder of its own."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_CONFIG = """
[tsa]
default_tsa = it
[it]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1, millisecs:500
ordering = yes
ess_cert_id_alg = sha256
"""


class Authority:
    """Stamps bytes; ``roots`` is the PEM certificate a verifier needs. Raises where openssl is missing."""

    def __init__(self, folder: Path, name: str = "Sample TSA") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        (folder / "ext").write_text(
            "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
        )
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        self._run("req", "-x509", *curve, "-subj", f"/CN={name} Root", "-days", "3650", "-keyout", "ca.key",
                  "-out", "ca.pem")  # fmt: skip
        self._run("req", *curve, "-subj", f"/CN={name}", "-keyout", "tsa.key", "-out", "tsa.csr")
        self._run("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                  "-days", "3650", "-extfile", "ext", "-out", "tsa.pem")  # fmt: skip
        self.roots = (folder / "ca.pem").read_bytes()

    def stamp(self, data: bytes, *, hash_name: str = "sha256") -> bytes:
        """The response over the digest of ``data``."""
        (self._folder / "data").write_bytes(data)
        self._run("ts", "-query", "-data", "data", f"-{hash_name}", "-cert", "-out", "request.tsq")
        self._run("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "request.tsq", "-out", "response.tsr")
        return (self._folder / "response.tsr").read_bytes()

    def expire(self, first: datetime, last: datetime) -> None:
        """Give the authority another certificate, good from ``first`` to ``last`` only."""
        issuer = x509.load_pem_x509_certificate((self._folder / "ca.pem").read_bytes())
        old = x509.load_pem_x509_certificate((self._folder / "tsa.pem").read_bytes())
        key = serialization.load_pem_private_key((self._folder / "ca.key").read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        builder = x509.CertificateBuilder(issuer.subject, old.subject, old.public_key(), old.serial_number)
        for extension in old.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        new = builder.not_valid_before(first).not_valid_after(last).sign(key, hashes.SHA256())
        (self._folder / "tsa.pem").write_bytes(new.public_bytes(serialization.Encoding.PEM))

    def _run(self, *arguments: str) -> None:
        subprocess.run(
            ["openssl", *arguments], cwd=self._folder, check=True, capture_output=True, timeout=300
        )
