"""One check of the set-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """FAIL: a run cannot work. WARN: it works, but something is left out or will stop records. NOTE: matters only for what is switched off.
    OK otherwise."""

    OK = "ok"
    NOTE = "note"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """`area` is the side it looks at, `name` what it looks at, `detail` what it found, `next` what to do about it."""

    area: str
    name: str
    state: State
    detail: str = ""
    next: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def named(values: Sequence[str], limit: int = 8) -> str:
    """Names for a sentence: the first ones in quotes, and how many more."""
    quoted = [f'"{v}"' for v in values[:limit]]
    return ", ".join(quoted) + (f" and {len(values) - limit} more" if len(values) > limit else "")
