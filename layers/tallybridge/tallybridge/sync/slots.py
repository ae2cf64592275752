"""The destination's concurrency limit belongs to the account: all workers of both jobs share its slots through one item.

A worker leases slots for its calls, hands them on among its threads for a while, and gives back what none of them waits for. A lease ends
when it is given back, or when no call that was made under it can be in flight any more: a worker that has died, or that has stopped
waiting for an answer, is counted until then. Who has no slot stands in a queue, and the next free ones are for those who came first. No
more workers are at work at a time than the slots suffice for; the others do not begin.

The limit is the lowest of the settings of all workers that hold or wait for slots. After a refusal for too many calls the whole account
pauses, and goes on with half the limit; each quiet minute gives one more. `sharing.py` has these rules.
"""

from __future__ import annotations

import itertools
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tallybridge.clock import Clock
from tallybridge.errors import NoSlot, ServiceError
from tallybridge.sync.ledger import Table
from tallybridge.sync.sharing import FRESH_SECONDS, LEASE_SECONDS, WAITING_SECONDS, Sharing

TURN_SECONDS = 90
"""How long a worker waits to begin: then its round ends, so that one that begins has the time to do something."""
RESERVE_SECONDS = 25
"""Left of the worker's time when its threads give up waiting for slots: to write down what was done."""
PATIENCE_SECONDS = LEASE_SECONDS + 120
"""How long a thread waits that has no deadline: until every lease that there is now has ended, and its turn has come."""
POLL_SECONDS = (0.04, 0.5)
"""How soon, and how late, a worker that waits asks again: after a tenth of the time that it has waited already, within these bounds."""
UPDATE_TRIES = 50
"""Of a change that others' changes get in the way of. Then it is left: slots are asked for again, and leases end by themselves."""


class SharedSlots:
    """Slots of one destination account, shared by all workers through the runs table. Raises `NoSlot`."""

    def __init__(
        self, table: Table, account: str, limit: int, worker: str, clock: Clock, *, deadline: float | None = None, service: str = ""
    ) -> None:
        """`limit` is what this worker was set to, `worker` names it, in all of its clients, `deadline` (epoch seconds) when it is stopped
        from outside, `service` names the destination in errors."""
        self.table = table
        self.key = {"pk": "slots", "sk": account}
        self.limit = limit
        self.name = worker
        self.clock = clock
        self.deadline = deadline
        self.service = service
        self.condition = threading.Condition()
        self.leases = (f"{worker}#{uuid.uuid4().hex[:8]}.{number}" for number in itertools.count(1))
        """Names of leases; each has one of its own, so that none is ever mistaken for another."""
        self.leased: dict[str, float] = {}
        """When each lease of this client was taken."""
        self.free: list[str] = []
        self.waiting = 0
        self.asking = False
        self.hungry: float | None = None
        """Since when this worker asks in vain."""
        self.has_begun = False
        self.resume = 0.0
        """The account pauses until then, as far as this worker has heard."""
        self.crowded = False
        """Whether more slots were held than the limit allows, when this worker last looked."""

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Have a slot while a call is in flight; for longer, where the service may still be at work on it."""
        slot, going_on = self._take(), False
        try:
            yield
        except ServiceError as lost:
            going_on = lost.going_on
            raise
        finally:
            self._give_back(slot, going_on=going_on)

    def throttled(self, asked: float | None = None) -> bool:
        """The destination refused a call for too many in flight, and asked to wait so many seconds: all workers pause and go on with fewer
        slots. `hold` waits for that."""
        self._change(lambda sharing: sharing.refused(self.limit, asked))
        with self.condition:
            surplus, self.free = self.free, []
        self._release(surplus)
        return True

    def leave(self) -> None:
        """The worker's task is over: another may begin in its place."""
        if self.has_begun:
            self._withdraw()

    # -- one thread --------------------------------------------------------------------------------------------------

    def _take(self) -> str:
        give_up, tried = self._gives_up_at(), False
        with self.condition:
            self.waiting += 1
            try:
                while (slot := self._fresh()) is None:
                    left = give_up - self._now()
                    if left <= 0 and tried:
                        self._withdraw()
                        raise NoSlot(f"No slot of account {self.key['sk']} became free in the time of this worker.", service=self.service)
                    tried = True
                    if self.asking or (not self.free and len(self.leased) >= self.limit):  # one of our own is handed on sooner
                        self.condition.wait(timeout=max(0.0, left))
                    else:
                        self._ask(left)
            finally:
                self.waiting -= 1
            surplus = self._surplus()
        self._release(surplus)
        return slot

    def _give_back(self, slot: str, *, going_on: bool) -> None:
        with self.condition:
            if going_on:  # its lease ends by itself
                self.leased.pop(slot, None)
            else:
                self.free.append(slot)
            surplus = self._surplus()
            self.condition.notify_all()
        self._release(surplus)

    def _fresh(self) -> str | None:
        """A free slot under which a call may begin now; called with the condition held, as is the next one."""
        found = next((slot for slot in self.free if self._is_fresh(slot)), None)
        if found:
            self.free.remove(found)
        return found

    def _surplus(self) -> list[str]:
        """Free slots to give back: those that nobody of this worker waits for (any more), old ones, and all while the account is crowded
        or pauses."""
        kept = [] if self.crowded else [slot for slot in self.free if self._is_fresh(slot)][: self.waiting]
        surplus = [slot for slot in self.free if slot not in kept]
        self.free = kept
        return surplus

    def _is_fresh(self, slot: str) -> bool:
        now = self._now()
        return now >= self.resume and now - self.leased.get(slot, 0) < FRESH_SECONDS

    # -- one worker --------------------------------------------------------------------------------------------------

    def _ask(self, left: float) -> None:
        """Lease slots for all who wait, one thread for all; called with the condition held, which is let go meanwhile."""
        self.asking = True
        surplus = self._surplus()
        self.condition.release()
        gained: list[str] = []
        try:
            self._release(surplus)
            gained = self._lease(self.waiting)
            if not gained and left > 0:
                self.clock.sleep(min(left, self._pause()))
        finally:
            self.condition.acquire()
            self.asking = False
            self.free += gained
            self.condition.notify_all()

    def _lease(self, wanted: int) -> list[str]:
        """New leases, as many as are wanted and free; without any this worker stands in the queue."""
        gained: list[str] = []

        def take(sharing: Sharing) -> bool:
            gained.clear()
            count = sharing.free_for(self.name, self.limit, wanted)
            gained.extend(itertools.islice(self.leases, count))
            return sharing.lease(self.name, self.limit, gained)

        began = self._now()
        if not self._change(take):
            gained.clear()
        self.leased |= dict.fromkeys(gained, began)
        self.has_begun = self.has_begun or bool(gained)
        self.hungry = None if gained else self.hungry or began
        return list(gained)

    def _pause(self) -> float:
        """Seconds until it is worth while to ask again."""
        now = self._now()
        if now < self.resume:
            return min(WAITING_SECONDS / 2, self.resume - now + random.uniform(0, 0.5))
        least, most = POLL_SECONDS
        return min(most, max(least, (now - (self.hungry or now)) / 10)) * random.uniform(1, 1.5)

    def _release(self, slots: list[str]) -> None:
        if slots:
            for slot in slots:
                self.leased.pop(slot, None)
            self._change(lambda sharing: sharing.release(self.name, slots))

    def _withdraw(self) -> None:
        self._change(lambda sharing: sharing.withdraw(self.name))

    def _gives_up_at(self) -> float:
        now = self._now()
        if self.deadline is None:
            return now + PATIENCE_SECONDS
        return min(now + (PATIENCE_SECONDS if self.has_begun else TURN_SECONDS), self.deadline - RESERVE_SECONDS)

    def _now(self) -> float:
        return self.clock.now().timestamp()

    # -- the item ----------------------------------------------------------------------------------------------------

    def _change(self, change: Callable[[Sharing], bool]) -> bool:
        """Read the item, change it, write it back if nobody else did meanwhile; `change` answers whether there is anything to write.
        False when others were always faster."""
        client = self.table.meta.client
        for _ in range(UPDATE_TRIES):
            item = self.table.get_item(Key=self.key, ConsistentRead=True).get("Item")
            sharing = Sharing.of(item or {}, self._now())
            write = change(sharing)
            self.resume, self.crowded = sharing.resume, sharing.crowded(self.limit)
            if not write:
                return True
            version = int(item["version"]) if item else 0
            try:
                condition = {"ConditionExpression": "version = :v", "ExpressionAttributeValues": {":v": version}}
                self.table.put_item(
                    Item={**self.key, **sharing.to_item(), "version": version + 1},
                    **(condition if item else {"ConditionExpression": "attribute_not_exists(pk)"}),
                )
                return True
            except client.exceptions.ConditionalCheckFailedException:
                self.clock.sleep(random.uniform(0, POLL_SECONDS[0]))
        return False
