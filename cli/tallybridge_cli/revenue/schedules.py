"""Schedules of solution instances in EventBridge Scheduler, made from the configuration."""

from __future__ import annotations

import re
from typing import Any

from tallybridge_cli.revenue.site import Site

GROUP = "default"
MAX_NAME = 64


def prefix_of(arn: str) -> str:
    """What the names of this installation's schedules begin with: the name of its state machine."""
    return arn.rpartition(":")[2] + "-"


def name_of(arn: str, instance: str) -> str:
    """Name of an instance's schedule."""
    return (prefix_of(arn) + re.sub(r"[^0-9a-zA-Z-_.]", "-", instance.lower()))[:MAX_NAME]


def apply_schedules(site: Site, *, really: bool) -> list[tuple[Any, ...]]:
    """One row per schedule: (instance, when, time zone, what is done). Schedules of instances that are run on demand only are removed;
    while the connector is off they are kept but do not fire."""
    config, target = site.revenue_config(), site.target
    client, arn = target.client("scheduler"), target["REVENUE_INGEST_ARN"]
    present = {s["Name"] for page in client.get_paginator("list_schedules").paginate(NamePrefix=prefix_of(arn)) for s in page["Schedules"]}
    rows: list[tuple[Any, ...]] = []
    wanted = set()
    for instance in config.instances:
        if instance.schedule is None:
            continue
        name = name_of(arn, instance.name)
        wanted.add(name)
        if really:
            request = instance.schedule.request(
                name=name, instance=instance.name, target=arn, role=target["REVENUE_SCHEDULE_ROLE"], group=GROUP, enabled=config.enabled
            )
            (client.update_schedule if name in present else client.create_schedule)(**request)
        action = ("update" if name in present else "create") if not really else "on" if config.enabled else "kept, does not fire"
        rows.append((instance.name, instance.schedule.expression, instance.schedule.timezone, action))
    for name in sorted(present - wanted):
        if really:
            client.delete_schedule(Name=name, GroupName=GROUP)
        rows.append((name, "", "", "removed" if really else "remove"))
    return rows
