"""The commands that reverse what a run has created in NetSuite: reversal plan, approve, run, show, list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import RenderableType

from tallybridge.desk import progress
from tallybridge.desk.reversal import approving, planning
from tallybridge.desk.reversal.approving import Standing
from tallybridge.desk.reversal.planning import in_words
from tallybridge.desk.target import Target
from tallybridge.reporting.words import money_text, plural
from tallybridge.steps.reversing.ways import word
from tallybridge_cli import render, standing, watch
from tallybridge_cli.exits import Code
from tallybridge_cli.options import DebugOption, EnvOption, JsonOption, StackOption, out, say, target_of, write_json

app = typer.Typer(
    help="Reverses what a run has created in NetSuite: planned, approved by a second person, never deleted.", no_args_is_help=True
)
ReversalArgument = Annotated[str, typer.Argument(help="The reversal's id, as `reversal plan` and `reversal list` say it.")]
RunArgument = Annotated[str, typer.Argument(help='Run id, its beginning, or "last".')]


@app.command()
def plan(
    run_id: RunArgument, env: EnvOption = None, stack: StackOption = None, json: JsonOption = False, debug: DebugOption = False
) -> int:
    """Say what would reverse a run's documents in NetSuite, and what would stay. Writes nothing there."""
    target = target_of(env, stack)
    made = planning.plan(target, standing.find_run(target, run_id), target.who())
    return _tell(approving.standing(target, made.id), json=json)


@app.command()
def approve(
    reversal: ReversalArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the audit.")],
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for the run that carries it out.")] = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Approve a reversal that another person has planned, and carry it out."""
    target = target_of(env, stack)
    return _followed(target, reversal, approving.approve(target, reversal, target.who(), reason), no_wait=no_wait, json=json)


@app.command("run")
def carry_out(
    reversal: ReversalArgument,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for the run that carries it out.")] = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Carry out what is left of an approved reversal, after an interruption or once what held it is settled."""
    target = target_of(env, stack)
    return _followed(target, reversal, approving.carry_out(target, reversal, target.who()), no_wait=no_wait, json=json)


@app.command()
def show(
    reversal: ReversalArgument, env: EnvOption = None, stack: StackOption = None, json: JsonOption = False, debug: DebugOption = False
) -> int:
    """Show a reversal: each document, what reverses it, what stays as it is and why."""
    return _tell(approving.standing(target_of(env, stack), reversal), json=json)


@app.command("list")
def list_reversals(
    run_id: Annotated[str, typer.Option("--run", help="Those of this run only.")] = "",
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """List the reversals, newest first."""
    target = target_of(env, stack)
    found = approving.listed(target, standing.find_run(target, run_id) if run_id else "")
    if json:
        write_json({"reversals": [each.to_json() for each in found]})
    else:
        shown = [render.plain(f"{each.plan.id}  {each.state}  run {each.plan.run_id}: {in_words(each.plan)}") for each in found]
        say(out, *(shown or [render.plain("Nothing was planned to be reversed.")]))
    return Code.TIED_OUT


def _followed(target: Target, reversal: str, execution: str, *, no_wait: bool, json: bool) -> int:
    """Wait for the run, and tell what is done; or say which run it is."""
    run_id = progress.run_id_of(execution)
    if no_wait:
        write_json({"run_id": run_id}) if json else say(out, render.plain(f"Run {run_id} carries it out."))
        return Code.TIED_OUT
    for _ in watch.follow(target, execution):
        pass
    code = _tell(approving.standing(target, reversal), json=json)
    if not json:
        say(out, render.plain(f"`tallybridge show {run_id}` shows the run.", "dim"))
    return code


def _tell(known: Standing, *, json: bool) -> int:
    write_json(known.to_json()) if json else say(out, *_shown(known))
    return Code.LEFT_OVER if known.state == approving.PARTLY else Code.TIED_OUT


def _shown(known: Standing) -> Iterator[RenderableType]:
    found = known.plan
    yield render.plain(f"Reversal {found.id} of run {found.run_id}: {known.state}", "bold")
    yield render.plain(f"Planned by {found.by} at {found.at}")
    if known.approval:
        yield render.plain(f"Approved by {known.approval.by} at {known.approval.at}: {known.approval.reason or 'no reason given'}")
    for total in found.totals:
        what = plural(total.count, word(total.record_type))
        yield render.plain(f"{what} with {money_text(total.amount, total.currency)}, by {word(total.way)}", "bold")
    for each in found.reversals:
        made = f"{word(each.way)} {known.made[each.id]}" if each.id in known.made else f"{word(each.way)} of {each.date}"
        amount = money_text(each.amount, each.currency)
        yield render.plain(f"  {word(each.record_type)} {each.number} ({each.id}), {amount}, customer {each.customer}: {made}")
    if found.left:
        yield render.plain("Not reversed", "bold")
    for left in found.left:
        amount = f" {money_text(left.amount, left.currency)}." if left.amount is not None and left.currency else ""
        yield render.plain(f"  {left.code}: {left.message}{amount} Next: {left.advice}")
    yield render.plain(approving.AFTERWARDS)
    if known.state == approving.WAITS:
        yield render.plain(f"Another person carries it out: `tallybridge reversal approve {found.id} --reason ...`.", "bold")
