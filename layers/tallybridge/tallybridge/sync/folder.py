"""Where a run keeps its files in S3, runs/<run id>/...: selections, batch results, and in the end log, summary, report and mail."""

from __future__ import annotations

import gzip
import io
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tallybridge import money
from tallybridge.errors import StepFailed

MAX_PAGES = 100_000
"""Pages of 1,000 keys that one listing takes at most: more than the connector ever keeps."""


class ObjectStore(Protocol):
    """The S3 client, as far as it is used."""

    def put_object(self, **arguments: Any) -> Any: ...
    def get_object(self, **arguments: Any) -> Any: ...
    def list_objects_v2(self, **arguments: Any) -> Any: ...
    def create_multipart_upload(self, **arguments: Any) -> Any: ...
    def upload_part(self, **arguments: Any) -> Any: ...
    def complete_multipart_upload(self, **arguments: Any) -> Any: ...


def is_missing(error: Exception) -> bool:
    """Whether S3 says that there is no such object."""
    return type(error).__name__ == "NoSuchKey"


def is_taken(error: Exception) -> bool:
    """Whether S3 says that there is an object already, or that another writer is storing one."""
    code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
    return code in ("PreconditionFailed", "ConditionalRequestConflict")


def is_gone(error: Exception) -> bool:
    """Whether S3 says that there is no such upload in parts (any more)."""
    return bool(getattr(error, "response", {}).get("Error", {}).get("Code", "") == "NoSuchUpload")


def keys(store: ObjectStore, bucket: str, prefix: str) -> Iterator[str]:
    """The keys of a bucket that begin with `prefix`, in order. Raises `StepFailed` INTERNAL beyond `MAX_PAGES`."""
    arguments: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix}
    for _ in range(MAX_PAGES):
        answer = store.list_objects_v2(**arguments)
        yield from (entry["Key"] for entry in answer.get("Contents", []))
        if not answer.get("IsTruncated"):
            return
        arguments["ContinuationToken"] = answer["NextContinuationToken"]
    raise StepFailed(f"The listing of {prefix} in the bucket {bucket} does not end.", code="INTERNAL", advice="Report it with this text.")


@dataclass(frozen=True)
class Listing:
    """The names of a run's files at one moment, in order: one answer for who would ask for many steps' files one by one."""

    found: Sequence[str]

    def has(self, name: str) -> bool:
        """Whether there was a file whose name begins so."""
        return any(True for _ in self.names(name))

    def names(self, prefix: str) -> Iterator[str]:
        """The names that begin with `prefix`, in order."""
        for place in range(bisect_left(self.found, prefix), len(self.found)):
            if not self.found[place].startswith(prefix):
                return
            yield self.found[place]


@dataclass(frozen=True)
class RunFolder:
    """The files of one run."""

    store: ObjectStore
    bucket: str
    run_id: str
    root: str = "runs"

    def key(self, name: str) -> str:
        """The S3 key of a file of the run, for example runs/<run id>/summary.json."""
        return f"{self.root}/{self.run_id}/{name}"

    def write(self, name: str, body: bytes, content_type: str = "application/json", **headers: str) -> str:
        """Store a file; answers its key."""
        key = self.key(name)
        self.store.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type, **headers)
        return key

    def write_json(self, name: str, value: Any) -> str:
        return self.write(name, money.dumps(value).encode())

    def write_json_once(self, name: str, value: Any) -> bool:
        """Store a file unless there is one; answers whether this one was stored."""
        try:
            self.write(name, money.dumps(value).encode(), IfNoneMatch="*")
        except Exception as failed:
            if is_taken(failed):
                return False
            raise
        return True

    def write_lines(self, name: str, rows: Iterable[Any]) -> str:
        """Store one JSON value a line, compressed."""
        return self.write_texts(name, map(money.dumps, rows))

    def write_texts(self, name: str, texts: Iterable[str]) -> str:
        """Store lines that are JSON already, compressed one by one."""
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=5, mtime=0) as lines:
            for text in texts:
                lines.write(f"{text}\n".encode())
        return self.write(name, packed.getvalue(), "application/x-ndjson", ContentEncoding="gzip")

    def read(self, name: str) -> bytes:
        """The file's content. Raises `FileNotFoundError`."""
        return bytes(self.open(name).read())

    def open(self, name: str) -> Any:
        """The file's content as a stream of bytes. Raises `FileNotFoundError`; the caller's role must allow s3:ListBucket on the whole
        bucket, since S3 answers 403 to every other."""
        try:
            return self.store.get_object(Bucket=self.bucket, Key=self.key(name))["Body"]
        except Exception as failed:
            if is_missing(failed):
                raise FileNotFoundError(self.key(name)) from failed
            raise

    def read_range(self, name: str, begin: int, end: int) -> bytes:
        """Some bytes of a file: from `begin` up to, not including, `end`."""
        return bytes(self.store.get_object(Bucket=self.bucket, Key=self.key(name), Range=f"bytes={begin}-{end - 1}")["Body"].read())

    def read_json(self, name: str) -> Any:
        return money.loads(self.read(name))

    def read_json_or(self, name: str, otherwise: Any = None) -> Any:
        """The same, `otherwise` where there is no such file."""
        try:
            return self.read_json(name)
        except FileNotFoundError:
            return otherwise

    def read_lines(self, name: str) -> Iterator[Any]:
        """The JSON values of a compressed file of lines."""
        for line in gzip.decompress(self.read(name)).splitlines():
            yield money.loads(line)

    def has(self, name: str) -> bool:
        return bool(self.store.list_objects_v2(Bucket=self.bucket, Prefix=self.key(name), MaxKeys=1).get("KeyCount"))

    def names(self, prefix: str) -> Iterator[str]:
        """The names of the files that begin with `prefix`, in order."""
        return (key.removeprefix(f"runs/{self.run_id}/") for key in keys(self.store, self.bucket, self.key(prefix)))

    def listing(self) -> Listing:
        """The names of all files that there are now, a call for each 1,000."""
        return Listing(list(self.names("")))
