"""The Zuora Revenue client."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO
from urllib.parse import quote

import requests

from tallybridge.errors import BadAnswer, NotSent, ServiceError
from tallybridge.http import NO_CONNECTION, Answer, Call, Effect, Http, RetryPolicy
from tallybridge.tokens import ProcessTokens, TokenCache
from tallybridge.zuora_revenue.answers import error_from, keys_in_lower_case, request_id_in, text_of
from tallybridge.zuora_revenue.connection import RevenueConnection
from tallybridge.zuora_revenue.login import authenticate, one_id, signer_for
from tallybridge.zuora_revenue.multipart import Multipart
from tallybridge.zuora_revenue.template import SERVICE, Template, template_from

POLICY = RetryPolicy(tries=6)
ONE_TRY = RetryPolicy(tries=1)
UPLOAD_SECONDS = 600.0
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Waits before an upload is tried again whose connection never came up."""
REVENUE_CODE = re.compile(r"(?:RPRO|CUST)-?\d+")


class UploadState(StrEnum):
    """What became of a file: still in work, all its rows staged, rejected as a whole, or nothing is known of it."""

    WORKING = "working"
    STAGED = "staged"
    FAILED = "failed"
    NOT_KNOWN = "not known"


@dataclass(frozen=True)
class Upload:
    """The answer to an upload. `request_id` is "" when it cannot be followed; `answer` is its text, for the log; `declined` says that the
    text reports an error, whatever the status."""

    status: int
    request_id: str
    answer: str
    declined: bool = False


@dataclass(frozen=True)
class UploadStatus:
    """Where an upload stands; `answer` is Revenue's text, verbatim."""

    state: UploadState
    answer: str


@dataclass(frozen=True)
class StageError:
    """One errored staging line of the tenant."""

    line_ids: tuple[str, ...]
    """INV_LINE_ID and SO_LINE_ID, as far as they are filled."""
    text: str
    created: str
    upload_id: str
    organisation: str

    @property
    def code(self) -> str:
        """RPRO- or CUST- code in the text, "" when there is none."""
        found = REVENUE_CODE.search(self.text)
        return found[0] if found else ""


class ZuoraRevenue:
    """One tenant. Raises `LoginRefused` when a person must correct credentials, role or tenant; `NotSent` when nothing was done;
    `OutcomeUnknown` when an upload may have been taken; `Refused` when Revenue declined; `BadAnswer` otherwise."""

    def __init__(self, connection: RevenueConnection, http: Http, *, tokens: TokenCache | None = None) -> None:
        self.connection = connection
        self.http = http
        self.signer = signer_for(connection, http, tokens or ProcessTokens())

    def test_connection(self) -> None:
        """Log in. Raises when that fails. A token that is still good is taken for an answer."""
        (one_id if self.connection.auth_method == "oauth2" else authenticate)(self.connection, self.http)

    def log_in(self) -> None:
        """Have a token at hand that lives for some minutes at least. Raises as `test_connection`."""
        self.signer(requests.Request("GET", self.connection.url).prepare())

    def template(self, name: str) -> Template | None:
        """The upload template of this name; None when Revenue knows none. GET, or POST for tenants that want that."""
        params = {"templatename": name}
        answer = self._read("GET", "/upload/mapping", "upload/mapping", params)
        if answer.status in (404, 405):
            answer = self._read("POST", "/upload/mapping", "upload/mapping", params)
        if answer.status == 400:
            return None
        self._check(answer, "upload/mapping")
        found = template_from(name, keys_in_lower_case(answer))
        return found if found.columns else None

    def upload(self, template: str, file_name: str, size: int, content: Callable[[], BinaryIO]) -> Upload:
        """Send a file to `upload/file`, once and synchronously: with `async=true` Revenue would leave out lines of a wrong format and stage
        the others. `content` opens it, `size` is its length in bytes.

        Sent again only where it cannot have been taken: a connection that never came up, or a 401. Raises `OutcomeUnknown` for a lost
        answer; answers with any other status come back as they are, since only their meaning for the file matters.
        """
        body = Multipart("file", file_name, size, content, boundary=f"tallybridge-{secrets.token_hex(12)}")
        headers = {"templatename": template, "Content-Type": body.content_type}
        answer = self._once("/upload/file", headers, body.open)
        return Upload(answer.status, request_id_in(answer), text_of(answer), _says_error(keys_in_lower_case(answer)))

    def upload_csv(self, template: str, file_name: str, size: int, content: Callable[[], BinaryIO]) -> Upload:
        """As `upload`, by `csv/upload`, which takes at most 20,000 lines."""
        headers = {"templatename": template, "filename": file_name, "Content-Type": "text/plain", "Content-Length": str(size)}
        answer = self._once("/csv/upload", headers, content)
        return Upload(answer.status, request_id_in(answer, "id"), text_of(answer), _says_error(keys_in_lower_case(answer)))

    def status(self, request_id: str) -> UploadStatus:
        """Where an upload of `upload` stands (api-zuora-revenue.md section 4)."""
        answer = self._read("GET", f"/fileupload/status/{quote(request_id, safe='')}", "fileupload/status", {})
        return self._status(answer, "fileupload/status")

    def status_csv(self, request_id: str) -> UploadStatus:
        """Where an upload of `upload_csv` stands (section 6)."""
        return self._status(self._read("GET", "/csv/upload/status", "csv/upload/status", {"id": request_id}), "csv/upload/status")

    def stage_errors(self, kind: str = "transaction") -> Iterator[StageError]:
        """Every errored staging line of the tenant: there is no filter, and no link to the file."""
        answer = self._read("GET", f"/stage/error/{quote(kind, safe='')}", "stage/error", {})
        if answer.status == 204:
            return
        self._check(answer, "stage/error")
        rows = keys_in_lower_case(answer).get("result") or []
        for row in rows if isinstance(rows, list) else []:
            given = {str(k).lower(): v for k, v in row.items()} if isinstance(row, Mapping) else {}
            ids = tuple(str(given[name]) for name in ("inv_line_id", "so_line_id") if given.get(name))
            yield StageError(
                ids,
                str(given.get("err_msg") or ""),
                str(given.get("crtd_dt") or ""),
                str(given.get("upload_id") or ""),
                str(given.get("sec_atr_val") or ""),
            )

    def _status(self, answer: Answer, operation: str) -> UploadStatus:
        if answer.status == 204:
            return UploadStatus(UploadState.NOT_KNOWN, "no information for this id (204)")
        if answer.status == 400 and REVENUE_CODE.search(text_of(answer)):  # a rejection, not a fault of the question
            return UploadStatus(UploadState.FAILED, text_of(answer))
        self._check(answer, operation)
        return UploadStatus(state_in(keys_in_lower_case(answer)), text_of(answer))

    def _read(self, method: str, path: str, operation: str, params: dict[str, str]) -> Answer:
        call = Call(SERVICE, method, self.connection.url + path, Effect.READ, operation, params=params)
        return self.http.send(call, signer=self.signer, policy=POLICY)

    def _once(self, path: str, headers: Mapping[str, str], content: Callable[[], BinaryIO]) -> Answer:
        call = Call(
            SERVICE,
            "POST",
            self.connection.url + path,
            Effect.ONCE,
            path[1:],
            headers=headers,
            content=content,
            read_seconds=UPLOAD_SECONDS,
        )
        signer = _Remembering(self.signer)
        signed_anew = False
        for pause in (*PAUSES, None):
            try:
                answer = self.http.send(call, signer=signer, policy=ONE_TRY)
            except ServiceError as error:
                never_came_up = isinstance(error, NotSent) and error.service_code == NO_CONNECTION
                if not never_came_up or pause is None or pause > self.http.seconds_left():
                    raise
                self.http.sleep(pause)
                continue
            if answer.status == 401 and not signed_anew and signer.last is not None and self.signer.refused(signer.last):
                signed_anew = True
                continue
            return answer
        raise AssertionError("the last pause is None")

    @staticmethod
    def _check(answer: Answer, operation: str) -> None:
        if error := error_from(answer, operation):
            raise error
        if not keys_in_lower_case(answer):
            raise BadAnswer(f"Zuora Revenue answered {operation} with something other than JSON.", service=SERVICE, status=answer.status)


class _Remembering:
    """Signs as another signer does and keeps the last request, which names the token that was refused."""

    def __init__(self, signer: Any) -> None:
        self._signer = signer
        self.last: Any = None

    def __call__(self, request: Any) -> Any:
        self.last = self._signer(request)
        return self.last

    def refused(self, request: Any) -> bool:
        return False


def _says_error(answer: Mapping[str, Any]) -> bool:
    """Whether an answer, with keys in lower case, reports an error."""
    return str(answer.get("status") or "").strip().lower() in ("error", "failed", "failure")


def state_in(answer: Mapping[str, Any]) -> UploadState:
    """What a status answer, with keys in lower case, says (api-zuora-revenue.md section 4). "Data Received" is what Revenue says of a file
    that is still being loaded, whatever stands beside it: it proves nothing."""
    status = str(answer.get("status") or "").strip().lower()
    message = str(answer.get("message") or "").lower()
    result = answer.get("result")
    entries = result if isinstance(result, list) else [result]
    rows = [{str(k).lower(): v for k, v in row.items()} for row in entries if isinstance(row, Mapping)]
    logs = " ".join(str(row.get("file_log") or "") for row in rows)
    nested = " ".join(f"{row.get('message') or ''} {row.get('status') or ''}" for row in rows).lower()
    if _says_error(answer) or REVENUE_CODE.search(f"{message} {nested} {logs}".upper()):
        return UploadState.FAILED
    said = f"{message} {nested}"
    if status == "success" and ("staged" in said or ("successfully uploaded" in said and "data received" not in said)):
        return UploadState.STAGED
    return UploadState.WORKING
