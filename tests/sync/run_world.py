"""What the tests of runs share: a small tenant, the mails and the log of a run, a run that cannot be opened."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tallybridge.errors import TallybridgeError
from tallybridge.tasks.open_run import open_run
from tests.sync.builders import account, charge, invoice, merged, payment, subscription
from tests.sync.memory import MemoryWorld


def ready(world: MemoryWorld, **settings: Any) -> MemoryWorld:
    world.reset(**{"default_subsidiary": "Parent Company", **settings})
    world.load(
        merged(
            account("A1"),
            charge("Gold"),
            subscription("A1", "S1", "Gold"),
            invoice("A1", "INV1", [("Gold", 100.0)], sub="S1"),
            payment("A1", "P1", 60.0, {"INV1": 60.0}),
        )
    )
    return world


def mails(world: MemoryWorld) -> int:
    return len(world.memory.mailer.sent)


def run_log(world: MemoryWorld, run_id: str) -> list[dict[str, Any]]:
    lines = gzip.decompress(world.object(f"runs/{run_id}/log/run.jsonl.gz")).splitlines()
    return [json.loads(line) for line in lines]


def fails_to_open(world: MemoryWorld, content: Any = None) -> tuple[TallybridgeError, dict[str, Any]]:
    """A run that cannot be opened, closed as the state machine does: (the error, the execution's output)."""
    name = f"run-failed-{next(world.counter)}"
    execution = f"arn:aws:states:eu-west-1:000000000000:execution:billing:{name}"
    with pytest.raises(TallybridgeError) as raised:
        open_run({"input": {"trigger": "manual"} if content is None else content, "execution": execution}, world.wiring())
    cause = json.dumps({"errorMessage": raised.value.message, "errorType": type(raised.value).__name__})
    return raised.value, world.close(name, {"Error": type(raised.value).__name__, "Cause": cause})


def open_with(world: MemoryWorld, **content: Any) -> dict[str, Any]:
    """Opens a run with this execution input and frees the lock again."""
    opened = open_run({"input": content, "execution": f"arn:aws:states:x:0:execution:billing:{next(world.counter)}"}, world.wiring())
    world.wiring().runs().unlock(opened["runId"])
    return opened
