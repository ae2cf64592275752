"""The stand-in as a whole: one account behind one WSGI application."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from sandbox.netsuite import urls
from sandbox.netsuite.access import Access
from sandbox.netsuite.auth import TOKEN_PATH, Gate, Session
from sandbox.netsuite.certificates import CertificateResponses
from sandbox.netsuite.datasets import Dataset, DatasetResponses
from sandbox.netsuite.exceptions import ANSWERS, NetSuiteError, method_not_allowed, no_such_address, too_many_requests, unexpected
from sandbox.netsuite.jobs import Jobs
from sandbox.netsuite.loading import Loader, Objects
from sandbox.netsuite.metadata import MetadataResponses
from sandbox.netsuite.operations import Outcome
from sandbox.netsuite.options import NetSuiteOptions
from sandbox.netsuite.permissions import check
from sandbox.netsuite.queries import QueryResponses
from sandbox.netsuite.records import Records
from sandbox.netsuite.reference import default_objects
from sandbox.netsuite.responses import RecordResponses, respond
from sandbox.netsuite.rules import Tenant
from sandbox.netsuite.screens import Screens
from sandbox.netsuite.store import Record, Snapshot
from sandbox.netsuite.suiteql import QueryEngine

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


WARM_FROM = 500
"""Loads of so many objects also prepare the query tables."""
MATTERS_NOT = ("clock", "certificate_public_key")
"""Options that make no difference to reference data, but for its dates."""
DATES = ("createdDate", "dateCreated", "lastModifiedDate")
MOST_KNOWN = 64
"""Kinds of accounts whose reference data is kept for those that are alike."""
_beginnings: dict[tuple[tuple[str, str], ...], Snapshot] = {}


def dated(record: Record, now: datetime) -> Record:
    """A copy of a record that was made now."""
    made = record.copy()
    made.values |= {name: now for name in DATES if name in made.values}
    return made


class NetSuiteStandIn:
    """A NetSuite account in memory. Requests are served one after another; waiting happens outside, in the control middleware."""

    answers: Mapping[str, Mapping[str, Any]] = ANSWERS

    def __init__(self, options: NetSuiteOptions) -> None:
        self.options = options
        self.lock = threading.RLock()
        self.access = Access(options)
        self.gate = Gate(options, self.access)
        self.certificates = CertificateResponses(self.access)
        self.tenant = Tenant(options)
        self.screens = Screens(self.tenant, self.access)
        self.records = Records(self.tenant)
        self.errors = random.Random(1)
        self.jobs = Jobs(options, self._letters)
        self.datasets: dict[str, Dataset] = {}
        self.loader = Loader(self.tenant, self.records, self.datasets)
        self.engine = QueryEngine(self.tenant)
        records = RecordResponses(self.tenant, self.records, self.jobs)
        queries = QueryResponses(self.engine, options)
        datasets = DatasetResponses(self.engine, self.datasets, options.datasets)
        metadata = MetadataResponses(self.tenant.catalog, self.records)
        self.handlers: dict[str, urls.Handler] = {
            "collection": records.collection,
            "single": records.single,
            "sub_resource": records.sub_resource,
            "transform": records.transform,
            "attach": records.attach,
            "job": records.job,
            "suiteql": queries.suiteql,
            "datasets": datasets.datasets,
            "dataset_result": datasets.dataset_result,
            "governance_limits": queries.governance_limits,
            "server_time": queries.server_time,
            "metadata_list": metadata.metadata_list,
            "metadata": metadata.metadata,
        }
        self.start = self._begin()
        self.dataset_start = dict(vars(options.datasets))

    def _begin(self) -> Snapshot:
        """Put the reference data in place. Accounts whose options are alike begin alike: for them it is worked out once, and dated anew."""
        store, now = self.tenant.store, self.tenant.now()
        alike = tuple((f.name, repr(getattr(self.options, f.name))) for f in fields(self.options) if f.name not in MATTERS_NOT)
        if alike not in _beginnings:
            self.loader.load(default_objects(self.options))
            if len(_beginnings) >= MOST_KNOWN:
                _beginnings.clear()
            _beginnings[alike] = store.snapshot()
            return _beginnings[alike]
        known = _beginnings[alike]
        store.restore(replace(known, records=[dated(record, now) for record in known.records]))
        return store.snapshot()

    # what the control middleware calls

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        request.get_data()
        with self.lock:
            response = self._answer(request)
        return response(environ, start_response)

    def load(self, objects: Objects) -> dict[str, int]:
        """Store objects by record type, all or none. Raises `LoadRefused`."""
        with self.lock:
            self.jobs.advance()
            loaded = self.loader.load(objects)
            if sum(loaded.values()) >= WARM_FROM:
                self.engine.warm()
            return loaded

    def records_of(self, record_type: str) -> list[dict[str, Any]]:
        """The records of one type, in the form that `load` takes."""
        with self.lock:
            return self.loader.of_type(record_type)

    def dump(self) -> Objects:
        """All objects by record type, in the form that `load` takes."""
        with self.lock:
            self.jobs.advance()
            return self.loader.dump()

    def by_hand(self, given: dict[str, Any]) -> dict[str, Any]:
        """What a person does in the screens. Raises `ValueError` with what they would not let pass."""
        with self.lock:
            return self.screens.do(given)

    def reset(self) -> None:
        """Back to a new account with its reference data; tokens, nonces and jobs are forgotten."""
        with self.lock:
            self.access.reset()
            self.gate.reset()
            self.jobs.reset()
            self.datasets.clear()
            vars(self.options.datasets).update(self.dataset_start)
            self.tenant.catalog.reset()
            self.tenant.store.restore(self.start)

    def operation(self, method: str, path: str) -> str:
        """The shape of a call for statistics."""
        return urls.operation(method, path)

    def admit(self, request: Request, in_flight: int) -> Response | None:
        """The account's concurrency limit."""
        return _refused(too_many_requests()) if 0 < self.options.slots < in_flight else None

    def is_governed(self, method: str, path: str) -> bool:
        """Whether a call counts against the limit: token requests and OPTIONS do not."""
        return urls.is_governed(method, path)

    # answering

    def _answer(self, request: Request) -> Response:
        self.jobs.advance()
        try:
            if request.path.rstrip("/") == TOKEN_PATH and request.method != "OPTIONS":
                return self.gate.token(request)
            session = self.gate.check(request)
            if request.method == "OPTIONS" and request.path.startswith(urls.REST):
                return respond(Outcome(204))
            return self._routed(request, session)
        except NetSuiteError as error:
            return _refused(error)
        except Exception as error:
            request.environ.get("wsgi.errors", _Nowhere()).write(f"{type(error).__name__}: {error}\n")
            return _refused(unexpected(self._letters()))

    def _letters(self) -> str:
        return "".join(self.errors.choices("abcdefghijklmnopqrstuvwxyz", k=20))

    def _routed(self, request: Request, session: Session) -> Response:
        found = urls.route(request.path)
        if found is not None and " " in request.path:
            raise NetSuiteError(400, "INVALID_REQUEST", "Invalid url. Spaces are not allowed in the URL.")
        if found is None:
            raise no_such_address(request.path)
        name, match = found[0].handler, found[1]
        if request.method not in found[0].methods:
            raise method_not_allowed(request.method)
        if name in ("certificates", "revoke"):
            answer = self.certificates.revoke if name == "revoke" else self.certificates.certificates
            return answer(request, match, session)
        role = self.access.roles[session.role]
        check(role, name, request.method, self._about(match))
        self.tenant.catalog.role = role
        try:
            return self.handlers[name](request, match)
        finally:
            self.tenant.catalog.role = None

    def _about(self, match: re.Match[str]) -> list[str]:
        """The record types that an address is about, as far as there are such."""
        named = {name: match[name] for name in ("type", "target") if match.groupdict().get(name)}
        known = (self.tenant.catalog.types.get(name.lower()) for name in named.values())
        return [kind.name for kind in known if kind is not None]


class _Nowhere:
    def write(self, text: str) -> Any:
        return None


def _refused(error: NetSuiteError) -> Response:
    return respond(Outcome(error.status, error.document(), headers=error.headers, kind="error"))
