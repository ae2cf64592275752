"""What becomes of a plan: approved by a second person, carried out, tied out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tallybridge.clock import stamp
from tallybridge.desk.progress import start
from tallybridge.desk.reversal.planning import Connect, in_words, present, stored
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.steps.reversing.ways import problem
from tallybridge.sync.ledger import State
from tallybridge.sync.reversal import Approval, ReversalPlan, check_age

AFTERWARDS = (
    "What was reversed stays in NetSuite beside what reverses it. Its Zuora records stay Sync Complete and are not sent again by "
    "themselves. To send one anew: clear External ID and Zuora ID of the NetSuite document, then in Zuora clear Integration ID and "
    "Integration Status and set Transferred to Accounting to No."
)
WAITS, APPROVED, PARTLY, DONE, OLD, NOTHING = "not approved", "approved", "partly carried out", "carried out", "too old", "nothing to do"


@dataclass(frozen=True)
class Standing:
    """A plan, its approval, and what has reversed which document so far (`made`: ids of NetSuite by id)."""

    plan: ReversalPlan
    approval: Approval | None
    made: Mapping[str, str]
    state: str

    def to_json(self) -> dict[str, Any]:
        plan = self.plan.to_json()
        return {
            **plan,
            "reversals": [{**row, "reversed_by": self.made.get(row["id"], "")} for row in plan["reversals"]],
            "totals": [asdict(total) for total in self.plan.totals],
            "approval": asdict(self.approval) if self.approval else None,
            "state": self.state,
            "done": len(self.made),
            "of": len(self.plan.reversals),
            "afterwards": AFTERWARDS,
        }


def standing(target: Target, plan_id: str) -> Standing:
    """How a reversal stands. Raises `ConfigurationError` REVERSAL-UNKNOWN or REVERSAL-SEAL."""
    plan = stored(target).plan(plan_id)
    return _standing(target, plan, stored(target).approval(plan))


def _standing(target: Target, plan: ReversalPlan, approval: Approval | None) -> Standing:
    items = target.ledger.read([each.key for each in plan.reversals])
    made = {
        each.id: str(item.get("destination_id", ""))
        for each in plan.reversals
        if (item := items.get(each.key)) and item.get("state") == State.DONE
    }
    return Standing(plan, approval, made, _state(plan, approval, len(made), too_old=plan.is_too_old(target.clock.now())))


def _state(plan: ReversalPlan, approval: Approval | None, done: int, *, too_old: bool) -> str:
    if not plan.reversals:
        return NOTHING
    if done == len(plan.reversals):
        return DONE
    if too_old:
        return OLD
    if approval is None:
        return WAITS
    return PARTLY if done else APPROVED


def listed(target: Target, run_id: str = "") -> list[Standing]:
    """All reversals, or those of a run, newest first."""
    found = [stored(target).plan(plan_id) for plan_id in stored(target).ids()]
    return [_standing(target, plan, stored(target).approval(plan)) for plan in reversed(found) if run_id in ("", plan.run_id)]


def approve(target: Target, plan_id: str, who: str, reason: str = "", connect: Connect | None = None) -> str:
    """Approve a plan and carry it out; answers the execution's ARN. Raises `ConfigurationError` REVERSAL-UNKNOWN, REVERSAL-SEAL,
    REVERSAL-OLD, REVERSAL-SAME-PERSON, REVERSAL-NOTHING, REVERSAL-DONE, REVERSAL-APPROVED or REVERSAL-MOVED."""
    known = standing(target, plan_id)
    plan = known.plan
    _check_open(known, target)
    if who == plan.by:
        text = f"You have made reversal {plan.id} yourself."
        raise _refusal(text, "REVERSAL-SAME-PERSON", f"Have another approver approve it: `tallybridge reversal approve {plan.id}`.")
    if known.approval:
        raise _approved(plan, known.approval)
    _check_unmoved(target, known, connect)
    target.audit.note(who, "approve reversal", f"reversal {plan.id} of run {plan.run_id}", reason=reason, after=in_words(plan))
    given = Approval(plan.digest, who, stamp(target.clock.now()), reason)
    if not stored(target).approve(plan, given):
        raise _approved(plan, stored(target).approval(plan) or given)
    return carry_out(target, plan_id, who)


def carry_out(target: Target, plan_id: str, who: str) -> str:
    """Start the run that carries out an approved reversal, or what is left of it; answers the execution's ARN. Raises as `approve`, and
    `ConfigurationError` REVERSAL-NOT-APPROVED."""
    _check_open(standing(target, plan_id), target)
    plan = stored(target).approved(plan_id, target.clock.now())
    return start(target, trigger="reversal", dry_run=False, steps=None, reverse=plan.id, by=who)


def _check_open(known: Standing, target: Target) -> None:
    plan = known.plan
    if known.state == NOTHING:
        raise _refusal(f"Reversal {plan.id} reverses nothing.", "REVERSAL-NOTHING", "See in the plan why each document is left as it is.")
    if known.state == DONE:
        text = f"Reversal {plan.id} is carried out: all {len(plan.reversals)} documents are reversed."
        raise _refusal(text, "REVERSAL-DONE", f"`tallybridge reversal show {plan.id}` says by what.")
    check_age(plan, target.clock.now())


def _check_unmoved(target: Target, known: Standing, connect: Connect | None) -> None:
    """Raises `ConfigurationError` REVERSAL-MOVED where NetSuite no longer holds what the plan was made for."""
    due = {each.id: each for each in known.plan.reversals if each.id not in known.made}
    now = present(target, list(due), connect).books
    for each in due.values():
        if each.id not in now.reversed and (wrong := problem(each, now.documents.get(each.id), now, due)):
            text = f"NetSuite has changed since reversal {known.plan.id} was made: {wrong.message}"
            raise _refusal(text, "REVERSAL-MOVED", f"Make a new plan: `tallybridge reversal plan {known.plan.run_id}`.")


def _approved(plan: ReversalPlan, approval: Approval) -> ConfigurationError:
    text = f"Reversal {plan.id} was approved by {approval.by} at {approval.at}."
    return _refusal(text, "REVERSAL-APPROVED", f"`tallybridge reversal run {plan.id}` carries out what is left of it.")


def _refusal(text: str, code: str, advice: str) -> ConfigurationError:
    return ConfigurationError(text, place="reversal", code=code, advice=advice)
