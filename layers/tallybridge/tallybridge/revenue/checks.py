"""The checks before an upload (revenue-connector.md section 13.3): Revenue's whole-file rules, so a file that must fail is not sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from tallybridge.revenue import columns
from tallybridge.revenue.codes import Code
from tallybridge.revenue.config import Options
from tallybridge.revenue.currencies import CODES, digits_of
from tallybridge.revenue.findings import ERROR, WARNING, Finding, Findings
from tallybridge.revenue.values import SEPARATOR
from tallybridge.zuora_revenue.template import TemplateColumn

LEADING = ("=", "+", "@")
PRINTABLE_ASCII = re.compile(r"[ -~]*")


class ColumnChecks:
    """The checks of one column's values."""

    def __init__(self, column: TemplateColumn, options: Options, findings: Findings) -> None:
        self.column = column
        self.options = options
        self.findings = findings
        self.longest = columns.longest(column.name)
        self.currency_code = columns.CURRENCIES.get(columns.canonical(column.name), "")
        """Revenue's code for an unknown currency, "" in a column of other values."""
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
        longest = checks.longest
        if longest is not None and max(map(len, texts), default=0) > longest:
            code = "RPRO-00708" if longest > columns.MAX_LENGTH else "RPRO-00707"
            self._each(texts, lambda v: len(v) <= longest, ERROR, code, f"is longer than {longest} characters")
        if not checks.is_text:
            return texts
        whole = "".join(texts)
        if not (whole.isascii() or _is_unicode(whole)):
            broken = [place for place, text in enumerate(texts) if not _is_unicode(text)]
            texts = [text.encode(errors="replace").decode() for text in texts]
            for place in broken:
                self._find(ERROR, "RPRO-00710", "has half a character, which no file can hold", place, texts[place])
        if "=" in whole or "+" in whole or "@" in whole:
            texts = self._leading(texts)
        if checks.options.ascii_only and not (whole.isascii() and PRINTABLE_ASCII.fullmatch(whole)):
            self._each(texts, lambda v: bool(PRINTABLE_ASCII.fullmatch(v)), ERROR, "RPRO-00709", "has characters outside printable ASCII")
        if checks.currency_code:
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
        setup = self.of.options.currency_decimals
        wrong = {value for value in set(texts) if value and digits_of(value, setup) is None}
        small = {value for value in wrong if value.upper() in CODES or value.upper() in setup}
        for values, text in (
            (small, "is a currency in small letters; Revenue knows it in capital letters only"),
            (wrong - small, "is not a currency of ISO 4217, nor one of the option currency_decimals"),
        ):
            if values:
                self._each(texts, lambda v, values=values: v not in values, ERROR, self.of.currency_code, text)

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


def _is_unicode(text: str) -> bool:
    """False where half a surrogate pair stands in it, which JSON can write and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_decimals(
    converted: Mapping[str, Sequence[str]],
    names: Mapping[str, TemplateColumn],
    setup: Mapping[str, int],
    findings: Findings,
    first_row: int,
    keys: Sequence[str],
) -> None:
    """Amounts with more decimals than their currency has (RPRO-00737); closing zeros do not count. Unknown currencies are told by
    themselves; of rows without a currency, which augmentation may set, nothing is known."""
    currencies = converted.get("curr", ())
    allowed = {currency: digits for currency in set(currencies) if (digits := digits_of(currency, setup)) is not None}
    if not allowed:
        return
    finer = re.compile(rf"\.[0-9]{{{min(allowed.values())}}}[0-9]*[1-9]")
    for name in columns.AMOUNTS:
        texts = converted.get(name)
        if texts is None or not finer.search(SEPARATOR.join(texts)):
            continue
        for place, (currency, value) in enumerate(zip(currencies, texts, strict=True)):
            digits = allowed.get(currency)
            if digits is not None and len(value.partition(".")[2].rstrip("0")) > digits:
                text = f"has more decimals than {currency}, which has {digits}"
                report(findings, ERROR, "RPRO-00737", text, names[name], first_row, place, keys, value)


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
