"""Schedules: when runs start by themselves, in words and with the next five starts; changed, paused, or started on demand."""

from __future__ import annotations

from typing import Any

from tallybridge.console.asked import Action, Asked, Screen
from tallybridge.console.roles import Role
from tallybridge.console.screens.home import start as start_billing
from tallybridge.console.screens.home import switch as switch_billing
from tallybridge.desk import schedule

MAX_EXPRESSION = 256


def show(asked: Asked) -> dict[str, Any]:
    """{"billing", "revenue"}: the schedule of the billing sync, None where EventBridge has none; and those of the revenue connector's
    instances."""
    found = schedule.if_any(asked.target)
    return {"billing": schedule.described(found, asked.now) if found else None, "revenue": schedule.of_revenue(asked.target)}


def change(asked: Asked) -> str:
    """Change when the billing sync starts, and by which clock."""
    expression, zone = asked.needed("expression", "When", MAX_EXPRESSION), asked.needed("timezone", "The time zone", MAX_EXPRESSION)
    schedule.change(asked.target, expression, zone, None, asked.person)
    return "/schedules?done=changed"


def switch(asked: Asked) -> str:
    """Pause the schedule of the billing sync, or switch it on again."""
    return switch_billing(asked).replace("/?", "/schedules?")


def start(asked: Asked) -> str:
    """Start a billing sync on demand."""
    return start_billing(asked)


def start_revenue(asked: Asked) -> str:
    """Start an instance of the revenue connector on demand."""
    schedule.start_revenue(asked.target, asked.needed("instance", "The instance", 80), asked.person)
    return "/schedules?done=started"


SCREEN = Screen(
    "schedules",
    "/schedules",
    "schedules.html",
    show,
    {
        "change": Action(Role.OPERATOR, change),
        "switch": Action(Role.OPERATOR, switch),
        "start": Action(Role.OPERATOR, start),
        "revenue": Action(Role.OPERATOR, start_revenue),
    },
    "Schedules",
)
