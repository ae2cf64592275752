"""The lists of mutants fit the product as it is; `make mutants` tries them."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest

from tests.mutants.__main__ import table
from tests.mutants.mutant import ROOT, Mutant, mutants
from tests.mutants.trial import Break, Trial

FEWEST = 110
A_FAULT = Mutant("money", "a fault", "money.py", "no such text", "", ())


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.breaks)
def test_a_mutant_breaks_one_place_of_the_product(mutant: Mutant) -> None:
    whole = mutant.path.read_text(encoding="utf-8")
    broken = mutant.broken(whole)
    assert broken != whole
    compile(broken, mutant.file, "exec")
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf-8"), test


def test_there_are_enough_and_each_is_another() -> None:
    found = mutants()
    assert len(found) >= FEWEST
    assert len({m.breaks for m in found}) == len({(m.file, m.old, m.new) for m in found}) == len(found)


def test_a_mutant_that_the_product_has_left_behind_is_told() -> None:
    with pytest.raises(ValueError, match=r"stands 0 times in money\.py"):
        A_FAULT.broken("text")


def test_a_module_is_read_broken_and_no_other_is(monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = next(m for m in mutants() if m.breaks == "halves are rounded to the even cent")
    before = import_module("tallybridge.money")
    monkeypatch.setattr(sys, "meta_path", [Break(mutant), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "tallybridge.money")
    broken = import_module("tallybridge.money")
    monkeypatch.setattr(sys.modules["tallybridge"], "money", before)
    assert [str(m.rounded(m.Decimal("0.125"), "USD")) for m in (before, broken)] == ["0.13", "0.12"]
    assert Break(mutant).find_spec("tallybridge.parallel") is None


def test_a_trial_that_could_not_be_made_is_no_kill() -> None:
    with pytest.raises(RuntimeError, match="no such test"):
        _ = Trial(4, "no such test", 1.0).failed
    assert [Trial(code, "", 1.0).failed for code in (0, 1)] == [False, True]


def test_what_the_test_says_of_a_mutant_is_told() -> None:
    assert Trial(1, ">       assert 1 == 2\nE       assert 1 == 2\nE       more\n", 1.0).why == "assert 1 == 2"


def test_the_table_has_a_row_for_each_area() -> None:
    rows = table([(A_FAULT, Trial(1, "", 2.4)), (A_FAULT, Trial(0, "", 1.4))])
    assert rows[2:] == ["| Money | 2 | 1 | 4 |"]
