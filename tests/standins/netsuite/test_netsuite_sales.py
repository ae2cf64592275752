"""Invoices, credit memos and sales orders: sourcing, amounts, taxes, periods, revenue dates."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.netsuite.habits import Habits
from tests.standins.netsuite.account import ITEM, STRICT, Account, error_of, path_of


def try_invoice(ns: Account, customer: str, line: dict[str, Any], **values: Any) -> Any:
    return ns.record("POST", "invoice", {"entity": customer, "tranDate": "2026-01-31", "item": {"items": [line]}, **values})


def test_invoice_takes_over_what_the_customer_and_item_say(ns: Account) -> None:
    customer = ns.customer(terms={"refName": "Net 30"}, subsidiary="3", email="ap@acme.example")
    item = ns.item(
        location="2", department="1", salesDescription="A licence", incomeAccount={"refName": "Subscription Revenue : Recurring"}
    )
    invoice = ns.invoice(customer, item)
    found = ns.whole(f"invoice/{invoice}")
    shown = {n: found[n].get("refName") for n in ("subsidiary", "currency", "terms", "account", "postingPeriod", "status")}
    assert shown == {
        "subsidiary": "Parent Company : Europe Operations",
        "currency": "Euro",
        "terms": "Net 30",
        "account": "1100 Accounts Receivable",
        "postingPeriod": "Jan 2026",
        "status": "Open",
    }
    assert (found["dueDate"], found["exchangeRate"]) == ("2026-03-02", 1.1)
    line = found["item"]["items"][0]
    assert (line["description"], line["location"]["id"], line["department"]["id"]) == ("A licence", "2", "1")
    assert line["account"]["refName"].endswith("Subscription Revenue : Recurring")


def test_given_due_date_and_date_default(ns: Account) -> None:
    customer, item = ns.customer(terms="3"), ns.item()
    assert ns.get(f"invoice/{ns.invoice(customer, item, dueDate='2026-02-10')}")["dueDate"] == "2026-02-10"
    number = ns.create("invoice", {"entity": customer, "item": {"items": [{"item": item, "amount": 1}]}})
    assert ns.get(f"invoice/{number}")["tranDate"] == "2026-02-15"


@pytest.mark.parametrize(
    ("line", "amount", "rate"),
    [
        ({"amount": 100}, 100, 100),
        ({"quantity": 4, "amount": 100}, 100, 25),
        ({"quantity": 3, "rate": 33.335}, 100.01, 33.335),
        ({"quantity": 3}, 60, 20),
        ({"quantity": 2, "price": {"id": "-1"}, "amount": 7}, 7, 3.5),
        ({"amount": -12.345}, -12.35, -12.345),
    ],
)
def test_line_amounts(ns: Account, line: dict[str, Any], amount: float, rate: float) -> None:
    customer, item = ns.customer(), ns.item(rate=20)
    other = {"item": ns.item("Base"), "amount": 1000}
    number = ns.create("invoice", {"entity": customer, "item": {"items": [{"item": item, **line}, other]}})
    found = ns.whole(f"invoice/{number}")
    assert (found["item"]["items"][0]["amount"], found["item"]["items"][0]["rate"]) == (amount, rate)
    assert found["total"] == pytest.approx(1000 + amount)


def test_line_without_any_price_needs_an_amount(ns: Account) -> None:
    answer = try_invoice(ns, ns.customer(), {"item": ns.item(), "quantity": 2})
    assert (error_of(answer)[2], path_of(answer)) == (
        "Error while accessing a resource. Please enter value(s) for: Amount",
        "item.items[0].amount",
    )


def test_price_matrix_gives_the_price_in_the_currency(ns: Account) -> None:
    prices = [{"currencyPage": "1", "priceLevel": "1", "price": 20}, {"currencyPage": "2", "priceLevel": "1", "price": 18}]
    item = ns.item(price={"items": prices})
    customer = ns.customer(subsidiary="3")
    number = ns.create("invoice", {"entity": customer, "item": {"items": [{"item": item, "quantity": 2}]}})
    assert ns.get(f"invoice/{number}")["total"] == 36


def test_amounts_are_rounded_to_the_currency(ns: Account) -> None:
    customer = ns.customer(currency={"refName": "JPY"})
    invoice = ns.invoice(customer, ns.item(), 100.5, 0.4)
    assert [line["amount"] for line in ns.whole(f"invoice/{invoice}")["item"]["items"]] == [101, 0]


def test_amounts_are_exact(ns: Account) -> None:
    invoice = ns.invoice(ns.customer(), ns.item(), *[0.1] * 30)
    assert ns.get(f"invoice/{invoice}")["total"] == 3


def test_currency_must_be_one_of_the_customers(ns: Account) -> None:
    customer, item = ns.customer(currencyList={"items": [{"currency": "3"}]}), ns.item()
    assert ns.get(f"invoice/{ns.invoice(customer, item, currency='3')}")["currency"]["refName"] == "British pound"
    assert path_of(try_invoice(ns, customer, {"item": item, "amount": 1}, currency="2")) == "currency"


def test_a_currency_that_is_switched_off_takes_no_new_transactions(ns: Account) -> None:
    customer, item = ns.customer(currency={"refName": "EUR"}), ns.item()
    before = ns.invoice(customer, item)
    ns.record("PATCH", "currency/2", {"isInactive": True})
    assert "EUR is inactive" in error_of(try_invoice(ns, customer, {"item": item, "amount": 1}))[2]
    assert ns.record("PATCH", f"invoice/{before}", {"memo": "as before"}).status_code == 204
    rows = ns.rows("SELECT symbol, currencyprecision AS digits, isinactive AS off, isbasecurrency AS base FROM currency ORDER BY id")
    assert [(r["symbol"], r["digits"], r["off"], r["base"]) for r in rows] == [
        ("USD", "2", "F", "T"),
        ("EUR", "2", "T", "F"),
        ("GBP", "2", "F", "F"),
        ("JPY", "0", "F", "F"),
    ]


def test_negative_total_is_refused_but_negative_lines_are_not(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    assert ns.get(f"invoice/{ns.invoice(customer, item, 10, -4)}")["total"] == 6
    assert "may not be negative" in error_of(try_invoice(ns, customer, {"item": item, "amount": -1}))[2]


def test_zero_invoice_is_paid_in_full(ns: Account) -> None:
    assert ns.get(f"invoice/{ns.invoice(ns.customer(), ns.item(), 0)}")["status"]["refName"] == "Paid In Full"


def test_inactive_customer_and_item_are_refused(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    ns.record("PATCH", f"serviceSaleItem/{item}", {"isInactive": True})
    assert "inactive" in error_of(try_invoice(ns, customer, {"item": item, "amount": 1}))[2]
    ns.record("PATCH", f"serviceSaleItem/{item}", {"isInactive": False})
    ns.record("PATCH", f"customer/{customer}", {"isInactive": True})
    assert "inactive" in error_of(try_invoice(ns, customer, {"item": item, "amount": 1}))[2]


def test_item_without_income_account_cannot_be_sold(ns: Account) -> None:
    customer = ns.customer()
    assert ns.get(f"serviceSaleItem/{ns.item('Default')}")["incomeAccount"]["refName"] == "4000 Sales"
    answer = try_invoice(ns, customer, {"item": ns.item("Forced empty", incomeAccount=None), "amount": 1})
    assert "has no income account" in error_of(answer)[2] and path_of(answer) == "item.items[0].item"
    ns.options.default_income_account = False
    assert "incomeAccount" not in ns.get(f"serviceSaleItem/{ns.item('No default')}")


@pytest.mark.parametrize("account", ["1000", "1100"])
def test_income_account_must_be_an_income_account(ns: Account, account: str) -> None:
    number = ns.rows("SELECT id FROM account WHERE acctnumber = ?", account)[0]["id"]
    body = {"itemId": "X", **ITEM, "incomeAccount": number}
    assert path_of(ns.record("POST", "serviceSaleItem", body)) == "incomeAccount"


def test_item_must_be_available_in_the_subsidiary(ns: Account) -> None:
    item = ns.item(subsidiary={"items": [{"id": "2"}]})
    assert ns.invoice(ns.customer(), item)
    answer = try_invoice(ns, ns.customer(companyName="EU", subsidiary="3"), {"item": item, "amount": 1})
    assert path_of(answer) == "item.items[0].item"


def test_location_must_be_available_in_the_subsidiary(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    assert path_of(try_invoice(ns, customer, {"item": item, "amount": 1}, location={"refName": "Europe"})) == "location"
    assert path_of(try_invoice(ns, customer, {"item": item, "amount": 1, "location": "5"})) == "item.items[0].location"
    nested = {"refName": "Americas : North America : Eastern"}
    assert ns.get(f"invoice/{ns.invoice(customer, item, location=nested)}")["location"]["id"] == "3"


def test_subsidiary_comes_from_the_customer_alone(ns: Account) -> None:
    assert path_of(try_invoice(ns, ns.customer(), {"item": ns.item(), "amount": 1}, subsidiary="3")) == "subsidiary"


def test_line_without_an_item_is_refused(ns: Account) -> None:
    answer = try_invoice(ns, ns.customer(), {"amount": 1})
    assert error_of(answer)[2].endswith("Please enter value(s) for: Item")


def period(ns: Account, name: str) -> str:
    return ns.rows("SELECT id FROM accountingperiod WHERE periodname = ?", name)[0]["id"]


@pytest.mark.parametrize("flag", ["closed", "arLocked", "allLocked"])
def test_closed_period_is_refused(ns: Account, flag: str) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item)
    ns.options.non_gl_changes = True
    ns.load({"accountingPeriod": [{"id": period(ns, "Jan 2026"), flag: True, "allowNonGLChanges": True}]})
    status, code, text = error_of(try_invoice(ns, customer, {"item": item, "amount": 1}))
    assert (status, code) == (400, "USER_ERROR") and "the posting period Jan 2026 is closed" in text
    changed = ns.record("PATCH", f"invoice/{invoice}", {"item": {"items": [{"line": 1, "amount": 2}]}})
    assert "is closed" in error_of(changed)[2]
    assert "is closed" in error_of(ns.record("DELETE", f"invoice/{invoice}"))[2]
    assert ns.record("PATCH", f"invoice/{invoice}", {"memo": "x", "custbodyzuorasyncdate": "2026"}).status_code == 204


def test_date_outside_all_periods_is_refused(ns: Account) -> None:
    answer = try_invoice(ns, ns.customer(), {"item": ns.item(), "amount": 1}, tranDate="2019-12-31")
    assert "no accounting period" in error_of(answer)[2] and path_of(answer) == "tranDate"


@pytest.mark.parametrize(
    ("header", "item_taxable", "tax"),
    [
        ({}, True, 0),
        ({"isTaxable": True, "taxItem": {"refName": "Sales Tax 8%"}}, True, 8),
        ({"isTaxable": True, "taxItem": {"refName": "Sales Tax 8%"}}, False, 0),
        ({"isTaxable": False, "taxItem": {"refName": "Sales Tax 8%"}}, True, 0),
        ({"isTaxable": True, "taxItem": {"refName": "Zero Rate"}}, True, 0),
    ],
)
def test_tax_is_added_when_document_and_line_are_taxable(ns: Account, header: dict[str, Any], item_taxable: bool, tax: float) -> None:
    invoice = ns.invoice(ns.customer(), ns.item(isTaxable=item_taxable), 100, **header)
    found = ns.get(f"invoice/{invoice}")
    assert (found["subtotal"], found["taxTotal"], found["total"]) == (100, tax, 100 + tax)


def test_taxable_customer_makes_taxable_documents(ns: Account) -> None:
    customer, item = ns.customer(taxable=True, taxItem={"refName": "VAT 19%"}), ns.item(isTaxable=True)
    assert ns.get(f"invoice/{ns.invoice(customer, item)}")["taxTotal"] == 19
    assert ns.get(f"invoice/{ns.invoice(customer, item, isTaxable=False)}")["taxTotal"] == 0


def test_an_account_has_one_kind_of_tax_fields(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    body = {"entity": customer, "item": {"items": [{"item": item, "amount": 100}]}}
    suite, legacy = {**body, "taxDetailsOverride": True}, {**body, "taxItem": {"id": "2"}, "isTaxable": True}
    for model, taken, refused in (("legacy", legacy, suite), ("suitetax", suite, legacy)):
        ns.stand_in.options.tax_model = model  # type: ignore[assignment]
        ns.stand_in.tenant.catalog.reset()
        assert ns.record("POST", "invoice", taken, headers=STRICT).status_code == 204
        answer = ns.record("POST", "invoice", refused, headers=STRICT)
        assert answer.status_code == 400 and "Unknown property" in answer.text


def test_with_vat_the_code_of_the_line_decides(ns: Account) -> None:
    """A customer who is not taxable is known in the edition of the United States alone."""
    customer, item = ns.customer(taxable=False), ns.item()
    line = {"item": item, "amount": 100, "taxCode": {"id": "3"}}
    body = {"entity": customer, "item": {"items": [line]}}
    for model, tax in (("legacy", 0), ("vat", 19)):
        ns.stand_in.options.tax_model = model  # type: ignore[assignment]
        ns.stand_in.tenant.catalog.reset()
        assert ns.get(f"invoice/{ns.create('invoice', body)}")["taxTotal"] == tax
    assert "Unknown property" in ns.record("POST", "invoice", {**body, "isTaxable": False}, headers=STRICT).text


def test_tax_details_override_the_tax(ns: Account) -> None:
    ns.stand_in.options.tax_model = "suitetax"
    ns.stand_in.tenant.catalog.reset()
    detail = {"taxDetailsReference": {"id": "L1"}, "taxType": "5", "taxCode": "3", "taxBasis": 100, "taxRate": 19, "taxAmount": 19}
    line = {"item": ns.item(), "amount": 100, "taxDetailsReference": "L1"}
    customer = ns.customer()
    body = {"entity": customer, "item": {"items": [line]}, "taxDetailsOverride": True, "taxDetails": {"items": [detail]}}
    assert ns.get(f"invoice/{ns.create('invoice', body)}")["total"] == 119
    body["taxDetails"] = {"items": [{**detail, "taxDetailsReference": {"id": "L2"}}]}
    assert path_of(ns.record("POST", "invoice", body)) == "taxDetails.items[0].taxDetailsReference"


def test_revenue_dates_need_existing_periods(ns: Account) -> None:
    item = ns.item(deferredRevenueAccount={"refName": "Deferred Revenue"}, revRecSchedule="1")
    customer = ns.customer()
    line = {"item": item, "amount": 1, "revRecStartDate": "2026-01-01", "revRecEndDate": "2032-12-31"}
    assert try_invoice(ns, customer, line).status_code == 204
    answer = try_invoice(ns, customer, {**line, "revRecEndDate": "2033-01-01"})
    assert error_of(answer) == (
        400,
        "INSUFCNT_NUM_PRDS_FOR_REV_REC",
        "Not enough accounting periods in range specified for revenue recognition.",
    )
    assert try_invoice(ns, customer, {**line, "revRecEndDate": "2033-01-01", "deferRevRec": True}).status_code == 204


def test_deferral_needs_a_template_and_dates_in_order(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    assert path_of(try_invoice(ns, customer, {"item": item, "amount": 1, "deferRevRec": True})) == "item.items[0].revRecSchedule"
    line = {"item": item, "amount": 1, "revRecStartDate": "2026-02-01", "revRecEndDate": "2026-01-01"}
    assert path_of(try_invoice(ns, customer, line)) == "item.items[0].revRecEndDate"


def test_template_on_an_item_needs_a_deferral_account(ns: Account) -> None:
    body = {"itemId": "X", **ITEM, "revRecSchedule": {"refName": "Straight-line, exact days"}}
    assert error_of(ns.record("POST", "serviceSaleItem", body))[2].endswith("Please enter value(s) for: Deferred Revenue Account")


def test_revenue_dates_are_set_on_a_paid_invoice_by_merging(ns: Account) -> None:
    customer = ns.customer()
    invoice = ns.invoice(customer, ns.item(), 10, 20)
    ns.payment(customer, 30, (invoice, 30))
    change = {"item": {"items": [{"line": 2, "revRecStartDate": "2026-01-01", "revRecEndDate": "2026-12-31", "deferRevRec": False}]}}
    assert ns.record("PATCH", f"invoice/{invoice}", change).status_code == 204
    assert [line["amount"] for line in ns.whole(f"invoice/{invoice}")["item"]["items"]] == [10, 20]


def test_lines_of_a_paid_invoice_cannot_be_replaced(ns: Account) -> None:
    customer = ns.customer()
    invoice = ns.invoice(customer, ns.item(), 10)
    ns.payment(customer, 5, (invoice, 5))
    change = {"item": {"items": [{"line": 1, "amount": 10}]}}
    assert error_of(ns.record("PATCH", f"invoice/{invoice}?replace=item", change))[1] == "USER_ERROR"
    less = {"item": {"items": [{"line": 1, "amount": 4}]}}
    assert "less than the amount applied" in error_of(ns.record("PATCH", f"invoice/{invoice}", less))[2]


def test_sourced_custom_fields_follow_their_source(ns: Account) -> None:
    customer, item = ns.customer(), ns.item(custitemzuoraid="charge-1")
    ns.options.habits = Habits(read_only_ignored=True)
    invoice = ns.invoice(customer, item, custbodyzuoracustomeridsales="not stored")
    assert ns.whole(f"invoice/{invoice}")["item"]["items"][0]["custcolzuoraitemid"] == "charge-1"
    assert "custbodyzuoracustomeridsales" not in ns.get(f"invoice/{invoice}")
    ns.record("PATCH", f"customer/{customer}", {"custentityzuoraid": "account-1"})
    assert ns.get(f"invoice/{invoice}")["custbodyzuoracustomeridsales"] == "account-1"


def test_credit_memo_has_no_due_date_or_approval(ns: Account) -> None:
    body = {"entity": ns.customer(), "item": {"items": [{"item": ns.item(), "amount": 5}]}}
    for name, value in (("dueDate", "2026-02-01"), ("approvalStatus", "2")):
        answer = ns.record("POST", "creditMemo", {**body, name: value}, headers={"X-NetSuite-PropertyNameValidation": "error"})
        assert path_of(answer) == name


def test_sales_order_is_invoiced_in_parts(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    lines = [{"item": item, "quantity": 4, "rate": 10}]
    order = ns.create("salesOrder", {"entity": customer, "item": {"items": lines}, "custbodysendtozuora": True})
    assert ns.get(f"salesOrder/{order}")["status"]["refName"] == "Pending Billing"
    half = ns.record("POST", f"salesOrder/{order}/!transform/invoice", {"item": {"items": [{"line": 1, "quantity": 1}]}})
    first = half.headers["Location"].rsplit("/", 1)[1]
    assert (ns.get(f"invoice/{first}")["total"], ns.get(f"invoice/{first}")["createdFrom"]["id"]) == (10, order)
    rest = ns.record("POST", f"salesOrder/{order}/!transform/invoice", {}).headers["Location"].rsplit("/", 1)[1]
    assert ns.get(f"invoice/{rest}")["total"] == 30
    assert ns.get(f"salesOrder/{order}")["status"]["refName"] == "Billed"
    assert "no lines left" in error_of(ns.record("POST", f"salesOrder/{order}/!transform/invoice", {}))[2]
    links = ns.rows("SELECT nextdoc, nextline, linktype FROM nexttransactionlinelink WHERE previousdoc = ? ORDER BY nextdoc", order)
    assert [(r["nextdoc"], r["linktype"]) for r in links] == [(first, "OrdBill"), (rest, "OrdBill")]
    ns.record("DELETE", f"invoice/{rest}")
    assert ns.get(f"salesOrder/{order}")["status"]["refName"] == "Pending Billing"


def test_without_subsidiaries_and_currencies_the_fields_are_gone() -> None:
    from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn

    stand_in = NetSuiteStandIn(NetSuiteOptions(one_world=False, multiple_currencies=False, revenue_recognition=False))
    invoice = stand_in.tenant.catalog.type("invoice").fields
    assert not {"subsidiary", "currency", "exchangerate"} & set(invoice)
    lines = stand_in.tenant.catalog.shape("invoice", invoice["item"])
    assert lines is not None and not {"revrecschedule", "revrecstartdate", "deferrevrec"} & set(lines.fields)
    row = {"companyName": "Acme", "externalId": "A"}
    item = {"itemId": "S", "externalId": "S"}
    document = {"entity": {"externalId": "A"}, "item": {"items": [{"item": {"externalId": "S"}, "amount": 5}]}}
    assert stand_in.load({"customer": [row], "serviceSaleItem": [item], "invoice": [document]})["invoice"] == 1
