"""One way to break the product."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("mutants.toml")
LIBRARY = Path("layers/tallybridge/tallybridge")


@dataclass(frozen=True)
class Mutant:
    """`breaks` says in a few words what is wrong then. `old` stands exactly once in `file`, below the library, and `new` takes its place;
    one of `tests` (files or folders of the default suite, the most likely first) must fail then."""

    breaks: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def broken(self, text: str) -> str:
        """The file's text with the fault. Raises `ValueError` where the product has moved on."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.breaks}: what is to be broken stands {text.count(self.old)} times in {self.file}")
        return text.replace(self.old, self.new)


def mutants() -> list[Mutant]:
    """All of them, in the order of the list."""
    rows = tomllib.loads(LIST.read_text(encoding="utf-8"))["mutant"]
    return [Mutant(**{**row, "tests": tuple(row["tests"])}) for row in rows]
