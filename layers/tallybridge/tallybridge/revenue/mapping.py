"""A dataset's rows as lines of an upload file: source columns found, values represented, every row checked (sections 5, 9 and 13)."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from tallybridge.revenue import columns, values
from tallybridge.revenue.checks import ColumnChecks, check_mandatory, check_types
from tallybridge.revenue.codes import Code, TaskFailed
from tallybridge.revenue.config import InstanceObject, MappingLine, Options
from tallybridge.revenue.findings import Findings
from tallybridge.zuora_revenue.template import Template, TemplateColumn

Row = Mapping[str, Any]
LINE_END = "\r\n"


def folded(name: str) -> str:
    """A column name as names are compared when they are not equal: without case, blanks as `_`."""
    return name.strip().lower().replace(" ", "_")


def find_sources(wanted: Sequence[str], present: Sequence[str]) -> dict[str, str | None]:
    """Which key of the dataset's rows each source column is: exact first, then folded; None when no row has it.

    Raises `TaskFailed` SOURCE_COLUMN_AMBIGUOUS when several keys fit.
    """
    found: dict[str, str | None] = {}
    for name in wanted:
        fitting = [name] if name in present else [key for key in present if folded(key) == folded(name)]
        if len(fitting) > 1:
            text = f'The source column "{name}" may be any of {", ".join(sorted(fitting))} of the dataset.'
            raise TaskFailed(Code.SOURCE_COLUMN_AMBIGUOUS, text)
        found[name] = fitting[0] if fitting else None
    return found


def find_targets(lines: Sequence[MappingLine], template: Template) -> dict[str, MappingLine]:
    """Mapping line by staging column of the template. Raises `TaskFailed` TEMPLATE_COLUMN_MISSING naming every target without one."""
    known = {column.name.lower(): column.name for column in template.columns}
    for alias, name in columns.ALIASES.items():  # the same column goes by two names
        for one, other in ((alias, name), (name, alias)):
            if one in known:
                known.setdefault(other, known[one])
    missing = [line.target for line in lines if line.target.lower() not in known]
    if missing:
        names = ", ".join(f'"{name}"' for name in missing)
        raise TaskFailed(Code.TEMPLATE_COLUMN_MISSING, f'The template "{template.name}" has no column {names}.')
    return {known[line.target.lower()]: line for line in lines}


def digest(value: str) -> int:
    """64 bits that stand for a value where a million of them must be compared in little memory."""
    return int.from_bytes(blake2b(value.encode(), digest_size=8).digest(), "big")


@dataclass
class Seen:
    """What has been seen over all rows so far, for the checks that look at the whole object."""

    types: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)
    organisations: set[str] = field(default_factory=set)
    line_ids: array[int] = field(default_factory=lambda: array("Q"))
    """Digests of INV_LINE_ID in the order of the rows."""
    keys: array[int] = field(default_factory=lambda: array("Q"))
    """Digests of the key column in the order of the rows."""

    def to_json(self) -> dict[str, Any]:
        return {name: sorted(getattr(self, name)) for name in ("types", "filled", "organisations")}

    def add(self, row: Mapping[str, Sequence[str]]) -> None:
        """What another piece has seen, without its digests."""
        for name in ("types", "filled", "organisations"):
            getattr(self, name).update(row[name])


class RowMapper:
    """Turns pages of rows into lines of one object's upload file.

    `sources` says under which key each source column stands (see `find_sources`). Findings go to `findings`, what the later checks need
    to `seen`. Raises `TaskFailed` TEMPLATE_COLUMN_MISSING, VALUE_DATE for a template without a usable date format.
    """

    def __init__(
        self, line: InstanceObject, template: Template, sources: Mapping[str, str | None], options: Options, source_format: str
    ) -> None:
        self.template = template
        self.options = options
        self.findings = Findings()
        self.seen = Seen()
        self.by_target = find_targets(line.mapping, template)
        self._columns = [
            _Column(column, sources[mapped.source], self._converter(column, source_format), ColumnChecks(column, options, self.findings))
            for column in template.columns
            if (mapped := self.by_target.get(column.name))
        ]
        self._places = {column.name: place for place, column in enumerate(template.columns)}
        self._key = sources.get(line.key_column) if line.key_column else None
        self._has_key = bool(line.key_column)
        self._canonical = [columns.canonical(c.column.name) for c in self._columns]
        self._names = {columns.canonical(c.column.name): c.column for c in self._columns}

    def header(self) -> str:
        """The header row: labels of all columns of the template."""
        return ",".join(values.quoted([column.label for column in self.template.columns])) + LINE_END

    def lines(self, rows: Sequence[Row], first_row: int) -> str:
        """The file's lines for a page; `first_row` is the number of its first row in the dataset, from 1."""
        count = len(rows)
        keys = self._keys(rows, first_row)
        cells: list[Sequence[str]] = [_empty(count)] * len(self.template.columns)
        converted: dict[str, list[str]] = {}
        raw_columns = self._raw(rows)
        for column, name, raw in zip(self._columns, self._canonical, raw_columns, strict=True):
            checks = column.checks.on_page(first_row, keys)
            given = _texts(raw)
            if name not in self.seen.filled and any(given):
                self.seen.filled.add(name)
            texts = checks.values(column.convert(given, checks.unrepresentable))
            converted[name] = texts
            cells[self._places[column.column.name]] = values.quoted(texts)
        self._watch(converted, first_row, keys)
        return LINE_END.join(map(",".join, zip(*cells, strict=True))) + LINE_END if count else ""

    def _raw(self, rows: Sequence[Row]) -> list[list[Any]]:
        """The values of each mapped column. Pages whose rows all have the same columns are taken apart in one go."""
        keys = [column.key for column in self._columns]
        present = [key for key in keys if key]
        if len(present) > 1 and rows:
            try:
                found = dict(zip(present, map(list, zip(*map(itemgetter(*present), rows), strict=True)), strict=True))
            except KeyError:
                found = {key: [row.get(key, "") for row in rows] for key in present}
        else:
            found = {key: [row.get(key, "") for row in rows] for key in present}
        return [found[key] if key else _empty(len(rows)) for key in keys]

    def _keys(self, rows: Sequence[Row], first_row: int) -> list[str]:
        """The key column's values, "" where none is configured."""
        if not self._has_key:
            return []
        keys = values.character(_texts([row.get(self._key, "") for row in rows] if self._key else [""] * len(rows)))
        self.seen.keys.extend(map(digest, keys))
        for place, key in enumerate(keys):
            if not key:
                self.findings.error("KEY_EMPTY", "the key column is empty", row=first_row + place)
        return keys

    def _watch(self, converted: Mapping[str, list[str]], first_row: int, keys: Sequence[str]) -> None:
        kinds = converted.get("type", [])
        self.seen.types.update(kinds)
        check_types(kinds, self._names, self.findings, first_row, keys)
        check_mandatory(kinds, converted, self._names, self.options.strict_mandatory, self.findings, first_row, keys)
        for name in columns.ORGANISATIONS & converted.keys():
            self.seen.organisations.update(filter(None, converted[name]))
        if "inv_line_id" in converted:
            self.seen.line_ids.extend(map(digest, converted["inv_line_id"]))

    def _converter(self, column: TemplateColumn, source_format: str) -> Convert:
        if column.kind == "Number":
            return values.number
        if column.kind == "Date":
            try:
                return values.Dates(source_format, self.template.date_format)
            except ValueError as wrong:
                raise TaskFailed(Code.VALUE_DATE, f'The template "{self.template.name}" cannot take dates: {wrong}.') from wrong
        return lambda texts, report: values.character(texts)


Convert = Callable[[list[str], Callable[[int, str], None]], list[str]]


@dataclass(frozen=True)
class _Column:
    column: TemplateColumn
    key: str | None
    convert: Convert
    checks: ColumnChecks


def _texts(raw: list[Any]) -> list[str]:
    try:
        "".join(raw)
    except TypeError:
        return values.as_text(raw)
    return raw


_EMPTY: dict[int, list[str]] = {}


def _empty(count: int) -> list[str]:
    if count not in _EMPTY:
        _EMPTY[count] = [""] * count
    return _EMPTY[count]
