"""The settings document by itself: what is allowed and ought to be thought about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from tallybridge.desk.doctor.check import Check, State
from tallybridge.settings import Settings
from tallybridge.tasks.remarks import remarks

AREA = "Settings"


def remark_checks(settings: Settings, mode: str, today: date) -> Iterator[Check]:
    """What every run remarks on. `mode` = "A", "B", or "" where the tenant is not known. What has no effect in this tenant alone is no
    warning: one document may serve several tenants."""
    anywhere = {each.place for each in remarks(settings, "", today)}
    for each in remarks(settings, mode, today):
        yield Check(AREA, each.place, State.WARN if each.place in anywhere else State.OK, each.text, each.advice)
