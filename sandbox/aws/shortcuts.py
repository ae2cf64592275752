"""What AWS clients and moto work out anew for every call though nobody here looks at it: signatures, agents, ids of requests, dates."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from typing import Any

import botocore.parsers as parsers
import moto.core.responses
from botocore.awsrequest import AWSRequest
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString

from sandbox.aws.patch import put


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


def _shortcuts() -> Iterator[tuple[Any, str, Any]]:
    """Owner, name, and what stands there while an embedded AWS is on."""
    yield RequestSigner, "handler", _unsigned
    yield UserAgentString, "to_string", lambda agent: "Boto3 sandbox"
    yield moto.core.responses, "gen_amzn_requestid_long", _request_id
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
