"""What is kept of a run, how a run ends when a step cannot work, and what its mail carries."""

from __future__ import annotations

import email
import json
from typing import Any

import pytest

from tallybridge.errors import NotSent
from tests.sync.builders import account, charge, invoice, merged, payment, subscription
from tests.sync.memory import MemoryWorld
from tests.sync.world import SENDER

DOWN = {"method": "POST", "path": "/query/jobs$", "status": 503, "body": {}}


def ready(world: MemoryWorld, **settings: Any) -> MemoryWorld:
    world.reset(default_subsidiary="Parent Company", **settings)
    gold = merged(account("A1"), charge("Gold"), subscription("A1", "S1", "Gold"))
    world.load(merged(gold, invoice("A1", "INV1", [("Gold", 100.0)], sub="S1")))
    return world


def record_of(world: MemoryWorld, run_id: str) -> dict[str, Any]:
    return dict(world.wiring().runs().read(run_id))


@pytest.mark.rule("operations.4.4.stored")
def test_a_run_keeps_trigger_times_counters_and_the_version_of_its_settings(fast: MemoryWorld) -> None:
    ready(fast)
    first = fast.run()
    record, summary = record_of(fast, first["runId"]), fast.summary(first)
    assert (record["trigger"], record["outcome"]) == ("manual", "completed")
    assert record["started"] < record["ended"]
    invoices = next(s for s in summary["steps"] if s["step"] == "invoices")
    counters = ("selected", "created", "updated", "linked", "skipped", "warnings", "refused")
    assert {name: invoices[name] for name in counters} == {**dict.fromkeys(counters, 0), "selected": 1, "created": 1}
    assert record["settings_version"] == summary["settings_version"]
    fast.settings(default_subsidiary="Parent Company", debug_logging="Yes")
    assert record_of(fast, fast.run()["runId"])["settings_version"] != record["settings_version"]


@pytest.mark.rule("operations.4.4.states")
def test_the_states_of_a_run(fast: MemoryWorld) -> None:
    ready(fast)
    opened = fast.open()["runId"]
    assert record_of(fast, opened)["outcome"] == "running"
    skipped = fast.open()["runId"]
    assert record_of(fast, skipped)["outcome"] == "skipped"
    fast.close(opened, {"Error": "States.Timeout", "Cause": ""})
    assert record_of(fast, opened)["outcome"] == "failed"
    fast.clock.advance(minutes=30)
    assert record_of(fast, fast.run()["runId"])["outcome"] == "completed"
    fast.load(payment("A1", "P1", 5.0, {"INV1": 5.0}, method="BankTransfer"))
    assert record_of(fast, fast.run()["runId"])["outcome"] == "completed with warnings"


@pytest.mark.rule("operations.1.rule.3")
def test_a_step_that_cannot_run_ends_the_run_as_failed_and_what_was_done_stays(fast: MemoryWorld) -> None:
    ready(fast)
    run_id = fast.open()["runId"]
    fast.step(run_id, "customers")
    fast.step(run_id, "charges")
    fast.zuora_control.set_faults([DOWN])
    with pytest.raises(NotSent) as down:
        fast.task("invoices", {"runId": run_id, "step": "invoices", "task": "select"})
    fast.zuora_control.set_faults([])
    error = {"Error": "NotSent", "Cause": json.dumps({"errorMessage": down.value.message})}
    fast.task("invoices", {"runId": run_id, "step": "invoices", "task": "summarise", "error": error})
    output = fast.close(run_id)
    steps = {s["step"]: s["outcome"] for s in fast.summary(output)["steps"]}
    assert (output["outcome"], steps) == ("failed", {"customers": "completed", "charges": "completed", "invoices": "failed"})
    assert fast.in_zuora("Account", "A1")["IntegrationStatus__NS"] == "Sync Complete"
    assert fast.in_netsuite("invoice") == []


def mailed(world: MemoryWorld, **settings: Any) -> Any:
    """The mail of a run with these settings."""
    ready(world, notify_on_success="Yes", **settings).run()
    (mail,) = world.memory.mailer.sent
    return mail, email.message_from_bytes(mail["RawMessage"]["Data"])


@pytest.mark.rule("settings.key.notify_attach_log")
@pytest.mark.parametrize(
    ("settings", "names"), [({}, ["report.html", "exceptions.csv"]), ({"notify_attach_log": "No"}, [])], ids=["default", "No"]
)
def test_report_and_exceptions_are_attached_unless_the_setting_says_no(
    fast: MemoryWorld, settings: dict[str, str], names: list[str]
) -> None:
    _, message = mailed(fast, **settings)
    assert [part.get_filename() for part in message.walk() if part.get_filename()] == names


@pytest.mark.rule("settings.key.notify_sender")
@pytest.mark.parametrize(("settings", "sender"), [({}, SENDER), ({"notify_sender": "sync@example.com"}, "sync@example.com")])
def test_mails_come_from_the_sender_of_the_settings(fast: MemoryWorld, settings: dict[str, str], sender: str) -> None:
    mail, message = mailed(fast, **settings)
    assert mail["Source"] == sender
    assert sender in message["From"]
