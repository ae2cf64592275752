"""What happens to a document dated in a closed accounting period, by setting and NetSuite record type."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import Settings
from tallybridge.steps.shared.periods import posting
from tallybridge.steps.shared.reference import Reference
from tallybridge.sync.step import Hold, Refusal


def period(number: int, **flags: str) -> dict[str, str]:
    return {"id": str(number), "first": f"2026-{number:02d}-01", "last": f"2026-{number:02d}-28", **flags}


PERIODS = [period(3, arlocked="T"), period(1), period(5), period(4), period(2, closed="T")]


def plan(policy: dict[str, str], date: str, periods: list[dict[str, str]] | None = None, record_type: str = "invoice") -> tuple[Any, Any]:
    reference = Reference(periods=PERIODS if periods is None else periods)
    result = posting(Settings.model_validate({"closed_period": policy}), reference, record_type, date, "INV", "Invoice INV1")
    return result.plan("Error Creating Invoice"), dict(result.fields)


@pytest.mark.parametrize("policy", ["Hold Until Opened", "Refuse", "Post In Next Open Period"])
@pytest.mark.parametrize("date", ["2026-01-15", "2027-06-01"], ids=["open", "no period at all"])
def test_a_document_of_an_open_period_is_sent_as_it_is(policy: str, date: str) -> None:
    assert plan({"invoice": policy}, date) == (None, {})


@pytest.mark.parametrize(
    "policy", [{}, {"invoice": "Hold Until Opened"}, {"creditMemo": "Refuse"}], ids=["default", "hold", "of another type"]
)
def test_by_default_it_waits_for_the_period(policy: dict[str, str]) -> None:
    held, fields = plan(policy, "2026-02-15")
    assert isinstance(held, Hold)
    assert [(p.code, p.message) for p in held.problems] == [("INV-PERIOD", "Invoice INV1: The accounting period of 2026-02-15 is closed.")]
    assert fields == {}


def test_refused_it_gets_the_error_status() -> None:
    refused, _ = plan({"invoice": "Refuse"}, "2026-02-15")
    assert isinstance(refused, Refusal)
    assert (refused.error, refused.problem.code) == ("Error Creating Invoice", "INV-PERIOD")


def test_it_is_posted_in_the_first_later_period_that_is_open() -> None:
    assert plan({"invoice": "Post In Next Open Period"}, "2026-02-15") == (None, {"postingPeriod": {"id": "4"}})


def test_without_any_later_open_period_it_waits() -> None:
    held, _ = plan({"invoice": "Post In Next Open Period"}, "2026-03-15", [period(1), period(3, alllocked="T")])
    assert isinstance(held, Hold)
    assert held.problems[0].message == "Invoice INV1: The accounting period of 2026-03-15 is closed. No later period is open."


def test_the_policy_is_one_per_record_type() -> None:
    policy = {"customerPayment": "Refuse", "invoice": "Post In Next Open Period"}
    assert isinstance(plan(policy, "2026-02-15", record_type="customerPayment")[0], Refusal)
    assert plan(policy, "2026-02-15")[0] is None
    assert isinstance(plan(policy, "2026-02-15", record_type="customerRefund")[0], Hold)
