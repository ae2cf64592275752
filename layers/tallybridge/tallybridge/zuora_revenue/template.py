"""An upload template as `upload/mapping` gives it (api-zuora-revenue.md section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tallybridge.errors import BadAnswer

SERVICE = "Zuora Revenue"
DEFAULT_DATE_FORMAT = "DD-MM-YYYY"
Kind = Literal["Character", "Number", "Date"]


@dataclass(frozen=True)
class TemplateColumn:
    """`name` of the staging column, `label` as the header of the file, its type and place."""

    name: str
    label: str
    kind: Kind
    seq: int


@dataclass(frozen=True)
class Template:
    """A template: its columns in the order of the file. `upload_id` is its id."""

    name: str
    date_format: str
    columns: tuple[TemplateColumn, ...]
    upload_id: str = ""

    def to_json(self) -> dict[str, Any]:
        rows = [[c.name, c.label, c.kind, c.seq] for c in self.columns]
        return {"name": self.name, "date_format": self.date_format, "upload_id": self.upload_id, "columns": rows}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Template:
        return cls(row["name"], row["date_format"], tuple(TemplateColumn(*column) for column in row["columns"]), row["upload_id"])


def template_from(name: str, answer: Mapping[str, Any]) -> Template:
    """The template in an answer whose keys are in lower case; `mapping` is an array or an object of columns. Raises `BadAnswer`."""
    given = answer.get("mapping")
    rows = list(given.values()) if isinstance(given, Mapping) else given
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise BadAnswer(f'Zuora Revenue described the template "{name}" in a way that cannot be read.', service=SERVICE)
    columns = sorted((_column({str(k).lower(): v for k, v in row.items()}) for row in rows), key=lambda c: c.seq)
    upload_id = next((str(row["upload_id"]) for row in rows if row.get("upload_id") is not None), "")
    return Template(name, str(answer.get("dateformat") or DEFAULT_DATE_FORMAT), tuple(columns), upload_id)


def _column(row: Mapping[str, Any]) -> TemplateColumn:
    name = str(row.get("col_name") or "").strip()
    kinds: dict[str, Kind] = {"number": "Number", "date": "Date"}
    try:
        return TemplateColumn(
            name, str(row.get("label") or name), kinds.get(str(row.get("data_type")).lower(), "Character"), int(row["seq"])
        )
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadAnswer(f"Zuora Revenue described a template column without a place: {dict(row)}"[:300], service=SERVICE) from wrong
