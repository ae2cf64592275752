"""Each step of the billing sync alone, with one answer lost after the request was applied: in the end both systems look exactly as after a
run in which nothing was lost. One call that may write of each step in the default suite, from step to step at another place of the run;
here the stand-in drops the connection, and threads of the product work side by side. Every single answer, those of reads too, is lost
with `python -m tests.faults` (`make faults`)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.deaths import Place, prove, undisturbed
from tests.faults.each_step import IN_JOBS, STEPS, fill, picture
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

IN_THREADS = True
MAX_RUNS = 3
SUBMIT = ("POST /services/rest/record/", "PATCH /services/rest/record/")
EACH = pytest.mark.parametrize(("memory", "step"), STEPS, indirect=["memory"])


@pytest.fixture(scope="module")
def memory(request: pytest.FixtureRequest) -> tuple[MemoryWorld, str]:
    return MemoryWorld.of(unserved_world(settlement=request.param == "B")), request.param


@EACH
def test_a_lost_answer_leaves_nothing_undone_and_nothing_doubled(memory: tuple[MemoryWorld, str], step: str) -> None:
    world, mode = memory
    known = undisturbed(mode, step)
    calls, expected = known.calls, known.picture
    system, method, nth = calls[STEPS.index((mode, step)) * len(calls) // len(STEPS)]
    fill(world, mode, step)
    control = world.zuora_control if system == "zuora" else world.netsuite_control
    control.set_faults([{"method": method, "path": "/", "nth": nth, "drop": "after"}])
    where = f"{step}, mode {mode}: answer to {method} {nth} of {system} lost"
    output: dict[str, Any] = {}
    for _ in range(MAX_RUNS):
        output = world.run(steps=[step])
        if output.get("outcome") == "completed":
            break
        world.clock.advance(minutes=30)
    control.set_faults([])
    assert output.get("outcome") == "completed", (where, world.summary(output)["messages"])
    found = picture(world)
    differing = {k: (v, found.get(k)) for k, v in expected.items() if found.get(k) != v}
    assert not differing, (where, differing)


@pytest.mark.parametrize(("mode", "step"), IN_JOBS)
def test_a_lost_answer_around_a_job_leaves_nothing_undone_and_nothing_doubled(mode: str, step: str) -> None:
    """Those to the submit and to the looks at the job, and one of the others, from step to step a later one."""
    other = 1 + 4 * IN_JOBS.index((mode, step))

    def loses(place: Place) -> bool:
        return place.number == other or "/async/" in place.name or place.name.startswith(SUBMIT)

    tally = prove(mode, step, loses=loses, jobs=True)
    assert tally.cases and not tally.failures, tally
