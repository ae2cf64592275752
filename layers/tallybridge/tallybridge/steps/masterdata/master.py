"""What the steps of master data share: new and modified records, updates that send differences only, links (customer-accounts.md 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from tallybridge.clock import EPOCH, stamp, utc_moment
from tallybridge.errors import LoginRefused, NotFound, ServiceError
from tallybridge.pieces import parts, streamed_parts
from tallybridge.settings import Behavior
from tallybridge.steps.shared import problems
from tallybridge.steps.shared.base import KEYS_PER_LOOKUP, ZuoraToNetSuite
from tallybridge.steps.shared.conditions import DONE, not_ignored
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.problems import wrong_id
from tallybridge.steps.shared.sync_step import digest
from tallybridge.sync.step import Candidate, Counterpart, Hold, Plan, Problem, SourceRecord, normal_status
from tallybridge.zuora.selection import After, Condition, Is, Selected

READ_AT_A_TIME = 300
"""Records that are read again together."""
OWN_FIELDS = frozenset({"UpdatedDate", "IntegrationId__NS", "IntegrationStatus__NS", "SyncDate__NS"})
"""What the connector's own writes change."""
READERS = 5
"""NetSuite records read at once for comparison; the client's slots limit them further."""


@dataclass(frozen=True)
class Unread(Counterpart):
    """A counterpart that is there but could not be read, and why."""

    problem: Problem = field(default=Problem("", ""))


class MasterData(ZuoraToNetSuite):
    """Base of accounts and catalogue items: they have no amounts, and a change in Zuora is sent as an update."""

    transaction = False
    follows_changes = True

    def __init__(self, context: StepContext) -> None:
        super().__init__(context)
        self.needs = (*type(self).needs, *(table for table, used in self.needs_by_settings().items() if used))

    def needs_by_settings(self) -> dict[str, bool]:
        """Reference tables that are only read where a setting calls for them, since the account may not have them."""
        return {}

    @property
    def updates(self) -> bool:
        return self.behavior_in(self.settings) is Behavior.NEW_AND_MODIFIED

    # -- selection ---------------------------------------------------------------------------------------------------

    def eligible(self) -> tuple[Condition, ...]:
        """What every record must meet, new or modified."""
        return ()

    def alternatives(self) -> tuple[tuple[Condition, ...], ...]:
        """(a) not yet synced; (b) synced and modified lately, where modified records are wanted."""
        new = (*self.eligible(), not_ignored(*DONE))
        modified = (*self.eligible(), Is("IntegrationStatus__NS", DONE), After("UpdatedDate", self.context.since or EPOCH))
        return (new, modified) if self.updates else (new,)

    def waiting_work(self) -> int:
        return super().waiting_work() + len(self.context.retry)

    def select(self) -> Iterator[Candidate]:
        again = {row.id: row for row in self.again(self.context.retry)}
        for row in self.context.source.select(self.query()):
            if row.id not in again:
                yield candidate(row)
        yield from map(candidate, again.values())

    def again(self, ids: Iterable[str]) -> Iterator[Selected]:
        """Records to look at although nothing says that they changed: held ones, and those of changed contacts."""
        query = self.query()
        for piece in streamed_parts(ids, READ_AT_A_TIME):
            heads = self.context.source.reread(self.object, piece, query.fields)
            for head in heads.values():
                if any(all(c.holds(head) for c in conditions) for conditions in query.anyof):
                    group = str(head.get(query.group) or "") if query.group else ""
                    yield Selected(head["Id"], group, utc_moment(head.get("UpdatedDate")))

    def moments(self, ids: Sequence[str]) -> dict[str, str]:
        rows = self.context.source.reread(self.object, ids, ("UpdatedDate",))
        return {i: utc_moment(row.get("UpdatedDate")) for i, row in rows.items()}

    def now_at_source(self) -> str:
        """Zuora tells UTC, as we do."""
        return utc_moment(stamp(self.context.clock.now()))

    def state(self, head: Mapping[str, Any], *more: Any) -> str:
        """A digest of what a head contains, without what the connector writes, and of what belongs to it."""
        return digest([head.get(name) for name in self.reread_fields(self.query()) if name not in OWN_FIELDS], *more)

    @staticmethod
    def is_ignored(row: Mapping[str, Any]) -> bool:
        return normal_status(row.get("IntegrationStatus__NS")) == "ignore"

    def decide(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        """A filled Integration ID means a link: a record with one that cannot be followed is not created anew."""
        if wrong := self.no_ids.get(record.id):
            return Hold((wrong_id(str(record.data.label), wrong),))
        return super().decide(record, found)

    # -- destination -------------------------------------------------------------------------------------------------

    def find_by_zuora_id(self, records: Sequence[SourceRecord], record_type: str, columns: str = "", only: str = "") -> Hits:
        """NetSuite records of the step's table by external id or by the field Zuora ID, one call per 500. `only` narrows the look-up;
        `columns` adds some to the answer: the rows by source id, each with its own id."""
        zuora_id = self.reference.custom(record_type, "Zuora ID")
        by_external = {self.external_id(r.id): r.id for r in records}
        found: Hits = {}
        for part in parts(list(by_external), KEYS_PER_LOOKUP):
            marks = ", ".join("?" * len(part))
            q = (
                f"SELECT t.id, t.externalid, t.{zuora_id} AS zuoraid{columns} FROM {self.table} t "
                f"WHERE (t.externalid IN ({marks}) OR t.{zuora_id} IN ({marks})){only}"
            )
            for row in self.context.netsuite.suiteql(q, [*part, *(by_external[k] for k in part)]):
                source_id = by_external.get(row.get("externalid", "")) or row.get("zuoraid", "")
                found.setdefault(source_id, {})[row["id"]] = row
        return found

    def named_twice(self, unowned: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, Problem]:
        """By Integration ID: one call."""
        named = {i: target for i, (record, target) in unowned.items() if record.destination_id == target}
        others: dict[str, list[tuple[str, str]]] = {}
        fields = ("IntegrationId__NS", self.number_field)
        for row in self.context.source.by_field(self.object, "IntegrationId__NS", named.values(), fields) if named else ():
            others.setdefault(str(row["IntegrationId__NS"]), []).append((str(row["Id"]), str(row.get(self.number_field) or row["Id"])))
        found = {}
        for i, target in named.items():
            if beside := sorted(f"{self.object_label} {number}" for other, number in others.get(target, ()) if other != i):
                found[i] = problems.named_twice(self.code, self.label_of(unowned[i][0]), f"NetSuite {self.destination} {target}", beside)
        return found

    def read_all(self, wanted: Mapping[str, tuple[str, str]], label: Callable[[str], str]) -> dict[str, Counterpart]:
        """Whole NetSuite records by source id, for comparison; `wanted`: source id -> (record type, internal id). A missing one is left
        out; one that cannot be read comes as `Unread`. `label` names a source record in messages."""

        def read(item: tuple[str, tuple[str, str]]) -> tuple[str, Counterpart | None]:
            source_id, (record_type, internal_id) = item
            try:
                content = self.context.netsuite.read(record_type, internal_id, expand=True)
                own = content.get(self.reference.custom(record_type, "Zuora ID")) == source_id
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


UNTRANSFERRED: Mapping[str, Any] = {"transferred": False, "check_amount": False}
"""Of a `Write`: master data carries no money and no Transferred to Accounting."""

Hits = dict[str, dict[str, dict[str, str]]]
"""Rows of a look-up: source id -> internal id -> row."""


def is_own(row: Mapping[str, str], source_id: str) -> bool:
    """Whether a row of a look-up, found by external id or Zuora ID, carries no other record's Zuora ID."""
    return row.get("zuoraid", "") in ("", source_id)


def candidate(row: Selected, group: str = "") -> Candidate:
    """A candidate in the given group, with what the selection knew of it."""
    return Candidate(row.id, group, replace(row, group=group).to_json())
