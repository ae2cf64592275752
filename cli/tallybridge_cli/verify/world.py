"""What probes work with: the systems, names for their records, and the journal of what they have made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tallybridge.clock import Clock
from tallybridge.errors import TallybridgeError
from tallybridge.settings import Settings
from tallybridge_cli.verify.journal import Journal, Made
from tallybridge_cli.verify.probe import UNREADABLE, NotTestable, System
from tallybridge_cli.verify.rest import Rest, Trace

PREFIX = "TB-VERIFY"
"""Names and external ids of everything that probes make begin so."""
T = TypeVar("T")
Lost = tuple[str, str, str]
"""A record that no journal names: kind, key, id."""


class Kept(str):
    """Why a record stays for good, although nothing is left to do about it."""


@dataclass(frozen=True)
class Cleaner:
    """`undo` takes a record away, and answers why it is still there (`Kept`: for good), "" when it is gone; `lost` finds records whose
    names begin with the prefix, for runs whose journal is lost."""

    undo: Callable[[World, Made], str]
    lost: Callable[[World], Iterable[Lost]]


@dataclass
class World:
    """`run` names this run in external ids: letters, digits and hyphens. `systems` are those that can be called, `cleaners` take their
    records away. `connections` hold what only a few probes need of a system, such as the client id;
    `values` are what this tenant asks for beside the usual, by kind of record. `left` are records that could not be taken away, and why;
    `kept` are those that the system keeps for good, made inactive."""

    run: str
    clock: Clock
    journal: Journal
    settings: Settings
    systems: Mapping[System, Rest]
    trace: Trace
    cleaners: Mapping[System, Cleaner]
    connections: Mapping[System, Any] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    _kept: dict[str, Any] = field(default_factory=dict)
    _failed: dict[str, NotTestable] = field(default_factory=dict)

    @property
    def netsuite(self) -> Rest:
        return self._system(System.NETSUITE)

    @property
    def zuora(self) -> Rest:
        return self._system(System.ZUORA)

    @property
    def revenue(self) -> Rest:
        return self._system(System.REVENUE)

    def _system(self, system: System) -> Rest:
        if system not in self.systems:
            raise NotTestable(f"No connection to {system} is set up.")
        return self.systems[system]

    def name(self, what: str) -> str:
        """A name, or external id, of a record of this run."""
        return f"{PREFIX}-{self.run}-{what}"

    def with_values(self, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A body with what this tenant asks for on records of a kind, such as a department on every invoice."""
        return {**self.values.get(kind, {}), **body}

    def once(self, what: str, make: Callable[[], T]) -> T:
        """Something that several probes need, made when the first one does. A failure is every one's."""
        if what in self._failed:
            raise self._failed[what]
        if what not in self._kept:
            try:
                self._kept[what] = make()
            except NotTestable as failed:
                self._failed[what] = failed
                raise
        found: T = self._kept[what]
        return found

    def clean(self, *, shared: bool) -> list[str]:
        """Take away what was made, the last one first; without what several probes work with, or with it. Answers what is left, and why;
        `left` and `kept` have it too."""
        told = []
        for made in self.journal.last_first(shared=shared):
            why = self._undone(made)
            self.left.pop(made.name, None)
            if not why or isinstance(why, Kept):
                self.journal.is_gone(made)
            if why:
                (self.kept if isinstance(why, Kept) else self.left)[made.name] = why
                told.append(f"{made.name}: {why}")
        return told

    def _undone(self, made: Made) -> str:
        """Why a record is still there, "" when it is not."""
        try:
            return self.cleaners[System(made.system)].undo(self, made)
        except TallybridgeError as failed:
            return failed.message
        except NotTestable as failed:
            return str(failed)
        except UNREADABLE as failed:
            return f"The answer to its deletion was not understood ({type(failed).__name__}: {failed})."
