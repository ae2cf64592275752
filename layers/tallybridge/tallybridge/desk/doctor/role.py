"""Which permissions the role in NetSuite lacks, as far as that can be seen: a table that it may not read is unknown to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Protocol

from tallybridge.desk.doctor.check import Check, State
from tallybridge.errors import Refused
from tallybridge.fields.netsuite_role import ROLE, Permission
from tallybridge.settings import Settings

AREA, TITLE = "NetSuite", "permissions"
OF_FEATURES = ("classification", "department", "location", "salestaxitem", "taxschedule")
"""Tables that accounts without a feature do not have; nothing tells that from a lack of permission."""
ASKED_ELSEWHERE = ("customlistzuorabatch", "deletedrecord")
JOURNALS = "journalEntry"


class Asked(Protocol):
    """What is needed of the NetSuite client."""

    def suiteql(self, q: str) -> Iterator[dict[str, str]]: ...
    def metadata(self, record_type: str) -> Any: ...


def role_check(netsuite: Asked, settings: Settings, running: Collection[str]) -> Check:
    """Whether the role may read what the steps that run read. Whether it may write is seen by the first write alone."""
    lacking = [p for p in _tables(settings, running) if not _reads(netsuite, p.tables[0])]
    unsure = [p for p in lacking if p.tables[0] in OF_FEATURES]
    sure = [p for p in lacking if p not in unsure]
    if sure:
        return Check(AREA, TITLE, State.WARN, f"the role may not read {_words(lacking)}", f"Give the role {'; '.join(map(str, lacking))}.")
    if unsure:
        text = f"{_words(unsure)}: the account does not use that feature, or the role may not read it"
        return Check(AREA, TITLE, State.NOTE, text, f"If the account uses it, give the role {'; '.join(map(str, unsure))}.")
    if not _sees_journals(netsuite):
        text = "the role may read everything that runs read; it may not make the journal entries by which runs are reversed"
        journal = next(p for p in ROLE if JOURNALS in p.records)
        return Check(AREA, TITLE, State.NOTE, text, f"To reverse runs, give the role {journal}.")
    return Check(AREA, TITLE, State.OK, "the role may read everything that runs read")


def _tables(settings: Settings, running: Collection[str]) -> Iterator[Permission]:
    """The permissions whose tables are read with these settings."""
    used = {
        "subsidiary": settings.netsuite_subsidiaries,
        "currency": settings.netsuite_multiple_currencies,
        "revrectemplate": settings.netsuite_use_revenue_recognition,
        "contact": "netsuite_customers" in running,
    }
    for permission in ROLE:
        if permission.tables and permission.tables[0] not in ASKED_ELSEWHERE and used.get(permission.tables[0], True):
            yield permission


def _reads(netsuite: Asked, table: str) -> bool:
    try:
        list(netsuite.suiteql(f"SELECT COUNT(*) AS n FROM {table} WHERE id = 0"))
    except Refused:
        return False
    return True


def _sees_journals(netsuite: Asked) -> bool:
    try:
        netsuite.metadata(JOURNALS)
    except Refused:
        return False
    return True


def _words(permissions: Collection[Permission]) -> str:
    return ", ".join(f"{p.tables[0]} ({p.purpose})" for p in permissions)
