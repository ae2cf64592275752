"""Reading credit and debit memos with their items, which ZOQL does not know: by Object Query, and parts by the v1 API
(api-zuora-billing.md sections 7 and 9).

Object Query filters few fields and joins nothing, so that conditions on other fields and on parents are checked here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from tallybridge.parallel import parts, streamed_parts
from tallybridge.zuora.selection import Child, Is, OnOrAfter, SourceQuery

Record = dict[str, Any]
Reread = Callable[[str, Iterable[str], Sequence[str]], dict[str, Record]]

IDS_PER_CALL = 99
"""Ids in one Object Query call (section 6)."""
PLURALS = {
    "CreditMemo": "credit-memos",
    "CreditMemoItem": "credit-memo-items",
    "DebitMemo": "debit-memos",
    "DebitMemoItem": "debit-memo-items",
}
"""What is read here, with its name in Object Query."""
FILTERED = ("Status", "MemoDate")
"""Fields of a memo that Object Query can filter and steps select by."""


class ObjectReader(Protocol):
    """What is needed of the Zuora client."""

    def object_query(
        self, plural: str, filters: Sequence[str] = (), fields: Sequence[str] = (), expand: Sequence[str] = ()
    ) -> Iterator[Record]: ...


def read_by_id(zuora: ObjectReader, object_type: str, field: str, ids: Iterable[str], expand: Sequence[str] = ()) -> Iterator[Record]:
    """The objects whose indexed `field` has one of the ids, 99 ids a call; names in PascalCase."""
    for part in parts(sorted({i for i in ids if i}), IDS_PER_CALL):
        for row in zuora.object_query(PLURALS[object_type], [f"{field.lower()}.IN:[{','.join(part)}]"], expand=expand):
            yield pascal_names(row)


def heads(zuora: ObjectReader, query: SourceQuery, reread: Reread, own_names: Callable[[Mapping[str, Any]], Record]) -> Iterator[Record]:
    """The memos that qualify, parents included, in no particular order."""
    seen: set[str] = set()
    for conditions in query.anyof:
        filters = [text for c in conditions if (text := _filter(c))]
        rows = (own_names(pascal_names(row)) for row in zuora.object_query(PLURALS[query.object], filters))
        for page in streamed_parts((r for r in rows if all(c.holds(r) for c in conditions) and r["Id"] not in seen), IDS_PER_CALL):
            parents = {
                p.object: (p.key, reread(p.object, {str(r.get(p.key) or "") for r in page}, [c.field for c in (*p.where, *p.fresh)]))
                for p in query.parents
                if (p.where or p.fresh) and not p.of
            }
            for row in page:
                own = {name: found.get(row.get(key) or "", {}) for name, (key, found) in parents.items()}
                if query.qualifies(row, own):
                    seen.add(row["Id"])
                    yield row


def children(zuora: ObjectReader, child: Child, head_ids: Sequence[str]) -> dict[str, list[Record]]:
    """The children of some memos by memo id, in the order of their creation: items, or the tax lines that hang on items."""
    found: dict[str, list[Record]] = {}
    if child.via:
        middle, to_middle, to_head = child.via
        lists = f"{child.object[:1].lower()}{child.object[1:]}s"
        for item in read_by_id(zuora, middle, to_head, head_ids, expand=[lists.lower()]):
            rows = [{**pascal_names(row), to_middle: item["Id"]} for row in item.get(lists[:1].upper() + lists[1:]) or []]
            found.setdefault(item[to_head], []).extend(rows)
    else:
        for row in read_by_id(zuora, child.object, child.key, head_ids):
            found.setdefault(row[child.key], []).append(row)
    return {head: sorted(rows, key=lambda r: (r.get("CreatedDate") or "", r["Id"])) for head, rows in found.items()}


def is_memo(object_type: str) -> bool:
    """Whether the object is a memo or one of its items."""
    return object_type in PLURALS


def is_memo_child(child: Child) -> bool:
    """Whether the children are items of memos, or hang on such items."""
    return is_memo(child.object) or bool(child.via and is_memo(child.via[0]))


def pascal_names(row: Mapping[str, Any]) -> Record:
    """Object Query's camelCase as the names of the object reference."""
    return {name[:1].upper() + name[1:]: value for name, value in row.items()}


def _filter(condition: object) -> str:
    """The condition as a filter of Object Query, "" where it has none."""
    if isinstance(condition, Is) and condition.field in FILTERED and len(condition.values) == 1 and condition.values[0]:
        return f"{condition.field.lower()}.EQ:{condition.values[0]}"
    if isinstance(condition, OnOrAfter) and condition.field in FILTERED:
        return f"{condition.field.lower()}.GE:{condition.value}"
    return ""
