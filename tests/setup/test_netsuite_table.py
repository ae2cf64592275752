"""The table of NetSuite's fields has every field that the product reads or writes, for the step and the record type that it does so for."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import tallybridge
from tallybridge.fields import wanted
from tallybridge.fields.netsuite import FIELDS, NETSUITE, NETSUITE_LINES, OF_OTHERS, SOURCES, prefix_of
from tallybridge.steps.shared.reference import Reference
from tallybridge.tasks.steps import STEPS
from tests.sync.traffic import watched

Asked = tuple[str, str, str, str]
"""Step, record type, prefix, label."""
MORE: dict[str, dict[str, Any]] = {
    "Invoice": {"LastEmailSentDate": "2026-05-06T09:00:00Z"},
    "PaymentMethod": {"Type": "CreditCard", "CreditCardType": "Visa"},
}
OF_EVERY_TYPE = ("sync_dates", "_demand_zuora_id")
"""Functions that go through every record type they can get, whether the step uses it or not."""
COLUMNS = {(step, "invoice", "custbody", "Zuora ID") for step in ("credit_memos", "payments", "refunds")}
"""Asked for as a column of the table transaction, which all documents share."""
LABEL = re.compile(r"(?:Send to|Create) Zuora[\w ]*|Zuora(?: [A-Z][\w()]*)+")
NO_LABELS = {
    "Zuora Charge": "what a record is called",
    "Zuora Product": "what a record is called",
    "Zuora Rate Plan": "what a record is called",
    "Zuora Bill To Address": "the label of an address",
    "Zuora Sold To Address": "the label of an address",
}


def step_of(frame: FrameType | None) -> str:
    """The step on whose behalf a function was called; "" for none."""
    while frame is not None:
        name = getattr(frame.f_locals.get("self"), "name", "")
        if name in STEPS:
            return str(name)
        frame = frame.f_back
    return ""


@cache
def asked() -> frozenset[Asked]:
    """Every field that the steps ask for by its label, in full runs of both modes and of one with NetSuite as customer master."""
    found: set[Asked] = set()
    own = Reference.custom

    def listen(self: Reference, record_type: str, label: str, *, line: bool = False) -> str:
        caller = sys._getframe(1)
        if (step := step_of(caller)) and not any(name in caller.f_code.co_qualname for name in OF_EVERY_TYPE) and record_type != "item":
            found.add((step, record_type, "custcol" if line else prefix_of(record_type), label))
        return own(self, record_type, label, line=line)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reference, "custom", listen)
        for mode in ("A", "B", "customers"):
            watched(mode, **({} if mode == "customers" else MORE))
    return frozenset(found)


def in_the_table() -> set[Asked]:
    return {(use.step, use.record, field.prefix, field.label) for field in FIELDS for use in field.uses}


def test_the_table_has_every_field_that_a_step_asks_for() -> None:
    foreign = {a for a in asked() if f"{a[2]}.{a[3]}" in OF_OTHERS}
    assert asked() - in_the_table() - foreign - COLUMNS == set()
    assert {a[0] for a in asked()} == set(STEPS) - {"reversals"}, "every step was heard"


def literals() -> Iterator[tuple[str, str]]:
    """Every text in the product's code that looks like the label of a field, with its file."""
    root = Path(tallybridge.__file__).parent
    for path in (*(root / "steps").rglob("*.py"), *(root / "drift").rglob("*.py"), *(root / "tasks").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and LABEL.fullmatch(node.value):
                yield node.value, path.name


def test_no_label_in_the_code_is_unknown_to_the_table() -> None:
    known = {field.label for field in FIELDS}
    found = {text for text, _ in literals()}
    assert {(text, name) for text, name in literals() if text not in known and text not in NO_LABELS} == set()
    assert set(NO_LABELS) <= found, "an excuse that nothing needs"
    assert len(found & known) > 60, "the walk sees the mappings"


def test_the_table_has_no_field_that_nothing_uses() -> None:
    spoken = {text for text, _ in literals()} | {label for _, _, _, label in asked()}
    assert {field.name for field in FIELDS if field.label not in spoken} == set()


def test_fields_of_another_record_are_filled_from_one_that_the_table_has() -> None:
    own = {(field.prefix, field.label) for field in FIELDS}
    assert set(SOURCES) <= own
    assert {(prefix, label) for _, prefix, label in SOURCES.values()} <= own


@pytest.mark.parametrize("record_type", ["salesOrder", "creditMemo"])
def test_the_customer_id_of_a_sale_is_known(record_type: str) -> None:
    found = {w.label: w for w in wanted(NETSUITE[record_type], STEPS)}
    assert found["Zuora Customer ID (Sales)"].running


@pytest.mark.parametrize("record_type", ["customerPayment", "customerRefund"])
def test_the_customer_id_of_a_payment_is_known(record_type: str) -> None:
    assert "Zuora Customer ID (Payment)" in {w.label for w in wanted(NETSUITE[record_type], STEPS)}


def test_negative_invoices_need_credit_memos_in_one_mode_alone() -> None:
    def vital(mode: str) -> set[str]:
        return {w.label for w in wanted(NETSUITE["creditMemo"], {"invoices"}, mode) if w.vital and w.running}

    assert vital("A") == {"Zuora ID"} and vital("B") == set()
    assert [w.running for w in wanted(NETSUITE_LINES["creditMemo"], {"invoices"}, "B") if w.running] == []


def test_85_fields_with_ids_of_their_own() -> None:
    assert len(FIELDS) == len({field.script_id for field in FIELDS}) == 85
