"""Opens a run: parses the input, takes the lock, reads settings, detects the tenant's mode, binds the connection, says which steps run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tallybridge import money
from tallybridge.clock import stamp
from tallybridge.configuration import taken
from tallybridge.errors import ConfigurationError, RunEnded, RunInProgress, TallybridgeError
from tallybridge.expiry import CODE, to_tell
from tallybridge.settings import Settings, parse_settings
from tallybridge.sync.reversal import IN_THE_RUN, Plans, ReversalPlan
from tallybridge.sync.runlog import Level, LogLine, RunOutcome
from tallybridge.sync.runs import MODES, Runs
from tallybridge.tasks import first_look, plans
from tallybridge.tasks.away import check_netsuite, settlement_enabled
from tallybridge.tasks.remarks import remarks
from tallybridge.tasks.run_file import NAME as RUN_FILE
from tallybridge.tasks.run_file import RunFile
from tallybridge.tasks.steps import STEPS, missed_by_others, steps_to_run, why_not
from tallybridge.wiring import Wiring, netsuite_connection, variable

__all__ = ["STEPS", "RunInput", "open_run", "parse_input", "run_id_of", "steps_to_run"]

RUN_LOG = "log/run.jsonl.gz"
EXAMPLE = 'Use {"trigger": "manual", "dryRun": false, "steps": null, "acceptMode": null}.'
NO_OBJECT: dict[type, str] = {list: "a list", str: "a text", bool: "true or false"}
"""What an execution input that is no object may be, in words."""


ADDED_BY_AWS = {"Comment", "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"}
"""Keys of the console's example input, and of an execution that another one has started."""
EVENT = {"id", "detail-type", "source", "time", "detail"}
"""Keys by which an EventBridge event is known."""
SCHEDULERS = ("aws.scheduler", "aws.events")
MAX_TRIGGER = 100
MAX_PERSON = 400
MAX_RUN_ID = 100
MAX_REVERSAL = 80


class RunInput(BaseModel):
    """The execution input. Unknown keys are refused; EventBridge Scheduler sends {"trigger": "schedule"}.

    `steps` are the only ones to run, null for all. `acceptMode` is for the one run after a deliberate switch of the Zuora tenant: it names
    the mode, "B" with Invoice Settlement, that this instance may change to (docs/switch-to-invoice-settlement.md); a dry run only looks.
    `only` "instructed" restricts the run to records that people have given instructions for; `plan` names the dry run whose plan is
    applied, and nothing else, in all of its steps; `reverse` names an approved reversal, which the run carries out and nothing else; `by`
    names the person who starts it.
    """

    model_config = ConfigDict(extra="forbid")

    trigger: str = Field("manual", max_length=MAX_TRIGGER)
    dryRun: bool = False
    steps: list[str] | None = None
    acceptMode: Literal["A", "B"] | None = None
    only: Literal["instructed"] | None = None
    plan: Annotated[str, Field(max_length=MAX_RUN_ID)] = ""
    reverse: Annotated[str, Field(max_length=MAX_REVERSAL)] = ""
    by: Annotated[str, Field(max_length=MAX_PERSON)] = ""


def run_id_of(execution: str) -> str:
    """The run's id: the name of its execution, the last part of the execution's ARN."""
    return execution.rsplit(":", 1)[-1]


def open_run(event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
    """`event` = {"input", "execution", "started"}. Answers {"opened": true, "runId", "dryRun", "mode", "steps"} or, when another run is
    in progress, {"opened": false, "runId", "reason"}. Raises `ConfigurationError`, `LoginRefused`, `ServiceAway`; the run is recorded as
    failed. Raises `RunEnded` for one that has ended."""
    run_id, runs = run_id_of(event["execution"]), wiring.runs()
    runs.check_open(run_id)
    started = stamp(wiring.clock.now())
    content = own_input(event.get("input"))
    trigger = str(content.get("trigger", "manual")) if isinstance(content, dict) else "manual"
    dry_run = isinstance(content, dict) and content.get("dryRun") is True
    runs.record(run_id, started=started, trigger=trigger, outcome=str(RunOutcome.RUNNING), job=runs.job, dry_run=dry_run, **_meant(content))
    try:
        taken_over = runs.lock(run_id)
    except RunInProgress as busy:
        _skip(wiring, runs, run_id, busy)
        return {"opened": False, "runId": run_id, "reason": busy.message}
    try:
        runs.check_open(run_id)  # stopped meanwhile: its clean-up has freed no lock, since there was none
        return _open(content, run_id, started, taken_over, wiring, runs)
    except RunEnded:
        runs.unlock(run_id)
        raise
    except TallybridgeError as failed:
        _log(wiring, run_id, [_line(wiring, run_id, Level.ERROR, failed.message, failed.code, failed.advice)])
        runs.record(run_id, message=failed.message, code=failed.code, advice=failed.advice, set_up=failed.set_up)
        raise


def _meant(content: Any) -> dict[str, str]:
    """The plan or the reversal that a run is to carry out, as it stands in its input: one that is refused is no failed usual run."""
    named = {name: content.get(name) for name in ("plan", "reverse")} if isinstance(content, dict) else {}
    return {name: value[:MAX_RUN_ID] for name, value in named.items() if isinstance(value, str) and value}


def _open(content: Any, run_id: str, started: str, taken_over: str, wiring: Wiring, runs: Runs) -> dict[str, Any]:
    given = parse_input(content)
    version = taken(wiring.configuration(), lambda: worked_with(wiring), parse_settings)
    settings = parse_settings(version.document)
    mode = "B" if settlement_enabled(wiring, settings) else "A"
    if not given.dryRun:
        runs.note_dates_begin()
    left = _bind(runs, wiring, settings, mode, given)
    whole = not (given.steps or given.only or given.plan or given.reverse)
    if not whole:
        with wiring.task():
            check_netsuite(wiring, settings)
    folder, reversal = wiring.folder(run_id), _reversal(given, wiring, settings)
    steps = steps_to_run(settings, mode, given.steps, reverse=reversal is not None)
    effective = settings.model_dump(mode="json", by_alias=True)
    if given.plan:
        steps = _plan_of(given.plan, run_id, wiring, effective, mode)
    run = RunFile(
        run_id=run_id,
        instance=variable("INSTANCE_NAME"),
        trigger=given.trigger,
        dry_run=given.dryRun,
        started=started,
        until=stamp(wiring.clock.now() + timedelta(hours=settings.run_hours)),
        mode=mode,
        settings=effective,
        steps=steps,
        instructed_only=given.only is not None,
        reverse=given.reverse,
        by=given.by,
        settings_version=f"{version.number}/{settings.version}",
        plan=given.plan,
    )
    if reversal:
        folder.write_json(IN_THE_RUN, reversal.to_json())
    if given.plan:
        plans.take(wiring.folder(given.plan), run_id, wiring.clock.now())
    run.save(folder)
    if whole and not first_look.take(run, folder, wiring):
        with wiring.task():
            check_netsuite(wiring, settings)
    of_settings = {"settings_version": settings.version, "settings_saved": version.to_json()}
    restriction = {"instructed_only": run.instructed_only, "plan": run.plan, "reverse": run.reverse}
    runs.record(run_id, dry_run=run.dry_run, mode=mode, steps=steps, by=run.by, **restriction, **of_settings)
    if not given.dryRun:
        runs.set_configuration(version.number, run_id)
        runs.set_concurrency(settings.netsuite_max_concurrency)
    told = [
        *_about_the_run(given, taken_over, left, mode),
        *_about_credentials(wiring, runs, run_id, keep=not given.dryRun),
        *_about_steps(settings, mode, given),
        *_about_settings(settings, mode, wiring),
    ]
    _log(wiring, run_id, [_line(wiring, run_id, *each) for each in [(Level.INFO, "Run started."), *told]])
    return {"opened": True, "runId": run_id, "dryRun": given.dryRun, "mode": mode, "steps": steps}


def _plan_of(plan: str, run_id: str, wiring: Wiring, settings: dict[str, Any], mode: str) -> dict[str, bool]:
    """The steps of a plan that may be applied. Raises `ConfigurationError` that says why it may not."""
    made = plans.check(wiring.folder(plan), wiring.runs().read(plan), wiring.clock.now(), run_id)
    plans.check_same(made, settings, mode)
    return dict(made["steps"])


def _reversal(given: RunInput, wiring: Wiring, settings: Settings) -> ReversalPlan | None:
    """The approved reversal that the run is to carry out. Raises `ConfigurationError` as `Plans.approved` does, or REVERSAL-ACCOUNT."""
    if not given.reverse:
        return None
    stored = Plans(wiring.objects(), variable("REPORTS_BUCKET"))
    plan = stored.approved(given.reverse, wiring.clock.now())
    account = netsuite_connection(wiring.credentials(), settings).realm
    if plan.account != account:
        text = f"Reversal {plan.id} was made for NetSuite account {plan.account}; this instance is connected with {account}."
        raise ConfigurationError(text, place="reverse", code="REVERSAL-ACCOUNT", advice="Make a new plan with `tallybridge reversal plan`.")
    return plan


def worked_with(wiring: Wiring) -> str:
    """The settings document that the last run worked with, "" when there was none. An instance that never kept versions has its last
    run's file."""
    runs = wiring.runs()
    if number := runs.configuration():
        return wiring.configuration().versions.get(number).document
    for run in runs.recent():
        folder = wiring.folder(run["run_id"])
        if not run.get("dry_run") and run.get("outcome") != RunOutcome.RUNNING and folder.has(RUN_FILE):
            set_then = RunFile.load(folder).parsed_settings().model_dump(mode="json", by_alias=True, exclude_defaults=True)
            return money.dumps(set_then)
    return ""


def parse_input(content: Any) -> RunInput:
    """The execution input. Raises `ConfigurationError` INPUT that names the key, or the kind of value where it is no object."""
    check_object(content, EXAMPLE)
    try:
        given = RunInput.model_validate(content)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            f'The execution input is not usable: "{place}": {first["msg"]}',
            place=place,
            code="INPUT",
            advice=EXAMPLE,
        ) from wrong
    if given.plan and (given.dryRun or given.steps or given.only or given.acceptMode):
        text = "A run that applies a plan takes the steps and records of the plan; it is no dry run, and accepts no other mode."
        raise ConfigurationError(text, place="plan", code="INPUT", advice='Use {"trigger": "manual", "plan": "<id of the dry run>"}.')
    if given.reverse and (given.steps or given.only or given.plan or given.acceptMode):
        text = "A run that carries out a reversal takes up the documents of the reversal and nothing else, and accepts no other mode."
        raise ConfigurationError(
            text, place="reverse", code="INPUT", advice='Use {"trigger": "manual", "reverse": "<id of the reversal>"}.'
        )
    if unknown := [s for s in given.steps or () if s not in STEPS]:
        raise ConfigurationError(
            f'There is no step "{unknown[0]}".', place="steps", code="INPUT", advice=f"The steps are {', '.join(STEPS)}."
        )
    return given


def own_input(content: Any) -> Any:
    """An execution input without what AWS itself puts there: the example input of the Step Functions console, the envelope of an
    EventBridge event or of a schedule without an input of its own, the key that links a nested execution to its parent. An envelope counts
    as a start by schedule. Whatever else is there stays, to be checked."""
    if content is None:
        return {}
    if not isinstance(content, dict):
        return content
    own = {key: value for key, value in content.items() if key not in ADDED_BY_AWS}
    if set(own) >= EVENT:
        own = {"trigger": "schedule" if own["source"] in SCHEDULERS else f"event of {own['source']}"[:MAX_TRIGGER]}
    return own


def check_object(content: Any, advice: str) -> None:
    """Raises `ConfigurationError` INPUT where an execution input is no JSON object."""
    if not isinstance(content, dict):
        text = f"The execution input is not usable: it must be a JSON object, not {NO_OBJECT.get(type(content), 'a number')}."
        raise ConfigurationError(text, place="input", code="INPUT", advice=advice)


def _bind(runs: Runs, wiring: Wiring, settings: Settings, mode: str, given: RunInput) -> str:
    """Check that NetSuite account and tenant mode are those of earlier runs (sequence-and-status.md 1.3); answers the mode that the
    instance leaves by a deliberate switch, else ""."""
    if given.acceptMode and given.acceptMode != mode:
        raise ConfigurationError(
            f"The run was told to accept mode {given.acceptMode}, but the Zuora tenant works {MODES[mode]} (mode {mode}).",
            place="acceptMode",
            code="MODE-NOT-SWITCHED",
            advice="Finish the switch in Zuora first, or start the run without acceptMode.",
        )
    account = netsuite_connection(wiring.credentials(), settings).realm
    return runs.bind({"netsuite_account": account, "tenant_mode": mode}, accepted_mode=given.acceptMode or "", keep=not given.dryRun)


Told = tuple[Level, str] | tuple[Level, str, str] | tuple[Level, str, str, str]
"""Level, text, code, advice."""


def _about_the_run(given: RunInput, taken_over: str, left: str, mode: str) -> Iterator[Told]:
    if taken_over:
        text = f"The lock of run {taken_over} was stale and has been taken over; its open records are settled by this run."
        yield Level.WARNING, text, "RUN-STALE-LOCK", "Look into that run's execution history."
    if given.dryRun:
        yield Level.INFO, "Dry run: nothing is written on either side."
    if given.reverse:
        yield Level.INFO, f"Reversal {given.reverse} is carried out, and nothing else."
    if given.only:
        yield Level.INFO, "Only records that people have given instructions for are taken up."
    if given.plan:
        yield Level.INFO, f"The plan of dry run {given.plan} is applied; nothing else is taken up."
    if left:
        text = f"The Zuora tenant works {MODES[mode]} (mode {mode}) from now on; until now this instance ran in mode {left}."
        yield Level.WARNING, text, "MODE-SWITCHED", "Start later runs without acceptMode."


def _about_credentials(wiring: Wiring, runs: Runs, run_id: str, *, keep: bool) -> Iterator[Told]:
    """Credentials that end soon, told while they still work: the first run of each stage warns. `keep`: the run may note that it has."""

    def is_first(what: str, stage: str) -> bool:
        return keep and runs.is_first_to_tell(what, stage, run_id)

    for end, first in to_tell(wiring.credentials(), wiring.clock.now().date(), is_first):
        yield Level.WARNING if first else Level.INFO, end.text, CODE, end.advice


def _about_steps(settings: Settings, mode: str, given: RunInput) -> Iterator[Told]:
    """Steps that others will miss (settings.md section 4.2), and steps that were asked for in vain."""
    for step in missed_by_others(settings):
        text = f'"{step}" is disabled. Records that depend on it will not sync unless another process maintains their Integration ID.'
        yield Level.WARNING, text, "STEP-DISABLED"
    for step in given.steps or ():
        if reason := why_not(step, settings, mode):
            text = f'"{step}" was asked for, but does not run: {reason}.'
            yield Level.WARNING, text, "STEP-NOT-RUN", "Change the setting that it names, or leave the step out."


def _about_settings(settings: Settings, mode: str, wiring: Wiring) -> Iterator[Told]:
    """What `tallybridge settings check` warns of; it does not make a run one with warnings."""
    for remark in remarks(settings, mode, wiring.clock.now().date()):
        yield Level.INFO, f'Setting "{remark.place}" {remark.text}', "", remark.advice


def _skip(wiring: Wiring, runs: Runs, run_id: str, busy: RunInProgress) -> None:
    """The run did not start: recorded and logged, nobody is mailed."""
    now = stamp(wiring.clock.now())
    runs.record(run_id, outcome=str(RunOutcome.SKIPPED), ended=now, message=busy.message, code=busy.code, advice=busy.advice)
    _log(wiring, run_id, [_line(wiring, run_id, Level.WARNING, busy.message, busy.code, busy.advice)])


def _line(wiring: Wiring, run_id: str, level: Level, message: str, code: str = "", advice: str = "") -> LogLine:
    return LogLine(stamp(wiring.clock.now()), run_id, "run", level, message, code, advice=advice)


def _log(wiring: Wiring, run_id: str, lines: list[LogLine]) -> None:
    wiring.folder(run_id).write_lines(RUN_LOG, [line.to_json() for line in lines])
