"""The warnings and errors of a run as a table for a spreadsheet, a row per line of the log."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator
from typing import Any

from tallybridge import money
from tallybridge.reporting.summary import safe_cell
from tallybridge.sync.runlog import Level, LogLine

COLUMNS = (
    *("time", "level", "step", "object", "code", "source_number", "source_id", "destination_id", "currency", "amount"),
    *("message", "advice", "waits_for", "detail"),
)
GRAVE = tuple(f'"level":"{level}"'.encode() for level in (Level.WARNING, Level.ERROR))
"""What a line of the log contains that is a warning or an error: a text in it would have its quotes escaped."""


def log_rows(lines: Iterable[LogLine]) -> Iterator[str]:
    """Lines of a log as rows of CSV, headings first; no cell is run by a spreadsheet."""
    yield ",".join(COLUMNS)
    for line in lines:
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow([safe_cell(getattr(line, name)) for name in COLUMNS])
        yield text.getvalue()


def grave_lines(packed: Any) -> Iterator[LogLine]:
    """The warnings and errors of a compressed log, a stream of bytes; the others are passed over."""
    with gzip.GzipFile(fileobj=packed) as lines:
        for text in lines:
            if GRAVE[0] in text or GRAVE[1] in text:
                yield LogLine.from_json(money.loads(text))


def bounded(rows: Iterable[str], most: int) -> bytes:
    """As many whole rows as fit into so many bytes."""
    content = bytearray()
    for row in rows:
        encoded = row.encode("utf-8", "replace") + b"\n"
        if len(content) + len(encoded) > most:
            break
        content += encoded
    return bytes(content)
