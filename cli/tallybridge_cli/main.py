"""The commands: run, runs, show, stop, status, schedule, console, doctor, settings, revenue.

Exit codes: see `exits.Code`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from typer.main import get_command

from tallybridge import __version__, money
from tallybridge.desk import log as logs
from tallybridge.desk import schedule as scheduling
from tallybridge.desk import stopping
from tallybridge.desk.doctor import State, examine
from tallybridge.errors import ConfigurationError
from tallybridge.reporting.summary import summary_json
from tallybridge.sync.runlog import Level
from tallybridge.sync.runs import MODES
from tallybridge.tasks.steps import STEPS
from tallybridge_cli import (
    checks,
    credential_commands,
    month_commands,
    options,
    plan_commands,
    record_commands,
    render,
    reversal_commands,
    settings_commands,
    standing,
    watch,
)
from tallybridge_cli import console as console_server
from tallybridge_cli import revenue as revenue_commands
from tallybridge_cli import setup as setup_commands
from tallybridge_cli import verify as verify_command
from tallybridge_cli.exits import Code, as_json, code_of, guarded, on, show_error
from tallybridge_cli.options import (
    DebugOption,
    EnvOption,
    JsonOption,
    RunArgument,
    StackOption,
    err,
    known_step,
    out,
    say,
    target_of,
    write_json,
)
from tallybridge_cli.target import Target

NAME = "tallybridge"
app = typer.Typer(
    name=NAME,
    epilog=(
        "Exit codes: 0 tied out, 1 finished with records held, refused or left out that are still due, 2 out of balance, failed or "
        "cancelled, 3 configuration, credentials or connection, 130 interrupted."
    ),
    no_args_is_help=True,
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
app.add_typer(verify_command.app)
app.add_typer(settings_commands.app, name="settings")


def tell_version(asked: bool) -> None:
    """Answer --version."""
    if asked:
        out.print(f"{NAME} {__version__}")
        raise typer.Exit


@app.callback()
def options_before_the_command(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=tell_version, is_eager=True, expose_value=False)
    ] = False,
) -> None:
    """Runs and looks after the billing sync between Zuora and NetSuite."""


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
    return [known_step(step.strip()) for step in text.split(",") if step.strip()] or None


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
    step: Annotated[str, typer.Option(help="With --log: lines of this step.", callback=known_step)] = "",
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
        for line in logs.lines_of(target.folder(found), level=level, step=step, record=record):
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


@cache
def _commands() -> Any:
    """All commands with their options, worked out from the functions when the first one is called."""
    return get_command(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point: exits with the command's code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    json = "--json" in given
    options.silent.set(json)

    def command() -> object:
        return _commands()(given, prog_name=NAME, standalone_mode=False)

    sys.exit(int(guarded(command, debug="--debug" in given, show=as_json if json else on(err))))
