"""The plan of a small tenant, put where the product puts it: a customer that is changed, an invoice that is created, one that is held, a
payment."""

from __future__ import annotations

import functools
import itertools
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tallybridge.clock import Clock
from tallybridge.sync.runlog import RunOutcome
from tallybridge_cli.target import Target
from tests.sync.builders import charge, invoice, payment, subscription
from tests.sync.invoice_world import change, ready
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

STEPS = ("customers", "invoices", "payments")
PLAN = "run-0001-04025500"
"""The id of the first plan that is made in a test, on the test's clock."""


class Made(NamedTuple):
    """A plan: its id, the files of its folder by key, its record, and the settings that it was made under."""

    run_id: str
    files: dict[str, bytes]
    record: dict[str, Any]
    settings: str


@functools.cache
def _made(now: datetime, many: int) -> Made:
    world = MemoryWorld.of(unserved_world())
    world.clock.moment = now - timedelta(days=2)
    ready(
        world,
        charge("Iron"),
        subscription("A1", "S2", "Iron"),
        invoice("A1", "INV1", [("Gold", 100.0)], sub="S1"),
        invoice("A1", "INV2", [("Iron", 7.0)], sub="S2"),
        payment("A1", "P1", 60.0, {"INV1": 60.0}),
        *(invoice("A1", f"INV{n:04}", [("Gold", 1.0)], sub="S1") for n in range(1000, 1000 + many)),
    )
    world.reported("customers")
    change(world, "Account", "A1", Notes="call before delivery", PaymentTerm="Net 60")
    world.clock.moment, world.counter = now - timedelta(minutes=5), itertools.count(1)
    run_id = str(world.run(steps=list(STEPS), dry_run=True)["runId"])
    files = {key: body for key, body in world.memory.objects.content.items() if key.startswith(f"runs/{run_id}/")}
    record = world.wiring().runs().read(run_id)
    assert record["outcome"] == RunOutcome.WARNINGS
    return Made(run_id, files, {k: v for k, v in record.items() if k not in ("pk", "sk", "expires")}, world.memory.settings)


def store_plan(target: Target, clock: Clock, *, many: int = 0, under_its_settings: bool = True) -> str:
    """Copy a plan to an installation; answers its id. `many`: so many more invoices. `under_its_settings`: they become those of the
    installation, else it counts as made under those that are there."""
    made, bucket = _made(clock.now(), many), target.client("s3")
    for key, body in made.files.items():
        bucket.put_object(Bucket=target["REPORTS_BUCKET"], Key=key, Body=body)
    target.runs.record(**made.record)
    if under_its_settings:
        save_settings(target, made.settings)
    else:
        folder, now = target.folder(made.run_id), target.settings().model_dump(mode="json", by_alias=True)
        folder.write_json("run.json", {**folder.read_json("run.json"), "settings": now})
    return made.run_id


def save_settings(target: Target, document: str) -> None:
    target.client("ssm").put_parameter(Name="/tallybridge/settings", Value=document, Type="String", Overwrite=True)
