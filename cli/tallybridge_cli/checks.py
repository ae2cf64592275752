"""How checks of the set-up are shown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from tallybridge.desk.doctor.check import Check, State
from tallybridge.reporting.words import clean, plural

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
