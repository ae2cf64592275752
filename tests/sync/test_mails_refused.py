"""Mails that Amazon SES refuses: the others are told all the same, and whoever looks at the run sees who was not."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from rich.console import Console

from tallybridge.errors import ConfigurationError
from tallybridge.reporting.delivery import TRIES, deliver
from tallybridge.reporting.summary import read_summary
from tallybridge.tasks.archive_log import archive_log
from tallybridge.tasks.close_run import close_run
from tallybridge.tasks.notify import notify
from tallybridge_cli import render, standing
from tests.sync.memory import MemoryWorld
from tests.sync.run_world import fails_to_open, ready
from tests.sync.world import SENDER

GOOD, BAD, OTHER = "finance@example.com", "left@example.com", "audit@example.com"
UNVERIFIED = "Email address is not verified. The following identities failed the check in region EU-WEST-1"


def refusal(code: str, text: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": text or UNVERIFIED}}, "SendRawEmail")


class Choosy:
    """An SES that refuses whole calls for the sake of one address, as the real one does."""

    def __init__(self, *bad: str, senders: tuple[str, ...] = (), error: Exception | None = None) -> None:
        self.bad, self.senders, self.error = set(bad), set(senders), error
        self.sent: list[dict[str, Any]] = []
        self.calls = 0

    def send_raw_email(self, **mail: Any) -> None:
        self.calls += 1
        if self.bad & set(mail["Destinations"]) or mail["Source"] in self.senders:
            raise self.error or refusal("MessageRejected")
        self.sent.append(mail)


def mailed_by(world: MemoryWorld, mailer: Choosy, **settings: Any) -> dict[str, Any]:
    ready(world, **{"notify_on_success": "Yes", **settings})
    world.memory.mailer = mailer  # type: ignore[assignment]
    return world.run()


def text_of(*parts: Any) -> str:
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    for part in parts:
        console.print(part)
    return console.export_text()


@pytest.mark.parametrize("recipients", [[BAD, GOOD, OTHER], [GOOD, BAD, OTHER], [GOOD, OTHER, BAD]])
def test_one_refused_address_does_not_silence_the_others(fast: MemoryWorld, recipients: list[str]) -> None:
    mailer = Choosy(BAD)
    output = mailed_by(fast, mailer, notify_recipients=recipients)
    assert sorted(d for mail in mailer.sent for d in mail["Destinations"]) == sorted([GOOD, OTHER])
    summary = fast.summary(output)
    (message,) = [m for m in summary["messages"] if m["code"] == "MAIL-FAILED"]
    assert "MAIL-FAILED" in [cause["code"] for cause in summary["causes"]]
    assert BAD in message["message"] and "MessageRejected" in message["message"] and message["advice"]
    assert output["outcome"] == summary["outcome"] == "completed with warnings"
    assert output["tiedOut"] is True


def test_a_refused_address_is_seen_in_history_status_log_and_report(fast: MemoryWorld) -> None:
    output = mailed_by(fast, Choosy(BAD), notify_recipients=[GOOD, BAD])
    run_id = output["runId"]
    record = fast.wiring().runs().read(run_id)
    (entry,) = record["undelivered"]
    assert (entry["recipient"], entry["code"]) == (BAD, "MAIL-FAILED") and entry["reason"].startswith("MessageRejected: ")
    (row,) = fast.wiring().runs().recent(1)
    assert BAD in text_of(render.runs_table([row]))
    summary = read_summary(fast.object(f"runs/{run_id}/summary.json"))
    assert BAD in text_of(render.run_result(summary))
    assert BAD in text_of(standing.page(standing.Standing(row, summary, None, ())))
    log = [json.loads(line) for line in gzip.decompress(fast.object(f"runs/{run_id}/log.jsonl.gz")).splitlines()]
    assert [line["source_number"] for line in log if line.get("code") == "MAIL-FAILED"] == [BAD]
    assert log[0]["message"] == "Run started."
    page = fast.object(f"runs/{run_id}/report.html").decode()
    assert BAD in page and "MAIL-FAILED" in page


def test_all_refused_addresses_are_named_each_with_its_reason(fast: MemoryWorld) -> None:
    output = mailed_by(fast, Choosy(GOOD, BAD), notify_recipients=[GOOD, BAD])
    undelivered = fast.wiring().runs().read(output["runId"])["undelivered"]
    assert {entry["recipient"] for entry in undelivered} == {GOOD, BAD}
    assert {r for m in fast.summary(output)["messages"] if m["code"] == "MAIL-FAILED" for r in (GOOD, BAD) if r in str(m)} == {GOOD, BAD}


def test_a_run_whose_mail_came_through_says_nothing(fast: MemoryWorld) -> None:
    mailer = Choosy()
    output = mailed_by(fast, mailer, notify_recipients=[GOOD, BAD])
    assert output["outcome"] == "completed" and [m["Destinations"] for m in mailer.sent] == [[GOOD, BAD]]
    assert "undelivered" not in fast.wiring().runs().read(output["runId"])


def test_a_failed_run_stays_failed_when_its_mail_fails_too(fast: MemoryWorld) -> None:
    ready(fast)
    fast.memory.settings = json.dumps({"notify_recipients": [GOOD, BAD], "no_such_key": 1})
    fast.memory.mailer = mailer = Choosy(BAD)  # type: ignore[assignment]
    error, output = fails_to_open(fast)
    assert (error.code, output["outcome"]) == ("SETTINGS", "failed")
    assert [mail["Destinations"] for mail in mailer.sent] == [[GOOD]]
    assert [entry["recipient"] for entry in fast.wiring().runs().read(output["runId"])["undelivered"]] == [BAD]


@pytest.mark.parametrize("error", [refusal("AccessDenied"), refusal("MessageRejected"), refusal("MailFromDomainNotVerifiedException")])
def test_a_refused_sender_is_replaced_by_the_one_of_the_deployment_and_told(fast: MemoryWorld, error: ClientError) -> None:
    mailer = Choosy(senders=("own@example.com",), error=error)
    output = mailed_by(fast, mailer, notify_recipients=[GOOD, OTHER], notify_sender="own@example.com")
    assert [(mail["Source"], mail["Destinations"]) for mail in mailer.sent] == [(SENDER, [GOOD, OTHER])]
    assert SENDER.encode() in mailer.sent[0]["RawMessage"]["Data"]
    (message,) = [m for m in fast.summary(output)["messages"] if m["code"] == "MAIL-FAILED"]
    assert "own@example.com" in message["message"]
    assert "undelivered" not in fast.wiring().runs().read(output["runId"])


def test_a_mail_service_that_does_not_answer_is_seen(fast: MemoryWorld) -> None:
    mailer = Choosy(GOOD, error=EndpointConnectionError(endpoint_url="https://email.eu-west-1.amazonaws.com"))
    output = mailed_by(fast, mailer, notify_recipients=[GOOD, OTHER])
    undelivered = fast.wiring().runs().read(output["runId"])["undelivered"]
    assert [entry["recipient"] for entry in undelivered] == [GOOD, OTHER]
    assert all(entry["reason"].startswith("EndpointConnectionError") for entry in undelivered)


@pytest.mark.parametrize(
    ("error", "calls"),
    [
        (refusal("AccessDenied"), 1),  # the same for everybody
        (refusal("AccountSendingPausedException"), 1),
        (refusal("ThrottlingException"), TRIES),
        (ConnectionError("no answer"), TRIES),
        (refusal("MessageRejected"), 1 + 3),
    ],
)
def test_as_many_calls_as_help(error: Exception, calls: int) -> None:
    mailer = Choosy(GOOD, OTHER, BAD, error=error)
    slept: list[float] = []
    failed = deliver(mailer, sender=SENDER, recipients=[GOOD, OTHER, BAD], message=b"x", sleep=slept.append).undelivered
    assert (mailer.calls, [each.recipient for each in failed]) == (calls, [GOOD, OTHER, BAD])
    assert len(slept) == (TRIES - 1 if calls == TRIES else 0)


def test_a_service_that_gives_up_midway_leaves_the_rest_told_of_without_more_calls() -> None:
    class Tiring(Choosy):
        def send_raw_email(self, **mail: Any) -> None:
            self.calls += 1
            raise refusal("MessageRejected") if self.calls == 1 else refusal("Throttling", "Maximum sending rate exceeded.")

    mailer = Tiring()
    failed = deliver(mailer, sender=SENDER, recipients=[GOOD, OTHER, BAD], message=b"x", sleep=lambda _: None).undelivered
    assert [each.recipient for each in failed] == [GOOD, OTHER, BAD] and mailer.calls == 1 + TRIES
    assert all("Maximum sending rate" in each.reason for each in failed)


@pytest.mark.parametrize("wrong", ["nobody", "a b@example.com", "a@example.com\r\nBcc: b@example.com", ""])
def test_what_is_no_address_never_reaches_ses(wrong: str) -> None:
    mailer = Choosy()
    failed = deliver(mailer, sender=SENDER, recipients=[wrong, GOOD], message=b"x", sleep=lambda _: None).undelivered
    assert ([m["Destinations"] for m in mailer.sent], [each.recipient for each in failed]) == ([[GOOD]], [wrong])


def test_a_notification_that_could_not_even_be_tried_is_seen(fast: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFICATION_SENDER", "")
    ready(fast, notify_on_success="Yes", notify_recipients=[GOOD])
    run_id = fast.open()["runId"]
    for task in (archive_log, notify):
        try:
            task({"runId": run_id}, fast.wiring())
        except ConfigurationError as missing:
            error = {"Error": "ConfigurationError", "Cause": json.dumps({"errorMessage": missing.message})}
    close_run({"runId": run_id, "error": error}, fast.wiring())
    (row,) = fast.wiring().runs().recent(1)
    assert "NOTIFICATION_SENDER" in text_of(render.runs_table([row]))
    summary = read_summary(fast.object(f"runs/{run_id}/summary.json"))
    assert "NOTIFICATION_SENDER" in text_of(standing.page(standing.Standing(row, summary, None, ())))
