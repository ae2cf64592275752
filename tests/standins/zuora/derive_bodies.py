"""Makes `sandbox/zuora/published/bodies.json` from the request classes of the vendor's SDK (`zuora-sdk` 3.21.0, MIT licence).

    ENVIRONMENT_WITH_THE_SDK/bin/python -m tests.standins.zuora.derive_bodies

The SDK tells names, types, lengths and what is required; `published_facts.py` holds what it leaves out or says otherwise than the published
reference.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import json
import pkgutil
import re
import types
import typing
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sandbox.zuora.exceptions import Family
from sandbox.zuora.published import FILE
from sandbox.zuora.urls import ROUTES, Route
from tests.standins.zuora.published_facts import BEYOND, DATES, ENUMERATED, OPTIONAL, REQUIRED

NOTICE = (
    "Names, types, lengths and enumerations of request bodies, derived from the classes of zuora-sdk 3.21.0 (Copyright Zuora, Inc.), MIT"
    " License: Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation"
    " files (the Software), to deal in the Software without restriction, including without limitation the rights to use, copy, modify,"
    " merge, publish, distribute, sublicense, and/or sell copies of the Software, subject to this notice being included in all copies or"
    " substantial portions of the Software. THE SOFTWARE IS PROVIDED AS IS, WITHOUT WARRANTY OF ANY KIND."
)
OLD_SPELLINGS = {"creditmemos": "credit-memos", "debitmemos": "debit-memos"}
PLAIN = {str: "text", int: "integer", float: "number", bool: "boolean", date: "date", datetime: "moment", dict: "object", object: "any"}
TAKES_BODY = ("POST", "PUT", "PATCH")
Operations = dict[tuple[str, str], type]


def shape(path: str) -> str:
    """The path without the names of its variables."""
    return re.sub(r"{[^}]+}", "{}", path)


def operations() -> Operations:
    """The class of the body by method and path."""
    from zuora_sdk import api  # type: ignore[import-not-found, unused-ignore]

    found: Operations = {}
    for entry in pkgutil.iter_modules(api.__path__):
        module = importlib.import_module(f"{api.__name__}.{entry.name}")
        for _, owner in inspect.getmembers(module, lambda m: inspect.isclass(m) and m.__name__.endswith("Api")):
            found.update(of_class(module, owner))
    return found


def of_class(module: Any, owner: type) -> Iterator[tuple[tuple[str, str], type]]:
    for name, method in inspect.getmembers(owner, inspect.isfunction):
        if not name.endswith("_serialize"):
            continue
        source = inspect.getsource(method)
        body = re.search(r"if (\w+) is not None:\n\s+_body_params = ", source)
        verb, path = re.search(r"method='(\w+)'", source), re.search(r"resource_path='([^']+)'", source)
        if not body or not verb or not path:
            continue
        public = getattr(owner, name[1 : -len("_serialize")])
        model = typing.get_type_hints(public, vars(module)).get(body[1])
        if inspect.isclass(model):
            yield (verb[1], shape(path[1])), model


def kind_of(annotation: Any) -> tuple[str, list[type]]:
    """The kind as it stands in the file, and the classes that it names."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return kind_of(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        inner = [a for a in typing.get_args(annotation) if a is not type(None)]
        kinds = [kind_of(a) for a in inner]
        if {k for k, _ in kinds} == {"number", "integer"}:
            return "number", []
        return kinds[0] if len(kinds) == 1 else ("any", [])
    if origin is list:
        kind, models = kind_of(typing.get_args(annotation)[0])
        return f"[{kind}]", models
    if origin is dict:
        return "object", []
    if inspect.isclass(annotation) and issubclass(annotation, enum.Enum):
        return "=" + "|".join(str(m.value) for m in annotation), []
    if inspect.isclass(annotation) and hasattr(annotation, "model_fields"):
        return annotation.__name__, [annotation]
    return PLAIN.get(annotation, "any"), []


def lengths(metadata: Any) -> str:
    """` 1..50` for a text with bounds, ` ..2` for a list."""
    low = high = None
    for part in metadata:
        low = getattr(part, "min_length", None) or low
        high = getattr(part, "max_length", None) or high
    return f" {low or ''}..{high or ''}" if low or high else ""


def bounds(field: Any) -> str:
    """Those of the field, or of the type within its Optional."""
    inner = [
        m for part in typing.get_args(field.annotation) if typing.get_origin(part) is typing.Annotated for m in typing.get_args(part)[1:]
    ]
    metadata = [*field.metadata, *(getattr(i, "metadata", []) for i in inner)]
    flat = [m for entry in metadata for m in (entry if isinstance(entry, list) else [entry])]
    return lengths(flat)


def model_of(model: Any, waiting: list[type]) -> dict[str, str]:
    shown: dict[str, str] = {}
    for name, field in model.model_fields.items():
        if name == "additional_properties":
            continue
        key = field.alias or name
        if key in BEYOND.get(model.__name__, {}):
            continue
        place = f"{model.__name__}.{key}"
        kind, models = kind_of(field.annotation)
        if source := ENUMERATED.get(place):
            kind = kind.replace(
                "text", source if source.startswith("=") else kind_of(getattr(importlib.import_module("zuora_sdk"), source))[0]
            )
        kind = "date" if place in DATES else kind
        waiting += models
        required = place in REQUIRED or (field.is_required() and place not in OPTIONAL)
        shown[key] = f"{kind}{'' if '=' in kind else bounds(field)}{'!' if required else ''}"
    shown.update(BEYOND.get(model.__name__, {}))
    return shown


def derived() -> dict[str, Any]:
    """The whole file."""
    known = operations()
    wanted: dict[str, str] = {}
    waiting: list[type] = []
    for route in ROUTES:
        path = shape(route.shape)
        for old, new in OLD_SPELLINGS.items():
            path = path.replace(f"/{old}", f"/{new}")
        if checked(route) and route.method in TAKES_BODY and (model := known.get((route.method, path))) is not None:
            wanted[f"{route.method} {route.shape}"] = model.__name__
            waiting.append(model)
    models: dict[str, dict[str, str]] = {}
    while waiting:
        model = waiting.pop()
        if model.__name__ not in models:
            models[model.__name__] = model_of(model, waiting)
    return {"notice": NOTICE, "operations": dict(sorted(wanted.items())), "models": dict(sorted(models.items()))}


def checked(route: Route) -> bool:
    """Whether the body is checked by its model: batches of Actions and settings have refusals of their own."""
    if route.family is Family.V1:
        return route.shape.startswith("/v1/")
    return route.family is Family.DATA_QUERY or route.shape in ("/v1/action/query", "/v1/action/queryMore")


def text_of(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(FILE).write_text(text_of(derived()), encoding="utf-8")
