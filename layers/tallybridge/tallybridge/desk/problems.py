"""What is held or refused, put together by what is wrong, with the money that it keeps back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from tallybridge.desk.standing import Waiting
from tallybridge.errors import ConfigurationError
from tallybridge.reporting.words import money_text
from tallybridge.tasks.steps import STEPS, step_class

PAGE = 50
"""Records on a page."""


@dataclass(frozen=True)
class Problem:
    """Records of one step with one code. `waits`: all of them only wait for other records. `since` is when the oldest of them was first
    seen, `attempts` in how many runs the most stubborn one was met; `text` is what was said of the oldest."""

    step: str
    title: str
    code: str
    count: int
    money: tuple[str, ...]
    since: str
    attempts: int
    text: str
    waits: bool

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "money": list(self.money)}


def problems(rows: Iterable[Waiting]) -> list[Problem]:
    """By step and code: first what needs a person, the most records first, then what only waits."""

    def kind(row: Waiting) -> tuple[str, str]:
        return row.step, row.code

    found = [_problem(list(group)) for _, group in groupby(sorted(rows, key=kind), kind)]
    return sorted(found, key=lambda each: (each.waits, -each.count, STEPS.index(each.step), each.code))


def _problem(rows: Sequence[Waiting]) -> Problem:
    oldest = min(rows, key=lambda row: row.since)
    return Problem(
        step=oldest.step,
        title=step_class(oldest.step).title,
        code=oldest.code,
        count=len(rows),
        money=tuple(money_of(rows)),
        since=oldest.since,
        attempts=max(row.attempts for row in rows),
        text=oldest.message,
        waits=all(row.waits_for for row in rows),
    )


def money_of(rows: Iterable[Waiting]) -> list[str]:
    """What records amount to, by currency: ["EUR 1,204.28"]; nothing for records without money."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        if row.amount:
            sums[row.currency] = sums.get(row.currency, Decimal(0)) + Decimal(row.amount)
    return [money_text(amount, currency) for currency, amount in sorted(sums.items())]


def alike(rows: Iterable[Waiting], step: str, code: str) -> list[Waiting]:
    """The records of one problem, the oldest first. Raises `ConfigurationError` PROBLEM-GONE where there are none any more."""
    found = sorted((row for row in rows if (row.step, row.code) == (step, code)), key=lambda row: (row.since, row.number, row.id))
    if not found:
        text = f"Nothing is held or refused with {code} in {step} any more." if code else "It is not said which problem is meant."
        raise ConfigurationError(text, place="problem", code="PROBLEM-GONE", advice="The list of problems has what is there now.")
    return found
