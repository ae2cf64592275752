"""One check and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from rich.text import Text

from tallybridge.reporting.words import clean, plural


class State(StrEnum):
    """FAIL: a run cannot work. WARN: it works, but something is left out or will stop records. NOTE: matters only for what is switched off.
    OK otherwise."""

    OK = "ok"
    NOTE = "note"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """`area` is the side it looks at, `name` what it looks at, `detail` what it found, `next` what to do about it."""

    area: str
    name: str
    state: State
    detail: str = ""
    next: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


STYLES = {State.OK: "green", State.NOTE: "cyan", State.WARN: "yellow", State.FAIL: "bold red"}
MARKS = {State.OK: "ok  ", State.NOTE: "note", State.WARN: "warn", State.FAIL: "FAIL"}


def shown(check: Check) -> Text:
    """A check as a line, with the next step below it."""
    text = Text.assemble((MARKS[check.state], STYLES[check.state]), f"  {check.area}: {check.name}")
    if check.detail:
        text.append(f"  {clean(check.detail)}", style="dim" if check.state is State.OK else "")
    if check.next:
        text.append(f"\n      Next: {clean(check.next)}")
    return text


def conclusion(checks: Sequence[Check]) -> Text:
    """The last line."""
    failed = sum(c.state is State.FAIL for c in checks)
    warned = sum(c.state is State.WARN for c in checks)
    if failed:
        return Text(f"{plural(failed, 'check')} failed: deal with them before a run.", style="bold red")
    if warned:
        return Text(f"A run can work. {plural(warned, 'check needs', 'checks need')} a look.", style="yellow")
    return Text("Everything is in place.", style="green")


def named(values: Sequence[str], limit: int = 8) -> str:
    """Names for a sentence: the first ones in quotes, and how many more."""
    quoted = [f'"{v}"' for v in values[:limit]]
    return ", ".join(quoted) + (f" and {len(values) - limit} more" if len(values) > limit else "")
