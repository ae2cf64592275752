"""What customers and items share: new and modified records, updates that send differences only, links (customer-accounts.md 1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from tallybridge.clock import EPOCH
from tallybridge.errors import LoginRefused, NotFound, ServiceError
from tallybridge.parallel import parts
from tallybridge.steps.shared.conditions import DONE, not_ignored
from tallybridge.steps.shared.from_zuora import KEYS_PER_LOOKUP, ZuoraToNetSuite
from tallybridge.steps.shared.sync_step import digest
from tallybridge.sync.step import Candidate, Counterpart, Problem, SourceRecord, normal_status
from tallybridge.zuora.selection import After, Condition, Is, Selected

OWN_FIELDS = frozenset({"UpdatedDate", "IntegrationId__NS", "IntegrationStatus__NS", "SyncDate__NS"})
"""What the connector's own writes change."""
READERS = 5
"""NetSuite records read at once for comparison; the client's slots limit them further."""
UNTRANSFERRED: Mapping[str, Any] = {"transferred": False, "check_amount": False}
"""Of a `Write`: master data carries no money and no Transferred to Accounting."""

Hits = dict[str, dict[str, dict[str, str]]]
"""Rows of a look-up: source id -> internal id -> row."""


@dataclass(frozen=True)
class Unread(Counterpart):
    """A counterpart that is there but could not be read, and why."""

    problem: Problem = field(default=Problem("", ""))


# -- selection -----------------------------------------------------------------------------------------------------------


def alternatives(step: ZuoraToNetSuite, eligible: tuple[Condition, ...]) -> tuple[tuple[Condition, ...], ...]:
    """(a) not yet synced; (b) synced and modified lately, where modified records are wanted. `eligible`: what every record must meet."""
    new = (*eligible, not_ignored(*DONE))
    modified = (*eligible, Is("IntegrationStatus__NS", DONE), After("UpdatedDate", step.context.since or EPOCH))
    return (new, modified) if step.updates else (new,)


def candidate(row: Selected, group: str = "") -> Candidate:
    """A candidate in the given group, with what the selection knew of it."""
    return Candidate(row.id, group, replace(row, group=group).to_json())


def state_of(step: ZuoraToNetSuite, head: Mapping[str, Any], *more: Any) -> str:
    """A digest of what a head contains, without what the connector writes, and of what belongs to it."""
    return digest([head.get(name) for name in step.reread_fields(step.query()) if name not in OWN_FIELDS], *more)


def is_ignored(row: Mapping[str, Any]) -> bool:
    """Whether a person has set a record aside."""
    return normal_status(row.get("IntegrationStatus__NS")) == "ignore"


# -- destination ---------------------------------------------------------------------------------------------------------


def find_by_zuora_id(step: ZuoraToNetSuite, records: Sequence[SourceRecord], record_type: str, columns: str = "", only: str = "") -> Hits:
    """NetSuite records of the step's table by external id or by the field Zuora ID, one call per 500. `only` narrows the look-up;
    `columns` adds some to the answer: the rows by source id, each with its own id."""
    zuora_id = step.reference.custom(record_type, "Zuora ID")
    by_external = {step.external_id(r.id): r.id for r in records}
    found: Hits = {}
    for part in parts(list(by_external), KEYS_PER_LOOKUP):
        marks = ", ".join("?" * len(part))
        q = (
            f"SELECT t.id, t.externalid, t.{zuora_id} AS zuoraid{columns} FROM {step.table} t "
            f"WHERE (t.externalid IN ({marks}) OR t.{zuora_id} IN ({marks})){only}"
        )
        for row in step.context.netsuite.suiteql(q, [*part, *(by_external[k] for k in part)]):
            source_id = by_external.get(row.get("externalid", "")) or row.get("zuoraid", "")
            found.setdefault(source_id, {})[row["id"]] = row
    return found


def read_all(step: ZuoraToNetSuite, wanted: Mapping[str, tuple[str, str]], label: Callable[[str], str]) -> dict[str, Counterpart]:
    """Whole NetSuite records by source id, for comparison; `wanted`: source id -> (record type, internal id). A missing one is left
    out; one that cannot be read comes as `Unread`. `label` names a source record in messages."""

    def read(item: tuple[str, tuple[str, str]]) -> tuple[str, Counterpart | None]:
        source_id, (record_type, internal_id) = item
        try:
            content = step.context.netsuite.read(record_type, internal_id, expand=True)
            own = content.get(step.reference.custom(record_type, "Zuora ID")) == source_id
            return source_id, Counterpart(internal_id, record=content, own=own)
        except LoginRefused:
            raise
        except NotFound:
            return source_id, None
        except ServiceError as error:
            message = f"{label(source_id)}: NetSuite {record_type} {internal_id} could not be read: {error.message}"
            return source_id, Unread(internal_id, problem=Problem(error.code, message, error.advice or "The next run tries again."))

    with ThreadPoolExecutor(max_workers=READERS) as pool:
        return {i: counterpart for i, counterpart in pool.map(read, wanted.items()) if counterpart is not None}


def is_own(row: Mapping[str, str], source_id: str) -> bool:
    """Whether a row of a look-up, found by external id or Zuora ID, carries no other record's Zuora ID."""
    return row.get("zuoraid", "") in ("", source_id)
