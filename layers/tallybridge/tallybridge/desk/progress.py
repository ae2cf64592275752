"""Starting a run, and how far it is: which step it is in, and how many of its batches are done."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tallybridge.desk.target import Target
from tallybridge.parallel import side_by_side
from tallybridge.reporting.summary import read_summary
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runlog import RunSummary, StepReport
from tallybridge.tasks.steps import STEPS

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


def start(
    target: Target,
    *,
    trigger: str,
    dry_run: bool,
    steps: Sequence[str] | None,
    accept_mode: str = "",
    instructed_only: bool = False,
    plan: str = "",
    reverse: str = "",
    by: str = "",
    reason: str = "",
) -> str:
    """Start an execution of the billing sync; answers its ARN. The run's id is the execution's name. `accept_mode`: "A" or "B", for the
    one run after a deliberate switch of the Zuora tenant. `instructed_only`: nothing is taken up but what people have given instructions
    for; `plan`: exactly what that dry run has planned; `reverse`: an approved reversal is carried out, and nothing else. `by` is the
    person who starts it, `reason` why."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    document = {"trigger": trigger, "dryRun": dry_run, "steps": list(steps) if steps else None}
    if accept_mode:
        document["acceptMode"] = accept_mode
    if instructed_only:
        document["only"] = "instructed"
    if plan:
        document["plan"] = plan
    if reverse:
        document["reverse"] = reverse
    if by:
        document["by"] = by
        only = "; only what was instructed" if instructed_only else ""
        work = f"reversal {reverse}" if reverse else f"steps: {', '.join(steps) if steps else 'all'}{only}"
        after = f"the plan of run {plan}" if plan else work
        target.note(by, "apply" if plan else "dry run" if dry_run else "run", f"run {name}", after=after, reason=reason)
    states = target.client("stepfunctions")
    answer = states.start_execution(stateMachineArn=target["BILLING_SYNC_ARN"], name=name, input=json.dumps(document))
    return str(answer["executionArn"])


def run_id_of(execution: str) -> str:
    """A run's id: the last part of its execution's ARN."""
    return execution.rsplit(":", 1)[-1]


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


def last_state(states: Any, execution: str) -> str:
    """The state that the execution entered last, "" where it has entered none."""
    events = states.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=20)["events"]
    return next((e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e), "")


def summary_of(target: Target, run_id: str) -> RunSummary | None:
    """A run's summary; None when it left none."""
    try:
        return read_summary(target.folder(run_id).read("summary.json"))
    except FileNotFoundError:
        return None
