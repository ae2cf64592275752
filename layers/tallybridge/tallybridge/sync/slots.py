"""The destination's concurrency limit belongs to the account: all workers of a run share its slots through one item.

A worker leases slots for its calls and gives them back as soon as none of its threads waits. A lease ends by itself, so a worker that dies
gives its slots back too. On a 429 the limit is halved for everybody, and raised by one after each quiet minute.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tallybridge.clock import Clock
from tallybridge.errors import StepFailed
from tallybridge.sync.ledger import Table

LEASE_SECONDS = 120
"""Longer than what a slot may be kept and one more call: a lease must not end while its call is in flight."""
FRESH_SECONDS = 20
"""A slot older than this is given back and leased anew."""
POLL_SECONDS = (0.04, 0.12)
"""How long a worker waits before it asks for slots again, at random between the two."""
QUIET_SECONDS = 60
PATIENCE_SECONDS = 240
"""How long a thread waits for a slot before its step is given up: more than any other worker may run."""
UPDATE_TRIES = 50


class SharedSlots:
    """Slots of one destination account, shared by all workers through the runs table."""

    def __init__(
        self, table: Table, account: str, limit: int, worker: str, clock: Clock, is_dead: Callable[[str], bool] = lambda worker: False
    ) -> None:
        """`worker` names this worker in its leases; `is_dead` tells of another worker's name that it has ended, so that its leases need not
        be waited for."""
        self.table = table
        self.key = {"pk": "slots", "sk": account}
        self.limit = limit
        self.worker = worker
        self.clock = clock
        self.is_dead = is_dead
        self.condition = threading.Condition()
        self.numbers = itertools.count(1)
        self.leased: dict[str, float] = {}
        """When each lease of this worker was taken; a lease has a name of its own, so that an ended one is never mistaken for another."""
        self.free: list[str] = []
        self.waiting = 0
        self.asking = False

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Have a slot while a call is in flight."""
        slot = self._take()
        try:
            yield
        finally:
            self._give_back(slot)

    def throttled(self) -> None:
        """The destination refused a call for too many in flight: halve the limit for all workers."""

        def halve(item: dict[str, Any], now: float) -> bool:
            item["current"] = max(1, min(int(item.get("current", self.limit)), len(item["held"]) or 1) // 2)
            item["quiet_since"] = int(now)
            return True

        self._change(halve)

    def _take(self) -> str:
        give_up = self.clock.now().timestamp() + PATIENCE_SECONDS
        with self.condition:
            self.waiting += 1
            try:
                while not self.free:
                    if self.clock.now().timestamp() > give_up:
                        advice = "Check for another program that uses up the account's concurrency limit."
                        raise StepFailed("No slot of the destination became free.", code="NS-SLOTS", advice=advice)
                    if self.asking or len(self.leased) >= self.limit:  # one of our own is handed on sooner than another is free
                        self.condition.wait(timeout=1)
                    else:
                        self._ask()
                slot = self.free.pop()
            finally:
                self.waiting -= 1
            surplus = self._surplus()
        self._release(surplus)
        return slot

    def _ask(self) -> None:
        """Lease slots for all who wait, one thread for all; called with the condition held, which is let go meanwhile."""
        self.asking = True
        self.condition.release()
        gained: list[str] = []
        try:
            gained = self._lease(self.waiting)
            if not gained:
                self.clock.sleep(random.uniform(*POLL_SECONDS))
        finally:
            self.condition.acquire()
            self.asking = False
            self.free += gained
            self.condition.notify_all()

    def _surplus(self) -> list[str]:
        """Free slots that nobody of this worker waits for (any more); called with the condition held."""
        kept = self.waiting
        surplus, self.free = self.free[kept:], self.free[:kept]
        return surplus

    def _give_back(self, slot: str) -> None:
        with self.condition:
            age = self.clock.now().timestamp() - self.leased.get(slot, 0)
            if age < FRESH_SECONDS:
                self.free.append(slot)
                self.condition.notify()
                surplus = self._surplus()
            else:
                surplus = [slot]
        self._release(surplus)

    def _lease(self, wanted: int) -> list[str]:
        gained: list[str] = []

        def take(item: dict[str, Any], now: float) -> bool:
            gained.clear()
            item["held"] = {lease: until for lease, until in item["held"].items() if not self.is_dead(lease.rpartition("#")[0])}
            limit = int(item.get("current", self.limit))
            if limit < self.limit and now - int(item.get("quiet_since", 0)) > QUIET_SECONDS:
                limit += 1
                item["current"], item["quiet_since"] = limit, int(now)
            for _ in range(min(wanted, limit - len(item["held"]))):
                gained.append(f"{self.worker}#{next(self.numbers)}")
                item["held"][gained[-1]] = int(now) + LEASE_SECONDS
            return bool(gained)

        self._change(take)
        now = self.clock.now().timestamp()
        self.leased |= dict.fromkeys(gained, now)
        return list(gained)

    def _release(self, slots: list[str]) -> None:
        def drop(item: dict[str, Any], _: float) -> bool:
            return bool([slot for slot in slots if item["held"].pop(slot, None) is not None])

        if slots:
            for slot in slots:
                self.leased.pop(slot, None)
            self._change(drop)

    def _change(self, change: Any) -> None:
        """Read the item, change it, write it back if nobody else did meanwhile; `change` answers whether there is anything to write."""
        client = self.table.meta.client
        for _ in range(UPDATE_TRIES):
            item = self.table.get_item(Key=self.key, ConsistentRead=True).get("Item")
            version = int(item["version"]) if item else 0
            now = self.clock.now().timestamp()
            content: dict[str, Any] = item or {**self.key, "held": {}}
            content["held"] = {lease: until for lease, until in content["held"].items() if int(until) > now}
            if not change(content, now):
                return
            content["version"] = version + 1
            try:
                condition = {"ConditionExpression": "version = :v", "ExpressionAttributeValues": {":v": version}}
                self.table.put_item(Item=content, **(condition if item else {"ConditionExpression": "attribute_not_exists(pk)"}))
                return
            except client.exceptions.ConditionalCheckFailedException:
                self.clock.sleep(random.uniform(0, POLL_SECONDS[0]))
        raise StepFailed("The slots of the destination are changed too often by other workers.", code="NS-SLOTS")
