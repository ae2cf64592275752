"""Where things stand: the last run, who holds the lock, and which records wait for whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from tallybridge.clock import stamp
from tallybridge.errors import ConfigurationError
from tallybridge.reporting.causes import causes
from tallybridge.reporting.chains import Chains
from tallybridge.reporting.messages import BETWEEN
from tallybridge.reporting.page import of_cause, order_text
from tallybridge.reporting.verdict import verdict
from tallybridge.reporting.words import moment, plural
from tallybridge.sync.drift import Drift
from tallybridge.sync.ledger import State
from tallybridge.sync.runlog import BROKEN_OFF, Cause, Level, LogLine, RunOutcome, RunSummary
from tallybridge.sync.runs import STALE_AFTER
from tallybridge.tasks.drift import drift_in, drift_items, open_drift
from tallybridge.tasks.steps import STEPS, step_class
from tallybridge_cli import finding, render
from tallybridge_cli.exits import Code, code_of
from tallybridge_cli.target import Target
from tallybridge_cli.watch import summary_of

RECENT = 50
"""Runs that are looked through for the last real one with a result."""
MONEY_AND_CAUSE = ("currency", "amount", "cause")
SHOWN = 40
"""Causes listed one by one; the others are counted."""


@dataclass(frozen=True)
class Waiting:
    """A record that is held or refused. `waits_for` names what it waits for, "" means that it waits for a person; `root` what stands at the
    end of the chain of records that wait for each other, "" when that is what it waits for itself. `since` is when the problem was first
    seen, `attempts` in how many runs; `amount` is a plain number, "" where the record has none."""

    state: str
    step: str
    id: str
    number: str
    code: str
    message: str
    waits_for: str
    since: str
    run_id: str
    attempts: int = 1
    object: str = ""
    currency: str = ""
    amount: str = ""
    cause: str = ""
    root: str = ""

    @property
    def line(self) -> LogLine:
        """As a run tells it in its log."""
        told = {name: getattr(self, name) for name in ("object", "waits_for", "currency", "amount", "cause")}
        return LogLine(
            self.since, self.run_id, self.step, Level.WARNING, self.message, self.code, source_id=self.id, source_number=self.number, **told
        )


@dataclass(frozen=True)
class Lock:
    """The run in progress. `stale` when it has given no sign for so long that the next run takes over."""

    run_id: str
    since: str
    heartbeat: str
    stale: bool


@dataclass(frozen=True)
class Standing:
    """`last` is the newest run's record, `summary` that of the newest run that left one; dry runs prove nothing and do not count."""

    last: dict[str, Any] | None
    summary: RunSummary | None
    lock: Lock | None
    waiting: tuple[Waiting, ...]
    drift: tuple[Drift, ...] = ()
    """What changed on one side after the sync and was neither settled nor accepted."""

    @property
    def causes(self) -> list[Cause]:
        """What is held or refused by cause, and what the last run's rules leave out although it is due: as the run's report has it."""
        known = {row.code for row in self.waiting}
        rules = [row for row in self.summary.left_out if row.code not in known] if self.summary else []
        return causes((row.line for row in self.waiting), rules)

    @property
    def exit_code(self) -> Code:
        of_run = code_of(self.summary) if self.summary else Code.TIED_OUT
        if self.last and self.last.get("outcome") in (*BROKEN_OFF, RunOutcome.OUT_OF_BALANCE):
            return Code.CONFIGURATION if self.last.get("set_up") else max(of_run, Code.FAILED)
        if of_run > Code.LEFT_OVER:
            return of_run
        of_rules = self.summary is not None and any(row.due for row in self.summary.left_out)
        booked = self.summary is not None and any(t.booked_in for t in self.summary.totals)
        partly = self.summary is not None and self.summary.outcome is RunOutcome.PARTLY
        return Code.LEFT_OVER if self.waiting or self.drift or of_rules or booked or partly else Code.TIED_OUT

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
            "causes": [cause.to_json() for cause in self.causes],
            "drift": [row.to_json() for row in self.drift],
            "left_out": [row.to_json() for row in self.summary.left_out] if self.summary else [],
        }


def standing(target: Target) -> Standing:
    """Read it all: the list of runs, the lock, the ledger's open records."""
    recent = [r for r in target.runs.recent(RECENT) if not r.get("dry_run")]
    ended = (r for r in recent if r.get("outcome") not in (RunOutcome.RUNNING, RunOutcome.SKIPPED))
    newest = next(ended, None)
    summary = summary_of(target, newest["run_id"]) if newest else None
    return Standing(
        recent[0] if recent else None, summary, lock_of(target), tuple(chained(list(waiting(target)))), tuple(open_drift(target.ledger))
    )


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
                _, kind, source_id = str(item["id"]).split("#", 2)
                known = {name: str(item.get(name, "")) for name in ("number", "code", "message", "waits_for", "run_id", *MONEY_AND_CAUSE)}
                since, attempts = str(item.get("since", item.get("updated", ""))), int(item.get("attempts", 1))
                yield Waiting(str(state), step, source_id, since=since, attempts=attempts, object=kind, **known)


def accept(target: Target, name: str) -> list[Drift]:
    """Take the drift of a record as it is, by number or id: no run tells it again unless it changes. Raises `ConfigurationError`
    DRIFT-UNKNOWN."""
    found = [item for item in drift_items(target.ledger) if name in (item["number"], str(item["id"]).rsplit("#", 1)[-1])]
    if not found:
        raise ConfigurationError(
            f'No drift of "{name}" is open.', place="record", code="DRIFT-UNKNOWN", advice="`tallybridge status` lists them."
        )
    for item in found:
        target.ledger.agreed({**item, "accepted": item["shape"], "accepted_at": stamp(target.clock.now())})
    return [drift_in(item) for item in found]


def chained(rows: Sequence[Waiting]) -> list[Waiting]:
    """The records with what stands at the end of their chains: first those that need a person, then those that wait for others."""
    chains = Chains()
    for row in rows:
        chains.add((row.number, row.id), row.waits_for)
    return sorted((replace(row, root=chains.root(row.waits_for)) for row in rows), key=lambda row: bool(row.waits_for))


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
        parts += [render.plain(f"Run {now.summary.run_id}, {render.facts(now.summary)}", "dim"), render.answers(now.summary)]
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
