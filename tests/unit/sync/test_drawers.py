"""Drawers: what a reader asks for is found, and only that is fetched."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tallybridge.sync.folder import RunFolder
from tallybridge.sync.stand_ins import stand_in_id
from tallybridge.tasks import drawers
from tallybridge.tasks.drawers import BLOCK, Drawer, put
from tallybridge.tasks.folded import TAKEN, by_key
from tallybridge.tasks.rehearsal import Rehearsal
from tests.sync.memory import MemoryObjects


class Counting(MemoryObjects):
    """Counts the bytes that are fetched."""

    fetched = 0

    def get_object(self, **given: Any) -> dict[str, Any]:
        answer = super().get_object(**given)
        self.fetched += len(answer["Body"].getbuffer())
        return answer


@pytest.fixture
def store() -> Counting:
    return Counting()


@pytest.fixture
def folder(store: Counting) -> RunFolder:
    any_store: Any = store
    return RunFolder(any_store, "bucket", "run")


@pytest.mark.parametrize("count", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 1_000])
def test_every_value_is_found_and_no_other(folder: RunFolder, count: int) -> None:
    values = {f"key {n}": {"n": n, "amount": Decimal("1.10")} for n in range(count)}
    put(folder, "drawer", values)
    assert Drawer(folder, "drawer").get([*values, "nobody"]) == values
    assert Drawer(folder, "drawer").get(["nobody"]) == {}


def test_keys_of_one_number_are_told_apart(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawers, "number_of", lambda key: 7)
    values = {f"key {n}": n for n in range(3 * BLOCK)}
    put(folder, "drawer", values)
    assert Drawer(folder, "drawer").get(["key 1", "key 190", "key 500"]) == {"key 1": 1, "key 190": 190}


def test_a_reader_fetches_the_keys_and_what_it_asks_for(folder: RunFolder, store: Counting) -> None:
    put(folder, "drawer", {f"key {n}": "x" * 50 + str(n) for n in range(20_000)})
    whole = len(store.content["runs/run/drawer.rows"])
    drawer = Drawer(folder, "drawer")
    drawer.get(["key 1"])
    store.fetched = 0
    drawer.get([f"key {n}" for n in range(3)])
    assert 0 < store.fetched < whole / 50


def entry(source: str, *links: tuple[str, str]) -> dict[str, Any]:
    facts = {"customer": "", "currency": "USD", "amount": "100", "name": "", "number": source}
    return {"object": "Invoice", "source": source, "id": stand_in_id(source), "links": [list(link) for link in links], **facts}


def test_what_is_taken_in_several_pieces_is_added_up(folder: RunFolder) -> None:
    invoice = stand_in_id("inv")
    for number, taken in enumerate(("10", "5.5")):
        put(folder, f"piece{number}", by_key([entry(f"pay {number}", (invoice, taken), (invoice, "1"), ("4711", "2"))]))
    put(folder, "invoices", by_key([entry("inv")]))
    rehearsal = Rehearsal([Drawer(folder, name) for name in ("invoices", "piece0", "piece1")])
    rehearsal.know(sources=["inv", "nobody"], ids=["4711", invoice])
    assert (rehearsal.ids, set(rehearsal.made)) == ({"Invoice": {"inv": invoice}}, {invoice})
    assert rehearsal.taken == {invoice: Decimal("17.5"), "4711": Decimal(4)}
    rehearsal.know(ids=[invoice])
    assert rehearsal.row(invoice)["foreignamountunpaid"] == "82.5"
    assert TAKEN + "4711" in by_key([entry("pay", ("4711", "2"))])
