"""The screens, in the order of the menu."""

from __future__ import annotations

from tallybridge.console.asked import Screen
from tallybridge.console.screens import (
    audit,
    codes,
    doctor,
    home,
    month_end,
    plan,
    problems,
    record,
    revenue,
    reversal,
    run,
    runs,
    schedules,
    settings,
)

SCREENS: tuple[Screen, ...] = (
    *(home.SCREEN, problems.SCREEN, problems.ALIKE, problems.EXPORT, record.SCREEN),
    *(runs.SCREEN, runs.COMPARE, run.SCREEN, run.FILE, run.LOG, reversal.SCREEN),
    month_end.SCREEN,
    *(plan.NEWEST, plan.SCREEN, plan.RECORDS),
    *(revenue.SCREEN, revenue.RUN, revenue.FILE),
    *(schedules.SCREEN, settings.SCREEN, settings.EDIT, settings.VERSION, doctor.SCREEN, audit.SCREEN, audit.EXPORT, codes.SCREEN),
)
