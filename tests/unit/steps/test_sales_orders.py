"""Validations of sales orders that no check box can fail (sales-orders.md section 3)."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import DEFAULTS
from tallybridge.steps.master_data.sales_order_mapping import OrderLine, SalesOrder, left_out, problems_of, subscription_body

rule = pytest.mark.rule
ROW = {
    "id": "6001",
    "tranid": "SO-1",
    "trandate": "2026-10-05",
    "account": "acc",
    "autorenew": "T",
    "initialterm": "12",
    "renewalterm": "0",
}


def order(**row: Any) -> SalesOrder:
    account = {"Id": "acc", "AccountNumber": "A1", "Currency": "USD"}
    lines = (OrderLine("1", "Gold", "p1"),)
    return SalesOrder({**ROW, **row}, lines, DEFAULTS, "2026-11-02T08:00:00Z", account, {"p1": ("2020-01-01", "2040-12-31")})


def told(**row: Any) -> list[tuple[str, str]]:
    return [(p.code, p.message) for p in problems_of(order(**row))]


@rule("sales-orders.3.validation.SO1")
@pytest.mark.parametrize("empty", [None, "", " "])
def test_an_auto_renew_list_may_be_empty(empty: str | None) -> None:
    assert told(autorenew=empty) == [("SO-V1", "Sales order SO-1: Zuora Auto Renew is empty.")]


@rule("sales-orders.5.mapping.zuora-auto-renew-to-subscription-autorenew")
@pytest.mark.parametrize(("value", "wanted"), [("T", True), ("Yes", True), ("true", True), ("F", False), ("No", False)])
def test_auto_renew_of_either_kind_of_field(value: str, wanted: bool) -> None:
    assert subscription_body(order(autorenew=value), {})["autoRenew"] is wanted
    assert told(autorenew=value) == []


@rule("sales-orders.2.selection.5")
@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("A", "SO-PENDING"),
        ("B", ""),
        ("C", "SO-CANCELLED"),
        ("SalesOrd:C", "SO-CANCELLED"),
        ("E", ""),
        ("G", ""),
        ("H", "SO-CLOSED"),
        ("", ""),
    ],
)
def test_orders_in_some_states_are_not_sold(state: str, code: str) -> None:
    why = left_out(order(orderstatus=state))
    assert (why.code if why else "") == code


def test_all_that_is_wrong_is_told_together() -> None:
    assert [code for code, _ in told(autorenew="", initialterm="", renewalterm="x", termsetting="YEARLY")] == [
        "SO-V1",
        "SO-V2",
        "SO-V5",
        "SO-V6",
    ]


@pytest.mark.parametrize("value", ["१२", "²", "1e3"])
def test_only_plain_digits_are_whole_numbers(value: str) -> None:
    assert [code for code, _ in told(initialterm=value)] == ["SO-V5"]
