"""`/v1/describe` and `/v1/describe/{Object}`: XML (spec section 11.4)."""

from __future__ import annotations

from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import CrudError
from sandbox.zuora.http import Call
from sandbox.zuora.schema import Field, ObjectType

TYPES = {"dec": "decimal", "int": "integer", "dt": "datetime", "date": "date", "bool": "boolean", "enum": "picklist"}
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def element(name: str, content: object) -> str:
    text = str(content).lower() if isinstance(content, bool) else escape(str(content))
    return f"<{name}>{text}</{name}>"


def label(name: str) -> str:
    """`IntegrationStatus__NS` -> Integration Status"""
    plain = name.partition("__")[0]
    return "".join(f" {c}" if c.isupper() and i and not plain[i - 1].isupper() else c for i, c in enumerate(plain))


def offered(call: Call) -> list[ObjectType]:
    return [k for k in call.tenant.schema.values() if call.tenant.settlement or not k.settlement_only]


def objects(call: Call) -> Response:
    rows = (
        f'<object href="{escape(call.url(f"/v1/describe/{k.name}"))}">{element("name", k.name)}{element("label", label(k.name))}</object>'
        for k in offered(call)
    )
    return xml(f"<objects>{''.join(rows)}</objects>")


def fields(call: Call) -> Response:
    kind = next((k for k in offered(call) if k.name.lower() == call.args["object"].lower()), None)
    if kind is None:
        raise CrudError("INVALID_TYPE", f"invalid type: {call.args['object']}", 404)
    described = "".join(field_xml(kind, f) for f in kind.fields.values() if f.kind != "obj")
    related = "".join(
        f'<object href="{escape(call.url(f"/v1/describe/{target}"))}">{element("name", target)}{element("label", label(target))}</object>'
        for target in dict.fromkeys(kind.references.values())
    )
    head = element("name", kind.name) + element("label", label(kind.name))
    return xml(f"<object>{head}<fields>{described}</fields><related-objects>{related}</related-objects></object>")


def field_xml(kind: ObjectType, field: Field) -> str:
    contexts = ([] if not field.selectable else ["soap"]) + ["export"]
    options = "".join(element("option", o) for o in field.enum or ())
    parts = [
        element("name", field.name),
        element("label", field.label or label(field.name)),
        element("selectable", field.selectable),
        element("createable", field.createable),
        element("updateable", field.updateable),
        element("filterable", field.filterable or field.indexed),
        element("custom", field.custom),
        element("maxlength", field.length or ""),
        element("required", field.name in kind.required),
        element("type", TYPES.get(field.kind, "text")),
        f"<options>{options}</options>" if options else "<options/>",
        "<contexts>" + "".join(element("context", c) for c in contexts) + "</contexts>",
    ]
    return f"<field>{''.join(parts)}</field>"


def xml(body: str) -> Response:
    return Response(DECLARATION + body, content_type="text/xml;charset=UTF-8")
