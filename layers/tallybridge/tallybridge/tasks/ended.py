"""An execution of the billing sync that ended from outside: stopped by a person, timed out, or crashed where no state caught it.

Its clean-up, a small state machine, notes here how it ended and frees the lock at once, then archives, mails and closes what the run has
left behind, in the run's place. A run that closed itself is left alone; a worker that still lives is turned away by `Runs.check_open`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tallybridge import money
from tallybridge.clock import stamp
from tallybridge.sync.runlog import CANCELLED, Level, LogLine, RunOutcome
from tallybridge.sync.runs import ITSELF
from tallybridge.tasks.failure import failure_text
from tallybridge.tasks.open_run import own_input, run_id_of
from tallybridge.wiring import Wiring

LINE = "log/end.jsonl.gz"
ARCHIVE = "report.html"
"""The last file of an archive: whatever lies beside it is whole."""
SAID = re.compile(r"Stopped by (\S+): (.*)", re.DOTALL)
"""How `tallybridge stop` tells who stops an execution, and why, in its cause."""
MAX_WHY = 500
NEW_RUN = "Start a new run, or leave it to the schedule: it takes up the rest."
NOT_TOLD = "not told; see CloudTrail"


@dataclass(frozen=True)
class End:
    """How an execution ended: Step Functions' word for it, who has stopped it ("" where nobody told) and why. `archived`: the run had
    stored its log and report by then, so that its result stands."""

    status: str
    who: str = ""
    why: str = ""
    at: str = ""
    archived: bool = False

    @classmethod
    def told(cls, detail: Mapping[str, Any], at: str) -> End:
        """From the `detail` of EventBridge's event of the execution."""
        status, error, cause = (str(detail.get(name) or "") for name in ("status", "error", "cause"))
        if status != "ABORTED":
            return cls(status, why=failure_text({"Error": error, "Cause": cause}) if error else "", at=at)
        if said := SAID.fullmatch(cause):
            return cls(status, said[1], said[2][:MAX_WHY], at)
        return cls(status, why=(cause or error)[:MAX_WHY], at=at)

    @classmethod
    def kept(cls, facts: Mapping[str, str]) -> End | None:
        """As `Runs.claim_end` has kept it; None for a run that ends by itself."""
        if "status" not in facts:
            return None
        known = {name: facts.get(name, "") for name in ("status", "who", "why", "at")}
        return cls(**known, archived=bool(facts.get("archived")))

    def facts(self) -> dict[str, str]:
        named = {name: getattr(self, name) for name in ("status", "who", "why", "at")}
        return {**named, "archived": "yes" if self.archived else ""}

    @property
    def cancelled(self) -> bool:
        """Whether somebody has stopped it."""
        return self.status == "ABORTED"

    @property
    def outcome(self) -> RunOutcome:
        return RunOutcome.CANCELLED if self.cancelled else RunOutcome.FAILED

    @property
    def message(self) -> str:
        if self.cancelled:
            return f"The run was stopped. Stopped by: {self.who or NOT_TOLD}. Reason: {(self.why or 'none given').rstrip('.')}."
        if self.status == "TIMED_OUT":
            return "The run took longer than its execution may take, and was ended."
        return f"The run's execution ended unexpectedly: {self.why or self.status}"

    def told_of(self, record: Mapping[str, Any]) -> dict[str, str]:
        """What a run's record says of its end. What was known when it failed says more, unless somebody has stopped it."""
        if self.cancelled:
            return {"message": self.message, "stopped_by": self.who, "reason": self.why}
        return {} if record.get("code") else {"message": self.message}

    def line(self, run_id: str) -> LogLine:
        """As the run's log tells it."""
        level, code = (Level.WARNING, CANCELLED[0]) if self.cancelled else (Level.ERROR, "RUN-FAILED")
        return LogLine(self.at, run_id, "run", level, self.message, code, advice=NEW_RUN)


def note_end(event: Mapping[str, Any], wiring: Wiring) -> dict[str, Any]:
    """`event` = {"detail", "closer"?}: the detail of EventBridge's event of an ended execution, or of CloudTrail's of a StopExecution, and
    the id of the clean-up. Answers {"runId", "closer", "leave", "archived", "freed"}: `leave` where there is nothing to clean up,
    `archived` where the run's own log and report are there."""
    detail, runs = event["detail"], wiring.runs()
    closer = str(event.get("closer") or "clean-up")
    if "eventName" in detail:
        return _note_stopper(detail, closer, wiring)
    run_id = run_id_of(detail["executionArn"])
    left = {"runId": run_id, "closer": closer, "leave": True, "archived": False}
    record, known = runs.read(run_id), runs.end(run_id)
    ended = record.get("outcome") not in (None, str(RunOutcome.RUNNING))
    if known.get("claimed") != closer and (ended or known.get("claimed") not in (None, ITSELF)):
        return {**left, "freed": runs.unlock(run_id)}
    folder = wiring.folder(run_id)
    archived = bool(known.get("archived")) if End.kept(known) else folder.has(ARCHIVE)
    end = replace(End.told(detail, stamp(wiring.clock.now())), archived=archived)
    if not runs.claim_end(run_id, closer, over=ITSELF, **end.facts()):
        return {**left, "freed": runs.unlock(run_id)}
    if end.cancelled and not end.who and (who := runs.stopper(run_id)):
        end = replace(end, who=who)
        runs.claim_end(run_id, closer, **end.facts())
    freed = runs.unlock(run_id)
    _record(detail, end, run_id, record, wiring)
    return {**left, "leave": False, "archived": archived, "freed": freed}


def _record(detail: Mapping[str, Any], end: End, run_id: str, record: Mapping[str, Any], wiring: Wiring) -> None:
    """How the run ended, at once, in its record and in its log; a run that was stopped before it had begun has both all the same."""
    runs, facts = wiring.runs(), dict[str, Any]()
    if end.archived:
        return  # its result stands, and is recorded when it is closed
    if "started" not in record:
        begun = detail.get("startDate")
        started = stamp(datetime.fromtimestamp(begun / 1000, UTC)) if isinstance(begun, int) else end.at
        content = input_of(detail)
        facts = {"started": started, "trigger": str(content.get("trigger", "manual")), "dry_run": content.get("dryRun") is True}
    runs.record(run_id, **facts, job=runs.job, ended=end.at, outcome=str(end.outcome), **end.told_of(record))
    wiring.folder(run_id).write_lines(LINE, [end.line(run_id).to_json()])


def input_of(detail: Mapping[str, Any]) -> dict[str, Any]:
    """The execution's input, as far as it is one."""
    try:
        content = own_input(money.loads(str(detail.get("input") or "{}")))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _note_stopper(detail: Mapping[str, Any], closer: str, wiring: Wiring) -> dict[str, Any]:
    """CloudTrail tells of a StopExecution, sooner or later than EventBridge of the end. Where the run is closed already, it is told again
    with the name; while it is being closed, the name is added."""
    runs = wiring.runs()
    run_id = run_id_of(str((detail.get("requestParameters") or {}).get("executionArn", "")))
    left = {"runId": run_id, "closer": closer, "leave": True, "archived": False, "freed": False}
    who = stopper_in(detail)
    if detail.get("errorCode") or not who or not run_id:
        return left
    runs.note_stopper(run_id, who)
    known = runs.end(run_id)
    end = End.kept(known)
    if end is None or not end.cancelled or (end.who and known["claimed"] != closer):
        return left
    closed = "keys" in runs.read(run_id)
    facts = replace(end, who=who).facts()
    if not runs.claim_end(run_id, closer if closed else known["claimed"], over=known["claimed"], **facts) or not closed:
        return left
    if not end.archived:
        wiring.folder(run_id).write_lines(LINE, [replace(end, who=who).line(run_id).to_json()])
    return {**left, "leave": False, "archived": end.archived}


def stopper_in(detail: Mapping[str, Any]) -> str:
    """Who made a call that CloudTrail tells of: the ARN, or what else is known."""
    identity = detail.get("userIdentity") or {}
    return str(identity.get("arn") or identity.get("principalId") or identity.get("invokedBy") or "")
