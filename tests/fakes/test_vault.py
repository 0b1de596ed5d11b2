"""Vault's transit engine: what the house relies on, shown on the fake and, where VAULT_ADDR names one, on a Vault.

A real one must be on this machine with the transit engine mounted, e.g. `vault server -dev`; VAULT_TOKEN is its token.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from jieli.archive import keys
from jieli.archive.errors import KeyringMismatch, KeyringMissing
from jieli.connectors.vault import Address, Transit, VaultRoot
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
from tests.fakes import vault as fake


@dataclass
class Place:
    """A Vault to test against, with a key of its own for the test, and a hand on its administration."""

    url: str
    token: str
    token_file: Path
    key: str

    @property
    def transit(self) -> Transit:
        return Transit(Address(self.url, self.key), self.token_file)

    def admin(self, path: str, body: dict[str, object] | None = None) -> None:
        url = f"{self.url}/v1/transit/keys/{self.key}/{path}"
        httpx.post(url, json=body or {}, headers={"X-Vault-Token": self.token}, timeout=60).raise_for_status()


def token_in(path: Path, token: str) -> Path:
    path.write_text(token + "\n")
    path.chmod(0o600)
    return path


@contextmanager
def real() -> Iterator[fake.Vault]:
    if "VAULT_ADDR" not in os.environ:
        pytest.skip("VAULT_ADDR names no Vault")
    yield fake.Vault(url=os.environ["VAULT_ADDR"].rstrip("/"))


PLACES = {"fake": (fake.running, lambda: fake.TOKEN), "real": (real, lambda: os.environ["VAULT_TOKEN"])}


@pytest.fixture(params=sorted(PLACES))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    opened, token = PLACES[request.param]
    with opened() as vault:
        yield Place(
            vault.url, token(), token_in(tmp_path / "token", token()), f"jieli-{secrets.token_hex(4)}"
        )


@pytest.fixture
def vault() -> Iterator[fake.Vault]:
    with fake.running() as opened:
        yield opened


@pytest.fixture
def transit(vault: fake.Vault, tmp_path: Path) -> Transit:
    made = Transit(Address(vault.url, "jieli"), token_in(tmp_path / "token", fake.TOKEN))
    made.make_key()
    return made


def test_a_key_is_made_once_and_cannot_be_exported(place: Place) -> None:
    place.transit.make_key()
    place.transit.make_key()
    info = place.transit.key_info()
    assert (info["type"], info["latest_version"], info["min_decryption_version"]) == ("aes256-gcm96", 1, 1)
    assert (info["exportable"], info["allow_plaintext_backup"]) == (False, False)


def test_what_was_encrypted_is_decrypted_and_never_twice_the_same(place: Place) -> None:
    place.transit.make_key()
    texts = [place.transit.encrypt(b"\x00secret\xff") for _ in range(2)]
    assert [place.transit.decrypt(text) for text in texts] == [b"\x00secret\xff"] * 2
    assert texts[0] != texts[1]
    assert all(text.startswith("vault:v1:") for text in texts)


def test_rewrap_moves_to_the_newest_version_and_the_oldest_may_be_closed(place: Place) -> None:
    place.transit.make_key()
    old = place.transit.encrypt(b"key")
    place.admin("rotate")
    assert place.transit.key_info()["latest_version"] == 2
    new = place.transit.rewrap(old)
    assert new.startswith("vault:v2:")
    assert place.transit.decrypt(old) == place.transit.decrypt(new) == b"key"
    place.admin("config", {"min_decryption_version": 2})
    assert place.transit.decrypt(new) == b"key"
    for ask in (place.transit.decrypt, place.transit.rewrap):
        with pytest.raises(VaultTooOld, match="min_decryption_version"):
            ask(old)


def test_a_key_that_is_not_there_is_said_so(place: Place) -> None:
    with pytest.raises(VaultKeyMissing):
        place.transit.key_info()
    with pytest.raises(VaultKeyMissing):
        place.transit.decrypt("vault:v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")


def test_a_mount_that_is_not_there_is_said_so(place: Place) -> None:
    elsewhere = Transit(Address(place.url, place.key, mount="no-such-mount"), place.token_file)
    with pytest.raises((VaultKeyMissing, VaultDenied)):
        elsewhere.encrypt(b"x")


def test_altered_and_foreign_texts_are_refused(place: Place) -> None:
    place.transit.make_key()
    text = place.transit.encrypt(b"key")
    for spoiled in (text[:-8] + "AAAAAAA=", text.replace("v1", "v7"), "vault:v1:", "hello", text + "\n"):
        with pytest.raises(VaultRefused):
            place.transit.decrypt(spoiled)


def test_a_token_that_is_not_valid_is_denied(place: Place, tmp_path: Path) -> None:
    stranger = Transit(Address(place.url, place.key), token_in(tmp_path / "other", fake.POOR_TOKEN))
    with pytest.raises(VaultDenied, match="令牌"):
        stranger.encrypt(b"x")


def test_a_keyring_lives_on_a_vault_and_its_files_hold_no_key(place: Place, tmp_path: Path) -> None:
    place.transit.make_key()
    made = keys.init(tmp_path / "home", VaultRoot(place.transit))
    read = keys.load(tmp_path / "home", VaultRoot(place.transit))
    assert (read.digest, read.epochs, read.fingerprints()) == (made.digest, made.epochs, made.fingerprints())
    files = {f.name: f.read_text() for f in made.directory.iterdir()}
    assert set(files) == {"root.vault", "digest.key", "epoch-000001.key"}
    assert files["root.vault"].strip() == f"vault:transit/{place.key}"
    assert not any(key.hex() in "".join(files.values()) for key in (made.digest, made.epochs[1]))
    with pytest.raises(KeyringMissing, match="Vault"):
        _ = made.root
    place.admin("rotate")
    assert (read.renew(), read.renew()) == (2, 0)
    place.admin("config", {"min_decryption_version": 2})
    assert keys.load(tmp_path / "home", VaultRoot(place.transit)).epochs == made.epochs


def test_no_file_of_a_keyring_passes_for_another(transit: Transit, tmp_path: Path) -> None:
    directory = keys.init(tmp_path / "home", VaultRoot(transit)).directory
    (directory / "digest.key").write_text((directory / "epoch-000001.key").read_text())
    with pytest.raises(KeyringMismatch, match=r"digest\.key"):
        keys.load(tmp_path / "home", VaultRoot(transit))
    (directory / "digest.key").write_text("vault:v1:AAAA")
    with pytest.raises(KeyringMismatch, match=r"digest\.key"):
        keys.load(tmp_path / "home", VaultRoot(transit))


def test_a_keyring_stays_with_the_root_it_was_made_with(transit: Transit, tmp_path: Path) -> None:
    keys.init(tmp_path / "vault", VaultRoot(transit))
    keys.init(tmp_path / "file")
    other = Transit(Address(transit.address.url, "other"), tmp_path / "token")
    with pytest.raises(KeyringMissing, match="JIELI_VAULT_ADDR"):
        keys.load(tmp_path / "vault")
    with pytest.raises(KeyringMismatch, match="JIELI_VAULT_KEY"):
        keys.load(tmp_path / "vault", VaultRoot(other))
    with pytest.raises(KeyringMismatch, match="文件"):
        keys.load(tmp_path / "file", VaultRoot(transit))


def test_a_sealed_vault_is_said_so_and_works_again_when_unsealed(vault: fake.Vault, transit: Transit) -> None:
    text = transit.encrypt(b"key")
    vault.sealed = True
    with pytest.raises(VaultSealed, match="解封"):
        transit.decrypt(text)
    vault.sealed = False
    assert transit.decrypt(text) == b"key"


def test_namespaces_are_asked_for_by_header(vault: fake.Vault, transit: Transit, tmp_path: Path) -> None:
    vault.namespace = "corp/hr"
    with pytest.raises(VaultKeyMissing, match="命名空间"):
        transit.encrypt(b"x")
    inside = Transit(Address(vault.url, "jieli", namespace="corp/hr"), tmp_path / "token")
    assert inside.decrypt(inside.encrypt(b"x")) == b"x"
    assert VaultRoot(inside).place == "vault:corp/hr/transit/jieli"


def test_a_vault_that_is_not_there_is_unreachable(
    transit: Transit, vault: fake.Vault, tmp_path: Path
) -> None:
    gone = Transit(Address("http://127.0.0.1:9", "jieli"), tmp_path / "token")
    with pytest.raises(VaultUnreachable):
        gone.encrypt(b"x")
    for status in (429, 500, 502):
        vault.instead = (status, b"<html>")
        with pytest.raises(VaultUnreachable):
            transit.encrypt(b"x")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"data": null}',
        b'{"data": {"ciphertext": 7}}',
        b'{"data": {"ciphertext": "x"}}',
    ],
)
def test_an_answer_that_is_not_vaults_is_refused(said: bytes, vault: fake.Vault, transit: Transit) -> None:
    vault.instead = (200, said)
    with pytest.raises(VaultRefused):
        transit.encrypt(b"x")
    with pytest.raises(VaultRefused):
        transit.decrypt("vault:v1:AAAA")
    with pytest.raises(VaultRefused):
        transit.key_info()


def test_other_refusals_never_repeat_what_was_sent(vault: fake.Vault, transit: Transit) -> None:
    vault.instead = (400, json.dumps({"errors": [f"bad token {fake.TOKEN}"]}).encode())
    with pytest.raises(VaultRefused) as caught:
        transit.encrypt(b"x")
    assert fake.TOKEN not in str(caught.value)
    vault.instead = (307, b"")
    with pytest.raises(VaultRefused):
        transit.encrypt(b"x")


@pytest.mark.parametrize("content", ["", "two words", "令牌", "x\x00y" * 4, "short"])
def test_a_file_that_is_no_token_is_not_sent(
    content: str, vault: fake.Vault, transit: Transit, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(content)
    before = len(vault.asked)
    with pytest.raises(VaultTokenUnusable):
        transit.encrypt(b"x")
    assert len(vault.asked) == before


def test_a_token_that_others_may_read_is_not_used(transit: Transit, tmp_path: Path) -> None:
    (tmp_path / "token").chmod(0o644)
    with pytest.raises(VaultTokenUnusable, match="0600"):
        transit.encrypt(b"x")
    (tmp_path / "token").unlink()
    with pytest.raises(VaultTokenUnusable, match="JIELI_VAULT_TOKEN_FILE"):
        transit.encrypt(b"x")


def test_a_renewed_token_is_taken_from_its_file(transit: Transit, tmp_path: Path) -> None:
    token_in(tmp_path / "token", fake.POOR_TOKEN)
    with pytest.raises(VaultDenied):
        transit.encrypt(b"x")
    token_in(tmp_path / "token", fake.TOKEN)
    assert transit.encrypt(b"x")


@pytest.mark.parametrize(
    ("url", "key", "mount", "namespace"),
    [
        ("http://vault.example.cn:8200", "jieli", "transit", ""),
        ("vault.example.cn", "jieli", "transit", ""),
        ("https://user:pw@vault.example.cn", "jieli", "transit", ""),
        ("https://vault.example.cn", "a/b", "transit", ""),
        ("https://vault.example.cn", "jieli", "../sys", ""),
        ("https://vault.example.cn", "jieli", "transit", "a\nb"),
    ],
)
def test_addresses_that_cannot_be_used_are_refused(url: str, key: str, mount: str, namespace: str) -> None:
    with pytest.raises(VaultBadSetting):
        Address(url, key, mount, namespace)
    Address("https://vault.example.cn:8200", "jieli", "transit/eu", "corp/hr")
