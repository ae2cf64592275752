"""More statements that Trino 351 takes or refuses: the edges of its grammar, its types and its functions. Part of `trino_cases`.

Texts of refusals are those of Trino's sources (`core/trino-main`, `core/trino-parser`), as far as published."""

from __future__ import annotations

from typing import Any

REFUSED_EDGES: list[tuple[str, str, str]] = [
    ("LIMIT of a negative number", "SELECT id FROM invoice LIMIT -1", "line 1:30: mismatched input '-'"),
    ("LIMIT of a fraction", "SELECT id FROM invoice LIMIT 1.5", "line 1:30: mismatched input '1.5'"),
    ("LIMIT of a text", "SELECT id FROM invoice LIMIT '1'", "line 1:30: mismatched input ''1''"),
    ("LIMIT of a sum", "SELECT id FROM invoice LIMIT 1 + 1", "line 1:32: mismatched input '+'"),
    ("LIMIT before UNION", "SELECT 1 LIMIT 1 UNION SELECT 2", "line 1:18: mismatched input 'UNION'"),
    ("OFFSET of a text", "SELECT id FROM invoice OFFSET '1'", "line 1:31: mismatched input ''1''"),
    ("FETCH FIRST WITH TIES", "SELECT id FROM invoice ORDER BY id FETCH FIRST 1 ROW WITH TIES", "line 1:1: WITH TIES is not imitated here"),
    ("TRIM of a sign", "SELECT TRIM(LEADING '0' FROM '0012')", "line 1:21: mismatched input ''0''"),
    ("TRIM on one side", "SELECT TRIM(TRAILING FROM status) FROM invoice", "line 1:22: mismatched input 'FROM'"),
    ("BETWEEN SYMMETRIC", "SELECT 1 BETWEEN SYMMETRIC 2 AND 0", "line 1:28: mismatched input '2'"),
    (
        "interval of weeks",
        "SELECT INTERVAL '1' WEEK",
        "line 1:21: mismatched input 'WEEK'. Expecting: 'DAY', 'HOUR', 'MINUTE', 'MONTH', 'SECOND', 'YEAR'",
    ),
    ("interval of a plural", "SELECT CURRENT_DATE - INTERVAL '30' DAYS", "line 1:37: mismatched input 'DAYS'"),
    ("interval with its unit in the text", "SELECT INTERVAL '1 day'", "line 1:24: mismatched input '<EOF>'"),
    ("interval of a fraction", "SELECT INTERVAL '1.5' DAY", "line 1:8: Invalid INTERVAL DAY value: 1.5"),
    ("interval of two fields that is none", "SELECT INTERVAL '14' YEAR TO MONTH", "line 1:8: Invalid INTERVAL YEAR TO MONTH value: 14"),
    ("interval of days and of months", "SELECT INTERVAL '2' DAY + INTERVAL '3' MONTH", "line 1:25: '+' cannot be applied to"),
    ("reserved word as a column", "SELECT order FROM invoice", "line 1:8: mismatched input 'order'"),
    ("reserved word as an alias", "SELECT id AS values FROM invoice", "line 1:14: mismatched input 'values'"),
    ("reserved word as a table's alias", "SELECT 1 FROM invoice AS end", "line 1:26: mismatched input 'end'"),
    ("text as an alias", "SELECT id AS 'x' FROM invoice", "line 1:14: mismatched input ''x''"),
    ("square brackets around a name", "SELECT [id] FROM invoice", "line 1:8: mismatched input '['"),
    ("JOIN without a condition", "SELECT count(*) FROM invoice JOIN account", "line 1:42: mismatched input '<EOF>'"),
    ("JOIN without a condition before GROUP BY", "SELECT 1 FROM invoice JOIN account GROUP BY id", "line 1:36: mismatched input 'GROUP'"),
    ("LEFT JOIN without a condition", "SELECT 1 FROM invoice i LEFT JOIN account a WHERE 1 = 1", "line 1:45: mismatched input 'WHERE'"),
    (
        "window function in WHERE",
        "SELECT id FROM invoice WHERE row_number() OVER (ORDER BY id) = 1",
        "line 1:30: WHERE clause cannot contain aggregations, window functions or grouping operations",
    ),
    (
        "window function in GROUP BY",
        "SELECT 1 FROM invoice GROUP BY id, rank() OVER (ORDER BY id)",
        "line 1:36: GROUP BY clause cannot contain aggregations, window functions or grouping operations",
    ),
    (
        "window function in HAVING",
        "SELECT status FROM invoice GROUP BY status HAVING rank() OVER (ORDER BY status) = 1",
        "line 1:51: HAVING clause cannot contain window functions",
    ),
    (
        "aggregate in ON",
        "SELECT 1 FROM invoice i JOIN account a ON i.accountid = max(a.id)",
        "line 1:57: JOIN clause cannot contain aggregations, window functions or grouping operations",
    ),
    (
        "WITH of one name twice",
        "WITH a AS (SELECT 1 x), a AS (SELECT 2 x) SELECT x FROM a",
        "line 1:25: WITH query name 'a' specified more than once",
    ),
    (
        "WITH of too many names",
        "WITH a (p, q) AS (SELECT 1 x) SELECT p FROM a",
        "line 1:9: Column alias list has 2 entries but relation has 1 columns",
    ),
    (
        "too few names of a table",
        "SELECT p FROM (VALUES (1, 2)) AS t (p)",
        "line 1:34: Column alias list has 1 entries but 't' has 2 columns available",
    ),
    ("sum of integers that is too large", "SELECT 2147483647 + 1", "integer addition overflow: 2147483647 + 1"),
    ("product of integers that is too large", "SELECT 65536 * 65536", "integer multiplication overflow: 65536 * 65536"),
    ("difference of bigints that is too large", "SELECT -9223372036854775807 - 2", "bigint subtraction overflow: -9223372036854775807 - 2"),
    ("product of decimals that is too large", "SELECT CAST(1e37 AS decimal(38,0)) * 100.0", "Decimal overflow"),
    ("more digits than a decimal has", "SELECT CAST(1 AS decimal(40,2))", "DECIMAL precision must be in range [1, 38]"),
    ("more places than digits", "SELECT CAST(1 AS decimal(5,6))", "DECIMAL scale must be in range [0, precision"),
    ("number that is too large for its type", "SELECT CAST(300 AS tinyint)", "Out of range for tinyint: 300"),
    ("text with spaces to a number", "SELECT CAST(' 12 ' AS integer)", "Cannot cast ' 12 ' to INT"),
    ("number that is longer than its text", "SELECT CAST(12345 AS varchar(3))", "Value 12345 cannot be represented as varchar(3)"),
    (
        "date that is longer than its text",
        "SELECT CAST(DATE '2026-01-31' AS varchar(4))",
        "Value 2026-01-31 cannot be represented as varchar(4)",
    ),
    ("moment with a T", "SELECT TIMESTAMP '2026-01-31T10:00:00'", "line 1:8: '2026-01-31T10:00:00' is not a valid timestamp literal"),
    (
        "cast of a text with a T",
        "SELECT CAST('2026-01-31T10:00:00' AS timestamp)",
        "Value cannot be cast to timestamp: 2026-01-31T10:00:00",
    ),
    (
        "cast of a moment's text to a date",
        "SELECT CAST('2026-01-31 10:00:00' AS date)",
        "Value cannot be cast to date: 2026-01-31 10:00:00",
    ),
    ("date() of a moment's text", "SELECT date('2026-01-31 10:00:00')", "Value cannot be cast to date: 2026-01-31 10:00:00"),
    ("hours of a date, cut off", "SELECT date_trunc('hour', DATE '2026-01-31')", "'hour' is not a valid DATE field"),
    ("hours between dates", "SELECT date_diff('hour', DATE '2026-01-31', DATE '2026-02-01')", "'hour' is not a valid DATE field"),
    ("format that Trino has not", "SELECT date_format(DATE '2026-01-05', '%D')", "%D not supported in date format string"),
    ("iso moment without a T", "SELECT from_iso8601_timestamp('2026-01-31 10:00:00')", 'Invalid format: "2026-01-31 10:00:00"'),
    (
        "LIKE with an escape of nothing",
        "SELECT 'ab' LIKE 'a#b' ESCAPE '#'",
        "Escape character must be followed by '%', '_' or the escape character itself",
    ),
    ("LIKE with two escapes", "SELECT 'ab' LIKE 'ab' ESCAPE '##'", "Escape string must be a single character"),
    ("doubles that are no numbers", "SELECT sqrt(-1)", "NaN is not imitated here"),
    ("TRY over what answers for null", "SELECT TRY(COALESCE(1 / 0, 1))", "line 1:8: TRY over coalesce is not imitated here"),
    (
        "column that no grouping set has",
        "SELECT status, amount FROM invoice GROUP BY ROLLUP (status)",
        "line 1:16: 'amount' must be an aggregate expression or appear in GROUP BY clause",
    ),
    ("UNNEST of a text", "SELECT x FROM UNNEST('a') AS t (x)", "line 1:22: Cannot unnest type: varchar(1)"),
    ("offset of a window function", "SELECT lag(n, -1) OVER (ORDER BY n) FROM (VALUES 1) t (n)", "Offset must be at least 0"),
    ("buckets of nothing", "SELECT ntile(0) OVER (ORDER BY n) FROM (VALUES 1) t (n)", "Buckets must be greater than 0"),
    ("ORDER BY before UNION", "SELECT id FROM invoice ORDER BY id UNION SELECT id FROM payment", "line 1:36: mismatched input 'UNION'"),
    ("column of USING with a table", "SELECT i.id FROM invoice i JOIN invoice j USING (id)", "line 1:8: Column 'i.id' cannot be resolved"),
    ("comparison of a comparison", "SELECT 1 = 1 = true", "line 1:14: mismatched input '='"),
    ("text as a table", "SELECT id FROM 'invoice'", "line 1:16: mismatched input ''invoice''"),
    (
        "table that goes by another name",
        "SELECT id FROM invoice i WHERE invoice.id = 'x'",
        "line 1:32: Column 'invoice.id' cannot be resolved",
    ),
    ("split by nothing", "SELECT split('a', '')", "The delimiter may not be the empty string"),
]
ANSWERED_EDGES: list[tuple[str, str, list[list[Any]]]] = [
    (
        "ROLLUP",
        "SELECT s, t, sum(n) AS n, grouping(s, t) AS g FROM (VALUES ('a', 'x', 1), ('a', 'y', 2), ('b', 'x', 4)) v (s, t, n) "
        "GROUP BY ROLLUP (s, t) ORDER BY g, s, t",
        [["a", "x", 1, 0], ["a", "y", 2, 0], ["b", "x", 4, 0], ["a", None, 3, 1], ["b", None, 4, 1], [None, None, 7, 3]],
    ),
    (
        "CUBE",
        "SELECT s, t, count(*) FROM (VALUES ('a', 'x'), ('b', 'x')) v (s, t) GROUP BY CUBE (s, t) ORDER BY 1, 2",
        [["a", "x", 1], ["a", None, 1], ["b", "x", 1], ["b", None, 1], [None, "x", 2], [None, None, 2]],
    ),
    (
        "GROUPING SETS",
        "SELECT s, t, max(n) FROM (VALUES ('a', 'x', 1), ('b', 'y', 2)) v (s, t, n) GROUP BY GROUPING SETS ((s), (t), ()) "
        "HAVING max(n) > 1 ORDER BY s, t LIMIT 2",
        [["b", None, 2], [None, "y", 2]],
    ),
    ("ROLLUP without an aggregate", "SELECT status AS s FROM invoice GROUP BY ROLLUP (status) ORDER BY s", [["Posted"], [None]]),
    ("ROLLUP inside", "SELECT sum(n) FROM (SELECT status, count(*) AS n FROM invoice GROUP BY ROLLUP (status)) q", [[4]]),
    (
        "ALL and ANY",
        "SELECT 1 < ALL (SELECT amount FROM invoice), 1 > ANY (SELECT amount FROM invoice), 'b' = ANY (VALUES 'a', 'b'), "
        "2 <> ALL (SELECT 1 UNION ALL SELECT NULL), 1 = SOME (SELECT 1 WHERE 1 = 2), 1 = ALL (SELECT 2 WHERE 1 = 2)",
        [[True, False, True, None, False, True]],
    ),
    (
        "ALL of a correlated subquery",
        "SELECT count(*) FROM account a WHERE a.id = ALL (SELECT i.accountid FROM invoice i WHERE i.accountid = a.id)",
        [[2]],
    ),
    ("HAVING without GROUP BY", "SELECT 'many' FROM invoice HAVING count(*) > 1", [["many"]]),
    ("comparison in parentheses", "SELECT (1 = 1) = true", [[True]]),
    ("cast of a date literal", "SELECT CAST(DATE '2026-01-01' AS timestamp) = TIMESTAMP '2026-01-01 00:00:00'", [[True]]),
    ("UNNEST", "SELECT n, n + 1 FROM UNNEST(ARRAY[1, NULL]) AS t (n) ORDER BY n", [[1, 2], [None, None]]),
    (
        "UNNEST of a column, with places",
        "SELECT v.s, x, o FROM (VALUES 'a-b', 'c') v (s) CROSS JOIN UNNEST(split(v.s, '-')) WITH ORDINALITY AS t (x, o) ORDER BY s, o",
        [["a-b", "a", 1], ["a-b", "b", 2], ["c", "c", 1]],
    ),
    ("UNNEST, grouped", "SELECT x, count(*) FROM UNNEST(ARRAY['a', 'b', 'a']) t (x) GROUP BY x HAVING count(*) > 1", [["a", 2]]),
    ("LIMIT ALL", "SELECT count(*) FROM (SELECT id FROM invoice LIMIT ALL) t", [[2]]),
    ("interval of years and months", "SELECT DATE '2026-01-31' + INTERVAL '1-2' YEAR TO MONTH", [["2027-03-31"]]),
    (
        "interval of days to minutes",
        "SELECT INTERVAL '2 03:04' DAY TO MINUTE, INTERVAL '1.5' SECOND",
        [["2 03:04:00.000", "0 00:00:01.500"]],
    ),
    (
        "arithmetic of intervals",
        "SELECT INTERVAL '2' DAY / 2, 2 * INTERVAL '2' DAY, -INTERVAL '1' DAY, INTERVAL -'1' DAY",
        [["1 00:00:00.000", "4 00:00:00.000", "-1 00:00:00.000", "-1 00:00:00.000"]],
    ),
    ("interval as a text", "SELECT CAST(INTERVAL '36' HOUR AS varchar), CAST(INTERVAL '14' MONTH AS varchar)", [["1 12:00:00.000", "1-2"]]),
    ("sum of intervals", "SELECT sum(d) FROM (VALUES INTERVAL '1' DAY, INTERVAL '2' DAY) t (d)", [["3 00:00:00.000"]]),
    ("reserved word in quotes", 'SELECT id AS "order" FROM invoice LIMIT 0', []),
    ("words that are not reserved", "SELECT id AS date, status AS user FROM invoice LIMIT 0", []),
    ("column with its schema", "SELECT count(data.invoice.id) FROM data.invoice", [[2]]),
    (
        "typed literals",
        "SELECT DECIMAL '1.50' + 0, DOUBLE '1.5', BIGINT '5', SMALLINT '5', TINYINT '5', REAL '1.5'",
        [[1.5, 1.5, 5, 5, 5, 1.5]],
    ),
    ("doubles as texts", "SELECT CAST(1e10 AS varchar), CAST(1e0 AS varchar), CAST(1.5e-4 AS varchar)", [["1.0E10", "1.0", "1.5E-4"]]),
    ("infinite doubles", "SELECT 1e0 / 0, -1e0 / 0, is_infinite(infinity())", [["Infinity", "-Infinity", True]]),
    ("integer beside a bigint", "SELECT 2147483648 + 1", [[2147483649]]),
    (
        "typeof",
        "SELECT typeof(1), typeof('a'), typeof(1.5), typeof(NULL), typeof(sum(amount)) FROM invoice",
        [["integer", "varchar(1)", "decimal(2,1)", "unknown", "decimal(38,6)"]],
    ),
    ("TRY", "SELECT TRY(1 / 0), TRY(CAST('x' AS integer)) + 1, COALESCE(TRY(1 / 0), 7), TRY(2 + 1)", [[None, None, 7, 3]]),
    ("TRY over rows", "SELECT TRY(CAST(s AS integer)) FROM (VALUES '1', 'x') t (s) ORDER BY 1", [[1], [None]]),
    ("moment of short parts", "SELECT CAST('2026-1-2 3:4' AS timestamp) = TIMESTAMP '2026-01-02 03:04:00'", [[True]]),
    (
        "strings",
        "SELECT strpos('high', 'h', 2), translate('abcd', 'ab', 'x'), split('a,b,c', ',', 2), levenshtein_distance('kitten', 'sitting')",
        [[4, "xcd", ["a", "b,c"], 3]],
    ),
    (
        "regular expressions",
        "SELECT regexp_split('1a2b3', '[a-z]'), regexp_extract_all('1a 14m', '\\d+'), regexp_count('1a 2b', '[a-z]'), "
        "regexp_position('abc', 'c')",
        [[["1", "2", "3"], ["1", "14"], 2, 3]],
    ),
    (
        "other strings",
        "SELECT from_base('ff', 16), to_base(255, 16), repeat('a', 2), url_extract_host('https://a.b/c')",
        [[255, "ff", ["a", "a"], "a.b"]],
    ),
    (
        "mathematics",
        "SELECT ln(1), exp(0), log10(100), log2(8), round(cbrt(27)), log(2, 8), pow(2, 3), truncate(1234.5678, 2), round(pi(), 2)",
        [[0, 1, 2, 3, 3, 3, 8, 1234.56, 3.14]],
    ),
    ("bits and buckets", "SELECT bitwise_and(6, 3), bitwise_or(6, 3), bitwise_xor(6, 3), width_bucket(5, 0, 10, 5)", [[2, 7, 5, 3]]),
    ("random numbers", "SELECT rand() < 1, random(5) < 5", [[True, True]]),
    (
        "arrays",
        "SELECT sequence(1, 3), array_union(ARRAY[1], ARRAY[2]), array_intersect(ARRAY[1, 2], ARRAY[2]), "
        "array_except(ARRAY[1, 2], ARRAY[2]), slice(ARRAY[1, 2, 3], 2, 2), arrays_overlap(ARRAY[1], ARRAY[1, 2])",
        [[[1, 2, 3], [1, 2], [2], [1], [2, 3], True]],
    ),
    (
        "statistics",
        "SELECT stddev(n), variance(n), round(stddev_pop(n), 3), approx_percentile(n, 0.5), max(n, 2), min(n, 2), round(corr(n, n), 3) "
        "FROM (VALUES 1, 2, 3) t (n)",
        [[1, 1, 0.816, 2, [3, 2], [1, 2], 1]],
    ),
    (
        "more parts of dates",
        "SELECT year_of_week(DATE '2027-01-01'), yow(DATE '2027-01-01'), week_of_year(DATE '2026-01-31'), "
        "millisecond(TIMESTAMP '2026-01-01 00:00:00.123 UTC'), to_milliseconds(INTERVAL '1' DAY)",
        [[2026, 2026, 5, 123, 86400000]],
    ),
    (
        "formats of MySQL",
        "SELECT date_format(DATE '2026-01-05', '%e %c %W %v %x %k %l %p %r %f')",
        [["5 1 Monday 02 2026 0 12 AM 12:00:00 AM 000000"]],
    ),
    (
        "formats of Joda",
        "SELECT format_datetime(TIMESTAMP '2026-01-05 09:07:03.045 UTC', 'd/M/yy h:mm a SSS D ZZ')",
        [["5/1/26 9:07 AM 045 5 +00:00"]],
    ),
    ("parse_datetime", "SELECT CAST(parse_datetime('31.01.2026 05:06', 'dd.MM.yyyy HH:mm') AS date)", [["2026-01-31"]]),
    ("iso dates", "SELECT from_iso8601_date('2026-W05-6'), from_iso8601_date('2026-031')", [["2026-01-31", "2026-01-31"]]),
    ("moments in zones", "SELECT from_unixtime(0, 'America/Los_Angeles'), current_timezone()", [["1969-12-31T16:00:00.000-08:00", "UTC"]]),
    (
        "a literal keeps its zone",
        "SELECT TIMESTAMP '2026-01-31 10:00:00 America/Los_Angeles', hour(TIMESTAMP '2026-01-31 10:00:00 +05:30'), "
        "TIMESTAMP '2026-01-31 10:00:00 +05:30' = TIMESTAMP '2026-01-31 04:30:00 UTC'",
        [["2026-01-31T10:00:00.000-08:00", 10, True]],
    ),
    ("localtimestamp", "SELECT localtimestamp > TIMESTAMP '2026-01-01 00:00:00'", [[True]]),
]
