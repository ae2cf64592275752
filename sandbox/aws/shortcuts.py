"""What AWS clients and moto work out anew for every call though nobody here looks at it: signatures, agents, ids of requests, dates."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import botocore.hooks as hooks
import botocore.parsers as parsers
import botocore.session
import moto.core.responses
from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient
from botocore.endpoint import EndpointCreator
from botocore.hooks import EventAliaser
from botocore.loaders import Loader, create_loader
from botocore.regions import EndpointRulesetResolver
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString
from botocore.utils import EVENT_ALIASES
from moto.core.responses import ActionContext
from moto.dynamodb.responses import DynamoResult

from sandbox.aws.patch import put
from sandbox.aws.straight import OF_ITEMS, straight

PLACES = ("Bucket", "TableName")
"""What of a call's arguments its address may depend on."""


def _unsigned(signer: RequestSigner, request: AWSRequest, **_: Any) -> None:
    """What a signature tells besides: who calls, where, which service, and how the body is sent."""
    scope = f"20261102/{signer.region_name}/{signer.signing_name}/aws4_request"
    request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential=sandbox/{scope}, SignedHeaders=host, Signature=none"
    checksum = request.context.get("checksum", {}).get("request_algorithm")
    trails = isinstance(checksum, dict) and checksum["in"] == "trailer"
    request.headers["X-Amz-Content-SHA256"] = "STREAMING-UNSIGNED-PAYLOAD-TRAILER" if trails else "UNSIGNED-PAYLOAD"


def _request_id(headers: dict[str, Any] | None = None) -> str:
    """As long as those of DynamoDB, from one random number in the place of 52."""
    made = f"{random.getrandbits(208):052X}"
    if headers is not None:
        headers["x-amzn-requestid"] = made
    return made


def _as_it_stands(before: Any) -> Any:
    """Answers of DynamoDB are made of plain values already: they are not searched for every member of every value under many spellings."""

    def execute(self: DynamoResult, context: ActionContext) -> Any:
        operation: Any = context.operation_model
        if operation.name in OF_ITEMS and isinstance(self.result, dict) and self.result.keys() <= operation.output_shape.members.keys():
            try:
                return 200, {}, json.dumps({name: value for name, value in self.result.items() if value is not None})
            except TypeError:  # binary values
                pass
        return before(self, context)

    return execute


def _resolved_once(before: Any) -> Any:
    """Where calls of an operation go, which follows from the rules of its service and from what they are about."""

    def construct(self: EndpointRulesetResolver, operation_model: Any, call_args: Any, request_context: Any) -> Any:
        known = self.__dict__.setdefault("_resolved", {})
        asked = (operation_model.name, *((call_args or {}).get(place) for place in PLACES))
        if asked not in known:
            known[asked] = before(self, operation_model, call_args, request_context)
        return known[asked]

    return construct


_names: dict[str, str] = {}
_accepts = functools.lru_cache(maxsize=1_000)(hooks.accepts_kwargs)


def _named_once(before: Any) -> Any:
    """The name under which an event is known: each client, and each session, would search all aliases for each of its events."""

    def alias(self: Any, event_name: str) -> str:
        if self._event_aliases is not EVENT_ALIASES:
            return str(before(self, event_name))
        if event_name not in _names:
            _names[event_name] = before(self, event_name)
        return _names[event_name]

    return alias


def _inspected_once(before: Any) -> Any:
    """Whether a function takes any keyword, which is asked of the same hundred functions for each session and each client."""

    def accepts(handler: Any) -> Any:
        function = getattr(handler, "__func__", handler)
        return _accepts(function) if isinstance(function, FunctionType) else before(handler)

    return accepts


@functools.cache
def _loader(search_path: str | None = None) -> Loader:
    """One for all sessions: the descriptions of the services, which nobody changes, are read once."""
    return create_loader(search_path)


def _shortcuts() -> Iterator[tuple[Any, str, Any]]:
    """Owner, name, and what stands there while an embedded AWS is on."""
    yield BaseClient, "_make_api_call", straight(vars(BaseClient)["_make_api_call"])
    yield RequestSigner, "handler", _unsigned
    yield EndpointCreator, "_get_proxies", lambda creator, url: {}
    yield botocore.session, "create_loader", _loader
    yield EventAliaser, "_alias_event_name", _named_once(vars(EventAliaser)["_alias_event_name"])
    yield hooks, "accepts_kwargs", _inspected_once(hooks.accepts_kwargs)
    yield UserAgentString, "to_string", lambda agent: "Boto3 sandbox"
    yield moto.core.responses, "gen_amzn_requestid_long", _request_id
    yield moto.core.responses, "method_names_from_class", functools.cache(vars(moto.core.responses)["method_names_from_class"])
    yield DynamoResult, "execute_result", _as_it_stands(DynamoResult.execute_result)
    yield EndpointRulesetResolver, "construct_endpoint", _resolved_once(EndpointRulesetResolver.construct_endpoint)
    yield parsers, "DEFAULT_TIMESTAMP_PARSER", functools.lru_cache(maxsize=1_000)(parsers.DEFAULT_TIMESTAMP_PARSER)


class Shortcuts:
    """Takes them, and gives back what stood there."""

    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any]] = []

    def take(self) -> None:
        for owner, name, replacement in _shortcuts():
            self._before.append((owner, name, getattr(owner, name)))
            put(owner, name, replacement)

    def give_back(self) -> None:
        while self._before:
            put(*self._before.pop())
