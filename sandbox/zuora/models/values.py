"""Checks and conversions of field values (spec sections 13 and 14.2)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from sandbox.zuora.schema.fields import Field

Record = dict[str, Any]
ID = re.compile(r"[0-9a-f]{32}\Z")
DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
MAX_DECIMALS = 9
MAX_DIGITS = 16
BEYOND_BMP = 0x10000


class ValueRefused(ValueError):
    """A value does not fit its field."""


def convert(field: Field, raw: Any, zone: tzinfo) -> Any:
    """The stored form of a JSON value: Decimal for amounts, ISO text for dates, an aware UTC datetime for moments.

    Raises `ValueRefused` with a text that names the field.
    """
    match field.kind:
        case "id":
            value: Any = check_id(field, raw)
        case "dec":
            value = check_decimal(field, raw)
        case "int":
            value = check_int(field, raw)
        case "bool":
            if not isinstance(raw, bool):
                raise ValueRefused(f"The value of field {field.name} must be true or false.")
            value = raw
        case "date":
            value = check_date(field, raw)
        case "dt":
            value = parse_moment(field.name, raw, zone)
        case "obj":
            value = raw
        case _:
            value = check_text(field, raw)
    if field.enum is not None and str(value) not in field.enum:
        raise ValueRefused(f"The value {raw!r} of field {field.name} is invalid; valid are {', '.join(field.enum)}.")
    return value


def check_id(field: Field, raw: Any) -> str:
    if not isinstance(raw, str) or not ID.match(raw):
        raise ValueRefused(f"The value {raw!r} of field {field.name} is not an id (32 lower-case hexadecimal characters).")
    return raw


def check_text(field: Field, raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValueRefused(f"The value of field {field.name} must be a string.")
    if field.enum is None and field.length is not None and len(raw) > field.length:  # lengths of enumerations are shorter than their values
        raise ValueRefused(f"The length of field {field.name} is {len(raw)}, which exceeds the maximum of {field.length}.")
    if any(ord(c) >= BEYOND_BMP for c in raw):
        raise ValueRefused(f"Field {field.name} holds characters of 4 bytes, which are not supported.")
    return raw


def check_decimal(field: Field, raw: Any) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        raise ValueRefused(f"The value of field {field.name} must be a number.")
    value = raw if isinstance(raw, Decimal) else Decimal(str(raw))
    if not value.is_finite():
        raise ValueRefused(f"The value of field {field.name} must be a number.")
    if value.adjusted() >= MAX_DIGITS:
        raise ValueRefused(f"The value of field {field.name} has more than {MAX_DIGITS} digits.")
    if value != round(value, MAX_DECIMALS):
        raise ValueRefused(f"The value of field {field.name} has more than {MAX_DECIMALS} decimal places.")
    return value


def check_int(field: Field, raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal) or raw != int(raw):
        raise ValueRefused(f"The value of field {field.name} must be an integer.")
    return int(raw)


def check_date(field: Field, raw: Any) -> str:
    if isinstance(raw, str) and DATE.match(raw):
        try:
            return date.fromisoformat(raw).isoformat()
        except ValueError:
            pass
    raise ValueRefused(f"The value {raw!r} of field {field.name} is not a date of the form yyyy-mm-dd.")


def parse_moment(name: str, raw: Any, zone: tzinfo) -> datetime:
    """A moment in UTC, cut to milliseconds; without an offset it is read in the tenant's zone."""
    try:
        moment = datetime.fromisoformat(raw)
    except (TypeError, ValueError):
        raise ValueRefused(f"The value {raw!r} of field {name} is not a date-time.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return in_milliseconds(moment.astimezone(UTC))


def in_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def zoql_moment(moment: datetime, zone: tzinfo) -> str:
    """`2026-01-31T08:15:00.000+01:00`"""
    return moment.astimezone(zone).isoformat(timespec="milliseconds")


def object_query_moment(moment: datetime, zone: tzinfo) -> str:
    """`2026-01-31T08:15:00-08:00`"""
    return moment.astimezone(zone).isoformat(timespec="seconds")


def v1_moment(moment: datetime, zone: tzinfo) -> str:
    """`2026-01-31 08:15:00`, in the tenant's zone without saying so"""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def json_default(value: Any) -> Any:
    """How `json.dumps` writes Decimals: as numbers."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"cannot write {type(value).__name__} as JSON")
