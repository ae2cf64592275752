"""Which accounts belong into one batch, and in which order records that wait for each other are written."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tallybridge.steps.customers import Customers
from tallybridge.steps.master_data.countries import _COUNTRIES, _key, country_code, state_key
from tallybridge.steps.master_data.families import MAX_DEPTH, depth_of, is_circular, root_of
from tallybridge.steps.shared.reference import Reference
from tallybridge.sync.step import Hold, Later, Plan, Problem, Request, Write
from tallybridge.sync.waves import MAX_WAVES, waits_for, waves, with_ids
from tests.unit.steps.master_fakes import Bench, FakeNetSuite, FakeZuora

PROBLEM = Problem("X", "not there")


@st.composite
def forests(draw: st.DrawFn) -> dict[str, str]:
    """A parent for some of up to 30 accounts; parents come before their children, so there are no circles."""
    names = [f"a{n:02d}" for n in draw(st.permutations(range(draw(st.integers(1, 30)))))]
    return {name: names[parent] for n, name in enumerate(names) if (parent := draw(st.integers(-1, n - 1))) >= 0}


def bench_with(accounts: dict[str, dict[str, Any]]) -> Bench:
    zuora = FakeZuora()
    zuora.put("Account", *({"Id": i, "AccountNumber": i.upper(), "Status": "Active", **more} for i, more in accounts.items()))
    return Bench(Customers, zuora, FakeNetSuite(zuora_field="custentityzuoraid"), Reference())


@given(parent_of=forests(), extra=st.integers(0, 3))
def test_every_account_is_selected_once_and_after_its_parent_in_the_same_group(parent_of: dict[str, str], extra: int) -> None:
    ids = {*parent_of, *parent_of.values(), *(f"z{n}" for n in range(extra))}
    chosen = list(bench_with({i: {"ParentId": parent_of[i]} if i in parent_of else {} for i in ids}).step().select())
    places = {c.id: n for n, c in enumerate(chosen)}
    groups = {c.id: c.group for c in chosen}
    assert sorted(places) == sorted(ids)
    for child, parent in parent_of.items():
        assert places[parent] < places[child]
        assert groups[parent] == groups[child] != ""
    changes = sum(a.group != b.group for a, b in pairwise(chosen) if a.group)
    assert changes <= len(set(groups.values()) - {""})
    assert {i for i in ids if not groups[i]} == ids - parent_of.keys() - set(parent_of.values())


def test_children_of_a_synced_parent_need_no_common_batch() -> None:
    accounts = {"p": {"IntegrationId__NS": "7", "IntegrationStatus__NS": "Sync Complete"}, "c1": {"ParentId": "p"}, "c2": {"ParentId": "p"}}
    assert sorted((c.id, c.group) for c in bench_with(accounts).step().select()) == [("c1", ""), ("c2", "")]


def test_a_grandchild_joins_its_own_parent_where_the_grandparent_is_synced() -> None:
    accounts = {
        "root": {"IntegrationId__NS": "7", "IntegrationStatus__NS": "Sync Complete"},
        "mid": {"ParentId": "root"},
        "leaf": {"ParentId": "mid"},
    }
    assert [(c.id, c.group) for c in bench_with(accounts).step().select()] == [("mid", "mid"), ("leaf", "mid")]


def test_a_held_child_that_is_selected_again_joins_its_new_parent() -> None:
    b = bench_with({"new": {}, "old": {"ParentId": "new", "IntegrationId__NS": "7", "IntegrationStatus__NS": "Sync Complete"}})
    b.zuora.tables["Account"]["old"]["UpdatedDate"] = "2019-01-01T00:00:00Z"
    b.retry = ("old",)
    assert [(c.id, c.group) for c in b.step().select()] == [("new", "new"), ("old", "new")]


def test_members_of_a_circle_share_their_root_and_are_called_circular() -> None:
    parent_of = {"a": "b", "b": "c", "c": "a", "below": "b", "apart": "top"}
    assert {root_of(i, parent_of) for i in ("a", "b", "c", "below")} == {"a"}
    assert [is_circular(i, parent_of) for i in ("a", "b", "c", "below", "apart", "top")] == [True, True, True, True, False, False]
    assert root_of("apart", parent_of) == "top"
    assert [depth_of(i, parent_of) for i in ("top", "apart")] == [0, 1]


def test_parents_beyond_the_bound_count_as_a_circle() -> None:
    chain = {f"n{k}": f"n{k + 1}" for k in range(MAX_DEPTH + 5)}
    assert is_circular("n0", chain)
    assert not is_circular("n10", chain)


def write(*needed: str) -> Plan:
    body = {"name": "x", "deep": [{"parent": {"id": Later(i, PROBLEM)}} for i in needed]}
    return Write("create", "", "", (Request("customer", body),))


@given(parent_of=forests())
def test_each_wave_needs_only_waves_before_it(parent_of: dict[str, str]) -> None:
    ids = {*parent_of, *parent_of.values()}
    ordered = waves({i: write(parent_of[i]) if i in parent_of else write() for i in sorted(ids)})
    place = {i: n for n, wave in enumerate(ordered) for i in wave}
    assert sorted(place) == sorted(ids)
    assert all(place[parent] < place[child] for child, parent in parent_of.items())


def test_records_that_need_nothing_form_one_wave_in_their_order() -> None:
    assert waves({"b": write(), "a": Hold((PROBLEM,)), "c": write("elsewhere")}) == [["b", "a", "c"]]
    assert waves({}) == []


def test_circles_and_chains_without_end_form_the_last_wave() -> None:
    assert waves({"a": write("b"), "b": write("a"), "c": write()}) == [["c"], ["a", "b"]]
    chain: dict[str, Plan] = {f"n{k}": write(f"n{k - 1}") for k in range(MAX_WAVES + 10)}
    assert len(waves(chain)) == MAX_WAVES + 1


def test_ids_take_the_place_of_what_comes_later() -> None:
    plan = write("p")
    assert [later.record_id for later in waits_for(plan)] == ["p"]
    assert isinstance(plan, Write)
    (request,) = with_ids(plan, {"p": "501"}).requests
    assert request.body == {"name": "x", "deep": [{"parent": {"id": "501"}}]}
    assert waits_for(write()) == waits_for(Hold((PROBLEM,))) == []


def test_countries_are_known_by_name_and_by_both_codes() -> None:
    for line in _COUNTRIES.strip().splitlines():
        two, three, names = line.split(" ", 2)
        assert {country_code(name) for name in (two, three, two.lower(), *names.split("|"))} == {two}
    assert len(_COUNTRIES.strip().splitlines()) == 250


def test_no_two_countries_share_a_name() -> None:
    entries = [line.split(" ", 2) for line in _COUNTRIES.strip().splitlines()]
    keys = [(_key(name), two) for two, three, names in entries for name in {two, three, *names.split("|")}]
    owners: dict[str, set[str]] = {}
    for key, two in keys:
        owners.setdefault(key, set()).add(two)
    assert {key: sorted(codes) for key, codes in owners.items() if len(codes) > 1} == {}


def test_spellings_that_people_use_are_understood() -> None:
    spelled = ("Cote d'Ivoire", "korea, republic of", "Curacao", "The Netherlands", "Bosnia & Herzegovina", "u.s.a.", " Germany ")
    assert [country_code(s) for s in spelled] == ["CI", "KR", "CW", "NL", "BA", "US", "DE"]
    assert [country_code(s) for s in ("Atlantis", "", None)] == [None, None, None]


def test_a_state_compares_by_code_or_name() -> None:
    assert state_key("New York") == state_key("NY") == state_key("new york")
    assert state_key("TX") != state_key("CA")
    assert state_key(None) == ""
