"""What leaves for NetSuite, body by body."""

from __future__ import annotations

from typing import Any

from tallybridge import money
from tests.sync.memory import MemoryWorld


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
