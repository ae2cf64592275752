"""The commands: run, runs, show, stop, status, schedule, console, doctor, settings, revenue.

Exit codes: see `exits.Code`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape

from tallybridge import money
from tallybridge.configuration import REVENUE, SETTINGS
from tallybridge.desk import log as logs
from tallybridge.desk import schedule as scheduling
from tallybridge.desk import stopping
from tallybridge.desk.doctor import Check, State, examine
from tallybridge.errors import ConfigurationError
from tallybridge.reporting.summary import summary_json
from tallybridge.settings import parse_settings
from tallybridge.sync.runlog import Level
from tallybridge.sync.runs import MODES
from tallybridge.tasks.steps import STEPS
from tallybridge_cli import (
    checks,
    credential_commands,
    history,
    month_commands,
    plan_commands,
    record_commands,
    render,
    reversal_commands,
    settings_file,
    standing,
    watch,
)
from tallybridge_cli import console as console_server
from tallybridge_cli import revenue as revenue_commands
from tallybridge_cli import setup as setup_commands
from tallybridge_cli.exits import KNOWN_ERRORS, Code, code_of, explained, guarded, show_error
from tallybridge_cli.options import DebugOption, EnvOption, JsonOption, RunArgument, StackOption, err, out, say, target_of, write_json
from tallybridge_cli.target import Target

app = typer.Typer(
    name="tallybridge",
    help="Runs and looks after the billing sync between Zuora and NetSuite.",
    epilog=(
        "Exit codes: 0 tied out, 1 finished with records held, refused or left out that are still due, 2 out of balance, failed or "
        "cancelled, 3 configuration, credentials or connection, 130 interrupted."
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(revenue_commands.app, name="revenue")
app.add_typer(record_commands.app)
app.add_typer(month_commands.app)
app.add_typer(plan_commands.app)
app.add_typer(credential_commands.app)
app.add_typer(reversal_commands.app, name="reversal")
app.add_typer(setup_commands.app, name="setup")


@app.command()
def run(
    trigger: Annotated[str, typer.Option(help="Who or what starts the run; it stands in the report.")] = "manual",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide everything, write nothing on either side.")] = False,
    steps: Annotated[str, typer.Option(help=f"Only these steps, separated by commas: {','.join(STEPS)}.")] = "",
    accept_mode: Annotated[
        str,
        typer.Option("--accept-mode", help="A or B: the tenant was switched on purpose; this instance belongs to that mode from now on."),
    ] = "",
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Start the run and return at once.")] = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Start a billing sync, follow it, show its control totals and what needs attention."""
    target = target_of(env, stack)
    execution = watch.start(target, trigger=trigger, dry_run=dry_run, steps=_steps(steps), accept_mode=_mode(accept_mode), by=target.who())
    run_id = watch.run_id_of(execution)
    if no_wait:
        write_json({"run_id": run_id, "execution": execution}) if json else out.print(f"Run {run_id} has started.")
        return Code.TIED_OUT
    try:
        follow(target, execution, quiet=json)
    except KeyboardInterrupt:
        if json:
            write_json({"run_id": run_id, "execution": execution, "interrupted": True})
        else:
            out.print(f"\nRun {run_id} goes on without being watched. See it with `tallybridge show {run_id}`.")
        return Code.INTERRUPTED
    return finished(target, execution, json=json)


def _steps(text: str) -> list[str] | None:
    """The steps asked for; None for all. Raises `ConfigurationError` for one that does not exist."""
    wanted = [step.strip() for step in text.split(",") if step.strip()]
    for step in wanted:
        if step not in STEPS:
            raise ConfigurationError(
                f'There is no step "{step}".', place="--steps", code="INPUT", advice=f"The steps are {', '.join(STEPS)}."
            )
    return wanted or None


def _mode(text: str) -> str:
    """The mode that a run may accept; "" for none. Raises `ConfigurationError` for another word."""
    if text.upper() not in ("", *MODES):
        advice = "A is a tenant without Invoice Settlement, B one with it."
        raise ConfigurationError(f'"{text}" is not a tenant mode.', place="--accept-mode", code="INPUT", advice=advice)
    return text.upper()


def follow(
    target: Target, execution: str, *, quiet: bool = False, console: Console = out, longest: float = watch.LONGEST_RUN_SECONDS
) -> None:
    """Show a run's progress until it has ended, at most so many seconds: redrawn on a terminal, one line per step elsewhere."""
    live = console.is_terminal and not quiet
    told: set[str] = set()
    with Live(console=console, refresh_per_second=4, transient=True) if live else nullcontext() as screen:
        for now in watch.follow(target, execution, longest=longest):
            if screen is not None:
                screen.update(render.progress(now))
            for step in now.steps:
                if step.report is not None and step.step not in told and not quiet:
                    told.add(step.step)
                    console.print(render.plain(render.progress_line(step)))


def finished(target: Target, execution: str, *, json: bool = False, console: Console = out, into: Path = watch.RUNS_FOLDER) -> int:
    """Say how a run ended and fetch its files; answers the exit code."""
    end = watch.ended(target, execution)
    paths = watch.download(target, end.run_id, into)
    code = code_of(end.summary) if end.summary else Code.CONFIGURATION if end.set_up else Code.FAILED
    if json:
        write_json(
            {
                "run_id": end.run_id,
                "execution": execution,
                "outcome": end.outcome,
                "exit_code": int(code),
                "message": end.message,
                "advice": end.advice,
                "summary": _summary(end.summary),
                "files": [str(p) for p in paths],
            }
        )
        return code
    if end.summary:
        say(console, render.run_result(end.summary), "", render.files(paths))
        if end.summary.dry_run:
            say(console, render.plain(f"`tallybridge plan {end.run_id}` shows what it would do, record by record.", "dim"))
    else:
        console.print(render.plain(f"Run {end.run_id}: {end.outcome}", "bold"))
        show_error(console, "", end.message, end.advice)
    return code


def _summary(summary: Any) -> Any:
    return None if summary is None else money.loads(summary_json(summary))


@app.command()
def runs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """List the latest runs."""
    rows = list(target_of(env, stack).runs.recent(limit))
    if json:
        write_json({"runs": rows})
    elif rows:
        say(out, render.runs_table(rows))
    else:
        out.print("There was no run yet.")
    return Code.TIED_OUT


@app.command()
def show(
    run_id: RunArgument = "last",
    log: Annotated[bool, typer.Option("--log", help="Write the run's log, line by line.")] = False,
    level: Annotated[Level, typer.Option(case_sensitive=False, help="With --log: lines of this level and above.")] = Level.INFO,
    step: Annotated[str, typer.Option(help="With --log: lines of this step.")] = "",
    record: Annotated[str, typer.Option(help="With --log: lines of this record, by number or id.")] = "",
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Show a run: its totals and what needs attention, or its log."""
    target = target_of(env, stack)
    found = standing.find_run(target, run_id)
    if log:
        for line in logs.lines(target.folder(found), level=level, step=step, record=record):
            write_json(line.to_json()) if json else say(out, render.log_line(line))
        return Code.TIED_OUT
    summary = watch.summary_of(target, found)
    if json:
        write_json({"run_id": found, "record": target.runs.read(found), "summary": _summary(summary)})
    elif summary:
        say(out, render.run_result(summary))
    else:
        say(out, standing.without_summary(target, found))
    return code_of(summary) if summary else Code.CONFIGURATION if target.runs.read(found).get("set_up") else Code.FAILED


@app.command()
def stop(
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the run's record, report and mail.")],
    run_id: RunArgument = "last",
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for the run's report.")] = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Stop a run. Its log is archived, its mail sent and its lock freed; the next run takes up the rest."""
    target = target_of(env, stack)
    found = standing.find_run(target, run_id)
    who = stopping.stop(target, "BILLING_SYNC_ARN", found, reason)
    closed = not no_wait and stopping.await_clean_up(target.runs, found, target.clock)
    if json:
        write_json({"run_id": found, "stopped_by": who, "reason": reason, "closed": closed})
    else:
        shown = f"`tallybridge show {found}` shows its report." if closed else "Its report follows."
        say(out, render.plain(f"Run {found} was stopped. {shown}"))
    return Code.TIED_OUT


@app.command()
def status(env: EnvOption = None, stack: StackOption = None, json: JsonOption = False, debug: DebugOption = False) -> int:
    """Did it run, is the money right, what needs me, is it safe to press the button."""
    now = standing.standing(target_of(env, stack))
    write_json(now.to_json()) if json else say(out, standing.page(now))
    return now.exit_code


@app.command()
def schedule(
    expression: Annotated[str, typer.Option("--at", help='When runs start: "cron(0 2 * * ? *)", "rate(2 hours)".')] = "",
    timezone: Annotated[str, typer.Option("--timezone", help="The time zone of the expression, such as Europe/Berlin.")] = "",
    on: Annotated[bool | None, typer.Option("--on/--off", help="Let it start runs, or not.")] = None,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Show when the billing sync runs by itself, or change it; no deployment is needed, and none takes it back."""
    target = target_of(env, stack)
    changed = bool(expression or timezone or on is not None)
    found = scheduling.shown(scheduling.change(target, expression, timezone, on) if changed else scheduling.current(target))
    if json:
        write_json(found)
    else:
        say(out, render.plain(f"{found['schedule']}: {found['expression']} {found['timezone']}, {found['state']}"))
    return Code.TIED_OUT


@app.command()
def accept(
    record: Annotated[str, typer.Argument(help="The record's number or id, as the drift names it.")],
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Take a record that changed on one side after its sync as it is: no run tells it again, unless it changes once more."""
    accepted = standing.accept(target_of(env, stack), record)
    if json:
        write_json({"accepted": [drift.to_json() for drift in accepted]})
    else:
        say(out, *(render.plain(f"Accepted: {drift.message}") for drift in accepted))
    return Code.TIED_OUT


@app.command()
def doctor(env: EnvOption = None, stack: StackOption = None, json: JsonOption = False, debug: DebugOption = False) -> int:
    """Check the set-up: AWS, settings, credentials, fields and reference data on both sides."""
    target = target_of(env, stack)
    found = []
    for check in examine(target):
        found.append(check)
        if not json:
            say(out, checks.shown(check))
    failed = any(c.state is State.FAIL for c in found)
    if json:
        write_json({"ok": not failed, "checks": [c.to_json() for c in found]})
    else:
        say(out, "", checks.conclusion(found))
    return Code.CONFIGURATION if failed else Code.TIED_OUT


@app.command()
def console(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port on 127.0.0.1.")] = console_server.DEFAULT_PORT,
    role: Annotated[str, typer.Option("--role", help="What the console lets you do: viewer, operator or approver.")] = "approver",
    env: EnvOption = None,
    stack: StackOption = None,
    debug: DebugOption = False,
) -> int:
    """Serve the operator's console on this machine, with your own AWS identity, until Ctrl-C."""
    site = console_server.site_of(target_of(env, stack), port, role, stack or "")
    serving = console_server.server(site, port, lambda error: err.print(f"[red]{type(error).__name__}[/]: {escape(str(error))}"))
    say(out, render.plain(f"The console is open as {role} at {console_server.address_of(site)}"), render.plain("Ctrl-C closes it.", "dim"))
    serving.serve_forever()
    return Code.TIED_OUT


settings_app = typer.Typer(help="Looks at, checks and stores the settings.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(settings_app, name="settings")
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stands in the history.")]
RevenueOption = Annotated[bool, typer.Option("--revenue", help="The settings of the revenue connector.")]
FileArgument = Annotated[Path, typer.Argument(help="Settings as a JSON file.")]


@settings_app.command("show")
def settings_show(
    every: Annotated[bool, typer.Option("--all", help="Every setting, not only those that differ from their default.")] = False,
    version: Annotated[int | None, typer.Option("--version", help="An earlier version; `settings history` lists them.")] = None,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Show the settings that the next run will use."""
    target = target_of(env, stack)
    settings = target.settings() if version is None else parse_settings(target.configuration().versions.get(version).document)
    current = settings_file.shown(settings, every=every)
    write_json(current) if json else say(out, settings_file.table(current))
    return Code.TIED_OUT


@settings_app.command("check")
def settings_check(
    file: FileArgument,
    offline: Annotated[bool, typer.Option("--offline", help="Keys and values only; names are not looked up in NetSuite.")] = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Check a settings file before it is stored: every key, every value, and every name against NetSuite."""
    found = settings_file.examined(file, None if offline else target_of(env, stack))
    _show_settings_checks(found, json=json)
    return Code.CONFIGURATION if any(c.state is State.FAIL for c in found) else Code.TIED_OUT


@settings_app.command("save")
def settings_save(
    file: FileArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Store it without being asked, whatever there is to think about.")] = False,
    reason: ReasonOption = "",
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Check a settings file and store it; the next run takes it."""
    target = target_of(env, stack)
    found = [*settings_file.examined(file, target), *settings_file.dropped(file, target)]
    failed = any(c.state is State.FAIL for c in found)
    if not failed and not yes and any(c.state is State.WARN for c in found):
        _show_settings_checks(found, json=False)
        typer.confirm("Store these settings?", abort=True, err=True)
    made = None if failed else settings_file.save(file, target, reason)
    _show_settings_checks(found, json=json)
    if not json:
        out.print(f"Stored as version {made.number}; the next run takes them ({target['SETTINGS_PARAMETER']})." if made else "Not stored.")
    return Code.CONFIGURATION if failed else Code.TIED_OUT


@settings_app.command("history")
def settings_history(
    revenue: RevenueOption = False, env: EnvOption = None, stack: StackOption = None, json: JsonOption = False, debug: DebugOption = False
) -> int:
    """List every version: who saved it, when, why, and which keys it changed."""
    rows = history.listed(target_of(env, stack), REVENUE if revenue else SETTINGS)
    write_json(rows) if json else say(out, history.table(rows))
    return Code.TIED_OUT


@settings_app.command("restore")
def settings_restore(
    version: Annotated[int, typer.Argument(help="The number of the version; `settings history` lists them.")],
    reason: ReasonOption = "",
    revenue: RevenueOption = False,
    env: EnvOption = None,
    stack: StackOption = None,
    debug: DebugOption = False,
) -> int:
    """Make an earlier version the one in force."""
    made = history.restore(target_of(env, stack), REVENUE if revenue else SETTINGS, version, reason)
    out.print(f"Version {version} is in force again, as version {made.number}; the next run takes it.")
    return Code.TIED_OUT


@settings_app.command("accept")
def settings_accept(
    reason: Annotated[str, typer.Option("--reason", help="Why it is meant; it stands in the history.")],
    revenue: RevenueOption = False,
    env: EnvOption = None,
    stack: StackOption = None,
    debug: DebugOption = False,
) -> int:
    """Confirm a document in the parameter that a run has refused because it is empty or has lost keys."""
    made = history.accept(target_of(env, stack), REVENUE if revenue else SETTINGS, reason)
    out.print(f"Accepted as version {made.number}; the next run takes it.")
    return Code.TIED_OUT


def _show_settings_checks(found: list[Check], *, json: bool) -> None:
    if json:
        write_json({"ok": all(c.state is not State.FAIL for c in found), "checks": [c.to_json() for c in found]})
    else:
        say(out, *(checks.shown(c) for c in found))


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: exits with the command's code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given

    def command() -> object:
        return app(given, standalone_mode=False)

    if as_json:
        code = _guarded_json(command, debug="--debug" in given)
    else:
        code = guarded(command, debug="--debug" in given, console=err)
    sys.exit(int(code))


def _guarded_json(command: Any, *, debug: bool) -> int:
    """As `guarded`; an error becomes a JSON document on standard output."""

    def writing() -> object:
        try:
            return command()
        except KNOWN_ERRORS as failed:
            known = explained(failed)
            write_json({"error": {"code": known.code, "message": known.message, "advice": known.advice}})
            raise

    return guarded(writing, debug=debug, console=err)
