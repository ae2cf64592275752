"""`/objects/definitions/com_zuora` and `/objects/migrations`: the fields of standard objects (provisioning.md section 3.2)."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import V1Error, v1_error
from sandbox.zuora.http import Call, json_response
from sandbox.zuora.models.custom_fields import ADVANCED, KINDS, CustomField, FieldRefused
from sandbox.zuora.schema import Field, ObjectType

RESOURCE = 500000
INVALID, UNKNOWN, REQUIRED, RULE, MISSING = 20, 21, 22, 30, 40
STANDARD = "com_zuora"
ACTION_KEYS = frozenset(
    ("type", "namespace", "object", "field", "label", "relationship", "enableCreateRecordAuditing", "enableDeleteRecordAuditing")
)
FIELD_KEYS = frozenset(("name", "targetName", "filterable", "required", "unique", "auditable", "definition"))
DEFINITION_KEYS = frozenset(
    ("type", "label", "maxLength", "description", "format", "default", "displayName", "multiselect", "origin", "enum")
)
TYPES = {kind: (name, form) for (name, form), kind in KINDS.items()}


def refuse(category: int, text: str, status: int = 400) -> V1Error:
    return v1_error(RESOURCE, category, text, status)


def advanced(call: Call, name: object) -> ObjectType:
    """The standard object of that name, in lower case. Raises the refusal of any other."""
    for kind in ADVANCED:
        found = call.tenant.schema.get(kind)
        if found is not None and kind.lower() == name and (call.tenant.settlement or not found.settlement_only):
            return found
    raise refuse(MISSING, f"The object {name} does not exist.", 404)


def definitions(call: Call) -> Response:
    kinds = [k for k in map(call.tenant.schema.get, ADVANCED) if k is not None and (call.tenant.settlement or not k.settlement_only)]
    return json_response({"count": len(kinds), "definitions": {k.name.lower(): definition_of(call, k) for k in kinds}})


def definition(call: Call) -> Response:
    return json_response(definition_of(call, advanced(call, call.args["object"])))


def definition_of(call: Call, kind: ObjectType) -> dict[str, Any]:
    own = call.tenant.custom.known[kind.name]
    system = {f.name: system_property(f) for f in kind.fields.values() if not f.custom and f.kind != "obj"}
    schema = {
        "object": kind.name.lower(),
        "label": kind.name,
        "properties": {**system, **{name: field.shown() for name, field in own.items()}},
        "required": list(kind.required),
        "filterable": [name for name, field in own.items() if field.filterable],
    }
    return {"type": kind.name.lower(), "schema": schema}


def system_property(field: Field) -> dict[str, Any]:
    name, form = TYPES.get(field.kind, ("string", ""))
    return {"origin": "system", "label": field.name, "type": name, **({"format": form} if form else {})}


def migrate(call: Call) -> Response:
    """One action; the answer repeats it."""
    actions = call.body.get("actions")
    if set(call.body) != {"actions"} or not isinstance(actions, list) or len(actions) != 1 or not isinstance(actions[0], dict):
        raise refuse(INVALID, "The request must hold exactly one action.")
    action = actions[0]
    check_keys("action", action, ACTION_KEYS)
    if action.get("namespace") != STANDARD:
        raise refuse(MISSING, f"The object {action.get('object')} does not exist in namespace {action.get('namespace')}.", 404)
    if not call.tenant.options.migrates_standard_objects:
        raise refuse(RULE, "Standard objects cannot be changed by this operation.")
    kind = advanced(call, action.get("object"))
    done = ACTIONS.get(str(action.get("type")))
    if done is None:
        raise refuse(INVALID, f"The action type {action.get('type')!r} is invalid for a standard object.")
    field = action.get("field")
    if not isinstance(field, dict) or not isinstance(field.get("name"), str):
        raise refuse(REQUIRED, "field.name is required.")
    check_keys("field", field, FIELD_KEYS)
    try:
        done(call, kind, field)
    except FieldRefused as refused:
        raise refuse(RULE, str(refused)) from None
    return json_response({"actions": [action]})


def check_keys(where: str, given: dict[str, Any], known: frozenset[str]) -> None:
    if unknown := sorted(set(given) - known):
        raise refuse(UNKNOWN, f"{unknown[0]} is not a known property of {where}.")


def definition_in(field: dict[str, Any]) -> dict[str, Any]:
    given = field.get("definition", {})
    if not isinstance(given, dict):
        raise refuse(INVALID, "field.definition must be an object.")
    check_keys("definition", given, DEFINITION_KEYS)
    enum, longest = given.get("enum") or [], given.get("maxLength")
    if not isinstance(enum, list) or not all(isinstance(value, str) for value in enum):
        raise refuse(INVALID, "field.definition.enum must be a list of texts.")
    if longest is not None and (isinstance(longest, bool) or not isinstance(longest, int)):
        raise refuse(INVALID, "field.definition.maxLength must be an integer.")
    if given.get("origin", "custom") != "custom":
        raise refuse(INVALID, "field.definition.origin must be custom.")
    return given


def add(call: Call, kind: ObjectType, field: dict[str, Any]) -> None:
    given = definition_in(field)
    if field.get("required") and any(True for _ in call.tenant.store.all(kind.name)):
        raise FieldRefused("A required field can only be added to an object without records.")
    made = CustomField(
        name=field["name"],
        label=str(given.get("label", "")),
        type=str(given.get("type", "")),
        format=str(given.get("format", "")),
        max_length=given.get("maxLength"),
        enum=tuple(given.get("enum") or ()),
        filterable=field.get("filterable") is True,
        description=str(given.get("description", "")),
    )
    call.tenant.custom.add(kind.name, made)


def change(call: Call, kind: ObjectType, field: dict[str, Any]) -> None:
    given = definition_in(field)
    names = {"label": "label", "description": "description", "maxLength": "max_length", "type": "type", "format": "format"}
    changes = {names[k]: v for k, v in given.items() if k in names}
    if "filterable" in field:
        changes["filterable"] = field["filterable"] is True
    call.tenant.custom.change(kind.name, field["name"], changes)


def rename(call: Call, kind: ObjectType, field: dict[str, Any]) -> None:
    call.tenant.custom.rename(kind.name, field["name"], str(field.get("targetName", "")))


def delete(call: Call, kind: ObjectType, field: dict[str, Any]) -> None:
    call.tenant.custom.delete(kind.name, field["name"])


ACTIONS = {"addField": add, "updateField": change, "renameField": rename, "deleteField": delete}
