"""What a step has left in the run's folder: its batches, and what became of their records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tallybridge import money
from tallybridge.steps.shared.sync_step import SyncStep
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runlog import Outcome, RecordResult

MANIFEST = "manifest.json"
"""The step's batches: [{"batch", "records", "file"}]."""
StepClass = type[SyncStep]


@dataclass(frozen=True)
class StepFacts:
    """What tells a step: of its class, or as it has noted it in start.json, for those that do not know the class."""

    name: str
    object: str
    title: str
    direction: str

    @classmethod
    def of_class(cls, kind: StepClass) -> StepFacts:
        return cls(kind.name, kind.object, kind.title, kind.direction)

    @classmethod
    def noted(cls, folder: RunFolder, step: str) -> StepFacts:
        start = folder.read_json(f"{step}/start.json")
        return cls(step, start.get("object", ""), start.get("title", step), start.get("direction", ""))


RESULTS, LOG, MADE = "results", "log", "rehearsed"
"""Folders of a step in which each of its batches has files, named <batch>-<...>: results, log lines, and what a dry run would make."""
SENT = "sent"
"""What was asked of the destination, record by record."""
PLANNED = "planned"
"""Folder of a step of a dry run with all that is told of its records, one file a piece of a batch."""

LEFT = "left"
"""Folder of a step with a file for each part of it, "select" or a batch, whose rest the run leaves to the next one: {"waitsFor"}."""


@dataclass(frozen=True)
class BatchFiles:
    """A batch: how many records the selection put into it, in which file, and the names of the files that it has left, by folder, in
    order. `is_left`: the run's time did not suffice for the rest of it."""

    records: int
    selected: str
    names: dict[str, list[str]]
    is_left: bool = False

    @property
    def count(self) -> int:
        return sum(map(len, self.names.values()))


@dataclass
class BatchLeft:
    """What a batch has left. `parts` are the results as they were stored, one JSON text a chunk of the batch, `ids` the records that the
    selection put into it, each once, as far as the run came to them, `left` how many it did not come to, `logs` compressed files as they
    were stored, `made` what was kept of a dry run's pieces, `made_size` in how many bytes."""

    results: list[RecordResult] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)
    pressure: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""
    ids: list[str] = field(default_factory=list)
    left: int = 0
    parts: list[bytes] = field(default_factory=list)
    logs: list[bytes] = field(default_factory=list)
    made: list[dict[str, Any]] = field(default_factory=list)
    made_size: int = 0

    @property
    def size(self) -> int:
        return self.made_size + sum(len(text) for texts in (self.parts, self.logs) for text in texts)


def manifest_of(folder: RunFolder, step: str) -> list[dict[str, Any]]:
    """The batches of a step, [] before they are all chosen."""
    return list(folder.read_json_or(f"{step}/{MANIFEST}", []))


def batches_left(folder: RunFolder, step: str, manifest: Sequence[dict[str, Any]], *, dry_run: bool, over: bool) -> Iterator[BatchFiles]:
    """Batches with their files, from one listing a folder. `over`: the step's time is, so that a batch without any was not begun."""
    names: dict[str, dict[str, list[str]]] = {}
    for place in (RESULTS, LOG, MADE) if dry_run else (RESULTS, LOG):
        for name in folder.names(f"{step}/{place}/"):
            names.setdefault(batch_of(name), {}).setdefault(place, []).append(name)
    unfinished = {batch_of(name.removesuffix(".json")) for name in folder.names(f"{step}/{LEFT}/")}
    for entry in manifest:
        batch, selected = entry["batch"], f"{step}/{entry['file']}"
        yield BatchFiles(int(entry["records"]), selected, names.get(batch, {}), batch in unfinished or (over and batch not in names))


def batch_of(name: str) -> str:
    """The batch that a file belongs to, for example "000001"; of a file of the step itself, a word."""
    return name.rpartition("/")[2].partition("-")[0]


def read_batch(folder: RunFolder, step: StepFacts, files: BatchFiles, why: str) -> BatchLeft:
    """Read what a batch has left. Records that were never processed are UNFINISHED with the code `why`."""
    left, seen = BatchLeft(), dict[str, None]()
    for name in files.names.get(RESULTS, ()):
        text = folder.read(name)
        part = money.loads(text)
        left.parts.append(text)
        left.results += map(RecordResult.from_json, part["results"])
        left.left_out += part.get("left_out", ())
        left.pressure += [part["pressure"]] if part.get("pressure") else []
        left.failure = left.failure or part["failure"]
        seen.update(dict.fromkeys(part["selected"]))
    left.ids = list(seen)
    if files.is_left:
        left.left = files.records - len(seen)
    elif len(seen) != files.records:
        left.ids = list(dict.fromkeys(str(row[0]) for row in folder.read_lines(files.selected)))
        lost = [RecordResult(step.object, i, i, Outcome.UNFINISHED, code=why) for i in left.ids if i not in seen]
        left.results += lost
        left.parts += [money.dumps({"results": [r.to_json() for r in lost]}).encode()] if lost else []
    left.logs = [folder.read(name) for name in files.names.get(LOG, ())]
    for name in files.names.get(MADE, ()):
        text = folder.read(name)
        left.made.append(money.loads(text))
        left.made_size += len(text)
    return left


def batch_rows(folder: RunFolder, kind: StepClass, batch: str) -> Iterator[list[Any]]:
    """What the selection put into a batch: id, group and data of each record."""
    entry = next(e for e in folder.read_json(f"{kind.name}/{MANIFEST}") if e["batch"] == batch)
    return folder.read_lines(f"{kind.name}/{entry['file']}")
