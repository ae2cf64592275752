"""A multipart body with one file part, read piece by piece, so that a file never stands in memory as a whole."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, cast


@dataclass(frozen=True)
class Multipart:
    """`content` opens the file each time the request is sent; `size` is its length in bytes."""

    field: str
    file_name: str
    size: int
    content: Callable[[], BinaryIO]
    boundary: str
    part_type: str = "text/csv"

    @property
    def content_type(self) -> str:
        """Value of the request's header Content-Type."""
        return f"multipart/form-data; boundary={self.boundary}"

    def open(self) -> BinaryIO:
        """The body, with its length as `len` and its place as `tell()`: the HTTP library needs both to name the length of a request, and
        sends it in chunks, which a gateway may refuse, where one is missing."""
        head = (
            f"--{self.boundary}\r\n"
            f'Content-Disposition: form-data; name="{self.field}"; filename="{self.file_name}"\r\n'
            f"Content-Type: {self.part_type}\r\n\r\n"
        ).encode()
        tail = f"\r\n--{self.boundary}--\r\n".encode()
        return cast(BinaryIO, _Chained([io.BytesIO(head), self.content(), io.BytesIO(tail)], len(head) + self.size + len(tail)))


class _Chained(io.RawIOBase):
    """Streams one after the other. `len` is the sum of their lengths."""

    def __init__(self, streams: list[BinaryIO], length: int) -> None:
        self._streams = streams
        self._place = 0
        self.len = length

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        """How many bytes have been read."""
        return self._place

    def read(self, size: int = -1) -> bytes:
        pieces: list[bytes] = []
        left = size
        while self._streams and left != 0:
            piece = self._streams[0].read(left)
            if not piece:
                self._streams.pop(0).close()
                continue
            pieces.append(piece)
            self._place += len(piece)
            left = left - len(piece) if left > 0 else left
        return b"".join(pieces)

    def close(self) -> None:
        for stream in self._streams:
            stream.close()
        self._streams = []
        super().close()
