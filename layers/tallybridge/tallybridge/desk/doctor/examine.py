"""All checks, in the order in which one depends on the other: AWS, settings and credentials, Zuora, NetSuite, and the two side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tallybridge.desk.doctor import aws, both, expiry, mail, netsuite, zuora
from tallybridge.desk.doctor.check import Check, State
from tallybridge.desk.doctor.settings import remark_checks
from tallybridge.desk.exits import KNOWN_ERRORS, explained
from tallybridge.desk.target import Target
from tallybridge.errors import TallybridgeError
from tallybridge.http import Http
from tallybridge.netsuite import LocalSlots, NetSuite
from tallybridge.settings import Settings
from tallybridge.wiring import netsuite_connection, zuora_connection
from tallybridge.zuora import Zuora

SLOTS = 2
"""NetSuite calls at a time: a run that is under way keeps its share."""


@dataclass(frozen=True)
class Systems:
    """What the checks look at, once AWS has told where it is."""

    settings: Settings
    zuora: Zuora
    netsuite: NetSuite


def examine(target: Target, connect: Callable[[Target, Settings], Systems] | None = None) -> Iterator[Check]:
    """Every check; one that cannot be made is a failed one, and those that need it are left out. Nothing is written anywhere."""
    yield from aws.checks(target)
    try:
        settings = target.settings()
        yield Check("Settings", "document", State.OK, f"version {settings.version}")
        systems = (connect or connected)(target, settings)
        yield Check("Credentials", "secret", State.OK, "complete")
        yield from expiry.checks(target)
    except KNOWN_ERRORS as failed:
        yield failed_check("Settings" if _is_settings(failed) else "Credentials", "document" if _is_settings(failed) else "secret", failed)
        return
    yield from mail.checks(target, settings)
    known_mode = bound_mode(target)
    login = attempt("Zuora", "login", lambda: zuora.login(systems.zuora))
    yield login
    mode, zuora_works = known_mode or "B", login.state is not State.FAIL
    if zuora_works:
        mode = zuora.mode_of(systems.zuora)
        yield zuora.bound_check(mode, known_mode)
        yield from guarded("Zuora", zuora.checks(systems.zuora, settings, mode))
    yield from remark_checks(settings, mode if zuora_works else known_mode, target.clock.now().date())
    login = attempt("NetSuite", "login", lambda: netsuite.login(systems.netsuite))
    yield login
    if login.state is State.FAIL:
        return
    yield from guarded("NetSuite", netsuite.checks(systems.netsuite, settings, mode))
    if zuora_works:
        yield from guarded("Both sides", both.checks(systems.zuora, systems.netsuite, settings, mode))


def bound_mode(target: Target) -> str:
    """The tenant mode that earlier runs have noted; "" before the first run, or when it cannot be read."""
    try:
        item = target.table("RUNS_TABLE").get_item(Key={"pk": "connection", "sk": "zuora-netsuite"}).get("Item", {})
    except KNOWN_ERRORS:
        return ""
    return str(item.get("tenant_mode", ""))


def connected(target: Target, settings: Settings) -> Systems:
    """Clients with the credentials of the secret. Raises `ConfigurationError`."""
    credentials, http = target.credentials(), http_of(target)
    return Systems(settings, zuora_of(credentials, settings, http), netsuite_of(credentials, settings, http))


def http_of(target: Target) -> Http:
    """Connections that live by the installation's clock."""
    clock = target.clock
    return Http(clock=lambda: clock.now().timestamp(), sleep=clock.sleep)


def zuora_of(credentials: Mapping[str, Mapping[str, str]], settings: Settings, http: Http) -> Zuora:
    """A client of the Zuora side alone. Raises `ConfigurationError`."""
    return Zuora(zuora_connection(credentials, settings), http)


def netsuite_of(credentials: Mapping[str, Mapping[str, str]], settings: Settings, http: Http) -> NetSuite:
    """A client of the NetSuite side alone. Raises `ConfigurationError`."""
    return NetSuite(netsuite_connection(credentials, settings), http, LocalSlots(SLOTS, http.clock))


def attempt(area: str, name: str, check: Callable[[], Check]) -> Check:
    """The check, or a failed one in its place when it cannot be made."""
    try:
        return check()
    except KNOWN_ERRORS as failed:
        return failed_check(area, name, failed)


def guarded(area: str, made: Iterator[Check]) -> Iterator[Check]:
    """The checks of an area; an error ends the area with a failed check."""
    try:
        yield from made
    except KNOWN_ERRORS as failed:
        yield failed_check(area, "checks", failed)


def failed_check(area: str, name: str, error: Exception) -> Check:
    """A check that an error stopped."""
    known = explained(error)
    return Check(area, name, State.FAIL, f"{known.code}: {known.message}", known.advice)


def _is_settings(error: Exception) -> bool:
    return isinstance(error, TallybridgeError) and error.code == "SETTINGS"
