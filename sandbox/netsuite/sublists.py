"""Sublists: reading the lines of a request and merging them into the stored ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.netsuite.catalog import Catalog
from sandbox.netsuite.exceptions import invalid_value, not_supported, please_enter, user_error
from sandbox.netsuite.habits import Habits
from sandbox.netsuite.schema import Field, LineShape, RecordType
from sandbox.netsuite.values import Reader

NUMBERED = ("line", "id")
APPLYING = ("applyLine", "depositLine", "creditLine")
LINE_KEY = "uniquekey"
"""Where a line's own number stands in the store. A line that is loaded with one is a line that was there before."""
Line = dict[str, Any]


def read_sublists(catalog: Catalog, kind: RecordType, body: dict[str, Any], reader: Reader) -> dict[str, list[Line] | None]:
    """The sublists of a request by canonical name: lines with canonical names, or None for a sublist to be emptied."""
    found: dict[str, list[Line] | None] = {}
    for name, value in body.items():
        known = kind.fields.get(name.lower())
        if known is None or known.kind != "sub" or known.read_only:
            continue
        shape = catalog.shape(kind.name, known)
        if shape is None:
            raise not_supported(f"writing the sublist {known.name}", known.name)
        found[known.name] = _read(known, shape, value, reader)
    return found


def _read(known: Field, shape: LineShape, value: Any, reader: Reader) -> list[Line] | None:
    if value is None or (isinstance(value, dict) and "items" in value and value["items"] is None):
        return None
    items = value.get("items") if isinstance(value, dict) else None
    if not isinstance(items, list):
        raise invalid_value("sublist", known.name, known.name)
    lines = []
    for position, item in enumerate(items):
        path = f"{known.name}.items[{position}]"
        if not isinstance(item, dict):
            raise invalid_value("line", known.name, path)
        line = reader.fields(shape.fields, item, path + ".")
        if shape.key == "pricekey":
            _key_price(line, path)
        if reader.loading and line.get("uniqueKey") is not None:
            line[LINE_KEY] = line.pop("uniqueKey")
            reader.store.reserve_id("line key", line[LINE_KEY])
        lines.append(line)
    return lines


def _key_price(line: Line, path: str) -> None:
    """A price is known by currency, level and quantity break; without a break it is the price from quantity 0."""
    given = line.get("quantity")
    value = given.get("value") if isinstance(given, dict) else given
    if value is None:
        value = 0
    if isinstance(value, bool) or not str(value).isdecimal():
        raise invalid_value(str(value), "quantity", path + ".quantity")
    line["quantity"] = {"value": int(str(value))}
    line["pricekey"] = (line.get("currencyPage"), line.get("priceLevel"), int(str(value)))


def meant(shape: LineShape, old: list[Line], given: list[Line], habits: Habits) -> list[Line]:
    """The given lines as the account takes them: lines that do not exist, and several applications to one document."""
    if shape.key == "line" and old and habits.unknown_line != "added":
        known = {line["line"] for line in old}
        unknown = [line for line in given if line.get("line") is not None and line["line"] not in known]
        if unknown and habits.unknown_line == "refused":
            raise user_error(f"Line {unknown[0]['line']} does not exist.", "line")
        given = [line for line in given if line not in unknown]
    if shape.name in APPLYING and habits.equal_apply_lines != "last":
        return _added_up(given, habits.equal_apply_lines == "refused")
    return given


def _added_up(given: list[Line], refused: bool) -> list[Line]:
    """One application per document."""
    found: dict[Any, Line] = {}
    for line in given:
        same = found.get(line.get("doc"))
        if same is None:
            found[line.get("doc")] = line
        elif refused:
            raise user_error("A transaction can be applied in one line only.", "apply")
        else:
            same["amount"] = (same.get("amount") or 0) + (line.get("amount") or 0)
    return list(found.values())


def merge(shape: LineShape, old: list[Line], given: list[Line], replace: bool) -> list[Line]:
    """The lines after a request: same key updated, others added, and with `replace` those not given removed."""
    if not shape.key:
        kept = [] if replace else old
        return [*kept, *(_added(shape, line) for line in given)]
    key = shape.key
    before = {line.get(key): line for line in old}
    mentioned: dict[Any, Line] = {}
    added: list[Line] = []
    for line in given:
        value = line.get(key)
        if value is None and key not in NUMBERED:
            raise please_enter([shape.fields[key].label if key in shape.fields else key])
        if value is not None and value in mentioned:
            mentioned[value] = _updated(mentioned[value], line)
        elif value is not None:
            mentioned[value] = _updated(before[value], line) if value in before else _added(shape, line)
        else:
            added.append(_added(shape, line))
    kept_old = [] if replace else [line for line in old if line.get(key) not in mentioned]
    merged = [*kept_old, *mentioned.values()]
    if key in NUMBERED:
        merged.sort(key=lambda line: int(line[key]))
        _number(key, merged, added)
    elif not replace:
        order = {value: position for position, value in enumerate(before)}
        merged.sort(key=lambda line: order.get(line.get(key), len(order)))
    lines = [*merged, *added]
    return [line for line in lines if _applies(line)] if shape.name in APPLYING else lines


def _number(key: str, merged: list[Line], added: list[Line]) -> None:
    last = max((int(line[key]) for line in merged), default=0)
    for number, line in enumerate(added, last + 1):
        line[key] = number


def _added(shape: LineShape, line: Line) -> Line:
    if shape.key == "line" and line.get("line") is not None and line["line"] < 1:
        raise user_error(f"Line {line['line']} does not exist.", "line")
    missing = [f.label for f in shape.fields.values() if f.rule == "R" and line.get(f.name) is None]
    if missing:
        raise please_enter(missing)
    return {name: value for name, value in line.items() if value is not None}


def _updated(old: Line, line: Line) -> Line:
    """A stored line with the given values; a new quantity or rate without an amount works the amount out anew."""
    merged = {**old, **line}
    if ("rate" in line or "quantity" in line) and "amount" not in line and "amount" in merged:
        merged.pop("amount")
    if "amount" in line and "rate" not in line:
        merged.pop("rate", None)
    if "item" in line and line["item"] != old.get("item"):
        for sourced in ("uniquekey", "description", "revRecSchedule"):
            if sourced not in line:
                merged.pop(sourced, None)
    if isinstance(line.get("addressBookAddress"), dict) and isinstance(old.get("addressBookAddress"), dict):
        merged["addressBookAddress"] = {**old["addressBookAddress"], **line["addressBookAddress"]}
    if line.get("debit") is not None:
        merged["credit"] = line.get("credit")
    elif line.get("credit") is not None:
        merged["debit"] = line.get("debit")
    return {name: value for name, value in merged.items() if value is not None}


def _applies(line: Line) -> bool:
    return bool(line.get("apply")) and line.get("amount") != Decimal(0)
