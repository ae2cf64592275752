"""What Zuora Revenue knows about its staging columns: names, transaction types, mandatory fields (api-zuora-revenue.md section 11)."""

from __future__ import annotations

from collections.abc import Iterable

ALIASES = {
    "so_num": "doc_num",
    "so_line_num": "doc_line_num",
    "so_line_id": "doc_line_id",
    "so_date": "doc_date",
    "tran_type": "type",
    "ext_list_prc": "ext_lst_prc",
    "ext_sell_prc": "ext_sll_prc",
}
"""Two names are in use for some columns; the rules use the one on the right."""

TYPES = ("SO", "INV", "CM", "CM-C", "CM-R", "CM-D", "CM-VC", "INV-VC", "CST", "RORD", "CM-RO")
"""Valid values of `type`."""

SEGMENTS = ("def_segments", "rev_segments")
"""Mandatory for every type but CST."""

#                 SO   INV  CM   CM-C CM-R CM-RO RORD
_TABLE = """
ext_lst_prc       x    x    x    .    x    .     x
ext_sll_prc       x    x    x    x    x    x     x
ord_qty           x    x    .    .    .    .     x
inv_qty           .    x    x    x    x    .     .
curr              x    x    x    x    x    x     x
f_cur             x    x    x    x    x    x     x
doc_line_id       x    .    .    .    .    x     x
doc_date          x    .    .    .    .    .     x
inv_line_id       .    x    x    x    x    x     .
inv_date          .    x    x    x    x    x     .
inv_num           .    x    x    x    x    x     .
orig_so_line_id   .    .    .    .    .    .     x
"""
_OF = ("SO", "INV", "CM", "CM-C", "CM-R", "CM-RO", "RORD")
_ROWS = [line.split() for line in _TABLE.strip().splitlines()]

MANDATORY: dict[str, tuple[str, ...]] = {
    kind: tuple(row[0] for row in _ROWS if kind in _OF and row[1 + _OF.index(kind)] == "x") + (() if kind == "CST" else SEGMENTS)
    for kind in TYPES
}
"""Transaction type: its mandatory columns."""

MANDATORY_FOR_ALL = ("ext_sll_prc", "curr", "f_cur", *SEGMENTS)
"""Mandatory whatever the type, for files whose types are not known."""

CURRENCIES = {"curr": "RPRO-00736", "f_cur": "RPRO-00761"}
"""Columns that name a currency, and the code with which Revenue refuses an unknown one."""
AMOUNTS = ("ext_lst_prc", "ext_sll_prc")
"""Columns whose decimals the transaction currency limits (RPRO-00737)."""
ORGANISATIONS = frozenset({"sec_atr_val", "org_id", "org_name", "organization", "organization_id"})
"""Columns that name the organisation: one file holds one."""

LINE_IDS = ("inv_line_id", "doc_line_id")
"""Columns by which Revenue names a line in its stage errors."""

MAX_LENGTH = 240
LONGER = {"comments": 3_000}
UNLIMITED = frozenset({"def_segments", "rev_segments", "cost_def_segments", "cost_rev_segment", "cost_rev_segments", "quote_num"})


def canonical(name: str) -> str:
    """The name by which the rules know a staging column: lower case, sales order columns as `doc_...`."""
    lower = name.strip().lower()
    return ALIASES.get(lower, lower)


def longest(name: str) -> int | None:
    """Most characters of a value, None where there is no limit (RPRO-00707, RPRO-00708)."""
    column = canonical(name)
    return None if column in UNLIMITED else LONGER.get(column, MAX_LENGTH)


def always_mandatory(name: str, kinds: Iterable[str]) -> bool:
    """Whether a column is mandatory for every one of these types; for types that are not known, whatever the type."""
    known = [kind for kind in kinds if kind in MANDATORY]
    column = canonical(name)
    return all(column in MANDATORY[kind] for kind in known) if known else column in MANDATORY_FOR_ALL
