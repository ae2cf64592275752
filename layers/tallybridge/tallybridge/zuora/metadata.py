"""What an object of a tenant consists of: `GET /v1/describe/{Object}` (api-zuora-billing.md 11.4)."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

from tallybridge.errors import BadAnswer


@dataclass(frozen=True)
class Field:
    """One field. `type` is Zuora's word (text, decimal, date ...); `contexts` says where it works: "soap" is ZOQL."""

    name: str
    label: str
    type: str
    custom: bool
    required: bool
    selectable: bool
    createable: bool
    updateable: bool
    filterable: bool
    max_length: int | None
    options: tuple[str, ...]
    contexts: tuple[str, ...]


def fields_from_xml(xml: bytes, object_type: str) -> list[Field]:
    """The fields in a description. Raises `BadAnswer` when it is not one."""
    try:
        root = ElementTree.fromstring(xml)  # noqa: S314 - the vendor's own document over TLS; expat bounds entity expansion
    except ElementTree.ParseError as error:
        raise BadAnswer(f"Zuora's description of {object_type} is not readable: {error}", service="Zuora") from error
    if root.tag != "object":
        raise BadAnswer(f"Zuora's description of {object_type} is a <{root.tag}>, not an <object>.", service="Zuora")
    return [_field(f) for f in root.iterfind("fields/field")]


def _field(field: ElementTree.Element) -> Field:
    def text(name: str) -> str:
        return (field.findtext(name) or "").strip()

    def flag(name: str) -> bool:
        return text(name) == "true"

    return Field(
        name=text("name"),
        label=text("label"),
        type=text("type"),
        custom=flag("custom"),
        required=flag("required"),
        selectable=flag("selectable"),
        createable=flag("createable"),
        updateable=flag("updateable"),
        filterable=flag("filterable"),
        max_length=int(text("maxlength")) if text("maxlength").isdecimal() else None,
        options=tuple((o.text or "").strip() for o in field.iterfind("options/option")),
        contexts=tuple((c.text or "").strip() for c in field.iterfind("contexts/context")),
    )
