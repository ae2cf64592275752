"""Starting a run and following it: which step it is in, how many of its batches are done, and how it ended."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tallybridge.errors import TallybridgeError
from tallybridge.pieces import side_by_side
from tallybridge.reporting.summary import read_summary
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runlog import RunOutcome, RunSummary, StepReport
from tallybridge.tasks.steps import STEPS
from tallybridge_cli.stopping import await_clean_up
from tallybridge_cli.target import Target

POLL_SECONDS = 0.5
LONGEST_RUN_SECONDS = 8 * 3600.0
"""A run ends before: its state machine times out after six hours."""
FILES = ("summary.json", "summary.csv", "log.jsonl.gz", "report.html", "mail.eml")
RUNS_FOLDER = Path("out/runs")
ENDED_FROM_OUTSIDE = ("ABORTED", "TIMED_OUT", "FAILED")
CLOSING = {"Reconcile": "control totals", "ArchiveLog": "log and report", "Notify": "mail", "CloseRun": "closing"}


@dataclass(frozen=True)
class StepProgress:
    """Where one step is. `state`: waiting, running, or how it ended. `selected` None until it is known; `done` counts records of finished
    batches."""

    step: str
    state: str
    selected: int | None = None
    done: int = 0
    report: StepReport | None = None


@dataclass(frozen=True)
class Progress:
    """A run on its way. `closing` says what it is doing after its last step."""

    run_id: str
    status: str
    steps: tuple[StepProgress, ...]
    closing: str = ""

    @property
    def ended(self) -> bool:
        return self.status != "RUNNING"


@dataclass(frozen=True)
class Ended:
    """How a run ended. `summary` is None for a run that left none (it was skipped or stopped); `message` says why then."""

    run_id: str
    outcome: str
    summary: RunSummary | None
    message: str = ""
    advice: str = ""
    set_up: bool = False


def start(target: Target, *, trigger: str, dry_run: bool, steps: Sequence[str] | None, accept_mode: str = "") -> str:
    """Start an execution of the billing sync; answers its ARN. The run's id is the execution's name. `accept_mode`: "A" or "B", for the
    one run after a deliberate switch of the Zuora tenant."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    document = {"trigger": trigger, "dryRun": dry_run, "steps": list(steps) if steps else None}
    if accept_mode:
        document["acceptMode"] = accept_mode
    states = target.client("stepfunctions")
    answer = states.start_execution(stateMachineArn=target["BILLING_SYNC_ARN"], name=name, input=json.dumps(document))
    return str(answer["executionArn"])


def run_id_of(execution: str) -> str:
    """A run's id: the last part of its execution's ARN."""
    return execution.rsplit(":", 1)[-1]


def follow(
    target: Target, execution: str, sleep: Callable[[float], None] = time.sleep, longest: float = LONGEST_RUN_SECONDS
) -> Iterator[Progress]:
    """The run's progress, again and again until it has ended. Raises `TallybridgeError` RUN-ENDLESS when it has not after so long."""
    states = target.client("stepfunctions")
    reader = ProgressReader(target.folder(run_id_of(execution)))
    for _ in range(int(longest / POLL_SECONDS)):
        described = states.describe_execution(executionArn=execution)
        progress = reader.read(described["status"], _last_state(states, execution))
        yield progress
        if progress.ended:
            return
        sleep(POLL_SECONDS)
    advice = "Look into the execution's history for the state that it is in; `tallybridge stop` ends it and frees the lock."
    raise TallybridgeError(f"Run {run_id_of(execution)} has not ended after {longest:.0f} s.", code="RUN-ENDLESS", advice=advice)


class ProgressReader:
    """Reads from a run's folder how far its steps are. Files that do not change any more are read once."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._reports: dict[str, StepReport] = {}
        self._manifests: dict[str, dict[str, int]] = {}
        self._settled: dict[str, int] = {}
        """How many records each part of a batch has settled, by the name of its file."""

    def read(self, status: str, last_state: str) -> Progress:
        """The progress now; `status` is the execution's, `last_state` the state it entered last."""
        steps, wanted = [], self._wanted()
        for step in STEPS:
            if step in wanted:
                steps.append(self._step(step))
        return Progress(self.folder.run_id, status, tuple(steps), CLOSING.get(last_state, ""))

    def _wanted(self) -> list[str]:
        if not self.folder.has("run.json"):
            return []
        return [step for step, on in self.folder.read_json("run.json")["steps"].items() if on]

    def _step(self, step: str) -> StepProgress:
        if step not in self._reports and self.folder.has(f"{step}/report.json"):
            self._reports[step] = StepReport.from_json(self.folder.read_json(f"{step}/report.json"))
        if report := self._reports.get(step):
            return StepProgress(step, str(report.outcome), report.selected, report.selected, report)
        if step not in self._manifests and self.folder.has(f"{step}/manifest.json"):
            self._manifests[step] = {e["batch"]: int(e["records"]) for e in self.folder.read_json(f"{step}/manifest.json")}
        if step in self._manifests:
            return self._under_way(step, self._manifests[step])
        return StepProgress(step, "running" if self.folder.has(f"{step}/start.json") else "waiting")

    def _under_way(self, step: str, batches: dict[str, int]) -> StepProgress:
        """Counts what the rounds of its batches have settled; each part of a batch is read once."""
        names = list(self.folder.names(f"{step}/results/"))
        unread = [name for name in names if name not in self._settled]
        for name, part in zip(unread, side_by_side(self.folder.read_json, unread), strict=True):
            self._settled[name] = len(part["selected"])
        return StepProgress(step, "running", sum(batches.values()), sum(self._settled[name] for name in names))


def _last_state(states: Any, execution: str) -> str:
    """The state that the execution entered last."""
    events = states.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=20)["events"]
    return next((e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e), "")


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


def summary_of(target: Target, run_id: str) -> RunSummary | None:
    """A run's summary; None when it left none."""
    try:
        return read_summary(target.folder(run_id).read("summary.json"))
    except FileNotFoundError:
        return None


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
