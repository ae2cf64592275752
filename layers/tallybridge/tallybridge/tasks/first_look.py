"""One look at both sides before the first step: how many records each step may find, asked of Zuora in one query job and of NetSuite in one
query.

    the run is opened   how many records are due, step by step, and how many its rules leave out
    a step begins       does not ask where none are due; where some are it does, since the query copy may be older than what is there
    a step has work     the look is over, since what one step writes may make records of others due

What cannot be asked so, or not in time, each step asks for itself, as in a run of some steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tallybridge.clock import stamp
from tallybridge.errors import TallybridgeError
from tallybridge.parallel import all_at_once
from tallybridge.shelf import Shelf
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.sync_step import Count, SyncStep
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.ledger import Owner
from tallybridge.tasks.run_file import RunFile
from tallybridge.tasks.steps import step_class
from tallybridge.tasks.watermarks import follows, last_look
from tallybridge.wiring import Wiring
from tallybridge.zuora.selection import sql_text
from tallybridge.zuora.source import ZuoraSource

COUNTS = "look/counts.json"
FIELDS = "netsuite_fields.json"
LOOK_SECONDS = 30
"""A look that takes longer is given up: a tenant whose query jobs wait in a queue is asked step by step."""
FIELDS_LAST = timedelta(hours=6)
"""For so long a look takes NetSuite's fields to be as they were read by an earlier one; a step that has work reads them anew."""

Counts = dict[str, dict[str, int]]
"""By step: what its counts have said, by their names."""


@dataclass
class FirstLook:
    """What is known of the steps of a run."""

    counts: Counts = field(default_factory=dict)

    @classmethod
    def of(cls, folder: RunFolder) -> FirstLook:
        return cls(folder.read_json_or(COUNTS, {}))

    def has_none(self, step: str, count: str) -> bool:
        """Whether a count of a step has found nothing; else the step has to ask."""
        return self.counts.get(step, {}).get(count) == 0

    def ends(self, folder: RunFolder) -> None:
        """A step has something to do: what was not due may be, once that is written."""
        if self.counts:
            folder.write_json(COUNTS, {})


def take(run: RunFile, folder: RunFolder, wiring: Wiring) -> bool:
    """Look at both sides; answers whether NetSuite has answered."""
    wiring, fields = wiring.hurried(LOOK_SECONDS), Fields(run, folder, wiring)
    steps = _steps(run, wiring, fields)
    with wiring.task():
        here, there = all_at_once(
            lambda: _asked(lambda: _zuora([s for s in steps if s.system == "zuora"])),
            lambda: _asked(lambda: _netsuite([s for s in steps if s.system == "netsuite"])),
        )
    folder.write_json(COUNTS, {**here, **there})
    fields.save()
    return bool(there)


def _asked(ask: Callable[[], Counts]) -> Counts:
    try:
        return ask()
    except TallybridgeError:  # each step asks for itself, and says what is wrong
        return {}


def _zuora(steps: Sequence[SyncStep]) -> Counts:
    """By one query job. Where the tenant is read by ZOQL each step asks."""
    asked = {s.name: s.to_count() for s in steps if s.settings.zuora_read_path != "zoql"}
    text, _ = _together(asked)
    return _by_step(asked, steps[0].context.zuora.data_query(text)) if text else {}


def _netsuite(steps: Sequence[SyncStep]) -> Counts:
    asked = {s.name: s.to_count() for s in steps}
    text, values = _together(asked)
    return _by_step(asked, steps[0].context.netsuite.suiteql(text, values)) if text else {}


def _together(asked: Mapping[str, Mapping[str, Count]]) -> tuple[str, list[str]]:
    """All counts as one query with the columns step, name, n, and the values of its `?`; "" without any."""
    each = [(step, name, count) for step, counts in asked.items() for name, count in counts.items()]
    arms = (f"SELECT {sql_text(step)} AS step, {sql_text(name)} AS name, q.n FROM ({count.sql}) q" for step, name, count in each)
    return " UNION ALL ".join(arms), [value for *_, count in each for value in count.params]


def _by_step(asked: Mapping[str, Mapping[str, Count]], rows: Iterable[Mapping[str, Any]]) -> Counts:
    found: Counts = {step: {} for step, counts in asked.items() if counts}
    for row in rows:
        found[str(row["step"])][str(row["name"])] = int(row["n"])
    return found


def _steps(run: RunFile, wiring: Wiring, fields: Shelf) -> list[SyncStep]:
    """The steps of the run, as far as it is known from when on they look at changes."""
    settings, runs = run.parsed_settings(), wiring.runs()
    found: list[SyncStep] = []
    zuora = wiring.zuora(settings)
    netsuite = wiring.netsuite(settings, Owner(run.run_id, "look", wiring.invocation.id))
    source = ZuoraSource(zuora, settings.zuora_read_path, settings.zuora_field_suffix)
    for kind in (step_class(name) for name, wanted in run.steps.items() if wanted):
        mark, switched = last_look(kind, settings, runs)
        if not switched:
            since = mark.since if follows(kind, settings) else ""
            found.append(kind(StepContext(zuora, source, netsuite, settings, wiring.clock, since=since, mode=run.mode, shelf=fields)))
    return found


class Fields:
    """The fields of NetSuite's record types: as an earlier look has found them, under the same settings and not long ago; else from
    NetSuite, and then for the steps of this run too."""

    def __init__(self, run: RunFile, folder: RunFolder, wiring: Wiring) -> None:
        self.run = folder
        self.kept = wiring.looks()
        self.version = run.settings_version
        self.now = wiring.clock.now()
        before = self.kept.read_json_or(FIELDS, {})
        self.known = {n: e for n, e in before.get("fields", {}).items() if before["version"] == self.version and self._is_good(e)}
        self.read: dict[str, Any] = {}

    def _is_good(self, entry: Mapping[str, Any]) -> bool:
        return self.now - datetime.fromisoformat(entry["read"]) < FIELDS_LAST

    def read_json_or(self, name: str) -> Any:
        return self.known[name]["content"] if name in self.known else self.run.read_json_or(name)

    def write_json(self, name: str, value: Any) -> str:
        self.read[name] = {"read": stamp(self.now), "content": value}
        return self.run.write_json(name, value)

    def save(self) -> None:
        if self.read:
            self.kept.write_json(FIELDS, {"version": self.version, "fields": {**self.known, **self.read}})
