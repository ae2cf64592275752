"""Mails that Amazon SES refuses: the others are told all the same, and whoever looks at the run sees who was not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.revenue.rules import rules
from tests.revenue.test_run import load
from tests.revenue.world import RECIPIENT, SENDER, RevenueWorld

BAD, OTHER = "left@example.com", "audit@example.com"


class Choosy:
    def __init__(self, *bad: str, senders: tuple[str, ...] = ()) -> None:
        self.bad, self.senders = set(bad), set(senders)
        self.sent: list[dict[str, Any]] = []

    def send_raw_email(self, **mail: Any) -> None:
        if self.bad & set(mail["Destinations"]) or mail["Source"] in self.senders:
            raise ClientError({"Error": {"Code": "MessageRejected", "Message": "Email address is not verified."}}, "SendRawEmail")
        self.sent.append(mail)


def mailed_by(world: RevenueWorld, mailer: Choosy, **notifications: Any) -> Any:
    world.config["notifications"] = {**world.config["notifications"], "recipients": [RECIPIENT, BAD, OTHER], **notifications}
    world.store()
    load(world)
    world.memory.mailer = mailer
    return world.run("told")


@rules("12.delivery")
def test_one_refused_address_does_not_silence_the_others_and_is_seen(world: RevenueWorld) -> None:
    mailer = Choosy(BAD)
    assert mailed_by(world, mailer)["outcome"] == "SUCCESS"
    assert [mail["Destinations"] for mail in mailer.sent] == [[RECIPIENT], [OTHER]]
    task = world.task("told", "mail")
    assert (task.status, task.code) == ("WARNING", "MAIL_FAILED") and BAD in task.message
    assert BAD in world.wiring().runs().read("told")["message"]
    (row,) = world.wiring().runs().recent(1)
    assert BAD in row["message"]
    summary = json.loads(world.report_file("told", "summary.json"))
    assert any(m["code"] == "MAIL_FAILED" and BAD in m["message"] for m in summary["messages"])
    assert "MAIL_FAILED" in world.report_file("told", "report.html")


@rules("12.delivery")
def test_a_refused_sender_is_replaced_by_the_one_of_the_deployment_and_told(world: RevenueWorld) -> None:
    mailer = Choosy(senders=("own@example.com",))
    mailed_by(world, mailer, sender="own@example.com")
    (mail,) = mailer.sent
    assert mail["Source"] == SENDER and len(mail["Destinations"]) == 3
    task = world.task("told", "mail")
    assert (task.status, task.code) == ("WARNING", "MAIL_FAILED") and "own@example.com" in task.message


@rules("12.delivery")
def test_a_mail_that_nobody_got_is_an_error_in_every_list(world: RevenueWorld) -> None:
    mailed_by(world, Choosy(RECIPIENT, BAD, OTHER))
    task = world.task("told", "mail")
    assert (task.status, task.code) == ("ERROR", "MAIL_FAILED")
    for address in (RECIPIENT, BAD, OTHER):
        assert address in task.message and address in world.wiring().runs().read("told")["message"]


@pytest.mark.parametrize("wrong", ["nobody", 1, None, ["x"], ""])
def test_one_wrong_address_in_the_configuration_does_not_silence_the_others(world: RevenueWorld, wrong: Any) -> None:
    load(world)
    world.config["notifications"] = {**world.config["notifications"], "recipients": [wrong, RECIPIENT]}
    world.store()
    assert world.run("wrong")["outcome"] == "FAILED"
    assert [mail["Destinations"] for mail in world.memory.mailer.sent] == [[RECIPIENT]]
    lines = world.log("wrong")
    assert wrong == "" or any("notifications.recipients.0" in str(line) for line in lines)


@pytest.mark.parametrize("content", ["[]", '{"notifications": []}', '{"notifications": {"recipients": 1}}', "{", "[" * 5000])
def test_a_configuration_that_names_nobody_ends_the_run_all_the_same(world: RevenueWorld, content: str) -> None:
    load(world)
    world.memory.document = content
    assert world.run("nobody")["outcome"] == "FAILED"
