"""What was left in the middle, was refused, or was reset by a person: looked up in NetSuite before anything is made (sequence-and-status.md
sections 4 to 6). One table for all kinds that Zuora sends in one stage; refunds have two (test_refunds_status.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.sync.ran import ADJUSTMENTS, CREDIT_MEMOS, DEBIT_MEMOS, INVOICES, PAYMENTS, Kind, Ran
from tests.sync.table import Row, Table, check, found, held, sent
from tests.sync.words import ADJUSTMENT_FIELDS, Part, a_credit_memo, a_debit_memo, a_payment, an_adjustment, an_invoice, made_before
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


@dataclass(frozen=True)
class Case:
    """A kind of record. `make` makes one of 100 in Zuora, `body` is what NetSuite has of it; `doing` is the end of its status texts, `one`
    and `several` what messages call the counterpart; `rules` are those of the kind itself; `resets`: the statuses with which a reset finds
    the counterpart, where a reset is no update, `under_way` others that stand for a record under way."""

    kind: Kind
    code: str
    make: Callable[..., Part]
    record: str
    doing: str
    one: str
    several: str
    rules: tuple[str, ...] = ()
    body: Mapping[str, Any] = field(default_factory=lambda: DOCUMENT)
    resets: tuple[str | None, ...] = ("Sync Complete", None)
    under_way: tuple[str | None, ...] = ("Processing",)
    settlement: bool = True

    def left_at(self, number: str, status: str | None, transferred: str) -> Part:
        return self.make(number, IntegrationStatus__NS=status, TransferredToAccounting=transferred)

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
            f"{self.code}-AMBIGUOUS: 2 NetSuite {self.several} carry this Zuora ID (7506, 7507). Clear the duplicates first.",
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


LOOKUP = f"{SECTION}5.1.lookup."
ADJUSTED = ("adjustments.A1.status.5", f"{LOOKUP}adjustment")
CASES = {
    "invoice": Case(
        INVOICES,
        "INV",
        an_invoice,
        "invoice",
        "Invoice",
        "invoice",
        "invoices",
        (
            f"{SECTION}4.3.transition.error-creating-x-error-next-run-counterpart-found",
            f"{LOOKUP}invoice-not-negative",
            "invoices.4.status.5",
        ),
    ),
    "debit memo": Case(
        DEBIT_MEMOS,
        "DM",
        a_debit_memo,
        "invoice",
        "Debit Memo",
        "invoice",
        "invoices",
        ("memos.D.status.lookup", f"{LOOKUP}debit-memo"),
        resets=(None,),
    ),
    "credit memo": Case(
        CREDIT_MEMOS,
        "CM",
        a_credit_memo,
        "creditMemo",
        "Credit Memo",
        "credit memo",
        "credit memos",
        ("memos.C.status.lookup", f"{LOOKUP}credit-memo-b"),
        resets=(),
    ),
    "credit adjustment": Case(
        ADJUSTMENTS,
        "IIA",
        adjusting("Credit"),
        "creditMemo",
        "Credit Memo",
        "creditMemo",
        "credit memos",
        ADJUSTED,
        {**DOCUMENT, "autoApply": False},
        settlement=False,
    ),
    "charge adjustment": Case(
        ADJUSTMENTS, "IIA", adjusting("Charge"), "invoice", "Invoice", "invoice", "invoices", ADJUSTED, settlement=False
    ),
    "payment": Case(
        PAYMENTS, "PAY", paying, "customerPayment", "Payment", "payment", "payments", (f"{LOOKUP}payment-z-ns",), PAID, resets=()
    ),
    "payment without Invoice Settlement": Case(
        PAYMENTS,
        "PAY",
        paying,
        "customerPayment",
        "Payment",
        "payment",
        "payments",
        (f"{LOOKUP}payment-z-ns",),
        PAID,
        resets=("Sync Complete",),
        settlement=False,
    ),
}
TABLES = {name: Table(case.kind, "", list(case.rows()), more=[ADJUSTMENT_FIELDS]) for name, case in CASES.items()}
ROWS = [
    pytest.param(name, *param.values, marks=param.marks, id=f"{name}: {param.id}")
    for name, table in TABLES.items()
    for param in table.cases()
]


@pytest.fixture(scope="module")
def runs(started_world: World, started_mode_a: World) -> dict[str, Ran]:
    return {name: TABLES[name].run(started_world if case.settlement else started_mode_a) for name, case in CASES.items()}


@pytest.mark.parametrize(("name", "row"), ROWS)
def test_what_was_left_is_looked_up_first(runs: dict[str, Ran], name: str, row: Row) -> None:
    check(runs[name], row)


@pytest.mark.parametrize("name", CASES)
def test_nothing_else_is_told_and_the_run_ties_out(runs: dict[str, Ran], name: str) -> None:
    TABLES[name].holds_together(runs[name])
