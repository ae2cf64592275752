"""The tenant of a simulation: what its events do, and what is known of its documents."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from requests.exceptions import ReadTimeout

from tallybridge.errors import TallybridgeError
from tests.faults.killing import Killer, KillingObserver, WorkerKilled
from tests.faults.ways import dies_and_is_started_again, start_again
from tests.simulation.script import ACCOUNTS, Event
from tests.sync.builders import Objects, account, charge, invoice, merged, payment, subscription, zid
from tests.sync.memo_world import credit
from tests.sync.memory import MemoryWorld

RECORD = "/services/rest/record/v1/"
STATUS_WRITES = "^/v1/(action/update|payments/|credit-memos|invoices)"
TYPES = {"Invoice": "invoice", "Payment": "customerPayment", "CreditMemo": "creditMemo"}
"""Documents of Zuora and what they become in NetSuite."""
CENT = Decimal("0.01")


@dataclass
class Document:
    """One document that the tenant has made. `touched`: a person has changed or deleted its counterpart, or reset it; from then on NetSuite
    may hold of it what that person wanted."""

    kind: str
    number: str
    account: str
    amount: Decimal
    open: Decimal
    touched: bool = False


@dataclass
class Simulated:
    """A tenant in a world. `outputs` are those of its runs, oldest first."""

    world: MemoryWorld
    mode: str
    documents: list[Document] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)

    def begin(self) -> None:
        """Accounts, catalogue and subscriptions; no document yet."""
        KillingObserver.killer = Killer()
        self.world.reset(default_subsidiary="Parent Company")
        accounts = [account(number, currency=currency) for number, currency in ACCOUNTS.items()]
        subscriptions = [subscription(number, f"S-{number}", "Gold", "Silver") for number in ACCOUNTS]
        self.world.load(merged(*accounts, charge("Gold"), charge("Silver"), *subscriptions))

    def happen(self, event: Event) -> None:
        """Let an event happen."""
        EVENTS[event.kind](self, Random(event.luck))

    # -- documents ---------------------------------------------------------------------------------------------------

    def add(self, kind: str, letter: str, account_number: str, amount: Decimal) -> Document:
        made = Document(kind, f"{letter}{len(self.documents) + 1:03d}", account_number, amount, amount)
        self.documents.append(made)
        return made

    def bill(self, chance: Random) -> None:
        for _ in range(chance.randint(1, 3)):
            owner, lines = chance.choice(list(ACCOUNTS)), [("Gold", _cents(chance, 1, 90_000))]
            if chance.random() < 0.4:
                lines.append(("Silver", _cents(chance, -900, 5_000)))
            amount = sum((Decimal(str(value)) for _, value in lines), Decimal(0))
            if amount <= 0:
                continue
            made = self.add("Invoice", "I", owner, amount)
            self.world.load(invoice(owner, made.number, lines, sub=f"S-{owner}"))

    def pay(self, chance: Random) -> None:
        due = self._open_invoice(chance)
        if due is None:
            return
        applied = due.open if chance.random() < 0.6 else _part(chance, due.open)
        over = Decimal(chance.randint(0, 3) * 7) if self.mode == "B" else Decimal(0)
        due.open -= applied
        made = self.add("Payment", "P", due.account, applied + over)
        objects = payment(due.account, made.number, float(made.amount), {due.number: float(applied)})
        self.world.load(objects if self.mode == "B" else _unsettled(objects))

    def credit(self, chance: Random) -> None:
        due = self._open_invoice(chance) if self.mode == "B" else None
        if due is None:
            return
        applied = _part(chance, due.open)
        due.open -= applied
        rest = Decimal(chance.randint(0, 2) * 5)
        made = self.add("CreditMemo", "C", due.account, applied + rest)
        lines = [("Gold", float(made.amount))]
        self.world.load(credit(made.number, lines, due.account, f"S-{due.account}", {due.number: float(applied)}))

    def _open_invoice(self, chance: Random) -> Document | None:
        due = [d for d in self.documents if d.kind == "Invoice" and d.open > 0]
        return chance.choice(due) if due else None

    # -- runs --------------------------------------------------------------------------------------------------------

    def run(self, chance: Random | None = None, **how: Any) -> dict[str, Any]:
        """A run, half an hour after the one before."""
        self.world.clock.advance(minutes=30)
        output: dict[str, Any] = {}
        with suppress(TallybridgeError):  # as a run does that cannot begin
            output = self.world.run(**how)
        self.outputs.append(output)
        return output

    def answers_are_lost(self, chance: Random) -> None:
        where, path = chance.choice([("netsuite", RECORD), ("netsuite", "/suiteql"), ("zuora", STATUS_WRITES), ("zuora", "/query/")])
        rule = {"path": path, "drop": chance.choice(["before", "after"]), "nth": chance.randint(1, 8)}
        self._disturbed(where, [rule if chance.random() < 0.7 else {**rule, "nth": None, "probability": 0.2, "seed": chance.randrange(99)}])

    def service_is_away(self, chance: Random) -> None:
        rule = {"status": 503, "body": "away", "probability": 0.5, "seed": chance.randrange(99)}
        self._disturbed(chance.choice(["zuora", "netsuite"]), [rule])

    def too_many_calls(self, chance: Random) -> None:
        rule = {"status": 429, "body": "{}", "path": RECORD, "times": chance.randint(1, 6)}
        self._disturbed("netsuite", [rule])

    def _disturbed(self, service: str, rules: list[dict[str, Any]]) -> None:
        control = getattr(self.world, f"{service}_control")
        control.drop = _lose
        control.set_faults([{k: v for k, v in rule.items() if v is not None} for rule in rules])
        try:
            self.run()
        finally:
            control.set_faults([])

    def worker_dies(self, chance: Random) -> None:
        killer = self._killer(chance)
        try:
            self.run()
        except WorkerKilled:
            start_again(self.world, killer)
        KillingObserver.killer = Killer()

    def worker_dies_and_is_started_again(self, chance: Random) -> None:
        killer = self._killer(chance)
        self.world.clock.advance(minutes=30)
        with suppress(TallybridgeError):
            self.outputs.append(dies_and_is_started_again(self.world, killer))
        KillingObserver.killer = Killer()

    @staticmethod
    def _killer(chance: Random) -> Killer:
        KillingObserver.killer = Killer(chance.randint(3, 220), chance.choice(["before", "after"]))
        return KillingObserver.killer

    def run_is_doubled(self, chance: Random) -> None:
        """A second start while a run is in progress: it does nothing."""
        opened = self.world.open()
        if opened["opened"]:
            assert not self.world.open()["opened"], "two runs hold the lock"
            self.world.close(opened["runId"])

    def dry_run(self, chance: Random) -> None:
        before = writes(self.world)
        self.world.clock.advance(minutes=30)
        with suppress(TallybridgeError):
            self.world.run(dry_run=True)
        assert writes(self.world) == before, "a dry run writes"

    # -- people ------------------------------------------------------------------------------------------------------

    def person_changes_the_amount(self, chance: Random) -> None:
        if found := self._in_netsuite(chance, "Invoice"):
            document, record = found
            store = self.world.netsuite.tenant.store
            changed = store.transaction(int(record["id"])).copy()
            changed.values["total"] = Decimal(str(record["total"])) + CENT
            store.apply(changed.key, changed)
            document.touched = True

    def person_deletes(self, chance: Random) -> None:
        if found := self._in_netsuite(chance, "Payment", "CreditMemo"):
            document, record = found
            self.world.netsuite.tenant.store.apply(("transaction", int(record["id"])), None)
            document.touched = True
            for other in self.documents:  # what it was applied to is open again in NetSuite
                other.touched = other.touched or other.account == document.account

    def person_resets(self, chance: Random) -> None:
        """Somebody asks in Zuora for a document once more; what NetSuite has of it is recognised."""
        if found := self._in_netsuite(chance, "Invoice"):
            row = self.world.in_zuora("Invoice", zid(found[0].number))
            if row.get("IntegrationStatus__NS") == "Sync Complete":
                self.world.zuora.tenant.store.update("Invoice", str(row["Id"]), {"TransferredToAccounting": "No"})

    def _in_netsuite(self, chance: Random, *kinds: str) -> tuple[Document, dict[str, Any]] | None:
        there = [(d, r) for d in self.documents if d.kind in kinds for r in counterparts(self.world, d)]
        return chance.choice(there) if there else None

    def settings(self, chance: Random) -> None:
        changes = {"netsuite_max_concurrency": chance.randint(1, 6), "run_hours": chance.randint(1, 24)}
        self.world.settings(default_subsidiary="Parent Company", **changes)

    def time_passes(self, chance: Random) -> None:
        self.world.clock.advance(hours=chance.choice([1, 5, 26, 24 * 31]))


EVENTS: dict[str, Callable[[Simulated, Random], object]] = {
    "bill": Simulated.bill,
    "pay": Simulated.pay,
    "credit": Simulated.credit,
    "run": lambda tenant, chance: tenant.run(),
    "answers are lost": Simulated.answers_are_lost,
    "service is away": Simulated.service_is_away,
    "too many calls": Simulated.too_many_calls,
    "worker dies": Simulated.worker_dies,
    "worker dies and is started again": Simulated.worker_dies_and_is_started_again,
    "run is doubled": Simulated.run_is_doubled,
    "dry run": Simulated.dry_run,
    "person changes the amount": Simulated.person_changes_the_amount,
    "person deletes": Simulated.person_deletes,
    "person resets": Simulated.person_resets,
    "settings": Simulated.settings,
    "time passes": Simulated.time_passes,
}


def counterparts(world: MemoryWorld, document: Document) -> list[dict[str, Any]]:
    """The NetSuite records that carry the document's id."""
    return [r for r in world.in_netsuite(TYPES[document.kind]) if r.get("custbodyzuoraid") == zid(document.number)]


def writes(world: MemoryWorld) -> tuple[int, int]:
    """Requests so far that changed something, in Zuora and in NetSuite."""
    calls = (world.zuora_control.stats()["calls"], world.netsuite_control.stats()["calls"])
    changing = ("action/update", "action/create", "action/delete")
    zuora = sum(n for name, n in calls[0].items() if name.startswith("PUT") or any(word in name for word in changing))
    netsuite = sum(n for name, n in calls[1].items() if name.startswith(("POST", "PATCH", "PUT", "DELETE")) and "record/v1" in name)
    return zuora, netsuite


def _lose(environ: Any) -> None:
    raise ReadTimeout("no answer")


def _cents(chance: Random, least: int, most: int) -> float:
    return chance.randint(least, most) / 100


def _part(chance: Random, whole: Decimal) -> Decimal:
    return max(CENT, (whole * Decimal(chance.randint(10, 90)) / 100).quantize(CENT))


def _unsettled(objects: Objects) -> Objects:
    """A payment as a tenant without Invoice Settlement has it."""
    (head,) = objects["Payment"]
    head = {k: v for k, v in head.items() if k not in ("AppliedAmount", "UnappliedAmount")}
    rows = [row for row in objects["PaymentPart"] if row.get("InvoiceId")]
    return {"PaymentMethod": objects["PaymentMethod"], "Payment": [head], "InvoicePayment": rows}
