"""What a person is told to do depends on why an upload failed; what was rejected for its data is never resumed (section 8, rule 11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tallybridge.revenue.remedies import REMEDIES, after_rejection, reasons
from tallybridge.revenue.result import standing
from tallybridge.revenue.run import TaskBook
from tallybridge.zuora_revenue import Upload, ZuoraRevenue
from tests.revenue.rules import rules
from tests.revenue.test_all_or_none import UPLOAD, mail_text, orders_in_parts, statuses
from tests.revenue.test_run import load
from tests.revenue.world import RevenueWorld, invoice, line, order

DATA = {"Status": "Error", "Message": "Error loading Data into RevPro Stage", "Result": "row 2: RPRO-00713 Not a date"}
SENTENCE = "Exception occurred. Please contact Zuora Revenue Support"


def told(world: RevenueWorld, run_id: str) -> str:
    """Everything that a person reads of a run: advice of its task, mail, what stands, report."""
    result = world.result(run_id)
    assert result.failure
    return " ".join([result.failure.advice, mail_text(world), *standing(result), world.report_file(run_id, "report.html")])


@rules("8.rule.11", "13.1.code.STAGING_FAILED")
@pytest.mark.parametrize("status", [200, 400, 422])
def test_an_upload_that_is_answered_with_data_errors_is_not_to_be_resumed(world: RevenueWorld, status: int) -> None:
    load(world)
    world.faults("revenue", {"path": UPLOAD, "status": status, "body": DATA})
    world.run("bad")
    task = world.task("bad", "upload", "1")
    assert task.code == "STAGING_FAILED" and statuses(world, "bad") == ["FAILED", "SKIPPED"]
    assert task.advice == f"{REMEDIES['RPRO-00713']} The file cannot be resumed: run the instance anew."
    assert "revenue resume" not in told(world, "bad")
    again = world.run("again", resume="bad")
    assert again["code"] == "NOT_RESUMABLE" and "start the instance anew" in again["message"]


@rules("8.rule.9")
def test_a_file_name_that_looks_like_a_code_of_revenue_is_none(world: RevenueWorld) -> None:
    name = "CUST2025_Orders_p01of02.csv"
    assert reasons(f"400: {name} was not taken", name) == [] and reasons(f"400: {name}: RPRO-00713", name) == ["RPRO-00713"]
    load(world)
    body = {"Status": "Success", "Message": "CUST2025 received"}
    world.faults("revenue", {"path": UPLOAD, "status": 200, "body": body})
    world.run("named")
    assert world.task("named", "upload", "1").code == "UPLOAD_OUTCOME_UNKNOWN", "a success without an id says nothing of a rejection"


@rules("8.rule.8", "8.rule.11", "13.1.code.STAGING_FAILED")
@pytest.mark.parametrize(
    ("setup", "last", "remedy"),
    [
        ({"profile": [{"name": "UPLOAD_NON_ENGLISH_CHARS", "value": "N"}]}, {"cstmr_nm": "B\u00e4cker"}, REMEDIES["RPRO-00709"]),
        ({}, {"curr": "SEK", "f_cur": "SEK"}, f"{REMEDIES['RPRO-00736']} {REMEDIES['RPRO-00761']}"),
    ],
)
def test_after_parts_are_staged_a_rejected_part_is_told_with_its_own_remedy(
    world: RevenueWorld, setup: dict[str, Any], last: dict[str, str], remedy: str
) -> None:
    orders_in_parts(world)
    world.load_revenue(**setup)
    others = [order(1, curr="EUR", f_cur="EUR"), order(2, curr="GBP", f_cur="GBP")]  # most currencies: this part is sent first
    world.load_rows(orders=[*others, *(order(n) for n in range(3, 25)), order(25, **last)])
    output = world.run("late")
    task = world.task("late", "confirm", "1")
    delete = "delete what is staged of the run in Revenue, Manage Inbound, then run the instance anew."
    assert task.code == "STAGING_FAILED" and task.advice == f"{remedy} The file cannot be resumed: {delete}"
    said = " ".join(output["standing"])
    assert "It cannot be completed by resuming" in said and "revenue resume" not in said + mail_text(world)
    assert task.advice in " ".join(mail_text(world).split())


@rules("8.rule.11", "13.1.code.UPLOAD_REJECTED")
def test_a_declined_upload_is_explained_by_the_status_of_its_id(world: RevenueWorld) -> None:
    load(world)
    machine = world.machine()
    usual = machine.functions["RevenueUploadFunctionArn"]

    def switched_off(event: dict[str, Any]) -> dict[str, Any]:
        world.revenue.tenant.templates.pop("NetSuite Orders", None)
        return usual(event)

    machine.functions = {**machine.functions, "RevenueUploadFunctionArn": switched_off}
    machine.run("off", {"trigger": "manual", "instance": "Daily"})
    task = world.task("off", "upload", "1")
    assert task.code == "UPLOAD_REJECTED" and "does not exist or is disabled" in task.message and "resume" in task.advice


@rules("8.rule.9", "8.idempotency")
def test_a_declined_upload_whose_id_is_in_work_is_followed_and_not_sent_again(world: RevenueWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    load(world)
    usual = ZuoraRevenue.upload

    def declined(self: ZuoraRevenue, *given: Any) -> Upload:
        return replace(usual(self, *given), status=400, answer=SENTENCE)

    monkeypatch.setattr(ZuoraRevenue, "upload", declined)
    assert world.run("odd")["outcome"] == "SUCCESS"
    assert [f.state for f in world.files("odd")] == ["STAGED", "STAGED"] and len(world.uploads()) == 2
    assert SENTENCE not in " ".join(f.answer for f in world.files("odd")), "the last answer is that of the status"


@rules("8.rule.11", "13.1.code.DATASET_TOO_LARGE")
def test_a_file_that_is_too_large_for_revenue_is_not_to_be_resumed(world: RevenueWorld) -> None:
    load(world)
    world.faults("revenue", {"path": UPLOAD, "status": 413, "body": {"Message": "too large"}})
    world.run("large")
    task = world.task("large", "upload", "1")
    assert task.code == "DATASET_TOO_LARGE" and "Narrow" in task.advice and "revenue resume" not in told(world, "large")
    again = world.run("again", resume="large")
    assert again["code"] == "NOT_RESUMABLE" and "larger than Revenue takes" in again["message"]


@rules("8.rule.9", "13.1.code.UPLOAD_OUTCOME_UNKNOWN")
def test_a_file_that_was_taken_asynchronously_is_an_unknown_outcome(world: RevenueWorld) -> None:
    load(world)
    world.faults("revenue", {"path": UPLOAD, "status": 202, "body": {"id": 7, "status": "In Progress", "message": "Data Received"}})
    world.run("async")
    assert world.task("async", "upload", "1").code == "UPLOAD_OUTCOME_UNKNOWN"


def test_reasons_that_are_not_known_have_a_remedy_too() -> None:
    assert after_rejection("the file is empty", False) == "Correct what Revenue names. The file cannot be resumed: run the instance anew."
    assert "Correct what Revenue names." in after_rejection("CUST-0017 not our item", True)


def test_a_run_of_which_every_file_is_staged_is_not_to_be_resumed(world: RevenueWorld) -> None:
    load(world)
    machine = world.machine()
    usual = machine.functions["RevenueUploadFunctionArn"]

    def broken(event: dict[str, Any]) -> dict[str, Any]:
        if event["task"] == "stage_errors" and event["object"] == "2":
            TaskBook(world.wiring().folder(event["runId"]), world.clock).start("stage_errors", "2")
            raise MemoryError("out of memory")
        return usual(event)

    machine.functions = {**machine.functions, "RevenueUploadFunctionArn": broken}
    output = machine.run("done", {"trigger": "manual", "instance": "Daily"})
    assert statuses(world, "done") == ["STAGED", "STAGED"]
    assert output["outcome"] == "FAILED" and "nothing to resume" in " ".join(output["standing"])


def test_invoices_that_are_rejected_after_orders_are_staged(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1)], invoices=[invoice(1, curr="SEK", f_cur="SEK")])
    world.objects(line("Orders"), line("Invoices"))
    world.run("half")
    assert statuses(world, "half") == ["STAGED", "FAILED"]
    assert "delete what is staged of the run" in world.task("half", "confirm", "2").advice


def test_a_rejection_beside_a_file_of_which_nothing_is_known_does_not_advise_a_plain_new_run(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1)], invoices=[invoice(1, curr="SEK", f_cur="SEK")])
    world.objects(line("Orders"), line("Invoices"))
    world.change(continue_after_object_failure=True)
    world.faults("revenue", {"path": UPLOAD, "nth": 1, "times": 1, "drop": "after"})
    world.run("both")
    assert statuses(world, "both") == ["UNKNOWN", "FAILED"]
    assert "delete what is staged of the run" in world.task("both", "confirm", "2").advice
