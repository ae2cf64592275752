"""Pre-stage: one bad cell fails the whole file (codes RPRO-006xx and RPRO-007xx).

Checks run over the distinct values of a column, so that a file of 50,000 lines takes a fraction of a second.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sandbox.revenue import columns as staging
from sandbox.revenue.formats import NUMBER, decimals_of
from sandbox.revenue.templates import Column, Template

VALUE_LENGTH = 240
COMMENTS_LENGTH = 3_000
FORMULA_SIGNS = ("=", "+", "@")
PRINTABLE = frozenset(map(chr, range(32, 127)))
EXTENSIONS = {"CSV": "csv", "TEXT": "txt"}
FIELD_LENGTH = 1_000_000
"""Longest cell that the reader takes, far above any limit of the rules."""

Check = Callable[[str], str | None]
"""What is wrong with a value that is not empty: code and text; None for nothing."""


@dataclass(frozen=True)
class Setup:
    """What the rules look up: profiles, currencies with their decimals, the organisations of the user (none: all), account segments."""

    profiles: dict[str, str]
    currencies: dict[str, int]
    organizations: tuple[str, ...]
    account_segments: int
    segment_delimiter: str


@dataclass
class Examined:
    """`rows`: the file's lines with their cells, `lines`: their row numbers in the file; `problems`: why the file fails, if it does."""

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    rejected: dict[int, str] = field(default_factory=dict)
    """What is wrong with single lines, by their place from 0; empty where the file as a whole cannot be read."""


def examine(content: bytes, file_name: str, template: Template, setup: Setup) -> Examined:
    """Read a file and check it. `problems` has at most UPLOAD_MAX_ERROR_COUNT entries."""
    wrong = _wrong_type(file_name, template)
    if wrong:
        return Examined(problems=[wrong])
    try:
        records = _records(content, template)
    except UnicodeDecodeError as bad:
        return Examined(problems=[f"RPRO-00710 Error while checking the characters of the file: byte {bad.start} is not UTF-8"])
    except csv.Error as bad:
        return Examined(problems=[f"The file cannot be read: {bad}"])
    found = Examined()
    header, found.lines, found.rows = _split(records, template)
    found.problems = _layout(header, found, template)
    if not found.problems:
        cells = _Cells(found, template, setup)
        found.problems, found.rejected = cells.problems(), cells.rejected()
    return found


def read_rows(content: bytes, template: Template) -> list[list[str]]:
    """The lines of a file that has passed, cells only."""
    return _split(_records(content, template), template)[2]


def _wrong_type(file_name: str, template: Template) -> str | None:
    _, dot, extension = file_name.rpartition(".")
    wanted = EXTENSIONS[template.file_type]
    if dot and extension.lower() != wanted:
        return f"The file type {extension.upper()} differs from the file type {template.file_type} of the template"
    return None


def _records(content: bytes, template: Template) -> list[list[str]]:
    csv.field_size_limit(FIELD_LENGTH)
    text = io.StringIO(content.decode("utf-8"), newline="")
    return list(csv.reader(text, delimiter=template.field_separator, strict=True))


def _split(records: list[list[str]], template: Template) -> tuple[list[str] | None, list[int], list[list[str]]]:
    """The header (None when the template has no row for it), row numbers and lines; blank rows are left out."""
    first = template.start_row - 1
    header = records[first - 1] if first and len(records) >= first else None
    kept = [(number, row) for number, row in enumerate(records[first:], template.start_row) if row]
    return header, [number for number, _ in kept], [row for _, row in kept]


def _layout(header: list[str] | None, found: Examined, template: Template) -> list[str]:
    """The columns must be those of the template, in its order, and every line must have as many."""
    if not found.rows:
        return ["The file is empty"]
    labels = [c.label for c in template.columns]
    if template.start_row > 1 and header != labels:
        pairs = zip([*(header or []), ""], [*labels, ""], strict=False)
        at = next((n for n, (given, label) in enumerate(pairs, 1) if given != label), 0)
        return [f"The header does not match the columns of the template from column {at} on"]
    width = len(labels)
    return [
        f"row {line}: {len(row)} columns instead of {width}" for line, row in zip(found.lines, found.rows, strict=True) if len(row) != width
    ]


class _Cells:
    """The checks of all cells of a file whose layout is right."""

    def __init__(self, found: Examined, template: Template, setup: Setup) -> None:
        self.found = found
        self.template = template
        self.setup = setup
        self.columns: list[tuple[str, ...]] = list(zip(*found.rows, strict=True))
        self.at = {c.name: n for n, c in enumerate(template.columns)}
        self.noted: list[tuple[int, int, str]] = []
        self.most = int(setup.profiles.get("UPLOAD_MAX_ERROR_COUNT") or 1)

    def problems(self) -> list[str]:
        """`row <n>, column <label>: <code> <text>` in the order of the file."""
        if self.setup.profiles.get("ENABLE_CSV_DATA_SANITIZATION") == "SANITIZE":
            self._sanitize()
        for n, column in enumerate(self.template.columns):
            for check in self._checks(column):
                self._each(n, check)
        if self.template.kind == "transaction":
            self._decimals()
            self._repeated_invoice_lines()
        self._organizations()
        self.noted.sort(key=lambda note: note[:2])
        return [f"row {self.found.lines[r]}, column {self.template.columns[c].label}: {text}" for r, c, text in self.noted[: self.most]]

    def rejected(self) -> dict[int, str]:
        """All that is wrong with each line, by its place."""
        found: dict[int, list[str]] = {}
        for row, column, text in self.noted:
            found.setdefault(row, []).append(f"{self.template.columns[column].label}: {text}")
        return {row: "; ".join(texts) for row, texts in found.items()}

    def _sanitize(self) -> None:
        for n, values in enumerate(self.columns):
            if any(v.startswith(FORMULA_SIGNS) for v in set(values)):
                self.columns[n] = tuple(v.lstrip("".join(FORMULA_SIGNS)) for v in values)
        self.found.rows = [list(row) for row in zip(*self.columns, strict=True)]

    def _note(self, wrong: Iterator[tuple[int, int, str]]) -> None:
        for count, note in enumerate(wrong, 1):
            self.noted.append(note)
            if count >= self.most:
                return

    def _each(self, n: int, check: Check) -> None:
        bad = {value: text for value in set(self.columns[n]) if value and (text := check(value))}
        if bad:
            self._note((row, n, bad[value]) for row, value in enumerate(self.columns[n]) if value in bad)

    def _checks(self, column: Column) -> Iterator[Check]:
        profiles = self.setup.profiles
        if profiles.get("ENABLE_CSV_DATA_SANITIZATION") == "BLOCK":
            yield lambda v: f"RPRO-00603 The value begins with {v[0]}" if v.startswith(FORMULA_SIGNS) else None
        if column.name == "comments":
            yield lambda v: f"RPRO-00708 Longer than {COMMENTS_LENGTH} characters" if len(v) > COMMENTS_LENGTH else None
        elif column.name not in staging.LONG_TEXT:
            yield lambda v: f"RPRO-00707 Longer than {VALUE_LENGTH} characters" if len(v) > VALUE_LENGTH else None
        if profiles.get("UPLOAD_NON_ENGLISH_CHARS") == "N":
            yield lambda v: None if PRINTABLE.issuperset(v) else "RPRO-00709 Characters outside printable ASCII"
        if column.data_type == staging.NUMBER:
            yield lambda v: None if NUMBER.fullmatch(v) else f"RPRO-00712 Not a number: {v[:40]}"
        if column.data_type == staging.DATE:
            yield self._date
        if column.name in ("curr", "f_cur"):
            code = "RPRO-00736" if column.name == "curr" else "RPRO-00761"
            yield lambda v: None if v in self.setup.currencies else f"{code} Unknown currency {v[:40]}"
        if self.template.kind == "event" and column.name.endswith("segments"):
            yield self._segments

    def _date(self, value: str) -> str | None:
        if self.template.read_date(value) is None:
            return f"RPRO-00713 Not a date of the format {self.template.date_format}: {value[:40]}"
        return None

    def _segments(self, value: str) -> str | None:
        parts = value.split(self.setup.segment_delimiter)
        return None if len(parts) == self.setup.account_segments and all(parts) else "RPRO-00711 Incomplete account segments"

    def _decimals(self) -> None:
        if "curr" not in self.at:
            return
        currencies = self.columns[self.at["curr"]]
        for name in staging.AMOUNTS:
            if name not in self.at:
                continue
            n = self.at[name]
            pairs = list(zip(currencies, self.columns[n], strict=True))
            bad = {p for p in set(pairs) if self._too_fine(*p)}
            if bad:
                self._note((r, n, f"RPRO-00737 More decimals than {p[0]} has: {p[1][:40]}") for r, p in enumerate(pairs) if p in bad)

    def _too_fine(self, currency: str, amount: str) -> bool:
        allowed = self.setup.currencies.get(currency)
        return allowed is not None and NUMBER.fullmatch(amount) is not None and decimals_of(amount) > allowed

    def _repeated_invoice_lines(self) -> None:
        if "inv_line_id" not in self.at:
            return
        n = self.at["inv_line_id"]
        twice = {value for value, count in Counter(self.columns[n]).items() if value and count > 1}
        if twice:
            self._note((r, n, f"RPRO-00715 Invoice line id {v} stands twice") for r, v in enumerate(self.columns[n]) if v in twice)

    def _organizations(self) -> None:
        if staging.ORGANIZATION not in self.at:
            return
        n, allowed = self.at[staging.ORGANIZATION], self.setup.organizations
        values = self.columns[n]
        if len(set(values)) > 1:
            self._note((r, n, "RPRO-00744 More than one organisation in one upload") for r, v in enumerate(values) if v != values[0])
        if allowed:
            self._each(n, lambda v: None if v in allowed else f"RPRO-00714 No access to the organisation {v[:40]}")
