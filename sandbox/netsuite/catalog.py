"""What records look like in this account: standard properties that its features leave, and its custom fields."""

from __future__ import annotations

from dataclasses import replace

from sandbox.netsuite.access import Role
from sandbox.netsuite.customfields import SHOWN, STORED, CustomField, Lists, installed, installed_lists
from sandbox.netsuite.options import NetSuiteOptions
from sandbox.netsuite.schema import LINE_SHAPES, RECORD_TYPES, Field, Fields, LineShape, RecordType

REVENUE_FIELDS = ("revrecschedule", "revrecstartdate", "revrecenddate", "revrecterminmonths", "deferrevrec", "deferredrevenueaccount")
CURRENCY_FIELDS = ("currency", "exchangerate", "currencylist")
TAX_FIELDS = {
    "suitetax": ("taxdetails", "taxdetailsoverride", "taxdetailsreference"),
    "legacy": ("taxcode", "taxitem", "taxrate", "taxrate1", "taxrate2", "tax1amt", "istaxable"),
    "vat": ("taxcode", "taxrate1", "taxrate2", "tax1amt"),
}
"""Of records and lines, by tax model."""


class Catalog:
    """Record types and line shapes of one account. `version` changes with every change of the custom fields and lists, `beginnings` counts
    how often the account began anew; `list_keys` are the script ids of their values, as far as they are known. `role` is the one
    that the request in hand is made with; None for what needs no permission."""

    def __init__(self, options: NetSuiteOptions) -> None:
        self.options = options
        self.version = 0
        self.beginnings = 0
        self.began_with = ""
        """The options that record types and line shapes were made with."""
        self.types: dict[str, RecordType] = {}
        self.custom: dict[str, CustomField] = {}
        self.lists: Lists = {}
        self.list_keys: dict[str, dict[str, int]] = {}
        self.role: Role | None = None
        self._shapes: dict[tuple[str, str], LineShape] = {}
        self.reset()

    def reset(self) -> None:
        """Back to the fields and lists of a new account."""
        lists = {} if self.options.bare else installed_lists()
        custom = {} if self.options.bare else {f.script_id: f for f in installed()}
        self.beginnings += 1
        self.list_keys = {}
        if (lists, custom, repr(self.options)) == (self.lists, self.custom, self.began_with):
            return  # nobody has changed them, and what was made of them holds
        self.lists = lists
        self.set_custom(custom)

    def may_edit(self, script_id: str) -> bool:
        """Whether the role of the request may write a custom field."""
        field = self.custom.get(script_id)
        return field is None or not field.editors or self.role is None or self.role.administrator or self.role.script_id in field.editors

    def set_custom(self, fields: dict[str, CustomField]) -> None:
        """Replace the custom fields."""
        self.version += 1
        self.began_with = repr(self.options)
        self.custom = fields
        self._shapes = {}
        self.types = {name: self._in_this_account(t) for name, t in RECORD_TYPES.items()}
        self._index()

    def type(self, name: str) -> RecordType:
        """A record type by its name; it must exist."""
        return self.types[name.lower()]

    def shape(self, record_type: str, sublist: Field) -> LineShape | None:
        """The line of a sublist, with the line fields that apply to the record type; None for sublists known by name only."""
        key = (record_type, sublist.name)
        if key not in self._shapes:
            standard = LINE_SHAPES.get(sublist.target)
            if standard is None:
                return None
            kept = dict(standard.fields) if sublist.name.lower() in TAX_FIELDS["suitetax"] else self._kept(standard.fields)
            fields = {**kept, **self._custom_for(record_type, "custcol", sublist.name == "item")}
            self._shapes[key] = replace(standard, fields=fields)
        return self._shapes[key]

    def columns(self, prefix: str) -> list[CustomField]:
        """Custom fields whose script id begins with the prefix."""
        return [f for f in self.custom.values() if f.script_id.startswith(prefix)]

    def queried(self, prefix: str) -> list[CustomField]:
        """Those that queries know."""
        return [f for f in self.columns(prefix) if f.kept != SHOWN]

    def sourced(self, record_type: str) -> tuple[CustomField, ...]:
        """Body fields of a record type that are shown from another record, as it is now."""
        return self._sourced.get(record_type, ())

    def sourced_lines(self, record_type: str) -> tuple[CustomField, ...]:
        """The same of item lines."""
        return tuple(f for f in self.columns("custcol") if f.source and f.kept != STORED and record_type in f.applies_to)

    def stored(self, record_type: str, *, line: bool) -> tuple[CustomField, ...]:
        """Body fields, or fields of item lines, that are filled from another record when one is saved."""
        found = (f for f in self.custom.values() if f.kept == STORED and f.script_id.startswith("custcol") == line)
        return tuple(f for f in found if record_type in f.applies_to)

    def ticked(self, record_type: str) -> tuple[str, ...]:
        """Check boxes that a new record has ticked."""
        return tuple(f.script_id for f in self.custom.values() if f.ticked and record_type in f.applies_to)

    def flags(self, record_type: str) -> tuple[str, ...]:
        """Custom check boxes of a record type."""
        return self._flags.get(record_type, ())

    def _index(self) -> None:
        self._sourced: dict[str, tuple[CustomField, ...]] = {}
        self._flags: dict[str, tuple[str, ...]] = {}
        for kind in self.types.values():
            own = [f for f in self.custom.values() if kind.name in f.applies_to and not f.script_id.startswith("custcol")]
            self._sourced[kind.name] = tuple(f for f in own if f.source and f.kept != STORED)
            self._flags[kind.name] = tuple(f.script_id for f in own if f.type == "checkbox")

    def _custom_for(self, record_type: str, prefix: str, wanted: bool = True) -> Fields:
        if not wanted:
            return {}
        return {f.script_id: f.as_field() for f in self.columns(prefix) if record_type in f.applies_to}

    def _in_this_account(self, standard: RecordType) -> RecordType:
        fields = self._kept(standard.fields) if standard.group in ("transaction", "item", "entity") else dict(standard.fields)
        if not self.options.one_world and standard.name != "subsidiary":
            fields.pop("subsidiary", None)
            fields.pop("includechildren", None)
        option = fields.get("paymentoption")
        if option and not self.options.payment_instruments:
            del fields["paymentoption"]
            fields["paymentmethod"] = replace(option, name="paymentMethod", label="Payment Method")
        if standard.custom:
            fields.update(self._custom_for(standard.name, f"cust{standard.custom}"))
        return replace(standard, fields=fields)

    def _kept(self, fields: Fields) -> Fields:
        dropped: set[str] = set()
        if not self.options.revenue_recognition:
            dropped.update(REVENUE_FIELDS)
        if not self.options.multiple_currencies:
            dropped.update(CURRENCY_FIELDS)
        own = TAX_FIELDS[self.options.tax_model]
        dropped.update(name for names in TAX_FIELDS.values() for name in names if name not in own)
        return {n: f for n, f in fields.items() if n not in dropped} if dropped else dict(fields)
