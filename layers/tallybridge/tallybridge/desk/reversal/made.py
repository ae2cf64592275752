"""What a run has made, as its own results tell it: documents in NetSuite that can be reversed, and everything else with what a person can
do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.steps.shared.sync_step import SyncStep
from tallybridge.sync.ledger import Ledger
from tallybridge.sync.reversal import NotReversed
from tallybridge.sync.runlog import Outcome, RecordResult
from tallybridge.tasks.folded import results, so_far
from tallybridge.tasks.results import StepFacts, manifest_of
from tallybridge.tasks.steps import STEPS, step_class

WRITTEN = (Outcome.SYNCED, Outcome.ALREADY)
MASTER = (
    "Master data take no money and are used by others; they stay. Make a record inactive in NetSuite by hand if it was made by mistake."
)
UPDATED = "What was there before is not known to Tallybridge. See NetSuite's system notes of the records, and change them back by hand."
LINKED = "The record was there before the run. Clear the field Zuora ID in NetSuite and the Integration ID in Zuora to take the link back."
FOUND = "It was there before: reverse the run that has made it. `tallybridge explain` tells which one that is."
UNFINISHED = "The run after it has found, created or held each of them: see `tallybridge explain`, and reverse that run as well if need be."
IN_ZUORA = {
    "netsuite_customers": "Cancel the account in Zuora, once nothing hangs on it.",
    "sales_orders": "Cancel the subscription in Zuora.",
    "netsuite_payments": "Unapply the payment in Zuora and cancel it; without Invoice Settlement cancel it.",
    "netsuite_credit_memos": "Cancel the invoice adjustment in Zuora.",
    "netsuite_refunds": "Cancel the refund in Zuora.",
}
"""What a person can do about records that were written to Zuora, by step."""


@dataclass(frozen=True)
class Created:
    """A record of the run; of those in `Made.documents`, a document that the run has created in NetSuite. Its type is not in the result
    where an attempt of a batch was repeated."""

    step: str
    result: RecordResult


@dataclass
class Made:
    """`documents` are those of the types that can be reversed; `left` is everything else that was written, counted."""

    documents: list[Created] = field(default_factory=list)
    left: list[NotReversed] = field(default_factory=list)


def made_by(target: Target, run_id: str) -> Made:
    """What a run has made. Reads the pieces of its results. Raises `ConfigurationError` REVERSAL-RUN where they are not complete."""
    folder, made, rest = target.folder(run_id), Made(), list[Created]()
    for step in (s for s in STEPS if folder.has(f"{s}/start.json")):
        kind = step_class(step)
        folded = so_far(folder, StepFacts.of_class(kind))
        if not folded.whole and manifest_of(folder, step):
            raise _not_counted(run_id, kind)
        for _, result in results(folder, step, folded):
            created = result.action == "create" and result.destination_id and kind.destination_system == "NetSuite" and kind.transaction
            (made.documents if created else rest).append(Created(step, result))
    found = _found_later(target, run_id, rest)
    made.documents += found.values()
    made.left = _told(each for place, each in enumerate(rest) if place not in found)
    return made


def _found_later(target: Target, run_id: str, rest: Sequence[Created]) -> dict[int, Created]:
    """Documents that the run has sent before it, or one of its attempts, was cut off, and that were found afterwards, by their places: the
    ledger knows which run has sent a record last."""
    keys = {place: _key(each) for place, each in enumerate(rest) if _is_doubtful(each)}
    items = target.ledger.read(list(keys.values()))
    sent = {
        place: item for place, key in keys.items() if (item := items.get(key, {})).get("sent_in") == run_id and item.get("destination_id")
    }
    return {place: Created(rest[place].step, _as_known(rest[place].result, item)) for place, item in sent.items()}


def _is_doubtful(each: Created) -> bool:
    kind, result = step_class(each.step), each.result
    return (
        kind.transaction and kind.destination_system == "NetSuite" and (result.outcome is Outcome.UNFINISHED or result.action == "recover")
    )


def _key(each: Created) -> str:
    return Ledger.key(step_class(each.step).system, each.result.object, each.result.source_id)


def _as_known(result: RecordResult, item: Mapping[str, Any]) -> RecordResult:
    """The result with what the ledger knows of the record, since a run that is cut off leaves but its id."""
    return replace(
        result,
        source_number=str(item.get("number") or result.source_number),
        destination_id=str(item["destination_id"]),
        amount=Decimal(str(item["amount"])) if item.get("amount") else result.amount,
        currency=str(item.get("currency") or result.currency),
    )


def _told(rest: Iterable[Created]) -> list[NotReversed]:
    """What is not reversed, counted by step, reason and currency."""
    counted: dict[tuple[str, str, str, str], list[RecordResult]] = {}
    for each in rest:
        if why := _why_not(step_class(each.step), each.result):
            counted.setdefault((each.step, *why, each.result.currency), []).append(each.result)
    return [_counted(step, code, advice, currency, rows) for (step, code, advice, currency), rows in counted.items()]


def _not_counted(run_id: str, kind: type[SyncStep]) -> ConfigurationError:
    text = f"Run {run_id}: what became of its {kind.title.lower()} was not counted to the end."
    advice = "The clean-up of a stopped run does that within minutes. If it never does, reverse by hand what the run's log names."
    return ConfigurationError(text, place="run", code="REVERSAL-RUN", advice=advice)


def _why_not(kind: type[SyncStep], result: RecordResult) -> tuple[str, str] | None:
    """Code and advice of what is not reversed; None for what the run has not written."""
    if result.outcome is Outcome.UNFINISHED and kind.destination_system == "NetSuite":
        return "RV-UNFINISHED", UNFINISHED
    if result.outcome not in WRITTEN or not result.action:
        return None
    if kind.destination_system != "NetSuite":
        return "RV-ZUORA", IN_ZUORA[kind.name]
    return {"link": ("RV-LINKED", LINKED), "recover": ("RV-FOUND", FOUND), "update": ("RV-UPDATED", UPDATED)}.get(
        result.action, ("RV-MASTER", MASTER)
    )


SAID = {
    "RV-ZUORA": "were created or changed in Zuora, where Tallybridge reverses nothing",
    "RV-LINKED": "were linked with records that were there",
    "RV-FOUND": "were found in NetSuite and only completed in the source",
    "RV-UNFINISHED": "were cut off, so that each may be in NetSuite or not",
    "RV-UPDATED": "were only updated in NetSuite",
    "RV-MASTER": "were created in NetSuite and are no transactions",
}


def _counted(step: str, code: str, advice: str, currency: str, rows: list[RecordResult]) -> NotReversed:
    amount = sum((r.amount or Decimal(0) for r in rows), Decimal(0)) if currency else None
    first = ", ".join(_numbers(rows[:5])) + (f" and {len(rows) - 5} more" if len(rows) > 5 else "")
    text = f"{step_class(step).title}: {len(rows)} {SAID[code]}: {first}."
    return NotReversed(step, code, text, advice, count=len(rows), currency=currency, amount=amount)


def _numbers(rows: list[RecordResult]) -> Iterator[str]:
    return (r.source_number or r.source_id for r in rows)
