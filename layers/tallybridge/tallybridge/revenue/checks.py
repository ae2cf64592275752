"""The checks before an upload (revenue-connector.md section 13.3): Revenue's whole-file rules, so a file that must fail is not sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from tallybridge.revenue import columns
from tallybridge.revenue.codes import Code
from tallybridge.revenue.config import Options
from tallybridge.revenue.findings import ERROR, WARNING, Finding, Findings
from tallybridge.zuora_revenue.template import TemplateColumn

LEADING = ("=", "+", "@")
CURRENCY = re.compile(r"[A-Za-z]{3}")
PRINTABLE_ASCII = re.compile(r"[ -~]*")


class ColumnChecks:
    """The checks of one column's values."""

    def __init__(self, column: TemplateColumn, options: Options, findings: Findings) -> None:
        self.column = column
        self.options = options
        self.findings = findings
        self.longest = columns.longest(column.name)
        self.is_currency = columns.canonical(column.name) in columns.CURRENCIES
        self.is_text = column.kind not in ("Number", "Date")

    def on_page(self, first_row: int, keys: Sequence[str]) -> PageChecks:
        """The checks of one page."""
        return PageChecks(self, first_row, keys)


class PageChecks:
    """One column on one page: knows the rows' numbers and keys."""

    def __init__(self, checks: ColumnChecks, first_row: int, keys: Sequence[str]) -> None:
        self.of = checks
        self.first_row = first_row
        self.keys = keys

    def unrepresentable(self, place: int, value: str) -> None:
        """A number or date that cannot be written (RPRO-00712, RPRO-00713)."""
        if self.of.column.kind == "Number":
            self._find(ERROR, Code.VALUE_NUMBER, "is not a number (Revenue: RPRO-00712)", place, value)
        else:
            self._find(
                ERROR, Code.VALUE_DATE, "is not a date in the source date format, nor in ISO form (Revenue: RPRO-00713)", place, value
            )

    def values(self, texts: list[str]) -> list[str]:
        """The values, with leading characters stripped where that is configured. Faults are reported."""
        checks = self.of
        if not checks.is_text:
            return texts
        whole = "".join(texts)
        if "=" in whole or "+" in whole or "@" in whole:
            texts = self._leading(texts)
        longest = checks.longest
        if longest is not None and max(map(len, texts), default=0) > longest:
            code = "RPRO-00708" if longest > columns.MAX_LENGTH else "RPRO-00707"
            self._each(texts, lambda v: len(v) <= longest, ERROR, code, f"is longer than {longest} characters")
        if checks.options.ascii_only and not (whole.isascii() and PRINTABLE_ASCII.fullmatch(whole)):
            self._each(texts, lambda v: bool(PRINTABLE_ASCII.fullmatch(v)), ERROR, "RPRO-00709", "has characters outside printable ASCII")
        if checks.is_currency:
            self._currencies(texts)
        return texts

    def _leading(self, texts: list[str]) -> list[str]:
        cleaned = list(texts)
        for place, value in enumerate(texts):
            if not value.startswith(LEADING):
                continue
            if self.of.options.sanitize_leading_chars:
                cleaned[place] = value.lstrip("".join(LEADING)).lstrip()
                self._find(WARNING, "RPRO-00603", "began with = + or @, which was stripped", place, value)
            else:
                self._find(ERROR, "RPRO-00603", "begins with = + or @", place, value)
        return cleaned

    def _currencies(self, texts: list[str]) -> None:
        wrong = {value for value in set(texts) if value and not CURRENCY.fullmatch(value)}
        if wrong:
            self._each(texts, lambda v: v not in wrong, ERROR, "RPRO-00736", "is not a currency of three letters")

    def _each(self, texts: Sequence[str], fits: object, level: str, code: str, text: str) -> None:
        for place, value in enumerate(texts):
            if not fits(value):  # type: ignore[operator]
                self._find(level, code, text, place, value)

    def _find(self, level: str, code: str, text: str, place: int, value: str) -> None:
        report(self.of.findings, level, code, text, self.of.column, self.first_row, place, self.keys, value)


def report(
    findings: Findings,
    level: str,
    code: str,
    text: str,
    column: TemplateColumn,
    first_row: int,
    place: int,
    keys: Sequence[str],
    value: str = "",
) -> None:
    """A finding at one row of a page."""
    add = findings.error if level == ERROR else findings.warning
    add(str(code), text, row=first_row + place, key=keys[place] if keys else "", column=column.label, value=value)


def check_types(kinds: Sequence[str], names: Mapping[str, TemplateColumn], findings: Findings, first_row: int, keys: Sequence[str]) -> None:
    """`type` must be a valid transaction type (RPRO-00001), a warning since augmentation may set it."""
    unknown = set(kinds) - set(columns.TYPES)
    if not unknown:
        return
    for place, kind in enumerate(kinds):
        if kind in unknown:
            text = "is not a transaction type" if kind else "the transaction type is empty"
            report(findings, WARNING, "RPRO-00001", text, names["type"], first_row, place, keys, kind)


def check_mandatory(
    kinds: Sequence[str],
    converted: Mapping[str, Sequence[str]],
    names: Mapping[str, TemplateColumn],
    strict: bool,
    findings: Findings,
    first_row: int,
    keys: Sequence[str],
) -> None:
    """Rows whose type demands a value that is empty. Columns that are mapped only; see `unmapped_mandatory` for the others."""
    for kind in set(kinds) & set(columns.TYPES):
        for name in columns.MANDATORY[kind]:
            texts = converted.get(name)
            if texts is None or "" not in texts:
                continue
            for place, value in enumerate(texts):
                if not value and kinds[place] == kind:
                    text = f"is empty, but mandatory for type {kind}"
                    report(findings, ERROR if strict else WARNING, "MANDATORY_EMPTY", text, names[name], first_row, place, keys)


def unmapped_mandatory(mapped: Iterable[str], kinds: Iterable[str], strict: bool) -> list[Finding]:
    """One finding for each mandatory column of the types seen that no line of the mapping fills."""
    have = set(mapped)
    wanted: dict[str, list[str]] = {}
    for kind in columns.TYPES:
        for name in columns.MANDATORY[kind] if kind in set(kinds) else ():
            if name not in have:
                wanted.setdefault(name, []).append(kind)
    found = [
        Finding(ERROR if strict else WARNING, "MANDATORY_EMPTY", f"is not mapped, but mandatory for type {', '.join(of)}", column=name)
        for name, of in wanted.items()
    ]
    if "type" not in have:
        found.append(Finding(WARNING, "RPRO-00001", "no column is mapped to the transaction type", column="type"))
    return found
