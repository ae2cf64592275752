"""Schedules: when runs start by themselves, in words and with the next five starts; changed, paused, or started on demand."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tallybridge.console.asked import Action, Asked, Screen
from tallybridge.console.roles import Role
from tallybridge.console.screens.home import start as start_billing
from tallybridge.console.screens.home import switch as switch_billing
from tallybridge.desk import schedule
from tallybridge.desk.revenue import runs
from tallybridge.desk.revenue import schedules as schedules_of_revenue
from tallybridge.desk.revenue.site import Site
from tallybridge.revenue.schedule import DAYS

MAX_EXPRESSION = 256


def show(asked: Asked) -> dict[str, Any]:
    """{"billing", "revenue", "days"}: the schedule of the billing sync, None where EventBridge has none; those of the revenue connector's
    instances; and the days of the week, as schedules name them."""
    found, target = schedule.if_any(asked.target), asked.target
    billing = schedule.described(found, asked.now) if found else None
    return {"billing": billing, "revenue": schedule.of_revenue(target), "days": list(DAYS)}


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
    arn = runs.run(Site(asked.target), asked.needed("instance", "The instance", 80), asked.person)
    return f"/revenue/{quote(arn.rpartition(':')[2])}?done=begun"


def change_revenue(asked: Asked) -> str:
    """Have an instance of the revenue connector start by itself, or on demand only."""
    instance, reason = asked.needed("instance", "The instance", 80), asked.needed("reason", "The reason")
    words = {name: value[:MAX_EXPRESSION] for name, value in asked.form.items()}
    if days := [day for day in DAYS if asked.form.get(f"on-{day}")]:
        words["days"] = ",".join(days)
    schedules_of_revenue.change(Site(asked.target), instance, schedules_of_revenue.wanted(words), asked.person, reason)
    return "/schedules?done=changed"


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
        "instance": Action(Role.APPROVER, change_revenue),
    },
    "Schedules",
)
