"""Reading records for a sync step: selection from the query copy or by ZOQL, and the re-read from the transactional store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

from tallybridge.ids import netsuite_id
from tallybridge.parallel import begun, parts, side_by_side
from tallybridge.zuora import memos
from tallybridge.zuora.selection import Child, Selected, SourceQuery, zoql_text

INTEGRATION_ID = "IntegrationId__NS"
NO_ID = "IntegrationId__NS as it is"
"""Key of an Integration ID that cannot be an internal id of NetSuite."""
LINKED = frozenset(
    {"Account", "Product", "ProductRatePlan", "ProductRatePlanCharge", "Invoice", "CreditMemo", "DebitMemo", "Payment", "Refund"}
)
"""Objects whose Integration ID is an internal id of NetSuite; on items and adjustments something may follow it."""
WITH_CURRENCY = {"Payment": "payments", "Refund": "refunds"}
"""Objects whose currency only Object Query and the query copy show, by its name for them (api-zuora-billing.md 14.4)."""
IDS_PER_QUERY = 150
"""Ids in one ZOQL query (api-zuora-billing.md section 8.5: 200 of them would just reach the 10,000 character limit)."""
HEADS_AT_A_TIME = 1_500
"""Heads whose children are read together by ZOQL, so that memory stays bounded whatever the backlog."""

Record = dict[str, Any]


class ZuoraReader(Protocol):
    """What is needed of the Zuora client."""

    def query(self, zoql: str) -> Iterator[Record]: ...
    def count(self, zoql: str) -> int: ...
    def data_query(self, sql: str) -> Iterator[Record]: ...
    def object_query(
        self, plural: str, filters: Sequence[str] = (), fields: Sequence[str] = (), expand: Sequence[str] = ()
    ) -> Iterator[Record]: ...
    def get_payment_parts(self, key: str) -> list[Record]: ...
    def get_refund_parts(self, key: str) -> list[Record]: ...
    def get_credit_memo_parts(self, key: str) -> list[Record]: ...


class ZuoraSource:
    """Reads heads with their children. `read_path` is "data_query" or "zoql"; `suffix` that of the connector's fields.

    Rows come back with the names of the object reference and the suffix "__NS", whatever the tenant's suffix is.
    """

    def __init__(self, zuora: ZuoraReader, read_path: str = "data_query", suffix: str = "__NS") -> None:
        self.zuora = zuora
        self.read_path = read_path
        self.suffix = suffix

    def count(self, query: SourceQuery, fields: tuple[str, ...] = ()) -> int:
        """How many heads may qualify: one call, in which conditions on parents are not counted in. Of memos, which ZOQL does not know, the
        heads that do qualify; without Data Query only whether there is one. `fields` are named in the ZOQL beside Id."""
        if memos.is_memo(query.object):
            if self.read_path == "zoql":
                return sum(1 for _ in islice(self._memo_heads(query), 1))
            return sum(int(row["n"]) for row in self.zuora.data_query(query.renamed(self.suffix).count_sql()))
        return self.zuora.count(query.renamed(self.suffix).zoql(fields))

    def select(self, query: SourceQuery) -> Iterator[Selected]:
        """All heads that qualify, in the order (group, id), each with its children; memory does not grow with their number."""
        own = query.renamed(self.suffix)
        if self.read_path == "zoql":
            return self._select_by_zoql(query, own)
        return self._select_from_copy(query, own)

    def reread(self, object_type: str, ids: Iterable[str], fields: Sequence[str]) -> dict[str, Record]:
        """The records as the transactional store has them now, by id; a missing one is left out. Memos come with all their fields. An
        Integration ID that cannot be one of NetSuite's is empty, and stands under `NO_ID` instead."""
        if memos.is_memo(object_type):
            rows: Iterable[Record] = map(self._own_names, memos.read_by_id(self.zuora, object_type, "Id", ids))
        else:
            rows = self.by_field(object_type, "Id", ids, fields)
        return {row["Id"]: _with_sound_id(row) if object_type in LINKED else row for row in rows}

    def by_field(self, object_type: str, field: str, values: Iterable[str], fields: Sequence[str]) -> Iterator[Record]:
        """The records whose `field` has one of the values, as the transactional store has them now, each with its `Id`."""
        wanted = sorted({v for v in values if v})
        names = ", ".join(dict.fromkeys(("Id", *(self._tenant_name(f) for f in fields))))
        for part in parts(wanted, IDS_PER_QUERY):
            condition = " or ".join(f"{self._tenant_name(field)} = {zoql_text(v)}" for v in part)
            for row in self.zuora.query(f"select {names} from {object_type} where {condition}"):
                yield self._own_names(row)

    def reread_memos(self, plural: str, ids: Iterable[str]) -> dict[str, Record]:
        """Credit or debit memos ("credit-memos", "debit-memos") as they are now, by id; ZOQL does not know them. Names in PascalCase."""
        return self.reread(next(name for name, own in memos.PLURALS.items() if own == plural), ids, ())

    def currencies(self, object_type: str, ids: Sequence[str]) -> dict[str, str]:
        """The currencies of payments or refunds by id, as far as they state their own; ZOQL does not show them: 99 a call."""
        found: dict[str, str] = {}
        for part in parts(sorted(ids), memos.IDS_PER_CALL):
            for row in self.zuora.object_query(WITH_CURRENCY[object_type], [f"id.IN:[{','.join(part)}]"], fields=["id", "currency"]):
                if row.get("currency"):
                    found[row["id"]] = str(row["currency"])
        return found

    def children(self, child: Child, heads: Sequence[str]) -> dict[str, list[Record]]:
        """The children of some heads by head id, read from the transactional store."""
        return self._children_by_zoql(child, list(heads))

    def _select_from_copy(self, query: SourceQuery, own: SourceQuery) -> Iterator[Selected]:
        texts = [own.heads_sql(), *(own.child_sql(c) for c in own.children)]
        heads, *rows = side_by_side(lambda sql: begun(self.zuora.data_query(sql)), texts)  # the jobs wait side by side
        children = {
            given.name: _Children(self._child_rows(given, renamed, stream))
            for given, renamed, stream in zip(query.children, own.children, rows, strict=True)
        }
        for row in heads:
            group, head = row.get("grp") or "", row["id"]
            yield Selected(
                id=head,
                group=group,
                updated=str(row.get("updateddate") or ""),
                copy={f: row[f.lower()] for f in query.copy_fields if row.get(f.lower()) is not None},
                children={name: rows.of((group, head)) for name, rows in children.items()},
            )

    def _child_rows(self, given: Child, own_child: Child, rows: Iterator[Record]) -> Iterator[tuple[tuple[str, str], Record]]:
        for row in rows:
            child = {f: row[o.lower()] for f, o in zip(given.fields, own_child.fields, strict=True) if row.get(o.lower()) is not None}
            for n, (join, own_join) in enumerate(zip(given.joins, own_child.joins, strict=True)):
                for f, o in zip(join.fields, own_join.fields, strict=True):
                    if row.get(f"j{n}_{o.lower()}") is not None:
                        child[f"{join.name}.{f}"] = row[f"j{n}_{o.lower()}"]
            yield (row.get("grp") or "", row["head_id"]), child

    def _select_by_zoql(self, query: SourceQuery, own: SourceQuery) -> Iterator[Selected]:
        wanted = tuple(filter(None, ("UpdatedDate", query.group)))
        heads = sorted(
            (row.get(query.group) or "" if query.group else "", row["Id"], row.get("UpdatedDate") or "", _copied(query, row))
            for row in (self._memo_heads(query) if memos.is_memo(query.object) else self.zuora.query(own.zoql(wanted)))
        )
        for part in parts(heads, HEADS_AT_A_TIME):
            ids = [head for _, head, *_ in part]
            children = {c.name: self._children_by_zoql(c, ids) for c in query.children}
            currencies = self.currencies(query.object, ids) if "Currency" in query.copy_fields and query.object in WITH_CURRENCY else {}
            for group, head, updated, copy in part:
                yield Selected(
                    head,
                    group,
                    updated,
                    {**copy, **({"Currency": currencies[head]} if head in currencies else {})},
                    {name: rows.get(head, []) for name, rows in children.items()},
                )

    def _memo_heads(self, query: SourceQuery) -> Iterator[Record]:
        return memos.heads(self.zuora, query, self.reread, self._own_names)

    def _children_by_zoql(self, child: Child, heads: list[str]) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        if not child.zoql:
            return dict(zip(heads, side_by_side(lambda head: self._parts_of(child.object, head), heads), strict=True))
        if memos.is_memo_child(child):
            for head, rows in memos.children(self.zuora, child, heads).items():
                found[head] = [self._own_names(row) for row in rows]
            return self._joined(child, found)
        names = ", ".join(dict.fromkeys(("Id", child.key, "CreatedDate", *(self._tenant_name(f) for f in child.fields))))
        for part in parts(heads, IDS_PER_QUERY):
            condition = " or ".join(f"{child.key} = {zoql_text(i)}" for i in part)
            rows = sorted(
                self.zuora.query(f"select {names} from {child.object} where {condition}"),
                key=lambda r: (r.get("CreatedDate") or "", r["Id"]),
            )
            for row in rows:
                found.setdefault(row[child.key], []).append(self._own_names(row))
        return self._joined(child, found)

    def _joined(self, child: Child, found: dict[str, list[Record]]) -> dict[str, list[Record]]:
        """The children with the fields of what they refer to."""
        for join in child.joins:
            rows = [row for rows in found.values() for row in rows]
            joined = self.reread(join.object, (row.get(join.key) or "" for row in rows), join.fields)
            for row in rows:
                other = joined.get(row.get(join.key) or "", {})
                row.update({f"{join.name}.{f}": other[f] for f in join.fields if f in other})
        return found

    def _parts_of(self, object_type: str, head: str) -> list[Record]:
        """The parts of a payment, refund or credit memo, which ZOQL cannot read: one v1 call each."""
        read = {
            "PaymentPart": self.zuora.get_payment_parts,
            "RefundPart": self.zuora.get_refund_parts,
            "CreditMemoPart": self.zuora.get_credit_memo_parts,
        }
        amount = "RefundAmount" if object_type == "RefundPart" else "Amount"
        return [_part(part, amount) for part in read[object_type](head)]

    def _tenant_name(self, field: str) -> str:
        return field.removesuffix("__NS") + self.suffix if field.endswith("__NS") else field

    def _own_names(self, row: Mapping[str, Any]) -> Record:
        if self.suffix == "__NS":
            return dict(row)
        return {(k.removesuffix(self.suffix) + "__NS" if k.endswith(self.suffix) else k): v for k, v in row.items()}

    def to_tenant(self, fields: Mapping[str, Any]) -> Record:
        """Fields with the names that the tenant uses, for writing."""
        return {self._tenant_name(k): v for k, v in fields.items()}


class _Children:
    """A stream of child rows in the order of their heads; `of` must be asked in that order."""

    def __init__(self, rows: Iterator[tuple[tuple[str, str], Record]]) -> None:
        self.rows = rows
        self.next: tuple[tuple[str, str], Record] | None = None
        self.started = False

    def of(self, head: tuple[str, str]) -> list[Record]:
        if not self.started:
            self.started, self.next = True, next(self.rows, None)
        found = []
        while self.next is not None and self.next[0] <= head:
            if self.next[0] == head:
                found.append(self.next[1])
            self.next = next(self.rows, None)
        return found


def _with_sound_id(row: Record) -> Record:
    found = row.get(INTEGRATION_ID)
    return row if not found or netsuite_id(found) else {**row, INTEGRATION_ID: "", NO_ID: str(found)}


def _copied(query: SourceQuery, row: Mapping[str, Any]) -> Record:
    """The fields of the copy, as far as a row that was read otherwise has them."""
    return {f: row[f] for f in query.copy_fields if row.get(f) is not None}


def _part(part: Mapping[str, Any], amount: str) -> Record:
    """A part as the v1 API shows it, under the names of Data Query."""
    names = {name: name[:1].upper() + name[1:] for name in ("id", "invoiceId", "debitMemoId", "paymentId", "creditMemoId")}
    return {pascal: part[camel] for camel, pascal in {**names, "amount": amount}.items() if part.get(camel) is not None}
