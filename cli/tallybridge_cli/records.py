"""The commands about single records and codes: explain, code, retry, link, mark, ignore, withdraw, audit."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from rich.console import RenderableType

from tallybridge.desk import actions
from tallybridge.desk.audit import Entry, rows
from tallybridge.desk.care import Care
from tallybridge.desk.problems import Problem
from tallybridge.desk.records import Explained, Story
from tallybridge.desk.standing import Waiting
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.reporting.codes import CodePage, sentence
from tallybridge.reporting.summary import safe_cell
from tallybridge.reporting.words import listed, money_text, plural
from tallybridge.sync.instructions import Instruction, Kind
from tallybridge_cli import render

OUTCOMES = {"already": "was there already", "skipped": "left out"}
"""Outcomes that are not called as people call them."""


def code_page(found: CodePage) -> Iterator[RenderableType]:
    """What a code means, and what to do."""
    yield render.plain(f"{found.code} ({found.group})", "bold")
    yield render.plain(sentence(found.meaning))
    yield render.plain(f"What to do: {sentence(found.advice)}", "bold")
    if found.alike:
        yield render.plain(f"The same holds for {listed(list(found.alike))}.")


def explained(found: Explained) -> Iterator[RenderableType]:
    """All that is known of a record, as a person reads it."""
    for story in found.stories:
        yield render.plain(f"{story.label} {story.number} ({story.id})".strip(), "bold")
        for line in _lines(story):
            yield render.plain(f"  {line}")
        yield render.plain(f"  Next: {story.next}", "bold")
    for row in found.left_out:
        yield render.plain(f"A rule leaves it out ({row.code}): {row.reason}.")
    if found.done:
        yield render.plain("What people did", "bold")
        for entry in found.done:
            yield render.plain(f"  {entry_text(entry)}")


def _lines(story: Story) -> Iterator[str]:
    item = story.item
    if item.get("amount"):
        yield f"{money_text(Decimal(str(item['amount'])), str(item.get('currency', '')))}"
    if item.get("destination_id"):
        yield f"On the other side: {item['destination_id']}"
    for entry in story.history:
        times = int(entry.get("times", 1))
        until = f" to {entry['until']}" if times > 1 else ""
        said = " ".join(str(entry[name]) for name in ("code", "message") if entry.get(name))
        often = f" in {plural(times, 'run')}" if times > 1 else f" in run {entry['run']}"
        yield f"{entry['at']}{until}: {entry['state']}{often}{f': {said}' if said else ''}"
    if story.waiting and story.waiting.waits_for:
        yield f"Waits for {story.waiting.waits_for}"
    for row in story.drift:
        yield f"{row.code}: {row.message} {row.advice}"
    if story.instruction:
        yield instruction_text(story.instruction)


def instruction_text(given: Instruction) -> str:
    """What somebody has said, and what became of it."""
    to, until = f" to {given.target}" if given.target else "", f" until {given.until}" if given.until else ""
    why = f": {given.reason}" if given.reason else ""
    return f"{given.kind}{to}{until}, said by {given.by} on {given.at}{why}; {_came(given)}"


def entry_text(entry: Entry) -> str:
    """An entry of the audit in a line."""
    why, after = f": {entry.reason}" if entry.reason else "", f" -> {entry.after}" if entry.after else ""
    return f"{entry.at} {entry.who} {entry.action} {entry.what}{after}{why}"


def became(target: Target, given: Sequence[Instruction]) -> list[Instruction]:
    """The instructions as they stand now."""
    now = actions.queue_of(target).read([each.key for each in given])
    return [now.get(each.key, each) for each in given]


def told(given: Sequence[Instruction], meant: Sequence[Waiting]) -> Iterator[RenderableType]:
    """What became of instructions, record by record."""
    named = {row.number: row for row in meant}
    for each in given:
        row = named.get(each.number)
        money = f" {money_text(Decimal(row.amount), row.currency)}" if row and row.amount else ""
        yield render.plain(f"{actions.label(each.step)} {each.number}{money}: {_came(each)}")


def names_in(file: Path) -> list[str]:
    """The numbers or ids in a file, one a line; empty lines are skipped. Raises `ConfigurationError` INPUT."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as unreadable:
        said = f"{file} cannot be read: {unreadable}"
        raise ConfigurationError(
            said, place=str(file), code="INPUT", advice="Give a text file with one number or id a line."
        ) from unreadable
    names = [line.strip() for line in text.splitlines() if line.strip()]
    if not names:
        raise ConfigurationError(f"{file} names no record.", place=str(file), code="INPUT", advice="Write one number or id a line.")
    return list(dict.fromkeys(names))


def problem_text(problem: Problem, known: Care) -> RenderableType:
    """A problem in a few lines: what, how many, money, since when, who looks after it."""
    money = f", {', '.join(problem.money)}" if problem.money else ""
    waits = "; waits by itself" if problem.waits else ""
    head = f"{problem.code}  {problem.title}: {plural(problem.count, 'record')}{money}, since {problem.since}{waits}"
    said = [
        f"  {problem.text}",
        f"  Owner: {known.owner}" if known.owner else "",
        *(f"  Note: {each.by}: {each.text}" for each in known.notes),
    ]
    return render.plain("\n".join([head, *filter(None, said)]))


def told_of_all(problem: Problem, left: int | None) -> RenderableType:
    """What became of all records of a problem; `left` how many still have it, None where no run has taken it up yet."""
    name = f"{problem.title}, {problem.code}: {plural(problem.count, 'record')}"
    if left is None:
        return render.plain(f"{name} to be tried again; the next run does it.")
    return render.plain(f"{name} tried again; {f'{left} still have it' if left else 'none has it any more'}.")


def _came(each: Instruction) -> str:
    if not each.outcome:
        return "not carried out yet; the next run does it."
    outcome = OUTCOMES.get(each.outcome, each.outcome)
    return f"{outcome}: {each.message}" if each.message else f"{outcome}."


def settled(given: Sequence[Instruction]) -> bool:
    """Whether what was wanted has come about for all."""
    wanted = {Kind.IGNORE: ("skipped",)}
    return all(each.outcome in wanted.get(Kind(each.kind), ("synced", "already", "not due")) for each in given)


def write_csv(entries: Iterator[Entry]) -> None:
    """The audit as CSV on standard output; cells that a spreadsheet would run are neutralised."""
    csv.writer(sys.stdout).writerows([safe_cell(cell) for cell in row] for row in rows(entries))
