"""Following a run until it has ended, and fetching the files that it leaves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tallybridge.desk.progress import Progress, ProgressReader, StepProgress, last_state, run_id_of, start, summary_of
from tallybridge.desk.stopping import await_clean_up
from tallybridge.desk.target import Target
from tallybridge.errors import TallybridgeError
from tallybridge.sync.runlog import RunOutcome, RunSummary

__all__ = ["Progress", "ProgressReader", "StepProgress", "run_id_of", "start", "summary_of"]
POLL_SECONDS = 0.5
LONGEST_RUN_SECONDS = 8 * 3600.0
"""A run ends before: its state machine times out after six hours."""
FILES = ("summary.json", "summary.csv", "log.jsonl.gz", "report.html", "mail.eml")
RUNS_FOLDER = Path("out/runs")
ENDED_FROM_OUTSIDE = ("ABORTED", "TIMED_OUT", "FAILED")


@dataclass(frozen=True)
class Ended:
    """How a run ended. `summary` is None for a run that left none (it was skipped or stopped); `message` says why then."""

    run_id: str
    outcome: str
    summary: RunSummary | None
    message: str = ""
    advice: str = ""
    set_up: bool = False


def follow(
    target: Target, execution: str, sleep: Callable[[float], None] = time.sleep, longest: float = LONGEST_RUN_SECONDS
) -> Iterator[Progress]:
    """The run's progress, again and again until it has ended. Raises `TallybridgeError` RUN-ENDLESS when it has not after so long."""
    states = target.client("stepfunctions")
    reader = ProgressReader(target.folder(run_id_of(execution)))
    for _ in range(int(longest / POLL_SECONDS)):
        described = states.describe_execution(executionArn=execution)
        progress = reader.read(described["status"], last_state(states, execution))
        yield progress
        if progress.ended:
            return
        sleep(POLL_SECONDS)
    advice = "Look into the execution's history for the state that it is in; `tallybridge stop` ends it and frees the lock."
    raise TallybridgeError(f"Run {run_id_of(execution)} has not ended after {longest:.0f} s.", code="RUN-ENDLESS", advice=advice)


def ended(target: Target, execution: str) -> Ended:
    """How a run ended, from its summary, else from its record, else from its execution. That of an execution that was stopped, timed out or
    failed is told by its clean-up, a moment later."""
    run_id = run_id_of(execution)
    if (summary := summary_of(target, run_id)) is not None:
        return Ended(run_id, str(summary.outcome), summary)
    described = target.client("stepfunctions").describe_execution(executionArn=execution)
    if described["status"] in ENDED_FROM_OUTSIDE:
        await_clean_up(target.runs, run_id, target.clock)
        if (summary := summary_of(target, run_id)) is not None:
            return Ended(run_id, str(summary.outcome), summary)
    record = target.runs.read(run_id)
    outcome = str(record.get("outcome") or (RunOutcome.FAILED if described["status"] != "SUCCEEDED" else RunOutcome.SKIPPED))
    message = str(record.get("message") or described.get("cause") or f"The execution ended with {described['status']}.")
    return Ended(run_id, outcome, None, message, str(record.get("advice", "")), bool(record.get("set_up")))


def download(target: Target, run_id: str, into: Path = RUNS_FOLDER) -> list[Path]:
    """Copy the files that a run leaves for people; answers those that there are."""
    folder, copied = target.folder(run_id), []
    for name in FILES:
        try:
            content = folder.read(name)
        except FileNotFoundError:
            continue
        path = into / run_id / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        copied.append(path)
    return copied
