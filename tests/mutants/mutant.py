"""One way to break the product."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AREAS = Path(__file__).parent / "areas"
LIBRARY = Path("layers/tallybridge/tallybridge")


@dataclass(frozen=True)
class Mutant:
    """`breaks` says in a few words what is wrong then. `old` stands exactly once in `file`, below the library, and `new` takes its place;
    one of `tests` (pytest's ids of the default suite) must fail then. `area` is the name of the list it stands in."""

    area: str
    breaks: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def path(self) -> Path:
        return ROOT / LIBRARY / self.file

    def broken(self, text: str) -> str:
        """The file's text with the fault. Raises `ValueError` where the product has moved on."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.breaks}: what is to be broken stands {text.count(self.old)} times in {self.file}")
        return text.replace(self.old, self.new)


def mutants() -> list[Mutant]:
    """All of them, in the order of the lists."""
    rows = [(file.stem, row) for file in sorted(AREAS.glob("*.toml")) for row in tomllib.loads(file.read_text(encoding="utf-8"))["mutant"]]
    return [Mutant(area=area.replace("_", " "), **{**row, "tests": tuple(row["tests"])}) for area, row in rows]
