"""How many effects a run among threads has differs from run to run: it dies all the same."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.faults import ways
from tests.faults.killing import Killer, WorkerKilled
from tests.sync.memory import MemoryWorld


@pytest.mark.parametrize(
    ("effects", "dies_at"),
    [([311], 311), ([305, 311], 305), ([305, 300, 311], 300)],
    ids=["as many as the undisturbed run", "fewer", "fewer twice"],
)
def test_a_run_of_fewer_effects_is_followed_by_one_that_dies(effects: list[int], dies_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for effect 311, of runs that have so many."""
    coming = iter(effects)

    def run(world: MemoryWorld, killer: Killer, *_: Any) -> dict[str, Any]:
        try:
            for number in range(1, next(coming) + 1):
                killer.before(str(number))
        except WorkerKilled:
            return {"died": True}
        return {}

    monkeypatch.setitem(ways.WAYS, ways.AGAIN, run)
    begun: list[Killer] = []
    killer, output = ways.killed_at(cast(MemoryWorld, None), ways.AGAIN, 311, "before", begun.append)
    assert (killer.where, output, len(begun)) == (f"before {dies_at}", {"died": True}, len(effects))
