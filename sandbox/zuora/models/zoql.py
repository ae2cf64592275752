"""ZOQL over the transactional store (spec sections 8.3 and 8.4)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.zuora.exceptions import ZoqlFault
from sandbox.zuora.models.store import Store
from sandbox.zuora.models.values import DATE, Record, ValueRefused, check_date, parse_moment, zoql_moment
from sandbox.zuora.models.zoql_parse import Literal, Predicate, Query, parse
from sandbox.zuora.schema import Field, ObjectType
from sandbox.zuora.schema.rules import LATEST_WSDL, WSDL_NEEDED

Test = Callable[[Record], bool]
TIER_PRICES = {"Price", "DiscountAmount", "DiscountPercentage"}
LONG_TEXT = {"Notes", "Body"}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ZOQL_CHARGE_TYPES = {"One-Time": "OneTime"}
CHARGE_TYPE_OWNERS = ("ProductRatePlanCharge", "RatePlanCharge")


class Selection:
    """A query checked against the schema: which object, which fields, which records."""

    def __init__(self, store: Store, query: Query, zone: Any, wsdl: int = LATEST_WSDL) -> None:
        self.store = store
        self.zone = zone
        self.wsdl = wsdl
        self.kind = object_type(store, query.object)
        self.fields = [self.selectable(name) for name in query.fields]
        self.check_combination()
        groups = with_automatic_filter(self.kind, query.groups)
        self.groups = [[self.compile(p) for p in group] for group in groups]

    def selectable(self, name: str) -> Field:
        field = self.known(name)
        if field is None or not field.selectable:
            raise ZoqlFault("INVALID_FIELD", f"invalid field for query: {self.kind.name}.{name.lower()}")
        return field

    def known(self, name: str) -> Field | None:
        """The field of that name, if the WSDL version of the call has it."""
        field = self.kind.by_lower.get(name.lower())
        return field if field and WSDL_NEEDED.get((self.kind.name, field.name), 0) <= self.wsdl else None

    def check_combination(self) -> None:
        names = {f.name for f in self.fields}
        if self.kind.name == "ProductRatePlanChargeTier" and len(names & TIER_PRICES) > 1:
            raise ZoqlFault(
                "INVALID_VALUE",
                "Can only use Price or DiscountAmount or DiscountPercentage in one ProductRatePlanChargeTier query.",
            )

    def compile(self, p: Predicate) -> tuple[Predicate, Test]:
        field = self.known(p.field)
        if field is None or not field.filterable or field.name in LONG_TEXT:
            raise ZoqlFault("INVALID_FIELD", f"invalid field for query: {self.kind.name}.{p.field.lower()}")
        value = p.value
        if field.name == "ChargeType" and self.kind.name in CHARGE_TYPE_OWNERS and isinstance(value, str):
            value = ZOQL_CHARGE_TYPES.get(value, value if value != "OneTime" else "\0")
        return Predicate(field.name, p.op, value), test_for(field, p.op, value, self.zone)

    def records(self) -> list[Record]:
        """The matching records, each once."""
        if not self.groups:
            found = list(self.store.all(self.kind.name))
        else:
            matches: dict[str, Record] = {}
            for group in self.groups:
                tests = [test for _, test in group]
                for record in self.candidates(group):
                    if all(test(record) for test in tests):
                        matches[record["Id"]] = record
            found = list(matches.values())
        if len(found) > 1 and any(f.name == "Body" for f in self.fields):
            raise ZoqlFault("INVALID_VALUE", "Body can only be queried when exactly one invoice matches")
        return found

    def candidates(self, group: list[tuple[Predicate, Test]]) -> Iterable[Record]:
        for p, _ in group:
            if p.op == "=" and isinstance(p.value, str):
                if p.field == "Id":
                    record = self.store.get(self.kind.name, p.value)
                    return [record] if record else []
                if (self.kind.name, p.field) in self.store.indexes:
                    return self.store.by(self.kind.name, p.field, p.value)
        return self.store.all(self.kind.name)

    def show(self, record: Record) -> dict[str, Any]:
        """The selected fields as ZOQL shows them: no nulls, always the id."""
        shown: dict[str, Any] = {}
        for field in self.fields:
            value = record.get(field.name)
            if value is None:
                continue
            if isinstance(value, datetime):
                value = zoql_moment(value, self.zone)
            elif field.name == "ChargeType" and value == "OneTime" and self.kind.name in CHARGE_TYPE_OWNERS:
                value = "One-Time"
            shown[field.name] = value
        shown["Id"] = record["Id"]
        return shown


def select(store: Store, text: object, zone: Any, wsdl: int = LATEST_WSDL, any_case: bool = False) -> tuple[Selection, list[Record]]:
    """Parse and run a query. Raises `ZoqlFault`."""
    selection = Selection(store, parse(text, any_case), zone, wsdl)
    return selection, selection.records()


def object_type(store: Store, name: str) -> ObjectType:
    for kind in store.schema.values():
        if kind.name.lower() == name.lower() and kind.zoql:
            return kind
    raise ZoqlFault("INVALID_TYPE", f"invalid type for query: {name}")


def with_automatic_filter(kind: ObjectType, groups: tuple[tuple[Predicate, ...], ...]) -> list[list[Predicate]]:
    """RatePlan hides removed products unless the filter speaks of AmendmentType."""
    written = [list(g) for g in groups]
    if kind.name != "RatePlan" or any(p.field.lower() == "amendmenttype" for g in groups for p in g):
        return written
    hidden = [Predicate("AmendmentType", "=", None)], [Predicate("AmendmentType", "!=", "RemoveProduct")]
    return [g + extra for g in written or [[]] for extra in hidden]


def bad_value(field: Field, value: Literal) -> ZoqlFault:
    return ZoqlFault("INVALID_VALUE", f"invalid value for field {field.name}: {value}")


def test_for(field: Field, op: str, value: Literal, zone: Any) -> Test:
    """A predicate as a function of a record. Raises `ZoqlFault` INVALID_VALUE for a literal that does not fit the field."""
    name = field.name
    if value is None:
        if op not in ("=", "!="):
            raise bad_value(field, value)
        return (lambda r: name not in r) if op == "=" else (lambda r: name in r)
    if op == "like":
        return like_test(field, value)
    wanted = literal_for(field, op, value, zone)
    compare = COMPARE[op]
    return lambda r: name in r and compare(r[name], wanted)


def literal_for(field: Field, op: str, value: Literal, zone: Any) -> Any:
    match field.kind:
        case "bool" if isinstance(value, bool) and op in ("=", "!="):
            return value
        case "dec" | "int" if isinstance(value, Decimal):
            return value
        case "date" if isinstance(value, str):
            if not DATE.match(value):
                raise bad_value(field, value)
            try:
                return check_date(field, value)
            except ValueRefused:
                raise bad_value(field, value) from None
        case "dt" if isinstance(value, str):
            try:
                return parse_moment(field.name, value, zone)
            except ValueRefused:
                raise bad_value(field, value) from None
        case "str" | "enum" | "id" if isinstance(value, str):
            return value
    raise bad_value(field, value)


def like_test(field: Field, value: Literal) -> Test:
    if field.kind not in ("str", "enum") or not isinstance(value, str) or value.count("%") > 1 or "%" in value[1:-1]:
        raise bad_value(field, value)
    pattern = re.compile("".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in value) + r"\Z", re.DOTALL)
    name = field.name
    return lambda r: name in r and pattern.match(r[name]) is not None
