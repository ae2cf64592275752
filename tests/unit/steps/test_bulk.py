"""When batch requests of NetSuite are worth it, and when their jobs are looked at."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import Settings
from tallybridge.steps.shared.bulk import LAST_LOOK, NetSuiteBulk
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.learned import Learned
from tallybridge.sync.step import Problem, Request


class Shelf:
    """What the workers of a run share."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def read_json_or(self, name: str) -> Any:
        return self.kept.get(name)

    def write_json(self, name: str, value: Any) -> str:
        self.kept[name] = value
        return name


def bulk(how: str = "auto", shelf: Shelf | None = None) -> NetSuiteBulk:
    shelf, nothing = shelf or Shelf(), Any
    settings = Settings.model_validate({"netsuite_batch_requests": how})
    return NetSuiteBulk(StepContext(nothing, nothing, nothing, settings, nothing, shelf=shelf, learned=Learned(shelf)))  # type: ignore[arg-type]


@pytest.mark.parametrize(("how", "least"), [("off", 0), ("auto", 20), ("always", 1)])
def test_the_setting_says_how_many_go_together(how: str, least: int) -> None:
    worth_it = [number for number in range(101) if bulk(how).is_worth_it(number)]
    assert worth_it == (list(range(least, 101)) if least else [])
    assert bulk(how).batch_of(100) == (300 if least else 100)


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        pytest.param({"externalId": "Z-1", "item": {"items": [{}] * 100}}, True, id="a_usual_one"),
        pytest.param({"item": {"items": []}}, False, id="no_external_id"),
        pytest.param({"externalId": "Z-1", "item": {"items": [{}] * 101}}, False, id="many_lines"),
    ],
)
def test_what_may_go_into_a_job(body: dict[str, Any], taken: bool) -> None:
    assert bulk().takes(Request("invoice", body)) is taken


def test_looks_are_further_and_further_apart_until_it_is_known_how_long_records_take() -> None:
    one, ages = bulk(), [0]
    while len(ages) < 8:
        ages.append(ages[-1] + (one.not_before(ages[-1], 100) or one.pause(ages[-1], 100)))
    assert ages == [0, 2, 6, 14, 30, 60, 90, 120]


def test_what_one_worker_has_seen_others_know() -> None:
    shelf = Shelf()
    bulk(shelf=shelf).lasted(60, 100)
    other = bulk(shelf=shelf)
    assert (other.not_before(0, 100), other.not_before(40, 100), other.not_before(48, 100)) == (48, 8, 0)
    assert (other.pause(48, 100), other.pause(600, 1000)) == (9, LAST_LOOK)
    assert other.not_before(0, 300) == 144


def test_that_jobs_are_not_taken_is_told_once() -> None:
    shelf = Shelf()
    one = bulk(shelf=shelf)
    for _ in range(2):
        one.give_up("INFO", Problem("JOBS-NOT-TAKEN", "No."))
    other = bulk(shelf=shelf)
    other.give_up("INFO", Problem("JOBS-NOT-TAKEN", "No."))
    assert [told.code for _, told in one.context.remarks] == ["JOBS-NOT-TAKEN"]
    assert (other.context.remarks, other.is_worth_it(100), other.has_given_up()) == ([], False, True)
