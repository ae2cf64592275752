"""`/v1/batch-query` (spec section 11.1)."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import AquaError
from sandbox.zuora.http import Call, json_response
from sandbox.zuora.models.export.files import FORMATS
from sandbox.zuora.models.export.jobs import AquaJob, Batch

VERSIONS = ("1.0", "1.1", "1.2")
MAX_NOTIFY_URL = 5_000
API_VERSION = "91.0"


def submit(call: Call) -> Response:
    body = call.body
    file_format = str(body.get("format", "csv")).lower()
    version = str(body.get("version", "1.0"))
    if file_format not in FORMATS or version not in VERSIONS:
        raise AquaError("90006", f"The format must be one of {', '.join(FORMATS)} and the version one of {', '.join(VERSIONS)}")
    if body.get("encrypted") not in (None, "", "none"):
        raise AquaError("90006", "encrypted must be none: the tenant has no key for pgp")
    longest = call.tenant.options.aqua_job_name_limit
    if len(str(body.get("name") or "")) > longest:
        raise AquaError("90006", f"The name of a job must not be longer than {longest} characters")
    if len(str(body.get("notifyUrl") or "")) >= MAX_NOTIFY_URL:
        raise AquaError("90014", f"The notify URL must be shorter than {MAX_NOTIFY_URL} characters")
    return json_response(view(call.tenant.exports.submit(body, file_format, version)))


def get(call: Call) -> Response:
    job = call.tenant.exports.job(call.args["id"])
    shown = view(job)
    if job.started is not None:
        shown["startTime"] = job.started.astimezone(call.tenant.options.zone).strftime("%Y-%m-%d %H:%M:%S")
    return json_response(shown)


def cancel(call: Call) -> Response:
    return json_response(view(call.tenant.exports.cancel(call.args["id"])))


def last_of_project(call: Call) -> Response:
    return json_response(view(call.tenant.exports.last_of(call.args["partner"], call.args["project"])))


def view(job: AquaJob) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": job.id,
        "name": job.name,
        "version": job.version,
        "format": job.format.upper(),
        "encrypted": "none",
        "status": job.status,
        "useLastCompletedJobQueries": False,
        "batches": [batch_view(b) for b in job.batches],
    }
    if job.stateful is not None:
        shown |= {"partner": job.stateful[0], "project": job.stateful[1]}
    return shown


def batch_view(batch: Batch) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "batchId": batch.id,
        "name": batch.name,
        "batchType": batch.kind,
        "status": batch.status,
        "localizedStatus": batch.status,
        "full": batch.since is None,
        "recordCount": batch.count,
        "apiVersion": API_VERSION,
        "query": batch.query,
    }
    if batch.file_id is not None:
        shown["fileId"] = batch.file_id
    if batch.message:
        shown["message"] = batch.message
    return shown
