"""Configuration, metadata, runs of the revenue connector on the command line."""

from __future__ import annotations

import json as json_module
import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tallybridge.desk import stopping
from tallybridge.desk.finding import RECENT, find_run
from tallybridge.desk.revenue import runs as revenue_runs
from tallybridge.desk.revenue.metadata import all_datasets, mapping_remarks
from tallybridge.desk.revenue.metadata import refresh as refreshed
from tallybridge.desk.revenue.metadata import template as template_of
from tallybridge.desk.revenue.schedules import apply_schedules, change, wanted
from tallybridge.desk.revenue.site import Site
from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge.revenue.codes import Code as RevenueCode
from tallybridge.revenue.result import RunResult, gather, standing
from tallybridge.revenue.run import RunStatus, TaskRecord
from tallybridge_cli.exits import Code
from tallybridge_cli.options import DebugOption, EnvOption, JsonOption, RunArgument, StackOption, target_of, write_json
from tallybridge_cli.revenue.download import download
from tallybridge_cli.revenue.scaffold import scaffold
from tallybridge_cli.watch import RUNS_FOLDER

app = typer.Typer(help="The revenue connector: NetSuite datasets into Zuora Revenue.", no_args_is_help=True, rich_markup_mode=None)
out = Console(highlight=False, width=None if os.isatty(1) else 200)
err = Console(stderr=True, highlight=False)
APPLY = "The schedules of EventBridge do not fit the configuration: `tallybridge revenue schedules --apply` makes them fit."
POLL_SECONDS = 0.5
LONGEST_RUN_SECONDS = 7 * 3600
ENDED = {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}
EXITS = {RunStatus.SUCCESS: Code.TIED_OUT, RunStatus.WARNING: Code.LEFT_OVER}

InstanceArgument = Annotated[str, typer.Argument(help="Name of the solution instance; may be left out when there is only one.")]


def site_of(env: Path | None, stack: str | None) -> Site:
    """The installation that the options mean."""
    return Site(target_of(env, stack))


@app.command()
def config(
    file: Annotated[Path | None, typer.Argument(help="A document to validate and store; without one, the present one is shown.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the history.")] = "",
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Show the configuration, or validate a document and store it; `tallybridge settings history --revenue` lists the versions."""
    site = site_of(env, stack)
    if file is None:
        print(json_module.dumps(site.document(), indent=2, ensure_ascii=False))
        return Code.TIED_OUT
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as unreadable:
        raise ConfigurationError(f"{file} cannot be read: {unreadable}", place=str(file), code="REVENUE-SETTINGS") from unreadable
    stored = site.store(text, reason)
    if json:
        write_json({"version": stored.version, "instances": len(stored.instances), "enabled": stored.enabled})
        return Code.TIED_OUT
    out.print(f"Stored, version {stored.version}: {len(stored.instances)} instances, the connector is {'on' if stored.enabled else 'off'}.")
    if any(row.drifted for row in apply_schedules(site, really=False)):
        out.print(APPLY)
    return Code.TIED_OUT


@app.command("test")
def connections(env: EnvOption = None, stack: StackOption = None, json: JsonOption = False, debug: DebugOption = False) -> int:
    """Test the connection to both sides."""
    site = site_of(env, stack)
    connection = site.revenue_config().connection
    results = {}
    for name in ("NetSuite", "Zuora Revenue"):
        try:
            side = site.datasets(connection.netsuite) if name == "NetSuite" else site.revenue(connection.revenue)
            side.test_connection()
            results[name] = ""
        except TallybridgeError as failed:
            results[name] = f"{failed.code}: {failed.message}"
    if json:
        print(json_module.dumps({name: text or "ok" for name, text in results.items()}))
    else:
        for name, text in results.items():
            out.print(f"{name:<14} {text or 'ok'}", markup=False)
    return Code.CONFIGURATION if any(results.values()) else Code.TIED_OUT


@app.command()
def datasets(env: EnvOption = None, stack: StackOption = None, json: JsonOption = False, debug: DebugOption = False) -> int:
    """List the NetSuite datasets that the role may see."""
    found = all_datasets(site_of(env, stack))
    _rows(json, ("id", "name"), [(d.id, d.name) for d in found])
    return Code.TIED_OUT


@app.command()
def template(
    name: Annotated[str, typer.Argument(help="Exact name of an upload template; Revenue has no call that lists them.")],
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Show the columns of an upload template of Zuora Revenue."""
    found = template_of(site_of(env, stack), name)
    if found is None:
        raise ConfigurationError(
            f'Zuora Revenue has no upload template "{name}".', place="template", code=str(RevenueCode.TEMPLATE_NOT_FOUND)
        )
    _rows(json, ("seq", "column", "label", "type"), [(c.seq, c.name, c.label, c.kind) for c in found.columns])
    return Code.TIED_OUT


@app.command()
def refresh(
    instance: InstanceArgument = "", env: EnvOption = None, stack: StackOption = None, json: JsonOption = False, debug: DebugOption = False
) -> int:
    """Read the columns of both sides afresh and check every mapping against them. The mapping is not changed."""
    return _mapping(instance, env, stack, json)


@app.command("check-mapping")
def check_mapping(
    instance: InstanceArgument = "", env: EnvOption = None, stack: StackOption = None, json: JsonOption = False, debug: DebugOption = False
) -> int:
    """Check the mappings of an instance against dataset and template."""
    return _mapping(instance, env, stack, json)


def _mapping(instance: str, env: Path | None, stack: str | None, json: bool) -> int:
    site = site_of(env, stack)
    rows: list[tuple[Any, ...]] = []
    for line in site.instance(instance).objects:
        found = refreshed(site, line)
        remarks = list(mapping_remarks(line, found["columns"], found["template"]))
        rows += [(line.object, level, text) for level, text in remarks] or [(line.object, "OK", f"{len(line.mapping)} columns mapped")]
    _rows(json, ("object", "result", "remark"), rows)
    return Code.CONFIGURATION if any(row[1] == "ERROR" for row in rows) else Code.TIED_OUT


@app.command()
def run(
    instance: InstanceArgument = "",
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Start the run and return at once.")] = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Run an instance now and follow its tasks."""
    site = site_of(env, stack)
    return followed(site, revenue_runs.run(site, instance, site.target.who()), wait=not no_wait, json=json)


@app.command()
def resume(
    run_id: RunArgument,
    staged: Annotated[list[str] | None, typer.Option(help="Name of a file of unknown outcome that you have found in Revenue.")] = None,
    not_staged: Annotated[list[str] | None, typer.Option(help="Name of a file of unknown outcome that is not in Revenue.")] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Start the run and return at once.")] = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Go on with a failed run: send the same remaining files, unchanged."""
    site = site_of(env, stack)
    decisions = {**dict.fromkeys(staged or (), "staged"), **dict.fromkeys(not_staged or (), "not staged")}
    arn = revenue_runs.resume(site, _found(site, run_id), decisions, site.target.who())
    return followed(site, arn, wait=not no_wait, json=json)


@app.command()
def cancel(
    run_id: RunArgument = "last", env: EnvOption = None, stack: StackOption = None, json: JsonOption = False, debug: DebugOption = False
) -> int:
    """Cancel a run that has not begun to send."""
    site = site_of(env, stack)
    found = _found(site, run_id)
    cancelled = revenue_runs.cancel(site, found, site.target.who())
    if json:
        write_json({"run_id": found, "cancelled": cancelled})
    elif cancelled:
        out.print(f"Run {found} stops before it sends anything.", markup=False)
    else:
        out.print(f"Run {found} has begun to send; it can no longer be cancelled.", markup=False)
    return Code.TIED_OUT if cancelled else Code.FAILED


@app.command()
def stop(
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the run's record, log and mail.")],
    run_id: RunArgument = "last",
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Stop a run wherever it is. Its mail says what is staged and what is not; before it sends, `cancel` is gentler."""
    site = site_of(env, stack)
    found = _found(site, run_id)
    who = stopping.stop(site.target, "REVENUE_INGEST_ARN", found, reason)
    closed = stopping.await_clean_up(site.runs(), found, site.clock)
    if json:
        write_json({"run_id": found, "stopped_by": who, "reason": reason, "closed": closed})
        return Code.TIED_OUT
    shown = f"`tallybridge revenue show {found}` says what is staged." if closed else "Its mail follows."
    out.print(f"Run {found} was stopped. {shown}", markup=False)
    return Code.TIED_OUT


@app.command()
def runs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """List the latest runs."""
    found = list(site_of(env, stack).runs().recent(limit))
    columns = ("run_id", "instance", "started", "ended", "outcome", "trigger", "message")
    _rows(json, columns, [tuple(str(r.get(c, "")) for c in columns) for r in found])
    return Code.TIED_OUT


@app.command()
def show(
    run_id: RunArgument = "last", env: EnvOption = None, stack: StackOption = None, json: JsonOption = False, debug: DebugOption = False
) -> int:
    """Show the details of a run: every task with its result, every object, what is staged and what is not."""
    site = site_of(env, stack)
    found = _found(site, run_id)
    try:
        result = gather(site, found)
    except FileNotFoundError:  # it ended before it had begun
        record = site.runs().read(found)
        facts = {name: str(record.get(name, "")) for name in ("run_id", "instance", "started", "ended", "outcome", "message")}
        _rows(json, tuple(facts), [tuple(facts.values())])
        return Code.FAILED
    tell(result, json=json)
    return EXITS.get(result.status, Code.FAILED)


@app.command("download")
def download_files(
    run_id: RunArgument = "last",
    into: Annotated[Path, typer.Option(help="Folder; the files go into one of the run's name below it.")] = RUNS_FOLDER,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Bring a run's files: summary log, attachment, line results, upload files, report, mail."""
    site = site_of(env, stack)
    paths = download(site, _found(site, run_id), into)
    if json:
        print(json_module.dumps({"files": [str(p) for p in paths]}))
    else:
        for path in paths:
            out.print(str(path), markup=False)
    return Code.TIED_OUT


@app.command()
def instances(env: EnvOption = None, stack: StackOption = None, json: JsonOption = False, debug: DebugOption = False) -> int:
    """List the solution instances: what they load, when they run by themselves, and their last run."""
    site = site_of(env, stack)
    configured, last = site.revenue_config(), dict[str, dict[str, Any]]()
    for record in site.runs().recent(RECENT):
        last.setdefault(str(record.get("instance", "")).lower(), record)
    rows = []
    for each in configured.instances:
        when = f"{each.schedule.expression} {each.schedule.timezone}" if each.schedule else "on demand"
        record = last.get(each.key, {})
        objects = ", ".join(line.object for line in each.enabled_objects)
        rows.append((each.name, objects, when, str(record.get("outcome", "")), str(record.get("started", ""))))
    _rows(json, ("instance", "objects", "schedule", "last run", "started"), rows)
    if not configured.enabled and not json:
        out.print("The connector is off: nothing runs.")
    return Code.TIED_OUT


@app.command("scaffold")
def scaffold_config(
    dataset: Annotated[str, typer.Argument(help="Id or exact name of a NetSuite dataset.")],
    template_name: Annotated[str, typer.Argument(help="Exact name of an upload template.", metavar="TEMPLATE")],
    instance: Annotated[str, typer.Option(help="Name of the solution instance that gets the object.")] = "Daily",
    object_type: Annotated[str, typer.Option("--object", help="Orders, Invoices, Credit Memos or a custom object.")] = "",
    file: Annotated[Path | None, typer.Option("--out", help="Write the document to a file instead of the screen.")] = None,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Make a configuration from a dataset and an upload template. Nothing is stored: look at it, then use `config FILE`."""
    document, remarks = scaffold(site_of(env, stack), dataset, template_name, object_type, instance)
    text = json_module.dumps(document, indent=2, ensure_ascii=False)
    if file is not None:
        file.write_text(text + "\n", encoding="utf-8")
    if json:
        write_json({"document": document, "to_decide": list(remarks)})
        return Code.TIED_OUT
    if file is None:
        print(text)
    for remark in remarks:
        err.print(f"To decide: {remark}.", markup=False)
    return Code.TIED_OUT


@app.command()
def schedule(
    instance: InstanceArgument = "",
    frequency: Annotated[str, typer.Option(help="minutes (15 or 30), hours (1 to 12), daily, weekly, monthly.")] = "",
    every: Annotated[str, typer.Option(help="Every so many minutes or hours.")] = "",
    start_minute: Annotated[str, typer.Option(help="With hours: at this minute.")] = "",
    time_of_day: Annotated[str, typer.Option("--time", help="With daily, weekly, monthly: at this time, 05:00.")] = "",
    days: Annotated[str, typer.Option(help="With weekly: MON,THU.")] = "",
    day: Annotated[str, typer.Option(help="With monthly: 1 to 28, or last.")] = "",
    timezone: Annotated[str, typer.Option(help="The time zone in which it is meant.")] = "UTC",
    start_date: Annotated[str, typer.Option(help="First day, 2027-01-01.")] = "",
    end_date: Annotated[str, typer.Option(help="Last day.")] = "",
    on_demand: Annotated[bool, typer.Option("--on-demand", help="Start it on demand only.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the history.")] = "",
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Have an instance start by itself, or on demand only; it is saved in the configuration and put into EventBridge."""
    site = site_of(env, stack)
    if bool(frequency) == on_demand:
        text, advice = "It is not said when it is to start.", "Give either --frequency or --on-demand."
        raise ConfigurationError(text, place="--frequency", code="INPUT", advice=advice)
    words = {"frequency": frequency, "every": every, "start_minute": start_minute, "time": time_of_day, "days": days, "day": day}
    words |= {"timezone": timezone, "start_date": start_date, "end_date": end_date}
    found = change(site, instance, wanted(words), site.target.who(), reason)
    _rows(json, ("instance", "when", "time zone", "action"), [(r.instance, r.when, r.timezone, r.action) for r in found])
    return Code.TIED_OUT


@app.command()
def schedules(
    apply: Annotated[bool, typer.Option("--apply", help="Make the schedules of EventBridge fit the configuration.")] = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Show when instances run by themselves and where EventBridge differs, or bring the schedules up to date."""
    found = apply_schedules(site_of(env, stack), really=apply)
    _rows(json, ("instance", "when", "time zone", "action"), [(r.instance, r.when, r.timezone, r.action) for r in found])
    drifted = not apply and any(row.drifted for row in found)
    if drifted and not json:
        out.print(APPLY)
    return Code.LEFT_OVER if drifted else Code.TIED_OUT


# -- following ---------------------------------------------------------------------------------------------------------


def followed(site: Site, arn: str, *, wait: bool, json: bool, console: Console = out) -> int:
    """Follow an execution to its end, unless that is not wanted."""
    client, name = site.target.client("stepfunctions"), arn.rpartition(":")[2]
    if not wait:
        console.print(json_module.dumps({"run_id": name, "execution": arn}) if json else f"Run {name} has started.", markup=False)
        return Code.TIED_OUT
    ended = follow(site, client, arn, name, quiet=json, console=console)
    output = json_module.loads(ended.get("output") or "{}")
    if output.get("outcome") == "REFUSED":
        raise ConfigurationError(output.get("message", ""), code=output.get("code", ""), place="run", advice="")
    if ended["status"] != "SUCCEEDED":
        stopping.await_clean_up(site.runs(), name, site.clock)
    result = gather(site, name)
    tell(result, json=json, console=console)
    return EXITS.get(result.status, Code.FAILED)


def follow(site: Site, client: Any, arn: str, run_id: str, *, quiet: bool, console: Console = out) -> dict[str, Any]:
    """Print each task as it ends, until the execution has."""
    told: set[tuple[str, str]] = set()
    give_up = time.monotonic() + LONGEST_RUN_SECONDS
    while True:
        ended = client.describe_execution(executionArn=arn)
        if not quiet:
            told |= _tell_new(site, run_id, told, console)
        if ended["status"] in ENDED or time.monotonic() > give_up:
            return dict(ended)
        time.sleep(POLL_SECONDS)


def _tell_new(site: Site, run_id: str, told: set[tuple[str, str]], console: Console) -> set[tuple[str, str]]:
    try:
        result = gather(site, run_id)
    except FileNotFoundError:
        return set()
    new = [t for t in result.tasks if t.ended and (t.name, t.object) not in told]
    for task in new:
        console.print(task_line(result, task), markup=False)
    return {(t.name, t.object) for t in new}


def task_line(result: RunResult, task: TaskRecord) -> str:
    """One task on one line."""
    name = result.object_name(task.object)
    title = f"{task.title}: {name}" if name else task.title
    code = f"{task.code}: " if task.code else ""
    return f"  {task.number:>2}  {title:<42} {task.status:<8} {code}{task.message}"


def tell(result: RunResult, *, json: bool, console: Console = out) -> None:
    """A run's details."""
    if json:
        content = revenue_runs.told(result)
        print(json_module.dumps({**content, "standing": standing(result)}))
        return
    console.print(f"Run {result.run.run_id} of {result.run.instance.name}: {result.status}", markup=False)
    for task in result.tasks:
        console.print(task_line(result, task), markup=False)
    for item in result.objects:
        console.print(f"{item.line.object}: {item.status}, {item.rows} rows read, {item.staged} staged", markup=False)
    for text in standing(result):
        console.print(text, markup=False)
    if (failure := result.failure) and failure.advice:
        console.print(f"Next: {failure.advice}", markup=False)


def _found(site: Site, run_id: str) -> str:
    """A run by its id, its beginning, or "last". Raises `ConfigurationError` RUN-UNKNOWN."""
    return find_run(site.runs(), run_id, "tallybridge revenue runs")


def _rows(json: bool, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if json:
        print(json_module.dumps([dict(zip(columns, row, strict=True)) for row in rows]))
        return
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(str, row))
    out.print(table)
