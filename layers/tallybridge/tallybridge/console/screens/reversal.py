"""Reversing a run: what would be reversed and how, what would stay, who has approved it, and how far it has come."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tallybridge.console.asked import Action, Asked, Screen
from tallybridge.console.roles import Role
from tallybridge.desk import runs
from tallybridge.desk.reversal import approving, planning
from tallybridge.desk.reversal.approving import Standing
from tallybridge.reporting.words import money_text
from tallybridge.steps.reversing.ways import word

MOST_DOCUMENTS = 2_000
"""Documents that the console has the time to look at; more are planned with the command."""
SHOWN = 200
"""Documents of a reversal on its page, reversed or not; the command tells all of them."""
MAX_ID = 80


def show(asked: Asked) -> dict[str, Any]:
    """{"run", "reversals", "afterwards"}: the reversals that were planned for the run, newest first."""
    target, run_id = asked.target, asked.path["run_id"]
    return {
        "run": runs.record(target, run_id),
        "reversals": [_told(each, asked.person) for each in approving.listed(target, run_id)],
        "afterwards": approving.AFTERWARDS,
    }


def _told(known: Standing, person: str) -> dict[str, Any]:
    told = known.to_json()
    documents = [_row(row) for row in told.pop("reversals")]
    return {
        **told,
        "totals": [_row(row) for row in told["totals"]],
        "left": [{**row, "money": _money(row)} for row in told["left"][:SHOWN]],
        "left_more": max(0, len(told["left"]) - SHOWN),
        "documents": documents[:SHOWN],
        "more": max(0, len(documents) - SHOWN),
        "own": known.plan.by == person,
        "can_approve": known.state == approving.WAITS,
        "can_run": known.approval is not None and known.state in (approving.APPROVED, approving.PARTLY),
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "what": word(row["record_type"]), "way": word(row["way"]), "money": _money(row)}


def _money(row: dict[str, Any]) -> str:
    return money_text(row["amount"], row["currency"]) if row["currency"] and row["amount"] is not None else ""


def plan(asked: Asked) -> str:
    """Plan a reversal; nothing is written in NetSuite."""
    planning.plan(asked.target, asked.path["run_id"], asked.person, most=MOST_DOCUMENTS)
    return _page(asked, "planned")


def approve(asked: Asked) -> str:
    """Approve a reversal and have it carried out."""
    approving.approve(asked.target, asked.needed("reversal", "The reversal", MAX_ID), asked.person, asked.needed("reason", "The reason"))
    return _page(asked, "reversing")


def carry_out(asked: Asked) -> str:
    """Have what is left of an approved reversal carried out."""
    approving.carry_out(asked.target, asked.needed("reversal", "The reversal", MAX_ID), asked.person)
    return _page(asked, "reversing")


def _page(asked: Asked, done: str) -> str:
    return f"/runs/{quote(asked.path['run_id'])}/reversal?done={done}"


SCREEN = Screen(
    "reversal",
    "/runs/<run_id>/reversal",
    "reversal.html",
    show,
    {
        "plan": Action(Role.OPERATOR, plan),
        "approve": Action(Role.APPROVER, approve),
        "run": Action(Role.APPROVER, carry_out),
    },
)
