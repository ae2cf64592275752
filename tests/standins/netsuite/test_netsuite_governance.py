"""The concurrency limit of the account, statistics, faults and latency around the stand-in."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import requests

from sandbox.control import Control
from tests.meeting import meeting
from tests.standins.netsuite.account import Account, error_of

LATENCY_MS = 300


def at_once(ns: Account, count: int, path: str = "record/v1/customer") -> list[requests.Response]:
    """So many calls at the same time, each on a connection of its own."""
    answers: list[requests.Response] = []
    headers = {"Authorization": str(ns.session.headers["Authorization"])}

    def one() -> None:
        answers.append(requests.get(f"{ns.url}/services/rest/{path}", headers=headers, timeout=10))

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_calls_beyond_the_slots_are_refused(ns: Account, control: Control) -> None:
    control.latency_ms = LATENCY_MS
    with meeting(control):
        answers = at_once(ns, 8)
    refused = [a for a in answers if a.status_code == 429]
    assert [a.status_code for a in answers].count(200) == 5 and len(refused) == 3
    assert error_of(refused[0]) == (429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")
    assert "Retry-After" not in refused[0].headers
    stats = requests.get(f"{ns.url}/_sandbox/stats", timeout=10).json()
    assert stats["rejected"] == 3 and 6 <= stats["in_flight_max"] <= 8


@pytest.mark.parametrize("slots", [0, 8])
def test_limit_is_an_option(ns: Account, control: Control, slots: int) -> None:
    ns.options.slots, control.latency_ms = slots, LATENCY_MS
    with meeting(control):
        assert {a.status_code for a in at_once(ns, 8)} == {200}
    assert control.stats()["in_flight_max"] == 8


def test_token_requests_take_no_slot(ns: Account, control: Control) -> None:
    ns.options.slots, control.latency_ms = 1, LATENCY_MS
    with meeting(control) as clock:
        begun, assertion = clock.now(), ns.assertion()
        token = threading.Thread(target=ns.ask_token, args=(assertion,))
        token.start()
        assert ns.record("GET", "customer").status_code == 200
        token.join()
        assert clock.now() - begun == timedelta(milliseconds=LATENCY_MS), "one after the other"
        assert ns.record("GET", "customer").status_code == 200
    stats = requests.get(f"{ns.url}/_sandbox/stats", timeout=10).json()
    assert (stats["in_flight_max"], stats["rejected"]) == (1, 0)


def test_calls_are_counted_by_shape(ns: Account) -> None:
    requests.post(f"{ns.url}/_sandbox/stats", timeout=10)
    ns.record("PUT", "customer/eid:A", {"companyName": "A", "subsidiary": 2})
    ns.record("PUT", "customer/eid:B?replace=addressBook", {"companyName": "B", "subsidiary": 2})
    ns.rows("SELECT id FROM customer")
    calls = requests.get(f"{ns.url}/_sandbox/stats", timeout=10).json()["calls"]
    assert calls == {"POST /query/v1/suiteql": 1, "PUT /record/v1/customer/eid:{x}": 2}


def test_answer_lost_after_the_write_leaves_the_record(ns: Account) -> None:
    rule = {"method": "PUT", "path": "/customer/", "nth": 1, "drop": "after"}
    requests.post(f"{ns.url}/_sandbox/faults", json=[rule], timeout=10)
    with pytest.raises(requests.ConnectionError):
        ns.record("PUT", "customer/eid:A", {"companyName": "A", "subsidiary": 2})
    assert ns.rows("SELECT externalid FROM customer") == [{"externalid": "A"}]


def test_many_writers_do_not_disturb_each_other(ns: Account) -> None:
    ns.options.slots = 0
    headers = {"Authorization": str(ns.session.headers["Authorization"])}
    customer, item = ns.customer(), ns.item()

    def write(start: int) -> None:
        for n in range(start, start + 10):
            body = {"entity": customer, "item": {"items": [{"item": item, "amount": 1}]}}
            requests.put(f"{ns.url}/services/rest/record/v1/invoice/eid:I{n}", json=body, headers=headers, timeout=10)

    threads = [threading.Thread(target=write, args=(n * 10,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ns.rows("SELECT COUNT(*) AS n, COUNT(DISTINCT tranid) AS d, SUM(foreigntotal) AS s FROM transaction") == [
        {"n": "60", "d": "60", "s": "60"}
    ]
    assert ns.get(f"customer/{customer}")["balance"] == 60
