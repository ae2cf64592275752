"""Opens a run: parses the input, takes the lock, reads settings, detects the tenant's mode, binds the connection, says which steps run."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tallybridge.clock import stamp
from tallybridge.errors import ConfigurationError, RunInProgress, TallybridgeError
from tallybridge.settings import Settings, parse_settings
from tallybridge.sync.runlog import Level, LogLine, RunOutcome
from tallybridge.sync.runs import Runs
from tallybridge.tasks.run_file import RunFile
from tallybridge.wiring import Wiring, netsuite_connection, variable

STEPS = ("customers", "charges", "invoices", "payments")
"""In the documented order; a step that is not built yet is absent."""
DISABLED_BY = {
    "customers": "disable_customer_account_sync",
    "charges": "disable_zuora_charge_sync",
    "invoices": "disable_zuora_invoice_sync",
    "payments": "disable_zuora_payment_sync",
}
AFTER_DOCUMENTS = frozenset({"payments"})
"""Steps that do not run when NetSuite calculates tax (settings.md section 4.4)."""
RUN_LOG = "log/run.jsonl.gz"


class RunInput(BaseModel):
    """The execution input. Unknown keys are refused; EventBridge Scheduler sends {"trigger": "schedule"}."""

    model_config = ConfigDict(extra="forbid")

    trigger: str = Field("manual", max_length=100)
    dryRun: bool = False
    steps: list[str] | None = None


def run_id_of(execution: str) -> str:
    """The run's id: the name of its execution, the last part of the execution's ARN."""
    return execution.rsplit(":", 1)[-1]


def open_run(event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
    """`event` = {"input", "execution", "started"}. Answers {"opened": true, "runId", "dryRun", "mode", "steps"} or, when another run is
    in progress, {"opened": false, "runId", "reason"}. Raises `ConfigurationError`, `LoginRefused`; the run is recorded as failed."""
    run_id, runs = run_id_of(event["execution"]), wiring.runs()
    started = stamp(wiring.clock.now())
    content = event.get("input") or {}
    runs.record(run_id, started=started, trigger=str(content.get("trigger", "manual")), outcome=str(RunOutcome.RUNNING), job=runs.job)
    try:
        taken_over = runs.lock(run_id)
    except RunInProgress as busy:
        _skip(wiring, runs, run_id, busy)
        return {"opened": False, "runId": run_id, "reason": busy.message}
    try:
        return _open(content, run_id, started, taken_over, wiring, runs)
    except TallybridgeError as failed:
        _log(wiring, run_id, [_line(wiring, run_id, Level.ERROR, failed.message, failed.code, failed.advice)])
        runs.record(run_id, message=failed.message, code=failed.code, advice=failed.advice)
        raise


def _open(content: dict[str, Any], run_id: str, started: str, taken_over: str, wiring: Wiring, runs: Runs) -> dict[str, Any]:
    given = parse_input(content)
    settings = parse_settings(wiring.settings_document())
    zuora = wiring.zuora(settings)
    mode = "B" if zuora.invoice_settlement_enabled() else "A"
    if mode == "A":
        text = "This Zuora tenant works without Invoice Settlement; its transaction steps are not part of this version."
        raise ConfigurationError(text, place="zuora", code="MODE-A", advice="Connect a tenant with Invoice Settlement.")
    credentials = wiring.credentials()
    connection = netsuite_connection(credentials, settings)
    runs.bind({"netsuite_account": connection.realm, "tenant_mode": mode})
    steps = steps_to_run(settings, given.steps)
    run = RunFile(
        run_id=run_id,
        instance=variable("INSTANCE_NAME"),
        trigger=given.trigger,
        dry_run=given.dryRun,
        started=started,
        mode=mode,
        settings=settings.model_dump(mode="json", by_alias=True),
        steps=steps,
    )
    run.save(wiring.folder(run_id))
    runs.record(run_id, dry_run=given.dryRun, mode=mode, settings_version=settings.version, steps=steps)
    _log(wiring, run_id, [_line(wiring, run_id, Level.INFO, "Run started."), *_remarks(wiring, run_id, settings, taken_over, given)])
    return {"opened": True, "runId": run_id, "dryRun": given.dryRun, "mode": mode, "steps": steps}


def parse_input(content: dict[str, Any]) -> RunInput:
    """The execution input. Raises `ConfigurationError` INPUT that names the key."""
    try:
        given = RunInput.model_validate(content)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            f'The execution input is not usable: "{place}": {first["msg"]}',
            place=place,
            code="INPUT",
            advice='Use {"trigger": "manual", "dryRun": false, "steps": null}.',
        ) from wrong
    if unknown := [s for s in given.steps or () if s not in STEPS]:
        raise ConfigurationError(
            f'There is no step "{unknown[0]}".', place="steps", code="INPUT", advice=f"The steps are {', '.join(STEPS)}."
        )
    return given


def steps_to_run(settings: Settings, only: list[str] | None) -> dict[str, bool]:
    """Which steps run: not disabled, asked for, and allowed by Use Standard Invoice Sync and the customer master."""
    wanted = {}
    for step in STEPS:
        on = not getattr(settings, DISABLED_BY[step]) and (only is None or step in only)
        if step in AFTER_DOCUMENTS and settings.use_standard_invoice_sync.netsuite_calculates_tax:
            on = False
        if step == "customers" and settings.customer_account_master == "NetSuite":
            on = False
        wanted[step] = on
    return wanted


def _remarks(wiring: Wiring, run_id: str, settings: Settings, taken_over: str, given: RunInput) -> list[LogLine]:
    lines = []
    if taken_over:
        text = f"The lock of run {taken_over} was stale and has been taken over; its open records are settled by this run."
        lines.append(_line(wiring, run_id, Level.WARNING, text, "RUN-STALE-LOCK", "Look into that run's execution history."))
    if given.dryRun:
        lines.append(_line(wiring, run_id, Level.INFO, "Dry run: nothing is written on either side."))
    for step in ("customers", "charges"):
        if getattr(settings, DISABLED_BY[step]):
            text = f'"{step}" is disabled. Records that depend on it will not sync unless another process maintains their Integration ID.'
            lines.append(_line(wiring, run_id, Level.WARNING, text, "STEP-DISABLED"))
    if settings.customer_account_master == "NetSuite":
        text = "Customer Account Master is NetSuite; the customer sync in that direction is not part of this version."
        lines.append(_line(wiring, run_id, Level.WARNING, text, "CUSTOMER-MASTER"))
    return lines


def _skip(wiring: Wiring, runs: Runs, run_id: str, busy: RunInProgress) -> None:
    """The run did not start: recorded and logged, nobody is mailed."""
    now = stamp(wiring.clock.now())
    runs.record(run_id, outcome=str(RunOutcome.SKIPPED), ended=now, message=busy.message, code=busy.code, advice=busy.advice)
    _log(wiring, run_id, [_line(wiring, run_id, Level.WARNING, busy.message, busy.code, busy.advice)])


def _line(wiring: Wiring, run_id: str, level: Level, message: str, code: str = "", advice: str = "") -> LogLine:
    return LogLine(stamp(wiring.clock.now()), run_id, "run", level, message, code, advice=advice)


def _log(wiring: Wiring, run_id: str, lines: list[LogLine]) -> None:
    wiring.folder(run_id).write_lines(RUN_LOG, [line.to_json() for line in lines])
