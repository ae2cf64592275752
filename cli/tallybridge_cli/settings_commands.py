"""The commands about the settings: looked at, checked, stored, and taken back."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated

import typer

from tallybridge.configuration import REVENUE, SETTINGS
from tallybridge.desk.doctor import Check, State
from tallybridge.errors import ConfigurationError
from tallybridge.settings import parse_settings
from tallybridge_cli import checks, history, render, settings_file
from tallybridge_cli.exits import Code
from tallybridge_cli.files import written
from tallybridge_cli.options import DebugOption, EnvOption, JsonOption, StackOption, err, out, say, target_of, write_json
from tallybridge_cli.settings_import import imported

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


@app.command("import")
def settings_import_(
    file: Annotated[Path, typer.Argument(help='The other connector\'s settings: a line "Label: value" each, two columns, or JSON.')],
    into: Annotated[Path, typer.Option("--into", help="The file to write.")] = Path("settings.json"),
    dates: Annotated[str, typer.Option("--dates", help="How days are written, if not 2026-01-31: mdy or dmy.")] = "",
    custom_fields: Annotated[
        Path | None, typer.Option("--custom-fields", help="A CSV file with the rows of its custom field sync.")
    ] = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Make a settings file from the settings of the commercial connector, as its screens name them. Nothing is stored."""
    if dates not in ("", "mdy", "dmy"):
        raise ConfigurationError(f'"{dates}" is no way to write days.', place="--dates", code="INPUT", advice="Say mdy or dmy.")
    found = imported(settings_file.text_of(file), dates, settings_file.text_of(custom_fields) if custom_fields else "")
    document = json_module.dumps(found.document, indent=2, ensure_ascii=False) + "\n"
    parse_settings(document)
    written(into, lambda content: content.write(document.encode()))
    if json:
        write_json({"file": str(into), **vars(found)})
        return Code.LEFT_OVER if found.missing else Code.TIED_OUT
    say(out, *(render.plain(f"  {label}: {why}", "dim") for label, why in found.left))
    say(
        out, *(render.plain(f"  {label}: not in the file; copy it from the other connector's screen.", "yellow") for label in found.missing)
    )
    say(out, render.plain(f"{len(found.taken)} settings are in {into}. Next: `tallybridge settings check {into}`, then `settings save`."))
    return Code.LEFT_OVER if found.missing else Code.TIED_OUT


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
