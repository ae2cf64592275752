"""`/query/jobs` and the pre-signed result files (spec section 10.1)."""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from sandbox.zuora.exceptions import DataQueryError
from sandbox.zuora.http import Call, json_response
from sandbox.zuora.models.dataquery.results import PREFIX, FileRefused, ResultFiles
from sandbox.zuora.models.dataquery.translate import MAX_QUERY_LENGTH

DEFAULT_LIST = 20
MAX_LIST = 1_000
STATUSES = ("", "accepted", "in_progress", "completed", "failed", "cancelled", "submitted")


def refuse(message: str) -> DataQueryError:
    return DataQueryError(400, 400, message)


def submit(call: Call) -> Response:
    body = call.body
    query = body["query"]
    if not query.strip() or len(query) > MAX_QUERY_LENGTH:
        raise refuse("query may not be empty")
    job = call.tenant.jobs.submit(
        query,
        body["outputFormat"],
        body["compression"],
        separator=body.get("columnSeparator") or "|",
        read_deleted=bool(body.get("readDeleted")),
        use_index_join=bool(body.get("useIndexJoin")),
        source=body.get("sourceData") or "LIVE",
    )
    return json_response({"data": call.tenant.jobs.accepted(job)})


def read(call: Call) -> Response:
    job = call.tenant.jobs.get(call.args["id"])
    return json_response({"data": call.tenant.jobs.shown(job, call.url(""))})


def cancel(call: Call) -> Response:
    job = call.tenant.jobs.cancel(call.args["id"])
    return json_response({"data": call.tenant.jobs.shown(job, call.url(""))})


def listed(call: Call) -> Response:
    status = call.parameter("queryStatus")
    if status not in STATUSES:
        raise refuse(f"queryStatus must be one of {', '.join(s for s in STATUSES if s)}")
    size = call.integer("pageSize", DEFAULT_LIST, 1, MAX_LIST)
    jobs = call.tenant.jobs.listed(status, size)
    return json_response({"data": [call.tenant.jobs.shown(j, call.url("")) for j in jobs]})


def result_file(request: Request, files: ResultFiles) -> Response:
    """A result file, as a file store serves it: with a signed address and without any other authentication."""
    try:
        if request.headers.get("Authorization"):
            raise FileRefused(400, "InvalidArgument", "Only one auth mechanism allowed")
        name = request.path.removeprefix(PREFIX)
        content = files.fetch(name, request.args.get("X-Amz-Expires", "0"), request.args.get("X-Amz-Signature", ""))
    except FileRefused as refused:
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{refused.code}</Code><Message>{refused}</Message></Error>'
        return Response(text, refused.status, content_type="application/xml")
    return Response(content, content_type="binary/octet-stream")
