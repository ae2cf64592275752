"""Task 1: validate the configuration, take the lock of the instance, and keep a snapshot that the whole run works on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tallybridge.clock import stamp
from tallybridge.configuration import taken
from tallybridge.errors import ConfigurationError, RunEnded, RunInProgress, TallybridgeError
from tallybridge.expiry import CODE, to_tell
from tallybridge.revenue.codes import NOT_STARTED, Code, ConfigurationFault, TaskFailed
from tallybridge.revenue.config import Connection, Instance, InstanceObject, Notifications, Options, RevenueConfig, parse_config
from tallybridge.revenue.resuming import Decisions, continuation, make_ready
from tallybridge.revenue.run import NAME, RevenueRun, RunStatus, TaskBook, TaskStatus
from tallybridge.revenue.wiring import RevenueWiring, connections
from tallybridge.revenue.work import coded
from tallybridge.tasks.open_run import check_object, own_input, run_id_of
from tallybridge.wiring import variable

SCHEDULE = "schedule"
EXAMPLE = 'Use {"trigger": "manual", "instance": "name of the solution instance"}.'


class RunInput(BaseModel):
    """The execution input. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")

    trigger: str = Field("manual", max_length=100)
    instance: str = Field("", max_length=80)
    user: str = Field("", max_length=200)
    resume: str = Field("", max_length=80)
    """A failed run whose remaining files are sent, instead of reading anew."""
    decisions: Decisions = Field(default_factory=dict)
    """For files whose outcome is unknown, by name: "staged" or "not staged", as found in Revenue."""


def open_run(event: dict[str, Any], wiring: RevenueWiring) -> dict[str, Any]:
    """`event` = {"input", "execution"}. Answers {"opened": true, "failed", "skipped", "runId", "objects": ["1", ...], "resumes"}, or
    {"opened": false, "runId", "code", "reason"} for a run that is refused. What keeps a started run from going on is written down. Raises
    `RunEnded` for a run that has ended."""
    run_id = run_id_of(event["execution"])
    wiring.runs().check_open(run_id)
    started = stamp(wiring.clock.now())
    content = own_input(event.get("input"))
    try:
        given = parse_input(content)
    except ConfigurationError as wrong:
        return _fail(wiring, _without_config(run_id, content, started), wrong)
    try:
        version = taken(wiring.revenue_configuration(), lambda: _worked_with(wiring), parse_config)
        config = parse_config(version.document)
    except ConfigurationError as wrong:
        return _fail(wiring, _without_config(run_id, content, started), wrong)
    wiring.runs().set_configuration(version.number, run_id)
    wiring.runs().set_concurrency(config.connection.netsuite.max_concurrency)
    refusal = _refusal(config, given)
    if refusal and (given.trigger != SCHEDULE or refusal.code == Code.CONNECTOR_DISABLED):
        return {"opened": False, "runId": run_id, "code": refusal.code, "reason": refusal.message}
    run = _snapshot(config, given, run_id, started)
    if refusal:
        return _fail(wiring, run, refusal)
    return _open(wiring, run, given)


def _worked_with(wiring: RevenueWiring) -> str:
    """The document that the last run worked with, "" when there was none."""
    number = wiring.runs().configuration()
    return wiring.revenue_configuration().versions.get(number).document if number else ""


def parse_input(content: Any) -> RunInput:
    """The execution input. Raises `ConfigurationError` INPUT that names the key, or the kind of value where it is no object."""
    check_object(content, EXAMPLE)
    try:
        return RunInput.model_validate(content)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            f'The execution input is not usable: "{place}": {first["msg"]}', place=place, code="INPUT", advice=EXAMPLE
        ) from wrong


def _refusal(config: RevenueConfig, given: RunInput) -> TaskFailed | None:
    """Why a run cannot start at all."""
    if not config.enabled:
        return TaskFailed(Code.CONNECTOR_DISABLED, "The revenue connector is switched off.")
    if given.resume:
        return None
    instance = config.instance(given.instance)
    if instance is None:
        return TaskFailed(Code.INSTANCE_NOT_FOUND, f'There is no solution instance "{given.instance}".')
    if not instance.enabled_objects:
        return TaskFailed(Code.NO_ENABLED_OBJECT, f'No object of the solution instance "{instance.name}" is switched on.')
    return None


def check_complete(config: RevenueRun | RevenueConfig, instance: Instance, secret: dict[str, Any]) -> None:
    """That everything a run needs is there. Raises `ConfigurationFault` CONFIG_INCOMPLETE or MAPPING_MISSING naming the place."""
    connections(secret, config.connection)
    for line in instance.enabled_objects:
        place = f"instances.{instance.name}.objects.{line.object}"
        for name, what in (("dataset", "dataset"), ("template", "upload template")):
            if not getattr(line, name):
                raise ConfigurationFault(Code.CONFIG_INCOMPLETE, f'The object "{line.object}" has no {what}.', f"{place}.{name}")
        if not line.mapping:
            raise ConfigurationFault(Code.MAPPING_MISSING, f'The object "{line.object}" has no field mapping.', f"{place}.mapping")


def _snapshot(config: RevenueConfig, given: RunInput, run_id: str, started: str) -> RevenueRun:
    instance = config.instance(given.instance) or Instance(
        name=given.instance or "unknown", objects=[InstanceObject(object="none", enabled=False)]
    )
    return RevenueRun(
        run_id,
        instance,
        config.connection,
        config.notifications,
        config.options,
        config.version,
        variable("INSTANCE_NAME"),
        given.trigger,
        given.user,
        started,
        origin=run_id,
    )


def _without_config(run_id: str, content: Any, started: str) -> RevenueRun:
    """A run that fails before its configuration is known: enough for its log."""
    given = content if isinstance(content, dict) else {}
    name = str(given.get("instance") or "unknown")[:80]
    nothing = Instance(name=name, objects=[InstanceObject(object="none", enabled=False)])
    trigger = str(given.get("trigger", "manual"))[:100]
    return RevenueRun(
        run_id, nothing, Connection(), Notifications(), Options(), "", variable("INSTANCE_NAME"), trigger, "", started, origin=run_id
    )


def keep_run(wiring: RevenueWiring, run_id: str, content: Any = None) -> None:
    """A run that ended before its snapshot was kept gets one all the same, so that it has a log and a mail."""
    folder, record = wiring.folder(run_id), wiring.runs().read(run_id)
    if folder.has(NAME):
        return
    known = {"instance": record.get("instance"), "trigger": record.get("trigger")} if record else content
    started = str(record.get("started") or stamp(wiring.clock.now()))
    run = _without_config(run_id, known, started)
    run.save_in(folder)
    if not record:
        _record(wiring, run, str(RunStatus.RUNNING))


def _open(wiring: RevenueWiring, run: RevenueRun, given: RunInput) -> dict[str, Any]:
    try:
        if given.resume:
            run = continuation(wiring, run, given.resume, given.decisions)
        taken_over = wiring.instance_lock(run.instance.key).lock(run.run_id)
    except RunInProgress as busy:
        return _overlap(wiring, run, busy)
    except TallybridgeError as failed:
        if given.trigger != SCHEDULE and failed.code in (Code.NOT_RESUMABLE, *NOT_STARTED):
            return {"opened": False, "runId": run.run_id, "code": failed.code, "reason": failed.message}
        return _fail(wiring, run, failed)
    try:
        wiring.runs().check_open(run.run_id)  # stopped meanwhile: its clean-up has freed no lock, since there was none
    except RunEnded:
        wiring.instance_lock(run.instance.key).unlock(run.run_id)
        raise
    _record(wiring, run, str(RunStatus.RUNNING))
    run.save_in(wiring.folder(run.run_id))
    book = TaskBook(wiring.folder(run.run_id), wiring.clock)
    record = book.start("validate")
    try:
        if run.resumes:
            make_ready(wiring, run, given.decisions)
        else:
            check_complete(run, run.instance, wiring.secret())
        ending = _about_credentials(wiring, run.run_id)
    except TallybridgeError as failed:
        return _fail(wiring, run, failed)
    names = ", ".join(line.object for line in run.objects.values())
    told = [["RUN-STALE-LOCK", f"The lock of run {taken_over} was stale and has been taken over."]] if taken_over else []
    told += ending
    status = TaskStatus.WARNING if told else TaskStatus.SUCCESS
    message = f"Resumes run {run.origin}: {names}." if run.resumes else f"Instance {run.instance.name}: {names}."
    book.end(replace(record, status=status, message=message, warnings=told))
    return {"opened": True, "failed": False, "skipped": False, "runId": run.run_id, "objects": list(run.objects), "resumes": run.resumes}


def _about_credentials(wiring: RevenueWiring, run_id: str) -> list[list[str]]:
    """Credentials of the two sides that end soon, told by the first run of each stage."""
    secret, runs = wiring.secret(), wiring.runs()
    mine = {system: keys for system, keys in secret.items() if system in ("netsuite", "revenue")}
    told = to_tell(mine, wiring.clock.now().date(), lambda what, stage: runs.is_first_to_tell(what, stage, run_id))
    return [[CODE, f"{end.text} {end.advice}"] for end, first in told if first]


def _overlap(wiring: RevenueWiring, run: RevenueRun, busy: RunInProgress) -> dict[str, Any]:
    """The instance is still running: an occurrence of the schedule is skipped with a warning, a run on demand refused."""
    reason = f'The solution instance "{run.instance.name}" is still running. {busy.advice}'
    if run.trigger != SCHEDULE:
        return {"opened": False, "runId": run.run_id, "code": str(Code.RUN_IN_PROGRESS), "reason": reason}
    _record(wiring, run, str(RunStatus.SKIPPED), reason)
    run.save_in(wiring.folder(run.run_id))
    book = TaskBook(wiring.folder(run.run_id), wiring.clock)
    warning = [[str(Code.RUN_IN_PROGRESS), reason]]
    book.end(replace(book.start("validate"), status=TaskStatus.SKIPPED, code=str(Code.RUN_IN_PROGRESS), message=reason, warnings=warning))
    return {"opened": True, "failed": False, "skipped": True, "runId": run.run_id, "objects": [], "resumes": False}


def _fail(wiring: RevenueWiring, run: RevenueRun, failed: TallybridgeError) -> dict[str, Any]:
    code, message, advice = coded(failed)
    _record(wiring, run, str(RunStatus.RUNNING), message)
    run.save_in(wiring.folder(run.run_id))
    book = TaskBook(wiring.folder(run.run_id), wiring.clock)
    book.end(replace(book.start("validate"), status=TaskStatus.ERROR, code=code, message=message, advice=advice))
    return {"opened": True, "failed": True, "skipped": False, "runId": run.run_id, "objects": [], "resumes": False}


def _record(wiring: RevenueWiring, run: RevenueRun, status: str, message: str = "") -> None:
    facts = {"message": message} if message else {}
    wiring.runs().record(
        run.run_id,
        started=run.started,
        trigger=run.trigger,
        outcome=status,
        job="revenue",
        instance=run.instance.name,
        user=run.user,
        **facts,
    )
