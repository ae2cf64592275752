"""What a record's body says about how to send it: how it may be repeated, how long it takes, what it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Body = Mapping[str, Any]
LINE_KEYS = frozenset({"line", "doc", "internalid"})
"""Properties that tell NetSuite which existing line is meant (api-netsuite.md 3.6); matched without case."""
READ_SECONDS = 60.0
LONG_READ_SECONDS = 180.0
MANY_LINES = 100
EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")


def sublists(body: Body) -> Iterator[tuple[str, Sequence[Any]]]:
    """Name and lines of each sublist or multi-select in a body."""
    for name, value in body.items():
        if isinstance(value, Mapping) and isinstance(value.get("items"), (list, tuple)):
            yield name, value["items"]


def repeats_safely(body: Body, replace: Sequence[str]) -> bool:
    """Whether sending the body twice leaves the same record as sending it once: a line without key would be added twice,
    unless its sublist is replaced as a whole."""
    replaced = {name.lower() for name in replace}
    return all(name.lower() in replaced or all(_keyed(line) for line in lines) for name, lines in sublists(body))


def _keyed(line: Any) -> bool:
    if not isinstance(line, Mapping):
        return True
    names = {str(k).lower() for k in line}
    return bool(names & LINE_KEYS) or names == {"id"}


def read_seconds(body: Body | None) -> float:
    """How long to wait for the answer: more for transactions with many lines."""
    lines = max((len(lines) for _, lines in sublists(body or {})), default=0)
    return LONG_READ_SECONDS if lines > MANY_LINES else READ_SECONDS


def name_of(body: Body) -> str:
    """What to call the record in a message: its number or name, else its external id."""
    for key in ("tranId", "itemId", "entityId", "companyName", "externalId"):
        if isinstance(body.get(key), str) and body[key]:
            return str(body[key])
    return ""


def checked_external_id(external_id: str) -> str:
    """The external id. Raises `ValueError` unless it has letters, digits, `_` and `-` only."""
    if not EXTERNAL_ID.fullmatch(external_id):
        raise ValueError(f"{external_id!r} is not an external id: letters, digits, _ and - only")
    return external_id
