"""Zuora's query jobs that nobody waits for any more are cancelled: each holds one of the five places that a tenant has for everybody.

A task in rounds notes its job in the run's folder until it has seen it end (`Kept.under_way`). Who ends a step, or the run, goes through
these notes; a worker that outlives its run sees to its own job, since the run's clean-up may have looked before it was noted.
"""

from __future__ import annotations

from typing import Any

from tallybridge.errors import RunEnded, TallybridgeError
from tallybridge.rounds import UNDER_WAY, Kept
from tallybridge.sync.folder import RunFolder
from tallybridge.tasks.run_file import RunFile
from tallybridge.wiring import Wiring
from tallybridge.zuora.dataquery import open_jobs

CANCEL_SECONDS = 30
"""What cannot be cancelled within this time is left; Zuora ends it by itself, within hours."""


def cancel_queries(folder: RunFolder, wiring: Wiring, step: str = "") -> None:
    """Cancel the jobs of a step, or of the whole run, that were not seen to end."""
    wiring = wiring.hurried(CANCEL_SECONDS)
    jobs = Kept(folder, f"{UNDER_WAY}{step and f'{step}/'}", wiring.clock, wiring.invocation.deadline)
    if not open_jobs(jobs):
        return
    try:
        wiring.zuora(RunFile.load(folder).parsed_settings()).cancel_data_queries(jobs)
    except TallybridgeError:  # without credentials, for instance: the run has said so, or the next one will
        return


def checked(answer: dict[str, Any], folder: RunFolder, wiring: Wiring) -> dict[str, Any]:
    """A round's answer. Raises `RunEnded` if there will be no other round, though one is needed: the run has ended meanwhile."""
    if not answer["done"]:
        try:
            wiring.runs().check_open(folder.run_id)
        except RunEnded:
            cancel_queries(folder, wiring)
            raise
    return answer
