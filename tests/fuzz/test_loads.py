"""What is loaded into the stand-ins: taken, or refused with type, place and message; a load that is refused leaves nothing behind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client

from tests.fuzz.inputs import ANYTHING, inputs
from tests.sync.builders import account, charge, invoice, merged, subscription
from tests.sync.world import World, unserved_world

KNOWN = merged(account("A1"), charge("Gold"), subscription("A1", "S1", "Gold"), invoice("A1", "INV1", [("Gold", 10.0)], sub="S1"))
ZUORA_TYPES = st.sampled_from([*KNOWN, "Payment", "CreditMemo", "Nothing"])
NETSUITE_TYPES = st.sampled_from(
    ["customer", "invoice", "serviceSaleItem", "customerPayment", "creditMemo", "dataset", "customField", "nothing"]
)
FIELDS = st.sampled_from(
    sorted({key for rows in KNOWN.values() for row in rows for key in row} | {"id", "entity", "item", "tranDate", "apply"})
)
ROWS = st.lists(st.dictionaries(FIELDS, ANYTHING, max_size=5), max_size=3)


@pytest.fixture(scope="module")
def world() -> World:
    return unserved_world()


def loads(client: Client, content: Any) -> None:
    before = client.get("/_sandbox/dump").get_data()
    answer = client.post("/_sandbox/load", data=json.dumps(content))
    assert answer.status_code in (200, 400, 422), answer.get_data(as_text=True)
    if answer.status_code == 422:
        assert all(error["message"] for error in json.loads(answer.get_data())["errors"])
    if answer.status_code != 200:
        assert client.get("/_sandbox/dump").get_data() == before


@given(st.dictionaries(ZUORA_TYPES, ROWS | ANYTHING, max_size=2) | ANYTHING)
@inputs(60, share=0.2)
def test_anything_loaded_into_zuora_is_taken_or_refused(world: World, content: Any) -> None:
    world.zuora_control.reset()
    loads(Client(world.zuora_control), content)


@given(st.dictionaries(NETSUITE_TYPES, ROWS | ANYTHING, max_size=2) | ANYTHING)
@inputs(60, share=0.2)
def test_anything_loaded_into_netsuite_is_taken_or_refused(world: World, content: Any) -> None:
    world.netsuite_control.reset()
    loads(Client(world.netsuite_control), content)
