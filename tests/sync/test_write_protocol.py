"""What the ledger says at each moment of a write, so that whoever comes after a worker that died knows what may have happened: SENT before
a request leaves, CONFIRMED once the destination has answered, DONE after the source was written back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from tests.sync import invoice_world, payment_world
from tests.sync.builders import invoice, payment, zid
from tests.sync.invoice_world import TAXED
from tests.sync.memory import MemoryWorld

GOLD = [("Gold", 100.0)]


def ledger(world: MemoryWorld, object_type: str, number: str) -> dict[str, Any]:
    """The ledger's item of a Zuora record, {} before there is one."""
    found = world.memory.tables["STATUS_TABLE"].items.get((f"zuora#{object_type}#{zid(number)}",))
    return dict(found or {})


@contextmanager
def heard(world: MemoryWorld, hear: Callable[[requests.PreparedRequest], None]) -> Iterator[None]:
    """Tell of every request before it leaves."""
    send = world.session.send

    def listen(request: requests.PreparedRequest, **how: Any) -> requests.Response:
        hear(request)
        return send(request, **how)

    world.session.send = listen  # type: ignore[method-assign]
    try:
        yield
    finally:
        world.session.send = send  # type: ignore[method-assign]


def is_create(request: requests.PreparedRequest, record_type: str) -> bool:
    return request.method == "POST" and str(request.url).endswith(f"/record/v1/{record_type}")


def writes(request: requests.PreparedRequest, status: str) -> bool:
    """Whether a request writes an Integration Status in Zuora."""
    return request.method in ("POST", "PUT") and status in str(request.body) and "/query/" not in str(request.url)


def states_at(world: MemoryWorld, run: Callable[[], dict[str, Any]], kind: str, number: str, record_type: str) -> dict[str, dict[str, Any]]:
    """The ledger's item at the mark, at the create and at the last word in the source, and in the end."""
    seen: dict[str, dict[str, Any]] = {}

    def hear(request: requests.PreparedRequest) -> None:
        moment = "create" if is_create(request, record_type) else "complete" if writes(request, "Sync Complete") else ""
        moment = moment or ("mark" if writes(request, "Creating ") else "")
        if moment:
            seen.setdefault(moment, ledger(world, kind, number))

    with heard(world, hear):
        assert run()["tiedOut"]
    return {**seen, "end": ledger(world, kind, number)}


def of_an_invoice(world: MemoryWorld) -> dict[str, dict[str, Any]]:
    invoice_world.ready(world, invoice("A1", "X1", GOLD, sub="S1", **TAXED))
    return states_at(world, lambda: world.run(steps=["invoices"]), "Invoice", "X1", "invoice")


def of_a_payment(world: MemoryWorld) -> dict[str, dict[str, Any]]:
    payment_world.ready(world, payment("A1", "P1", 10.0, {"INV1": 10.0}))
    return states_at(world, lambda: payment_world.run(world), "Payment", "P1", "customerPayment")


KINDS = pytest.mark.parametrize("seen_of", [of_an_invoice, of_a_payment])


@KINDS
def test_the_record_is_claimed_before_anything_is_written(fast: MemoryWorld, seen_of: Callable[[MemoryWorld], Any]) -> None:
    assert seen_of(fast)["mark"]["state"] == "CLAIMED"


@KINDS
def test_the_ledger_says_sent_before_the_request_leaves(fast: MemoryWorld, seen_of: Callable[[MemoryWorld], Any]) -> None:
    """Else a worker that dies right after the request leaves no trace of it, and another one may send it again at once."""
    at_create = seen_of(fast)["create"]
    assert at_create["state"] == "SENT"
    assert at_create["request_hash"]
    assert at_create["lease"] > 0


@KINDS
def test_the_ledger_says_confirmed_before_the_source_is_told(fast: MemoryWorld, seen_of: Callable[[MemoryWorld], Any]) -> None:
    """The destination has the record, and the ledger knows its id, when the source gets its last word."""
    seen = seen_of(fast)
    assert seen["complete"]["state"] == "CONFIRMED"
    assert seen["complete"]["destination_id"] == seen["end"]["destination_id"] != ""


@KINDS
def test_the_ledger_says_done_after_the_source_was_told(fast: MemoryWorld, seen_of: Callable[[MemoryWorld], Any]) -> None:
    seen = seen_of(fast)
    assert seen["complete"]["state"] != "DONE"
    assert seen["end"]["state"] == "DONE"


def test_of_two_counterparts_after_a_lost_answer_none_is_taken(fast: MemoryWorld) -> None:
    """The answer to a create was lost, and the look-up finds two records with the id: which one is right nobody here can know."""
    invoice_world.ready(fast, invoice("A1", "X1", GOLD, sub="S1", **TAXED))
    made: list[str] = []

    def double(request: requests.PreparedRequest) -> None:
        """While the create is under way another program makes the same record, without an external id."""
        if is_create(request, "invoice") and not made:
            body = {k: v for k, v in json.loads(request.body or b"{}").items() if k != "externalId"}
            fast.load(netsuite={"invoice": [{**body, "id": "7777"}]})
            made.append("7777")

    invoice_world.lose_answers(fast)
    fast.netsuite_control.set_faults([{"method": "POST", "path": "/record/v1/invoice", "drop": "after", "times": 1}])
    try:
        with heard(fast, double):
            output = fast.run(steps=["invoices"])
    finally:
        fast.netsuite_control.set_faults([])
    item, summary = ledger(fast, "Invoice", "X1"), fast.summary(output)
    assert made and len(fast.in_netsuite("invoice")) == 2
    assert not output["tiedOut"]
    assert item["state"] not in ("CONFIRMED", "DONE") and not item.get("destination_id")
    assert fast.in_zuora("Invoice", "X1")["IntegrationStatus__NS"] != "Sync Complete"
    assert any("2 invoice records carry this id" in message["message"] for message in summary["messages"])
