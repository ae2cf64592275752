"""The commands about the settings: looked at, checked, stored, and taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tallybridge.configuration import REVENUE, SETTINGS
from tallybridge.desk.doctor import Check, State
from tallybridge.settings import parse_settings
from tallybridge_cli import checks, history, settings_file
from tallybridge_cli.exits import Code
from tallybridge_cli.options import DebugOption, EnvOption, JsonOption, StackOption, err, out, say, target_of, write_json

app = typer.Typer(help="Looks at, checks and stores the settings.", no_args_is_help=True, rich_markup_mode=None)
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stands in the history.")]
RevenueOption = Annotated[bool, typer.Option("--revenue", help="The settings of the revenue connector.")]
FileArgument = Annotated[Path, typer.Argument(help="Settings as a JSON file.")]


@app.command("show")
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


@app.command("check")
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


@app.command("save")
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
        say(err, *(checks.shown(c) for c in found))
        typer.confirm("Store these settings?", abort=True, err=True)
    made = None if failed else settings_file.save(file, target, reason)
    _show_settings_checks(found, json=json, version=made.number if made else None)
    if not json:
        out.print(f"Stored as version {made.number}; the next run takes them ({target['SETTINGS_PARAMETER']})." if made else "Not stored.")
    return Code.CONFIGURATION if failed else Code.TIED_OUT


@app.command("history")
def settings_history(
    revenue: RevenueOption = False, env: EnvOption = None, stack: StackOption = None, json: JsonOption = False, debug: DebugOption = False
) -> int:
    """List every version: who saved it, when, why, and which keys it changed."""
    rows = history.listed(target_of(env, stack), REVENUE if revenue else SETTINGS)
    write_json(rows) if json else say(out, history.table(rows))
    return Code.TIED_OUT


@app.command("restore")
def settings_restore(
    version: Annotated[int, typer.Argument(help="The number of the version; `settings history` lists them.")],
    reason: ReasonOption = "",
    revenue: RevenueOption = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Make an earlier version the one in force."""
    made = history.restore(target_of(env, stack), REVENUE if revenue else SETTINGS, version, reason)
    if json:
        write_json({"version": made.number, "restored": version})
    else:
        out.print(f"Version {version} is in force again, as version {made.number}; the next run takes it.")
    return Code.TIED_OUT


@app.command("accept")
def settings_accept(
    reason: Annotated[str, typer.Option("--reason", help="Why it is meant; it stands in the history.")],
    revenue: RevenueOption = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Confirm a document in the parameter that a run has refused because it is empty or has lost keys."""
    made = history.accept(target_of(env, stack), REVENUE if revenue else SETTINGS, reason)
    write_json({"version": made.number}) if json else out.print(f"Accepted as version {made.number}; the next run takes it.")
    return Code.TIED_OUT


def _show_settings_checks(found: list[Check], *, json: bool, version: int | None = None) -> None:
    if json:
        saved = {} if version is None else {"version": version}
        write_json({"ok": all(c.state is not State.FAIL for c in found), "checks": [c.to_json() for c in found], **saved})
    else:
        say(out, *(checks.shown(c) for c in found))
