"""What a step of the set-up is: who does it, how long it takes, and a look that proves whether it is done.

Nothing is remembered between two calls: what is done is seen where it was done. `setup/netsuite*.py` and `setup/zuora*.py` export their
steps as `STEPS: tuple[Step, ...]`; `overview.py` puts them into one order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tallybridge.desk.doctor import Check
from tallybridge.desk.doctor import State as CheckState
from tallybridge.desk.target import Target


class Who(StrEnum):
    """Whose rights a step takes."""

    NETSUITE = "NetSuite administrator"
    ZUORA = "Zuora administrator"
    AWS = "AWS administrator"
    OPERATOR = "operator of the sync"


class State(StrEnum):
    """DONE: proved. OPEN: proved not to be. HIDDEN: it cannot be seen before another step is done."""

    DONE = "done"
    OPEN = "open"
    HIDDEN = "not to be seen yet"


@dataclass(frozen=True)
class Standing:
    """How a step stands. `detail` says what was seen, `next` the exact command or screen; "" where the step's own holds."""

    state: State
    detail: str = ""
    next: str = ""


@dataclass(frozen=True)
class Seen:
    """What one look at everything has found. `target` is None as long as nothing is deployed. `checks` are the doctor's, made once for all
    steps, none without a target. `stack` is the name that commands are given."""

    target: Target | None = None
    stack: str = "tallybridge"
    checks: Sequence[Check] = ()
    cache: dict[str, Any] = field(default_factory=dict, compare=False)
    """What steps of one side share, by names of their own."""

    def of(self, area: str, *names: str) -> list[Check]:
        """The doctor's checks of an area: all, or those with one of these names."""
        return [c for c in self.checks if c.area == area and (not names or c.name in names)]

    def works(self, area: str, name: str = "login") -> bool:
        """Whether a check was made and has not failed."""
        return any(c.state is not CheckState.FAIL for c in self.of(area, name))


@dataclass(frozen=True)
class Step:
    """One thing to do. `key` names it in JSON for good, `minutes` is about how long it takes, `next` the exact command or screen, in which
    {stack} stands for the name of the stack. `by_hand`: only a person can do it, on a screen."""

    key: str
    title: str
    who: Who
    minutes: int
    next: str
    look: Callable[[Seen], Standing]
    by_hand: bool = False


def of_checks(checks: Sequence[Check], hidden: str = "") -> Standing:
    """How a step stands by the doctor's checks of it: done when none warns or fails. Without any it is hidden, by what `hidden` says."""
    if not checks:
        return Standing(State.HIDDEN, hidden)
    faults = [c for c in checks if c.state in (CheckState.FAIL, CheckState.WARN)]
    if faults:
        return Standing(State.OPEN, faults[0].detail)
    return Standing(State.DONE, checks[0].detail if len(checks) == 1 else "")
