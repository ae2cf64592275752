"""NetSuite reference data that mappings look up by name: loaded once a run, one small file per table in the run's folder.

Names are compared exactly after trimming outer blanks; nested values by their full path with " : " between levels; inactive values are
missing; two active values of one path are ambiguous (classifications.md section 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tallybridge.errors import ConfigurationError, Refused
from tallybridge.field_names import derived_id
from tallybridge.fields.netsuite import prefix_of
from tallybridge.money import digits_of as iso_digits
from tallybridge.parallel import side_by_side
from tallybridge.shelf import Shelf
from tallybridge.steps.shared.fitting import CUSTOM_TEXT, PUBLISHED

AMBIGUOUS = "ambiguous"

TABLES = {
    "class": "SELECT id, fullname AS name FROM classification WHERE isinactive = 'F'",
    "department": "SELECT id, fullname AS name FROM department WHERE isinactive = 'F'",
    "location": "SELECT id, fullname AS name FROM location WHERE isinactive = 'F'",
    "subsidiary": "SELECT id, fullname AS name FROM subsidiary WHERE isinactive = 'F'",
    "term": "SELECT id, name FROM term WHERE isinactive = 'F'",
    "currency": "SELECT id, symbol AS name FROM currency WHERE isinactive = 'F'",
    "account": "SELECT id, fullname AS name, accttype AS kind FROM account WHERE isinactive = 'F'",
    "payment method": "SELECT id, name FROM paymentmethod WHERE isinactive = 'F'",
    "tax code": "SELECT id, itemid AS name FROM salestaxitem WHERE isinactive = 'F'",
    "tax schedule": "SELECT id, name FROM taxschedule WHERE isinactive = 'F'",
    "revenue template": "SELECT id, name FROM revrectemplate WHERE isinactive = 'F'",
}
"""SuiteQL by table; each row has id, name and perhaps kind."""

CURRENCIES = "SELECT id, symbol AS name, currencyprecision AS digits, isinactive AS off, isbasecurrency AS base FROM currency"
"""Of currencies more is needed, and those that are switched off too."""

OF_FEATURES = (
    "class",
    "department",
    "location",
    "currency",
    "fields:serviceSaleItem",
    "fields:nonInventorySaleItem",
    "fields:inventoryItem",
)
"""What only accounts with a certain feature have."""

PERIODS = (
    "SELECT id, periodname, TO_CHAR(startdate, 'YYYY-MM-DD') AS first, TO_CHAR(enddate, 'YYYY-MM-DD') AS last, closed, arlocked, alllocked "
    "FROM accountingperiod WHERE isyear = 'F' AND isquarter = 'F'"
)


FIELD_ADVICE = (
    "`tallybridge setup netsuite` writes what is missing as a project to deploy; or name the field in the setting field_map; then run "
    "`tallybridge doctor`."
)
"""How a field that the account lacks comes to be there."""


class Lookup(Protocol):
    """What is needed of the NetSuite client."""

    def suiteql(self, q: str, params: Sequence[Any] = ()) -> Iterator[dict[str, str]]: ...
    def metadata(self, record_type: str) -> Any: ...


@dataclass(frozen=True)
class RecordFields:
    """The fields that a NetSuite record type has in this account: body names, line names (of `item`), custom fields by label; `lengths`
    are the characters that texts may have, by path ("memo", "item.description", "addressBook.addressBookAddress.city")."""

    body: frozenset[str] = frozenset()
    line: frozenset[str] = frozenset()
    custom: Mapping[str, str] = field(default_factory=dict)
    custom_line: Mapping[str, str] = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Currency:
    """A currency of the NetSuite account: its internal id, how many digits after the point its amounts are kept with (`currencyPrecision`),
    whether it is switched on, and whether it is the base currency."""

    id: str
    digits: int
    active: bool = True
    base: bool = False


@dataclass
class Reference:
    """What is known of the NetSuite account. `tables`: kind -> name -> {"id", "kind"}; `currencies` by ISO code, those that are switched
    off too; `fields`: record type -> RecordFields."""

    tables: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    fields: dict[str, RecordFields] = field(default_factory=dict)
    periods: list[dict[str, str]] = field(default_factory=list)
    overrides: Mapping[str, str] = field(default_factory=dict)
    currencies: dict[str, Currency] = field(default_factory=dict)

    def id_of(self, kind: str, name: str | None) -> str | None:
        """The internal id of an active value by its exact name; None when it is missing or ambiguous."""
        entry = self.tables.get(kind, {}).get((name or "").strip())
        return entry["id"] if entry and entry["id"] != AMBIGUOUS else None

    def kind_of(self, kind: str, name: str | None) -> str:
        """The type of an account, for example "Income"; "" when unknown."""
        return self.tables.get(kind, {}).get((name or "").strip(), {}).get("kind", "")

    def is_ambiguous(self, kind: str, name: str | None) -> bool:
        return self.tables.get(kind, {}).get((name or "").strip(), {}).get("id") == AMBIGUOUS

    def custom(self, record_type: str, label: str, *, line: bool = False) -> str:
        """The script id of a Zuora field of NetSuite: by the field map of the settings, by its label in this account, else derived."""
        prefix = "custcol" if line else prefix_of(record_type)
        logical = f"{prefix}.{label}"
        if logical in self.overrides:
            return self.overrides[logical]
        known = self.fields.get(record_type)
        labelled = (known.custom_line if line else known.custom).get(label) if known else None
        return labelled or derived_id(prefix, label)

    def has_field(self, record_type: str, name: str, *, line: bool = False) -> bool:
        """Whether the record type has the field in this account; True when its metadata was not read."""
        known = self.fields.get(record_type)
        if known is None:
            return True
        return name in (known.line if line else known.body)

    def limit(self, record_type: str, path: str) -> int:
        """How many characters a text may have: the account's own word, else what is published; 0 where there is no limit."""
        known = self.fields.get(record_type)
        name = path.rpartition(".")[2]
        own_default = CUSTOM_TEXT if name.startswith("cust") else 0
        return (known.lengths.get(path) if known else None) or PUBLISHED.get(name) or own_default

    @property
    def base_currency(self) -> str:
        """The ISO code of the account's base currency, "" when unknown."""
        return next((code for code, currency in self.currencies.items() if currency.base), "")

    def currency_code(self, internal_id: str | None) -> str:
        """The ISO code of a currency by its internal id, "" when unknown."""
        return next((code for code, currency in self.currencies.items() if currency.id == internal_id), "")

    def digits_of(self, code: str) -> int:
        """How many digits after the point NetSuite keeps of amounts in a currency; ISO 4217's where the account does not say."""
        known = self.currencies.get(code)
        return known.digits if known else iso_digits(code)

    def period_of(self, day: str) -> dict[str, str] | None:
        """The accounting period that holds a date (YYYY-MM-DD)."""
        return next((p for p in self.periods if p["first"] <= day <= p["last"]), None)

    def is_closed(self, day: str) -> bool:
        """Whether receivables can no longer be posted on a date. A date without any period counts as open: NetSuite decides."""
        period = self.period_of(day)
        return period is not None and _is_locked(period)

    def next_open(self, day: str) -> dict[str, str] | None:
        """The first period after a date to which receivables can be posted."""
        later = (p for p in self.periods if p["first"] > day and not _is_locked(p))
        return min(later, key=lambda p: p["first"], default=None)


def _is_locked(period: Mapping[str, str]) -> bool:
    return any(period.get(flag) == "T" for flag in ("closed", "arlocked", "alllocked"))


def load_reference(lookup: Lookup, shelf: Shelf, needs: Iterable[str], overrides: Mapping[str, str]) -> Reference:
    """The tables a step needs ("class", ..., "periods", "fields:invoice"): from NetSuite the first time in a run, then from its folder.

    Raises `ConfigurationError` FIELD-MISSING when a record type lacks the field Zuora ID, without which nothing can be found again.
    """

    def content_of(need: str) -> Any:
        name = f"reference/{need.replace(':', '-').replace(' ', '-')}.json"
        content = shelf.read_json_or(name)
        if content is None:
            content = content_now(lookup, need)
            shelf.write_json(name, content)
        return content

    return reference_of(content_of, needs, overrides)


def reference_of(content_of: Callable[[str], Any], needs: Iterable[str], overrides: Mapping[str, str]) -> Reference:
    """The tables that are needed, of what `content_of` says of each. Raises as `load_reference`."""
    reference, needed = Reference(overrides=overrides), list(needs)
    for need, content in zip(needed, side_by_side(content_of, needed), strict=True):
        if need == "periods":
            reference.periods = content
        elif need.startswith("fields:"):
            record_type = need.removeprefix("fields:")
            if content:
                reference.fields[record_type] = _fields(content)
                _demand_zuora_id(reference, record_type)
        elif need == "currency":
            reference.currencies = {name: Currency(**entry) for name, entry in content.items() if entry["id"] != AMBIGUOUS}
            reference.tables[need] = {name: {"id": entry["id"], "kind": ""} for name, entry in content.items() if entry["active"]}
        else:
            reference.tables[need] = content
    return reference


def content_now(lookup: Lookup, need: str) -> Any:
    """What NetSuite says of a need now; a table or record type of a feature that the account does not use has no content: its values count
    as missing."""
    try:
        return _load(lookup, need)
    except Refused:
        if need not in OF_FEATURES:
            raise
        return {}


def _load(lookup: Lookup, need: str) -> Any:
    if need == "periods":
        return list(lookup.suiteql(PERIODS))
    if need.startswith("fields:"):
        return _describe(lookup.metadata(need.removeprefix("fields:")))
    table: dict[str, dict[str, Any]] = {}
    for row in lookup.suiteql(CURRENCIES if need == "currency" else TABLES[need]):
        name = row.get("name", "").strip()
        entry = _currency(row, name) if need == "currency" else {"id": row["id"], "kind": row.get("kind", "")}
        table[name] = entry if name not in table else {**entry, "id": AMBIGUOUS}
    return table


def _currency(row: Mapping[str, str], name: str) -> dict[str, Any]:
    digits = int(row["digits"]) if row.get("digits", "").isdecimal() else iso_digits(name)
    return {"id": row["id"], "digits": digits, "active": row.get("off") != "T", "base": row.get("base") == "T"}


def _describe(schema: Any) -> dict[str, Any]:
    line = schema.sublists.get("item", {})
    return {
        "body": sorted(schema.fields) + sorted(schema.sublists),
        "line": sorted(line),
        "custom": {f.title: name for name, f in sorted(schema.fields.items()) if f.custom},
        "custom_line": {f.title: name for name, f in sorted(line.items()) if f.custom},
        "lengths": {name: f.length for name, f in _texts(schema) if f.length},
    }


def _texts(schema: Any) -> Iterator[tuple[str, Any]]:
    """All fields of a record type with their paths, those of sublists and of records inside them too."""
    for prefix, fields in (("", schema.fields), *((f"{sublist}.", lines) for sublist, lines in schema.sublists.items())):
        for name, f in fields.items():
            yield f"{prefix}{name}", f
            yield from ((f"{prefix}{name}.{part}", inner) for part, inner in f.parts.items())


def _fields(content: Mapping[str, Any]) -> RecordFields:
    known = (content["custom"], content["custom_line"], content["lengths"])
    return RecordFields(frozenset(content["body"]), frozenset(content["line"]), *known)


def _demand_zuora_id(reference: Reference, record_type: str) -> None:
    script_id = reference.custom(record_type, "Zuora ID")
    if not reference.has_field(record_type, script_id):
        raise ConfigurationError(
            f'NetSuite {record_type} is missing field "Zuora ID" ({script_id}).',
            place=script_id,
            code="FIELD-MISSING",
            advice=FIELD_ADVICE,
        )
