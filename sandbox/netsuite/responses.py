"""The record service over HTTP: requests are parsed here and outcomes written; the rules are elsewhere."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.netsuite import filters
from sandbox.netsuite.exceptions import invalid_header, invalid_parameter, malformed, not_json
from sandbox.netsuite.jobs import BATCH_SIZE, KEY, Jobs
from sandbox.netsuite.operations import Operation, Operations, Outcome, Reading
from sandbox.netsuite.output import Renderer, link, to_json
from sandbox.netsuite.paging import Page
from sandbox.netsuite.records import Records, WriteOptions, check_body
from sandbox.netsuite.rules import Tenant
from sandbox.netsuite.schema import RecordType
from sandbox.netsuite.values import Validation

MEDIA = "application/vnd.oracle.resource+json; type="
SINGLE_TYPES = ("", "application/json", "application/vnd.oracle.resource+json")
VALIDATION_MODES = ("error", "warning", "ignore")
MAX_BODY_BYTES = 104 * 1024 * 1024


def respond(outcome: Outcome) -> Response:
    """An outcome on the wire."""
    headers = dict(outcome.headers)
    if outcome.location:
        headers["Location"] = outcome.location
    if outcome.body is None:
        response = Response(status=outcome.status, headers=headers)
        response.headers.pop("Content-Type", None)
    else:
        response = Response(to_json(outcome.body), status=outcome.status, headers=headers, content_type=MEDIA + outcome.kind)
    response.autocorrect_location_header = False
    return response


def base_of(request: Request) -> str:
    """Scheme and host under which the client called."""
    return f"{request.scheme}://{request.host}"


def json_body(request: Request) -> Any:
    """The body, numbers kept exact. Raises the document for a body that is not JSON, too big, or of another media type."""
    if request.mimetype not in SINGLE_TYPES:
        raise invalid_header(f"The content type '{request.mimetype}' is not supported.", "Content-Type")
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise malformed()
    try:
        return json.loads(request.get_data(), parse_float=Decimal, parse_constant=_no_constant)
    except ValueError:
        raise not_json() from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def preferences(request: Request) -> set[str]:
    """The values of all `Prefer` headers, lower case, quotes dropped."""
    text = ",".join(request.headers.getlist("Prefer"))
    return {part.strip().lower().replace('"', "") for part in text.split(",") if part.strip()}


def write_options(request: Request) -> WriteOptions:
    """Validation headers and the parameters `replace` and `replaceSelectedFields`."""
    modes = []
    for name, default in (("X-NetSuite-PropertyNameValidation", "warning"), ("X-NetSuite-PropertyValueValidation", "error")):
        mode = request.headers.get(name, default).lower()
        if mode not in VALIDATION_MODES:
            raise invalid_header(f"Invalid value '{mode}' of the header {name}.", name)
        modes.append(mode)
    replace = frozenset(n.strip() for n in request.args.get("replace", "").split(",") if n.strip())
    return WriteOptions(Validation(names=modes[0], values=modes[1]), replace, _flag(request, "replaceSelectedFields"))


def _flag(request: Request, name: str) -> bool:
    text = request.args.get(name, "false").lower()
    if text not in ("true", "false"):
        raise invalid_parameter(f"Invalid value '{text}' of the parameter {name}.", name)
    return text == "true"


def _names(request: Request, name: str) -> frozenset[str] | None:
    text = request.args.get(name)
    return frozenset(n.strip().lower() for n in text.split(",") if n.strip()) if text else None


class RecordResponses:
    """Handlers of everything below `/record/v1/` except metadata, and of the jobs."""

    def __init__(self, tenant: Tenant, records: Records, jobs: Jobs) -> None:
        self.tenant = tenant
        self.records = records
        self.jobs = jobs

    def _operations(self, request: Request) -> Operations:
        return Operations(self.tenant, self.records, base_of(request))

    def _answer(self, request: Request, operation: Operation) -> Response:
        """Run the operation now, or as a job of one task when the client prefers that."""
        return self._submitted(request, [operation]) if "respond-async" in preferences(request) else respond(operation())

    def _submitted(self, request: Request, operations: list[Operation]) -> Response:
        """Take operations as a job, whose tasks are carried out with the role of this call."""
        role, catalog = self.tenant.catalog.role, self.tenant.catalog

        def as_sender(operation: Operation) -> Operation:
            def run() -> Outcome:
                others, catalog.role = catalog.role, role
                try:
                    return operation()
                finally:
                    catalog.role = others

            return run

        parallel = "batch-processing=parallel" in preferences(request)
        return respond(self.jobs.submit([as_sender(o) for o in operations], base_of(request), request.headers.get(KEY), parallel))

    def collection(self, request: Request, match: re.Match[str]) -> Response:
        """`/{type}`: list, create, and the batch operations."""
        kind = self.records.kind(match["type"])
        is_batch = "type=collection" in request.headers.get("Content-Type", "").replace(" ", "").lower()
        if request.method == "GET":
            if _flag(request, "expandRecords"):
                return self._batch(request, kind)
            return self._list(request, kind)
        if request.method == "POST" and not is_batch:
            body, how = check_body(json_body(request)), write_options(request)
            do = self._operations(request)
            return self._answer(request, lambda: do.create(kind, body, how))
        return self._batch(request, kind)

    def _list(self, request: Request, kind: RecordType) -> Response:
        page = Page(request)
        renderer = Renderer(self.tenant, base_of(request))
        test = filters.parse(request.args["q"], kind) if request.args.get("q") else None

        def read() -> Outcome:
            hits = [r.id for r in self.tenant.store.all(kind.name) if test is None or test({"id": r.id, **renderer.values_of(r)})]
            shown = hits[page.offset : page.offset + page.limit]
            items = [{"links": [link("self", renderer.href(kind.name, number))], "id": str(number)} for number in shown]
            return Outcome(200, page.collection(items, len(hits)), kind="collection")

        return self._answer(request, read)

    def single(self, request: Request, match: re.Match[str]) -> Response:
        """`/{type}/{id}`: read, update, upsert, delete."""
        kind, identifier = self.records.kind(match["type"]), match["id"]
        do = self._operations(request)
        match request.method:
            case "GET":
                reading = self._reading(request)
                return self._answer(request, lambda: do.read(kind, identifier, reading))
            case "DELETE":
                return self._answer(request, lambda: do.delete(kind, identifier))
        body, how = check_body(json_body(request)), write_options(request)
        write = do.update if request.method == "PATCH" else do.upsert
        return self._answer(request, lambda: write(kind, identifier, body, how))

    @staticmethod
    def _reading(request: Request) -> Reading:
        expand: bool | frozenset[str] = _flag(request, "expandSubResources")
        if not expand:
            expand = _names(request, "expand") or False
        return Reading(_names(request, "fields"), expand, _flag(request, "simpleEnumFormat"))

    def sub_resource(self, request: Request, match: re.Match[str]) -> Response:
        """`/{type}/{id}/{sublist}` and below: read only."""
        kind = self.records.kind(match["type"])
        path, expand, do = match["sub"].split("/"), _flag(request, "expandSubResources"), self._operations(request)
        return self._answer(request, lambda: do.sub_resource(kind, match["id"], path, expand))

    def transform(self, request: Request, match: re.Match[str]) -> Response:
        """`/{type}/{id}/!transform/{target}`."""
        kind = self.records.kind(match["type"])
        body = check_body(json_body(request)) if request.get_data() else {}
        how, do = write_options(request), self._operations(request)
        return self._answer(request, lambda: do.transform(kind, match["id"], match["target"], body, how))

    def attach(self, request: Request, match: re.Match[str]) -> Response:
        """`/{type}/{id}/!attach/contact/{id}` and `!detach`."""
        kind = self.records.kind(match["type"])
        body = check_body(json_body(request)) if request.get_data() else {}
        given, do = body if match["action"] == "attach" else None, self._operations(request)
        return self._answer(request, lambda: do.attach(kind, match["id"], match["other"], match["other_id"], given))

    def _batch(self, request: Request, kind: RecordType) -> Response:
        if "respond-async" not in preferences(request):
            raise invalid_header("Batch operations must be sent with the header Prefer: respond-async.", "Prefer")
        operations = self._batch_by_ids(request, kind) if request.method in ("GET", "DELETE") else self._batch_by_items(request, kind)
        if not 1 <= len(operations) <= BATCH_SIZE:
            raise malformed()
        return self._submitted(request, operations)

    def _batch_by_ids(self, request: Request, kind: RecordType) -> list[Operation]:
        do, reading = self._operations(request), self._reading(request)
        identifiers = [i.strip() for i in request.args.get("ids", "").split(",") if i.strip()]
        if not identifiers:
            raise invalid_parameter("The parameter ids is required.", "ids")
        if request.method == "GET":
            return [lambda i=i: do.read(kind, i, reading) for i in identifiers]  # type: ignore[misc]
        return [lambda i=i: do.delete(kind, i) for i in identifiers]  # type: ignore[misc]

    def _batch_by_items(self, request: Request, kind: RecordType) -> list[Operation]:
        if "type=collection" not in request.headers.get("Content-Type", "").replace(" ", "").lower():
            raise invalid_header(
                "The content type of a batch must be application/vnd.oracle.resource+json; type=collection.", "Content-Type"
            )
        items = check_body(json_body(request)).get("items")
        if not isinstance(items, list):
            raise malformed()
        do = self._operations(request)
        return [self._batch_item(request, do, kind, item) for item in items]

    @staticmethod
    def _batch_item(request: Request, do: Operations, kind: RecordType, item: Any) -> Operation:
        body, how = check_body(item), write_options(request)
        if request.method == "POST":
            return lambda: do.create(kind, body, how)
        if request.method == "PUT":
            return lambda: do.upsert(kind, do.batch_target(kind, body, upsert=True), body, how)
        return lambda: do.update(kind, do.batch_target(kind, body, upsert=False), body, how)

    def job(self, request: Request, match: re.Match[str]) -> Response:
        """`/async/v1/job/...`: state of a job, its tasks, one task, and its result."""
        base, number, task = base_of(request), match["job"], match["task"]
        if match["result"]:
            return respond(self.jobs.result(number, task))
        if task:
            return respond(Outcome(200, self.jobs.task(number, task, base)))
        if match["rest"]:
            return respond(Outcome(200, self.jobs.tasks(number, base), kind="collection"))
        return respond(Outcome(200, self.jobs.job(number, base)))
