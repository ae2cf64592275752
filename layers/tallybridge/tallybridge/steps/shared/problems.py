"""What more than one step has to say about a record. `code` is the step's own prefix or the whole code, `label` names the record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tallybridge.sync.step import Counterpart, Problem


def not_synced(code: str, label: str, name: str, kind: str) -> Problem:
    """A record that this one refers to is not in NetSuite yet. `name` is what people call it, for example "invoice INV00000001", and what
    this one waits for; `kind` says whose message explains the matter."""
    advice = f"It syncs by itself once the {kind} has been synced; see the {kind}'s own message."
    return Problem(code, f"{label}: {name} has not been synced to NetSuite.", advice, name)


def ambiguous(code: str, label: str, kind: str, found: Sequence[Counterpart]) -> Problem:
    """More than one destination record carries the Zuora ID."""
    ids = ", ".join(c.id for c in found)
    text_ = f"{label}: {len(found)} NetSuite {kind} carry this Zuora ID ({ids}). Clear the duplicates first."
    return Problem(f"{code}-AMBIGUOUS", text_, f"Delete the surplus NetSuite {kind}, or clear their Zuora ID; keep one.")


def already_there(code: str, label: str, kind: str, internal_id: str) -> Problem:
    """A person asked for the record again, but NetSuite still has it and its kind cannot be updated (sequence-and-status.md section 6)."""
    text_ = f"{label}: already present in NetSuite as {kind} {internal_id}; not created again. Delete it there first to force a new copy."
    return Problem(f"{code}-PRESENT", text_)


def currency_problem(code: str, label: str, zuora: str, netsuite: str) -> Problem | None:
    """The account's and the NetSuite customer's currency differ (sequence-and-status.md 7.3); None when equal or unknown."""
    if not zuora or not netsuite or zuora == netsuite:
        return None
    text_ = f"{label}: Zuora currency {zuora} differs from NetSuite customer currency {netsuite}; skipped."
    return Problem(f"{code}-CURRENCY", text_, "Correct the currency of the account or of the NetSuite customer.")


def ambiguous_in_zuora(code: str, label: str, kind: str, found: Iterable[Counterpart]) -> Problem:
    """More than one Zuora record carries the NetSuite id. `kind` in the plural: payments."""
    ids = [c.id for c in found]
    text = f"{label}: {len(ids)} Zuora {kind} carry its internal id as Integration ID ({', '.join(ids)}). Clear the duplicates first."
    return Problem(f"{code}-AMBIGUOUS", text, f"Cancel the surplus Zuora {kind}, or clear their Integration ID; keep one.")
