"""How the requests of a plan reach the two systems."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tallybridge import money
from tallybridge.errors import BadAnswer, OutcomeUnknown, Refused, ServiceError
from tallybridge.http import Effect
from tallybridge.netsuite import NetSuite
from tallybridge.sync.step import Request
from tallybridge.zuora import Zuora
from tallybridge.zuora.faults import AGAIN, SERVICE, Fault, error_for
from tallybridge.zuora.writes import Written

NOT_REPEATABLE = ("/apply", "/unapply")
"""Ends of the Zuora paths whose PUT moves money a second time when it is sent a second time."""
ID_FIELDS = ("Id", "id", "accountId", "subscriptionId")
"""Where Zuora's answers to a create carry the new id."""
KEY_LIMIT = 255
DIGEST_LENGTH = 32
SYNC_DATE = "SyncDate"
"""How the names of the fields begin that hold the moment of the sync."""


class NetSuiteWriter:
    """Requests by REST record type."""

    def __init__(self, netsuite: NetSuite) -> None:
        self.netsuite = netsuite

    def create(self, request: Request) -> str:
        return self.netsuite.create(request.record_type, request.body)

    def update(self, request: Request) -> object:
        assert isinstance(request.record_id, str)
        return self.netsuite.update(request.record_type, request.record_id, request.body, request.replace)


class ZuoraWriter:
    """Requests by path ("/v1/payments", "/v1/payments/{id}/apply", "/v1/object/contact") or by the name of an object ("Payment", then sent
    as Action, fields in PascalCase). "{id}" stands for the id of the record to update; a create under another record carries that
    record's id in its path.

    An idempotency key is made of the write's own key, its generation and what it says, so that whoever sends it again, be it a worker of
    another run, sends the same key; a write that Zuora has given a final answer to has another one, because Zuora replays that answer for
    24 hours (api-zuora-billing.md section 4).
    """

    def __init__(self, zuora: Zuora) -> None:
        self.zuora = zuora

    def create(self, request: Request) -> str:
        if not request.key:
            raise ValueError(f"a create in Zuora needs an idempotency key: {request.record_type}")
        key = idempotency_key(request)
        if is_path(request.record_type):
            return made_id(self.zuora.post(request.record_type, request.body, key), request.record_type)
        (written,) = self.zuora.create(request.record_type, [request.body], key)
        try:
            return _checked(written, f"create {request.record_type}", Effect.ONCE).id
        except ServiceError as error:
            error.kept = True
            raise

    def update(self, request: Request) -> object:
        assert isinstance(request.record_id, str)
        if not is_path(request.record_type):
            (written,) = self.zuora.update(request.record_type, [{"Id": request.record_id, **request.body}])
            return _checked(written, f"update {request.record_type}", Effect.REPEATABLE)
        path = request.record_type.replace("{id}", quote(request.record_id, safe=""))
        send = self.zuora.put_once if path.endswith(NOT_REPEATABLE) else self.zuora.put
        return send(path, request.body, record=request.record_id)


def idempotency_key(request: Request) -> str:
    """At most 255 characters, of stable facts alone: the moment of the sync, which differs each time, is left out."""
    content = hashlib.sha256(money.dumps(_timeless(request.body)).encode()).hexdigest()
    tail = f"-{request.generation}-{content[:DIGEST_LENGTH]}"
    return request.key[: KEY_LIMIT - len(tail)] + tail


def _timeless(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _timeless(v) for k, v in sorted(value.items()) if not str(k).startswith(SYNC_DATE)}
    return [_timeless(v) for v in value] if isinstance(value, list | tuple) else value


def is_path(record_type: str) -> bool:
    """Whether a request of Zuora names a path and not an object for Actions."""
    return record_type.startswith("/")


def _checked(written: Written, operation: str, effect: Effect) -> Written:
    """The result of an Action on one object; raises what a failed call would raise."""
    if written.ok:
        return written
    raise _error_of(written, operation, effect)


def _error_of(written: Written, operation: str, effect: Effect) -> ServiceError:
    code = written.code.removeprefix("ZUORA-")
    error = error_for([Fault(code, written.message)], 200, operation, effect)
    if written.passing and isinstance(error, Refused):  # the call as a whole was lost
        text = f"Zuora gave no usable answer to {operation}: {written.message}"
        return OutcomeUnknown(text, service=SERVICE, service_code=code, detail=written.message, advice=written.advice or AGAIN)
    return error


def made_id(answer: Mapping[str, Any], path: str) -> str:
    """The id in the answer to a create; of an order, the id of its first subscription. Raises `BadAnswer`."""
    nested = answer.get("subscriptions")
    holder = nested[0] if isinstance(nested, list) and nested else answer
    for name in ID_FIELDS:
        if holder.get(name):
            return str(holder[name])
    raise BadAnswer(f"Zuora created something at {path} but named no id: {str(dict(answer))[:200]}", service="Zuora")
