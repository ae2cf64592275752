"""Records of one batch that need the destination id of another one of it (`Later`): in which order, and what the ids are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tallybridge.sync.step import Later, Plan, Request, Write

MAX_WAVES = 50
"""Levels of records that wait for each other. Deeper ones, and circles, come last and find nothing to wait for."""


def waits_for(plan: Plan) -> list[Later]:
    """Every `Later` in the bodies of a plan's requests."""
    return [later for r in plan.requests for later in _in_value(r.body)] if isinstance(plan, Write) else []


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


def with_ids(requests: Sequence[Request], ids: Mapping[str, str]) -> tuple[Request, ...]:
    """The requests with every `Later` replaced by its destination id; `ids` by record id must have them all."""
    return tuple(replace(r, body=_filled(r.body, ids)) for r in requests)


def _filled(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, Later):
        return ids[value.record_id]
    if isinstance(value, Mapping):
        return {k: _filled(v, ids) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(v, ids) for v in value]
    return value
