"""The plan of a small tenant, put where the product puts it: a customer that is changed, an invoice that is created, one that is held, a
payment."""

from __future__ import annotations

import itertools
from datetime import timedelta

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


def store_plan(target: Target, clock: Clock, *, many: int = 0, under_its_settings: bool = True) -> str:
    """Make a plan and copy it to an installation; answers its id. `many`: so many more invoices. `under_its_settings`: they become those of
    the installation, else it counts as made under those that are there."""
    world = MemoryWorld.of(unserved_world())
    world.clock.moment = clock.now() - timedelta(days=2)
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
    world.clock.moment, world.counter = clock.now() - timedelta(minutes=5), itertools.count(1)
    output = world.run(steps=list(STEPS), dry_run=True)
    run_id = str(output["runId"])
    bucket, mine = target.client("s3"), f"runs/{run_id}/"
    for key, body in world.memory.objects.content.items():
        if key.startswith(mine):
            bucket.put_object(Bucket=target["REPORTS_BUCKET"], Key=key, Body=body)
    record = world.wiring().runs().read(run_id)
    target.runs.record(**{name: value for name, value in record.items() if name not in ("pk", "sk", "expires")})
    if under_its_settings:
        save_settings(target, world.memory.settings)
    else:
        now = target.settings().model_dump(mode="json", by_alias=True)
        target.folder(run_id).write_json("run.json", {**target.folder(run_id).read_json("run.json"), "settings": now})
    assert record["outcome"] == RunOutcome.WARNINGS
    return run_id


def save_settings(target: Target, document: str) -> None:
    target.client("ssm").put_parameter(Name="/tallybridge/settings", Value=document, Type="String", Overwrite=True)
