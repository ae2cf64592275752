"""What the rules of a step leave out in NetSuite: one aggregate query a run, and one more for names where there is something."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from tallybridge.netsuite import NetSuite
from tallybridge.netsuite.suiteql import PAGE
from tallybridge.sync.runlog import NAMED, LeftOut, Tally
from tallybridge.zuora.selection import Told

NO_CUSTOMER = Told("LEFT-CUSTOMER", "their customer has no Zuora ID", due=True)
IGNORED = Told("LEFT-IGNORED", "Zuora Integration Status says Ignore", due=False)
NOT_APPLIED_IN_FULL = Told("LEFT-UNAPPLIED", "they are not applied in full", due=True)
BEFORE_CUTOVER = Told("LEFT-CUTOVER", "they are dated before the cutover date", due=False)


@dataclass(frozen=True)
class SuiteLeftOut:
    """Records that meet `where` and would be new, but for one of `rules`: conditions with what is said of those that do not meet them, in
    the order in which they are looked at. `source` has the record's own row as `t`; `params` are for the `?` of the rules, then of
    `where`. `amount` "" is for records without, `currency` "" where the account has only one."""

    source: str
    where: tuple[str, ...]
    rules: tuple[tuple[str, Told], ...]
    params: tuple[str, ...] = ()
    number: str = "t.tranid"
    amount: str = "ABS(t.foreigntotal)"
    currency: str = ""

    def _records(self) -> str:
        """Every record that a rule leaves out, with the first such rule."""
        rule = "NULL"
        for condition, told in reversed(self.rules):
            rule = f"CASE WHEN {condition} THEN {rule} ELSE '{told.code}' END"
        columns = f"{rule} AS leftby, {self.currency or chr(39) + ' ' + chr(39)} AS currency, {self.number} AS docnumber"
        conditions = " AND ".join(f"({c})" for c in self.where)
        return f"(SELECT {columns}, {self.amount or '0'} AS total FROM {self.source} WHERE {conditions}) q WHERE q.leftby IS NOT NULL"

    def count_sql(self) -> str:
        return f"SELECT COUNT(*) AS n FROM {self._records()}"

    def sums_sql(self) -> str:
        return f"SELECT q.leftby, q.currency, COUNT(*) AS n, SUM(q.total) AS total FROM {self._records()} GROUP BY q.leftby, q.currency"

    def names_sql(self) -> str:
        return f"SELECT q.leftby, q.currency, q.docnumber FROM {self._records()} ORDER BY q.docnumber"

    def ask(self, netsuite: NetSuite, step: str, record_type: str) -> list[LeftOut]:
        """What is left out, by rule and currency."""
        rules = {told.code: told for _, told in self.rules}
        found = {
            (row["leftby"], row.get("currency", "").strip()): LeftOut(
                step,
                record_type,
                row["leftby"],
                rules[row["leftby"]].reason,
                row.get("currency", "").strip(),
                Tally(int(row["n"]), Decimal(row.get("total", "0"))),
                due=rules[row["leftby"]].due,
            )
            for row in netsuite.suiteql(self.sums_sql(), self.params)
        }
        names = islice(netsuite.suiteql(self.names_sql(), self.params), PAGE) if found else ()
        for row in names:
            known = found.get((row["leftby"], row.get("currency", "").strip()))
            if known is not None and len(known.first) < NAMED:
                known.first.append(row.get("docnumber", ""))
        return list(found.values())
