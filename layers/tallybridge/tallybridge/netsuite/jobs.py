"""Asynchronous jobs: many records of one type by one request, which NetSuite carries out later (api-netsuite.md section 4).

A job is known by its idempotency key before it is submitted, and by its id afterwards. Whoever submits under the same key again is told the
id of the first job, so that a lost answer costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tallybridge.errors import NotFound, OutcomeUnknown
from tallybridge.http import Answer, Effect
from tallybridge.netsuite.bodies import Body
from tallybridge.netsuite.calls import NetSuiteCalls
from tallybridge.netsuite.faults import SERVICE, details_in

JOBS = "/services/rest/async/v1/job"
MOST = 100
"""Records of a job."""
COLLECTION = "application/vnd.oracle.resource+json; type=collection"
SIDE_BY_SIDE = 'respond-async, batch-processing="parallel"'
SAME_KEY = "IDEMPOTENCY_ERROR"
JOB_ID = re.compile(r"/job/([A-Za-z0-9_-]+)/?(?:[?#].*)?$")


def submitted(calls: NetSuiteCalls, method: str, path: str, operation: str, bodies: Sequence[Body], key: str) -> str:
    """Submit a job whose records are worked on side by side, in no order; answers its id, that of the first one where the key was used
    before. Raises `Refused` where the account takes none, `OutcomeUnknown` where no answer names the job."""
    answer = calls.send(
        method,
        path,
        Effect.REPEATABLE,
        operation=operation,
        headers={"Prefer": SIDE_BY_SIDE, "Content-Type": COLLECTION, "X-NetSuite-Idempotency-Key": key},
        body={"items": list(bodies)},
        record=f"{len(bodies)} records",
        accepts=is_known,
    )
    if found := JOB_ID.search(answer.headers.get("Location", "")):
        return found.group(1)
    text = f"NetSuite accepted {operation} but did not name the job; its records are looked up."
    raise OutcomeUnknown(text, service=SERVICE, status=answer.status, service_code="NO-LOCATION")


def is_known(answer: Answer) -> bool:
    """Whether a refusal says that a job was submitted under the same key before."""
    return answer.status == 400 and any(detail.code == SAME_KEY for detail in details_in(answer))


def is_over(calls: NetSuiteCalls, job: str) -> bool:
    """Whether a job has been carried out, whatever became of its records. One that NetSuite knows no more was over long ago."""
    try:
        state = calls.json("GET", f"{JOBS}/{job}", Effect.READ, operation="job")
    except NotFound:
        return True
    return isinstance(state, dict) and state.get("completed") is True
