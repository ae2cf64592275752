"""Functions of queries: those of the list are answered, and every other one is refused."""

from __future__ import annotations

import pytest

from sandbox.netsuite.suiteql.translate import CUSTOM_FUNCTIONS, NATIVE_FUNCTIONS
from tests.standins.netsuite.account import Account, error_of


@pytest.mark.parametrize(
    "call",
    [
        *("IFNULL(phone, 'x')", "LEN(phone)", "IIF(id = 1, 1, 2)", "IF(id = 1, 1, 2)", "RAND()", "RANDOM()", "DATE('now')", "HEX(phone)"),
        *("JSON_EXTRACT(phone, '$')", "DATE_ADD(datecreated, 1)", "NOW()", "STRFTIME('%Y', 'now')", "GROUP_CONCAT(phone)"),
        "ISNULL(phone, 1)",
    ],
)
def test_only_functions_of_the_list_are_taken(ns: Account, call: str) -> None:
    refused = error_of(ns.query(f"SELECT {call} AS x FROM customer"))
    assert refused[:2] == (400, "INVALID_PARAMETER")
    assert "Invalid or unsupported search." in refused[2]


@pytest.mark.parametrize("name", sorted({*NATIVE_FUNCTIONS, *CUSTOM_FUNCTIONS}))
def test_every_function_of_the_list_is_answered(ns: Account, name: str) -> None:
    arguments = {
        **dict.fromkeys(("ROW_NUMBER", "RANK", "DENSE_RANK"), "() OVER (ORDER BY id)"),
        **dict.fromkeys(("LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE"), "(id) OVER (ORDER BY id)"),
        **dict.fromkeys(("ADD_MONTHS", "MONTHS_BETWEEN"), "(datecreated, 1)"),
        **dict.fromkeys(("LAST_DAY", "TRUNC", "TO_CHAR"), "(datecreated)"),
        **dict.fromkeys(("TO_DATE", "TO_TIMESTAMP"), "('2026-01-31', 'YYYY-MM-DD')"),
        **dict.fromkeys(("COALESCE", "GREATEST", "LEAST", "LOG", "MOD", "NULLIF", "NVL", "POWER"), "(7, 2)"),
        **dict.fromkeys(("INSTR", "CONCAT", "REGEXP_LIKE", "REGEXP_SUBSTR"), "(companyname, 'A')"),
        **dict.fromkeys(("REPLACE", "REGEXP_REPLACE"), "(companyname, 'A', 'B')"),
        **dict.fromkeys(("LPAD", "RPAD"), "(companyname, 20)"),
        "NTILE": "(2) OVER (ORDER BY id)",
        "LISTAGG": "(companyname, ',') WITHIN GROUP (ORDER BY id)",
        "CAST": "(id AS VARCHAR(10))",
        "DECODE": "(id, 1, 2, 3)",
        "NVL2": "(id, 1, 2)",
        "SUBSTR": "(companyname, 1, 2)",
        "MONTHS_BETWEEN": "(datecreated, datecreated)",
        **dict.fromkeys(("ACOS", "ASIN"), "(1)"),
        **dict.fromkeys(("ATAN2", "BITAND", "REMAINDER"), "(7, 2)"),
        **dict.fromkeys(("REGEXP_INSTR",), "(companyname, 'A')"),
        **dict.fromkeys(("ASCII", "SOUNDEX"), "(companyname)"),
        "NEXT_DAY": "(datecreated, 'MONDAY')",
        "TRANSLATE": "(companyname, 'A', 'B')",
        **dict.fromkeys(("INITCAP", "LENGTH", "LOWER", "LTRIM", "RTRIM", "TRIM", "UPPER"), "(companyname)"),
    }
    ns.customer(companyName="ACME")
    (row,) = ns.rows(f"SELECT {name}{arguments.get(name, '(7)')} AS x FROM customer")
    assert set(row) <= {"x"}
    assert row or name in ("LAG", "LEAD", "REGEXP_SUBSTR")
