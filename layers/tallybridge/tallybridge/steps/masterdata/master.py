"""What the steps of master data share: new and modified records, updates that send differences only, links (customer-accounts.md 1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from tallybridge.clock import EPOCH, utc_moment
from tallybridge.errors import LoginRefused, NotFound, ServiceError
from tallybridge.pieces import parts, streamed_parts
from tallybridge.settings import Behavior
from tallybridge.steps.shared.base import KEYS_PER_LOOKUP, StepContext, ZuoraToNetSuite
from tallybridge.steps.shared.conditions import DONE
from tallybridge.sync.step import Candidate, Counterpart, Problem, SourceRecord, normal_status
from tallybridge.zuora.selection import After, Condition, Is, IsNot, Selected, SourceQuery

SEEN_AT_A_TIME = 300
"""Candidates whose own last write is asked of the ledger together."""
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
        """(a) not yet synced; (b) synced and modified since the watermark, where modified records are wanted."""
        new = (*self.eligible(), IsNot("IntegrationStatus__NS", (*DONE, "Ignore")))
        return (new, self._modified_since(self.context.watermark or EPOCH)) if self.updates else (new,)

    def _modified_since(self, moment: str) -> tuple[Condition, ...]:
        return (*self.eligible(), Is("IntegrationStatus__NS", DONE), After("UpdatedDate", moment))

    def waiting_work(self) -> int:
        return super().waiting_work() + len(self.context.retry)

    def select(self) -> Iterator[Candidate]:
        again = {row.id: row for row in self.again(self.context.retry)}
        for row in self.foreign_changes(self.query()):
            if row.id not in again:
                yield candidate(row)
        yield from map(candidate, again.values())

    def foreign_changes(self, query: SourceQuery) -> Iterator[Selected]:
        """The heads of a query except those that the connector itself changed last."""
        for piece in streamed_parts(self.context.source.select(query), SEEN_AT_A_TIME):
            rows = [replace(row, updated=utc_moment(row.updated)) for row in piece]
            seen = self.context.seen([row.id for row in rows])
            yield from (row for row in rows if not row.updated or seen.get(row.id) != row.updated)

    def again(self, ids: Iterable[str]) -> Iterator[Selected]:
        """Records to look at although nothing says that they changed: held ones, and those of changed contacts."""
        query = self.query()
        for piece in streamed_parts(ids, SEEN_AT_A_TIME):
            heads = self.context.source.reread(self.object, piece, query.fields)
            for head in heads.values():
                if any(all(c.holds(head) for c in conditions) for conditions in query.anyof):
                    group = str(head.get(query.group) or "") if query.group else ""
                    yield Selected(head["Id"], group, utc_moment(head.get("UpdatedDate")))

    def after_marks(self, records: Sequence[SourceRecord]) -> dict[str, str]:
        """When Zuora says that our own write-back changed the records."""
        rows = self.context.source.reread(self.object, [r.id for r in records], ("UpdatedDate",))
        return {i: utc_moment(row.get("UpdatedDate")) for i, row in rows.items()}

    def watermark_after(self, base: str) -> str:
        """How far the watermark may move beyond `base`, the highest modified date that was synced: past our own write-backs, up to
        the first change that is not ours."""
        if not base:
            return base
        query = SourceQuery(self.object, ("UpdatedDate",), (self._modified_since(base),))
        zoql = query.renamed(self.context.source.suffix).zoql(("UpdatedDate",))
        later = sorted((utc_moment(row.get("UpdatedDate")), row["Id"]) for row in self.context.zuora.query(zoql))
        return past_own_changes(base, later, self.context.seen)

    @staticmethod
    def is_ignored(row: Mapping[str, Any]) -> bool:
        return normal_status(row.get("IntegrationStatus__NS")) == "ignore"

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

    def read_all(self, wanted: Mapping[str, tuple[str, str]], label: Callable[[str], str]) -> dict[str, Counterpart]:
        """Whole NetSuite records by source id, for comparison; `wanted`: source id -> (record type, internal id). A missing one is left
        out; one that cannot be read comes as `Unread`. `label` names a source record in messages."""

        def read(item: tuple[str, tuple[str, str]]) -> tuple[str, Counterpart | None]:
            source_id, (record_type, internal_id) = item
            try:
                return source_id, Counterpart(internal_id, record=self.context.netsuite.read(record_type, internal_id, expand=True))
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


def past_own_changes(base: str, later: Sequence[tuple[str, str]], seen_of: Callable[[Sequence[str]], Mapping[str, str]]) -> str:
    """The moment up to which all changes after `base` are the connector's own. `later`: (moment, id) in order; `seen_of`: when the
    connector itself changed records last."""
    mark = base
    for piece in _whole_moments([row for row in later if row[0] > base], SEEN_AT_A_TIME):
        seen = seen_of([i for _, i in piece])
        for moment, rows in groupby(piece, key=lambda row: row[0]):
            if any(seen.get(i) != moment for _, i in rows):
                return mark
            mark = moment
    return mark


def candidate(row: Selected, group: str = "") -> Candidate:
    """A candidate in the given group, with what the selection knew of it."""
    return Candidate(row.id, group, replace(row, group=group).to_json())


def _whole_moments(rows: Sequence[tuple[str, str]], size: int) -> Iterator[list[tuple[str, str]]]:
    """Rows (moment, id) in pieces of about `size`; rows of one moment stay together."""
    piece: list[tuple[str, str]] = []
    for row in rows:
        if len(piece) >= size and row[0] != piece[-1][0]:
            yield piece
            piece = []
        piece.append(row)
    if piece:
        yield piece
