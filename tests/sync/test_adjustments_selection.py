"""Which adjustments are taken (adjustments.md A1, selection): one run over one adjustment for each case, read in both ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync.builders import invoice, merged, subscription, zid
from tests.sync.invoice_world import customer, synced_account
from tests.sync.memory import MemoryWorld
from tests.sync.mode_a_world import DONE, adjustment, adjustment_in_zuora, made, ready, run, state_of
from tests.sync.world import World

TAKEN: dict[str, dict[str, Any]] = {
    "rule 1: Processed": {},
    "rule 2: transferred No": {"TransferredToAccounting": "No"},
    "rule 2: transferred null": {"TransferredToAccounting": None},
    "rule 2: transferred Error": {"TransferredToAccounting": "Error", "IntegrationStatus__NS": "Error Creating Credit Memo"},
    "rule 2: transferred Processing": {"TransferredToAccounting": "Processing", "IntegrationStatus__NS": "Creating Credit Memo"},
    "rule 3: dated on the cutover date": {"AdjustmentDate": "2026-10-05"},
    "rule 4: Sync To NetSuite Yes": {"document": "INVYES"},
    "rule 5: another status": {"IntegrationStatus__NS": "Something else"},
    "rule 5: born in Zuora": {"Origin__NS": "ZUORA"},
}
LEFT: dict[str, dict[str, Any]] = {
    "rule 1: Canceled": {"Status": "Canceled"},
    "rule 2: transferred Yes": {"TransferredToAccounting": "Yes", "IntegrationStatus__NS": "Sync Complete"},
    "rule 2: transferred Ignore": {"TransferredToAccounting": "Ignore"},
    "rule 3: dated before the cutover date": {"AdjustmentDate": "2026-10-04"},
    "rule 4: Sync To NetSuite No": {"document": "INVNO"},
    "rule 5: status Ignore": {"IntegrationStatus__NS": "Ignore"},
    "rule 5: born in NetSuite": {"Origin__NS": "NETSUITE"},
}
CUTOVER = (
    "adjustments.A1.selection.3",
    "settings.key.cutover_zuora_invoice_item_adjustment",
    "sequence-and-status.1.4.gate.cutover-date-zuora-invoice-item-adjustments",
)
IGNORED = ("sequence-and-status.4.1.rule.8", "sequence-and-status.4.3.transition.any-ignore-or-ignore-any-next-run")
TAKEN_RULES: dict[str, str | tuple[str, ...]] = {
    "rule 2: transferred No": "adjustments.A1.selection.2",
    "rule 2: transferred null": ("adjustments.A1.selection.2", "sequence-and-status.5.3.null-tta"),
    "rule 2: transferred Error": "adjustments.A1.selection.2",
    "rule 2: transferred Processing": "adjustments.A1.selection.2",
    "rule 3: dated on the cutover date": CUTOVER,
}
LEFT_RULES: dict[str, str | tuple[str, ...]] = {
    "rule 1: Canceled": "adjustments.A1.selection.1",
    "rule 2: transferred Yes": "adjustments.A1.selection.2",
    "rule 2: transferred Ignore": ("adjustments.A1.selection.2", *IGNORED),
    "rule 3: dated before the cutover date": CUTOVER,
    "rule 4: Sync To NetSuite No": ("adjustments.A1.selection.4", "sequence-and-status.7.6.eligibility"),
    "rule 5: status Ignore": ("adjustments.A1.selection.5", *IGNORED),
    "rule 5: born in NetSuite": "adjustments.A1.selection.5",
}
CASES = {**TAKEN, **LEFT}
NUMBERS = {case: f"IIA{n:03d}" for n, case in enumerate(CASES)}


def given(case: str) -> dict[str, list[dict[str, Any]]]:
    fields = dict(CASES[case])
    return adjustment(NUMBERS[case], fields.pop("document", "INV1"), 1.0, **fields)


@pytest.fixture(scope="module")
def with_origin(started_mode_a: World) -> Iterator[World]:
    """A tenant whose adjustments have the fields of custom-fields.md 1.4, which the published list of the API lacks."""
    started_mode_a.zuora.options.custom_fields = {"InvoiceItemAdjustment": ("Origin__NS", "Transaction__NS")}
    yield started_mode_a
    started_mode_a.zuora.options.custom_fields = {}


@dataclass
class Looked:
    """What the run left, what the adjustments were before it, and its log."""

    world: MemoryWorld
    before: dict[str, dict[str, Any]]
    log: list[dict[str, Any]]


@pytest.fixture(scope="module", params=["data_query", "zoql"])
def looked(with_origin: World, request: pytest.FixtureRequest) -> Looked:
    world = MemoryWorld.of(with_origin)
    owners = {"YES": "9101", "NO": "9102"}
    synced: dict[str, Any] = {"IntegrationStatus__NS": "Sync Complete", "TransferredToAccounting": "Yes"}
    zuora = [
        merged(
            synced_account(name, internal_id, SynctoNetSuite__NS=name.capitalize()),
            subscription(name, f"S{name}", "Gold"),
            invoice(name, f"INV{name}", [("Gold", 50.0)], sub=f"S{name}", IntegrationId__NS=f"72{internal_id}", **synced),
        )
        for name, internal_id in owners.items()
    ]
    record = {"id": "729101", "entity": {"id": owners["YES"]}, "tranDate": "2026-10-01", "custbodyzuoraid": zid("INVYES")}
    netsuite = {
        "customer": [customer(name, internal_id) for name, internal_id in owners.items()],
        "invoice": [{**record, "item": {"items": [{"item": {"id": "501"}, "amount": 50}]}}],
    }
    settings: dict[str, Any] = {"cutover_zuora_invoice_item_adjustment": "2026-10-05", "zuora.read_path": request.param}
    ready(world, *zuora, *map(given, CASES), netsuite=netsuite, **settings)
    before = {n: adjustment_in_zuora(world, n) for n in NUMBERS.values()}
    return Looked(world, before, run(world)["log"])


@pytest.mark.parametrize("case", ruled(TAKEN, TAKEN_RULES))
def test_is_taken_by(looked: Looked, case: str) -> None:
    assert state_of(looked.world, NUMBERS[case]) == DONE
    assert len(made(looked.world, NUMBERS[case])) == 1


@pytest.mark.parametrize("case", ruled(LEFT, LEFT_RULES))
def test_is_left_untouched_by(looked: Looked, case: str) -> None:
    number = NUMBERS[case]
    assert made(looked.world, number) == []
    assert adjustment_in_zuora(looked.world, number) == looked.before[number]


def test_what_is_not_selected_leaves_no_line_in_the_log(looked: Looked) -> None:
    silent = [NUMBERS[case] for case in LEFT]
    assert [line for line in looked.log if line.get("source_number") in silent] == []


@pytest.mark.parametrize("path", ["data_query", "zoql"])
def test_a_tenant_without_the_origin_field_is_read_without_it(started_mode_a: World, path: str) -> None:
    """The published field list of the object has no Origin (api-zuora-billing.md 12.11)."""
    known, started_mode_a.zuora.options.custom_fields = started_mode_a.zuora.options.custom_fields, {}
    try:
        settings: dict[str, Any] = {"zuora.read_path": path}
        world = ready(MemoryWorld.of(started_mode_a), adjustment("IIA1", "INV1", 10.0), **settings)
        assert run(world)["outcome"] == "completed"
        assert state_of(world, "IIA1") == DONE
    finally:
        started_mode_a.zuora.options.custom_fields = known
