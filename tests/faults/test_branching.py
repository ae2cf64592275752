"""A branch is a world of its own, and what goes wrong in it is told."""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

from tests.faults import deaths
from tests.faults.branching import OneThread, Tree
from tests.faults.deaths import Place, each, prove
from tests.faults.each_step import IN_JOBS, STEPS
from tests.faults.proofs import ALL_KINDS, PAIRED, Proof, Row, pairs, proofs, table
from tests.faults.ways import WAYS, start_again
from tests.sync.memory import MemoryWorld


def test_a_branch_leaves_the_trunk_alone_and_both_go_on() -> None:
    tree, told = Tree(), [0]

    def story() -> None:
        for step in (1, 2):
            if tree.split(f"at {step}"):
                told[0] = 100
            told[0] += step
        assert told[0] in (3, 103, 102), told

    tally = tree.grow(story)
    assert told == [3]
    assert (tally.cases, tally.failures) == (3, [])


def test_what_goes_wrong_in_a_branch_of_a_branch_is_told_with_its_way_there() -> None:
    tree = Tree()

    def story() -> None:
        first, second = tree.split("first"), tree.split("second")
        assert not (first and second), "both"

    tally = tree.grow(story)
    assert (tally.cases, [where for where, _ in tally.failures]) == (3, ["first; second"])
    assert "both" in tally.failures[0][1]


def test_a_branch_that_ends_without_a_word_has_failed() -> None:
    tree = Tree()

    def story() -> None:
        if tree.split("here"):
            os._exit(0)

    tally = tree.grow(story)
    assert (tally.cases, tally.failures) == (1, [("here", "the branch ended without a word")])


def test_what_is_raised_in_the_trunk_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        Tree().grow(lambda: [1 // number for number in (0,)].clear())


def test_one_thread_does_what_a_pool_does() -> None:
    with OneThread(max_workers=2) as pool:
        failing = pool.submit(lambda: 1 // 0)
        assert list(pool.map(lambda a, b: a + b, [1, 2], [10, 20])) == [11, 22]
    with pytest.raises(ZeroDivisionError):
        failing.result()


def test_what_is_doubled_after_a_death_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def doubling(world: MemoryWorld, mortal: deaths.Mortal) -> None:
        start_again(world, mortal)
        world.netsuite.load({"customer": [{"companyName": "Doubled", "entityId": "D-1", "subsidiary": {"id": "1"}}]})

    monkeypatch.setattr(deaths, "start_again", doubling)
    tally = prove("B", "products", dies=lambda place: (place.number, place.moment, place.deaths) == (40, "after", 0))
    assert tally.cases == len(tally.failures) == len(WAYS)
    assert all("Doubled" in what for _, what in tally.failures)


def test_a_recovery_that_dies_is_recovered_from() -> None:
    """Right after the invoice was created, and right after it was marked in Zuora: two claims are waited for, one after the other."""
    answers = ("answer to NetSuite POST invoice", "answer to Zuora PUT invoices")
    first: dict[int, int] = {}

    def twice(place: Place) -> bool:
        if place.moment != "after" or place.deaths > 1 or place.name != answers[place.deaths]:
            return False
        return first.setdefault(place.deaths, place.number) == place.number

    tally = prove("B", "invoices", dies=twice)
    assert (tally.cases, tally.failures) == (len(WAYS) + len(WAYS) ** 2, [])


def test_answers_are_lost_one_at_a_time() -> None:
    tally = prove("B", "products", loses=lambda place: place.number % 9 == 0)
    assert tally.cases > 2 and not tally.failures, tally


def test_the_proofs_are_those_of_every_step_and_can_be_chosen_by_words() -> None:
    names: Sequence[str] = [proof.name for proof in proofs()]
    assert len(set(names)) == len(names) == 2 * (len(STEPS) + len(IN_JOBS) + len(PAIRED) + 1)
    lost = [p.name for p in proofs(["lost answers", "debit_memos"])]
    assert lost == ["lost answers: debit_memos, mode B", "lost answers around jobs: debit_memos, mode B"]


def test_a_pair_is_a_death_and_another_of_its_recovery() -> None:
    chosen = pairs()
    assert not chosen(Place(13, "before", "x", 0)) and chosen(Place(13, "after", "x", 0))
    assert [n for n in range(1, 40) if chosen(Place(n, "after", "x", 1))] == [16, 33]
    assert not chosen(Place(10, "after", "x", 2))


def test_the_table_adds_up() -> None:
    ended = [Row(Proof(kind, "B", "invoices"), used=2) for kind in ALL_KINDS]
    ended[0].tally.add(1_200, [("there", "this")])
    assert "| all | 6 | 1,200 | 12 | 1 |" in table(ended, 120)
    assert table(ended, 120).endswith("2.0 minutes")


def test_every_effect_is_a_place_at_both_moments() -> None:
    assert each(Place(1, "before", "x", 0)) and each(Place(7, "after", "x", 0))
    assert not each(Place(7, "after", "x", 1)), "only pairs die twice"
