"""Object types and their fields, parsed from the compact tables of this package.

A table lists entries separated by `; `, each `Name type flags`. Types: `id`, `str(n)`, `dec` (Decimal), `int`, `bool`, `date`,
`dt` (a moment), `enum(n)`, `obj` (nested, only in requests). Flags say what ZOQL, Actions and CRUD may do with the field:
`q` select, `f` filter, `c` give on create, `u` give on update, `-` nothing; `o` marks a field that only Object Query and Data Query know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

TEXT_LENGTH = 255
CUSTOM_SUFFIXES = ("__NS", "__c", "__QT")
ENTRY = re.compile(r"(?P<name>\w+) (?P<kind>id|str|dec|int|bool|date|dt|enum|obj)(?:\((?P<length>\d+)\))?(?: (?P<flags>[qfcuo-]+))?$")
SYSTEM_FIELDS = "Id id qf; CreatedById id qf; CreatedDate dt qf; UpdatedById id qf; UpdatedDate dt qf"


@dataclass(frozen=True, eq=False)
class Field:
    """One field of an object type, equal to itself alone. `name` is the PascalCase name; `sql` its Data Query column; `camel` its Object
    Query name. `indexed` custom fields are filtered by Object Query too; `label` is "" where it is that of the name."""

    name: str
    kind: str
    length: int | None
    flags: str
    enum: tuple[str, ...] | None = None
    sql: str | None = None
    camel: str | None = None
    custom: bool = False
    label: str = ""
    indexed: bool = False

    @property
    def selectable(self) -> bool:
        return "q" in self.flags

    @property
    def filterable(self) -> bool:
        return "f" in self.flags

    @property
    def createable(self) -> bool:
        return "c" in self.flags

    @property
    def updateable(self) -> bool:
        return "u" in self.flags


@dataclass
class ObjectType:
    """One object type: its fields by name, which of them refer to other objects, and where it can be used."""

    name: str
    fields: dict[str, Field]
    references: dict[str, str]
    required: tuple[str, ...]
    number: str | None
    plural: str | None
    settlement_only: bool
    zoql: bool
    by_lower: dict[str, Field] = field(default_factory=dict)
    by_camel: dict[str, Field] = field(default_factory=dict)

    def rebuild(self) -> None:
        """Bring the look-ups up to date after fields were added."""
        self.by_lower = {f.name.lower(): f for f in self.fields.values()}
        self.by_camel = {f.camel: f for f in self.fields.values() if f.camel}

    def copy(self) -> ObjectType:
        """One whose fields may change by themselves."""
        return replace(self, fields=dict(self.fields), by_lower=dict(self.by_lower), by_camel=dict(self.by_camel))

    @property
    def table(self) -> str:
        """The Data Query table; that of orders is named by the plural, since `order` is a word of SQL."""
        return {"Order": "orders"}.get(self.name, self.name.lower())

    def columns(self) -> Iterator[Field]:
        """The fields that are Data Query columns."""
        return (f for f in self.fields.values() if f.sql)


def parse_entries(text: str) -> Iterator[tuple[str, str, int | None, str]]:
    """The entries of one table as (name, kind, length, flags)."""
    for entry in " ".join(text.split()).split("; "):
        match = ENTRY.match(entry)
        if match is None:
            raise ValueError(f"bad entry in a field table: {entry!r}")
        length = match["length"]
        yield match["name"], match["kind"], int(length) if length else None, match["flags"] or "o"


def words(text: str) -> tuple[str, ...]:
    """The words of a text; keeps long lists of names readable."""
    return tuple(text.split())


def camel_name(name: str) -> str:
    """`InvoiceNumber` -> `invoiceNumber`, `VATId` -> `vATId`; custom fields keep their spelling (spec section 14.1)."""
    return name if is_custom(name) else name[0].lower() + name[1:]


def is_custom(name: str) -> bool:
    return name.endswith(CUSTOM_SUFFIXES)
