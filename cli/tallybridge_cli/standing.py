"""Where things stand: the last run, who holds the lock, and which records wait for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tallybridge.clock import stamp
from tallybridge.errors import ConfigurationError
from tallybridge.reporting.chains import Chains, known_name, told
from tallybridge.reporting.verdict import verdict
from tallybridge.reporting.words import moment, plural
from tallybridge.sync.ledger import State
from tallybridge.sync.runlog import RunOutcome, RunSummary
from tallybridge.sync.runs import STALE_AFTER
from tallybridge.tasks.steps import STEPS
from tallybridge_cli import render
from tallybridge_cli.exits import Code, code_of
from tallybridge_cli.target import Target
from tallybridge_cli.watch import summary_of

RECENT = 50
"""Runs that are looked through for the last one with a result, or for one by its beginning."""
SHOWN = 40
"""Records listed one by one; the others are counted."""


@dataclass(frozen=True)
class Waiting:
    """A record that is held or refused. `waits_for` names what it waits for, "" means that it waits for a person; `root` what stands at the
    end of the chain of records that wait for each other, "" when that is what it waits for itself."""

    state: str
    step: str
    id: str
    number: str
    code: str
    message: str
    waits_for: str
    since: str
    run_id: str
    root: str = ""


@dataclass(frozen=True)
class Lock:
    """The run in progress. `stale` when it has given no sign for so long that the next run takes over."""

    run_id: str
    since: str
    heartbeat: str
    stale: bool


@dataclass(frozen=True)
class Standing:
    """`last` is the newest run's record, `summary` that of the newest run that left one."""

    last: dict[str, Any] | None
    summary: RunSummary | None
    lock: Lock | None
    waiting: tuple[Waiting, ...]

    @property
    def exit_code(self) -> Code:
        if self.last and self.last.get("outcome") in (RunOutcome.FAILED, RunOutcome.OUT_OF_BALANCE):
            return Code.FAILED
        if self.summary and code_of(self.summary) is Code.FAILED:
            return Code.FAILED
        return Code.LEFT_OVER if self.waiting else Code.TIED_OUT

    def to_json(self) -> dict[str, Any]:
        known = verdict(self.summary) if self.summary else None
        return {
            "exit_code": int(self.exit_code),
            "last_run": self.last,
            "summary_of": self.summary.run_id if self.summary else None,
            "tied_out": self.summary.tied_out if self.summary else None,
            "answers": [{"question": a.question, "answer": a.answer, "detail": a.detail} for a in known.answers] if known else [],
            "lock": asdict(self.lock) if self.lock else None,
            "waiting": [asdict(w) for w in self.waiting],
        }


def standing(target: Target) -> Standing:
    """Read it all: the list of runs, the lock, the ledger's open records."""
    recent = list(target.runs.recent(RECENT))
    ended = (r for r in recent if r.get("outcome") not in (RunOutcome.RUNNING, RunOutcome.SKIPPED))
    newest = next(ended, None)
    summary = summary_of(target, newest["run_id"]) if newest else None
    return Standing(recent[0] if recent else None, summary, lock_of(target), tuple(chained(list(waiting(target)))))


def lock_of(target: Target) -> Lock | None:
    """Who holds the run lock now."""
    holder = target.runs.lock_holder()
    if holder is None:
        return None
    stale = stamp(target.clock.now() - STALE_AFTER) > str(holder["heartbeat"])
    return Lock(str(holder["run_id"]), str(holder["since"]), str(holder["heartbeat"]), stale)


def waiting(target: Target) -> Iterator[Waiting]:
    """The records that are held or refused, step by step."""
    for step in STEPS:
        for state in (State.REFUSED, State.HELD):
            for item in target.ledger.attention(f"{state}#{step}"):
                known = {name: str(item.get(name, "")) for name in ("number", "code", "message", "waits_for", "run_id")}
                yield Waiting(
                    state=str(state), step=step, id=str(item["id"]).rsplit("#", 1)[-1], since=str(item.get("updated", "")), **known
                )


def chained(rows: Sequence[Waiting]) -> list[Waiting]:
    """The records with what stands at the end of their chains: first those that need a person, then those that wait for others."""
    chains = Chains()
    for row in rows:
        chains.add((row.number, row.id), row.waits_for)
    return sorted((replace(row, root=chains.root(row.waits_for)) for row in rows), key=lambda row: bool(row.waits_for))


def held_up(rows: Sequence[Waiting]) -> Counter[str]:
    """How many records each record holds up, directly or through others, by id."""
    ids = {name: row.id for row in rows for name in (row.id, row.number) if name}
    ends = (known_name(row.root or row.waits_for, ids) for row in rows if row.waits_for)
    return Counter(ids[end] for end in ends if end)


def find_run(target: Target, name: str) -> str:
    """A run by its id, its beginning, or "last". Raises `ConfigurationError` RUN-UNKNOWN."""
    if target.runs.read(name):
        return name
    recent = [str(r["run_id"]) for r in target.runs.recent(RECENT)]
    found = recent[:1] if name == "last" else [r for r in recent if r.startswith(name)]
    if len(found) == 1:
        return found[0]
    problem = f"{len(found)} runs begin with" if found else "There is no run"
    raise ConfigurationError(f'{problem} "{name}".', place="run", code="RUN-UNKNOWN", advice="`tallybridge runs` lists them.")


def without_summary(target: Target, run_id: str) -> RenderableType:
    """What is known of a run that left no summary."""
    record = target.runs.read(run_id)
    lines: list[RenderableType] = [render.plain(f"Run {run_id}: {record.get('outcome', 'unknown')}", "bold")]
    for name in ("started", "ended", "trigger", "message", "advice"):
        if record.get(name):
            lines.append(render.plain(f"  {name}: {record[name]}"))
    return Group(*lines)


def page(now: Standing) -> RenderableType:
    """The standing as a person reads it."""
    parts: list[RenderableType] = []
    if now.summary:
        parts += [render.plain(f"Run {now.summary.run_id}, {render.facts(now.summary)}", "dim"), render.answers(now.summary)]
    elif now.last:
        parts.append(render.plain(f"Run {now.last['run_id']}: {now.last.get('outcome', '')} {now.last.get('message', '')}".strip()))
    else:
        parts.append(Text("There was no run yet. `tallybridge doctor` checks the set-up, `tallybridge run --dry-run` writes nothing."))
    parts.append(_lock_line(now.lock))
    if now.waiting:
        parts += _waiting_tables(now.waiting)
    return Group(*parts)


def _lock_line(lock: Lock | None) -> Text:
    if lock is None:
        return Text("No run is in progress.", style="dim")
    began = _time(lock.since)
    if lock.stale:
        return render.plain(f"Run {lock.run_id} holds the lock since {began} but gives no sign of life; the next run takes over.", "yellow")
    return render.plain(f"Run {lock.run_id} is in progress since {began}; a second start is refused.", "cyan")


def _waiting_tables(rows: Sequence[Waiting]) -> Iterator[RenderableType]:
    """What needs a person, with how much hangs on it; then what follows by itself."""
    counts = held_up(rows)
    causes, waits = [r for r in rows if not r.waits_for], [r for r in rows if r.waits_for]
    if causes:
        yield from ("", Text(f"{plural(len(causes), 'record needs', 'records need')} a person", style="bold"))
        table = Table("Step", "Record", "Code", "Why", "Holds up", box=None, padding=(0, 2, 0, 0))
        for row in sorted(causes, key=lambda r: -counts[r.id])[:SHOWN]:
            style = "bold red" if row.state == State.REFUSED else "yellow"
            hangs = plural(counts[row.id], "record") if counts[row.id] else ""
            table.add_row(row.step, _name(row), render.plain(row.code, style), render.plain(row.message), hangs)
        yield from _with_rest(table, len(causes))
    if waits:
        head = f"{plural(len(waits), 'record waits', 'records wait')} for others; nothing to do for them"
        yield from ("", Text(head, style="bold"))
        table = Table("Step", "Record", "Code", "Waits for", box=None, padding=(0, 2, 0, 0))
        for row in waits[:SHOWN]:
            table.add_row(row.step, _name(row), render.plain(row.code, "dim"), render.plain(told(row.waits_for, row.root)))
        yield from _with_rest(table, len(waits))


def _name(row: Waiting) -> Text:
    return render.plain(row.number or row.id)


def _with_rest(table: Table, count: int) -> Iterator[RenderableType]:
    yield table
    if count > SHOWN:
        yield Text(f"and {count - SHOWN} more; --json lists all", style="dim")


def _time(iso: str) -> str:
    known: datetime | None = moment(iso)
    return f"{known:%Y-%m-%d %H:%M} UTC" if known else iso
