"""Checks of the set-up, each with a result and a next step (custom-fields.md section 3, settings.md sections 2 and 7)."""

from tallybridge.desk.doctor.check import Check, State
from tallybridge.desk.doctor.examine import examine

__all__ = ["Check", "State", "examine"]
