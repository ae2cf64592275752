"""Runs: lock, settings and input, dry run, which steps run."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tallybridge.errors import ConfigurationError, LoginRefused, StepFailed
from tallybridge.tasks.archive_log import archive_log
from tallybridge.tasks.close_run import close_run
from tallybridge.tasks.notify import notify
from tallybridge.tasks.reconcile import reconcile
from tallybridge.tasks.select import SelectTask
from tallybridge.tasks.steps import step_class
from tests.rules.cases import ruled
from tests.sync.builders import account, merged
from tests.sync.memory import MemoryWorld
from tests.sync.run_world import fails_to_open, mails, open_with, ready, run_log

DOCUMENTED = "Sync not started: a previous run is still in progress."


# -- lock ----------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("sequence-and-status.2.rule.1", "operations.4.3.overlap")
def test_a_second_run_is_skipped_recorded_and_not_mailed(fast: MemoryWorld) -> None:
    ready(fast, notify_on_success="Yes")
    first = fast.open()
    second = fast.run()
    assert (second["opened"], second["reason"]) == (False, DOCUMENTED)
    runs = fast.wiring().runs()
    record = runs.read(second["runId"])
    assert (record["outcome"], record["message"], record["code"]) == ("skipped", DOCUMENTED, "RUN-LOCKED")
    assert [(line["level"], line["message"]) for line in run_log(fast, second["runId"])] == [("WARNING", DOCUMENTED)]
    assert mails(fast) == 0
    assert runs.lock_holder() is not None
    assert runs.lock_holder()["run_id"] == first["runId"]  # type: ignore[index]


@pytest.mark.rule("operations.4.3.stale-lock")
def test_a_stale_lock_is_taken_over_after_15_minutes_with_a_warning(fast: MemoryWorld) -> None:
    ready(fast)
    dead = fast.open()
    fast.clock.advance(minutes=14)
    assert fast.open()["opened"] is False
    fast.clock.advance(minutes=2)
    output = fast.run()
    warning = next(m for m in fast.summary(output)["messages"] if m["code"] == "RUN-STALE-LOCK")
    assert dead["runId"] in json.dumps([warning, run_log(fast, output["runId"])])
    assert output["tiedOut"] is True
    assert mails(fast) == 1


@pytest.mark.parametrize("task", ["select", "batch"])
def test_a_run_that_lost_its_lock_stops_writing(fast: MemoryWorld, task: str) -> None:
    ready(fast)
    old = fast.open()
    event = {"runId": old["runId"], "step": "customers"}
    if task == "batch":
        fast.task("customers", {**event, "task": "select"})
    fast.clock.advance(minutes=16)
    fast.open()
    with pytest.raises(StepFailed, match="no longer holds the lock") as lost:
        fast.task("customers", {**event, "task": task, "batch": "000001"})
    assert lost.value.code == "RUN-LOCK-LOST"
    assert fast.in_netsuite("customer") == []


def test_closing_a_run_that_lost_its_lock_leaves_the_lock_to_its_holder(fast: MemoryWorld) -> None:
    ready(fast)
    old = fast.open()
    fast.clock.advance(minutes=16)
    new = fast.open()
    fast.close(old["runId"], {"Error": "States.Timeout", "Cause": ""})
    holder = fast.wiring().runs().lock_holder()
    assert holder is not None
    assert holder["run_id"] == new["runId"]


def test_every_end_frees_the_lock(fast: MemoryWorld) -> None:
    ready(fast)
    fast.run()
    assert fast.wiring().runs().lock_holder() is None
    opened = fast.open()
    fast.close(opened["runId"], {"Error": "States.TaskFailed", "Cause": "x"})
    assert fast.wiring().runs().lock_holder() is None


def test_an_execution_that_was_stopped_from_outside_is_closed_by_its_event(fast: MemoryWorld) -> None:
    from tallybridge.tasks.close_run import close_run

    ready(fast)
    opened = fast.open()
    arn = f"arn:aws:states:eu-west-1:000000000000:execution:billing:{opened['runId']}"
    answer = close_run({"detail": {"executionArn": arn, "status": "ABORTED"}}, fast.wiring())
    record = fast.wiring().runs().read(opened["runId"])
    assert (answer["freed"], record["outcome"], record["message"]) == (
        *(True, "cancelled"),
        "The run was stopped. Stopped by: not told; see CloudTrail. Reason: none given.",
    )


# -- what a person got wrong ---------------------------------------------------------------------------------------------


WRONG_SETTINGS = {
    "unknown key": ('{"notify_recipients": ["a@example.com"], "no_such_key": 1}', "no_such_key"),
    "wrong value": ('{"notify_recipients": ["a@example.com"], "netsuite_max_concurrency": 0}', "netsuite_max_concurrency"),
}


@pytest.mark.parametrize("case", WRONG_SETTINGS)
def test_wrong_settings_end_in_a_failed_run_that_is_logged_and_mailed(fast: MemoryWorld, case: str) -> None:
    document, named = WRONG_SETTINGS[case]
    ready(fast)
    fast.memory.settings = document
    error, output = fails_to_open(fast)
    assert isinstance(error, ConfigurationError)
    assert (error.code, output["outcome"], output["tiedOut"]) == ("SETTINGS", "failed", False)
    assert named in error.message
    assert any(m["code"] == "SETTINGS" and named in m["message"] for m in fast.summary(output)["messages"])
    assert mails(fast) == 1
    assert b"failed" in fast.memory.mailer.sent[0]["RawMessage"]["Data"]


@pytest.mark.parametrize("document", ["{", "[]", '{"notify_recipients": ["not an address"]}'])
def test_settings_that_name_nobody_to_mail_still_close_the_run(fast: MemoryWorld, document: str) -> None:
    ready(fast)
    fast.memory.settings = document
    error, output = fails_to_open(fast)
    assert (error.code, output["outcome"], mails(fast)) == ("SETTINGS", "failed", 0)
    assert fast.wiring().runs().lock_holder() is None
    assert fast.wiring().runs().read(output["runId"])["outcome"] == "failed"


def test_a_wrong_mail_address_does_not_keep_the_others_from_being_told(fast: MemoryWorld) -> None:
    ready(fast)
    fast.memory.settings = '{"notify_recipients": ["not an address", "finance@example.com"], "notify_sender": "nobody"}'
    error, _ = fails_to_open(fast)
    assert (error.code, mails(fast)) == ("SETTINGS", 1)
    assert fast.memory.mailer.sent[0]["Destinations"] == ["finance@example.com"]


@pytest.mark.parametrize("missing", ["zuora", "netsuite"])
def test_missing_credentials_end_in_a_failed_run_that_names_them(fast: MemoryWorld, missing: str) -> None:
    ready(fast)
    whole = fast.credentials
    fast.credentials = {k: v for k, v in whole.items() if k != missing}
    try:
        error, output = fails_to_open(fast)
    finally:
        fast.credentials = whole
    assert (error.code, output["outcome"], mails(fast)) == ("CREDENTIALS", "failed", 1)
    assert missing in error.message


def test_a_refused_login_ends_in_a_failed_run(fast: MemoryWorld) -> None:
    ready(fast)
    whole = fast.credentials
    fast.credentials = {**whole, "zuora": {**whole["zuora"], "client_secret": "wrong"}}
    try:
        error, output = fails_to_open(fast)
    finally:
        fast.credentials = whole
    assert isinstance(error, LoginRefused)
    assert (output["outcome"], mails(fast)) == ("failed", 1)
    assert "wrong" not in json.dumps(fast.summary(output)["messages"]).replace("the client secret is wrong", "")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"trigger": "manual", "dryrun": True}, "dryrun"),
        ({"steps": ["invoice"]}, "invoice"),
        ({"dryRun": "perhaps"}, "dryRun"),
        ({"acceptMode": "C"}, "acceptMode"),
    ],
)
def test_a_bad_execution_input_ends_in_a_failed_run_that_names_the_key(fast: MemoryWorld, content: dict[str, Any], named: str) -> None:
    ready(fast)
    error, output = fails_to_open(fast, content)
    assert (error.code, output["outcome"], mails(fast)) == ("INPUT", "failed", 1)
    assert named in error.message


# -- dry run and choice of steps -----------------------------------------------------------------------------------------


def test_a_dry_run_writes_nothing_on_either_side_and_no_ledger(fast: MemoryWorld) -> None:
    ready(fast)
    zuora, netsuite = fast.zuora.dump(), fast.netsuite.dump()
    output = fast.run(dry_run=True)
    assert fast.zuora.dump() == zuora
    assert fast.netsuite.dump() == netsuite
    assert fast.memory.tables["STATUS_TABLE"].items == {}
    assert output["outcome"] in ("completed", "completed with warnings")
    selected = {t["object"]: t["selected"] for t in output["totals"]}
    assert selected == {"Account": 1, "ProductRatePlanCharge": 1, "Invoice": 1, "Payment": 1}
    follow = fast.run()
    assert (follow["outcome"], follow["tiedOut"]) == ("completed", True)
    assert {t["object"]: t["synced"] for t in follow["totals"]} == selected


def test_only_the_steps_asked_for_run(fast: MemoryWorld) -> None:
    ready(fast)
    output = fast.run(steps=["customers"])
    assert [s["step"] for s in fast.summary(output)["steps"]] == ["customers"]
    assert fast.in_netsuite("serviceSaleItem") == []


DISABLED = {
    "customers": "disable_customer_account_sync",
    "charges": "disable_zuora_charge_sync",
    "invoices": "disable_zuora_invoice_sync",
    "payments": "disable_zuora_payment_sync",
}


DISABLED_RULES = {
    "customers": ("settings.key.disable_customer_account_sync", "sequence-and-status.1.4.gate.disable-customer-account-sync"),
    "charges": (
        "settings.key.disable_zuora_charge_sync",
        "sequence-and-status.1.4.gate.disable-zuora-product-rate-plan-charge-sync",
        "catalog.1.runs-when.charges",
    ),
    "invoices": ("settings.key.disable_zuora_invoice_sync", "sequence-and-status.1.4.gate.disable-zuora-invoice-sync"),
    "payments": ("settings.key.disable_zuora_payment_sync", "sequence-and-status.1.4.gate.disable-zuora-payment-sync"),
}


@pytest.mark.parametrize("step", ruled(DISABLED, DISABLED_RULES))
def test_a_disabled_step_does_not_run(fast: MemoryWorld, step: str) -> None:
    ready(fast)
    usual = open_with(fast)["steps"]
    fast.settings(default_subsidiary="Parent Company", **{DISABLED[step]: "Yes"})
    opened = open_with(fast)
    assert opened["steps"] == {**usual, step: False}
    assert usual[step] is True


@pytest.mark.rule("settings.4.2.disabled-warning")
@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"disable_customer_account_sync": "Yes"}, ["customers"]),
        ({"disable_customer_account_sync": "Yes", "customer_account_master": "NetSuite"}, ["netsuite_customers"]),
        ({"disable_zuora_charge_sync": "Yes"}, ["charges"]),
        ({"disable_customer_account_sync": "Yes", "disable_zuora_charge_sync": "Yes"}, ["customers", "charges"]),
        ({"disable_zuora_payment_sync": "Yes"}, []),
    ],
)
def test_each_run_says_once_that_customers_or_charges_are_disabled(fast: MemoryWorld, settings: dict[str, str], named: list[str]) -> None:
    ready(fast, **settings)
    text = '"{}" is disabled. Records that depend on it will not sync unless another process maintains their Integration ID.'
    warnings = [line["message"] for line in run_log(fast, open_with(fast)["runId"]) if line["level"] == "WARNING"]
    assert warnings == [text.format(step) for step in named]


def test_a_step_that_was_asked_for_in_vain_is_said_with_its_reason(fast: MemoryWorld) -> None:
    ready(fast, disable_zuora_refund_sync="Yes")
    opened = open_with(fast, steps=["adjustments", "refunds", "invoices"])
    assert [step for step, runs in opened["steps"].items() if runs] == ["invoices"]
    assert [(line["code"], line["message"]) for line in run_log(fast, opened["runId"]) if line["level"] == "WARNING"] == [
        ("STEP-NOT-RUN", '"adjustments" was asked for, but does not run: it belongs to Zuora tenants without Invoice Settlement.'),
        ("STEP-NOT-RUN", '"refunds" was asked for, but does not run: the setting "disable_zuora_refund_sync" is on.'),
    ]


@pytest.mark.rule("payments.0.not-with-netsuite-tax")
@pytest.mark.parametrize("value", ["No", "No - Use NetSuite Avatax"])
def test_payments_do_not_run_when_netsuite_calculates_tax(fast: MemoryWorld, value: str) -> None:
    ready(fast, use_standard_invoice_sync=value)
    steps = fast.open()["steps"]
    assert [step for step, runs in steps.items() if runs] == ["customers", "charges", "invoices", "debit_memos"]


def test_payments_are_skipped_when_the_invoices_step_failed(fast: MemoryWorld) -> None:
    ready(fast)
    opened = fast.open()
    run_id = opened["runId"]
    for step in ("customers", "charges"):
        fast.step(run_id, step)
    error = {"Error": "States.Timeout", "Cause": ""}
    failed = fast.task("invoices", {"runId": run_id, "step": "invoices", "task": "summarise", "error": error})
    assert failed["outcome"] == "failed"
    reason = "Payment sync skipped: the invoices step ended with an unexpected error in this run."
    fast.task("payments", {"runId": run_id, "step": "payments", "task": "skip", "reason": reason})
    output = fast.close(run_id)
    summary = fast.summary(output)
    assert output["outcome"] == "failed"
    assert {s["step"]: s["outcome"] for s in summary["steps"]}["payments"] == "skipped"
    assert any(m["message"] == reason for m in summary["messages"])
    assert fast.in_netsuite("customerPayment") == []


def test_a_step_that_ended_without_a_report_counts_as_failed(fast: MemoryWorld) -> None:
    ready(fast)
    run_id = fast.open()["runId"]
    reconcile({"runId": run_id, "results": {"invoices": {"outcome": "failed", "error": "States.Timeout"}}}, fast.wiring())
    for task in (archive_log, notify):
        task({"runId": run_id}, fast.wiring())
    output = close_run({"runId": run_id}, fast.wiring())
    summary = fast.summary(output)
    assert output["outcome"] == "failed"
    assert [(s["step"], s["outcome"]) for s in summary["steps"]] == [("invoices", "failed")]
    assert [m["code"] for m in summary["messages"] if m["level"] == "ERROR"] == ["STEP-FAILED"]


@pytest.mark.rule("sequence-and-status.2.rule.3", "operations.1.rule.1", "operations.7.1.message.no-records-found-to-sync")
def test_a_step_without_records_says_so(fast: MemoryWorld) -> None:
    ready(fast)
    fast.run()
    output = fast.run(steps=["payments"])
    lines = [json.loads(line) for line in gzip.decompress(fast.object(output["keys"]["log"])).splitlines()]
    assert [x["level"] for x in lines if x["message"] == "No records found to sync."] == ["INFO"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [([], "a list"), ([{"trigger": "manual"}], "a list"), ("manual", "a text"), (7, "a number"), (False, "true or false")],
)
def test_an_execution_input_that_is_no_object_is_refused(fast: MemoryWorld, content: Any, kind: str) -> None:
    ready(fast)
    error, output = fails_to_open(fast, content)
    assert (error.code, output["outcome"], output["tiedOut"]) == ("INPUT", "failed", False)
    assert kind in error.message and "trigger" in error.advice
    assert fast.run()["tiedOut"] is True  # the lock is free again


def test_a_run_says_what_is_to_be_thought_about_in_its_settings_and_stays_green(fast: MemoryWorld) -> None:
    ready(fast, disable_netsuite_credit_memo_sync="No", netsuite_error_limit="100")
    output = fast.run()
    lines = [line for line in run_log(fast, output["runId"]) if line["message"].startswith("Setting ")]
    assert {line["level"] for line in lines} == {"INFO"} and all(line["advice"] for line in lines)
    texts = [line["message"] for line in lines]
    assert any('"disable_netsuite_credit_memo_sync"' in t and "without Invoice Settlement" in t for t in texts)
    assert any('"netsuite_error_limit"' in t for t in texts)
    assert output["outcome"] == "completed"


CONTRADICTIONS = {
    "a key twice": '{"debug_logging": "Yes", "debug_logging": "No", "notify_recipients": ["a@example.com"]}',
    "a piece above the limit": '{"large_invoice_lines": 2, "notify_recipients": ["a@example.com"]}',
    "a date as a number": '{"cutover_zuora_invoice": 0, "notify_recipients": ["a@example.com"]}',
    "a list for a choice": '{"item_id_mapping": [], "notify_recipients": ["a@example.com"]}',
    "nested too deeply": "[" * 5_000,
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_settings_that_contradict_themselves_end_in_a_failed_run_without_a_traceback(fast: MemoryWorld, case: str) -> None:
    ready(fast)
    fast.memory.settings = document = CONTRADICTIONS[case]
    error, output = fails_to_open(fast)
    assert (error.code, output["outcome"], mails(fast)) == ("SETTINGS", "failed", int("recipients" in document))


@pytest.mark.parametrize("ends_first", ["the first", "the second"])
def test_a_selection_that_is_repeated_while_the_first_one_runs_exchanges_no_batch(fast: MemoryWorld, ends_first: str) -> None:
    """Step Functions repeats a call whose answer it lost; the first one still runs, and selects something else meanwhile."""
    fast.reset(default_subsidiary="Parent Company")
    fast.load(merged(account("A1"), account("A2")))
    event = {"runId": fast.open(steps=["customers"])["runId"], "step": "customers"}
    first, second = (SelectTask(step_class("customers"), {**event, "task": "select"}, fast.wiring()) for _ in range(2))
    late, soon = (second, first) if ends_first == "the first" else (first, second)
    chosen = late._batches(late.wiring.kept(late.folder, "elsewhere"))  # as if each had asked before the other kept what it was told
    fast.load(merged(account("A3")))
    answer = soon.select()
    late.folder.write_json_once(late.name("manifest.json"), chosen)
    assert late.select() == answer
    assert answer["selected"] == 3
    fast.batch(event["runId"], "customers", "000001")
    assert fast.task("customers", {**event, "task": "summarise", "error": None})["synced"] == 3
