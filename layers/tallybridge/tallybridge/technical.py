"""The technical log, in CloudWatch: what the functions did, without names and mail addresses. What people need stands in the run's own log.

Masked are mail addresses, whatever stands in quotes (names, values of records), what follows "Customer", and the values of keys that hold
names. Keys of settings and fields, codes, ids and counts stay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

MASK = "*****"
NAMES = re.compile(
    r"(first|last|company|alt|customer|account)?name|entityid|customer|addressee|attention|user|sender|recipients?"
    r"|(personal|work)?e?mails?|(work|mobile|home)?phone"
)
"""Keys of personal values, in lower case and without what joins their words."""
_MAIL = re.compile(r"[^\s\"'<>@,;:()\[\]{}=]+@[^\s\"'<>@,;:()\[\]{}=]+")
_QUOTED = re.compile(r"(?<!File )\"(?:[^\"\\\n]|\\.)*\"|(?<!\w)'(?:[^'\\\n]|\\.)*'(?!\w)")
_KEY = re.compile(r"[a-z][a-z0-9.]*(?:_[a-z0-9.]+)+")
_CUSTOMER = re.compile(r"\b(customer) (?!record\b)[^:;\n]+(?=[:;])", re.IGNORECASE)

Handler = Callable[[Any, Any], Any]


def masked_text(text: str) -> str:
    """A text as it may stand in the technical log."""
    text = _QUOTED.sub(_masked_quote, text)
    return _CUSTOMER.sub(rf"\1 {MASK}", _MAIL.sub(MASK, text))


def masked(value: Any) -> Any:
    """Any JSON value as it may stand in the technical log."""
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, Mapping):
        return {key: MASK if _holds_names(str(key), each) else masked(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each) for each in value]
    return value


def technical_logger() -> Logger:
    """The functions' logger: powertools' JSON lines, masked as the last thing before they are written."""
    return Logger(logger_formatter=_MaskingFormatter())


def masked_errors(handler: Handler) -> Handler:
    """For the outer edge of a function: what it raises keeps its class, which the state machines go by, and loses names and addresses,
    since the Lambda runtime writes it to the technical log as it is."""

    @wraps(handler)
    def edge(event: Any, context: Any) -> Any:
        try:
            return handler(event, context)
        except Exception as error:  # the outer edge of the handler
            text = masked_text(str(error))
            if text == str(error):
                raise
            made = type(type(error).__name__, (Exception,), {})(text)
            raise made.with_traceback(error.__traceback__) from None

    return edge


class _MaskingFormatter(LambdaPowertoolsFormatter):
    def serialize(self, log: Any) -> str:
        return json.dumps(masked(json.loads(super().serialize(log))), ensure_ascii=False, separators=(",", ":"))


def _masked_quote(found: re.Match[str]) -> str:
    quote, inside = found[0][0], found[0][1:-1]
    return found[0] if not inside or _KEY.fullmatch(inside) else f"{quote}{MASK}{quote}"


def _holds_names(key: str, value: Any) -> bool:
    return bool(NAMES.fullmatch(re.sub(r"[^a-z]", "", key.lower()))) and not isinstance(value, int | float | None)
