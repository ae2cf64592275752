"""What the memo tests share: debit and credit memos with items and tax lines, the documents that credit memos are applied to, and what
people do with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallybridge.settings import DEFAULTS
from tallybridge.sync.ledger import Owner
from tests.sync.builders import Objects, merged, subscription, zid
from tests.sync.invoice_world import CLASSIFIED, MAPPED, TAX_ITEM, customer, item, parents, synced_account, synced_charge
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import ns_invoice, zuora_invoice
from tests.sync.ran import CREDIT_MEMOS, DEBIT_MEMOS, Ran
from tests.sync.ran import ran as one_run
from tests.sync.recording import recorded_bodies

GOLD = [("Gold", 100.0)]
DONE = ("Sync Complete", "Yes")
DOCUMENTS = {"INV1": ("7001", 100.0), "INV2": ("7002", 50.0)}
DEBIT_MEMO = ("DM1", "7004", 30.0)
FOREIGN = "7009"
KINDS = {"Debit": DEBIT_MEMOS, "Credit": CREDIT_MEMOS}


def memo(
    kind: str, account: str, number: str, lines: list[tuple[str, float]], *, sub: str, taxes: list[float] | None = None, **fields: Any
) -> Objects:
    """A posted memo; `kind` = "Debit" or "Credit"; `lines` = (charge name, amount); `taxes` = a tax amount per line (0 = none), taxed by
    TAX_ITEM. `tax_fields` and `item_fields` change every row."""
    tax_fields, item_fields = fields.pop("tax_fields", {}), fields.pop("item_fields", {})
    items, taxation = [], []
    for n, (charge, amount) in enumerate(lines, start=1):
        item = {
            "Id": zid(f"{number} item {n}"),
            f"{kind}MemoId": zid(number),
            "SubscriptionId": zid(sub),
            "RatePlanChargeId": zid(f"{sub} {charge}"),
            "ProductRatePlanChargeId": zid(charge),
            "ChargeName": charge,
            "Amount": amount,
            "AmountWithoutTax": amount,
            "Quantity": 1,
            "ChargeDate": "2026-10-01T00:00:00.000+00:00",
            "ProcessingType": "Charge",
            "ServiceStartDate": "2026-10-01",
            "ServiceEndDate": "2026-10-31",
            **item_fields,
        }
        items.append({k: v for k, v in item.items() if v is not None})
        if taxes and taxes[n - 1]:
            tax = {
                "Id": zid(f"{number} tax {n}"),
                f"{kind}MemoItemId": item["Id"],
                "AccountingCode": TAX_ITEM,
                "TaxAmount": taxes[n - 1],
                "TaxCode": "STATE",
                "TaxRate": 0.09,
                "TaxRateType": "Percentage",
                "TaxRateDescription": "State sales tax",
                "TaxDate": "2026-10-01",
                "Name": "State tax",
                **tax_fields,
            }
            taxation.append({k: v for k, v in tax.items() if v is not None})
    net, tax_total = round(sum(v for _, v in lines), 2), round(sum(taxes or []), 2)
    head = {
        "Id": zid(number),
        "AccountId": zid(account),
        "MemoNumber": number,
        "MemoDate": "2026-10-05",
        "TargetDate": "2026-10-04",
        "PostedOn": "2026-10-05T09:00:00.000+00:00",
        "Status": "Posted",
        "TotalAmount": round(net + tax_total, 2),
        "TotalAmountWithoutTax": net,
        "TaxAmount": tax_total,
        "TotalTaxExemptAmount": 0,
        **fields,
    }
    return {f"{kind}Memo": [{k: v for k, v in head.items() if v is not None}], f"{kind}MemoItem": items, f"{kind}TaxationItem": taxation}


def debit(number: str, lines: list[tuple[str, float]] = GOLD, account: str = "A1", sub: str = "S1", **fields: Any) -> Objects:
    return memo("Debit", account, number, lines, sub=sub, **fields)


def credit(
    number: str,
    lines: list[tuple[str, float]] = GOLD,
    account: str = "A1",
    sub: str = "S1",
    applied: Mapping[str, float] | None = None,
    **fields: Any,
) -> Objects:
    """`applied` = amount by document number; the rest stays unapplied."""
    parts = [part(number, n, document, amount) for n, (document, amount) in enumerate((applied or {}).items())]
    return merged(memo("Credit", account, number, lines, sub=sub, **fields), {"CreditMemoPart": parts})


def part(number: str, n: int, document: str, amount: float) -> dict[str, Any]:
    """An application of a credit memo."""
    key = "DebitMemoId" if document.startswith("DM") else "InvoiceId"
    return {"Id": zid(f"{number} part {n}"), "CreditMemoId": zid(number), key: zid(document), "Amount": amount}


def documents() -> tuple[Objects, Objects]:
    """(Zuora, NetSuite): two synced invoices and a synced debit memo of A1, an invoice (INV9) and a debit memo (DM9) that are not synced
    yet, and an invoice of A1's customer that is NetSuite's own."""
    number, internal_id, amount = DEBIT_MEMO
    state = {"IntegrationId__NS": internal_id, "TransferredToAccounting": "Yes", "IntegrationStatus__NS": "Sync Complete"}
    zuora = merged(
        *(zuora_invoice(n, "A1", value, i) for n, (i, value) in DOCUMENTS.items()),
        zuora_invoice("INV9", "A1", 40, ""),
        debit(number, [("Gold", amount)], **state),
        debit("DM9", [("Gold", 20.0)]),
    )
    netsuite = [ns_invoice(i, "9001", value, zid(n)) for n, (i, value) in {**DOCUMENTS, number: (internal_id, amount)}.items()]
    return zuora, {"invoice": [*netsuite, ns_invoice(FOREIGN, "9001", 25.0, "")]}


def ready(world: MemoryWorld, *zuora: Objects, netsuite: Objects | None = None, **settings: Any) -> MemoryWorld:
    """The world anew with the parents, the documents, these objects beside them, and these settings."""
    world.reset(**settings)
    own_zuora, own_netsuite = parents()
    their_zuora, their_netsuite = documents()
    world.load(merged(own_zuora, their_zuora, *zuora), merged(own_netsuite, their_netsuite))
    world.load(netsuite=netsuite)
    world.clock.advance(minutes=1)
    return world


def ran(world: MemoryWorld, kind: str = "Debit") -> Ran:
    """Run the step of one kind of memo as a run of its own."""
    world.clock.advance(minutes=30)
    return one_run(world, KINDS[kind])


def credited(world: MemoryWorld) -> Ran:
    """Run the credit memos step."""
    return ran(world, "Credit")


def memos(world: MemoryWorld, kind: str) -> dict[str, dict[str, Any]]:
    return {m["MemoNumber"]: dict(m) for m in world.zuora.dump().get(f"{kind}Memo", [])}


def by_api(world: MemoryWorld, number: str, action: str = "", **fields: Any) -> None:
    """What a person does to a credit memo through Zuora's API: set fields, or "apply", "unapply"."""
    world.wiring().zuora(DEFAULTS).put(f"/v1/credit-memos/{zid(number)}{f'/{action}' if action else ''}", fields)


def reset_by_a_person(world: MemoryWorld, number: str) -> None:
    """Transferred to Accounting back to No."""
    by_api(world, number, transferredToAccounting="No")


def on(**amounts: float) -> dict[str, Any]:
    """The body of apply and unapply: amounts by document number."""
    given = list(amounts.items())
    return {
        "invoices": [{"invoiceId": zid(n), "amount": a} for n, a in given if n.startswith("INV")],
        "debitMemos": [{"debitMemoId": zid(n), "amount": a} for n, a in given if n.startswith("DM")],
    }


def by_hand(world: MemoryWorld, record_type: str, internal_id: str, body: dict[str, Any]) -> None:
    """A person changes a NetSuite record."""
    world.wiring().netsuite(DEFAULTS, Owner("person", "by hand/", "person")).update(record_type, internal_id, body)


def paid_in_netsuite(world: MemoryWorld, document: str, amount: float, internal_id: str = "8001") -> None:
    """A payment that NetSuite alone knows takes from the open balance of an invoice of A1's customer."""
    line = {"doc": {"id": document}, "apply": True, "amount": amount}
    payment = {"id": internal_id, "customer": {"id": "9001"}, "payment": amount, "tranDate": "2026-10-15", "apply": {"items": [line]}}
    world.load(netsuite={"customerPayment": [payment]})


# -- mapping ----------------------------------------------------------------------------------------------------------------

NOTES = "x" * 280 + "é,\"'<&>"
CODE = "Straight-line, exact days"
DEFERRABLE = {"revRecSchedule": {"id": "1"}, "deferredRevenueAccount": {"id": "6"}}
RICH_HEAD: dict[str, Any] = {
    "CreatedDate": "2026-10-04T23:15:00.000-02:00",
    "PostedOn": "2026-10-05T09:00:00.000+00:00",
    "TotalTaxExemptAmount": 1.5,
}


def mapped(world: MemoryWorld, kind: str, **head: Any) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """One run over a memo with everything (RICH, of the classified account EAST) and one with little (PLAIN, of A1): the run, and the
    bodies of the two creates as they left."""
    world.reset(**MAPPED)
    zuora, netsuite = parents()
    more = merged(
        synced_account("EAST", "9002", **CLASSIFIED),
        synced_charge("Annual", "511", RevRecCode=CODE, RevRecStart__NS="Rev Rec Trigger Date"),
        synced_charge("Project", "512", RevRecCode=CODE, RevRecTemplateType__NS="Variable"),
        subscription("EAST", "SEAST", "Annual", "Project", "Discount"),
        documents()[0],
        memo(
            kind,
            "EAST",
            "RICH",
            [("Annual", 100.0), ("Project", 7.0), ("Discount", -10.0), ("Annual", 20.0)],
            sub="SEAST",
            taxes=[8.1, 0.0, 50.0, 0.0],
            **{**RICH_HEAD, **head},
        ),
        memo(kind, "A1", "PLAIN", [("Gold", 10.0)], sub="S1"),
    )
    (sub,) = more["Subscription"]
    sub |= {"Notes": NOTES, "Project__NS": "9101", "SubscriptionEndDate": "2026-12-31"}
    rows = {row["Id"]: row for kind_ in (f"{kind}MemoItem", f"{kind}TaxationItem", "InvoiceItem") for row in more[kind_]}
    rows[zid("RICH item 1")] |= {"Quantity": 4, "InvoiceItemId": zid("INV1 item")}
    rows[zid("INV1 item")]["RevRecStartDate"] = "2026-10-10"
    rows[zid("RICH tax 3")] |= {"TaxRateType": "FlatFee", "TaxRate": 50}
    items = [item(name, i, **DEFERRABLE) for name, i in (("Annual", "511"), ("Project", "512"))]
    more_netsuite = {"customer": [customer("EAST", "9002")], "serviceSaleItem": items}
    job = {"job": [{"id": "9101", "companyName": "Project", "parent": {"id": "9002"}, "subsidiary": {"id": "1"}}]}
    world.load(merged(zuora, more), merged(netsuite, documents()[1], more_netsuite, job))
    bodies = recorded_bodies(world, "creditMemo" if kind == "Credit" else "invoice")
    run = ran(world, kind)
    by_number = {b["externalId"]: b for b in bodies}
    return run, by_number[zid("RICH")], by_number[zid("PLAIN")]


def lines_in(body: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """What the lines of a body hold, by the Zuora ID of the line and the field."""
    return {(line["custcolzuoraid"], field): value for line in body["item"]["items"] for field, value in line.items()}
