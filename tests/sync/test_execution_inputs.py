"""What people and AWS itself give an execution as its input: each starts a normal run, and a mistake of one's own is still named."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.errors import ConfigurationError
from tallybridge.tasks.open_run import RunInput, open_run, own_input, parse_input
from tests.sync.memory import MemoryWorld

EVENT = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.scheduler",
    "account": "123456789012",
    "time": "2026-11-29T02:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:scheduler:eu-west-1:123456789012:schedule/default/tallybridge"],
    "detail": "{}",
}
INPUTS: dict[str, tuple[Any, str]] = {
    "nothing": (None, "manual"),
    "an empty object": ({}, "manual"),
    "the console's example": ({"Comment": "Insert your JSON here"}, "manual"),
    "the console's example, kept beside keys of one's own": ({"Comment": "Insert your JSON here", "trigger": "ana"}, "ana"),
    "started by another execution": ({"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": "arn:aws:states:x"}, "manual"),
    "a schedule without an input": (EVENT, "schedule"),
    "a rule of EventBridge": ({**EVENT, "source": "aws.events", "detail": {}}, "schedule"),
    "an event of another service": ({**EVENT, "source": "aws.s3", "detail": {"bucket": "x"}}, "event of aws.s3"),
    "the connector's own schedule": ({"trigger": "schedule"}, "schedule"),
}


@pytest.mark.parametrize("name", INPUTS)
def test_it_starts_a_normal_run(fast: MemoryWorld, name: str) -> None:
    content, trigger = INPUTS[name]
    fast.reset()
    opened = open_run({"input": content, "execution": "arn:aws:states:eu-west-1:0:execution:billing:started"}, fast.wiring())
    assert (opened["opened"], opened["dryRun"]) == (True, False)
    assert fast.wiring().runs().read("started")["trigger"] == trigger
    assert parse_input(own_input(content)) == RunInput(trigger=trigger)


@pytest.mark.parametrize("content", [{"comment": "x"}, {"Comment": "x", "dryrun": True}, {"id": "x", "source": "y"}, {"detail": {}}])
def test_a_key_that_nobody_knows_is_refused(content: Any) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        parse_input(own_input(content))
    assert wrong.value.code == "INPUT"
