"""Which path leads to which operation."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sandbox.zuora.exceptions import GENERAL, Family
from sandbox.zuora.http import Call, Handler
from sandbox.zuora.responses import actions, aqua, crud, data_query, describe, export, object_query, objects, settings
from sandbox.zuora.responses.v1 import accounts, catalog, deletions, invoices, memos, payments, refunds, standalone, subscriptions
from sandbox.zuora.responses.v1.fields import settlement_required

Concurrency = Literal["Default", "High-volume", "Object Query"]
SETTLEMENT = re.compile(r"/v1/(payments|refunds|(credit|debit)-?memos)\b|.*/application-parts\Z")
"""Operations of Invoice Settlement."""
GATES: dict[tuple[str, str], Callable[[Call], None]] = {
    ("POST", "/v1/orders"): subscriptions.orders_required,
    ("POST", "/v1/subscriptions"): subscriptions.orders_absent,
    ("POST", "/v1/accounting-codes"): settings.finance_required,
}
VARIABLE = re.compile(r"{(\w+)}")


@dataclass(frozen=True)
class Route:
    """One operation. `shape` is its path with variables in braces; `locked` says that it runs under the store's lock; `bodiless`: the
    reference publishes no body for it, so that clients send none. `resource` is the code of what is wrong with its body, and `each` the
    list in it whose objects the handler checks one by one; `gate` refuses where the tenant lacks the feature."""

    method: str
    shape: str
    family: Family
    handler: Handler
    concurrency: Concurrency = "Default"
    locked: bool = True
    bodiless: bool = False
    resource: int = GENERAL
    each: frozenset[str] = frozenset()
    gate: Callable[[Call], None] | None = None


def family_of(path: str) -> Family:
    """The API family of a path, known or not."""
    if path.startswith("/v1/action/"):
        return Family.ACTIONS
    if path.startswith("/v1/object/export"):
        return Family.EXPORT
    if path.startswith("/v1/object/"):
        return Family.CRUD
    if path.startswith("/query/"):
        return Family.DATA_QUERY
    if path.startswith("/object-query/"):
        return Family.OBJECT_QUERY
    if path.startswith(("/v1/batch-query", "/apps/api/batch-query")):
        return Family.AQUA
    if path.startswith(("/v1/describe", "/v1/file", "/apps/api/file")):
        return Family.EXPORT
    return Family.V1


def normal(path: str) -> str:
    """Without double and trailing slashes (spec section 1)."""
    return re.sub(r"/{2,}", "/", path).rstrip("/") or "/"


class Router:
    """Finds routes by method and path."""

    def __init__(self, routes: list[Route]) -> None:
        self.exact: dict[str, dict[str, Route]] = {}
        self.patterns: dict[int, list[tuple[re.Pattern[str], Route]]] = {}
        for route in routes:
            if VARIABLE.search(route.shape):
                pattern = re.compile(VARIABLE.sub(r"(?P<\1>[^/]+)", route.shape) + r"\Z")
                self.patterns.setdefault(route.shape.count("/"), []).append((pattern, route))
            else:
                self.exact.setdefault(route.shape, {})[route.method] = route

    def find(self, method: str, path: str) -> tuple[Route | None, dict[str, str], bool]:
        """The route, its variables, and whether the path exists for another method."""
        methods = self.exact.get(path)
        if methods is not None:
            return methods.get(method), {}, True
        known = False
        for pattern, route in self.patterns.get(path.count("/"), ()):
            match = pattern.match(path)
            if match is not None:
                if route.method == method:
                    return route, match.groupdict(), True
                known = True
        return None, {}, known

    def shape(self, method: str, path: str) -> str:
        """The operation for statistics: method and path shape."""
        route, _, _ = self.find(method, path)
        return f"{method} {route.shape if route else path}"


ACTIONS = [
    Route("POST", "/v1/action/query", Family.ACTIONS, actions.query),
    Route("POST", "/v1/action/queryMore", Family.ACTIONS, actions.query_more),
    Route("POST", "/v1/action/create", Family.ACTIONS, actions.create),
    Route("POST", "/v1/action/update", Family.ACTIONS, actions.update),
    Route("POST", "/v1/action/delete", Family.ACTIONS, actions.delete),
    Route("POST", "/v1/action/{action}", Family.ACTIONS, actions.unknown),
]
DATA_QUERY = [
    Route("POST", "/query/jobs", Family.DATA_QUERY, data_query.submit, locked=False),
    Route("GET", "/query/jobs", Family.DATA_QUERY, data_query.listed, locked=False),
    Route("GET", "/query/jobs/{id}", Family.DATA_QUERY, data_query.read, locked=False),
    Route("DELETE", "/query/jobs/{id}", Family.DATA_QUERY, data_query.cancel, locked=False),
]


def v1(method: str, shape: str, handler: Handler, resource: int = GENERAL, concurrency: Concurrency = "Default", each: str = "") -> Route:
    path = f"/v1/{shape}"
    return Route(method, path, Family.V1, handler, concurrency, resource=resource, each=frozenset(each.split()), gate=gate_of(method, path))


def gate_of(method: str, path: str) -> Callable[[Call], None] | None:
    """What the tenant must have for an operation."""
    return GATES.get((method, path)) or (settlement_required if SETTLEMENT.match(path) else None)


def step(shape: str, handler: Handler) -> Route:
    """A change of state, which takes no body."""
    path = f"/v1/{shape}"
    return Route("PUT", path, Family.V1, handler, bodiless=True, gate=gate_of("PUT", path))


V1 = [
    v1("POST", "accounts", accounts.create, accounts.RESOURCE, "High-volume"),
    v1("GET", "accounts/{key}", accounts.get),
    v1("PUT", "accounts/{key}", accounts.update, accounts.UPDATE),
    v1("DELETE", "accounts/{key}", deletions.account),
    v1("GET", "contacts/{key}", accounts.get_contact),
    v1("PUT", "contacts/{key}", accounts.update_contact, accounts.UPDATE),
    v1("GET", "catalog/products", catalog.products),
    v1("GET", "catalog/products/{key}", catalog.product),
    v1("GET", "rateplan/{key}/productRatePlan", catalog.rate_plans),
    v1("POST", "subscriptions", subscriptions.create, subscriptions.RESOURCE, "High-volume"),
    v1("GET", "subscriptions/{key}", subscriptions.get),
    v1("GET", "subscriptions/accounts/{key}", subscriptions.of_account),
    v1("PUT", "subscriptions/{key}/customFields", subscriptions.update_custom_fields, subscriptions.UPDATE),
    v1("POST", "orders", subscriptions.create_order, subscriptions.ORDER, "High-volume"),
    v1("POST", "invoices", standalone.create, invoices.RESOURCE),
    v1("PUT", "invoices", invoices.bulk_update, invoices.RESOURCE, each="invoices"),
    v1("GET", "invoices/{key}", invoices.get),
    v1("PUT", "invoices/{key}", invoices.update, invoices.RESOURCE),
    v1("GET", "invoices/{key}/items", invoices.items),
    v1("GET", "invoices/{key}/application-parts", invoices.application_parts),
    v1("POST", "payments", payments.create, payments.RESOURCE),
    v1("GET", "payments", payments.listed),
    v1("GET", "payments/{key}", payments.get),
    v1("PUT", "payments/{key}", payments.update, payments.UPDATE),
    v1("DELETE", "payments/{key}", deletions.payment),
    v1("GET", "payments/{key}/parts", payments.parts),
    v1("PUT", "payments/{key}/apply", payments.apply, payments.APPLY),
    v1("PUT", "payments/{key}/unapply", payments.unapply, payments.UNAPPLY),
    v1("PUT", "payments/{key}/transfer", payments.transfer, payments.TRANSFER),
    step("payments/{key}/cancel", payments.cancel),
    v1("POST", "payments/{key}/refunds", refunds.of_payment, refunds.RESOURCE),
    v1("POST", "payments/{key}/refunds/unapply", refunds.of_payment_with_unapply, refunds.RESOURCE),
    v1("GET", "refunds", refunds.listed),
    v1("GET", "refunds/{key}", refunds.get),
    v1("PUT", "refunds/{key}", refunds.update, refunds.UPDATE),
    step("refunds/{key}/cancel", refunds.cancel),
    v1("GET", "refunds/{key}/parts", refunds.parts),
]


def memo_routes(stem: str, memo: memos.Memo) -> list[Route]:
    """The operations of one kind of memo."""
    routes = [
        v1("GET", stem, memos.of(memo, memos.listed)),
        v1("PUT", f"{stem}/bulk", memos.of(memo, memos.bulk_update), memo.resource, each="memos"),
        v1("GET", f"{stem}/{{key}}", memos.of(memo, memos.get)),
        v1("PUT", f"{stem}/{{key}}", memos.of(memo, memos.update), memo.resource),
        v1("GET", f"{stem}/{{key}}/items", memos.of(memo, memos.items)),
        step(f"{stem}/{{key}}/post", memos.of(memo, memos.post)),
        step(f"{stem}/{{key}}/unpost", memos.of(memo, memos.unpost)),
        step(f"{stem}/{{key}}/cancel", memos.of(memo, memos.cancel)),
    ]
    if memo is memos.DEBIT:
        return [*routes, v1("GET", f"{stem}/{{key}}/application-parts", memos.of(memo, memos.application_parts))]
    return [
        *routes,
        v1("GET", f"{stem}/{{key}}/parts", memos.of(memo, memos.parts)),
        v1("PUT", f"{stem}/{{key}}/apply", memos.of(memo, memos.apply), memos.APPLY),
        v1("PUT", f"{stem}/{{key}}/unapply", memos.of(memo, memos.unapply), memos.APPLY),
        v1("POST", f"{stem}/{{key}}/refund", refunds.of_credit_memo, refunds.RESOURCE),
    ]


MEMOS = [
    *memo_routes("credit-memos", memos.CREDIT),
    *memo_routes("creditmemos", memos.CREDIT),
    *memo_routes("debit-memos", memos.DEBIT),
    *memo_routes("debitmemos", memos.DEBIT),
]
OBJECT_QUERY = [
    Route("GET", "/object-query/{plural}", Family.OBJECT_QUERY, object_query.listed, "Object Query"),
    Route("GET", "/object-query/{plural}/{key}", Family.OBJECT_QUERY, object_query.get, "Object Query"),
]
CRUD = [
    Route("POST", "/v1/object/{type}", Family.CRUD, crud.create),
    Route("GET", "/v1/object/{type}/{id}", Family.CRUD, crud.get),
    Route("PUT", "/v1/object/{type}/{id}", Family.CRUD, crud.update),
    Route("DELETE", "/v1/object/{type}/{id}", Family.CRUD, crud.delete),
]
AQUA = [
    Route(method, f"{prefix}/batch-query{rest}", Family.AQUA, handler, locked=False)
    for prefix in ("/v1", "/apps/api")
    for method, rest, handler in (
        ("POST", "", aqua.submit),
        ("GET", "/jobs/{id}", aqua.get),
        ("DELETE", "/jobs/{id}", aqua.cancel),
        ("GET", "/jobs/partner/{partner}/project/{project}", aqua.last_of_project),
    )
]
EXPORT = [
    Route("POST", "/v1/object/export", Family.EXPORT, export.submit, locked=False),
    Route("GET", "/v1/object/export/{id}", Family.EXPORT, export.get, locked=False),
    Route("GET", "/v1/files/{id}", Family.EXPORT, export.file, locked=False),
    Route("GET", "/v1/file/{id}", Family.EXPORT, export.file, locked=False),
    Route("GET", "/apps/api/file/{id}", Family.EXPORT, export.file, locked=False),
]
DESCRIBE = [
    Route("GET", "/v1/describe", Family.EXPORT, describe.objects),
    Route("GET", "/v1/describe/{object}", Family.EXPORT, describe.fields),
]
OBJECTS = [
    Route("GET", "/objects/definitions/com_zuora", Family.V1, objects.definitions),
    Route("GET", "/objects/definitions/com_zuora/{object}", Family.V1, objects.definition),
    Route("POST", "/objects/migrations", Family.V1, objects.migrate),
]
SETTINGS = [
    *(Route(method, f"/settings/{shape}", Family.V1, handler) for (method, shape), handler in settings.ONE.items()),
    Route("POST", "/settings/batch-requests", Family.V1, settings.batch),
    v1("GET", "accounting-codes", settings.accounting_codes),
    v1("POST", "accounting-codes", settings.make_accounting_code, settings.CODES),
]
ROUTES = [*ACTIONS, *DATA_QUERY, *V1, *MEMOS, *OBJECT_QUERY, *AQUA, *EXPORT, *CRUD, *DESCRIBE, *OBJECTS, *SETTINGS]
ROUTER = Router(ROUTES)
