"""A service that cannot be reached, or that refuses the login, ends the run: what one step has learnt, the next need not learn again.

Whether a service is away is told by one cheap question, in seconds; a step that failed for another reason ends nothing. The run says it
once and frees its lock as ever; the next one, by schedule or by hand, tries again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from tallybridge.errors import AWAY, LoginRefused, NoSlot, NotSent, OutcomeUnknown, ServiceError, TallybridgeError, Throttled
from tallybridge.settings import Settings
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.ledger import Owner
from tallybridge.wiring import Wiring

FILE = "away.json"
PROBE_SECONDS = 50
"""How long a service may take to answer the question, tries included."""
PROBE = "SELECT COUNT(*) AS n FROM customer WHERE id = 0"
TELLING = (NotSent, OutcomeUnknown, LoginRefused)
"""Errors after which it is asked whether a service is away."""


class ServiceAway(TallybridgeError):
    """A service does not answer."""

    set_up = True


@dataclass(frozen=True)
class Away:
    """Which step has learnt it ("" outside of steps), what people are told, and the next step for them."""

    step: str
    code: str
    message: str
    advice: str

    @classmethod
    def known(cls, folder: RunFolder) -> Away | None:
        """What an earlier part of the run has learnt."""
        known = folder.read_json_or(FILE)
        return cls(**known) if known else None


def settlement_enabled(wiring: Wiring, settings: Settings) -> bool:
    """Whether the Zuora tenant has Invoice Settlement. Raises `ServiceAway`, `LoginRefused`."""
    return _answer("Zuora", wiring.hurried(PROBE_SECONDS).zuora(settings).invoice_settlement_enabled)


def check_netsuite(wiring: Wiring, settings: Settings) -> None:
    """Whether NetSuite answers at all. Raises `ServiceAway`, `LoginRefused`."""
    hurried = wiring.hurried(PROBE_SECONDS)
    netsuite = hurried.netsuite(settings, Owner("probe", "", hurried.invocation.id))
    try:
        _answer("NetSuite", lambda: bool(list(netsuite.suiteql(PROBE))))
    except LoginRefused:
        raise
    except ServiceError:
        return  # it answers, and declines this question


def learnt(wiring: Wiring, settings: Settings, folder: RunFolder, step: str = "") -> Away | None:
    """After an error: ask both services whether they answer, and keep for the rest of the run that one does not. Nothing is asked, and
    nothing learnt, by a function that has not the time left to wait for an answer."""
    if wiring.invocation.deadline - wiring.clock.now().timestamp() < PROBE_SECONDS:
        return None
    try:
        settlement_enabled(wiring, settings)
        check_netsuite(wiring, settings)
    except (ServiceAway, LoginRefused) as error:
        away = Away(step, error.code, error.message, error.advice)
        folder.write_json(FILE, asdict(away))
        return away
    except ServiceError:
        return None
    return None


def _answer(service: str, ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except (Throttled, NoSlot):  # it answers: others use up its limit
        raise
    except (NotSent, OutcomeUnknown) as error:
        advice = "Nothing needs to be done: the next run tries again. Look at the service's status page if it lasts."
        text = f"{service} does not answer. The last try: {error.message.rstrip('.')}."
        raise ServiceAway(text, code=f"{service.upper()}{AWAY}", advice=advice) from error
