"""The tenant of a simulation: its documents, its runs, and what is known of them."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from random import Random
from typing import Any

from tallybridge.errors import TallybridgeError
from tallybridge.settings import DEFAULTS
from tests.faults.killing import Counter, Killer, KillingObserver, WorkerKilled
from tests.faults.ways import start_again, whole_run
from tests.simulation.script import ACCOUNTS
from tests.sync.builders import Objects, account, charge, invoice, merged, payment, subscription, zid
from tests.sync.memo_world import credit
from tests.sync.memory import MemoryWorld
from tests.sync.reverse_world import CASH, CHECK, STATUS, SWITCHED_ON, ZUORA_ID, convenient

TYPES = {"Invoice": "invoice", "Payment": "customerPayment", "CreditMemo": "creditMemo", "Refund": "customerRefund"}
"""Documents of Zuora and what they become in NetSuite."""
TOTALS = {"invoice": "total", "customerPayment": "payment", "creditMemo": "total", "customerRefund": "total"}
MONTH = "Oct 2026"
"""The accounting period of all documents."""
CENT = Decimal("0.01")
BEGINS = datetime(2026, 11, 2, 8, tzinfo=UTC)
Change = tuple[str, str, str, str]
"""A status that the connector wrote: type and id of the record, the status before, the status after."""


@dataclass
class Document:
    """One document that the tenant has made.

    `id` is that of the system in which it was made, NetSuite's if `in_netsuite`. `touched`: a person has changed or deleted it on either
    side; from then on NetSuite may hold of it what that person wanted. `drifts`: what a person did to it is to be told by every run.
    `undone`: it is no longer to be synced."""

    kind: str
    number: str
    account: str
    amount: Decimal
    open: Decimal
    in_netsuite: bool = False
    touched: bool = False
    drifts: bool = False
    undone: bool = False
    id: str = ""

    def __post_init__(self) -> None:
        self.id = self.id or (self.number if self.in_netsuite else zid(self.number))


class Sight:
    """What both sides hold at one moment."""

    def __init__(self, world: MemoryWorld) -> None:
        self.world = world
        self.by_type: dict[str, dict[str, list[dict[str, Any]]]] = {}

    def of_type(self, record_type: str) -> dict[str, list[dict[str, Any]]]:
        """NetSuite's records of a type that carry a Zuora ID, by it."""
        if record_type not in self.by_type:
            found: dict[str, list[dict[str, Any]]] = {}
            for record in self.world.in_netsuite(record_type):
                carried = next((v for k, v in record.items() if k.endswith("zuoraid")), None)
                if carried:
                    found.setdefault(str(carried), []).append(record)
            self.by_type[record_type] = found
        return self.by_type[record_type]

    def rows(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        """Zuora's records of a type, by id."""
        return self.world.zuora.tenant.store.tables[kind]

    def counterparts(self, document: Document) -> list[Any]:
        """The records of the other side that belong to a document."""
        if document.in_netsuite:
            return [row for row in self.rows("Payment").values() if row.get("IntegrationId__NS") == document.id]
        return self.of_type(TYPES[document.kind]).get(document.id, [])

    def source(self, document: Document) -> Mapping[str, Any]:
        """The document where it was made; {} if a person deleted it there."""
        if document.in_netsuite:
            return self.payments.get(document.id, {})
        return self.rows(document.kind).get(document.id, {})

    @cached_property
    def payments(self) -> dict[str, dict[str, Any]]:
        """NetSuite's payments by id."""
        return {str(record["id"]): record for record in self.world.in_netsuite("customerPayment")}

    @cached_property
    def symbols(self) -> dict[str, str]:
        """NetSuite's currencies by id."""
        return {str(record["id"]): str(record["symbol"]) for record in self.world.in_netsuite("currency")}

    def status(self, document: Document) -> str:
        return str(self.source(document).get(STATUS if document.in_netsuite else "IntegrationStatus__NS") or "")

    def is_done(self, document: Document) -> bool:
        row = self.source(document)
        transferred = document.in_netsuite or row.get("TransferredToAccounting") == "Yes"
        return self.status(document) == "Sync Complete" and transferred

    def names(self, document: Document) -> tuple[str, str]:
        """The id of its counterpart as the document names it, and as the counterpart has it."""
        there = self.counterparts(document)[0]
        if document.in_netsuite:
            return str(self.source(document).get(ZUORA_ID)), str(there["Id"])
        return str(self.source(document).get("IntegrationId__NS")), str(there["id"])

    def amount(self, document: Document, there: Mapping[str, Any]) -> tuple[str, Decimal]:
        """Currency and amount of a counterpart."""
        if document.in_netsuite:
            owner = self.rows("Account")[there["AccountId"]]
            return str(there.get("Currency") or owner["Currency"]), Decimal(str(there["Amount"]))
        return self.symbols[str(there["currency"]["id"])], Decimal(str(there.get(TOTALS[TYPES[document.kind]], 0)))


@dataclass
class Simulated:
    """A tenant in a world. `outputs` are those of its runs, oldest first, `changes` the statuses that they have written."""

    world: MemoryWorld
    mode: str
    documents: list[Document] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Names that people have given to accounts, by number."""
    both_ways: bool = True
    """Payments that people enter in NetSuite are synced to Zuora."""
    at_work: bool = False

    @property
    def settings(self) -> dict[str, Any]:
        return {"default_subsidiary": "Parent Company", **(SWITCHED_ON if self.both_ways else {})}

    def begin(self) -> None:
        """Accounts, catalogue and subscriptions; no document yet. It is the same day for every tenant, whichever were played before it."""
        KillingObserver.killer = Killer()
        clock = self.world.clock
        clock.moment, self.world.counter = BEGINS, itertools.count(1)
        random.seed(BEGINS.day)  # the pauses between attempts
        self.world.zuora.options.clock = self.world.netsuite.options.clock = clock.now
        for control in (self.world.zuora_control, self.world.netsuite_control):
            control.sleep = clock.sleep
        self.world.netsuite.options.async_item_s = 1.2
        self.world.reset(**self.settings)
        convenient(self.world)
        accounts = [account(number, currency=currency) for number, currency in ACCOUNTS.items()]
        subscriptions = [subscription(number, f"S-{number}", "Gold", "Silver") for number in ACCOUNTS]
        methods: Objects = {"PaymentMethod": [{"Id": CHECK, "Type": "Check"}, {"Id": CASH, "Type": "Cash"}]}
        self.world.load(merged(*accounts, charge("Gold"), charge("Silver"), *subscriptions, methods))
        self._watch()

    def _watch(self) -> None:
        """Every status that is written to Zuora while the connector is at work."""
        store: Any = self.world.zuora.tenant.store
        update = store.update

        def watched(kind: str, record_id: str, changes: dict[str, Any], touch: bool = True) -> Any:
            before = store.tables[kind][record_id].get("IntegrationStatus__NS")
            made = update(kind, record_id, changes, touch)
            if self.at_work and "IntegrationStatus__NS" in changes:
                self.changes.append((kind, record_id, str(before or ""), str(made.get("IntegrationStatus__NS") or "")))
            return made

        store.update = watched

    def sight(self) -> Sight:
        return Sight(self.world)

    def change(self, kind: str, record_id: str, **fields: Any) -> None:
        """A person, or a job of the vendor, changes a Zuora record."""
        at_work, self.at_work = self.at_work, False
        store = self.world.zuora.tenant.store
        with store.lock:
            store.update(kind, record_id, fields)
        self.at_work = at_work

    def set(self, **changes: Any) -> None:
        """Somebody changes the settings."""
        self.world.settings(**self.settings, **changes)

    # -- documents ---------------------------------------------------------------------------------------------------

    def add(self, kind: str, letter: str, account_number: str, amount: Decimal) -> Document:
        made = Document(kind, f"{letter}{len(self.documents) + 1:03d}", account_number, amount, amount)
        self.documents.append(made)
        return made

    def bill(self, chance: Random) -> bool:
        """Invoices of one day."""
        before = len(self.documents)
        for _ in range(chance.randint(1, 3)):
            owner, lines = chance.choice(list(ACCOUNTS)), [("Gold", _cents(chance, 1, 90_000))]
            if chance.random() < 0.4:
                lines.append(("Silver", _cents(chance, -900, 5_000)))
            amount = sum((Decimal(str(value)) for _, value in lines), Decimal(0))
            if amount <= 0:
                continue
            made = self.add("Invoice", "I", owner, amount)
            self.world.load(invoice(owner, made.number, lines, sub=f"S-{owner}"))
        return len(self.documents) > before

    def pay(self, chance: Random) -> bool:
        """A payment of an open invoice, whole or in part; with Invoice Settlement now and then more than that."""
        due = self.open_invoice(chance)
        if due is None:
            return False
        applied = due.open if chance.random() < 0.6 else part(chance, due.open)
        over = Decimal(chance.randint(0, 3) * 7) if self.mode == "B" else Decimal(0)
        due.open -= applied
        made = self.add("Payment", "P", due.account, applied + over)
        objects = payment(due.account, made.number, float(made.amount), {due.number: float(applied)})
        self.world.load(objects if self.mode == "B" else _unsettled(objects))
        return True

    def credit(self, chance: Random) -> bool:
        """A credit memo, applied in part; only with Invoice Settlement."""
        due = self.open_invoice(chance) if self.mode == "B" else None
        if due is None:
            return False
        applied = part(chance, due.open)
        due.open -= applied
        rest = Decimal(chance.randint(0, 2) * 5)
        made = self.add("CreditMemo", "C", due.account, applied + rest)
        lines = [("Gold", float(made.amount))]
        self.world.load(credit(made.number, lines, due.account, f"S-{due.account}", {due.number: float(applied)}))
        return True

    def refund(self, chance: Random) -> bool:
        """What is left of a payment is paid back, in part or whole; only with Invoice Settlement."""
        rows = self.sight().rows("Payment")
        paid = [d for d in self.documents if d.kind == "Payment" and not d.in_netsuite and not d.touched]
        free = [d for d in paid if self.mode == "B" and rows[d.id]["UnappliedAmount"] > 0]
        if not free:
            return False
        document = chance.choice(free)
        rest = Decimal(str(rows[document.id]["UnappliedAmount"]))
        amount = rest if chance.random() < 0.6 else part(chance, rest)
        how = {"type": "External", "methodType": "Check", "refundDate": "2026-10-20"}
        client = self.world.wiring().zuora(DEFAULTS)
        made = client.post(f"/v1/payments/{document.id}/refunds", {"totalAmount": float(amount), **how}, f"refund {len(self.documents)}")
        self.documents.append(Document("Refund", made["number"], document.account, amount, Decimal(0), id=made["id"]))
        return True

    def open_invoice(self, chance: Random) -> Document | None:
        due = [d for d in self.documents if d.kind == "Invoice" and d.open > 0]
        return chance.choice(due) if due else None

    # -- runs --------------------------------------------------------------------------------------------------------

    def run(self, run: Callable[[], dict[str, Any]] | None = None) -> dict[str, Any]:
        """A run, half an hour after the one before; {} for one that could not begin, was stopped, or whose worker is dead."""
        self.world.clock.advance(minutes=30)
        output: dict[str, Any] = {}
        self.at_work = True
        try:
            with suppress(TallybridgeError, WorkerKilled):
                output = run() if run else self.world.run()
        finally:
            self.at_work = False
        self.outputs.append(output)
        return output

    def run_with(self, counter: Counter, run: Callable[[], dict[str, Any]] | None = None) -> dict[str, Any]:
        """A run every effect of which is told to a counter; afterwards there is a new process."""
        KillingObserver.killer = counter
        try:
            return self.run(run)
        finally:
            KillingObserver.killer = Killer()
            start_again(self.world, KillingObserver.killer)

    def run_of(self, persistently: Callable[[Callable[[], Any]], Any]) -> dict[str, Any]:
        """A run each function of which is called by `persistently`."""
        return whole_run(self.world, {}, persistently)


def writes(world: MemoryWorld) -> tuple[int, int]:
    """Requests so far that changed something, in Zuora and in NetSuite."""
    calls = (world.zuora_control.statistics.calls, world.netsuite_control.statistics.calls)
    changing = ("action/update", "action/create", "action/delete", "POST /v1/payments", "POST /v1/refunds")
    zuora = sum(n for name, n in calls[0].items() if name.startswith("PUT") or any(word in name for word in changing))
    netsuite = sum(n for name, n in calls[1].items() if name.startswith(("POST", "PATCH", "PUT", "DELETE")) and "record/v1" in name)
    return zuora, netsuite


def _cents(chance: Random, least: int, most: int) -> float:
    return chance.randint(least, most) / 100


def part(chance: Random, whole: Decimal) -> Decimal:
    """A part of an amount, at least a cent."""
    return max(CENT, (whole * Decimal(chance.randint(10, 90)) / 100).quantize(CENT))


def _unsettled(objects: Objects) -> Objects:
    """A payment as a tenant without Invoice Settlement has it."""
    (head,) = objects["Payment"]
    head = {k: v for k, v in head.items() if k not in ("AppliedAmount", "UnappliedAmount")}
    rows = [row for row in objects["PaymentPart"] if row.get("InvoiceId")]
    return {"PaymentMethod": objects["PaymentMethod"], "Payment": [head], "InvoicePayment": rows}
