"""In-memory Zuora, NetSuite and ledger: enough of them for the steps of master data to select, read, look up and write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from tallybridge.clock import utc_moment
from tallybridge.errors import NotFound, OutcomeUnknown, Refused
from tallybridge.settings import Settings
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.reference import RecordFields, Reference
from tallybridge.sync.batch import Batch, BatchResult
from tallybridge.sync.ledger import Claim
from tallybridge.sync.sender import Worker
from tallybridge.sync.step import Candidate
from tallybridge.zuora.selection import After, Condition, Selected, SourceQuery
from tallybridge.zuora.writes import Written

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STAMP = "2026-03-01T12:00:00Z"
LONG_AGO = "2020-01-01T00:00:00.000+00:00"


class FixedClock:
    def now(self) -> datetime:
        return NOW

    def sleep(self, seconds: float) -> None:
        return None


@dataclass
class FakeZuora:
    """Objects by type and id. Plays the client (`query`, `update`) and the source (`select`, `reread`, `count`)."""

    tables: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    suffix: str = "__NS"
    writes: list[dict[str, Any]] = field(default_factory=list)

    def put(self, object_type: str, *rows: Mapping[str, Any]) -> None:
        for row in rows:
            self.tables.setdefault(object_type, {})[row["Id"]] = {"UpdatedDate": LONG_AGO, **row}

    def _heads(self, query: SourceQuery) -> Iterator[dict[str, Any]]:
        for row in self.tables.get(query.object, {}).values():
            if any(all(_met(c, row) for c in conditions) for conditions in query.anyof):
                yield row

    def select(self, query: SourceQuery) -> Iterator[Selected]:
        rows = [
            Selected(
                r["Id"], str(r.get(query.group) or ""), r["UpdatedDate"].replace("T", " "), {f: r[f] for f in query.copy_fields if f in r}
            )
            for r in self._heads(query)
        ]
        return iter(sorted(rows, key=lambda r: (r.group, r.id)))

    def count(self, query: SourceQuery) -> int:
        return sum(1 for _ in self._heads(query))

    def by_field(self, object_type: str, field: str, values: Iterable[str], fields: Sequence[str]) -> Iterator[dict[str, Any]]:
        wanted = set(values)
        for row in self.tables.get(object_type, {}).values():
            if row.get(field) in wanted:
                yield {"Id": row["Id"], **{f: row[f] for f in fields if f in row}}

    def reread(self, object_type: str, ids: Iterable[str], fields: Sequence[str]) -> dict[str, dict[str, Any]]:
        table = self.tables.get(object_type, {})
        return {i: {"Id": i, **{f: table[i][f] for f in fields if f in table[i]}} for i in {i for i in ids if i} if i in table}

    def to_tenant(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return dict(fields)

    def query(self, zoql: str) -> Iterator[dict[str, Any]]:
        """All records of the object that the query names, changed after the one moment that it names."""
        object_type = zoql.split(" from ")[1].split(" ")[0]
        after = utc_moment(zoql.split("UpdatedDate > '")[1].split("'")[0])
        for row in list(self.tables.get(object_type, {}).values()):
            if utc_moment(row["UpdatedDate"]) >= after:
                yield dict(row)

    def update(self, object_type: str, objects: Sequence[Mapping[str, Any]]) -> list[Any]:
        for given in objects:
            self.writes.append({"object": object_type, **given})
            self.tables[object_type][given["Id"]].update(given)
        return [Written(o["Id"], True) for o in objects]


def _met(condition: Condition, row: Mapping[str, Any]) -> bool:
    if isinstance(condition, After):
        return utc_moment(row.get("UpdatedDate")) > utc_moment(condition.value)
    return condition.holds(row)


@dataclass
class FakeNetSuite:
    """Records by type and internal id, with the Zuora ID that look-ups use; `type_field` is that of Zuora Type. `refuse` says which bodies
    it declines, `broken` which records cannot be read."""

    records: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    zuora_field: str = ""
    type_field: str = ""
    item_types: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, ...]] = field(default_factory=list)
    refuse: Callable[[Mapping[str, Any]], bool] = lambda body: False
    broken: set[str] = field(default_factory=set)
    ids: Iterator[int] = field(default_factory=lambda: count(501))

    def put(self, record_type: str, internal_id: str, **content: Any) -> None:
        self.records.setdefault(record_type, {})[internal_id] = {"id": internal_id, **content}

    def suiteql(self, q: str, params: Sequence[str] = ()) -> Iterator[dict[str, str]]:
        self.calls.append(("suiteql", q))
        for record_type, rows in self.records.items():
            for internal_id, row in rows.items():
                if not self._of_asked_type(q, row):
                    continue
                if row.get("externalId") in params or row.get(self.zuora_field) in params:
                    hit = {"id": internal_id, "zuoraid": row.get(self.zuora_field, ""), "externalid": row.get("externalId", "")}
                    yield {k: v for k, v in {**hit, "itemtype": self.item_types.get(record_type, "")}.items() if v}

    def _of_asked_type(self, q: str, row: Mapping[str, Any]) -> bool:
        asked = re.search(rf"{self.type_field} IN \(([^)]*)\)", q) if self.type_field else None
        return asked is None or self.type_field not in row or f"'{row[self.type_field]}'" in asked[1]

    def suiteql_in(self, q: str, values: Sequence[str], params: Sequence[str] = ()) -> Iterator[dict[str, str]]:
        self.calls.append(("suiteql_in", q))
        for record_type, rows in self.records.items():
            yield from ({"id": i, "itemtype": self.item_types.get(record_type, "")} for i in rows if i in values)

    def read(self, record_type: str, record_id: str, expand: bool = False) -> dict[str, Any]:
        assert expand
        self.calls.append(("read", record_type, record_id))
        if record_id in self.broken:
            raise OutcomeUnknown("no answer", service="NetSuite")
        if record_id not in self.records.get(record_type, {}):
            raise NotFound("Record does not exist.", service="NetSuite")
        return dict(self.records[record_type][record_id])

    def create(self, record_type: str, body: Mapping[str, Any]) -> str:
        self._check(body)
        internal_id = str(next(self.ids))
        self.calls.append(("create", record_type, internal_id))
        self.put(record_type, internal_id, **body)
        return internal_id

    def update(self, record_type: str, record_id: str, body: Mapping[str, Any], replace: Sequence[str] = ()) -> None:
        self._check(body)
        self.calls.append(("update", record_type, record_id, *replace))
        self.records[record_type][record_id].update(body)

    def _check(self, body: Mapping[str, Any]) -> None:
        if self.refuse(body):
            raise Refused("Invalid value.", service="NetSuite", service_code="USER_ERROR")


class FakeLedger:
    """Remembers what it was told; every claim succeeds."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.facts: dict[str, dict[str, Any]] = {}

    @staticmethod
    def key(system: str, object_type: str, record_id: str) -> str:
        return record_id

    def read(self, keys: Sequence[str]) -> dict[str, Any]:
        return {}

    def claim(self, key: str, step: str, number: str, known: Any, intent: Any = None) -> Claim:
        return Claim({"id": key, "version": 1})

    def own(self, item: Any) -> bool:
        return False

    def sent(self, claim: Claim, request_hash: str) -> Claim:
        self.states[claim.key] = "SENT"
        return claim

    def confirmed(self, claim: Claim, destination_id: str) -> Claim:
        return claim

    def done(self, claim: Claim, **facts: Any) -> Claim:
        self.states[claim.key], self.facts[claim.key] = "DONE", facts
        return claim

    def refused(self, claim: Claim, step: str, code: str, message: str) -> Claim:
        self.states[claim.key] = "REFUSED"
        return claim

    def released(self, claim: Claim) -> Claim:
        return claim

    def held(
        self,
        key: str,
        step: str,
        number: str,
        code: str,
        message: str,
        waits_for: str,
        known: Any,
        about: Any = None,
        *,
        set_aside: bool = False,
    ) -> None:
        self.states[key], self.facts[key] = "HELD", {"code": code, "waits_for": waits_for}

    def let_go(self, key: str, known: Any) -> None:
        self.states.pop(key, None)


@dataclass
class Bench:
    """One step with its fakes."""

    kind: Any
    zuora: FakeZuora
    netsuite: FakeNetSuite
    reference: Reference
    settings: dict[str, Any] = field(default_factory=dict)
    since: str = "2026-01-01T00:00:00.000Z"
    retry: tuple[str, ...] = ()
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    ledger: FakeLedger = field(default_factory=FakeLedger)

    def step(self) -> Any:
        zuora: Any = self.zuora
        netsuite: Any = self.netsuite
        return self.kind(
            StepContext(
                zuora=zuora,
                source=zuora,
                netsuite=netsuite,
                settings=Settings.model_validate(self.settings),
                clock=FixedClock(),
                reference=self.reference,
                since=self.since,
                retry=self.retry,
                known=lambda ids: {i: self.known[i] for i in ids if i in self.known},
            )
        )

    def plan(self, record_id: str) -> Any:
        """What the step plans for one record."""
        step = self.step()
        record = self.record(record_id, step)
        return step.plan(record, step.find([record]).get(record_id, []))

    def record(self, record_id: str, step: Any = None) -> Any:
        row = Selected(record_id, copy={"Mrr": "1250.5"} if self.kind.object == "Account" else {})
        return (step or self.step()).refresh([Candidate(record_id, "", row.to_json())])[0]

    def run(self, *, dry_run: bool = False) -> BatchResult:
        """Everything that is selected, as one batch."""
        step = self.step()
        worker = Worker("run", dry_run, False, 4, NOW.timestamp() + 600)
        ledger: Any = self.ledger
        return Batch(step, ledger, FixedClock(), worker).process(list(step.select()))


def table(**names: str) -> dict[str, dict[str, str]]:
    """A reference table from names to ids; underscores stand for blanks."""
    return {name.replace("__", " : ").replace("_", " "): {"id": i, "kind": ""} for name, i in names.items()}


def fields_with(standard: Iterable[str], labels: Iterable[str], prefix: str) -> RecordFields:
    """The fields of a record type: standard ones, and custom ones whose script ids cannot be derived from their labels."""
    custom = {label: f"{prefix}_{n}_{label.lower().replace(' ', '_')}" for n, label in enumerate(labels)}
    return RecordFields(frozenset({*standard, *custom.values()}), frozenset(), custom)
