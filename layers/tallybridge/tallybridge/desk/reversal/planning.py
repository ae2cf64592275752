"""Making a plan: what the run has created is compared with what NetSuite holds now, and nothing is written there."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from tallybridge.clock import stamp
from tallybridge.desk.doctor.examine import Systems, connected
from tallybridge.desk.reversal.made import Created, made_by
from tallybridge.desk.runs import record
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.money import text as money_text
from tallybridge.settings import Settings
from tallybridge.steps.reversals import Reversals
from tallybridge.steps.reversing.documents import Books, Document, books
from tallybridge.steps.reversing.ways import ORDER, WAYS, applied_by_others, problem, reapplied, word
from tallybridge.steps.shared.reference import Reference, content_now, reference_of
from tallybridge.sync.held import Held, agree
from tallybridge.sync.problems import counted
from tallybridge.sync.reversal import STEP, NotReversed, Plans, Reversal, ReversalPlan, key_of
from tallybridge.sync.runlog import RunOutcome
from tallybridge.sync.step import Problem
from tallybridge.wiring import netsuite_connection

MAX_DOCUMENTS = 50_000
"""Documents of one plan, which is one file."""
Connect = Callable[[Target, Settings], Systems]
AGAIN = "Look at it in NetSuite; make a new plan once that is settled."


@dataclass(frozen=True)
class Present:
    """What NetSuite holds of documents at the present moment, and what is known of the account."""

    reference: Reference
    books: Books
    account: str


def present(target: Target, ids: Sequence[str], connect: Connect | None = None) -> Present:
    """Ask NetSuite. Raises the errors of its client, and `ConfigurationError`."""
    settings = target.settings()
    netsuite = (connect or connected)(target, settings).netsuite
    reference = reference_of(lambda need: content_now(netsuite, need), Reversals.needs, settings.field_map)
    account = netsuite_connection(target.credentials(), settings).realm
    return Present(reference, books(netsuite, reference, ids), account)


def plan(target: Target, run_id: str, who: str, *, most: int = MAX_DOCUMENTS, connect: Connect | None = None) -> ReversalPlan:
    """Make and store the plan that reverses a run; nothing is written in NetSuite. `most`: documents that there is time to look at. Raises
    `ConfigurationError` RUN-UNKNOWN, REVERSAL-RUN or REVERSAL-LARGE."""
    _check_run(record(target, run_id), run_id)
    made, now = made_by(target, run_id), target.clock.now()
    if len(made.documents) > most:
        text = f"Run {run_id} has created {len(made.documents)} documents; {most} can be planned here."
        advice = f"Plan it with `tallybridge reversal plan {run_id}`, which takes {MAX_DOCUMENTS}; beyond that, reverse it in NetSuite."
        raise ConfigurationError(text, place="run", code="REVERSAL-LARGE", advice=advice)
    seen = present(target, [c.result.destination_id for c in made.documents], connect)
    chosen = list(_chosen(made.documents, seen, now.date()))
    found = ReversalPlan(
        id=f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        run_id=run_id,
        account=seen.account,
        by=who,
        at=stamp(now),
        reversals=tuple(each for each in chosen if isinstance(each, Reversal)),
        left=(*(each for each in chosen if isinstance(each, NotReversed)), *made.left),
    ).sealed()
    target.audit.note(who, "plan reversal", f"run {run_id}", after=f"reversal {found.id}: {in_words(found)}; nothing was written")
    stored(target).keep(found)
    _end_what_waits(target, made.documents, found.id)
    return found


def _end_what_waits(target: Target, documents: Sequence[Created], plan_id: str) -> None:
    """What an earlier reversal of these documents has left held or refused waits no more: the new plan says what becomes of each."""
    items = target.ledger.read([key_of(each.result.destination_id) for each in documents])
    waiting = {key: item for key, item in items.items() if "attention" in item}
    for key, item in waiting.items():
        target.ledger.let_go(key, item)
    if waiting:
        target.problems.keep(STEP, plan_id, counted(target.ledger, STEP))


def stored(target: Target) -> Plans:
    return Plans(target.objects, target["REPORTS_BUCKET"])


def in_words(found: ReversalPlan) -> str:
    """What a plan reverses: "3 invoices with USD 300.00 by credit memos"."""
    parts = [
        f"{t.count} {word(t.record_type)}{'s' if t.count != 1 else ''} with {money_text(t.amount, t.currency)} by {word(t.way)}"
        for t in found.totals
    ]
    return ", ".join(parts) or "no documents"


def _check_run(found: Mapping[str, Any], run_id: str) -> None:
    """Raises `ConfigurationError` REVERSAL-RUN."""
    why = ""
    if found.get("outcome") == RunOutcome.RUNNING:
        why, advice = "is in progress", "Wait for its end, or stop it."
    elif found.get("dry_run"):
        why, advice = "was a dry run and has written nothing", "Name the run that has written the documents."
    elif found.get("reverse"):
        why, advice = "was itself a reversal", "Send the records anew instead, if they are to be in NetSuite after all (docs/reversal.md)."
    if why:
        raise ConfigurationError(f"Run {run_id} {why}.", place="run", code="REVERSAL-RUN", advice=advice)


def _chosen(documents: Sequence[Created], seen: Present, today: date) -> Iterator[Reversal | NotReversed]:
    """For each document what reverses it, or why nothing does. What is applied to others comes before them: where it stays, they stay."""
    planned: set[str] = set()
    there = [(each, seen.books.documents.get(each.result.destination_id)) for each in documents]
    for each, found in sorted(there, key=lambda of: (ORDER.get(_type(*of), ""), of[0].result.destination_id)):
        answer = _reversal(each, found, seen, planned, today)
        if isinstance(answer, Reversal):
            planned.add(answer.id)
        yield answer


def _type(each: Created, found: Document | None) -> str:
    return found.record_type if found else each.result.destination


def _reversal(each: Created, found: Document | None, seen: Present, planned: set[str], today: date) -> Reversal | NotReversed:
    result, record_type = each.result, _type(each, found)
    name = f"{word(record_type).capitalize()} {result.source_number or result.source_id}"
    dated = _date(found, seen.reference, today) if found else ""
    wanted = Reversal(
        id=result.destination_id,
        record_type=record_type,
        way=WAYS.get(record_type, ""),
        step=each.step,
        source_id=result.source_id,
        number=result.source_number or result.source_id,
        currency=found.currency if found else result.currency,
        amount=found.total if found else abs(result.amount or Decimal(0)),
        customer=found.customer if found else result.customer,
        date=dated,
        seal=found.seal if found else "",
    )
    wrong = problem(wanted, found, seen.books, planned) if found is None or found.voided else _against(name, each, found, seen, planned)
    if wrong is None and not dated:
        wrong = Problem("RV-PERIOD", f"{name}: neither its accounting period nor that of {today} is open.", f"Open a period. {AGAIN}")
    if wrong is None:
        return wanted
    return NotReversed(
        each.step,
        wrong.code,
        wrong.message,
        wrong.advice,
        number=wanted.number,
        id=wanted.id,
        record_type=wanted.record_type,
        currency=result.currency,
        amount=abs(result.amount or Decimal(0)),
    )


def _against(name: str, each: Created, found: Document, seen: Present, planned: set[str]) -> Problem | None:
    """Why a document that is there is not reversed."""
    if found.reversal and not reapplied(found, seen.books, seen.reference, found.reversal.id):
        text = f"{name}: is reversed already, by {word(found.reversal.held.kind)} {found.reversal.id}."
        return Problem("RV-REVERSED", text, "Nothing is to be done.")
    if found.total == 0:
        return Problem("RV-ZERO", f"{name}: holds nothing that could be reversed.", "Nothing is to be done.")
    sent = replace(each.result.sent, amount=abs(each.result.amount or Decimal(0)))  # negative invoices became credit memos
    if not agree(sent, Held(found.total, found.currency, found.customer, found.record_type), each.result.base):
        text = f"{name}: NetSuite {found.record_type} {found.id} no longer holds what the run has created."
        return Problem("RV-CHANGED", text, f"Reverse it by hand. {AGAIN}")
    wanted = Reversal(found.id, found.record_type, "", "", "", each.result.source_number, "", found.total, "", "", found.seal)
    return applied_by_others(name, found, seen.books, planned) or problem(wanted, found, seen.books, planned)


def _date(found: Document, reference: Reference, today: date) -> str:
    """The date of what reverses a document: the document's own, so that the period comes out right; where that is closed, the day on which
    the plan is made. "" where that is closed, too."""
    return next((day for day in (found.date, today.isoformat()) if day and not reference.is_closed(day)), "")
