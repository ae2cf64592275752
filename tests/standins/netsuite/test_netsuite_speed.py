"""Loading a few thousand records of one customer and of many must stay fast. Calls of functions are counted."""

from __future__ import annotations

from typing import Any

from tests.effort import calls_of
from tests.standins.netsuite.account import Account

DOCUMENTS = 1_000
CALLS_PER_DOCUMENT = 1_200
CALLS_OF_A_WRITE = 6_000


def lines(item: str, amount: float) -> dict[str, Any]:
    return {"items": [{"item": {"externalId": item}, "amount": amount}]}


def test_documents_with_applications_load_fast_even_for_one_customer(ns: Account) -> None:
    shared = {"subsidiary": {"items": [{"id": "1"}]}, "includeChildren": True}
    objects: dict[str, list[dict[str, Any]]] = {
        "serviceSaleItem": [{"itemId": "Seats", "externalId": "I", **shared}],
        "customer": [{"externalId": "C", "companyName": "Acme", "subsidiary": {"id": 2}}],
    }
    assert ns.load(objects).status_code == 200
    who, day = {"externalId": "C"}, "2026-01-15"
    invoices = [{"externalId": f"V{n}", "entity": who, "tranDate": day, "item": lines("I", 10)} for n in range(DOCUMENTS)]
    payments = [
        {"externalId": f"P{n}", "customer": who, "payment": 10, "tranDate": day, "apply": applied(f"V{n}", 4)} for n in range(DOCUMENTS)
    ]
    memos = [
        {"externalId": f"M{n}", "entity": who, "tranDate": day, "item": lines("I", 5), "apply": applied(f"V{n}", 5)}
        for n in range(DOCUMENTS)
    ]

    def load() -> None:
        assert ns.load({"invoice": invoices, "customerPayment": payments, "creditMemo": memos}).status_code == 200

    assert calls_of(load) < CALLS_PER_DOCUMENT * 3 * DOCUMENTS
    due = ns.rows("SELECT count(*) AS n, sum(foreignamountunpaid) AS due FROM transaction WHERE type = 'CustInvc'")
    assert due == [{"n": str(DOCUMENTS), "due": str(DOCUMENTS)}]
    body = {"apply": applied("V1", 5)}

    def write() -> None:
        assert ns.record("PATCH", "customerPayment/eid:P1", body).status_code == 204

    assert calls_of(write) < CALLS_OF_A_WRITE


def applied(document: str, amount: float) -> dict[str, Any]:
    return {"items": [{"doc": {"externalId": document}, "apply": True, "amount": amount}]}
