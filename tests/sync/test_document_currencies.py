"""A document from Zuora is booked in its own currency, which need not be its account's (sequence-and-status.md 7.3): sent where the
NetSuite customer has it, held with one message where NetSuite cannot take it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.sync import invoice_world, memo_world, payment_world, refund_world
from tests.sync.builders import Objects, account, invoice, merged, zid
from tests.sync.currency_world import EUR, EURO, billed_in, currency_of, switched_off, without_multiple_currencies
from tests.sync.invoice_world import TAXED
from tests.sync.memory import MemoryWorld
from tests.sync.words import Part, a_credit_memo, a_debit_memo, a_payment, an_invoice, world_with

AMOUNT = 1190.75
GOLD = [("Gold", AMOUNT)]


@dataclass(frozen=True)
class Kind:
    """A kind of transaction: how one is made in Zuora, the step that takes it, what reports call it, and what it is in NetSuite."""

    make: Callable[..., Part]
    step: str
    object: str
    record: str
    label: str
    code: str

    @property
    def number(self) -> str:
        return f"{self.code}1"


def unapplied(number: str, amount: float, **fields: Any) -> Part:
    return a_payment(number, amount, [], **fields)


KINDS = {
    "invoice": Kind(an_invoice, "invoices", "Invoice", "invoice", "Invoice", "INV"),
    "debit memo": Kind(a_debit_memo, "debit_memos", "DebitMemo", "invoice", "Debit memo", "DM"),
    "credit memo": Kind(a_credit_memo, "credit_memos", "CreditMemo", "creditMemo", "Credit memo", "CM"),
    "payment": Kind(unapplied, "payments", "Payment", "customerPayment", "Payment", "PAY"),
}
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
PATHS = ("data_query", "zoql")


def of_payment(currency: str) -> Objects:
    head = {"Id": zid("X1"), "PaymentNumber": "X1", "AccountId": zid("A1"), "Amount": AMOUNT, "EffectiveDate": "2026-10-15"}
    method = {"Id": zid("check"), "Type": "Check"}
    known = {"PaymentMethodId": zid("check"), "Status": "Processed", "Type": "External", "Currency": currency}
    return {"PaymentMethod": [method], "Payment": [{**head, **known}]}


def problems(summary: dict[str, Any], number: str = "X1") -> list[dict[str, Any]]:
    return [line for line in summary["log"] if line.get("source_number") == number and line.get("code")]


@dataclass(frozen=True)
class Looked:
    """A run over one transaction of each kind: its summary, and what they are in NetSuite then, by kind."""

    summary: dict[str, Any]
    made: dict[str, list[dict[str, Any]]]

    def of(self, kind: Kind) -> list[dict[str, Any]]:
        return self.made[kind.label]

    def problem(self, kind: Kind) -> dict[str, Any]:
        """The one thing told of it."""
        (line,) = problems(self.summary, kind.number)
        return line

    def row(self, kind: Kind, currency: str) -> dict[str, Any]:
        """The totals of its kind in that currency."""
        (row,) = [t for t in self.summary["totals"] if (t["object"], t["currency"]) == (kind.object, currency)]
        return dict(row)


def look(world: MemoryWorld) -> Looked:
    """One more run."""
    summary = world.reported(*(kind.step for kind in KINDS.values()))
    found = {k.label: [r for r in world.in_netsuite(k.record) if r.get("custbodyzuoraid") == zid(k.number)] for k in KINDS.values()}
    return Looked(summary, found)


def one_each(world: MemoryWorld, currency: str | None, netsuite: Objects | None = None, **settings: Any) -> MemoryWorld:
    """The world anew with one transaction of each kind in a currency."""
    made = (kind.make(kind.number, AMOUNT, **({"Currency": currency} if currency else {})) for kind in KINDS.values())
    world_with(world, *made, sync_unapplied_payments="Yes", **settings)
    world.load(netsuite=netsuite or {})
    return world


@pytest.fixture(scope="module")
def booked(fast: MemoryWorld) -> dict[str, Looked]:
    """By the path on which Zuora is read."""
    return {path: look(one_each(fast, "EUR", billed_in("USD", "EUR"), **{"zuora.read_path": path})) for path in PATHS}


@kinds
@pytest.mark.parametrize("path", PATHS)
def test_a_document_in_another_currency_of_the_customer_is_booked_in_it(booked: dict[str, Looked], kind: Kind, path: str) -> None:
    looked = booked[path]
    (record,) = looked.of(kind)
    assert (currency_of(record), Decimal(str(record["total"]))) == (EURO, Decimal("1190.75"))
    row = looked.row(kind, "EUR")
    assert (looked.summary["outcome"], row["tied_out"], row["synced"]["amount"]) == ("completed", True, Decimal("1190.75"))


@pytest.fixture(scope="module")
def lacking(fast: MemoryWorld) -> tuple[Looked, Looked]:
    """Where the customer lacks the currency, and after it was added."""
    first = look(one_each(fast, "EUR"))
    fast.load(netsuite=billed_in("USD", "EUR"))
    return first, look(fast)


@pytest.mark.rule("sequence-and-status.7.3.differs")
@kinds
def test_a_document_in_a_currency_that_the_customer_lacks_is_held(lacking: tuple[Looked, Looked], kind: Kind) -> None:
    first, then = lacking
    line = first.problem(kind)
    text = f'{kind.label} {kind.number} of EUR 1,190.75: NetSuite customer "Customer A1" (9001) has USD, not EUR; not sent.'
    assert (line["code"], line["message"]) == (f"{kind.code}-CURRENCY", text)
    assert line["advice"].startswith('Add EUR to the currencies of customer "Customer A1" (9001) in NetSuite; the next run sends it.')
    assert first.of(kind) == []
    assert first.row(kind, "EUR")["held"]["amount"] == Decimal("1190.75")
    assert then.summary["outcome"] == "completed"
    assert [currency_of(r) for r in then.of(kind)] == [EURO]


UNUSED: dict[str, tuple[Objects, str, str]] = {
    "EUR": (merged(billed_in("USD", "EUR"), switched_off()), "the currency EUR is switched off in NetSuite; not sent.", "Switch"),
    "CHF": ({}, "NetSuite has no currency CHF; not sent.", "Create"),
}


@pytest.fixture(scope="module")
def unused(fast: MemoryWorld) -> dict[str, Looked]:
    return {currency: look(one_each(fast, currency, netsuite)) for currency, (netsuite, _, _) in UNUSED.items()}


@kinds
@pytest.mark.parametrize("currency", UNUSED)
def test_a_currency_that_netsuite_does_not_use_is_named(unused: dict[str, Looked], kind: Kind, currency: str) -> None:
    _, text, advice = UNUSED[currency]
    line = unused[currency].problem(kind)
    assert (line["code"], line["message"]) == (f"{kind.code}-CURRENCY", f"{kind.label} {kind.number} of {currency} 1,190.75: {text}")
    assert line["advice"].startswith(advice)
    assert unused[currency].of(kind) == []


@pytest.fixture(scope="module")
def in_one(fast: MemoryWorld) -> Looked:
    """With one currency in NetSuite."""
    return look(one_each(fast, "EUR", netsuite_multiple_currencies="No"))


@kinds
def test_with_one_currency_in_netsuite_a_document_in_another_than_its_accounts_is_held(in_one: Looked, kind: Kind) -> None:
    line = in_one.problem(kind)
    text = f"{kind.label} {kind.number} of EUR 1,190.75: its account A1 is in USD, and NetSuite books all of it in one currency; not sent."
    assert (line["code"], line["message"]) == (f"{kind.code}-CURRENCY", text)
    assert in_one.of(kind) == []


@pytest.mark.parametrize("path", PATHS)
def test_in_a_tenant_without_multiple_currencies_the_accounts_currency_is_the_documents(fast: MemoryWorld, path: str) -> None:
    with without_multiple_currencies(fast):
        looked = look(one_each(fast, None, None, **{"zuora.read_path": path}))
        for kind in KINDS.values():
            assert (looked.row(kind, "USD")["tied_out"], len(looked.of(kind))) == (True, 1)
        assert looked.summary["outcome"] == "completed"
        assert look(fast).summary["outcome"] == "completed"


def test_a_record_that_a_rule_leaves_out_counts_under_its_own_currency(fast: MemoryWorld) -> None:
    early = invoice("A1", "OLD", GOLD, sub="S1", InvoiceDate="2026-01-01", **EUR, **TAXED)
    invoice_world.ready(fast, early, cutover_zuora_invoice="2026-06-01")
    (row,) = [row for row in fast.reported("invoices")["left_out"] if row["code"] == "LEFT-CUTOVER"]
    assert (row["currency"], row["amount"]) == ("EUR", Decimal("1190.75"))


# -- applications --------------------------------------------------------------------------------------------------------


def in_euro(document: str, internal_id: str, amount: float) -> tuple[Objects, Objects]:
    """A synced invoice of account A1 in EUR: (Zuora, NetSuite)."""
    zuora = payment_world.zuora_invoice(document, "A1", amount, internal_id)
    zuora["Invoice"][0] |= EUR
    return zuora, {"invoice": [{**payment_world.ns_invoice(internal_id, "9001", amount, zid(document)), "currency": {"id": EURO}}]}


def parts(number: str, **applied: float) -> Objects:
    return {"PaymentPart": [payment_world.part(number, n, document, amount) for n, (document, amount) in enumerate(applied.items())]}


def test_a_payment_settles_documents_of_its_currency(fast: MemoryWorld) -> None:
    zuora, netsuite = in_euro("INVE", "7050", 1190.75)
    payment_world.ready(fast, zuora, of_payment("EUR"), parts("X1", INVE=1190.75))
    fast.load(netsuite=billed_in("USD", "EUR"))
    fast.load(netsuite=netsuite)
    summary = payment_world.run(fast)
    assert (summary["outcome"], payment_world.applied(fast, "X1")) == ("completed", {"7050": Decimal("1190.75")})


@pytest.mark.parametrize(
    ("currency", "applied", "other"),
    [("EUR", {"INV1": 50}, "invoice INV1, which is in USD"), ("USD", {"INVE": 50}, "invoice INVE, which is in EUR")],
)
def test_a_payment_applied_across_currencies_is_held(fast: MemoryWorld, currency: str, applied: dict[str, float], other: str) -> None:
    zuora, netsuite = in_euro("INVE", "7050", 1190.75)
    payment_world.ready(fast, zuora, of_payment(currency), parts("X1", **applied))
    fast.load(netsuite=billed_in("USD", "EUR"))
    fast.load(netsuite=netsuite)
    (line,) = problems(payment_world.run(fast))
    assert (line["code"], line["message"]) == ("PAY-CURRENCY", f"Payment X1: {currency} 50.00 is applied to {other}; not sent.")
    assert payment_world.ns_payment(fast, "X1") is None


def test_a_credit_memo_applied_across_currencies_is_held(fast: MemoryWorld) -> None:
    memo_world.ready(fast, memo_world.credit("X1", applied={"INV1": 50}, **EUR))
    fast.load(netsuite=billed_in("USD", "EUR"))
    (line,) = problems(fast.reported("credit_memos"))
    text = "Credit memo X1: EUR 50.00 is applied to invoice INV1, which is in USD; not sent."
    assert (line["code"], line["message"]) == ("CM-CURRENCY", text)


def test_a_refund_is_booked_in_its_own_currency(fast: MemoryWorld) -> None:
    zuora, netsuite = in_euro("INVE", "7050", 100)
    paid, fields = {"P1": ("8001", "A1", 100.0, {"INVE": 100.0})}, {"P1": EUR, "R1": EUR}
    own, there = refund_world.objects(True, {"R1": {"P1": {"INVE": 60}}}, paid, fields)
    payment_world.ready(fast, zuora, own)
    fast.load(netsuite=billed_in("USD", "EUR"))
    fast.load(netsuite=netsuite)
    (payment,) = there["customerPayment"]
    line = {"doc": {"id": "7050"}, "apply": True, "amount": 100}
    fast.load(netsuite={"customerPayment": [{**payment, "currency": {"id": EURO}, "apply": {"items": [line]}}]})
    summary = fast.reported("refunds")
    (record,) = [r for r in fast.in_netsuite("customerRefund") if r.get("custbodyzuoraid") == zid("R1")]
    assert (summary["outcome"], currency_of(record), Decimal(str(record["total"]))) == ("completed", EURO, Decimal(60))


def test_a_refund_across_currencies_is_held(fast: MemoryWorld) -> None:
    refund_world.ready(fast, fields={"R1": EUR})
    fast.load(netsuite=billed_in("USD", "EUR"))
    (line,) = problems(fast.reported("refunds"), "R1")
    text = "Refund R1: EUR 60.00 is applied to payment P1, which is in USD; not sent."
    assert (line["code"], line["message"]) == ("RFD-CURRENCY", text)


# -- documents that NetSuite holds in another currency than Zuora ---------------------------------------------------------


def booked_wrongly(world: MemoryWorld, document: str) -> None:
    """An invoice that is in EUR in Zuora, and in USD in NetSuite."""
    world.zuora.tenant.store.update("Invoice", zid(document), EUR)
    world.load(netsuite=billed_in("USD", "EUR"))


def test_a_payment_of_a_document_that_netsuite_holds_in_another_currency_is_held(fast: MemoryWorld) -> None:
    payment_world.ready(fast, of_payment("EUR"), parts("X1", INV1=50))
    booked_wrongly(fast, "INV1")
    (line,) = problems(payment_world.run(fast))
    text = "Payment X1: EUR 50.00 is applied to invoice INV1, which NetSuite holds in USD; not sent."
    assert (line["code"], line["message"]) == ("PAY-CURRENCY", text)
    assert payment_world.ns_payment(fast, "X1") is None


def test_a_credit_memo_of_a_document_that_netsuite_holds_in_another_currency_is_held(fast: MemoryWorld) -> None:
    memo_world.ready(fast, memo_world.credit("X1", applied={"INV1": 50}, **EUR))
    booked_wrongly(fast, "INV1")
    (line,) = problems(fast.reported("credit_memos"))
    text = "Credit memo X1: EUR 50.00 is applied to invoice INV1, which NetSuite holds in USD; not sent."
    assert (line["code"], line["message"]) == ("CM-CURRENCY", text)


def test_an_account_in_a_currency_that_is_switched_off_is_held_with_that_reason(fast: MemoryWorld) -> None:
    fast.reset()
    fast.load(account("E1", currency="EUR"), switched_off())
    summary = fast.reported("customers")
    told = {line["code"]: line["message"] for line in summary["log"] if line.get("code")}
    assert told["ACCT-V2"] == 'Account E1: currency "EUR" is switched off in NetSuite.'


def test_one_message_is_enough_where_the_currency_itself_cannot_be_taken(fast: MemoryWorld) -> None:
    """The customer lacks EUR, and what is paid and credited is in USD."""
    payment_world.ready(fast, of_payment("EUR"), parts("X1", INV1=50))
    assert [line["code"] for line in problems(payment_world.run(fast))] == ["PAY-CURRENCY"]
    memo_world.ready(fast, memo_world.credit("X1", applied={"INV1": 50}, **EUR))
    assert [line["code"] for line in problems(fast.reported("credit_memos"))] == ["CM-CURRENCY"]
