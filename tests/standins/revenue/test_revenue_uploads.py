"""Both uploads and their status calls: answers in both published shapes, refusals, limits, what is stored."""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import replace
from typing import Any

import pytest
import requests

from tests.standins.revenue.tenant import ORDER, TEMPLATE, Revenue, template, text

SUPPORT = "Exception occurred. Please contact Zuora Revenue Support"


def order(number: int) -> dict[str, str]:
    return {**ORDER, "doc_line_id": f"SO1-{number}"}


def send_csv(rv: Revenue, content: bytes, name: str = "small.csv", **headers: str) -> requests.Response:
    sent = {"templatename": TEMPLATE, "filename": name, "Content-Type": "text/plain", **headers}
    return rv.call("POST", "csv/upload", {k: v for k, v in sent.items() if v}, data=content)


# --- upload/file ------------------------------------------------------------------------------------------------------


def test_a_file_is_received_then_staged(rv: Revenue) -> None:
    content = text(ORDER, order(2))
    answer = rv.upload(content, "orders.csv")
    assert answer.status_code == 200
    assert answer.json() == {
        "Status": "Success",
        "Message": "File consumed successfully by Revpro",
        "Result": {"file_request_id": 12000, "file_name": "orders.csv"},
    }
    assert rv.status(12000).json() == {
        "Result": [{"file_log": "", "file_request_id": 12000}],
        "message": "File received successfully",
        "status": "Success",
    }
    staged = rv.status(12000).json()
    assert (staged["message"], staged["status"], staged["Result"][0]["file_request_id"]) == ("Data Staged Successfully", "Success", 12000)
    dumped = rv.dump()
    upload = dumped["upload"][0]
    assert (upload["file_name"], upload["template"], upload["status"]) == ("orders.csv", TEMPLATE, "Staged")
    assert (upload["rows"], upload["bytes"], upload["sha256"]) == (2, len(content), hashlib.sha256(content).hexdigest())
    assert [(line["doc_line_id"], line["processed_flag"], line["row"]) for line in dumped["stagingLine"]] == [
        ("SO1-1", "N", 1),
        ("SO1-2", "N", 2),
    ]


def test_the_reference_shape_has_no_request_id(rv: Revenue) -> None:
    rv.load(tenant=[{"response_style": "reference"}])
    assert rv.upload(text(ORDER)).json() == {"message": "File received successfully", "status": "Success"}
    assert rv.upload(b"", template="Unknown").json() == {"Status": "Error", "Message": SUPPORT}
    assert len(rv.dump()["upload"]) == 1


@pytest.mark.parametrize(("case", "keys"), [("lower", {"status", "message", "result"}), ("upper", {"STATUS", "MESSAGE", "RESULT"})])
def test_keys_may_come_in_another_case(rv: Revenue, case: str, keys: set[str]) -> None:
    rv.load(tenant=[{"key_case": case}])
    assert set(rv.upload(text(ORDER)).json()) == keys


@pytest.mark.parametrize("name", ["Unknown", "", TEMPLATE.lower()])
def test_an_unknown_template_is_refused(rv: Revenue, name: str) -> None:
    answer = rv.upload(text(ORDER), template=name)
    assert answer.status_code == 400
    assert answer.json() == {"Status": "Error", "Message": SUPPORT, "Result": {"file_request_id": 12000}}
    assert rv.status(12000).json()["status"] == "Error"
    assert rv.dump()["stagingLine"] == []


def test_a_disabled_template_is_refused(rv: Revenue) -> None:
    rv.load(template=[template("Closed", enabled=False)])
    assert rv.upload(text(ORDER), template="Closed").status_code == 400


@pytest.mark.parametrize("files", [{"other": ("a.csv", b"x")}, {"file": ("", b"x")}, {"file": (None, b"x")}])
def test_without_a_file_part_it_is_refused(rv: Revenue, files: dict[str, Any]) -> None:
    assert rv.call("POST", "upload/file", {"templatename": TEMPLATE}, files=files).status_code == 400


def test_a_body_that_is_not_multipart_is_refused(rv: Revenue) -> None:
    headers = {"templatename": TEMPLATE, "Content-Type": "text/csv"}
    assert rv.call("POST", "upload/file", headers, data=text(ORDER)).status_code == 400


def send_async(rv: Revenue, *rows: dict[str, str], template: str = TEMPLATE) -> requests.Response:
    return rv.call("POST", "upload/file?async=true", {"templatename": template}, files={"file": ("a.csv", text(*rows))})


def async_status(rv: Revenue, number: int) -> dict[str, Any]:
    for _ in range(rv.stand_in.options.staging_polls):
        waiting = rv.call("GET", f"upload/file/status/{number}").json()
        assert (waiting["status"], waiting["message"]) == ("In Progress", "Data Received")
    found: dict[str, Any] = rv.call("GET", f"upload/file/status/{number}").json()
    return found


def test_an_asynchronous_upload_takes_the_good_lines_and_rejects_the_others(rv: Revenue) -> None:
    rows = (ORDER, {**order(2), "ord_qty": "two"}, order(3), {**order(4), "doc_date": "2026-01-05"})
    answer = send_async(rv, *rows)
    assert answer.status_code == 202
    number = answer.json()["id"]
    assert answer.json() == {"id": number, "file_name": "a.csv", "status": "In Progress", "message": "Data Received"}
    assert async_status(rv, number) == {"id": number, "file_name": "a.csv", "status": "Error in Upload", "message": "Success: 2 Failed: 2"}
    assert [line["doc_line_id"] for line in rv.dump()["stagingLine"]] == ["SO1-1", "SO1-3"]
    errors = rv.call("GET", f"upload/file/error/{number}?chunk_size=1")
    chunks = [json.loads(line)["data"] for line in errors.text.splitlines()]
    assert errors.headers["Content-Type"] == "application/x-ndjson" and [len(chunk) for chunk in chunks] == [1, 1]
    assert [row["Doc Line Id"] for (row,) in chunks] == ["SO1-2", "SO1-4"]
    assert "RPRO-00712" in chunks[0][0]["error_message"] and "RPRO-00713" in chunks[1][0]["error_message"]


def test_the_same_file_sent_synchronously_is_rejected_as_a_whole(rv: Revenue) -> None:
    rv.log_of(ORDER, {**order(2), "ord_qty": "two"})
    assert rv.dump()["stagingLine"] == []


def test_an_asynchronous_upload_without_errors(rv: Revenue) -> None:
    number = send_async(rv, ORDER).json()["id"]
    found = async_status(rv, number)
    assert (found["status"], found["message"]) == ("Successfully Uploaded", "Success: 1 Failed: 0")
    assert rv.call("GET", f"upload/file/error/{number}").json() == {"error": "File not found"}


def test_an_asynchronous_upload_of_which_no_line_is_right(rv: Revenue) -> None:
    number = send_async(rv, {**ORDER, "ord_qty": "two"}).json()["id"]
    found = async_status(rv, number)
    assert (found["status"], found["message"]) == ("Error in Upload", "Success: 0 Failed: 1")
    assert rv.dump()["stagingLine"] == []


def test_each_kind_of_upload_has_its_own_status_call(rv: Revenue) -> None:
    asynchronous, synchronous = send_async(rv, ORDER).json()["id"], rv.send(order(2))
    assert rv.status(asynchronous).status_code == 204
    assert rv.call("GET", f"upload/file/status/{synchronous}").status_code == 204
    assert rv.call("GET", f"upload/file/error/{synchronous}").status_code == 204
    assert rv.call("GET", "upload/file/status/x").status_code == 400
    assert send_async(rv, ORDER, template="Unknown").status_code == 400


def test_the_same_file_twice_is_staged_twice_and_shows_as_repeated(rv: Revenue) -> None:
    rv.send(ORDER)
    rv.send(ORDER)
    assert rv.dump()["staging"] == [{"lines": 2, "shown": 2, "repeated": 1}]


@pytest.mark.parametrize("path", ["upload/file", "csv/upload", "authenticate", "job/collection/template"])
def test_other_verbs_are_refused(rv: Revenue, path: str) -> None:
    answer = rv.call("GET", path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


# --- fileupload/status ------------------------------------------------------------------------------------------------


def test_an_unknown_request_has_no_content(rv: Revenue) -> None:
    answer = rv.status(99)
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("number", ["", "abc"])
def test_a_request_id_is_mandatory(rv: Revenue, number: str) -> None:
    answer = rv.status(number)
    assert (answer.status_code, answer.json()["Message"]) == (400, "Job id is mandatory to poll the status")


def test_staging_takes_the_delay_and_the_polls(rv: Revenue) -> None:
    rv.load(tenant=[{"staging_delay_s": 60, "staging_polls": 2}])
    number = rv.send(ORDER)
    messages = [rv.status(number).json()["message"] for _ in range(4)]
    assert set(messages) == {"File received successfully"}
    assert (rv.dump()["upload"][0]["status"], rv.dump()["stagingLine"]) == ("Received", [])
    rv.clock.forward(seconds=60)
    assert rv.status(number).json()["message"] == "Data Staged Successfully"


def test_a_template_with_review_never_becomes_staged(rv: Revenue) -> None:
    rv.load(template=[template(review_required=True)])
    number = rv.send(ORDER)
    assert rv.finished(number)["message"] == "File received successfully"
    assert (rv.dump()["upload"][0]["status"], rv.dump()["stagingLine"]) == ("In Review", [])


def test_a_request_of_the_other_endpoint_is_unknown(rv: Revenue) -> None:
    number = rv.send(ORDER)
    assert rv.call("GET", f"csv/upload/status?id={number}").status_code == 204
    other = send_csv(rv, text(ORDER)).json()["Result"]["id"]
    assert rv.status(other).status_code == 204


# --- csv/upload -------------------------------------------------------------------------------------------------------


def test_small_uploads_and_their_status(rv: Revenue) -> None:
    answer = send_csv(rv, text(ORDER))
    assert answer.status_code == 200
    assert answer.json()["Message"] == "Data Staged in RevPro Successfully"
    assert answer.json()["Result"] == {"client_id": 1, "id": "12000", "message": "Data Received", "status": "Successfully Uploaded"}
    states = [rv.call("GET", "csv/upload/status?id=12000").json() for _ in range(2)]
    assert states[0] == {
        "result": {"client_id": 1, "id": 12000, "message": "Data Received", "status": "Successfully Uploaded"},
        "status": "Success",
    }
    assert (states[1]["result"]["message"], states[1]["result"]["status"]) == ("Data Staged Successfully", "Staged")
    assert rv.dump()["upload"][0]["endpoint"] == "csv/upload"


def test_small_uploads_in_the_reference_shape(rv: Revenue) -> None:
    rv.load(tenant=[{"response_style": "reference"}])
    body = send_csv(rv, text(ORDER)).json()
    assert (body["message"], body["status"], body["result"]["id"]) == ("Data Staged Successfully", "Success", 12000)


def test_a_small_upload_that_fails(rv: Revenue) -> None:
    send_csv(rv, text({**ORDER, "ord_qty": "two"}))
    rv.call("GET", "csv/upload/status?id=12000")
    state = rv.call("GET", "csv/upload/status?id=12000").json()
    assert (state["status"], state["result"]["status"]) == ("Error", "Failed")
    assert "RPRO-00712" in state["result"]["message"]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"templatename": "Unknown"}, "template"),
        ({"filename": ""}, "filename"),
        ({"Content-Type": "text/csv"}, "text/plain"),
    ],
)
def test_small_uploads_are_refused(rv: Revenue, headers: dict[str, str], reason: str) -> None:
    answer = send_csv(rv, text(ORDER), **headers)
    assert (answer.status_code, answer.json()["Message"]) == (400, "Error loading Data into RevPro Stage")
    assert reason in answer.json()["Result"]
    assert rv.dump()["upload"] == []


def test_a_file_name_can_be_used_once(rv: Revenue) -> None:
    assert send_csv(rv, text(ORDER)).status_code == 200
    assert send_csv(rv, text(ORDER)).status_code == 400
    assert send_csv(rv, text(ORDER), "other.csv").status_code == 200


def test_csv_status_needs_a_number(rv: Revenue) -> None:
    for query in ("", "?id=", "?id=x"):
        assert rv.call("GET", f"csv/upload/status{query}").status_code == 400
    assert rv.call("GET", "csv/upload/status?id=5").status_code == 204


# --- limits -----------------------------------------------------------------------------------------------------------


def test_small_uploads_take_20000_lines(rv: Revenue) -> None:
    assert rv.stand_in.options.csv_lines == 20_000
    rv.load(template=[template("One", ("doc_line_id",))])
    lines = [{"doc_line_id": f"{n}"} for n in range(20_001)]
    full = text(*lines[:-1], columns=("doc_line_id",))
    assert send_csv(rv, full, templatename="One").status_code == 200
    assert send_csv(rv, text(*lines, columns=("doc_line_id",)), "more.csv", templatename="One").status_code == 400


def test_a_limit_of_lines_for_files_is_a_switch(rv: Revenue) -> None:
    rv.load(tenant=[{"file_lines": 2}])
    assert rv.upload(text(ORDER, order(2))).status_code == 200
    assert rv.upload(text(ORDER, order(2), order(3))).status_code == 400


def test_a_file_over_the_limit_of_bytes_is_refused(rv: Revenue) -> None:
    assert rv.stand_in.options.file_bytes == 100_000_000
    rv.load(tenant=[{"file_bytes": 5_000}])
    assert rv.upload(b"x" * 20_000).status_code == 413
    assert rv.upload(b"x" * 6_000).status_code == 400
    assert rv.dump()["upload"] == []


def test_calls_beyond_the_rate_are_refused(rv: Revenue) -> None:
    rv.load(tenant=[{"calls_per_minute": 3}])
    rv.clock.forward(minutes=2)
    assert [rv.call("GET", "revenue-orgs").status_code for _ in range(4)] == [200, 200, 200, 429]
    rv.clock.forward(minutes=1)
    assert rv.call("GET", "revenue-orgs").status_code == 200


def at_once(rv: Revenue, count: int) -> list[int]:
    """Status codes of so many uploads sent at the same time."""
    ready, statuses = threading.Barrier(count), []

    def one(number: int) -> None:
        ready.wait()
        headers = {"token": rv.token, "templatename": TEMPLATE}
        files = {"file": (f"{number}.csv", text(order(number)))}
        statuses.append(requests.post(f"{rv.url}/api/integration/v1/upload/file", headers=headers, files=files, timeout=20).status_code)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def test_a_third_upload_at_the_same_time_waits(rv: Revenue) -> None:
    rv.control("latency", {"ms": 200})
    assert at_once(rv, 3) == [200, 200, 200]
    assert sorted(u["parallel"] for u in rv.dump()["upload"]) == [1, 2, 3]


def test_a_third_upload_at_the_same_time_may_be_refused(rv: Revenue) -> None:
    rv.load(tenant=[{"third_upload": "refuse"}])
    rv.control("latency", {"ms": 300})
    assert sorted(at_once(rv, 3)) == [200, 200, 429]
    assert len(rv.dump()["upload"]) == 2
    rv.control("latency", {"ms": 0})
    assert rv.upload(text(ORDER)).status_code == 200


# --- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["upload/file", "csv/upload"])
def test_an_upload_that_does_not_name_its_length_is_refused_unless_the_tenant_takes_it(rv: Revenue, path: str) -> None:
    body = f'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n{text(ORDER).decode()}\r\n--x--\r\n'.encode()
    content, kind = (body, "multipart/form-data; boundary=x") if path == "upload/file" else (text(ORDER), "text/plain")
    headers = {"templatename": TEMPLATE, "filename": "a.csv", "Content-Type": kind}

    def sent() -> int:
        return rv.call("POST", path, headers, data=iter([content[:10], content[10:]])).status_code

    assert (sent(), rv.dump()["upload"]) == (411, [])
    rv.load(tenant=[{"chunked_upload": "take"}])
    assert sent() == 200
    assert [upload["rows"] for upload in rv.dump()["upload"]] == [1]


@pytest.mark.parametrize(("moment", "stored"), [("before", 0), ("after", 1)])
def test_a_lost_connection_before_or_after_the_file_is_stored(rv: Revenue, moment: str, stored: int) -> None:
    rv.control("faults", [{"method": "POST", "path": "/upload/file", "drop": moment}])
    with pytest.raises(requests.ConnectionError):
        rv.upload(text(ORDER))
    rv.control("faults", [])
    assert len(rv.dump()["upload"]) == stored


def test_dropped_uploads_do_not_fill_the_two_places(rv: Revenue) -> None:
    rv.load(tenant=[{"third_upload": "refuse"}])
    rv.control("faults", [{"method": "POST", "path": "/upload/file", "times": 3, "drop": "before"}])
    for _ in range(3):
        with pytest.raises(requests.ConnectionError):
            rv.upload(text(ORDER))
    assert rv.upload(text(ORDER)).status_code == 200


def test_an_upload_that_a_fault_answers_leaves_its_place_while_its_connection_stays(rv: Revenue) -> None:
    rv.load(tenant=[{"third_upload": "refuse"}])
    rv.control("faults", [{"method": "POST", "path": "/upload/file", "times": 2, "status": 503}])
    kept = [requests.Session() for _ in range(2)]
    try:
        assert [replace(rv, session=session).upload(text(ORDER)).status_code for session in kept] == [503, 503]
        assert rv.upload(text(ORDER)).status_code == 200
    finally:
        for session in kept:
            session.close()
