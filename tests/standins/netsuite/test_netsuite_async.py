"""Asynchronous requests and batches: submit, follow, results, idempotency."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import requests

from tests.standins.netsuite.account import Account, error_of

COLLECTION = "application/vnd.oracle.resource+json; type=collection"


def submit(ns: Account, method: str, path: str, items: list[dict[str, Any]] | None, **headers: str) -> requests.Response:
    sent = {"Prefer": "respond-async", **({"Content-Type": COLLECTION} if items is not None else {}), **headers}
    return ns.record(method, path, {"items": items} if items is not None else None, headers=sent)


def results(ns: Account, location: str) -> list[requests.Response]:
    tasks = ns.call("GET", location + "/task").json()["items"]
    return [ns.call("GET", task["links"][0]["href"] + "/result") for task in tasks]


def customers(count: int) -> list[dict[str, Any]]:
    return [{"externalId": f"ZACC-{n}", "companyName": f"C{n}", "subsidiary": {"id": "2"}} for n in range(count)]


def test_single_request_becomes_a_job_of_one_task(ns: Account) -> None:
    answer = ns.record("POST", "customer", customers(1)[0], headers={"Prefer": "respond-async"})
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (202, "respond-async")
    (result,) = results(ns, answer.headers["Location"])
    assert result.status_code == 204 and "/customer/" in result.headers["Location"]


def test_batch_upsert_with_one_failing_item(ns: Account) -> None:
    items = [*customers(2), {"externalId": "ZACC-X"}]
    location = submit(ns, "PUT", "customer", items).headers["Location"]
    job = ns.call("GET", location).json()
    assert (job["completed"], job["progress"]) == (True, "succeeded") and job["task"]["links"][0]["href"] == location + "/task"
    answers = results(ns, location)
    assert [a.status_code for a in answers] == [204, 204, 400]
    assert error_of(answers[2])[1] == "USER_ERROR"
    assert ns.call("GET", location + "/task/3").json()["progress"] == "failed"
    assert ns.rows("SELECT externalid FROM customer ORDER BY id") == [{"externalid": "ZACC-0"}, {"externalid": "ZACC-1"}]


def test_later_items_may_refer_to_earlier_ones(ns: Account) -> None:
    child = {"externalId": "CHILD", "companyName": "Child", "subsidiary": "2", "parent": {"externalId": "ZACC-0"}}
    location = submit(ns, "POST", "customer", [*customers(1), child]).headers["Location"]
    assert [r.status_code for r in results(ns, location)] == [204, 204]


def test_repeated_batch_with_replace_does_not_double_lines(ns: Account) -> None:
    line = {"item": {"id": ns.item()}, "amount": 10}
    items = [{"externalId": f"ZINV-{n}", "entity": {"id": ns.customer()}, "item": {"items": [line]}} for n in range(2)]
    for _ in range(2):
        submit(ns, "PUT", "invoice?replace=item", items)
    assert ns.rows("SELECT externalid, foreigntotal FROM transaction ORDER BY id") == [
        {"externalid": "ZINV-0", "foreigntotal": "10"},
        {"externalid": "ZINV-1", "foreigntotal": "10"},
    ]


def test_batch_update_takes_id_or_external_id(ns: Account) -> None:
    first, _ = ns.customer(externalId="A"), ns.customer(companyName="B", externalId="B")
    items = [{"id": first, "externalId": "A", "email": "a@x.example"}, {"externalId": "B", "email": "b@x.example"}, {"email": "c"}]
    location = submit(ns, "PATCH", "customer", items).headers["Location"]
    assert [r.status_code for r in results(ns, location)] == [204, 204, 404]
    assert [r["email"] for r in ns.rows("SELECT email FROM customer ORDER BY id")] == ["a@x.example", "b@x.example"]


def test_batch_read_and_delete(ns: Account) -> None:
    number, _ = ns.customer(externalId="A"), ns.customer(companyName="B", externalId="B")
    location = submit(ns, "GET", f"customer?expandRecords=true&ids={number},eid:B,999&fields=externalId", None).headers["Location"]
    answers = results(ns, location)
    assert [a.status_code for a in answers] == [200, 200, 404]
    assert [a.json()["externalId"] for a in answers[:2]] == ["A", "B"]
    location = submit(ns, "DELETE", f"customer?ids={number},eid:B", None).headers["Location"]
    assert [r.status_code for r in results(ns, location)] == [204, 204] and ns.rows("SELECT id FROM customer") == []


def test_batch_takes_a_hundred_records_of_the_right_media_type(ns: Account) -> None:
    assert submit(ns, "PUT", "customer", customers(100)).status_code == 202
    assert submit(ns, "PUT", "customer", customers(101)).status_code == 400
    assert submit(ns, "PUT", "customer", []).status_code == 400
    assert submit(ns, "PUT", "customer", customers(1), Prefer="transient").status_code == 400
    assert submit(ns, "PUT", "customer", customers(1), **{"Content-Type": "application/json"}).status_code == 400


def test_same_idempotency_key_is_a_conflict_that_names_the_job(ns: Account) -> None:
    key = {"X-NetSuite-Idempotency-Key": str(uuid.uuid4())}
    first = submit(ns, "POST", "customer", customers(1), **key)
    second = submit(ns, "POST", "customer", customers(1), **key)
    assert second.headers["Location"] == first.headers["Location"]
    assert error_of(second)[:2] == (400, "IDEMPOTENCY_ERROR") and second.json()["title"] == "Conflict"
    assert len(ns.rows("SELECT id FROM customer")) == 1
    assert submit(ns, "POST", "customer", customers(1), **{"X-NetSuite-Idempotency-Key": "not a uuid"}).status_code == 400


def test_idempotency_key_is_ignored_on_synchronous_calls(ns: Account) -> None:
    headers = {"X-NetSuite-Idempotency-Key": str(uuid.uuid4())}
    body = {"companyName": "Acme", "subsidiary": "2"}
    assert [ns.record("POST", "customer", body, headers=headers).status_code for _ in range(2)] == [204, 204]


@pytest.mark.parametrize(("prefer", "seconds"), [("respond-async", 2 + 4 * 3), ('respond-async, batch-processing="parallel"', 2 + 2 * 3)])
def test_job_takes_its_time(ns: Account, prefer: str, seconds: int) -> None:
    ns.options.async_wait_s, ns.options.async_item_s = 2, 3
    location = submit(ns, "PUT", "customer", customers(4), Prefer=prefer).headers["Location"]
    ns.clock.forward(seconds=seconds - 1)
    job = ns.call("GET", location).json()
    assert (job["completed"], job["progress"]) == (False, "pending")
    assert ns.call("GET", location + "/task/1/result").status_code == 404
    ns.clock.forward(seconds=1)
    assert ns.call("GET", location).json()["completed"] is True


def test_tasks_may_come_as_one_item_with_many_links(ns: Account) -> None:
    ns.options.task_per_item = False
    location = submit(ns, "PUT", "customer", customers(3)).headers["Location"]
    (item,) = ns.call("GET", location + "/task").json()["items"]
    assert [link["href"].rsplit("/", 1)[1] for link in item["links"]] == ["1", "2", "3"]


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
