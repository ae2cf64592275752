"""The price sublist of items: known by currency, price level and quantity break (api-netsuite.md 9.4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standins.netsuite.account import Account


def line(currency: int, level: int, price: float, **more: Any) -> dict[str, Any]:
    return {"currencyPage": {"id": str(currency)}, "priceLevel": {"id": str(level)}, "price": price, **more}


def prices(ns: Account, item: str) -> dict[tuple[str, str, int], float]:
    rows = ns.whole(f"serviceSaleItem/{item}")["price"]["items"]
    return {(r["currencyPage"]["id"], r["priceLevel"]["id"], r["quantity"]["value"]): r["price"] for r in rows}


def change(ns: Account, item: str, *lines: dict[str, Any]) -> None:
    answer = ns.record("PATCH", f"serviceSaleItem/{item}", {"price": {"items": list(lines)}})
    assert answer.status_code == 204, answer.text


def new_item(ns: Account, *lines: dict[str, Any]) -> str:
    return ns.item("Plan", price={"items": list(lines)})


def test_a_line_with_the_same_key_is_changed_and_others_stay(ns: Account) -> None:
    item = new_item(ns, line(1, 1, 20), line(1, 1, 18, quantity={"value": 10}), line(1, 2, 25), line(2, 1, 17))
    change(ns, item, line(1, 1, 21, quantity={"value": 0}))
    assert prices(ns, item) == {("1", "1", 0): 21, ("1", "1", 10): 18, ("1", "2", 0): 25, ("2", "1", 0): 17}


def test_with_replace_only_the_given_lines_stay(ns: Account) -> None:
    item = new_item(ns, line(1, 1, 20), line(1, 2, 25))
    change(ns, f"{item}?replace=price", line(1, 1, 21))
    assert prices(ns, item) == {("1", "1", 0): 21}


@pytest.mark.parametrize("missing", ["currencyPage", "priceLevel", "price"])
def test_each_part_is_needed(ns: Account, missing: str) -> None:
    item = new_item(ns, line(1, 1, 20))
    bad = {k: v for k, v in line(1, 2, 20).items() if k != missing}
    answer = ns.record("PATCH", f"serviceSaleItem/{item}", {"price": {"items": [bad]}})
    assert answer.status_code == 400
    assert "Please enter value(s) for" in answer.text
    assert prices(ns, item) == {("1", "1", 0): 20}


@pytest.mark.parametrize("quantity", [{"value": -1}, {"value": "many"}, {"value": 1.5}, True])
def test_a_quantity_break_is_a_whole_number(ns: Account, quantity: Any) -> None:
    item = new_item(ns, line(1, 1, 20))
    answer = ns.record("PATCH", f"serviceSaleItem/{item}", {"price": {"items": [line(1, 1, 30, quantity=quantity)]}})
    assert (answer.status_code, prices(ns, item)) == (400, {("1", "1", 0): 20})


def test_an_account_with_one_currency_names_it_too(ns: Account) -> None:
    ns.options.multiple_currencies = False
    ns.stand_in.reset()
    ns.log_in()
    item = new_item(ns, line(1, 1, 20))
    assert prices(ns, item) == {("1", "1", 0): 20}
