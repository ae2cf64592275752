"""Stage validation of a line by itself: the rules that look at nothing but its own cells.

A rule is a row of `RULES`: code, transaction types (none: all), the staging columns it reads, the test that is true for a bad line, and the
reason. The test gets the cells of these columns as text, empty where the template has no such column; it runs once for each distinct
combination of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sandbox.revenue import columns as staging
from sandbox.revenue.formats import number_of

FIRST_YEAR = 1947
FLAGS = ("Y", "N", "")
CREDIT_RULES = ("P", "L", "F", "")
WITH_INVOICE = ("INV", "CM", "CM-C", "CM-R", "CM-RO")
ORDERS = ("SO", "RORD")
NO_SEGMENTS = ("CST",)


@dataclass(frozen=True)
class Surroundings:
    """What the rules look up besides the line: how dates are written, the reporting currency, account segments, sets of books."""

    read_date: Callable[[str], date | None]
    reporting_currency: str
    account_segments: int
    segment_delimiter: str
    sob_ids: tuple[str, ...]
    period_closing: bool

    def segments_wrong(self, text: str) -> bool:
        """Whether an account is not made of the right number of segments; an empty one is missing, not wrong."""
        parts = text.split(self.segment_delimiter)
        return bool(text) and (len(parts) != self.account_segments or not all(parts))

    def too_early(self, text: str) -> bool:
        day = self.read_date(text)
        return day is not None and day.year < FIRST_YEAR

    def is_before(self, first: str, second: str) -> bool:
        one, other = self.read_date(first), self.read_date(second)
        return one is not None and other is not None and one < other


Test = Callable[..., bool]


@dataclass(frozen=True)
class LineRule:
    """One rule. `test(surroundings, *cells)` is true for a line that breaks it."""

    code: str
    types: tuple[str, ...]
    columns: tuple[str, ...]
    test: Test
    reason: str


def _number(text: str) -> Decimal:
    return number_of(text) or Decimal(0)


def _missing(around: Surroundings, cell: str) -> bool:
    return not cell.strip()


def _not_flag(around: Surroundings, cell: str) -> bool:
    return cell not in FLAGS


def _early(around: Surroundings, cell: str) -> bool:
    return around.too_early(cell)


def _rate_missing(around: Surroundings, curr: str, f_cur: str, rate: str) -> bool:
    return bool(curr and f_cur) and curr != f_cur and not rate


def _rate_not_one(around: Surroundings, curr: str, f_cur: str, rate: str) -> bool:
    return bool(curr and rate) and curr == f_cur and _number(rate) != 1


def _global_rate_not_one(around: Surroundings, f_cur: str, rate: str) -> bool:
    return bool(rate) and f_cur == around.reporting_currency and _number(rate) != 1


def _start_missing(around: Surroundings, start: str) -> bool:
    return not start


def _rule_f_lacks(around: Surroundings, rule: str, day: str) -> bool:
    return rule == "F" and not day


def _ends_before_it_starts(around: Surroundings, start: str, end: str, duration: str) -> bool:
    return not duration and around.is_before(end, start)  # a duration takes the place of the end date


def _both_references(around: Surroundings, invoice_line: str, order_line: str) -> bool:
    return bool(invoice_line and order_line)


def _standalone_with_rule(around: Surroundings, invoice_line: str, order_line: str, rule: str) -> bool:
    return not invoice_line and not order_line and bool(rule)


def _not_positive(around: Surroundings, cell: str) -> bool:
    return bool(cell) and _number(cell) <= 0


def _negative(around: Surroundings, cell: str) -> bool:
    return bool(cell) and _number(cell) < 0


SEGMENT_TYPES = tuple(t for t in staging.TYPES if t not in NO_SEGMENTS)

RULES: tuple[LineRule, ...] = (
    LineRule("RPRO-00001", (), ("type",), lambda a, v: v not in staging.TYPES, "an invalid transaction type"),
    LineRule("RPRO-00002", (), ("cv_eligible_flag",), _not_flag, "an invalid CV Eligible Flag"),
    LineRule("RPRO-00003", (), ("cstmr_nm",), _missing, "a missing Customer Name"),
    LineRule("RPRO-00006", (), ("item_num",), _missing, "a missing Line Item Number"),
    LineRule("RPRO-00007", WITH_INVOICE, ("inv_qty",), _missing, "a missing Invoice Qty"),
    LineRule("RPRO-00011", (), ("curr", "f_cur", "f_ex_rate"), _rate_not_one, "a functional exchange rate other than 1"),
    LineRule("RPRO-00012", (), ("f_cur", "g_ex_rate"), _global_rate_not_one, "a global exchange rate other than 1"),
    LineRule("RPRO-00013", (), ("start_date", "end_date", "duration"), _ends_before_it_starts, "an end date before the start date"),
    LineRule("RPRO-00014", (), ("credit_rule", "start_date"), _rule_f_lacks, "credit rule F without a start date"),
    LineRule("RPRO-00063", (), ("credit_rule", "end_date"), _rule_f_lacks, "credit rule F without an end date"),
    LineRule("RPRO-00015", (), ("start_date",), _early, "a start date before 1947"),
    LineRule("RPRO-00016", (), ("end_date",), _early, "an end date before 1947"),
    LineRule("RPRO-00018", (*ORDERS, "INV"), ("start_date",), _start_missing, "a missing start date"),
    LineRule("RPRO-00020", SEGMENT_TYPES, ("def_segments",), lambda a, v: a.segments_wrong(v), "invalid deferred segments"),
    LineRule("RPRO-00021", SEGMENT_TYPES, ("def_segments",), _missing, "missing deferred segments"),
    LineRule("RPRO-00022", SEGMENT_TYPES, ("rev_segments",), lambda a, v: a.segments_wrong(v), "invalid revenue segments"),
    LineRule("RPRO-00023", SEGMENT_TYPES, ("rev_segments",), _missing, "missing revenue segments"),
    LineRule("RPRO-00030", ("RORD",), ("orig_so_line_id",), _missing, "a missing original SO line"),
    LineRule("RPRO-00035", WITH_INVOICE, ("inv_num",), _missing, "a missing invoice number"),
    LineRule("RPRO-00036", WITH_INVOICE, ("inv_line_id",), _missing, "a missing invoice line id"),
    LineRule("RPRO-00046", (), ("credit_rule",), lambda a, v: v not in CREDIT_RULES, "an invalid credit rule"),
    LineRule(
        "RPRO-00047",
        ("CM",),
        ("orig_inv_line_id", "orig_so_line_id", "credit_rule"),
        _standalone_with_rule,
        "a standalone CM with a credit rule",
    ),
    LineRule("RPRO-00049", (), ("unbill_flag",), _not_flag, "an invalid Unbill Flag"),
    LineRule("RPRO-00050", (), ("term",), _not_positive, "a term that is not greater than 0"),
    LineRule("RPRO-00051", (), ("cust_num",), _missing, "a missing Customer Number"),
    LineRule("RPRO-00052", (), ("fv_eligible_flag",), _not_flag, "an invalid FV Eligible Flag"),
    LineRule("RPRO-00053", (), ("sob_id",), lambda a, v: bool(v) and v not in a.sob_ids, "an invalid SOB ID"),
    LineRule("RPRO-00058", ("RORD",), ("ext_sll_prc",), lambda a, v: _number(v) > 0, "an Ext Sell Price above 0 on a RORD"),
    LineRule("RPRO-00059", staging.MANDATORY["ext_sll_prc"], ("ext_sll_prc",), _missing, "a missing Ext Sell Price"),
    LineRule("RPRO-00066", (), ("ct_mod_date",), _early, "an invalid contract modification date"),
    LineRule("RPRO-00067", (), ("f_ex_rate",), _negative, "an invalid functional exchange rate"),
    LineRule("RPRO-00067", (), ("g_ex_rate",), _negative, "an invalid global exchange rate"),
    LineRule("RPRO-00068", (), ("duration",), _not_positive, "an invalid duration"),
    LineRule("RPRO-00072", ORDERS, ("ord_qty",), lambda a, v: _number(v) <= 0, "an order quantity that is blank or not greater than 0"),
    LineRule("RPRO-00076", (), ("curr", "f_cur", "f_ex_rate"), _rate_missing, "a missing exchange rate"),
    LineRule("RPRO-00630", staging.MANDATORY["doc_line_id"], ("doc_line_id",), _missing, "a missing SO line id"),
    LineRule("RPRO-00636", ("INV",), ("orig_so_line_id",), lambda a, v: bool(v), "an INV with an original SO line"),
    LineRule(
        "RPRO-00637", staging.CREDITS, ("orig_inv_line_id", "orig_so_line_id"), _both_references, "references to both invoice and order"
    ),
    LineRule("RPRO-00638", ("CM-C",), ("orig_inv_line_id", "orig_so_line_id"), lambda a, i, o: not i and not o, "a CM-C without reference"),
    LineRule("RPRO-00662", ("CM-C",), ("orig_so_line_id",), lambda a, v: bool(v), "a CM-C with an order reference"),
    LineRule("RPRO-00714", (), ("type",), lambda a, v: a.period_closing, "a period that is being closed"),
)
"""Predefined rules with the number that the vendor gives them, in the order of the numbers."""

CODED = {
    "ext_sll_prc": "RPRO-00059",
    "doc_line_id": "RPRO-00630",
    "inv_line_id": "RPRO-00036",
    "inv_num": "RPRO-00035",
    "inv_qty": "RPRO-00007",
    "orig_so_line_id": "RPRO-00030",
}
"""Mandatory columns whose absence has a number of its own."""


def _order_quantity(types: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(t for t in types if t not in ORDERS)


MANDATORY_RULES: tuple[LineRule, ...] = tuple(
    LineRule("", _order_quantity(types) if name == "ord_qty" else types, (name,), _missing, f"a missing {name.upper()}")
    for name, types in staging.MANDATORY.items()
    if name not in CODED
)
"""Mandatory columns for whose absence no number is published; the message has none either."""


def broken(
    rules: tuple[LineRule, ...], columns: dict[str, tuple[str, ...]], count: int, around: Surroundings
) -> list[tuple[int, LineRule]]:
    """The lines of a file that break rules: (line, rule) in the order of the rules. `columns`: cells of each staging column by line."""
    empty = ("",) * count
    kinds = columns.get("type", empty)
    of_kind: dict[str, list[int]] = {}
    for line, kind in enumerate(kinds):
        of_kind.setdefault(kind, []).append(line)
    found = []
    for rule in rules:
        read = [columns.get(name, empty) for name in rule.columns]
        if not rule.types:
            lines: list[int] | range = range(count)
        else:
            lines = [line for kind in rule.types for line in of_kind.get(kind, ())]
            if len(lines) < count:
                read = [[cells[line] for line in lines] for cells in read]  # type: ignore[misc]
        combined = list(zip(*read, strict=True))
        bad = {cells for cells in set(combined) if rule.test(around, *cells)}
        if bad:
            found += [(line, rule) for line, cells in zip(lines, combined, strict=True) if cells in bad]
    return found
