"""Fault rules that strike for a time: maintenance windows and bursts of others' calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests

from sandbox.control import Control, StandIn
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn
from sandbox.revenue import RevenueStandIn
from sandbox.server import LoopbackServer
from sandbox.zuora import ZuoraStandIn

SYSTEMS = ["zuora", "netsuite", "revenue"]


class Watched:
    """A stand-in's control with a time that the test sets."""

    def __init__(self) -> None:
        self.control = Control(NetSuiteStandIn(NetSuiteOptions()))
        self.moment = 1_000.0
        self.control.now = lambda: self.moment

    def statuses(self, url: str, *moments: float) -> list[int]:
        found = []
        for moment in moments:
            self.moment = 1_000 + moment
            found.append(requests.get(f"{url}/services/rest/record/v1/customer", timeout=60).status_code)
        return found


@pytest.fixture
def watched() -> Iterator[tuple[Watched, str]]:
    made = Watched()
    with LoopbackServer(made.control) as server:
        yield made, server.url


def test_a_rule_strikes_within_its_time_only(watched: tuple[Watched, str]) -> None:
    made, url = watched
    made.control.set_faults([{"status": 503, "body": {}, "after_s": 60, "for_s": 120}])
    assert made.statuses(url, 0, 59, 60, 179, 180) == [401, 401, 503, 503, 401]


def test_a_rule_without_an_end_strikes_from_then_on(watched: tuple[Watched, str]) -> None:
    made, url = watched
    made.control.set_faults([{"status": 503, "body": {}, "after_s": 60}])
    assert made.statuses(url, 59, 60, 1_000_000) == [401, 503, 503]


def test_calls_outside_of_its_time_do_not_count(watched: tuple[Watched, str]) -> None:
    made, url = watched
    made.control.set_faults([{"status": 503, "body": {}, "after_s": 60, "nth": 2}])
    assert made.statuses(url, 0, 1, 60, 61, 62) == [401, 401, 401, 503, 401]


def answers_to(stand_in: StandIn, name: str) -> tuple[int, str]:
    """Status and text of an answer that a rule calls by name."""
    control = Control(stand_in)
    control.set_faults([{"answer": name}])
    with LoopbackServer(control) as server:
        answer = requests.get(f"{server.url}/any/path", timeout=60)
    return answer.status_code, answer.text


@pytest.mark.parametrize("stand_in", [ZuoraStandIn, lambda: NetSuiteStandIn(NetSuiteOptions()), RevenueStandIn], ids=SYSTEMS)
def test_each_vendor_answers_in_its_own_words_while_it_is_maintained(stand_in: Callable[[], StandIn]) -> None:
    status, text = answers_to(stand_in(), "maintenance")
    assert (status, text[:6], "aintenance" in text) == (503, "<html>", True)


BUSY = {"zuora": "concurrent requests has exceeded", "netsuite": "CONCURRENCY_LIMIT_EXCEEDED", "revenue": "Too many requests"}


@pytest.mark.parametrize(
    ("stand_in", "words"),
    [(ZuoraStandIn, BUSY["zuora"]), (lambda: NetSuiteStandIn(NetSuiteOptions()), BUSY["netsuite"]), (RevenueStandIn, BUSY["revenue"])],
    ids=SYSTEMS,
)
def test_each_vendor_answers_in_its_own_words_while_others_use_up_the_account(stand_in: Callable[[], StandIn], words: str) -> None:
    status, text = answers_to(stand_in(), "busy")
    assert status == 429 and words in text


def test_a_rule_that_names_no_known_answer_is_refused(watched: tuple[Watched, str]) -> None:
    made, _ = watched
    with pytest.raises(ValueError, match=r"unknown answer 'asleep' in fault rule; known: busy, maintenance"):
        made.control.set_faults([{"answer": "asleep"}])
