"""`/settings/...` and `/v1/accounting-codes` (provisioning.md section 3.4)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import ApiError, Family, V1Error, v1_error
from sandbox.zuora.http import Call, json_response, success
from sandbox.zuora.models import rights
from sandbox.zuora.models.settings import ENGINES
from sandbox.zuora.schema.rules import METHOD_TYPES

RESOURCE, CODES = 500000, 550000
INVALID, REQUIRED, RULE, MISSING = 20, 22, 30, 40
MAX_REQUESTS = 100
DEFAULT_SIZE, MAX_SIZE = 20, 100
HIDDEN = "accountingCode"


def refuse(category: int, text: str, status: int = 400, resource: int = RESOURCE) -> V1Error:
    return v1_error(resource, category, text, status)


def tax_engines(call: Call) -> Response:
    return success({"taxEngines": call.tenant.settings.tax_engines})


def tax_codes(call: Call) -> Response:
    return success({"taxCodes": [shown(code) for code in call.tenant.settings.tax_codes.values()]})


def shown(code: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in code.items() if k != HIDDEN}


def make_tax_code(call: Call) -> Response:
    kind = ENGINES.get(call.args["engine"])
    engines = [e for e in call.tenant.settings.tax_engines if e["taxEngineType"] == kind]
    if not engines:
        raise refuse(MISSING, f"There is no tax engine of type {call.args['engine']}.", 404)
    body = call.body
    if unknown := sorted(set(body) - {"name", "active", "description", "taxEngineId"}):
        raise refuse(INVALID, f"{unknown[0]} is not a known property.")
    name = body.get("name")
    if not isinstance(name, str) or not name:
        raise refuse(REQUIRED, "name is required.")
    if name in call.tenant.settings.tax_codes:
        raise refuse(RULE, f"The tax code {name} already exists.")
    engine = body.get("taxEngineId", engines[0]["id"])
    if engine not in [e["id"] for e in engines]:
        raise refuse(INVALID, f"taxEngineId {engine} is invalid.")
    made = call.tenant.settings.make_tax_code(name, str(body.get("description", "")), engine, body.get("active") is True)
    return success(shown(made))


def change_tax_code(call: Call) -> Response:
    codes = call.tenant.settings.tax_codes
    code = next((c for c in codes.values() if c["id"] == call.args["id"]), None)
    if code is None:
        raise refuse(MISSING, f"There is no tax code {call.args['id']}.", 404)
    if call.request.method == "DELETE":
        del codes[code["name"]]
        return success({})
    if unknown := sorted(set(call.body) - {"name", "active", "description", "taxEngineId"}):
        raise refuse(INVALID, f"{unknown[0]} is not a known property.")
    del codes[code["name"]]
    codes[str(call.body.get("name", code["name"]))] = {**code, **call.body}
    return success(shown({**code, **call.body}))


def payment_types(call: Call) -> Response:
    return json_response({"paymentMethodTypes": call.tenant.settings.payment_types})


def switch_payment_types(call: Call) -> Response:
    """What is not in the list is switched off."""
    types = call.body.get("paymentMethodTypes")
    if not isinstance(types, list) or (wrong := [t for t in types if t not in METHOD_TYPES]):
        raise refuse(INVALID, f"paymentMethodTypes must be a list of payment method types{f', not {wrong[0]}' if types else ''}.")
    call.tenant.settings.switch_payment_types(dict.fromkeys(types))
    return payment_types(call)


def user_roles(call: Call) -> Response:
    """Roles with their permissions; for reading alone."""
    size = call.integer("size", DEFAULT_SIZE, 1, MAX_SIZE)
    page = call.integer("page", 1, 1, 10_000)
    roles = list(call.tenant.users.roles.values())
    rows = [
        {"id": r.id, "name": r.name, "category": r.category, "permissions": sorted(r.permissions)}
        for r in roles[(page - 1) * size : page * size]
    ]
    return json_response({"userRoles": rows, "page": page, "size": size, "total": len(roles)})


def accounting_codes(call: Call) -> Response:
    return success({"accountingCodes": list(call.tenant.settings.accounting_codes.values())})


def finance_required(call: Call) -> None:
    """Raises the refusal of a tenant without Zuora Finance."""
    if not call.tenant.options.finance:
        raise refuse(10, "Zuora Finance is not enabled for this tenant.", 403, CODES)


def make_accounting_code(call: Call) -> Response:
    name, kind = call.body["name"], call.body["type"]
    if name in call.tenant.settings.accounting_codes:
        raise refuse(RULE, f"The accounting code {name} already exists.", 200, CODES)
    more = {k: v for k, v in call.body.items() if k not in ("name", "type")}
    return success({"id": call.tenant.settings.make_accounting_code(name, kind, **more)["id"]})


ONE = {
    ("GET", "tax-engines"): tax_engines,
    ("GET", "tax-codes"): tax_codes,
    ("POST", "tax-codes/{engine}"): make_tax_code,
    ("PUT", "tax-codes/{id}"): change_tax_code,
    ("DELETE", "tax-codes/{id}"): change_tax_code,
    ("GET", "payment-methods"): payment_types,
    ("PUT", "payment-methods"): switch_payment_types,
    ("GET", "user-roles"): user_roles,
}
"""The settings by method and path."""


def batch(call: Call) -> Response:
    """Several settings in one call, each with an answer of its own."""
    requests = call.body.get("requests")
    if not isinstance(requests, list) or not 1 <= len(requests) <= MAX_REQUESTS:
        raise refuse(INVALID, f"requests must hold 1 to {MAX_REQUESTS} requests.")
    if not all(isinstance(r, dict) and isinstance(r.get("body") or {}, dict) for r in requests):
        raise refuse(INVALID, "requests must hold objects, and their bodies must be objects.")
    return json_response({"responses": [answered(call, r) for r in requests]})


def answered(call: Call, given: dict[str, Any]) -> dict[str, Any]:
    method, path = str(given.get("method", "")), str(given.get("url", "")).strip("/")
    handler, args = found(method, path)
    try:
        if handler is None:
            raise refuse(MISSING, f"There is no setting {method} /{path}.", 404)
        inner = Call(call.tenant, call.request, call.family, args, f"/settings/{path}", call.user)
        inner.__dict__["body"] = given.get("body") or {}
        rights.check(call.user, method, inner.path, Family.V1, lambda: inner.body)
        answer: dict[str, Any] = {"status": "200 OK", "body": json.loads(handler(inner).get_data()), "errorMessages": []}
    except ApiError as refused:
        answer = {"status": f"{refused.status}", "errorMessages": [refused.message]}
    return {"id": given.get("id"), "method": method, "url": given.get("url"), "response": answer}


def found(method: str, path: str) -> tuple[Callable[[Call], Response] | None, dict[str, str]]:
    first, _, rest = path.partition("/")
    if not rest:
        return ONE.get((method, first)), {}
    for variable in ("engine", "id"):
        if handler := ONE.get((method, f"{first}/{{{variable}}}")):
            return handler, {variable: rest}
    return None, {}
