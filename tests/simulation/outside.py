"""What happens around a run: vendors that fail, workers that die, stop, meet or are replaced, clocks that differ, periods that close.
Every event answers whether it has struck."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Any

from requests.exceptions import ReadTimeout

from tallybridge import wiring as wiring_module
from tallybridge.errors import TallybridgeError
from tallybridge.settings import DEFAULTS
from tallybridge.sync.ledger import Owner
from tallybridge.tasks.archive_log import archive_log
from tallybridge.tasks.close_run import close_run
from tallybridge.tasks.notify import notify
from tallybridge.tokens import ProcessTokens
from tallybridge.wiring import SAFETY_SECONDS
from tests.faults.killing import Killer, WorkerKilled
from tests.faults.ways import dies_and_is_started_again
from tests.simulation.tenant import MONTH, Simulated, writes
from tests.sync.world import INVOCATION_SECONDS

RECORD = "/services/rest/record/v1/"
STATUS_WRITES = "^/v1/(action/update|payments/|credit-memos|invoices)"
FIRST, LAST = 3, 220
"""Effects of a run at which something may happen."""
CLOCKS_DIFFER = 45
"""Seconds by which a vendor's clock is before or behind, at most."""
STARTS = 3


class Meanwhile:
    """Lets something happen in the midst of a run, before its effect number `at`. A worker whose time is up by then is dead."""

    def __init__(self, clock: Any, at: int, act: Callable[[], object]) -> None:
        self.clock, self.at, self.act = clock, at, act
        self.count = 0
        self.inside = False
        self.happened = False
        self.ends = float("inf")

    def begins(self) -> None:
        """A function begins."""
        self.ends = self.clock.moment.timestamp() + INVOCATION_SECONDS + SAFETY_SECONDS

    def before(self, name: str) -> int:
        if not self.inside:
            self.count += 1
            if self.count == self.at:
                self.inside = self.happened = True
                try:
                    self.act()
                finally:
                    self.inside = False
            self._die_in_time(name)
        return self.count

    def after(self, number: int, name: str) -> None:
        if not self.inside:
            self._die_in_time(name)

    def _die_in_time(self, name: str) -> None:
        if self.happened and self.clock.moment.timestamp() > self.ends:
            raise WorkerKilled(f"its time is up, at {name}")


# -- vendors -----------------------------------------------------------------------------------------------------------


def answers_are_lost(tenant: Simulated, chance: Random) -> bool:
    where, path = chance.choice([("netsuite", RECORD), ("netsuite", "/suiteql"), ("zuora", STATUS_WRITES), ("zuora", "/query/")])
    rule = {"path": path, "drop": chance.choice(["before", "after"]), "nth": chance.randint(1, 8)}
    return _disturbed(
        tenant, where, rule if chance.random() < 0.7 else {**rule, "nth": None, "probability": 0.2, "seed": chance.randrange(99)}
    )


def answers_are_slow(tenant: Simulated, chance: Random) -> bool:
    """So slow that functions come near the end of their time."""
    rule = {"delay_ms": chance.choice([4_000, 30_000, 100_000]), "probability": 0.2, "seed": chance.randrange(99)}
    return _disturbed(tenant, chance.choice(["zuora", "netsuite"]), rule)


def service_is_away(tenant: Simulated, chance: Random) -> bool:
    rule = {"status": 503, "body": "away", "probability": 0.5, "seed": chance.randrange(99)}
    return _disturbed(tenant, chance.choice(["zuora", "netsuite"]), rule)


def too_many_calls(tenant: Simulated, chance: Random) -> bool:
    return _disturbed(tenant, "netsuite", {"status": 429, "body": "{}", "path": RECORD, "times": chance.randint(1, 6)})


def _disturbed(tenant: Simulated, service: str, rule: dict[str, Any]) -> bool:
    control: Any = getattr(tenant.world, f"{service}_control")
    control.drop = _lose
    control.set_faults([{k: v for k, v in rule.items() if v is not None}])
    try:
        tenant.run()
        return any(fault.used for fault in control.faults)
    finally:
        control.set_faults([])


def clocks_differ(tenant: Simulated, chance: Random) -> bool:
    """The vendors' clocks are not those of the workers, from now on."""
    clock = tenant.world.clock
    zuora, netsuite = (timedelta(seconds=chance.randint(-CLOCKS_DIFFER, CLOCKS_DIFFER)) for _ in range(2))
    tenant.world.zuora.tenant.store.clock = tenant.world.zuora.options.clock = lambda: clock.now() + zuora
    tenant.world.netsuite.options.clock = lambda: clock.now() + netsuite
    return bool(zuora or netsuite)


def period_closes(tenant: Simulated, chance: Random) -> bool:
    return set_period(tenant, **{chance.choice(["closed", "arLocked"]): True})


def period_opens(tenant: Simulated, chance: Random | None = None) -> bool:
    return set_period(tenant, closed=False, arLocked=False)


def set_period(tenant: Simulated, **flags: bool) -> bool:
    """An accountant closes or opens the month of the documents."""
    (found,) = [p for p in tenant.world.in_netsuite("accountingPeriod") if p["periodName"] == MONTH]
    changes = any(found.get(flag, False) != value for flag, value in flags.items())
    if changes:
        tenant.world.load(netsuite={"accountingPeriod": [{"id": found["id"], **flags}]})
    return changes


# -- workers -----------------------------------------------------------------------------------------------------------


def worker_dies(tenant: Simulated, chance: Random) -> bool:
    killer = _killer(chance)
    tenant.run_with(killer)
    return bool(killer.where)


def worker_dies_and_is_started_again(tenant: Simulated, chance: Random) -> bool:
    killer = _killer(chance)
    tenant.run_with(killer, lambda: dies_and_is_started_again(tenant.world, killer))
    return bool(killer.where)


def _killer(chance: Random) -> Killer:
    return Killer(chance.randint(FIRST, LAST), chance.choice(["before", "after"]))


def functions_meet(tenant: Simulated, chance: Random) -> bool:
    """A function is called a second time while the first one is in the midst of its work; both have the same event."""
    world = tenant.world
    current: list[Callable[[], object]] = []

    def second() -> None:
        tokens, world.tokens = world.tokens, ProcessTokens()  # another process has others
        try:
            with suppress(TallybridgeError):
                current[-1]()
        finally:
            world.tokens = tokens

    meanwhile = Meanwhile(world.clock, chance.randint(FIRST, LAST), second)

    def persistently(act: Callable[[], Any]) -> Any:
        for _ in range(STARTS):
            current[:] = [act]
            meanwhile.begins()
            with suppress(WorkerKilled):
                return act()
        raise AssertionError("a function dies again and again")

    tenant.run_with(meanwhile, lambda: tenant.run_of(persistently))
    return meanwhile.happened


def run_is_stopped(tenant: Simulated, chance: Random) -> bool:
    """Somebody stops the execution, as an update of the stack may have to; the function that was at work does not know of it."""
    world = tenant.world

    def stop() -> None:
        lock = next((item for item in world.memory.tables["RUNS_TABLE"].items.values() if item["pk"] == "lock"), {})
        run_id = lock.get("run_id")
        if run_id is None:
            return
        told = {"executionArn": f"arn:aws:states:eu-west-1:000000000000:execution:billing:{run_id}", "status": "ABORTED", "error": None}
        noted = close_run({"detail": {**told, "cause": "Stopped"}, "closer": "clean-up-1"}, world.wiring())
        if noted["leave"]:
            return
        event = {"runId": noted["runId"], "closer": noted["closer"]}
        if not noted["archived"]:
            archive_log(event, world.wiring())
        notify(event, world.wiring())
        close_run(event, world.wiring())

    meanwhile = Meanwhile(world.clock, chance.randint(FIRST, LAST), stop)

    def persistently(act: Callable[[], Any]) -> Any:
        if meanwhile.happened:  # no state machine goes on
            raise WorkerKilled("the execution was stopped")
        return act()

    tenant.run_with(meanwhile, lambda: tenant.run_of(persistently))
    return meanwhile.happened


def update_is_deployed(tenant: Simulated, chance: Random) -> bool:
    """From one function of a run to the next the processes are new ones, and the settings were saved anew."""
    world = tenant.world
    at, calls = chance.randint(1, 40), 0

    def persistently(act: Callable[[], Any]) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            world.tokens = ProcessTokens()
            wiring_module.forget_clients()
            settings(tenant, chance)
        return act()

    tenant.run(lambda: tenant.run_of(persistently))
    return calls >= at


def other_job_works(tenant: Simulated, chance: Random) -> bool:
    """A worker of the other job reads from the same NetSuite account in the midst of a run; now and then it dies with its slot in hand."""
    world, dies = tenant.world, chance.random() < 0.3

    def read() -> None:
        tokens, world.tokens = world.tokens, ProcessTokens()
        client: Any = world.wiring().netsuite(DEFAULTS, Owner("revenue", "revenue/", "revenue"))
        try:
            if dies:
                client._calls.slots._take()
            else:
                list(client.suiteql("SELECT id FROM customer ORDER BY id"))
        except TallybridgeError:
            return
        finally:
            world.tokens = tokens

    meanwhile = Meanwhile(world.clock, chance.randint(FIRST, LAST), read)
    tenant.run_with(meanwhile)
    return meanwhile.happened


def run_is_doubled(tenant: Simulated, chance: Random) -> bool:
    """A second start while a run is in progress: it does nothing."""
    opened = tenant.world.open()
    if opened["opened"]:
        assert not tenant.world.open()["opened"], "two runs hold the lock"
        tenant.world.close(opened["runId"])
    return bool(opened["opened"])


def dry_run(tenant: Simulated, chance: Random) -> bool:
    before = writes(tenant.world)
    tenant.world.clock.advance(minutes=30)
    with suppress(TallybridgeError):
        tenant.world.run(dry_run=True)
    assert writes(tenant.world) == before, "a dry run writes"
    return True


def settings(tenant: Simulated, chance: Random) -> bool:
    most = chance.randint(1, 6)
    together = "always" if most % 2 else "off"
    tenant.set(netsuite_max_concurrency=most, run_hours=chance.randint(1, 24), netsuite_batch_requests=together)
    return True


def time_passes(tenant: Simulated, chance: Random) -> bool:
    tenant.world.clock.advance(hours=chance.choice([1, 5, 26, 24 * 31]))
    return True


def _lose(environ: Any) -> None:
    raise ReadTimeout("no answer")
