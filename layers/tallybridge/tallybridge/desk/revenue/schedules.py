"""Schedules of solution instances in EventBridge Scheduler, made from the configuration, and where both differ."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tallybridge.desk.revenue.site import Site
from tallybridge.revenue.config import Instance
from tallybridge.revenue.schedule import ALLOWED

GROUP = "default"
MAX_NAME = 64
HASH = 8
PREFIX = 24
"""Characters of the state machine's name by which its schedules are looked for; whose they are, their target says."""
COMPARED = {
    "ScheduleExpression": "when",
    "ScheduleExpressionTimezone": "time zone",
    "State": "state",
    "Target": "target",
    "FlexibleTimeWindow": "window",
    "StartDate": "start date",
    "EndDate": "end date",
}
"""What of a schedule must be as the configuration has it, and its name in words."""
IN_PLACE = "in place"


@dataclass(frozen=True)
class Row:
    """A schedule: of which instance, when it fires, and what is the matter with it or was done about it."""

    instance: str
    when: str
    timezone: str
    action: str

    @property
    def drifted(self) -> bool:
        """Whether EventBridge and the configuration differ."""
        return self.action.startswith(("create", "update", "remove"))


def name_of(arn: str, instance: str) -> str:
    """Name of an instance's schedule: that of the state machine with the instance's. Where the instance's name has to be changed or cut for
    it, a digest of the name keeps it apart from every other."""
    key = instance.lower()
    plain = f"{arn.rpartition(':')[2]}-{re.sub(r'[^0-9a-z-_.]', '-', key)}"
    if plain.endswith(f"-{key}") and len(plain) <= MAX_NAME:
        return plain
    digest = hashlib.sha256(key.encode()).hexdigest()[:HASH]
    return f"{plain[: MAX_NAME - HASH - 1]}-{digest}"


def apply_schedules(site: Site, *, really: bool) -> list[Row]:
    """One row per schedule, with what differs from the configuration, or `really` with what was done about it. Schedules of instances that
    are run on demand only, or whose end date has passed, are removed; while the connector is off they are kept but do not fire."""
    config, target = site.revenue_config(), site.target
    client, now = target.client("scheduler"), site.clock.now()
    present = _present(client, target["REVENUE_INGEST_ARN"])
    rows: list[Row] = []
    for instance in config.instances:
        if instance.schedule is None:
            continue
        if instance.schedule.is_over(now):
            rows.append(
                Row(instance.name, instance.schedule.expression, instance.schedule.timezone, f"over since {instance.schedule.end_date}")
            )
            continue
        request = _request(site, instance, now, enabled=config.enabled)
        there = present.pop(request["Name"], None)
        different = ["create"] if there is None else list(_differences(request, client.get_schedule(Name=request["Name"], GroupName=GROUP)))
        if really and different:
            (client.create_schedule if there is None else client.update_schedule)(**request)
        action = "create" if there is None else f"update: {', '.join(different)} differ{'s' if len(different) == 1 else ''}"
        done = "on" if config.enabled else "kept, does not fire"
        rows.append(
            Row(
                instance.name,
                instance.schedule.expression,
                instance.schedule.timezone,
                done if really else action if different else IN_PLACE if config.enabled else f"{IN_PLACE}, does not fire",
            )
        )
    for name in sorted(present):
        if really:
            client.delete_schedule(Name=name, GroupName=GROUP)
        rows.append(Row(name, "", "", "removed" if really else "remove: no instance has it"))
    return rows


NUMBERS = ("every", "start_minute", "day")
BOUNDS = ("timezone", "start_date", "end_date")


def wanted(words: Mapping[str, str]) -> dict[str, Any]:
    """A schedule of an instance from the words of a form or a command, by the names of `Schedule`; {} for none, on demand only. What has no
    place in the frequency is left out; what is wrong is refused when it is saved."""
    frequency = words.get("frequency", "").strip()
    if not frequency:
        return {}
    given = {name: words.get(name, "").strip() for name in (*ALLOWED.get(frequency, ()), *BOUNDS)}
    found: dict[str, Any] = {"frequency": frequency, **{name: value for name, value in given.items() if value}}
    found |= {name: int(found[name]) for name in NUMBERS if str(found.get(name, "")).isdecimal()}
    if "days" in found:
        found["days"] = [day.strip().upper() for day in str(found["days"]).split(",") if day.strip()]
    return found


def change(site: Site, name: str, schedule: Mapping[str, Any], who: str, reason: str = "") -> list[Row]:
    """Have an instance start by itself, as `wanted` says it, or on demand only ({}). It is saved in the configuration, of which the
    schedules of EventBridge are made. Raises `ConfigurationError`; then nothing is changed."""
    instance = site.instance(name)
    document = site.document()
    (mine,) = [row for row in document["instances"] if str(row.get("name", "")).lower() == instance.key]
    if schedule:
        mine["schedule"] = dict(schedule)
    else:
        mine.pop("schedule", None)
    site.store(json.dumps(document, indent=2, ensure_ascii=False), reason or f"schedule of {instance.name}", who)
    return apply_schedules(site, really=True)


def _present(client: Any, arn: str) -> dict[str, dict[str, Any]]:
    """The schedules that start this installation's state machine, by name."""
    prefix = arn.rpartition(":")[2][:PREFIX]
    pages = client.get_paginator("list_schedules").paginate(GroupName=GROUP, NamePrefix=prefix)
    return {s["Name"]: s for page in pages for s in page["Schedules"] if s.get("Target", {}).get("Arn") == arn}


def _request(site: Site, instance: Instance, now: datetime, *, enabled: bool) -> dict[str, Any]:
    assert instance.schedule is not None
    arn = site.target["REVENUE_INGEST_ARN"]
    return instance.schedule.request(
        name=name_of(arn, instance.name),
        instance=instance.name,
        target=arn,
        role=site.target["REVENUE_SCHEDULE_ROLE"],
        dead_letters=site.target["SCHEDULE_DEAD_LETTERS"],
        group=GROUP,
        enabled=enabled,
        now=now,
    )


def _comparable(value: Any) -> Any:
    """Moments to the second, which is how EventBridge keeps them."""
    return int(value.timestamp()) if isinstance(value, datetime) else value


def _differences(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    """What of a schedule is otherwise in EventBridge, in words. A start date that has passed since says nothing any more."""
    for key, word in COMPARED.items():
        one, other = _comparable(wanted.get(key)), _comparable(there.get(key))
        if key == "StartDate" and one is None:
            continue
        if one != other:
            yield word
