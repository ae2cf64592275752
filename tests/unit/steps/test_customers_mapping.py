"""Zuora accounts -> NetSuite customers, the mapping table: customer-accounts.md section 2.5."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybridge.steps.master_data import customer_mapping
from tallybridge.steps.shared.mapping import filled
from tallybridge.sync.step import Candidate
from tallybridge.zuora.selection import Selected
from tests.rules.cases import ruled
from tests.unit.steps.customer_bench import INDIVIDUAL, LATE, ONE_WORLD, C, bench, full_bench, synced, written
from tests.unit.steps.master_fakes import STAMP, fields_with

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
    "phone": "+49 221 1000",
    "fax": "+49 221 2000",
}
CREATE = UPDATE | {"isPerson": True, "currency": {"id": "4"}, "subsidiary": {"id": "3"}}

TABLE = {
    "entityId": "account-accountnumber-or-account-name-to-entityid",
    "companyName": "account-name-to-companyname",
    "isPerson": "account-customertype-ns-to-isperson",
    "firstName": "billtocontact-firstname-lastname-to-firstname-lastname",
    "lastName": "billtocontact-firstname-lastname-to-firstname-lastname",
    "parent": "account-parentid-to-parent",
    "currency": "account-currency-to-currency",
    "terms": "account-paymentterm-to-terms",
    C["Zuora Payment Term"]: "account-paymentterm-to-zuora-payment-term",
    "comments": "account-notes-to-comments",
    "subsidiary": "account-subsidiary-ns-to-subsidiary",
    "taxItem": "setting-netsuite-default-tax-code-to-tax-item",
    "taxable": "account-taxexemptstatus-to-istaxable",
    "vatRegNumber": "account-taxexemptcertificateid-to-vatregnumber",
    "email": "billtocontact-workemail-to-email",
    "phone": "billtocontact-workphone-to-phone",
    "fax": "billtocontact-fax-to-fax",
    C["Zuora ID"]: "account-id-to-zuora-id",
    C["Zuora Account Number"]: "account-accountnumber-to-zuora-account-number",
    C["Zuora Auto Pay"]: "account-autopay-to-zuora-auto-pay",
    C["Zuora Batch"]: "account-batch-to-zuora-batch",
    C["Zuora Bill Cycle Day"]: "account-billcycleday-to-zuora-bill-cycle-day",
    C["Zuora Created Date"]: "account-createddate-account-updateddate-to-zuora-created-date-zuora-updated-date",
    C["Zuora Updated Date"]: "account-createddate-account-updateddate-to-zuora-created-date-zuora-updated-date",
    C["Zuora CRM ID"]: "account-crmid-to-zuora-crm-id",
    C["Zuora Customer Service Rep Name"]: "account-customerservicerepname-to-zuora-customer-service-rep-name",
    C["Zuora Account MRR"]: "account-mrr-to-zuora-account-mrr",
    C["Zuora Purchase Order Number"]: "account-purchaseordernumber-to-zuora-purchase-order-number",
    C["Zuora Sales Rep"]: "account-salesrepname-to-zuora-sales-rep",
    C["Zuora Tax Exempt Certificate ID"]: (
        "account-taxexemptcertificateid-taxexemptstatus-to-zuora-tax-exempt-certificate-id-zuora-tax-exempt-status"
    ),
    C["Zuora Tax Exempt Status"]: (
        "account-taxexemptcertificateid-taxexemptstatus-to-zuora-tax-exempt-certificate-id-zuora-tax-exempt-status"
    ),
    C["Zuora Default Payment Method"]: "defaultpaymentmethod-type-to-zuora-default-payment-method",
    C["Zuora Bill To ID"]: "billtocontact-id-soldtocontact-id-to-zuora-bill-to-id-zuora-sold-to-id",
    C["Zuora Sold To ID"]: "billtocontact-id-soldtocontact-id-to-zuora-bill-to-id-zuora-sold-to-id",
    C["Zuora Bill To Tax Region"]: "billtocontact-taxregion-to-zuora-bill-to-tax-region",
    C["Zuora Bill To Work Email"]: "billtocontact-workemail-soldtocontact-workemail-to-zuora-bill-to-work-email-zuora-sold-to-work-email",
    C["Zuora Sold To Work Email"]: "billtocontact-workemail-soldtocontact-workemail-to-zuora-bill-to-work-email-zuora-sold-to-work-email",
    C["Zuora Sync Date"]: "now-to-zuora-sync-date",
}

EXEMPT, EMAILS = "zuora-tax-exempt-certificate-id-zuora-tax-exempt-status", "zuora-bill-to-work-email-zuora-sold-to-work-email"
DATES = "zuora-created-date-zuora-updated-date-zuora-sync-date"
SHARED = {"Zuora Tax Exempt Certificate ID": EXEMPT, "Zuora Tax Exempt Status": EXEMPT}
SHARED |= {"Zuora Bill To Work Email": EMAILS, "Zuora Sold To Work Email": EMAILS}
SHARED |= dict.fromkeys(("Zuora Created Date", "Zuora Updated Date", "Zuora Sync Date"), DATES)
SHARED |= dict.fromkeys(("Zuora Bill To ID", "Zuora Sold To ID"), "zuora-bill-to-id-zuora-sold-to-id")
FIELDS = {script_id: SHARED.get(label, label.lower().replace(" ", "-")) for label, script_id in C.items()}
RULES = {name: (row, f"custom-fields.2.3.field.{FIELDS[name]}") if name in FIELDS else row for name, row in TABLE.items()}


@pytest.mark.parametrize("field", ruled(CREATE, RULES, "customer-accounts.2.mapping."))
def test_each_row_of_the_table_is_written_on_create_update_and_link_as_its_column_says(field: str) -> None:
    b = full_bench()
    customer = b.record("acc1").data
    for when, expected in (("C", CREATE), ("U", UPDATE), ("L", LINK)):
        assert filled(customer_mapping.ROWS, when, customer, b.reference, "customer").get(field) == expected.get(field), when


@pytest.mark.rule("customer-accounts.2.mapping.account-status-to-isinactive", "customer-accounts.2.mapping.to-entitystatus")
def test_neither_activity_nor_stage_is_sent() -> None:
    b = full_bench()
    b.reference.fields["customer"] = fields_with([*CREATE, "isInactive", "entityStatus", "addressBook"], dict.fromkeys(C), "custentity")
    assert {"isInactive", "entityStatus"}.isdisjoint(written(b))


@pytest.mark.rule("customer-accounts.2.classifications-not-written", "classifications.3.value.customer")
def test_classifications_are_not_written_on_the_customer() -> None:
    b = bench({"Class__NS": "Software", "Department__NS": "Sales", "Location__NS": "Americas"}, {"default_class": "Services"})
    known = [*CREATE, "class", "department", "location", "addressBook"]
    b.reference.fields["customer"] = fields_with(known, dict.fromkeys(C), "custentity")
    assert {"class", "department", "location"}.isdisjoint(written(b))


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


@pytest.mark.rule("settings.key.external_id_prefixes")
def test_a_create_carries_the_external_id_and_the_address_book() -> None:
    body = written(full_bench())
    assert body["externalId"] == "acc1"
    assert len(body["addressBook"]["items"]) == 2
    assert written(full_bench(external_id_prefixes="Yes"))["externalId"] == "ZACC-acc1"


@pytest.mark.rule(
    "customer-accounts.2.mapping.account-accountnumber-or-account-name-to-entityid",
    "settings.key.customer_account_number_mapping",
    "settings.key.customer_account_number_update_behavior",
)
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


@pytest.mark.rule(
    "customer-accounts.2.mapping.account-vatid-to-vatregnumber",
    "customer-accounts.2.mapping.account-taxexemptcertificateid-to-vatregnumber",
    "customer-accounts.2.mapping.account-taxexemptstatus-to-istaxable",
    "settings.key.map_vat_id",
)
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


@pytest.mark.rule("customer-accounts.2.mapping.account-taxexemptstatus-to-istaxable")
def test_an_exempt_account_is_not_taxable() -> None:
    assert written(bench({"TaxExemptStatus": "Yes"}, {"use_standard_invoice_sync": "No"}))["taxable"] is False


@pytest.mark.rule("customer-accounts.2.mapping.account-billcycleday-to-zuora-bill-cycle-day")
@pytest.mark.parametrize(("day", "label"), [(1, "1"), (30, "30"), (31, "31"), (0, None), (None, None)])
def test_the_bill_cycle_day_is_sent_as_its_label(day: int | None, label: str | None) -> None:
    sent = written(bench({"BillCycleDay": day})).get(C["Zuora Bill Cycle Day"])
    assert sent == ({"refName": label} if label else None)


@pytest.mark.rule("customer-accounts.2.mapping.account-currency-to-currency")
def test_the_currency_is_not_sent_when_netsuite_has_one() -> None:
    assert "currency" not in written(bench())


@pytest.mark.rule(
    "customer-accounts.2.mapping.account-subsidiary-ns-to-subsidiary",
    "classifications.4.subsidiary.customer-create",
    "settings.key.default_subsidiary",
    "custom-fields.1.2.field.netsuite-subsidiary",
)
@pytest.mark.rule("settings.key.netsuite_subsidiaries")
def test_the_subsidiary_is_the_accounts_own_else_the_default_one() -> None:
    assert written(bench(settings=ONE_WORLD))["subsidiary"] == {"id": "3"}
    defaulted = bench({"Subsidiary__NS": None}, {**ONE_WORLD, "default_subsidiary": "Parent"})
    assert written(defaulted)["subsidiary"] == {"id": "1"}
    assert "subsidiary" not in written(bench())


@pytest.mark.rule("customer-accounts.1.rule.3")
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
