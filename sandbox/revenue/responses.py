"""The endpoints: what a request must carry and what is answered."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request

from sandbox.revenue.exceptions import RevenueError, no_content, no_such_path, refused, wrong_method
from sandbox.revenue.options import RevenueOptions
from sandbox.revenue.tenant import Tenant
from sandbox.revenue.tokens import Gate, Session
from sandbox.revenue.uploads import ASYNC, CSV, FAILED, FILE, RECEIVED, STAGED, StageError, Upload

CLIENT_ID = 1
MINUTE_S = 60.0
SUPPORT = "Exception occurred. Please contact Zuora Revenue Support"
NOT_STAGED = "Error loading Data into RevPro Stage"
CHUNK_LINES = 1_000
"""Lines in one line of JSON when the call does not say."""
_PROGRESS = {"status": "In Progress", "message": "Data Received"}
ERROR_TYPES = ("transaction", "event")
MULTIPART_ROOM = 10_000
"""Bytes that the frame of a multipart body may take beside the file."""


@dataclass
class Body:
    """What was read of a request before it is answered: the file part's name (None without a part) and the content."""

    file_name: str | None = None
    content: bytes = b""


def read_body(request: Request, limit: int, chunks: Literal["refuse", "take"]) -> Body:
    """The content of an upload. Raises 411 when it comes in chunks and the tenant refuses those, 413 when it is longer than the limit."""
    if chunks == "refuse" and "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        raise refused(411, "Length Required")
    request.max_content_length = limit + MULTIPART_ROOM
    try:
        if request.mimetype == "multipart/form-data":
            part = request.files.get("file")
            return Body() if part is None or not part.filename else Body(part.filename, part.read())
        return Body(content=request.get_data())
    except RequestEntityTooLarge:
        raise refused(413, "The file is larger than the limit") from None


class Responses:
    """Handlers of the tenant's endpoints. Each answers the JSON body of a 200 or raises `RevenueError`."""

    def __init__(self, tenant: Tenant, gate: Gate) -> None:
        self.tenant = tenant
        self.gate = gate

    @property
    def options(self) -> RevenueOptions:
        return self.tenant.options

    # --- Uploads ------------------------------------------------------------------------------------------------------

    def upload_file(self, request: Request, session: Session, body: Body, parallel: int) -> dict[str, Any]:
        """`POST upload/file`: one multipart part `file`, template by header."""
        template = self.tenant.usable(request.headers.get("templatename", ""))
        reason = None
        if body.file_name is None:
            reason = "There is no file part"
        elif template is None:
            reason = "The upload template does not exist or is disabled"
        elif len(body.content) > self.options.file_bytes or self._too_long(body.content, self.options.file_lines):
            reason = "The file is larger than the limit"
        if reason or template is None or body.file_name is None:
            number = self.tenant.refuse(reason or SUPPORT)
            raise refused(400, SUPPORT, None if self._reference else {"file_request_id": number})
        made = self.tenant.receive(FILE, body.file_name, body.content, template, session, parallel)
        if self._reference:
            return {"message": "File received successfully", "status": "Success"}
        result = {"file_request_id": made.id, "file_name": made.file_name}
        return {"Status": "Success", "Message": "File consumed successfully by Revpro", "Result": result}

    def upload_async(self, request: Request, session: Session, body: Body, parallel: int) -> dict[str, Any]:
        """`POST upload/file?async=true`: an upload record. Lines of a wrong format are left out, the others are staged."""
        template = self.tenant.usable(request.headers.get("templatename", ""))
        if body.file_name is None or template is None or len(body.content) > self.options.file_bytes:
            raise refused(400, SUPPORT)
        made = self.tenant.receive(ASYNC, body.file_name, body.content, template, session, parallel)
        return {"id": made.id, "file_name": made.file_name, **_PROGRESS}

    def async_status(self, request: Request, number: str) -> dict[str, Any]:
        """`GET upload/file/status/{upload_id}`."""
        upload, status = self._polled(_number(number), ASYNC)
        record = {"id": upload.id, "file_name": upload.file_name}
        if status == RECEIVED:
            return {**record, **_PROGRESS}
        message = f"Success: {upload.rows if upload.staged else 0} Failed: {len(upload.rejected)}"
        return {**record, "status": "Error in Upload" if upload.log else "Successfully Uploaded", "message": message}

    def async_errors(self, request: Request, number: str) -> str:
        """`GET upload/file/error/{upload_id}`: the lines that were left out, as lines of JSON of `chunk_size` lines each."""
        self.tenant.settle()
        upload = self.tenant.uploads.get(_number(number))
        if upload is None or upload.endpoint != ASYNC:
            raise no_content()
        if not upload.rejected:
            return json.dumps({"error": "File not found"}) + "\n"
        size = max(1, request.args.get("chunk_size", CHUNK_LINES, int))
        chunks = (upload.rejected[at : at + size] for at in range(0, len(upload.rejected), size))
        return "".join(json.dumps({"data": chunk}, ensure_ascii=False) + "\n" for chunk in chunks)

    def upload_csv(self, request: Request, session: Session, body: Body, parallel: int) -> dict[str, Any]:
        """`POST csv/upload`: the text itself, template and unique file name by header."""
        name = request.headers.get("filename", "")
        template = self.tenant.usable(request.headers.get("templatename", ""))
        if request.mimetype != "text/plain":
            raise refused(400, NOT_STAGED, "The content type must be text/plain")
        if not name:
            raise refused(400, NOT_STAGED, "The header filename is mandatory")
        if name in self.tenant.file_names:
            raise refused(400, NOT_STAGED, f"A file of the name {name} was uploaded before")
        if template is None:
            raise refused(400, NOT_STAGED, "The upload template does not exist or is disabled")
        if self._too_long(body.content, self.options.csv_lines) or len(body.content) > self.options.file_bytes:
            raise refused(400, NOT_STAGED, f"More than {self.options.csv_lines} lines")
        self.tenant.file_names.add(name)
        made = self.tenant.receive(CSV, name, body.content, template, session, parallel)
        result: dict[str, Any] = {"client_id": CLIENT_ID, "id": made.id, "message": "Data Received", "status": "Successfully Uploaded"}
        if self._reference:
            return {"message": "Data Staged Successfully", "result": result, "status": "Success"}
        return {"Status": "Success", "Message": "Data Staged in RevPro Successfully", "Result": {**result, "id": str(made.id)}}

    @property
    def _reference(self) -> bool:
        return self.options.response_style == "reference"

    @staticmethod
    def _too_long(content: bytes, most: int) -> bool:
        """Whether there are more lines than allowed, the header not counted; 0 allows any number."""
        return bool(most) and content.rstrip(b"\r\n").count(b"\n") > most

    # --- Status -------------------------------------------------------------------------------------------------------

    def file_status(self, request: Request, number: str) -> dict[str, Any]:
        """`GET fileupload/status/{file_request_id}`."""
        if not number.isdecimal():
            raise refused(400, "Job id is mandatory to poll the status")
        refusal = self.tenant.refused.get(int(number))
        if refusal is not None:
            return _file_state(int(number), refusal, "Failed", "Error")
        upload, status = self._polled(int(number), FILE)
        if status == FAILED:
            return _file_state(upload.id, upload.file_log, "Failed", "Error")
        if status == STAGED:
            return _file_state(upload.id, _counts(upload), "Data Staged Successfully", "Success")
        return _file_state(upload.id, "", "File received successfully", "Success")

    def csv_status(self, request: Request) -> dict[str, Any]:
        """`GET csv/upload/status?id=`."""
        number = request.args.get("id", "")
        if not number.isdecimal():
            raise refused(400, "The status cannot be retrieved for this id")
        upload, status = self._polled(int(number), CSV)
        if status == FAILED:
            return _csv_state(upload.id, upload.file_log, "Failed", "Error")
        if status == STAGED:
            return _csv_state(upload.id, "Data Staged Successfully", "Staged", "Success")
        return _csv_state(upload.id, "Data Received", "Successfully Uploaded", "Success")

    def _polled(self, number: int, endpoint: str) -> tuple[Upload, str]:
        """The upload and its status as this call may see it: in work for the first calls. Raises 204 for an unknown one."""
        self.tenant.settle()
        upload = self.tenant.uploads.get(number)
        if upload is None or upload.endpoint != endpoint:
            raise no_content()
        upload.polls += 1
        return upload, upload.status if upload.polls > self.options.staging_polls else RECEIVED

    # --- Templates and errors -----------------------------------------------------------------------------------------

    def mapping(self, request: Request) -> dict[str, Any]:
        """`GET upload/mapping?templatename=`; without a name, the rows of all templates."""
        name = request.args.get("templatename", "")
        found = [t for t in self.tenant.templates.values() if name in ("", t.name)]
        if not found:
            raise refused(400, "Error fetching the mapping details")
        rows = [row for template in found for row in template.mapping()]
        as_object = {str(row["seq"]): row for row in rows}
        return {"Dateformat": found[0].date_format, "Mapping": as_object if self.options.mapping_shape == "object" else rows}

    def stage_errors(self, request: Request, kind: str) -> dict[str, Any]:
        """`GET stage/error/{errortype}`: all errored lines of the tenant, whichever upload they came with."""
        if kind not in ERROR_TYPES:
            raise refused(400, "The error type must be transaction or event")
        self.tenant.settle()
        rows: list[dict[str, Any]] = []
        for upload in self.tenant.uploads.values():
            if upload.errors and upload.template.kind == kind:
                lines = dict(enumerate(upload.lines()))
                rows += [self._stage_error(upload, e, lines[e.line]) for e in upload.errors]
        if not rows:
            raise no_content()
        return {"Result": rows, "status": "Success"}

    def _stage_error(self, upload: Upload, error: StageError, line: dict[str, str]) -> dict[str, Any]:
        moment = datetime.fromtimestamp(upload.received, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        number = upload.template.id if self.options.error_upload_id == "template" else upload.id
        return {
            "client_id": CLIENT_ID,
            "crtd_by": upload.user,
            "crtd_dt": moment,
            "err_msg": error.message,
            "id": error.id,
            "inv_line_id": line.get("inv_line_id", ""),
            "inv_line_num": line.get("inv_line_num", ""),
            "processed_flag": "E",
            "sec_atr_val": line.get("sec_atr_val") or "1",
            "so_line_id": line.get("doc_line_id", ""),
            "so_line_num": line.get("doc_line_num", ""),
            "so_num": line.get("doc_num", ""),
            "type": line.get("type", ""),
            "updt_by": upload.user,
            "updt_dt": moment,
            "upload_id": str(number),
        }

    # --- Around the upload --------------------------------------------------------------------------------------------

    def organizations(self, session: Session) -> dict[str, Any]:
        """`GET revenue-orgs`: those that the user may use."""
        allowed = session.user.organizations
        return {"data": [{"org_id": k, "org_name": v} for k, v in self.tenant.organizations.items() if not allowed or k in allowed]}

    def start_collection(self, request: Request) -> dict[str, Any]:
        """`POST job/collection/template`: simulates a data collection at once."""
        try:
            body = json.loads(request.get_data() or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict) or not body.get("rc_template_name") or str(body.get("org_id")) not in self.tenant.organizations:
            raise refused(400, "rc_template_name and org_id are mandatory")
        job = self.tenant.collect()
        return {"message": f"Job {job} submitted successfully", "success": True}

    def collection(self, number: str) -> dict[str, Any]:
        """`GET job/collection/template/{job_id}`."""
        if not number.isdecimal() or not 1 <= int(number) <= self.tenant.collections:
            raise no_such_path()
        return {"data": {"id": int(number), "status": "Completed", "crtd_by": "", "crtd_dt": ""}, "success": True}


def _number(text: str) -> int:
    """An upload id. Raises 400."""
    if not text.isdecimal():
        raise refused(400, "The upload id must be a number")
    return int(text)


def _file_state(number: int, log: str, message: str, status: str) -> dict[str, Any]:
    return {"Result": [{"file_log": log, "file_request_id": number}], "message": message, "status": status}


def _csv_state(number: int, message: str, status: str, outer: str) -> dict[str, Any]:
    return {"result": {"client_id": CLIENT_ID, "id": number, "message": message, "status": status}, "status": outer}


def _counts(upload: Upload) -> str:
    return f"{upload.rows} records staged, 0 failed"


class Rate:
    """Calls of the last minute."""

    def __init__(self) -> None:
        self.calls: deque[float] = deque()

    def exceeded(self, now: float, most: int) -> bool:
        """Whether this call is one too many; 0 allows any number."""
        while self.calls and self.calls[0] <= now - MINUTE_S:
            self.calls.popleft()
        self.calls.append(now)
        return bool(most) and len(self.calls) > most


def too_many(message: str) -> RevenueError:
    """A call beyond the rate, or an upload beyond two at a time."""
    return refused(429, message)


def method_must_be(request: Request, *allowed: str) -> None:
    """Raises 405 for another verb."""
    if request.method not in allowed:
        raise wrong_method(allowed)
