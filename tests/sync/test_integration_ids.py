"""Integration IDs that are no internal ids of NetSuite: they reach neither an address nor a query, the record is held and says why, and
no other record of the batch suffers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
GOLD = [("Gold", 5.0)]
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


def listen(world: MemoryWorld, patch: pytest.MonkeyPatch) -> Seen:
    made = Seen(world)
    send = world.session.send

    def listening(request: requests.PreparedRequest, **how: Any) -> requests.Response:
        made(request)
        return send(request, **how)

    patch.setattr(world.session, "send", listening)
    return made


@pytest.fixture
def seen(fast: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> Seen:
    return listen(fast, monkeypatch)


def problems(summary: dict[str, Any], number: str) -> dict[str, str]:
    return {line["code"]: line["message"] for line in summary["log"] if line.get("source_number") == number and line.get("code")}


def telling(wrong: str) -> bool:
    """Whether the text is found in a request only when it was sent as an id; short ones stand in many."""
    return len(wrong.strip()) > 2 and wrong.strip() != "9001"


@dataclass(frozen=True)
class Ran:
    """A run over records with wrong ids, one for each, that are called by its place in the list, and one that is as it should be."""

    world: MemoryWorld
    summary: dict[str, Any]
    seen: Seen

    def problems(self, record: str, wrong: str) -> dict[str, str]:
        """The messages by code of the record with that id."""
        return problems(self.summary, f"{record}{WRONG.index(wrong)}")

    def untold(self, wrong: str) -> bool:
        return not (telling(wrong) and self.seen.says(wrong))


ALPHABET = [(n, WRONG[n]) for n in (0, WRONG.index("٩٠٠١"), WRONG.index("9001/item"))]
"""Some of them: letters, digits of another alphabet, a path."""


@pytest.fixture(scope="module")
def listening(fast: MemoryWorld) -> Iterator[Callable[[], Seen]]:
    """Listens anew."""
    with pytest.MonkeyPatch.context() as patch:
        yield lambda: listen(fast, patch)


@pytest.fixture(scope="module")
def accounts(fast: MemoryWorld, listening: Callable[[], Seen]) -> tuple[Ran, dict[str, Any]]:
    """The run over accounts, and the accounts and customers then."""
    fast.reset(**MASTER)
    fast.load(merged(*(account(f"A{n}", IntegrationId__NS=wrong) for n, wrong in enumerate(WRONG)), account("GOOD")))
    seen = listening()
    summary = fast.reported("customers")
    return Ran(fast, summary, seen), {"Account": fast.zuora.dump()["Account"], "customer": fast.in_netsuite("customer")}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_customer_is_not_linked_to_what_is_no_id_and_not_created_anew(accounts: tuple[Ran, dict[str, Any]], wrong: str) -> None:
    run, after = accounts
    found = run.problems("A", wrong)
    assert set(found) == {"INTEGRATION-ID"} and f'"{wrong}"' in found["INTEGRATION-ID"]
    rows = {row["AccountNumber"]: row for row in after["Account"]}
    assert rows[f"A{WRONG.index(wrong)}"].get("IntegrationId__NS") == wrong
    assert rows["GOOD"]["IntegrationStatus__NS"] == "Sync Complete"
    assert len(after["customer"]) == 1
    assert run.untold(wrong)


@pytest.mark.parametrize("behavior", ["Sync New and Modified Records", "Sync New Records Only"])
def test_an_item_is_not_linked_to_what_is_no_id(fast: MemoryWorld, seen: Seen, behavior: str) -> None:
    fast.reset(**MASTER, product_catalog_sync_behavior=behavior)
    fast.load(merged(*(charge(f"Gold{n}", IntegrationId__NS=wrong) for n, wrong in ALPHABET), charge("Silver")))
    run = Ran(fast, fast.reported("charges"), seen)
    for _, wrong in ALPHABET:
        assert set(run.problems("Gold", wrong)) == {"INTEGRATION-ID"} and not seen.says(wrong)
    assert len(fast.in_netsuite("serviceSaleItem")) == 1, "Silver"


@pytest.fixture(scope="module")
def invoices(fast: MemoryWorld, listening: Callable[[], Seen]) -> Ran:
    odd = [
        merged(synced_account(f"W{n}", wrong), subscription(f"W{n}", f"S-{n}", "Gold"), invoice(f"W{n}", f"I{n}", GOLD, sub=f"S-{n}"))
        for n, wrong in enumerate(WRONG)
    ]
    charges = [
        merged(
            charge(f"Odd{n}", IntegrationId__NS=wrong, **SYNCED),
            subscription("A1", f"SODD{n}", f"Odd{n}"),
            invoice("A1", f"C{n}", [(f"Odd{n}", 5.0)], sub=f"SODD{n}"),
        )
        for n, wrong in ALPHABET
    ]
    good = merged(synced_account("GOOD", "9002"), subscription("GOOD", "SGOOD", "Gold"), invoice("GOOD", "GOOD", GOLD, sub="SGOOD"))
    invoice_world.ready(fast, good, *odd, *charges, netsuite={"customer": [customer("GOOD", "9002")]}, **MULTIPLE)
    seen = listening()
    run = Ran(fast, fast.reported("invoices"), seen)
    assert fast.in_zuora("Invoice", "GOOD")["IntegrationStatus__NS"] == "Sync Complete"
    return run


@pytest.mark.parametrize("wrong", WRONG)
def test_an_invoice_waits_for_a_person_where_its_account_has_no_sound_id(invoices: Ran, wrong: str) -> None:
    expected = f'account W{WRONG.index(wrong)} has the Integration ID "{wrong}"'
    assert any(expected in text for text in invoices.problems("I", wrong).values())
    assert invoices.untold(wrong)


@pytest.mark.parametrize("wrong", [wrong for _, wrong in ALPHABET])
def test_an_invoice_waits_for_a_person_where_its_charge_has_no_sound_id(invoices: Ran, wrong: str) -> None:
    found = invoices.problems("C", wrong)
    assert any(f'has the Integration ID "{wrong}"' in text for text in found.values()) and not invoices.seen.says(wrong)


def test_a_payment_waits_for_a_person_where_its_invoice_or_account_has_no_sound_id(fast: MemoryWorld) -> None:
    wrongs = ["abc", "٧٠٠١", "7001/apply", "7001 "]
    odd = [
        merged(
            payment_world.zuora_invoice(f"ODD{n}", "A1", 40, wrong),
            account(f"A9{n}", IntegrationId__NS=wrong, **SYNCED),
            payment_world.zuora_invoice(f"INVA9{n}", f"A9{n}", 40, "7003"),
            payment("A1", f"P1{n}", 40, {f"ODD{n}": 40}),
            payment(f"A9{n}", f"P2{n}", 40, {f"INVA9{n}": 40}),
        )
        for n, wrong in enumerate(wrongs)
    ]
    payment_world.ready(fast, *odd, payment("A1", "P3", 10, {"INV1": 10}))
    summary = payment_world.run(fast)
    for n, wrong in enumerate(wrongs):
        assert f'invoice ODD{n} has the Integration ID "{wrong}"' in problems(summary, f"P1{n}")["PAY-V2"]
        assert f'account A9{n} has the Integration ID "{wrong}"' in problems(summary, f"P2{n}")["PAY-V6"]
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
