"""Ends a run: final record, lock freed, no query left at work. For an execution that was ended from outside it is first noted how, see
ended.py."""

from __future__ import annotations

from typing import Any

from tallybridge.clock import stamp
from tallybridge.errors import RunEnded
from tallybridge.reporting.summary import read_summary
from tallybridge.sync.runlog import RunOutcome
from tallybridge.tasks.archive_log import FILES
from tallybridge.tasks.ended import End, note_end
from tallybridge.tasks.failure import failure_text
from tallybridge.tasks.mailing import Delivery
from tallybridge.tasks.notify import UNDELIVERED
from tallybridge.tasks.queries import cancel_queries
from tallybridge.wiring import Wiring


def close_run(event: dict[str, Any], wiring: Wiring) -> dict[str, Any]:
    """`event` = {"runId", "error"?, "closer"?}: the run closes itself, or its clean-up, the `closer`, does. Answers the output of the
    execution: {"runId", "outcome", "tiedOut", "totals", "keys", "mailed"}; `mailed` is false where somebody who should have been was not.
    Or `event` tells of an ended execution, see `note_end`. Raises `RunEnded` where somebody else ends the run."""
    if "detail" in event:
        return note_end(event, wiring)
    run_id, runs, folder, closer = event["runId"], wiring.runs(), wiring.folder(event["runId"]), str(event.get("closer") or "")
    if not closer and not runs.claim_end(run_id):
        raise RunEnded(f"Run {run_id} has ended; it is closed by the clean-up of its execution.")
    end = End.kept(runs.end(run_id))
    if closer:
        runs.check_open(run_id, closer)
    ended = end.at if end else stamp(wiring.clock.now())
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
        outcome, tied_out, keys, totals = end.outcome if end else RunOutcome.FAILED, False, {}, []
    facts: dict[str, Any] = {}
    record = runs.read(run_id)
    if end is not None:
        facts = dict(end.told_of(record))
    elif event.get("error") and not record.get("code"):  # what was known when it failed says more
        facts["message"] = failure_text(event["error"])
    undelivered = folder.read_json_or(UNDELIVERED, [])
    if undelivered:
        facts["undelivered"] = undelivered
    runs.record(run_id, ended=ended, outcome=str(outcome), tied_out=tied_out, keys=keys, **facts)
    runs.unlock(run_id)
    cancel_queries(folder, wiring)
    mailed = Delivery.of(folder).done and not undelivered
    return {"runId": run_id, "outcome": str(outcome), "tiedOut": tied_out, "totals": totals, "keys": keys, "mailed": mailed}
