"""Every invariant can turn red: a tenant in which all is well, and one fault of each kind."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.faults.branching import one_thread
from tests.simulation import invariants
from tests.simulation.events import happen
from tests.simulation.script import ACCOUNTS, Event
from tests.simulation.tenant import TOTALS, TYPES, Document, Simulated
from tests.simulation.test_simulation import doubled
from tests.simulation.trying import Worlds
from tests.sync.builders import zid

pytestmark = pytest.mark.apart


@pytest.fixture(scope="module")
def synced() -> Iterator[Simulated]:
    """Invoices in two currencies, a payment, a credit memo and a payment that comes from NetSuite, all synced."""
    with one_thread():
        tenant = Simulated(Worlds().of("B"), "B")
        tenant.begin()
        story = [("bill", 8), ("bill", 3), ("bill", 9), ("pay", 4), ("credit", 5), ("run", 1), ("person enters a payment", 2)]
        assert all(happen(tenant, Event(kind, luck)) for kind, luck in story)
        assert {d.account for d in tenant.documents if d.kind == "Invoice"} > {"E1"}
        yield tenant


def first(tenant: Simulated, kind: str = "Invoice") -> Document:
    return next(d for d in tenant.documents if d.kind == kind)


def of(tenant: Simulated, check: Callable[..., Iterator[str]]) -> list[str]:
    return list(check(tenant, tenant.sight()))


def zuora(tenant: Simulated, kind: str = "Invoice", **fields: Any) -> None:
    tenant.change(kind, first(tenant, kind).id, **fields)


def netsuite(tenant: Simulated, kind: str, **values: Any) -> None:
    record = tenant.sight().counterparts(first(tenant, kind))[0]
    store = tenant.world.netsuite.tenant.store
    changed = store.transaction(int(record["id"])).copy()
    changed.values |= values
    store.apply(changed.key, changed)


def test_one_counterpart(synced: Simulated) -> None:
    assert of(synced, invariants.one_counterpart) == []
    doubled(synced)
    assert of(synced, invariants.one_counterpart)[0].endswith("has 2 counterparts")


def test_one_counterpart_in_zuora(synced: Simulated) -> None:
    synced.run()
    (own,) = [d for d in synced.documents if d.in_netsuite]
    assert len(synced.sight().counterparts(own)) == 1
    row = dict(synced.sight().counterparts(own)[0])
    synced.world.zuora.tenant.store.tables["Payment"]["twin"] = {**row, "Id": "twin"}
    assert of(synced, invariants.one_counterpart) == [f"Payment {own.number} has 2 counterparts"]


def test_one_customer_for_each_account(synced: Simulated) -> None:
    (customer,) = synced.sight().of_type("customer")[zid("A1")]
    twin = {k: v for k, v in customer.items() if k in ("companyName", "subsidiary", "currency", "custentityzuoraid")}
    synced.world.load(netsuite={"customer": [{**twin, "id": "77002"}]})
    assert of(synced, invariants.one_counterpart) == [f"customer {zid('A1')} is there 2 times"]


EDGES = [
    ("", "Creating Invoice", True),
    ("Creating Invoice", "Sync Complete", True),
    ("Creating Invoice", "Error Creating Invoice", True),
    ("Error Creating Invoice", "Creating Invoice", True),
    ("Error Creating Invoice", "Sync Complete", True),
    ("Sync Complete", "Updating Payment", True),
    ("Updating Payment", "Creating Refund", True),
    ("Sync Complete", "", False),
    ("Creating Invoice", "", False),
    ("Sync Complete", "Error Creating Invoice", False),
    ("", "Error Creating Invoice", False),
    ("Creating Invoice", "Failed", False),
]


@pytest.mark.parametrize(("before", "after", "fine"), EDGES)
def test_statuses_go_along_allowed_edges_only(synced: Simulated, before: str, after: str, fine: bool) -> None:
    """Every one that is written, not only the last."""
    assert list(invariants.allowed_edges(synced)) == [] and len(synced.changes) > 5
    invoice = first(synced).id
    synced.change("Invoice", invoice, IntegrationStatus__NS=before or None)
    synced.at_work = True
    store = synced.world.zuora.tenant.store
    store.update("Invoice", invoice, {"IntegrationStatus__NS": after or None})
    store.update("Invoice", invoice, {"IntegrationStatus__NS": "Sync Complete"})
    expected = [] if fine else [f"Invoice {invoice} went from {before!r} to {after!r}"]
    assert list(invariants.allowed_edges(synced)) == expected


def test_a_status_is_one_of_the_table_and_complete_with_its_id(synced: Simulated) -> None:
    assert of(synced, invariants.whole_statuses) == []
    zuora(synced, IntegrationStatus__NS="Half done")
    zuora(synced, "Payment", IntegrationId__NS=None)
    assert [fault.split(" ", 2)[2] for fault in of(synced, invariants.whole_statuses)] == [
        "has the status 'Half done'",
        "is complete and has no Integration ID",
    ]


def test_slots(synced: Simulated) -> None:
    assert list(invariants.slots(synced)) == []
    synced.world.netsuite_control.statistics.in_flight_max = invariants.SLOTS + 1
    assert len(list(invariants.slots(synced))) == 1


def test_money(synced: Simulated) -> None:
    assert of(synced, invariants.money) == []
    netsuite(synced, "Payment", payment=first(synced, "Payment").amount + 1)
    assert len(of(synced, invariants.money)) == 1


def test_money_that_is_gone_or_named_wrongly(synced: Simulated) -> None:
    zuora(synced, IntegrationId__NS="1")
    record = synced.sight().counterparts(first(synced, "CreditMemo"))[0]
    synced.world.netsuite.tenant.store.apply(("transaction", int(record["id"])), None)
    found = of(synced, invariants.money)
    assert found[0].startswith(f"Invoice {first(synced).number} names 1, its counterpart is ")
    assert found[1] == f"CreditMemo {first(synced, 'CreditMemo').number} is complete and nothing of it is on the other side"


def test_sums_are_compared_currency_by_currency(synced: Simulated) -> None:
    """Also where the same amounts stand in the wrong currencies."""
    synced.run()
    assert list(invariants.sums(synced)) == []
    sight, store = synced.sight(), synced.world.netsuite.tenant.store
    by_currency = {ACCOUNTS[d.account]: sight.counterparts(d)[0] for d in synced.documents if d.kind == "Invoice"}
    for symbol, other in (("USD", "EUR"), ("EUR", "USD")):
        changed = store.transaction(int(by_currency[symbol]["id"])).copy()
        changed.values["currency"] = int(by_currency[other]["currency"]["id"])
        store.apply(changed.key, changed)
    assert [fault.split(":")[0] for fault in invariants.sums(synced)] == ["invoice"]


def test_one_problem_for_each_record_that_is_not_done(synced: Simulated) -> None:
    happen(synced, Event("bill", 11))
    happen(synced, Event("period closes", 1))
    output = synced.run()
    assert list(invariants.one_problem_each(synced, output)) == []
    held = next(d for d in synced.documents if not synced.sight().is_done(d))
    done = first(synced)
    synced.documents.append(Document("Invoice", "I999", "A1", Decimal(1), Decimal(1)))
    zuora(synced, TransferredToAccounting="No")
    assert list(invariants.one_problem_each(synced, output)) == [
        f"Invoice {done.number} is 'Sync Complete' and told as []",
        "Invoice I999 is '' and told as []",
    ]
    content, key = synced.world.memory.objects.content, output["keys"]["log"]
    content[key] = gzip.compress(gzip.decompress(content[key]) * 2)
    (told,) = [f for f in invariants.one_problem_each(synced, output) if f.startswith(f"{held.kind} {held.number} ")]
    codes = told.partition(" told as ")[2].strip("[]").split(", ")
    assert len(codes) == 2 and len(set(codes)) == 1


def test_not_done(synced: Simulated) -> None:
    synced.run()
    assert list(invariants.not_done(synced)) == []
    zuora(synced, IntegrationStatus__NS="Error Creating Invoice")
    assert len(list(invariants.not_done(synced))) == 1


@pytest.mark.parametrize(("touched", "faults"), [(True, 0), (False, 2)])
def test_a_payment_may_wait_for_an_invoice_that_a_person_has_touched(synced: Simulated, touched: bool, faults: int) -> None:
    """And for no other."""
    synced.run()
    invoice, payment = first(synced), first(synced, "Payment")
    invoice.touched = touched
    items = synced.world.memory.tables["STATUS_TABLE"].items
    zuora(synced, IntegrationStatus__NS="Error Creating Invoice")
    zuora(synced, "Payment", IntegrationStatus__NS=None, IntegrationId__NS=None)
    items[(f"zuora#Invoice#{invoice.id}",)] |= {"state": "REFUSED", "code": "INV-TOTAL"}
    items[(f"zuora#Payment#{payment.id}",)] |= {"state": "HELD", "code": "PAY-V2", "waits_for": f"invoice {invoice.number}"}
    assert len(list(invariants.not_done(synced))) == faults


def test_names_and_drifts(synced: Simulated) -> None:
    assert happen(synced, Event("person renames a customer", 2))
    assert happen(synced, Event("person changes the amount", 2))
    changed = next(d.number for d in synced.documents if d.drifts)
    assert len(list(invariants.names(synced))) == 1
    assert list(invariants.drifts(synced, synced.outputs[-1])) == [f"what a person did to {changed} is told 0 times"]
    output = synced.run()
    assert list(invariants.names(synced)) == list(invariants.drifts(synced, output)) == []


def test_a_finished_run_repeated_writes_nothing(synced: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(invariants.finally_(synced)) == []
    run = Simulated.run

    def restless(tenant: Simulated) -> dict[str, Any]:
        output = run(tenant)
        zuora(tenant, TransferredToAccounting="No")
        return output

    monkeypatch.setattr(Simulated, "run", restless)
    monkeypatch.setattr(invariants, "not_done", lambda tenant: iter(()))
    monkeypatch.setattr(invariants, "one_problem_each", lambda tenant, output: iter(()))
    assert any(fault.startswith("a run with nothing to do writes") for fault in invariants.finally_(synced))


def test_every_type_has_its_amount() -> None:
    assert set(TOTALS) == set(TYPES.values())
