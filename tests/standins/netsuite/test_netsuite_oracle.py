"""SuiteQL runs on Oracle: what Oracle refuses is refused, and its functions, formats and nulls are its own.

The functions are those of the published list (help, section_158513731864); what they answer, and why a query fails,
is Oracle's SQL reference."""

from __future__ import annotations

import pytest

from tests.standins.netsuite.account import Account, error_of

DAY = "TO_DATE('2026-02-17','YYYY-MM-DD')"
MOMENT = "TO_TIMESTAMP('2026-02-17 10:20:30','YYYY-MM-DD HH24:MI:SS')"


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("SELECT companyname, id FROM customer GROUP BY companyname", "not a GROUP BY expression: id"),
        ("SELECT companyname, COUNT(*) FROM customer", "not a GROUP BY expression: companyname"),
        ("SELECT UPPER(companyname) FROM customer GROUP BY LOWER(companyname)", "not a GROUP BY expression: companyname"),
        ("SELECT companyname FROM customer GROUP BY companyname ORDER BY id", "not a GROUP BY expression: id"),
        ("SELECT companyname FROM customer GROUP BY companyname HAVING id > 1", "not a GROUP BY expression: id"),
        ("SELECT companyname FROM customer GROUP BY 1", "not a GROUP BY expression: companyname"),
        ("SELECT companyname AS c FROM customer WHERE c = 'Acme'", "Unknown identifier 'c'"),
        ("SELECT companyname AS c, COUNT(*) FROM customer GROUP BY c", "Unknown identifier 'c'"),
        ("SELECT companyname, COUNT(*) AS n FROM customer GROUP BY companyname HAVING n > 0", "Unknown identifier 'n'"),
        ("SELECT DISTINCT companyname FROM customer ORDER BY id", "not a SELECTed expression"),
        ("SELECT id FROM customer WHERE 1", "invalid relational operator"),
        ("SELECT id FROM customer WHERE id", "invalid relational operator"),
        ("SELECT id FROM customer WHERE id > 1 AND isinactive", "invalid relational operator"),
        ("SELECT CASE WHEN id THEN 1 END AS x FROM customer", "invalid relational operator"),
        ("SELECT id FROM customer WHERE isinactive = false", "FALSE"),
        ("SELECT TRUE AS x FROM dual", "TRUE"),
        ("SELECT 1", "FROM keyword not found where expected"),
        ("SELECT c.id FROM customer c JOIN subsidiary s", "missing keyword"),
        ("SELECT c.id FROM customer c LEFT JOIN subsidiary s WHERE c.id = 1", "missing keyword"),
        ("SELECT 1 / 0 AS x FROM dual", "divisor is equal to zero"),
        ("SELECT id / (id - id) AS x FROM customer", "divisor is equal to zero"),
        ("SELECT 'a' + 1 AS x FROM dual", "invalid number"),
        ("SELECT companyname * 2 AS x FROM customer", "invalid number"),
        ("SELECT SUM(companyname) AS x FROM customer", "invalid number"),
        ("SELECT CAST('abc' AS NUMBER) AS x FROM dual", "invalid number"),
        ("SELECT TO_NUMBER('nan') AS x FROM dual", "invalid number"),
        ("SELECT id FROM customer WHERE id = 'abc'", "invalid number"),
        ("SELECT id FROM customer WHERE id IN (1, 'abc')", "invalid number"),
        ("SELECT CASE WHEN 1 = 1 THEN 'a' ELSE 1 END AS x FROM dual", "inconsistent datatypes"),
        ("SELECT COALESCE(id, 'x') AS x FROM customer", "inconsistent datatypes"),
        ("SELECT NVL(id, 'x') AS x FROM customer", "invalid number"),
        (
            "SELECT id FROM customer UNION SELECT companyname FROM customer",
            "expression must have same datatype as corresponding expression",
        ),
        ("SELECT (SELECT id FROM customer) AS x FROM dual", "single-row subquery returns more than one row"),
        ("SELECT id FROM customer WHERE id = (SELECT id FROM customer)", "single-row subquery returns more than one row"),
        ("SELECT id FROM customer WHERE datecreated > DATE '2026-01-01'", "DATE '2026-01-01'"),
        ("SELECT datecreated + datecreated AS x FROM customer", "date + date not allowed"),
        ("SELECT datecreated * 2 AS x FROM customer", "inconsistent datatypes: expected NUMBER got DATE"),
        ("SELECT -datecreated AS x FROM customer", "inconsistent datatypes: expected NUMBER got DATE"),
        ("SELECT SUM(datecreated) AS x FROM customer", "inconsistent datatypes: expected NUMBER got DATE"),
        ("SELECT ABS(companyname) AS x FROM customer", "invalid number"),
        ("SELECT -companyname AS x FROM customer", "invalid number"),
        ("SELECT CONCAT('a', 'b', 'c') AS x FROM dual", "invalid number of arguments"),
        ("SELECT id FROM customer WHERE companyname IS NOT ''", "missing NULL keyword"),
        ("SELECT id FROM customer WHERE id == 1", ""),
        ("SELECT id FROM customer WHERE companyname GLOB 'A*'", ""),
        ("SELECT id FROM customer WHERE companyname ILIKE 'a%'", ""),
        ("SELECT id % 2 AS x FROM customer", ""),
        ("SELECT id & 2 AS x FROM customer", ""),
        ("SELECT id::text AS x FROM customer", ""),
        (f"SELECT TO_CHAR({DAY}, 'YYYY-ABC') AS x FROM dual", "date format not recognized"),
        (f"SELECT TRUNC({DAY}, 'foo') AS x FROM dual", "bad precision specifier"),
        ("SELECT TO_DATE('2026', 'IYYY') AS x FROM dual", "format code cannot appear in date input format"),
        ("SELECT TO_CHAR(1, 'abc') AS x FROM dual", "invalid number format model"),
        (f"SELECT NEXT_DAY({DAY}, 'Someday') AS x FROM dual", "not a valid day of the week"),
    ],
)
def test_what_oracle_refuses(ns: Account, query: str, why: str) -> None:
    ns.customer(companyName="Acme")
    ns.customer(companyName="Beta")
    status, code, text = error_of(ns.query(query))
    assert (status, code) == (400, "INVALID_PARAMETER")
    assert why in text


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("NVL('', 'x')", "x"),
        ("NVL(LENGTH(''), -1)", "-1"),
        ("NVL(TRIM('  '), 'x')", "x"),
        ("NVL(REPLACE('a', 'a'), 'x')", "x"),
        ("CASE WHEN '' IS NULL THEN 'null' ELSE 'text' END", "null"),
        ("'1' + 1", "2"),
        ("7 / 2", "3.5"),
        ("MOD(5, 0)", "5"),
        ("MOD(-5, 3)", "-2"),
        ("REMAINDER(5, 3)", "-1"),
        ("-(2 + 3)", "-5"),
        ("TO_NUMBER('$1,234.50', '$9,999.99')", "1234.5"),
        ("TRUNC(0.29 * 100)", "29"),
        ("TRUNC(-1.79, 1)", "-1.7"),
        ("ROUND(1234.5, -2)", "1200"),
        ("ROUND(-2.5)", "-3"),
        ("NVL(GREATEST(1, NULL), -1)", "-1"),
        ("BITAND(6, 3)", "2"),
        ("SUBSTR('hello', 0, 2)", "he"),
        ("SUBSTR('hello', -3, 2)", "ll"),
        ("INSTR('banana', 'a', 3)", "4"),
        ("INSTR('banana', 'a', 1, 2)", "4"),
        ("INSTR('banana', 'a', -1)", "6"),
        ("TRANSLATE('abc', 'abc', 'xy')", "xy"),
        ("ASCII('A')", "65"),
        ("REGEXP_INSTR('banana', 'n')", "3"),
        ("REGEXP_SUBSTR('a1b22', '[0-9]+', 1, 2)", "22"),
        ("REGEXP_SUBSTR('Key=Val', '(\\w+)=(\\w+)', 1, 1, 'i', 2)", "Val"),
        ("REGEXP_REPLACE('ab', '(a)(b)', '\\2\\1')", "ba"),
        ("SOUNDEX('Miller')", "M460"),
        (f"TO_CHAR({DAY}, 'Q IW WW W D DDD')", "1 08 07 3 3 048"),
        (f"TO_CHAR({DAY}, 'Month-MONTH-month-Dy')", "February -FEBRUARY -february -Tue"),
        (f"TO_CHAR({DAY}, 'FMMonth DD, YYYY')", "February 17, 2026"),
        ("TO_CHAR(TO_DATE('2026-02-03','YYYY-MM-DD'), 'FMMM/DD')", "2/3"),
        (f"TO_CHAR({DAY}, 'RRRR-MON-YY')", "2026-FEB-26"),
        (f"TO_CHAR({MOMENT}, 'HH:MI:SS AM')", "10:20:30 AM"),
        ("TO_CHAR(1234.5, '9,999.00')", " 1,234.50"),
        ("TO_CHAR(1234.5, 'FM9,990.00')", "1,234.50"),
        ("TO_CHAR(0.5, 'FM999.00')", ".50"),
        ("TO_CHAR(0.5, 'FM990.99')", "0.5"),
        ("TO_CHAR(12345, '999')", "####"),
        ("TO_CHAR(7, '000')", " 007"),
        ("TO_CHAR(-7, '000')", "-007"),
        ("TO_CHAR(0.5)", ".5"),
        (f"TO_CHAR(TRUNC({DAY}, 'Q'), 'YYYY-MM-DD')", "2026-01-01"),
        (f"TO_CHAR(TRUNC({DAY}, 'IW'), 'YYYY-MM-DD')", "2026-02-16"),
        (f"TO_CHAR(TRUNC({DAY}, 'DAY'), 'YYYY-MM-DD')", "2026-02-15"),
        (f"TO_CHAR(TRUNC({MOMENT}, 'HH24'), 'HH24:MI')", "10:00"),
        (f"TO_CHAR(ROUND({DAY}, 'MM'), 'YYYY-MM-DD')", "2026-03-01"),
        ("TO_CHAR(ADD_MONTHS(TO_DATE('2026-02-28','YYYY-MM-DD'), 1), 'YYYY-MM-DD')", "2026-03-31"),
        ("MONTHS_BETWEEN(TO_DATE('2026-03-31','YYYY-MM-DD'), TO_DATE('2026-02-28','YYYY-MM-DD'))", "1"),
        (f"TO_CHAR(NEXT_DAY({DAY}, 'MONDAY'), 'YYYY-MM-DD')", "2026-02-23"),
        ("TO_CHAR(TO_DATE('3-FEB-26', 'DD-MON-RR'), 'YYYY-MM-DD')", "2026-02-03"),
    ],
)
def test_what_oracle_answers(ns: Account, expression: str, value: str) -> None:
    assert ns.rows(f"SELECT {expression} AS v FROM dual") == [{"v": value}]


@pytest.mark.parametrize(
    ("condition", "hits"),
    [
        ("companyname = ''", 0),
        ("companyname <> ''", 0),
        ("email IS NULL", 2),
        ("id = '{id}'", 1),
        ("ROWNUM = 1", 1),
        ("ROWNUM = 2", 0),
        ("ROWNUM > 1", 0),
        ("ROWNUM >= 1", 2),
        ("ROWNUM < 2", 1),
    ],
)
def test_conditions_of_oracle(ns: Account, condition: str, hits: int) -> None:
    ns.customer(companyName="Acme")
    last = ns.customer(companyName="Beta")
    assert len(ns.rows(f"SELECT id FROM customer WHERE {condition.format(id=last)}")) == hits


def test_an_empty_parameter_is_null(ns: Account) -> None:
    ns.customer(companyName="Acme")
    assert ns.rows("SELECT id FROM customer WHERE companyname <> ?", "") == []
    assert ns.rows("SELECT NVL(?, 'x') AS v FROM dual", "") == [{"v": "x"}]


@pytest.mark.parametrize("condition", ["id = ?", "id > ?", "id IN (?, ?)", "id BETWEEN ? AND 5"])
def test_a_parameter_beside_a_number_is_one(ns: Account, condition: str) -> None:
    last = ns.customer(companyName="Acme")
    more = ["2"] if condition.count("?") == 2 else []
    assert "invalid number" in error_of(ns.query(f"SELECT id FROM customer WHERE {condition}", "abc", *more))[2]
    assert ns.query(f"SELECT id FROM customer WHERE {condition}", last, *more).status_code == 200
    assert ns.rows(f"SELECT id FROM customer WHERE companyname = 'x' OR {condition}", f" {last} ", *more) == ns.rows(
        f"SELECT id FROM customer WHERE {condition}", int(last), *more
    )


@pytest.mark.parametrize(
    "query",
    [
        "SELECT companyname, COUNT(*) AS n, MAX(id) AS m FROM customer GROUP BY companyname HAVING COUNT(*) > 0 ORDER BY n, companyname",
        "SELECT UPPER(companyname) AS u, SUM(id + 1) AS s FROM customer GROUP BY UPPER(companyname) ORDER BY UPPER(companyname)",
        "SELECT c.companyname, (SELECT MAX(x.id) FROM customer x WHERE x.id = c.id) AS m FROM customer c",
        "SELECT COUNT(*) AS n, 'a' AS t, SYSDATE AS d FROM customer",
        "SELECT SUM(COUNT(*)) OVER () AS n FROM customer GROUP BY companyname",
        "SELECT companyname AS c FROM customer ORDER BY c",
        "SELECT DISTINCT companyname AS c FROM customer ORDER BY companyname",
        "SELECT id FROM customer WHERE NOT (id = 1 OR companyname LIKE 'A%') AND EXISTS (SELECT 1 FROM dual)",
        "SELECT id FROM customer WHERE REGEXP_LIKE(companyname, 'A')",
        "SELECT c.id FROM customer c, subsidiary s WHERE c.subsidiary = s.id",
        "SELECT c.id FROM customer c INNER JOIN subsidiary s ON s.id = c.subsidiary CROSS JOIN currency",
        "SELECT NULL AS x FROM dual UNION ALL SELECT companyname FROM customer",
        "SELECT CASE WHEN id > 1 THEN NULL ELSE 'b' END AS x FROM customer",
        "SELECT x.n FROM (SELECT COUNT(*) AS n FROM customer GROUP BY companyname) x WHERE x.n > 0",
    ],
)
def test_what_oracle_runs(ns: Account, query: str) -> None:
    ns.customer(companyName="Acme")
    assert ns.query(query).status_code == 200, ns.query(query).text
