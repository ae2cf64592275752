"""The commands about plans: what the next run would do, and having exactly that done."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.table import Table

from tallybridge.desk import plans, progress
from tallybridge.desk.target import Target
from tallybridge.reporting.summary import safe_cell
from tallybridge.reporting.words import count_text
from tallybridge_cli import render, standing, watch
from tallybridge_cli.exits import Code, code_of, show_error
from tallybridge_cli.options import DebugOption, EnvOption, JsonOption, StackOption, err, out, say, target_of, write_json

app = typer.Typer()
PANEL = "Plans"
DoesOption = Annotated[str, typer.Option("--does", help=f"Only these records, one by one: {', '.join(plans.DOES)}.")]
EFFECT_COLUMNS = ("period", "currency", "account", "name", "debit", "credit", "lines")
RECORD_COLUMNS = ("step", "number", "id", "does", "currency", "amount", "code", "message", "waits_for", "destination", "destination_id")


@app.command(rich_help_panel=PANEL)
def plan(
    run_id: Annotated[str, typer.Argument(help="The dry run whose plan it is, by its id or its beginning; without one the newest.")] = "",
    new: Annotated[bool, typer.Option("--new", help="Make a plan first, by a dry run.")] = False,
    gl: Annotated[bool, typer.Option("--gl", help="The effect on the general ledger alone.")] = False,
    does: DoesOption = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV: the records, or with --gl the postings.")] = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Show what the next run would do: creates, changes, holds, and the effect on the general ledger."""
    target = target_of(env, stack)
    meant = _made(target) if new else standing.find_run(target, run_id) if run_id else plans.newest(target)
    view = plans.overview(target, meant)
    if as_csv:
        _write_csv(EFFECT_COLUMNS, view["effect"]) if gl else _write_csv(RECORD_COLUMNS, plans.all_rows(target, meant, does))
    elif json:
        rows = {"records": list(plans.all_rows(target, meant, does))} if does else {}
        write_json({name: view[name] for name in ("effect", "unknown", "off", "silent")} if gl else {**view, **rows})
    else:
        say(out, *(() if gl else _summary(view)), *_effect(view))
        if does:
            say(out, "", *(_record(row) for row in plans.all_rows(target, meant, does)))
        if not gl:
            say(out, "", *_state(view))
    return Code.TIED_OUT


@app.command(rich_help_panel=PANEL)
def apply(
    run_id: Annotated[str, typer.Argument(help="The dry run whose plan is applied, by its id or its beginning.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the audit.")],
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Do exactly what a plan says, and nothing else; what has moved since is not written, and told."""
    target = target_of(env, stack)
    meant = standing.find_run(target, run_id)
    end = _followed(target, plans.apply(target, meant, target.who(), reason))
    code = code_of(end.summary) if end.summary else Code.CONFIGURATION if end.set_up else Code.FAILED
    if json:
        write_json({"run_id": end.run_id, "plan": meant, "outcome": end.outcome, "exit_code": int(code), "message": end.message})
    elif end.summary:
        say(out, render.run_result(end.summary))
    else:
        show_error(err, "", end.message, end.advice)
    return code


def _made(target: Target) -> str:
    """Make a plan, by a dry run; answers its id."""
    end = _followed(target, progress.start(target, trigger="manual", dry_run=True, steps=None, by=target.who()))
    return end.run_id


def _followed(target: Target, execution: str) -> watch.Ended:
    for _ in watch.follow(target, execution):
        pass
    return watch.ended(target, execution)


# -- in a terminal -------------------------------------------------------------------------------------------------------


def _summary(view: dict[str, Any]) -> Iterator[RenderableType]:
    run = view["run"]
    yield render.plain(f"Plan of run {run['run_id']}, made {run.get('started', '')}", "bold")
    table = Table(box=None, pad_edge=False)
    for column in ("Object", "", "Records", "Money"):
        table.add_column(column, justify="right" if column in ("Records", "Money") else "left")
    for each in view["objects"]:
        for n, row in enumerate(each["does"]):
            cells = (each["title"] if n == 0 else "", row["word"], count_text(row["count"]), ", ".join(row["money"]))
            table.add_row(*map(render.plain, cells))
    yield table if view["objects"] else render.plain("Nothing is due.")
    for left in view["left_out"]:
        yield render.plain(f"{left['code']}: {left['text']}", "dim")


def _effect(view: dict[str, Any]) -> Iterator[RenderableType]:
    yield render.plain("Effect on the general ledger, in the currency of each transaction", "bold")
    table = Table(box=None, pad_edge=False)
    for column in ("Period", "Account", "Debit", "Credit", "Lines"):
        table.add_column(column, justify="left" if column in ("Period", "Account") else "right")
    for row in view["effect"]:
        cells = (row["period"] or "no period", row["name"], row["debit_text"], row["credit_text"], count_text(row["lines"]))
        table.add_row(*(render.plain(cell, "" if row["account"] else "yellow") for cell in cells))
    yield table if view["effect"] else render.plain("None.")
    for row in view["unknown"]:
        yield render.plain(f"{row['text'][:1].upper()}{row['text'][1:]}.", "yellow")
    for row in view["off"]:
        yield render.plain(f"Debits and credits of {row['period'] or 'no period'} differ by {row['text']}.", "bold red")
    if view["silent"]:
        yield render.plain(plans.silent_text(view["silent"]), "dim")


def _record(row: dict[str, Any]) -> RenderableType:
    said = f": {row['code']} {row['message']}" if row["code"] else ""
    changes = "".join(f"\n    {c['place']}: {_value(c['now'])} -> {_value(c['then'])}" for c in row["changes"])
    return render.plain(f"{row['step']} {row['number']} {row['money']} {row['word']}{said}{changes}".replace("  ", " "))


def _value(value: Any) -> str:
    return "empty" if value in (None, "") else str(value)


def _state(view: dict[str, Any]) -> Iterator[RenderableType]:
    state, run_id = view["state"], view["run"]["run_id"]
    if state["applicable"]:
        yield render.plain(f'It can be applied: `tallybridge apply {run_id} --reason "..."`.', "green")
    else:
        yield render.plain(f"It cannot be applied: {state['message']} {state['advice']}", "yellow")


def _cell(value: Any) -> Any:
    return "" if value is None else value


def _write_csv(columns: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> None:
    """Rows as CSV on standard output; cells that a spreadsheet would run are neutralised."""
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    writer.writerows([safe_cell(_cell(row.get(name))) for name in columns] for row in rows)
