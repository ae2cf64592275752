"""What the selections of several transactions have in common."""

from __future__ import annotations

from tallybridge.zuora.selection import Condition, Is

SYNCED_TO_NETSUITE: tuple[Condition, ...] = (Is("SynctoNetSuite__NS", ("Yes", None)),)
"""Accounts that are synced at all."""
DONE = ("Sync Complete", "Complete")
"""Both spellings of the status in use (custom-fields.md 1.1)."""
ACCOUNT_COMPLETE: tuple[Condition, ...] = (Is("IntegrationStatus__NS", DONE),)
NOT_TRANSFERRED = Is("TransferredToAccounting", ("No", None, "Error", "Processing"))
"""Transactions that are not synced yet, or not to the end."""
ACCOUNT_FIELDS = (
    "AccountNumber",
    "Currency",
    "SynctoNetSuite__NS",
    "IntegrationId__NS",
    "IntegrationStatus__NS",
    "Class__NS",
    "Department__NS",
    "Location__NS",
)
"""What transactions need of their account."""
