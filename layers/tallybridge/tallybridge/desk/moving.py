"""Moving an installation to another NetSuite account: a sandbox that was made anew, or another copy.

Zuora names NetSuite's records by their internal ids, so that only a copy will do in which the same ids are the same records. That is proved
on the newest documents of the ledger before the installation is bound to the other account; nothing is changed on either side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from tallybridge.desk.connection import connection, is_test_account
from tallybridge.desk.doctor.examine import connected
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge.netsuite import NetSuite
from tallybridge.reporting.words import plural
from tallybridge.sync.ledger import MONTH, State
from tallybridge.tasks.steps import STEPS, step_class

LOOKED_AT = 200
"""Documents, the newest, that are looked for in the other account."""
MONTHS = 12
"""Months, from this one back, in which they are sought."""
NAMED = 5
THERE = "SELECT t.id, t.externalid FROM transaction t WHERE t.id IN {in}"


@dataclass(frozen=True)
class Move:
    """From the account that the installation is bound to, "" before its first run, to the one that its credentials name; `moved` says
    whether they differ."""

    bound: str
    found: str

    @property
    def moved(self) -> bool:
        return bool(self.bound and self.found and self.bound != self.found)


@dataclass(frozen=True)
class Proof:
    """What the other account has of the newest documents: `same` are there under their ids, `missing` are not there at all, and under the
    ids of `others` there is another record. Numbers, as people call them."""

    same: tuple[str, ...]
    missing: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def looked_at(self) -> int:
        return len(self.same) + len(self.missing) + len(self.others)

    @property
    def text(self) -> str:
        gone = f"; not there, made since the copy: {_named(self.missing)}" if self.missing else ""
        return f"{len(self.same)} of the newest {plural(self.looked_at, 'document')} are there under their ids{gone}"


def move(target: Target) -> Move:
    return Move(target.runs.bound().get("netsuite_account", ""), connection(target).account)


def prove(target: Target, netsuite: NetSuite | None = None) -> Proof:
    """Look for the newest documents in the account that the credentials name now."""
    wanted = {str(item["destination_id"]): item for item in islice(_newest(target), LOOKED_AT)}
    client = netsuite or connected(target, target.settings()).netsuite
    found = {row["id"]: row.get("externalid", "") for row in client.suiteql_in(THERE, sorted(wanted))} if wanted else {}
    told: dict[str, list[str]] = {"same": [], "missing": [], "others": []}
    for internal_id, item in wanted.items():
        source_id, name = str(item["id"]).rsplit("#", 1)[-1], str(item.get("number") or item["id"])
        external = found.get(internal_id)
        told["missing" if external is None else "same" if external.endswith(source_id) else "others"].append(name)
    return Proof(**{name: tuple(numbers) for name, numbers in told.items()})


def accept(target: Target, who: str, reason: str) -> Proof:
    """Bind the installation to the account that its credentials name now, if that is a copy of the one before. Raises `ConfigurationError`
    CONNECTION-SAME, CONNECTION-OTHER, INSTRUCTION; then nothing was changed."""
    wanted = move(target)
    if not wanted.moved:
        text = f"The installation is bound to NetSuite account {wanted.bound or 'none yet'}, and connected to it."
        raise ConfigurationError(text, place="netsuite_account", code="CONNECTION-SAME", advice="There is nothing to accept.")
    if not reason.strip():
        raise ConfigurationError("It is not said why.", place="reason", code="INSTRUCTION", advice="Give a reason; it stands in the audit.")
    if _kind(wanted.bound) != _kind(wanted.found):
        raise _other(f"NetSuite account {wanted.found} is a {_kind(wanted.found)} account, and {wanted.bound} is not.")
    proof = prove(target)
    if proof.others:
        raise _other(f"In NetSuite account {wanted.found} other records have the ids of {_named(proof.others)}.")
    if proof.looked_at and not proof.same:
        raise _other(f"NetSuite account {wanted.found} has none of the newest {plural(proof.looked_at, 'document')}.")
    target.note(who, "move", f"NetSuite account {wanted.found}", reason=reason, before=wanted.bound, after=proof.text)
    if not target.runs.bind_anew(wanted.bound, wanted.found):
        text = "Somebody else has changed what the installation is bound to at this moment."
        raise TallybridgeError(text, code="INSTRUCTION-REPLACED", advice="Look at it again, and repeat yours if it is still meant.")
    return proof


def _newest(target: Target) -> Iterator[dict[str, Any]]:
    """What was sent to NetSuite last, month by month."""
    steps = {step for step in STEPS if step_class(step).destination_system == "NetSuite" and step_class(step).transaction}
    day = target.clock.now().date()
    for _ in range(MONTHS):
        for item in target.ledger.moved_lately(day.isoformat()[:MONTH], LOOKED_AT):
            if item.get("state") == State.DONE and item.get("destination_id") and item.get("step") in steps:
                yield item
        day = day.replace(day=1) - timedelta(days=1)


def _kind(account: str) -> str:
    return "test" if is_test_account(account) else "production"


def _other(text: str) -> ConfigurationError:
    advice = "It is no copy of the account before: connect that one again, or set up an installation of its own for the new one."
    return ConfigurationError(text, place="netsuite_account", code="CONNECTION-OTHER", advice=advice)


def _named(numbers: tuple[str, ...]) -> str:
    return ", ".join(numbers[:NAMED]) + (f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else "")
