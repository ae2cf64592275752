"""NetSuite reference data that mappings look up by name: loaded once a run, one small file per table in the run's folder.

Names are compared exactly after trimming outer blanks; nested values by their full path with " : " between levels; inactive values are
missing; two active values of one path are ambiguous (classifications.md section 2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tallybridge.errors import ConfigurationError, Refused
from tallybridge.pieces import side_by_side

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

OF_FEATURES = ("class", "department", "location", "fields:serviceSaleItem", "fields:nonInventorySaleItem", "fields:inventoryItem")
"""What only accounts with a certain feature have."""

PERIODS = (
    "SELECT id, periodname, TO_CHAR(startdate, 'YYYY-MM-DD') AS first, TO_CHAR(enddate, 'YYYY-MM-DD') AS last, closed, arlocked, alllocked "
    "FROM accountingperiod WHERE isyear = 'F' AND isquarter = 'F'"
)


class Lookup(Protocol):
    """What is needed of the NetSuite client."""

    def suiteql(self, q: str, params: Sequence[Any] = ()) -> Iterator[dict[str, str]]: ...
    def metadata(self, record_type: str) -> Any: ...


class Shelf(Protocol):
    """Where loaded tables are kept for the other workers of the run."""

    def has(self, name: str) -> bool: ...
    def read_json(self, name: str) -> Any: ...
    def write_json(self, name: str, value: Any) -> str: ...


@dataclass(frozen=True)
class RecordFields:
    """The fields that a NetSuite record type has in this account: body names, line names (of `item`), custom fields by label."""

    body: frozenset[str] = frozenset()
    line: frozenset[str] = frozenset()
    custom: Mapping[str, str] = field(default_factory=dict)
    custom_line: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Reference:
    """What is known of the NetSuite account. `tables`: kind -> name -> {"id", "kind"}; `fields`: record type -> RecordFields."""

    tables: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    fields: dict[str, RecordFields] = field(default_factory=dict)
    periods: list[dict[str, str]] = field(default_factory=list)
    overrides: Mapping[str, str] = field(default_factory=dict)

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


def prefix_of(record_type: str) -> str:
    """The script id prefix of custom fields by record type (custom-fields.md section 2.1)."""
    if record_type == "customer":
        return "custentity"
    return "custitem" if record_type.lower().endswith("item") else "custbody"


def derived_id(prefix: str, label: str) -> str:
    """The label in lower case, letters and digits only, behind the prefix: Zuora Sold To ID -> custentityzuorasoldtoid."""
    return KNOWN_IDS.get((prefix, label)) or prefix + "".join(c for c in label.lower() if c.isalnum())


KNOWN_IDS = {
    ("custitem", "Avalara Tax Code"): "custitem_ava_taxcode",
    ("custcol", "Zuora Service Start Date"): "custcolzuoraservicestartdate2",
    ("custcol", "Zuora Service End Date"): "custcolzuoraserviceenddate2",
}
"""Script ids that deviate from the derived pattern."""


def load_reference(lookup: Lookup, shelf: Shelf, needs: Iterable[str], overrides: Mapping[str, str]) -> Reference:
    """The tables a step needs ("class", ..., "periods", "fields:invoice"): from NetSuite the first time in a run, then from its folder.

    Raises `ConfigurationError` FIELD-MISSING when a record type lacks the field Zuora ID, without which nothing can be found again.
    """

    def content_of(need: str) -> Any:
        name = f"reference/{need.replace(':', '-').replace(' ', '-')}.json"
        if shelf.has(name):
            return shelf.read_json(name)
        content = _load_if_there(lookup, need)
        shelf.write_json(name, content)
        return content

    reference, needed = Reference(overrides=overrides), list(needs)
    for need, content in zip(needed, side_by_side(content_of, needed), strict=True):
        if need == "periods":
            reference.periods = content
        elif need.startswith("fields:"):
            record_type = need.removeprefix("fields:")
            if content:
                reference.fields[record_type] = _fields(content)
                _demand_zuora_id(reference, record_type)
        else:
            reference.tables[need] = content
    return reference


def _load_if_there(lookup: Lookup, need: str) -> Any:
    """As `_load`; a table or record type of a feature that the account does not use has no content: its values count as missing."""
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
    table: dict[str, dict[str, str]] = {}
    for row in lookup.suiteql(TABLES[need]):
        name = row.get("name", "").strip()
        entry = {"id": row["id"], "kind": row.get("kind", "")}
        table[name] = entry if name not in table else {**entry, "id": AMBIGUOUS}
    return table


def _describe(schema: Any) -> dict[str, Any]:
    line = schema.sublists.get("item", {})
    return {
        "body": sorted(schema.fields) + sorted(schema.sublists),
        "line": sorted(line),
        "custom": {f.title: name for name, f in sorted(schema.fields.items()) if f.custom},
        "custom_line": {f.title: name for name, f in sorted(line.items()) if f.custom},
    }


def _fields(content: Mapping[str, Any]) -> RecordFields:
    return RecordFields(frozenset(content["body"]), frozenset(content["line"]), content["custom"], content["custom_line"])


def _demand_zuora_id(reference: Reference, record_type: str) -> None:
    script_id = reference.custom(record_type, "Zuora ID")
    if not reference.has_field(record_type, script_id):
        raise ConfigurationError(
            f'NetSuite {record_type} is missing field "Zuora ID" ({script_id}).',
            place=script_id,
            code="FIELD-MISSING",
            advice="Create the field in NetSuite, show it on the form, or name it in the setting field_map; then run `tallybridge doctor`.",
        )
