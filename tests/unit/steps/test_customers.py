"""Zuora accounts -> NetSuite customers: customer-accounts.md section 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybridge.errors import AlreadyExists
from tallybridge.steps import customer_mapping
from tallybridge.steps.customers import Customers
from tallybridge.steps.mapping import Custom, filled
from tallybridge.steps.reference import Reference
from tallybridge.sync.runlog import Outcome
from tallybridge.sync.step import Candidate, Found, Hold, Write
from tallybridge.zuora.selection import Selected
from tests.unit.steps.master_fakes import STAMP, Bench, FakeNetSuite, FakeZuora, fields_with, table

LABELS = [row.target.label for row in customer_mapping.ROWS if isinstance(row.target, Custom)]
STANDARD = [row.target for row in customer_mapping.ROWS if isinstance(row.target, str)]
FIELDS = fields_with([*STANDARD, "addressBook"], dict.fromkeys(LABELS), "custentity")
C = FIELDS.custom

ACCOUNT: dict[str, Any] = {
    "Id": "acc1",
    "AccountNumber": "A0001",
    "AutoPay": True,
    "Batch": "Batch7",
    "BillCycleDay": 15,
    "BillToId": "bill1",
    "CreatedDate": "2026-01-05T10:00:00.000+01:00",
    "CrmId": "crm-9",
    "Currency": "EUR",
    "CustomerServiceRepName": "Csr",
    "DefaultPaymentMethodId": "pm1",
    "Name": "Brightwater GmbH",
    "Notes": "Some notes",
    "PaymentTerm": "Net 30",
    "PurchaseOrderNumber": "PO-1",
    "SalesRepName": "Sales Rep",
    "SoldToId": "sold1",
    "Status": "Active",
    "TaxExemptCertificateID": "CERT-1",
    "TaxExemptStatus": "No",
    "UpdatedDate": "2026-02-01T08:00:00.000+01:00",
    "VATId": "DE123",
    "CustomerType__NS": "Company",
    "Subsidiary__NS": "Parent : Europe",
    "SynctoNetSuite__NS": "Yes",
}
BILL_TO = {
    "Id": "bill1",
    "AccountId": "acc1",
    "FirstName": "Dana",
    "LastName": "Whitfield",
    "Address1": "Lindenstr. 14",
    "Address2": "2nd floor",
    "City": "Köln",
    "State": "NRW",
    "PostalCode": "50667",
    "Country": "Germany",
    "WorkPhone": "+49 221 1",
    "Fax": "+49 221 2",
    "WorkEmail": "dana@example.com",
    "TaxRegion": "EU",
}
SOLD_TO = BILL_TO | {"Id": "sold1", "FirstName": "Marcus", "WorkEmail": "marcus@example.com", "City": "Bonn"}
ONE_WORLD = {"netsuite_subsidiaries": "Yes"}


def bench(account: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None, **contacts: Mapping[str, Any]) -> Bench:
    zuora, netsuite = FakeZuora(), FakeNetSuite(zuora_field=C["Zuora ID"])
    given = {k: v for k, v in {**ACCOUNT, **(account or {})}.items() if v is not None}
    zuora.put("Account", given)
    zuora.put("Contact", BILL_TO | dict(contacts.get("bill_to", {})), SOLD_TO | dict(contacts.get("sold_to", {})))
    zuora.put("PaymentMethod", {"Id": "pm1", "Type": "CreditCard"})
    tables = {
        "term": table(Net_30="31"),
        "currency": table(EUR="4", USD="1"),
        "subsidiary": table(Parent="1", Parent__Europe="3"),
        "tax code": table(Zero="71"),
    }
    return Bench(Customers, zuora, netsuite, Reference(tables, {"customer": FIELDS}), dict(settings or {}))


def held(b: Bench, record_id: str = "acc1") -> list[tuple[str, str]]:
    plan = b.plan(record_id)
    assert isinstance(plan, Hold), plan
    return [(p.code, p.message) for p in plan.problems]


def written(b: Bench, record_id: str = "acc1") -> dict[str, Any]:
    plan = b.plan(record_id)
    assert isinstance(plan, Write), plan
    return dict(plan.requests[0].body)


def synced(b: Bench, **more: Any) -> Bench:
    """The same bench with the account already in NetSuite as it would be written now."""
    body = written(b)
    b.netsuite.put("customer", "900", **body)
    b.zuora.tables["Account"]["acc1"] |= {"IntegrationId__NS": "900", "IntegrationStatus__NS": "Sync Complete", **more}
    return b


# -- selection (2.1) -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "selected"),
    [
        ({}, True),
        ({"Status": "Draft"}, False),
        ({"Status": "Canceled"}, False),
        ({"SynctoNetSuite__NS": None}, True),
        ({"SynctoNetSuite__NS": "No"}, False),
        ({"IntegrationStatus__NS": "Ignore"}, False),
        ({"IntegrationStatus__NS": "Error Creating Customer"}, True),
        ({"IntegrationStatus__NS": "Sync Complete", "UpdatedDate": "2026-02-01T00:00:00.000+01:00"}, True),
        ({"IntegrationStatus__NS": "Complete", "UpdatedDate": "2026-02-01T00:00:00.000+01:00"}, True),
        ({"IntegrationStatus__NS": "Sync Complete", "UpdatedDate": "2025-12-01T00:00:00.000+01:00"}, False),
        ({"CreatedDate": "2025-06-01T00:00:00.000+01:00"}, False),
    ],
)
def test_selects_active_accounts_that_are_new_or_modified_since_the_watermark(change: dict[str, Any], selected: bool) -> None:
    b = bench(change, {"cutover_zuora_account": "2026-01-01"})
    assert [c.id for c in b.step().select()] == (["acc1"] if selected else [])


def test_a_modified_account_is_not_selected_with_new_records_only() -> None:
    b = bench({"IntegrationStatus__NS": "Sync Complete"}, {"customer_account_sync_behavior": "Sync New Records Only"})
    assert list(b.step().select()) == []


def test_an_account_that_only_our_own_write_back_changed_is_not_selected() -> None:
    b = bench({"IntegrationStatus__NS": "Sync Complete"})
    b.own_changes = {"acc1": "2026-02-01T07:00:00.000Z"}
    assert list(b.step().select()) == []
    b.own_changes = {"acc1": "2026-02-01T06:59:59.000Z"}
    assert [c.data["updated"] for c in b.step().select()] == ["2026-02-01T07:00:00.000Z"]


def test_a_held_account_is_selected_again_once_although_the_watermark_has_passed_it() -> None:
    b = bench({"IntegrationStatus__NS": "Sync Complete", "UpdatedDate": "2025-06-01T00:00:00.000Z"})
    b.retry = ("acc1", "gone")
    assert [c.id for c in b.step().select()] == ["acc1"]
    b.zuora.tables["Account"]["acc1"]["UpdatedDate"] = "2026-02-02T00:00:00.000Z"
    assert [c.id for c in b.step().select()] == ["acc1"]


@pytest.mark.parametrize("flag", ["Yes", "No"])
def test_changed_contacts_select_their_accounts_only_where_the_setting_asks_for_it(flag: str) -> None:
    b = bench(settings={"include_contact_changes": flag})
    b.zuora.tables["Account"]["acc1"] |= {"IntegrationStatus__NS": "Sync Complete", "UpdatedDate": "2025-01-01T00:00:00Z"}
    b.zuora.tables["Contact"]["sold1"]["UpdatedDate"] = "2026-02-20T00:00:00Z"
    b.zuora.put("Contact", {"Id": "other", "AccountId": "acc1", "UpdatedDate": "2026-02-20T00:00:00Z"})
    assert [c.id for c in b.step().select()] == (["acc1"] if flag == "Yes" else [])
    assert bool(b.step().waiting_work()) == (flag == "Yes")
    b.zuora.tables["Contact"]["sold1"]["UpdatedDate"] = "2025-02-20T00:00:00Z"
    assert list(b.step().select()) == []


@pytest.mark.parametrize("status", ["ignore", "IGNORE."])
def test_ignore_is_recognised_however_it_is_written(status: str) -> None:
    b = bench({"IntegrationStatus__NS": status})
    assert b.step().refresh([Candidate("acc1", "", Selected("acc1").to_json())]) == []


# -- watermark (1.1) -----------------------------------------------------------------------------------------------------


def test_the_watermark_moves_past_own_write_backs_up_to_the_first_foreign_change() -> None:
    b = bench({"IntegrationStatus__NS": "Sync Complete"})
    for n, name in enumerate(("own1", "own2", "foreign", "own3"), 1):
        b.zuora.put("Account", {"Id": name, "UpdatedDate": f"2026-02-0{n + 1}T00:00:00.000Z", "Status": "Active"})
        b.own_changes[name] = f"2026-02-0{n + 1}T00:00:00.000Z"
    b.own_changes["foreign"] = "2026-02-01T12:00:00.000Z"
    step = b.step()
    assert step.watermark_after("2026-02-01T07:00:00.000Z") == "2026-02-03T00:00:00.000Z"
    assert step.watermark_after("2026-02-05T00:00:00.000Z") == "2026-02-05T00:00:00.000Z"
    assert step.watermark_after("") == ""


def test_the_watermark_stops_before_a_moment_that_a_foreign_change_shares_with_an_own_one() -> None:
    b = bench({"UpdatedDate": "2026-01-01T00:00:00Z"})
    for name in ("a-own", "z-foreign"):
        b.zuora.put("Account", {"Id": name, "UpdatedDate": "2026-02-02T00:00:00.000Z"})
    b.own_changes["a-own"] = "2026-02-02T00:00:00.000Z"
    assert b.step().watermark_after("2026-02-01T00:00:00.000Z") == "2026-02-01T00:00:00.000Z"


def test_after_a_write_back_the_moment_of_our_own_change_is_read() -> None:
    b = bench()
    assert b.step().after_marks([b.record("acc1")]) == {"acc1": "2026-02-01T07:00:00.000Z"}


# -- validations (2.3) ---------------------------------------------------------------------------------------------------

INDIVIDUAL = {"CustomerType__NS": "Individual"}
LATE = {"IntegrationId__NS": "900"}


@pytest.mark.parametrize(
    ("change", "settings", "code", "message"),
    [
        ({"PaymentTerm": "Net 37"}, {}, "ACCT-V1", 'Account A0001: payment term "Net 37" does not exist in NetSuite.'),
        (
            {"Currency": "CHF"},
            {"netsuite_multiple_currencies": "Yes"},
            "ACCT-V2",
            'Account A0001: currency "CHF" does not exist in NetSuite.',
        ),
        (
            {"IntegrationStatus__NS": "Sync Complete"},
            {},
            "ACCT-V3",
            "Account A0001: status is Sync Complete but Integration ID is empty. Clear the status to create the customer, "
            "or enter the NetSuite id to link it.",
        ),
        (
            {"Subsidiary__NS": "Parent:Europe"},
            ONE_WORLD,
            "ACCT-V4",
            'Account A0001: subsidiary "Parent:Europe" does not exist in NetSuite.',
        ),
        (
            {"Subsidiary__NS": None},
            ONE_WORLD,
            "ACCT-V5",
            "Account A0001: no subsidiary on the account and no default subsidiary is configured.",
        ),
        ({"ParentId": "acc0"}, {}, "ACCT-V6", "Account A0001: parent account A0000 has not been synced."),
        ({"BillToId": None}, {}, "ACCT-V8", "Account A0001: no bill-to contact."),
        ({"Name": "x" * 84}, {}, "ACCT-V9", "Account A0001: the name is longer than 83 characters."),
    ],
)
def test_a_failed_validation_holds_the_account(change: dict[str, Any], settings: dict[str, Any], code: str, message: str) -> None:
    b = bench(change, settings)
    b.zuora.put("Account", {"Id": "acc0", "AccountNumber": "A0000"})
    assert held(b) == [(code, message)]


def test_an_individual_needs_the_bill_to_contacts_names() -> None:  # V7
    b = bench(INDIVIDUAL, bill_to={"FirstName": ""})
    assert held(b) == [("ACCT-V7", "Account A0001: an individual customer needs the bill-to contact's first and last name.")]


def test_a_held_child_names_the_parent_it_waits_for() -> None:
    b = bench({"ParentId": "acc0"})
    b.zuora.put("Account", {"Id": "acc0", "AccountNumber": "A0000"})
    assert [p.waits_for for p in b.plan("acc1").problems] == ["Account A0000"]


def test_a_name_that_two_active_values_share_is_called_ambiguous() -> None:
    b = bench()
    b.reference.tables["term"]["Net 30"]["id"] = "ambiguous"
    assert held(b) == [("ACCT-V1", 'Account A0001: payment term "Net 30" is ambiguous in NetSuite.')]


@pytest.mark.parametrize(
    ("change", "settings"),
    [
        ({"PaymentTerm": None}, {}),
        ({"Currency": "CHF"}, {}),
        ({"Subsidiary__NS": "nowhere"}, {}),
        ({"Subsidiary__NS": None}, {**ONE_WORLD, "default_subsidiary": "Parent"}),
        ({"Name": "x" * 83}, {}),
    ],
)
def test_validations_that_do_not_apply_do_not_hold(change: dict[str, Any], settings: dict[str, Any]) -> None:
    assert written(bench(change, settings))["companyName"]


def test_an_update_needs_no_subsidiary() -> None:
    assert written(bench({"Subsidiary__NS": None, "IntegrationId__NS": "900"}, ONE_WORLD))["companyName"]


def test_every_problem_tells_what_to_do_next() -> None:
    b = bench({"PaymentTerm": "x", "Currency": "x", "Subsidiary__NS": "x", "ParentId": "p", "BillToId": None, "Name": "n" * 300})
    b.settings = {**ONE_WORLD, "netsuite_multiple_currencies": "Yes"}
    plan = b.plan("acc1")
    assert [p.code for p in plan.problems] == ["ACCT-V1", "ACCT-V2", "ACCT-V4", "ACCT-V6", "ACCT-V8", "ACCT-V9"]
    assert all(p.advice for p in plan.problems)


@pytest.mark.parametrize("name", ['Finch & "Partners"', "Finch, Ltd"])
def test_a_quote_or_comma_in_the_name_is_remarked_on_and_does_not_block(name: str) -> None:
    plan = bench({"Name": name}).plan("acc1")
    assert [r.message for r in plan.remarks] == ["Account A0001: the name contains a double quote or comma."]


def test_a_default_tax_code_that_is_gone_is_remarked_on_and_left_out() -> None:
    plan = bench(settings={"netsuite_default_tax_code": "Gone"}).plan("acc1")
    assert [r.message for r in plan.remarks] == ['Default tax code "Gone" does not exist in NetSuite; it is ignored.']
    assert "taxItem" not in plan.requests[0].body


# -- mapping (2.5) -------------------------------------------------------------------------------------------------------

EVERYTHING = {
    "customer_account_number_mapping": "Use Number From Source Record",
    "netsuite_multiple_currencies": "Yes",
    "netsuite_subsidiaries": "Yes",
    "netsuite_default_tax_code": "Zero",
    "use_standard_invoice_sync": "No",
}
LINK = {
    C["Zuora ID"]: "acc1",
    C["Zuora Account Number"]: "A0001",
    C["Zuora Payment Term"]: "Net 30",
    C["Zuora Auto Pay"]: True,
    C["Zuora Batch"]: {"refName": "Batch7"},
    C["Zuora Bill Cycle Day"]: {"refName": "15"},
    C["Zuora Created Date"]: "2026-01-05T09:00:00Z",
    C["Zuora Updated Date"]: "2026-02-01T07:00:00Z",
    C["Zuora CRM ID"]: "crm-9",
    C["Zuora Customer Service Rep Name"]: "Csr",
    C["Zuora Account MRR"]: "1250.5",
    C["Zuora Purchase Order Number"]: "PO-1",
    C["Zuora Sales Rep"]: "Sales Rep",
    C["Zuora Tax Exempt Certificate ID"]: "CERT-1",
    C["Zuora Tax Exempt Status"]: "No",
    C["Zuora Default Payment Method"]: "CreditCard",
    C["Zuora Bill To ID"]: "bill1",
    C["Zuora Sold To ID"]: "sold1",
    C["Zuora Bill To Tax Region"]: "EU",
    C["Zuora Bill To Work Email"]: "dana@example.com",
    C["Zuora Sold To Work Email"]: "marcus@example.com",
    C["Zuora Sync Date"]: STAMP,
}
UPDATE = LINK | {
    "entityId": "A0001",
    "companyName": "Brightwater GmbH",
    "firstName": "Dana",
    "lastName": "Whitfield",
    "parent": {"id": "800"},
    "terms": {"id": "31"},
    "comments": "Some notes",
    "taxItem": {"id": "71"},
    "taxable": True,
    "vatRegNumber": "CERT-1",
    "email": "dana@example.com",
    "phone": "+49 221 1",
    "fax": "+49 221 2",
}
CREATE = UPDATE | {"isPerson": True, "currency": {"id": "4"}, "subsidiary": {"id": "3"}}


def full_bench(**settings: Any) -> Bench:
    b = bench({"ParentId": "acc0", **INDIVIDUAL}, {**EVERYTHING, **settings})
    b.zuora.put("Account", {"Id": "acc0", "AccountNumber": "A0000", "IntegrationId__NS": "800"})
    return b


@pytest.mark.parametrize(("when", "expected"), [("C", CREATE), ("U", UPDATE), ("L", LINK)])
def test_the_mapping_table_writes_exactly_these_values(when: str, expected: dict[str, Any]) -> None:
    b = full_bench()
    customer = b.record("acc1").data
    assert filled(customer_mapping.ROWS, when, customer, b.reference, "customer") == expected


@pytest.mark.parametrize("row", customer_mapping.ROWS, ids=lambda r: f"{r.source}-{r.target}-{r.when}")
def test_every_row_of_the_table_gives_a_value_in_the_test_above(row: Any) -> None:
    b = full_bench()
    customer = b.record("acc1").data
    for when in row.when:
        assert filled([row], when, customer, b.reference, "customer"), when


def test_a_create_carries_the_external_id_and_the_address_book() -> None:
    body = written(full_bench())
    assert body["externalId"] == "acc1"
    assert len(body["addressBook"]["items"]) == 2
    assert written(full_bench(external_id_prefixes="Yes"))["externalId"] == "ZACC-acc1"


@pytest.mark.parametrize(
    ("mapping", "on_create", "on_update"),
    [
        ("Use Number From Source Record", "A0001", "A0001"),
        ("Use Name From Source Record", "Brightwater GmbH", "Brightwater GmbH"),
        ("Let Destination Auto-Number", None, None),
    ],
)
def test_the_customer_number_follows_the_number_mapping(mapping: str, on_create: str | None, on_update: str | None) -> None:
    settings = {"customer_account_number_mapping": mapping}
    assert written(bench(settings=settings)).get("entityId") == on_create
    assert written(bench(LATE, settings)).get("entityId") == on_update
    kept = {**settings, "customer_account_number_update_behavior": "Do Not Allow Updates"}
    assert written(bench(None, kept)).get("entityId") == on_create
    assert written(bench(LATE, kept)).get("entityId") is None


@pytest.mark.parametrize(
    ("settings", "taxable", "vat"),
    [
        ({}, None, None),
        ({"use_standard_invoice_sync": "Yes - NetSuite Int'l Edition"}, None, None),
        ({"use_standard_invoice_sync": "No"}, True, "CERT-1"),
        ({"use_standard_invoice_sync": "No - Use NetSuite Avatax"}, True, "CERT-1"),
        ({"use_standard_invoice_sync": "No", "map_vat_id": "Yes"}, True, "DE123"),
        ({"map_vat_id": "Yes"}, None, "DE123"),
    ],
)
def test_tax_fields_depend_on_who_calculates_tax(settings: dict[str, Any], taxable: bool | None, vat: str | None) -> None:
    body = written(bench(settings=settings))
    assert (body.get("taxable"), body.get("vatRegNumber")) == (taxable, vat)


def test_an_exempt_account_is_not_taxable() -> None:
    assert written(bench({"TaxExemptStatus": "Yes"}, {"use_standard_invoice_sync": "No"}))["taxable"] is False


@pytest.mark.parametrize(("day", "label"), [(1, "1"), (30, "30"), (31, "31"), (0, None), (None, None)])
def test_the_bill_cycle_day_is_sent_as_its_label(day: int | None, label: str | None) -> None:
    sent = written(bench({"BillCycleDay": day})).get(C["Zuora Bill Cycle Day"])
    assert sent == ({"refName": label} if label else None)


def test_the_currency_is_not_sent_when_netsuite_has_one() -> None:
    assert "currency" not in written(bench())


def test_the_subsidiary_is_the_accounts_own_else_the_default_one() -> None:
    assert written(bench(settings=ONE_WORLD))["subsidiary"] == {"id": "3"}
    defaulted = bench({"Subsidiary__NS": None}, {**ONE_WORLD, "default_subsidiary": "Parent"})
    assert written(defaulted)["subsidiary"] == {"id": "1"}
    assert "subsidiary" not in written(bench())


def test_a_value_that_became_empty_is_not_sent() -> None:
    b = synced(bench())
    b.zuora.tables["Account"]["acc1"] |= {"Notes": "", "PurchaseOrderNumber": None, "UpdatedDate": "2026-02-02T00:00:00Z"}
    assert b.plan("acc1").write_back is False


def test_a_field_that_the_account_lacks_is_left_out_and_noted() -> None:
    b = bench()
    b.reference.fields["customer"] = fields_with(["companyName", C["Zuora ID"]], [], "custentity")
    step = b.step()
    plan = step.plan(step.refresh([Candidate("acc1", "", Selected("acc1").to_json())])[0], [])
    assert set(plan.requests[0].body) == {"externalId", "companyName"}
    assert "customer.comments" in step.context.dropped


def test_texts_beyond_netsuites_lengths_are_cut_and_said() -> None:
    plan = bench({"Notes": "n" * 5000, **INDIVIDUAL}, bill_to={"LastName": "L" * 100}).plan("acc1")
    assert [r.message for r in plan.remarks] == [
        "Account A0001: lastName was cut to 32 characters, NetSuite takes no more.",
        "Account A0001: comments was cut to 4000 characters, NetSuite takes no more.",
    ]
    assert len(plan.requests[0].body["comments"]) == 4000


NAMES = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=300) | st.sampled_from(
    ['"', ",", "O'Neil", "🦊" * 90]
)


@given(name=NAMES, mapping=st.sampled_from(["Use Name From Source Record", "Let Destination Auto-Number"]))
def test_any_name_ends_as_a_customer_or_as_one_clear_message(name: str, mapping: str) -> None:
    plan = bench({"Name": name}, {"customer_account_number_mapping": mapping}).plan("acc1")
    if len(name) > 83:
        assert [p.code for p in plan.problems] == ["ACCT-V9"]
    else:
        assert plan.requests[0].body["companyName"] == name


# -- actions and statuses (2.2, 2.4, 4) ----------------------------------------------------------------------------------


def test_a_new_account_is_created() -> None:
    plan = bench().plan("acc1")
    assert (plan.action, plan.in_progress, plan.error) == ("create", "Creating Customer", "Error Creating Customer")
    assert plan.requests[0].record_id is None
    assert (plan.write_back, plan.transferred, plan.check_amount) == (True, False, False)


@pytest.mark.parametrize("status", [None, "Creating Customer", "Linking Customer..."])
def test_an_account_whose_customer_is_there_already_is_only_written_back(status: str | None) -> None:
    b = bench({"IntegrationStatus__NS": status})
    b.netsuite.put("customer", "77", **{C["Zuora ID"]: "acc1"})
    plan = b.plan("acc1")
    assert isinstance(plan, Found)
    assert (plan.counterpart.id, plan.action, plan.write_back) == ("77", "recover", True)


def test_the_customer_is_found_by_its_external_id_too() -> None:
    b = bench()
    b.netsuite.put("customer", "78", externalId="acc1")
    assert b.plan("acc1").counterpart.id == "78"


def test_a_customer_found_after_an_error_is_brought_up_to_date_as_well() -> None:
    b = bench({"IntegrationStatus__NS": "Error Creating Customer"})
    b.netsuite.put("customer", "77", **{C["Zuora ID"]: "acc1"}, companyName="Old name")
    plan = b.plan("acc1")
    assert (plan.action, plan.destination_id, plan.write_back) == ("recover", "77", True)
    assert plan.requests[0].body["companyName"] == "Brightwater GmbH"
    b.settings = {"customer_account_sync_behavior": "Sync New Records Only"}
    assert isinstance(b.plan("acc1"), Found)


def test_two_customers_with_one_zuora_id_hold_the_account() -> None:
    b = bench()
    for internal_id in ("77", "78"):
        b.netsuite.put("customer", internal_id, **{C["Zuora ID"]: "acc1"})
    assert held(b) == [("ACCT-AMBIGUOUS", "Account A0001: 2 NetSuite customers carry this Zuora ID. Clear the duplicates first.")]


def test_an_update_sends_only_what_differs() -> None:
    b = synced(bench(settings=EVERYTHING))
    b.zuora.tables["Account"]["acc1"] |= {"Notes": "New notes", "UpdatedDate": "2026-02-10T00:00:00Z"}
    plan = b.plan("acc1")
    assert (plan.action, plan.in_progress, plan.error, plan.write_back) == ("update", "", "Error Updating Customer", False)
    assert plan.requests[0].body == {
        "comments": "New notes",
        C["Zuora Updated Date"]: "2026-02-10T00:00:00Z",
    }
    assert (plan.requests[0].record_id, plan.requests[0].replace, plan.destination_id) == ("900", (), "900")


@pytest.mark.parametrize(
    "held_value",
    [
        {"companyName": "  Brightwater   GmbH "},
        {"terms": {"id": 31, "refName": "Net 30", "links": []}},
        {"id": "900", C["Zuora Batch"]: {"id": "7", "refName": "Batch7"}},
        {"comments": "Some\nnotes"},
    ],
)
def test_nothing_is_sent_when_nothing_differs_after_normalisation(held_value: dict[str, Any]) -> None:
    b = synced(bench())
    b.netsuite.records["customer"]["900"] |= held_value
    b.zuora.tables["Account"]["acc1"]["UpdatedDate"] = "2026-02-11T00:00:00Z"
    plan = b.plan("acc1")
    assert isinstance(plan, Found)
    assert (plan.write_back, plan.action) == (False, "none")


def test_an_update_never_sends_type_currency_or_subsidiary() -> None:
    b = synced(bench(settings=EVERYTHING))
    b.netsuite.records["customer"]["900"] |= {"isPerson": True, "currency": {"id": "1"}, "subsidiary": {"id": "1"}}
    assert b.plan("acc1").write_back is False


@pytest.mark.parametrize("status", ["Error Updating Customer", None])
def test_a_successful_update_of_an_account_that_is_not_complete_completes_it(status: str | None) -> None:
    b = synced(bench(), IntegrationStatus__NS=status)
    assert b.plan("acc1").write_back is True
    b.netsuite.records["customer"]["900"]["companyName"] = "Other"
    plan = b.plan("acc1")
    assert (plan.action, plan.write_back) == ("update", True)


def test_a_customer_that_was_deleted_in_netsuite_ends_as_netsuites_refusal() -> None:
    b = bench({**LATE, "IntegrationStatus__NS": "Sync Complete"})
    plan = b.plan("acc1")
    assert plan.action == "update"
    assert plan.requests[0].record_id == "900"
    assert plan.requests[0].body["companyName"] == "Brightwater GmbH"


def test_a_customer_that_cannot_be_read_holds_only_its_account() -> None:
    b = synced(bench())
    b.netsuite.broken = {"900"}
    assert [message for _, message in held(b)] == ["Account A0001: NetSuite customer 900 could not be read: no answer"]


def test_a_link_writes_zuora_fields_only_and_validates_nothing() -> None:
    b = bench({**LATE, "PaymentTerm": "Net 37", "BillToId": None}, {"customer_account_sync_behavior": "Sync New Records Only"})
    plan = b.plan("acc1")
    assert (plan.action, plan.in_progress, plan.error) == ("link", "Linking Customer", "Error Linking Customer")
    assert (plan.destination_id, plan.write_back) == ("900", True)
    assert set(plan.requests[0].body) <= set(C.values())
    assert plan.requests[0].body[C["Zuora Payment Term"]] == "Net 37"
    assert not [call for call in b.netsuite.calls if call[0] == "read"]


# -- addresses -----------------------------------------------------------------------------------------------------------


def lines(b: Bench) -> list[dict[str, Any]]:
    return list(written(b)["addressBook"]["items"])


def test_the_address_book_has_exactly_these_two_lines() -> None:
    address = {
        "addressee": "Brightwater GmbH",
        "attention": "Dana Whitfield",
        "addr1": "Lindenstr. 14",
        "addr2": "2nd floor",
        "city": "Köln",
        "zip": "50667",
        "country": {"id": "DE"},
        "addrPhone": "+49 221 1",
    }
    bill_to = {"defaultBilling": True, "defaultShipping": False, "label": "Zuora Bill To Address", "addressBookAddress": address}
    sold_to = {
        "defaultBilling": False,
        "defaultShipping": True,
        "label": "Zuora Sold To Address",
        "addressBookAddress": address | {"attention": "Marcus Whitfield", "city": "Bonn"},
    }
    assert lines(bench()) == [bill_to, sold_to]


def test_the_same_contact_for_both_still_makes_two_lines() -> None:
    both = lines(bench({"SoldToId": "bill1"}))
    assert both[0]["addressBookAddress"] == both[1]["addressBookAddress"]
    assert [line["defaultShipping"] for line in both] == [False, True]


@pytest.mark.parametrize(
    ("account", "settings", "addressee", "attention"),
    [
        ({}, {}, "Brightwater GmbH", "Dana Whitfield"),
        (INDIVIDUAL, {}, "Dana Whitfield", None),
        ({}, {"address_style": "contact"}, "Dana Whitfield", None),
    ],
)
def test_addressee_and_attention_follow_style_and_type(
    account: dict[str, Any], settings: dict[str, Any], addressee: str, attention: str | None
) -> None:
    address = lines(bench(account, settings))[0]["addressBookAddress"]
    assert (address["addressee"], address.get("attention")) == (addressee, attention)


@pytest.mark.parametrize(
    ("country", "flag", "state"), [("United States", "No", "TX"), ("USA", "No", "TX"), ("Canada", "No", None), ("Canada", "Yes", "TX")]
)
def test_the_state_is_sent_for_the_united_states_unless_the_flag_is_set(country: str, flag: str, state: str | None) -> None:
    b = bench(None, {"send_state_all_countries": flag}, bill_to={"Country": country, "State": "TX"})
    assert lines(b)[0]["addressBookAddress"].get("state") == state


def test_an_unknown_country_is_remarked_on_and_left_out() -> None:
    plan = bench(None, None, bill_to={"Country": "Atlantis"}).plan("acc1")
    assert "country" not in plan.requests[0].body["addressBook"]["items"][0]["addressBookAddress"]
    assert [r.message for r in plan.remarks] == ['Account A0001: country "Atlantis" is not known; the address is sent without it.']


def test_a_changed_contact_replaces_the_whole_address_book() -> None:
    b = synced(bench())
    b.zuora.tables["Contact"]["sold1"]["City"] = "Aachen"
    plan = b.plan("acc1")
    assert plan.requests[0].replace == ("addressBook",)
    assert set(plan.requests[0].body) == {"addressBook"}


def test_addresses_added_by_hand_stay_while_no_contact_changes() -> None:
    b = synced(bench())
    book = b.netsuite.records["customer"]["900"]["addressBook"]
    mine = [line | {"id": n, "defaultBilling": False} for n, line in enumerate(book["items"])]
    by_hand = {"label": "Warehouse", "defaultBilling": True, "addressBookAddress": {"addr1": "Dock 4"}}
    b.netsuite.records["customer"]["900"]["addressBook"] = {"items": [*mine, by_hand]}
    b.zuora.tables["Account"]["acc1"]["Notes"] = "New"
    assert b.plan("acc1").requests[0].replace == ()


def test_a_state_that_netsuite_holds_as_its_code_does_not_differ() -> None:
    b = synced(bench(None, None, bill_to={"Country": "US", "State": "Texas"}))
    b.netsuite.records["customer"]["900"]["addressBook"]["items"][0]["addressBookAddress"]["state"] = "TX"
    assert b.plan("acc1").write_back is False


# -- through the engine --------------------------------------------------------------------------------------------------


def family(b: Bench) -> Bench:
    """acc1 is the child of top, itself a child of root; none of them is synced."""
    b.zuora.tables["Account"]["acc1"]["ParentId"] = "top"
    b.zuora.put("Account", {**ACCOUNT, "Id": "top", "AccountNumber": "A0100", "ParentId": "zroot"})
    b.zuora.put("Account", {**ACCOUNT, "Id": "zroot", "AccountNumber": "A0200"})
    return b


def test_a_family_is_created_in_one_batch_parents_first() -> None:
    b = family(bench())
    result = b.run()
    assert {r.outcome for r in result.results} == {Outcome.SYNCED}
    accounts, customers = b.zuora.tables["Account"], b.netsuite.records["customer"]
    ids = {i: accounts[i]["IntegrationId__NS"] for i in ("zroot", "top", "acc1")}
    assert customers[ids["acc1"]]["parent"] == {"id": ids["top"]}
    assert customers[ids["top"]]["parent"] == {"id": ids["zroot"]}
    assert "parent" not in customers[ids["zroot"]]
    assert accounts["acc1"]["IntegrationStatus__NS"] == "Sync Complete"
    assert accounts["acc1"]["SyncDate__NS"] == STAMP


def test_children_of_a_refused_parent_are_held_and_their_status_stays() -> None:
    b = family(bench())
    b.netsuite.refuse = lambda body: body.get(C["Zuora ID"]) == "top"
    outcomes = {r.source_id: r.outcome for r in b.run().results}
    assert outcomes == {"zroot": Outcome.SYNCED, "top": Outcome.REFUSED, "acc1": Outcome.HELD}
    assert b.zuora.tables["Account"]["top"]["IntegrationStatus__NS"] == "Error Creating Customer"
    assert "IntegrationStatus__NS" not in b.zuora.tables["Account"]["acc1"]
    assert b.ledger.facts["acc1"] == {"code": "ACCT-V6", "waits_for": "Account A0100"}


def test_children_of_a_held_parent_are_held() -> None:
    b = family(bench())
    b.zuora.tables["Account"]["top"]["PaymentTerm"] = "Net 37"
    result = b.run()
    assert {r.source_id: r.code for r in result.results if r.outcome is Outcome.HELD} == {"top": "ACCT-V1", "acc1": "ACCT-V6"}


def test_a_child_finds_the_parent_that_is_recovered_in_the_same_batch() -> None:
    b = family(bench())
    b.netsuite.put("customer", "77", **{C["Zuora ID"]: "top"})
    assert {r.source_id: r.outcome for r in b.run().results}["acc1"] is Outcome.SYNCED
    assert b.netsuite.records["customer"][b.zuora.tables["Account"]["acc1"]["IntegrationId__NS"]]["parent"] == {"id": "77"}


def test_parents_in_a_circle_are_held() -> None:
    b = family(bench())
    b.zuora.tables["Account"]["zroot"]["ParentId"] = "acc1"
    result = b.run()
    assert {r.code for r in result.results} == {"ACCT-V6"}
    assert len(result.results) == 3
    assert all("circle" in line.advice for line in result.lines)


def test_a_dry_run_says_what_would_happen_to_a_family_and_writes_nothing() -> None:
    b = family(bench())
    result = b.run(dry_run=True)
    assert [r.outcome for r in result.results] == [Outcome.SYNCED] * 3
    assert b.zuora.writes == []
    assert not [call for call in b.netsuite.calls if call[0] in ("create", "update")]


def test_the_status_goes_before_the_create_and_the_id_after_it() -> None:
    b = bench()
    b.run()
    assert [w.get("IntegrationStatus__NS") for w in b.zuora.writes] == ["Creating Customer", "Sync Complete"]
    assert "TransferredToAccounting" not in {k for w in b.zuora.writes for k in w}
    assert b.ledger.facts["acc1"]["seen"] == "2026-02-01T07:00:00.000Z"


def test_an_update_writes_nothing_in_zuora() -> None:
    b = synced(bench())
    b.zuora.tables["Account"]["acc1"]["Notes"] = "New"
    assert [r.outcome for r in b.run().results] == [Outcome.SYNCED]
    assert b.zuora.writes == []


def test_a_refused_update_leaves_an_error_status() -> None:
    b = synced(bench())
    b.zuora.tables["Account"]["acc1"]["Notes"] = "New"
    b.netsuite.refuse = lambda body: True
    assert [r.outcome for r in b.run().results] == [Outcome.REFUSED]
    assert [w["IntegrationStatus__NS"] for w in b.zuora.writes] == ["Error Updating Customer"]


def test_a_customer_number_that_is_taken_is_an_error_and_never_linked_by_name() -> None:  # C4
    b = bench(settings={"customer_account_number_mapping": "Use Name From Source Record"})
    b.netsuite.put("customer", "5", entityId="Brightwater GmbH")

    def refuse(body: Mapping[str, Any]) -> bool:
        raise AlreadyExists("This entity already exists.", service="NetSuite")

    b.netsuite.refuse = refuse
    assert [r.outcome for r in b.run().results] == [Outcome.REFUSED]
    assert b.zuora.tables["Account"]["acc1"]["IntegrationStatus__NS"] == "Error Creating Customer"


@pytest.mark.parametrize(
    ("settings", "more"),
    [
        ({}, set()),
        (ONE_WORLD, {"subsidiary"}),
        ({"netsuite_multiple_currencies": "Yes"}, {"currency"}),
        ({"netsuite_default_tax_code": "Zero"}, {"tax code"}),
    ],
)
def test_only_tables_that_the_settings_call_for_are_read(settings: dict[str, Any], more: set[str]) -> None:
    assert set(bench(settings=settings).step().needs) == {"term", "fields:customer"} | more
