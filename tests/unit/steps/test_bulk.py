"""When batch requests of NetSuite are worth it, and when their jobs are looked at."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import Settings
from tallybridge.steps.shared.bulk import NetSuiteBulk
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


def looks(one: NetSuiteBulk, number: int, last: int) -> list[int]:
    """The ages at which jobs with so many records are looked at, none of which is over."""
    ages = [0]
    while ages[-1] < last:
        ages.append(ages[-1] + (one.not_before(ages[-1], number) or one.pause(ages[-1])))
    return ages[1:]


@pytest.mark.parametrize(
    ("number", "ages"),
    [(10, [2, 4, 6, 8, 10]), (300, [60, 66, 73, 80, 88, 97, 107])],
)
def test_looks_are_further_and_further_apart_until_it_is_known_how_long_jobs_take(number: int, ages: list[int]) -> None:
    assert looks(bulk(), number, ages[-1]) == ages


def test_what_one_worker_has_seen_others_know() -> None:
    shelf = Shelf()
    bulk(shelf=shelf).lasted(240)
    assert looks(bulk(shelf=shelf), 100, 250) == [192, 216, 240, 264]
    bulk(shelf=shelf).lasted(20)
    assert looks(bulk(shelf=shelf), 500, 20) == [16, 18, 20]


def test_that_jobs_are_not_taken_is_told_once() -> None:
    shelf = Shelf()
    one = bulk(shelf=shelf)
    for _ in range(2):
        one.give_up("INFO", Problem("JOBS-NOT-TAKEN", "No."))
    other = bulk(shelf=shelf)
    other.give_up("INFO", Problem("JOBS-NOT-TAKEN", "No."))
    assert [told.code for _, told in one.context.remarks] == ["JOBS-NOT-TAKEN"]
    assert (other.context.remarks, other.is_worth_it(100), other.has_given_up()) == ([], False, True)
