"""The plan that a dry run has left: what it says of one step or one record, and whether it may be applied."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tallybridge.clock import moment_of, stamp
from tallybridge.errors import ConfigurationError
from tallybridge.parallel import side_by_side
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.planned import Agreed, Planned
from tallybridge.sync.runlog import RunOutcome
from tallybridge.tasks.folded import SO_FAR, rows
from tallybridge.tasks.plan_sums import Sums
from tallybridge.tasks.results import PLANNED
from tallybridge.tasks.run_file import NAME

GOOD_FOR = timedelta(hours=24)
"""How old a plan may be when it is applied, from the end of its dry run."""
APPLIED = "applied.json"
"""In the folder of a plan: by which run it was applied, and when."""
AGAIN = "Make a new plan: `tallybridge run --dry-run`."
WHOLE = (RunOutcome.COMPLETED, RunOutcome.WARNINGS)
Row = dict[str, Any]


@dataclass(frozen=True)
class StepPlan:
    """What a plan says of one step. `pieces` is how many pieces its heads lie in."""

    folder: RunFolder
    step: str
    pieces: int
    sums: Sums

    @classmethod
    def load(cls, folder: RunFolder, step: str) -> StepPlan:
        """Empty where the dry run has not gone through the step."""
        known: Row = folder.read_json_or(f"{step}/{SO_FAR}", {"pieces": 0})
        return cls(folder, step, int(known["pieces"]), Sums.from_json(known.get("plan")))

    def parts(self, after: int = 0) -> Iterator[tuple[int, Row]]:
        """({piece}, {"part", "heads"}) in order, of the pieces behind `after`."""
        return rows(self.folder, self.step, range(after + 1, self.pieces + 1), PLANNED)

    def places(self) -> dict[str, str]:
        """By source id the part in which a record stands."""
        return {head["id"]: part["part"] for _, part in self.parts() for head in part["heads"]}

    def records(self, part: str) -> list[Row]:
        """All that is told of the records of a part."""
        return list(self.folder.read_lines(f"{self.step}/{PLANNED}/{part}.jsonl.gz"))

    def agreed(self, parts: Sequence[str], wanted: Collection[str], items_of: Callable[[Sequence[str]], Mapping[str, Row]]) -> Agreed:
        """What may be done with the `wanted` records, which stand in these parts. `items_of` reads the ledger's items by key."""
        found = [row for part in side_by_side(self.records, parts) for row in part if row["id"] in wanted]
        keys = {s: at["key"] for row in found for s, at in row["stand_ins"].items() if at["key"]}
        items = items_of(sorted(set(keys.values())))
        ids = {s: str(items[key]["destination_id"]) for s, key in keys.items() if items.get(key, {}).get("destination_id")}
        return Agreed({row["id"]: Planned.from_json(row) for row in found}, ids)


def check(folder: RunFolder, record: Mapping[str, Any], now: datetime, run_id: str = "") -> Row:
    """What a plan's dry run was: its run.json. `record` is its run's record, {} for none; `run_id` the run that is to apply it. Raises
    `ConfigurationError` PLAN-UNKNOWN, PLAN-NOT-WHOLE, PLAN-OLD, PLAN-APPLIED."""
    if not record.get("dry_run") or not folder.has(NAME):
        text = f'There is no dry run "{folder.run_id}" whose plan could be applied.'
        raise _refused("PLAN-UNKNOWN", text, "Name a dry run; `tallybridge runs` lists them.")
    if str(record.get("outcome", "")) not in map(str, WHOLE):
        text = f"Dry run {folder.run_id} is no plan: it has not gone through everything ({record.get('outcome', '')})."
        raise _refused("PLAN-NOT-WHOLE", text, f"See on its page what kept it. {AGAIN}")
    if (by := applied(folder)) and by["run_id"] != run_id:
        raise _already(folder, by)
    plan: Row = folder.read_json(NAME)
    made = moment_of(record.get("ended") or plan["started"])
    if made is None or now - made > GOOD_FOR:
        hours = int(GOOD_FOR.total_seconds() // 3600)
        raise _refused("PLAN-OLD", f"The plan of run {folder.run_id} is of {plan['started']}; a plan is good for {hours} hours.", AGAIN)
    return plan


def check_same(plan: Row, settings: Mapping[str, Any], mode: str) -> None:
    """That a plan was made under these settings and in this tenant mode. Raises `ConfigurationError` PLAN-SETTINGS."""
    changed = sorted(key for key in {*settings, *plan["settings"]} if settings.get(key) != plan["settings"].get(key))
    if changed or mode != plan["mode"]:
        what = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "") if changed else "the tenant's mode"
        text = f"The plan of run {plan['run_id']} was made under other settings: {what}. Nothing was written."
        raise _refused("PLAN-SETTINGS", text, AGAIN)


def take(folder: RunFolder, run_id: str, now: datetime) -> None:
    """Note that a run applies a plan: of several the first. Raises `ConfigurationError` PLAN-APPLIED."""
    if not folder.write_json_once(APPLIED, {"run_id": run_id, "at": stamp(now)}) and (by := applied(folder)) and by["run_id"] != run_id:
        raise _already(folder, by)


def _already(folder: RunFolder, by: Mapping[str, str]) -> ConfigurationError:
    text = f"The plan of run {folder.run_id} was applied by run {by['run_id']}; nothing is done twice."
    advice = f"`tallybridge show {by['run_id']}` says what became of it. For what is left, make a new plan: `tallybridge run --dry-run`."
    return _refused("PLAN-APPLIED", text, advice)


def applied(folder: RunFolder) -> dict[str, str]:
    """Which run has applied a plan, {} for none: {"run_id", "at"}."""
    return dict(folder.read_json_or(APPLIED, {}))


def _refused(code: str, text: str, advice: str) -> ConfigurationError:
    return ConfigurationError(text, place="plan", code=code, advice=advice)
