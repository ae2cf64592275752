"""NetSuite's error documents (api-netsuite.md section 6): what is wrong, whose fault it is, and what a person should do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tallybridge.errors import AlreadyExists, LoginRefused, NotFound, NotSent, OutcomeUnknown, Refused, ServiceError, Throttled
from tallybridge.http import TOO_MANY, Answer, Effect

SERVICE = "NetSuite"
MAX_TEXT = 2_000
"""Characters of NetSuite's own text that are taken into a message."""
THROTTLED = frozenset({"CONCURRENCY_LIMIT_EXCEEDED", "EXCEEDED_CONCURRENCY_LIMIT", "SSS_REQUEST_LIMIT_EXCEEDED", "REQUEST_LIMIT_EXCEEDED"})
LOGIN_ADVICE = (
    'NetSuite refused the login or the role lacks permission "Log in using Access Tokens". Check the certificate or token and the role.'
)
AGAIN = "Nothing needs to be done: the record is looked up and taken up again."


@dataclass(frozen=True)
class Detail:
    """One entry of `o:errorDetails`; `path` is where in the request."""

    code: str
    text: str
    path: str = ""


@dataclass(frozen=True)
class Known:
    """A failure that is common enough to be named. `text` and `advice` may use the groups of `pattern` and {record}, {date}."""

    pattern: re.Pattern[str]
    text: str
    advice: str
    kind: type[ServiceError] = Refused


def _known(pattern: str, text: str, advice: str, kind: type[ServiceError] = Refused) -> Known:
    return Known(re.compile(pattern, re.IGNORECASE | re.DOTALL), text, advice, kind)


KNOWN = (
    _known(
        r"INSUFCNT_NUM_PRDS_FOR_REV_REC|not enough accounting periods",
        "The accounting periods do not cover the revenue schedule.",
        "Create accounting periods in NetSuite that cover the schedule, then sync the record again.",
    ),
    _known(
        r"no accounting period",
        "There is no accounting period for {date}.",
        "Create the period in NetSuite or change the date, then sync the record again.",
    ),
    _known(
        r"(cannot|may not|can't)( be)? (edit|change)\w*\b.*\bperiod\b.*\b(closed|locked)",
        "The accounting period of {date} is closed, and NetSuite does not let the role change the record in it.",
        "Tick Allow Non-G/L Changes on the period (Manage Accounting Periods) and give the role the permission Allow Non G/L Changes, or "
        "open the period; the next run tries again.",
    ),
    _known(
        r"not within the date range of (your|the) (accounting|posting) period",
        "NetSuite does not post the document outside of the period of its date.",
        "Allow Transaction Date Outside of the Posting Period in NetSuite (Setup > Accounting > Accounting Preferences), or choose another "
        "value of the setting closed_period, or open the period; the next run tries again.",
    ),
    _known(
        r"period\b.*\b(closed|locked)|closed (accounting )?period|(locked|closed) posting period",
        "The accounting period of {date} is closed.",
        "Open the period in NetSuite or change the date, then sync the record again.",
    ),
    _known(
        r"already exists|already an? \w+ with|uniqueness error|already (in use|been used|taken)|DUP_(ENTITY|ITEM|RCRD|ACCT)",
        'NetSuite already has "{record}".',
        "Link it by entering its internal id, or change the name.",
        AlreadyExists,
    ),
    _known(
        r"unknown (property|field)s?\W+(?P<label>[\w.]+)",
        'NetSuite field "{label}" is missing; run the setup check.',
        "Run `tallybridge doctor`: it lists the NetSuite fields that the account lacks.",
    ),
    _known(
        r"invalid field value (?P<value>.*?) for the following field: (?P<field>[\w.]+)",
        'NetSuite does not accept {field} "{value}" for this record.',
        "Correct the value or its mapping: it must exist, be active and be allowed for the record's subsidiary.",
    ),
    _known(
        r"invalid (?P<field>location) reference key (?P<value>\S+) for subsidiary (?P<subsidiary>\w+)",
        'The {field} "{value}" is not available in subsidiary "{subsidiary}".',
        "Correct the location of the account or of the item, or allow it for the subsidiary in NetSuite.",
    ),
    _known(
        r"invalid (?P<field>\w+) reference key (?P<value>\S+)",
        'NetSuite does not accept {field} "{value}" for this record.',
        "Correct the value or its mapping: it must exist, be active and be allowed for the record's subsidiary.",
    ),
    _known(
        r"please enter value\(?s?\)? for:?\s*(?P<labels>.+?)\.?$",
        "NetSuite needs a value for {labels}.",
        "Fill it in on the source record or give it a default in the mapping, then sync the record again.",
    ),
    _known(
        r"script execution usage limit exceeded|SSS_USAGE_LIMIT_EXCEEDED",
        "A script of the NetSuite account used up its governance units on this record.",
        "Reduce the scripts that fire on records saved by the integration.",
    ),
    _known(
        r"script execution time exceeded|SSS_TIME_LIMIT_EXCEEDED",
        "A script of the NetSuite account ran too long on this record.",
        "Reduce the scripts that fire on records saved by the integration.",
    ),
    _known(
        r"INSUFFICIENT_PERMISSION|permission violation|you need (a higher|the '?(?P<permission>[^']+?)'?) permission",
        'NetSuite refused the login or the role lacks permission "{permission}".',
        "Check the certificate or token and the role.",
    ),
)
"""Looked through from the top; the first whose pattern is in code and text decides."""


def details_in(answer: Answer) -> list[Detail]:
    """The error details of an answer; one made up from the status when the body is no error document."""
    body = answer.json_or_none()
    entries = body.get("o:errorDetails") if isinstance(body, Mapping) else None
    found = [_detail(e) for e in entries or [] if isinstance(e, Mapping)]
    if found:
        return found
    title = str(body.get("title") or body.get("detail") or "") if isinstance(body, Mapping) else ""
    return [Detail(str(answer.status), title or f"HTTP status {answer.status} without a readable reason")]


def _detail(entry: Mapping[str, Any]) -> Detail:
    keys = ("o:errorPath", "o:errorQueryParam", "o:errorHeader", "o:errorUrl", "o:urlPath")
    path = next((str(entry[k]) for k in keys if entry.get(k)), "")
    return Detail(str(entry.get("o:errorCode") or ""), str(entry.get("detail") or "no reason given")[:MAX_TEXT], path)


def error_from(answer: Answer, operation: str, effect: Effect, record: str = "", date: str = "") -> ServiceError | None:
    """The error that `answer` reports, None when it reports success.

    `record` names the record in the message, `date` its date for messages about accounting periods.
    """
    if answer.status < 300:
        return None
    details = details_in(answer)
    first = details[0]
    code = first.code or str(answer.status)
    text = "; ".join(dict.fromkeys(d.text for d in details))
    known = next((k for d in details for k in KNOWN if k.pattern.search(f"{d.code} {d.text}")), None)
    kind = _kind(answer.status, first, known, effect)
    if record:
        message = f'NetSuite Warning: Warning received from NetSuite for record "{record}": (Code: {code} Type: ERROR Message: {text})'
    else:
        message = f"NetSuite declined {operation}: {text} (code {code})"
    return kind(
        message,
        service=SERVICE,
        status=answer.status,
        service_code=code,
        detail=text,
        path=", ".join(dict.fromkeys(d.path for d in details if d.path)),
        request_id=error_id(text),
        advice=advice_for(kind, known, details, record, date),
    )


def _kind(status: int, detail: Detail, known: Known | None, effect: Effect) -> type[ServiceError]:
    if status == 401:
        return LoginRefused
    if status == TOO_MANY or detail.code in THROTTLED:
        return Throttled
    if status >= 500:
        return NotSent if effect is Effect.READ else OutcomeUnknown
    if status == 404:
        return NotFound
    return known.kind if known else Refused


def advice_for(kind: type[ServiceError], known: Known | None, details: list[Detail], record: str, date: str) -> str | None:
    """What happened in plain words, and the next step; None leaves the advice of the error's kind."""
    if kind is LoginRefused:
        return LOGIN_ADVICE
    if kind is Throttled:
        return "NetSuite is limiting requests; the record is retried in the next run."
    if kind in (OutcomeUnknown, NotSent):
        return AGAIN
    if known is None:
        return None
    for detail in details:
        if match := known.pattern.search(f"{detail.code} {detail.text}"):
            words = {name: value.strip() for name, value in match.groupdict().items() if value}
            named = {"record": record or "this record", "date": date or "the record", "permission": "for this record", **words}
            return f"{known.text.format(**named)} {known.advice}"
    return None


def is_throttled(answer: Answer) -> bool:
    """Whether an answer that is not a 429 says that there were too many requests."""
    return 400 <= answer.status < 500 and any(d.code in THROTTLED for d in details_in(answer))


def error_id(text: str) -> str:
    """The id in "An unexpected error occurred. Error ID: abc": NetSuite's support asks for it."""
    found = re.search(r"Error ID: (\w+)", text)
    return found.group(1) if found else ""
