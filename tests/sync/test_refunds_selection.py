"""Refunds, parts R1 and R2: which refunds are selected, read by Data Query and by ZOQL."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.builders import account, merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import SYNCED, messages
from tests.sync.refund_world import DONE, change, ns_refund, ready, run, state_of, zuora_refund
from tests.sync.world import unserved_world


@pytest.fixture(scope="module", params=[False, True], ids=["A", "B"])
def fast(request: pytest.FixtureRequest) -> MemoryWorld:
    return MemoryWorld.of(unserved_world(settlement=request.param))


LATER = {"cutover_zuora_refund": "2026-10-20"}
SELECTED: dict[str, tuple[bool, dict[str, Any], dict[str, Any]]] = {
    "rule 1: account without the flag": (True, {}, {}),
    "rule 1: account with flag Yes": (True, {"account": {"SynctoNetSuite__NS": "Yes"}}, {}),
    "rule 1: account with flag No": (False, {"account": {"SynctoNetSuite__NS": "No"}}, {}),
    "rule 2: canceled": (False, {"Status": "Canceled"}, {}),
    "rule 2: error": (False, {"Status": "Error"}, {}),
    "rule 2: processing": (False, {"Status": "Processing"}, {}),
    "rule 4: No": (True, {"TransferredToAccounting": "No"}, {}),
    "rule 4: Error": (True, {"TransferredToAccounting": "Error"}, {}),
    "rule 4: Processing": (True, {"TransferredToAccounting": "Processing"}, {}),
    "rule 4: Yes": (False, {"TransferredToAccounting": "Yes"}, {}),
    "rule 4: Ignore": (False, {"TransferredToAccounting": "Ignore"}, {}),
    "rule 5: on the cutover date": (True, {"RefundDate": "2026-10-20"}, LATER),
    "rule 5: before the cutover date": (False, {"RefundDate": "2026-10-19"}, LATER),
    "rule 5: no cutover date": (True, {"RefundDate": "2020-01-01"}, {}),
    "rule 6: status Ignore": (False, {"IntegrationStatus__NS": "Ignore"}, {}),
    "rule 6: born in NetSuite": (False, {"Origin__NS": "NETSUITE"}, {}),
    "rule 6: born in Zuora": (True, {"Origin__NS": "ZUORA"}, {}),
    "sync to NetSuite: No on the refund": (False, {"SynctoNetSuite__NS": "No"}, {}),
    "sync to NetSuite: Yes on the refund": (True, {"SynctoNetSuite__NS": "Yes"}, {}),
}


@pytest.mark.rule(
    *(f"refunds.R1.selection.{n}" for n in (1, 2, 4, 5, 6)),
    "refunds.R2.rule.1",
    "settings.key.cutover_zuora_refund",
    "settings.key.zuora.read_path",
)
@pytest.mark.parametrize("read_path", ["data_query", "zoql"])
@pytest.mark.rule("sequence-and-status.1.4.gate.cutover-dates-zuora-invoices-zuora-payments-zuora")
def test_each_selection_rule(fast: MemoryWorld, read_path: str) -> None:
    numbers = {name: f"X{n}" for n, name in enumerate(SELECTED)}
    accounts, fields = [], {}
    for name, (_, given, _settings) in SELECTED.items():
        own = dict(given)
        owner = f"acct {numbers[name]}"
        accounts.append(account(owner, IntegrationId__NS="9001", **SYNCED, **own.pop("account", {})))
        fields[numbers[name]] = {"AccountId": zid(owner), **own}
    refunds: dict[str, dict[str, dict[str, float]]] = {number: {"P1": {"INV1": 1}} for number in numbers.values()}
    for settings in ({}, LATER):
        choice: dict[str, Any] = {"zuora.read_path": read_path, **settings}
        ready(fast, merged(*accounts), refunds=refunds, fields=fields, **choice)
        run(fast)
        for name, (expected, _, its_settings) in SELECTED.items():
            if its_settings == settings:
                assert (ns_refund(fast, numbers[name]) is not None) is expected, name
                assert expected or state_of(fast, numbers[name]) == before(fields[numbers[name]]), name


def before(fields: dict[str, Any]) -> tuple[str | None, str | None]:
    return fields.get("IntegrationStatus__NS"), fields.get("TransferredToAccounting")


@pytest.mark.rule("refunds.R1.selection.3", "refunds.0.payments-only")
def test_refunds_of_credit_balance_are_not_selected(fast: MemoryWorld) -> None:
    if fast.zuora.options.settlement:
        pytest.skip("there is no credit balance with Invoice Settlement")
    ready(fast, refunds={"R1": {"P1": {"INV1": 60}}, "R2": {}}, fields={"R2": {"SourceType": "CreditBalance"}})
    summary = run(fast)
    assert summary["steps"][0]["selected"] == 1
    assert (ns_refund(fast, "R2"), state_of(fast, "R2")) == (None, (None, None))
    assert state_of(fast) == DONE


@pytest.mark.rule("refunds.R2.rule.1", "refunds.0.payments-only", "refunds.R1.selection.3")
def test_refunds_of_credit_memos_are_told_and_left_alone(fast: MemoryWorld) -> None:
    if not fast.zuora.options.settlement:
        pytest.skip("there are no credit memos without Invoice Settlement")
    memo = {"Id": zid("CM1"), "MemoNumber": "CM1", "AccountId": zid("A1"), "MemoDate": "2026-10-02", "TotalAmount": 30, "Status": "Posted"}
    part = {"Id": zid("R2 of CM1"), "RefundId": zid("R2"), "CreditMemoId": zid("CM1"), "RefundAmount": 10}
    ready(
        fast,
        {"CreditMemo": [memo], "RefundPart": [part]},
        refunds={"R1": {"P1": {"INV1": 60}}, "R2": {}},
        fields={"R2": {"SourceType": "CreditMemo"}},
    )
    summary = run(fast)
    (line,) = [x for x in summary["log"] if x.get("code") == "RFD-MEMO"]
    assert (line["level"], line["message"]) == ("WARNING", "Refund R2: credit memo refunds are not synced.")
    assert (ns_refund(fast, "R2"), state_of(fast, "R2")) == (None, (None, None))
    assert (summary["outcome"], summary["tiedOut"], summary["due"]) == ("completed with warnings", True, 1)


@pytest.mark.rule("refunds.0.after-success", "refunds.R1.selection.4")
def test_after_success_nothing_is_sent_not_even_a_cancellation(fast: MemoryWorld) -> None:
    ready(fast)
    run(fast)
    before = fast.netsuite.dump()
    change(fast, "Refund", "R1", Comment="changed", Status="Canceled")
    summary = run(fast)
    assert summary["steps"][0]["selected"] == 0
    assert fast.netsuite.dump() == before


@pytest.mark.rule("refunds.R1.selection.2", "sequence-and-status.2.rule.7")
def test_a_refund_canceled_after_selection_is_not_sent(fast: MemoryWorld) -> None:
    ready(fast)
    opened = fast.open(steps=("refunds",))
    event = {"runId": opened["runId"], "step": "refunds"}
    fast.task("refunds", {**event, "task": "select"})
    change(fast, "Refund", "R1", Status="Canceled")
    fast.task("refunds", {**event, "task": "batch", "batch": "000001"})
    fast.task("refunds", {**event, "task": "summarise", "error": None})
    output = fast.close(opened["runId"])
    assert (ns_refund(fast), state_of(fast)) == (None, (None, None))
    assert output["tiedOut"] is True


@pytest.mark.rule("refunds.0.not-with-netsuite-tax")
@pytest.mark.parametrize(("tax", "runs"), [("Yes", True), ("No", False)])
def test_refunds_do_not_run_when_netsuite_calculates_tax(fast: MemoryWorld, tax: str, runs: bool) -> None:
    ready(fast, use_standard_invoice_sync=tax)
    fast.clock.advance(minutes=30)
    opened = fast.open()
    assert opened["steps"]["refunds"] is runs
    fast.close(opened["runId"])


@pytest.mark.rule("refunds.0.ns-off-by-default", "payments.0.default-off")
def test_the_way_back_from_netsuite_is_off_by_default(fast: MemoryWorld) -> None:
    for choice, on in ((None, False), ("No", True)):
        given: dict[str, Any] = {f"disable_netsuite_{kind}_sync": choice for kind in ("refund", "payment") if choice}
        ready(fast, **given)
        fast.clock.advance(minutes=30)
        opened = fast.open()
        assert (opened["steps"]["netsuite_refunds"], opened["steps"]["netsuite_payments"]) == (on, on)
        fast.close(opened["runId"])


@pytest.mark.rule("settings.key.zuora.field_suffix")
@pytest.mark.parametrize("read_path", ["data_query", "zoql"])
def test_fields_of_another_suffix(fast: MemoryWorld, read_path: str) -> None:
    """The tenant's fields are told apart from those of the commercial product, which stay as they are."""
    names = ("IntegrationId", "IntegrationStatus", "SyncDate", "Origin", "SynctoNetSuite", "Class", "Department", "Location")
    objects = ("Account", "Payment", "Refund", "Invoice", "DebitMemo")
    given, fast.zuora.options.custom_fields = fast.zuora.options.custom_fields, {o: tuple(f"{n}__c" for n in names) for o in objects}
    try:
        settings: dict[str, Any] = {"zuora.field_suffix": "__c", "zuora.read_path": read_path}
        ready(fast, fields={"R1": {}, "P1": {"IntegrationId__c": "8001"}}, **settings)
        for number, internal_id in {"A1": "9001", "A2": "9002"}.items():
            change(fast, "Account", number, IntegrationId__c=internal_id, IntegrationStatus__c="Sync Complete")
        change(fast, "Invoice", "INV1", IntegrationId__c="7001")
        run(fast)
        refund = zuora_refund(fast, "R1")
        assert (refund["IntegrationStatus__c"], refund["TransferredToAccounting"]) == DONE
        assert refund["Origin__c"] == "ZUORA"
        assert refund.get("IntegrationStatus__NS") is None
        assert ns_refund(fast) is not None
    finally:
        fast.zuora.options.custom_fields = given
        fast.reset()


def test_a_dry_run_writes_nothing(fast: MemoryWorld) -> None:
    ready(fast, refunds={"R1": {"P1": {"INV1": 60}}, "R2": {"P2": {"INV2": 10}}}, fields={"R2": {"MethodType": "BankTransfer"}})
    before = fast.netsuite.dump()
    summary = run(fast, dry_run=True)
    assert fast.netsuite.dump() == before
    assert [state_of(fast, n) for n in ("R1", "R2")] == [(None, None)] * 2
    assert summary["steps"][0]["created"] == 1
    assert "RFD-V1" in messages(summary)
