"""Signing a period off: who, when and why, with the figures that were signed and what was open and taken as it is.

A sign-off is added beside the audit, in the table that takes no updates and no deletions; a later one takes nothing back.

    pk "signoff#2026-11"   sk "000001"   at, who, reason, digest, figures, confirmed, moved_last
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from tallybridge import money
from tallybridge.clock import stamp
from tallybridge.desk.month_end import MonthEnd
from tallybridge.desk.periods import Period
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge.reporting.words import listed, plural, utc_text
from tallybridge.sync.periods import Count

PARTITION = "signoff#"
DIGITS = 6
MAX_REASON = 1_000
MOST_CHANGED = 1_000
"""Records changed since a sign-off that are counted."""
NAMED = 20
"""Open points that are named in a sentence."""


@dataclass(frozen=True)
class SignOff:
    """`at` is ISO 8601 UTC; `digest` that of the figures; `figures` by type and currency as they were signed; `confirmed` the open points
    in words; `moved_last` when the newest of the documents had been moved."""

    period: str
    number: int
    at: str
    who: str
    reason: str
    digest: str
    figures: list[dict[str, Any]]
    confirmed: list[str]
    moved_last: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Signed:
    """The newest sign-off of a period and what has become of it: how many documents were moved since (at most `MOST_CHANGED`), and whether
    the figures are still those that were signed."""

    sign_off: SignOff
    changed: int
    same_figures: bool

    @property
    def text(self) -> str:
        """ "Signed off on 2 December 2026, 08:00:00 UTC, by ann@example.com; 2 documents have changed since." """
        by = f"Signed off on {utc_text(self.sign_off.at)} by {self.sign_off.who}"
        more = " or more" if self.changed >= MOST_CHANGED else ""
        moved = f"{plural(self.changed, 'document')}{more} {'has' if self.changed == 1 else 'have'}"
        if self.same_figures:
            return f"{by}; {f'{moved} been looked at since, and ' if self.changed else ''}the figures are those that were signed."
        return f"{by}; {moved} changed since, and the figures are no longer those that were signed."

    def to_json(self) -> dict[str, Any]:
        return {**self.sign_off.to_json(), "changed": self.changed, "same_figures": self.same_figures, "text": self.text}


def digest_of(count: Count) -> str:
    """The SHA-256 of a period's figures: every line of them, and nothing of when they were looked at."""
    return hashlib.sha256(money.dumps(count.to_json()["lines"]).encode()).hexdigest()


def sign_offs(target: Target, period: Period) -> Iterator[SignOff]:
    """All sign-offs of a period, newest first."""
    answer = target.table("AUDIT_TABLE").query(
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": PARTITION + period.key},
        ScanIndexForward=False,
        ConsistentRead=True,
    )
    for item in answer["Items"]:
        known = {f.name: item[f.name] for f in fields(SignOff) if f.name in item}
        yield SignOff(**known | {"number": int(item["number"]), "figures": money.loads(item["figures"])})


def signed(target: Target, now: MonthEnd) -> Signed | None:
    """The newest sign-off of a period, against how it stands now; None where nobody has signed it."""
    newest = next(sign_offs(target, now.period), None)
    if newest is None:
        return None
    moved = _moved_since(target, now.period, newest.moved_last) if now.count.moved_last > newest.moved_last else 0
    return Signed(newest, moved, digest_of(now.count) == newest.digest)


def _moved_since(target: Target, period: Period, moment: str) -> int:
    """How many documents of a period were moved after a moment, those among them that have left it."""
    found = set()
    for month in period.months:
        for item in target.ledger.dated_in(month, moment):
            if str(item["updated"]) > moment and period.holds(str(item.get("document_date", ""))):
                found.add(str(item["id"]).rpartition("#")[2])
            if len(found) >= MOST_CHANGED:
                return len(found)
    return len(found)


def sign_off(target: Target, now: MonthEnd, who: str, reason: str, confirmed: Collection[str], seen: str = "") -> SignOff:
    """Sign a period off. `confirmed` are the keys of the open points that the person takes as they are: all of them, and a reason with
    them; `seen` is the digest of the figures that the person has seen, "" where they are those of `now`. Raises `ConfigurationError`
    SIGN-OFF-OPEN or SIGN-OFF-CHANGED, `TallybridgeError` AUDIT-BUSY: nothing was signed."""
    digest = digest_of(now.count)
    if seen and seen != digest:
        text = f"The figures of {now.period.name} have changed since they were shown; nothing was signed."
        raise ConfigurationError(text, place="digest", code="SIGN-OFF-CHANGED", advice="Look at them as they are now, and sign again.")
    if left := [point for point in now.points if point.key not in confirmed]:
        named = listed([f"{point.key} ({point.text})" for point in left[:NAMED]])
        text = f"{plural(len(left), 'point')} of {now.period.name} {'is' if len(left) == 1 else 'are'} open and not confirmed: {named}"
        advice = "Have them mended, or confirm each by its key and say why; nothing was signed."
        raise ConfigurationError(text, place="confirm", code="SIGN-OFF-OPEN", advice=advice)
    if now.points and not reason.strip():
        text = f"It is not said why {now.period.name} is signed off although {plural(len(now.points), 'point')} are open."
        raise ConfigurationError(text, place="reason", code="SIGN-OFF-OPEN", advice="Give a reason; it stands with the sign-off.")
    last = next(sign_offs(target, now.period), None)
    made = SignOff(
        period=now.period.key,
        number=(last.number if last else 0) + 1,
        at=stamp(target.clock.now()),
        who=who,
        reason=reason.strip()[:MAX_REASON],
        digest=digest,
        figures=[row.to_json() for row in now.rows],
        confirmed=[f"{point.key}: {point.text}" for point in now.points],
        moved_last=now.count.moved_last,
    )
    after = f"figures {digest}; {f'open and confirmed: {listed([point.key for point in now.points])}' if now.points else 'nothing open'}"
    before = f"signed off by {last.who} on {last.at}, figures {last.digest}" if last else "not signed off"
    target.audit.note(who, "sign off", f"period {now.period.name}", reason=reason, before=before, after=after)
    table = target.table("AUDIT_TABLE")
    item = {**made.to_json(), "pk": PARTITION + now.period.key, "sk": f"{made.number:0{DIGITS}}", "figures": money.dumps(made.figures)}
    try:
        table.put_item(Item=item, ConditionExpression="attribute_not_exists(pk)")
    except table.meta.client.exceptions.ConditionalCheckFailedException as taken:
        advice = "Look at the period again: it says who has signed it, and what."
        text = f"Somebody else has signed {now.period.name} off at this moment; yours was not taken."
        raise TallybridgeError(text, code="SIGN-OFF-CHANGED", advice=advice) from taken
    return made
