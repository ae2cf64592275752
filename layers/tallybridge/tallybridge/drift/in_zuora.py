"""What Zuora says was changed lately, and what it holds now."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tallybridge.clock import utc_moment
from tallybridge.drift.kinds import Kind
from tallybridge.steps.shared.sync_step import SyncStep
from tallybridge.zuora.selection import After, Filled, SourceQuery, sql_text
from tallybridge.zuora.source import INTEGRATION_ID, ZuoraSource

STATUS = "IntegrationStatus__NS"
TRANSFERRED = "TransferredToAccounting"
IDS_PER_JOB = 1_000
"""Integration IDs in one query job."""


@dataclass(frozen=True)
class Changed:
    """A Zuora record that was changed lately, as the query copy shows it. None where the copy was not asked. `there` is the internal id in
    its Integration ID, behind which adjustments have a number."""

    object: str
    id: str
    status: str = ""
    amount: Decimal | None = None
    applied: Decimal | None = None
    there: str = ""
    deleted: bool = False
    modified: str = ""


def changed(source: ZuoraSource, kinds: Sequence[Kind], since: str) -> Iterator[Changed]:
    """Synced records that were changed since then, deleted ones too: one query job for all kinds. Where the tenant is read by ZOQL, one
    query a kind, and no deleted ones, which ZOQL does not know."""
    if source.read_path == "zoql":
        for kind in kinds:
            query = SourceQuery(kind.object, (), ((Filled(INTEGRATION_ID), After("UpdatedDate", since)),))
            for head in source.select(query):
                yield Changed(kind.object, head.id, modified=utc_moment(head.updated))
        return
    for row in source.zuora.data_query(changed_sql(kinds, since, source.suffix)):
        yield Changed(
            str(row["object"]),
            str(row["id"]),
            str(row.get("status") or ""),
            _decimal(row.get("amount")),
            _decimal(row.get("applied")),
            str(row.get("there") or "").partition("_")[0],
            str(row.get("deleted")).lower() == "true",
            utc_moment(row.get("updateddate")),
        )


def changed_sql(kinds: Sequence[Kind], since: str, suffix: str) -> str:
    """The query for it; deleted rows are shown because the column is both selected and filtered."""
    there = f"h.{INTEGRATION_ID.removesuffix('__NS').lower()}{suffix.lower()}"
    moment = After("UpdatedDate", since).sql("h.updateddate").replace(" > ", " >= ")
    arms = [
        f"SELECT {sql_text(kind.object)} AS object, h.id AS id, h.status AS status, h.{kind.amount.lower()} AS amount, "
        f"{kind.applied or 'CAST(NULL AS decimal(18,6))'} AS applied, {there} AS there, h.deleted AS deleted, "
        f"at_timezone(h.updateddate, 'UTC') AS updateddate FROM {kind.object.lower()} h "
        f"WHERE {moment} AND {there} IS NOT NULL AND {there} <> '' AND (h.deleted = TRUE OR h.deleted = FALSE)"
        for kind in kinds
    ]
    return " UNION ALL ".join(arms)


def linked_to(source: ZuoraSource, kinds: Sequence[Kind], internal_ids: Collection[str]) -> Iterator[tuple[str, str]]:
    """(object, id) of the records that carry one of the NetSuite ids: one query job per 1,000 ids. By ZOQL one query per 150 ids and kind,
    and no memos, which it does not know."""
    ids = sorted(internal_ids)
    if source.read_path == "zoql":
        for kind in (k for k in kinds if not k.object.endswith("Memo")):
            for row in source.by_field(kind.object, INTEGRATION_ID, ids, ()):
                yield kind.object, str(row["Id"])
        return
    there = f"h.{INTEGRATION_ID.removesuffix('__NS').lower()}{source.suffix.lower()}"
    for start in range(0, len(ids), IDS_PER_JOB):
        listed = ", ".join(map(sql_text, ids[start : start + IDS_PER_JOB]))
        arms = (f"SELECT {sql_text(k.object)} AS object, h.id AS id FROM {k.object.lower()} h WHERE {there} IN ({listed})" for k in kinds)
        for row in source.zuora.data_query(" UNION ALL ".join(arms)):
            yield str(row["object"]), str(row["id"])


def heads(step: SyncStep, kind: Kind, ids: Collection[str], with_customer: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """The records as the transactional store has them now; a missing one is left out. Some come with the NetSuite id of their account."""
    fields = [kind.number, INTEGRATION_ID, STATUS]
    if kind.is_money:
        fields += ["Status", "AccountId", TRANSFERRED, kind.amount, *kind.rest]
    source = step.context.source
    found = source.reread(kind.object, ids, fields)
    if kind.is_money:
        asked = [head for i, head in found.items() if i in with_customer]
        accounts = source.reread("Account", {str(head.get("AccountId") or "") for head in asked}, (INTEGRATION_ID,))
        for head in asked:
            head["customer"] = str(accounts.get(str(head.get("AccountId") or ""), {}).get(INTEGRATION_ID) or "")
    return found


def applied_now(kind: Kind, head: dict[str, Any]) -> Decimal:
    """What Zuora has applied of a payment or credit memo."""
    if kind.rest:
        rest = sum((Decimal(head.get(name) or 0) for name in kind.rest), Decimal(0))
        return max(Decimal(0), Decimal(head.get(kind.amount) or 0) - rest)
    return Decimal(head.get("AppliedAmount") or 0)


def same_number(source: ZuoraSource, kind: Kind, numbers: Collection[str]) -> set[str]:
    """The numbers that a record bears now. Memos are not asked: their numbers are never given again."""
    if kind.object.endswith("Memo"):
        return set()
    return {str(row[kind.number]) for row in source.by_field(kind.object, kind.number, numbers, (kind.number,))}


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
