"""What the probes have made: noted before the call that makes it, so that nothing is left behind when a probe fails or is killed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

FILE = "journal.jsonl"


@dataclass(frozen=True)
class Made:
    """One record: `kind` as the system calls it, `key` by which it is found without its id (an external id), `id` "" as long as the
    answer is out. `shared`: several probes work with it. `how` is what its system needs to know to take it away."""

    number: int
    system: str
    kind: str
    key: str
    id: str = ""
    shared: bool = False
    how: str = ""

    @property
    def name(self) -> str:
        return f"{self.system} {self.kind} {self.key}" + (f" ({self.id})" if self.id else "")


class Journal:
    """The records that one run of the probes has made, in a file that outlives the process. `of` says in which tenants: ids of one mean
    other records in another."""

    def __init__(self, folder: Path, of: str = "") -> None:
        self.path = folder / FILE
        self.of = of
        self.made: dict[int, Made] = {}
        text = self.path.read_text(encoding="utf-8") if self.path.is_file() else ""
        self._broken = bool(text) and not text.endswith("\n")
        for line in text.splitlines():
            self._read(line)

    def _read(self, line: str) -> None:
        try:
            noted = json.loads(line)
        except ValueError:
            return  # the line that was being written when the process was killed: its call was not sent yet
        if noted["done"] == "of":
            self.of = noted["of"]
        elif noted["done"] == "gone":
            self.made.pop(noted["number"], None)
        elif noted["done"] == "id":
            self.made[noted["number"]] = replace(self.made[noted["number"]], id=noted["id"])
        else:
            given = {name: value for name, value in noted.items() if name != "done"}
            self.made[given["number"]] = Made(**given)

    def _write(self, done: str, **noted: Any) -> None:
        if not self.path.is_file():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._append("of", of=self.of)
        self._append(done, **noted)

    def _append(self, done: str, **noted: Any) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" * self._broken + json.dumps({"done": done, **noted}) + "\n")
            self._broken = False
            file.flush()
            os.fsync(file.fileno())

    def intend(self, system: str, kind: str, key: str, *, shared: bool = False, how: str = "") -> Made:
        """Note a record that is about to be made."""
        number = max(self.made, default=0) + 1
        made = Made(number, system, kind, key, shared=shared, how=how)
        self._write("made", **asdict(made))
        self.made[number] = made
        return made

    def is_there(self, made: Made, id: str) -> Made:
        """Note the id of a record that was made."""
        self._write("id", number=made.number, id=id)
        self.made[made.number] = replace(made, id=id)
        return self.made[made.number]

    def is_gone(self, made: Made) -> None:
        """Note that a record is not there, or not any more."""
        self._write("gone", number=made.number)
        self.made.pop(made.number, None)

    def last_first(self, *, shared: bool) -> Iterator[Made]:
        """The records that are still there, the last one first; without those that several probes work with, or with them."""
        yield from [self.made[number] for number in sorted(self.made, reverse=True) if shared or not self.made[number].shared]


def unfinished(folder: Path, of: str = "", *, others: bool = False) -> list[Path]:
    """The folders below this one whose journal still has records in these tenants, or in others; the oldest first."""
    known = [(path.parent, Journal(path.parent)) for path in sorted(folder.glob(f"*/{FILE}"))]
    return [place for place, journal in known if journal.made and (journal.of != of) is others]
