"""What NetSuite says was changed or deleted lately, and what it holds now. Times are those of the account's zone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tallybridge.clock import utc_moment
from tallybridge.drift.kinds import RECORD_TYPES, Kind
from tallybridge.netsuite import NetSuite
from tallybridge.netsuite.suiteql import MAX_ROWS
from tallybridge.steps.shared.applications import applications
from tallybridge.steps.shared.suite_selection import MODIFIED, MOMENT

MAX_WINDOWS = 1_000
"""Windows of 100,000 rows in one look."""
KEYS_PER_LOOKUP = 500
"""Zuora ids in one query; each comes with an internal id, and an IN list takes 1,000."""


@dataclass(frozen=True)
class There:
    """A NetSuite transaction that carries a Zuora ID, or is known by its internal id. `total` with NetSuite's sign, in `currency`, which
    is "" in accounts with one currency alone; `customer` by internal id. A void leaves behind no amount, or, where a journal reverses it,
    the flag `voided`."""

    id: str
    type: str
    zuora_id: str
    total: Decimal
    currency: str = ""
    customer: str = ""
    voided: bool = False
    modified: str = ""
    open: Decimal = Decimal(0)
    """What is applied to nothing, of a payment or credit memo."""
    zuora_type: str = ""

    @property
    def kind(self) -> str:
        return RECORD_TYPES.get(self.type, "transaction")


@dataclass(frozen=True)
class Applied:
    """What NetSuite has applied of a payment or credit memo to Zuora's documents, and what it has refunded of it."""

    amount: Decimal
    refunded: Decimal


class Transactions:
    """Reads the transactions that carry the field `zuora_id`; `zuora_type` is the field that says of what kind they are, "" where the
    account lacks it."""

    def __init__(self, netsuite: NetSuite, zuora_id: str, zuora_type: str = "", *, currencies: bool) -> None:
        self.netsuite = netsuite
        self.zuora_id = zuora_id
        symbol = ", u.symbol AS symbol" if currencies else ""
        join = " LEFT JOIN currency u ON u.id = t.currency" if currencies else ""
        columns = f"t.id, t.type, t.{zuora_id} AS zuoraid, t.foreigntotal, t.entity, t.voided, {MODIFIED} AS modified{symbol}"
        columns += f", t.foreignpaymentamountunused AS unused{f', t.{zuora_type} AS zuoratype' if zuora_type else ''}"
        self.select = f"SELECT {columns} FROM transaction t{join} WHERE t.type IN ({', '.join(repr(code) for code in RECORD_TYPES)})"

    def latest(self) -> str:
        """When NetSuite changed a transaction last: the present moment by the account's own clock, or a little earlier."""
        rows = list(self.netsuite.suiteql(f"SELECT TO_CHAR(MAX(t.lastmodifieddate), '{MOMENT}') AS latest FROM transaction t"))
        return utc_moment(rows[0].get("latest")) if rows else ""

    def changed(self, since: str, after: str = "") -> Iterator[There]:
        """Those that were changed since then, in the order of their internal ids, behind one of them: one call per 1,000."""
        lately = f"t.lastmodifieddate >= TO_TIMESTAMP(?, '{MOMENT}')"
        q = f"{self.select} AND t.{self.zuora_id} IS NOT NULL AND {lately} AND t.id > ? ORDER BY t.id"
        last = after or "0"
        for _ in range(MAX_WINDOWS):
            number = 0
            for number, row in enumerate(self.netsuite.suiteql(q, [_local(since), last]), start=1):
                last = row["id"]
                yield _there(row)
                if number == MAX_ROWS:
                    break
            if number < MAX_ROWS:
                return

    def deleted(self, since: str) -> Iterator[tuple[str, str]]:
        """Internal ids of records of every kind that were deleted since then, with the moment: one call per 1,000. Refused to roles without
        the permission *Deleted Records*."""
        q = (
            f"SELECT d.recordid AS id, TO_CHAR(d.deleteddate, '{MOMENT}') AS modified FROM deletedrecord d "
            f"WHERE d.deleteddate >= TO_TIMESTAMP(?, '{MOMENT}')"
        )
        for row in self.netsuite.suiteql(q, [_local(since)]):
            if row.get("id"):
                yield row["id"], utc_moment(row.get("modified"))

    def now(self, internal_id_of: dict[str, str]) -> list[There]:
        """What NetSuite holds of some Zuora records: by the Zuora ID, and by the internal id that each is known by ("" for none)."""
        found: dict[str, There] = {}
        keys = list(internal_id_of)
        for start in range(0, len(keys), KEYS_PER_LOOKUP):
            part = keys[start : start + KEYS_PER_LOOKUP]
            ids = [internal_id_of[k] for k in part if internal_id_of[k]]
            by_id = f" OR t.id IN ({', '.join('?' * len(ids))})" if ids else ""
            q = f"{self.select} AND (t.{self.zuora_id} IN ({', '.join('?' * len(part))}){by_id})"
            found |= {row["id"]: _there(row) for row in self.netsuite.suiteql(q, [*part, *ids])}
        return list(found.values())

    def applied(self, found: Sequence[There]) -> dict[str, Applied]:
        """What payments and credit memos have applied, by internal id: one call per 1,000."""
        links = applications(self.netsuite, [t.id for t in found], self.zuora_id)
        sums = {t.id: sum((a.amount for a in links.get(t.id, ())), Decimal(0)) for t in found}
        to_zuora = {t.id: sum((a.amount for a in links.get(t.id, ()) if a.zuora_id), Decimal(0)) for t in found}
        return {t.id: Applied(to_zuora[t.id], max(Decimal(0), abs(t.total) - t.open - sums[t.id])) for t in found}


def existing(netsuite: NetSuite, kind: Kind, internal_ids: Collection[str]) -> set[str]:
    """Which customers or items NetSuite still has: one call per 1,000."""
    q = f"SELECT t.id FROM {kind.table} t WHERE t.id IN {{in}}"
    return {row["id"] for row in netsuite.suiteql_in(q, sorted(internal_ids))}


def _local(moment: str) -> str:
    return moment[:19].replace("T", " ")


def _there(row: dict[str, str]) -> There:
    return There(
        row["id"],
        row.get("type", ""),
        row.get("zuoraid", ""),
        Decimal(row.get("foreigntotal", "0")),
        row.get("symbol", ""),
        row.get("entity", ""),
        row.get("voided") == "T",
        utc_moment(row.get("modified")),
        Decimal(row.get("unused", "0")),
        row.get("zuoratype", ""),
    )
