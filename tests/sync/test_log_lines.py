"""The entries of the run log (operations.md section 5), field by field."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync.builders import account, invoice, zid
from tests.sync.invoice_world import ready
from tests.sync.memory import MemoryWorld
from tests.sync.ran import Ran, ran

GOLD = [("Gold", 100.0)]
SECRET_TEXT = "Please enter value(s) for: Class"
REFUSAL = {"title": "Bad Request", "status": 400, "o:errorDetails": [{"detail": SECRET_TEXT, "o:errorCode": "USER_ERROR"}]}
REFUSED = {"method": "POST", "path": "/record/v1/invoice$", "status": 400, "body": REFUSAL}


def sent_and_held(world: MemoryWorld) -> Ran:
    """INV1 goes, INV2 waits for its account."""
    ready(world, account("A9"), invoice("A1", "INV1", GOLD, sub="S1"), invoice("A9", "INV2", GOLD, sub="S1"))
    return ran(world)


def refused(world: MemoryWorld, **settings: Any) -> Ran:
    """INV3 is refused by NetSuite."""
    ready(world, invoice("A1", "INV3", GOLD, sub="S1"), **settings)
    world.netsuite_control.set_faults([REFUSED])
    return ran(world)


@pytest.fixture(scope="module")
def usual(fast: MemoryWorld) -> tuple[Ran, Ran]:
    return sent_and_held(fast), refused(fast)


def about(runs: tuple[Ran, Ran], number: str) -> dict[str, Any]:
    """The one line about an invoice."""
    (line,) = [x for run in runs for x in run.lines if x.get("source_number") == number]
    return line


FIELDS: dict[str, dict[str, dict[str, str]]] = {
    "time-utc-run-id-step": {n: {"step": "invoices"} for n in ("INV1", "INV2", "INV3")},
    "level": {"INV1": {"level": "INFO"}, "INV2": {"level": "WARNING"}, "INV3": {"level": "WARNING"}},
    "direction-object-action": {n: {"direction": "Zuora -> NetSuite", "object": "Invoice", "action": "create"} for n in ("INV1", "INV3")},
    "source-id-number-destination-id": {n: {"source_id": zid(n), "source_number": n} for n in ("INV1", "INV2", "INV3")},
    "message": {
        "INV2": {"message": "Invoice INV2: account A9 has not been synced to NetSuite."},
        "INV3": {
            "message": f'Invoice INV3: NetSuite Warning: Warning received from NetSuite for record "{zid("INV3")}": '
            f"(Code: USER_ERROR Type: ERROR Message: {SECRET_TEXT})"
        },
    },
    "code": {"INV2": {"code": "INV-V1"}, "INV3": {"code": "NS-USER_ERROR"}},
}


@pytest.mark.parametrize("field", ruled(FIELDS, {f: f for f in FIELDS}, "operations.5.log."))
def test_each_field_of_an_entry(usual: tuple[Ran, Ran], field: str) -> None:
    for number, expected in FIELDS[field].items():
        line = about(usual, number)
        assert {name: line.get(name) for name in expected} == expected


@pytest.mark.rule("operations.5.log.time-utc-run-id-step")
def test_every_entry_has_its_time_in_utc_and_the_run(usual: tuple[Ran, Ran]) -> None:
    for run in usual:
        assert {line["run_id"] for line in run.lines} == {run.output["runId"]}
        assert all(re.fullmatch(r"2026-11-\d\dT\d\d:\d\d:\d\dZ", line["time"]) for line in run.lines)


@pytest.mark.rule("operations.5.log.source-id-number-destination-id")
def test_what_was_made_is_named_with_the_id_it_got(usual: tuple[Ran, Ran]) -> None:
    assert about(usual, "INV1")["destination_id"] == str(usual[0].sent("INV1")["id"])
    assert "destination_id" not in about(usual, "INV2")


@pytest.mark.rule("operations.5.log.detail", "settings.key.debug_logging")
def test_the_raw_answer_is_kept_with_debug_logging_only(fast: MemoryWorld) -> None:
    assert not [line for line in refused(fast).lines if line.get("detail")]
    lines = refused(fast, debug_logging="Yes").lines
    assert SECRET_TEXT in next(line["detail"] for line in lines if line.get("source_number") == "INV3" and line.get("detail"))
    text = str(lines)
    assert not [secret for given in fast.credentials.values() for name, secret in given.items() if "secret" in name and secret in text]
