"""Which invoices are taken (invoices.md section 1): one run over one invoice for each case, read in both ways."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync.builders import Objects, invoice, merged, subscription
from tests.sync.invoice_world import Ran, customer, parents, ran, synced_account
from tests.sync.memory import MemoryWorld
from tests.sync.world import World

GOLD = [("Gold", 100.0)]
CUTOVER = "sequence-and-status.1.4.gate.cutover-dates-zuora-invoices-zuora-payments-zuora"
TAKEN: dict[str, dict[str, Any]] = {
    "rule 1: Sync To NetSuite Yes": {"account": "AYES"},
    "rule 1: Sync To NetSuite empty": {},
    "rule 2: Posted": {"Status": "Posted"},
    "rule 3: transferred null": {},
    "rule 3: transferred No": {"TransferredToAccounting": "No"},
    "rule 3: transferred Error": {"TransferredToAccounting": "Error", "IntegrationStatus__NS": "Error Creating Invoice"},
    "rule 3: transferred Processing": {"TransferredToAccounting": "Processing", "IntegrationStatus__NS": "Creating Invoice"},
    "rule 4: dated on the cutover date": {"InvoiceDate": "2026-09-01"},
    "rule 5: another status": {"IntegrationStatus__NS": "Something else"},
    "section 2: amount zero": {"lines": [("Gold", 0.0)]},
}
LEFT: dict[str, dict[str, Any]] = {
    "rule 1: Sync To NetSuite No": {"account": "ANO"},
    "rule 2: Draft": {"Status": "Draft"},
    "rule 2: Canceled": {"Status": "Canceled"},
    "rule 3: transferred Yes": {"TransferredToAccounting": "Yes", "IntegrationStatus__NS": "Sync Complete"},
    "rule 3: transferred Ignore": {"TransferredToAccounting": "Ignore"},
    "rule 4: dated before the cutover date": {"InvoiceDate": "2026-08-31"},
    "rule 5: status Ignore": {"IntegrationStatus__NS": "Ignore"},
    "rule 6: negative amount": {"lines": [("Gold", -25.5)]},
}
TAKEN_RULES: dict[str, str | tuple[str, ...]] = {
    "rule 1: Sync To NetSuite empty": ("invoices.1.selection.1", "sequence-and-status.7.6.eligibility"),
    "rule 3: transferred null": ("invoices.1.selection.3", "sequence-and-status.5.3.null-tta"),
    "rule 3: transferred No": ("invoices.1.selection.3",),
    "rule 3: transferred Error": ("invoices.1.selection.3",),
    "rule 3: transferred Processing": ("invoices.1.selection.3",),
    "rule 4: dated on the cutover date": ("invoices.1.selection.4", "settings.key.cutover_zuora_invoice", CUTOVER),
}
LEFT_RULES: dict[str, str | tuple[str, ...]] = {
    "rule 1: Sync To NetSuite No": ("invoices.1.selection.1", "sequence-and-status.7.6.eligibility"),
    "rule 2: Draft": ("invoices.1.selection.2", "invoices.1.not-selected"),
    "rule 2: Canceled": ("invoices.1.selection.2", "invoices.1.not-selected"),
    "rule 3: transferred Yes": ("invoices.1.selection.3",),
    "rule 3: transferred Ignore": (
        "invoices.1.selection.3",
        "sequence-and-status.4.1.rule.8",
        "sequence-and-status.4.3.transition.any-ignore-or-ignore-any-next-run",
    ),
    "rule 4: dated before the cutover date": ("invoices.1.selection.4", "settings.key.cutover_zuora_invoice", CUTOVER),
    "rule 5: status Ignore": (
        "invoices.1.selection.5",
        "sequence-and-status.4.1.rule.8",
        "sequence-and-status.4.3.transition.any-ignore-or-ignore-any-next-run",
    ),
    "rule 6: negative amount": ("invoices.1.selection.6",),
}
CASES = {**TAKEN, **LEFT}
NUMBERS = {case: f"INV{n:03d}" for n, case in enumerate(CASES)}


def made(case: str) -> Objects:
    fields = dict(CASES[case])
    account = fields.pop("account", "A1")
    subscriptions = {"A1": "S1", "AYES": "S2", "ANO": "S3"}
    return invoice(account, NUMBERS[case], fields.pop("lines", GOLD), sub=subscriptions[account], **fields)


@pytest.fixture(scope="module", params=["data_query", "zoql"])
def run(started_world: World, request: pytest.FixtureRequest) -> Ran:
    world = MemoryWorld.of(started_world)
    world.reset(cutover_zuora_invoice="2026-09-01", **{"zuora.read_path": request.param})
    zuora, netsuite = parents()
    more = merged(
        synced_account("AYES", "9002", SynctoNetSuite__NS="Yes"),
        synced_account("ANO", "9003", SynctoNetSuite__NS="No"),
        subscription("AYES", "S2", "Gold"),
        subscription("ANO", "S3", "Gold"),
    )
    world.load(merged(zuora, more, *map(made, CASES)), merged(netsuite, {"customer": [customer("AYES", "9002"), customer("ANO", "9003")]}))
    return ran(world)


@pytest.mark.parametrize("case", ruled(TAKEN, TAKEN_RULES))
def test_is_taken_by(run: Ran, case: str) -> None:
    assert run.synced(NUMBERS[case])


@pytest.mark.parametrize("case", ruled(LEFT, LEFT_RULES))
def test_is_left_untouched_by(run: Ran, case: str) -> None:
    assert run.untouched(NUMBERS[case])


@pytest.mark.rule("invoices.1.selection.6")
def test_rule_6_says_that_the_negative_invoice_is_left_alone(run: Ran) -> None:
    number = NUMBERS["rule 6: negative amount"]
    line = run.line(number, "INV-NEGATIVE")
    assert line["message"] == f"Invoice {number}: negative invoices are not synced when Invoice Settlement is enabled."
    assert line["level"] == "WARNING"
    assert "Ignore" in line["advice"]


def test_what_is_not_selected_leaves_no_line_in_the_log(run: Ran) -> None:
    silent = [NUMBERS[case] for case in LEFT if not case.startswith("rule 6")]
    assert [line for line in run.lines if line.get("source_number") in silent] == []


def test_the_run_ties_out(run: Ran) -> None:
    (total,) = [t for t in run.output["totals"] if t["currency"] == "USD"]
    assert run.output["tiedOut"]
    assert total["synced"] == len(TAKEN)


@pytest.mark.rule("invoices.2.destination.not-negative-zero-included", "invoices.9.rule.1")
def test_section_2_an_invoice_of_zero_becomes_a_netsuite_invoice_of_zero(run: Ran) -> None:
    number = NUMBERS["section 2: amount zero"]
    assert run.sent(number)["total"] == 0
    assert [line["amount"] for line in run.lines_of(number)] == [0]
