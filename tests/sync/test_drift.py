"""What changes after the sync is told by every run, with amount and both ids, until it is settled or accepted; nothing is undone."""

from __future__ import annotations

import threading
from collections.abc import Callable
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
from tests.sync.world import unserved_world

GUARD_SECONDS = 60
"""After which a thread that should have ended is given up."""
Change = Callable[[MemoryWorld], None]


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


def invoice_deleted_in_netsuite(world: MemoryWorld) -> None:
    """With the payment that is applied to it."""
    deleted_in_netsuite(world, "customerPayment", "P1")
    deleted_in_netsuite(world, "invoice", "INV1")


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


CASES: dict[str, tuple[Change, str, str, str, str]] = {
    "an invoice is cancelled in Zuora": (
        lambda w: in_zuora(w, "Invoice", "INV1", Status="Canceled"),
        "DRIFT-UNDONE",
        "INV1",
        "cancelled in Zuora after its sync; NetSuite invoice {there} still holds USD 100.00",
        "invoice",
    ),
    "an invoice is set back to draft": (
        lambda w: in_zuora(w, "Invoice", "INV1", Status="Draft"),
        "DRIFT-UNDONE",
        "INV1",
        "set back to draft in Zuora after its sync; NetSuite invoice {there} still holds USD 100.00",
        "invoice",
    ),
    "an invoice is deleted in Zuora": (
        lambda w: deleted_in_zuora(w, "Invoice", "INV1"),
        "DRIFT-DELETED",
        "INV1",
        "deleted in Zuora after its sync; NetSuite invoice {there} still holds USD 100.00",
        "invoice",
    ),
    "the amount of an invoice changes in Zuora": (
        lambda w: in_zuora(w, "Invoice", "INV1", Amount=Decimal("90.00")),
        "DRIFT-AMOUNT",
        "INV1",
        "its amount was changed in Zuora after its sync: Zuora holds USD 90.00, NetSuite invoice {there} USD 100.00",
        "invoice",
    ),
    "a payment is voided in Zuora": (
        lambda w: in_zuora(w, "Payment", "P1", Status="Voided"),
        "DRIFT-UNDONE",
        "P1",
        "voided in Zuora after its sync; NetSuite payment {there} still holds USD 60.00",
        "customerPayment",
    ),
    "a payment is unapplied in Zuora": (
        lambda w: in_zuora(w, "Payment", "P1", AppliedAmount=Decimal(20), UnappliedAmount=Decimal(40)),
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
        lambda w: deleted_in_netsuite(w, "customerPayment", "P1"),
        "DRIFT-MISSING",
        "P1",
        "NetSuite payment {there}, which it was synced to, was deleted; Zuora holds USD 60.00",
        "customerPayment",
    ),
    "the amount of a payment changes in NetSuite": (
        lambda w: paid_amount(w, "P1", 70.0),
        "DRIFT-AMOUNT",
        "P1",
        "its amount was changed in NetSuite after its sync: Zuora holds USD 60.00, NetSuite payment {there} USD 70.00",
        "customerPayment",
    ),
    "the customer of an invoice changes in NetSuite": (
        lambda w: edited(w, "invoice", "INV1", entity=1999),
        "DRIFT-CUSTOMER",
        "INV1",
        "NetSuite invoice {there} belongs to customer 1999 now, it was synced to customer ",
        "invoice",
    ),
    "the currency of an invoice changes in NetSuite": (
        lambda w: edited(w, "invoice", "INV1", currency=currency_id(w, "EUR")),
        "DRIFT-CURRENCY",
        "INV1",
        "NetSuite invoice {there} is in EUR now, it was synced in USD",
        "invoice",
    ),
}


def told(summary: RunSummary, number: str) -> Drift:
    (found,) = [d for d in summary.drift if d.number == number]
    return found


@pytest.mark.apart
@pytest.mark.parametrize("case", CASES)
def test_a_change_after_the_sync_is_told_by_every_run(synced: MemoryWorld, case: str) -> None:
    change, code, number, text, record_type = CASES[case]
    there = str(counterpart(synced, record_type, number)["id"])
    change(synced)
    for _ in range(3):
        summary = run(synced)
        drift = told(summary, number)
        assert (drift.code, drift.source_id, drift.destination_id) == (code, zid(number), there)
        assert text.format(there=there) in drift.message and drift.advice
        assert (drift.currency, drift.amount) == ("USD", Decimal(100 if number == "INV1" else 60))
        assert (str(summary.outcome), summary.tied_out) == ("completed with warnings", True)
        synced.clock.advance(hours=5)


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


def sent_again(kind: str, number: str) -> Change:
    return lambda world: in_zuora(world, kind, number, IntegrationId__NS=None, IntegrationStatus__NS=None, TransferredToAccounting="No")


def in_turn(*changes: Change) -> Change:
    def act(world: MemoryWorld) -> None:
        for change in changes:
            change(world)

    return act


def back_to_the_customer(world: MemoryWorld) -> None:
    customer = next(c for c in world.in_netsuite("customer") if c.get("custentityzuoraid") == zid("A1"))
    edited(world, "invoice", "INV1", entity=int(customer["id"]))


FOLLOWED: dict[str, Change] = {
    "an invoice is cancelled in Zuora": in_turn(
        lambda w: deleted_in_netsuite(w, "customerPayment", "P1"),
        lambda w: deleted_in_netsuite(w, "invoice", "INV1"),
        lambda w: in_zuora(w, "Payment", "P1", TransferredToAccounting="Ignore"),
    ),
    "an invoice is deleted in Zuora": in_turn(
        lambda w: deleted_in_netsuite(w, "customerPayment", "P1"),
        lambda w: deleted_in_netsuite(w, "invoice", "INV1"),
        lambda w: in_zuora(w, "Payment", "P1", TransferredToAccounting="Ignore"),
    ),
    "the amount of an invoice changes in Zuora": lambda w: in_zuora(w, "Invoice", "INV1", Amount=Decimal(100)),
    "a payment is voided in Zuora": lambda w: deleted_in_netsuite(w, "customerPayment", "P1"),
    "a payment is unapplied in Zuora": lambda w: in_zuora(w, "Payment", "P1", TransferredToAccounting="No"),
    "an invoice is deleted in NetSuite": in_turn(sent_again("Invoice", "INV1"), sent_again("Payment", "P1")),
    "a payment is deleted in NetSuite": sent_again("Payment", "P1"),
    "the amount of a payment changes in NetSuite": lambda w: paid_amount(w, "P1", 60.0),
    "the customer of an invoice changes in NetSuite": back_to_the_customer,
    "the currency of an invoice changes in NetSuite": lambda w: edited(w, "invoice", "INV1", currency=currency_id(w, "USD")),
}


@pytest.mark.apart
@pytest.mark.parametrize("case", FOLLOWED)
def test_what_a_drift_advises_ends_it(synced: MemoryWorld, case: str) -> None:
    """Each code of CASES is followed here; `TransferredToAccounting="Ignore"` stands for the records that the advice is not about."""
    CASES[case][0](synced)
    if "unapplied" in case:
        part = next(p for p in synced.zuora.dump()["PaymentPart"] if p.get("InvoiceId"))
        store = synced.zuora.tenant.store
        with store.lock:
            store.update("PaymentPart", part["Id"], {"Amount": Decimal(20)})
    assert told(run(synced), CASES[case][2])
    FOLLOWED[case](synced)
    run(synced)
    assert run(synced).drift == []


def test_every_drift_of_the_table_is_followed() -> None:
    assert {CASES[case][1] for case in CASES} == {CASES[case][1] for case in FOLLOWED}


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
