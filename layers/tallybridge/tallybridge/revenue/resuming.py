"""Resuming a failed run: the very same remaining files are sent, unchanged (revenue-connector.md section 8, rule 11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from tallybridge.clock import stamp
from tallybridge.revenue.codes import SENDABLE, Code, TaskFailed
from tallybridge.revenue.files import FileState, UploadedFile
from tallybridge.revenue.result import lost_text
from tallybridge.revenue.run import RevenueRun, RunStatus, TaskBook
from tallybridge.revenue.wiring import RevenueWiring

OPEN = (FileState.UNKNOWN, FileState.SENDING)
"""States of which only a person can say how it goes on; a run that has ended sends no more."""
ANEW = "Correct the cause; delete what is staged of the run in Revenue, Manage Inbound, if anything is; then start the instance anew."
Decisions = dict[str, Literal["staged", "not staged"]]


def continuation(wiring: RevenueWiring, run: RevenueRun, failed_run: str, decisions: Decisions) -> RevenueRun:
    """The run as a continuation of `failed_run`. Changes nothing. Raises `TaskFailed` NOT_RESUMABLE saying why that cannot be."""
    try:
        before = RevenueRun.load(wiring.folder(failed_run))
    except FileNotFoundError as missing:
        raise TaskFailed(Code.NOT_RESUMABLE, f"There is no run {failed_run} of the revenue connector.") from missing
    if wiring.runs().read(failed_run).get("outcome") != RunStatus.FAILED:
        raise TaskFailed(Code.NOT_RESUMABLE, f"Run {failed_run} has not failed.")
    whole = TaskBook(wiring.folder(before.origin), wiring.clock).all_checked(before.objects)
    files = wiring.files(before.origin).all() if whole else []  # what is ready beside an object that is not, is never sent
    _check(failed_run, files, decisions)
    for file in files:
        _resumed(file, decisions)
    return replace(before, run_id=run.run_id, started=run.started, trigger=run.trigger, user=run.user, origin=before.origin)


def make_ready(wiring: RevenueWiring, run: RevenueRun, decisions: Decisions) -> None:
    """Bring the remaining files into the state in which they are sent. The caller holds the lock of the instance."""
    files = wiring.files(run.origin)
    for file in files.all():
        state = _resumed(file, decisions)
        if state is not None:
            facts = {"staged_at": stamp(wiring.clock.now()), "answer": "staged, said by a person"} if state is FileState.STAGED else {}
            files.move(file, [file.state], state, **facts)


def _check(run_id: str, files: list[UploadedFile], decisions: Decisions) -> None:
    if not files:
        raise TaskFailed(
            Code.NOT_RESUMABLE, f"Run {run_id} has no files that could be sent: it failed before they were complete and checked."
        )
    if all(file.state is FileState.STAGED for file in files):
        raise TaskFailed(Code.NOT_RESUMABLE, f"All files of run {run_id} are staged already.")
    if unknown := set(decisions) - {f.name for f in files if f.state in OPEN}:
        raise TaskFailed(Code.NOT_RESUMABLE, f"Nothing is to be decided about {', '.join(sorted(unknown))}.")


def _resumed(file: UploadedFile, decisions: Decisions) -> FileState | None:
    """The state in which a file goes on; None when it stays as it is. Raises NOT_RESUMABLE when it cannot."""
    if file.state in (FileState.STAGED, FileState.PREPARED, FileState.SENT):
        return None  # what was sent is followed on
    if file.state in OPEN:
        if file.name not in decisions:
            text = f'Say of {file.name}, after looking into Uploaded Files of Revenue, whether it is "staged" or "not staged".'
            raise TaskFailed(Code.NOT_RESUMABLE, text)
        return FileState.STAGED if decisions[file.name] == "staged" else FileState.PREPARED
    if file.code in SENDABLE:
        return FileState.PREPARED
    raise TaskFailed(Code.NOT_RESUMABLE, f"The file {file.name} {lost_text(file)} ({file.code}); it cannot be sent again. {ANEW}")
