"""What the tests of the steps from NetSuite to Zuora share: accounts and documents that exist on both sides, records as people enter them
in NetSuite, and runs of one step alone.

    ready(world, ns_payment("P1", 60, {"INV1": 60}))
    summary = run(world)
    assert zuora_of(world, "Payment", "P1")["Amount"] == 60
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from requests.exceptions import ReadTimeout

from tallybridge import money
from tallybridge.settings import DEFAULTS
from tallybridge.sync.ledger import Owner
from tallybridge.zuora import Zuora
from tests.sync import payment_world
from tests.sync.builders import Objects, merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import CUSTOMERS, FOREIGN, INVOICES, ns_invoice

SYNCED = {"IntegrationStatus__NS": "Sync Complete", "TransferredToAccounting": "Yes"}
UNSYNCED = ("INV9", "7008")
"""An invoice that NetSuite has with its Zuora ID, while Zuora does not know of it."""
JOURNAL = "7010"
DOCUMENTS = {
    **{n: i for n, (_, i, _) in INVOICES.items()},
    "DM1": "7004",
    "INV9": "7008",
    "FOREIGN": FOREIGN,
    "JOURNAL": JOURNAL,
    "PAY1": "7301",
    "PAY2": "7302",
}
CHECK, CASH = zid("Check of the tenant"), zid("Cash of the tenant")
SWITCHED_ON = {f"disable_netsuite_{name}_sync": "No" for name in ("payment", "refund")}
MEMOS_ON = {"disable_netsuite_credit_memo_sync": "No"}
"""For tenants without Invoice Settlement."""
PAYMENTS, REFUNDS = "netsuite_payments", "netsuite_refunds"
STATUS, ZUORA_ID, ORIGIN, SYNC_DATE = (
    "custbodyzuoraintegrationstatus",
    "custbodyzuoraid",
    "custbodyzuoraorigin",
    "custbodyzuorasyncdate",
)


def is_settlement(world: MemoryWorld) -> bool:
    return bool(world.zuora.options.settlement)


def parents(settlement: bool) -> tuple[Objects, Objects]:
    """(Zuora, NetSuite): the same as for payments from Zuora, with an INV9 of which Zuora does not know that it was synced, a journal entry
    that is NetSuite's own, and payment methods of the tenant."""
    zuora, netsuite = payment_world.parents(settlement)
    methods: Objects = {"PaymentMethod": [{"Id": CHECK, "Type": "Check"}, {"Id": CASH, "Type": "Cash"}]}
    unsynced = {"invoice": [ns_invoice(UNSYNCED[1], "9001", 40, zid(UNSYNCED[0]))]}
    return merged(zuora, methods), merged(netsuite, unsynced, journal())


def journal() -> Objects:
    """A journal entry that increases what A1's customer owes, so that payments can be applied to it."""
    lines = [{"account": {"id": "3"}, "entity": {"id": "9001"}, "debit": 15}, {"account": {"id": "7"}, "credit": 15}]
    return {"journalEntry": [{"id": JOURNAL, "subsidiary": {"id": "1"}, "tranDate": "2026-10-01", "line": {"items": lines}}]}


def ns_payment(number: str, amount: float, applied: Mapping[str, float] | None = None, owner: str = "A1", **fields: Any) -> Objects:
    """A payment as a person enters it; `applied` = amount by document name (INV1, DM1, FOREIGN ...)."""
    record = {
        "tranId": number,
        "customer": {"id": CUSTOMERS[owner]},
        "payment": amount,
        "tranDate": "2026-10-15",
        "paymentOption": {"refName": "Check"},
        "autoApply": False,
        "apply": {"items": [_line(name, value) for name, value in (applied or {}).items()]},
        "custbodyzuorasyncupdates": True,
        **fields,
    }
    return {"customerPayment": [{k: v for k, v in record.items() if v is not None and v != {"items": []}}]}


def ns_refund(number: str, amount: float, *, payment: str = "PAY1", memo: Any = None, **fields: Any) -> tuple[Objects, Objects]:
    """A credit memo CM-{number} that asks for a Zuora refund of `payment` ("" = names none), and its customer refund. `memo`: the amount
    of the credit memo where it is another; `fields` are the refund's."""
    reference = {"custbodyzuorarefundpaymentreference": {"id": DOCUMENTS[payment]}} if payment else {}
    credit = {
        "id": str(7500 + len(number) * 10 + int(number[-1])),
        "tranId": f"CM-{number}",
        "entity": {"id": "9001"},
        "tranDate": "2026-10-20",
        "autoApply": False,
        "item": {"items": [{"item": {"id": "501"}, "amount": memo or amount}]},
        "custbodycreatezuorarefund": True,
        **reference,
    }
    refund = {
        "tranId": number,
        "customer": {"id": "9001"},
        "tranDate": "2026-10-21",
        "paymentOption": {"refName": "Check"},
        "account": {"refName": "1000 Operating Bank Account"},
        "apply": {"items": [{"doc": {"id": credit["id"]}, "apply": True, "amount": amount}]},
        **fields,
    }
    return {"creditMemo": [credit]}, {"customerRefund": [refund]}


def paid(world: MemoryWorld, amount: float, applied: Mapping[str, float], number: str = "PAY1") -> tuple[Objects, Objects]:
    """(Zuora, NetSuite): a payment of A1 that was synced from Zuora; it is applied to these documents."""
    rest = round(amount - sum(applied.values()), 2)
    key = "PaymentPart" if is_settlement(world) else "InvoicePayment"
    rows = [
        {
            "Id": zid(f"{number} {n}"),
            "PaymentId": zid(number),
            "DebitMemoId" if n.startswith("DM") else "InvoiceId": zid(n),
            "Amount": value,
        }
        for n, value in applied.items()
    ]
    if rest and is_settlement(world):
        rows.append({"Id": zid(f"{number} rest"), "PaymentId": zid(number), "Amount": rest})
    head = {
        "Id": zid(number),
        "PaymentNumber": number,
        "AccountId": zid("A1"),
        "Amount": amount,
        "AppliedAmount": amount - rest,
        "UnappliedAmount": rest,
        "EffectiveDate": "2026-10-15",
        "PaymentMethodId": CHECK,
        "Status": "Processed",
        "Type": "External",
        "IntegrationId__NS": DOCUMENTS[number],
        **SYNCED,
    }
    known = ns_payment(number, amount, applied, id=DOCUMENTS[number], custbodyzuoraid=zid(number), custbodyzuoraorigin="ZUORA")
    return {"Payment": [head], key: rows}, known


def _line(name: str, amount: float) -> dict[str, Any]:
    return {"doc": {"id": DOCUMENTS.get(name, name)}, "apply": bool(amount), "amount": amount}


def convenient(world: MemoryWorld) -> None:
    """A tenant that takes payments with earlier dates and refunds that unapply by themselves; the others have tests of their own."""
    world.zuora.options.payment_effective_date = "not_future"
    world.zuora.options.refund_with_unapply = True


def ready(world: MemoryWorld, *netsuite: Objects, zuora: Objects | None = None, **settings: Any) -> MemoryWorld:
    """The world anew with the parents, these NetSuite objects beside them, and these settings."""
    world.reset(**{**SWITCHED_ON, **({} if is_settlement(world) else MEMOS_ON), **settings})
    convenient(world)
    own_zuora, own_netsuite = parents(is_settlement(world))
    world.load(merged(own_zuora, zuora or {}), own_netsuite)
    for objects in netsuite:
        world.load(netsuite=objects)
    world.clock.advance(minutes=1)
    return world


def run(world: MemoryWorld, step: str = PAYMENTS, **how: Any) -> dict[str, Any]:
    """One run of the step; answers its summary with the log's lines under "log" and the step's own report under "step"."""
    summary = world.reported(step, **how)
    return {**summary, "step": next(s for s in summary["steps"] if s["step"] == step)}


def maps_to(value: Any, expected: Any, source: dict[str, Any]) -> bool:
    """Whether a mapped field holds what its rule says; "written back": the sync date of the NetSuite record, taken a little later."""
    if expected != "written back":
        return bool(value == expected)
    gap = datetime.fromisoformat(source[SYNC_DATE]) - datetime.fromisoformat(value)
    return timedelta(0) <= gap < timedelta(minutes=1)


def messages(summary: dict[str, Any]) -> dict[str, str]:
    """The log's message by code."""
    return {line["code"]: line["message"] for line in summary["log"] if line.get("code")}


def lose_answers(world: MemoryWorld, *rules: dict[str, Any]) -> None:
    """Fault rules for Zuora; those that drop a connection lose the answer where there is no connection: the call waits for it in vain."""

    def drop(environ: Any) -> None:
        raise ReadTimeout("no answer")

    world.zuora_control.drop = drop  # type: ignore[method-assign]
    world.zuora_control.set_faults(list(rules))


def statuses_seen(world: MemoryWorld, act: Callable[[], Any], record_type: str = "customerPayment") -> list[tuple[str, str]]:
    """What happens to the status while `act` runs: ("marked", text) for each write of it, ("Zuora", path) for each write in Zuora."""
    seen: list[tuple[str, str]] = []
    send = world.session.send

    def listen(request: Any, **how: Any) -> Any:
        path = request.path_url.partition("?")[0]
        if request.method == "PATCH" and f"/{record_type}/" in path and STATUS in (body := money.loads(request.body)):
            seen.append(("marked", body[STATUS]))
        elif request.method in ("POST", "PUT") and re.search(r"/v1/(payments|refunds|action/(create|update))", path):
            seen.append(("Zuora", re.sub(r"[0-9a-f]{32}", "{id}", path)))
        return send(request, **how)

    world.session.send = listen  # type: ignore[method-assign]
    act()
    world.session.send = send  # type: ignore[method-assign]
    return seen


# -- looking ---------------------------------------------------------------------------------------------------------------


def ns(world: MemoryWorld, record_type: str, number: str) -> dict[str, Any]:
    """The NetSuite record of that number."""
    found = next(r for r in world.in_netsuite(record_type) if r.get("tranId") == number or str(r["id"]) == number)
    return {**found, "id": str(found["id"])}


def status_of(world: MemoryWorld, number: str, record_type: str = "customerPayment") -> str | None:
    return ns(world, record_type, number).get(STATUS)


def all_of(world: MemoryWorld, kind: str, number: str, record_type: str = "customerPayment") -> list[dict[str, Any]]:
    """The Zuora records of a NetSuite record by Integration ID."""
    internal_id = ns(world, record_type, number)["id"]
    return [r for r in world.zuora.dump().get(kind, []) if r.get("IntegrationId__NS") == internal_id]


def zuora_of(world: MemoryWorld, kind: str, number: str, record_type: str = "customerPayment") -> dict[str, Any]:
    """The one Zuora record of a NetSuite record."""
    (found,) = all_of(world, kind, number, record_type)
    return found


def parts_of(world: MemoryWorld, payment_id: str) -> dict[str, Any]:
    """What a Zuora payment is applied to, by document name; "rest" is what is not applied."""
    names = {zid(n): n for n in DOCUMENTS}
    kind = "PaymentPart" if is_settlement(world) else "InvoicePayment"
    found: dict[str, Decimal] = {}
    for part in world.zuora.dump().get(kind, []):
        if part["PaymentId"] == payment_id and Decimal(str(part["Amount"])):
            document = part.get("InvoiceId") or part.get("DebitMemoId")
            found[names[document] if document else "rest"] = Decimal(str(part["Amount"]))
    return found


def balance(world: MemoryWorld, number: str) -> Any:
    kind = "DebitMemo" if number.startswith("DM") else "Invoice"
    name = "MemoNumber" if number.startswith("DM") else "InvoiceNumber"
    return Decimal(str(next(r for r in world.zuora.dump()[kind] if r[name] == number)["Balance"]))


def calls(world: MemoryWorld) -> tuple[Counter[str], Counter[str]]:
    """(Zuora, NetSuite): calls by operation since `forget_calls`, log-ins left out."""
    both = []
    for control in (world.zuora_control, world.netsuite_control):
        both.append(Counter({k: n for k, n in control.statistics.calls.items() if "token" not in k}))
    return both[0], both[1]


def forget_calls(world: MemoryWorld) -> None:
    for control in (world.zuora_control, world.netsuite_control):
        control.statistics.calls.clear()


def writes(counted: Counter[str]) -> int:
    """Calls that change something."""
    reads = re.compile(r"^GET |action/query|suiteql|query/jobs|object-query", re.IGNORECASE)
    return sum(n for operation, n in counted.items() if not reads.search(operation))


# -- what people do ----------------------------------------------------------------------------------------------------------


def in_netsuite(world: MemoryWorld, number: str, body: Mapping[str, Any], record_type: str = "customerPayment") -> None:
    """A person changes a NetSuite record."""
    world.clock.advance(minutes=5)
    owner = Owner("person", "by hand/", "person")
    world.wiring().netsuite(DEFAULTS, owner).update(record_type, ns(world, record_type, number)["id"], dict(body))


def apply(world: MemoryWorld, number: str, **amounts: float) -> None:
    """A person sets applications of a NetSuite payment; 0 takes one away."""
    lines = [_line(name, value) for name, value in amounts.items()]
    in_netsuite(world, number, {"customer": {"id": ns(world, "customerPayment", number)["customer"]["id"]}, "apply": {"items": lines}})


def cleared(world: MemoryWorld, number: str, record_type: str = "customerPayment") -> None:
    """A person asks for the record again: status and Zuora ID cleared."""
    in_netsuite(world, number, {STATUS: "", ZUORA_ID: ""}, record_type)


def person_in_zuora(world: MemoryWorld) -> Zuora:
    return world.wiring().zuora(DEFAULTS)


def cancelled_by_hand(world: MemoryWorld, payment: str) -> None:
    """A payment that was transferred to accounting has to be taken back from there first."""
    zuora = person_in_zuora(world)
    zuora.put(f"/v1/payments/{payment}", {"financeInformation": {"transferredToAccounting": "Ignore"}})
    zuora.put(f"/v1/payments/{payment}/cancel", {})
