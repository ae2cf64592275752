"""After a refused part the true failure stands alone, and the lines that are staged get their results (sections 8 and 15.3)."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from tests.revenue.rules import rules
from tests.revenue.test_all_or_none import STATUS, UPLOAD, mail_text, orders_in_parts
from tests.revenue.world import RevenueWorld, line, order

REJECTION = {"Result": [{"file_log": "row 2: RPRO-00713", "file_request_id": 1}], "message": "Failed", "status": "Error"}


def errors(world: RevenueWorld, run_id: str) -> list[tuple[str, str]]:
    return [(t.name, t.code) for t in world.result(run_id).tasks if t.status == "ERROR"]


def line_results(world: RevenueWorld, run_id: str, output: dict[str, Any]) -> list[dict[str, str]]:
    """The file of which the execution's output says where it lies."""
    content = world.memory.objects.content["reports", output["keys"]["line_results_1"]]
    return list(csv.DictReader(io.StringIO(content.decode())))


@rules("8.rule.8", "7.rule.2")
@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        pytest.param({"path": UPLOAD, "nth": 2, "status": 400, "body": {"Message": "no"}}, ("upload", "UPLOAD_REJECTED"), id="declined"),
        pytest.param({"path": UPLOAD, "nth": 2, "status": 429, "body": {}}, ("upload", "UPLOAD_FAILED"), id="too many"),
        pytest.param({"path": UPLOAD, "nth": 2, "drop": "after"}, ("upload", "UPLOAD_OUTCOME_UNKNOWN"), id="lost"),
        pytest.param({"path": STATUS, "nth": 3, "status": 200, "body": REJECTION}, ("confirm", "STAGING_FAILED"), id="rejected"),
    ],
)
def test_the_true_failure_stands_alone_and_staged_lines_get_their_results(
    world: RevenueWorld, fault: dict[str, Any], failure: tuple[str, str]
) -> None:
    orders_in_parts(world)
    world.load_rows(orders=[order(n, item_num="" if n == 4 else "ITEM-A") for n in range(1, 26)])
    world.faults("revenue", fault)
    output = world.run("partly")
    assert errors(world, "partly") == [failure]
    assert {row["code"] for row in world.log("partly") if row["level"] == "ERROR" and row["code"]} == {failure[1]}
    assert "ended unexpectedly" not in mail_text(world) and output["message"] == world.task("partly", failure[0], "1").message
    assert world.task("partly", "confirm", "1").status == ("ERROR" if failure[0] == "confirm" else "SUCCESS")
    rows = line_results(world, "partly", output)
    assert [row["key"] for row in rows] == [f"SO{n}-1" for n in range(1, 11)]
    assert [row["key"] for row in rows if row["result"] == "STAGED_WITH_ERROR"] == ["SO4-1"]
    assert {row["file_name"] for row in rows} == {world.files("partly")[0].name}
    assert "STAGE_ERRORS" in world.codes("partly", "WARNING")


@rules("8.rule.8")
def test_without_anything_staged_there_are_no_results_and_no_remark(world: RevenueWorld) -> None:
    orders_in_parts(world)
    world.faults("revenue", {"path": UPLOAD, "nth": 1, "status": 400, "body": {"Message": "no"}})
    output = world.run("none")
    assert errors(world, "none") == [("upload", "UPLOAD_REJECTED")] and world.task("none", "stage_errors", "1").status == "SKIPPED"
    assert not [name for name in output["keys"] if name.startswith("line_results")] and world.codes("none", "WARNING") == set()


@rules("8.rule.8", "13.4.warnings")
def test_results_that_cannot_be_told_do_not_stand_beside_the_failure(world: RevenueWorld) -> None:
    orders_in_parts(world)
    world.faults("revenue", {"path": UPLOAD, "nth": 2, "status": 403, "body": {}}, {"path": "/stage/error", "status": 403, "body": {}})
    world.run("barred")
    assert errors(world, "barred") == [("upload", "ZR_FORBIDDEN")]
    assert world.task("barred", "stage_errors", "1").status == "WARNING" and "STAGE_ERRORS_UNREAD" in world.codes("barred", "WARNING")


@rules("7.rule.7")
def test_a_run_that_takes_too_long_still_tells_the_results_of_what_is_staged(world: RevenueWorld) -> None:
    orders_in_parts(world)
    machine = world.machine()
    usual, sent = machine.functions["RevenueUploadFunctionArn"], []

    def slow(event: dict[str, Any]) -> dict[str, Any]:
        sent.append(event["task"])
        if event["task"] == "upload" and sent.count("upload") == 2:
            world.clock.advance(hours=6)
        return usual(event)

    machine.functions = {**machine.functions, "RevenueUploadFunctionArn": slow}
    output = machine.run("slow", {"trigger": "manual", "instance": "Daily"})
    assert errors(world, "slow") == [("upload", "RUN_TIMEOUT")]
    assert len(line_results(world, "slow", output)) == 10


def test_a_crash_while_results_are_told_does_not_stand_beside_the_failure(world: RevenueWorld) -> None:
    orders_in_parts(world)
    world.faults("revenue", {"path": UPLOAD, "nth": 2, "status": 400, "body": {"Message": "no"}})
    machine = world.machine()
    usual, original = machine.functions["RevenueUploadFunctionArn"], world.memory.objects.put_object

    def failing(**given: Any) -> dict[str, Any]:
        if "line_results" in given["Key"]:
            raise MemoryError("out of memory")
        return dict(original(**given))

    world.memory.objects.put_object = failing
    machine.functions = {**machine.functions, "RevenueUploadFunctionArn": usual}
    output = machine.run("crashed", {"trigger": "manual", "instance": "Daily"})
    assert errors(world, "crashed") == [("upload", "UPLOAD_REJECTED")]
    assert world.task("crashed", "stage_errors", "1").status == "WARNING" and "line_results_1" not in output["keys"]


@rules("8.rule.11")
def test_a_resumed_run_tells_the_results_of_all_lines(world: RevenueWorld) -> None:
    orders_in_parts(world)
    world.faults("revenue", {"path": UPLOAD, "nth": 2, "times": 1, "status": 400, "body": {"Message": "no"}})
    world.run("partly")
    output = world.run("rest", resume="partly")
    assert output["outcome"] == "SUCCESS" and len(line_results(world, "rest", output)) == 25


@rules("8.rule.10")
def test_later_objects_go_on_after_the_results_of_an_earlier_one(world: RevenueWorld) -> None:
    orders_in_parts(world, continue_after_object_failure=True)
    copies = line("Copies", dataset="custdataset_orders", template="NetSuite Orders", mapping=line("Orders")["mapping"])
    world.objects(line("Orders"), copies)
    world.faults("revenue", {"path": UPLOAD, "nth": 2, "times": 1, "status": 400, "body": {"Message": "no"}})
    output = world.run("on")
    assert [each["status"] for each in output["objects"]] == ["PARTIALLY_STAGED", "STAGED"]
    assert {"line_results_1", "line_results_2"} <= set(output["keys"])


@rules("8.rule.6", "8.rule.8")
@pytest.mark.parametrize(
    ("last", "profile"),
    [({"curr": "SEK", "f_cur": "SEK"}, "Y"), ({"f_cur": "SEK"}, "Y"), ({"cstmr_nm": "B\u00e4cker"}, "N")],
    ids=["currency", "functional currency", "characters"],
)
def test_the_part_that_is_most_likely_to_be_rejected_is_sent_first(world: RevenueWorld, last: dict[str, str], profile: str) -> None:
    orders_in_parts(world)
    world.load_revenue(profile=[{"name": "UPLOAD_NON_ENGLISH_CHARS", "value": profile}])
    world.load_rows(orders=[*(order(n) for n in range(1, 25)), order(25, **last)])
    output = world.run("early")
    assert errors(world, "early") == [("confirm", "STAGING_FAILED")]
    assert world.staged() == [] and output["standing"] == ["Nothing was staged in Zuora Revenue."]
    assert [f.part for f in world.files("early")] == [3, 1, 2]


@rules("8.rule.6")
def test_parts_keep_the_order_of_the_rows_where_lines_may_refer_to_each_other(world: RevenueWorld) -> None:
    orders_in_parts(world)
    world.load_rows(orders=[*(order(n) for n in range(1, 25)), order(25, type="RORD", curr="EUR", f_cur="EUR")])
    world.run("order")
    assert [f.part for f in world.files("order")] == [1, 2, 3]


@rules("8.rule.6")
def test_line_results_are_in_the_order_of_the_rows_whatever_was_sent_first(world: RevenueWorld) -> None:
    orders_in_parts(world)
    world.load_rows(orders=[*(order(n) for n in range(1, 25)), order(25, curr="EUR", f_cur="EUR")])
    output = world.run("mixed")
    assert [f.part for f in world.files("mixed")] == [3, 1, 2]
    assert [row["row"] for row in line_results(world, "mixed", output)] == [str(n) for n in range(1, 26)]


@rules("8.rule.8")
def test_a_rejection_is_told_once_in_words_and_every_error_has_a_code(world: RevenueWorld) -> None:
    orders_in_parts(world)
    world.faults("revenue", {"path": STATUS, "nth": 3, "status": 200, "body": REJECTION})
    world.run("rejected")
    summary = json.loads(world.report_file("rejected", "summary.json"))
    errors = [m for m in summary["messages"] if m["level"] == "ERROR"]
    assert errors and all(m["code"] for m in errors), errors
    said = [m["message"] for m in errors if "RPRO-00713" in m["message"]]
    assert len(said) == 1 and "row 2: RPRO-00713" in said[0] and "{" not in said[0], said
