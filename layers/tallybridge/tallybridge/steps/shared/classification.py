"""Class, department and location on NetSuite records (classifications.md section 3, sequence-and-status.md 7.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallybridge.settings import LineMapping, Settings
from tallybridge.steps.shared.reference import Reference
from tallybridge.sync.step import Problem

KINDS = ("class", "department", "location")
"""REST field name, reference table and word in messages are the same."""


def default_of(settings: Settings, kind: str) -> str:
    """The connector default of a classification: full name, "" when there is none."""
    return str(getattr(settings, f"default_{kind}"))


def field_of(kind: str) -> str:
    """The Zuora field that holds a classification: Class__NS, Department__NS, Location__NS, Subsidiary__NS."""
    return f"{kind.capitalize()}__NS"


def header(settings: Settings, reference: Reference, account: Mapping[str, Any]) -> dict[str, Any]:
    """Transaction header: the account's value, else the connector default, else nothing."""
    return _references(reference, {k: account.get(field_of(k)) or default_of(settings, k) for k in KINDS})


def item(settings: Settings, reference: Reference, own: Mapping[str, Any]) -> dict[str, Any]:
    """Rate plan and charge items: the record's own value, else the connector default, else nothing."""
    return _references(reference, {k: own.get(field_of(k)) or default_of(settings, k) for k in KINDS})


def line(settings: Settings, reference: Reference, account: Mapping[str, Any]) -> dict[str, Any]:
    """Transaction line: with "Zuora Account" the account's value even if empty, never the default; with "Zuora Charge" nothing."""
    by_account = {k: account.get(field_of(k)) for k in KINDS if getattr(settings, f"invoice_line_{k}_mapping") is LineMapping.ZUORA_ACCOUNT}
    return _references(reference, by_account)


def _references(reference: Reference, names: Mapping[str, Any]) -> dict[str, Any]:
    return {kind: {"id": found} for kind, name in names.items() if (found := reference.id_of(kind, name))}


def problems_of_account(
    code: str, numbers: tuple[int, int, int], label: str, reference: Reference, account: Mapping[str, Any]
) -> list[Problem]:
    """Account values that a transaction uses and NetSuite does not have, in the order location, class, department.

    `code` and `numbers` give the message codes, for example "INV" and (5, 6, 7); `label` is the transaction, for example "Invoice INV1".
    """
    found = []
    for number, kind in zip(numbers, ("location", "class", "department"), strict=True):
        name = account.get(field_of(kind))
        if name and reference.id_of(kind, name) is None:
            where = f'{kind} "{name}" of account {account.get("AccountNumber", "")}'
            why = "is ambiguous in NetSuite" if reference.is_ambiguous(kind, name) else "does not exist in NetSuite"
            advice = f'Enter the exact full name of an active {kind} on the account, with " : " between levels.'
            found.append(Problem(f"{code}-V{number}", f"{label}: {where} {why}.", advice, cause=f'{kind} "{name}" {why}.'))
    return found


def unknown_defaults(settings: Settings, reference: Reference) -> list[Problem]:
    """Connector defaults that NetSuite does not have: one warning each, they are ignored (classifications.md section 5)."""
    found = []
    for kind in (*KINDS, *(("subsidiary",) if settings.netsuite_subsidiaries else ())):
        name = default_of(settings, kind)
        if name and kind in reference.tables and reference.id_of(kind, name) is None:
            advice = f"Correct the setting default_{kind}."
            found.append(Problem("DEFAULT-MISSING", f'Default {kind} "{name}" does not exist in NetSuite; it is ignored.', advice))
    return found
