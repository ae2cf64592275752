"""Where things stand, as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from tallybridge.desk import finding
from tallybridge.desk.standing import Lock, Standing, Waiting, accept, chained, lock_of, standing, waiting
from tallybridge.desk.target import Target
from tallybridge.reporting import figures
from tallybridge.reporting.messages import BETWEEN
from tallybridge.reporting.page import of_cause, order_text
from tallybridge.reporting.words import moment, plural
from tallybridge.sync.runlog import BROKEN_OFF, Cause
from tallybridge.tasks.steps import STEPS, step_class
from tallybridge_cli import render

__all__ = ["Lock", "Standing", "Waiting", "accept", "chained", "lock_of", "standing", "waiting"]
SHOWN = 40
"""Causes listed one by one; the others are counted."""


def find_run(target: Target, name: str) -> str:
    """A run by its id, its beginning, or "last". Raises `ConfigurationError` RUN-UNKNOWN."""
    return finding.find_run(target.runs, name, "tallybridge runs")


def without_summary(target: Target, run_id: str) -> RenderableType:
    """What is known of a run that left no summary."""
    record = target.runs.read(run_id)
    lines: list[RenderableType] = [render.plain(f"Run {run_id}: {record.get('outcome', 'unknown')}", "bold")]
    for name in ("started", "ended", "trigger", "message", "advice"):
        if record.get(name):
            lines.append(render.plain(f"  {name}: {record[name]}"))
    lines += [render.plain(f"  {text}", "yellow") for text in render.undelivered(record)]
    return Group(*lines)


def page(now: Standing) -> RenderableType:
    """The standing as a person reads it."""
    parts: list[RenderableType] = []
    if now.summary:
        parts += [render.plain(f"Run {now.summary.run_id}, {figures.facts(now.summary)}", "dim"), render.answers(now.summary)]
    elif now.last:
        parts.append(render.plain(f"Run {now.last['run_id']}: {now.last.get('outcome', '')} {now.last.get('message', '')}".strip()))
    else:
        parts.append(Text("There was no run yet. `tallybridge doctor` checks the set-up, `tallybridge run --dry-run` writes nothing."))
    parts += [render.plain(text, "yellow") for text in _after_the_run(now)]
    parts.append(_lock_line(now.lock))
    if found := now.causes:
        parts += _what_needs_a_person(found, now)
    if drift := render.drift_list(now.drift):
        head = f"{plural(len(now.drift), 'record')} changed on one side after the sync (drift)"
        parts += ["", Text(head, style="bold"), *drift]
    if now.summary and (left := render.left_out_list(now.summary)):
        parts += ["", Text("Left out by a rule", style="bold"), *left]
    return Group(*parts)


def _after_the_run(now: Standing) -> list[str]:
    """What went wrong with the newest run after its summary was written: who was not mailed, or why nobody could be."""
    if now.last is None or now.summary is None or now.summary.run_id != now.last["run_id"]:
        return []
    message = str(now.last.get("message", ""))
    return [*([message] if message and now.summary.outcome not in BROKEN_OFF else []), *render.undelivered(now.last)]


def _lock_line(lock: Lock | None) -> Text:
    if lock is None:
        return Text("No run is in progress.", style="dim")
    began = _time(lock.since)
    if lock.stale:
        return render.plain(f"Run {lock.run_id} holds the lock since {began} but gives no sign of life; the next run takes over.", "yellow")
    return render.plain(f"Run {lock.run_id} is in progress since {began}; a second start is refused.", "cyan")


def _what_needs_a_person(found: Sequence[Cause], now: Standing) -> Iterator[RenderableType]:
    """The causes with what each holds up and since when, in the report's order; what only waits is counted with its cause."""
    records, waits = (sum(h.count for cause in found for h in getattr(cause, name)) for name in ("own", "waiting"))
    head = f"{plural(records, 'record needs', 'records need')} a person, of {plural(len(found), 'cause', 'causes')}"
    yield from ("", Text(head + (f"; {plural(waits, 'more waits', 'more wait')} for them" if waits else ""), style="bold"))
    if order := order_text(found):
        yield Text(order, style="dim")
    titles = {name: step_class(name).title for name in STEPS}
    for cause in found[:SHOWN]:
        yield from render.entries([of_cause(cause, titles)])
        if since := _since(cause, now.waiting):
            yield render.plain(f"      {since}", "dim")
    if len(found) > SHOWN:
        yield Text(f"and {len(found) - SHOWN} more; --json lists all", style="dim")


def _since(cause: Cause, rows: Sequence[Waiting]) -> str:
    """When the first of a cause's records was seen, and in how many runs."""
    names = {label.partition(BETWEEN)[0] for label in cause.records}
    own = [row for row in rows if (row.number or row.id) in names or row.message == cause.message]
    if not own:
        return ""
    return f"Since {_time(min(row.since for row in own))}, in {plural(max(row.attempts for row in own), 'run')}."


def _time(iso: str) -> str:
    known: datetime | None = moment(iso)
    return f"{known:%Y-%m-%d %H:%M} UTC" if known else iso
