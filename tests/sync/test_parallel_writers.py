"""How much goes out to NetSuite at once (sequence-and-status.md section 2, rule 8; settings.md section 4.5)."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tallybridge import money
from tallybridge.settings import DEFAULTS
from tallybridge.sync.ledger import Owner
from tallybridge.sync.slots import SharedSlots
from tests.meeting import meeting
from tests.sync.builders import payment
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import CUSTOMERS, ready, run

IN_THREADS = True

SECONDS = 0.02
"""How long a call takes, on a clock on which time passes only when all wait."""
PAYMENTS = 4


@dataclass
class Watch:
    """Creates of payments under way at once: the most of all, the most of one customer."""

    guard: threading.Lock = field(default_factory=threading.Lock)
    now: Counter[str] = field(default_factory=Counter)
    most: int = 0
    most_of_one: int = 0

    @contextmanager
    def call(self, customer: str) -> Iterator[None]:
        with self.guard:
            self.now[customer] += 1
            self.most = max(self.most, self.now.total())
            self.most_of_one = max(self.most_of_one, self.now[customer])
        time.sleep(SECONDS)
        try:
            yield
        finally:
            with self.guard:
                self.now[customer] -= 1


def watched(world: MemoryWorld, **settings: Any) -> Watch:
    """One run over some payments of each of two accounts."""
    ready(
        world,
        *(payment(a, f"{a}-{n}", 1.0, {"INV1" if a == "A1" else "INV3": 1.0}) for a in CUSTOMERS for n in range(PAYMENTS)),
        **settings,
    )
    watch, send = Watch(), world.session.send

    def listen(request: Any, **how: Any) -> Any:
        if request.method == "POST" and "/record/v1/customerPayment" in request.url:
            with watch.call(money.loads(request.body)["customer"]["id"]):
                return send(request, **how)
        return send(request, **how)

    world.session.send = listen  # type: ignore[method-assign]
    try:
        with meeting():
            assert run(world)["tiedOut"]
    finally:
        world.session.send = send  # type: ignore[method-assign]
    assert len(world.in_netsuite("customerPayment")) == 2 * PAYMENTS
    return watch


@pytest.mark.rule("sequence-and-status.2.rule.8")
def test_records_of_one_account_go_one_after_the_other_and_accounts_side_by_side(fast: MemoryWorld) -> None:
    watch = watched(fast, netsuite_max_concurrency=4)
    assert (watch.most_of_one, watch.most) == (1, 2)


def test_a_run_under_way_keeps_to_a_number_that_is_saved_meanwhile(fast: MemoryWorld) -> None:
    """The newest settings count, not those that the run began with."""
    fast.reset()

    def slots(own: int) -> int:
        netsuite = fast.wiring().netsuite(DEFAULTS.model_copy(update={"netsuite_max_concurrency": own}), Owner("run", "b", "w"))
        assert isinstance(netsuite._calls.slots, SharedSlots)
        return netsuite._calls.slots.limit

    assert slots(4) == 4
    fast.open()
    assert slots(4) == 5
    fast.wiring().runs().set_concurrency(2)
    assert slots(4) == 2


@pytest.mark.rule("settings.key.netsuite_max_concurrency")
def test_no_more_calls_go_out_at_once_than_the_setting_says(fast: MemoryWorld) -> None:
    assert watched(fast, netsuite_max_concurrency=1).most == 1
