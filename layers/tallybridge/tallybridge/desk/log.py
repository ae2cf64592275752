"""A run's log, line by line, without keeping it in memory."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

from tallybridge import money
from tallybridge.errors import ConfigurationError
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


def lines_of(folder: RunFolder, *, level: Level = Level.INFO, step: str = "", record: str = "") -> Iterator[LogLine]:
    """As `lines`; raises `ConfigurationError` INPUT after the last one where none names the record that was asked for."""
    found = False
    for line in lines(folder, level=level, step=step, record=record):
        found = True
        yield line
    if record and not found:
        below = level is not Level.DEBUG and any(lines(folder, level=Level.DEBUG, step=step, record=record))
        text = f'No line of this log at level {level} and above names "{record}"' if below else f'Nothing in this log names "{record}"'
        advice = "Ask with --level debug." if below else f"Give a number or an id as the log has them; `tallybridge explain {record}`"
        raise ConfigurationError(
            f"{text}{f' in step {step}' if step else ''}.",
            place="--record",
            code="INPUT",
            advice=advice if below else f"{advice} tells what other runs did.",
        )


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
