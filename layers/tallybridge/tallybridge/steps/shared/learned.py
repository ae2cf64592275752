"""What a run has learnt of a tenant from its refusals: learnt by one worker, known to the others of the run."""

from __future__ import annotations

from tallybridge.shelf import NoShelf, Shelf


class Learned:
    """Facts by name. The shelf is asked once for each."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        self.shelf = shelf or NoShelf()
        self.known: dict[str, bool] = {}

    def has(self, fact: str) -> bool:
        """Whether the run has learnt it."""
        if fact not in self.known:
            self.known[fact] = bool(self.shelf.read_json_or(_name(fact)))
        return self.known[fact]

    def note(self, fact: str) -> None:
        """The run has learnt it."""
        if not self.has(fact):
            self.shelf.write_json(_name(fact), True)
        self.known[fact] = True


def _name(fact: str) -> str:
    return f"reference/learned-{fact}.json"
