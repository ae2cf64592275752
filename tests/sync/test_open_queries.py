"""A query job that nobody waits for any more is cancelled: it would hold one of the tenant's five places."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tallybridge.errors import RunEnded
from tallybridge.tasks.close_run import close_run
from tallybridge.tasks.reconcile import reconcile
from tests.sync.memory import MemoryWiring, MemoryWorld
from tests.sync.run_world import ready

JOB_SECONDS = 3 * 3600
STOP = {"status": "ABORTED", "error": "Stopped", "cause": "enough"}


@pytest.fixture
def queued(fast: MemoryWorld) -> Iterator[MemoryWorld]:
    """Its queries wait for hours before they run."""
    options = fast.zuora.options
    options.data_query_queue_s = JOB_SECONDS
    yield ready(fast, run_hours=1)
    options.data_query_queue_s = 0


def jobs(world: MemoryWorld) -> list[str]:
    """The states of the tenant's jobs, in the order of their submission."""
    tenant = world.zuora.tenant.jobs
    return [tenant.told(job).status for job in tenant.jobs.values()]


def asked(world: MemoryWorld, run_id: str) -> dict[str, Any]:
    return world.task("customers", {"runId": run_id, "step": "customers", "task": "select"})


def summarised(world: MemoryWorld, run_id: str, error: Any = None) -> None:
    world.rounds(lambda: world.task("customers", {"runId": run_id, "step": "customers", "task": "summarise", "error": error}))


def cleaned_up(world: MemoryWorld, run_id: str) -> None:
    arn = f"arn:aws:states:eu-west-1:000000000000:execution:billing:{run_id}"
    noted = close_run({"detail": {"executionArn": arn, **STOP}, "closer": "clean-up"}, world.wiring())
    close_run({"runId": noted["runId"], "closer": noted["closer"]}, world.wiring())


def test_a_step_whose_time_is_up_cancels_its_query(queued: MemoryWorld) -> None:
    run_id = queued.open(steps=["customers"])["runId"]
    assert asked(queued, run_id)["done"] is False
    assert jobs(queued) == ["accepted"]
    queued.clock.advance(hours=1)
    assert asked(queued, run_id)["batches"] == 0
    summarised(queued, run_id)
    assert jobs(queued) == ["cancelled"]


def test_a_step_whose_selection_failed_cancels_its_query(queued: MemoryWorld) -> None:
    run_id = queued.open(steps=["customers"])["runId"]
    asked(queued, run_id)
    summarised(queued, run_id, {"Error": "States.Timeout", "Cause": ""})
    assert jobs(queued) == ["cancelled"]


def test_a_query_that_was_cancelled_is_submitted_anew_by_whoever_asks_again(queued: MemoryWorld) -> None:
    run_id = queued.open(steps=["customers"])["runId"]
    asked(queued, run_id)
    summarised(queued, run_id, {"Error": "States.Timeout", "Cause": ""})
    assert asked(queued, run_id)["done"] is False
    assert jobs(queued) == ["cancelled", "accepted"]


def test_a_run_that_ends_with_an_error_cancels_what_its_comparison_asked(queued: MemoryWorld) -> None:
    queued.zuora.options.data_query_queue_s = 0
    run_id = queued.open(steps=["customers"])["runId"]
    queued.step(run_id, "customers")
    done = len(jobs(queued))
    queued.zuora.options.data_query_queue_s = JOB_SECONDS
    assert reconcile({"runId": run_id}, queued.wiring())["done"] is False
    assert jobs(queued)[done:] == ["accepted"]
    queued.close(run_id, {"Error": "States.Timeout", "Cause": ""})
    assert jobs(queued) == ["completed"] * done + ["cancelled"]


def test_the_clean_up_of_a_stopped_run_cancels_its_query_and_no_other(queued: MemoryWorld) -> None:
    run_id = queued.open(steps=["customers"])["runId"]
    asked(queued, run_id)
    queued.zuora.tenant.jobs.submit("SELECT id FROM account", "JSON", "NONE")  # somebody else's
    cleaned_up(queued, run_id)
    assert jobs(queued) == ["cancelled", "accepted"]


class Late(MemoryWiring):
    """The run is stopped and cleaned up just before its query is submitted."""

    run_id = ""
    world_before: MemoryWorld

    def observer(self) -> Any:
        return self

    def before(self, call: Any) -> None:
        if call.operation == "data query" and call.method == "POST" and jobs(self.world) == []:
            cleaned_up(self.world_before, self.run_id)
            assert jobs(self.world) == []

    def after(self, call: Any, status: int | None, seconds: float) -> None:
        return None


def test_a_worker_that_outlives_its_run_leaves_no_query_behind(queued: MemoryWorld) -> None:
    run_id = queued.open(steps=["customers"])["runId"]
    late = copy.copy(queued)
    late.wiring_class = Late
    Late.run_id, Late.world_before = run_id, queued
    with pytest.raises(RunEnded):
        asked(late, run_id)
    assert set(jobs(queued)) == {"cancelled"}


def test_a_job_that_cannot_be_cancelled_holds_up_nobody(queued: MemoryWorld) -> None:
    run_id = queued.open(steps=["customers"])["runId"]
    asked(queued, run_id)
    queued.zuora_control.set_faults([{"method": "DELETE", "path": "^/query/jobs/", "status": 503, "body": {}}])
    before = queued.clock.now()
    cleaned_up(queued, run_id)
    assert (queued.clock.now() - before).total_seconds() < 60
    assert queued.wiring().runs().read(run_id)["outcome"] == "cancelled"
    assert jobs(queued) == ["accepted"]


def test_a_run_without_open_queries_asks_nothing_of_zuora_when_it_ends(fast: MemoryWorld) -> None:
    ready(fast)
    fast.run(steps=["customers"])
    assert not [name for name in fast.calls()["zuora"] if name.startswith("DELETE")]
