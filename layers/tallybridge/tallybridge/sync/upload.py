"""A file that is written as a stream, by as many rounds as it takes: a small one in one request, a large one in parts. It is there, in
place of an earlier one, when the last part is. Nothing of a part is kept longer than until it is sent."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any

from tallybridge.sync.folder import RunFolder

PART_BYTES = 8 * 1024 * 1024
"""S3 takes 10,000 parts of 5 MiB or more; the last one may be smaller."""


class Upload:
    """One file of a run. A part that is sent again replaces the one that was sent, so that a round may be repeated."""

    def __init__(self, folder: RunFolder, name: str, content_type: str) -> None:
        self.folder = folder
        self.name = name
        self.content_type = content_type
        self.id = ""
        self.tags: list[str] = []
        self.rest = bytearray()

    def write(self, data: bytes) -> None:
        self.rest += data
        while len(self.rest) >= PART_BYTES:
            self._send(PART_BYTES)

    def close(self) -> None:
        """The file is whole."""
        if not self.id:
            self.folder.write(self.name, bytes(self.rest), self.content_type)
            return
        if self.rest:
            self._send(len(self.rest))
        parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(self.tags, start=1)]
        self.folder.store.complete_multipart_upload(**self._place(), UploadId=self.id, MultipartUpload={"Parts": parts})

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "tags": self.tags, "rest": b64encode(self.rest).decode()}

    def load(self, row: dict[str, Any]) -> None:
        """Go on where another has stood."""
        self.id, self.tags, self.rest = row["id"], list(row["tags"]), bytearray(b64decode(row["rest"]))

    def _send(self, size: int) -> None:
        store = self.folder.store
        if not self.id:
            self.id = store.create_multipart_upload(**self._place(), ContentType=self.content_type)["UploadId"]
        body = bytes(self.rest[:size])
        sent = store.upload_part(**self._place(), UploadId=self.id, PartNumber=len(self.tags) + 1, Body=body)
        self.tags.append(sent["ETag"])
        del self.rest[:size]

    def _place(self) -> dict[str, str]:
        return {"Bucket": self.folder.bucket, "Key": self.folder.key(self.name)}
