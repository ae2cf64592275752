"""The stand-ins for Zuora, NetSuite and Zuora Revenue as three servers, in threads of this process or in a child process of their own.

A child has a Python interpreter for itself, so that two cores are used: that is how `make sandbox` runs them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any

from sandbox.child import Child, ChildFailed, serve_parent
from sandbox.clock import Clock, RealClock
from sandbox.control import Control
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn
from sandbox.profile import applied
from sandbox.revenue import RevenueOptions, RevenueStandIn
from sandbox.server import LoopbackServer
from sandbox.zuora import ZuoraOptions, ZuoraStandIn


@dataclass(frozen=True)
class StandInOptions:
    """How the stand-ins are set up. `settlement`: Invoice Settlement on; `data_query_queue_s`, `data_query_s`: how long a Data Query job
    waits, and then runs; ports 0 take free ones; `netsuite_slots` 0 means no limit; `time_zone` is that of the NetSuite account. `profile`
    are options by system, as a tenant's profile has them, which prevail. `bare`: nobody has set anything up in either tenant."""

    settlement: bool = True
    latency_ms: int = 0
    data_query_queue_s: float = 0
    data_query_s: float = 0
    netsuite_slots: int = 5
    time_zone: str = "America/Los_Angeles"
    zuora_port: int = 0
    netsuite_port: int = 0
    revenue_port: int = 0
    certificate_public_key: str = ""
    profile: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    bare: bool = False


@dataclass(frozen=True)
class Addresses:
    """Where the servers answer, without a slash at the end."""

    zuora: str
    netsuite: str
    revenue: str = ""


class StandInThreads(AbstractContextManager["StandInThreads"]):
    """The servers in threads of this process, on a clock: latency passes on it, and what they date is dated by it."""

    def __init__(self, options: StandInOptions, clock: Clock | None = None) -> None:
        self.options = options
        self.clock = clock or RealClock()
        self.addresses = Addresses("", "")
        self._servers = ExitStack()

    def __enter__(self) -> StandInThreads:
        options, now = self.options, self.clock.now
        account = NetSuiteOptions(
            slots=options.netsuite_slots,
            time_zone=options.time_zone,
            certificate_public_key=options.certificate_public_key,
            bare=options.bare,
            clock=now,
        )
        tenant = ZuoraOptions(
            settlement=options.settlement,
            data_query_queue_s=options.data_query_queue_s,
            data_query_run_s=options.data_query_s,
            bare=options.bare,
            clock=now,
        )
        own = options.profile
        zuora = Control(ZuoraStandIn(applied(tenant, own.get("zuora", {}))), options.latency_ms)
        netsuite = Control(NetSuiteStandIn(applied(account, own.get("netsuite", {}))), options.latency_ms)
        revenue = Control(RevenueStandIn(applied(RevenueOptions(clock=now), own.get("revenue", {}))), options.latency_ms)
        for control in (zuora, netsuite, revenue):
            control.sleep, control.now = self.clock.sleep, lambda: now().timestamp()
        with ExitStack() as servers:
            self.addresses = Addresses(
                zuora=servers.enter_context(_serve(zuora, options.zuora_port)).url,
                netsuite=servers.enter_context(_serve(netsuite, options.netsuite_port)).url,
                revenue=servers.enter_context(_serve(revenue, options.revenue_port)).url,
            )
            self._servers = servers.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._servers.close()


class StandInChild(AbstractContextManager["StandInChild"]):
    """The servers in a child process."""

    def __init__(self, options: StandInOptions) -> None:
        self.options = options
        self.addresses = Addresses("", "")
        self._child: Child | None = None

    def __enter__(self) -> StandInChild:
        self._child = Child("sandbox.stand_ins", asdict(self.options))
        self.addresses = Addresses(**self._child.where)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._child is not None:
            self._child.stop()


def _serve(app: Control, port: int) -> LoopbackServer:
    try:
        return LoopbackServer(app, port)
    except (OSError, SystemExit) as taken:  # werkzeug turns a taken port into an exit of the process
        raise ChildFailed(f"Port {port} on 127.0.0.1 cannot be used: {taken}") from taken


@contextmanager
def running(options: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The servers, for a child; where they are."""
    with StandInThreads(StandInOptions(**options)) as servers:
        yield asdict(servers.addresses)


if __name__ == "__main__":
    serve_parent(running)
