"""One call to NetSuite: headers, signature, slots, repeats and the error in the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tallybridge import money
from tallybridge.errors import BadAnswer
from tallybridge.http import Answer, Call, Effect, Http, RetryPolicy
from tallybridge.netsuite.auth import signer_for
from tallybridge.netsuite.bodies import name_of, read_seconds
from tallybridge.netsuite.connection import NetSuiteConnection
from tallybridge.netsuite.faults import SERVICE, error_from, is_throttled
from tallybridge.rounds import Kept
from tallybridge.slots import Slots
from tallybridge.tokens import TokenCache

T = TypeVar("T")
POLICY = RetryPolicy(tries=8)


class NetSuiteCalls:
    """Sends JSON to an account and returns answers, each call in one of the account's slots."""

    def __init__(
        self,
        connection: NetSuiteConnection,
        http: Http,
        slots: Slots,
        tokens: TokenCache,
        property_names: str,
        kept: Kept | None = None,
    ) -> None:
        self.connection = connection
        self.kept = kept
        self.http = http
        self.slots = slots
        self.property_names = property_names
        self.signer = signer_for(connection, http, tokens)

    def json(self, method: str, path: str, effect: Effect, *, operation: str, **given: Any) -> Any:
        """The parsed answer of a call that succeeded. `given` as for `send`. In a task of rounds what was read is kept for the next one."""
        if self.kept and effect is Effect.READ:
            question = f"{method} {path} {money.dumps([given.get(name) for name in ('params', 'body')])}"
            return self.kept.answer(question, lambda: self._json(method, path, effect, operation=operation, **given))
        return self._json(method, path, effect, operation=operation, **given)

    def _json(self, method: str, path: str, effect: Effect, *, operation: str, **given: Any) -> Any:
        return self.parsed(Answer.json, method, path, effect, operation=operation, **given)

    def parsed(self, parse: Callable[[Answer], T], method: str, path: str, effect: Effect, *, operation: str, **given: Any) -> T:
        """What `parse` makes of the answer of a call that succeeded; kept for nobody. `parse` raises `ValueError` for what is no JSON."""
        answer = self.send(method, path, effect, operation=operation, **given)
        try:
            return parse(answer)
        except ValueError as error:
            raise BadAnswer(
                f"NetSuite answered {operation} with something other than JSON (status {answer.status}).",
                service=SERVICE,
                status=answer.status,
            ) from error

    def send(
        self,
        method: str,
        path: str,
        effect: Effect,
        *,
        operation: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        record: str = "",
        seconds: float | None = None,
        accepts: Callable[[Answer], bool] = lambda answer: False,
    ) -> Answer:
        """The answer of a call that succeeded. `record` names the record in error messages, `seconds` is how long to wait for it where that
        does not follow from the body, `accepts` says which answers count although their status speaks of an error. Raises the errors of
        `faults.error_from`."""
        own = {"X-NetSuite-PropertyNameValidation": self.property_names}
        if body is not None:
            own["Content-Type"] = "application/json"
        call = Call(
            service=SERVICE,
            method=method,
            url=self.connection.url + path,
            effect=effect,
            operation=operation,
            params=params or {},
            headers={**own, **(headers or {})},
            body=money.dumps(body) if body is not None else None,
            read_seconds=seconds or read_seconds(body),
        )
        self.signer.prepare()
        answer = self.http.send(call, signer=self.signer, slots=self.slots, policy=POLICY, too_many=is_throttled)
        if accepts(answer):
            return answer
        name, date = record or name_of(body or {}), str((body or {}).get("tranDate") or "")
        if error := error_from(answer, operation, effect, name, date):
            raise error
        if answer.status >= 300:
            raise BadAnswer(f"NetSuite answered {operation} with status {answer.status}.", service=SERVICE, status=answer.status)
        return answer
