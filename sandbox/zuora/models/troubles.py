"""Misbehaviour that a tester can order beyond the fault rules of the control interface (spec section 17)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

JobTrouble = Literal["fail", "hang", "cancel"]
FileTrouble = Literal["empty", "truncated", "corrupt", "expired"]


@dataclass
class Troubles:
    """What shall go wrong next; in-process tests set these on `ZuoraStandIn.troubles`.

    `locked`: record id -> how many writes are refused with a lock competition. `refused`: record id -> (code, message) for the next
    write in a batch. `jobs`: fate of the next Data Query jobs; a failing job reports `job_error`. `files`: what happens to the next
    result files. `token_calls`: tokens issued from now on die after so many requests. `client_deactivated`: the user of the OAuth
    client may not log in.
    """

    locked: dict[str, int] = field(default_factory=dict)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    jobs: deque[JobTrouble] = field(default_factory=deque)
    job_error: tuple[str, str] = ("LINK_30000007", "Service Temporarily Unavailable")
    files: deque[FileTrouble] = field(default_factory=deque)
    token_calls: int | None = None
    client_deactivated: bool = False

    def is_locked(self, record_id: str) -> bool:
        """Whether this write meets a lock; uses one of them up."""
        left = self.locked.get(record_id, 0)
        if left:
            self.locked[record_id] = left - 1
        return left > 0
