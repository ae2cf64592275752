"""The end of a batch: what the destination holds is looked at, and the source and the ledger are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tallybridge.clock import Clock, stamp
from tallybridge.errors import ServiceError
from tallybridge.parallel import side_by_side
from tallybridge.sync.difference import difference
from tallybridge.sync.held import Held, agree
from tallybridge.sync.ledger import Ledger, LostClaim
from tallybridge.sync.runlog import Outcome
from tallybridge.sync.step import SYNC_COMPLETE, Found, Mark, MarkResult, Problem, Refusal, Step, Write
from tallybridge.sync.work import Work, destination_of, explain, name_of, problem_of, proof_of, sent_of

NO_ANSWER = MarkResult(False, "STATUS", "no answer")
"""What counts as said of a mark that the source did not mention."""


class Settler:
    """Verifies what was sent and writes it back (steps 8 and 9 of a batch)."""

    def __init__(self, step: Step, ledger: Ledger, clock: Clock) -> None:
        self.step = step
        self.ledger = ledger
        self.clock = clock

    def explain(self, works: list[Work]) -> None:
        """Say what a refusal means, where the step can tell. If it cannot ask, the destination's own words stay."""
        declined = {w.record.id: (w.record, w.plan, w.declined) for w in works if isinstance(w.plan, Write) and w.declined}
        try:
            told = self.step.explained(declined) if declined else {}
        except ServiceError:
            return
        for work in works:
            if problem := told.get(work.record.id):
                explain(work, problem)

    def check_held(self, works: list[Work]) -> None:
        """After a create what the destination holds is compared with the source: amount to the cent, currency, customer, type."""
        works = [w for w in works if w.record.amount is not None and (not isinstance(w.plan, Write) or w.plan.check_amount)]
        due = [w for w in works if w.there is None or w.there.amount is None]
        try:
            held = self.step.held([w.destination_id for w in due]) if due else {}
        except ServiceError as lost:
            for work in due:
                work.settle(Outcome.UNFINISHED, problem_of(work, self.step, lost))
            return
        for work in due:
            work.there = held.get(work.destination_id)
        for work in works:
            sent, there = sent_of(work, self.step), work.there or Held()
            if agree(sent, there, work.record.base):
                work.compared = proof_of(there, work.record)
                continue
            what = difference(sent, there, work.record.base)
            text = f"{self._name(work)}: {destination_of(work, self.step)} {work.destination_id} {what}."
            advice = (
                f"Correct the {self.step.destination_system} record (amounts, taxes, scripts, customer); the next run checks it again. If "
                "it is deleted instead, the next run creates it anew, or says why it cannot be right."
            )
            work.settle(Outcome.REFUSED, Problem(f"{self.step.code}-TOTAL", text, advice))

    def check_parts(self, works: list[Work]) -> None:
        """What was added to or taken from is read again: a request that moves money twice must not go unseen."""
        written = {w.record.id: (w.record, w.plan) for w in works if isinstance(w.plan, Write)}
        try:
            different = self.step.differences(written) if written else {}
        except ServiceError as lost:
            for work in works:
                work.settle(Outcome.UNFINISHED, problem_of(work, self.step, lost))
            return
        for work in works:
            if problem := different.get(work.record.id):
                work.settle(Outcome.UNFINISHED, problem)

    def write_back(self, works: list[Work]) -> None:
        """Tell the source, then the ledger; lines of a record go first."""
        now = stamp(self.clock.now())
        self._complete_details([w for w in works if w.outcome is None and w.destination_id])
        works = [w for w in works if w.outcome is not Outcome.UNFINISHED]
        marks = [m for w in works if (m := self._final_mark(w, now)) is not None]
        refused = marked(self.step, marks)
        for work in works:
            if answer := refused.get(work.record.id):
                text = f"{self._name(work)}: done in the destination, but the source could not be written back: {answer.message}"
                advice = f"{answer.advice} The next run finds the counterpart and completes the source record.".strip()
                work.settle(Outcome.UNFINISHED, Problem(answer.code, text, advice))
        side_by_side(self._settle, [w for w in works if w.outcome is not Outcome.UNFINISHED])

    def _complete_details(self, works: list[Work]) -> None:
        """Line ids and the like go first: a record that is complete is not looked at again."""
        failed = self.step.complete_details({w.record.id: (w.record, w.destination_id) for w in works}) if works else {}
        for work in works:
            if answer := failed.get(work.record.id):
                text = f"{self._name(work)}: done in the destination, but its lines could not be written back: {answer.message}"
                advice = f"{answer.advice} The next run finds the counterpart and completes the source record.".strip()
                work.settle(Outcome.UNFINISHED, Problem(answer.code or "STATUS", text, advice))

    def _final_mark(self, work: Work, now: str) -> Mark | None:
        plan = work.plan
        if work.outcome is Outcome.REFUSED:
            error = plan.error if isinstance(plan, Refusal) else plan.stages[work.stage].error if isinstance(plan, Write) else ""
            keeps = isinstance(plan, Write) and not plan.transferred
            there = work.destination_id if work.stage else ""  # an earlier stage has made the record
            return Mark(work.record, error, None if keeps else transferred(self.step, "Error"), there) if error else None
        if isinstance(plan, Write | Found) and not plan.write_back:
            return None
        if isinstance(plan, Write) and plan.remainder:
            return Mark(work.record, plan.remainder.status, transferred(self.step, plan.remainder.transferred), work.destination_id, now)
        return Mark(work.record, SYNC_COMPLETE, transferred(self.step, "Yes"), work.destination_id, now)

    def _settle(self, work: Work) -> None:
        assert work.claim is not None
        try:
            if work.outcome is Outcome.REFUSED:
                _, problem = work.notes[-1]
                self.ledger.refused(work.claim, self.step.name, problem.code, problem.message)
                return
            if isinstance(work.plan, Write) and work.plan.remainder:
                problem = work.plan.remainder.problem
                problem = replace(problem, message=problem.message.replace("{id}", work.destination_id))
                self.ledger.kept_back(work.claim, self.step.name, problem.code, problem.message, problem.waits_for)
                work.settle(Outcome.HELD, problem)
                return
            facts = {**work.compared, **(work.plan.facts if isinstance(work.plan, Write | Found) else {})}
            self.ledger.done(work.claim, destination_id=work.destination_id, **facts)
            if work.outcome is None:
                work.settle(Outcome.ALREADY if was_there(work) else Outcome.SYNCED)
        except LostClaim:
            work.settle(Outcome.UNFINISHED, Problem("LEDGER-BUSY", f"{self._name(work)}: another worker took it over."))

    def _name(self, work: Work) -> str:
        return name_of(work, self.step)


def marked(step: Step, marks: Sequence[Mark]) -> dict[str, MarkResult]:
    """Write marks in the source; answers those that it did not take, by record id."""
    answers = step.mark(marks) if marks else {}
    return {i: answer for i in (m.record.id for m in marks) if not (answer := answers.get(i, NO_ANSWER)).ok}


def transferred(step: Step, value: str) -> str | None:
    """What a mark says of the transfer to accounting, which only transactions have."""
    return value if step.transaction else None


def was_there(work: Work) -> bool:
    """Whether the destination had the record before."""
    return isinstance(work.plan, Found) or work.action == "recover"
