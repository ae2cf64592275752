"""What the selections of several transactions have in common."""

from __future__ import annotations

from datetime import date

from tallybridge.zuora.selection import Condition, Is, IsNot, OnOrAfter, Told

IGNORED = Told("LEFT-IGNORED", "Integration Status or Transferred to Accounting says Ignore", ("Ignore",), due=False)
NOT_WANTED = Told("LEFT-OFF", "Sync to NetSuite says No", due=False)
ACCOUNT_OPEN = Told("LEFT-ACCOUNT-OPEN", "their account is not synced to the end: its Integration Status is not Sync Complete", due=True)
INACTIVE = Told("LEFT-INACTIVE", "they are not active", due=False)
NOT_EFFECTIVE = Told("LEFT-EFFECTIVE", "they, or what they belong to, are not effective today", due=False)
BEFORE_CUTOVER = Told("LEFT-CUTOVER", "they are dated before the cutover date", due=False)
SYNCED_TO_NETSUITE: tuple[Condition, ...] = (
    Is("SynctoNetSuite__NS", ("Yes", None), Told("LEFT-ACCOUNT", "Sync to NetSuite of their account says No", due=False)),
)
"""Accounts that are synced at all."""
DONE = ("Sync Complete", "Complete")
"""Both spellings of the status in use (custom-fields.md 1.1)."""
ACCOUNT_COMPLETE: tuple[Condition, ...] = (Is("IntegrationStatus__NS", DONE, ACCOUNT_OPEN),)
NOT_TRANSFERRED = Is("TransferredToAccounting", ("No", None, "Error", "Processing"), IGNORED)
"""Transactions that are not synced yet, or not to the end."""
ACCOUNT_FIELDS = (
    "AccountNumber",
    "Name",
    "Currency",
    "Status",
    "CreatedDate",
    "SynctoNetSuite__NS",
    "IntegrationId__NS",
    "IntegrationStatus__NS",
    "Class__NS",
    "Department__NS",
    "Location__NS",
)
"""What transactions need of their account."""


def not_ignored(*others: str) -> IsNot:
    """Records that nobody has set to Ignore, and whose status is none of some others either."""
    return IsNot("IntegrationStatus__NS", (*others, "Ignore"), IGNORED)


def since(field: str, cutover: date | None, *, moment: bool = False) -> tuple[Condition, ...]:
    """The condition of a cutover date, none without one. `moment`: the field holds a date-time."""
    return (OnOrAfter(field, cutover.isoformat(), moment, BEFORE_CUTOVER),) if cutover else ()
