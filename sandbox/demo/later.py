"""What people enter in NetSuite after the first run: sales orders, payments, credit memos and refunds of what came from Zuora.

Everything that the connector created is referred to by its external id, which is the Zuora id.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.demo.billing import Invoice
from sandbox.demo.books import Books, Chapter
from sandbox.demo.catalogue import GOODWILL
from sandbox.demo.ids import number, zuora_id
from sandbox.demo.payments import payment_number
from sandbox.demo.tenant import LATER, Objects, Planted

ORDER_DAY, MONEY_DAY = "2026-06-02", "2026-06-03"
FIRST_CREDIT = 900_101
"""Internal id of the first credit memo that is entered in NetSuite, so that refunds can refer to it."""
CASH, CHECK = {"refName": "Cash"}, {"refName": "Check"}
Row = dict[str, Any]


def later(books: Books, mode: str) -> Chapter:
    """The NetSuite records of mode "A" or "B" with their planted ones."""
    chapter = Chapter()
    parts = [_sales_orders(mode), _payments(books, mode), _refunds(books, mode), _changed(books, mode)]
    chapter.together([*parts, _credit_memos(books)] if mode == "A" else parts)
    return chapter


def in_netsuite(document: Any) -> Row:
    """A reference to the record that was made of a Zuora document."""
    return {"externalId": document.id}


def customer(account: int) -> Row:
    return {"externalId": zuora_id("Account", account)}


def applied(*parts: tuple[Any, Decimal]) -> Row:
    """Apply lines to what was made of Zuora documents."""
    return {"items": [{"doc": in_netsuite(document), "apply": True, "amount": number(amount)} for document, amount in parts]}


# -- sales orders --------------------------------------------------------------------------------------------------------


def _sales_orders(mode: str) -> Chapter:
    chapter = Chapter()
    orders = [
        _order(6001, 1, (1, 1250), (4, 480), custbodyzuorasubscriptionnumber="A-S00006001"),
        _order(6002, 3, (3, 82.34), custbodyzuoratermsetting="EVERGREEN", custbodyzuorainitialterm="0", custbodyzuorarenewalterm="0"),
        _order(6003, 2, (1, 1250), custbodyzuorainitialterm=None),
        _order(6004, 4, (1, 1250), custbodyzuorarenewalterm="twelve"),
        _order(6005, 5, (1, 987.5), custbodyzuoratermsetting="YEARLY"),
        _order(6006, 2, (2, 13200), custbodysendtozuora=False),
    ]
    chapter.add({"salesOrder": orders})
    for order, code, wrong in (
        (6003, "SO-V2", "Nobody entered the initial term."),
        (6004, "SO-V5", 'Its renewal term "twelve" is not a number.'),
        (6005, "SO-V6", 'Its term setting "YEARLY" is neither TERMED nor EVERGREEN.'),
    ):
        chapter.planted.append(_later("salesOrder", f"SO-{order}", mode, code, wrong))
    return chapter


def _order(n: int, account: int, *plans: tuple[int, float], **fields: Any) -> Row:
    """An order of rate plans by their places in the catalogue, with an ordinary line that the sync ignores."""
    lines = [{"item": {"externalId": zuora_id("ProductRatePlan", plan)}, "quantity": 1, "amount": amount} for plan, amount in plans]
    row = {
        "tranId": f"SO-{n}",
        "entity": customer(account),
        "tranDate": ORDER_DAY,
        "item": {"items": [*lines, {"item": GOODWILL, "quantity": 1, "amount": 0}]},
        "custbodysendtozuora": True,
        "custbodyzuoraautorenew": True,
        "custbodyzuorainitialterm": "12",
        "custbodyzuorarenewalterm": "12",
        "custbodyzuoratermsetting": "TERMED",
        "custbodyzuoracontracteffectivedate": "2026-07-01",
        **fields,
    }
    return {k: v for k, v in row.items() if v is not None}


# -- payments ------------------------------------------------------------------------------------------------------------


def _payments(books: Books, mode: str) -> Chapter:
    chapter = Chapter()
    paid, twice, cash = (books.invoice(f"paid in {place}") for place in ("NetSuite", "both", "cash"))
    rows = [
        _payment(5001, paid.account, paid.amount, (paid, paid.amount), memo="Paid over the counter"),
        _payment(5002, twice.account, twice.amount, (twice, twice.amount)),
        _payment(5003, cash.account, Decimal(300), (cash, Decimal(300)), method=CASH),
    ]
    if mode == "B":
        debit = books.memos["debit, open"]
        rows.append(_payment(5004, debit.account, Decimal(70000), (debit, Decimal(70000)), memo="First instalment"))
        rows.append(_payment(5005, 4, Decimal(250), memo="In advance"))
    chapter.add({"customerPayment": rows})
    chapter.planted = [
        _later("customerPayment", "CHK-5002", mode, "NSPAY-V4" if mode == "B" else "NSPAY-V3",
               "Part of the invoice was paid in Zuora, by a payment that is not to be sent; its balance there is smaller."),
        _later("customerPayment", "CHK-5003", mode, "NSPAY-V2", 'Zuora has no payment method "Cash".'),
    ]  # fmt: skip
    return chapter


def _payment(n: int, account: int, amount: Decimal, *parts: tuple[Invoice, Decimal], method: Row = CHECK, memo: str = "") -> Row:
    row = {
        "tranId": f"CHK-{n}",
        "customer": customer(account),
        "payment": number(amount),
        "tranDate": MONEY_DAY,
        "paymentOption": method,
        "autoApply": False,
        "apply": applied(*parts),
        "memo": memo,
        "custbodyzuorasyncupdates": True,
    }
    return {k: v for k, v in row.items() if v not in ("", {"items": []})}


# -- changed after the sync ----------------------------------------------------------------------------------------------


def _changed(books: Books, mode: str) -> Chapter:
    """Somebody corrects the amount of a payment that came from Zuora, in NetSuite alone, and deletes an invoice that nobody has paid."""
    n, payment = books.payments["full"][0]
    more = number(payment.amount + 10)
    chapter = Chapter()
    chapter.add({"customerPayment": [{"externalId": zuora_id("Payment", n), "payment": more, "memo": "Corrected by hand"}]})
    wrong = "Somebody raised its amount by 10 in NetSuite after the first run; Zuora holds what was paid."
    open_one = books.invoices["regular"][-1]
    chapter.add({"invoice": [{**in_netsuite(open_one), "deleted": True}]})
    deleted = "Somebody deleted it in NetSuite after the first run; in Zuora the customer owes it still."
    chapter.planted = [
        Planted("Payment", payment_number(n), "drift", wrong, mode, "DRIFT-AMOUNT", LATER),
        Planted("Invoice", open_one.number, "drift", deleted, mode, "DRIFT-MISSING", LATER),
    ]
    return chapter


# -- credit memos --------------------------------------------------------------------------------------------------------


def _credit_memos(books: Books) -> Chapter:
    """A standard one, one on two invoices, and the use of the credit memo that a negative invoice became."""
    credited = books.invoice("credited in NetSuite")
    first, second = (books.invoice("credited together", place) for place in (0, 1))
    negative, settled = books.invoice("negative", 1), books.invoice("to settle")
    chapter = Chapter(planted=[_later("creditMemo", "CR-7002", "A", "NSCM-V1", "It is applied to two Zuora invoices.")])
    chapter.add(
        {
            "creditMemo": [
                _credit(7001, credited.account, Decimal(75), apply=applied((credited, Decimal(75))), memo="Goodwill"),
                _credit(7002, first.account, Decimal(90), apply=applied((first, Decimal(40)), (second, Decimal(50)))),
                {**in_netsuite(negative), "autoApply": False, "apply": applied((settled, -negative.amount))},
            ]
        }
    )
    return chapter


def _credit(n: int, account: int, amount: Decimal, **fields: Any) -> Row:
    return {
        "tranId": f"CR-{n}",
        "entity": customer(account),
        "tranDate": MONEY_DAY,
        "autoApply": False,
        "item": {"items": [{"item": GOODWILL, "quantity": 1, "amount": number(amount)}]},
        **fields,
    }


# -- refunds -------------------------------------------------------------------------------------------------------------


def _refunds(books: Books, mode: str) -> Chapter:
    """One of part of a payment, one whose credit memo names no payment, one of more than was paid."""
    n, payment = books.payment("refunded in NetSuite")
    of = {"externalId": zuora_id("Payment", n)}
    chapter = Chapter()
    table: list[tuple[int, Row | None]] = [(100, of), (40, None), (1500, of)]
    for place, (amount, reference) in enumerate(table):
        chapter.add(_refund(place, payment.account, Decimal(amount), reference))
    chapter.planted = [
        _later("customerRefund", "RF-8002", mode, "NSRFD-V2", "The credit memo that it refunds names no payment."),
        _later("customerRefund", "RF-8003", mode, "NSRFD-V3", "It refunds more than the payment amounts to."),
    ]
    return chapter


def _refund(place: int, account: int, amount: Decimal, reference: Row | None) -> Objects:
    named = {"custbodyzuorarefundpaymentreference": reference} if reference else {}
    credit = _credit(7101 + place, account, amount, id=FIRST_CREDIT + place, custbodycreatezuorarefund=True, **named)
    refund = {
        "tranId": f"RF-{8001 + place}",
        "customer": customer(account),
        "tranDate": MONEY_DAY,
        "paymentOption": CHECK,
        "account": {"refName": "1000 Operating Bank Account"},
        "apply": {"items": [{"doc": {"id": str(FIRST_CREDIT + place)}, "apply": True, "amount": number(amount)}]},
    }
    return {"creditMemo": [credit], "customerRefund": [refund]}


def _later(kind: str, name: str, mode: str, code: str, wrong: str) -> Planted:
    return Planted(kind, name, "held", wrong, mode, code, LATER)
