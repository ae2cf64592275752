"""`/v1/object/{type}`: one object at a time, PascalCase fields (spec section 12.2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import CrudError, GatewayError, NoSuchRecord
from sandbox.zuora.http import Call, json_response
from sandbox.zuora.models import actions
from sandbox.zuora.models.values import zoql_moment
from sandbox.zuora.schema import ObjectType


def type_of(call: Call) -> ObjectType:
    """`invoice-item-adjustment` -> InvoiceItemAdjustment. Raises `CrudError` INVALID_TYPE."""
    name = call.args["type"].replace("-", "").lower()
    for kind in call.tenant.schema.values():
        if kind.name.lower() == name:
            return actions.object_type(call.tenant, kind.name)
    raise CrudError("INVALID_TYPE", f"invalid type: {call.args['type']}", 404)


def check_unknown(call: Call, kind: ObjectType) -> None:
    if call.flag("rejectUnknownFields") and actions.unknown_fields(kind, call.body):
        raise GatewayError("Error - unrecognised fields")


def create(call: Call) -> Response:
    kind = type_of(call)
    check_unknown(call, kind)
    return json_response({"Success": True, "Id": actions.create(call.tenant, kind, call.body)})


def get(call: Call) -> Response:
    kind = type_of(call)
    record = call.tenant.store.get(kind.name, call.args["id"])
    if record is None or not kind.zoql:
        raise NoSuchRecord("")
    zone = call.tenant.options.zone
    shown: dict[str, Any] = {}
    for name, value in record.items():
        if kind.fields[name].selectable:
            shown[name] = zoql_moment(value, zone) if isinstance(value, datetime) else value
    return json_response({"Id": record["Id"], **shown})


def update(call: Call) -> Response:
    kind = type_of(call)
    check_unknown(call, kind)
    return json_response({"Success": True, "Id": actions.update(call.tenant, kind, {**call.body, "Id": call.args["id"]})})


def delete(call: Call) -> Response:
    return json_response({"success": True, "id": actions.delete(call.tenant, type_of(call), call.args["id"])})
