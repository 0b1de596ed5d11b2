"""One contract, two places: what the archive expects of a store, against a directory and against moto's S3."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from jieli.archive.media.errors import MediaChanged, MediaObjectMissing, MediaStoreAway
from jieli.archive.media.ports import MediaStore
from jieli.connectors.storage import address_of, name_of
from jieli.connectors.storage.directory import Directory
from jieli.connectors.storage.s3 import S3, Bucket
from jieli.kernel.times import DAY, HOUR, MINUTE, to_ms

PART = 5 * 1024 * 1024  # the least that S3 takes for a part that is not the last
NOW = to_ms(datetime.now(UTC))  # stores stamp objects by their own clocks


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def client(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    made = boto3.client("s3", endpoint_url=endpoint)
    yield made
    made.close()


def bucket(client: Any, endpoint: str, *, prefix: str = "a/b", lock: bool = False) -> S3:
    """A fresh bucket for each test."""
    name = f"kept-{os.urandom(6).hex()}"
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
    return S3(Bucket(name, prefix, endpoint, "us-east-1"), part=PART)


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    if request.param == "directory":
        return Directory(tmp_path / "media")
    client, endpoint = request.getfixturevalue("client"), request.getfixturevalue("endpoint")
    return bucket(client, endpoint)


def pieces(data: bytes, size: int = 700_001) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


@pytest.mark.parametrize("size", [1, 700_001, PART - 1, PART, PART + 1, 2 * PART + 3])
def test_an_object_is_read_as_it_was_put(store: MediaStore, size: int) -> None:
    data = bytes([size % 251]) * size
    address = sha256(data).digest()
    store.put(address, pieces(data), at=NOW)
    store.put(address, pieces(data), at=NOW)  # again: no error, no second object
    assert b"".join(store.read(address)) == data
    assert b"".join(store.read(address, size // 3)) == data[size // 3 :]
    [found] = store.objects()
    assert (found.address, found.size) == (address, size)
    assert abs(found.changed_at - NOW) < 10 * MINUTE
    assert store.remove(address, at=NOW) is None
    assert store.remove(address, at=NOW) is None
    assert list(store.objects()) == []
    with pytest.raises(MediaObjectMissing):
        list(store.read(address))


@pytest.mark.parametrize("size", [1_000, PART + 1_000])
def test_an_upload_that_fails_leaves_nothing(store: MediaStore, size: int) -> None:
    def breaking() -> Iterator[bytes]:
        yield bytes(size)
        raise MediaChanged("文件在读取时被改动。")

    with pytest.raises(MediaChanged):
        store.put(sha256(b"").digest(), breaking(), at=NOW)
    assert list(store.objects()) == []
    assert store.end_unfinished(before=NOW + DAY) == 0


def test_objects_are_listed_in_order_and_strangers_passed_over(store: MediaStore) -> None:
    addresses = [sha256(bytes([n])).digest() for n in range(9)]
    for address in addresses:
        store.put(address, [b"x"], at=NOW)
    assert [found.address for found in store.objects()] == sorted(addresses)
    assert store.lock() == ""
    assert store.place()


def test_names_and_addresses_are_one_to_one() -> None:
    address = sha256(b"x").digest()
    assert address_of(name_of(address)) == address
    for name in ("", "ab/cd", name_of(address).upper(), f"{name_of(address)}0", f"x/{name_of(address)}"):
        assert address_of(name) is None


def test_a_directory_ends_what_was_left_and_passes_over_other_files(tmp_path: Path) -> None:
    store = Directory(tmp_path / "media")
    assert (list(store.objects()), store.end_unfinished(before=NOW)) == ([], 0)
    (tmp_path / "media" / "uploads").mkdir(parents=True)
    left = tmp_path / "media" / "uploads" / "abc.1"
    left.write_bytes(b"half")
    os.utime(left, (NOW // 1000 - 7_200,) * 2)
    (tmp_path / "media" / "ab").mkdir()
    (tmp_path / "media" / "ab" / "note.txt").write_text("not ours")
    assert list(store.objects()) == []
    assert store.end_unfinished(before=NOW - 3 * HOUR) == 0
    assert store.end_unfinished(before=NOW - HOUR) == 1
    assert not left.exists()


def test_a_directory_that_cannot_be_written_is_said_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("a file where a folder should be")
    store = Directory(tmp_path / "media")
    with pytest.raises(MediaStoreAway) as told:
        store.put(bytes(32), [b"x"], at=NOW)
    assert str(tmp_path) not in str(told.value)
    with pytest.raises(MediaStoreAway):
        list(store.read(bytes(32)))


def test_unfinished_uploads_of_a_bucket_are_ended_under_our_prefix_alone(client: Any, endpoint: str) -> None:
    store = bucket(client, endpoint)
    name = store.place().split("/")[2]
    for key in ("a/b/ab/one", "a/b/ab/two", "elsewhere/three"):
        client.create_multipart_upload(Bucket=name, Key=key)
    begun = [u["Initiated"] for u in client.list_multipart_uploads(Bucket=name)["Uploads"]]
    first = to_ms(min(begun))
    assert store.end_unfinished(before=first) == 0
    assert store.end_unfinished(before=to_ms(max(begun)) + 1) == 2
    assert [u["Key"] for u in client.list_multipart_uploads(Bucket=name)["Uploads"]] == ["elsewhere/three"]


def test_an_object_under_lock_stays_until_its_day_by_the_bucket_s_own_clock(
    client: Any, endpoint: str
) -> None:
    store = bucket(client, endpoint, prefix="", lock=True)
    name = store.place().split("/")[2]
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}
    client.put_object_lock_configuration(
        Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    assert store.lock() == "合规模式，任何人在期满之前都不能删除，30 天"
    data, address = b"ciphertext", sha256(b"ciphertext").digest()
    store.put(address, [data], at=NOW)
    until = datetime.now(UTC) + timedelta(days=30)
    version = client.head_object(Bucket=name, Key=name_of(address))["VersionId"]
    retained = {"Mode": "COMPLIANCE", "RetainUntilDate": until}
    client.put_object_retention(Bucket=name, Key=name_of(address), VersionId=version, Retention=retained)
    kept = store.remove(address, at=NOW)
    assert kept is not None
    assert abs(kept - NOW - 30 * DAY) < DAY
    assert b"".join(store.read(address)) == data
    with pytest.raises(MediaStoreAway, match="AccessDenied"):
        store.remove(address, at=NOW + 31 * DAY)  # our clock may say what it likes: the bucket's decides


def test_a_lock_without_a_period_and_a_bucket_without_one_are_told_apart(client: Any, endpoint: str) -> None:
    assert bucket(client, endpoint, lock=True).lock() == "已开启，没有默认保留期"
    assert bucket(client, endpoint).lock() == ""


@pytest.mark.parametrize("lock", [False, True])
def test_a_bucket_with_versions_keeps_none_of_what_was_removed(
    client: Any, endpoint: str, lock: bool
) -> None:
    store = bucket(client, endpoint, lock=lock)
    name = store.place().split("/")[2]
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    address = sha256(b"x").digest()
    store.put(address, [b"x"], at=NOW)
    store.put(address, [b"x"], at=NOW)
    assert len(client.list_object_versions(Bucket=name)["Versions"]) == 2
    assert store.remove(address, at=NOW) is None
    assert "Versions" not in client.list_object_versions(Bucket=name)


def test_a_bucket_that_is_not_there_is_said_by_the_service_s_code_alone(client: Any, endpoint: str) -> None:
    store = S3(Bucket("nowhere-to-be-found", "", endpoint, "us-east-1"))
    for call in (
        lambda: store.put(bytes(32), [b"x"], at=NOW),
        lambda: list(store.objects()),
        lambda: store.end_unfinished(before=NOW),
    ):
        with pytest.raises(MediaStoreAway, match="NoSuchBucket"):
            call()


def test_a_service_that_does_not_answer_is_away(client: Any) -> None:
    with pytest.raises(MediaStoreAway, match="EndpointConnectionError"):
        list(S3(Bucket("kept", "", "http://127.0.0.1:9", "us-east-1")).objects())


def test_without_boto3_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "boto3", None)
    with pytest.raises(MediaStoreAway, match="没有安装 S3 组件"):
        list(S3(Bucket("kept")).objects())
