"""How an account's slots are shared out: the item that says who holds and who waits, at one moment, and what may become of it.

    held       {lease: ends}        the calls in flight, as far as anybody knows
    workers    {worker: {...}}      who holds slots, waits for them, or has held some lately
        limit      its setting
        ends       when it is taken for gone
        since      its place in the queue, in milliseconds; 0 when it does not wait
        begun      1 when it is at work, 0 while it waits for its first slot
    learned    slots after the last refusal, 0 when there was none
    pause      how long the account paused after it
    resume     when that pause ends: then the quiet minutes begin

Times are epoch seconds. Every change answers whether there is anything to write.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CALL_SECONDS = 900
"""The destination ends every call by then (NetSuite: api-netsuite.md 7.2), whether or not anybody still waits for its answer."""
FRESH_SECONDS = 20
"""A slot older than this is given back and leased anew: no call begins under an older one."""
MARGIN_SECONDS = 60
"""For what lies between leasing and sending, and for clocks that differ."""
LEASE_SECONDS = FRESH_SECONDS + CALL_SECONDS + MARGIN_SECONDS
"""A lease lasts longer than any call that is made under it, so that none is in flight when it ends by itself."""
WAITING_SECONDS = 30
"""A worker that waits says so anew after half of this; then it is taken for gone."""
BETWEEN_CALLS_SECONDS = 30
"""A worker that holds nothing and asks for nothing is still at work for so long: it reads or writes elsewhere."""
MORE_AT_WORK = 1
"""Workers at work beyond the slots: while one uses a slot, another reads or writes elsewhere."""
QUIET_SECONDS = 60
"""Without a refusal for so long the account gets one slot more."""
PAUSES = (1, 60)
"""The account's pause after a refusal, in seconds: the first one, doubled when the next refusal comes within a minute, and the longest."""
MOST_ASKED = 120
"""A pause that the destination asks for is kept up to this."""


@dataclass
class Sharing:
    """An account's slots at `now`; ended leases, and workers of whom nothing was heard, are gone."""

    now: float
    held: dict[str, int]
    workers: dict[str, dict[str, int]]
    learned: int = 0
    pause: int = 0
    resume: int = 0

    @classmethod
    def of(cls, item: Mapping[str, Any], now: float) -> Sharing:
        """From the table's item, {} when there is none."""
        held = {lease: int(ends) for lease, ends in item.get("held", {}).items() if int(ends) > now}
        workers = {
            name: {k: int(v) for k, v in about.items()} for name, about in item.get("workers", {}).items() if int(about["ends"]) > now
        }
        return cls(now, held, workers, *(int(item.get(name, 0)) for name in ("learned", "pause", "resume")))

    def to_item(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k != "now"}

    def limit(self, own: int) -> int:
        """Slots that may be held: the lowest setting of all who are at work, fewer for a while after a refusal. Never below one."""
        lowest = min([own, *(about["limit"] for name, about in self.workers.items() if about["since"] or self._has(name))])
        quiet_minutes = max(0, int((self.now - self.resume) // QUIET_SECONDS))
        return max(1, min(lowest, self.learned + quiet_minutes) if self.learned else lowest)

    def crowded(self, own: int) -> bool:
        """Whether more are held than may be."""
        return len(self.held) > self.limit(own)

    def free_for(self, worker: str, own: int, wanted: int) -> int:
        """How many slots a worker may lease now; those that are before it in the queue have one each."""
        limit = self.limit(own)
        queue, beginners = self._queue(limit)
        if self.now < self.resume or (not beginners and worker not in queue and not self._is_at_work(worker)):
            return 0
        ahead = queue.index(worker) if worker in queue else len(queue)
        return max(0, min(wanted, limit - len(self.held) - ahead))

    def _queue(self, limit: int) -> tuple[list[str], int]:
        """The workers that are next, in the order in which they came, and how many others may begin."""
        room = max(0, limit + MORE_AT_WORK - sum(about["begun"] for about in self.workers.values()))
        waiting = [name for _, name in sorted((about["since"], name) for name, about in self.workers.items() if about["since"])]
        beginners = [name for name in waiting if not self._is_at_work(name)]
        return [name for name in waiting if name not in beginners[room:]], max(0, room - len(beginners))

    def _is_at_work(self, worker: str) -> bool:
        return bool(self.workers.get(worker, {}).get("begun"))

    def lease(self, worker: str, own: int, leases: Sequence[str]) -> bool:
        """Give a worker leases; without any, and holding none, it stands in the queue."""
        if leases:
            ends = int(self.now) + LEASE_SECONDS
            self.held |= dict.fromkeys(leases, ends)
            self.workers[worker] = {"limit": own, "ends": ends, "since": 0, "begun": 1}
            return True
        known = self.workers.get(worker)
        if known and (self._has(worker) or (known["since"] and known["ends"] - self.now > WAITING_SECONDS / 2)):
            return False
        since, begun = (known["since"], known["begun"]) if known else (0, 0)
        self.workers[worker] = {
            "limit": own,
            "ends": math.ceil(self.now) + WAITING_SECONDS,
            "since": since or int(self.now * 1000),
            "begun": begun,
        }
        return True

    def release(self, worker: str, leases: Sequence[str]) -> bool:
        """Take leases back. The worker stays at work for a while."""
        ended = [lease for lease in leases if self.held.pop(lease, None) is not None]
        if ended and worker in self.workers and not self._has(worker):
            self.workers[worker]["ends"] = math.ceil(self.now) + BETWEEN_CALLS_SECONDS
        return bool(ended)

    def withdraw(self, worker: str) -> bool:
        """Forget a worker that has given up waiting, unless a call of it may be in flight."""
        return not self._has(worker) and self.workers.pop(worker, None) is not None

    def refused(self, own: int, asked: float | None) -> bool:
        """The destination refused a call: pause, and halve the limit. Calls that were in flight together are refused together, which is
        one event: what comes during the pause was sent before it."""
        if self.now < self.resume:
            return self._pause_as(asked)
        half = min(self.limit(own), len(self.held) or 1) // 2
        first, most = PAUSES
        soon = self.pause and self.now - self.resume < QUIET_SECONDS
        self.pause = min(most, 2 * self.pause) if soon else first
        self.learned, self.resume = max(1, half), math.ceil(self.now) + self.pause
        self._pause_as(asked)
        return True

    def _pause_as(self, asked: float | None) -> bool:
        resume = math.ceil(self.now + min(asked or 0, MOST_ASKED))
        longer, self.resume = resume > self.resume, max(self.resume, resume)
        return longer

    def _has(self, worker: str) -> bool:
        return any(lease.startswith(f"{worker}#") for lease in self.held)
