"""A run's log, line by line, without keeping it in memory."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from tallybridge import money
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runlog import Level, LogLine
from tallybridge.tasks.steps import STEPS

LOG = "log.jsonl.gz"
RANK = {Level.DEBUG: 0, Level.INFO: 1, Level.WARNING: 2, Level.ERROR: 3}


def lines(folder: RunFolder, *, level: Level = Level.INFO, step: str = "", record: str = "") -> Iterator[LogLine]:
    """The lines of this level and above; `step` and `record` (a number or an id) restrict them."""
    for line in _all(folder):
        is_record = not record or record in (line.source_number, line.source_id, line.destination_id)
        if RANK[line.level] >= RANK[level] and (not step or line.step == step) and is_record:
            yield line


def _all(folder: RunFolder) -> Iterator[LogLine]:
    """From the archived log; of a run that has not got so far, from its parts."""
    if folder.has(LOG):
        body = folder.store.get_object(Bucket=folder.bucket, Key=folder.key(LOG))["Body"]
        with gzip.GzipFile(fileobj=body) as unpacked:
            for row in unpacked:
                yield LogLine.from_json(money.loads(row))
        return
    for prefix in ("log/", *(f"{step}/log/" for step in STEPS)):
        for name in folder.names(prefix):
            yield from (LogLine.from_json(row) for row in folder.read_lines(name))
