"""Mails over several runs: one for what is new, none for what has not changed, one for the end; each of an incident in its thread."""

from __future__ import annotations

import json
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

import pytest

from tallybridge.reporting.incident import REMIND_AFTER
from tallybridge.tasks.archive_log import archive_log
from tallybridge.tasks.notify import notify
from tests.sync.builders import payment
from tests.sync.memory import MemoryWorld
from tests.sync.run_world import fails_to_open, ready
from tests.sync.test_drift import in_zuora
from tests.sync.test_mails_refused import Choosy

ACCOUNTANT, ONCALL = "accountant@example.com", "oncall@example.com"
BETWEEN = 30


class Ses(Choosy):
    """SES as it answers: with the id that it gives the mail in place of its own."""

    meta = SimpleNamespace(region_name="eu-west-1")

    def send_raw_email(self, **mail: Any) -> dict[str, str]:  # type: ignore[override]
        super().send_raw_email(**mail)
        return {"MessageId": f"0102-{len(self.sent)}"}


def troubled(world: MemoryWorld, **settings: Any) -> Ses:
    """A tenant in which one payment is held in every run; answers the mail service."""
    ready(world, **{"notify_recipients": [ACCOUNTANT], "notify_on_success": "No", **settings})
    hold(world, "P2")
    world.memory.mailer = mailer = Ses()  # type: ignore[assignment]
    return mailer


def hold(world: MemoryWorld, number: str) -> None:
    world.load(payment("A1", number, 5.0, {"INV1": 5.0}, method="BankTransfer"))


def release(world: MemoryWorld, *numbers: str) -> None:
    for number in numbers:
        in_zuora(world, "Payment", number, IntegrationStatus__NS="Ignore")


def run(world: MemoryWorld, **how: Any) -> str:
    world.clock.advance(minutes=BETWEEN)
    return str(world.run(**how)["outcome"])


def mails(mailer: Choosy) -> list[EmailMessage]:
    return [message_from_bytes(mail["RawMessage"]["Data"], policy=policy.default) for mail in mailer.sent]


def text_of(mail: EmailMessage) -> str:
    return str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]


def test_an_incident_from_its_first_mail_to_its_end(fast: MemoryWorld) -> None:
    mailer = troubled(fast)
    assert [run(fast), run(fast), run(fast)] == ["completed with warnings"] * 3
    (first,) = mails(mailer)
    assert "News: All of it is new." in text_of(first) and "Missing USD: payments 5.00" in text_of(first)
    hold(fast, "P3")
    run(fast)
    run(fast)
    second = mails(mailer)[1]
    assert len(mailer.sent) == 2 and "1 more record." in text_of(second)
    release(fast, "P2", "P3")
    assert [run(fast), run(fast)] == ["completed"] * 2
    third = mails(mailer)[2]
    assert len(mailer.sent) == 3
    assert third["Subject"].endswith(": recovered, completed") and "is settled: PAY-" in text_of(third)
    root = first["References"]
    assert first["In-Reply-To"] == root and root.endswith(".incident@example.com>")
    taken = "<0102-1@eu-west-1.amazonses.com>"
    assert [(m["In-Reply-To"], m["References"]) for m in (second, third)] == [(taken, f"{root} {taken}")] * 2
    hold(fast, "P4")
    run(fast)
    assert mails(mailer)[3]["References"] not in (None, root), "another incident, another thread"


def test_an_unchanged_state_is_reminded_of_once_a_day(fast: MemoryWorld) -> None:
    mailer = troubled(fast)
    run(fast)
    fast.clock.advance(hours=REMIND_AFTER.total_seconds() / 3600)
    run(fast)
    run(fast)
    assert len(mailer.sent) == 2 and "News: Unchanged since the mail of" in text_of(mails(mailer)[1])


def test_who_wants_a_mail_after_every_run_gets_one(fast: MemoryWorld) -> None:
    mailer = troubled(fast, notify_on_success="Yes")
    run(fast)
    run(fast)
    assert len(mailer.sent) == 2


def test_a_run_of_some_steps_or_a_rehearsal_neither_ends_nor_repeats_an_incident(fast: MemoryWorld) -> None:
    mailer = troubled(fast)
    run(fast)
    assert run(fast, steps=["customers"]) == "completed" and run(fast, steps=["customers"], dry_run=True) == "completed"
    assert len(mailer.sent) == 1
    assert run(fast) == "completed with warnings" and len(mailer.sent) == 1


def test_records_that_a_person_has_tried_again_are_not_mailed_about(fast: MemoryWorld) -> None:
    mailer = troubled(fast)
    run(fast)
    fast.clock.advance(minutes=BETWEEN)
    fast.run(only="instructed")
    assert len(mailer.sent) == 1


def test_a_run_that_applies_a_plan_does_not_end_an_incident(fast: MemoryWorld) -> None:
    mailer = troubled(fast)
    run(fast)
    plan = fast.run(dry_run=True)["runId"]
    release(fast, "P2")
    before = len(mailer.sent)
    assert run(fast, plan=plan) == "completed" and len(mailer.sent) == before
    assert run(fast) == "completed" and mails(mailer)[-1]["Subject"].endswith(": recovered, completed")


def test_a_mail_that_nobody_got_is_no_mail(fast: MemoryWorld) -> None:
    mailer = troubled(fast)
    mailer.bad = {ACCOUNTANT}
    run(fast)
    assert mailer.sent == [] and fast.wiring().runs().mailed("billing") == ""
    mailer.bad = set()
    run(fast)
    assert "News: All of it is new." in text_of(mails(mailer)[0])


class Died(BaseException):
    """The function is ended."""


def test_a_function_that_dies_after_ses_took_the_mail_leaves_a_second_one_and_loses_none(fast: MemoryWorld) -> None:
    mailer = troubled(fast)
    run_id = str(fast.open()["runId"])
    for step in ("customers", "charges", "invoices", "payments"):
        fast.step(run_id, step)
    archive_log({"runId": run_id, "error": None}, fast.wiring())
    wiring = fast.wiring()

    def dies(**_: Any) -> None:
        raise Died

    put = wiring.objects().put_object
    wiring.objects().put_object = lambda **given: dies() if given["Key"].endswith("delivery.json") else put(**given)
    with pytest.raises(Died):
        notify({"runId": run_id, "error": None}, wiring)
    wiring.objects().put_object = put
    assert len(mailer.sent) == 1 and fast.wiring().runs().mailed("billing") == ""
    for _ in range(2):
        assert notify({"runId": run_id, "error": None}, fast.wiring()) == {"sent": True, "recipients": 1}
    assert len(mailer.sent) == 2 and fast.wiring().runs().mailed("billing")


def test_what_was_mailed_is_kept_although_the_function_dies_before_it_is_known_to_the_next_run(fast: MemoryWorld) -> None:
    mailer = troubled(fast)
    run_id = str(fast.open()["runId"])
    fast.step(run_id, "payments")
    archive_log({"runId": run_id, "error": None}, fast.wiring())
    notify({"runId": run_id, "error": None}, fast.wiring())
    table = fast.wiring().runs().table
    table.delete_item(Key={"pk": "mailed", "sk": "billing"})
    assert notify({"runId": run_id, "error": None}, fast.wiring())["sent"] and len(mailer.sent) == 1
    assert fast.wiring().runs().mailed("billing")


def test_an_older_run_that_mails_later_does_not_overwrite_what_a_newer_one_has_told(fast: MemoryWorld) -> None:
    ready(fast)
    runs = fast.wiring().runs()
    runs.set_mailed("billing", "new", "run-2", "2026-11-02T09:00:00Z")
    runs.set_mailed("billing", "old", "run-1", "2026-11-02T08:00:00Z")
    assert runs.mailed("billing") == "new"
    runs.set_mailed("billing", "again", "run-2", "2026-11-02T09:00:00Z")
    assert runs.mailed("billing") == "again"


def test_people_are_told_of_their_kind_of_problem(fast: MemoryWorld) -> None:
    mailer = troubled(fast, notify_recipients=["admin@example.com"], notify_recipients_by_kind={"run": [ONCALL], "records": [ACCOUNTANT]})
    run(fast)
    fast.memory.settings = json.dumps({**json.loads(fast.memory.settings), "no_such_key": 1})
    fast.clock.advance(minutes=BETWEEN)
    fails_to_open(fast)
    assert [mail["Destinations"] for mail in mailer.sent] == [[ACCOUNTANT], [ONCALL]]
    assert mails(mailer)[1]["To"] == ONCALL
    news = text_of(mails(mailer)[1]).partition("News: ")[2].splitlines()[0]
    assert news.endswith(": SETTINGS and how the run ended."), "what the failed run did not look at is not called settled"
    fast.memory.settings = json.dumps({k: v for k, v in json.loads(fast.memory.settings).items() if k != "no_such_key"})
    run(fast)
    assert [mail["Destinations"] for mail in mailer.sent][2:] == [[ONCALL]], "the login is mended; nothing is new of the records"
    assert "Settled since" in text_of(mails(mailer)[2])


def test_the_third_failure_in_a_row_is_mailed_again_and_the_fourth_is_not(fast: MemoryWorld) -> None:
    mailer = troubled(fast)
    counts = []
    for _ in range(4):
        fast.clock.advance(minutes=BETWEEN)
        fast.close(fast.open()["runId"], {"Error": "States.Timeout", "Cause": ""})
        counts.append(len(mailer.sent))
    assert counts == [1, 1, 2, 2]
    assert mails(mailer)[1]["Subject"].endswith(", 3 runs in a row")


def test_a_step_that_is_switched_off_is_told_once_and_nothing_recovers_from_it(fast: MemoryWorld) -> None:
    ready(fast, notify_recipients=[ACCOUNTANT], notify_on_success="No", disable_customer_account_sync="Yes")
    fast.memory.mailer = mailer = Ses()  # type: ignore[assignment]
    outcomes = [run(fast), run(fast)]
    told = [mail for mail in mails(mailer) if "STEP-DISABLED" in text_of(mail)]
    assert len(told) == 1 and len(mailer.sent) == 1, outcomes
