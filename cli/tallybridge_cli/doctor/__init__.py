"""Checks of the set-up, each with a result and a next step (custom-fields.md section 3, settings.md sections 2 and 7)."""

from tallybridge_cli.doctor.check import Check, State, conclusion, shown
from tallybridge_cli.doctor.examine import examine

__all__ = ["Check", "State", "conclusion", "examine", "shown"]
