"""How far the look for drift has come, over as many rounds as it takes, and which records are in doubt so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Protocol, TypeVar

from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runlog import LogLine
from tallybridge.tasks.watermarks import Watermark

SO_FAR = "reconcile/doubts.json"


class Row(Protocol):
    """A record that was changed."""

    @property
    def id(self) -> str: ...
    @property
    def modified(self) -> str: ...


R = TypeVar("R", bound=Row)


@dataclass
class Doubts:
    """Records that may have drifted: Zuora ids by object, NetSuite ids by record type. `unknown` are Zuora ids that a NetSuite record bears
    and the ledger does not know, since another connector synced it: whether Zuora has such an object is seen when it is read."""

    of_zuora: dict[str, set[str]] = field(default_factory=dict)
    of_netsuite: dict[str, set[str]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)

    def zuora(self, object_type: str, record_id: str) -> None:
        self.of_zuora.setdefault(object_type, set()).add(record_id)

    def netsuite(self, record_type: str, record_id: str) -> None:
        self.of_netsuite.setdefault(record_type, set()).add(record_id)

    def add(self, key: str) -> None:
        """A record by its key in the ledger, for example "zuora#Invoice#8ad0..."."""
        system, name, record_id = key.split("#", 2)
        (self.zuora if system == "zuora" else self.netsuite)(name, record_id)

    def to_json(self) -> dict[str, Any]:
        sides = {"of_zuora": self.of_zuora, "of_netsuite": self.of_netsuite}
        listed = {side: {name: sorted(ids) for name, ids in of.items()} for side, of in sides.items()}
        return {**listed, "unknown": sorted(self.unknown)}

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Doubts:
        of_zuora, of_netsuite = ({name: set(ids) for name, ids in row[side].items()} for side in ("of_zuora", "of_netsuite"))
        return cls(of_zuora, of_netsuite, set(row["unknown"]))


@dataclass
class Look:
    """What was gone through: the sides with the watermarks after them; of the one under way, how many rows, the id of the last one and the
    latest moment among them. `whole`: all that is in doubt is known."""

    began: str
    doubts: Doubts = field(default_factory=Doubts)
    marks: dict[str, list[str]] = field(default_factory=dict)
    passed: int = 0
    last: str = ""
    latest: str = ""
    whole: bool = False
    lines: list[LogLine] = field(default_factory=list)

    @classmethod
    def load(cls, folder: RunFolder, now: str) -> Look:
        row = folder.read_json_or(SO_FAR)
        if row is None:
            return cls(now)
        return cls(**{**row, "doubts": Doubts.from_json(row["doubts"]), "lines": list(map(LogLine.from_json, row["lines"]))})

    def save(self, folder: RunFolder) -> None:
        row = {**vars(self), "doubts": self.doubts.to_json(), "lines": [line.to_json() for line in self.lines]}
        folder.write_json(SO_FAR, row)

    def rest(self, rows: Callable[[], Iterator[R]]) -> Iterator[R]:
        """The rows behind those that were gone through; all of them if they come in another order now."""
        stream = rows()
        if self.passed:
            at = next(islice(stream, self.passed - 1, None), None)
            if at is None or at.id != self.last:
                self.passed, stream = 0, rows()
        return stream

    def gone_through(self, rows: Sequence[Row]) -> None:
        self.passed += len(rows)
        self.last = rows[-1].id
        self.latest = max([self.latest, *(row.modified for row in rows)])

    def finish(self, side: str, mark: Watermark) -> None:
        """A side is gone through."""
        self.marks[side] = list(mark.parts())
        self.passed, self.last, self.latest = 0, "", ""
