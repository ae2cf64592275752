"""All or none (section 8): what becomes of a run when an upload goes wrong, and how it goes on."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.http import Call, new_session
from tallybridge.revenue.files import FileState
from tallybridge.zuora_revenue.client import state_in
from tests.revenue.rules import rules
from tests.revenue.test_run import load
from tests.revenue.world import RevenueWorld, invoice, line, order

UPLOAD = "/upload/file"
STATUS = "/fileupload/status"


def statuses(world: RevenueWorld, run_id: str) -> list[str]:
    return [o.status for o in world.result(run_id).objects]


def mail_text(world: RevenueWorld) -> str:
    return str(world.mails()[-1].get_body(("plain",)).get_content())  # type: ignore[union-attr]


def orders_in_parts(world: RevenueWorld, rows: int = 25, part: int = 10, **options: Any) -> None:
    world.load_rows(orders=[order(n) for n in range(1, rows + 1)])
    world.objects(line("Orders"))
    world.change(**{"large_dataset_mode": "chunked", "max_rows_per_file": part, "rows_per_part": part, **options})


@rules("8.rule.2", "8.rule.3", "7.task.barrier", "11.rule.1", "11.rule.3")
def test_one_bad_row_among_a_hundred_thousand_keeps_everything_from_being_sent(world: RevenueWorld) -> None:
    columns = [{"name": name, "value": str(value)} for name, value in order(1).items() if name not in ("doc_line_id", "ord_qty")]
    columns += [{"name": "doc_line_id", "value": "SO{n:06}-1"}, {"name": "ord_qty", "value": "{n%7+1}"}]
    world.netsuite.load(
        {
            "dataset": [
                {"id": "custdataset_orders", "name": "Orders", "columns": columns, "generate": 100_000},
                {
                    "id": "custdataset_invoices",
                    "name": "Invoices",
                    "columns": [{"name": name} for name in invoice(1)],
                    "rows": [invoice(1), invoice(2, inv_qty="1,000")],
                },
            ]
        }
    )
    world.change(large_dataset_mode="chunked")
    world.objects(line("Orders", key_column="doc_line_id"), line("Invoices", key_column="inv_line_id"))
    output = world.run("bad-row")
    assert output["outcome"] == "FAILED" and world.uploads() == []
    assert [f.state for f in world.files("bad-row")] == ["PREPARED", "PREPARED"], "the good object was ready in two parts"
    (row,) = [r for r in world.log("bad-row") if r["code"] == "VALUE_NUMBER" and "found" in r["message"] and not r["status"]]
    assert 'row 2, key INV2-1, column "Inv Qty"' in row["message"] and '"1,000"' in row["message"]
    assert "Nothing was staged" in mail_text(world)


@rules("8.rule.2", "11.rule.1")
def test_the_first_thousand_errors_are_listed_and_the_others_counted(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(n, ord_qty="two") for n in range(1, 1_501)])
    world.objects(line("Orders"))
    world.run("many")
    rows = [r for r in world.log("many") if r["code"] == "VALUE_NUMBER" and not r["status"] and r["task"] != "What is staged"]
    assert len(rows) == 1_000
    assert any("500 more" in r["message"] for r in world.log("many"))
    assert "1500 errors in 1500 rows" in world.task("many", "build", "1").message


@rules("8.rule.5", "14.limit.lines-per-upload-request")
def test_up_to_the_limit_a_dataset_is_one_file(world: RevenueWorld) -> None:
    orders_in_parts(world, rows=10, part=10)
    world.run("one")
    assert [(f.part, f.parts, f.rows) for f in world.files("one")] == [(1, 1, 10)]
    assert "_p01" not in world.files("one")[0].name


@rules("8.rule.6", "8.rule.7", "9.rule.7", "14.limit.parallel-uploads")
def test_above_it_parts_are_sent_one_after_the_other(world: RevenueWorld) -> None:
    orders_in_parts(world)
    assert world.run("parts")["outcome"] == "SUCCESS"
    assert [(f.part, f.rows, f.first_row) for f in world.files("parts")] == [(1, 10, 1), (2, 10, 11), (3, 5, 21)]
    assert [f.name[-12:] for f in world.files("parts")] == ["_p01of03.csv", "_p02of03.csv", "_p03of03.csv"]
    assert world.staged() == [f"SO{n}-1" for n in range(1, 26)]
    assert max(u["parallel"] for u in world.uploads()) == 1
    walked = [name for name in world.passed if name in ("UploadFile", "Staged?", "CheckStageErrors")]
    assert walked.count("UploadFile") == 3 and walked[-1] == "CheckStageErrors"


@rules("8.rule.6")
def test_one_file_whatever_its_size(world: RevenueWorld) -> None:
    orders_in_parts(world, large_dataset_mode="single")
    assert world.run("single")["outcome"] == "SUCCESS"
    assert [f.rows for f in world.files("single")] == [25]


@rules("8.rule.6", "13.1.code.DATASET_TOO_LARGE")
def test_large_datasets_are_refused_before_anything_is_sent(world: RevenueWorld) -> None:
    orders_in_parts(world)
    del world.config["options"]["large_dataset_mode"]  # several files of one object need somebody who accepts the risk
    world.store()
    assert world.run("refused")["outcome"] == "FAILED"
    task = world.task("refused", "read", "1")
    assert task.code == "DATASET_TOO_LARGE" and "large_dataset_mode" in task.advice and world.uploads() == []


@rules("8.rule.9", "8.idempotency", "13.1.code.UPLOAD_OUTCOME_UNKNOWN", "10.object-states", "7.task.8")
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"drop": "after"}, id="answer lost, file taken"),
        pytest.param({"drop": "before"}, id="connection lost, file not taken"),
        pytest.param({"status": 500, "body": {}}, id="server error"),
        pytest.param({"status": 503, "body": "<html>"}, id="gateway"),
        pytest.param({"status": 200, "body": {"status": "Success", "message": "File received successfully"}}, id="no request id"),
    ],
)
def test_a_lost_answer_is_never_answered_by_sending_again(world: RevenueWorld, fault: dict[str, Any]) -> None:
    load(world)
    world.faults("revenue", {"path": UPLOAD, **fault})
    output = world.run("lost")
    assert output["outcome"] == "FAILED"
    assert world.task("lost", "upload", "1").code == "UPLOAD_OUTCOME_UNKNOWN"
    assert statuses(world, "lost") == ["UNKNOWN", "SKIPPED"]
    assert len(world.uploads()) <= 1 and [f.state for f in world.files("lost")] == ["UNKNOWN", "PREPARED"]
    name = world.files("lost")[0].name
    assert f"not known whether Zuora Revenue has: {name} (3 rows" in " ".join(output["standing"])
    assert name in mail_text(world) and "Do not simply run the instance again" in mail_text(world)


@rules("8.rule.9", "13.1.code.UPLOAD_OUTCOME_UNKNOWN")
def test_an_id_that_revenue_never_knows_is_an_unknown_outcome(world: RevenueWorld) -> None:
    load(world)
    world.faults("revenue", {"path": STATUS, "status": 204, "body": ""})
    world.run("silent")
    assert world.task("silent", "confirm", "1").code == "UPLOAD_OUTCOME_UNKNOWN" and len(world.uploads()) == 1


@rules("13.1.code.STAGING_TIMEOUT", "7.task.9")
def test_a_file_that_is_never_staged(world: RevenueWorld) -> None:
    load(world)
    world.load_revenue(tenant=[{"staging_polls": 100_000}])
    world.run("stuck")
    assert world.task("stuck", "confirm", "1").code == "STAGING_TIMEOUT"
    assert statuses(world, "stuck") == ["UNKNOWN", "SKIPPED"] and len(world.uploads()) == 1


@rules("13.1.code.STAGING_FAILED", "7.task.9", "8.rule.8", "11.rule.4", "8.rule.11")
def test_a_file_that_revenue_rejects_for_its_data(world: RevenueWorld) -> None:
    load(world)
    world.load_revenue(profile=[{"name": "UPLOAD_NON_ENGLISH_CHARS", "value": "N"}])
    world.load_rows(orders=[order(1, cstmr_nm="Bäcker")])
    output = world.run("rejected")
    assert output["outcome"] == "FAILED" and statuses(world, "rejected") == ["FAILED", "SKIPPED"]
    task = world.task("rejected", "confirm", "1")
    assert task.code == "STAGING_FAILED" and "RPRO-00709" in task.message
    assert world.dump()["stagingLine"] == [] and len(world.uploads()) == 1
    assert any("RPRO-00709" in row["message"] and row["file_request_id"] for row in world.log("rejected"))
    resumed = world.run("again", resume="rejected")
    assert (resumed["outcome"], resumed["code"]) == ("REFUSED", "NOT_RESUMABLE")


@rules("13.1.code.UPLOAD_REJECTED", "8.rule.8")
def test_a_file_that_revenue_does_not_take(world: RevenueWorld) -> None:
    load(world)
    world.faults("revenue", {"path": UPLOAD, "status": 400, "body": {"Status": "Error", "Message": "Exception occurred"}})
    world.run("declined")
    task = world.task("declined", "upload", "1")
    assert task.code == "UPLOAD_REJECTED" and "Exception occurred" in task.message
    assert statuses(world, "declined") == ["FAILED", "SKIPPED"]


@rules("13.1.code.UPLOAD_FAILED")
def test_a_file_that_is_refused_because_there_are_too_many_uploads(world: RevenueWorld) -> None:
    load(world)
    world.faults("revenue", {"path": UPLOAD, "status": 429, "body": {"Status": "Error", "Message": "too many"}})
    world.run("busy")
    assert world.task("busy", "upload", "1").code == "UPLOAD_FAILED" and world.uploads() == []


@rules("13.1.code.ZR_FORBIDDEN", "13.1.code.ZR_API_NOT_ENABLED", "13.1.code.ZR_AUTH_FAILED")
@pytest.mark.parametrize(("status", "code"), [(401, "ZR_AUTH_FAILED"), (403, "ZR_FORBIDDEN"), (405, "ZR_API_NOT_ENABLED")])
def test_an_upload_that_is_not_allowed_has_not_been_taken_and_can_be_resumed(world: RevenueWorld, status: int, code: str) -> None:
    load(world)
    world.faults("revenue", {"path": UPLOAD, "status": status, "body": {"Status": "Error"}})
    world.run("barred")
    assert world.task("barred", "upload", "1").code == code
    world.faults("revenue")
    assert world.run("later", resume="barred")["outcome"] == "SUCCESS"
    assert sorted(world.staged()) == ["INV1-1", "INV2-1", "SO1-1", "SO2-1", "SO3-1"]


def test_a_token_that_has_run_out_is_renewed_once_and_the_file_sent(world: RevenueWorld) -> None:
    load(world)
    world.faults("revenue", {"path": UPLOAD, "nth": 1, "times": 1, "status": 401, "body": {}})
    assert world.run("renewed")["outcome"] == "SUCCESS"
    assert world.dump()["staging"][0]["repeated"] == 0


@rules("13.1.code.ZR_UNREACHABLE")
def test_a_connection_that_never_comes_up_leaves_the_file_unsent(world: RevenueWorld) -> None:
    load(world)
    machine = world.machine()
    usual = machine.functions["RevenueUploadFunctionArn"]

    def gone(event: dict[str, Any]) -> dict[str, Any]:
        straight, world.session = world.session, new_session(1)  # nobody listens at the address of the stand-in
        try:
            return usual(event)
        finally:
            world.session = straight

    # log in first, so that it is the upload itself that finds nobody
    world.wiring().revenue(world.revenue_side()).log_in()
    machine.functions = {**machine.functions, "RevenueUploadFunctionArn": gone}
    machine.run("offline", {"trigger": "manual", "instance": "Daily"})
    assert world.task("offline", "upload", "1").code == "ZR_UNREACHABLE"
    assert world.files("offline")[0].state == "FAILED" and world.uploads() == []
    assert world.run("later", resume="offline")["outcome"] == "SUCCESS"


@rules("8.rule.8", "10.object-states", "12.ingested")
def test_a_part_that_fails_after_others_are_staged_is_said_plainly(world: RevenueWorld) -> None:
    orders_in_parts(world)
    world.faults("revenue", {"path": UPLOAD, "nth": 2, "status": 400, "body": {"Message": "no"}})
    output = world.run("partly")
    assert statuses(world, "partly") == ["PARTIALLY_STAGED"] and output["objects"][0]["staged"] == 10
    first, second, third = world.files("partly")
    said = " ".join(output["standing"])
    assert f"Staged in Zuora Revenue, and still there: {first.name} (10 rows, request {first.request_id})" in said
    assert f"Not staged: {second.name} (10 rows); {third.name} (5 rows)" in said
    assert "tallybridge revenue resume partly" in said and "Manage Inbound" in said
    assert said.split(". ")[0] in " ".join(mail_text(world).split())


@rules("8.rule.11", "8.idempotency", "8.rule.6")
def test_resuming_sends_the_very_same_remaining_files_and_nothing_twice(world: RevenueWorld) -> None:
    orders_in_parts(world)
    world.faults("revenue", {"path": UPLOAD, "nth": 2, "times": 1, "status": 400, "body": {"Message": "no"}})
    world.run("partly")
    hashes = [f.sha256 for f in world.files("partly")]
    world.load_rows(orders=[order(99)])  # the dataset has changed meanwhile: it is not read again
    output = world.run("resumed", resume="partly", user="eve")
    assert output["outcome"] == "SUCCESS" and output["objects"][0]["staged"] == 25
    assert [u["sha256"] for u in world.uploads()] == hashes
    assert world.staged() == [f"SO{n}-1" for n in range(1, 26)]
    assert world.task("resumed", "read", "1").status == "SKIPPED"
    assert (world.run("third", resume="partly"))["code"] == "NOT_RESUMABLE"


@rules("8.rule.11")
@pytest.mark.parametrize("taken", [True, False])
def test_an_unknown_part_goes_on_only_after_somebody_has_looked(world: RevenueWorld, taken: bool) -> None:
    orders_in_parts(world)
    world.faults("revenue", {"path": UPLOAD, "nth": 2, "times": 1, "drop": "after" if taken else "before"})
    world.run("lost")
    name = world.files("lost")[1].name
    assert world.run("blind", resume="lost")["code"] == "NOT_RESUMABLE"
    output = world.run("told", resume="lost", decisions={name: "staged" if taken else "not staged"})
    assert output["outcome"] == "SUCCESS"
    world.revenue.dump()
    assert len(world.uploads()) == 3
    assert sorted(u["file_name"] for u in world.uploads()) == [f.name for f in world.files("lost")]


@rules("8.rule.11")
def test_only_a_failed_run_with_checked_files_can_be_resumed(world: RevenueWorld) -> None:
    load(world)
    world.run("good")
    assert world.run("x1", resume="good")["code"] == "NOT_RESUMABLE"
    assert world.run("x2", resume="nowhere")["code"] == "NOT_RESUMABLE"
    world.load_rows(orders=[order(1, ord_qty="x")])
    world.run("bad-data")
    assert world.run("x3", resume="bad-data")["code"] == "NOT_RESUMABLE"


@rules("8.rule.11", "7.rule.4")
def test_files_whose_retention_time_has_passed_cannot_be_sent(world: RevenueWorld) -> None:
    orders_in_parts(world)
    world.faults("revenue", {"path": UPLOAD, "nth": 1, "times": 1, "status": 400, "body": {}})
    world.run("old")
    expire(world)
    output = world.run("late", resume="old")
    task = world.task("late", "upload", "1")
    assert (output["outcome"], task.code) == ("FAILED", "FILE_EXPIRED") and world.uploads() == []
    assert world.files("old")[0].name in task.message and "retention time" in task.message and "start the instance anew" in task.advice
    assert output["standing"] == ["Nothing was staged in Zuora Revenue."]
    again = world.run("later", resume="late")
    assert again["code"] == "NOT_RESUMABLE" and "is no longer stored" in again["message"]


def test_a_run_of_which_parts_are_staged_and_the_rest_has_expired_says_how_it_goes_on(world: RevenueWorld) -> None:
    orders_in_parts(world)
    world.faults("revenue", {"path": UPLOAD, "nth": 2, "times": 1, "status": 400, "body": {}})
    world.run("old")
    expire(world)
    said = " ".join(world.run("late", resume="old")["standing"])
    assert f"It cannot be completed by resuming: {world.files('old')[1].name} is no longer stored." in said
    assert "Delete the staged lines in Data Interface > Manage Inbound first" in said and "tallybridge revenue resume" not in said


def test_stage_errors_of_rows_that_are_no_longer_stored_are_a_remark(world: RevenueWorld) -> None:
    load(world)
    world.objects(line("Orders"))
    world.faults("revenue", {"path": UPLOAD, "nth": 1, "times": 1, "drop": "after"})
    world.run("lost")
    sent, request = world.files("lost")[0], str(world.uploads()[0]["id"])
    world.wiring().files("lost").move(sent, [FileState.UNKNOWN], FileState.SENT, request_id=request)  # stopped before it was confirmed
    expire(world)
    output = world.run("told", resume="lost")
    assert output["outcome"] == "WARNING" and world.task("told", "stage_errors", "1").status == "WARNING"
    assert "STAGE_ERRORS_UNREAD" in world.codes("told", "WARNING")


def expire(world: RevenueWorld) -> None:
    """What the lifecycle rule of the uploads bucket does in the end."""
    for key in [key for key in world.memory.objects.content if key[0] == "uploads"]:
        del world.memory.objects.content[key]


def test_a_file_that_was_changed_after_its_check_is_not_sent(world: RevenueWorld) -> None:
    load(world)
    machine = world.machine()
    usual = machine.functions["RevenueUploadFunctionArn"]

    def tampered(event: dict[str, Any]) -> dict[str, Any]:
        key = ("uploads", world.files("changed")[0].key)
        world.memory.objects.content[key] = world.memory.objects.content[key].replace(b"180.00", b"980.00")
        return usual(event)

    machine.functions = {**machine.functions, "RevenueUploadFunctionArn": tampered}
    machine.run("changed", {"trigger": "manual", "instance": "Daily"})
    task = world.task("changed", "upload", "1")
    assert task.code == "FILE_CHANGED" and world.uploads() == [] and "start the instance anew" in task.advice
    again = world.run("again", resume="changed")
    assert again["code"] == "NOT_RESUMABLE" and "no longer the file that was checked" in again["message"]


@rules("8.rule.10", "7.rule.2")
def test_earlier_objects_stay_staged_and_later_ones_are_skipped(world: RevenueWorld) -> None:
    load(world)
    world.objects(
        line("Orders"),
        line("Invoices"),
        line("Copies", dataset="custdataset_orders", template="NetSuite Orders", mapping=line("Orders")["mapping"]),
    )
    world.faults("revenue", {"path": UPLOAD, "nth": 2, "status": 400, "body": {}})
    world.run("half")
    assert statuses(world, "half") == ["STAGED", "FAILED", "SKIPPED"]
    assert world.staged() == ["SO1-1", "SO2-1", "SO3-1"]


@rules("8.rule.10")
def test_later_objects_are_sent_after_a_failure_only_where_that_is_configured(world: RevenueWorld) -> None:
    load(world)
    world.change(continue_after_object_failure=True)
    world.faults("revenue", {"path": UPLOAD, "nth": 1, "status": 400, "body": {}})
    output = world.run("on")
    assert statuses(world, "on") == ["FAILED", "STAGED"] and output["outcome"] == "FAILED"


@rules("7.rule.6", "10.status.cancelled")
def test_a_run_can_be_cancelled_until_the_first_upload(world: RevenueWorld) -> None:
    load(world)
    machine = world.machine()
    usual = machine.functions["RevenuePrepareFunctionArn"]

    def cancelling(event: dict[str, Any]) -> dict[str, Any]:
        if event["task"] == "build":
            assert world.wiring().control("stopped").cancel("eve")
        return usual(event)

    machine.functions = {**machine.functions, "RevenuePrepareFunctionArn": cancelling}
    output = machine.run("stopped", {"trigger": "manual", "instance": "Daily"})
    assert output["outcome"] == "CANCELLED" and world.uploads() == []
    assert "CANCELLED" in world.mails()[0]["Subject"] and "eve" in output["message"]


@rules("7.rule.6")
def test_and_not_afterwards(world: RevenueWorld) -> None:
    load(world)
    machine = world.machine()
    usual, asked = machine.functions["RevenueUploadFunctionArn"], []

    def late(event: dict[str, Any]) -> dict[str, Any]:
        asked.append(world.wiring().control("sending").cancel("eve"))
        return usual(event)

    machine.functions = {**machine.functions, "RevenueUploadFunctionArn": late}
    assert machine.run("sending", {"trigger": "manual", "instance": "Daily"})["outcome"] == "SUCCESS"
    assert asked and not any(asked)


@rules("6.rule.5")
def test_a_run_waits_while_another_instance_uploads(world: RevenueWorld) -> None:
    load(world)
    world.wiring().upload_lock().lock("other-run")
    machine = world.machine()
    waits: list[float] = []

    def waited(seconds: float) -> None:
        waits.append(seconds)
        assert world.uploads() == [] or waits[0] == 30
        if len(waits) == 2:
            world.wiring().upload_lock().unlock("other-run")

    machine.waited = waited
    assert machine.run("patient", {"trigger": "manual", "instance": "Daily"})["outcome"] == "SUCCESS"
    assert waits[:2] == [30, 30]


@rules("3.5.snapshot")
def test_a_change_of_the_configuration_does_not_touch_a_run_that_has_begun(world: RevenueWorld) -> None:
    load(world)
    machine = world.machine()
    usual = machine.functions["RevenuePrepareFunctionArn"]

    def edited(event: dict[str, Any]) -> dict[str, Any]:
        world.config["enabled"] = False
        world.objects(line("Orders", mapping=[]))
        return usual(event)

    machine.functions = {**machine.functions, "RevenuePrepareFunctionArn": edited}
    assert machine.run("steady", {"trigger": "manual", "instance": "Daily"})["outcome"] == "SUCCESS"


@rules("6.rule.7")
def test_a_run_after_a_failed_one_is_an_ordinary_run(world: RevenueWorld) -> None:
    load(world)
    world.faults("revenue", {"path": UPLOAD, "nth": 1, "times": 1, "status": 400, "body": {}})
    world.run("failed")
    assert world.run("next")["outcome"] == "SUCCESS"
    assert {f.state for f in world.files("failed")} == {"FAILED", "PREPARED"}


def test_the_small_upload_endpoint_is_a_fallback(world: RevenueWorld) -> None:
    load(world)
    world.change(upload_endpoint="csv", max_rows_per_file=20_000, rows_per_part=20_000)
    assert world.run("csv")["outcome"] == "SUCCESS"
    assert {u["endpoint"] for u in world.uploads()} == {"csv/upload"}


class Asked:
    """Keeps what was asked of both systems."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def before(self, call: Call) -> None:
        self.calls.append(call)

    def after(self, call: Call, status: int | None, seconds: float) -> None:
        pass


@rules("8.rule.5", "7.task.8")
@pytest.mark.parametrize(("endpoint", "path"), [("file", "upload/file"), ("csv", "csv/upload")])
def test_files_are_sent_synchronously_which_alone_is_all_or_none(world: RevenueWorld, endpoint: str, path: str) -> None:
    load(world)
    world.change(upload_endpoint=endpoint, max_rows_per_file=20_000, rows_per_part=20_000)
    world.load_revenue(profile=[{"name": "UPLOAD_NON_ENGLISH_CHARS", "value": "N"}])
    world.load_rows(orders=[order(1), order(2, cstmr_nm="Bäcker"), order(3)])
    world.objects(line("Orders"))
    asked = world.observer = Asked()
    world.run("all")
    assert [u["endpoint"] for u in world.uploads()] == [path], "an asynchronous upload would be upload/file?async=true"
    assert world.task("all", "confirm", "1").code == "STAGING_FAILED" and world.staged() == []
    (sent,) = [call for call in asked.calls if call.operation == path]
    assert "async" not in f"{sent.url} {sent.params} {sent.headers}".lower()


@rules("13.1.code.STAGING_FAILED")
def test_a_status_call_that_is_declined_with_revenues_reasons_is_a_rejection(world: RevenueWorld) -> None:
    load(world)
    world.faults("revenue", {"path": STATUS, "status": 400, "body": {"Status": "Error", "Message": ["row 2: RPRO-00713"]}})
    world.run("declined")
    assert world.task("declined", "confirm", "1").code == "STAGING_FAILED"


@pytest.mark.parametrize(
    ("message", "status", "state"),
    [
        ("Data Received", "Successfully Uploaded", "working"),
        ("Data Received", "In Progress", "working"),
        ("Success: 3 Failed: 0", "Successfully Uploaded", "staged"),
        ("Data Staged Successfully", "Staged", "staged"),
        ("row 2: RPRO-00713", "Successfully Uploaded", "failed"),
    ],
)
def test_a_file_that_was_only_received_does_not_count_as_staged(message: str, status: str, state: str) -> None:
    assert state_in({"status": "Success", "result": {"id": 1, "message": message, "status": status}}) == state
