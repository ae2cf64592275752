"""One call to Zuora: headers, token, slots, repeats and the error in the answer."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tallybridge import money
from tallybridge.errors import BadAnswer, LoginRefused
from tallybridge.http import Answer, Call, Effect, Http, RetryPolicy
from tallybridge.rounds import Kept
from tallybridge.slots import Slots
from tallybridge.tokens import Bearer, TokenCache, TokenSource
from tallybridge.zuora.connection import ZuoraConnection
from tallybridge.zuora.faults import SERVICE, error_from, gateway_text, is_in_progress, is_kept, may_repeat
from tallybridge.zuora.literals import storable

ZUORA_VERSION = "2025-08-12"
WSDL_VERSION = "147"
READ_SECONDS = 130.0
"""Zuora itself gives up after 120 s."""
RENEW_EARLY_SECONDS = 120.0
MAX_TOKEN_SECONDS = 24 * 3600.0
TRACK_ID_LENGTH = 64
LEAST_REMAINING = 10
"""When fewer of the tenant's places for concurrent calls are left, the connector halves its own share (section 6)."""
POLICY = RetryPolicy(tries=6)
LOGIN_FAILURES = {
    400: "the client id is not known",
    401: "the client secret is wrong",
    403: "the user of the OAuth client is deactivated",
}
"""What a status of the token call means (api-zuora-billing.md section 2)."""


class ZuoraCalls:
    """Sends JSON to a tenant and returns JSON. `track_id` goes with every call and comes back in Zuora's own log."""

    def __init__(
        self,
        connection: ZuoraConnection,
        http: Http,
        tokens: TokenCache,
        slots: Slots | None,
        track_id: str = "",
        kept: Kept | None = None,
    ) -> None:
        self.connection = connection
        self.kept = kept
        self.http = http
        self.slots = slots
        self.track_id = track_id
        self.base_url = connection.base_url.rstrip("/")
        key = f"zuora:{self.base_url}:{connection.client_id}"
        self.signer = Bearer(TokenSource(key, self.login, tokens, http.clock))

    def json(
        self,
        method: str,
        path: str,
        effect: Effect,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        key: str = "",
        record: str = "",
        operation: str = "",
        lasting: bool = True,
    ) -> Any:
        """The parsed answer of a call that succeeded.

        `key` is an idempotency key: it makes a POST repeatable, but Zuora then replays a stored failure too, so failures told in the
        body are not repeated; a replayed success counts, a replayed final refusal is that refusal, anything else is an open outcome.
        `record` names the record in error messages. A read whose answer is not `lasting` is made anew in each round of a task.
        Raises the errors of `faults.error_from`.
        """
        operation = operation or f"{method} {path}"

        def ask() -> Any:
            return self._json(method, path, effect, params, body, key, record, operation)

        keeps = self.kept if effect is Effect.READ and lasting else None
        return keeps.answer(f"{method} {path} {money.dumps([params, body])}", ask) if keeps else ask()

    def _json(
        self,
        method: str,
        path: str,
        effect: Effect,
        params: Mapping[str, str] | None,
        body: Any,
        key: str,
        record: str,
        operation: str,
    ) -> Any:
        answer = self.send(method, path, effect, params=params, body=body, key=key, operation=operation)
        if answer.status == 409 and key:
            replayed = answer.json_or_none()
            if isinstance(replayed, Mapping) and replayed.get("success", replayed.get("Success")) is True:
                return replayed
        if error := error_from(answer, operation, effect, record):
            error.kept = bool(key) and is_kept(answer)
            raise error
        return parsed(answer, operation)

    def text(self, path: str, operation: str) -> bytes:
        """The raw body of a read."""

        def ask() -> str:
            answer = self.send("GET", path, Effect.READ, operation=operation)
            if error := error_from(answer, operation, Effect.READ):
                raise error
            return b64encode(answer.body).decode()

        return b64decode(self.kept.answer(f"GET {path}", ask) if self.kept else ask())

    def send(
        self,
        method: str,
        path: str,
        effect: Effect,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        key: str = "",
        operation: str = "",
    ) -> Answer:
        """The answer, whatever it says. Text in `body` loses the characters that Zuora cannot store."""
        in_effect = Effect.REPEATABLE if key and effect is Effect.ONCE else effect
        call = Call(
            service=SERVICE,
            method=method,
            url=self.base_url + path,
            effect=in_effect,
            operation=operation or f"{method} {path}",
            params=params or {},
            headers=self._headers(method, body, key),
            body=money.dumps(storable(body)) if body is not None else ("{}" if method == "PUT" else None),
            read_seconds=READ_SECONDS,
        )

        def again(answer: Answer, tries_done: int) -> bool:
            return is_in_progress(answer) if key else may_repeat(answer, tries_done, in_effect)

        answer = self.http.send(call, signer=self.signer, slots=self.slots, policy=POLICY, again=again)
        remaining = answer.headers.get("Concurrency-Limit-Remaining", "")
        if self.slots and remaining.isdecimal() and int(remaining) < LEAST_REMAINING:
            self.slots.throttled()
        return answer

    def login(self) -> tuple[str, float]:
        """A new token and the seconds it may be used. Raises `LoginRefused` saying which of the three reasons it was."""
        form = {
            "client_id": self.connection.client_id,
            "client_secret": self.connection.client_secret,
            "grant_type": "client_credentials",
        }
        call = Call(
            SERVICE,
            "POST",
            f"{self.base_url}/oauth/token",
            Effect.READ,
            "login",
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            body=urlencode(form),
        )
        answer = self.http.send(call, policy=POLICY)
        if answer.status in LOGIN_FAILURES:
            raise LoginRefused(
                f"Zuora refused the login: {LOGIN_FAILURES[answer.status]} ({gateway_text(answer, answer.json_or_none())}).",
                service=SERVICE,
                status=answer.status,
                service_code=f"LOGIN-{answer.status}",
                advice="Correct the Zuora credentials, then run `tallybridge doctor`.",
            )
        if error := error_from(answer, "login", Effect.READ):
            raise error
        try:
            token = parsed(answer, "login")
            life = min(float(token["expires_in"]), MAX_TOKEN_SECONDS)
            return str(token["access_token"]), life - min(RENEW_EARLY_SECONDS, life / 2)
        except (KeyError, TypeError, ValueError) as error:
            raise BadAnswer("Zuora's login answer has no usable token.", service=SERVICE, status=answer.status) from error

    def _headers(self, method: str, body: Any, key: str) -> dict[str, str]:
        headers = {"Zuora-Version": ZUORA_VERSION, "X-Zuora-WSDL-Version": WSDL_VERSION, "Accept-Encoding": "gzip"}
        if body is not None or method == "PUT":
            headers["Content-Type"] = "application/json"
        if self.connection.entity_ids:
            headers["Zuora-Entity-Ids"] = ",".join(self.connection.entity_ids)
        if self.connection.org_ids:
            headers["Zuora-Org-Ids"] = ",".join(self.connection.org_ids)
        if self.track_id:
            headers["Zuora-Track-Id"] = re.sub(r"[^!#-&(-9<-~]", "-", self.track_id)[:TRACK_ID_LENGTH]
        if key and method in ("POST", "PATCH"):
            headers["Idempotency-Key"] = key
        return headers


def parsed(answer: Answer, operation: str) -> Any:
    """The body as JSON. Raises `BadAnswer` when it is something else."""
    try:
        return answer.json()
    except ValueError as error:
        raise BadAnswer(
            f"Zuora answered {operation} with something other than JSON (status {answer.status}).", service=SERVICE, status=answer.status
        ) from error
