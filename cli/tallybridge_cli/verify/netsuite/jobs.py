"""Asynchronous jobs, which the product submits where `netsuite_batch_requests` is on, and which other clients of the sandbox rely on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from tallybridge_cli.verify.netsuite.books import RECORDS, SYSTEM, customer_body, told
from tallybridge_cli.verify.probe import NotTestable, Probe, System, sentence, words
from tallybridge_cli.verify.rest import Reply
from tallybridge_cli.verify.world import World

BATCH = "application/vnd.oracle.resource+json; type=collection"
KEY = "X-NetSuite-Idempotency-Key"
POLLS, POLL_SECONDS = 30, 2.0
NAMES = ("job-1", "job-2")
FIRST, CHILD = "job-parent", "job-child"


def _key(world: World, what: str) -> str:
    """An idempotency key of this run, and of one probe: no other job has it."""
    return str(uuid5(NAMESPACE_URL, world.name(what)))


def _submit(world: World, key: str, items: Sequence[Mapping[str, Any]] = ()) -> Reply:
    """Send new customers, two usual ones if none are given, as one job. They are noted before, by their external ids."""
    items = items or [{**customer_body(world, name), "externalId": world.name(name)} for name in NAMES]
    noted = {made.key for made in world.journal.made.values()}
    for item in items:
        if item["externalId"] not in noted:
            world.journal.intend(SYSTEM, "customer", item["externalId"])
    headers = {"Prefer": "respond-async", "Content-Type": BATCH, KEY: key}
    return world.netsuite.ask("POST", f"{RECORDS}/customer", {"items": list(items)}, headers=headers)


def _finished(world: World, reply: Reply) -> str:
    """The path of a job once it is completed."""
    if not reply.ok or not reply.headers.get("Location"):
        raise NotTestable(f"NetSuite takes no asynchronous jobs of the role: {told(reply)}")
    path = urlsplit(reply.headers["Location"]).path
    for _ in range(POLLS):
        if world.netsuite.ask("GET", path)["completed"] is True:
            return path
        world.clock.sleep(POLL_SECONDS)
    raise NotTestable("The job was not completed within a minute.")


def _tasks(world: World) -> bool:
    """Whether a job lists one item per task."""
    path = _finished(world, _submit(world, _key(world, "tasks")))
    items = world.netsuite.ask("GET", f"{path}/task")["items"]
    return len(items) == len(NAMES)


def _location(world: World) -> str:
    """The form in which a job is named."""
    reply = _submit(world, _key(world, "location"))
    _finished(world, reply)
    return "absolute" if "://" in reply.headers["Location"] else "relative"


def _order(world: World) -> bool:
    """Whether an item of a batch may refer to the one before it."""
    items = [
        {**customer_body(world, FIRST), "externalId": world.name(FIRST)},
        {**customer_body(world, CHILD), "externalId": world.name(CHILD), "parent": {"externalId": world.name(FIRST)}},
    ]
    path = _finished(world, _submit(world, _key(world, "order"), items))
    return all(world.netsuite.ask("GET", f"{path}/task/{n}/result").ok for n in (1, 2))


def _result(world: World) -> dict[str, Any]:
    """What the result of a task that has written is."""
    path = _finished(world, _submit(world, _key(world, "result")))
    reply = world.netsuite.ask("GET", f"{path}/task/1/result")
    return {"status": reply.status, "location": "/customer/" in reply.headers.get("Location", "")}


def _again(world: World) -> str:
    """What a second submit with the same key is answered."""
    key = _key(world, "again")
    first = _submit(world, key)
    _finished(world, first)
    again = _submit(world, key)
    same = urlsplit(again.headers.get("Location", "")).path == urlsplit(first.headers["Location"]).path
    return "taken" if again.ok else f"refused, {'with' if same else 'without'} the first job"


def _odd_key(world: World) -> str:
    reply = _submit(world, "no-uuid")
    if not reply.ok:
        return "refused"
    _finished(world, reply)
    return "taken"


NS = System.NETSUITE
PROBES = (
    Probe(
        "netsuite.async-tasks",
        NS,
        "Does a job list one item per task?",
        _tasks,
        False,
        words(yes="It lists one item per task.", no="One item links all tasks."),
        words(yes="Nothing: the product reads no tasks."),
        writes=True,
        option="task_per_item",
    ),
    Probe(
        "netsuite.async-location",
        NS,
        "Is a job named by a path without a host?",
        _location,
        "relative",
        words(relative="It is.", absolute="It is named by a whole address."),
        words(absolute="Nothing: both forms mean the same."),
        writes=True,
        option="habits.job_location",
    ),
    Probe(
        "netsuite.batch-order",
        NS,
        "May an item of a batch refer to the one before it?",
        _order,
        False,
        words(yes="It may.", no="It is refused: the items have no order."),
        words(yes="Nothing: the product relies on no order."),
        writes=True,
        option="habits.batch_in_order",
    ),
    Probe(
        "netsuite.async-task",
        NS,
        "Has the result of a write task the status and Location of the single call?",
        _result,
        {"status": 204, "location": True},
        lambda seen: f"Its status is {seen['status']}, its Location {'names' if seen['location'] else 'does not name'} the record.",
        sentence("Nothing: the product reads no results of tasks ({})."),
        writes=True,
    ),
    Probe(
        "netsuite.idempotency-twice",
        NS,
        "Is a second job with the same idempotency key refused, with the first job?",
        _again,
        "refused, with the first job",
        sentence("It is {}."),
        sentence(
            "A batch request whose answer is lost may be carried out twice ({}): its records have external ids, so that none is doubled."
        ),
        writes=True,
    ),
    Probe(
        "netsuite.idempotency-key",
        NS,
        "Is an idempotency key refused that is no UUID?",
        _odd_key,
        "refused",
        sentence("It is {}."),
        sentence("Nothing: the product's keys are UUIDs ({})."),
        writes=True,
        option="habits.key_must_be_uuid",
        to_option=lambda seen: seen == "refused",
    ),
)
