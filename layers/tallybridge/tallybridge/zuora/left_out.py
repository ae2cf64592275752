"""One query for what the rules of all steps leave out in Zuora, so that a run pays for it once."""

from __future__ import annotations

from collections.abc import Mapping

from tallybridge.zuora.selection import sql_text


def left_out_sql(parts: Mapping[str, str], named: int) -> str:
    """SQL with the columns step, rule, currency, number, n, total: per step (the key), rule and currency the first `named` records, each
    with the number of records and the sum of their amounts. `parts` give rule, currency, number and amount of each record; "" without
    any."""
    whole = " UNION ALL ".join(f"SELECT {sql_text(step)} AS step, q.* FROM ({sql}) q" for step, sql in parts.items() if sql)
    if not whole:
        return ""
    group = "PARTITION BY a.step, a.rule, a.currency"
    counted = (
        f"SELECT a.step, a.rule, a.currency, a.number, COUNT(*) OVER ({group}) AS n, SUM(a.amount) OVER ({group}) AS total, "
        f"ROW_NUMBER() OVER ({group} ORDER BY a.number) AS place FROM ({whole}) a"
    )
    return (
        f"SELECT c.step, c.rule, c.currency, c.number, c.n, c.total FROM ({counted}) c WHERE c.place <= {named} "
        "ORDER BY c.step, c.rule, c.currency, c.place"
    )
