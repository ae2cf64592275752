"""The contract between the engine and a sync step.

A step is data plus small functions: it selects, reads again, looks up counterparts, and *plans*; the engine claims, marks, sends, verifies
and writes back. `decide` and everything it calls is pure: no clock, no network.

    select -> [Candidate] -> refresh -> [SourceRecord] -> find -> [Counterpart] -> decide -> Plan

A plan is one of

    Hold     the record fails validation: a warning, nothing is written
    Leave    it is left alone on purpose: no warning
    Found    its counterpart exists already: only the source is written
    Refusal  it cannot be sent and the source is to say so
    Write    requests, in one stage or several; `Remainder` says what must stay undone for now

In the bodies of requests `Made` stands for the id that an earlier create of the same plan will give, `Later` for that of another record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol


@dataclass(frozen=True)
class Candidate:
    """A record as selected, before it is read again. `group`: candidates of one group are written in order. `data` is the step's own
    (survives JSON)."""

    id: str
    group: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SourceRecord:
    """A source record as it is now. `number` is what people call it; `amount` in units of `currency`, None where it has none;
    `order` decides what is written first inside a group; `status` is the Integration Status; `destination` is the record type it becomes
    where a step writes several; `data` is the step's own view of it."""

    id: str
    number: str
    status: str
    group: str = ""
    order: tuple[str, ...] = ()
    currency: str = ""
    amount: Decimal | None = None
    destination_id: str = ""
    destination: str = ""
    data: Any = None

    @property
    def turn(self) -> tuple[Any, ...]:
        """Sorts records into the order in which those of one group are written."""
        return (self.group, self.order, self.number)


@dataclass(frozen=True)
class Counterpart:
    """A destination record that carries the source record's id. `record` is filled only where the step needs its content."""

    id: str
    amount: Decimal | None = None
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """Why a record is not sent, or a remark about it: stable code, full text, next step, and the record that it waits for."""

    code: str
    message: str
    advice: str = ""
    waits_for: str = ""


@dataclass(frozen=True)
class Made:
    """Stands for the id that the create called `name` of the same plan gave, as a record id or anywhere in a body."""

    name: str = ""


CREATED = Made()
"""The id of the record itself: what the create without a name gave, or the plan's `destination_id`."""


@dataclass(frozen=True)
class Request:
    """One write in the destination. `record_type` is what the destination's writer takes: a REST record type of NetSuite, a path of Zuora
    with "{id}" for the record's id. `record_id` None creates.

    `name` tells the creates of one plan apart ("" = the record itself); `key` is a text that never changes for this write, for services
    that know idempotency keys; `replace` names sublists that the body replaces as a whole.
    """

    record_type: str
    body: Mapping[str, Any]
    record_id: str | Made | None = None
    replace: tuple[str, ...] = ()
    name: str = ""
    key: str = ""


@dataclass(frozen=True)
class Stage:
    """Requests that are sent one after the other, with the status texts that the source carries meanwhile and on a refusal.

    `in_progress` "" leaves the source's status alone.
    """

    in_progress: str
    error: str
    requests: tuple[Request, ...]


@dataclass(frozen=True)
class Later:
    """Stands in a request's body for the destination id of another record of the same batch, which is written first. `otherwise` says
    why this record is held when that one was not written."""

    record_id: str
    otherwise: Problem


@dataclass(frozen=True)
class Hold:
    """The record fails validation; nothing is written."""

    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Leave:
    """The record is left alone on purpose: not an error. `set_aside` marks it Ignore in the source, so that it does not come back."""

    problem: Problem
    set_aside: bool = False
    level: str = "INFO"


@dataclass(frozen=True)
class Found:
    """The counterpart exists: only the source is written (or nothing, when `write_back` is False)."""

    counterpart: Counterpart
    action: str = "recover"
    remark: Problem | None = None
    write_back: bool = True
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """The record cannot be sent and the source is to say so: it gets the error status, as if the destination had refused it."""

    problem: Problem
    error: str
    action: str = "create"


@dataclass(frozen=True)
class Remainder:
    """What could not be done yet: the source keeps `status` (with the destination's id), so that the next run does the rest. "{id}" in the
    problem's message stands for that id. `transferred` is what Transferred to Accounting says meanwhile."""

    status: str
    problem: Problem
    transferred: str = "Processing"


@dataclass(frozen=True)
class Write:
    """The destination is written: `requests` one after the other, with the status texts that the source carries meanwhile; the stages of
    `then` follow, each with its own texts.

    `in_progress` "" leaves the source's status alone (updates of master data). `write_back` says whether success is written to the source.
    `transferred` is False where Transferred to Accounting stays as it is meanwhile. `facts` are kept in the ledger with DONE.
    `remainder` says that the record will not be complete even if all goes well.
    """

    action: str
    in_progress: str
    error: str
    requests: tuple[Request, ...]
    destination_id: str = ""
    write_back: bool = True
    transferred: bool = True
    check_amount: bool = True
    remarks: tuple[Problem, ...] = ()
    remark_level: str = "INFO"
    facts: Mapping[str, Any] = field(default_factory=dict)
    then: tuple[Stage, ...] = ()
    remainder: Remainder | None = None

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All stages in their order."""
        return (Stage(self.in_progress, self.error, self.requests), *self.then)


Plan = Hold | Leave | Found | Refusal | Write

SYNC_COMPLETE = "Sync Complete"
IGNORE = "Ignore"


@dataclass(frozen=True)
class Mark:
    """What is written on a source record. `transferred` is the value of Transferred to Accounting, None where the object has none or it
    stays as it is; `status` None leaves the text alone; `destination_id` and `synced_at` (ISO 8601 UTC) only on success."""

    record: SourceRecord
    status: str | None
    transferred: str | None = None
    destination_id: str = ""
    synced_at: str = ""


@dataclass(frozen=True)
class MarkResult:
    """Whether the source took the mark; `code` and `message` of its refusal otherwise."""

    ok: bool
    code: str = ""
    message: str = ""


class Writer(Protocol):
    """Sends one request to the destination. Errors are those of `tallybridge.errors`; placeholders have been filled in."""

    def create(self, request: Request, /) -> str: ...
    def update(self, request: Request, /) -> object: ...


class Step(Protocol):
    """One sync step. `decide` is pure; effects are confined to the other methods and to the writer."""

    name: str
    title: str
    direction: str
    system: str
    """The source system, in small letters: part of the ledger's key."""
    object: str
    object_label: str
    """What people call the object in messages: Invoice, Account, Charge."""
    destination: str
    """The record type that is written, as people know it: invoice, customerPayment."""
    destination_system: str
    """NetSuite or Zuora."""
    code: str
    transaction: bool
    """Carries money: amounts are compared and Transferred to Accounting is kept."""
    chunk: int
    """Records that are processed together."""

    def waiting_work(self) -> int: ...
    def select(self) -> Iterator[Candidate]: ...
    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]: ...
    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]: ...
    def find_made(self, record: SourceRecord, request: Request) -> list[Counterpart]:
        """What a create whose outcome is unknown may have made."""

    def decide(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan: ...
    def writer(self) -> Writer: ...
    def amounts(self, destination_ids: Sequence[str]) -> dict[str, Decimal]: ...
    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]: ...
    def complete_details(self, done: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, MarkResult]:
        """What must be written in the source before a record is marked complete, such as line ids; `done`: source id -> (record,
        destination id). Answers those that failed; they stay unfinished."""

    def after_marks(self, records: Sequence[SourceRecord]) -> dict[str, str]: ...


def normal_status(text: str | None) -> str:
    """A status as it is compared: trimmed, lower case, no trailing dots; "Complete" counts as "Sync Complete" (custom-fields.md 1.1)."""
    plain = (text or "").strip().rstrip(".").strip().lower()
    return SYNC_COMPLETE.lower() if plain == "complete" else plain


def has_status(text: str | None, *statuses: str) -> bool:
    """Whether a status is one of some, compared as `normal_status` does."""
    return normal_status(text) in map(normal_status, statuses)


def is_complete(text: str | None) -> bool:
    """Whether a status says that the record was synced."""
    return has_status(text, SYNC_COMPLETE)
