"""What the doctor says about the fields of every object, by mode and by the steps that run (custom-fields.md section 3)."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.desk.doctor import State, netsuite, zuora
from tallybridge.field_names import derived_id
from tallybridge.fields import Wanted, wanted
from tallybridge.fields.netsuite import NETSUITE, NETSUITE_LINES, prefix_of
from tallybridge.fields.zuora import MODE_OF, ZUORA
from tallybridge.netsuite import FieldInfo, RecordSchema
from tallybridge.settings import Settings
from tallybridge.tasks.steps import STEPS, steps_to_run
from tallybridge_cli.target import Target
from tests.cli.test_doctor import FakeNetSuite, FakeZuora, examined

REVERSE: dict[str, Any] = {
    "disable_netsuite_payment_sync": "No",
    "disable_netsuite_credit_memo_sync": "No",
    "disable_netsuite_refund_sync": "No",
}
BILLING_ID = Wanted("Zuora ID", "", vital=True, running=True)


def suffix(value: str) -> dict[str, Any]:
    return {"zuora.field_suffix": value}


def lacking(*names: str) -> frozenset[str]:
    return frozenset(names)


@pytest.mark.parametrize("mode", ["A", "B"])
def test_every_object_of_the_mode_is_looked_at_and_a_complete_tenant_passes(target: Target, mode: str) -> None:
    found = examined(target, FakeZuora(settlement=mode == "B"), enable_sales_order_sync="Yes", **REVERSE)
    zuora_objects = {name for name in ZUORA if MODE_OF.get(name, mode) == mode}
    assert {n for n in ZUORA if f"Zuora: fields of {n}" in found} == zuora_objects
    assert all(f"NetSuite: fields of {n}" in found for n in NETSUITE)
    assert [c for n, c in found.items() if "fields of" in n and c.state is not State.OK] == []


def test_every_step_needs_something_on_both_sides() -> None:
    for side in (ZUORA, NETSUITE):
        needed = {step for needs in side.values() for need in needs for step in need.steps.split()}
        assert needed <= set(STEPS)
    both = {step for side in (ZUORA, NETSUITE) for needs in side.values() for need in needs for step in need.steps.split()}
    assert both == set(STEPS) - {"reversals"}  # it goes by ids that NetSuite itself gives


@pytest.mark.rule("custom-fields.3.missing-field")
@pytest.mark.parametrize(
    ("object_type", "field", "label"),
    [(name, w.api, w.label) for name, needs in ZUORA.items() for w in wanted(needs, STEPS) if w.vital],
)
def test_a_zuora_field_that_a_running_step_reads_is_missed_by_label_and_name(object_type: str, field: str, label: str) -> None:
    known = {f"{w.api}__NS": True for w in wanted(ZUORA[object_type], STEPS) if w.api != field}
    check = zuora.fields_check(object_type, list(wanted(ZUORA[object_type], STEPS)), known, "__NS")
    assert check.state is State.FAIL
    assert check.detail == f'Zuora {object_type} is missing field "{label}" ({field}__NS).'


@pytest.mark.rule("custom-fields.3.missing-field")
@pytest.mark.parametrize(
    ("record_type", "label"), [(name, w.label) for name, needs in NETSUITE.items() for w in wanted(needs, STEPS) if w.label != "Zuora ID"]
)
def test_a_netsuite_field_that_is_missing_is_named_by_label_and_derived_id(record_type: str, label: str) -> None:
    lines = list(wanted(NETSUITE_LINES.get(record_type, ()), STEPS))
    schema = FakeNetSuite(lacks=lacking(label)).metadata(record_type)
    lines = [w for w in lines if w.label != label]
    check = netsuite.fields_check(record_type, list(wanted(NETSUITE[record_type], STEPS)), lines, schema, {})
    assert check.state in (State.FAIL, State.WARN)
    script_id = derived_id(prefix_of(record_type), label)
    assert check.detail == f'NetSuite {record_type} is missing field "{label}" ({script_id}).'


def test_without_the_zuora_id_nothing_can_work(target: Target) -> None:
    found = examined(target, n=FakeNetSuite(lacks=lacking("Zuora ID")))
    running = [step for step, runs in steps_to_run(Settings.model_validate({}), "B").items() if runs]
    needed = {record for record, needs in NETSUITE.items() if any(need.runs(running, "B") for need in needs)}
    assert {record: found[f"NetSuite: fields of {record}"].state for record in needed} == dict.fromkeys(needed, State.FAIL)


def test_what_only_steps_that_are_switched_off_need_is_a_note(target: Target) -> None:
    missing = FakeNetSuite(lacks=lacking("Zuora Integration Status", "Zuora Contract Effective Date"))
    quiet = examined(target, n=missing)
    assert quiet["NetSuite: fields of salesOrder"].state is State.NOTE
    assert quiet["NetSuite: fields of customerRefund"].state is State.NOTE
    loud = examined(target, n=missing, enable_sales_order_sync="Yes", **REVERSE)
    assert loud["NetSuite: fields of salesOrder"].state is State.FAIL
    assert loud["NetSuite: fields of customerRefund"].state is State.FAIL


def test_zuora_fields_of_steps_that_are_switched_off_are_a_note(target: Target) -> None:
    lacks = FakeZuora(lacks=lacking("SalesOrder", "Price"))
    assert examined(target, lacks)["Zuora: fields of Subscription"].state is State.NOTE
    on = examined(target, lacks, enable_sales_order_sync="Yes")
    assert (on["Zuora: fields of Subscription"].state, on["Zuora: fields of ProductRatePlan"].state) == (State.FAIL, State.FAIL)


@pytest.mark.parametrize(("there", "said"), [("__c", "__NS"), ("__NS", "__c")])
def test_fields_with_the_other_suffix_are_told_with_the_setting_to_save(target: Target, there: str, said: str) -> None:
    found = examined(target, FakeZuora(suffix=there), **suffix(said))["Zuora: fields of Account"]
    assert found.state is State.FAIL
    assert f"IntegrationId{there}" in found.detail and f"the setting zuora.field_suffix says {said}; the same of" in found.detail
    assert found.next == f'Put "zuora.field_suffix": "{there}" into the settings: `tallybridge settings save settings.json`.'
    followed = examined(target, FakeZuora(suffix=there), **suffix(there))["Zuora: fields of Account"]
    assert followed.state is State.OK


def test_a_wrong_suffix_is_told_once_for_all_objects(target: Target) -> None:
    found = examined(target, FakeZuora(suffix="__c"), **suffix("__NS"))
    assert [name for name in found if name.startswith("Zuora: fields of")] == ["Zuora: fields of Account"]


def test_the_tenants_own_fields_that_are_not_filterable_warn(target: Target) -> None:
    flat = FakeZuora(suffix="__c", flat=lacking("IntegrationId", "SyncDate"), settlement=False)
    found = examined(target, flat, **suffix("__c"))
    assert found["Zuora: fields of Account"].state is State.WARN
    assert found["Zuora: fields of Account"].detail == ('Zuora Account: "IntegrationId__c" not filterable, so that look-ups may be refused')
    assert "Object Manager" in found["Zuora: fields of Account"].next
    assert "cannot index a legacy field later" in found["Zuora: fields of InvoiceItemAdjustment"].next
    assert found["Zuora: fields of InvoiceItem"].state is State.OK, "nothing is looked up by it"
    zuoras = examined(target, FakeZuora(flat=lacking("IntegrationId")))
    assert zuoras["Zuora: fields of Account"].state is State.OK


def test_memos_are_not_looked_up_by_their_fields(target: Target) -> None:
    flat = FakeZuora(suffix="__c", flat=lacking("IntegrationId"))
    assert examined(target, flat, **suffix("__c"))["Zuora: fields of CreditMemo"].state is State.OK


def test_an_optional_line_field_warns(target: Target) -> None:
    found = examined(target, n=FakeNetSuite(lacks=lacking("Zuora Charge Date")))["NetSuite: fields of invoice"]
    assert found.state is State.WARN
    assert found.detail == 'NetSuite invoice is missing line field "Zuora Charge Date" (custcolzuorachargedate).'


@pytest.mark.rule("custom-fields.3.wrong-type")
def test_a_field_of_the_wrong_type_warns(target: Target) -> None:
    wrong = FakeNetSuite(types={"Zuora Auto Pay": "string", "Zuora Tax Amount": "number"})
    found = examined(target, n=wrong)
    assert found["NetSuite: fields of customer"].detail == (
        'NetSuite customer field "Zuora Auto Pay" (custentityzuoraautopay) is string, not check box.'
    )
    assert found["NetSuite: fields of invoice"].state is State.WARN
    assert "(custbodyzuorataxamount) is number, not text" in found["NetSuite: fields of invoice"].detail


def test_send_to_zuora_may_be_a_check_box_or_a_list(target: Target) -> None:
    listed = FakeNetSuite(types={"Send to Zuora": "object"})
    assert examined(target, n=listed, enable_sales_order_sync="Yes")["NetSuite: fields of salesOrder"].state is State.OK


@pytest.mark.rule("custom-fields.3.wrong-type")
def test_list_values_that_are_missing_are_named(target: Target) -> None:
    batches = {"customlistzuorabatch": tuple(f"Batch{n}" for n in range(1, 20)), "customlistzuorabillcycleday": ("1",)}
    found = examined(target, n=FakeNetSuite(lists=batches))
    assert found["NetSuite: list of Zuora Batch"].detail == 'NetSuite list customlistzuorabatch is missing "Batch20"'
    assert found["NetSuite: list of Zuora Bill Cycle Day"].state is State.WARN


def test_a_record_type_that_the_role_may_not_use_names_the_permission(target: Target) -> None:
    found = examined(target, n=FakeNetSuite(denied=lacking("customerRefund", "salesOrder")))
    assert found["NetSuite: fields of customerRefund"].state is State.FAIL
    assert found["NetSuite: fields of customerRefund"].next == "Give the role the permission Customer Refund (Transactions, Full)."
    assert found["NetSuite: fields of salesOrder"].state is State.NOTE, "sales orders are not synced"


def test_item_types_of_features_that_the_account_lacks_are_a_note(target: Target) -> None:
    found = examined(target, n=FakeNetSuite(absent=lacking("inventoryItem")))["NetSuite: fields of inventoryItem"]
    assert (found.state, "Item Type Inventory cannot be used" in found.detail) == (State.NOTE, True)


def test_an_object_that_the_api_user_may_not_see_fails_where_a_step_needs_it(target: Target) -> None:
    found = examined(target, FakeZuora(hidden=lacking("Refund")))["Zuora: fields of Refund"]
    assert found.state is State.FAIL
    off = examined(target, FakeZuora(hidden=lacking("Refund")), disable_zuora_refund_sync="Yes")["Zuora: fields of Refund"]
    assert off.state is State.NOTE


def test_status_fields_that_cannot_be_written_fail(target: Target) -> None:
    found = examined(target, FakeZuora(updateable=False))
    assert found["Zuora: fields of Invoice"].state is State.FAIL
    assert "cannot be written" in found["Zuora: fields of Invoice"].detail


@pytest.mark.rule("custom-fields.2.1.discovery", "custom-fields.2.1.field-map")
def test_a_field_counts_by_map_by_label_or_by_derived_id() -> None:
    def checked(schema: RecordSchema, overrides: dict[str, str] | None = None) -> State:
        return netsuite.fields_check("invoice", [BILLING_ID], [], schema, overrides or {}).state

    neither = RecordSchema({"custbody_mine": FieldInfo("Mine", "string", True)})
    assert checked(RecordSchema({"custbody_other": FieldInfo("Zuora ID", "string", True)})) is State.OK
    assert checked(RecordSchema({"custbodyzuoraid": FieldInfo("Anything", "string", True)})) is State.OK
    assert checked(neither) is State.FAIL
    assert checked(neither, {"custbody.Zuora ID": "custbody_mine"}) is State.OK


def test_a_field_map_entry_that_nothing_uses_is_warned_of() -> None:
    good = Settings.model_validate({"field_map": {"custbody.Zuora ID": "custbody_z", "custcol.Zuora Item ID": "custcol_i"}})
    assert netsuite.field_map_check(good).state is State.OK
    bad = netsuite.field_map_check(Settings.model_validate({"field_map": {"custbody.Zuora Id": "custbody_z"}}))
    assert (bad.state, '"custbody.Zuora Id"' in bad.detail) == (State.WARN, True)


@pytest.mark.parametrize(
    ("periods", "settings", "name", "state"),
    [
        ([], {}, "accounting period", State.WARN),
        ([{"closed": "T"}], {}, "accounting period", State.WARN),
        ([{"arlocked": "T"}], {}, "accounting period", State.WARN),
        ([{}], {}, "accounting period", State.OK),
        ([{}], {"netsuite_use_revenue_recognition": "Yes"}, "periods for revenue", State.WARN),
    ],
)
def test_periods(target: Target, periods: list[dict[str, str]], settings: dict[str, Any], name: str, state: State) -> None:
    made = [{**FakeNetSuite().periods[0], **p} for p in periods]
    assert examined(target, n=FakeNetSuite(periods=made), **settings)[f"NetSuite: {name}"].state is state


def test_tax_codes_must_name_a_netsuite_item(target: Target) -> None:
    good = examined(target, FakeZuora(tax_codes={"VAT": "77"}))["Both sides: tax items"]
    bad = examined(target, FakeZuora(tax_codes={"VAT": "77", "GST": "", "PST": "Sales Tax", "QST": "4711"}))["Both sides: tax items"]
    assert good.state is State.OK
    assert (bad.state, '"GST", "PST", "QST"' in bad.detail, "VAT" in bad.detail) == (State.WARN, True, False)


def test_netsuite_payments_need_methods_that_belong_to_no_account(target: Target) -> None:
    name = "Both sides: tenant-wide payment methods"
    assert examined(target, **REVERSE)[name].state is State.WARN
    assert examined(target, FakeZuora(tenant_methods=("Check",)), **REVERSE)[name].state is State.OK
    assert name not in examined(target)


def test_several_currencies_without_the_setting_are_warned_of(target: Target) -> None:
    used = FakeZuora(used={"currencies": {"USD": 3, "EUR": 1}})
    assert examined(target, used)["Both sides: currencies"].state is State.WARN


@pytest.mark.parametrize(("settlement", "bound", "state"), [(True, "B", State.OK), (True, "A", State.FAIL), (False, "B", State.FAIL)])
def test_a_tenant_in_another_mode_than_before_fails_with_the_way_out(target: Target, settlement: bool, bound: str, state: State) -> None:
    target.runs.bind({"netsuite_account": "1", "tenant_mode": bound})
    found = examined(target, FakeZuora(settlement=settlement))["Zuora: mode"]
    assert found.state is state
    if state is State.FAIL:
        assert f"--accept-mode {'B' if settlement else 'A'}" in found.next


def test_credit_memos_of_the_migration_are_counted(target: Target) -> None:
    found = examined(target, FakeZuora(migrated=4))["Zuora: migrated credit memos"]
    assert (found.state, found.detail.endswith("4")) == (State.WARN, True)
    assert "Zuora: migrated credit memos" not in examined(target, FakeZuora(migrated=4), send_migrated_credit_memos="Yes")
    assert "Zuora: migrated credit memos" not in examined(target, FakeZuora(settlement=False))


@pytest.mark.parametrize(
    ("denied", "settings", "state", "said"),
    [
        ("account", {}, State.WARN, "Give the role Accounts (Lists, View)."),
        ("term", {}, State.WARN, "Give the role Accounting Lists (Setup, View)."),
        ("subsidiary", {"netsuite_subsidiaries": "Yes"}, State.WARN, "Give the role Subsidiaries (Lists, View)."),
        ("subsidiary", {"netsuite_subsidiaries": "No"}, State.OK, ""),
        ("contact", {}, State.OK, ""),
        ("contact", {"customer_account_master": "NetSuite"}, State.WARN, "Give the role Contacts (Lists, View)."),
        ("department", {}, State.NOTE, "If the account uses it, give the role Departments (Lists, View)."),
        ("journalEntry", {}, State.NOTE, "To reverse runs, give the role Make Journal Entry (Transactions, Full)."),
        ("nothing", {}, State.OK, ""),
    ],
)
def test_permissions_that_the_role_lacks_are_named_as_far_as_they_can_be_seen(
    target: Target, denied: str, settings: dict[str, Any], state: State, said: str
) -> None:
    found = examined(target, n=FakeNetSuite(denied=lacking(denied)), **settings)["NetSuite: permissions"]
    assert (found.state, found.next) == (state, said)


@pytest.mark.parametrize(
    ("script_id", "settings", "state"),
    [
        ("custbodyzuoracustomeridsales", {"enable_sales_order_sync": "Yes"}, State.FAIL),
        ("custcolzuoraitemid", {"enable_sales_order_sync": "Yes"}, State.FAIL),
        ("custbodyzuoracustomeridpayment", REVERSE, State.FAIL),
        ("custcolzuoraitemid", {}, State.OK),
        ("", {"enable_sales_order_sync": "Yes", **REVERSE}, State.OK),
    ],
)
def test_a_sourced_field_that_queries_do_not_know_fails(target: Target, script_id: str, settings: dict[str, Any], state: State) -> None:
    found = examined(target, n=FakeNetSuite(unstored=lacking(script_id)), **settings)["NetSuite: sourced fields"]
    assert found.state is state
    if state is State.FAIL:
        assert f"({script_id})" in found.detail and found.next == "Tick Store Value on the field's screen in NetSuite."
