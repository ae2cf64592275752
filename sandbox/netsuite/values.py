"""Values of properties: from JSON into the store, with every check, and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.netsuite.exceptions import NetSuiteError, invalid_value, no_access, unknown_property, user_error
from sandbox.netsuite.formats import check_format
from sandbox.netsuite.schema import SUBRECORDS, Field, Fields
from sandbox.netsuite.store import Record, Store

ALWAYS_ACCEPTED = frozenset({"links", "id", "refname"})
EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]+")
LOADABLE = frozenset(
    {"deposit", "createdFrom", "createdDate", "dateCreated", "lastModifiedDate", "sSpecAcct", "isBaseCurrency", "transactionNumber"}
)
LOADABLE_BELOW = frozenset({"addrText"})
"""Of subrecords."""
REFERENCE_KEYS = frozenset({"id", "externalId", "refName", "links"})


@dataclass
class Validation:
    """How strictly names and values are taken, and the warnings that came up. Modes: `error`, `warning`, `ignore`."""

    names: str = "warning"
    values: str = "error"
    warnings: list[str] = field(default_factory=list)

    def unknown(self, name: str, path: str) -> None:
        if self.names == "error":
            raise unknown_property(name, path)
        if self.names == "warning":
            self.warnings.append(f"Unknown property '{path}' was ignored.")


class _Bad(Exception):
    """The value does not have the form of its field."""


class Reader:
    """Reads the values of one request body. `coming` are transactions of the same load, to which custom fields may refer before they are
    there: two documents may name each other."""

    def __init__(self, store: Store, validation: Validation, loading: bool = False, coming: frozenset[int] = frozenset()) -> None:
        self.store = store
        self.validation = validation
        self.loading = loading
        self.coming = coming

    def fields(self, fields: Fields, given: dict[str, Any], path: str, skip: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Known, writable properties with their values by canonical name; None clears. Sublists are left to the caller (`skip`)."""
        found: dict[str, Any] = {}
        for name, value in given.items():
            lower = name.lower()
            known = fields.get(lower)
            if known is None:
                if lower not in ALWAYS_ACCEPTED:
                    self.validation.unknown(name, path + name)
            elif known.name not in skip and self._writable(known, path):
                if known.custom and not self.store.catalog.may_edit(known.name):
                    raise no_access(known.name)
                self._take(found, known, value, path + known.name)
            elif known.read_only and not (self.loading or self.store.catalog.options.habits.read_only_ignored):
                raise no_access(known.name)
        return found

    def _writable(self, known: Field, path: str) -> bool:
        if known.name in ("id", "refName", "links"):
            return bool(path) and known.name == "id"
        return not known.read_only or (self.loading and (known.kept or known.name in (LOADABLE_BELOW if path else LOADABLE)))

    def _take(self, found: dict[str, Any], known: Field, value: Any, path: str) -> None:
        try:
            found[known.name] = self.value(known, value, path)
        except _Bad:
            if self.validation.values == "error":
                raise invalid_value(short(value), known.name, path) from None
            if self.validation.values == "warning":
                self.validation.warnings.append(f"Invalid value of '{path}' was ignored.")

    def value(self, known: Field, value: Any, path: str) -> Any:
        """One value in its stored form; None when it is empty. Raises `NetSuiteError` for what does not exist."""
        if value is None or (value == "" and self._clears(known)):
            return None
        match known.kind:
            case "ref":
                return self.reference(known, value, path)
            case "multi":
                return self._multi(known, value, path)
            case "rec":
                return self._subrecord(known, value, path)
            case "enum":
                return _enum(known, value)
            case "any":
                return value
            case "str":
                return self._text(known, value, path)
        return _SCALARS[known.kind](known, value)

    def _clears(self, known: Field) -> bool:
        return known.kind == "str" or self.loading or self.store.catalog.options.habits.empty_text_clears

    def _text(self, known: Field, value: Any, path: str) -> str:
        if not isinstance(value, str):
            raise _Bad
        if known.name == "externalId" and not EXTERNAL_ID.fullmatch(value):
            raise invalid_value(short(value), known.name, known.name)
        options = self.store.catalog.options
        length = options.text_lengths.get(known.name, known.length)
        if length and len(value) > length:
            raise too_long(known, length)
        if options.contact_formats:
            check_format(known, value, path)
        return value

    def _multi(self, known: Field, value: Any, path: str) -> tuple[int, ...]:
        items = value.get("items") if isinstance(value, dict) else value
        if not isinstance(items, list):
            raise _Bad
        return tuple(self.reference(known, item, f"{path}.items[{n}]") for n, item in enumerate(items))

    def _subrecord(self, known: Field, value: Any, path: str) -> dict[str, Any]:
        fields = SUBRECORDS.get(known.target)
        if not isinstance(value, dict) or fields is None:
            raise _Bad
        return self.fields(fields, value, path + ".")

    def reference(self, known: Field, value: Any, path: str) -> int:
        """Internal id that a reference means, given as an object or a bare id. What does not exist is always an error."""
        if known.target == "line":
            return str(value["id"] if isinstance(value, dict) and "id" in value else value)  # type: ignore[return-value]
        found = self._coming(known, value) or self._resolve(known.target, value)
        if found is None or (not self.loading and self._is_retired(known.target, found)):
            raise invalid_value(short(value), known.name, path)
        return found

    def _coming(self, known: Field, value: Any) -> int | None:
        identifier = str(value.get("id")) if isinstance(value, dict) else str(value)
        named = known.custom and known.target == "transaction" and identifier.isdigit()
        return int(identifier) if named and int(identifier) in self.coming else None

    def _is_retired(self, target: str, identifier: int) -> bool:
        """Whether this is inactive reference data. Inactive entities and items have rules of their own."""
        record = self.store.find(target, identifier)
        return record is not None and record.type.group == record.type.name and bool(record.values.get("isInactive"))

    def _resolve(self, target: str, value: Any) -> int | None:
        if isinstance(value, (bool, list)):
            raise _Bad
        if not isinstance(value, dict):
            return self._by_id(target, value)
        if set(value) - REFERENCE_KEYS:
            raise _Bad
        if value.get("id") is not None:
            return self._by_id(target, value["id"])
        if value.get("externalId") is not None:
            return self._by_external_id(target, str(value["externalId"]))
        if value.get("refName") is not None:
            return self.by_name(target, str(value["refName"]))
        raise _Bad

    def _by_id(self, target: str, value: Any) -> int | None:
        text = str(value)
        if text.startswith("eid:"):
            return self._by_external_id(target, text[4:])
        if not re.fullmatch(r"-?\d+", text):
            return None
        number = int(text)
        if number in self.store.list_of(target):
            return number
        return number if self.store.find(target, number) else None

    def _by_external_id(self, target: str, external: str) -> int | None:
        group = group_of(self.store, target)
        number = self.store.external_ids.get((group, external))
        return number if number is not None and self.store.find(target, number) else None

    def by_name(self, target: str, name: str) -> int | None:
        """Internal id of the one record of a target with this name, or None."""
        for number, shown in self.store.list_of(target).items():
            if shown.lower() == name.lower():
                return number
        group = self.store.groups[group_of(self.store, target)]
        wanted = name.lower()
        hits = [r.id for r in group.values() if wanted in _spoken_names(self.store, r) and self.store.find(target, r.id)]
        return hits[0] if len(hits) == 1 else None


def group_of(store: Store, target: str) -> str:
    """The id space that a reference target lies in."""
    known = store.catalog.types.get("salestaxitem" if target == "tax" else target.lower())
    return known.group if known else target


def _spoken_names(store: Store, record: Record) -> set[str]:
    values = record.values
    names = {values.get(record.type.name_field), values.get("fullName"), values.get("symbol"), store.display(record.type.name, record.id)}
    return {str(n).lower() for n in names if n}


def short(value: Any) -> str:
    """A value as error texts show it."""
    if isinstance(value, dict):
        value = value.get("id") or value.get("externalId") or value.get("refName") or "{}"
    return str(value)[:100]


def too_long(known: Field, length: int) -> NetSuiteError:
    """The text is longer than its field."""
    return user_error(f"The field {known.name} contained more than the maximum number ( {length} ) of characters allowed.", known.name)


def _number(known: Field, value: Any) -> Decimal:
    if isinstance(value, bool):
        raise _Bad
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _Bad from None
    if not number.is_finite():
        raise _Bad
    return number


def _integer(known: Field, value: Any) -> int:
    number = _number(known, value)
    if number != number.to_integral_value():
        raise _Bad
    return int(number)


def _boolean(known: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Bad
    return value


def _date(known: Field, value: Any) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise _Bad
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _Bad from None


def _date_time(known: Field, value: Any) -> datetime:
    try:
        return parse_time(value)
    except ValueError:
        raise _Bad from None


def parse_time(value: Any) -> datetime:
    """A date-time in its stored form, UTC. Raises `ValueError`."""
    moment = datetime.fromisoformat(str(value))
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _enum(known: Field, value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("id", value.get("refName"))
    options = known.options
    if isinstance(value, bool):
        value = "T" if value else "F"
    if value is None or (options and str(value) not in options):
        named = {label.lower(): code for code, label in ENUM_LABELS.get(known.name, {}).items()}
        code = named.get(str(value).lower())
        if code is None or code not in options:
            raise _Bad
        return code
    return str(value)


_SCALARS: dict[str, Callable[[Field, Any], Any]] = {
    "num": _number,
    "int": _integer,
    "bool": _boolean,
    "date": _date,
    "dt": _date_time,
}

ENUM_LABELS: dict[str, dict[str, str]] = {
    "approvalStatus": {"1": "Pending Approval", "2": "Approved", "3": "Rejected", "11": "Open"},
    "orderStatus": {"A": "Pending Approval", "B": "Pending Fulfillment"},
    "undepFunds": {"T": "Undeposited Funds", "F": "Account"},
}
STATUS_LABELS: dict[str, dict[str, str]] = {
    "invoice": {"A": "Open", "B": "Paid In Full", "D": "Pending Approval", "E": "Rejected", "V": "Voided"},
    "creditMemo": {"A": "Open", "B": "Fully Applied", "V": "Voided"},
    "customerPayment": {"A": "Pending Approval", "B": "Not Deposited", "C": "Deposited", "R": "Rejected"},
    "customerRefund": {"R": "Refunded", "V": "Voided"},
    "customerDeposit": {"A": "Not Deposited", "B": "Deposited", "C": "Fully Applied", "D": "Refunded", "R": "Rejected"},
    "depositApplication": {"A": "Applied"},
    "journalEntry": {"A": "Pending Approval", "B": "Approved for Posting"},
    "salesOrder": {
        "A": "Pending Approval",
        "B": "Pending Fulfillment",
        "C": "Cancelled",
        "D": "Partially Fulfilled",
        "E": "Pending Billing/Partially Fulfilled",
        "F": "Pending Billing",
        "G": "Billed",
        "H": "Closed",
    },
}
