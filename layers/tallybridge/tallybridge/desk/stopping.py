"""Stopping a run, so that everybody learns who did it and why; and waiting until its clean-up has told."""

from __future__ import annotations

from typing import Any

from tallybridge.clock import Clock
from tallybridge.desk.target import Target
from tallybridge.errors import TallybridgeError
from tallybridge.sync.runs import Runs
from tallybridge.tasks.ended import MAX_WHY

CLEAN_UP_SECONDS = 120.0
"""How long the clean-up of a stopped run is waited for; it usually takes a few seconds."""
POLL_SECONDS = 0.5


def stop(target: Target, machine: str, run_id: str, reason: str, who: str = "") -> str:
    """Stop a run's execution of the state machine whose ARN stands in the variable `machine`; answers who did it: `who`, or the
    caller as AWS names them. The cause that the execution keeps names them and the reason. Raises `TallybridgeError` RUN-NOT-RUNNING."""
    states = target.client("stepfunctions")
    execution = f"{target[machine].replace(':stateMachine:', ':execution:')}:{run_id}"
    status = _status(states, execution)
    if status != "RUNNING":
        raise TallybridgeError(
            f"Run {run_id} is not in progress ({status}).",
            code="RUN-NOT-RUNNING",
            advice="Nothing to stop; `tallybridge runs` lists the runs.",
        )
    who = who or target.who()
    target.note(who, "stop", f"run {run_id}", reason=reason)
    states.stop_execution(executionArn=execution, error="Stopped", cause=f"Stopped by {who}: {reason[:MAX_WHY]}")
    return who


def _status(states: Any, execution: str) -> str:
    try:
        return str(states.describe_execution(executionArn=execution)["status"])
    except states.exceptions.ExecutionDoesNotExist:
        return "it has no execution"


def await_clean_up(runs: Runs, run_id: str, clock: Clock, longest: float = CLEAN_UP_SECONDS) -> bool:
    """Wait until the clean-up of a run has closed it; answers whether it has."""
    for _ in range(int(longest / POLL_SECONDS)):
        if "keys" in runs.read(run_id):
            return True
        clock.sleep(POLL_SECONDS)
    return False
