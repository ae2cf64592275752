"""SuiteQL: paging, values and long IN lists (api-netsuite.md section 5)."""

from __future__ import annotations

import pytest

from tallybridge.errors import BadAnswer, NotSent, Refused
from tallybridge.netsuite import NetSuite, suiteql
from tallybridge.netsuite.suiteql import TooManyRows, bound
from tests.unit.clients.scripted_service import Reply, Request, ScriptedService


def table(count: int) -> list[dict[str, object]]:
    return [{"links": [], "id": str(n)} for n in range(count)]


def paged(rows: list[dict[str, object]]):  # type: ignore[no-untyped-def]
    def answer(request: Request) -> Reply:
        limit, offset = int(request.query["limit"][0]), int(request.query["offset"][0])
        assert offset % limit == 0
        items = rows[offset : offset + limit]
        return Reply(
            200, {"count": len(items), "hasMore": offset + limit < len(rows), "offset": offset, "totalResults": len(rows), "items": items}
        )

    return answer


def test_all_pages_are_read(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = paged(table(2500))
    rows = list(netsuite.suiteql("SELECT id FROM transaction WHERE type = ?", ["CustInvc"]))
    assert [r["id"] for r in rows] == [str(n) for n in range(2500)]
    assert [r.query["offset"] for r in service.requests] == [["0"], ["1000"], ["2000"]]
    first = service.requests[0]
    assert (first.method, first.path, first.headers["Prefer"]) == ("POST", "/services/rest/query/v1/suiteql", "transient")
    assert first.json == {"q": "SELECT id FROM transaction WHERE type = ?", "params": ["CustInvc"]}


def test_a_full_last_page_costs_no_further_call(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = paged(table(1000))
    assert len(list(netsuite.suiteql("SELECT id FROM item"))) == 1000
    assert len(service.requests) == 1


def test_a_result_beyond_netsuites_limit_is_an_error_not_a_short_answer(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = lambda r: Reply(200, {"hasMore": True, "items": [{"id": "1"}]})
    with pytest.raises(BadAnswer, match="100,000 rows"):
        list(netsuite.suiteql("SELECT id FROM item"))
    assert len(service.requests) == 100


def test_a_result_of_the_largest_size_is_not_taken_for_a_whole_one(
    service: ScriptedService, netsuite: NetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NetSuite says that there is no more."""
    monkeypatch.setattr(suiteql, "MAX_ROWS", 2000)
    service.answer = paged(table(2000))
    with pytest.raises(TooManyRows):
        list(netsuite.suiteql("SELECT id FROM item"))
    service.answer = paged(table(1999))
    assert len(list(netsuite.suiteql("SELECT id FROM item"))) == 1999


def test_too_many_rows_for_some_keys_are_asked_for_in_halves(
    service: ScriptedService, netsuite: NetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each key has three rows."""
    monkeypatch.setattr(suiteql, "MAX_ROWS", 20)
    service.answer = lambda r: Reply(200, {"hasMore": False, "items": [{"id": v} for v in r.json["params"] for _ in range(3)][:20]})
    found = [row["id"] for row in netsuite.suiteql_in("SELECT id FROM item WHERE id IN {in}", [str(n) for n in range(25)])]
    assert found == [str(n) for n in range(25) for _ in range(3)]
    service.answer = lambda r: Reply(200, {"hasMore": False, "items": [{"id": "1"}] * 20})
    with pytest.raises(TooManyRows):
        list(netsuite.suiteql_in("SELECT id FROM item WHERE id IN {in}", ["1", "2"]))


def test_values_are_text_keys_lower_case_and_nulls_left_out(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = lambda r: Reply(
        200, '{"hasMore": false, "items": [{"links": [], "ID": 5, "total": 1.10, "ok": true, "gone": null, "name": "x"}]}'
    )
    assert list(netsuite.suiteql("SELECT 1")) == [{"id": "5", "total": "1.10", "ok": "T", "name": "x"}]


def test_a_query_is_repeated_after_a_lost_answer(service: ScriptedService, netsuite: NetSuite) -> None:
    service.replies = [Reply(drop=True), Reply(500, {}), Reply(429, {})]
    service.answer = paged(table(1))
    assert len(list(netsuite.suiteql("SELECT id FROM item"))) == 1
    service.answer = lambda r: Reply(500, {})
    with pytest.raises(NotSent):
        list(netsuite.suiteql("SELECT id FROM item"))


def test_a_wrong_query_says_what_is_wrong(service: ScriptedService, netsuite: NetSuite) -> None:
    detail = "Invalid search query. Search error occurred: Unknown identifier 'x'. Available identifiers are: {customer=customer}"
    service.answer = lambda r: Reply(
        400, {"o:errorDetails": [{"detail": detail, "o:errorCode": "INVALID_PARAMETER", "o:errorQueryParam": "q"}]}
    )
    with pytest.raises(Refused, match="Unknown identifier 'x'") as caught:
        list(netsuite.suiteql("SELECT x FROM customer"))
    assert (caught.value.code, caught.value.path) == ("NS-INVALID_PARAMETER", "q")


def test_line_breaks_between_the_words_of_a_query_do_not_leave(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = paged([])
    list(netsuite.suiteql("SELECT id\n  FROM item\n WHERE itemid = ?", ["x"]))
    list(netsuite.suiteql("SELECT id\n FROM item WHERE type = 'A  B'"))
    assert [r.json["q"] for r in service.requests] == ["SELECT id FROM item WHERE itemid = ?", "SELECT id FROM item WHERE type = 'A  B'"]


def test_long_lists_are_split_at_a_thousand(service: ScriptedService, netsuite: NetSuite) -> None:
    service.answer = lambda r: Reply(200, {"hasMore": False, "items": [{"externalid": v} for v in r.json["params"][1:-1]]})
    wanted = [f"Z-{n}" for n in range(2300)]
    q = "SELECT externalid FROM transaction WHERE type = ? AND externalid IN {in} AND voided = ?"
    rows = list(netsuite.suiteql_in(q, [*wanted, "Z-5", "Z-6"], ["CustInvc", "F"]))
    assert [r["externalid"] for r in rows] == wanted
    assert [len(r.json["params"]) for r in service.requests] == [1002, 1002, 302]
    assert all((r.json["params"][0], r.json["params"][-1]) == ("CustInvc", "F") for r in service.requests)
    assert all(r.json["q"].count("?") == len(r.json["params"]) for r in service.requests)


def test_no_values_no_call(service: ScriptedService, netsuite: NetSuite) -> None:
    assert list(netsuite.suiteql_in("SELECT id FROM item WHERE id IN ({in})", [])) == []
    assert service.requests == []


def test_brackets_may_stand_in_the_query_or_not() -> None:
    assert bound("x IN ({in})", ["a", "b"], ())[0] == "x IN (?, ?)"
    assert bound("x IN {in}", ["a", "b"], ())[0] == "x IN (?, ?)"


def test_a_question_mark_in_a_text_is_no_parameter() -> None:
    assert bound("a = 'why?' AND b = ? AND c IN {in} AND d = ?", ["v"], ["b", "d"])[1] == ["b", "v", "d"]


@pytest.mark.parametrize("q", ["SELECT 1", "x IN {in} OR y IN {in}"])
def test_the_place_of_the_list_must_be_given_once(q: str) -> None:
    with pytest.raises(ValueError, match="exactly once"):
        bound(q, ["a"], ())
