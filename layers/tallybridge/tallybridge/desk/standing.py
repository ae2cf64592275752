"""Where things stand: the last run, who holds the lock, and which records wait for whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from tallybridge.clock import stamp
from tallybridge.desk.exits import Code, code_of
from tallybridge.desk.progress import summary_of
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.parallel import side_by_side
from tallybridge.reporting.causes import causes
from tallybridge.reporting.chains import Chains
from tallybridge.reporting.codes import known_code, sentence
from tallybridge.reporting.verdict import verdict
from tallybridge.sync.drift import Drift
from tallybridge.sync.ledger import State
from tallybridge.sync.runlog import BROKEN_OFF, Cause, Level, LogLine, Message, RunOutcome, RunSummary
from tallybridge.sync.runs import NOT_THE_WHOLE, STALE_AFTER
from tallybridge.tasks.drift import drift_in, drift_items, open_drift
from tallybridge.tasks.steps import STEPS

RECENT = 50
"""Runs that are looked through for the last real one with a result."""
MONEY_AND_CAUSE = ("currency", "amount", "cause")


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
    """`last` is the newest run's record, `summary` that of the newest run that left one; dry runs, and runs that
    took up single records, prove nothing of the whole and do not count."""

    last: dict[str, Any] | None
    summary: RunSummary | None
    lock: Lock | None
    waiting: tuple[Waiting, ...]
    drift: tuple[Drift, ...] = ()
    """What changed on one side after the sync and was neither settled nor accepted; not read where `whole` was not wanted."""
    whole: bool = True
    """Whether `waiting` has every record that waits."""

    @property
    def causes(self) -> list[Cause]:
        """What is held or refused by cause, and what the last run's rules leave out although it is due: as the run's report has it, and
        from there where there is too much to be read anew."""
        if not self.whole and self.summary:
            return self.summary.causes
        known = {row.code for row in self.waiting}
        rules = [row for row in self.summary.left_out if row.code not in known] if self.summary else []
        said: list[Message | Cause] = [*self.summary.messages, *self.summary.causes] if self.summary else []
        told = {(each.code, each.message): each.advice for each in said}
        found = causes((row.line for row in self.waiting), rules)
        return [
            cause if cause.advice else replace(cause, advice=told.get((cause.code, cause.message)) or _advice(cause)) for cause in found
        ]

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


def _advice(cause: Cause) -> str:
    """What to do about a cause in the words of its code: the ledger keeps what is wrong, the report of its run what to do about it."""
    page = known_code(cause.code)
    return sentence(page.advice) if page else ""


def standing(target: Target, most: int | None = None) -> Standing:
    """Read it all: the list of runs, the lock, the ledger's open records; at most so many of each kind, and no drift, with `most`."""
    recent = _that_count(target)
    summary = _newest_summary(target, recent)
    rows = list(waiting(target, most))
    drift = tuple(open_drift(target.ledger)) if most is None else ()
    counts = Counter((row.step, row.state) for row in rows)
    whole = most is None or not any(count >= most for count in counts.values())
    newest_start = recent[0] if recent else None
    return Standing(newest_start, summary, lock_of(target), tuple(chained(rows)), drift, whole)


def last_summary(target: Target) -> RunSummary | None:
    """The summary of the newest run that left one and tells of the whole."""
    return _newest_summary(target, _that_count(target))


def _that_count(target: Target) -> list[dict[str, Any]]:
    """The newest runs that tell of the whole, newest first."""
    return [r for r in target.runs.recent(RECENT) if not any(r.get(name) for name in NOT_THE_WHOLE)]


def _newest_summary(target: Target, runs: Sequence[Mapping[str, Any]]) -> RunSummary | None:
    ended = (r for r in runs if r.get("outcome") not in (RunOutcome.RUNNING, RunOutcome.SKIPPED))
    newest = next(ended, None)
    return summary_of(target, newest["run_id"]) if newest else None


def lock_of(target: Target) -> Lock | None:
    """Who holds the run lock now."""
    holder = target.runs.lock_holder()
    if holder is None:
        return None
    stale = stamp(target.clock.now() - STALE_AFTER) > str(holder["heartbeat"])
    return Lock(str(holder["run_id"]), str(holder["since"]), str(holder["heartbeat"]), stale)


def waiting(target: Target, most: int | None = None) -> Iterator[Waiting]:
    """The records that are held or refused, step by step; at most so many of each step that are held, and so many that are refused: then
    steps of which runs have counted that nothing waits are not asked."""
    settled = target.problems.settled() if most is not None else ()
    kinds = [(step, state) for step in STEPS if step not in settled for state in (State.REFUSED, State.HELD)]
    found = side_by_side(lambda kind: list(target.ledger.attention(f"{kind[1]}#{kind[0]}", most=most)), kinds)
    for (step, state), items in zip(kinds, found, strict=True):
        for item in items:
            yield waiting_of(item, step, str(state))


def waiting_in(item: Mapping[str, Any]) -> Waiting | None:
    """A record by its ledger item, if it is held or refused."""
    state, _, step = str(item.get("attention", "")).partition("#")
    return waiting_of(item, step, state) if state in (State.HELD, State.REFUSED) else None


def waiting_of(item: Mapping[str, Any], step: str, state: str) -> Waiting:
    """A record that is held or refused, as its ledger item tells it."""
    _, kind, source_id = str(item["id"]).split("#", 2)
    known = {name: str(item.get(name, "")) for name in ("number", "code", "message", "waits_for", "run_id", *MONEY_AND_CAUSE)}
    since, attempts = str(item.get("since", item.get("updated", ""))), int(item.get("attempts", 1))
    return Waiting(state, step, source_id, since=since, attempts=attempts, object=kind, **known)


def accept(target: Target, name: str, who: str = "") -> list[Drift]:
    """Take the drift of a record as it is, by number or id: no run tells it again unless it changes. Raises `ConfigurationError`
    DRIFT-UNKNOWN."""
    found = [item for item in drift_items(target.ledger) if name in (item["number"], str(item["id"]).rsplit("#", 1)[-1])]
    if not found:
        raise ConfigurationError(
            f'No drift of "{name}" is open.', place="record", code="DRIFT-UNKNOWN", advice="`tallybridge status` lists them."
        )
    target.note(who or target.who(), "accept", f"drift of {found[0]['number']}", before=str(found[0].get("message", "")))
    for item in found:
        target.ledger.agreed({**item, "accepted": item["shape"], "accepted_at": stamp(target.clock.now())})
    return [drift_in(item) for item in found]


def chained(rows: Sequence[Waiting]) -> list[Waiting]:
    """The records with what stands at the end of their chains: first those that need a person, then those that wait for others."""
    chains = Chains()
    for row in rows:
        chains.add((row.number, row.id), row.waits_for)
    return sorted((replace(row, root=chains.root(row.waits_for)) for row in rows), key=lambda row: bool(row.waits_for))
