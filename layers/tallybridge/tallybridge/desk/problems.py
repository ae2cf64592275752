"""What is held or refused, put together by what is wrong, with the money that it keeps back; the records of it page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from tallybridge.desk.standing import Waiting, lock_of, waiting_of
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.reporting.words import money_text
from tallybridge.sync.ledger import place_of
from tallybridge.sync.problems import WAITS, Alike, counted
from tallybridge.tasks.steps import STEPS, step_class

PAGE = 50
"""Records on a page."""


@dataclass(frozen=True)
class Problem:
    """Records of one step with one code; see `Alike`. `money` is what they amount to: ["EUR 1,204.28"]."""

    step: str
    title: str
    code: str
    count: int
    money: tuple[str, ...]
    since: str
    number: str
    attempts: int
    text: str
    waits: bool

    @classmethod
    def of(cls, step: str, found: Alike) -> Problem:
        own = {name: getattr(found, name) for name in ("code", "count", "since", "number", "attempts", "text", "waits")}
        return cls(step=step, title=step_class(step).title, money=tuple(money_texts(found.sums)), **own)

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "money": list(self.money)}


@dataclass(frozen=True)
class Problems:
    """`found`: first what needs a person, the most records first, then what only waits. `sums` is what all amount to. `under_way`: a run is
    changing it now, so that these are the figures of before."""

    found: tuple[Problem, ...]
    sums: Mapping[str, Decimal]
    under_way: bool

    @property
    def records(self) -> int:
        return sum(each.count for each in self.found)


def problems(target: Target) -> Problems:
    """By step and code, as the runs have counted them; a step of which that is not known, or which a run that died has changed, is counted
    anew."""
    counts, running = target.problems.read(), lock_of(target)
    rows: list[tuple[str, Alike]] = []
    under_way = False
    for step in STEPS:
        known = counts.get(step)
        changing = bool(known and known.under_way and running and running.run_id == known.under_way)
        under_way = under_way or changing
        stands = known is not None and (changing or not known.under_way)
        rows += [(step, each) for each in (known.problems if known and stands else counted(target.ledger, step))]
    found = sorted((Problem.of(*row) for row in rows), key=lambda each: (each.waits, -each.count, STEPS.index(each.step), each.code))
    sums: dict[str, Decimal] = {}
    for _, each in rows:
        for currency, amount in each.sums.items():
            sums[currency] = sums.get(currency, Decimal(0)) + amount
    return Problems(tuple(found), sums, under_way)


def problem_of(target: Target, step: str, code: str) -> Problem:
    """One of them. Raises `ConfigurationError` PROBLEM-GONE where there is none any more."""
    found = next((each for each in problems(target).found if (each.step, each.code) == (step, code)), None)
    if found is None:
        raise gone(step, code)
    return found


def alike(target: Target, step: str, code: str, after: str = "", most: int | None = None) -> Iterator[tuple[str, Waiting]]:
    """The records of a problem, those that were refused first, then the oldest first; each with its place, from behind a place `after`; at
    least so many, if there are."""
    state_of, _, place = after.partition("|")
    for state in WAITS[[str(state) for state in WAITS].index(state_of) :] if state_of in map(str, WAITS) else WAITS:
        begins = place if str(state) == state_of and place.startswith(f"{code}#") and place.count("#") >= 2 else ""
        for item in target.ledger.attention(f"{state}#{step}", code, begins, most):
            yield f"{state}|{place_of(item)}", waiting_of(item, step, str(state))


def page(target: Target, step: str, code: str, after: str = "") -> tuple[list[Waiting], str]:
    """A page of the records of a problem, and the place behind which the next one begins: "" for the last one. Raises `ConfigurationError`
    PROBLEM-GONE where there is none any more."""
    found = list(islice(alike(target, step, code, after, PAGE + 1), PAGE + 1)) if step in STEPS and code else []
    if not found:
        raise gone(step, code)
    return [row for _, row in found[:PAGE]], found[PAGE - 1][0] if len(found) > PAGE else ""


def gone(step: str, code: str) -> ConfigurationError:
    """Nothing waits with a code any more."""
    text = f"Nothing is held or refused with {code} in {step} any more." if step and code else "It is not said which problem is meant."
    return ConfigurationError(text, place="problem", code="PROBLEM-GONE", advice="The list of problems has what is there now.")


def money_of(rows: Iterable[Waiting]) -> list[str]:
    """What records amount to, by currency: ["EUR 1,204.28"]; nothing for records without money."""
    found = Alike("")
    for row in rows:
        found.add(vars(row))
    return money_texts(found.sums)


def money_texts(sums: Mapping[str, Decimal]) -> list[str]:
    return [money_text(amount, currency) for currency, amount in sorted(sums.items())]


def steps_of(found: Sequence[Problem]) -> list[str]:
    """The steps of problems, in the order of a run."""
    return [step for step in STEPS if step in {each.step for each in found}]
