"""Accounts made step by step: draft, two contacts, active (spec sections 12.1, 12.2 and 12.7)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standins.zuora.tenant import CHECK, Tenant, rid, running
from tests.standins.zuora.test_accounts import account_body
from tests.standins.zuora.test_mode_a_objects import make, refusal
from tests.standins.zuora.test_payments import code

DRAFT = {
    "Name": "New Ltd",
    "AccountNumber": "NS-1007",
    "Currency": "USD",
    "BillCycleDay": 1,
    "Batch": "Batch1",
    "Status": "Draft",
    "AllowInvoiceEdit": True,
    "PaymentTerm": "Net 30",
    "IntegrationId__NS": "1007",
}


def contact(account: str, role: str) -> dict[str, Any]:
    return {"AccountId": account, "FirstName": "Ann", "LastName": "Lee", "Country": "US", "Description": f"{role} Contact"}


def test_draft_contacts_active(unsettled: Tenant) -> None:
    account = make(unsettled, "account", DRAFT)
    assert refusal(unsettled, "PUT", f"account/{account}", {"Status": "Active"}) == "MISSING_REQUIRED_VALUE"
    bill_to = make(unsettled, "contact", contact(account, "Bill To"))
    assert refusal(unsettled, "PUT", f"account/{account}", {"BillToId": bill_to, "Status": "Active"}) == "MISSING_REQUIRED_VALUE"
    sold_to = make(unsettled, "contact", contact(account, "Sold To"))
    done = unsettled.put(f"/v1/object/account/{account}", {"BillToId": bill_to, "SoldToId": sold_to, "Status": "Active"})
    assert done == {"Success": True, "Id": account}
    row = unsettled.zoql("select Status, BillToId, SoldToId, AllowInvoiceEdit from Account where IntegrationId__NS = '1007'")["records"][0]
    assert (row["Status"], row["BillToId"], row["SoldToId"], row["AllowInvoiceEdit"]) == ("Active", bill_to, sold_to, True)
    assert unsettled.get(f"/v1/accounts/{account}")["billToContact"]["id"] == bill_to
    assert refusal(unsettled, "PUT", f"account/{account}", {"Status": "Draft"}) == "INVALID_VALUE"
    assert unsettled.put(f"/v1/object/contact/{sold_to}", {"City": "Austin"})["Success"]
    assert unsettled.get(f"/v1/object/contact/{sold_to}")["City"] == "Austin"


def test_the_same_in_batches_with_invoice_settlement(settled: Tenant) -> None:
    def batch(verb: str, kind: str, *objects: dict[str, Any]) -> list[str]:
        results = settled.post(f"/v1/action/{verb}", {"type": kind, "objects": list(objects)})
        assert all(r["Success"] for r in results), results
        return [r["Id"] for r in results]

    accounts = batch("create", "Account", DRAFT, {**DRAFT, "AccountNumber": "NS-1008"})
    contacts = batch("create", "Contact", *(contact(a, r) for a in accounts for r in ("Bill To", "Sold To")))
    links = [{"Id": a, "BillToId": contacts[2 * n], "SoldToId": contacts[2 * n + 1], "Status": "Active"} for n, a in enumerate(accounts)]
    assert batch("update", "Account", *links) == accounts


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"Status": "Active"}, "MISSING_REQUIRED_VALUE"),
        ({"Currency": "XXX"}, "INVALID_VALUE"),
        ({"PaymentTerm": "Net 37"}, "INVALID_VALUE"),
        ({"Batch": "Batch51"}, "INVALID_VALUE"),
        ({"BillCycleDay": 32}, "INVALID_VALUE"),
        ({"AutoPay": True}, "MISSING_REQUIRED_VALUE"),
        ({"AccountNumber": "A-1"}, "DUPLICATE_VALUE"),
        ({"ParentId": rid("a", 99)}, "INVALID_VALUE"),
        ({"BillToId": rid("c")}, "INVALID_VALUE"),
        ({"Batch": None}, "MISSING_REQUIRED_VALUE"),
        ({"Balance": 5}, "INVALID_FIELD"),
    ],
)
def test_wrong_accounts(settled: Tenant, change: dict[str, Any], wanted: str) -> None:
    before = settled.stand_in.dump()
    assert refusal(settled, "POST", "account", {**DRAFT, **change}) == wanted
    assert settled.stand_in.dump() == before


@pytest.mark.parametrize(("name", "value"), [("paymentTerm", "Net 37"), ("currency", "XXX"), ("batch", "Batch51"), ("billCycleDay", 32)])
def test_the_one_call_knows_the_same_lists(settled: Tenant, name: str, value: object) -> None:
    assert code(settled.post("/v1/accounts", account_body(**{name: value}))) == 20
    assert settled.post("/v1/accounts", account_body())["success"] is True


def test_terms_and_currencies_of_loaded_accounts_are_active(settled: Tenant) -> None:
    settled.load(Account=[{"Name": "Old", "Currency": "NOK", "PaymentTerm": "Net 37"}])
    make(settled, "account", {**DRAFT, "Currency": "NOK", "PaymentTerm": "Net 37"})


def test_the_lists_are_options() -> None:
    with running(payment_terms=("Net 7",), currencies=("SEK",)) as tenant:
        make(tenant, "account", {**DRAFT, "Currency": "SEK", "PaymentTerm": "Net 7"})
        for wrong in ({"Currency": "SEK"}, {"PaymentTerm": "Net 7"}):
            assert refusal(tenant, "POST", "account", {**DRAFT, **wrong, "AccountNumber": "NS-1008"}) == "INVALID_VALUE"


def test_payment_methods_of_the_whole_tenant_have_no_account(settled: Tenant) -> None:
    settled.load(PaymentMethod=[{"Id": rid("9", 2), "AccountId": rid("a"), "Type": "CreditCard"}])
    rows = settled.zoql("select Id, Name, Type, AccountId from PaymentMethod")["records"]
    assert {(r["Type"], r.get("AccountId")) for r in rows} == {("Check", None), ("CreditCard", rid("a"))}
    found = settled.get("/object-query/payment-methods", **{"filter[]": "type.EQ:Check"})["data"]
    assert [f["id"] for f in found] == [CHECK["Id"]]
    settled.clock.move(6)
    assert settled.sql("SELECT id FROM paymentmethod WHERE accountid IS NULL") == [{"id": CHECK["Id"]}]
    account = make(settled, "account", {**DRAFT, "AutoPay": True, "DefaultPaymentMethodId": CHECK["Id"]})
    assert settled.get(f"/v1/object/account/{account}")["DefaultPaymentMethodId"] == CHECK["Id"]


def test_fields_of_the_tenant_itself_are_written_and_read_everywhere() -> None:
    custom = {"Account": ("Region__c",), "Payment": ("Branch__c",), "InvoiceItemAdjustment": ("Origin__NS", "Transaction__NS")}
    with running(custom_fields=custom, settlement=False) as tenant:
        account = make(tenant, "account", {**DRAFT, "Region__c": "North"})
        assert tenant.zoql("select Region__c from Account where Region__c = 'North'")["size"] == 1
        assert tenant.get(f"/v1/accounts/{account}")["basicInfo"]["Region__c"] == "North"
        tenant.clock.move(6)
        assert tenant.sql("SELECT region__c FROM account") == [{"region__c": "North"}]
        shown = tenant.call("GET", "/v1/describe/InvoiceItemAdjustment").text
        assert "<name>Transaction__NS</name>" in shown
