"""Executions that end from outside (stopped, timed out, crashed): the run's log is archived, its mail sent and its lock freed in its place,
with who stopped it and why; and nothing more is done in its name."""

from __future__ import annotations

import copy
import email
import email.policy
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from tallybridge.errors import RunEnded
from tallybridge.tasks.archive_log import archive_log
from tallybridge.tasks.close_run import close_run
from tallybridge.tasks.notify import notify
from tallybridge.tasks.open_run import open_run
from tallybridge.tasks.reconcile import reconcile
from tests.sync.memory import MemoryWorld
from tests.sync.run_world import mails, ready

ANN = "arn:aws:iam::000000000000:user/ann"
STOP = {"status": "ABORTED", "error": "Stopped", "cause": f"Stopped by {ANN}: month end comes first"}
EVERY = {"notify_recipients": ["ops@example.com"], "notify_on_error": "Yes"}


def arn(run_id: str) -> str:
    return f"arn:aws:states:eu-west-1:000000000000:execution:billing:{run_id}"


def note(world: MemoryWorld, run_id: str, closer: str = "clean-up-1", **detail: Any) -> dict[str, Any]:
    told = {"executionArn": arn(run_id), "status": "ABORTED", "error": None, "cause": None, **detail}
    return close_run({"detail": told, "closer": closer}, world.wiring())


def clean_up(world: MemoryWorld, run_id: str, closer: str = "clean-up-1", **detail: Any) -> dict[str, Any] | None:
    """What the clean-up's state machine does; None where it leaves the run alone."""
    return go_on(world, note(world, run_id, closer, **detail))


def go_on(world: MemoryWorld, noted: dict[str, Any]) -> dict[str, Any] | None:
    if noted["leave"]:
        return None
    event = {"runId": noted["runId"], "closer": noted["closer"]}
    if not noted["archived"]:
        archive_log(event, world.wiring())
    notify(event, world.wiring())
    return close_run(event, world.wiring())


def stopped_in_a_step(world: MemoryWorld, **settings: Any) -> str:
    """A run that is stopped when its customers are synced and its items are selected."""
    ready(world, **{**EVERY, **settings})
    run_id = str(world.open()["runId"])
    world.step(run_id, "customers")
    world.task("charges", {"runId": run_id, "step": "charges", "task": "select"})
    return run_id


def state(world: MemoryWorld) -> Any:
    """Everything that outlives a worker."""
    tables = {name: copy.deepcopy(table.items) for name, table in world.memory.tables.items()}
    return tables, dict(world.memory.objects.content), mails(world)


def log_of(world: MemoryWorld, run_id: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(world.object(f"runs/{run_id}/log.jsonl.gz")).splitlines()]


@pytest.mark.rule("operations.4.4.states")
def test_a_stopped_run_is_archived_mailed_and_closed_as_cancelled_with_who_and_why(fast: MemoryWorld) -> None:
    run_id = stopped_in_a_step(fast)
    output = clean_up(fast, run_id, **STOP)
    assert output is not None
    assert (output["outcome"], output["tiedOut"], output["mailed"]) == ("cancelled", False, True)
    runs = fast.wiring().runs()
    record = runs.read(run_id)
    assert (record["outcome"], record["stopped_by"], record["reason"]) == ("cancelled", ANN, "month end comes first")
    said = f"The run was stopped. Stopped by: {ANN}. Reason: month end comes first."
    assert record["message"] == said and record["ended"]
    assert runs.lock_holder() is None
    (row,) = runs.recent(1)
    assert {name: row[name] for name in ("outcome", "stopped_by", "reason")} == {
        "outcome": "cancelled",
        "stopped_by": ANN,
        "reason": "month end comes first",
    }
    (line,) = [each for each in log_of(fast, run_id) if each.get("code") == "RUN-CANCELLED"]
    assert (line["level"], line["message"]) == ("WARNING", said) and "takes up the rest" in line["advice"]
    summary = fast.summary(output)
    assert (summary["outcome"], summary["tied_out"]) == ("cancelled", False)
    assert mails(fast) == 1
    mail = fast.memory.mailer.sent[0]["RawMessage"]["Data"].decode()
    assert "cancelled" in mail.split("Subject: ")[1].splitlines()[0]
    text = email.message_from_string(mail, policy=email.policy.default).get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert ANN in text and "month end comes first" in text
    assert ANN in fast.object(f"runs/{run_id}/report.html").decode()


def test_steps_that_were_done_and_the_one_that_was_under_way_stand_in_the_report(fast: MemoryWorld) -> None:
    run_id = stopped_in_a_step(fast)
    output = clean_up(fast, run_id, **STOP)
    assert output is not None
    steps = {step["step"]: step for step in fast.summary(output)["steps"]}
    assert steps["customers"]["outcome"] == "completed" and steps["customers"]["created"] == 1
    assert (steps["charges"]["outcome"], steps["charges"]["selected"], steps["charges"]["unfinished"]) == ("failed", 1, 1)
    assert "Under way" in steps["charges"]["message"]
    assert "invoices" not in steps


@pytest.mark.parametrize(
    ("detail", "who", "why"),
    [
        ({}, "", ""),
        ({"error": "Operator", "cause": "stopped by hand"}, "", "stopped by hand"),
        ({"error": "Maintenance"}, "", "Maintenance"),
        ({"cause": f"Stopped by {ANN}: two\nlines"}, ANN, "two\nlines"),
    ],
)
def test_what_nobody_told_is_said_to_be_unknown(fast: MemoryWorld, detail: dict[str, str], who: str, why: str) -> None:
    run_id = stopped_in_a_step(fast)
    clean_up(fast, run_id, **detail)
    record = fast.wiring().runs().read(run_id)
    assert (record["stopped_by"], record["reason"]) == (who, why)
    assert ("Stopped by: not told; see CloudTrail." in record["message"]) is not bool(who)
    assert ("Reason: none given." in record["message"]) is not bool(why)


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({"status": "TIMED_OUT"}, "took longer than its execution may take"),
        ({"status": "FAILED", "error": "States.DataLimitExceeded", "cause": "the payload is too large"}, "the payload is too large"),
        ({"status": "FAILED"}, "ended unexpectedly"),
    ],
)
def test_an_execution_that_timed_out_or_crashed_is_failed_but_logged_and_mailed(
    fast: MemoryWorld, detail: dict[str, str], said: str
) -> None:
    run_id = stopped_in_a_step(fast)
    output = clean_up(fast, run_id, **detail)
    assert output is not None and output["outcome"] == "failed"
    assert said in fast.wiring().runs().read(run_id)["message"]
    (line,) = [each for each in log_of(fast, run_id) if each.get("code") == "RUN-FAILED"]
    assert line["level"] == "ERROR" and said in line["message"]
    assert mails(fast) == 1 and fast.wiring().runs().lock_holder() is None


def test_a_run_that_was_stopped_before_it_left_a_trace_is_told_too(fast: MemoryWorld) -> None:
    ready(fast, **EVERY)
    output = clean_up(fast, "too-early", **STOP, startDate=1_762_070_400_000, input='{"trigger": "schedule"}')
    assert output is not None and output["outcome"] == "cancelled"
    record = fast.wiring().runs().read("too-early")
    assert (record["started"], record["trigger"]) == ("2025-11-02T08:00:00Z", "schedule")
    assert [line["code"] for line in log_of(fast, "too-early")] == ["RUN-CANCELLED"] and mails(fast) == 1


@pytest.mark.parametrize("told", [None, 5, "text", "[]", "{", '{"Comment": "x"}', '{"dryRun": true}'])
def test_whatever_its_input_was(fast: MemoryWorld, told: Any) -> None:
    ready(fast, **EVERY)
    output = clean_up(fast, "odd", **STOP, input=told)
    assert output is not None and output["outcome"] == "cancelled"
    assert fast.wiring().runs().read("odd")["dry_run"] is (told == '{"dryRun": true}')


def test_a_run_that_closed_itself_is_left_alone(fast: MemoryWorld) -> None:
    ready(fast, **EVERY, notify_on_success="Yes")
    run_id = str(fast.run()["runId"])
    before = state(fast)
    for status in ("FAILED", "ABORTED", "TIMED_OUT"):
        assert clean_up(fast, run_id, status=status) is None
    assert state(fast) == before and mails(fast) == 1


def test_a_run_that_was_skipped_is_left_alone(fast: MemoryWorld) -> None:
    ready(fast, **EVERY, notify_on_success="Yes")
    first = fast.open()
    second = fast.open()
    assert not second["opened"]
    assert clean_up(fast, second["runId"]) is None
    holder = fast.wiring().runs().lock_holder()
    assert holder is not None and holder["run_id"] == first["runId"] and mails(fast) == 0


@pytest.mark.parametrize("mailed", [False, True])
def test_a_run_that_could_only_not_be_closed_keeps_its_result_and_its_archive(fast: MemoryWorld, mailed: bool) -> None:
    ready(fast, **EVERY, notify_on_success="Yes")
    run_id = str(fast.open()["runId"])
    for step in ("customers", "charges", "invoices"):
        fast.step(run_id, step)
    reconcile({"runId": run_id}, fast.wiring())
    archive_log({"runId": run_id}, fast.wiring())
    if mailed:
        notify({"runId": run_id}, fast.wiring())
    archived = fast.object(f"runs/{run_id}/report.html"), fast.object(f"runs/{run_id}/log.jsonl.gz")
    output = clean_up(fast, run_id, status="FAILED", error="RunNotClosed")
    assert output is not None and (output["outcome"], output["tiedOut"]) == ("completed", True)
    assert (fast.object(f"runs/{run_id}/report.html"), fast.object(f"runs/{run_id}/log.jsonl.gz")) == archived
    assert mails(fast) == 1 and fast.wiring().runs().lock_holder() is None


def test_a_worker_of_the_run_that_closes_it_at_the_same_moment_is_turned_away(fast: MemoryWorld) -> None:
    run_id = stopped_in_a_step(fast)
    noted = note(fast, run_id, **STOP)
    with pytest.raises(RunEnded):
        close_run({"runId": run_id, "error": None}, fast.wiring())
    output = go_on(fast, noted)
    assert output is not None and output["outcome"] == "cancelled" and mails(fast) == 1


def test_an_event_that_comes_twice_is_answered_once(fast: MemoryWorld) -> None:
    run_id = stopped_in_a_step(fast)
    first = note(fast, run_id, "clean-up-1", **STOP)
    assert note(fast, run_id, "clean-up-2", **STOP)["leave"], "the first one is at it"
    assert go_on(fast, first) is not None
    assert note(fast, run_id, "clean-up-3", **STOP)["leave"], "and was"
    assert mails(fast) == 1


def test_every_task_of_a_clean_up_may_be_repeated(fast: MemoryWorld) -> None:
    run_id = stopped_in_a_step(fast)
    outputs = [clean_up(fast, run_id, "clean-up-1", **STOP) for _ in range(2)]
    assert outputs[0] is not None and outputs[0] == outputs[1] and mails(fast) == 1


def test_the_lock_is_free_at_once_and_the_next_run_takes_up_the_rest(fast: MemoryWorld) -> None:
    run_id = stopped_in_a_step(fast)
    noted = note(fast, run_id, **STOP)
    assert noted["freed"]
    following = fast.run()
    assert (following["outcome"], following["tiedOut"]) == ("completed", True)
    go_on(fast, noted)
    assert fast.wiring().runs().read(run_id)["outcome"] == "cancelled"


# --- Tasks that come too late -----------------------------------------------------------------------------------------


def step_task(task: str, **more: Any) -> Callable[[MemoryWorld, str], Any]:
    return lambda world, run_id: world.task("charges", {"runId": run_id, "step": "charges", "task": task, **more})


LATE: dict[str, Callable[[MemoryWorld, str], Any]] = {
    "select": step_task("select"),
    "batch": step_task("batch", batch="000001"),
    "batch_failed": step_task("batch_failed", batch="000001", error={"Error": "States.Timeout"}),
    "summarise": step_task("summarise", error=None),
    "skip": step_task("skip", reason="blocked"),
    "reconcile": lambda world, run_id: reconcile({"runId": run_id}, world.wiring()),
    "archive": lambda world, run_id: archive_log({"runId": run_id}, world.wiring()),
    "mail": lambda world, run_id: notify({"runId": run_id}, world.wiring()),
    "close": lambda world, run_id: close_run({"runId": run_id, "error": None}, world.wiring()),
    "open": lambda world, run_id: open_run({"input": {}, "execution": arn(run_id)}, world.wiring()),
}


@pytest.mark.parametrize("cleaned", ["noted", "closed"])
@pytest.mark.parametrize("task", LATE)
def test_a_task_of_a_run_that_was_cleaned_up_writes_nothing(fast: MemoryWorld, task: str, cleaned: str) -> None:
    """A redriven execution, or a function that lives on."""
    run_id = stopped_in_a_step(fast)
    noted = note(fast, run_id, **STOP)
    if cleaned == "closed":
        go_on(fast, noted)
    before = state(fast)
    fast.calls()
    with pytest.raises(RunEnded) as refused:
        LATE[task](fast, run_id)
    assert refused.value.code == "RUN-ENDED" and "new run" in refused.value.advice
    assert state(fast) == before
    assert not any(fast.calls().values())


@pytest.mark.parametrize("task", [name for name in LATE if name != "close"])
def test_so_does_a_task_of_a_run_that_closed_itself(fast: MemoryWorld, task: str) -> None:
    run_id = stopped_in_a_step(fast)
    fast.close(run_id)
    before = state(fast)
    with pytest.raises(RunEnded):
        LATE[task](fast, run_id)
    assert state(fast) == before


def test_a_run_that_is_stopped_while_it_opens_leaves_no_lock(fast: MemoryWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    from tallybridge.sync.runs import Runs

    ready(fast, **EVERY)
    lock, noted = Runs.lock, dict[str, Any]()

    def stopped_before(runs: Runs, run_id: str) -> str:
        noted.update(note(fast, run_id, **STOP))
        return lock(runs, run_id)

    monkeypatch.setattr(Runs, "lock", stopped_before)
    with pytest.raises(RunEnded):
        fast.open()
    monkeypatch.setattr(Runs, "lock", lock)
    assert fast.wiring().runs().lock_holder() is None
    assert go_on(fast, noted) is not None
    assert fast.run()["outcome"] == "completed"


# --- CloudTrail -------------------------------------------------------------------------------------------------------


def trail(world: MemoryWorld, run_id: str, closer: str = "by-trail", **detail: Any) -> dict[str, Any]:
    told = {
        "eventSource": "states.amazonaws.com",
        "eventName": "StopExecution",
        "userIdentity": {"type": "IAMUser", "arn": ANN, "principalId": "AIDA"},
        "requestParameters": {"executionArn": arn(run_id)},
        **detail,
    }
    return close_run({"detail": told, "closer": closer}, world.wiring())


def test_cloudtrail_that_tells_first_names_who_has_stopped_the_run(fast: MemoryWorld) -> None:
    run_id = stopped_in_a_step(fast)
    assert trail(fast, run_id)["leave"]
    clean_up(fast, run_id)
    assert fast.wiring().runs().read(run_id)["stopped_by"] == ANN
    assert any(f"Stopped by: {ANN}." in line["message"] for line in log_of(fast, run_id))


def test_cloudtrail_that_tells_later_adds_the_name_without_a_second_mail(fast: MemoryWorld) -> None:
    run_id = stopped_in_a_step(fast)
    clean_up(fast, run_id, cause="month end")
    assert go_on(fast, trail(fast, run_id)) is not None
    record = fast.wiring().runs().read(run_id)
    assert (record["outcome"], record["stopped_by"], record["reason"]) == ("cancelled", ANN, "month end")
    assert ANN in fast.object(f"runs/{run_id}/report.html").decode() and mails(fast) == 1
    assert go_on(fast, trail(fast, run_id, "by-trail-again")) is None


def test_cloudtrail_that_tells_meanwhile_is_heard_when_the_run_is_closed(fast: MemoryWorld) -> None:
    run_id = stopped_in_a_step(fast)
    noted = note(fast, run_id)
    assert trail(fast, run_id)["leave"]
    go_on(fast, noted)
    assert fast.wiring().runs().read(run_id)["stopped_by"] == ANN


@pytest.mark.parametrize("odd", [{"errorCode": "AccessDenied"}, {"userIdentity": {}}, {"requestParameters": None}, {"userIdentity": None}])
def test_calls_that_stopped_nothing_are_not_heard(fast: MemoryWorld, odd: dict[str, Any]) -> None:
    run_id = stopped_in_a_step(fast)
    clean_up(fast, run_id)
    before = state(fast)
    assert trail(fast, run_id, **odd)["leave"]
    assert state(fast) == before
