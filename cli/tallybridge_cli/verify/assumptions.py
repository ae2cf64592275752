"""The assumptions that the product rests on, each by its place in the specification: which probe settles it, or why none can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tallybridge import money
from tallybridge_cli.verify.reasons import reason

FILE = Path(__file__).with_name("assumptions.json")


@dataclass(frozen=True)
class Assumption:
    """`file` and `section` are its place; `mark` the specification's own ([A], [P], [A 3]); `about` whose behaviour it is. `probe` names
    the probe that settles it; without one `kind` names the reason why no probe can, and `note` adds to it."""

    id: str
    file: str
    section: str
    begins: str
    text: str
    mark: str
    about: str
    probe: str = ""
    kind: str = ""
    note: str = ""

    @property
    def reason(self) -> str:
        """Why no probe settles it, "" where one does."""
        return reason(self.kind, self.note) if self.kind else ""

    @property
    def place(self) -> str:
        return f"{self.file} {self.section}".strip()

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Assumption:
        place = given["place"]
        return cls(
            given["id"],
            str(place["file"]),
            str(place.get("section", "")),
            str(place.get("begins", "")),
            given["text"],
            given["mark"],
            given["about"],
            given.get("probe") or "",
            given.get("reason") or "",
            given.get("note") or "",
        )


def assumptions(file: Path = FILE) -> tuple[Assumption, ...]:
    """All of them, in the order of the list; none where the list is not there."""
    if not file.is_file():
        return ()
    return tuple(Assumption.from_json(each) for each in money.loads(file.read_text(encoding="utf-8")))


def settled_by(probe: str, known: Sequence[Assumption]) -> tuple[Assumption, ...]:
    """The assumptions that a probe settles."""
    return tuple(each for each in known if each.probe == probe)
