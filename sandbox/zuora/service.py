"""The stand-in itself: what happens to a request before and after its handler."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from sandbox.zuora import exceptions as refusals
from sandbox.zuora.exceptions import ApiError, Family
from sandbox.zuora.http import Call, error_response, request_bytes
from sandbox.zuora.models import by_hand, reasons, rights
from sandbox.zuora.models.dataquery.results import PREFIX
from sandbox.zuora.models.limits import CONCURRENCY_TEXT
from sandbox.zuora.models.load import Loader, dump
from sandbox.zuora.models.settings import TAXES
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.troubles import Troubles
from sandbox.zuora.models.users import User
from sandbox.zuora.options import ZuoraOptions
from sandbox.zuora.responses import data_query, oauth
from sandbox.zuora.responses.bodies import check_body
from sandbox.zuora.urls import ROUTER, Route, family_of, normal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TOKEN_PATH = "/oauth/token"
JSON = "application/json"
COMPRESS_ABOVE_BYTES = 1_000
COMPRESS_LEVEL = 1
MAX_TRACK_ID = 64
NOT_IN_TRACK_ID = frozenset(":;\"'")
WRONG_ENTITY = 90000020
IN_FLIGHT = "zuora.in_flight"
ANSWERS: dict[str, dict[str, Any]] = {
    "maintenance": {"status": 503, "body": refusals.MAINTENANCE},
    "busy": {"status": 429, "body": refusals.GatewayError(CONCURRENCY_TEXT).body()},
}
"""What the tenant answers to every call in some situations, as fault rules call them."""


def check_content(request: Request, route: Route) -> None:
    """A body says that it is JSON, and a PUT has one, unless the reference publishes none for it. Raises the refusal."""
    if request.method not in ("POST", "PUT", "PATCH"):
        return
    sent = bool(request_bytes(request))
    if (sent and request.mimetype != JSON) or (not sent and request.method == "PUT" and not route.bodiless):
        raise refusals.unsupported_type(route.family, request.mimetype if sent else "")


class ZuoraStandIn:
    """A Zuora tenant in memory behind the vendor's public API. Implements `sandbox.control.StandIn`."""

    answers: Mapping[str, Mapping[str, Any]] = ANSWERS

    def __init__(self, options: ZuoraOptions | None = None) -> None:
        self.options = options or ZuoraOptions()
        self.tenant = Tenant(self.options)

    @property
    def troubles(self) -> Troubles:
        """Misbehaviour to order beyond the fault rules of the control interface."""
        return self.tenant.troubles

    def load(self, objects: dict[str, list[dict[str, Any]]]) -> dict[str, int]:
        """Store whole objects by type, all or none. Raises `LoadRefused`."""
        with self.tenant.store.lock:
            self.tenant.custom.catch_up()
            settings = self.tenant.settings
            objects = {name: settings.fill_in(rows) if name in TAXES and isinstance(rows, list) else rows for name, rows in objects.items()}
            counts = Loader(self.tenant.store, self.options.zone, self.options.settlement).load(objects)
            settings.take_over(self.tenant.store.all("TaxationItem") if "TaxationItem" in counts else ())
            for kind in reasons.KINDS.keys() & counts.keys():
                reasons.take_over(self.tenant, kind, self.tenant.store.all(kind))
            if "Account" in counts:
                self.tenant.take_over_lists(self.tenant.store.all("Account"))
            return counts

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        with self.tenant.store.lock:
            return dump(self.tenant.store)

    def reset(self) -> None:
        self.tenant = Tenant(self.options)

    def by_hand(self, given: dict[str, Any]) -> dict[str, Any]:
        """What a person does in the tenant's screens, see `models.by_hand`. Raises `ValueError` where a screen would not let it pass."""
        with self.tenant.store.lock:
            self.tenant.custom.catch_up()
            return by_hand.act(self.tenant, given)

    def operation(self, method: str, path: str) -> str:
        """Method and path shape, for example `PUT /v1/payments/{key}`."""
        if path.startswith(PREFIX):
            return f"{method} /files/..."
        return ROUTER.shape(method, normal(path))

    def admit(self, request: Request, in_flight: int) -> Response | None:
        """Refuse a request beyond the rate or concurrency limits with 429."""
        request.environ[IN_FLIGHT] = in_flight
        if not self.is_governed(request.method, request.path):
            return None
        path = normal(request.path)
        wait = self.tenant.rates.count()
        if wait is not None:
            response = error_response(refusals.GatewayError("request exceeded limit", 429))
            response.headers["Retry-After"] = str(wait)
        elif in_flight > self.concurrency_limit(ROUTER.find(request.method, path)[0]):
            response = error_response(refusals.GatewayError(CONCURRENCY_TEXT, 429))
        else:
            return None
        return self.finish(request, response, None)

    def is_governed(self, method: str, path: str) -> bool:
        """Whether a call counts against the limits: token requests and the files of query results do not."""
        return normal(path) != TOKEN_PATH and not normal(path).startswith(PREFIX)

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        return self.answer(request)(environ, start_response)

    def answer(self, request: Request) -> Response:
        if request.path.startswith(PREFIX):
            return data_query.result_file(request, self.tenant.jobs.files)
        path = normal(request.path)
        route, args, known = ROUTER.find(request.method, path)
        try:
            if path == TOKEN_PATH:
                response = self.token(request)
            else:
                user = self.check_token(request, path)
                if route is None:
                    raise refusals.wrong_method(request.method) if known else refusals.wrong_path(request.path)
                response = self.serve(Call(self.tenant, request, route.family, args, path, user), route)
        except ApiError as refused:
            response = error_response(refused)
            if refused.status == 401:
                response.headers["WWW-Authenticate"] = 'Bearer realm="oauth2-resource"'
        return self.finish(request, response, route)

    def token(self, request: Request) -> Response:
        if request.method != "POST":
            raise refusals.wrong_method(request.method)
        return oauth.token(Call(self.tenant, request, Family.OAUTH, {}, TOKEN_PATH, User("")))

    def check_token(self, request: Request, path: str) -> User:
        """Whose token the request bears. Raises the refusal of a request without a living one."""
        user = self.tenant.tokens.accept(request.headers.get("Authorization", ""))
        if user is None:
            raise refusals.not_authenticated(family_of(path))
        entity = request.headers.get("Zuora-Entity-Ids")
        if entity and entity not in (self.options.entity_id,):
            raise refusals.V1Error(WRONG_ENTITY, f"The entity {entity} does not exist or cannot be accessed.", 400)
        return user

    def serve(self, call: Call, route: Route) -> Response:
        """Run the handler, once per idempotency key."""
        request = call.request
        key = request.headers.get("Idempotency-Key")
        if key is not None and request.method not in ("POST", "PATCH"):
            raise refusals.GatewayError(f"Request method '{request.method}' not supported with Idempotency-Key header", 400)
        check_content(request, route)
        if key is None:
            return self.handle(call, route)
        replay = self.tenant.idempotency.begin(key, request.method, request.full_path)
        if replay is not None:
            status, content_type, body = replay
            return Response(body, status, content_type=content_type)
        try:
            response = self.handle(call, route)
        except ApiError as refused:
            response = error_response(refused)
        except BaseException:
            self.tenant.idempotency.forget(key)
            raise
        self.tenant.idempotency.finish(key, (response.status_code, response.content_type or "", response.get_data()))
        return response

    def handle(self, call: Call, route: Route) -> Response:
        with self.tenant.store.lock:
            self.tenant.custom.catch_up()
        rights.check(call.user, call.request.method, call.path, call.family, lambda: call.body)
        if route.gate is not None:
            route.gate(call)
        check_body(call, route)
        if not route.locked:
            return route.handler(call)
        with self.tenant.store.lock:
            return route.handler(call)

    def concurrency_limit(self, route: Route | None) -> int:
        limits = self.options.concurrency_limits
        kind = route.concurrency if route else "Default"
        return {"Default": limits.default, "High-volume": limits.high_volume, "Object Query": limits.object_query}[kind]

    def finish(self, request: Request, response: Response, route: Route | None) -> Response:
        """Headers of every answer, and compression."""
        headers = response.headers
        headers["Zuora-Request-Id"] = str(uuid.uuid4())
        track = request.headers.get("Zuora-Track-Id", "")
        if track and len(track) <= MAX_TRACK_ID and track.isascii() and not NOT_IN_TRACK_ID & set(track):
            headers["Zuora-Track-Id"] = track
        path = request.path
        if path != TOKEN_PATH:
            headers.update(self.tenant.rates.headers())
        if path.startswith(("/v1/", "/object-query/")):
            limit = self.concurrency_limit(route)
            headers["Concurrency-Limit-Type"] = route.concurrency if route else "Default"
            headers["Concurrency-Limit-Limit"] = str(limit)
            headers["Concurrency-Limit-Remaining"] = str(max(0, limit - request.environ.get(IN_FLIGHT, 1)))
        self.compress(request, response)
        return response

    @staticmethod
    def compress(request: Request, response: Response) -> None:
        if "gzip" not in request.headers.get("Accept-Encoding", "") or "Content-Encoding" in response.headers:
            return
        data = response.get_data()
        if len(data) > COMPRESS_ABOVE_BYTES:
            response.set_data(gzip.compress(data, compresslevel=COMPRESS_LEVEL, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
