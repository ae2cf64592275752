"""A dataset's rows as lines of an upload file: source columns found, values represented, every row checked (sections 5, 9 and 13)."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from tallybridge.revenue import columns, values
from tallybridge.revenue.checks import ColumnChecks, check_decimals, check_mandatory, check_types
from tallybridge.revenue.codes import Code, TaskFailed
from tallybridge.revenue.config import InstanceObject, MappingLine, Options
from tallybridge.revenue.findings import Findings
from tallybridge.revenue.pages import PageRows
from tallybridge.zuora_revenue.template import Template, TemplateColumn

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
    return int.from_bytes(blake2b(value.encode(errors="surrogatepass"), digest_size=8).digest(), "big")


@dataclass
class Seen:
    """What has been seen over all rows so far, for the checks that look at the whole object."""

    types: set[str] = field(default_factory=set)
    filled: set[str] = field(default_factory=set)
    organisations: set[tuple[str, str]] = field(default_factory=set)
    """Column and value; an empty value is one too."""
    judged: set[str] = field(default_factory=set)
    """What only the tenant can judge: currencies that must be set up, characters outside ASCII."""
    line_ids: array[int] = field(default_factory=lambda: array("Q"))
    """Digests of INV_LINE_ID in the order of the rows."""

    def to_json(self) -> dict[str, Any]:
        return {name: sorted(getattr(self, name)) for name in ("types", "filled", "organisations", "judged")}

    def add(self, row: Mapping[str, Any]) -> None:
        """What another piece has seen, without its digests."""
        self.types.update(row["types"])
        self.filled.update(row["filled"])
        self.judged.update(row["judged"])
        self.organisations.update(map(tuple, row["organisations"]))


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
        places = {column.name: place for place, column in enumerate(template.columns)}
        self._places = [places[column.column.name] for column in self._columns]
        self._filled = max(self._places, default=-1) + 1
        """Columns of the file up to the last one that is mapped."""
        self._rest = "," * (len(template.columns) - self._filled)
        self._quotes_in_dates = '"' in template.date_format
        self._key = sources.get(line.key_column) if line.key_column else None
        self._has_key = bool(line.key_column)
        self._canonical = [columns.canonical(c.column.name) for c in self._columns]
        self._names = {columns.canonical(c.column.name): c.column for c in self._columns}

    def header(self) -> str:
        """The header row: labels of all columns of the template."""
        return ",".join(values.quoted([column.label for column in self.template.columns])) + LINE_END

    def lines(self, page: PageRows) -> str:
        """The file's lines for a page."""
        if not len(page):
            return ""
        key_values, *columns_given = page.columns([self._key, *(column.key for column in self._columns)])
        keys = self._keys(key_values, page.first_row)
        cells = [[""] * len(page)] * self._filled
        converted: dict[str, list[str]] = {}
        for column, name, place, given in zip(self._columns, self._canonical, self._places, columns_given, strict=True):
            checks = column.checks.on_page(page.first_row, keys)
            if name not in self.seen.filled and any(given):
                self.seen.filled.add(name)
            represented = column.convert(given, checks.unrepresentable) if column.convert else values.character(given, page.plain)
            converted[name] = cells[place] = checks.values(represented)
        self._watch(converted, page.first_row, keys)
        if not page.plain and not all("".join(texts).isascii() for texts in converted.values()):
            self.seen.judged.add("characters")
        return self._quoted(cells, without_quotes=page.plain and not self._quotes_in_dates)

    def _quoted(self, cells: Sequence[list[str]], without_quotes: bool) -> str:
        """The cells of a page as lines: values in double quotes, nothing for nothing."""
        end = self._rest + LINE_END
        if not without_quotes:
            return "".join(",".join(row) + end for row in zip(*map(values.quoted, cells), strict=True))
        # Without a quote in any value, two in a row stand around an empty one and nowhere else.
        text = f'"{end}"'.join(map('","'.join, zip(*cells, strict=True)))
        return f'"{text}"{end}'.replace('""', "")

    def _keys(self, given: list[str], first_row: int) -> list[str]:
        """The key column's values, none where it is not configured."""
        if not self._has_key:
            return []
        keys = values.character(given)
        for place in (place for place, key in enumerate(keys) if not key) if "" in keys else ():
            self.findings.error("KEY_EMPTY", "the key column is empty", row=first_row + place)
        return keys

    def _watch(self, converted: Mapping[str, list[str]], first_row: int, keys: Sequence[str]) -> None:
        kinds = converted.get("type", [])
        self.seen.types.update(kinds)
        check_types(kinds, self._names, self.findings, first_row, keys)
        check_mandatory(kinds, converted, self._names, self.options.strict_mandatory, self.findings, first_row, keys)
        check_decimals(converted, self._names, self.options.currency_decimals, self.findings, first_row, keys)
        for name in columns.CURRENCIES.keys() & converted.keys():
            self.seen.judged.update(f"{name} {value}" for value in set(converted[name]))
        for name in columns.ORGANISATIONS & converted.keys():
            self.seen.organisations.update((name, value) for value in set(converted[name]))
        if "inv_line_id" in converted:
            self.seen.line_ids.extend(map(digest, converted["inv_line_id"]))

    def _converter(self, column: TemplateColumn, source_format: str) -> Convert | None:
        if column.kind == "Number":
            return values.Numbers()
        if column.kind == "Date":
            try:
                return values.Dates(source_format, self.template.date_format)
            except ValueError as wrong:
                raise TaskFailed(Code.VALUE_DATE, f'The template "{self.template.name}" cannot take dates: {wrong}.') from wrong
        return None


Convert = Callable[[list[str], Callable[[int, str], None]], list[str]]


@dataclass(frozen=True)
class _Column:
    column: TemplateColumn
    key: str | None
    convert: Convert | None
    """None for text."""
    checks: ColumnChecks
