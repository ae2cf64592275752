"""`/v1/action/...`: ZOQL and batched create, update, delete (spec sections 8.1 and 12.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import ActionUnknown, CrudError, GatewayError, ZoqlFault
from sandbox.zuora.http import Call, json_response
from sandbox.zuora.models import actions
from sandbox.zuora.models.locators import MAX_PAGE
from sandbox.zuora.schema.rules import DEFAULT_WSDL


def page_size(call: Call) -> int:
    """`conf.batchSize`; what is above the most is taken for the most (published QueryOptions)."""
    size = (call.body.get("conf") or {}).get("batchSize")
    if size is None:
        return MAX_PAGE
    if size < 1:
        raise ZoqlFault("INVALID_VALUE", "batchSize must be 1 or more")
    return min(int(size), MAX_PAGE)


def query(call: Call) -> Response:
    return json_response(call.tenant.locators.query(call.body.get("queryString"), page_size(call), wsdl_version(call)))


def wsdl_version(call: Call) -> int:
    """`X-Zuora-WSDL-Version`, 79 without one (spec section 3)."""
    digits = call.request.headers.get("X-Zuora-WSDL-Version", "").partition(".")[0]
    return int(digits) if digits.isdigit() else DEFAULT_WSDL


def query_more(call: Call) -> Response:
    return json_response(call.tenant.locators.more(call.body.get("queryLocator"), page_size(call)))


def batch_of(call: Call, name: str) -> list[Any]:
    """The list in the body. Raises the refusal of more than 50 objects."""
    items = call.body.get(name)
    if not isinstance(items, list) or not items:
        raise CrudError("MISSING_REQUIRED_VALUE", f"Missing required value: {name}")
    if len(items) > actions.MAX_OBJECTS:
        raise CrudError("MAX_RECORDS_EXCEEDED", f"At most {actions.MAX_OBJECTS} objects can be sent in one call.")
    return items


def each(items: list[Any], one: Callable[[Any], str]) -> Response:
    """The results in the order of the request; an object that fails does not undo the others."""
    results: list[dict[str, Any]] = []
    for item in items:
        try:
            results.append({"Success": True, "Id": one(item)})
        except CrudError as refused:
            results.append({"Success": False, "Errors": refused.errors()})
    return json_response(results)


def check_unknown_fields(call: Call, items: list[Any]) -> None:
    kind = actions.object_type(call.tenant, call.body.get("type"))
    if call.flag("rejectUnknownFields") and any(actions.unknown_fields(kind, i) for i in items if isinstance(i, dict)):
        raise GatewayError("Error - unrecognised fields")


def update(call: Call) -> Response:
    kind = actions.object_type(call.tenant, call.body.get("type"))
    items = batch_of(call, "objects")
    check_unknown_fields(call, items)
    return each(items, lambda raw: actions.update(call.tenant, kind, raw))


def create(call: Call) -> Response:
    kind = actions.object_type(call.tenant, call.body.get("type"))
    items = batch_of(call, "objects")
    check_unknown_fields(call, items)
    return each(items, lambda raw: actions.create(call.tenant, kind, raw))


def delete(call: Call) -> Response:
    kind = actions.object_type(call.tenant, call.body.get("type"))
    results: list[dict[str, Any]] = []
    for record_id in batch_of(call, "ids"):
        try:
            results.append({"success": True, "id": actions.delete(call.tenant, kind, record_id)})
        except CrudError as refused:
            results.append({"success": False, "errors": refused.errors()})
    return json_response(results)


def unknown(call: Call) -> Response:
    raise ActionUnknown(f"Invalid action '{call.args['action']}'")
