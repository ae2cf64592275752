"""What the vendor publishes of request bodies, and the check that a body is so.

`bodies.json` is made by `tests/standins/zuora/derive_bodies.py`. `operations` names the model of the body by method and path; `models`
holds the fields of each. A field is a kind, bounds of its length, and `!` where it is required: `text 1..50!`, `number`, `date`,
`=External|Electronic`, `CreditCard` (another model), `[text] ..2` (a list of at most two). `figure` is a number, or a text that is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.zuora.schema import is_custom

FILE = Path(__file__).with_name("bodies.json")
SPEC = re.compile(r"(?P<many>\[)?(?P<kind>=[^\]!]+|\w+)\]?(?: (?P<low>\d*)\.\.(?P<high>\d*))?(?P<required>!)?\Z")
ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
NUMBER = (int, float, Decimal)
OWN_OPERATIONS = {"POST /v1/object/export": "Export"}
OWN_MODELS = {
    "Export": {
        "ConvertToCurrencies": "text",
        "Encrypted": "boolean",
        "Format": "=csv|zip|gzip!",
        "Name": "text ..255",
        "Query": "text!",
        "Zip": "boolean",
    }
}
"""Bodies that the SDK has no class for (vendor's page "CRUD: Create Export"; clients of live tenants send no Name)."""
WRONG, UNKNOWN, MISSING = "wrong", "unknown", "missing"


@dataclass(frozen=True)
class Spec:
    """One field. `kind` is a plain kind or the name of a model; `values` those of an enumeration."""

    kind: str
    many: bool
    values: tuple[str, ...]
    low: int
    high: int | None
    required: bool


@dataclass(frozen=True)
class Finding:
    """What is wrong with a body: `what` is one of wrong, unknown, missing; `place` a path such as `invoices[0].amount`."""

    what: str
    place: str
    text: str


@cache
def bodies() -> tuple[Mapping[str, str], Mapping[str, Mapping[str, Spec]]]:
    """Models by operation, and fields by model."""
    content = json.loads(FILE.read_text(encoding="utf-8"))
    models = {name: {key: spec_of(text) for key, text in fields.items()} for name, fields in (content["models"] | OWN_MODELS).items()}
    return content["operations"] | OWN_OPERATIONS, models


def spec_of(text: str) -> Spec:
    match = SPEC.match(text)
    if match is None:
        raise ValueError(f"not a field of a body: {text!r}")
    kind = match["kind"]
    values = tuple(kind[1:].split("|")) if kind.startswith("=") else ()
    high = int(match["high"]) if match["high"] else None
    return Spec("enum" if values else kind, bool(match["many"]), values, int(match["low"] or 0), high, bool(match["required"]))


def model_of(method: str, shape: str) -> str | None:
    """The model of an operation's body, None where none is known."""
    return bodies()[0].get(f"{method} {shape}")


def findings(model: str, body: Mapping[str, Any], place: str = "", skipped: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Whatever departs from the model, unknown keys first, in the order of the body. What stands below `skipped` lists is left alone."""
    fields = bodies()[1][model]
    for key in body:
        if key not in fields and not is_custom(key):
            yield Finding(UNKNOWN, place + key, f"'{place}{key}' is not a known field of this request.")
    for key, spec in fields.items():
        value = body.get(key)
        if value is None or value == "":
            if spec.required:
                yield Finding(MISSING, place + key, f"'{place}{key}' is required.")
            elif value == "" and spec.kind not in ("text", "enum", "any"):
                yield Finding(WRONG, place + key, f"'{place}{key}' must not be empty.")
        elif not is_custom(key):
            yield from of_value(spec, value, place + key, key in skipped)


def of_value(spec: Spec, value: Any, place: str, shallow: bool) -> Iterator[Finding]:
    if not spec.many:
        yield from of_one(spec, value, place)
        return
    if not isinstance(value, list):
        yield Finding(WRONG, place, f"'{place}' must be a list.")
        return
    if spec.high is not None and len(value) > spec.high:
        yield Finding(WRONG, place, f"'{place}' holds {len(value)} entries; at most {spec.high} are allowed.")
    for index, entry in enumerate(value):
        if shallow and isinstance(entry, dict):
            continue
        yield from of_one(spec, entry, f"{place}[{index}]")


def of_one(spec: Spec, value: Any, place: str) -> Iterator[Finding]:
    if spec.kind in bodies()[1]:
        if isinstance(value, dict):
            yield from findings(spec.kind, value, f"{place}.")
        else:
            yield Finding(WRONG, place, f"'{place}' must be an object.")
    elif (trouble := trouble_of(spec, value)) is not None:
        yield Finding(WRONG, place, f"'{place}' {trouble}")


def trouble_of(spec: Spec, value: Any) -> str | None:
    """Why a value is not of the kind, None where it is."""
    match spec.kind:
        case "enum":
            fits = isinstance(value, str) and value in spec.values
            return None if fits else f"has the invalid value {value!r}; valid are {', '.join(spec.values)}."
        case "text":
            if not isinstance(value, str):
                return "must be a string."
            within = spec.many or spec.low <= len(value) <= (len(value) if spec.high is None else spec.high)
            return None if within else f"has {len(value)} characters, allowed are {spec.low} to {spec.high}."
        case "boolean":
            return None if isinstance(value, bool) else "must be true or false."
        case "number":
            return None if is_number(value) else "must be a number."
        case "integer":
            return None if is_number(value) and value == int(value) else "must be an integer."
        case "figure":
            return None if is_number(value) or is_figure(value) else "must be a number."
        case "date":
            return None if is_date(value) else f"has the value {value!r}, which is not a date of the form yyyy-mm-dd."
        case "object":
            return None if isinstance(value, dict) else "must be an object."
        case _:
            return None


def is_number(value: Any) -> bool:
    return isinstance(value, NUMBER) and not isinstance(value, bool) and Decimal(str(value)).is_finite()


def is_figure(value: Any) -> bool:
    try:
        return isinstance(value, str) and Decimal(value).is_finite()
    except InvalidOperation:
        return False


def is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(ISO_DATE.match(value)) and bool(date.fromisoformat(value))
    except ValueError:
        return False
