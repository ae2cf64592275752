"""The documented sequence: which steps a run takes, in which order, in either mode and under every setting that changes it.

The real definition runs with the real decision (`steps_to_run`) and throw-away step functions. What is expected is spelt out here from the
tables of sequence-and-status.md 1.1, 1.2, 1.4 and 1.5 and of settings.md 4.2 and 4.4, not taken from the product's own table.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import boto3
import pytest

from sandbox.aws import LocalAws
from tallybridge.settings import Settings, parse_settings
from tallybridge.tasks.steps import STEPS as PRODUCT_STEPS
from tallybridge.tasks.steps import missed_by_others, steps_to_run, why_not
from tests.infra.scripted import DONE, STEPS, USUAL, Script, camel, fail

MODE_A = ["customer accounts", "catalogue", "sales_orders", "charges", "invoices", "payments", "refunds", "adjustments"]
MODE_A += ["netsuite_payments", "netsuite_credit_memos", "netsuite_refunds"]
MODE_B = ["customer accounts", "catalogue", "sales_orders", "charges", "invoices", "debit_memos", "credit_memos", "payments", "refunds"]
MODE_B += ["netsuite_payments", "netsuite_refunds"]
LAST_WHEN_NETSUITE_TAXES = {"A": "invoices", "B": "debit_memos"}
SWITCHES = {
    "disable_customer_account_sync": "customer accounts",
    "disable_zuora_charge_sync": "charges",
    "disable_zuora_invoice_sync": "invoices",
    "disable_zuora_debit_memo_sync": "debit_memos",
    "disable_zuora_credit_memo_sync": "credit_memos",
    "disable_zuora_payment_sync": "payments",
    "disable_zuora_refund_sync": "refunds",
    "disable_zuora_invoice_item_adjustment_sync": "adjustments",
    "disable_netsuite_payment_sync": "netsuite_payments",
    "disable_netsuite_credit_memo_sync": "netsuite_credit_memos",
    "disable_netsuite_refund_sync": "netsuite_refunds",
}
ON_BY_DEFAULT = {"disable_netsuite_payment_sync", "disable_netsuite_credit_memo_sync", "disable_netsuite_refund_sync"}
STANDARD = ["Yes", "Yes - NetSuite Int'l Edition", "No", "No - Use NetSuite Avatax"]
CATALOGUE = {
    "neither": {},
    "forced": {"force_zuora_product_catalog_sync": "Yes"},
    "sales orders": {"enable_sales_order_sync": "Yes"},
}
NOTHING_DISABLED = dict.fromkeys(SWITCHES, "No")
EVERYTHING_DISABLED = dict.fromkeys(SWITCHES, "Yes")
ALL_ON = {**NOTHING_DISABLED, "enable_sales_order_sync": "Yes"}
DOCUMENT_STEPS = ["invoices", "debit_memos", "credit_memos"]


def settings(document: dict[str, Any]) -> Settings:
    return parse_settings(json.dumps(document))


def documented(document: dict[str, Any], mode: str) -> list[str]:
    """The steps that the documentation lists for these settings, in its order."""
    rows = MODE_A if mode == "A" else MODE_B
    if document.get("use_standard_invoice_sync", "Yes").startswith("No"):
        rows = rows[: rows.index(LAST_WHEN_NETSUITE_TAXES[mode]) + 1]
    off = {SWITCHES[s] for s in SWITCHES if document.get(s, "Yes" if s in ON_BY_DEFAULT else "No") == "Yes"}
    sales_orders = document.get("enable_sales_order_sync") == "Yes"
    if not sales_orders:
        off.add("sales_orders")
        if document.get("force_zuora_product_catalog_sync") != "Yes":
            off.add("catalogue")
    customers = ["netsuite_customers"] if document.get("customer_account_master") == "NetSuite" else ["customers"]
    names = {"customer accounts": customers, "catalogue": ["products", "rate_plans"]}
    return [step for row in rows if row not in off for step in names.get(row, [row])]


def chosen(document: dict[str, Any], mode: str, only: list[str] | None = None) -> list[str]:
    return [step for step, runs in steps_to_run(settings(document), mode, only).items() if runs]


# -- the decision ----------------------------------------------------------------------------------------------------------


def test_the_products_table_names_the_steps_in_the_documented_order() -> None:
    assert PRODUCT_STEPS == STEPS
    assert tuple(steps_to_run(settings({}), "B")) == STEPS


def test_the_documented_switches_are_those_of_the_product() -> None:
    assert {name for name in Settings.model_fields if name.startswith("disable_")} == set(SWITCHES)
    given = settings({})
    assert {name for name in SWITCHES if getattr(given, name)} == ON_BY_DEFAULT


ROWS = {
    "A": {
        "1": ["customers"],
        "2a": ["products", "rate_plans"],
        "2b": ["sales_orders"],
        **{str(number): [step] for number, step in enumerate(MODE_A[3:], start=3)},
    },
    "B": {
        "1": ["customers"],
        "2a-2b": ["products", "rate_plans", "sales_orders"],
        **{str(number): [step] for number, step in enumerate(MODE_B[3:], start=3)},
    },
}
"""Number of a step in sequence-and-status.md 1.1 and 1.2: the steps of the product that it stands for."""
SECTION = {"A": "1.1", "B": "1.2"}
TURNED_ON = {"2a": "enable_sales_order_sync", "2b": "enable_sales_order_sync", "2a-2b": "enable_sales_order_sync"}


@pytest.mark.parametrize(
    ("mode", "number"),
    [
        pytest.param(mode, number, marks=pytest.mark.rule(f"sequence-and-status.{SECTION[mode]}.step.{number}"))
        for mode, rows in ROWS.items()
        for number in rows
    ],
)
def test_a_documented_step_stands_in_its_place_and_follows_its_switch(mode: str, number: str) -> None:
    """With everything on, it comes after all steps with lower numbers; its own switch takes it, and it alone, away."""
    before = [step for steps in list(ROWS[mode].values())[: list(ROWS[mode]).index(number)] for step in steps]
    own, everything = ROWS[mode][number], chosen(ALL_ON, mode)
    assert everything[: len(before) + len(own)] == before + own
    switch = next((s for s, row in SWITCHES.items() if row in (own[0], "customer accounts" if number == "1" else "")), "")
    without = chosen({**ALL_ON, **({switch: "Yes"} if switch else {TURNED_ON[number]: "No"})}, mode)
    assert set(own).isdisjoint(without)
    if switch:
        assert without == [step for step in everything if step not in own]


GATES = {
    "disable_zuora_invoice_sync": ("disable-zuora-invoice-sync", "AB"),
    "disable_zuora_payment_sync": ("disable-zuora-payment-sync", "AB"),
    "disable_zuora_refund_sync": ("disable-zuora-payment-refund-sync", "AB"),
    "disable_zuora_invoice_item_adjustment_sync": ("disable-zuora-invoice-item-adjustment-sync", "A"),
    "disable_zuora_debit_memo_sync": ("disable-zuora-debit-memo-sync", "B"),
    "disable_zuora_credit_memo_sync": ("disable-zuora-credit-memo-sync", "B"),
    "disable_zuora_charge_sync": ("disable-zuora-product-rate-plan-charge-sync", "AB"),
    "disable_customer_account_sync": ("disable-customer-account-sync", "AB"),
    "disable_netsuite_payment_sync": ("disable-netsuite-payment-sync", "AB"),
    "disable_netsuite_credit_memo_sync": ("disable-netsuite-credit-memo-sync", "A"),
    "disable_netsuite_refund_sync": ("disable-netsuite-refund-sync", "AB"),
}
"""Switch: its row in sequence-and-status.md 1.4, and the modes it belongs to."""


@pytest.mark.parametrize(
    "switch",
    [
        pytest.param(switch, marks=pytest.mark.rule(f"sequence-and-status.1.4.gate.{row}", f"settings.key.{switch}"))
        for switch, (row, _) in GATES.items()
    ],
)
@pytest.mark.parametrize("master", ["Zuora", "NetSuite"])
def test_a_switch_takes_its_step_away_in_its_modes_and_has_its_default(switch: str, master: str) -> None:
    base = {**ALL_ON, "customer_account_master": master}
    own = {"customer accounts": "customers" if master == "Zuora" else "netsuite_customers"}.get(SWITCHES[switch], SWITCHES[switch])
    for mode in "AB":
        gone = [step for step in chosen(base, mode) if step not in chosen({**base, switch: "Yes"}, mode)]
        assert gone == ([own] if mode in GATES[switch][1] else [])
    usual = [step for mode in GATES[switch][1] for step in chosen({"customer_account_master": master}, mode)]
    assert (own in usual) is (switch not in ON_BY_DEFAULT)


@pytest.mark.rule("settings.key.customer_account_master")
def test_the_customer_master_decides_the_direction_of_the_customer_step() -> None:
    for mode in "AB":
        assert chosen({}, mode)[0] == "customers"
        assert chosen({"customer_account_master": "NetSuite"}, mode)[0] == "netsuite_customers"
        assert "customers" not in chosen({"customer_account_master": "NetSuite"}, mode)


@pytest.mark.rule("settings.key.enable_sales_order_sync", "sales-orders.0.off-by-default")
def test_sales_order_sync_turns_on_products_rate_plans_and_sales_orders_together() -> None:
    for mode in "AB":
        turned = chosen({"enable_sales_order_sync": "Yes"}, mode)
        assert [step for step in turned if step not in chosen({}, mode)] == ["products", "rate_plans", "sales_orders"]


@pytest.mark.rule("settings.key.force_zuora_product_catalog_sync", "catalog.1.runs-when.sales-orders-or-force")
def test_the_catalogue_may_be_forced_without_sales_orders() -> None:
    for mode in "AB":
        forced = chosen({"force_zuora_product_catalog_sync": "Yes"}, mode)
        assert [step for step in forced if step not in chosen({}, mode)] == ["products", "rate_plans"]
        assert set(forced) < set(chosen({"enable_sales_order_sync": "Yes", "force_zuora_product_catalog_sync": "Yes"}, mode))


@pytest.mark.parametrize(
    ("mode", "last"),
    [
        pytest.param("A", "invoices", marks=pytest.mark.rule("sequence-and-status.1.1.rule.truncated")),
        pytest.param("B", "debit_memos", marks=pytest.mark.rule("sequence-and-status.1.2.rule.truncated")),
    ],
)
@pytest.mark.parametrize("standard", STANDARD)
def test_the_sequence_ends_early_when_netsuite_calculates_tax(mode: str, last: str, standard: str) -> None:
    assert (chosen({**ALL_ON, "use_standard_invoice_sync": standard}, mode)[-1] == last) is standard.startswith("No")


@pytest.mark.parametrize("mode", ["A", "B"])
def test_reversals_run_in_a_run_of_their_own_and_in_no_other(mode: str) -> None:
    assert "reversals" not in chosen(ALL_ON, mode)
    assert chosen(ALL_ON, mode, ["reversals"]) == []
    alone = steps_to_run(settings(ALL_ON), mode, reverse=True)
    assert (tuple(alone), [step for step, runs in alone.items() if runs]) == (STEPS, ["reversals"])


@pytest.mark.rule("sequence-and-status.1.2.rule.no-netsuite-credit-memos")
def test_with_invoice_settlement_there_are_no_adjustments_and_no_netsuite_credit_memos() -> None:
    every = {*chosen(ALL_ON, "A"), *chosen(ALL_ON, "B"), "netsuite_customers"}
    assert every == {*documented(ALL_ON, "A"), *documented(ALL_ON, "B"), "netsuite_customers"}
    assert set(chosen(ALL_ON, "A")) - set(chosen(ALL_ON, "B")) == {"adjustments", "netsuite_credit_memos"}
    assert set(chosen(ALL_ON, "B")) - set(chosen(ALL_ON, "A")) == {"debit_memos", "credit_memos"}


@pytest.mark.parametrize("mode", ["A", "B"])
@pytest.mark.parametrize("standard", STANDARD)
def test_every_combination_of_settings_chooses_the_documented_steps(mode: str, standard: str) -> None:
    """All switches in all positions, for either customer master and every use of the catalogue."""
    for master, catalogue in itertools.product(["Zuora", "NetSuite"], CATALOGUE.values()):
        base: dict[str, Any] = {"use_standard_invoice_sync": standard, "customer_account_master": master, **catalogue}
        given = settings(base)
        for positions in itertools.product([False, True], repeat=len(SWITCHES)):
            turned = given.model_copy(update=dict(zip(SWITCHES, positions, strict=True)))
            names = {switch: "Yes" if on else "No" for switch, on in zip(SWITCHES, positions, strict=True)}
            assert [s for s, runs in steps_to_run(turned, mode).items() if runs] == documented(base | names, mode)


def test_what_runs_when_no_setting_is_changed() -> None:
    assert chosen({}, "A") == ["customers", "charges", "invoices", "payments", "refunds", "adjustments"]
    assert chosen({}, "B") == list(USUAL)


def test_only_steps_that_were_asked_for_run_and_only_if_they_may() -> None:
    assert chosen({}, "B", ["invoices", "customers"]) == ["customers", "invoices"]
    assert chosen({}, "B", ["adjustments", "charges"]) == ["charges"]
    assert chosen({}, "B", []) == []


@pytest.mark.parametrize(
    ("step", "mode", "document", "reason"),
    [
        ("adjustments", "B", {}, "it belongs to Zuora tenants without Invoice Settlement"),
        ("credit_memos", "A", {}, "it belongs to Zuora tenants with Invoice Settlement"),
        ("refunds", "B", {"disable_zuora_refund_sync": "Yes"}, 'the setting "disable_zuora_refund_sync" is on'),
        ("customers", "B", {"customer_account_master": "NetSuite"}, "Customer Account Master is NetSuite"),
        ("netsuite_customers", "B", {}, "Customer Account Master is Zuora"),
        ("products", "A", {}, "both Enable Sales Order Sync and Force Zuora Product Catalog Sync are off"),
        ("sales_orders", "A", {"force_zuora_product_catalog_sync": "Yes"}, "Enable Sales Order Sync is off"),
        ("payments", "B", {"use_standard_invoice_sync": "No"}, "NetSuite calculates tax (Use Standard Invoice Sync)"),
        ("debit_memos", "B", {"use_standard_invoice_sync": "No"}, ""),
    ],
)
def test_a_step_that_does_not_run_can_say_why(step: str, mode: str, document: dict[str, Any], reason: str) -> None:
    assert why_not(step, settings(document), mode) == reason


@pytest.mark.parametrize(
    ("document", "missed"),
    [
        ({}, ()),
        (EVERYTHING_DISABLED, ("customers", "charges")),
        ({**EVERYTHING_DISABLED, "customer_account_master": "NetSuite"}, ("netsuite_customers", "charges")),
        ({"disable_zuora_invoice_sync": "Yes"}, ()),
    ],
)
def test_customers_and_charges_are_missed_when_they_are_switched_off(document: dict[str, Any], missed: tuple[str, ...]) -> None:
    assert missed_by_others(settings(document)) == missed


# -- the execution -----------------------------------------------------------------------------------------------------------


def sequences() -> list[Any]:
    """One case per sequence that settings can bring about by mode, tax, catalogue and master, with the usual switches and with every sync
    turned on; then every step that has a switch by itself."""
    found: dict[tuple[str, ...], Any] = {}

    def add(mode: str, document: dict[str, Any], *name: str) -> None:
        found.setdefault((mode, *documented(document, mode)), pytest.param(mode, document, id=" ".join([mode, *name])))

    for mode, disabled in (("A", {}), ("B", {}), ("A", NOTHING_DISABLED), ("B", NOTHING_DISABLED)):
        for standard, catalogue, master in itertools.product(STANDARD, CATALOGUE, ["Zuora", "NetSuite"]):
            document = {**disabled, "use_standard_invoice_sync": standard, "customer_account_master": master, **CATALOGUE[catalogue]}
            add(mode, document, "all on" if disabled else "usual", standard, catalogue, master)
    for mode, switch in itertools.product("AB", SWITCHES):
        add(mode, {**EVERYTHING_DISABLED, switch: "No"}, "all but", switch)
    add("A", EVERYTHING_DISABLED, "nothing")
    return list(found.values())


@pytest.mark.parametrize(("mode", "document"), sequences())
def test_a_run_takes_the_documented_steps_in_the_documented_order(
    aws: LocalAws, script: Script, mode: str, document: dict[str, Any]
) -> None:
    ended = run_with(aws, script, mode, document)
    expected = documented(document, mode)
    assert ended["status"] == "SUCCEEDED"
    assert synced(aws, ended) == [f"Sync{camel(step)}" for step in expected]
    assert [event["step"] for name, event in script.calls if event.get("task") == "select"] == expected
    (event,) = script.events("reconcile")
    assert [step for step, result in event["results"].items() if result["outcome"] != "not run"] == expected


def run_with(aws: LocalAws, script: Script, mode: str, document: dict[str, Any]) -> dict[str, Any]:
    """A run that opens as open_run decides for such a tenant and such settings; there is nothing to sync."""
    script.batches = 0
    steps = steps_to_run(settings(document), mode)
    script.when(
        "open_run",
        lambda event, _: {"opened": True, "runId": event["execution"].rpartition(":")[2], "dryRun": False, "mode": mode, "steps": steps},
    )
    return aws.run("BillingSyncArn", {})


def synced(aws: LocalAws, ended: dict[str, Any]) -> list[str]:
    return [state for state in aws.states_entered(ended["executionArn"]) if state.startswith("Sync")]


# -- the block -----------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("sequence-and-status.1.6.block")
@pytest.mark.parametrize("task", ["select", "summarise"])
@pytest.mark.parametrize("broken", DOCUMENT_STEPS)
def test_a_failed_document_step_blocks_payments_and_refunds(aws: LocalAws, script: Script, broken: str, task: str) -> None:
    script.when(f"{broken}.{task}", fail())
    ended = run_with(aws, script, "B", ALL_ON)
    states = aws.states_entered(ended["executionArn"])
    assert [state for state in states if state.startswith("Skip")] == ["SkipPayments", "SkipRefunds"]
    rest = [step for step in documented(ALL_ON, "B") if step not in ("payments", "refunds")]
    assert synced(aws, ended) == [f"Sync{camel(step)}" for step in rest]
    end = f"sync skipped: the {broken.replace('_', ' ')} step ended with an unexpected error in this run."
    run_id = ended["name"]
    assert script.events("payments") == [{"task": "skip", "runId": run_id, "step": "payments", "reason": f"Payment {end}"}]
    assert script.events("refunds") == [{"task": "skip", "runId": run_id, "step": "refunds", "reason": f"Refund {end}"}]
    results = script.events("reconcile")[0]["results"]
    assert results["payments"] == results["refunds"] == {"outcome": "skipped", "selected": 0, "synced": 0}
    assert results[broken]["outcome"] == "failed"


@pytest.mark.parametrize("blocked", ["payments", "refunds"])
def test_a_blocked_step_that_is_not_wanted_is_not_mentioned(aws: LocalAws, script: Script, blocked: str) -> None:
    switch = {"payments": "disable_zuora_payment_sync", "refunds": "disable_zuora_refund_sync"}[blocked]
    script.when("invoices.select", fail())
    ended = run_with(aws, script, "B", {switch: "Yes"})
    assert script.events(blocked) == []
    skipped = [state for state in aws.states_entered(ended["executionArn"]) if state.startswith("Skip")]
    assert skipped == ["SkipRefunds" if blocked == "payments" else "SkipPayments"]


@pytest.mark.rule("sequence-and-status.1.6.no-block")
@pytest.mark.parametrize("outcome", ["completed", "completed with warnings"])
@pytest.mark.parametrize("step", DOCUMENT_STEPS)
def test_records_that_were_refused_block_no_step(aws: LocalAws, script: Script, step: str, outcome: str) -> None:
    script.when(f"{step}.summarise", lambda event, _: {**DONE, "outcome": outcome, "selected": 2, "synced": 1})
    ended = run_with(aws, script, "B", {})
    assert synced(aws, ended)[-2:] == ["SyncPayments", "SyncRefunds"]


@pytest.mark.parametrize("master", ["Zuora", "NetSuite"])
@pytest.mark.parametrize("mode", ["A", "B"])
def test_no_other_failed_step_blocks_anything(aws: LocalAws, script: Script, mode: str, master: str) -> None:
    document = {**ALL_ON, "customer_account_master": master}
    others = [step for step in documented(document, mode) if step not in DOCUMENT_STEPS]
    for step in others:
        script.when(f"{step}.select", fail())
    ended = run_with(aws, script, mode, document)
    assert synced(aws, ended) == [f"Sync{camel(step)}" for step in documented(document, mode)]
    results = script.events("reconcile")[0]["results"]
    assert [step for step in STEPS if results[step]["outcome"] == "failed"] == others


def test_the_first_failed_document_step_is_named(aws: LocalAws, script: Script) -> None:
    for step in reversed(DOCUMENT_STEPS):
        script.when(f"{step}.select", fail())
    run_with(aws, script, "B", {})
    (skip,) = script.events("payments")
    assert "the invoices step" in skip["reason"]


@pytest.mark.parametrize("step", ["payments", "refunds"])
def test_a_skip_that_cannot_be_noted_fails_the_step_and_the_run_goes_on(aws: LocalAws, script: Script, step: str) -> None:
    script.when("invoices.select", fail())
    script.when(f"{step}.skip", fail("full", OSError))
    run_with(aws, script, "B", {})
    assert script.events("reconcile")[0]["results"][step] == {"outcome": "failed", "selected": 0, "synced": 0, "error": "OSError"}


def test_states_stay_small_when_every_step_fails(aws: LocalAws, script: Script) -> None:
    """What a run carries from state to state stays far below the limit of 256 KiB, whatever the steps' errors say."""
    for step in STEPS:
        script.when(f"{step}.summarise", fail("x" * 30_000))
    ended = run_with(aws, script, "B", ALL_ON)
    pages = boto3.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=ended["executionArn"])
    events = [event for page in pages for event in page["events"]]
    outputs = [e["stateExitedEventDetails"]["output"] for e in events if "stateExitedEventDetails" in e]
    assert max(map(len, outputs)) < 32 * 1024
