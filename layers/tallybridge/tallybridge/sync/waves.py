"""Records of one batch that need the destination id of another one of it (`Later`): in which order, and what the ids are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tallybridge.sync.step import Later, Made, Plan, Request, Write

MAX_WAVES = 50
"""Levels of records that wait for each other. Deeper ones, and circles, come last and find nothing to wait for."""


def waits_for(plan: Plan) -> list[Later]:
    """Every record that is written before: each `Later` in the bodies of a plan's requests, and those of `after`."""
    if not isinstance(plan, Write):
        return []
    return [*plan.after, *(later for stage in plan.stages for r in stage.requests for later in _in_value(r.body))]


def _in_value(value: Any) -> Iterator[Later]:
    if isinstance(value, Later):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _in_value(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _in_value(part)


def waves(plans: Mapping[str, Plan]) -> list[list[str]]:
    """Record ids in the order in which they can be written: each wave only needs records of the waves before it.

    `plans` by record id. Records of a circle, or more than `MAX_WAVES` deep, form the last wave.
    """
    needs = {i: {later.record_id for later in waits_for(plan)} & plans.keys() for i, plan in plans.items()}
    ordered: list[list[str]] = []
    placed: set[str] = set()
    while len(placed) < len(plans):
        ready = [i for i in plans if i not in placed and needs[i] <= placed]
        if not ready or len(ordered) == MAX_WAVES:
            ready = [i for i in plans if i not in placed]
        ordered.append(ready)
        placed.update(ready)
    return ordered


def with_ids(plan: Write, ids: Mapping[str, str]) -> Write:
    """The plan with every `Later` replaced by its destination id; `ids` by record id must have them all."""

    def value_of(placeholder: Later | Made) -> Any:
        return ids[placeholder.record_id] if isinstance(placeholder, Later) else placeholder

    def filled(requests: Sequence[Request]) -> tuple[Request, ...]:
        return tuple(replace(r, body=_filled(r.body, value_of)) for r in requests)

    return replace(plan, requests=filled(plan.requests), then=tuple(replace(s, requests=filled(s.requests)) for s in plan.then))


def with_made(request: Request, ids: Mapping[str, str]) -> Request:
    """The request with every `Made` replaced by the id that the create of that name gave; `ids` by name must have them all."""

    def value_of(placeholder: Later | Made) -> Any:
        return ids[placeholder.name] if isinstance(placeholder, Made) else placeholder

    record_id = ids[request.record_id.name] if isinstance(request.record_id, Made) else request.record_id
    return replace(request, record_id=record_id, body=_filled(request.body, value_of))


def _filled(value: Any, value_of: Callable[[Later | Made], Any]) -> Any:
    if isinstance(value, Later | Made):
        return value_of(value)
    if isinstance(value, Mapping):
        return {k: _filled(v, value_of) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(v, value_of) for v in value]
    return value
