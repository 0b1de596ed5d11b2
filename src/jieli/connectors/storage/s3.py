"""Media in a bucket of any S3. Large objects go in parts; where the bucket offers Object Lock it is used and said.

boto3 is imported when a bucket is configured (the extra `s3`); credentials come as it finds them: environment, file,
or the machine's role. They are never read, kept or logged here.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jieli.archive.media.errors import MediaObjectMissing, MediaStoreAway
from jieli.archive.media.types import StoredObject
from jieli.connectors.storage import CHUNK, address_of, away, name_of
from jieli.kernel.failpoints import reach
from jieli.kernel.times import to_ms

#: Parts of an upload; S3 takes 10,000 of them, so an object may have 78 GB. The least that S3 allows is 5 MiB.
PART = 8 * 1024 * 1024
_ABSENT = {"404", "NoSuchKey", "NoSuchUpload"}
_DENIED = {"AccessDenied", "403"}
_UNKNOWN = {"ObjectLockConfiguration": {"Rule": {"DefaultRetention": {"Mode": "无权查询"}}}}
_MODES = {
    "COMPLIANCE": "合规模式，任何人在期满之前都不能删除",
    "GOVERNANCE": "治理模式，有特权的人可以提前解除",
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """Which bucket, under which prefix (no slash at its ends), at which endpoint (empty: Amazon's own)."""

    name: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""


class S3:
    """A MediaStore. The client is made at the first call, so that a process that needs no media needs no boto3."""

    def __init__(self, bucket: Bucket, *, part: int = PART) -> None:
        self._bucket, self._part = bucket, part
        self._client: Any = None
        self._locking: tuple[str, int] | None = None

    def put(self, address: bytes, chunks: Iterable[bytes], *, at: int) -> None:
        """In one piece if it is small. A crash leaves an unfinished upload, which costs room but is no object."""
        parts = _parts(chunks, self._part)
        first = next(parts, b"")
        with self._answering() as client:
            if len(first) < self._part:
                reach("upload.in_store")
                client.put_object(**self._named(address), Body=first)
                return
            begun = client.create_multipart_upload(**self._named(address))["UploadId"]
            upload = {**self._named(address), "UploadId": begun}
            try:
                listed = []
                for number, part in enumerate(_after(first, parts), 1):
                    answer = client.upload_part(**upload, PartNumber=number, Body=part)
                    listed.append({"ETag": answer["ETag"], "PartNumber": number})
                    reach("upload.in_store")
                reach("upload.before_rename")
                client.complete_multipart_upload(**upload, MultipartUpload={"Parts": listed})
            except BaseException:
                client.abort_multipart_upload(**upload)
                raise

    def read(self, address: bytes, start: int = 0) -> Iterator[bytes]:
        """The object's bytes by the MiB."""
        within = {"Range": f"bytes={start}-"} if start else {}
        with self._answering(address) as client:
            body = client.get_object(**self._named(address), **within)["Body"]
            with body:
                yield from body.iter_chunks(CHUNK)

    def objects(self) -> Iterator[StoredObject]:
        """Page by page."""
        with self._answering() as client:
            pages = client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket.name, Prefix=self._under("")
            )
            for page in pages:
                for one in page.get("Contents", ()):
                    address = address_of(one["Key"].removeprefix(self._under("")))
                    if address is not None:
                        yield StoredObject(address, one["Size"], to_ms(one["LastModified"]))

    def remove(self, address: bytes, *, at: int) -> int | None:
        """Every version of the object, for a bucket may keep them unasked; or until when one of them is retained."""
        with self._answering() as client:
            until = None
            for version in self._versions(client, address):
                kept = self._retained(client, address, version)
                if kept is not None and kept > at:
                    until = max(until or 0, kept)
                else:
                    client.delete_object(**self._named(address), VersionId=version)
            return until

    def _versions(self, client: Any, address: bytes) -> list[str]:
        key = self._named(address)["Key"]
        found = client.list_object_versions(Bucket=self._bucket.name, Prefix=key)
        listed = [*found.get("Versions", ()), *found.get("DeleteMarkers", ())]
        return [one["VersionId"] for one in listed if one["Key"] == key]

    def _retained(self, client: Any, address: bytes, version: str) -> int | None:
        from botocore.exceptions import ClientError  # type: ignore[import-untyped]

        try:
            answer = client.head_object(**self._named(address), VersionId=version)
        except ClientError:
            return None  # a marker: it is retained by nothing, and the removal itself says no if it must
        until = answer.get("ObjectLockRetainUntilDate")
        return None if until is None else to_ms(until)

    def end_unfinished(self, *, before: int) -> int:
        """Uploads in parts that were begun before and never completed."""
        ended = 0
        with self._answering() as client:
            pages = client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._bucket.name, Prefix=self._under("")
            )
            for page in pages:
                for one in page.get("Uploads", ()):
                    if to_ms(one["Initiated"]) < before:
                        client.abort_multipart_upload(
                            Bucket=self._bucket.name, Key=one["Key"], UploadId=one["UploadId"]
                        )
                        ended += 1
        return ended

    def place(self) -> str:
        """Bucket, prefix and endpoint."""
        where = f"（{self._bucket.endpoint}）" if self._bucket.endpoint else ""
        return f"s3://{self._bucket.name}/{self._bucket.prefix}{where}"

    def lock(self) -> str:
        """The bucket's own retention: it puts it on every new object itself. Empty without Object Lock."""
        mode, days = self._lock()
        if not mode:
            return ""
        if mode not in _MODES:
            return "已开启，没有默认保留期" if mode == "on" else mode
        return f"{_MODES[mode]}，{days} 天"

    def _lock(self) -> tuple[str, int]:
        """(mode, days) of the bucket's default retention; ("on", 0) for a lock without one. Asked once."""
        if self._locking is None:
            from botocore.exceptions import ClientError

            with self._answering() as client:
                try:
                    answer = client.get_object_lock_configuration(Bucket=self._bucket.name)
                except ClientError as error:
                    denied = str(error.response.get("Error", {}).get("Code", "")) in _DENIED
                    answer = _UNKNOWN if denied else {}  # otherwise: not offered, or not on
            found = answer.get("ObjectLockConfiguration", {})
            rule = found.get("Rule", {}).get("DefaultRetention", {})
            days = int(rule.get("Days", 0)) + 365 * int(rule.get("Years", 0))
            on = "on" if found.get("ObjectLockEnabled") == "Enabled" else ""
            self._locking = (rule.get("Mode", on), days)
        return self._locking

    def _under(self, name: str) -> str:
        return f"{self._bucket.prefix}/{name}" if self._bucket.prefix else name

    def _named(self, address: bytes) -> dict[str, str]:
        return {"Bucket": self._bucket.name, "Key": self._under(name_of(address))}

    @contextmanager
    def _answering(self, address: bytes | None = None) -> Iterator[Any]:
        """The client; what goes wrong with it is our error, with the service's code and nothing else of its words."""
        client = self._connected()
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield client
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "?"))
            if address is not None and code in _ABSENT:
                raise MediaObjectMissing(address) from None
            raise away(code) from None
        except BotoCoreError as error:
            raise away(type(error).__name__) from None

    def _connected(self) -> Any:
        if self._client is None:
            try:
                import boto3  # type: ignore[import-untyped]
                from botocore.config import Config  # type: ignore[import-untyped]
            except ImportError:
                raise MediaStoreAway(
                    "没有安装 S3 组件。", remedy='请运行 pip install "jieli[s3]" 后重试。'
                ) from None
            self._client = boto3.client(
                "s3", endpoint_url=self._bucket.endpoint or None, region_name=self._bucket.region or None,
                config=Config(connect_timeout=5, read_timeout=60, retries={"max_attempts": 3, "mode": "standard"}),
            )  # fmt: skip
        return self._client


def _parts(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of `size`, only the last one shorter."""
    kept = bytearray()
    for chunk in chunks:
        kept += chunk
        while len(kept) >= size:
            yield bytes(kept[:size])
            del kept[:size]
    if kept:
        yield bytes(kept)


def _after(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others
