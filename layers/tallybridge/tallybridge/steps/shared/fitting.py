"""Values as this NetSuite account takes them: texts no longer than their field, one mail address, telephone numbers that are some.

What is longer is cut, what would be wrong when cut is left out, and each time that is told: no detail of a contact keeps a customer, and
with it all its documents, out of NetSuite. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tallybridge.fields.netsuite import LENGTHS, TEXT
from tallybridge.sync.step import Plan, Problem, Request, Write

Body = dict[str, Any]

PUBLISHED = {
    "accountNumber": 99,
    "addr1": 150,
    "addr2": 150,
    "addrPhone": 32,
    "addressee": 83,
    "attention": 83,
    "city": 50,
    "comments": 4000,
    "companyName": 83,
    "description": 999,
    "displayName": 60,
    "email": 254,
    "entityId": 83,
    "fax": 32,
    "firstName": 32,
    "itemId": 60,
    "lastName": 32,
    "memo": 999,
    "otherRefNum": 45,
    "phone": 32,
    "salesDescription": 999,
    "state": 30,
    "tranId": 45,
    "vatRegNumber": 20,
    "zip": 36,
}
"""Characters of NetSuite's fields, published or reported from accounts (api-netsuite.md, fidelity-gaps.md B): where the account's own
description says nothing."""
CUSTOM_TEXT = LENGTHS[TEXT]
"""Characters of a free-form text field that the account made and does not describe."""
MAILS = frozenset({"email"})
PHONES = frozenset({"phone", "fax", "addrPhone"})
NEVER_CUT = frozenset({"tranId", "vatRegNumber"})
"""Half of it would be something else: too long, it is left out. A document then gets NetSuite's own number."""
SPARE = ("phone", "fax", "email", "addrPhone", "attention", "addr2", "state", "zip", "comments", "vatRegNumber")
"""What a customer can do without: left out where NetSuite declines it all the same."""
MAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
BETWEEN_MAILS = re.compile(r"[,;\s]+")
BETWEEN_PHONES = re.compile(r"[,;|\n]| or | / ")
PHONE_DIGITS = 7
"""A telephone number has at least so many."""
REFERENCE = frozenset({"id", "refName", "externalId", "value"})


@dataclass
class Fitting:
    """A body that fits, and in words what was done to it: `said` by field."""

    body: Body
    said: list[str] = field(default_factory=list)


Limit = Callable[[str], int]
"""The characters that a field takes, by its path ("memo", "item.description"); 0 where there is no limit."""


def fitted(body: Mapping[str, Any], limit: Limit) -> Fitting:
    """The body as NetSuite takes it. References are left alone."""
    said: list[str] = []
    whole = _fitted(body, limit, "", "", said)
    return Fitting(whole, list(dict.fromkeys(said)))


def _fitted(body: Mapping[str, Any], limit: Limit, path: str, place: str, said: list[str]) -> Body:
    found: Body = {}
    place = str(body.get("label") or place)
    for name, value in body.items():
        own = f"{path}{name}"
        if isinstance(value, str):
            kept, words = _text(name, value, limit(own))
            if words:
                said.append(f"{f'{place}: ' if place else ''}{name} {words}")
            if kept or not value:
                found[name] = kept
        elif isinstance(value, Mapping) and not value.keys() <= REFERENCE:
            found[name] = _fitted(value, limit, f"{own}.", place, said)
        elif isinstance(value, list) and name == "items":
            lines = [_fitted(v, limit, path, place, said) if isinstance(v, Mapping) else v for v in value]
            found[name] = lines
        else:
            found[name] = value
    return found


def _text(name: str, value: str, limit: int) -> tuple[str, str]:
    """What is sent of a text, "" for nothing, and what is to be said about it, "" for nothing."""
    if name in MAILS:
        return _one(value, BETWEEN_MAILS.split(value.strip()), lambda v: bool(MAIL.fullmatch(v)), limit, "a mail address")
    if name in PHONES:
        parts, whole = BETWEEN_PHONES.split(value), value.strip()
        if len(parts) == 1 and len(whole) > limit and _is_phone(whole[:limit]):
            kept, words = _cut(whole, limit)
            return kept.rstrip(), words
        return _one(value, parts, _is_phone, limit, f"a telephone number of at least {PHONE_DIGITS} digits")
    if not limit or len(value) <= limit:
        return value, ""
    if name in NEVER_CUT:
        return "", f'"{value}" was left out: it is longer than the {limit} characters that NetSuite takes.'
    return _cut(value, limit)


def _cut(value: str, limit: int) -> tuple[str, str]:
    return value[:limit], f"was cut to {limit} characters, NetSuite takes no more."


def _is_phone(value: str) -> bool:
    return sum(c.isdigit() for c in value) >= PHONE_DIGITS


def _one(value: str, parts: Sequence[str], is_one: Callable[[str], bool], limit: int, what: str) -> tuple[str, str]:
    """The text if it is one of its kind, else the first of its parts that is."""
    good = [p.strip() for p in parts if is_one(p.strip()) and (not limit or len(p.strip()) <= limit)]
    if not good:
        return "", f'"{value}" was left out: it is not {what} that NetSuite takes.'
    if len(parts) == 1:
        return good[0], ""
    return good[0], f'"{value}" was sent as "{good[0]}": NetSuite takes one.'


# -- plans ---------------------------------------------------------------------------------------------------------------


def fitted_plan(plan: Plan, fit: Callable[[str, Mapping[str, Any]], Fitting]) -> tuple[Plan, list[str]]:
    """The plan with bodies that fit, and what was done to them; `fit` takes a record type and a body."""
    if not isinstance(plan, Write):
        return plan, []
    words: list[str] = []

    def requests(given: Sequence[Request]) -> tuple[Request, ...]:
        whole = [fit(r.record_type, r.body) for r in given]
        words.extend(said for w in whole for said in w.said)
        return tuple(replace(r, body=w.body) for r, w in zip(given, whole, strict=True))

    own, then = requests(plan.requests), tuple(replace(s, requests=requests(s.requests)) for s in plan.then)
    return replace(plan, requests=own, then=then), list(dict.fromkeys(words))


def with_remarks(plan: Plan, remarks: Sequence[Problem]) -> Plan:
    """A plan that writes, with more to be said about it."""
    return replace(plan, remarks=tuple(dict.fromkeys((*plan.remarks, *remarks)))) if isinstance(plan, Write) and remarks else plan


def told(code: str, label: str, words: Iterable[str]) -> tuple[Problem, ...]:
    """Remarks on what was done to a record's values. `code` is the prefix of such remarks, `label` names the record."""
    advice = "Correct the value in Zuora if what was left out matters."
    return tuple(Problem(f"{code}-CUT", f"{label}: {said}", advice) for said in words)
