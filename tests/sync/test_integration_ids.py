"""Integration IDs that are no internal ids of NetSuite: they reach neither an address nor a query, the record is held and says why, and
no other record of the batch suffers."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tallybridge.errors import ConfigurationError, Refused
from tallybridge.ids import netsuite_id
from tallybridge.settings import parse_settings
from tests.sync import invoice_world, payment_world, refund_world
from tests.sync.builders import account, charge, invoice, merged, payment, subscription
from tests.sync.invoice_world import SYNCED, customer, synced_account
from tests.sync.memory import MemoryWorld

WRONG = [
    "abc",
    "C-9001",
    "9001 ",
    " 9001",
    "9001.0",
    "-9001",
    "+9001",
    "0",
    "09001",
    "9_001",
    "9001/item",
    "9001?expandSubResources=true",
    "../customer/9001",
    "eid:9001",
    "9001' OR '1'='1",
    "٩٠٠١",  # Arabic digits
    "９００１",  # full-width digits
    "९००१",  # Devanagari digits
    "²",
    "9" * 19,
]
MASTER = {"customer_account_sync_behavior": "Sync New and Modified Records", "default_subsidiary": "Parent Company"}
MULTIPLE: Any = {"netsuite_multiple_currencies": "Yes"}


@pytest.mark.parametrize("value", [*WRONG, "", None, True, 1.5, [], {}])
def test_what_is_no_internal_id(value: Any) -> None:
    assert netsuite_id(value) == ""


@pytest.mark.parametrize("value", ["1", "9001", "123456789012", 4711])
def test_what_is_one(value: Any) -> None:
    assert netsuite_id(value) == str(value)


class Seen:
    """What was sent to NetSuite."""

    def __init__(self, world: MemoryWorld) -> None:
        self.base = world.credentials["netsuite"]["base_url"]
        self.requests: list[requests.PreparedRequest] = []

    def __call__(self, request: requests.PreparedRequest) -> None:
        if str(request.url).startswith(self.base):
            self.requests.append(request)

    def says(self, text: str) -> bool:
        encoded = {text, json.dumps(text)[1:-1], quote(text, safe="")}
        return any(e in f"{r.url} {r.body!r} {_decoded(r.body)}" for e in encoded for r in self.requests)


def _decoded(body: Any) -> str:
    return body.decode() if isinstance(body, bytes) else str(body)


@pytest.fixture
def seen(fast: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> Seen:
    made = Seen(fast)
    send = fast.session.send

    def listening(request: requests.PreparedRequest, **how: Any) -> requests.Response:
        made(request)
        return send(request, **how)

    monkeypatch.setattr(fast.session, "send", listening)
    return made


def problems(summary: dict[str, Any], number: str) -> dict[str, str]:
    return {line["code"]: line["message"] for line in summary["log"] if line.get("source_number") == number and line.get("code")}


def telling(wrong: str) -> bool:
    """Whether the text is found in a request only when it was sent as an id; short ones stand in many."""
    return len(wrong.strip()) > 2 and wrong.strip() != "9001"


@pytest.mark.parametrize("wrong", WRONG)
def test_a_customer_is_not_linked_to_what_is_no_id_and_not_created_anew(fast: MemoryWorld, seen: Seen, wrong: str) -> None:
    fast.reset(**MASTER)
    fast.load(merged(account("A1", IntegrationId__NS=wrong), account("A2")))
    summary = fast.reported("customers")
    found = problems(summary, "A1")
    assert set(found) == {"INTEGRATION-ID"} and f'"{wrong}"' in found["INTEGRATION-ID"]
    assert fast.in_zuora("Account", "A1").get("IntegrationId__NS") == wrong
    assert fast.in_zuora("Account", "A2")["IntegrationStatus__NS"] == "Sync Complete"
    assert len(fast.in_netsuite("customer")) == 1
    assert not (telling(wrong) and seen.says(wrong))


@pytest.mark.parametrize("behavior", ["Sync New and Modified Records", "Sync New Records Only"])
@pytest.mark.parametrize("wrong", ["abc", "٩٠٠١", "9001/item"])
def test_an_item_is_not_linked_to_what_is_no_id(fast: MemoryWorld, seen: Seen, wrong: str, behavior: str) -> None:
    fast.reset(**MASTER, product_catalog_sync_behavior=behavior)
    fast.load(merged(charge("Gold", IntegrationId__NS=wrong), charge("Silver")))
    summary = fast.reported("charges")
    assert set(problems(summary, "Gold")) == {"INTEGRATION-ID"}
    assert [i["itemId"] for i in fast.in_netsuite("serviceSaleItem")] != [] and not seen.says(wrong)


@pytest.mark.parametrize("wrong", WRONG)
def test_an_invoice_waits_for_a_person_where_its_account_has_no_sound_id(fast: MemoryWorld, seen: Seen, wrong: str) -> None:
    more = merged(
        synced_account("A9", wrong),
        subscription("A9", "S9", "Gold"),
        invoice("A9", "INV9", [("Gold", 5.0)], sub="S9"),
        invoice("A1", "INV1", [("Gold", 10.0)], sub="S1"),
    )
    invoice_world.ready(fast, more, **MULTIPLE)
    summary = fast.reported("invoices")
    found = problems(summary, "INV9")
    assert any(f'account A9 has the Integration ID "{wrong}"' in text for text in found.values())
    assert fast.in_zuora("Invoice", "INV1")["IntegrationStatus__NS"] == "Sync Complete"
    assert not (telling(wrong) and seen.says(wrong))


@pytest.mark.parametrize("wrong", ["abc", "٥٠١", "501/x"])
def test_an_invoice_waits_for_a_person_where_its_charge_has_no_sound_id(fast: MemoryWorld, seen: Seen, wrong: str) -> None:
    more = merged(
        charge("Odd", IntegrationId__NS=wrong, **SYNCED),
        subscription("A1", "S9", "Odd"),
        invoice("A1", "INV9", [("Odd", 5.0)], sub="S9"),
    )
    invoice_world.ready(fast, more)
    found = problems(fast.reported("invoices"), "INV9")
    assert any(f'has the Integration ID "{wrong}"' in text for text in found.values()) and not seen.says(wrong)


@pytest.mark.parametrize("wrong", ["abc", "٧٠٠١", "7001/apply", "7001 "])
def test_a_payment_waits_for_a_person_where_its_invoice_or_account_has_no_sound_id(fast: MemoryWorld, wrong: str) -> None:
    odd = payment_world.zuora_invoice("ODD", "A1", 40, wrong)
    theirs_too = account("A9", IntegrationId__NS=wrong, **SYNCED)
    theirs = payment_world.zuora_invoice("INVA9", "A9", 40, "7003")
    payment_world.ready(
        fast,
        merged(odd, theirs_too, theirs, payment("A1", "P1", 40, {"ODD": 40}), payment("A9", "P2", 40, {"INVA9": 40})),
        payment("A1", "P3", 10, {"INV1": 10}),
    )
    summary = payment_world.run(fast)
    assert f'invoice ODD has the Integration ID "{wrong}"' in problems(summary, "P1")["PAY-V2"]
    assert f'account A9 has the Integration ID "{wrong}"' in problems(summary, "P2")["PAY-V6"]
    assert payment_world.state_of(fast, "P3")[0] == "Sync Complete"


@pytest.mark.parametrize("wrong", ["abc", "٨٠٠١", "8001/!transform/x"])
def test_a_refund_waits_for_a_person_where_its_payment_has_no_sound_id(fast: MemoryWorld, wrong: str) -> None:
    odd = {**refund_world.PAID, "P1": (wrong, "A1", 100.0, {"INV1": 100.0})}
    given: dict[str, Any] = {number: entry for number, entry in odd.items() if number != "P1"}
    refund_world.ready(fast, paid={"P1": refund_world.PAID["P1"], **given}, fields={"P1": {"IntegrationId__NS": wrong}})
    found = problems(refund_world.run(fast), "R1")
    assert f'payment P1 has the Integration ID "{wrong}"' in found["RFD-V2"]


@pytest.mark.parametrize("wrong", [w for w in WRONG if not w.startswith("eid:")])
def test_the_client_puts_nothing_else_into_an_address(fast: MemoryWorld, seen: Seen, wrong: str) -> None:
    fast.reset()
    netsuite = fast.wiring().netsuite(parse_settings(""), fast.wiring().ledger("run", "b").owner)
    for call in (
        lambda: netsuite.read("customer", wrong),
        lambda: netsuite.update("customer", wrong, {"comments": "x"}),
        lambda: netsuite.transform("invoice", wrong, "customerPayment", {}),
    ):
        with pytest.raises(Refused, match="no internal id"):
            call()
    assert not seen.requests


@pytest.mark.parametrize("key", ["unassigned_payments_customer_id", "default_item_id"])
@pytest.mark.parametrize("wrong", WRONG)
def test_settings_take_internal_ids_only(key: str, wrong: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_settings(json.dumps({key: wrong}))
    assert refused.value.place == key
    assert getattr(parse_settings(json.dumps({key: "4711"})), key) == "4711"


def test_a_customer_with_a_sound_id_is_linked_as_before(fast: MemoryWorld) -> None:
    fast.reset(**{**MASTER, "customer_account_sync_behavior": "Sync New Records Only"})
    fast.load(account("A1", IntegrationId__NS="9001"), {"customer": [customer("A1", "9001")]})
    fast.reported("customers")
    assert fast.in_zuora("Account", "A1")["IntegrationStatus__NS"] == "Sync Complete"
