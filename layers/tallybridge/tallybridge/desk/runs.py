"""The runs: listed and filtered, one of them, and two side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tallybridge.clock import stamp
from tallybridge.desk.progress import summary_of
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.parallel import side_by_side
from tallybridge.reporting.missing import missing, together
from tallybridge.reporting.verdict import verdict
from tallybridge.reporting.words import duration_text, moment, money_text, seconds_text
from tallybridge.settings import DEFAULTS
from tallybridge.sync.runlog import ControlTotal, RunSummary, StepReport, Tally
from tallybridge.sync.runs import Runs
from tallybridge.tasks.folded import so_far
from tallybridge.tasks.results import StepFacts
from tallybridge.tasks.steps import STEPS, step_class

PAGE = 25
"""Runs on a page."""
LOOKED_THROUGH = 40
"""Pages of the list that are looked through for the runs of one page."""
AT_A_TIME = 100


@dataclass(frozen=True)
class Filter:
    """Which runs: of one outcome, by who or what started them (a part of the name), real ones or dry ones ("real", "dry"), and started on
    or after, or before the end of, a day (YYYY-MM-DD); of one instance of the revenue connector. "" for all."""

    outcome: str = ""
    trigger: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""
    instance: str = ""

    def takes(self, row: dict[str, Any]) -> bool:
        started = str(row.get("started", ""))
        return (
            self.outcome in ("", row.get("outcome"))
            and self.instance.lower() in ("", str(row.get("instance", "")).lower())
            and self.trigger.lower() in str(row.get("trigger", "")).lower()
            and (not self.kind or (self.kind == "dry") == bool(row.get("dry_run")))
            and started[:10] >= self.since
        )


@dataclass(frozen=True)
class RunsPage:
    """`rows` newest first; `next` is the place after which the next page begins, "" at the end."""

    rows: list[dict[str, Any]]
    next: str


def page(runs: Runs, wanted: Filter, after: str = "", size: int = PAGE) -> RunsPage:
    """A page of the list. Where so many others lie between that the end of the search comes first, the page is shorter and goes on."""
    rows: list[dict[str, Any]] = []
    place = after or (f"{wanted.until}T99" if wanted.until else "")
    for _ in range(LOOKED_THROUGH):
        found = list(runs.page(AT_A_TIME, place))
        for place, row in found:
            if str(row.get("started", ""))[:10] < wanted.since:
                return RunsPage(rows, "")
            if wanted.takes(row):
                rows.append(row)
            if len(rows) == size:
                return RunsPage(rows, place)
        if len(found) < AT_A_TIME:
            return RunsPage(rows, "")
    return RunsPage(rows, place)


def told(target: Target, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Runs with what their summaries say: how long they took, how many records, and the money not brought over."""
    summaries = side_by_side(lambda run_id: summary_of(target, run_id), [str(row["run_id"]) for row in rows])
    return [{**row, **_told(row, summary)} for row, summary in zip(rows, summaries, strict=True)]


def _told(row: dict[str, Any], summary: RunSummary | None) -> dict[str, Any]:
    took = duration_text(str(row.get("started", "")), str(row.get("ended", "")))
    if summary is None:
        return {"took": took, "selected": None, "synced": None, "left": None, "tied_out": None, "missing": []}
    return {
        "took": took,
        "selected": sum(step.selected for step in summary.steps),
        "synced": sum(step.created + step.updated + step.linked + step.recovered for step in summary.steps),
        "left": summary.due,
        "tied_out": summary.tied_out,
        "missing": [money_text(m.amount, m.currency) for m in together(missing(summary))],
    }


# -- one run -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """A step of a run: how it is or ended, when, and how much. `begins` and `lasts` are thousandths of the run's time; `rounds` says how
    often its batches were worked on, `batches` how many they are; `refused` how many calls were refused for too many at once, `waited` for
    how long, in words, calls waited for their turn, added over all workers; `pressed` when: {"begins", "lasts", "refused", "waited"}."""

    step: str
    title: str
    state: str
    started: str
    took: str
    begins: int
    lasts: int
    counts: dict[str, int]
    batches: int
    rounds: int
    message: str
    refused: int = 0
    waited: str = ""
    pressed: tuple[dict[str, int], ...] = ()


COUNTS = ("selected", "created", "updated", "linked", "recovered", "unchanged", "held", "refused", "skipped", "unfinished", "left")


def record(target: Target, run_id: str) -> dict[str, Any]:
    """A run's record. Raises `ConfigurationError` RUN-UNKNOWN."""
    found = target.runs.read(run_id)
    if not found or found.get("job", target.runs.job) != target.runs.job:
        raise ConfigurationError(f'There is no run "{run_id}".', place="run", code="RUN-UNKNOWN", advice="The list of runs has them all.")
    return found


def tasks(target: Target, found: dict[str, Any], now: datetime) -> list[Task]:
    """The steps of a run, in their order, as far as it has come."""
    run_id, wanted = str(found["run_id"]), found.get("steps") or {}
    begin, ended_at = moment(str(found.get("started", ""))), moment(str(found.get("ended", "")))
    steps = [step for step in STEPS if wanted.get(step)]
    return list(side_by_side(lambda step: _task(target, run_id, step, begin, ended_at, now), steps))


def _task(target: Target, run_id: str, step: str, begin: datetime | None, ended_at: datetime | None, now: datetime) -> Task:
    end = ended_at or now
    folder = target.folder(run_id)
    title = step_class(step).title
    if folder.has(f"{step}/report.json"):
        report = StepReport.from_json(folder.read_json(f"{step}/report.json"))
        state, started, ended, message = str(report.outcome), report.started, report.ended, report.message
        counts = {name: getattr(report, name) for name in COUNTS if getattr(report, name) or name == "selected"}
    elif folder.has(f"{step}/start.json"):
        state, ended, message, counts = "running", "", "", {}
        started = str(folder.read_json(f"{step}/start.json").get("started", ""))
    else:
        return Task(step, title, "not reached" if ended_at else "waiting", "", "", 0, 0, {}, 0, 0, "")
    batches = len(folder.read_json(f"{step}/manifest.json")) if folder.has(f"{step}/manifest.json") else 0
    rounds = sum(1 for _ in folder.names(f"{step}/results/"))
    begins, lasts = _place(moment(started), moment(ended) or end, begin, end)
    took = duration_text(started, ended or stamp(end))
    found = so_far(folder, StepFacts.of_class(step_class(step))).pressure
    pressed, waited = tuple(found.within(begin, end)) if begin else (), seconds_text(found.waited)
    return Task(step, title, state, started, took, begins, lasts, counts, batches, rounds, message, found.refused, waited, pressed)


def _place(started: datetime | None, ended: datetime, begin: datetime | None, end: datetime) -> tuple[int, int]:
    """Where a step lies in its run, in thousandths; at least one wide, so that it is seen."""
    if started is None or begin is None or end <= begin:
        return 0, 0
    whole = (end - begin).total_seconds()
    first = min(999, max(0, int(1000 * (started - begin).total_seconds() / whole)))
    return first, max(1, min(1000 - first, int(1000 * (ended - started).total_seconds() / whole)))


def files(target: Target, run_id: str, names: tuple[str, ...]) -> list[str]:
    """Which of these files a run has left."""
    folder = target.folder(run_id)
    return [name for name, there in zip(names, side_by_side(folder.has, list(names)), strict=True) if there]


def run_before(target: Target, found: dict[str, Any]) -> str:
    """The real run before this one that worked with settings, "" for the first."""
    place = f"{found.get('started', '')}#{found['run_id']}"
    for _, row in target.runs.page(AT_A_TIME, place):
        if not row.get("dry_run") and row.get("outcome") != "skipped" and target.folder(str(row["run_id"])).has("run.json"):
            return str(row["run_id"])
    return ""


def settings_changed(target: Target, one: str, other: str) -> list[dict[str, Any]]:
    """The settings that differ between two runs, as each worked with: {"key", "before", "after"}; [] where one of them has no file."""
    folders = [target.folder(one), target.folder(other)]
    if not all(folder.has("run.json") for folder in folders):
        return []
    before, after = (folder.read_json("run.json")["settings"] for folder in folders)
    default = DEFAULTS.model_dump(mode="json", by_alias=True)
    keys = [key for key in default if before.get(key, default[key]) != after.get(key, default[key])]
    return [{"key": key, "before": before.get(key, default[key]), "after": after.get(key, default[key])} for key in keys]


# -- two runs ----------------------------------------------------------------------------------------------------------


def compared(target: Target, one: str, other: str) -> dict[str, Any]:
    """Two runs side by side: {"runs", "totals", "causes", "settings"}. Raises `ConfigurationError` RUN-UNKNOWN."""
    records = [record(target, name) for name in (one, other)]
    summaries = [summary_of(target, name) for name in (one, other)]
    heads = told(target, records)
    for head, summary in zip(heads, summaries, strict=True):
        head["state"] = verdict(summary).state if summary else str(head.get("outcome", ""))
    return {
        "runs": heads,
        "totals": list(_totals(*summaries)),
        "causes": list(_causes(*summaries)),
        "settings": settings_changed(target, one, other),
    }


def _totals(one: RunSummary | None, other: RunSummary | None) -> Iterator[dict[str, Any]]:
    """The control totals of both, by object and currency: selected, synced, held and refused together."""
    found: dict[tuple[str, str], list[ControlTotal | None]] = {}
    for place, summary in enumerate((one, other)):
        for total in summary.totals if summary else ():
            found.setdefault((total.object, total.currency), [None, None])[place] = total
    for (kind, currency), pair in sorted(found.items()):
        yield {"object": kind, "currency": currency, "of": [_figures(total) for total in pair]}


def _figures(total: ControlTotal | None) -> dict[str, Any] | None:
    if total is None:
        return None
    open_ = Tally(total.held.count + total.refused.count, total.held.amount + total.refused.amount)
    return {
        name: {"count": tally.count, "text": money_text(tally.amount, total.currency) if total.currency else ""}
        for name, tally in {"selected": total.selected, "synced": total.synced, "open": open_}.items()
    }


def _causes(one: RunSummary | None, other: RunSummary | None) -> Iterator[dict[str, Any]]:
    """The causes of both by code: how many records in each."""
    counts: dict[str, list[int]] = {}
    for place, summary in enumerate((one, other)):
        for cause in summary.causes or summary.messages if summary else ():
            counts.setdefault(cause.code, [0, 0])[place] += cause.count
    for code, pair in sorted(counts.items()):
        yield {"code": code, "of": pair}
