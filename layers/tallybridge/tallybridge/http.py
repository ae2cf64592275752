"""The one way to the network: sends a call, says what became of it, repeats it only where that is safe.

What may be repeated follows from the call's effect and from how it failed:

                        not sent    429    401 (once, signed anew)    5xx, lost answer
    READ                repeat      repeat repeat                     repeat, then NotSent
    REPEATABLE          repeat      repeat repeat                     repeat, then OutcomeUnknown
    ONCE (a create)     repeat      repeat repeat                     never: OutcomeUnknown

A connection that never came up is "not sent"; anything lost after that may have been applied. `Http` raises `NotSent` and
`OutcomeUnknown` only where there is no answer at all; an answer, whatever its status, goes back to the client, which knows the
service's error documents.

A refusal for too many calls at once costs no try: the call waits, where the slots do not (`Slots.throttled`), for as long as its worker has
time. Where nobody has set a deadline it counts as a try, and where one try is all that a call may have it is not repeated.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import Enum
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from random import random as chance
from typing import Any, BinaryIO, Protocol
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from tallybridge import money
from tallybridge.errors import BadAnswer, ConfigurationError, NotSent, OutcomeUnknown, OutOfTime, ServiceError
from tallybridge.slots import Slots

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
LEAST_SECONDS = 0.5
"""A call is not started when less than this is left before the deadline."""
POOL_SIZE = 32
MAX_RETRY_AFTER = 120.0
"""A longer wait asked for by the service is not slept through; the call fails and the record is taken up by a later run."""
MAX_ANSWER_BYTES = 256 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
STREAMED = "download"
"""Operation name of downloads, which may be larger than memory."""
ADDRESSES = 500
"""Addresses that are kept as they are sent: most calls go to a few, and to find out takes longer than anything else of a request."""
NO_CONNECTION = "NO-CONNECTION"
LOST = "LOST-ANSWER"
TOO_MANY = 429
PASSING = frozenset({500, 502, 503, 504})


class Effect(Enum):
    """What a call does on the other side."""

    READ = "read"
    REPEATABLE = "repeatable"
    ONCE = "once"


@dataclass(frozen=True)
class Call:
    """One request. `operation` is a short stable name for counters and messages, such as "SuiteQL" or "PUT invoice". `content` opens a
    body that is larger than memory should hold, anew for every send; its length must be known to `requests`."""

    service: str
    method: str
    url: str
    effect: Effect
    operation: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    read_seconds: float = READ_SECONDS
    content: Callable[[], BinaryIO] | None = None


@dataclass(frozen=True)
class Answer:
    """What came back. `headers` are matched without case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The parsed body, numbers with a point as Decimal. Raises `ValueError` when it is not JSON."""
        return money.loads(self.body)

    def json_or_none(self) -> Any:
        """The parsed body, or None when it is not JSON (gateways answer in HTML)."""
        try:
            return self.json()
        except ValueError:
            return None


class Observer(Protocol):
    """Told of every request right before it leaves and right after its answer (status None: there was none)."""

    def before(self, call: Call) -> None: ...
    def after(self, call: Call, status: int | None, seconds: float) -> None: ...


class Signer(Protocol):
    """Signs a request each time it is sent. `refused` is told of a 401 and says whether signing anew may help."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest: ...
    def refused(self, request: requests.PreparedRequest) -> bool: ...


@dataclass(frozen=True)
class RetryPolicy:
    """At most `tries` sends; between them full jitter: after the nth, a random part of `base` * 2^n seconds, at most `cap`."""

    tries: int = 6
    base: float = 1.0
    cap: float = 60.0

    def pause(self, tries_done: int, luck: float, asked: float | None) -> float:
        """Seconds to wait. `luck` is in [0, 1); `asked` is what the service asked for, and is spread by up to one second."""
        if asked is not None:
            return asked + luck
        return luck * float(min(self.cap, self.base * 2**tries_done))


class _Silent:
    def before(self, call: Call) -> None:
        return None

    def after(self, call: Call, status: int | None, seconds: float) -> None:
        return None


class Unsigned:
    """Sends no credentials, not even those of a .netrc file."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request

    def refused(self, request: requests.PreparedRequest) -> bool:
        return False


@dataclass(frozen=True)
class _Exchange:
    """`refused`: for too many calls in flight; `waits`: the slots see to the waiting."""

    answer: Answer
    request: requests.PreparedRequest
    refused: bool
    waits: bool


@dataclass
class Pressure:
    """How hard services press: calls that were refused for too many at once, and seconds that calls waited for their turn or after such a
    refusal, added over all threads."""

    refused: int = 0
    waited: float = 0.0
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, *, refused: int = 0, waited: float = 0.0) -> None:
        with self._guard:
            self.refused, self.waited = self.refused + refused, self.waited + waited

    def copy(self) -> Pressure:
        return Pressure(self.refused, self.waited)


class Http:
    """A pool of kept-alive connections, shared by the threads of a process.

    `clock` gives seconds since 1970, `luck` numbers in [0, 1). `deadline`, on the same clock, may be moved at any time: no call starts,
    pauses or reads beyond it. Invocations that share a process take `until(...)`, which leaves the others' deadlines alone.
    """

    def __init__(
        self,
        *,
        pool_size: int = POOL_SIZE,
        connect_seconds: float = CONNECT_SECONDS,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        luck: Callable[[], float] = chance,
        observer: Observer | None = None,
        session: requests.Session | None = None,
    ) -> None:
        self.session = session or new_session(pool_size)
        self.connect_seconds = connect_seconds
        self.clock = clock
        self.sleep = sleep
        self.luck = luck
        self.observer: Observer = observer or _Silent()
        self.deadline: float | None = None
        self.pressure = Pressure()
        self._ways: dict[str, Mapping[str, Any]] = {}
        self.slowest = 0.0
        """Seconds of the slowest call so far, of this invocation where it has a deadline of its own."""

    def until(self, deadline: float | None, observer: Observer | None = None) -> Http:
        """The same pool for one invocation: with a deadline (and observer) of its own, for several that share a process."""
        bounded = Http(
            connect_seconds=self.connect_seconds,
            clock=self.clock,
            sleep=self.sleep,
            luck=self.luck,
            observer=observer or self.observer,
            session=self.session,
        )
        bounded.deadline, bounded._ways = deadline, self._ways
        return bounded

    def send(
        self,
        call: Call,
        *,
        signer: Signer | None = None,
        slots: Slots | None = None,
        policy: RetryPolicy = RetryPolicy(),
        again: Callable[[Answer, int], bool] | None = None,
        too_many: Callable[[Answer], bool] = lambda answer: False,
    ) -> Answer:
        """The answer to `call`, after repeats where they are safe.

        `slots` limit the calls in flight; a slot is held for each send and not while waiting. `again(answer, tries_done)` may name
        further answers to repeat, which the service only tells in the body, and `too_many` those that say the same as a 429. Raises
        `NotSent` (`OutOfTime` when neither a slot nor an answer other than a 429 came before the deadline, and no try was lost),
        `OutcomeUnknown`,
        `ConfigurationError`.
        """
        signer = signer or Unsigned()
        signed_anew = False
        tries_done, refusals, failed = 0, 0, None
        while tries_done < policy.tries:
            tries_done += 1
            try:
                exchange = self._once(call, signer, slots, too_many)
            except OutOfTime:
                if failed is not None:  # an earlier try was sent: what became of it is not known
                    raise failed from None
                raise
            except ServiceError as error:
                if not self._repeats_after(call, error) or not self._wait(tries_done, policy, None):
                    raise
                failed = error
                continue
            answer = exchange.answer
            if exchange.waits:
                tries_done -= 1
                continue
            if answer.status == 401 and not signed_anew and tries_done < policy.tries and signer.refused(exchange.request):
                signed_anew = True
                continue
            if not (exchange.refused or repeatable(call, answer.status) or (again and again(answer, tries_done))):
                return answer
            asked = pause_asked(answer.headers, self.clock())
            begun = self.clock()
            if exchange.refused and self.deadline is not None and policy.tries > 1:
                refusals, tries_done = refusals + 1, tries_done - 1
            if not self._wait(tries_done, policy, asked, refusals):
                return answer
            self.pressure.add(waited=self.clock() - begun if exchange.refused else 0)
        raise AssertionError("a policy has at least one try")

    @contextmanager
    def stream(self, call: Call) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Status and body, in pieces, of an unsigned read that is not repeated here. Raises `NotSent`, also while reading."""
        self.observer.before(call)
        started = self.clock()
        status = None
        try:
            with self._open(call, Unsigned()) as response:
                status = response.status_code
                yield status, self._pieces(call, response)
        finally:
            self.observer.after(call, status, self.clock() - started)

    def seconds_left(self) -> float:
        """Until the deadline; infinite without one."""
        return float("inf") if self.deadline is None else self.deadline - self.clock()

    def _wait(self, tries_done: int, policy: RetryPolicy, asked: float | None, refusals: int = 0) -> bool:
        """Sleeps before the next try, longer after more tries or `refusals` that were none; False when there is none, or no time for it."""
        pause = policy.pause(max(tries_done, refusals), self.luck(), asked)
        if tries_done >= policy.tries or (asked or 0) > MAX_RETRY_AFTER or pause + LEAST_SECONDS > self.seconds_left():
            return False
        self.sleep(pause)
        return True

    def _repeats_after(self, call: Call, error: ServiceError) -> bool:
        if isinstance(error, OutcomeUnknown):
            return call.effect is not Effect.ONCE
        return isinstance(error, NotSent) and error.service_code in (NO_CONNECTION, LOST)

    def _once(self, call: Call, signer: Signer, slots: Slots | None, too_many: Callable[[Answer], bool]) -> _Exchange:
        queued = self.clock()
        with slots.hold() if slots else nullcontext():
            self.pressure.add(waited=self.clock() - queued)
            self._check_time(call)
            request = self._prepare(call, signer)
            self.observer.before(call)
            started = self.clock()
            try:
                with self._transmit(call, request) as response:
                    answer = Answer(response.status_code, response.headers, b"".join(self._pieces(call, response)))
            except ServiceError:
                self.observer.after(call, None, self.clock() - started)
                raise
            finally:
                self.slowest = max(self.slowest, self.clock() - started)
            self.observer.after(call, answer.status, self.clock() - started)
            refused = answer.status == TOO_MANY or too_many(answer)
            self.pressure.add(refused=int(refused))
            waits = refused and slots is not None and slots.throttled(pause_asked(answer.headers, self.clock()))
            return _Exchange(answer, request, refused, waits)

    def _check_time(self, call: Call) -> None:
        if self.seconds_left() < LEAST_SECONDS:
            text = f"{call.operation} was not sent to {call.service}: the time of this worker is used up."
            raise OutOfTime(text, service=call.service)

    def _prepare(self, call: Call, signer: Signer) -> requests.PreparedRequest:
        """The request with the session's headers. The session itself would look for parameters and hooks of its own, of which there are
        none, and at every address anew, in half a millisecond."""
        request = requests.PreparedRequest()
        request.prepare_method(call.method)
        try:
            request.url = address(call.url, tuple(call.params.items()))
        except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema) as error:
            raise ConfigurationError(f"{call.url!r} is not a usable address of {call.service}: {error}", place="base_url") from error
        request.prepare_headers({**self.session.headers, **call.headers})
        request.prepare_cookies({})
        if call.content:
            request.prepare_body(call.content(), None)
        else:
            request.body = call.body.encode() if call.body else None
            request.prepare_content_length(request.body)
        request.prepare_auth(signer)
        return request

    def _open(self, call: Call, signer: Signer) -> requests.Response:
        self._check_time(call)
        return self._transmit(call, self._prepare(call, signer))

    def _transmit(self, call: Call, request: requests.PreparedRequest) -> requests.Response:
        left = self.seconds_left()
        limits = (min(self.connect_seconds, left), min(call.read_seconds, left))
        try:
            return self.session.send(request, timeout=limits, allow_redirects=False, **self._way(request))
        except requests.RequestException as error:
            raise failure(call, error) from error

    def _way(self, request: requests.PreparedRequest) -> Mapping[str, Any]:
        """Proxies and certificates for a request, as the environment says; they are the same for every request to its host."""
        host = urlsplit(request.url or "").netloc
        if host not in self._ways:
            self._ways[host] = self.session.merge_environment_settings(request.url, {}, True, None, None)
        return self._ways[host]

    def _pieces(self, call: Call, response: requests.Response) -> Iterator[bytes]:
        size = 0
        try:
            for piece in response.iter_content(CHUNK_BYTES):
                size += len(piece)
                if call.operation != STREAMED and size > MAX_ANSWER_BYTES:
                    raise BadAnswer(
                        f"{call.service} answered {call.operation} with more than {MAX_ANSWER_BYTES} bytes.", service=call.service
                    )
                if self.seconds_left() <= 0:
                    raise lost(call, "the answer was still coming in when the time of this worker was used up", going_on=True)
                yield piece
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise lost(call, describe(error), going_on=timed_out(error)) from error


@lru_cache(maxsize=ADDRESSES)
def address(url: str, params: tuple[tuple[str, str], ...]) -> str:
    """An address as it is sent, with its parameters. Raises what `requests` says of one that is not usable."""
    request = requests.PreparedRequest()
    request.prepare_url(url, dict(params))
    return str(request.url)


def new_session(pool_size: int) -> requests.Session:
    """A session that keeps connections, follows no redirect, stores no cookie and never repeats by itself."""
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=pool_size, pool_maxsize=pool_size, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["Accept-Encoding"] = "gzip"
    return session


def repeatable(call: Call, status: int) -> bool:
    """Whether an answer with this status may be followed by the same call again."""
    return status == TOO_MANY or (status in PASSING and call.effect is not Effect.ONCE)


def pause_asked(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the service asks to wait: `Retry-After` (seconds or a date), else `RateLimit-Reset` when nothing remains."""
    asked = headers.get("Retry-After", "").strip()
    if not asked and headers.get("RateLimit-Remaining", "").strip() == "0":
        asked = headers.get("RateLimit-Reset", "").strip()
    if not asked:
        return None
    if asked.isdecimal():
        return float(asked)
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - now)
    except ValueError:
        return None


def failure(call: Call, error: requests.RequestException) -> ServiceError:
    """`NotSent` when no connection came up, else the answer is lost."""
    if never_sent(error):
        return NotSent(
            f"{call.service} cannot be reached ({describe(error)}).",
            service=call.service,
            service_code=NO_CONNECTION,
            detail=str(error),
            advice=f"Check the address of {call.service} and the network; the next run tries again.",
        )
    return lost(call, describe(error), going_on=timed_out(error))


def lost(call: Call, why: str, *, going_on: bool = False) -> ServiceError:
    """The request left, its answer did not arrive: for a read nothing is open, for a write the outcome is unknown. `going_on`: nobody
    but us has ended it."""
    kind = NotSent if call.effect is Effect.READ else OutcomeUnknown
    error = kind(f"{call.service} did not answer {call.operation} ({why}).", service=call.service, service_code=LOST, detail=why)
    error.going_on = going_on
    return error


def timed_out(error: Exception) -> bool:
    """Whether we stopped waiting, while the connection was still there."""
    inner = (error, *error.args)
    return any(isinstance(each, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError) for each in inner)


def never_sent(error: requests.RequestException) -> bool:
    """Whether the failure happened before any byte of the request could leave."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, urllib3.exceptions.SSLError):
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    before = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.ProxyError)
    return isinstance(reason, before)


def describe(error: Exception) -> str:
    """A short reason without addresses or object ids, so that equal failures read equal."""
    if isinstance(error, requests.Timeout):
        return "time-out"
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return "unknown host name"
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return "connection refused"
    if isinstance(reason, urllib3.exceptions.SSLError):
        return f"TLS: {reason.args[0] if reason.args else reason}"
    return "connection lost"
