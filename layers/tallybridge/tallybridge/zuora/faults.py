"""Zuora's eight error formats (api-zuora-billing.md section 5), read into one form and sorted by what may be done about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tallybridge.errors import AlreadyExists, LoginRefused, NotFound, NotSent, OutcomeUnknown, Refused, ServiceError, Throttled
from tallybridge.http import PASSING, TOO_MANY, Answer, Effect

SERVICE = "Zuora"
MAX_TEXT = 1_000
"""Characters of Zuora's own text that are taken into a message."""


class Repeat(Enum):
    """What a fault says about sending the same again: it was declined before anything happened, it may pass, or it stays."""

    REFUSED_FIRST = "declined before anything was done"
    PASSING = "may pass"
    TWICE = "may pass; two tries, then read back"
    NEVER = "final"


@dataclass(frozen=True)
class Fault:
    """One reason: Zuora's code (digits or a word) and text."""

    code: str
    text: str

    @property
    def category(self) -> str:
        """The last two digits of an eight-digit v1 code, otherwise empty."""
        return self.code[-2:] if len(self.code) == 8 and self.code.isdecimal() else ""

    @property
    def repeat(self) -> Repeat:
        if self.code == "BATCH_FAIL_ERROR" and "optimistic lock" not in self.text.lower():
            return Repeat.NEVER
        return REPEAT.get(self.category or self.code, Repeat.NEVER)


REPEAT = {
    "50": Repeat.REFUSED_FIRST,
    "60": Repeat.TWICE,
    "61": Repeat.PASSING,
    "70": Repeat.REFUSED_FIRST,
    "99": Repeat.PASSING,
    "LOCK_COMPETITION": Repeat.REFUSED_FIRST,
    "REQUEST_EXCEEDED_LIMIT": Repeat.REFUSED_FIRST,
    "REQUEST_EXCEEDED_RATE": Repeat.REFUSED_FIRST,
    "SERVER_UNAVAILABLE": Repeat.PASSING,
    "TEMPORARY_ERROR": Repeat.PASSING,
    "TRANSACTION_TIMEOUT": Repeat.PASSING,
    "BATCH_FAIL_ERROR": Repeat.PASSING,
    "UNKNOWN_ERROR": Repeat.TWICE,
    "TRANSACTION_FAILED": Repeat.TWICE,
}
"""By v1 category (section 5.2) or CRUD / Actions code (section 5.3); whatever is missing here is final."""

THROTTLED = frozenset({"70", "REQUEST_EXCEEDED_LIMIT", "REQUEST_EXCEEDED_RATE"})
LOGIN = frozenset({"11", "INVALID_SESSION", "INVALID_LOGIN"})
IN_PROGRESS_OR_REPLAYED = 409
"""To a request with an idempotency key: the first one still runs, or this is its stored answer (section 4)."""
PLAIN = frozenset({"code", "message", "timestamp"})
"""All keys of a plain error of the Data Query API or the gateway."""
PASSING_401 = "Failed to get user info"
"""A 401 with this text passes by itself (section 5.1, gateway)."""

AGAIN = "Nothing needs to be done: the record is taken up again in the next run."
PERMISSION = "Give the user of the OAuth client the permission for this object and operation, then run `tallybridge doctor`."
CORRECT = "Correct in Zuora what the message names, then sync the record again."
FIELDS = "Run `tallybridge doctor`: it lists the fields that the tenant lacks."
ADVICE = {
    "10": PERMISSION,
    "20": "Correct the value in Zuora or its mapping, then sync the record again.",
    "21": FIELDS,
    "22": "Fill in the field that the message names, then sync the record again.",
    "30": "Zuora's own rules do not allow this. Correct the record that the message names, then sync it again.",
    "40": "The record was deleted or never existed, or the tenant does not have this feature.",
    "50": AGAIN,
    "60": AGAIN,
    "61": AGAIN,
    "70": AGAIN,
    "99": AGAIN,
    "ACCOUNTING_PERIOD_CLOSED": "Open the accounting period in Zuora or change the date, then sync the record again.",
    "DUPLICATE_VALUE": "Zuora already has a record with this number or name. Link the two records or change one of them.",
    "INVALID_FIELD": FIELDS,
    "INVALID_ID": "The record was deleted or never existed.",
    "INVALID_QUERY_LOCATOR": "The query was read too slowly; the next run reads it anew.",
    "INVALID_TYPE": "The tenant does not have this object: check the Invoice Settlement setting, then run `tallybridge doctor`.",
    "INVALID_VALUE": "Correct the value in Zuora or its mapping, then sync the record again.",
    "LOCK_COMPETITION": AGAIN,
    "MISSING_REQUIRED_VALUE": "Fill in the field that the message names, then sync the record again.",
    "NO_PERMISSION": PERMISSION,
    "90000020": "Check the entity id in the Zuora credentials.",
}
"""The next step for a person, by v1 category, whole v1 code, or CRUD / Actions code."""
MUST_BE_TODAY = re.compile(r"effective ?date.*must be today", re.IGNORECASE)
DATE_ADVICE = "Set payment_date_fallback to today, or enter the payment in Zuora by hand; one that is dated later goes on its day."


def faults_in(body: Any) -> list[Fault]:
    """The reasons in a body that reports failure, in any of the formats; empty when the body reports success."""
    if not isinstance(body, Mapping):
        return []
    if body.get("success") is False or body.get("Success") is False:
        entries = body.get("reasons") or body.get("Errors") or body.get("errors") or [body]
        return [_fault(e) for e in entries if isinstance(e, Mapping)] or [_fault(body)]
    if any(key in body for key in ("FaultCode", "faultcode")) or ("message" in body and set(body) <= PLAIN):
        return [_fault(body)]
    if "message" in body and ("errorCode" in body or "error" in body):
        return [_fault(body)]
    return []


def _fault(entry: Mapping[str, Any]) -> Fault:
    code = _first(entry, "code", "Code", "FaultCode", "faultcode", "errorCode", "error")
    text = _first(entry, "message", "Message", "FaultMessage", "faultstring", "errorMessage")
    return Fault(code.removeprefix("fns:"), text[:MAX_TEXT] or "no reason given")


def _first(entry: Mapping[str, Any], *keys: str) -> str:
    return next((str(entry[k]) for k in keys if entry.get(k) not in (None, "")), "")


def may_repeat(answer: Answer, tries_done: int, effect: Effect) -> bool:
    """Whether the body of `answer` asks for the same call again, beyond what its status says."""
    faults = faults_in(answer.json_or_none())
    if answer.status == 401:
        return any(PASSING_401 in f.text for f in faults)
    kinds = {f.repeat for f in faults}
    if not kinds or Repeat.NEVER in kinds:
        return False
    if effect is Effect.ONCE:
        return kinds == {Repeat.REFUSED_FIRST}
    return Repeat.TWICE not in kinds or tries_done < 2


def error_from(answer: Answer, operation: str, effect: Effect, record: str = "") -> ServiceError | None:
    """The error that `answer` reports, or None when it reports success. HTTP 200 with `success: false` is an error."""
    body = answer.json_or_none()
    faults = faults_in(body)
    if answer.status < 300 and not faults:
        return None
    faults = faults or [Fault(str(answer.status), gateway_text(answer, body))]
    return error_for(faults, answer.status, operation, effect, record, answer.headers.get("Zuora-Request-Id", ""))


def gateway_text(answer: Answer, body: Any) -> str:
    """What to show when the body is none of the known formats."""
    if isinstance(body, Mapping) and body.get("message"):
        return str(body["message"])[:MAX_TEXT]
    return f"HTTP status {answer.status} without a readable reason"


def error_for(faults: list[Fault], status: int, operation: str, effect: Effect, record: str = "", request_id: str = "") -> ServiceError:
    """The error for these reasons; the first decides on code and advice."""
    first = faults[0]
    kind = _kind(first, status, effect)
    detail = "; ".join(dict.fromkeys(f.text for f in faults))
    if record:
        text = f'Zuora Warning: Warning received from Zuora for record "{record}": (Code: {first.code} Type: ERROR Message: {detail})'
    else:
        text = f"Zuora declined {operation}: {detail} (code {first.code or status})"
    return kind(
        text,
        service=SERVICE,
        status=status,
        service_code=first.code or str(status),
        detail=detail,
        request_id=request_id,
        advice=advice_for(first, kind),
    )


def advice_for(fault: Fault, kind: type[ServiceError]) -> str | None:
    """The next step for a person; None leaves the one of the error's kind."""
    if MUST_BE_TODAY.search(fault.text):
        return DATE_ADVICE
    named = ADVICE.get(fault.code) or ADVICE.get(fault.category)
    return named or (AGAIN if kind in (NotSent, OutcomeUnknown) else CORRECT if issubclass(kind, Refused) else None)


def is_final(fault: Fault) -> bool:
    """Whether Zuora itself (not a gateway) declined for a reason that stays."""
    return bool(fault.category) and fault.repeat is Repeat.NEVER


def is_in_progress(answer: Answer) -> bool:
    """Whether a request with the same idempotency key is still being worked on: its answer can be asked for again."""
    return answer.status == IN_PROGRESS_OR_REPLAYED and any(f.repeat is Repeat.REFUSED_FIRST for f in faults_in(answer.json_or_none()))


def is_kept(answer: Answer) -> bool:
    """Whether Zuora keeps this answer for the idempotency key of its request: whatever it was, unless the request was turned away or has
    not ended. An answer from before Zuora (5xx) says neither: the same key is the safe one."""
    return answer.status < 500 and answer.status not in (401, TOO_MANY) and not is_in_progress(answer)


def _kind(fault: Fault, status: int, effect: Effect) -> type[ServiceError]:
    mark = fault.category or fault.code
    if status == IN_PROGRESS_OR_REPLAYED and not is_final(fault):
        return OutcomeUnknown
    if status == 401 or mark in LOGIN:
        return LoginRefused
    if status == TOO_MANY or mark in THROTTLED:
        return Throttled
    if mark == "DUPLICATE_VALUE":
        return AlreadyExists
    if fault.repeat is Repeat.REFUSED_FIRST:
        return NotSent
    if status in PASSING or status >= 500 or fault.repeat in (Repeat.PASSING, Repeat.TWICE):
        return NotSent if effect is Effect.READ else OutcomeUnknown
    if status == 404 or mark == "40":
        return NotFound
    return Refused
