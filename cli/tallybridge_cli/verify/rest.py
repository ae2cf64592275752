"""Calls of the probes: any call, any answer. Refusals are what probes ask about, so that none is raised as an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tallybridge import money
from tallybridge.http import Answer, Call, Effect, Http, RetryPolicy, Signer
from tallybridge.slots import LocalSlots
from tallybridge.technical import masked, masked_text

EVIDENCE_LINES = 30
EVIDENCE_LENGTH = 400
"""Characters of a body in the evidence."""
LINKS = ("links", "dataFile")
"""Members of answers that are not shown: addresses, of which that of a file opens it to everybody."""
ONE_AT_A_TIME = 1
POLICY = RetryPolicy(tries=4)


@dataclass(frozen=True)
class Reply:
    """An answer: `body` is parsed JSON, None where it is none."""

    status: int
    headers: Mapping[str, str]
    body: Any
    text: str

    @property
    def ok(self) -> bool:
        return self.status < 300

    def __getitem__(self, name: str) -> Any:
        """A member of the body. Raises `KeyError` or `TypeError` where there is none: the answer is not understood."""
        return self.body[name]


@dataclass
class Trace:
    """The calls of one probe, names masked."""

    lines: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        if len(self.lines) < EVIDENCE_LINES:
            self.lines.append(line)
        elif len(self.lines) == EVIDENCE_LINES:
            self.lines.append("...")

    def taken(self) -> tuple[str, ...]:
        """The lines so far; the next ones are another probe's."""
        taken, self.lines = tuple(self.lines), []
        return taken


class Rest:
    """One system, called with the product's own login, one call at a time. `url` is without a slash at the end."""

    def __init__(self, service: str, url: str, http: Http, signer: Signer | None, trace: Trace, headers: Mapping[str, str]) -> None:
        self.service = service
        self.url = url
        self.http = http
        self.signer = signer
        self.trace = trace
        self.headers = headers
        self.slots = LocalSlots(ONE_AT_A_TIME, http.clock)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        reads: bool | None = None,
        quiet: bool = False,
    ) -> Reply:
        """The answer to a call, whatever its status. `reads`: the call changes nothing although it is no GET; `quiet`: the answer holds
        what is not the probes' own, so that the evidence has its status alone. Raises `OutcomeUnknown` when
        the answer to a write is lost, `NotSent` and `LoginRefused` as the clients do."""
        effect = Effect.READ if (method == "GET" if reads is None else reads) else Effect.ONCE
        effect = Effect.REPEATABLE if method == "DELETE" else effect
        own = {"Content-Type": "application/json"} if body is not None else {}
        call = Call(
            self.service,
            method,
            self.url + path,
            effect,
            f"{method} {path}",
            params=params or {},
            headers={**own, **self.headers, **(headers or {})},
            body=None if body is None else body if isinstance(body, str) else money.dumps(body),
        )
        answer = self.http.send(call, signer=self.signer, slots=self.slots, policy=POLICY)
        self.trace.add(_line(method, path, params or {}, body, answer, quiet=quiet and answer.status < 300))
        return Reply(answer.status, answer.headers, answer.json_or_none(), answer.body.decode("utf-8", "replace"))


def _line(method: str, path: str, params: Mapping[str, str], body: Any, answer: Answer, *, quiet: bool) -> str:
    asked = f"?{'&'.join(f'{name}={value}' for name, value in params.items())}" if params else ""
    sent = f" {money.dumps(body)}" if body is not None else ""  # the probes' own
    if quiet:
        return f"{method} {path}{asked}{sent} -> {answer.status}"
    found = answer.json_or_none()
    said = _shown(found) if found is not None else masked_text(answer.body.decode("utf-8", "replace")[:EVIDENCE_LENGTH])
    return f"{method} {path}{asked}{sent} -> {answer.status} {said}".rstrip()


def _shown(value: Any) -> str:
    text = money.dumps(masked(_beginning(value)))
    return text if len(text) <= EVIDENCE_LENGTH else text[:EVIDENCE_LENGTH] + "..."


def _beginning(value: Any) -> Any:
    """As much of an answer, links aside, as is shown of it at the most: a schema is a hundred times as long."""
    if isinstance(value, Mapping):
        return dict(_enough((name, _beginning(each)) for name, each in value.items() if name not in LINKS))
    return [_beginning(each) for each in value[:EVIDENCE_LENGTH]] if isinstance(value, list) else value


def _enough(members: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The first members, until their names alone are more than what is shown."""
    shown = 0
    for name, value in members:
        yield name, value
        shown += len(name) + len('"":0,')
        if shown > EVIDENCE_LENGTH:
            return
