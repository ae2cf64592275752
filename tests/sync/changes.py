"""What people change in NetSuite after the sync, as a table: a row says of a record what was done to it, and what is told of it then.

    PAGE = Changes(NETSUITE_MEMOS, [
        Change("lowered", a_netsuite_memo("CM1", 25), applied("CM1", {"INV-CM1": 10}), "NSCM-CHANGED: changed after its sync (...)"),
    ])

All records stand in one world and are synced; then all is done to them, and two runs look at it: nothing is written, and what a row says is
told by both. Then the records are set aside, and a last run takes none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.sync.memory import MemoryWorld
from tests.sync.ran import BackKind, Ran, ran
from tests.sync.reverse_world import STATUS, SWITCHED_ON, forget_calls, in_netsuite, ns
from tests.sync.reverse_world import calls as both_calls
from tests.sync.reverse_world import writes as written
from tests.sync.table import split
from tests.sync.words import Part, internal_id, world_with
from tests.sync.world import World

Act = Callable[[MemoryWorld, BackKind, str], None]


@dataclass(frozen=True)
class Change:
    """`told`: as in a table of what is held."""

    name: str
    given: Part
    act: Act
    told: str


@dataclass(frozen=True)
class Looked:
    """What was there when all was synced, the two runs after the changes with how much they wrote, and the one after all was set aside."""

    synced: Ran
    runs: tuple[Ran, Ran]
    written: int
    last: Ran


@dataclass(frozen=True)
class Changes:
    kind: BackKind
    rows: Sequence[Change]
    settings: Mapping[str, Any] = field(default_factory=dict)
    more: Iterable[Part] = ()

    def looked(self, started: World) -> Looked:
        """All of it, in one world."""
        world = world_with(started, *self.more, *(row.given for row in self.rows), **{**SWITCHED_ON, **self.settings})
        assert ran(world, self.kind).output["tiedOut"]
        synced = ran(world, self.kind)
        assert all(synced.synced(row.given.number) for row in self.rows)
        for row in self.rows:
            row.act(world, self.kind, row.given.number)
        forget_calls(world)
        world.clock.advance(minutes=30)
        runs = ran(world, self.kind), ran(world, self.kind)
        wrote = sum(map(written, both_calls(world)))
        for row in self.rows:
            in_netsuite(world, row.given.number, {STATUS: "Ignore"}, self.kind.record)
        return Looked(synced, runs, wrote, ran(world, self.kind))

    def check(self, looked: Looked, row: Change) -> None:
        """Whether both runs told what the row says, and what was made is as it was."""
        number = row.given.number
        for run in looked.runs:
            code, message = split(row.told, f"{self.kind.title} {number}")
            told = run.problems(number)
            assert (code, message) in told
            assert {(c, text[: len(message)]) for c, text in told} == {(code, message)}, "a line for support adds the ids"
            assert run.made(number) == looked.synced.made(number)

    def holds_together(self, looked: Looked) -> None:
        """Whether all were held, nothing was written, nothing else told, and none is looked at once it was set aside."""
        for run in looked.runs:
            assert (sum(t["held"] for t in run.output["totals"]), run.output["tiedOut"]) == (len(self.rows), True)
            assert {line.get("source_number") for line in run.lines if line.get("code")} == {row.given.number for row in self.rows}
        assert looked.written == 0
        assert looked.last.summary["steps"][0]["selected"] == 0


def save(world: MemoryWorld, kind: BackKind, number: str, fields: Mapping[str, Any]) -> None:
    """A person saves the record with these fields; a payment's customer is sent with them, as NetSuite wants it."""
    own = ns(world, kind.record, number)
    in_netsuite(world, number, {**({"customer": own["customer"]} if "customer" in own else {}), **fields}, kind.record)


# -- what is done ------------------------------------------------------------------------------------------------------------


def changed(**fields: Any) -> Act:
    """Fields of the record."""
    return lambda world, kind, number: save(world, kind, number, fields)


def applied(amounts: Mapping[str, float], *then: Act) -> Act:
    """Applications, one after the other: amount by document, 0 takes one away. `then`: what else is done."""

    def act(world: MemoryWorld, kind: BackKind, number: str) -> None:
        for name, amount in amounts.items():
            line = {"doc": {"id": internal_id(name)}, "apply": bool(amount), **({"amount": amount} if amount else {})}
            save(world, kind, number, {"apply": {"items": [line]}})
        for other in then:
            other(world, kind, number)

    return act


def unlinked(customer: str) -> Act:
    """The customer loses its Zuora ID, and the record is saved."""

    def act(world: MemoryWorld, kind: BackKind, number: str) -> None:
        in_netsuite(world, internal_id(customer), {"custentityzuoraid": ""}, "customer")
        save(world, kind, number, {"memo": "new"})

    return act
