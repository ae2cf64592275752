"""Documents whose lines NetSuite keeps with other digits than Zuora has them (invoices.md section 3, validation 9): held with what to
do, or, by a setting, made right by one more line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.rules.cases import of_tables
from tests.sync import invoice_world
from tests.sync.memory import MemoryWorld
from tests.sync.ran import CREDIT_MEMOS, DEBIT_MEMOS, INVOICES, Kind, Ran, ran
from tests.sync.rounding_world import BOOK, ROUNDING_ITEM, THIRDS, currencies, of_invoice
from tests.sync.table import Row, Table, check, held, sent
from tests.sync.words import Part, a_credit_memo, a_debit_memo, an_account, an_invoice
from tests.sync.world import World

EIGHTHS, TAXES = [("Gold", 10.0), ("Silver", 20.0), ("Gold", 70.0)], [0.125] * 3
KEPT: dict[str, tuple[int, list[tuple[str, float]], tuple[str, str, str]]] = {
    "KWD": (2, THIRDS, ("99.990", "100.000", "0.010")),
    "BHD": (2, THIRDS, ("99.990", "100.000", "0.010")),
    "EUR": (0, [("Gold", 33.33), ("Silver", 33.33), ("Gold", 33.34)], ("99.00", "100.00", "1.00")),
    "JPY": (0, [("Gold", 33.3), ("Silver", 33.3), ("Gold", 33.4)], ("99", "100", "1")),
}
"""By currency: with how many digits the NetSuite account keeps it, lines, and what these become, were, and lack."""
KNOWN = {"EUR": "2", "JPY": "4"}
"""Currencies that the account has from the start."""
MONEY = currencies(("KWD", 2), ("BHD", 2), ("OMR", 3))
CURRENCIES = Part("", {}, {**MONEY, "currency": [*MONEY["currency"], *({"id": i, "currencyPrecision": 0} for i in KNOWN.values())]})
TOTALS = {"rounded": None, "unrounded": 100.375, "cut": 100.37}
TOO_FINE = {
    "KWD": (10.125, "2 digits after the point, so that KWD 10.125 would become KWD 10.130, KWD 0.005 more"),
    "EUR": (100.5, "0 digits after the point, so that EUR 100.50 would become EUR 101.00, EUR 0.50 more"),
}


def difference(currency: str, digits: int, lines: int, amounts: tuple[str, str, str], word: str = "less") -> str:
    kept, wanted, gap = (f"{currency} {amount}" for amount in amounts)
    return (
        f"ROUNDING: NetSuite keeps {currency} with {digits} digits after the point; its {lines} lines, rounded one by one, add up to "
        f"{kept} instead of {wanted}, {gap} {word}; not sent."
    )


def of(currency: str) -> Part:
    return an_account(currency, currency=currency, has=currency)


@dataclass(frozen=True)
class Case:
    """A kind of document; `total`: the field of its amount."""

    kind: Kind
    code: str
    make: Callable[..., Part]
    total: str

    def in_each(self) -> Iterator[tuple[str, Part]]:
        """A document for each of the currencies."""
        for currency, (_, lines, _) in KEPT.items():
            yield currency, self.make(currency, lines, of=of(currency))

    def told(self) -> list[Row]:
        """Without the setting."""
        return [
            held(
                "settings.key.rounding_difference",
                self.make("X1", THIRDS),
                f"{self.code}-{difference('USD', 2, 3, ('99.99', '100.00', '0.01'))}",
            ),
            held(
                "taxes that gain a cent",
                self.make("X2", EIGHTHS, taxes=TAXES),
                f"{self.code}-{difference('USD', 2, 6, ('100.39', '100.38', '0.01'), 'more')}",
            ),
            *(
                held(f"the digits of {c} are the account's", made, f"{self.code}-{difference(c, KEPT[c][0], 3, KEPT[c][2])}")
                for c, made in self.in_each()
            ),
            sent("three digits are kept where the account keeps them", self.make("X3", THIRDS, of=of("OMR"))),
        ]

    def booked(self) -> list[Row]:
        """With the setting."""
        also = ("settings.key.rounding_difference", "settings.key.rounding_item_id")
        totals = {name: {self.total: total} if total else {} for name, total in TOTALS.items()}
        return [
            sent("lines", self.make("X1", THIRDS), also=also),
            *(sent(f"total {n}", self.make(n, EIGHTHS, taxes=TAXES, **fields), also=also) for n, fields in totals.items()),
            *(sent(f"the digits of {currency}", made) for currency, made in self.in_each()),
            *(
                held(
                    f"{amount} {currency} is too fine",
                    self.make(f"FINE {currency}", amount, of=of(currency), **{self.total: amount}),
                    f"{self.code}-PRECISION: NetSuite keeps {currency} with {text}; not sent.",
                )
                for currency, (amount, text) in TOO_FINE.items()
            ),
        ]


CASES = {
    "invoice": Case(INVOICES, "INV", an_invoice, "Amount"),
    "debit memo": Case(DEBIT_MEMOS, "DM", a_debit_memo, "TotalAmount"),
    "credit memo": Case(CREDIT_MEMOS, "CM", a_credit_memo, "TotalAmount"),
}
HELD = {name: Table(case.kind, "", case.told(), more=[CURRENCIES]) for name, case in CASES.items()}
BOOKED = {name: Table(case.kind, "", case.booked(), BOOK, more=[CURRENCIES]) for name, case in CASES.items()}
kinds = pytest.mark.parametrize("kind", CASES)


@pytest.fixture(scope="module")
def told(started_world: World) -> dict[str, Ran]:
    return {kind: table.run(started_world) for kind, table in HELD.items()}


@pytest.fixture(scope="module")
def booked(started_world: World) -> dict[str, Ran]:
    return {kind: table.run(started_world) for kind, table in BOOKED.items()}


def amounts(run: Ran, number: str) -> list[Decimal]:
    return [Decimal(str(line["amount"])) for line in run.lines_of(number)]


@pytest.mark.parametrize(("kind", "row"), of_tables(HELD))
def test_what_rounding_changes_is_held_with_the_difference(told: dict[str, Ran], kind: str, row: Row) -> None:
    check(told[kind], row)


@pytest.mark.parametrize(("kind", "row"), of_tables(BOOKED))
def test_by_the_setting_all_is_sent_that_netsuite_can_keep(booked: dict[str, Ran], kind: str, row: Row) -> None:
    check(booked[kind], row)


@kinds
def test_nothing_else_is_told_and_the_runs_tie_out(told: dict[str, Ran], booked: dict[str, Ran], kind: str) -> None:
    HELD[kind].holds_together(told[kind])
    BOOKED[kind].holds_together(booked[kind])


@pytest.mark.rule("settings.key.rounding_difference")
@kinds
def test_the_advice_is_the_setting(told: dict[str, Ran], kind: str) -> None:
    assert "rounding_difference" in told[kind].line("X1", f"{CASES[kind].code}-ROUNDING")["advice"]


@kinds
def test_three_digits_are_sent_as_they_are(told: dict[str, Ran], kind: str) -> None:
    assert amounts(told[kind], "X3") == [Decimal("33.333"), Decimal("33.333"), Decimal("33.334")]


@pytest.mark.rule("settings.key.rounding_difference", "settings.key.rounding_item_id")
@kinds
def test_a_rounding_line_makes_the_total_right(booked: dict[str, Ran], kind: str) -> None:
    run = booked[kind]
    last = {name: amounts(run, name)[-1] for name in TOTALS}
    assert last == {"rounded": Decimal("-0.01"), "unrounded": Decimal("-0.01"), "cut": Decimal("-0.02")}
    assert amounts(run, "X1") == [Decimal("33.33"), Decimal("33.33"), Decimal("33.33"), Decimal("0.01")]
    line = run.lines_of("X1")[-1]
    assert (str(line["item"]["id"]), line["custcolzuoratype"]) == (ROUNDING_ITEM, "Rounding")
    assert {currency: sum(amounts(run, currency)) for currency in KEPT} == dict.fromkeys(KEPT, 100)


def test_a_large_invoice_in_pieces_gets_its_rounding_line_once(fast: MemoryWorld) -> None:
    made = of_invoice("A1", "X1", THIRDS, TransferredToAccounting="No", IntegrationStatus__NS="Error Creating Invoice")
    settings: dict[str, Any] = {"large_invoice_lines": 2, "large_invoice_piece": 1, **BOOK}
    invoice_world.ready(fast, made, netsuite=currencies(), **settings)
    run = ran(fast)
    assert (run.outcome, run.synced("X1")) == ("completed", True)
    assert sorted(amounts(run, "X1")) == [Decimal("0.01"), Decimal("33.33"), Decimal("33.33"), Decimal("33.33")]
