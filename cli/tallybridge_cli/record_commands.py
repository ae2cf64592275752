"""The commands about single records and about what people did."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import typer

from tallybridge.desk import actions, care, progress
from tallybridge.desk.audit import Wanted
from tallybridge.desk.care import cares
from tallybridge.desk.evidence import evidence
from tallybridge.desk.problem_table import rows
from tallybridge.desk.problems import Problem, problems
from tallybridge.desk.records import explain as explained_by
from tallybridge.desk.standing import Waiting
from tallybridge.desk.target import Target
from tallybridge.reporting.codes import page_of
from tallybridge.sync.instructions import Instruction, Kind
from tallybridge_cli import records, render, watch
from tallybridge_cli.exits import Code
from tallybridge_cli.files import written
from tallybridge_cli.options import DebugOption, EnvOption, JsonOption, StackOption, known_step, out, say, target_of, write_json

app = typer.Typer()
RecordArgument = Annotated[str, typer.Argument(help="The record's number, or its id in the system that it comes from.")]
RecordsArgument = Annotated[list[str] | None, typer.Argument(help="Numbers or ids of held or refused records.")]
CodeOption = Annotated[str, typer.Option("--code", help='All held or refused records with this code ("all alike").')]
StepOption = Annotated[str, typer.Option("--step", help="Records of this step only.", callback=known_step)]
WhyOption = Annotated[str, typer.Option("--reason", help="Why; it stands in the audit.")]
LaterOption = Annotated[bool, typer.Option("--later", help="Leave it to the next run, instead of starting one for these records.")]
PEOPLE = "People's actions"


@app.command(rich_help_panel=PEOPLE)
def explain(
    record: RecordArgument,
    file: Annotated[Path | None, typer.Option("--evidence", help="Write all of it, with log lines and audit, into this zip file.")] = None,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Tell all that is known of a record: what each run did, what it waits for, which rule leaves it out, what the next run will do."""
    target = target_of(env, stack)
    found = explained_by(target, record)
    seal = written(file, lambda content: evidence(target, record, target.who(), content)) if file else None
    if json:
        write_json({**found.to_json(), **({"evidence": {"file": str(file), **vars(seal)}} if seal else {})})
    else:
        told = f"{file}: {'signed with the stack key' if seal.signed else 'not signed'}; digest {seal.digest}." if seal else ""
        say(out, *records.explained(found), *([render.plain(told)] if told else []))
    return Code.TIED_OUT


@app.command(rich_help_panel=PEOPLE)
def code(
    code: Annotated[str, typer.Argument(help="As report, mail and log show it.")], json: JsonOption = False, debug: DebugOption = False
) -> int:
    """Say what a code means and what to do about it."""
    found = page_of(code)
    write_json(found.to_json()) if json else say(out, *records.code_page(found))
    return Code.TIED_OUT


@app.command(rich_help_panel=PEOPLE)
def retry(
    record: RecordsArgument = None,
    code: CodeOption = "",
    step: StepOption = "",
    reason: WhyOption = "",
    later: LaterOption = False,
    file: Annotated[Path | None, typer.Option("--from", help='A file with numbers or ids, one a line; "-" for standard input.')] = None,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Have held or refused records tried again now, by a run that takes up nothing else."""
    target = target_of(env, stack)
    names = [*(record or []), *(records.names_in(file) if file else [])]
    if names or not code:
        rows = actions.found(target, names, code=code, step=step)
        return _carried_out(target, rows, actions.instruct(target, Kind.RETRY, rows, target.who(), reason=reason), later=later, json=json)
    meant = actions.all_alike(target, code, step)
    return _all_carried_out(target, meant, actions.retry_all(target, meant, target.who(), reason=reason), later=later, json=json)


@app.command(rich_help_panel=PEOPLE)
def link(
    record: RecordArgument,
    to: Annotated[str, typer.Option("--to", help="The internal id of the record on the other side.")],
    reason: WhyOption,
    step: StepOption = "",
    later: LaterOption = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Link a record with one that exists on the other side, if that holds the same amount, currency, customer and type."""
    return _about_one(target_of(env, stack), Kind.LINK, record, step, reason, later=later, json=json, to=to)


@app.command(rich_help_panel=PEOPLE)
def mark(
    record: RecordArgument,
    reason: WhyOption,
    step: StepOption = "",
    later: LaterOption = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Mark a record as synced with the counterpart that it names, if that holds the same."""
    return _about_one(target_of(env, stack), Kind.MARK, record, step, reason, later=later, json=json)


@app.command(rich_help_panel=PEOPLE)
def ignore(
    reason: WhyOption,
    record: RecordsArgument = None,
    until: Annotated[str, typer.Option("--until", help="The last day, 2027-01-31; without it until the instruction is withdrawn.")] = "",
    code: CodeOption = "",
    step: StepOption = "",
    later: LaterOption = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Do not send records; every run tells them as left out, with who said so and why."""
    target = target_of(env, stack)
    alike = code and not record
    rows = (
        actions.rows_of(target, actions.all_alike(target, code, step))
        if alike
        else actions.found(target, record or [], code=code, step=step)
    )
    given = actions.instruct(target, Kind.IGNORE, rows, target.who(), reason=reason, until=until)
    return _carried_out(target, rows, given, later=later, json=json)


@app.command(rich_help_panel=PEOPLE)
def withdraw(
    record: RecordArgument,
    reason: WhyOption = "",
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Take back what was said of a record; the next run treats it as every other."""
    target = target_of(env, stack)
    taken = actions.withdraw(target, record, target.who(), reason)
    if json:
        write_json({"withdrawn": [each.to_json() for each in taken]})
    else:
        say(out, *(render.plain(f"Withdrawn: {records.instruction_text(each)}") for each in taken))
    return Code.TIED_OUT


@app.command("problems", rich_help_panel=PEOPLE)
def list_problems(
    code: Annotated[str, typer.Option("--code", help='With this code, or one like it: "*-PERIOD" for all of closed periods.')] = "",
    step: StepOption = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Write the records as CSV, instead of the problems as text.")] = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """List what is held or refused by what is wrong: how many records, their money, since when, who looks after it."""
    target = target_of(env, stack)
    if as_csv:
        csv.writer(sys.stdout).writerows(rows(target, step, code))
        return Code.TIED_OUT
    found = [each for each in problems(target).found if fnmatchcase(each.code, code or "*") and step in ("", each.step)]
    known = cares(target, {each.step for each in found})
    if json:
        write_json({"problems": [{**each.to_json(), **known.of_alike(each.step, each.code).to_json()} for each in found]})
    else:
        told = [records.problem_text(each, known.of_alike(each.step, each.code)) for each in found]
        say(out, *(told or [render.plain("Nothing is held or refused.")]))
    return Code.LEFT_OVER if found else Code.TIED_OUT


@app.command(rich_help_panel=PEOPLE)
def assign(
    record: RecordsArgument = None,
    to: Annotated[str, typer.Option("--to", help="Who looks after it, such as a mail address; without it nobody any more.")] = "",
    code: CodeOption = "",
    step: StepOption = "",
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Say who looks after held or refused records, or after all with a code, those that come later included."""
    target = target_of(env, stack)
    meant = _meant(target, record, code, step)
    care.assign(target, meant, target.who(), to)
    return _noted(meant, f"{to or 'Nobody'} looks after", json=json)


@app.command(rich_help_panel=PEOPLE)
def note(
    text: Annotated[str, typer.Option("--text", help="What the next one who looks at it should know.")],
    record: RecordsArgument = None,
    code: CodeOption = "",
    step: StepOption = "",
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Note something about held or refused records, or about all with a code."""
    target = target_of(env, stack)
    meant = _meant(target, record, code, step)
    care.note(target, meant, target.who(), text)
    return _noted(meant, "The note was added to", json=json)


def _meant(target: Target, names: Sequence[str] | None, code: str, step: str) -> Sequence[Waiting | Problem]:
    """Records by name, or all that are alike."""
    if names or not code:
        return actions.found(target, names or [], code=code, step=step)
    return actions.all_alike(target, code, step)


def _noted(meant: Sequence[Waiting | Problem], what: str, *, json: bool) -> int:
    named = care.named(meant)
    write_json({"done": what, "records": named}) if json else say(out, render.plain(f"{what} {named}."))
    return Code.TIED_OUT


@app.command(rich_help_panel=PEOPLE)
def audit(
    who: Annotated[str, typer.Option(help="Entries of a person; a part of the name will do.")] = "",
    what: Annotated[str, typer.Option(help="Entries about something: a number, a run.")] = "",
    action: Annotated[str, typer.Option(help="Entries of an action: retry, link, ignore.")] = "",
    since: Annotated[str, typer.Option(help="From this day on, 2026-11-01.")] = "",
    until: Annotated[str, typer.Option(help="Up to this day.")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Write CSV instead of text.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Prove that no entry was changed or taken out.")] = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Show who did what, when and why, newest first."""
    log = target_of(env, stack).audit
    if check:
        flaw = log.flaw()
        if json:
            write_json({"intact": not flaw, "flaw": flaw})
        else:
            out.print(flaw or "The chain of entries is unbroken.")
        return Code.FAILED if flaw else Code.TIED_OUT
    found = log.found(Wanted(who, what, action, since, until))
    if json:
        write_json({"entries": [entry.to_json() for entry in found]})
    elif as_csv:
        records.write_csv(found)
    else:
        shown = [render.plain(records.entry_text(entry)) for entry in found]
        say(out, *(shown or [render.plain("Nothing was done yet.")]))
    return Code.TIED_OUT


def _about_one(target: Target, kind: Kind, record: str, step: str, reason: str, *, later: bool, json: bool, to: str = "") -> int:
    rows = [actions.one(target, record, step)]
    return _carried_out(target, rows, actions.instruct(target, kind, rows, target.who(), reason=reason, to=to), later=later, json=json)


def _carried_out(target: Target, rows: Sequence[Waiting], given: Sequence[Instruction], *, later: bool, json: bool) -> int:
    """Start a run for what was said, wait for it, and tell what became of each record; or leave it to the next run."""
    run_id = "" if later else _run(target, rows)
    if run_id:
        given = records.became(target, given)
    if json:
        write_json({"run_id": run_id, "instructions": [each.to_json() for each in given]})
    else:
        say(out, *records.told(given, rows))
        if run_id:
            say(out, render.plain(f"`tallybridge show {run_id}` shows the run.", "dim"))
    return Code.TIED_OUT if later or records.settled(given) else Code.LEFT_OVER


def _all_carried_out(target: Target, meant: Sequence[Problem], given: Sequence[Instruction], *, later: bool, json: bool) -> int:
    """As `_carried_out`, for all that are alike: tells how many are left of each problem."""
    run_id = "" if later else _run(target, meant)
    left = {(each.step, each.code): each.count for each in problems(target).found} if run_id else {}
    if json:
        rows = [{**each.to_json(), "left": left.get((each.step, each.code), 0) if run_id else each.count} for each in meant]
        write_json({"run_id": run_id, "problems": rows, "instructions": [each.to_json() for each in given]})
    else:
        say(out, *(records.told_of_all(each, left.get((each.step, each.code), 0) if run_id else None) for each in meant))
        if run_id:
            say(out, render.plain(f"`tallybridge show {run_id}` shows the run.", "dim"))
    return Code.LEFT_OVER if any(left.get((each.step, each.code)) for each in meant) else Code.TIED_OUT


def _run(target: Target, meant: Sequence[Waiting | Problem]) -> str:
    """Have a run carry out what was said, and wait for it; answers its id."""
    execution = actions.run(target, meant, target.who())
    for _ in watch.follow(target, execution):
        pass
    return progress.run_id_of(execution)
