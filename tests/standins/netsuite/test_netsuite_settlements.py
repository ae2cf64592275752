"""Payments, credit memos, refunds, deposits and journals: applying, unapplying, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standins.netsuite.account import Account, error_of, path_of


def state(ns: Account, kind: str, number: str) -> tuple[float, str]:
    """Open amount and state letter."""
    found = ns.get(f"{kind}/{number}")
    return float(found.get("amountRemaining", found.get("unapplied", 0))), str(found["status"]["id"])


def credit(ns: Account, customer: str, item: str, amount: float, *applied: tuple[str, float]) -> str:
    lines = [{"doc": {"id": doc}, "apply": True, "amount": part} for doc, part in applied]
    body = {"entity": customer, "tranDate": "2026-02-01", "item": {"items": [{"item": item, "amount": amount}]}}
    return ns.create("creditMemo", {**body, "apply": {"items": lines}, "autoApply": False})


def refund(ns: Account, customer: str, *applied: tuple[str, float], **values: Any) -> Any:
    lines = [{"doc": {"id": doc}, "line": 1, "apply": True, "amount": part} for doc, part in applied]
    body = {"customer": customer, "account": "1", "tranDate": "2026-02-02", "apply": {"items": lines}, **values}
    return ns.record("POST", "customerRefund", body)


def test_payment_lowers_the_invoice_and_pays_it_in_full(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item, 100)
    first = ns.payment(customer, 60, (invoice, 60))
    assert state(ns, "invoice", invoice) == (40, "A") and state(ns, "customerPayment", first)[0] == 0
    ns.payment(customer, 50, (invoice, 40))
    assert state(ns, "invoice", invoice) == (0, "B")
    assert ns.get(f"customer/{customer}")["balance"] == -10


def test_application_without_amount_takes_what_is_open(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item, 100)
    body = {"customer": customer, "payment": 70, "apply": {"items": [{"doc": invoice, "apply": True}]}}
    ns.create("customerPayment", body)
    assert state(ns, "invoice", invoice)[0] == 30


def test_more_than_is_open_is_refused(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item, 100)
    lines = {"items": [{"doc": invoice, "apply": True, "amount": 100.01}]}
    answer = ns.record("POST", "customerPayment", {"customer": customer, "payment": 200, "apply": lines})
    assert (error_of(answer)[1], path_of(answer)) == ("USER_ERROR", "apply.items[0].amount")
    assert state(ns, "invoice", invoice)[0] == 100


def test_more_than_was_paid_is_refused(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoices = [ns.invoice(customer, item, 100), ns.invoice(customer, item, 100)]
    lines = {"items": [{"doc": i, "apply": True, "amount": 60} for i in invoices]}
    answer = ns.record("POST", "customerPayment", {"customer": customer, "payment": 100, "apply": lines})
    assert "only 100.00 is available" in error_of(answer)[2]


def test_parties_currencies_and_kinds_must_match(ns: Account) -> None:
    customer, item = ns.customer(currencyList={"items": [{"currency": "2"}]}), ns.item()
    other = ns.invoice(ns.customer(companyName="Other"), item)
    euro = ns.invoice(customer, item, currency="2")
    payment = ns.payment(customer, 5)
    for doc, text in ((other, "Invalid Field Value"), (euro, "currency"), (payment, "Invalid Field Value"), ("9999999", "Invalid Field")):
        lines = {"items": [{"doc": doc, "apply": True, "amount": 1}]}
        answer = ns.record("POST", "customerPayment", {"customer": customer, "payment": 5, "apply": lines})
        assert text in error_of(answer)[2] and path_of(answer) == "apply.items[0].doc"


def test_receivables_account_must_match(ns: Account) -> None:
    row = {"acctNumber": "1101", "acctName": "Other Receivables", "acctType": "AcctRec"}
    second = ns.create("account", row)
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item, account=second)
    lines = {"items": [{"doc": invoice, "apply": True, "amount": 1}]}
    answer = ns.record("POST", "customerPayment", {"customer": customer, "payment": 5, "apply": lines})
    assert "receivables account" in error_of(answer)[2]
    assert ns.record("POST", "customerPayment", {"customer": customer, "payment": 5, "apply": lines, "arAcct": second}).status_code == 204


def test_apply_flag_is_required(ns: Account) -> None:
    customer = ns.customer()
    invoice = ns.invoice(customer, ns.item())
    answer = ns.record("POST", "customerPayment", {"customer": customer, "payment": 5, "apply": {"items": [{"doc": invoice}]}})
    assert "Please enter value(s) for: Apply" in error_of(answer)[2]


@pytest.mark.parametrize(
    ("values", "account", "letter"),
    [
        ({}, "1050 Undeposited Funds", "B"),
        ({"paymentOption": {"refName": "CreditCard"}}, "1050 Undeposited Funds", "B"),
        ({"paymentOption": {"refName": "WireTransfer"}}, "1000 Operating Bank Account", "C"),
        ({"account": "1"}, "1000 Operating Bank Account", "C"),
        ({"undepFunds": True}, "1050 Undeposited Funds", "B"),
        ({"undepFunds": {"id": "T"}, "paymentOption": "1"}, "1050 Undeposited Funds", "B"),
    ],
)
def test_where_the_money_goes(ns: Account, values: dict[str, Any], account: str, letter: str) -> None:
    found = ns.get(f"customerPayment/{ns.payment(ns.customer(), 5, **values)}")
    assert (found["account"]["refName"], found["status"]["id"]) == (account, letter)


def test_money_goes_to_bank_accounts_only(ns: Account) -> None:
    answer = ns.record("POST", "customerPayment", {"customer": ns.customer(), "payment": 5, "account": "7"})
    assert path_of(answer) == "account"


def test_payment_method_has_one_name_or_the_other(ns: Account) -> None:
    body = {"customer": ns.customer(), "payment": 5, "paymentMethod": {"refName": "ACH"}}
    answer = ns.record("POST", "customerPayment", body, headers={"X-NetSuite-PropertyNameValidation": "error"})
    assert path_of(answer) == "paymentMethod"
    ns.options.payment_instruments = False
    ns.stand_in.tenant.catalog.reset()
    assert ns.create("customerPayment", body)


def test_auto_apply_takes_the_oldest_invoices_first(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    newer = ns.invoice(customer, item, 100, tranDate="2026-01-20")
    older = ns.invoice(customer, item, 100, tranDate="2026-01-10")
    ns.create("customerPayment", {"customer": customer, "payment": 130, "autoApply": True})
    assert (state(ns, "invoice", older)[0], state(ns, "invoice", newer)[0]) == (0, 70)


def test_auto_apply_is_a_wish_of_one_write_only(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    payment = ns.create("customerPayment", {"customer": customer, "payment": 130, "autoApply": True})
    invoice = ns.invoice(customer, item, 100)
    assert ns.record("PATCH", f"customerPayment/{payment}", {"memo": "x"}).status_code == 204
    assert state(ns, "invoice", invoice)[0] == 100
    body = {"entity": customer, "item": {"items": [{"item": item, "amount": 30}]}, "autoApply": True}
    ns.create("creditMemo", body)
    assert state(ns, "invoice", invoice)[0] == 70
    ns.create("creditMemo", {**body, "autoApply": False})
    assert state(ns, "invoice", invoice)[0] == 70


def test_credit_memo_is_applied_and_fully_used(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item, 100)
    memo = credit(ns, customer, item, 70, (invoice, 50))
    assert state(ns, "invoice", invoice) == (50, "A") and state(ns, "creditMemo", memo) == (20, "A")
    more = {"apply": {"items": [{"doc": invoice, "apply": True, "amount": 70}]}}
    assert ns.record("PATCH", f"creditMemo/{memo}", more).status_code == 204
    assert state(ns, "creditMemo", memo) == (0, "B") and state(ns, "invoice", invoice)[0] == 30
    too_much = {"apply": {"items": [{"doc": invoice, "apply": True, "amount": 71}]}}
    assert ns.record("PATCH", f"creditMemo/{memo}", too_much).status_code == 400


def test_credits_and_deposits_are_used_with_a_payment(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice, memo = ns.invoice(customer, item, 100), credit(ns, customer, item, 30)
    deposit = ns.create("customerDeposit", {"customer": customer, "payment": 20})
    body = {
        "customer": customer,
        "payment": 50,
        "apply": {"items": [{"doc": invoice, "apply": True, "amount": 100}]},
        "credit": {"items": [{"doc": memo, "apply": True, "amount": 30}]},
        "deposit": {"items": [{"doc": deposit, "apply": True, "amount": 20}]},
    }
    ns.create("customerPayment", body)
    assert state(ns, "invoice", invoice) == (0, "B") and state(ns, "creditMemo", memo)[0] == 0
    assert ns.get(f"customerDeposit/{deposit}")["status"]["id"] == "C"


def test_refund_needs_an_open_amount_of_the_payment(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item, 100)
    payment = ns.payment(customer, 100, (invoice, 100))
    assert "remaining" in error_of(refund(ns, customer, (payment, 40)))[2]
    ns.record("PATCH", f"customerPayment/{payment}", {"apply": {"items": [{"doc": invoice, "apply": True, "amount": 60}]}})
    answer = refund(ns, customer, (payment, 40))
    assert answer.status_code == 204
    number = answer.headers["Location"].rsplit("/", 1)[1]
    assert ns.get(f"customerRefund/{number}")["total"] == 40
    assert state(ns, "customerPayment", payment)[0] == 0 and state(ns, "invoice", invoice) == (40, "A")
    again = {"apply": {"items": [{"doc": invoice, "apply": True, "amount": 100}]}}
    assert ns.record("PATCH", f"customerPayment/{payment}", again).status_code == 400


def test_refund_of_a_credit_memo_and_a_deposit(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    memo = credit(ns, customer, item, 30)
    deposit = ns.create("customerDeposit", {"customer": customer, "payment": 25})
    lines = {"items": [{"doc": {"id": deposit}, "apply": True, "amount": 25}]}
    number = refund(ns, customer, (memo, 30), deposit=lines).headers["Location"].rsplit("/", 1)[1]
    assert ns.get(f"customerRefund/{number}")["total"] == 55
    assert state(ns, "creditMemo", memo) == (0, "B")
    assert "cannot be updated" in error_of(ns.record("PATCH", f"customerRefund/{number}?replace=deposit", {"deposit": {"items": []}}))[2]


def test_refund_of_nothing_is_refused(ns: Account) -> None:
    assert "must be applied" in error_of(refund(ns, ns.customer()))[2]


def test_refund_needs_an_account_or_a_payment_method(ns: Account) -> None:
    customer = ns.customer()
    payment = ns.payment(customer, 10)
    assert error_of(refund(ns, customer, (payment, 5), account=None))[2].endswith("Please enter value(s) for: Account")
    assert refund(ns, customer, (payment, 5), account=None, paymentOption={"refName": "ACH"}).status_code == 204


def test_deposit_is_applied_by_a_transform_only(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item, 100)
    deposit = ns.create("customerDeposit", {"customer": customer, "payment": 60})
    body = {"externalId": "ZDAP-1", "apply": {"items": [{"doc": {"id": invoice}, "apply": True, "amount": 40}]}}
    assert error_of(ns.record("POST", "depositApplication", body))[1] == "USER_ERROR"
    made = ns.record("POST", f"customerDeposit/{deposit}/!transform/depositApplication", body)
    assert made.status_code == 204 and "/depositApplication/" in made.headers["Location"]
    assert state(ns, "invoice", invoice)[0] == 60 and ns.get(f"customer/{customer}")["depositBalance"] == 20
    assert ns.record("POST", f"customerDeposit/{deposit}/!transform/depositApplication", {**body, "externalId": "X"}).status_code == 400


def test_deposit_application_cannot_exceed_the_deposit(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item, 100)
    deposit = ns.create("customerDeposit", {"customer": customer, "payment": 60})
    body = {"apply": {"items": [{"doc": invoice, "apply": True, "amount": 61}]}}
    assert "available" in error_of(ns.record("POST", f"customerDeposit/{deposit}/!transform/depositApplication", body))[2]


def test_invoice_becomes_payment_or_credit_memo(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item, 100)
    body = {"externalId": "ZCM-11", "apply": {"items": [{"doc": {"id": invoice}, "line": 0, "apply": True, "amount": 25.0}]}}
    memo = ns.record("POST", f"invoice/{invoice}/!transform/creditMemo", body).headers["Location"].rsplit("/", 1)[1]
    assert state(ns, "creditMemo", memo)[0] == 75 and ns.get(f"creditMemo/{memo}")["createdFrom"]["id"] == invoice
    payment = ns.record("POST", f"invoice/{invoice}/!transform/customerPayment", {}).headers["Location"].rsplit("/", 1)[1]
    assert ns.get(f"customerPayment/{payment}")["payment"] == 75 and state(ns, "invoice", invoice) == (0, "B")
    assert ns.record("POST", f"invoice/{invoice}/!transform/salesOrder", {}).status_code == 400


def test_journal_must_balance_and_name_the_customer_on_receivables(ns: Account) -> None:
    customer = ns.customer()

    def post(*lines: dict[str, Any]) -> Any:
        return ns.record("POST", "journalEntry", {"subsidiary": "2", "tranDate": "2026-01-31", "line": {"items": list(lines)}})

    debit = {"account": "3", "debit": 10, "entity": customer}
    assert post(debit, {"account": "7", "credit": 10}).status_code == 204
    assert "must balance" in error_of(post(debit, {"account": "7", "credit": 9}))[2]
    assert "Name" in error_of(post({"account": "3", "debit": 10}, {"account": "7", "credit": 10}))[2]
    assert "either a debit or a credit" in error_of(post({"account": "7", "debit": 1, "credit": 1}, debit))[2]


def test_payment_is_applied_to_a_receivable_in_a_journal(ns: Account) -> None:
    customer = ns.customer()
    lines = [{"account": "3", "debit": 10, "entity": customer}, {"account": "7", "credit": 10}]
    journal = ns.create("journalEntry", {"subsidiary": "2", "line": {"items": lines}})
    assert ns.payment(customer, 10, (journal, 10))
    assert ns.rows("SELECT previoustype FROM nexttransactionlinelink WHERE previousdoc = ?", journal) == [{"previoustype": "Journal"}]


def test_customer_of_an_applied_payment_cannot_change(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    payment = ns.payment(customer, 10, (ns.invoice(customer, item), 10))
    other = ns.customer(companyName="Other")
    assert ns.record("PATCH", f"customerPayment/{payment}", {"customer": other}).status_code == 400


def test_application_changes_when_the_documents_were_modified(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item)
    before = ns.get(f"invoice/{invoice}")["lastModifiedDate"]
    ns.clock.forward(minutes=5)
    ns.payment(customer, 10, (invoice, 10))
    assert ns.get(f"invoice/{invoice}")["lastModifiedDate"] > before


def test_an_early_payment_discount_closes_the_invoice_and_is_no_link(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item, 100)
    lines = {"items": [{"doc": invoice, "apply": True, "amount": 98, "disc": 2}]}
    payment = ns.create("customerPayment", {"customer": customer, "payment": 98, "apply": lines})
    assert (state(ns, "invoice", invoice), state(ns, "customerPayment", payment)[0]) == ((0, "B"), 0)
    assert ns.whole(f"customerPayment/{payment}")["apply"]["items"][0]["disc"] == 2
    rows = ns.rows("SELECT foreignamount AS amount FROM nexttransactionlinelink WHERE previousdoc = ?", invoice)
    assert [float(row["amount"]) for row in rows] == [98]
    assert ns.record("PATCH", f"customerPayment/{payment}", {"apply": {"items": [{"doc": invoice, "apply": False}]}}).status_code == 204
    assert state(ns, "invoice", invoice)[0] == 100


@pytest.mark.parametrize("disc", [2.01, -1])
def test_a_discount_beyond_what_is_open_is_refused(ns: Account, disc: float) -> None:
    customer, item = ns.customer(), ns.item()
    lines = {"items": [{"doc": ns.invoice(customer, item, 100), "apply": True, "amount": 98, "disc": disc}]}
    answer = ns.record("POST", "customerPayment", {"customer": customer, "payment": 98, "apply": lines})
    assert answer.status_code == 400, answer.text
