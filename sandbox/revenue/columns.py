"""Columns of the inbound staging table for transactions, transaction types, and which type needs which column."""

from __future__ import annotations

import re

CHARACTER, NUMBER, DATE = "Character", "Number", "Date"
DATA_TYPES = (CHARACTER, NUMBER, DATE)

COLUMNS: dict[str, str] = {
    "type": CHARACTER,
    "doc_num": CHARACTER,
    "doc_line_num": CHARACTER,
    "doc_line_id": CHARACTER,
    "doc_date": DATE,
    "item_num": CHARACTER,
    "item_desc": CHARACTER,
    "ord_qty": NUMBER,
    "inv_qty": NUMBER,
    "ret_qty": NUMBER,
    "return_flag": CHARACTER,
    "unit_list_prc": NUMBER,
    "ext_lst_prc": NUMBER,
    "unit_sell_prc": NUMBER,
    "ext_sll_prc": NUMBER,
    "curr": CHARACTER,
    "f_cur": CHARACTER,
    "f_ex_rate": NUMBER,
    "g_ex_rate": NUMBER,
    "inv_num": CHARACTER,
    "inv_line_num": CHARACTER,
    "inv_line_id": CHARACTER,
    "inv_date": DATE,
    "orig_inv_line_id": CHARACTER,
    "orig_so_line_id": CHARACTER,
    "credit_rule": CHARACTER,
    "start_date": DATE,
    "end_date": DATE,
    "ct_mod_date": DATE,
    "ct_line_num": CHARACTER,
    "cust_num": CHARACTER,
    "cstmr_nm": CHARACTER,
    "business_unit": CHARACTER,
    "company_code": CHARACTER,
    "sec_atr_val": CHARACTER,
    "def_segments": CHARACTER,
    "rev_segments": CHARACTER,
    "cost_def_segments": CHARACTER,
    "cost_rev_segment": CHARACTER,
    "al_account": CHARACTER,
    "ar_account": CHARACTER,
    "ca_account": CHARACTER,
    "cv_eligible_flag": CHARACTER,
    "unbill_flag": CHARACTER,
    "fv_eligible_flag": CHARACTER,
    "prod_class": CHARACTER,
    "prod_ctgry": CHARACTER,
    "prod_fmly": CHARACTER,
    "prod_ln": CHARACTER,
    "sob_id": NUMBER,
    "po_num": CHARACTER,
    "quote_num": CHARACTER,
    "comments": CHARACTER,
    "duration": NUMBER,
    "term": NUMBER,
    "batch_id": CHARACTER,
    "process_flag": CHARACTER,
    "created_by": CHARACTER,
    "creation_date": DATE,
}
"""Staging columns with a fixed name and what they hold."""

ALIASES: dict[str, str] = {
    "tran_type": "type",
    "so_num": "doc_num",
    "so_line_num": "doc_line_num",
    "so_line_id": "doc_line_id",
    "so_date": "doc_date",
    "ext_sell_prc": "ext_sll_prc",
    "ext_list_prc": "ext_lst_prc",
}
"""Other names under which the vendor's documents know a column."""

CUSTOM = {"atr": (60, CHARACTER), "num": (15, NUMBER), "date": (10, DATE)}
"""Custom columns: how many there are and what they hold."""
RESERVED = frozenset({*(f"atr{n}" for n in range(41, 61)), "num14", "num15"})
"""Kept for the Billing-Revenue integration; must not be mapped."""
CUSTOM_NAME = re.compile(r"(atr|num|date)([1-9]\d?)")

LONG_TEXT = frozenset({"comments", "def_segments", "rev_segments", "cost_def_segments", "cost_rev_segment", "quote_num"})
"""Columns to which the limit of 240 characters does not apply."""
AMOUNTS = ("ext_lst_prc", "ext_sll_prc")
"""Columns whose decimals the currency limits."""
ORGANIZATION = "sec_atr_val"

INVOICES = ("INV",)
CREDITS = ("CM", "CM-C", "CM-R", "CM-D", "CM-VC", "CM-RO")
TYPES = ("SO", "INV", "CM", "CM-C", "CM-R", "CM-D", "CM-VC", "INV-VC", "CST", "RORD", "CM-RO")

MANDATORY: dict[str, tuple[str, ...]] = {
    "ext_lst_prc": ("SO", "INV", "CM-R", "RORD"),
    "ext_sll_prc": ("SO", "INV", "CM", "CM-C", "CM-R", "CM-RO", "RORD"),
    "ord_qty": ("SO", "INV", "RORD"),
    "inv_qty": ("INV", "CM", "CM-C", "CM-R", "CM-RO"),
    "curr": ("SO", "INV", "CM", "CM-C", "CM-R", "CM-RO", "RORD"),
    "f_cur": ("SO", "INV", "CM", "CM-C", "CM-R", "CM-RO", "RORD"),
    "doc_line_id": ("SO", "CM-RO", "RORD"),
    "doc_date": ("SO", "RORD"),
    "inv_line_id": ("INV", "CM", "CM-C", "CM-R", "CM-RO"),
    "inv_date": ("INV", "CM", "CM-C", "CM-R", "CM-RO"),
    "inv_num": ("INV", "CM", "CM-C", "CM-R", "CM-RO"),
    "orig_so_line_id": ("RORD",),
}
"""Column -> types that cannot do without it."""


def canonical(name: str) -> str:
    """The name under which the rules know a column."""
    lower = name.lower()
    return ALIASES.get(lower, lower)


def is_column(name: str) -> bool:
    """Whether the staging table has the column."""
    if canonical(name) in COLUMNS:
        return True
    found = CUSTOM_NAME.fullmatch(name.lower())
    return found is not None and int(found[2]) <= CUSTOM[found[1]][0]
