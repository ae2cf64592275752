"""The stand-in itself: one tenant of Zuora Revenue behind one WSGI application."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from sandbox.revenue.exceptions import ANSWERS, RevenueError, no_such_path, not_enabled
from sandbox.revenue.loading import Loader, Objects
from sandbox.revenue.options import RevenueOptions
from sandbox.revenue.responses import Body, Rate, Responses, method_must_be, read_body, too_many
from sandbox.revenue.tenant import Tenant
from sandbox.revenue.tokens import Gate, Session

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PARALLEL_UPLOADS = 2
BEARER_PATH = "/oauth2/token"
UPLOADS = ("/upload/file", "/csv/upload")
PARALLEL = "revenue.parallel"
JSON = "application/json; charset=utf-8"
LINES = "application/x-ndjson"
SHAPES = (
    (re.compile(r"/upload/file/(status|error)/[^/]+"), r"/upload/file/\1/{id}"),
    (re.compile(r"/fileupload/status/[^/]+"), "/fileupload/status/{id}"),
    (re.compile(r"/job/collection/template/[^/]+"), "/job/collection/template/{id}"),
)


class RevenueStandIn:
    """A Zuora Revenue tenant in memory. Implements `sandbox.control.StandIn`."""

    answers: Mapping[str, Mapping[str, Any]] = ANSWERS

    def __init__(self, options: RevenueOptions | None = None) -> None:
        self.options = options or RevenueOptions()
        self.configured = dict(vars(self.options))
        self.lock = threading.RLock()
        self.counting = threading.Lock()
        self.turns = threading.BoundedSemaphore(PARALLEL_UPLOADS)
        self.gate = Gate(self.options)
        self._new_tenant()

    def _new_tenant(self) -> None:
        self.tenant = Tenant(self.options)
        self.rate = Rate()
        self.responses = Responses(self.tenant, self.gate)
        self.loader = Loader(self.tenant, self.gate)

    # what the control middleware calls

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        if not self._is_upload(request.method, request.path):
            return self._answer(request, Body(), 0)(environ, start_response)
        with self.turns:
            return self._upload(request)(environ, start_response)

    def load(self, objects: Objects) -> dict[str, int]:
        """Store objects by type, all or none. Raises `LoadRefused`."""
        with self.lock:
            return self.loader.load(objects)

    def dump(self) -> Objects:
        """All objects by type."""
        with self.lock:
            return self.loader.dump()

    def reset(self) -> None:
        """Back to a new tenant without templates; switches as at the start; tokens end."""
        with self.lock:
            vars(self.options).update({k: v for k, v in self.configured.items() if k != "clock"})
            self.gate.reset()
            self._new_tenant()

    def operation(self, method: str, path: str) -> str:
        """The shape of a call for statistics, such as `GET /fileupload/status/{id}`."""
        short = path.removeprefix(self.options.api_prefix).rstrip("/")
        for pattern, shape in SHAPES:
            short = pattern.sub(shape, short)
        return f"{method} {short}"

    def is_governed(self, method: str, path: str) -> bool:
        """Of uploads at most two run at the same time."""
        return self._is_upload(method, path)

    def admit(self, request: Request, in_flight: int) -> Response | None:
        """Refuse a call beyond the rate, and a third upload at the same time where the tenant does not let it wait."""
        with self.counting:
            if self.rate.exceeded(self.tenant.now(), self.options.calls_per_minute):
                return self._written(too_many("Too many requests"))
        if self.options.third_upload == "refuse" and in_flight > PARALLEL_UPLOADS:
            return self._written(too_many("Two uploads are running already"))
        request.environ[PARALLEL] = in_flight
        return None

    # answering

    def _is_upload(self, method: str, path: str) -> bool:
        return method == "POST" and path.removeprefix(self.options.api_prefix).rstrip("/") in UPLOADS

    def _upload(self, request: Request) -> Response:
        try:
            body = read_body(request, self.options.file_bytes, self.options.chunked_upload)
        except RevenueError as error:
            return self._written(error)
        return self._answer(request, body, int(request.environ.get(PARALLEL, 1)))

    def _answer(self, request: Request, body: Body, parallel: int) -> Response:
        try:
            if not self.options.api_enabled:
                raise not_enabled()
            with self.lock:
                return self._routed(request, body, parallel)
        except RevenueError as error:
            return self._written(error)

    def _routed(self, request: Request, body: Body, parallel: int) -> Response:
        if request.path == BEARER_PATH:
            method_must_be(request, "POST")
            return self._json(self.gate.bearer(request))
        if not request.path.startswith(self.options.api_prefix + "/"):
            raise no_such_path()
        path = request.path.removeprefix(self.options.api_prefix).rstrip("/")
        if path == "/authenticate":
            method_must_be(request, "POST")
            token = self.gate.authenticate(request)
            answer = self._json({"Message": "Token Generated", "status": "success"})
            answer.headers["Revpro-Token"] = token
            return answer
        found = self._call(request, path, body, parallel)
        return found if isinstance(found, Response) else self._json(found)

    def _call(self, request: Request, path: str, body: Body, parallel: int) -> dict[str, Any] | Response:
        do = self.responses
        match path.removeprefix("/").split("/"):
            case ["upload", "file"] if request.args.get("async", "").lower() == "true":
                method_must_be(request, "POST")
                return self._json(do.upload_async(request, self._inbound(request), body, parallel), 202)
            case ["upload", "file", "status", number]:
                method_must_be(request, "GET")
                self._either(request)
                return self._json(do.async_status(request, number))
            case ["upload", "file", "error", number]:
                method_must_be(request, "GET")
                self._either(request)
                return Response(do.async_errors(request, number), content_type=LINES)
            case ["upload", "file"]:
                method_must_be(request, "POST")
                return do.upload_file(request, self._inbound(request), body, parallel)
            case ["csv", "upload"]:
                method_must_be(request, "POST")
                return do.upload_csv(request, self._inbound(request), body, parallel)
            case ["upload", "mapping"]:
                method_must_be(request, *self.options.mapping_methods)
                self._inbound(request)
                return do.mapping(request)
            case ["fileupload", "status", *number] if len(number) <= 1:
                method_must_be(request, "GET")
                self._either(request)
                return do.file_status(request, "".join(number))
            case ["csv", "upload", "status"]:
                method_must_be(request, "GET")
                self._either(request)
                return do.csv_status(request)
            case ["stage", "error", kind]:
                method_must_be(request, "GET")
                self._either(request)
                return do.stage_errors(request, kind)
            case ["revenue-orgs"]:
                method_must_be(request, "GET")
                return do.organizations(self._either(request))
            case ["programs"]:
                method_must_be(request, "GET")
                self._either(request)
                return {"data": []}
            case ["job", "collection", "template"]:
                method_must_be(request, "POST")
                self._inbound(request)
                return do.start_collection(request)
            case ["job", "collection", "template", number]:
                method_must_be(request, "GET")
                self._either(request)
                return do.collection(number)
        self._either(request)
        raise no_such_path()

    def _inbound(self, request: Request) -> Session:
        return self.gate.check(request, inbound=True, outbound=False)

    def _either(self, request: Request) -> Session:
        return self.gate.check(request, inbound=True, outbound=True)

    def _json(self, body: dict[str, Any], status: int = 200) -> Response:
        return Response(json.dumps(_cased(body, self.options.key_case), ensure_ascii=False), status=status, content_type=JSON)

    def _written(self, error: RevenueError) -> Response:
        if error.body is None:
            response = Response(status=error.status)
            response.headers.pop("Content-Type", None)
            return response
        response = self._json(error.body, error.status)
        response.headers.update(error.headers)
        return response


def _cased(value: Any, case: str) -> Any:
    """The answer with its keys in another case; the keys of a mapping row stay, since they are data of the template."""
    if case == "published":
        return value
    if isinstance(value, dict):
        return {k.lower() if case == "lower" else k.upper(): _cased(v, case) for k, v in value.items()}
    return [_cased(v, case) for v in value] if isinstance(value, list) else value
