"""What changes after the sync is told by every run, with amount and both ids, until it is settled or accepted; nothing is undone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from email import message_from_bytes, policy
from types import SimpleNamespace
from typing import Any

import pytest

from tallybridge.errors import ConfigurationError
from tallybridge.reporting.summary import read_summary
from tallybridge.reporting.verdict import verdict
from tallybridge.steps.shared.reference import load_reference
from tallybridge.sync.drift import Drift
from tallybridge.sync.runlog import RunSummary
from tallybridge.tasks import drift
from tallybridge.tasks.drift import open_drift
from tallybridge.tasks.reconcile import reconcile
from tallybridge_cli import standing
from tallybridge_cli.exits import Code, code_of
from tests.sync.builders import account, invoice, merged, zid
from tests.sync.memory import MemoryWorld
from tests.sync.run_world import ready
from tests.sync.test_advice_parents import tenant
from tests.sync.words import Part, world_with
from tests.sync.world import unserved_world

GUARD_SECONDS = 60
"""After which a thread that should have ended is given up."""
ChangeOf = Callable[[MemoryWorld, str], None]
"""What is done to the records of a case, whose names all end in that of the case."""


def run(world: MemoryWorld) -> RunSummary:
    output = world.run()
    world.clock.advance(minutes=10)
    return read_summary(world.object(output["keys"]["summary"]))


@pytest.fixture(scope="module")
def synced() -> MemoryWorld:
    """Invoice INV1 of USD 100.00 and payment P1 of USD 60.00 are in NetSuite, and a second run has found nothing to tell."""
    world = MemoryWorld.of(unserved_world())
    ready(world)
    assert run(world).drift == []
    again = run(world)
    assert (again.drift, str(again.outcome)) == ([], "completed")
    return world


def in_zuora(world: MemoryWorld, kind: str, number: str, **fields: Any) -> None:
    store = world.zuora.tenant.store
    with store.lock:
        store.update(kind, zid(number), fields)
    world.clock.advance(minutes=10)


def deleted_in_zuora(world: MemoryWorld, kind: str, number: str) -> None:
    store = world.zuora.tenant.store
    with store.lock:
        store.delete(kind, zid(number))
    world.clock.advance(minutes=10)


def counterpart(world: MemoryWorld, record_type: str, number: str) -> dict[str, Any]:
    return next(r for r in world.in_netsuite(record_type) if r.get("custbodyzuoraid") == zid(number))


def deleted_in_netsuite(world: MemoryWorld, record_type: str, number: str) -> None:
    world.netsuite.tenant.store.apply(("transaction", int(counterpart(world, record_type, number)["id"])), None)
    world.clock.advance(minutes=10)


def invoice_deleted_in_netsuite(world: MemoryWorld, n: str) -> None:
    """With the payment that is applied to it."""
    deleted_in_netsuite(world, "customerPayment", f"P1{n}")
    deleted_in_netsuite(world, "invoice", f"INV1{n}")


def unapplied_in_zuora(world: MemoryWorld, n: str) -> None:
    part = next(p for p in world.zuora.dump()["PaymentPart"] if p["PaymentId"] == zid(f"P1{n}") and p.get("InvoiceId"))
    with world.zuora.tenant.store.lock:
        world.zuora.tenant.store.update("PaymentPart", part["Id"], {"Amount": Decimal(20)})
    in_zuora(world, "Payment", f"P1{n}", AppliedAmount=Decimal(20), UnappliedAmount=Decimal(40))


def paid_amount(world: MemoryWorld, number: str, amount: float) -> None:
    there = counterpart(world, "customerPayment", number)
    world.load(netsuite={"customerPayment": [{"id": there["id"], "payment": amount}]})
    stored = world.netsuite.tenant.store.transaction(int(there["id"]))
    stored.values["lastModifiedDate"] = world.netsuite.tenant.now()
    world.netsuite.tenant.store.dirty.add(stored.key)
    world.clock.advance(minutes=10)


def edited(world: MemoryWorld, record_type: str, number: str, **values: Any) -> None:
    """What a person may do to a NetSuite record in the user interface."""
    stored = world.netsuite.tenant.store.transaction(int(counterpart(world, record_type, number)["id"]))
    stored.values |= {**values, "lastModifiedDate": world.netsuite.tenant.now()}
    world.netsuite.tenant.store.dirty.add(stored.key)
    world.clock.advance(minutes=10)


def currency_id(world: MemoryWorld, symbol: str) -> int:
    return next(int(c["id"]) for c in world.in_netsuite("currency") if c["symbol"] == symbol)


CASES: dict[str, tuple[ChangeOf, str, str, str, str]] = {
    "an invoice is cancelled in Zuora": (
        lambda w, n: in_zuora(w, "Invoice", f"INV1{n}", Status="Canceled"),
        "DRIFT-UNDONE",
        "INV1",
        "cancelled in Zuora after its sync; NetSuite invoice {there} still holds USD 100.00",
        "invoice",
    ),
    "an invoice is set back to draft": (
        lambda w, n: in_zuora(w, "Invoice", f"INV1{n}", Status="Draft"),
        "DRIFT-UNDONE",
        "INV1",
        "set back to draft in Zuora after its sync; NetSuite invoice {there} still holds USD 100.00",
        "invoice",
    ),
    "an invoice is deleted in Zuora": (
        lambda w, n: deleted_in_zuora(w, "Invoice", f"INV1{n}"),
        "DRIFT-DELETED",
        "INV1",
        "deleted in Zuora after its sync; NetSuite invoice {there} still holds USD 100.00",
        "invoice",
    ),
    "the amount of an invoice changes in Zuora": (
        lambda w, n: in_zuora(w, "Invoice", f"INV1{n}", Amount=Decimal("90.00")),
        "DRIFT-AMOUNT",
        "INV1",
        "its amount was changed in Zuora after its sync: Zuora holds USD 90.00, NetSuite invoice {there} USD 100.00",
        "invoice",
    ),
    "a payment is voided in Zuora": (
        lambda w, n: in_zuora(w, "Payment", f"P1{n}", Status="Voided"),
        "DRIFT-UNDONE",
        "P1",
        "voided in Zuora after its sync; NetSuite payment {there} still holds USD 60.00",
        "customerPayment",
    ),
    "a payment is unapplied in Zuora": (
        unapplied_in_zuora,
        "DRIFT-APPLIED",
        "P1",
        "it was applied otherwise in Zuora after its sync: USD 20.00 there, USD 60.00 in NetSuite payment {there}",
        "customerPayment",
    ),
    "an invoice is deleted in NetSuite": (
        invoice_deleted_in_netsuite,
        "DRIFT-MISSING",
        "INV1",
        "NetSuite invoice {there}, which it was synced to, was deleted; Zuora holds USD 100.00",
        "invoice",
    ),
    "a payment is deleted in NetSuite": (
        lambda w, n: deleted_in_netsuite(w, "customerPayment", f"P1{n}"),
        "DRIFT-MISSING",
        "P1",
        "NetSuite payment {there}, which it was synced to, was deleted; Zuora holds USD 60.00",
        "customerPayment",
    ),
    "the amount of a payment changes in NetSuite": (
        lambda w, n: paid_amount(w, f"P1{n}", 70.0),
        "DRIFT-AMOUNT",
        "P1",
        "its amount was changed in NetSuite after its sync: Zuora holds USD 60.00, NetSuite payment {there} USD 70.00",
        "customerPayment",
    ),
    "the customer of an invoice changes in NetSuite": (
        lambda w, n: edited(w, "invoice", f"INV1{n}", entity=1999),
        "DRIFT-CUSTOMER",
        "INV1",
        "NetSuite invoice {there} belongs to customer 1999 now, it was synced to customer ",
        "invoice",
    ),
    "the currency of an invoice changes in NetSuite": (
        lambda w, n: edited(w, "invoice", f"INV1{n}", currency=currency_id(w, "EUR")),
        "DRIFT-CURRENCY",
        "INV1",
        "NetSuite invoice {there} is in EUR now, it was synced in USD",
        "invoice",
    ),
}


def told(summary: RunSummary, number: str) -> Drift:
    (found,) = [d for d in summary.drift if d.number == number]
    return found


@dataclass(frozen=True)
class Looked:
    """The counterparts by case, three runs that tell all changes, and the second one after all advice was followed."""

    there: dict[str, str]
    runs: list[RunSummary]
    last: RunSummary


OWN = {case: f"-{place}" for place, case in enumerate(CASES, 1)}


@pytest.fixture(scope="module")
def looked() -> Looked:
    """One world with the account, the invoice and the payment of each case."""
    parts = [Part(n, tenant(n=n), {}) for n in OWN.values()]
    world = world_with(MemoryWorld.of(unserved_world()), *parts, default_subsidiary="Parent Company")
    assert run(world).drift == []
    again = run(world)
    assert (again.drift, str(again.outcome)) == ([], "completed")
    there = {case: str(counterpart(world, record_type, number + OWN[case])["id"]) for case, (_, _, number, _, record_type) in CASES.items()}
    for case, n in OWN.items():
        CASES[case][0](world, n)
    runs = []
    for _ in range(3):
        runs.append(run(world))
        world.clock.advance(hours=5)
    for case, n in OWN.items():
        FOLLOWED[case](world, n)
    run(world)
    return Looked(there, runs, run(world))


@pytest.mark.parametrize("case", CASES)
def test_a_change_after_the_sync_is_told_by_every_run(looked: Looked, case: str) -> None:
    _, code, number, text, _ = CASES[case]
    there, own = looked.there[case], number + OWN[case]
    for summary in looked.runs:
        drift = told(summary, own)
        assert (drift.code, drift.source_id, drift.destination_id) == (code, zid(own), there)
        assert text.format(there=there) in drift.message and drift.advice
        assert (drift.currency, drift.amount) == ("USD", Decimal(100 if number == "INV1" else 60))


def test_nothing_else_is_told_and_the_runs_tie_out(looked: Looked) -> None:
    expected = {number + OWN[case] for case, (_, _, number, _, _) in CASES.items()} | {"P1" + OWN["an invoice is deleted in NetSuite"]}
    for summary in looked.runs:
        assert {drift.number for drift in summary.drift} == expected
        assert (str(summary.outcome), summary.tied_out) == ("completed with warnings", True)


@pytest.mark.apart
def test_a_change_that_is_undone_is_told_no_more(synced: MemoryWorld) -> None:
    in_zuora(synced, "Invoice", "INV1", Status="Canceled")
    assert told(run(synced), "INV1")
    in_zuora(synced, "Invoice", "INV1", Status="Posted")
    assert run(synced).drift == []
    assert str(run(synced).outcome) == "completed"


@pytest.mark.apart
def test_what_is_mended_on_the_other_side_is_told_no_more(synced: MemoryWorld) -> None:
    deleted_in_zuora(synced, "Payment", "P1")
    assert told(run(synced), "P1")
    deleted_in_netsuite(synced, "customerPayment", "P1")
    assert run(synced).drift == []


def test_an_invoice_of_nothing_is_no_void(fast: MemoryWorld) -> None:
    ready(fast)
    fast.load(invoice("A1", "INV0", [("Gold", 30.0), ("Gold", -30.0)], sub="S1"))
    run(fast)
    for _ in range(2):
        assert run(fast).drift == []
    in_zuora(fast, "Invoice", "INV0", Comments="touched")
    assert run(fast).drift == []


@pytest.mark.apart
def test_a_record_that_is_set_to_ignore_is_told_no_more(synced: MemoryWorld) -> None:
    paid_amount(synced, "P1", 70.0)
    assert told(run(synced), "P1")
    in_zuora(synced, "Payment", "P1", TransferredToAccounting="Ignore")
    assert run(synced).drift == []


@pytest.mark.apart
def test_a_drift_keeps_the_time_at_which_it_was_first_told(synced: MemoryWorld) -> None:
    in_zuora(synced, "Invoice", "INV1", Status="Canceled")
    first = told(run(synced), "INV1")
    synced.clock.advance(days=2)
    assert told(run(synced), "INV1") == first


@pytest.mark.apart
def test_a_dry_run_tells_and_keeps_nothing(synced: MemoryWorld) -> None:
    in_zuora(synced, "Invoice", "INV1", Status="Canceled")
    output = synced.run(dry_run=True)
    assert told(read_summary(synced.object(output["keys"]["summary"])), "INV1")
    assert not [key for key in synced.memory.tables["STATUS_TABLE"].items if key[0].startswith("drift#")]
    assert told(run(synced), "INV1")


@pytest.mark.apart
def test_an_invoice_that_was_generated_anew_under_its_number_is_told(synced: MemoryWorld) -> None:
    deleted_in_zuora(synced, "Payment", "P1")
    deleted_in_netsuite(synced, "customerPayment", "P1")
    there = str(counterpart(synced, "invoice", "INV1")["id"])
    deleted_in_zuora(synced, "Invoice", "INV1")
    again = invoice("A1", "INV1", [("Gold", 80.0)], sub="S1")
    again["Invoice"][0]["Id"] = zid("INV1 again")
    for row in again["InvoiceItem"]:
        row |= {"Id": zid("again " + row["Id"]), "InvoiceId": zid("INV1 again")}
    synced.load(again)
    drift = told(run(synced), "INV1")
    assert (drift.code, drift.source_id, drift.destination_id, drift.held) == ("DRIFT-REGENERATED", zid("INV1"), there, Decimal(100))
    assert "Another invoice bears the number INV1 now" in drift.message


@pytest.mark.apart
def test_a_customer_that_was_deleted_in_netsuite_is_told(synced: MemoryWorld) -> None:
    synced.load(merged(account("A2")))
    run(synced)
    there = next(c for c in synced.in_netsuite("customer") if c.get("custentityzuoraid") == zid("A2"))
    synced.netsuite.tenant.store.apply(("entity", int(there["id"])), None)
    synced.clock.advance(minutes=10)
    drift = told(run(synced), "A2")
    assert (drift.code, drift.destination_id, drift.amount) == ("DRIFT-MISSING", str(there["id"]), None)


@pytest.mark.apart
def test_without_the_permission_for_deleted_records_the_run_says_so(synced: MemoryWorld) -> None:
    synced.netsuite.options.deleted_records = False
    synced.netsuite.tenant.catalog.version += 1
    try:
        in_zuora(synced, "Invoice", "INV1", Status="Canceled")
        summary = run(synced)
        assert told(summary, "INV1")
        assert [m.code for m in summary.messages] == ["DRIFT-DELETIONS"]
    finally:
        synced.netsuite.options.deleted_records = True
        synced.netsuite.tenant.catalog.version += 1


@pytest.mark.apart
def test_drift_stands_apart_in_report_and_mail_and_the_run_is_not_plain_green(synced: MemoryWorld) -> None:
    in_zuora(synced, "Invoice", "INV1", Status="Canceled")
    paid_amount(synced, "P1", 70.0)
    summary = run(synced)
    known = verdict(summary)
    assert known.state == "completed with 2 drifted records"
    assert known.headline == "The run is complete; 2 records changed after their sync."
    money = known.answers[1]
    assert money.detail == "No money moved, but 2 records (USD 160.00) changed on one side after their sync."
    assert (known.answers[2].answer, code_of(summary)) == ("2 drifted records", Code.LEFT_OVER)
    assert summary.messages == []
    mail = synced.memory.mailer.sent[-1]["RawMessage"]["Data"]
    text = message_from_bytes(mail, policy=policy.default).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    report = synced.object(summary.keys["report"]).decode()
    for shown in (text, report):
        assert "drift" in shown.lower() and "DRIFT-UNDONE" in shown and "DRIFT-AMOUNT" in shown
        assert zid("INV1") in shown and "USD 70.00" in shown


def accepted(world: MemoryWorld, name: str) -> list[Drift]:
    target = SimpleNamespace(ledger=world.wiring().ledger("person"), clock=world.clock, note=lambda *who, **said: None)
    return standing.accept(target, name, "a person")  # type: ignore[arg-type]


@pytest.mark.apart
def test_a_drift_that_is_accepted_is_told_no_more_until_it_changes(synced: MemoryWorld) -> None:
    paid_amount(synced, "P1", 70.0)
    run(synced)
    (drift,) = list(open_drift(synced.wiring().ledger("look")))
    assert [d.message for d in accepted(synced, "P1")] == [drift.message]
    assert list(open_drift(synced.wiring().ledger("look"))) == []
    summary = run(synced)
    assert (summary.drift, str(summary.outcome)) == ([], "completed")
    paid_amount(synced, "P1", 80.0)
    assert told(run(synced), "P1").held == Decimal(80)
    with pytest.raises(ConfigurationError, match='No drift of "P2" is open'):
        accepted(synced, "P2")


@pytest.mark.apart
def test_an_accepted_drift_that_was_settled_and_comes_back_is_told(synced: MemoryWorld) -> None:
    paid_amount(synced, "P1", 70.0)
    run(synced)
    accepted(synced, "P1")
    paid_amount(synced, "P1", 60.0)
    assert run(synced).drift == []
    paid_amount(synced, "P1", 70.0)
    assert told(run(synced), "P1").held == Decimal(70)


def sent_again(world: MemoryWorld, kind: str, number: str) -> None:
    in_zuora(world, kind, number, IntegrationId__NS=None, IntegrationStatus__NS=None, TransferredToAccounting="No")


def both_sent_again(world: MemoryWorld, n: str) -> None:
    sent_again(world, "Invoice", f"INV1{n}")
    sent_again(world, "Payment", f"P1{n}")


def deleted_there_too(world: MemoryWorld, n: str) -> None:
    """`TransferredToAccounting="Ignore"` stands for the records that the advice is not about."""
    invoice_deleted_in_netsuite(world, n)
    in_zuora(world, "Payment", f"P1{n}", TransferredToAccounting="Ignore")


def back_to_the_customer(world: MemoryWorld, n: str) -> None:
    customer = next(c for c in world.in_netsuite("customer") if c.get("custentityzuoraid") == zid(f"A1{n}"))
    edited(world, "invoice", f"INV1{n}", entity=int(customer["id"]))


FOLLOWED: dict[str, ChangeOf] = {
    "an invoice is cancelled in Zuora": deleted_there_too,
    "an invoice is set back to draft": lambda w, n: in_zuora(w, "Invoice", f"INV1{n}", Status="Posted"),
    "an invoice is deleted in Zuora": deleted_there_too,
    "the amount of an invoice changes in Zuora": lambda w, n: in_zuora(w, "Invoice", f"INV1{n}", Amount=Decimal(100)),
    "a payment is voided in Zuora": lambda w, n: deleted_in_netsuite(w, "customerPayment", f"P1{n}"),
    "a payment is unapplied in Zuora": lambda w, n: in_zuora(w, "Payment", f"P1{n}", TransferredToAccounting="No"),
    "an invoice is deleted in NetSuite": both_sent_again,
    "a payment is deleted in NetSuite": lambda w, n: sent_again(w, "Payment", f"P1{n}"),
    "the amount of a payment changes in NetSuite": lambda w, n: paid_amount(w, f"P1{n}", 60.0),
    "the customer of an invoice changes in NetSuite": back_to_the_customer,
    "the currency of an invoice changes in NetSuite": lambda w, n: edited(w, "invoice", f"INV1{n}", currency=currency_id(w, "USD")),
}


def test_what_a_drift_advises_ends_it(looked: Looked) -> None:
    """Of every case, and so of every code of the table."""
    assert looked.last.drift == []


def test_two_functions_that_look_at_once_do_not_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one process, as the sandbox has them: the second begins, and ends, while the first asks what fields NetSuite has."""
    world, real, ended = ready(MemoryWorld.of(unserved_world())), load_reference, list[dict[str, Any]]()
    run_id = world.open(steps=["customers"])["runId"]

    def second() -> None:
        ended.append(world.rounds(lambda: reconcile({"runId": run_id}, world.wiring())))

    def meeting(*given: Any) -> Any:
        if not ended:
            other = threading.Thread(target=second, daemon=True)
            monkeypatch.setattr(drift, "load_reference", real)
            other.start()
            other.join(GUARD_SECONDS)
            assert ended
        return real(*given)

    monkeypatch.setattr(drift, "load_reference", meeting)
    assert world.close(run_id)["outcome"] == "completed"
    assert len(ended) == 1
