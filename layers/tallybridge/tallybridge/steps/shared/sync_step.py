"""What every step is, whichever way it goes: what the engine and the tasks ask of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tallybridge import money
from tallybridge.errors import Refused
from tallybridge.settings import Behavior, Settings
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.writers import SYNC_DATE
from tallybridge.sync.held import Held
from tallybridge.sync.runlog import LeftOut
from tallybridge.sync.step import Bulk, Candidate, Counterpart, Mark, MarkResult, Plan, Problem, Request, SourceRecord, Write, Writer

Row = Mapping[str, Any]
Rows = dict[str, dict[str, Any]]
ONE_OF_EACH_KIND = ("customer", "invoice", "serviceSaleItem")
"""Record types of NetSuite, one for each way in which custom fields are named."""


DUE, LEFT_OUT = "due", "left out"
"""Names of counts."""


@dataclass(frozen=True)
class Count:
    """A query of the source's language for one row with the column n, and the values of its `?`."""

    sql: str
    params: tuple[str, ...] = ()


class SyncStep:
    """Base of all steps: what the engine and the tasks ask of any of them. The two directions follow below and in `netsuite_source`."""

    name: str
    title: str
    object: str
    object_label: str
    destination: str
    code: str
    direction: str
    system: str
    destination_system: str
    transaction = True
    chunk = 100
    marks_at_once = 50
    needs: tuple[str, ...] = ()
    """Reference tables, see steps/shared/reference.py."""
    follows_changes = False
    """Looks at synced records again when they were changed."""

    def __init__(self, context: StepContext) -> None:
        self.context = context
        self.settings = context.settings
        self.reference = context.reference

    @property
    def settlement_on(self) -> bool:
        """Whether the tenant has Invoice Settlement (mode B)."""
        return self.context.mode == "B"

    @property
    def invoice_currency(self) -> tuple[str, ...]:
        """The field of invoices with their currency, for lists of fields; nothing where the tenant has none."""
        return self.context.invoice_currency.known() if self.context.invoice_currency else ()

    def invoices(self, ids: Iterable[str], fields: Sequence[str]) -> Rows:
        """Invoices as they are now, by id, with their currency where they have one of their own."""
        wanted, known = {i for i in ids if i}, self.context.invoice_currency
        if not wanted or known is None:
            return self.context.source.reread("Invoice", wanted, fields)
        return known.ask(lambda currency: self.context.source.reread("Invoice", wanted, (*fields, *currency)))

    @staticmethod
    def behavior_in(settings: Settings) -> Behavior:
        """New and modified records, or new ones only; transactions are never selected by their modification."""
        return Behavior.NEW_ONLY

    def waiting_work(self, counted: int | None = None) -> int:
        """How many records may be waiting; 0 means that the step has nothing to do. `counted` is what the count `DUE` has said, None where
        it was not asked: then one call."""
        raise NotImplementedError

    def to_count(self) -> Mapping[str, Count]:
        """What may be counted before the step begins, together with other steps: `DUE`, and `LEFT_OUT` where rules may leave records out.
        Nothing where one query does not tell."""
        raise NotImplementedError

    def select(self) -> Iterator[Candidate]:
        """The records to look at, those of one group together."""
        raise NotImplementedError

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        """The candidates as they are now; those that no longer qualify are left out."""
        raise NotImplementedError

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        """Counterparts by source id; a record without one is left out."""
        raise NotImplementedError

    def find_made(self, record: SourceRecord, request: Request) -> list[Counterpart]:
        """What a create whose outcome is unknown may have made: the record's counterpart. Steps that create several records say more."""
        return self.find([record]).get(record.id, [])

    def left_out(self) -> list[LeftOut]:
        """What the step's rules leave out in the source, by rule and currency; asked once a run, after `waiting_work`. Steps from Zuora are
        asked together instead, by `left_out_sql`."""
        return []

    def left_out_sql(self) -> str:
        """What the step's rules leave out, as SQL with the columns rule, currency, number, amount; "" where it is not asked that way."""
        return ""

    def left_out_rows(self, rows: Iterable[Row]) -> list[LeftOut]:
        """What the answer to that, counted and named, says: rows with rule, currency, number, n and total."""
        return []

    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        """What to do with a record. Pure."""
        raise NotImplementedError

    def decide(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        """The step's plan with what concerns every step of its direction."""
        return self.plan(record, found)

    def is_sync_date(self, name: str) -> bool:
        """Whether a field of a request says when the record was synced, so that it differs each time."""
        return name.startswith(SYNC_DATE) or name in self._sync_dates

    @cached_property
    def _sync_dates(self) -> frozenset[str]:
        types = {*self.reference.fields, *ONE_OF_EACH_KIND}
        return frozenset(self.reference.custom(name, "Zuora Sync Date") for name in types)

    def adopt(self, record: SourceRecord, target: str) -> Plan | None:
        """The plan that makes a destination record which somebody has entered by hand that of a source record; None where that is not
        possible."""
        raise NotImplementedError

    def writer(self) -> Writer:
        """What sends the requests of a plan."""
        raise NotImplementedError

    def bulk(self) -> Bulk | None:
        """What creates many records at once, where the destination does."""
        return None

    def taken(self, targets: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, Problem]:
        """Which destination records, named by the source records alone, belong to other source records: why, by source id."""
        raise NotImplementedError

    def held(self, destination_ids: Sequence[str]) -> dict[str, Held]:
        """What the destination holds, in transaction currency, by its id."""
        raise NotImplementedError

    def there(self, destination_ids: Sequence[str]) -> dict[str, Held]:
        """As `held`, for records of every kind: of one without money it says no more than that it exists."""
        raise NotImplementedError

    def differences(self, written: Mapping[str, tuple[SourceRecord, Write]]) -> dict[str, Problem]:
        """What was written by adding to or taking from and is there otherwise; only settlements move money in that way."""
        return {}

    def explained(self, refused: Mapping[str, tuple[SourceRecord, Write, Refused]]) -> dict[str, Problem]:
        """What was wrong with records that the destination has declined, where that can be told better than in its own words."""
        return {}

    def holdings(self, source_ids: Sequence[str]) -> Iterator[tuple[str, Held]]:
        """What the destination says it holds of some source records: (source id, what), two of them if it holds two."""
        raise NotImplementedError

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        """Write statuses on source records."""
        raise NotImplementedError

    def complete_details(self, done: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, MarkResult]:
        """Written in the source before a record is marked complete; answers what failed."""
        return {}

    def moments(self, ids: Sequence[str]) -> dict[str, str]:
        """When the source says that some records were changed last, by id: of steps that follow changes."""
        raise NotImplementedError

    def now_at_source(self) -> str:
        """The present moment as the source's modified dates tell it, or a little earlier: changes count from here on once modified records
        were switched on."""
        raise NotImplementedError


def digest(*content: Any) -> str:
    """A short text that tells two contents apart: JSON values, and Decimals."""
    return hashlib.sha256(money.dumps(content).encode()).hexdigest()[:32]
