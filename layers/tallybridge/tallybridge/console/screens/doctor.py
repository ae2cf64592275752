"""Doctor: what the last checks of the set-up found, and the checks again."""

from __future__ import annotations

from typing import Any

from tallybridge.console.asked import Action, Asked, Screen
from tallybridge.console.roles import Role
from tallybridge.desk import last_checks


def show(asked: Asked) -> dict[str, Any]:
    """{"at", "by", "whole", "checks"} of the last checks; "at" is "" before the first."""
    return last_checks.read(asked.target)


def run(asked: Asked) -> str:
    """Make the checks again, as many as there is time for."""
    last_checks.make(asked.target, asked.person)
    return "/doctor"


SCREEN = Screen("doctor", "/doctor", "doctor.html", show, {"run": Action(Role.OPERATOR, run)}, "Doctor")
