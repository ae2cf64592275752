"""summary.json, summary.csv, and cells a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallybridge.reporting.summary import csv_text, read_summary, safe_cell, steps_csv, summary_csv, summary_json
from tests.unit.reporting import sample_runs


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("name", sorted(sample_runs.RUNS))
def test_the_summary_survives_the_round_trip(name: str) -> None:
    summary, _ = sample_runs.RUNS[name]()
    assert read_summary(summary_json(summary)) == summary


def test_amounts_are_json_numbers_digit_for_digit() -> None:
    summary, _ = sample_runs.run_with_warnings()
    plain = json.loads(summary_json(summary), parse_float=str)
    kuwaiti = next(t for t in plain["totals"] if t["currency"] == "KWD")
    assert kuwaiti["synced"]["amount"] == "-544.725"


def test_what_was_not_asked_is_null_not_a_difference() -> None:
    summary, _ = sample_runs.clean_run(dry_run=True)
    assert {(t["destination"], t["difference"]) for t in json.loads(summary_json(summary))["totals"]} == {(None, None)}
    assert read_summary(summary_json(summary)) == summary


def test_half_an_emoji_can_be_archived() -> None:
    summary, _ = sample_runs.clean_run()
    summary.instance = "cut \ud83d"
    assert json.loads(summary_json(summary).encode())["instance"] == "cut ?"


def test_one_row_per_object_type_and_currency() -> None:
    summary, _ = sample_runs.run_with_warnings()
    rows = rows_of(summary_csv(summary))
    assert [(r["object"], r["currency"]) for r in rows] == [(t.object, t.currency) for t in summary.totals]
    dollars = next(r for r in rows if (r["object"], r["currency"]) == ("Payment", "USD"))
    total = next(t for t in summary.totals if (t.object, t.currency) == ("Payment", "USD"))
    assert dollars["refused_count"] == "14"
    assert Decimal(dollars["destination_amount"]) == total.expected.amount
    assert (dollars["difference"], dollars["checked"], dollars["tied_out"]) == ("0.00", "yes", "yes")
    assert next(r for r in rows if r["currency"] == "JPY")["selected_amount"] == "32664600"
    assert next(r for r in rows if r["object"] == "Account")["selected_amount"] == ""


def test_an_imbalance_stands_in_the_csv() -> None:
    summary, _ = sample_runs.out_of_balance_run()
    shown = [(r["currency"], r["difference"], r["tied_out"]) for r in rows_of(summary_csv(summary))]
    assert shown == [("EUR", "-1204.50", "no"), ("USD", "0.00", "yes")]


def test_what_was_not_asked_is_empty_in_the_csv() -> None:
    summary, _ = sample_runs.clean_run(dry_run=True)
    columns = ("destination_count", "destination_amount", "difference", "checked")
    assert {tuple(r[c] for c in columns) for r in rows_of(summary_csv(summary))} == {("", "", "", "no")}


def test_one_row_per_step_with_its_seconds() -> None:
    summary, _ = sample_runs.failed_run()
    rows = rows_of(steps_csv(summary))
    assert [r["step"] for r in rows] == [s.step for s in summary.steps]
    assert (rows[2]["outcome"], rows[2]["seconds"], rows[2]["unfinished"]) == ("failed", "21.000", "6")
    assert rows[3]["seconds"] == ""


FORMULAS = [
    "=1+1",
    "+1",
    "+49 30 1",
    "-1+2",
    "-cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\uff1d1",
    "\x00=1",
    "\u202e=1",
    "-",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_neutralised(text: str) -> None:
    assert safe_cell(text).startswith("'")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("-12.50", "-12.50"),
        ("-3", "-3"),
        (Decimal("-1E+2"), "-100"),
        (-7, "-7"),
        ("INV-1", "INV-1"),
        ("a=b", "a=b"),
        ("", ""),
        ("\u0660", "\u0660"),
        ("-\u0661", "'-\u0661"),
    ],
)
def test_numbers_and_ordinary_text_stay(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.text(max_size=30))
def test_no_cell_starts_a_formula(text: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_text([], [[text, "x"]]).split("\r\n", 1)[1], newline=""))
    first = row[0].lstrip(" \u00a0")
    assert first[:1] not in {"=", "+", "@", "\t", "\r", "\n"}
    assert first[:1] != "-" or first[1:].replace(".", "", 1).isascii()
    assert row[1] == "x"
