"""What a run has learnt of a tenant from its refusals: learnt by one worker, known to the others of the run."""

from __future__ import annotations

from typing import Any, Protocol


class Shelf(Protocol):
    """Where it is kept for the other workers of the run."""

    def has(self, name: str) -> bool: ...
    def write_json(self, name: str, value: Any) -> str: ...


class Learned:
    """Facts by name. Without a shelf they are known to this worker alone. The shelf is asked once for each fact."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        self.shelf = shelf
        self.known: dict[str, bool] = {}

    def has(self, fact: str) -> bool:
        """Whether the run has learnt it."""
        if fact not in self.known:
            self.known[fact] = self.shelf is not None and self.shelf.has(_name(fact))
        return self.known[fact]

    def note(self, fact: str) -> None:
        """The run has learnt it."""
        if not self.has(fact) and self.shelf is not None:
            self.shelf.write_json(_name(fact), True)
        self.known[fact] = True


def _name(fact: str) -> str:
    return f"reference/learned-{fact}.json"
