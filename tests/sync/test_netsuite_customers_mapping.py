"""The mapping tables, row by row, in creates, updates and links (customer-accounts.md 3.5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync.builders import account as zuora_account
from tests.sync.builders import merged, zid
from tests.sync.customer_world import ANN, BO, STATUS, account, accounts, contacts, customer, messages, netsuite, ready, run
from tests.sync.memory import MemoryWorld
from tests.sync.world import World

rule = pytest.mark.rule
MAPPING, CONTACT = "customer-accounts.3.mapping.", "customer-accounts.3.mapping-contact."
NUMBER = {"customer_account_number_mapping": "Use Number From Source Record"}
METHODS = {"PaymentMethod": [{"Id": zid("check"), "Type": "Check"}, {"Id": zid("wire"), "Type": "WireTransfer"}]}
FULL = {
    "custentityzuoraautopay": True,
    "custentityzuoracrmid": "crm-9",
    "custentityzuoracustomerservicerepname": "Csr",
    "custentityzuorapurchaseordernumber": "PO-1",
    "custentityzuorasalesrep": "Rep",
    "custentityzuoradefaultpaymentmethod": "Check",
    "custentityzuorataxexemptstatus": "Yes",
    "custentityzuorataxexemptcertificateid": "CERT",
    "custentityzuorabilltotaxregion": "TX-1",
    "custentityzuorapaymentterm": "Net 45",
    "parent": {"id": "800"},
}
CREATED: dict[str, Any] = {
    "IntegrationId__NS": "801",
    "AccountNumber": "C-801",
    "CustomerId__NS": "C-801",
    "Name": "Company 801",
    "ParentId": zid("P"),
    "Batch": "Batch7",
    "BillCycleDay": 15,
    "Notes": "A note",
    "Currency": "EUR",
    "AllowInvoiceEdit": True,
    "PaymentTerm": "Net 45",
    "AutoPay": True,
    "CrmId": "crm-9",
    "CustomerServiceRepName": "Csr",
    "PurchaseOrderNumber": "PO-1",
    "SalesRepName": "Rep",
    "DefaultPaymentMethodId": zid("check"),
    "TaxExemptStatus": "Yes",
    "TaxExemptCertificateID": "CERT",
    "Status": "Active",
}
TAX = "zuora-tax-exempt-status-zuora-tax-exempt-certificate-id-to-account-taxexemptstatus-taxexemptcertificateid"
RULES = {
    "IntegrationId__NS": "internal-id-to-account-integrationid-ns",
    "AccountNumber": "customer-id-name-to-account-accountnumber",
    "CustomerId__NS": "customer-id-to-account-customerid-ns",
    "Name": "company-name-or-first-last-name-to-account-name",
    "ParentId": "parent-to-account-parentid",
    "Batch": "zuora-batch-to-account-batch",
    "BillCycleDay": "zuora-bill-cycle-day-to-account-billcycleday",
    "Notes": "comments-to-account-notes",
    "Currency": "currency-to-account-currency",
    "AllowInvoiceEdit": "to-account-allowinvoiceedit",
    "PaymentTerm": "zuora-payment-term-to-account-paymentterm",
    "AutoPay": "zuora-auto-pay-to-account-autopay",
    "CrmId": "zuora-crm-id-to-account-crmid",
    "CustomerServiceRepName": "zuora-customer-service-rep-name-to-account-customerservicerepname",
    "PurchaseOrderNumber": "zuora-purchase-order-number-to-account-purchaseordernumber",
    "SalesRepName": "zuora-sales-rep-to-account-salesrepname",
    "DefaultPaymentMethodId": "zuora-default-payment-method-to-account-defaultpaymentmethodid",
    "TaxExemptStatus": TAX,
    "TaxExemptCertificateID": TAX,
    "Status": "to-account-status",
}
ONLY_CREATED = ("IntegrationId__NS", "Currency", "AllowInvoiceEdit", "Status")
PARENT = customer("800", custentityzuoraid=zid("P"), **{STATUS: "Sync Complete"})
CHILD = customer("801", currency={"refName": "EUR"}, **FULL)


@pytest.fixture(scope="module")
def world(started_world: World) -> MemoryWorld:
    return MemoryWorld.of(started_world)


@pytest.fixture(scope="module")
def created(world: MemoryWorld) -> dict[str, Any]:
    ready(world, PARENT, CHILD, zuora=merged(zuora_account("P", name="Company 800"), METHODS), **NUMBER)
    run(world)
    return {**account(world, "801"), "contacts": contacts(world, "801"), "synced": netsuite(world, "801")["custentityzuorasyncdate"]}


@pytest.fixture(scope="module")
def updated(started_world: World, created: dict[str, Any]) -> dict[str, Any]:
    """An account that holds something else in every field."""
    world = MemoryWorld.of(started_world)
    other: dict[str, Any] = {
        "CrmId": "x",
        "Notes": "x",
        "Batch": "Batch1",
        "BillCycleDay": 1,
        "PaymentTerm": "Net 30",
        "SalesRepName": "x",
        "AutoPay": False,
    }
    synced = {**CHILD, "custentityzuoraid": zid("A1"), STATUS: "Sync Complete"}
    bare = zuora_account("A1", name="x", IntegrationId__NS="801", **other)
    ready(world, PARENT, synced, zuora=merged(zuora_account("P", name="Company 800"), bare, METHODS), **NUMBER)
    run(world)
    row = next(a for a in accounts(world) if a["Id"] == zid("A1"))
    people = {c["Id"]: c for c in world.zuora.dump()["Contact"]}
    return {**row, "contacts": (people[row["BillToId"]], people[row["SoldToId"]])}


@pytest.mark.parametrize("field", ruled(CREATED, RULES, MAPPING))
def test_create(created: dict[str, Any], field: str) -> None:
    assert created[field] == CREATED[field]


@pytest.mark.parametrize(
    "field", ruled([f for f in CREATED if f not in ONLY_CREATED], {k: v for k, v in RULES.items() if k not in ONLY_CREATED}, MAPPING)
)
def test_update(updated: dict[str, Any], field: str) -> None:
    assert updated[field] == CREATED[field]


@rule(f"{MAPPING}currency-to-account-currency", f"{MAPPING}zuora-id-to-account-id", "customer-accounts.1.rule.4")
def test_an_update_goes_to_the_account_of_the_zuora_id_and_leaves_its_currency(updated: dict[str, Any]) -> None:
    assert (updated["Id"], updated["Currency"]) == (zid("A1"), "USD")


@rule(f"{MAPPING}now-to-account-syncdate-ns", "custom-fields.1.1.field.sync-date")
def test_sync_date(created: dict[str, Any], updated: dict[str, Any]) -> None:
    made, marked = (datetime.fromisoformat(t) for t in (created["SyncDate__NS"], created["synced"]))
    assert timedelta(0) <= marked - made < timedelta(minutes=1)
    assert datetime.fromisoformat(updated["SyncDate__NS"]) > marked


PEOPLE = {
    "FirstName": ("Ann", "Bo", "addressee-to-firstname-lastname"),
    "LastName": ("Lee", "van Ek", "addressee-to-firstname-lastname"),
    "Address1": ("1 Main St", "2 Side St", "addr1-addr2-city-state-zip-country-to-address1-address2-city-state-postalcode-country"),
    "Address2": ("Floor 2", None, "addr1-addr2-city-state-zip-country-to-address1-address2-city-state-postalcode-country"),
    "City": ("Austin", "Dallas", "addr1-addr2-city-state-zip-country-to-address1-address2-city-state-postalcode-country"),
    "State": ("TX", "TX", "addr1-addr2-city-state-zip-country-to-address1-address2-city-state-postalcode-country"),
    "PostalCode": ("78701", "75001", "addr1-addr2-city-state-zip-country-to-address1-address2-city-state-postalcode-country"),
    "Country": ("US", "US", "addr1-addr2-city-state-zip-country-to-address1-address2-city-state-postalcode-country"),
    "WorkPhone": ("+1 512 555 0101", "+1 512 555 0101", "customer-phone-fax-to-workphone-fax"),
    "Fax": ("+1 512 555 0102", "+1 512 555 0102", "customer-phone-fax-to-workphone-fax"),
    "WorkEmail": ("ap@example.com", "it@example.com", "zuora-bill-to-work-email-zuora-sold-to-work-email-to-workemail"),
    "TaxRegion": ("TX-1", None, "zuora-bill-to-tax-region-to-taxregion"),
    "Description": ("Bill To Contact", "Sold To Contact", "fixed-text-to-description"),
}


SAME_IN_WORDS = {"State": "Texas", "Country": "United States"}


@pytest.mark.parametrize("field", ruled(PEOPLE, {f: row[2] for f, row in PEOPLE.items()}, CONTACT))
def test_contacts_of_a_create(created: dict[str, Any], field: str) -> None:
    """Zuora stores names of states and countries in place of their codes."""
    wanted = (SAME_IN_WORDS[field],) * 2 if field in SAME_IN_WORDS else PEOPLE[field][:2]
    assert tuple(c.get(field) for c in created["contacts"]) == wanted


@pytest.mark.parametrize("field", ruled(PEOPLE, {f: row[2] for f, row in PEOPLE.items()}, CONTACT))
def test_contacts_of_an_update(updated: dict[str, Any], field: str) -> None:
    """What Zuora holds in other words stays."""
    wanted = (SAME_IN_WORDS[field],) * 2 if field in SAME_IN_WORDS else PEOPLE[field][:2]
    assert tuple(c.get(field) for c in updated["contacts"]) == wanted


@rule(f"{CONTACT}zuora-id-to-accountid", f"{CONTACT}zuora-bill-to-id-zuora-sold-to-id-to-id", "customer-accounts.3.contacts.two")
def test_whose_contacts_they_are(created: dict[str, Any], updated: dict[str, Any]) -> None:
    assert [c["AccountId"] for c in created["contacts"]] == [created["Id"]] * 2
    assert created["BillToId"] != created["SoldToId"]
    assert [c["Id"] for c in updated["contacts"]] == [zid("A1 bill"), zid("A1 sold")]


@rule("customer-accounts.3.contacts.no-shipping-address", "customer-accounts.3.contacts.two")
def test_without_a_shipping_address_both_contacts_are_the_same(world: MemoryWorld) -> None:
    ready(world, customer("801", ANN, None))
    run(world)
    own = ("Id", "Description", "WorkEmail", "CreatedDate", "UpdatedDate")
    bill_to, sold_to = ({k: v for k, v in c.items() if k not in own} for c in contacts(world, "801"))
    assert bill_to == sold_to and account(world, "801")["BillToId"] != account(world, "801")["SoldToId"]


@rule("customer-accounts.3.contacts.name-rule")
@pytest.mark.parametrize(
    ("addressee", "first", "last"),
    [("Ann Lee", "Ann", "Lee"), ("Brightwater", "Brightwater", "Brightwater"), (" Ann  van der Lee", "Ann", "van der Lee")],
)
def test_name_rule(world: MemoryWorld, addressee: str, first: str, last: str) -> None:
    ready(world, customer("801", {**ANN, "addressee": addressee}, BO))
    run(world)
    bill_to, _ = contacts(world, "801")
    assert (bill_to["FirstName"], bill_to["LastName"]) == (first, last)


PERSON = {"isPerson": True, "firstName": "Tomasz", "lastName": "Wieczorek", "companyName": None}


@rule(f"{MAPPING}company-name-or-first-last-name-to-account-name")
def test_individuals(world: MemoryWorld) -> None:
    ready(world, customer("801", **PERSON))
    run(world)
    assert account(world, "801")["Name"] == "Tomasz Wieczorek"


@rule(f"{MAPPING}customer-id-name-to-account-accountnumber", "settings.key.customer_account_number_mapping")
@pytest.mark.parametrize(
    ("settings", "number"),
    [
        (NUMBER, "C 801 Lark"),
        ({"customer_account_number_mapping": "Use Name From Source Record"}, "Company 801"),
        ({"customer_account_number_mapping": "Let Destination Auto-Number"}, "A00000001"),
        pytest.param({**NUMBER, "de_concatenate_account_number": "Yes"}, "C", marks=rule("settings.key.de_concatenate_account_number")),
    ],
)
def test_account_number(world: MemoryWorld, settings: dict[str, str], number: str) -> None:
    ready(world, customer("801", entityId="C 801 Lark"), **settings)
    run(world)
    assert account(world, "801")["AccountNumber"] == number


@rule(f"{MAPPING}customer-id-name-to-account-accountnumber", "settings.key.customer_account_number_update_behavior")
@pytest.mark.parametrize(
    ("settings", "invoiced", "number"),
    [
        (NUMBER, False, "C 801"),
        (NUMBER, True, "C 801"),
        ({**NUMBER, "customer_account_number_update_behavior": "Do Not Allow Updates"}, False, "A1"),
        ({}, False, "A1"),
        pytest.param(
            {**NUMBER, "de_concatenate_account_number": "Yes"}, False, "C", marks=rule("settings.key.de_concatenate_account_number")
        ),
        pytest.param(
            {**NUMBER, "de_concatenate_account_number": "Yes"}, True, "A1", marks=rule("settings.key.de_concatenate_account_number")
        ),
    ],
)
def test_account_number_of_an_update(world: MemoryWorld, settings: dict[str, str], invoiced: bool, number: str) -> None:
    synced = customer("801", entityId="C 801", custentityzuoraid=zid("A1"), **{STATUS: "Sync Complete"})
    dated = {"LastInvoiceDate": "2026-01-01"} if invoiced else {}
    ready(world, synced, zuora=zuora_account("A1", IntegrationId__NS="801", **dated), **settings)
    run(world)
    assert (accounts(world)[0]["AccountNumber"], accounts(world)[0]["Name"]) == (number, "Company 801")


@rule(f"{MAPPING}zuora-payment-term-to-account-paymentterm")
def test_terms_stand_in_for_the_payment_term(world: MemoryWorld) -> None:
    ready(world, customer("801", terms={"refName": "Net 60"}), customer("802", custentityzuorapaymentterm="Net 15"))
    run(world)
    assert (account(world, "801")["PaymentTerm"], account(world, "802")["PaymentTerm"]) == ("Net 60", "Net 15")


@rule(f"{MAPPING}currency-to-account-currency", "settings.key.zuora_default_currency")
def test_the_default_currency_stands_in(world: MemoryWorld) -> None:
    world.netsuite.options.multiple_currencies = False
    try:
        ready(world, customer("801", currency=None), netsuite_multiple_currencies="No")
        world.settings(customer_account_master="NetSuite", netsuite_multiple_currencies="No", zuora_default_currency="GBP")
        run(world)
    finally:
        world.netsuite.options.multiple_currencies = True
    assert account(world, "801")["Currency"] == "GBP"


@rule(f"{MAPPING}{RULES['DefaultPaymentMethodId']}")
def test_default_payment_method(world: MemoryWorld) -> None:
    """An update prefers the account's own method; one that is not there is left unset and told, and nothing is paid automatically."""
    own = {"PaymentMethod": [{"Id": zid("own"), "Type": "CreditCard", "AccountId": zid("A1")}, {"Id": zid("tenant"), "Type": "CreditCard"}]}
    foreign = {"PaymentMethod": [{"Id": zid("foreign"), "Type": "ACH", "AccountId": zid("A1")}]}
    card = customer("801", custentityzuoraid=zid("A1"), custentityzuoradefaultpaymentmethod="creditcard", **{STATUS: "Sync Complete"})
    ach = customer("802", custentityzuoradefaultpaymentmethod="ACH", custentityzuoraautopay=True)
    ready(world, card, ach, zuora=merged(zuora_account("A1", IntegrationId__NS="801"), own, foreign))
    summary = run(world)
    assert account(world, "801")["DefaultPaymentMethodId"] == zid("own")
    assert messages(summary) == {"NSCUS-METHOD": 'Customer C-802: default payment method "ACH" was not found.'}
    assert account(world, "802")["AutoPay"] is False and "DefaultPaymentMethodId" not in account(world, "802")


@rule(f"{MAPPING}{TAX}")
@pytest.mark.parametrize("tax", ["No", "No - Use NetSuite Avatax", "Yes - NetSuite Int'l Edition"])
def test_tax_exemption_is_sent_only_where_zuora_calculates_tax(world: MemoryWorld, tax: str) -> None:
    ready(
        world,
        customer("801", custentityzuorataxexemptstatus="Yes", custentityzuorataxexemptcertificateid="C"),
        use_standard_invoice_sync=tax,
    )
    run(world)
    assert not {"TaxExemptStatus", "TaxExemptCertificateID"} & account(world, "801").keys()


@rule("customer-accounts.1.rule.3")
def test_what_became_empty_does_not_clear(world: MemoryWorld) -> None:
    synced = customer("801", comments=None, phone=None, custentityzuoraid=zid("A1"), **{STATUS: "Sync Complete"})
    ready(world, synced, zuora=zuora_account("A1", IntegrationId__NS="801", Notes="Kept", CrmId="Kept"))
    run(world)
    assert (accounts(world)[0]["Notes"], accounts(world)[0]["CrmId"]) == ("Kept", "Kept")


def test_long_texts_are_cut_and_told(world: MemoryWorld) -> None:
    ready(world, customer("801", custentityzuorasalesrep="x" * 60))
    assert messages(run(world)) == {"NSCUS-CUT": "Customer C-801: SalesRepName was cut to 50 characters, Zuora takes no more."}
    assert account(world, "801")["SalesRepName"] == "x" * 50
