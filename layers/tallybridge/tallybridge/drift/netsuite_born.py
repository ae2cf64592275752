"""Records that were synced from NetSuite: their own step says what differs; that NetSuite has deleted one, it cannot see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from tallybridge import money
from tallybridge.drift.compare import ACCEPT
from tallybridge.drift.kinds import Born
from tallybridge.steps.shared.from_netsuite import NetSuiteToZuora
from tallybridge.steps.shared.sync_step import SyncStep
from tallybridge.sync.drift import Drift
from tallybridge.sync.step import Candidate, Counterpart, Hold, SourceRecord


def drifts_of(step: SyncStep, born: Born, ids: Sequence[str]) -> Iterator[Drift]:
    """The drift of some NetSuite records that were synced. What their step would hold, has not been done, and was synced before, is one."""
    assert isinstance(step, NetSuiteToZuora)
    step.read_fields()
    known = {i: item for i, item in step.context.known(ids).items() if item.get("destination_id")}
    records = {r.id: r for r in step.refresh([Candidate(i) for i in known])}
    found = step.find(list(records.values())) if records else {}
    for record in records.values():
        counting = [c for c in found.get(record.id, ()) if step.counts(c.record)]
        plan = step.decide(record, found.get(record.id, []))
        if isinstance(plan, Hold):
            problem = plan.problems[0]
            there = ", ".join(c.id for c in found.get(record.id, ())) or str(known[record.id]["destination_id"])
            text = problem.message if record.id in problem.message else f"{problem.message} (NetSuite {record.id}, Zuora {there})"
            yield _drift(born, record, known[record.id], problem.code, there, text, problem.advice, _sum(counting))
    missing = [i for i in known if i not in records]
    for record_id in _gone(step, missing):
        yield from _deleted(step, born, record_id, known[record_id])


def _gone(step: NetSuiteToZuora, ids: Sequence[str]) -> list[str]:
    """Which of them NetSuite has no more; others were set aside by a person."""
    there = {row["id"] for row in step.context.netsuite.suiteql_in("SELECT id FROM transaction WHERE id IN {in}", ids)}
    return [i for i in ids if i not in there]


def _deleted(step: NetSuiteToZuora, born: Born, record_id: str, known: Mapping[str, Any]) -> Iterator[Drift]:
    amounts = [there.amount for _, there in step.holdings([record_id])]
    if not amounts:
        return
    currency, number = str(known.get("currency") or ""), str(known.get("number") or record_id)
    held, ids = sum((a or Decimal(0) for a in amounts), Decimal(0)), str(known["destination_id"])
    text = f"{step.object_label} {number} ({record_id}): deleted in NetSuite after its sync; Zuora {step.destination} {ids} still holds "
    advice = f"Cancel or refund the Zuora {step.destination}, or enter the record in NetSuite again. {ACCEPT.format(number)}"
    yield Drift(
        born.step,
        born.record_type,
        "DRIFT-DELETED",
        number,
        record_id,
        ids,
        f"{text}{money.text(held, currency)}.",
        advice,
        currency,
        Decimal(str(known["amount"])) if known.get("amount") else None,
        held,
    )


def _sum(counterparts: Sequence[Counterpart]) -> Decimal | None:
    return sum((c.amount or Decimal(0) for c in counterparts), Decimal(0)) if counterparts else None


def _drift(
    born: Born, record: SourceRecord, known: Mapping[str, Any], code: str, there: str, text: str, advice: str, held: Decimal | None
) -> Drift:
    return Drift(born.step, born.record_type, code, record.number, record.id, there, text, advice, record.currency, record.amount, held)
