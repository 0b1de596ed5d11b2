"""RFC 3161 timestamp authorities over HTTP. Only a digest leaves the house."""

from pathlib import Path

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from jieli.ledger.ports import Unreachable

TIMEOUT = 15.0
_HEADERS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


class HttpAuthority:
    """The port `ledger.ports.TimestampAuthority`; a response is checked against `roots` before it is kept."""

    def __init__(self, *, name: str, url: str, roots: Path) -> None:
        self.name = name
        self._url = url
        self._roots = roots

    def stamp(self, data: bytes) -> bytes:
        """See the port. A response over other data, or not under our roots, counts as no answer."""
        asked = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256)
        query = asked.nonce(nonce=True).cert_request(cert_request=True).build()
        try:
            answer = httpx.post(self._url, content=query.as_bytes(), headers=_HEADERS, timeout=TIMEOUT)
            answer.raise_for_status()
            response = decode_timestamp_response(answer.content)
            verifier = VerifierBuilder.from_request(query)
            for root in x509.load_pem_x509_certificates(self._roots.read_bytes()):
                verifier = verifier.add_root_certificate(root)
            verifier.build().verify_message(response, data)
        except (httpx.HTTPError, VerificationError, ValueError) as error:
            raise Unreachable(
                f"时间戳机构 {self.name} 没有可用的答复。", remedy="签名进程会在下一轮重试。"
            ) from error
        return answer.content
