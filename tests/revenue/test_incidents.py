"""Mails over several runs of an instance: as in the billing sync one for what is new, none for what has not changed, one for the end."""

from __future__ import annotations

from typing import Any

from tallybridge.reporting.incident import REMIND_AFTER
from tallybridge.revenue.closing import notify
from tests.revenue.test_run import load
from tests.revenue.world import RevenueWorld, line


def failing(world: RevenueWorld, **notifications: Any) -> None:
    world.config["notifications"] = {**world.config["notifications"], "on_success": False, "on_warning": False, **notifications}
    load(world)
    world.objects(line("Orders", dataset="custdataset_none"))


def mend(world: RevenueWorld) -> None:
    world.objects(line("Orders"))


def run(world: RevenueWorld) -> str:
    world.clock.advance(minutes=30)
    return str(world.run()["outcome"])


def text_of(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


def test_a_failure_is_mailed_its_repetition_is_not_and_its_end_is(world: RevenueWorld) -> None:
    failing(world)
    assert [run(world), run(world)] == ["FAILED"] * 2
    (first,) = world.mails()
    assert "News: All of it is new." in text_of(first) and "DATASET_NOT_FOUND" in text_of(first)
    mend(world)
    assert [run(world), run(world)] == ["SUCCESS"] * 2
    last = world.mails()[1]
    assert len(world.mails()) == 2
    assert "SUCCESS (recovered)" in last["Subject"] and "is settled: DATASET_NOT_FOUND" in text_of(last)
    assert last["References"] == first["References"] and first["In-Reply-To"] == first["References"]


def test_an_unchanged_failure_is_reminded_of_once_a_day(world: RevenueWorld) -> None:
    failing(world)
    run(world)
    world.clock.advance(hours=REMIND_AFTER.total_seconds() / 3600)
    assert [run(world), run(world)] == ["FAILED"] * 2
    assert len(world.mails()) == 2 and "Unchanged since" in text_of(world.mails()[1])


def test_instances_have_incidents_of_their_own(world: RevenueWorld) -> None:
    failing(world)
    run(world)
    runs = world.wiring().runs()
    assert runs.mailed("revenue#daily") and not runs.mailed("revenue#other") and not runs.mailed("billing")


def test_what_was_mailed_is_kept_although_the_function_dies_before_it_is_known_to_the_next_run(world: RevenueWorld) -> None:
    failing(world)
    run(world)
    runs = world.wiring().runs()
    known = runs.mailed("revenue#daily")
    runs.table.delete_item(Key={"pk": "mailed", "sk": "revenue#daily"})
    (row,) = runs.recent(1)
    assert notify({"runId": row["run_id"]}, world.wiring()) == {"sent": False, "recipients": 0}
    assert runs.mailed("revenue#daily") == known and len(world.mails()) == 1


def test_the_task_says_why_no_mail_went_out(world: RevenueWorld) -> None:
    failing(world)
    run(world)
    world.clock.advance(minutes=30)
    world.run("again")
    task = world.task("again", "mail")
    assert (task.status, task.message) == ("SKIPPED", "Nothing has changed since the last mail.")
