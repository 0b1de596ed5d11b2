"""HashiCorp Vault's transit engine over its HTTP API: a root key that wraps the keyring and never leaves Vault.

The token is read from its file for each request, so that an agent may renew it. What a file of the keyring holds is
`vault:vN:…` over `name ‖ newline ‖ key`: no text passes for another file's, and `rewrap` needs nothing but the text.
"""

import base64
import binascii
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from jieli.archive.keys.root import fingerprint, mismatch
from jieli.connectors.vault.errors import (
    VaultBadSetting,
    VaultDenied,
    VaultKeyMissing,
    VaultRefused,
    VaultSealed,
    VaultTokenUnusable,
    VaultTooOld,
    VaultUnreachable,
)

TIMEOUT = 10.0  # seconds for each request
KEY_TYPE = "aes256-gcm96"
_LARGEST = 1 << 20  # bytes of an answer; those we ask for are below a kilobyte
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_MOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,127}")
_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,255}")
_TEXT = re.compile(r"vault:v([1-9][0-9]{0,8}):[A-Za-z0-9+/]+={0,2}")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{8,4096}")
_LOCAL = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Address:
    """Which key of which Vault: base address, mount of the transit engine, name of the key, namespace if any."""

    url: str
    key: str
    mount: str = "transit"
    namespace: str = ""
    ca: Path | None = None  # certificates to trust instead of the system's

    def __post_init__(self) -> None:
        site = urlsplit(self.url)
        if site.scheme not in {"http", "https"} or not site.hostname or site.username or site.query:
            raise VaultBadSetting(
                "JIELI_VAULT_ADDR 不是网址。", remedy="请写成 https://vault.example.cn:8200。"
            )
        if site.scheme == "http" and site.hostname not in _LOCAL:
            raise VaultBadSetting(
                "JIELI_VAULT_ADDR 没有加密，令牌与密钥会明文经过网络。", remedy="请改用 https。"
            )
        ok = _NAME.fullmatch(self.key) and _MOUNT.fullmatch(self.mount)
        if not ok or (self.namespace and not _NAMESPACE.fullmatch(self.namespace)):
            raise VaultBadSetting(
                "Vault 的挂载点、密钥名或命名空间含有不能用的字符。",
                remedy="请只用字母、数字、点、横线和下划线。",
            )


class Transit:
    """The calls of the transit engine that the house needs, each one request.

    Errors: VaultUnreachable, VaultSealed, VaultDenied, VaultTokenUnusable, VaultKeyMissing, VaultTooOld (below
    min_decryption_version), VaultRefused (anything else). None holds a token, a key or a plaintext.
    """

    def __init__(self, address: Address, token_file: Path) -> None:
        self.address = address
        self._token_file = token_file
        self._trusted: ssl.SSLContext | None = None

    def make_key(self) -> None:
        """Make the key if it is not there: never exportable, no plaintext backup. Idempotent."""
        body = {"type": KEY_TYPE, "exportable": False, "allow_plaintext_backup": False}
        self._ask("POST", f"keys/{self.address.key}", body)

    def key_info(self) -> dict[str, Any]:
        """What Vault tells of the key: `type`, `latest_version`, `min_decryption_version`, `exportable` …"""
        found = self._ask("GET", f"keys/{self.address.key}", None)
        if not isinstance(found.get("latest_version"), int):
            raise self._refused("答复中没有密钥版本")
        return found

    def encrypt(self, plaintext: bytes) -> str:
        """`vault:vN:…` under the newest version of the key."""
        body = {"plaintext": base64.b64encode(plaintext).decode()}
        return self._text(self._ask("POST", f"encrypt/{self.address.key}", body))

    def decrypt(self, text: str) -> bytes:
        """The plaintext of a text that this key encrypted."""
        if not _TEXT.fullmatch(text):
            raise self._refused("密文格式不对")
        found = self._ask("POST", f"decrypt/{self.address.key}", {"ciphertext": text}).get("plaintext")
        if not isinstance(found, str):
            raise self._refused("答复中没有明文")
        try:
            return base64.b64decode(found, validate=True)
        except (binascii.Error, ValueError):
            raise self._refused("答复不是 base64") from None

    def rewrap(self, text: str) -> str:
        """The same plaintext under the newest version; Vault shows it to nobody."""
        return self._text(self._ask("POST", f"rewrap/{self.address.key}", {"ciphertext": text}))

    def _text(self, found: dict[str, Any]) -> str:
        text = found.get("ciphertext")
        if not isinstance(text, str) or not _TEXT.fullmatch(text):
            raise self._refused("答复中没有密文")
        return text

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        headers = {"X-Vault-Token": self._token(), "X-Vault-Request": "true"}
        if self.address.namespace:
            headers["X-Vault-Namespace"] = self.address.namespace
        url = f"{self.address.url.rstrip('/')}/v1/{quote(self.address.mount.strip('/'))}/{path}"
        try:
            answer = httpx.request(
                method, url, json=body, headers=headers, timeout=TIMEOUT, verify=self._verify(),
                follow_redirects=False, trust_env=False,
            )  # fmt: skip
        except httpx.HTTPError:
            # The driver's error holds the request, and that the token.
            raise VaultUnreachable(
                "Vault 没有答复。", remedy="请核对 JIELI_VAULT_ADDR、网络与证书，并确认 Vault 在运行。"
            ) from None
        if answer.status_code == httpx.codes.NO_CONTENT:
            return {}
        said = self._json(answer)
        if answer.status_code == httpx.codes.OK:
            data = said.get("data")
            return data if isinstance(data, dict) else {}
        raise self._error(answer.status_code, said)

    def _verify(self) -> ssl.SSLContext:
        """The certificates to trust, read once: that takes longer than the request."""
        if self._trusted is None and self.address.url.startswith("http:"):
            self._trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and is not asked
        if self._trusted is None:
            ca = self.address.ca
            try:
                self._trusted = ssl.create_default_context(cafile=str(ca) if ca is not None else None)
            except OSError:
                raise VaultBadSetting(
                    "JIELI_VAULT_CA 不是可用的证书文件。", remedy="请给出 PEM 格式的根证书。"
                ) from None
        return self._trusted

    def _json(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            found = answer.json() if len(answer.content) <= _LARGEST else None
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
        if answer.status_code == httpx.codes.OK:
            raise self._refused("答复不是 JSON")
        return {}

    def _error(self, status: int, said: dict[str, Any]) -> Exception:
        """Vault's status as ours. Its own words are looked at, never repeated: they may quote what was sent."""
        listed = said.get("errors")
        words = " ".join(str(one) for one in listed) if isinstance(listed, list) else ""
        if status == httpx.codes.SERVICE_UNAVAILABLE:
            return VaultSealed("Vault 处于封存状态或正在维护。", remedy="请由持有解封密钥的人解封 Vault。")
        if status == httpx.codes.FORBIDDEN:
            return VaultDenied(
                "Vault 拒绝了令牌。",
                remedy=f"请核对令牌是否过期，其策略须允许 {self.address.mount} 下对 {self.address.key} 的"
                " encrypt、decrypt、rewrap 和读取。",
            )
        if status == httpx.codes.NOT_FOUND or "encryption key not found" in words:
            return VaultKeyMissing(
                f"Vault 中没有 {self.address.mount}/{self.address.key}。",
                remedy="请核对挂载点、密钥名与命名空间；若要新建，请运行 jieli keys init。",
            )
        if "too old" in words:
            return VaultTooOld(
                "密钥文件的 Vault 密钥版本低于 min_decryption_version。",
                remedy="请由 Vault 管理员调低 min_decryption_version，运行 jieli keys rotate 后再调回。",
            )
        if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.TOO_MANY_REQUESTS:
            return VaultUnreachable(
                f"Vault 暂时不能答复（{status}）。", remedy="请稍后再试，并查看 Vault 日志。"
            )
        return self._refused(f"状态 {status}")

    def _refused(self, why: str) -> VaultRefused:
        return VaultRefused(
            f"Vault 的答复不能使用：{why}。", remedy="请核对 JIELI_VAULT_ADDR 是否确为 Vault。"
        )

    def _token(self) -> str:
        try:
            private = not self._token_file.stat().st_mode & 0o077
            token = self._token_file.read_text("ascii").strip()
        except (OSError, ValueError):
            raise VaultTokenUnusable(
                "令牌文件缺失或无法读取。", remedy="请核对 JIELI_VAULT_TOKEN_FILE。"
            ) from None
        if not private:
            raise VaultTokenUnusable("令牌文件可被本机其他账户读取。", remedy="请将其权限设为 0600。")
        if not _TOKEN.fullmatch(token):
            raise VaultTokenUnusable("令牌文件的内容不是令牌。", remedy="文件里应只有令牌一行。")
        return token


class VaultRoot:
    """The archive's port `keys.root.Root` over a transit key."""

    def __init__(self, transit: Transit) -> None:
        self.transit = transit

    @property
    def place(self) -> str:
        """See the port: `vault:` mount, slash, key; the namespace in front where there is one."""
        a = self.transit.address
        return "vault:" + "/".join(part.strip("/") for part in (a.namespace, a.mount, a.key) if part)

    def fingerprint(self) -> str:
        """See the port. The key itself is unseen, so it is its place that is told from others."""
        return fingerprint("root.vault", self.place.encode())

    def seal(self, name: str, key: bytes) -> str:
        """See the port."""
        return self.transit.encrypt(name.encode() + b"\n" + key)

    def open(self, name: str, text: str) -> bytes:
        """See the port; the errors of Transit besides."""
        try:
            inside, cut, key = self.transit.decrypt(text).partition(b"\n")
        except VaultRefused:
            raise mismatch(name) from None
        if inside != name.encode() or not cut:
            raise mismatch(name)
        return key

    def renew(self, name: str, text: str) -> str:
        """See the port: asked of Vault only where the text is under an older version."""
        found = _TEXT.fullmatch(text)
        if found and int(found[1]) >= self.transit.key_info()["latest_version"]:
            return text
        return self.transit.rewrap(text)
