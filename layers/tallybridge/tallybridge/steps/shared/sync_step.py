"""What every step is, whichever way it goes: what the tasks ask of it, beside what the engine asks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tallybridge import money
from tallybridge.settings import Behavior, Settings
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.reference import Reference
from tallybridge.sync.held import Held
from tallybridge.sync.runlog import LeftOut
from tallybridge.sync.step import Step

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


class SyncStep(Step, Protocol):
    """What the tasks ask of any step, beside what the engine asks (`sync/step.py`). The two directions, `base` and `from_netsuite`, and
    the step of reversals implement it."""

    context: StepContext
    settings: Settings
    reference: Reference
    needs: tuple[str, ...]
    """Reference tables, see steps/shared/reference.py."""
    follows_changes: bool
    """Looks at synced records again when they were changed."""

    def __init__(self, context: StepContext) -> None: ...
    @staticmethod
    def behavior_in(settings: Settings) -> Behavior:
        """New and modified records, or new ones only; transactions are never selected by their modification."""

    def waiting_work(self, counted: int | None = None) -> int:
        """How many records may be waiting; 0 means that the step has nothing to do. `counted` is what the count `DUE` has said, None where
        it was not asked: then one call."""

    def to_count(self) -> Mapping[str, Count]:
        """What may be counted before the step begins, together with other steps: `DUE`, and `LEFT_OUT` where rules may leave records out.
        Nothing where one query does not tell."""

    def left_out(self) -> list[LeftOut]:
        """What the step's rules leave out in the source, by rule and currency; asked once a run, after `waiting_work`. Steps from Zuora are
        asked together instead, by `left_out_sql`."""

    def left_out_sql(self) -> str:
        """What the step's rules leave out, as SQL with the columns rule, currency, number, amount; "" where it is not asked that way."""

    def left_out_rows(self, rows: Iterable[Row]) -> list[LeftOut]:
        """What the answer to that, counted and named, says: rows with rule, currency, number, n and total."""

    def holdings(self, source_ids: Sequence[str]) -> Iterator[tuple[str, Held]]:
        """What the destination says it holds of some source records: (source id, what), two of them if it holds two."""

    def moments(self, ids: Sequence[str]) -> dict[str, str]:
        """When the source says that some records were changed last, by id: of steps that follow changes."""

    def now_at_source(self) -> str:
        """The present moment as the source's modified dates tell it, or a little earlier: changes count from here on once modified records
        were switched on."""


def sync_dates(reference: Reference) -> frozenset[str]:
    """The fields of NetSuite that say when a record was synced."""
    types = {*reference.fields, *ONE_OF_EACH_KIND}
    return frozenset(reference.custom(name, "Zuora Sync Date") for name in types)


def digest(*content: Any) -> str:
    """A short text that tells two contents apart: JSON values, and Decimals."""
    return hashlib.sha256(money.dumps(content).encode()).hexdigest()[:32]
