"""Upload templates: what a file must look like. They are made in the vendor's user interface, here through `load`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import cached_property
from typing import Any

from sandbox.revenue import columns as staging
from sandbox.revenue.formats import date_reader

KINDS = ("transaction", "event")
FILE_TYPES = ("CSV", "TEXT")
FIRST_ID = 10_021
COLUMNS_LIMIT = 250


@dataclass(frozen=True)
class Column:
    """One column of a template. `total`: "Count" or "Sum" where the template asks for a control total."""

    seq: int
    col_name: str
    label: str
    data_type: str
    id: int = 0
    total: str = ""

    @property
    def name(self) -> str:
        """The staging column's name as the rules know it."""
        return staging.canonical(self.col_name)


@dataclass(frozen=True)
class Template:
    """One upload template, columns in the order of `seq`."""

    id: int
    name: str
    columns: tuple[Column, ...]
    kind: str = "transaction"
    rc_grouping_rule: str = "Order Number"
    grouping_columns: tuple[str, ...] = ()
    description: str = ""
    enabled: bool = True
    file_type: str = "CSV"
    field_separator: str = ","
    start_row: int = 2
    date_format: str = "DD-MON-YYYY"
    review_required: bool = False

    @cached_property
    def names(self) -> list[str]:
        """Staging columns in the order of the file."""
        return [c.name for c in self.columns]

    @cached_property
    def read_date(self) -> Callable[[str], date | None]:
        return date_reader(self.date_format)

    @classmethod
    def from_object(cls, given: dict[str, Any], number: int) -> Template:
        """A template from the form that `load` takes. Raises `ValueError` saying what is wrong."""
        content = dict(given)
        mapping = content.pop("mapping", None)
        number = int(content.pop("id", number))
        allowed = {f.name for f in fields(cls)} - {"columns"}
        if unknown := set(content) - allowed:
            raise ValueError(f"an upload template has no {sorted(unknown)[0]!r}")
        if not isinstance(content.get("name"), str) or not content["name"].strip():
            raise ValueError("an upload template needs a name")
        content["grouping_columns"] = tuple(content.get("grouping_columns", ()))
        made = cls(id=number, columns=_columns(mapping, number, content.get("kind", "transaction")), **content)
        made._check()
        return made

    def _check(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {self.kind!r}")
        if self.file_type not in FILE_TYPES:
            raise ValueError(f"file_type must be one of {', '.join(FILE_TYPES)}, not {self.file_type!r}")
        if not isinstance(self.field_separator, str) or len(self.field_separator) != 1:
            raise ValueError("field_separator must be one character")
        if self.file_type == "CSV" and self.field_separator != ",":
            raise ValueError("field_separator is for file type TEXT only")
        if not isinstance(self.start_row, int) or self.start_row < 1:
            raise ValueError("start_row must be 1 or more")
        date_reader(self.date_format)

    def as_object(self) -> dict[str, Any]:
        """The form that `load` takes and `dump` gives."""
        content = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "columns"}
        mapping = [asdict(c) for c in self.columns]
        return {**content, "grouping_columns": list(self.grouping_columns), "mapping": mapping}

    def mapping(self) -> list[dict[str, Any]]:
        """The rows of `upload/mapping`."""
        return [
            {
                "client_id": 1,
                "col_name": c.col_name,
                "data_type": c.data_type,
                "id": c.id,
                "label": c.label,
                "seq": c.seq,
                "upload_id": self.id,
            }
            for c in self.columns
        ]


def _columns(mapping: Any, template: int, kind: str) -> tuple[Column, ...]:
    if not isinstance(mapping, list) or not 1 <= len(mapping) <= COLUMNS_LIMIT:
        raise ValueError(f"mapping must be a list of 1 to {COLUMNS_LIMIT} columns")
    made = [_column(given, at, template, kind) for at, given in enumerate(mapping, 1)]
    for what, values in (
        ("seq", [str(c.seq) for c in made]),
        ("label", [c.label.lower() for c in made]),
        ("col_name", [c.name for c in made]),
    ):
        twice = {v for v in values if values.count(v) > 1}
        if twice:
            raise ValueError(f"{what} {sorted(twice)[0]!r} stands twice in the mapping")
    return tuple(sorted(made, key=lambda c: c.seq))


def _column(given: Any, at: int, template: int, kind: str) -> Column:
    if not isinstance(given, dict):
        raise ValueError(f"column {at} of the mapping is not an object")
    if unknown := set(given) - {f.name for f in fields(Column)}:
        raise ValueError(f"a column of a mapping has no {sorted(unknown)[0]!r}")
    name, label, data_type = (given.get(k) for k in ("col_name", "label", "data_type"))
    if not isinstance(name, str) or not isinstance(label, str) or not label:
        raise ValueError(f"column {at} of the mapping needs a col_name and a label")
    if kind == "transaction" and not staging.is_column(name):
        raise ValueError(f"the staging table has no column {name!r}")
    if staging.canonical(name) in staging.RESERVED:
        raise ValueError(f"the column {name!r} is reserved for the Billing-Revenue integration")
    if data_type not in staging.DATA_TYPES:
        raise ValueError(f"the data type of {name!r} must be one of {', '.join(staging.DATA_TYPES)}, not {data_type!r}")
    if given.get("total", "") not in ("", "Count", "Sum"):
        raise ValueError(f"the total of {name!r} must be Count or Sum")
    return Column(int(given.get("seq", at)), name, label, data_type, int(given.get("id", template * 10 + at)), str(given.get("total", "")))
