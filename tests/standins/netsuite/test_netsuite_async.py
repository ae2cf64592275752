"""Asynchronous requests and batches: submit, follow, results, idempotency."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, Literal

import pytest
import requests

from sandbox.netsuite.habits import Habits
from tests.standins.netsuite.account import Account, error_of

COLLECTION = "application/vnd.oracle.resource+json; type=collection"


def submit(ns: Account, method: str, path: str, items: list[dict[str, Any]] | None, **headers: str) -> requests.Response:
    sent = {"Prefer": "respond-async", **({"Content-Type": COLLECTION} if items is not None else {}), **headers}
    return ns.record(method, path, {"items": items} if items is not None else None, headers=sent)


def results(ns: Account, location: str) -> list[requests.Response]:
    items = ns.call("GET", location + "/task").json()["items"]
    return [ns.call("GET", link["href"] + "/result") for item in items for link in item["links"]]


def customers(count: int) -> list[dict[str, Any]]:
    return [{"externalId": f"ZACC-{n}", "companyName": f"C{n}", "subsidiary": {"id": "2"}} for n in range(count)]


def known(ns: Account) -> list[str]:
    """External ids of the customers that are there now, in the order in which they came."""
    return [row["externalid"] for row in ns.rows("SELECT externalid FROM customer ORDER BY id")]


def test_single_request_becomes_a_job_of_one_task(ns: Account) -> None:
    answer = ns.record("POST", "customer", customers(1)[0], headers={"Prefer": "respond-async"})
    assert (answer.status_code, answer.headers["Preference-Applied"], answer.text) == (202, "respond-async", "")
    (result,) = results(ns, answer.headers["Location"])
    assert result.status_code == 204 and "/customer/" in result.headers["Location"]


def test_every_record_request_may_be_asynchronous(ns: Account) -> None:
    customer, item = ns.customer(addressBook={"items": [{"addressBookAddress": {"addr1": "Main St. 1"}}]}), ns.item()
    contact, invoice = ns.create("contact", {"lastName": "Doe", "company": customer}), ns.invoice(customer, item, 10)
    calls: list[tuple[str, str, dict[str, Any] | None, int]] = [
        ("GET", "customer", None, 200),
        ("GET", f"customer/{customer}", None, 200),
        ("GET", f"customer/{customer}/addressBook", None, 200),
        ("PATCH", f"customer/{customer}", {"email": "a@x.example"}, 204),
        ("PUT", "customer/eid:NEW", customers(1)[0] | {"externalId": "NEW"}, 204),
        ("POST", f"customer/{customer}/!attach/contact/{contact}", {}, 204),
        ("POST", f"invoice/{invoice}/!transform/customerPayment", {"payment": 10}, 204),
        ("DELETE", "customer/eid:NEW", None, 204),
        ("DELETE", "customer/999", None, 404),
    ]
    for method, path, body, status in calls:
        answer = ns.record(method, path, body, headers={"Prefer": "respond-async"})
        assert answer.status_code == 202, (method, path)
        assert [r.status_code for r in results(ns, answer.headers["Location"])] == [status], (method, path)


def test_batch_upsert_with_one_failing_item(ns: Account) -> None:
    items = [*customers(2), {"externalId": "ZACC-X"}]
    location = submit(ns, "PUT", "customer", items).headers["Location"]
    job = ns.call("GET", location).json()
    assert (job["completed"], job["progress"]) == (True, "succeeded")
    assert job["task"]["links"][0]["href"] == f"{ns.url}{location}/task"
    answers = results(ns, location)
    assert [a.status_code for a in answers] == [204, 204, 400]
    assert error_of(answers[2])[1] == "USER_ERROR"
    assert ns.call("GET", location + "/task/3").json()["progress"] == "failed"
    assert sorted(known(ns)) == ["ZACC-0", "ZACC-1"]


@pytest.mark.parametrize(
    ("prefer", "in_order", "statuses"),
    [
        ("respond-async", True, [204, 204]),
        ("respond-async", False, [204, 400]),
        ('respond-async, batch-processing="parallel"', True, [204, 400]),
    ],
)
def test_later_items_may_refer_to_earlier_ones_where_they_run_in_order(
    ns: Account, prefer: str, in_order: bool, statuses: list[int]
) -> None:
    ns.options.habits = Habits(batch_in_order=in_order)
    child = {"externalId": "CHILD", "companyName": "Child", "subsidiary": "2", "parent": {"externalId": "ZACC-0"}}
    location = submit(ns, "POST", "customer", [*customers(1), child], Prefer=prefer).headers["Location"]
    assert [r.status_code for r in results(ns, location)] == statuses


def test_repeated_batch_with_replace_does_not_double_lines(ns: Account) -> None:
    line = {"item": {"id": ns.item()}, "amount": 10}
    items = [{"externalId": f"ZINV-{n}", "entity": {"id": ns.customer()}, "item": {"items": [line]}} for n in range(2)]
    for _ in range(2):
        submit(ns, "PUT", "invoice?replace=item", items)
    assert ns.rows("SELECT externalid, foreigntotal FROM transaction ORDER BY externalid") == [
        {"externalid": "ZINV-0", "foreigntotal": "10"},
        {"externalid": "ZINV-1", "foreigntotal": "10"},
    ]
    submit(ns, "PATCH", "invoice", [{"externalId": "ZINV-0", "item": {"items": [line]}}])
    assert ns.rows("SELECT foreigntotal FROM transaction WHERE externalid = 'ZINV-0'") == [{"foreigntotal": "20"}]


def test_batch_update_takes_id_or_external_id(ns: Account) -> None:
    first, _ = ns.customer(externalId="A"), ns.customer(companyName="B", externalId="B")
    items = [{"id": first, "externalId": "A", "email": "a@x.example"}, {"externalId": "B", "email": "b@x.example"}, {"email": "c"}]
    location = submit(ns, "PATCH", "customer", items).headers["Location"]
    assert [r.status_code for r in results(ns, location)] == [204, 204, 404]
    assert [r["email"] for r in ns.rows("SELECT email FROM customer ORDER BY id")] == ["a@x.example", "b@x.example"]


def test_batch_upsert_goes_by_the_external_id_alone(ns: Account) -> None:
    number = ns.customer(externalId="A")
    location = submit(ns, "PUT", "customer", [{"id": number, "email": "a@x.example"}]).headers["Location"]
    assert [r.status_code for r in results(ns, location)] == [404]


@pytest.mark.parametrize(
    ("mode", "status", "told"), [("error", 400, "companyname2"), ("warning", 204, "companyname2"), ("ignore", 204, "")]
)
def test_validation_headers_hold_for_every_item_of_a_batch(ns: Account, mode: str, status: int, told: str) -> None:
    items = [customers(1)[0] | {"companyname2": "x"}]
    sent = submit(ns, "PUT", "customer", items, **{"X-NetSuite-PropertyNameValidation": mode})
    (result,) = results(ns, sent.headers["Location"])
    assert result.status_code == status
    assert told in result.text + result.headers.get("Warning", "")


def test_batch_read_and_delete(ns: Account) -> None:
    number, _ = ns.customer(externalId="A"), ns.customer(companyName="B", externalId="B")
    location = submit(ns, "GET", f"customer?expandRecords=true&ids={number},eid:B,999&fields=externalId", None).headers["Location"]
    answers = results(ns, location)
    assert [a.status_code for a in answers] == [200, 200, 404]
    assert [a.json()["externalId"] for a in answers[:2]] == ["A", "B"]
    location = submit(ns, "DELETE", f"customer?ids={number},eid:B", None).headers["Location"]
    assert [r.status_code for r in results(ns, location)] == [204, 204] and ns.rows("SELECT id FROM customer") == []
    assert submit(ns, "DELETE", "customer", None).status_code == 400
    assert ns.record("DELETE", f"customer?ids={number}").status_code == 400, "a batch is asynchronous"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_batch_takes_a_hundred_records_of_the_right_media_type(ns: Account, method: str) -> None:
    assert submit(ns, method, "customer", customers(100)).status_code == 202
    assert submit(ns, method, "customer", customers(101)).status_code == 400
    assert submit(ns, method, "customer", []).status_code == 400
    assert submit(ns, method, "customer", customers(1), Prefer="transient").status_code == 400
    if method != "POST":
        assert submit(ns, method, "customer", customers(1), **{"Content-Type": "application/json"}).status_code == 400


def test_batch_reads_and_deletes_a_hundred_records(ns: Account) -> None:
    most, more = (",".join(str(n) for n in range(1, count + 1)) for count in (100, 101))
    assert submit(ns, "DELETE", f"customer?ids={most}", None).status_code == 202
    assert submit(ns, "DELETE", f"customer?ids={more}", None).status_code == 400
    assert submit(ns, "GET", f"customer?expandRecords=true&ids={most}", None).status_code == 202
    assert submit(ns, "GET", f"customer?expandRecords=true&ids={more}", None).status_code == 400


def test_same_idempotency_key_is_a_conflict_that_names_the_job(ns: Account) -> None:
    ns.options.async_wait_s = 5
    key = {"X-NetSuite-Idempotency-Key": str(uuid.uuid4())}
    first = submit(ns, "POST", "customer", customers(1), **key)
    for _ in ("while it waits", "when it is over"):
        second = submit(ns, "POST", "customer", customers(2), **key)
        assert second.headers["Location"] == first.headers["Location"]
        assert second.headers["Preference-Applied"] == "respond-async"
        assert error_of(second)[:2] == (400, "IDEMPOTENCY_ERROR") and second.json()["title"] == "Conflict"
        ns.clock.forward(seconds=5)
    assert known(ns) == ["ZACC-0"]
    assert submit(ns, "POST", "customer", customers(1), **{"X-NetSuite-Idempotency-Key": "not a uuid"}).status_code == 400


def test_a_refused_batch_does_not_use_up_its_key(ns: Account) -> None:
    key = {"X-NetSuite-Idempotency-Key": str(uuid.uuid4())}
    assert submit(ns, "PUT", "customer", customers(101), **key).status_code == 400
    assert submit(ns, "PUT", "customer", customers(1), **key).status_code == 202


def test_a_lost_answer_of_a_submit_is_found_by_its_key(ns: Account) -> None:
    key = {"X-NetSuite-Idempotency-Key": str(uuid.uuid4())}
    requests.post(f"{ns.url}/_sandbox/faults", json=[{"method": "PUT", "path": "/customer$", "times": 1, "drop": "after"}], timeout=10)
    with pytest.raises(requests.ConnectionError):
        submit(ns, "PUT", "customer", customers(2), **key)
    again = submit(ns, "PUT", "customer", customers(2), **key)
    assert error_of(again)[1] == "IDEMPOTENCY_ERROR"
    assert [r.status_code for r in results(ns, again.headers["Location"])] == [204, 204]


def test_idempotency_key_is_ignored_on_synchronous_calls(ns: Account) -> None:
    headers = {"X-NetSuite-Idempotency-Key": str(uuid.uuid4())}
    body = {"companyName": "Acme", "subsidiary": "2"}
    assert [ns.record("POST", "customer", body, headers=headers).status_code for _ in range(2)] == [204, 204]


@pytest.mark.parametrize("form", ["relative", "absolute"])
def test_a_job_is_named_in_either_form(ns: Account, form: Literal["relative", "absolute"]) -> None:
    ns.options.habits = Habits(job_location=form)
    location = submit(ns, "PUT", "customer", customers(1)).headers["Location"]
    assert location == ("" if form == "relative" else ns.url) + "/services/rest/async/v1/job/1"
    assert ns.call("GET", location).json()["links"][0]["href"] == f"{ns.url}/services/rest/async/v1/job/1"


@pytest.mark.parametrize(
    ("prefer", "in_order", "after"),
    [
        ("respond-async", True, {4: [], 5: ["ZACC-0"], 8: ["ZACC-0", "ZACC-1"], 13: ["ZACC-0", "ZACC-1", "ZACC-2"]}),
        ("respond-async", False, {4: [], 5: ["ZACC-3"], 8: ["ZACC-3", "ZACC-2"]}),
        ('respond-async, batch-processing="parallel"', False, {4: [], 5: ["ZACC-3", "ZACC-2"], 7: ["ZACC-3", "ZACC-2"]}),
    ],
)
def test_records_come_while_the_processors_work(ns: Account, prefer: str, in_order: bool, after: dict[int, list[str]]) -> None:
    """Nobody sees a record before the processor is done with it."""
    ns.options.async_wait_s, ns.options.async_item_s, ns.options.habits = 2, 3, Habits(batch_in_order=in_order)
    location = submit(ns, "PUT", "customer", customers(4), Prefer=prefer).headers["Location"]
    started = ns.clock.now
    for seconds, there in after.items():
        ns.clock.now = started + timedelta(seconds=seconds)
        assert known(ns) == there
        assert ns.call("GET", location).json()["completed"] is False
    ns.clock.now = started + timedelta(seconds=2 + (2 if "parallel" in prefer else 4) * 3)
    assert sorted(known(ns)) == ["ZACC-0", "ZACC-1", "ZACC-2", "ZACC-3"]
    assert ns.call("GET", location).json()["completed"] is True


def test_states_of_jobs_and_tasks(ns: Account) -> None:
    ns.options.async_wait_s, ns.options.async_item_s, ns.options.habits = 2, 3, Habits(batch_in_order=True)
    items = [*customers(1), {"externalId": "X"}]
    location = submit(ns, "PUT", "customer", items).headers["Location"]

    def states() -> tuple[str, ...]:
        paths = (location, f"{location}/task/1", f"{location}/task/2")
        return tuple(ns.call("GET", path).json()["progress"] for path in paths)

    assert states() == ("pending", "pending", "pending")
    assert ns.call("GET", f"{location}/task/1/result").status_code == 404
    ns.clock.forward(seconds=5)
    assert states() == ("processing", "succeeded", "processing")
    task = ns.call("GET", f"{location}/task/1").json()
    assert (task["startTime"], task["endTime"], task["completed"]) == ("2026-02-15T10:00:02Z", "2026-02-15T10:00:05Z", True)
    assert task["links"][0] == {"rel": "related", "href": f"{ns.url}{location}/task/1/result"}
    assert ns.call("GET", f"{location}/task/1/result").status_code == 204
    ns.clock.forward(seconds=60)
    assert states() == ("succeeded", "succeeded", "failed")
    (made,) = ns.rows("SELECT TO_CHAR(lastmodifieddate, 'HH24:MI:SS') AS at FROM customer")
    assert made == {"at": "10:00:05"}, "it is as old as its task, however late somebody looks"


def test_jobs_share_the_processors_of_the_account(ns: Account) -> None:
    ns.options.async_item_s, ns.options.processors = 3, 1
    first, second = (
        submit(ns, "PUT", "customer", [dict(each, externalId=f"{name}{n}") for n, each in enumerate(customers(2))]).headers["Location"]
        for name in "AB"
    )
    ns.clock.forward(seconds=6)
    assert [ns.call("GET", path).json()["completed"] for path in (first, second)] == [True, False]
    ns.clock.forward(seconds=6)
    assert ns.call("GET", second).json()["completed"] is True


def test_jobs_are_stuck_while_there_is_no_processor(ns: Account) -> None:
    ns.options.processors = 0
    location = submit(ns, "PUT", "customer", customers(1)).headers["Location"]
    ns.clock.forward(minutes=30)
    assert (ns.call("GET", location).json()["progress"], known(ns)) == ("pending", [])
    ns.options.processors = 1
    assert (ns.call("GET", location).json()["progress"], known(ns)) == ("succeeded", ["ZACC-0"])


def test_tasks_fail_without_a_reason_on_demand(ns: Account) -> None:
    ns.options.async_fails_every, ns.options.habits = 2, Habits(batch_in_order=True)
    answers = results(ns, submit(ns, "PUT", "customer", customers(4)).headers["Location"])
    assert [a.status_code for a in answers] == [204, 500, 204, 500]
    assert error_of(answers[1])[1] == "UNEXPECTED_ERROR"
    assert known(ns) == ["ZACC-0", "ZACC-2"]


def test_a_job_is_forgotten_some_time_after_it_is_over(ns: Account) -> None:
    location = submit(ns, "PUT", "customer", customers(1)).headers["Location"]
    ns.options.token_life_s, ns.options.async_life_s = 10_000, 3600
    ns.log_in()
    ns.clock.forward(seconds=3600)
    assert ns.call("GET", location).status_code == 200
    ns.clock.forward(seconds=1)
    assert ns.call("GET", location).status_code == 404


@pytest.mark.parametrize("per_item", [False, True])
def test_tasks_come_as_one_item_with_many_links_or_one_item_each(ns: Account, per_item: bool) -> None:
    ns.options.task_per_item = per_item
    location = submit(ns, "PUT", "customer", customers(3)).headers["Location"]
    items = ns.call("GET", location + "/task").json()["items"]
    assert len(items) == (3 if per_item else 1)
    assert [link["href"].rsplit("/", 1)[1] for item in items for link in item["links"]] == ["1", "2", "3"]


def test_submits_and_polls_take_slots_and_jobs_do_not(ns: Account) -> None:
    assert ns.stand_in.is_governed("PUT", "/services/rest/record/v1/customer")
    assert ns.stand_in.is_governed("GET", "/services/rest/async/v1/job/1")
    ns.options.slots, ns.options.async_wait_s = 1, 60
    for n in range(3):
        assert submit(ns, "PUT", "customer", [customers(1)[0] | {"externalId": f"A{n}"}]).status_code == 202


def test_queries_are_not_asynchronous(ns: Account) -> None:
    headers = {"Prefer": "transient, respond-async"}
    assert ns.call("POST", "query/v1/suiteql", {"q": "SELECT id FROM customer"}, headers=headers).status_code == 400


def test_unknown_jobs_and_tasks(ns: Account) -> None:
    location = submit(ns, "PUT", "customer", customers(1)).headers["Location"]
    for path in ("9", "x"):
        assert ns.call("GET", f"async/v1/job/{path}").status_code == 404
    assert ns.call("GET", location + "/task/2").status_code == 404


def test_applications_change_in_one_batch_and_the_refused_one_says_why(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoices = [ns.invoice(customer, item, 100) for _ in range(3)]
    payments = [ns.payment(customer, 200, externalId=f"ZPMT-{n}") for n in range(3)]

    def line(number: int, amount: float) -> dict[str, Any]:
        applied = {"items": [{"doc": {"id": invoices[number]}, "apply": True, "amount": amount}]}
        return {"id": payments[number], "apply": applied, "custbodyzuoraintegrationstatus": "Sync Complete"}

    sent = submit(ns, "PATCH", "customerPayment", [line(0, 100), line(1, 100.01), line(2, 99)])
    assert sent.status_code == 202
    answers = results(ns, sent.headers["Location"])
    assert [a.status_code for a in answers] == [204, 400, 204]
    assert "greater than the amount 100.00 remaining" in error_of(answers[1])[2]
    done = ns.rows(
        "SELECT externalid, foreignpaymentamountunused AS unused FROM transaction WHERE custbodyzuoraintegrationstatus IS NOT NULL"
    )
    assert [(d["externalid"], d["unused"]) for d in done] == [("ZPMT-0", "100"), ("ZPMT-2", "101")]
