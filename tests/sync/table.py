"""A page of the specification as a table: a row says of a record whether a run sends it, and what the run tells about it.

    ROWS = [
        sent("1.selection.2: Posted", an_invoice("INV1")),
        left("1.selection.2: Draft", an_invoice("INV2", Status="Draft")),
        held("3.validation.6", an_invoice("INV3", of=an_account("A3", Class__NS="Toys")), 'INV-V6: class "Toys" of account A3 ...'),
    ]
    PAGE = Table(INVOICES, "invoices.", ROWS)

A row is called by the rule that it proves, which has a dot and no space, and a colon with more where a rule has several rows; `also` are
further rules. What is told is written with its code in the place of the record's name: the message is "Invoice INV3: class ...".

All records stand in one world, and one run takes them all. What no row names was not told, of its record or of any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.rules.catalogue import rule_ids
from tests.sync.memory import MemoryWorld
from tests.sync.ran import Kind, Ran, ran
from tests.sync.words import Part, world_with
from tests.sync.world import World

SHORTEST_ADVICE = 20
COUNTS = "LEFT-"
"""How the codes of lines begin that count what a rule leaves out; test_left_out.py looks at them."""
READ_PATHS = ("data_query", "zoql")
SENT, FOUND, HELD, SKIPPED, LEFT = "sent", "found", "held", "skipped", "left"
COUNTED = {SENT: "synced", FOUND: "already", HELD: "held"}
"""What a run's totals call the outcomes."""


def split(told: str, record: str) -> tuple[str, str]:
    """(code, message) of what a row says is told of a record."""
    code, rest = re.split("(?=[: ])", told, maxsplit=1)
    return code, f"{record}{rest}"


@dataclass(frozen=True)
class Row:
    """`told`: what is told about the record, as a warning with advice, unless it was FOUND or SKIPPED and all is well; `waits_for`: what
    the first line names as missing. A record that is HELD was selected and is counted, one that is SKIPPED too, though nothing is due; one
    that is LEFT was not. Neither is changed in any way."""

    name: str
    given: Part
    outcome: str
    told: tuple[str, ...]
    also: tuple[str, ...] = ()
    waits_for: str = ""

    @property
    def number(self) -> str:
        return self.given.number

    def messages(self, title: str) -> list[tuple[str, str]]:
        """(code, message) of what is told."""
        return [split(text, f"{title} {self.number}") for text in self.told]

    def rules(self, prefix: str) -> tuple[str, ...]:
        """The rule it is called by, if it is called by one, and the others."""
        named = self.name.partition(":")[0]
        if "." not in named or " " in named:
            return self.also
        return (named if named in rule_ids() else prefix + named, *self.also)


def sent(name: str, given: Part, *told: str, also: tuple[str, ...] = ()) -> Row:
    """The record is in the other system after the run, once, and says so."""
    return Row(name, given, SENT, told, also)


def found(name: str, given: Part, *told: str, also: tuple[str, ...] = ()) -> Row:
    """The record was in the other system already, which its source did not say: that is completed, and nothing is made."""
    return Row(name, given, FOUND, told, also)


def left(name: str, given: Part, *, also: tuple[str, ...] = ()) -> Row:
    """The record is not selected, and no line is about it."""
    return Row(name, given, LEFT, (), also)


def held(name: str, given: Part, *told: str, also: tuple[str, ...] = (), waits_for: str = "") -> Row:
    """The record is selected and not sent."""
    return Row(name, given, HELD, told, also, waits_for)


def skipped(name: str, given: Part, *told: str, also: tuple[str, ...] = ()) -> Row:
    """The record is selected, and nothing of it is due."""
    return Row(name, given, SKIPPED, told, also)


@dataclass(frozen=True)
class Table:
    """The rows of records of one kind. `prefix` stands before the rules by which rows are called; `closed`: accounting periods that are
    closed in NetSuite; `more`: what the world has beside the rows' records."""

    kind: Kind
    prefix: str
    rows: Sequence[Row]
    settings: Mapping[str, Any] = field(default_factory=dict)
    closed: Sequence[str] = ()
    more: Iterable[Part] = ()

    def cases(self) -> list[Any]:
        """The rows as parameters, each under its name and with its rules."""
        return [pytest.param(row, marks=pytest.mark.rule(*row.rules(self.prefix)), id=row.name) for row in self.rows]

    def world(self, started: World, **settings: Any) -> MemoryWorld:
        """A world of their own with all records."""
        assert len({row.number for row in self.rows}) == len(self.rows), "every row has a record of its own"
        world = world_with(started, *self.more, *(row.given for row in self.rows), **{**self.settings, **settings})
        periods = [p for p in world.in_netsuite("accountingPeriod") if p["periodName"] in self.closed]
        world.load(netsuite={"accountingPeriod": [{"id": p["id"], "closed": True} for p in periods]})
        return world

    def run(self, started: World, **settings: Any) -> Ran:
        """One run over all records."""
        return ran(self.world(started, **settings), self.kind)

    def holds_together(self, run: Ran, *beside: str) -> None:
        """Whether the run told what the rows name and nothing else (`beside`: codes of what it told of others), counted their records, and
        ties out."""
        told = [m for row in self.rows for m in row.messages(self.kind.title)]
        lines = [(line["code"], line["message"]) for line in run.lines if line.get("code") and not line["code"].startswith(COUNTS)]
        assert sorted(line for line in lines if line[0] not in beside) == sorted(told)
        assert sorted(code for code, _ in lines if code in beside) == sorted(beside)
        assert (run.outcome, run.output["tiedOut"]) == ("completed with warnings" if lines else "completed", True)
        counted = {outcome: sum(t[key] for t in run.output["totals"]) for outcome, key in COUNTED.items()}
        assert counted == {outcome: sum(row.outcome == outcome for row in self.rows) for outcome in counted}
        assert sum(step["skipped"] for step in run.summary["steps"]) >= sum(row.outcome == SKIPPED for row in self.rows)


def check(run: Ran, row: Row) -> None:
    """Whether the run did with the row's record what the row says."""
    assert sorted(run.problems(row.number)) == sorted(row.messages(run.kind.title))
    lines = [run.line(row.number, code) for code, _ in row.messages(run.kind.title)]
    for line in lines:
        assert line["level"] == ("INFO" if row.outcome in (FOUND, SKIPPED) else "WARNING")
        assert row.outcome == FOUND or len(line["advice"]) > SHORTEST_ADVICE
    if row.waits_for:
        assert lines[0]["waits_for"] == row.waits_for
    if row.outcome == LEFT:
        assert not run.told.get(row.number)
    if row.outcome in (SENT, FOUND):
        assert run.synced(row.number)
        assert row.outcome == SENT or run.id_of(row.number) == row.given.there
    else:
        assert run.record(row.number) == run.before[row.number]
        assert len(run.made(row.number)) == len(run.kind.made(run.before[row.number], row.given.zuora, row.given.netsuite))
