"""Documents whose lines NetSuite keeps with other digits than Zuora has them (invoices.md section 3, validation 9): held with what to
do, or, by a setting, made right by one more line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.sync import invoice_world, memo_world
from tests.sync.builders import Objects, merged, subscription
from tests.sync.invoice_world import customer, synced_account
from tests.sync.memory import MemoryWorld
from tests.sync.ran import ran
from tests.sync.rounding_world import BOOK, ROUNDING_ITEM, THIRDS, currencies, of_invoice

EIGHTHS = [("Gold", 10.0), ("Silver", 20.0), ("Gold", 70.0)]
LESS = (
    "NetSuite keeps {0} with {1} digits after the point; its 3 lines, rounded one by one, add up to {0} {2} instead of {0} {3}, "
    "{0} {4} {5}; not sent."
)


@dataclass
class Kind:
    """A kind of document: how one is made in Zuora, and how a run over it is looked at."""

    make: Callable[..., Objects]
    ready: Callable[..., Any]
    ran: Callable[[MemoryWorld], Any]
    label: str
    code: str


def of_memo(kind: str) -> Callable[..., Objects]:
    def make(account: str, number: str, lines: list[tuple[str, float]], **fields: Any) -> Objects:
        total = {"TotalAmount": fields.pop("amount")} if "amount" in fields else {}
        return memo_world.memo(kind, account, number, lines, sub=f"S{account}" if account != "A1" else "S1", **total, **fields)

    return make


KINDS = {
    "invoice": Kind(of_invoice, invoice_world.ready, ran, "Invoice", "INV"),
    "debit": Kind(of_memo("Debit"), memo_world.ready, memo_world.ran, "Debit memo", "DM"),
    "credit": Kind(of_memo("Credit"), memo_world.ready, memo_world.credited, "Credit memo", "CM"),
}
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


def amounts(run: Any, number: str) -> list[Decimal]:
    return [Decimal(str(line["amount"])) for line in run.lines_of(number)]


def euro(code: str, number: str) -> Objects:
    return merged(synced_account(number, "9051", currency=code), subscription(number, f"S{number}", "Gold", "Silver"))


@pytest.mark.rule("settings.key.rounding_difference")
@kinds
def test_lines_that_lose_a_cent_by_rounding_are_held_with_the_difference_and_what_ends_it(fast: MemoryWorld, kind: Kind) -> None:
    kind.ready(fast, kind.make("A1", "X1", THIRDS))
    run = kind.ran(fast)
    ((code, message),) = run.problems("X1")
    assert (code, message) == (f"{kind.code}-ROUNDING", f"{kind.label} X1: {LESS.format('USD', 2, '99.99', '100.00', '0.01', 'less')}")
    assert "rounding_difference" in run.line("X1", code)["advice"]
    assert run.made("X1") == []


@kinds
def test_taxes_that_gain_a_cent_by_rounding_are_held(fast: MemoryWorld, kind: Kind) -> None:
    kind.ready(fast, kind.make("A1", "X1", EIGHTHS, taxes=[0.125] * 3))
    run = kind.ran(fast)
    assert [code for code, _ in run.problems("X1")] == [f"{kind.code}-ROUNDING"]
    assert run.made("X1") == []


@pytest.mark.rule("settings.key.rounding_difference", "settings.key.rounding_item_id")
@kinds
@pytest.mark.parametrize("total", [{}, {"amount": 100.375}, {"amount": 100.37}], ids=["rounded", "unrounded", "cut"])
def test_a_rounding_line_makes_the_total_right(fast: MemoryWorld, kind: Kind, total: dict[str, float]) -> None:
    made = merged(kind.make("A1", "X1", EIGHTHS, taxes=[0.125] * 3, **total), kind.make("A1", "X2", THIRDS))
    kind.ready(fast, made, netsuite=currencies(), **BOOK)
    run = kind.ran(fast)
    assert run.synced("X1") and run.synced("X2")
    assert (run.outcome, run.output["tiedOut"]) == ("completed", True)
    want = Decimal("-0.02") if total.get("amount") == 100.37 else Decimal("-0.01")
    assert amounts(run, "X1")[-1] == want
    assert amounts(run, "X2") == [Decimal("33.33"), Decimal("33.33"), Decimal("33.33"), Decimal("0.01")]
    last = run.lines_of("X2")[-1]
    assert (str(last["item"]["id"]), last["custcolzuoratype"]) == (ROUNDING_ITEM, "Rounding")


@kinds
@pytest.mark.parametrize(
    ("code", "digits", "lines", "kept"),
    [
        ("KWD", 2, THIRDS, "99.990"),
        ("BHD", 2, THIRDS, "99.990"),
        ("EUR", 0, [("Gold", 33.33), ("Silver", 33.33), ("Gold", 33.34)], "99.00"),
        ("JPY", 0, [("Gold", 33.3), ("Silver", 33.3), ("Gold", 33.4)], "99"),
    ],
)
def test_the_digits_are_those_of_the_account_and_not_of_a_list(
    fast: MemoryWorld, kind: Kind, code: str, digits: int, lines: list[tuple[str, float]], kept: str
) -> None:
    zuora = merged(euro(code, "E1"), kind.make("E1", "X1", lines))
    known = {"EUR": "2", "JPY": "4"}
    more = currencies() if code in known else currencies((code, digits))
    changed = {"currency": [{"id": known[code], "currencyPrecision": digits}]} if code in known else {}
    for settings in ({}, BOOK):
        kind.ready(fast, zuora, netsuite=merged(more, changed, {"customer": [customer("E1", "9051", code)]}), **settings)
        run = kind.ran(fast)
        if settings:
            assert (run.outcome, run.output["tiedOut"], run.synced("X1")) == ("completed", True, True)
            assert sum(amounts(run, "X1")) == 100
        else:
            ((found, message),) = run.problems("X1")
            assert found == f"{kind.code}-ROUNDING"
            assert f"with {digits} digits" in message and f"{code} {kept} instead of" in message


@kinds
@pytest.mark.parametrize(("code", "digits", "amount"), [("KWD", 2, 10.125), ("EUR", 0, 100.5)])
def test_an_amount_that_netsuite_cannot_keep_is_held_whatever_the_setting(
    fast: MemoryWorld, kind: Kind, code: str, digits: int, amount: float
) -> None:
    zuora = merged(euro(code, "E1"), kind.make("E1", "X1", [("Gold", amount)]))
    more = currencies((code, digits)) if code == "KWD" else merged(currencies(), {"currency": [{"id": "2", "currencyPrecision": digits}]})
    fields = {"TotalAmount": amount} if kind.code != "INV" else {"Amount": amount}
    next(iter(v for k, v in zuora.items() if k in ("Invoice", "DebitMemo", "CreditMemo")))[0].update(fields)
    kind.ready(fast, zuora, netsuite=merged(more, {"customer": [customer("E1", "9051", code)]}), **BOOK)
    run = kind.ran(fast)
    ((found, message),) = run.problems("X1")
    assert found == f"{kind.code}-PRECISION"
    assert f"keeps {code} with {digits} digits" in message
    assert run.made("X1") == []


@kinds
def test_three_digits_are_kept_where_the_account_keeps_them(fast: MemoryWorld, kind: Kind) -> None:
    zuora = merged(euro("KWD", "E1"), kind.make("E1", "X1", THIRDS))
    kind.ready(fast, zuora, netsuite=merged(currencies(("KWD", 3)), {"customer": [customer("E1", "9051", "KWD")]}))
    run = kind.ran(fast)
    assert (run.outcome, run.synced("X1")) == ("completed", True)
    assert amounts(run, "X1") == [Decimal("33.333"), Decimal("33.333"), Decimal("33.334")]


def test_a_large_invoice_in_pieces_gets_its_rounding_line_once(fast: MemoryWorld) -> None:
    made = of_invoice("A1", "X1", THIRDS, TransferredToAccounting="No", IntegrationStatus__NS="Error Creating Invoice")
    invoice_world.ready(fast, made, netsuite=currencies(), large_invoice_lines=2, large_invoice_piece=1, **BOOK)
    run = ran(fast)
    assert (run.outcome, run.synced("X1")) == ("completed", True)
    assert sorted(amounts(run, "X1")) == [Decimal("0.01"), Decimal("33.33"), Decimal("33.33"), Decimal("33.33")]
