"""What the payment tests share: accounts, invoices and a debit memo that exist on both sides, and runs of the payments step alone.

`settlement` is taken from the world: without Invoice Settlement there is no debit memo, and `paid` makes payments.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from requests.exceptions import ReadTimeout

from tallybridge.settings import DEFAULTS
from tests.sync.builders import Objects, account, merged, zid
from tests.sync.memory import MemoryWorld

SYNCED = {"IntegrationStatus__NS": "Sync Complete"}
CUSTOMERS = {"A1": "9001", "A2": "9002"}
UNASSIGNED = "9009"
INVOICES = {"INV1": ("A1", "7001", 100), "INV2": ("A1", "7002", 50), "INV3": ("A2", "7003", 80)}
DEBIT_MEMO = ("DM1", "7004", 30)
FOREIGN = "7009"
ONLY = ("payments",)
DONE = ("Sync Complete", "Yes")


def parents(settlement: bool = True) -> tuple[Objects, Objects]:
    """(Zuora, NetSuite): accounts A1 and A2, three synced invoices, a synced debit memo (with Invoice Settlement), an invoice not yet
    synced (INV9), and an invoice of A1's customer that is NetSuite's own."""
    zuora = merged(
        *(account(number, IntegrationId__NS=internal_id, **SYNCED) for number, internal_id in CUSTOMERS.items()),
        *(zuora_invoice(number, owner, amount, internal_id) for number, (owner, internal_id, amount) in INVOICES.items()),
        zuora_invoice("INV9", "A1", 40, ""),
        {"DebitMemo": [debit_memo()]} if settlement else {},
    )
    netsuite: Objects = {
        "customer": [
            *(customer(internal_id, zid(number)) for number, internal_id in CUSTOMERS.items()),
            customer(UNASSIGNED, "unassigned"),
        ],
        "serviceSaleItem": [{"id": "501", "itemId": "Gold", "subsidiary": {"items": [{"id": "1"}]}, "includeChildren": True}],
        "invoice": [
            *(ns_invoice(internal_id, CUSTOMERS[owner], amount, zid(number)) for number, (owner, internal_id, amount) in INVOICES.items()),
            ns_invoice(FOREIGN, CUSTOMERS["A1"], 25, ""),
            *([ns_invoice(DEBIT_MEMO[1], CUSTOMERS["A1"], DEBIT_MEMO[2], zid("DM1"), kind="DEBIT_MEMO")] if settlement else []),
        ],
    }
    return zuora, netsuite


def customer(internal_id: str, zuora_id: str, currency: str = "USD") -> dict[str, Any]:
    known = {"id": internal_id, "companyName": f"Customer {internal_id}", "subsidiary": {"id": "1"}, "currency": {"refName": currency}}
    return {**known, "custentityzuoraid": zuora_id} if zuora_id else known


def zuora_invoice(number: str, owner: str, amount: float, internal_id: str) -> Objects:
    state = {"IntegrationId__NS": internal_id, "TransferredToAccounting": "Yes", **SYNCED} if internal_id else {}
    head = {"Id": zid(number), "InvoiceNumber": number, "AccountId": zid(owner), "InvoiceDate": "2026-10-01", "Amount": amount}
    item = {"Id": zid(f"{number} item"), "InvoiceId": zid(number), "ChargeName": "Gold", "ChargeAmount": amount}
    return {"Invoice": [{**head, "Status": "Posted", **state}], "InvoiceItem": [item]}


def debit_memo(**fields: Any) -> dict[str, Any]:
    number, internal_id, amount = DEBIT_MEMO
    known = {"Id": zid(number), "MemoNumber": number, "AccountId": zid("A1"), "MemoDate": "2026-10-02", "TotalAmount": amount}
    return {**known, "Status": "Posted", "IntegrationId__NS": internal_id, "TransferredToAccounting": "Yes", **fields}


def ns_invoice(internal_id: str, owner: str, amount: float, zuora_id: str, kind: str = "INVOICE") -> dict[str, Any]:
    lines = [{"item": {"id": "501"}, "amount": amount}]
    record = {"id": internal_id, "entity": {"id": owner}, "tranDate": "2026-10-01", "item": {"items": lines}}
    return {**record, "custbodyzuoraid": zuora_id, "custbodyzuoratype": kind} if zuora_id else record


def paid(owner: str, number: str, amount: float, applied: dict[str, float], *, method: str = "Check", **fields: Any) -> Objects:
    """A payment of a tenant without Invoice Settlement; `applied` = amount by invoice number."""
    rows = [{"Id": zid(f"{number} on {n}"), "PaymentId": zid(number), "InvoiceId": zid(n), "Amount": value} for n, value in applied.items()]
    head = {"Id": zid(number), "PaymentNumber": number, "AccountId": zid(owner), "Amount": amount, "EffectiveDate": "2026-10-15"}
    known = {"PaymentMethodId": zid(f"{number} method"), "Status": "Processed", "Type": "External", **fields}
    of_account = {"Id": zid(f"{number} method"), "Type": method, "AccountId": zid(owner)}
    return {"PaymentMethod": [of_account], "Payment": [{**head, **known}], "InvoicePayment": rows}


def part(payment: str, n: int, document: str, amount: float) -> dict[str, Any]:
    key = "DebitMemoId" if document.startswith("DM") else "InvoiceId"
    return {"Id": zid(f"{payment} extra {n}"), "PaymentId": zid(payment), key: zid(document), "Amount": amount}


def ready(world: MemoryWorld, *zuora: Objects, netsuite: Objects | None = None, **settings: Any) -> MemoryWorld:
    """The world anew with the parents, these objects beside them, and these settings."""
    world.reset(**settings)
    own_zuora, own_netsuite = parents(world.zuora.options.settlement)
    world.load(merged(own_zuora, *zuora), merged(own_netsuite, netsuite or {}))
    world.clock.advance(minutes=1)
    return world


def run(world: MemoryWorld, *, steps: tuple[str, ...] = ONLY, **how: Any) -> dict[str, Any]:
    """One run, of payments if nothing else is said; answers its summary with the log's lines under "log"."""
    return world.reported(*steps, **how)


def messages(summary: dict[str, Any], *codes: str) -> dict[str, str]:
    """The log's message by code."""
    return {line["code"]: line["message"] for line in summary["log"] if line.get("code") in codes or (not codes and line.get("code"))}


def state_of(world: MemoryWorld, number: str) -> tuple[str | None, str | None]:
    """(Integration Status, Transferred to Accounting) of a Zuora payment."""
    record = world.in_zuora("Payment", number)
    return record.get("IntegrationStatus__NS"), record.get("TransferredToAccounting")


def ns_payment(world: MemoryWorld, number: str) -> dict[str, Any] | None:
    """The one NetSuite payment of a Zuora payment; None when there is none."""
    found = [p for p in world.in_netsuite("customerPayment") if p.get("custbodyzuoraid") == zid(number)]
    assert len(found) < 2, found
    return {**found[0], "id": str(found[0]["id"])} if found else None


def the_payment(world: MemoryWorld, number: str) -> dict[str, Any]:
    """The one NetSuite payment of a Zuora payment, which must be there."""
    found = ns_payment(world, number)
    assert found is not None, f"no NetSuite payment of {number}"
    return found


def applied(world: MemoryWorld, number: str) -> Any:
    """Applied amounts: Decimal by NetSuite document id."""
    record = ns_payment(world, number)
    lines = ((record or {}).get("apply") or {}).get("items", [])
    return {str(line["doc"]["id"]): Decimal(str(line["amount"])) for line in lines if line.get("apply")}


def lose_answers(world: MemoryWorld) -> None:
    """Let rules that drop a connection lose the answer where there is no connection: the request waits for it in vain."""

    def drop(environ: Any) -> None:
        raise ReadTimeout("no answer")

    for control in (world.netsuite_control, world.zuora_control):
        control.drop = drop  # type: ignore[method-assign]


def counted(world: MemoryWorld, **how: Any) -> tuple[dict[str, Any], dict[str, int], dict[str, int]]:
    """One run with the calls that it took: (summary, NetSuite's calls by operation, Zuora's)."""
    for control in (world.netsuite_control, world.zuora_control):
        control.clear_stats()
    summary = run(world, **how)
    return summary, world.netsuite_control.stats()["calls"], world.zuora_control.stats()["calls"]


def writes(calls: dict[str, int]) -> dict[str, int]:
    """The counted operations that write records in one of the systems."""
    reads = ("GET ", "POST /v1/action/query", "POST /query/", "POST /oauth", "POST /services/rest/query", "POST /services/rest/auth")
    return {name: n for name, n in calls.items() if not name.startswith(reads)}


def reset_by_a_person(world: MemoryWorld, number: str) -> None:
    """Transferred to Accounting back to No, as the documentation asks for a re-sync."""
    change(world, number, financeInformation={"transferredToAccounting": "No"})


def change(world: MemoryWorld, number: str, action: str = "", **fields: Any) -> None:
    """What a person does to a payment through Zuora's API: set fields, or "apply", "unapply", "transfer"."""
    zuora = world.wiring().zuora(DEFAULTS)
    zuora.put(f"/v1/payments/{zid(number)}{f'/{action}' if action else ''}", fields)


def invoices(**amounts: float) -> dict[str, Any]:
    """The body of apply and unapply."""
    return {"invoices": [{"invoiceId": zid(number), "amount": amount} for number, amount in amounts.items()]}
