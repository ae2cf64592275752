"""The words of the tables of tests: a record and all that it stands on, in both systems, said as the specification says it.

    an_invoice("INV1")                                             # of 100 for Gold, of account A1; account and charge are synced
    an_invoice("INV2", {"Gold": 60, "New": 40}, a_charge("New", synced=False))
    an_invoice("INV3", of=an_account("MARS", Location__NS="Mars"))
    a_payment("P1", 90, {"INV1": 60})                              # 60 of it is applied to an invoice that is synced

What a row does not speak of is made by itself, and is as it should be. Fields of the record are given by their names; None leaves one out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

from tests.sync import order_world, payment_world, refund_world, reverse_world
from tests.sync.builders import Objects, account, charge, invoice, merged, payment, subscription, zid
from tests.sync.customer_world import customer as customer_to_send
from tests.sync.invoice_world import SYNCED, TAX_ITEM, customer, item
from tests.sync.memo_world import memo
from tests.sync.memory import MemoryWorld
from tests.sync.mode_a_world import adjustment, own_fields
from tests.sync.netsuite_memo_world import ns_memo
from tests.sync.payment_world import ns_invoice
from tests.sync.reverse_world import CASH, CHECK, ns_payment
from tests.sync.world import World

Lines = Mapping[str, float] | Sequence[tuple[str, float]]
KNOWN = {"A1": "9001", "A2": "9002", "Gold": "501", "Silver": "502", "Discount": "503"}
TRANSFERRED: dict[str, Any] = {"TransferredToAccounting": "Yes", **SYNCED}
OF_ONE_MODE = {
    True: ("InvoicePayment", "RefundInvoicePayment", "InvoiceItemAdjustment"),
    False: ("PaymentPart", "RefundPart", "DebitMemo", "DebitMemoItem", "DebitTaxationItem", "CreditMemo", "CreditMemoItem"),
}
"""What a tenant does not have, by whether it has Invoice Settlement."""
APPLIED = ("customerPayment", "creditMemo", "customerRefund")
"""NetSuite records that are applied to others or name those before them; all others are loaded first."""


@dataclass(frozen=True)
class Part:
    """A record called `number` and what it stands on: objects of Zuora and of NetSuite. `there`: its NetSuite id, if it has one."""

    number: str
    zuora: Objects
    netsuite: Objects
    there: str = ""

    def with_(self, *others: Part | None) -> Part:
        """The same on more parents."""
        both = [self, *(o for o in others if o)]
        return replace(self, zuora=merged(*(p.zuora for p in both)), netsuite=merged(*(p.netsuite for p in both)))


def together(parts: Iterable[Part], settlement: bool = True) -> tuple[Objects, Objects]:
    """(Zuora, NetSuite): all of it, what several have in common once. Raises `AssertionError` where two say different things of it."""
    parts = list(parts)
    zuora = {k: _once(k, [r for p in parts for r in p.zuora.get(k, [])], "Id") for k in merged(*(p.zuora for p in parts))}
    netsuite = {k: _once(k, [r for p in parts for r in p.netsuite.get(k, [])], "id") for k in merged(*(p.netsuite for p in parts))}
    return {k: rows for k, rows in zuora.items() if k not in OF_ONE_MODE[settlement]}, netsuite


def world_with(started: World, *parts: Part, **settings: Any) -> MemoryWorld:
    """A world of its own, or the one given anew, with these settings and these parts."""
    world = started if isinstance(started, MemoryWorld) else MemoryWorld.of(started)
    world.reset(**settings)
    zuora, netsuite = together(parts, world.zuora.options.settlement)
    world.load(zuora, {kind: rows for kind, rows in netsuite.items() if kind not in APPLIED})
    for kind in APPLIED:
        world.load(netsuite={kind: netsuite.get(kind, [])})
    world.clock.advance(minutes=1)
    return world


def _once(kind: str, rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = {}
    for n, row in enumerate(rows):
        other = found.setdefault(row.get(key, n), row)
        assert other == row, f"two rows of a table say different things of {kind} {row}"
    return list(found.values())


def internal_id(name: str) -> str:
    """The NetSuite id of something that is there from the start."""
    return KNOWN.get(name) or str(100_000 + crc32(name.encode()) % 800_000)


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in fields.items() if v is not None}


# -- master data -----------------------------------------------------------------------------------------------------------


def an_account(number: str = "A1", *, synced: bool = True, there: str | None = None, has: str = "USD", **fields: Any) -> Part:
    """An account and its NetSuite customer. `there`: the customer's id; "" says that Zuora has lost it; `has`: the customer's currency."""
    if not synced:
        return Part(number, account(number, **fields), {})
    known = internal_id(number) if there is None else there
    return Part(
        number,
        account(number, **{"IntegrationId__NS": known, **SYNCED, **fields}),
        {"customer": [customer(number, known, has)]} if known else {},
        known,
    )


def a_charge(name: str, *, synced: bool = True, **fields: Any) -> Part:
    """A charge of the catalogue and its NetSuite item."""
    if not synced:
        return Part(name, charge(name, **fields), {})
    known = internal_id(name)
    return Part(name, charge(name, IntegrationId__NS=known, **SYNCED, **fields), {"serviceSaleItem": [item(name, known)]})


TAXES = Part("Tax", {}, {"nonInventorySaleItem": [{**item("Tax", TAX_ITEM), "custitemzuoratype": "TAX"}]})


def a_subscription(number: str, of: str, lines: Sequence[tuple[str, float]], charges: Iterable[Part]) -> Part:
    """A subscription of an account to the charges of some lines; those that are not among `charges` are synced ones."""
    own = {c.number: c for c in charges}
    names = list(dict.fromkeys(name for name, _ in lines))
    return Part(number, subscription(of, number, *names), {}).with_(*(own.get(n) or a_charge(n) for n in names))


ADJUSTMENT_FIELDS = Part("", {}, own_fields())
"""The body fields that only adjustments have."""

# -- documents -------------------------------------------------------------------------------------------------------------


def an_invoice(
    number: str,
    lines: Lines | float = 100.0,
    *charges: Part,
    of: Part | None = None,
    synced: bool = False,
    there: str | None = None,
    gone: bool = False,
    standalone: bool = False,
    **fields: Any,
) -> Part:
    """A posted invoice. `lines`: amounts by charge, or one amount for Gold; `taxes`: an amount for each line; `there`: the id of the
    NetSuite invoice or, of a negative one, credit memo that it has become; `gone`: NetSuite has that no more; `standalone`: no charge
    stands behind its items."""
    owner, rows, sub = of or an_account(), _rows(lines), f"S-{number}"
    known = there or internal_id(number) if synced else ""
    if known:
        fields = {"IntegrationId__NS": known, **TRANSFERRED, **fields}
    tax = {"AccountingCode": TAX_ITEM, **fields.pop("tax_fields", {})}
    made = invoice(owner.number, number, rows, sub=sub, tax_fields=tax, **fields)
    if standalone:
        for one in made["InvoiceItem"]:
            del one["RatePlanChargeId"]
    part = Part(number, made, {}, known)
    part = part.with_(owner, a_subscription(sub, owner.number, rows, charges), TAXES)
    return part.with_(_there(part, made["Invoice"][0]["Amount"], owner, "INVOICE")) if synced and not gone else part


def _rows(lines: Lines | float) -> list[tuple[str, float]]:
    if isinstance(lines, int | float):
        return [("Gold", lines)]
    return list(lines.items()) if isinstance(lines, Mapping) else list(lines)


def _there(document: Part, amount: float, owner: Part, kind: str) -> Part | None:
    """What a synced document is in NetSuite, of the customer's that is there; a negative one is a credit memo."""
    if not owner.there:
        return None
    lines = {"items": [{"item": {"id": KNOWN["Gold"]}, "amount": abs(amount)}]}
    record = {"id": document.there, "entity": {"id": owner.there}, "tranDate": "2026-10-01", "item": lines}
    record |= {"custbodyzuoraid": zid(document.number), "custbodyzuoratype": kind if amount >= 0 else f"NEGATIVE_{kind}"}
    counterpart: Objects = {"creditMemo": [{**record, "autoApply": False}]} if amount < 0 else {"invoice": [record]}
    return Part(document.number, {}, {**a_charge("Gold").netsuite, **counterpart})


def a_debit_memo(
    number: str,
    lines: Lines | float = 100.0,
    *charges: Part,
    of: Part | None = None,
    synced: bool = False,
    kind: str = "Debit",
    standalone: bool = False,
    **fields: Any,
) -> Part:
    """A posted debit memo, said as an invoice is."""
    owner, rows, sub = of or an_account(), _rows(lines), f"S-{number}"
    if standalone:
        fields["item_fields"] = {"RatePlanChargeId": None, "ProductRatePlanChargeId": None}
    if synced:
        fields = {"IntegrationId__NS": internal_id(number), **TRANSFERRED, **fields}
    made = memo(kind, owner.number, number, rows, sub=sub, **fields)
    part = Part(number, made, {}, internal_id(number) if synced else "")
    part = part.with_(owner, a_subscription(sub, owner.number, rows, charges), TAXES)
    return part.with_(_there(part, sum(amount for _, amount in rows), owner, "DEBIT_MEMO")) if synced else part


def a_credit_memo(
    number: str, lines: Lines | float = 100.0, *parents: Part, applied: Iterable[tuple[Part, float]] = (), **fields: Any
) -> Part:
    """A posted credit memo; `applied`: the documents to which it is applied, and with how much. `parents`: charges, and documents to which
    a field refers."""
    parts = [
        {"Id": zid(f"{number} part {n}"), "CreditMemoId": zid(number), _key(document): zid(document.number), "Amount": amount}
        for n, (document, amount) in enumerate(applied)
    ]
    own = a_debit_memo(number, lines, *parents, kind="Credit", **fields)
    return Part(number, merged(own.zuora, {"CreditMemoPart": parts}), own.netsuite).with_(*parents, *(d for d, _ in applied))


def _key(document: Part) -> str:
    return "DebitMemoId" if "DebitMemo" in document.zuora else "InvoiceId"


def an_adjustment(number: str, of: Part, amount: float = 1.0, kind: str = "Credit", **fields: Any) -> Part:
    """An adjustment of the first item of an invoice, or with `of_tax` of that item's tax."""
    return Part(number, adjustment(number, of.number, amount, kind, **fields), {}).with_(of)


def an_adjustment_for(number: str, of: Part | None = None, **fields: Any) -> Part:
    """An adjustment of a synced invoice of that account."""
    return an_adjustment(number, an_invoice(f"INV-{number}", of=of, synced=True), **fields)


# -- payments and refunds --------------------------------------------------------------------------------------------------

NOBODY = Part("", {}, {})
"""The owner of a payment that is not assigned to an account."""


def a_payment(
    number: str,
    amount: float = 10.0,
    applied: Iterable[tuple[Part, float]] | None = None,
    *,
    of: Part | None = None,
    synced: bool = False,
    **fields: Any,
) -> Part:
    """A processed payment by check. `applied`: the documents to which it is applied, and with how much; if nothing is said, to one synced
    invoice of that amount. `method`: another method of payment."""
    owner, known = of or an_account(), internal_id(number)
    fields = {"IntegrationId__NS": known, **TRANSFERRED, **fields} if synced else fields
    parts = [(an_invoice(f"INV-{number}", amount, of=owner, synced=True), amount)] if applied is None else list(applied)
    made = payment(owner.number or None, number, amount, {d.number: a for d, a in parts}, **fields)
    made["InvoicePayment"] = [
        {**row, "Id": zid(f"{number} on {d.number}")} for row, (d, _) in zip(made["PaymentPart"], parts, strict=False)
    ]
    for row, (document, _) in zip(made["PaymentPart"], parts, strict=False):
        row[_key(document)] = row.pop("InvoiceId")
    own: dict[str, Any] = {"id": known, "customer": {"id": owner.there}, "custbodyzuoraid": zid(number), "custbodyzuoraorigin": "ZUORA"}
    there = ns_payment(number, amount, {d.there: a for d, a in parts}, **own) if synced else {}
    return Part(number, made, there, known if synced else "").with_(owner, *(d for d, _ in parts))


def a_refund(
    number: str,
    amount: float | None = 10.0,
    *,
    of: Part | None = None,
    payer: Part | None = None,
    invoice: Part | None = None,
    synced: bool = True,
    there: str | None = None,
    gone: bool = False,
    applied: float = 20.0,
    **fields: Any,
) -> Part:
    """A processed refund of a payment of 20 for an invoice, which are both synced; with None as the amount, one of no payment. `of`: the
    refund's account, `payer`: the payment's where that is another; `synced`: of the payment, `there`: its NetSuite id, `gone`: NetSuite has
    it no more; `applied`: how much of it is still applied there."""
    owner, name, total = of or an_account(), f"P-{number}", 20.0
    payer = payer or owner
    paid_for = invoice or an_invoice(f"INV-{number}", total, of=payer, synced=True)
    known = {"IntegrationId__NS": there or internal_id(name), **TRANSFERRED} if synced else {}
    refunds: Mapping[str, Any] = {number: {} if amount is None else {name: {paid_for.number: amount}}}
    paid = {name: ("", payer.number, total, {paid_for.number: total})}
    own = {number: {"AccountId": zid(owner.number), **fields}, name: known}
    part = Part(number, {k: v for mode in (False, True) for k, v in refund_world.objects(mode, refunds, paid, own)[0].items()}, {})
    if synced and not gone:
        lines = [{"doc": {"id": paid_for.there}, "apply": True, "amount": applied}] if paid_for.there else []
        head = {"id": known["IntegrationId__NS"], "customer": {"id": payer.there}, "payment": total}
        record = {**head, "tranDate": "2026-10-15", "custbodyzuoraid": zid(name), "autoApply": False}
        part = part.with_(Part(name, {}, {"customerPayment": [{**record, "apply": {"items": lines}} if lines else record]}))
    return part.with_(owner, payer, paid_for)


def made_before(part: Part, record_type: str, *ids: str, **record: Any) -> Part:
    """The same, and NetSuite has it: transactions of these ids bear its Zuora ID, as earlier runs made them."""
    head = {"custbodyzuoraid": zid(part.number), "tranDate": "2026-10-20", **record}
    return replace(part, there=ids[0]).with_(Part(part.number, {}, {record_type: [{"id": i, **head} for i in ids]}))


# -- what people enter in NetSuite ---------------------------------------------------------------------------------------

METHODS = Part("", {"PaymentMethod": [{"Id": CHECK, "Type": "Check"}, {"Id": CASH, "Type": "Cash"}]}, {})
"""The payment methods of the Zuora tenant."""


def a_stranger(number: str, zuora_id: str = "") -> Part:
    """A NetSuite customer that has no Zuora account."""
    return Part(number, {}, {"customer": [payment_world.customer(internal_id(number), zuora_id)]}, internal_id(number))


def an_own_invoice(number: str, amount: float, *, of: Part | None = None, **fields: Any) -> Part:
    """An invoice that NetSuite alone has."""
    owner, known = of or an_account(), internal_id(number)
    record = {**ns_invoice(known, owner.there, amount, ""), **fields}
    return Part(number, {}, {**a_charge("Gold").netsuite, "invoice": [record]}, known).with_(owner)


A_JOURNAL_ENTRY = Part("journal", {}, reverse_world.journal(), reverse_world.JOURNAL).with_(an_account())


def a_netsuite_payment(
    number: str, amount: float = 10.0, applied: Iterable[tuple[Part, float]] | None = None, *, of: Part | None = None, **fields: Any
) -> Part:
    """A payment as a person enters it in NetSuite, of a customer that has a Zuora account. `applied`: the documents to which it is applied,
    and with how much; if nothing is said, to one synced invoice of that amount."""
    owner = of or an_account()
    parts = [(an_invoice(f"INV-{number}", amount, of=owner, synced=True), amount)] if applied is None else list(applied)
    own: dict[str, Any] = {"id": internal_id(number), "customer": {"id": owner.there}, **fields}
    made = ns_payment(number, amount, {d.there: a for d, a in parts}, **own)
    return Part(number, {}, made, internal_id(number)).with_(owner, *(d for d, _ in parts))


def a_netsuite_memo(
    number: str, amount: float = 40.0, applied: Iterable[tuple[Part, float]] | None = None, *, of: Part | None = None, **fields: Any
) -> Part:
    """A credit memo as a person enters it in NetSuite, applied as a payment is."""
    owner = of or an_account()
    parts = [(an_invoice(f"INV-{number}", amount, of=owner, synced=True), amount)] if applied is None else list(applied)
    own: dict[str, Any] = {"id": internal_id(number), **fields}
    made = ns_memo(number, amount, {d.there: a for d, a in parts}, owner.there, **own)
    return Part(number, {}, made, own["id"]).with_(owner, a_charge("Gold"), *(d for d, _ in parts))


def a_netsuite_refund(
    number: str,
    amount: float = 50.0,
    *,
    payment: Part | None = None,
    memos: Sequence[tuple[float, float]] = (),
    asked: bool = True,
    referred: bool = True,
    of: Part | None = None,
    **fields: Any,
) -> Part:
    """A customer refund as a person enters it in NetSuite, of the credit memo CM-{number}, which asks for a refund of `payment` in Zuora:
    of 120 for an invoice of 100, if nothing is said. `memos`: amount of each credit memo and how much of it is refunded, where that is
    not one that is refunded whole; `asked`, `referred`: whether it asks for it, and names the payment."""
    owner = of or an_account()
    payment = payment or a_payment(
        f"PAY-{number}", 120.0, [(an_invoice(f"INV-{number}", of=owner, synced=True), 100.0)], of=owner, synced=True
    )
    names = [f"CM-{number}{n or ''}" for n in range(len(memos) or 1)]
    own: dict[str, Any] = {"custbodycreatezuorarefund": asked}
    own |= {"custbodyzuorarefundpaymentreference": {"id": payment.there}} if referred else {}
    credits = [a_netsuite_memo(n, total, [], of=owner, **own) for n, (total, _) in zip(names, memos or [(amount, amount)], strict=True)]
    lines = [{"doc": {"id": c.there}, "apply": True, "amount": a} for c, (_, a) in zip(credits, memos or [(amount, amount)], strict=True)]
    head = {"id": internal_id(number), "tranId": number, "customer": {"id": owner.there}, "tranDate": "2026-10-21"}
    paid_out = {"paymentOption": {"refName": "Check"}, "account": {"refName": "1000 Operating Bank Account"}}
    record = {**head, **paid_out, "apply": {"items": lines}, **fields}
    return Part(number, {}, {"customerRefund": [record]}, internal_id(number)).with_(owner, payment, *credits)


def a_closed_negative_invoice(
    number: str, amount: float, applied: Iterable[tuple[Part, float]], balance: float | None = None, **fields: Any
) -> Part:
    """A negative invoice that is a credit memo of that amount in NetSuite, which a person has applied there. `balance`: of the
    invoice, where something else was done with it in Zuora."""
    document = an_invoice(f"Z-{number}", -amount, synced=True, gone=True, Balance=balance)
    born = {"custbodyzuoraid": zid(document.number), "custbodyzuoratype": "NEGATIVE_INVOICE", **fields}
    return a_netsuite_memo(number, amount, applied, **{"id": document.there, **born}).with_(document)


def a_netsuite_customer(number: str, *addresses: Any, **fields: Any) -> Part:
    """A customer that is to be sent to Zuora, of the NetSuite id `number`; people call it C-{number}."""
    return Part(f"C-{number}", {}, {"customer": [customer_to_send(number, *addresses, **fields)]}, number)


RATE_PLANS = Part("", order_world.catalogue(), {"serviceSaleItem": order_world.items()})
"""The catalogue of sales orders, and its NetSuite items."""


def a_sales_order(number: str, *items: str, of: Part | None = None, **fields: Any) -> Part:
    """An order to be sent, with a line for each of the items, for one rate plan if none are named."""
    owner, known = of or an_account(), internal_id(number)
    record = order_world.order(known, *items, owner=owner.there, **{"tranId": number, **fields})
    return Part(number, {}, {"salesOrder": [record]}, known).with_(owner, RATE_PLANS)
