"""A run's log put together, and what report and summary take from its lines, in as many rounds as it takes. Memory is bounded, and nothing
is kept on disk: the files of the log are compressed and simply follow one another."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from tallybridge import money
from tallybridge.parallel import ahead
from tallybridge.reporting.causes import Collector
from tallybridge.reporting.exceptions import GRAVE
from tallybridge.reporting.messages import Messages
from tallybridge.reporting.page import Excerpt
from tallybridge.rounds import Kept, NotDone
from tallybridge.settings import Settings
from tallybridge.sync.folder import RunFolder, is_gone
from tallybridge.sync.runlog import LogLine
from tallybridge.sync.upload import Upload

LOG_FILE, LOG_TYPE = "log.jsonl.gz", "application/gzip"
BLOCK_BYTES = 1024 * 1024
SO_FAR = "so far"
FILES_AHEAD = 4


class Archive:
    """Takes the files of the log in order. Where it stands, is kept with the run's rounds when a round ends; a round that dies is repeated
    from there."""

    def __init__(self, folder: RunFolder, settings: Settings, kept: Kept) -> None:
        self.folder = folder
        self.kept = kept
        self.log = Upload(folder, LOG_FILE, LOG_TYPE)
        self.messages = Messages(debug=settings.debug_logging, error_limit=settings.error_limit)
        self.causes = Collector()
        self.excerpt = Excerpt()
        self.taken: list[str] = []
        """Names of the files that are in it."""
        self.repeated = bool(kept.has(SO_FAR) and kept.get(SO_FAR))
        if self.repeated:
            self._load(kept.get(SO_FAR))

    def go_through(self, names: Sequence[str]) -> None:
        """Take the files of these names that are not in it yet. Raises `NotDone` when the round's time is used up."""
        taken = set(self.taken)
        todo, began = [name for name in names if name not in taken], self.kept.now()
        try:
            with closing(ahead(self.folder.read, todo, FILES_AHEAD)) as stream:
                for name, packed in zip(todo, stream, strict=True):
                    self._take(packed)
                    self.taken.append(name)
                    began = self.kept.checkpoint(began)
        except NotDone:
            self.kept.put(SO_FAR, self._to_json())
            raise
        except Exception as failed:
            self._begin_anew(failed)

    def add(self, line: LogLine) -> None:
        """A line behind those of the files."""
        self._take(gzip.compress((money.dumps(line.to_json()) + "\n").encode(), mtime=0))

    def close(self) -> None:
        """The log is whole."""
        try:
            self.log.close()
        except Exception as failed:
            self._begin_anew(failed)

    def done(self) -> None:
        """Report and summary are written: whoever archives the run once more begins at the beginning."""
        if self.repeated:
            self.kept.put(SO_FAR, {})

    def _begin_anew(self, failed: Exception) -> None:
        """What an attempt before this one has sent was put together, or was thrown away: all of it is sent again."""
        if not is_gone(failed):
            raise failed
        self.kept.put(SO_FAR, {})
        raise NotDone from failed

    def _take(self, packed: bytes) -> None:
        self.log.write(packed)
        for line in shown_in(self.excerpt, io.BytesIO(packed)):
            plain = replace(line, detail="")
            self.messages.add(plain)
            self.causes.add(plain)

    def _to_json(self) -> dict[str, Any]:
        return {
            "taken": self.taken,
            "log": self.log.to_json(),
            "messages": self.messages.to_json(),
            "causes": self.causes.to_json(),
            "excerpt": self.excerpt.to_json(),
        }

    def _load(self, row: dict[str, Any]) -> None:
        self.taken = list(row["taken"])
        self.log.load(row["log"])
        self.messages.load(row["messages"])
        self.causes.load(row["causes"])
        self.excerpt.load(row["excerpt"])


def shown_in(excerpt: Excerpt, packed: Any) -> Iterator[LogLine]:
    """Takes the lines of a compressed log, a stream of bytes, into an excerpt; answers those that it looked at. Others are passed over."""
    with gzip.GzipFile(fileobj=packed) as lines:
        for text in lines:
            if GRAVE[0] in text or GRAVE[1] in text or not excerpt.full:
                line = LogLine.from_json(money.loads(text))
                excerpt.add(line)
                yield line
            else:
                excerpt.pass_over()


def add_to_log(folder: RunFolder, lines: Sequence[LogLine]) -> Excerpt:
    """Add lines to a log that is archived; answers the excerpt of all of it. It is read as a stream, whatever its size."""
    log, before = Upload(folder, LOG_FILE, LOG_TYPE), folder.open(LOG_FILE)
    while block := before.read(BLOCK_BYTES):
        log.write(block)
    log.write(gzip.compress("".join(money.dumps(line.to_json()) + "\n" for line in lines).encode(), mtime=0))
    log.close()
    excerpt = Excerpt()
    for _ in shown_in(excerpt, folder.open(LOG_FILE)):
        continue
    return excerpt
