"""`/v1/object/export` and `/v1/files/{id}` (spec section 11.3)."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import CrudError, NoSuchRecord
from sandbox.zuora.http import Call, json_response
from sandbox.zuora.models.export.zoql import ExportRefused


def submit(call: Call) -> Response:
    try:
        made = call.tenant.exports.export(call.body["Format"], call.body.get("Query"))
    except ExportRefused as refused:
        raise CrudError("MALFORMED_QUERY", str(refused)) from None
    return json_response({"Success": True, "Id": made.id})


def get(call: Call) -> Response:
    made = call.tenant.exports.finished_export(call.args["id"])
    if made is None:
        raise NoSuchRecord("")
    shown: dict[str, Any] = {"Id": made.id, "Status": made.status, "Format": made.format, "Query": made.query, "Size": made.size}
    return json_response({**shown, "FileId": made.file_id} if made.file_id else shown)


def file(call: Call) -> Response:
    found = call.tenant.exports.files.get(call.args["id"])
    if found is None:
        raise CrudError("INVALID_ID", f"The file {call.args['id']} does not exist.", 404)
    return Response(found.content, content_type=found.content_type)
