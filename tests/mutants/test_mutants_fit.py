"""The list of mutants fits the product as it is; `make mutants` tries them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.mutant import LIBRARY, Mutant, mutants

ROOT = Path(__file__).resolve().parents[2]
FEWEST = 60


@pytest.mark.parametrize("mutant", mutants(), ids=lambda mutant: mutant.breaks)
def test_a_mutant_breaks_one_place_of_the_product(mutant: Mutant) -> None:
    whole = (ROOT / LIBRARY / mutant.file).read_text(encoding="utf-8")
    broken = mutant.broken(whole)
    assert broken != whole
    compile(broken, mutant.file, "exec")
    assert all((ROOT / test).exists() for test in mutant.tests), mutant.tests


def test_there_are_enough_and_each_is_another() -> None:
    found = mutants()
    assert len(found) >= FEWEST
    assert len({m.breaks for m in found}) == len({(m.file, m.old, m.new) for m in found}) == len(found)


def test_a_mutant_that_the_product_has_left_behind_is_told() -> None:
    with pytest.raises(ValueError, match=r"stands 0 times in money\.py"):
        Mutant("a fault", "money.py", "no such text", "", ()).broken("text")
