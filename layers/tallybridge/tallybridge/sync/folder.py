"""Where a run keeps its files in S3, runs/<run id>/...: selections, batch results, and in the end log, summary, report and mail."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from tallybridge import money


class ObjectStore(Protocol):
    """The S3 client, as far as it is used."""

    def put_object(self, **arguments: Any) -> Any: ...
    def get_object(self, **arguments: Any) -> Any: ...
    def list_objects_v2(self, **arguments: Any) -> Any: ...


@dataclass(frozen=True)
class RunFolder:
    """The files of one run."""

    store: ObjectStore
    bucket: str
    run_id: str

    def key(self, name: str) -> str:
        """The S3 key of a file of the run, for example runs/<run id>/summary.json."""
        return f"runs/{self.run_id}/{name}"

    def write(self, name: str, body: bytes, content_type: str = "application/json", **headers: str) -> str:
        """Store a file; answers its key."""
        key = self.key(name)
        self.store.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type, **headers)
        return key

    def write_json(self, name: str, value: Any) -> str:
        return self.write(name, money.dumps(value).encode())

    def write_lines(self, name: str, rows: Iterable[Any]) -> str:
        """Store one JSON value a line, compressed."""
        text = "".join(money.dumps(row) + "\n" for row in rows)
        return self.write(name, gzip.compress(text.encode(), compresslevel=5, mtime=0), "application/x-ndjson", ContentEncoding="gzip")

    def read(self, name: str) -> bytes:
        """The file's content. Raises `FileNotFoundError`."""
        try:
            return bytes(self.store.get_object(Bucket=self.bucket, Key=self.key(name))["Body"].read())
        except Exception as missing:
            if type(missing).__name__ == "NoSuchKey":
                raise FileNotFoundError(self.key(name)) from missing
            raise

    def read_json(self, name: str) -> Any:
        return money.loads(self.read(name))

    def read_lines(self, name: str) -> Iterator[Any]:
        """The JSON values of a compressed file of lines."""
        for line in gzip.decompress(self.read(name)).splitlines():
            yield money.loads(line)

    def has(self, name: str) -> bool:
        return bool(self.store.list_objects_v2(Bucket=self.bucket, Prefix=self.key(name), MaxKeys=1).get("KeyCount"))

    def names(self, prefix: str) -> Iterator[str]:
        """The names of the files that begin with `prefix`, in order."""
        arguments: dict[str, Any] = {"Bucket": self.bucket, "Prefix": self.key(prefix)}
        while True:
            answer = self.store.list_objects_v2(**arguments)
            for entry in answer.get("Contents", []):
                yield entry["Key"].removeprefix(f"runs/{self.run_id}/")
            if not answer.get("IsTruncated"):
                return
            arguments["ContinuationToken"] = answer["NextContinuationToken"]
