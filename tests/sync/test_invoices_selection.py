"""Which invoices are taken (invoices.md section 1), read in both ways."""

from __future__ import annotations

import pytest

from tests.sync.common_rows import taken_by_state
from tests.sync.ran import INVOICES, Ran
from tests.sync.table import READ_PATHS, Row, Table, check, held, left, sent
from tests.sync.words import an_invoice
from tests.sync.world import World

CUTOVER = ("settings.key.cutover_zuora_invoice", "sequence-and-status.1.4.gate.cutover-dates-zuora-invoices-zuora-payments-zuora")
NOT_POSTED = ("invoices.1.not-selected",)
ROWS = [
    *taken_by_state(
        "INV",
        an_invoice,
        account=1,
        transferred=3,
        date=(4, "InvoiceDate", "2026-09-01", "2026-08-31"),
        doing="Invoice",
        ignored=5,
        cutover=CUTOVER,
    ),
    sent("selection.2: Posted", an_invoice("INV2", Status="Posted")),
    left("selection.2: Draft", an_invoice("INV2D", Status="Draft"), also=NOT_POSTED),
    left("selection.2: Canceled", an_invoice("INV2C", Status="Canceled"), also=NOT_POSTED),
    held(
        "selection.6: negative amount",
        an_invoice("INV6", -25.5),
        "INV-NEGATIVE: negative invoices are not synced when Invoice Settlement is enabled.",
    ),
    sent("invoices.2.destination.not-negative-zero-included", an_invoice("INV0", 0.0), also=("invoices.9.rule.1",)),
]
PAGE = Table(INVOICES, "invoices.1.", ROWS, {"cutover_zuora_invoice": "2026-09-01"})


@pytest.fixture(scope="module", params=READ_PATHS)
def run(started_world: World, request: pytest.FixtureRequest) -> Ran:
    return PAGE.run(started_world, **{"zuora.read_path": request.param})


@pytest.mark.parametrize("row", PAGE.cases())
def test_rule(run: Ran, row: Row) -> None:
    check(run, row)


def test_nothing_else_is_told_and_the_run_ties_out(run: Ran) -> None:
    PAGE.holds_together(run)


@pytest.mark.rule("invoices.1.selection.6")
def test_the_advice_for_a_negative_invoice_is_to_ignore_it(run: Ran) -> None:
    assert "Ignore" in run.line("INV6", "INV-NEGATIVE")["advice"]


@pytest.mark.rule("invoices.2.destination.not-negative-zero-included", "invoices.9.rule.1")
def test_an_invoice_of_zero_becomes_a_netsuite_invoice_of_zero(run: Ran) -> None:
    assert (run.sent("INV0")["total"], [line["amount"] for line in run.lines_of("INV0")]) == (0, [0])
