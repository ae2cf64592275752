"""What leaves for NetSuite, body by body, and what is so at that moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tallybridge import money
from tests.sync.memory import MemoryWorld
from tests.sync.world import World

REFUSAL = {"o:errorDetails": [{"detail": "A script says no.", "o:errorCode": "USER_ERROR"}]}
"""What NetSuite says where it takes a record for no reason that the connector knows; for a fault with the status 400."""


def recorded_bodies(world: MemoryWorld, record_type: str) -> list[dict[str, Any]]:
    """The bodies of all creates and updates of a record type from now on."""
    bodies: list[dict[str, Any]] = []
    send = world.session.send

    def listen(request: Any, **how: Any) -> Any:
        if f"/record/v1/{record_type}" in request.url and request.method in ("POST", "PATCH"):
            bodies.append(money.loads(request.body))
        return send(request, **how)

    world.session.send = listen  # type: ignore[method-assign]
    return bodies


def during(world: World, act: Callable[[], Any], *rules: dict[str, Any]) -> list[Any]:
    """Do something at each moment at which NetSuite gets a call of these, until the world is made anew; answers what it answered."""
    seen: list[Any] = []
    world.netsuite_control.sleep = lambda _: seen.append(act())
    world.netsuite_control.set_faults([{**rule, "delay_ms": 1} for rule in rules])
    return seen


def first_body(world: MemoryWorld, record_type: str, run: Callable[[MemoryWorld], Any]) -> dict[str, Any]:
    """The body of the first create or update of a record type in a run."""
    bodies = recorded_bodies(world, record_type)
    run(world)
    return bodies[0]
