"""Heads with their children: streams are merged, both read paths give the same, and a tenant's suffix never reaches the steps."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallybridge.zuora.selection import Child, Filled, Is, Join, Parent, Selected, SourceQuery
from tallybridge.zuora.source import ZuoraSource

Rows = list[dict[str, Any]]
ITEMS = Child(
    "items",
    "InvoiceItem",
    "InvoiceId",
    ("Id", "Amount", "Note__NS"),
    (Join("Subscription", "Subscription", "SubscriptionId", ("Project__NS",)),),
)
TAXES = Child("taxes", "TaxationItem", "InvoiceId", ("Id", "TaxAmount"), via=("InvoiceItem", "InvoiceItemId", "InvoiceId"))
QUERY = SourceQuery(
    "Invoice",
    ("Status", "IntegrationStatus__NS"),
    ((Is("Status", ("Posted",)), Filled("IntegrationId__NS")),),
    parents=(Parent("Account", "AccountId", where=(Is("SynctoNetSuite__NS", ("Yes", None)),)),),
    children=(ITEMS, TAXES),
    group="AccountId",
)


class ScriptedZuora:
    """Answers queries from prepared rows and keeps what it was asked."""

    def __init__(self, copy: Sequence[Rows] = (), zoql: dict[str, Rows] | None = None) -> None:
        self.copy = list(copy)
        self.zoql = zoql or {}
        self.asked: list[str] = []
        self.guard = threading.Lock()

    def data_query(self, sql: str) -> Iterator[dict[str, Any]]:
        """The nth result for the nth query to be asked; the heads are asked first, children in their order."""
        with self.guard:
            self.asked.append(sql)
            return iter(self.copy[len(self.asked) - 1])

    def query(self, zoql: str) -> Iterator[dict[str, Any]]:
        self.asked.append(zoql)
        return iter(self.zoql[zoql.partition(" from ")[2].split()[0]])

    def count(self, zoql: str) -> int:
        self.asked.append(zoql)
        return 3

    def object_query(
        self, plural: str, filters: Sequence[str] = (), fields: Sequence[str] = (), expand: Sequence[str] = ()
    ) -> Iterator[dict[str, Any]]:
        self.asked.append(f"{plural} {filters}")
        return iter(self.zoql[plural])

    def get_payment_parts(self, key: str) -> Rows:
        return self.zoql[key]

    get_refund_parts = get_credit_memo_parts = get_payment_parts


heads = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("123456")), unique=True).map(sorted)


@settings(deadline=None)  # whatever else the machine does
@given(heads, st.data())
def test_children_are_merged_with_their_heads(chosen: list[tuple[str, str]], data: st.DataObject) -> None:
    """A child stream may hold rows of heads that are not there, and heads may have none."""
    every = [(group, head) for group in "ab" for head in "123456"]
    owners = data.draw(st.lists(st.sampled_from(every), max_size=12).map(sorted))
    rows = [{"grp": group, "head_id": head, "id": f"i{n}", "amount": n} for n, (group, head) in enumerate(owners)]
    zuora = ScriptedZuora([[{"id": head, "grp": group} for group, head in chosen], rows, []])
    found = list(ZuoraSource(zuora).select(QUERY))
    assert [(f.group, f.id) for f in found] == chosen
    for f in found:
        assert [i["Id"] for i in f.children["items"]] == [r["id"] for r in rows if (r["grp"], r["head_id"]) == (f.group, f.id)]
        assert f.children["taxes"] == []


def item_of(n: int, invoice: str, **more: Any) -> dict[str, Any]:
    return {"Id": f"item{n}", "InvoiceId": invoice, "Amount": n, "SubscriptionId": "s1", "CreatedDate": f"2026-01-0{9 - n}", **more}


@pytest.mark.parametrize("suffix", ["__NS", "__c"])
def test_both_read_paths_give_the_same(suffix: str) -> None:
    low = suffix.lower()
    copy: list[Rows] = [
        [{"id": "h2", "grp": "a1"}, {"id": "h1", "grp": "a2"}],
        [
            {"grp": "a1", "head_id": "h2", "id": "item3", "amount": 3, f"note{low}": "n", f"j0_project{low}": "7"},
            {"grp": "a2", "head_id": "h1", "id": "item2", "amount": 2, f"j0_project{low}": "7"},
            {"grp": "a2", "head_id": "h1", "id": "item1", "amount": 1, f"j0_project{low}": "7"},
        ],
        [{"grp": "a2", "head_id": "h1", "id": "tax1", "taxamount": 8}],
    ]
    zoql: dict[str, Rows] = {
        "Invoice": [{"Id": "h1", "AccountId": "a2"}, {"Id": "h2", "AccountId": "a1"}],
        "InvoiceItem": [item_of(1, "h1"), item_of(2, "h1"), item_of(3, "h2", **{f"Note{suffix}": "n"})],
        "Subscription": [{"Id": "s1", f"Project{suffix}": "7"}],
        "TaxationItem": [{"Id": "tax1", "InvoiceId": "h1", "TaxAmount": 8}],
    }
    by_copy = [shown(s) for s in ZuoraSource(ScriptedZuora(copy), "data_query", suffix).select(QUERY)]
    by_zoql = [shown(s) for s in ZuoraSource(ScriptedZuora(zoql=zoql), "zoql", suffix).select(QUERY)]
    assert by_copy == by_zoql
    assert by_copy[0][2]["items"] == [{"Id": "item3", "Amount": 3, "Note__NS": "n", "Subscription.Project__NS": "7"}]


def shown(selected: Selected) -> tuple[str, str, dict[str, Rows]]:
    """What a step uses of a selected head: the fields it asked for."""
    asked = {"items": {*ITEMS.fields, "Subscription.Project__NS"}, "taxes": set(TAXES.fields)}
    children = {n: [{k: v for k, v in row.items() if k in asked[n]} for row in rows] for n, rows in selected.children.items()}
    return selected.group, selected.id, children


def test_with_another_suffix_every_connector_field_is_renamed_in_every_query() -> None:
    own = QUERY.renamed("__c")
    texts = [own.zoql(), own.heads_sql(), *(own.child_sql(c) for c in own.children)]
    for text in texts:
        assert "__ns" not in text.lower()
    assert "synctonetsuite__c" in own.heads_sql()
    assert "project__c" in own.child_sql(own.children[0])
    assert "IntegrationId__c != null" in own.zoql()
    assert own.renamed("__c") == own
    assert QUERY.renamed("__NS") is QUERY


def test_with_another_suffix_rows_are_read_and_written_under_the_usual_names() -> None:
    zuora = ScriptedZuora(zoql={"Invoice": [{"Id": "1", "Status": "Posted", "IntegrationStatus__c": "x", "Other__c": "y"}]})
    source = ZuoraSource(zuora, suffix="__c")
    found = source.reread("Invoice", ["1", ""], ("Status", "IntegrationStatus__NS"))
    assert found["1"]["IntegrationStatus__NS"] == "x"
    assert zuora.asked == ["select Id, Status, IntegrationStatus__c from Invoice where Id = '1'"]
    assert source.to_tenant({"IntegrationStatus__NS": "x", "Status": "y"}) == {"IntegrationStatus__c": "x", "Status": "y"}


def test_a_reread_asks_for_each_id_once_in_pieces_below_the_limit() -> None:
    zuora = ScriptedZuora(zoql={"Invoice": []})
    ids = [f"{n:032x}" for n in range(320)]
    ZuoraSource(zuora).reread("Invoice", [*ids, *ids], ("Status",))
    assert [text.count("Id = ") for text in zuora.asked] == [150, 150, 20]
    assert max(map(len, zuora.asked)) < 10_000


def test_nothing_to_read_asks_nothing() -> None:
    zuora = ScriptedZuora()
    assert ZuoraSource(zuora).reread("Invoice", ["", ""], ("Status",)) == {}
    assert zuora.asked == []


def test_count_is_one_question_about_the_heads() -> None:
    zuora = ScriptedZuora()
    assert ZuoraSource(zuora, suffix="__c").count(QUERY) == 3
    assert zuora.asked == ["select Id from Invoice where Status = 'Posted' and IntegrationId__c != null"]


def test_memos_are_read_by_object_query_99_at_a_time_under_pascal_case_names() -> None:
    zuora = ScriptedZuora(zoql={"credit-memos": [{"id": "1", "memoNumber": "CM1", "IntegrationId__NS": "5"}]})
    found = ZuoraSource(zuora).reread_memos("credit-memos", [f"{n:032x}" for n in range(120)])
    assert found == {"1": {"Id": "1", "MemoNumber": "CM1", "IntegrationId__NS": "5"}}
    assert [text.count(",") for text in zuora.asked] == [98, 20]
