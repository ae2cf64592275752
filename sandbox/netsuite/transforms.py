"""Building one record from another: `POST /{source}/{id}/!transform/{target}`."""

from __future__ import annotations

from typing import Any

from sandbox.netsuite.exceptions import NetSuiteError, malformed, user_error
from sandbox.netsuite.ledger import ZERO
from sandbox.netsuite.records import Before, Records, WriteOptions
from sandbox.netsuite.rules import Tenant
from sandbox.netsuite.store import Record, Unit

COPIED = ("entity", "currency", "exchangeRate", "terms", "memo", "otherRefNum", "class", "department", "location", "taxItem", "isTaxable")
LINE_OWN = ("uniquekey", "quantityBilled", "orderDoc", "orderLine")
TARGETS: dict[str, tuple[str, ...]] = {
    "salesOrder": ("invoice",),
    "invoice": ("customerPayment", "creditMemo"),
    "customer": ("invoice", "salesOrder", "customerPayment", "customerDeposit", "creditMemo", "customerRefund"),
    "customerDeposit": ("depositApplication",),
}


def transform(
    tenant: Tenant, records: Records, source: Record, target: str, body: dict[str, Any], how: WriteOptions
) -> tuple[Record, Before]:
    """Create the target record: what it takes over from the source, changed by the body. Returns it with what to undo."""
    allowed = {t.lower(): t for t in TARGETS.get(source.type.name, ())}
    if target.lower() not in allowed:
        raise malformed(f"!transform/{target}")
    kind = tenant.catalog.type(target)
    seed = Record(kind, 0)
    match source.type.name, kind.name:
        case "salesOrder", "invoice":
            _from_order(source, seed)
        case "invoice", "creditMemo":
            _credit(tenant, source, seed, body)
        case "invoice", "customerPayment":
            _pay(tenant, source, seed, body)
        case "customerDeposit", "depositApplication":
            seed.values["deposit"] = source.id
        case _:
            seed.values["customer" if "customer" in kind.fields else "entity"] = source.id
    seed.values = {n: v for n, v in seed.values.items() if n.lower() in kind.fields and v is not None}
    record, before = records.create(kind, body, how, seed=seed)
    if source.type.name == "salesOrder":
        before += _bill(tenant, source, record)
    return record, before


def _copy(source: Record, seed: Record) -> None:
    seed.values = {name: source.values.get(name) for name in COPIED}
    seed.values["createdFrom"] = source.id


def _lines(source: Record) -> list[dict[str, Any]]:
    return [{n: v for n, v in line.items() if n not in LINE_OWN} for line in source.lines["item"]]


def _from_order(order: Record, seed: Record) -> None:
    _copy(order, seed)
    lines: list[dict[str, Any]] = []
    for line, made in zip(order.lines["item"], _lines(order), strict=True):
        left = line["quantity"] - line.get("quantityBilled", ZERO)
        if left and not line.get("isClosed"):
            made.update(quantity=left, orderDoc=order.id, orderLine=line["line"])
            if left != line["quantity"]:
                made.pop("amount")
            lines.append({**made, "line": len(lines) + 1})
    if not lines:
        raise user_error("The sales order has no lines left to be invoiced.")
    seed.lines["item"] = lines


def _bill(tenant: Tenant, order: Record, invoice: Record) -> Before:
    """Note on the order's lines what the invoice bills."""
    unit = Unit(tenant.store)
    changed = unit.edit("transaction", order.id)
    for line in invoice.lines["item"]:
        for ordered in changed.lines["item"]:
            if ordered["line"] == line.get("orderLine") and line.get("orderDoc") == order.id:
                ordered["quantityBilled"] = ordered.get("quantityBilled", ZERO) + line["quantity"]
    changed.values["lastModifiedDate"] = tenant.now()
    return unit.commit()


def _credit(tenant: Tenant, invoice: Record, seed: Record, body: dict[str, Any]) -> None:
    _copy(invoice, seed)
    seed.lines["item"] = _lines(invoice)
    left = tenant.ledger.open_amount(invoice)
    if left > 0 and not _names(body, "apply"):
        seed.lines["apply"] = [{"doc": invoice.id, "apply": True, "line": 0, "amount": left}]


def _pay(tenant: Tenant, invoice: Record, seed: Record, body: dict[str, Any]) -> None:
    left = tenant.ledger.open_amount(invoice)
    if left <= 0:
        raise _already_paid(invoice)
    seed.values = {"customer": invoice.values["entity"], "currency": invoice.values["currency"], "payment": left}
    seed.values["arAcct"] = invoice.values["account"]
    if not _names(body, "apply"):
        seed.lines["apply"] = [{"doc": invoice.id, "apply": True, "line": 0, "amount": left}]


def _already_paid(invoice: Record) -> NetSuiteError:
    return user_error(f"Invoice {invoice.values['tranId']} is paid in full.")


def _names(body: dict[str, Any], name: str) -> bool:
    return any(key.lower() == name for key in body)
