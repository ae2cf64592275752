"""Uploads and the lines that they brought into staging."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.revenue.prestage import read_rows
from sandbox.revenue.templates import Template

RECEIVED, STAGED, FAILED, REVIEW = "Received", "Staged", "Failed", "In Review"
FILE, CSV, ASYNC = "upload/file", "csv/upload", "upload/file?async=true"
COMPRESSION = 1


@dataclass
class StageError:
    """One rule that one staged line breaks. `line` is the line's place in its upload, counted from 0."""

    id: int
    line: int
    code: str
    message: str


@dataclass
class Upload:
    """One file. `id` is what the status calls ask for; `parallel` how many uploads were on their way when it came in."""

    id: int
    endpoint: str
    file_name: str
    template: Template
    user: str
    organizations: tuple[str, ...]
    received: float
    parallel: int
    packed: bytes = b""
    size: int = 0
    sha256: str = ""
    rows: int = 0
    status: str = RECEIVED
    log: list[str] = field(default_factory=list)
    polls: int = 0
    first_line: int = 0
    totals: dict[str, str] = field(default_factory=dict)
    errors: list[StageError] = field(default_factory=list)
    collected: bool = False
    removed: set[int] = field(default_factory=set)
    rejected: list[dict[str, str]] = field(default_factory=list)
    """Of an asynchronous upload: the lines that were left out, with their error message."""

    def keep(self, content: bytes) -> None:
        """Store the file as it came."""
        self.packed = zlib.compress(content, COMPRESSION)
        self.size, self.sha256 = len(content), hashlib.sha256(content).hexdigest()

    def keep_rows(self, content: bytes) -> None:
        """Put other cells in the place of those that came (sanitised ones); size and checksum stay those of the file."""
        self.packed = zlib.compress(content, COMPRESSION)

    @property
    def content(self) -> bytes:
        return zlib.decompress(self.packed)

    @property
    def staged(self) -> bool:
        """Whether its lines are in staging (or were collected from there)."""
        return self.status == STAGED

    @property
    def file_log(self) -> str:
        return "\n".join(self.log)

    def lines(self) -> Iterator[dict[str, str]]:
        """Its staged lines, staging columns -> cells."""
        if self.staged:
            names = self.template.names
            for row in read_rows(self.content, self.template):
                yield dict(zip(names, row, strict=True))

    def flags(self) -> dict[int, str]:
        """Processed flags other than the usual one (`P` after a collection, `N` before it) by line."""
        return {**{e.line: "E" for e in self.errors}, **dict.fromkeys(self.removed, "D")}

    def as_object(self) -> dict[str, Any]:
        """What `dump` shows."""
        return {
            "id": self.id,
            "endpoint": self.endpoint,
            "file_name": self.file_name,
            "template": self.template.name,
            "user": self.user,
            "parallel": self.parallel,
            "bytes": self.size,
            "sha256": self.sha256,
            "rows": self.rows,
            "status": self.status,
            "rejected": len(self.rejected),
            "staged_lines": self.rows if self.staged else 0,
            "stage_errors": len(self.errors),
            "collected": self.collected,
            "totals": self.totals,
            "file_log": self.file_log,
        }
