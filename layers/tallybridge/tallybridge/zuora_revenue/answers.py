"""What Zuora Revenue's answers say: keys in any case (api-zuora-revenue.md section 1.6), request ids in several places, errors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tallybridge.errors import LoginRefused, NotFound, NotSent, Refused, ServiceError, Throttled
from tallybridge.http import TOO_MANY, Answer
from tallybridge.zuora_revenue.template import SERVICE

NOT_SAID = frozenset({"status", "success", "file_name"})
"""Keys of an answer whose texts tell a person nothing."""
_decoder = json.JSONDecoder()
MAX_TEXT = 2_000
"""Characters of an answer that are kept."""


def keys_in_lower_case(answer: Answer) -> dict[str, Any]:
    """The answer's object with its keys in lower case; {} when it is none (an empty body, HTML of a gateway)."""
    body = answer.json_or_none()
    return {str(k).lower(): v for k, v in body.items()} if isinstance(body, Mapping) else {}


def text_of(answer: Answer) -> str:
    """The answer's body as text, for the log."""
    return answer.body[: MAX_TEXT * 4].decode("utf-8", "replace")[:MAX_TEXT]


def readable(answer: str) -> str:
    """An answer as people read it: in place of JSON its texts, each once; all else as it is."""
    said: list[str] = []
    place = 0
    while (start := answer.find("{", place)) >= 0:
        try:
            value, end = _decoder.raw_decode(answer, start)
        except (ValueError, RecursionError):
            break
        said += [answer[place:start], "; ".join(dict.fromkeys(_texts(value)))]
        place = end
    return " ".join(part.strip() for part in (*said, answer[place:]) if part.strip())


def _texts(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _texts(each, str(name).lower())
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, key)
    elif isinstance(value, str) and value.strip() and key not in NOT_SAID:
        yield value.strip()


def request_id_in(answer: Answer, name: str = "file_request_id") -> str:
    """The id by which an upload is followed: at the top level, in `Result`, or in its first element; "" when there is none."""
    top = keys_in_lower_case(answer)
    result = top.get("result")
    first = result[0] if isinstance(result, list) and result else result
    nested = {str(k).lower(): v for k, v in first.items()} if isinstance(first, Mapping) else {}
    for found in (top.get(name), nested.get(name)):
        if found not in (None, "", 0):
            return str(found)
    return ""


def error_from(answer: Answer, operation: str) -> ServiceError | None:
    """The error that an answer reports, with the connector's code; None when it reports success."""
    if answer.status < 300:
        return None
    message = str(keys_in_lower_case(answer).get("message") or "no reason given")[:MAX_TEXT]
    kind, code = _kind(answer.status)
    return kind(
        f"Zuora Revenue declined {operation}: {message} (status {answer.status}).",
        service=SERVICE,
        status=answer.status,
        detail=message,
        code=code,
    )


def _kind(status: int) -> tuple[type[ServiceError], str]:
    if status == 401:
        return LoginRefused, "ZR_AUTH_FAILED"
    if status == 403:
        return LoginRefused, "ZR_FORBIDDEN"
    if status == 404:
        return NotFound, "ZR_UNREACHABLE"
    if status == 405:
        return LoginRefused, "ZR_API_NOT_ENABLED"
    if status == TOO_MANY:
        return Throttled, "ZR_UNREACHABLE"
    return (NotSent, "ZR_UNREACHABLE") if status >= 500 else (Refused, "ZR_REFUSED")
