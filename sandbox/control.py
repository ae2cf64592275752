"""What every stand-in has around its vendor API: faults, latency, statistics, load, dump and reset.

`Control` is WSGI middleware. Requests below `/_sandbox/` are answered here; all others are counted, delayed, spoilt by
the fault rules that match, and passed to the stand-in.

    POST /_sandbox/load     {"Account": [{...}], ...}   -> 200 {"loaded": {"Account": 1}} | 422 {"errors": [{"type", "index", "message"}]}
    GET  /_sandbox/dump                                -> 200 {"Account": [{...}], ...}
    POST /_sandbox/reset                               -> 200 {} (objects, tokens, faults, statistics and latency as at the start)
    GET  /_sandbox/stats                               -> 200 {"calls": {"POST /x": 3}, "total", "in_flight_max", "rejected",
                                                       "log": [{"began", "ended" (once it has), "method", "path", "operation"}, ...]}
    POST /_sandbox/stats                               -> 200 {} (statistics back to zero)
    POST /_sandbox/faults   [{rule}, ...]              -> 200 {"rules": n} (replaces the rules; [] clears them)
    POST /_sandbox/latency  {"ms": 300}                -> 200 {}
    POST /_sandbox/by-hand  {"action": ..., ...}       -> 200 {...} (what a person does in the vendor's screens) | 400 {"errors"}

A fault rule: {"method": "POST", "path": "^/services/rest/record/v1/invoice", one of "nth": 3 | "probability": 0.1 with "seed": 7 |
neither (every call), "times": 2 (at most so often), and one effect: "delay_ms": 500 | "status": 503 with "body" and "headers" |
"drop": "before" | "after" (close the connection before or after the request was applied) | "answer": "maintenance" | "busy" (what the
vendor itself answers while it is maintained, or while others' calls use up what the account may have in flight)}.
"""

from __future__ import annotations

import contextlib
import json
import math
import random
import re
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LOG_LENGTH = 50_000
RULE_KEYS = frozenset(
    {"method", "path", "nth", "probability", "seed", "times", "after_s", "for_s", "delay_ms", "status", "body", "headers", "drop"}
)


class LoadRefused(Exception):
    """Some of the objects given to `load` break a rule of the vendor's API; none was stored.

    `errors` holds one `{"type", "index", "message"}` for each.
    """

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(f"{len(errors)} objects refused, first: {errors[0]}")
        self.errors = errors


class StandIn(Protocol):
    """A vendor's service. `admit` may refuse a request before it waits (governance limits), given the number of governed ones
    in flight with it (0 for one that is not governed). `answers` are those that fault rules call by name, with the keys of a rule."""

    answers: Mapping[str, Mapping[str, Any]]

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]: ...
    def load(self, objects: dict[str, list[dict[str, Any]]]) -> dict[str, int]: ...
    def dump(self) -> dict[str, list[dict[str, Any]]]: ...
    def reset(self) -> None: ...
    def operation(self, method: str, path: str) -> str: ...
    def is_governed(self, method: str, path: str) -> bool: ...
    def admit(self, request: Request, in_flight: int) -> Response | None: ...


@dataclass
class Fault:
    """One fault rule and what it has seen so far. It strikes from `begins` until `ends`, both in seconds since 1970."""

    method: str
    path: re.Pattern[str]
    nth: int | None
    probability: float | None
    times: int | None
    effect: dict[str, Any]
    chance: random.Random
    begins: float
    ends: float
    seen: int = 0
    used: int = 0

    @classmethod
    def parse(cls, rule: dict[str, Any], now: float) -> Fault:
        """A rule from its JSON form, given at `now`. Raises `ValueError` naming the key that is wrong."""
        if unknown := set(rule) - RULE_KEYS:
            raise ValueError(f"unknown key {sorted(unknown)[0]!r} in fault rule; known: {', '.join(sorted(RULE_KEYS))}")
        effect: dict[str, Any] = {k: rule[k] for k in ("delay_ms", "status", "body", "headers", "drop") if k in rule}
        if not {"delay_ms", "status", "drop"} & set(effect):
            raise ValueError("a fault rule needs one of delay_ms, status, drop")
        if effect.get("drop", "before") not in ("before", "after"):
            raise ValueError('drop must be "before" or "after"')
        begins = now + float(rule.get("after_s", 0))
        return cls(
            method=str(rule.get("method", "*")).upper(),
            path=re.compile(rule.get("path", "")),
            nth=rule.get("nth"),
            probability=rule.get("probability"),
            times=rule.get("times"),
            effect=effect,
            chance=random.Random(rule.get("seed", 0)),
            begins=begins,
            ends=begins + float(rule["for_s"]) if "for_s" in rule else math.inf,
        )

    def strikes(self, method: str, path: str, now: float) -> bool:
        if not self.begins <= now < self.ends:
            return False
        if self.method not in ("*", method) or not self.path.search(path):
            return False
        self.seen += 1
        if self.times is not None and self.used >= self.times:
            return False
        if self.nth is not None:
            hit = self.seen == self.nth
        elif self.probability is not None:
            hit = self.chance.random() < self.probability
        else:
            hit = True
        self.used += hit
        return hit


@dataclass
class Statistics:
    calls: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    in_flight_max: int = 0
    rejected: int = 0
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=LOG_LENGTH))


class Dropped(ConnectionAbortedError):
    """A fault rule closes the connection without an answer."""


class Control:
    """WSGI middleware around one stand-in."""

    def __init__(self, stand_in: StandIn, latency_ms: int = 0) -> None:
        self.stand_in = stand_in
        self.initial_latency_ms = latency_ms
        self.latency_ms = latency_ms
        self.faults: list[Fault] = []
        self.statistics = Statistics()
        self.lock = threading.Lock()
        self.sleep: Callable[[float], None] = time.sleep
        self.now: Callable[[], float] = time.time

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if request.path.startswith("/_sandbox/"):
            return self.administer(request)(environ, start_response)
        try:
            with _Counted(self, request) as in_flight:
                return self.serve(request, environ, start_response, in_flight)
        except Dropped:  # its place is free before the client learns that its connection is gone
            self.drop(environ)
            raise

    def serve(self, request: Request, environ: WSGIEnvironment, start_response: StartResponse, in_flight: int) -> Iterable[bytes]:
        refusal = self.stand_in.admit(request, in_flight)
        if refusal is not None:
            with self.lock:
                self.statistics.rejected += 1
            return refusal(environ, start_response)
        now = self.now()
        with self.lock:
            effects = [f.effect for f in self.faults if f.strikes(request.method, request.full_path.rstrip("?"), now)]
        delay = self.latency_ms + sum(e.get("delay_ms", 0) for e in effects)
        if delay:
            self.sleep(delay / 1000)
        for effect in effects:
            if effect.get("drop") == "before":
                raise Dropped
            if "status" in effect:
                return canned(effect)(environ, start_response)
        body = b"".join(self.stand_in.wsgi(environ, start_response))
        if any(e.get("drop") == "after" for e in effects):
            raise Dropped
        return [body]

    @staticmethod
    def drop(environ: WSGIEnvironment) -> None:
        """Close the connection without an answer."""
        connection: socket.socket = environ["werkzeug.socket"]
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    def administer(self, request: Request) -> Response:
        action = (request.method, request.path.removeprefix("/_sandbox/").strip("/"))
        try:
            match action:
                case ("POST", "load"):
                    return answer({"loaded": self.stand_in.load(objects_in(request.get_data()))})
                case ("GET", "dump"):
                    return answer(self.stand_in.dump())
                case ("POST", "reset"):
                    self.reset()
                    return answer({})
                case ("GET", "stats"):
                    return answer(self.stats())
                case ("POST", "stats"):
                    self.clear_stats()
                    return answer({})
                case ("POST", "by-hand") if hasattr(self.stand_in, "by_hand"):
                    return answer(self.stand_in.by_hand(json.loads(request.get_data())))
                case ("POST", "faults"):
                    self.set_faults(json.loads(request.get_data()))
                    return answer({"rules": len(self.faults)})
                case ("POST", "latency"):
                    self.latency_ms = int(json.loads(request.get_data())["ms"])
                    return answer({})
        except LoadRefused as refused:
            return answer({"errors": refused.errors}, 422)
        except (ValueError, KeyError, TypeError, re.error) as wrong:
            return answer({"errors": [{"message": f"{type(wrong).__name__}: {wrong}"}]}, 400)
        return answer({"errors": [{"message": f"no such control: {request.method} {request.path}"}]}, 404)

    def set_faults(self, rules: list[dict[str, Any]]) -> None:
        """Replace the fault rules."""
        now = self.now()
        parsed = [Fault.parse(self.written_out(r), now) for r in rules]
        with self.lock:
            self.faults = parsed

    def written_out(self, rule: Mapping[str, Any]) -> dict[str, Any]:
        """A rule with the answer that it calls by name. Raises `ValueError` for one that there is not."""
        if "answer" not in rule:
            return dict(rule)
        known = self.stand_in.answers
        if rule["answer"] not in known:
            raise ValueError(f"unknown answer {rule['answer']!r} in fault rule; known: {', '.join(sorted(known))}")
        return {**known[rule["answer"]], **{key: value for key, value in rule.items() if key != "answer"}}

    def clear_stats(self) -> None:
        with self.lock:
            self.statistics = Statistics(in_flight=self.statistics.in_flight)

    def reset(self) -> None:
        self.stand_in.reset()
        self.set_faults([])
        self.clear_stats()
        self.latency_ms = self.initial_latency_ms

    def stats(self) -> dict[str, Any]:
        with self.lock:
            s = self.statistics
            return {
                "calls": dict(sorted(s.calls.items())),
                "total": sum(s.calls.values()),
                "in_flight_max": s.in_flight_max,
                "rejected": s.rejected,
                "log": list(s.log),
            }


def objects_in(body: bytes) -> dict[str, list[dict[str, Any]]]:
    """What is to be loaded: {type: [object, ...]}. Raises `LoadRefused` where it has another shape."""
    content = json.loads(body)
    if not isinstance(content, dict):
        raise LoadRefused([{"type": "", "index": None, "message": 'A load is an object such as {"Account": [{...}]}.'}])
    errors: list[dict[str, Any]] = []
    for name, rows in content.items():
        if not isinstance(rows, list):
            errors.append({"type": name, "index": None, "message": f"The objects of type {name} must be a list."})
            continue
        wrong = [index for index, row in enumerate(rows) if not isinstance(row, dict)]
        errors += [{"type": name, "index": index, "message": "is no object"} for index in wrong]
    if errors:
        raise LoadRefused(errors)
    return content


class _Counted:
    """Counts one request while it is being served; its value is the number of governed ones in flight with it, 0 if it is not governed
    itself."""

    def __init__(self, control: Control, request: Request) -> None:
        self.control = control
        self.governed = control.stand_in.is_governed(request.method, request.path)
        self.entry: dict[str, Any] = {
            "began": control.now(),
            "method": request.method,
            "path": request.full_path.rstrip("?"),
            "operation": control.stand_in.operation(request.method, request.path),
        }

    def __enter__(self) -> int:
        with self.control.lock:
            s = self.control.statistics
            s.calls[self.entry["operation"]] += 1
            s.in_flight += self.governed
            s.in_flight_max = max(s.in_flight_max, s.in_flight)
            s.log.append(self.entry)
            return s.in_flight if self.governed else 0

    def __exit__(self, *_: object) -> None:
        self.entry["ended"] = self.control.now()
        with self.control.lock:
            self.control.statistics.in_flight -= self.governed


def canned(effect: dict[str, Any]) -> Response:
    """The answer that a fault rule prescribes; a text body is sent as HTML, anything else as JSON."""
    body = effect.get("body", "")
    is_text = isinstance(body, str)
    return Response(
        body if is_text else json.dumps(body),
        status=effect["status"],
        headers=effect.get("headers"),
        content_type="text/html" if is_text else "application/json",
    )


def answer(body: Any, status: int = 200) -> Response:
    """A JSON answer of the control endpoints; Decimals are written as numbers."""
    return Response(json.dumps(body, default=json_number), status=status, content_type="application/json")


def json_number(value: Any) -> Any:
    """How `json.dumps` writes what it does not know: Decimals as numbers, dates and the rest as text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
