"""Which adjustments are taken (adjustments.md A1, selection), read in both ways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sync.common_rows import taken_by_state
from tests.sync.memory import MemoryWorld
from tests.sync.mode_a_world import DONE, adjustment, ready, state_of
from tests.sync.mode_a_world import run as run_once
from tests.sync.ran import ADJUSTMENTS, Ran
from tests.sync.table import READ_PATHS, Row, Table, check, left, sent
from tests.sync.words import ADJUSTMENT_FIELDS, an_adjustment, an_adjustment_for, an_invoice
from tests.sync.world import World

CUTOVER = (
    "settings.key.cutover_zuora_invoice_item_adjustment",
    "sequence-and-status.1.4.gate.cutover-date-zuora-invoice-item-adjustments",
)
INV1 = an_invoice("INV1", synced=True)
ROWS = [
    sent("selection.1: Processed", an_adjustment("IIA1", INV1)),
    left("selection.1: Canceled", an_adjustment("IIA1C", INV1, Status="Canceled")),
    *taken_by_state(
        "IIA",
        an_adjustment_for,
        account=4,
        transferred=2,
        date=(3, "AdjustmentDate", "2026-10-05", "2026-10-04"),
        doing="Credit Memo",
        ignored=5,
        cutover=CUTOVER,
    ),
    sent("selection.5: born in Zuora", an_adjustment("IIA5Z", INV1, Origin__NS="ZUORA")),
    left("selection.5: born in NetSuite", an_adjustment("IIA5S", INV1, Origin__NS="NETSUITE")),
]
PAGE = Table(ADJUSTMENTS, "adjustments.A1.", ROWS, {"cutover_zuora_invoice_item_adjustment": "2026-10-05"}, more=[ADJUSTMENT_FIELDS])


@pytest.fixture(scope="module")
def with_origin(started_mode_a: World) -> Iterator[World]:
    """A tenant whose adjustments have the fields of custom-fields.md 1.4, which the published list of the API lacks."""
    started_mode_a.zuora.options.custom_fields = {"InvoiceItemAdjustment": ("Origin__NS", "Transaction__NS")}
    yield started_mode_a
    started_mode_a.zuora.options.custom_fields = {}


@pytest.fixture(scope="module", params=READ_PATHS)
def run(with_origin: World, request: pytest.FixtureRequest) -> Ran:
    return PAGE.run(with_origin, **{"zuora.read_path": request.param})


@pytest.mark.parametrize("row", PAGE.cases())
def test_rule(run: Ran, row: Row) -> None:
    check(run, row)


def test_nothing_else_is_told_and_the_run_ties_out(run: Ran) -> None:
    PAGE.holds_together(run)


@pytest.mark.parametrize("path", READ_PATHS)
def test_a_tenant_without_the_origin_field_is_read_without_it(started_mode_a: World, path: str) -> None:
    """The published field list of the object has no Origin (api-zuora-billing.md 12.11)."""
    known, started_mode_a.zuora.options.custom_fields = started_mode_a.zuora.options.custom_fields, {}
    try:
        settings: dict[str, Any] = {"zuora.read_path": path}
        world = ready(MemoryWorld.of(started_mode_a), adjustment("IIA1", "INV1", 10.0), **settings)
        assert run_once(world)["outcome"] == "completed"
        assert state_of(world, "IIA1") == DONE
    finally:
        started_mode_a.zuora.options.custom_fields = known
