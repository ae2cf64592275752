"""Ends a run: final record, metrics, lock freed. Also called by EventBridge for executions that were stopped from outside."""

from __future__ import annotations

from typing import Any

from tallybridge.clock import stamp
from tallybridge.reporting.summary import read_summary
from tallybridge.sync.runlog import RunOutcome
from tallybridge.tasks.archive_log import FILES
from tallybridge.tasks.open_run import run_id_of
from tallybridge.tasks.sync_step import failure_text
from tallybridge.wiring import Wiring


def close_run(event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
    """`event` = {"runId", "error"?} or an EventBridge event of an ended execution. Answers the output of the execution:
    {"runId", "outcome", "tiedOut", "totals", "keys"}."""
    if "detail" in event:
        detail = event["detail"]
        return _stopped(run_id_of(detail["executionArn"]), str(detail.get("status", "")), wiring)
    run_id, runs, folder = event["runId"], wiring.runs(), wiring.folder(event["runId"])
    ended = stamp(wiring.clock.now())
    if folder.has(FILES["summary"]):
        summary = read_summary(folder.read(FILES["summary"]))
        outcome, tied_out, keys = summary.outcome, summary.tied_out, summary.keys
        totals = [
            {
                "object": t.object,
                "currency": t.currency,
                "selected": t.selected.count,
                "synced": t.synced.count,
                "already": t.already.count,
                "held": t.held.count,
                "refused": t.refused.count,
                "tiedOut": t.tied_out,
                "difference": str(t.difference),
            }
            for t in summary.totals
        ]
    else:  # the archive itself failed: the run is closed all the same
        outcome, tied_out, keys, totals = RunOutcome.FAILED, False, {}, []
    facts: dict[str, Any] = {"message": failure_text(event["error"])} if event.get("error") else {}
    runs.record(run_id, ended=ended, outcome=str(outcome), tied_out=tied_out, keys=keys, **facts)
    runs.unlock(run_id)
    return {"runId": run_id, "outcome": str(outcome), "tiedOut": tied_out, "totals": totals, "keys": keys}


def _stopped(run_id: str, status: str, wiring: Wiring) -> dict[str, Any]:
    """An execution that was stopped, timed out or failed: nothing of it runs any more, so its lock is freed at once."""
    runs = wiring.runs()
    record = runs.read(run_id)
    if record and record.get("outcome") == RunOutcome.RUNNING:
        runs.record(run_id, ended=stamp(wiring.clock.now()), outcome=str(RunOutcome.FAILED), message=f"The execution ended with {status}.")
    freed = runs.unlock(run_id)
    return {"runId": run_id, "outcome": str(RunOutcome.FAILED), "freed": freed}
