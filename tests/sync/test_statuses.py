"""The status of a record from one moment to the next; and what was left in the middle, was refused, or was reset by a person, which is
looked up in NetSuite before anything is made (sequence-and-status.md sections 4 to 6). For all kinds that Zuora sends in one stage; refunds
have two (test_refunds_status.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.rules.cases import of_tables
from tests.sync.invoice_world import lose_answers
from tests.sync.memory import MemoryWorld
from tests.sync.ran import ADJUSTMENTS, CREDIT_MEMOS, DEBIT_MEMOS, INVOICES, PAYMENTS, Kind, Ran, ran, status_of
from tests.sync.recording import REFUSAL, during
from tests.sync.table import Row, Table, check, found, held, sent
from tests.sync.words import (
    ADJUSTMENT_FIELDS,
    Part,
    a_credit_memo,
    a_debit_memo,
    a_payment,
    an_adjustment,
    an_invoice,
    made_before,
    world_with,
)
from tests.sync.world import World

SECTION = "sequence-and-status."
READ_ALIKE = f"{SECTION}4.2.rule.reading"
FOUND = (f"{SECTION}5.algorithm.write-back", f"{SECTION}5.2.rule.2")
MADE = (f"{SECTION}5.algorithm.create",)
PRESENT = (f"{SECTION}6.still-present",)
CLEARED = (*PRESENT, f"{SECTION}5.algorithm.blank-no-lookup")
TWICE = (f"{SECTION}5.algorithm.ambiguous",)
DOCUMENT: dict[str, Any] = {"entity": {"id": "9001"}, "item": {"items": [{"item": {"id": "501"}, "amount": 100}]}}
PAID: dict[str, Any] = {"customer": {"id": "9001"}, "payment": 100}


CALLED = {"invoice": "invoice", "creditMemo": "credit memo", "customerPayment": "payment"}
"""NetSuite's record types as messages call them."""


@dataclass(frozen=True)
class Case:
    """A kind of record. `make` makes one of 100 in Zuora, `body` is what NetSuite has of it. `rules` are the kind's own for what is looked
    up, `created` and `refused` those of its statuses. `resets`: the statuses with which a reset finds the counterpart, where a reset is no
    update; `under_way`: others that stand for a record under way."""

    kind: Kind
    code: str
    make: Callable[..., Part]
    record: str
    rules: tuple[str, ...] = ()
    body: Mapping[str, Any] = field(default_factory=lambda: DOCUMENT)
    resets: tuple[str | None, ...] = ("Sync Complete", None)
    under_way: tuple[str | None, ...] = ("Processing",)
    settlement: bool = True
    created: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def doing(self) -> str:
        """The end of the status texts: an adjustment's are called by what it becomes."""
        return (CALLED[self.record] if self.kind is ADJUSTMENTS else self.kind.title).title()

    @property
    def one(self) -> str:
        """The counterpart in the message that it is there."""
        return self.record if self.kind is ADJUSTMENTS else CALLED[self.record]

    def left_at(self, number: str, status: str | None, transferred: str) -> Part:
        return self.make(number, IntegrationStatus__NS=status, TransferredToAccounting=transferred)

    def create(self) -> dict[str, Any]:
        """The call that makes one."""
        return {"method": "POST", "path": f"^/services/rest/record/v1/{self.record}"}

    def there(self, part: Part, *ids: str) -> Part:
        return made_before(part, self.record, *ids, **self.body)

    def rows(self) -> Iterator[Row]:
        creating, error = f"Creating {self.doing}", f"Error Creating {self.doing}"
        yield sent("interrupted, not there", self.left_at("X1", creating, "Processing"), also=(*self.rules, *MADE))
        yield sent("refused, not there", self.left_at("X2", error, "Error"), also=(*self.rules, *MADE))
        yield found("interrupted", self.there(self.left_at("X3", creating, "Processing"), "7503"), also=(*self.rules, *FOUND))
        yield found("refused", self.there(self.left_at("X4", error, "Error"), "7504"), also=(*self.rules, *FOUND))
        for n, status in enumerate(self.under_way):
            yield sent(f"status {status}, not there", self.left_at(f"XN{n}", status, "Processing"), also=MADE)
            yield found(f"status {status}", self.there(self.left_at(f"XT{n}", status, "Processing"), f"752{n}"), also=FOUND)
        other = self.left_at("X5", f" {creating.lower()}... ", "Processing")
        yield found("written otherwise", self.there(other, "7505"), also=(*FOUND, READ_ALIKE))
        yield held(
            "two are there",
            self.there(self.left_at("X6", creating, "Processing"), "7506", "7507"),
            f"{self.code}-AMBIGUOUS: 2 NetSuite {CALLED[self.record]}s carry this Zuora ID (7506, 7507). Clear the duplicates first.",
            also=TWICE,
        )
        for n, status in enumerate(self.resets):
            yield found(
                f"reset, status {status}",
                self.there(self.left_at(f"XR{n}", status, "No"), f"751{n}"),
                f"{self.code}-PRESENT: already present in NetSuite as {self.one} 751{n}; not created again. "
                "Delete it there first to force a new copy.",
                also=PRESENT if status else CLEARED,
            )


def adjusting(kind: str) -> Callable[..., Part]:
    return lambda number, **fields: an_adjustment(number, an_invoice(f"INV-{number}", 200.0, synced=True), 100.0, kind, **fields)


def paying(number: str, **fields: Any) -> Part:
    return a_payment(number, 100.0, **fields)


LOOKUP, TEXT, TRANSITION = f"{SECTION}5.1.lookup.", f"{SECTION}4.2.text.", f"{SECTION}4.3.transition."
ADJUSTED = ("adjustments.A1.status.5", f"{LOOKUP}adjustment")
CASES = {
    "invoice": Case(
        INVOICES,
        "INV",
        an_invoice,
        "invoice",
        (LOOKUP + "invoice-not-negative", "invoices.4.status.5", TRANSITION + "error-creating-x-error-next-run-counterpart-found"),
        created=(
            "invoices.4.status.1",
            "invoices.4.status.2",
            TEXT + "invoice-not-negative",
            TRANSITION + "blank-no-null-validation-passes",
        ),
        refused=("invoices.4.status.4", TEXT + "invoice-not-negative"),
    ),
    "debit memo": Case(
        DEBIT_MEMOS,
        "DM",
        a_debit_memo,
        "invoice",
        ("memos.D.status.lookup", LOOKUP + "debit-memo"),
        resets=(None,),
        created=("memos.D.status.created", TEXT + "debit-memo"),
        refused=("memos.D.status.refused",),
    ),
    "credit memo": Case(
        CREDIT_MEMOS,
        "CM",
        a_credit_memo,
        "creditMemo",
        ("memos.C.status.lookup", LOOKUP + "credit-memo-b"),
        resets=(),
        created=("memos.C.status.created", TEXT + "credit-memo-mode-b-new"),
        refused=("memos.C.status.refused",),
    ),
    "credit adjustment": Case(
        ADJUSTMENTS,
        "IIA",
        adjusting("Credit"),
        "creditMemo",
        ADJUSTED,
        {**DOCUMENT, "autoApply": False},
        settlement=False,
        refused=("adjustments.A1.status.4", TEXT + "adjustment-type-credit"),
    ),
    "charge adjustment": Case(
        ADJUSTMENTS,
        "IIA",
        adjusting("Charge"),
        "invoice",
        ADJUSTED,
        settlement=False,
        refused=("adjustments.A1.status.4", TEXT + "adjustment-type-charge"),
    ),
    "payment": Case(
        PAYMENTS,
        "PAY",
        paying,
        "customerPayment",
        (LOOKUP + "payment-z-ns",),
        PAID,
        resets=(),
        created=(TEXT + "payment-z-ns-new",),
        refused=("payments.P2.status.refused", TEXT + "payment-z-ns-new"),
    ),
    "payment without Invoice Settlement": Case(
        PAYMENTS,
        "PAY",
        paying,
        "customerPayment",
        (LOOKUP + "payment-z-ns",),
        PAID,
        ("Sync Complete",),
        ("Processing", None),
        settlement=False,
        created=("payments.P1.status.created", TEXT + "payment-z-ns-new"),
        refused=("payments.P1.status.refused", TEXT + "payment-z-ns-new"),
    ),
}
TABLES = {name: Table(case.kind, "", list(case.rows()), more=[ADJUSTMENT_FIELDS]) for name, case in CASES.items()}


@pytest.fixture(scope="module")
def runs(started_world: World, started_mode_a: World) -> dict[str, Ran]:
    return {name: TABLES[name].run(started_world if case.settlement else started_mode_a) for name, case in CASES.items()}


@pytest.mark.parametrize(("name", "row"), of_tables(TABLES))
def test_what_was_left_is_looked_up_first(runs: dict[str, Ran], name: str, row: Row) -> None:
    check(runs[name], row)


@pytest.mark.parametrize("name", CASES)
def test_nothing_else_is_told_and_the_run_ties_out(runs: dict[str, Ran], name: str) -> None:
    TABLES[name].holds_together(runs[name])


# -- from one moment to the next ---------------------------------------------------------------------------------------------


def each(*rules: str, of: Callable[[Case], tuple[str, ...]] = lambda _: ()) -> pytest.MarkDecorator:
    """All kinds, each with these rules and its own."""
    return pytest.mark.parametrize(
        "case", [pytest.param(c, marks=pytest.mark.rule(*rules, *of(c)) if rules or of(c) else (), id=n) for n, c in CASES.items()]
    )


@pytest.fixture
def begun(started_world: World, started_mode_a: World) -> Callable[..., MemoryWorld]:
    """A world of the case with these records."""

    def of(case: Case, *parts: Part) -> MemoryWorld:
        return world_with(started_world if case.settlement else started_mode_a, ADJUSTMENT_FIELDS, *parts)

    return of


Begun = Callable[..., MemoryWorld]


@each(
    f"{SECTION}4.1.rule.1",
    f"{SECTION}4.1.rule.3",
    f"{SECTION}4.3.transition.creating-x-processing-destination-accepted",
    of=lambda case: case.created,
)
def test_the_status_is_in_zuora_before_netsuite_gets_the_record(begun: Begun, case: Case) -> None:
    world = begun(case, case.make("X1"))
    seen = during(world, lambda: status_of(case.kind.of(world)["X1"]), case.create())
    run = ran(world, case.kind)
    assert seen == [(f"Creating {case.doing}", "Processing")]
    assert run.synced("X1")
    assert run.record("X1")["IntegrationId__NS"] == str(run.sent("X1")["id"])
    assert run.record("X1")["SyncDate__NS"].startswith("2026-11-")
    assert run.sent("X1").get("custbodyzuoraintegrationstatus") is None  # the counterpart keeps an empty status
    assert (run.outcome, run.output["tiedOut"]) == ("completed", True)


@each(
    f"{SECTION}4.1.rule.6",
    f"{SECTION}4.3.transition.creating-x-processing-destination-refused",
    f"{SECTION}4.3.transition.error-creating-x-error-next-run-none-found-validation-passes",
    of=lambda case: case.refused,
)
def test_a_refused_record_gets_the_error_status_others_go_on_and_the_next_run_tries_again(begun: Begun, case: Case) -> None:
    world = begun(case, case.make("X1"), case.make("X2"))
    world.netsuite_control.set_faults([{**case.create(), "status": 400, "body": REFUSAL, "times": 1}])
    first = ran(world, case.kind)
    assert status_of(first.record("X1")) == (f"Error Creating {case.doing}", "Error")
    assert ("IntegrationId__NS" in first.record("X1"), first.made("X1")) == (False, [])
    assert "A script says no." in first.problems("X1")[0][1]
    assert first.synced("X2")
    assert (first.outcome, first.output["tiedOut"]) == ("completed with warnings", True)
    assert ran(world, case.kind).synced("X1")


@each("operations.7.2.unknown-outcome")
def test_a_lost_answer_to_the_create_is_looked_up_and_not_repeated(begun: Begun, case: Case) -> None:
    world = begun(case, case.make("X1"))
    lose_answers(world)
    world.netsuite_control.set_faults([{**case.create(), "drop": "after", "nth": 1}])
    assert ran(world, case.kind).synced("X1")


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.record != "customerPayment"])
def test_a_found_document_with_another_total_gets_the_error_status(begun: Begun, name: str) -> None:
    case = CASES[name]
    less = {**case.body, "item": {"items": [{"item": {"id": "501"}, "amount": 99.99}]}}
    left = case.left_at("X1", f"Creating {case.doing}", "Processing")
    run = ran(begun(case, made_before(left, case.record, "7501", **less)), case.kind)
    assert run.problems("X1") == [
        (f"{case.code}-TOTAL", f"{case.kind.title} X1: {case.record} 7501 holds USD 99.99 instead of USD 100.00.")
    ]
    assert status_of(run.record("X1")) == (f"Error Creating {case.doing}", "Error")
    assert not run.output["tiedOut"]
