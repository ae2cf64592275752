"""How the requests of a plan reach the two systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tallybridge.errors import BadAnswer
from tallybridge.netsuite import NetSuite
from tallybridge.sync.step import Request
from tallybridge.zuora import Zuora

NOT_REPEATABLE = ("/apply", "/unapply")
"""Ends of the Zuora paths whose PUT moves money a second time when it is sent a second time."""
ID_FIELDS = ("Id", "id", "accountId", "subscriptionId")
"""Where Zuora's answers to a create carry the new id."""


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
    """Requests by path: "/v1/payments", "/v1/payments/{id}/apply", "/v1/object/contact". A path with "{id}" in a create is a POST to a
    sub-resource of `record_id`, which is then given as text in the path already.

    `family` goes into every idempotency key, because Zuora replays a stored failure for 24 hours (api-zuora-billing.md section 4).
    """

    def __init__(self, zuora: Zuora, family: str) -> None:
        self.zuora = zuora
        self.family = family

    def create(self, request: Request) -> str:
        answer = self.zuora.post(request.record_type, request.body, f"{request.key}-{self.family}"[:255])
        return made_id(answer, request.record_type)

    def update(self, request: Request) -> object:
        assert isinstance(request.record_id, str)
        path = request.record_type.replace("{id}", quote(request.record_id, safe=""))
        send = self.zuora.put_once if path.endswith(NOT_REPEATABLE) else self.zuora.put
        return send(path, request.body, record=request.record_id)


def made_id(answer: Mapping[str, Any], path: str) -> str:
    """The id in the answer to a create; of an order, the id of its first subscription. Raises `BadAnswer`."""
    nested = answer.get("subscriptions")
    holder = nested[0] if isinstance(nested, list) and nested else answer
    for name in ID_FIELDS:
        if holder.get(name):
            return str(holder[name])
    raise BadAnswer(f"Zuora created something at {path} but named no id: {str(dict(answer))[:200]}", service="Zuora")
