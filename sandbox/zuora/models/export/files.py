"""Files that exports leave, fetched by id (spec section 11.3)."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

MAX_FILES = 500
CONTENT_TYPES = {"csv": "text/csv", "zip": "application/zip", "gzip": "application/gzip"}
FORMATS = tuple(CONTENT_TYPES)


@dataclass(frozen=True)
class ExportFile:
    content: bytes
    content_type: str


class ExportFiles:
    def __init__(self) -> None:
        self.kept: OrderedDict[str, ExportFile] = OrderedDict()
        self.made = 0

    def keep(self, content: bytes, file_format: str, name: str) -> str:
        """Store a file in its format and return its id."""
        self.made += 1
        file_id = f"2c92c0f9{self.made:024x}"
        self.kept[file_id] = ExportFile(packed(content, file_format, name), CONTENT_TYPES[file_format])
        if len(self.kept) > MAX_FILES:
            self.kept.popitem(last=False)
        return file_id

    def get(self, file_id: str) -> ExportFile | None:
        return self.kept.get(file_id)


def packed(content: bytes, file_format: str, name: str) -> bytes:
    if file_format == "gzip":
        return gzip.compress(content, compresslevel=1, mtime=0)
    if file_format == "zip":
        holder = io.BytesIO()
        with zipfile.ZipFile(holder, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{name}.csv", content)
        return holder.getvalue()
    return content


def csv_bytes(labels: Sequence[str], kinds: Sequence[str], rows: Sequence[Sequence[Any]], zone: tzinfo, null: str = "") -> bytes:
    """Rows as CSV with a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(labels)
    writer.writerows([cell_text(v, k, zone, null) for v, k in zip(row, kinds, strict=True)] for row in rows)
    return text.getvalue().encode()


def cell_text(value: Any, kind: str, zone: tzinfo, null: str) -> Any:
    if value is None:
        return null
    if kind == "bool":
        return "true" if value else "false"
    if kind == "dt":
        return datetime.fromisoformat(value).astimezone(zone).isoformat(timespec="seconds")
    if kind == "dec" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value
