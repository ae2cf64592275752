"""What the tests about currencies share: account A1 in USD whose documents are in EUR too, and its NetSuite customer, who may be billed in
both, in one, or in a currency that is switched off."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tests.sync.builders import Objects
from tests.sync.memory import MemoryWorld

EURO = "2"
"""Internal id of the Euro in NetSuite."""
EUR: dict[str, Any] = {"Currency": "EUR"}


def billed_in(*codes: str, customer: str = "9001") -> Objects:
    """The NetSuite customer with further currencies; one that is there already is changed."""
    return {"customer": [{"id": customer, "currencyList": {"items": [{"currency": {"refName": code}} for code in codes]}}]}


def switched_off(currency: str = EURO) -> Objects:
    return {"currency": [{"id": currency, "isInactive": True}]}


def currency_of(record: dict[str, Any]) -> str:
    """The internal id of a NetSuite record's currency."""
    return str(record["currency"]["id"])


@contextlib.contextmanager
def without_multiple_currencies(world: MemoryWorld) -> Iterator[MemoryWorld]:
    """A Zuora tenant without the feature, in worlds that are made anew within."""
    world.zuora.options.multiple_currencies = False
    try:
        yield world
    finally:
        world.zuora.options.multiple_currencies = True
        world.zuora_control.reset()
