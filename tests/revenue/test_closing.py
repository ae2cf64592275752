"""The end of a run when something of the end itself goes wrong: a log that cannot be stored, a mail that is asked for twice, an execution
that is stopped after its mail, the login by OneID."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.revenue.closing import close_run, notify
from tests.faults.killing import WorkerKilled
from tests.revenue.rules import rules
from tests.revenue.world import Buckets, RevenueWorld, line, order


class NoReports(Buckets):
    """Buckets that take no report; or nothing at all in the reports bucket once the log is being written."""

    def __init__(self, everything: bool) -> None:
        super().__init__()
        self.everything = everything
        self.ending = False

    def put_object(self, *, Bucket: str, Key: str, Body: Any, **more: Any) -> dict[str, Any]:
        self.ending = self.ending or "/summary_" in Key
        if Bucket == "reports" and ("/summary_" in Key or (self.everything and self.ending)):
            raise OSError("the bucket takes nothing")
        return super().put_object(Bucket=Bucket, Key=Key, Body=Body, **more)


def one_order(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1)])
    world.objects(line("Orders"))


@rules("13.4.warnings", "7.task.11", "7.rule.2")
@pytest.mark.parametrize("everything", [False, True])
def test_a_log_that_cannot_be_stored_is_said_in_the_mail_and_changes_no_result(world: RevenueWorld, everything: bool) -> None:
    one_order(world)
    world.memory.objects = NoReports(everything)
    assert world.run("unlogged")["outcome"] == "SUCCESS"
    (mail,) = world.mails()
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "LOG_NOT_STORED" in text and "SUCCESS" in mail["Subject"]
    assert [part.get_filename() for part in mail.iter_attachments()] == ["revenue_connector_Daily_unlogged.csv"]
    if not everything:
        assert world.task("unlogged", "log").code == "LOG_NOT_STORED"


@rules("13.4.warnings", "3.3.mail.warning")
@pytest.mark.parametrize("on_warning", [False, True])
def test_it_is_mailed_where_warnings_are_wanted(world: RevenueWorld, on_warning: bool) -> None:
    world.config["notifications"] |= {"on_success": False, "on_warning": on_warning}
    world.store()
    one_order(world)
    world.memory.objects = NoReports(everything=False)
    world.run("unlogged")
    assert len(world.mails()) == int(on_warning)


def test_a_log_that_was_stored_is_not_doubted_by_a_repeated_report(world: RevenueWorld) -> None:
    one_order(world)
    world.run("usual")
    assert world.task("usual", "log").status == "SUCCESS"
    (mail,) = world.mails()
    assert "LOG_NOT_STORED" not in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert world.log("usual")[-2]["task"] == "Send notification" and world.log("usual")[-2]["status"] == "PENDING"


@rules("12.delivery")
def test_a_mail_that_is_known_to_be_sent_is_not_sent_again(world: RevenueWorld) -> None:
    one_order(world)
    machine = world.machine()
    usual = machine.functions["RevenueReportFunctionArn"]
    lost: list[str] = []

    def losing(event: dict[str, Any]) -> dict[str, Any]:
        answer = usual(event)
        if event["task"] == "mail" and not lost:
            lost.append("the answer of the function")
            raise WorkerKilled("after the answer")
        return answer

    machine.functions = {**machine.functions, "RevenueReportFunctionArn": losing}
    machine.run("mailed", {"trigger": "manual", "instance": "Daily"})
    assert lost and len(world.mails()) == 1
    assert notify({"runId": "mailed"}, world.wiring()) == {"sent": False, "recipients": 0} and len(world.mails()) == 1


@rules("7.task.12")
def test_a_worker_that_dies_before_it_has_noted_the_mail_sends_it_again_rather_than_never(world: RevenueWorld) -> None:
    one_order(world)
    taken = world.memory.mailer

    class Dying:
        def send_raw_email(self, **mail: Any) -> None:
            taken.send_raw_email(**mail)
            if len(taken.sent) == 1:
                raise WorkerKilled("right after SES took the mail")

    world.memory.mailer = Dying()
    world.run("mailed")
    assert len(taken.sent) == 2 and world.wiring().runs().read("mailed")["outcome"] == "SUCCESS"


@rules("7.rule.2")
def test_an_execution_that_is_stopped_after_its_mail_keeps_its_result(world: RevenueWorld) -> None:
    one_order(world)
    machine = world.machine()

    class Stopped(BaseException):
        pass

    def stopping(event: dict[str, Any]) -> dict[str, Any]:
        raise Stopped

    machine.functions = {**machine.functions, "RevenueCloseFunctionArn": stopping}
    with pytest.raises(Stopped):
        machine.run("late", {"trigger": "manual", "instance": "Daily"})
    event = {"detail": {"executionArn": "arn:aws:states:eu-west-1:1:execution:revenue:late", "status": "ABORTED"}}
    assert close_run(event, world.wiring())["outcome"] == "SUCCESS"
    assert world.wiring().runs().read("late")["outcome"] == "SUCCESS" and len(world.mails()) == 1
    assert not [i for i in world.memory.runs.items.values() if i["pk"] == "lock"]


@rules("11.rule.1")
def test_a_warning_about_a_column_stands_once_in_the_log(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1)])
    world.objects(line("Orders", mapping=[*line("Orders")["mapping"], {"source": "memo", "target": "comments"}]))
    world.run("warned")
    assert [row["code"] for row in world.log("warned") if row["code"] == "SOURCE_COLUMN_EMPTY"] == ["SOURCE_COLUMN_EMPTY"]


def one_id(world: RevenueWorld, secret: str) -> None:
    world.config["connection"]["revenue"] |= {"auth_method": "oauth2", "token_url": world.revenue_url}
    world.credentials["revenue"] = {"client_id": world.options.oauth_client_id, "client_secret": secret}
    world.store()


@rules("7.task.3")
def test_a_run_with_a_bearer_token_of_oneid(world: RevenueWorld) -> None:
    one_id(world, world.options.oauth_client_secret)
    one_order(world)
    assert world.run("bearer")["outcome"] == "SUCCESS"
    assert world.staged() == ["SO1-1"]


@rules("13.1.code.ZR_AUTH_FAILED")
def test_oneid_refuses_the_client(world: RevenueWorld) -> None:
    one_id(world, "wrong")
    one_order(world)
    assert world.run("bearer")["outcome"] == "FAILED"
    task = world.task("bearer", "revenue")
    assert (task.status, task.code) == ("ERROR", "ZR_AUTH_FAILED") and not world.uploads()
