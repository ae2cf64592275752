"""The contract between the engine and a sync step.

A step is data plus small functions: it selects, reads again, looks up counterparts, and *plans*; the engine claims, marks, sends, verifies
and writes back. `plan` and everything it calls is pure: no clock, no network.

    select -> [Selected] -> refresh -> [Record] -> find -> counterparts -> plan -> Hold | Leave | Found | Write
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
    `order` decides what is written first inside a group; `status` is the Integration Status; `data` is the step's own view of it."""

    id: str
    number: str
    status: str
    group: str = ""
    order: tuple[str, ...] = ()
    currency: str = ""
    amount: Decimal | None = None
    destination_id: str = ""
    data: Any = None


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
class Request:
    """One write in the destination. `record_id` None creates; `CREATED` stands for the id that an earlier request of the plan gave."""

    record_type: str
    body: Mapping[str, Any]
    record_id: str | None = None
    replace: tuple[str, ...] = ()


CREATED = "<created>"


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
class Write:
    """The destination is written: `requests` one after the other, with the status texts that the source carries meanwhile.

    `in_progress` "" leaves the source's status alone (updates of master data). `write_back` says whether success is written to the source.
    `transferred` is False where Transferred to Accounting stays as it is meanwhile. `facts` are kept in the ledger with DONE.
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
    facts: Mapping[str, Any] = field(default_factory=dict)


Plan = Hold | Leave | Found | Write

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


class Step(Protocol):
    """One sync step. Effects are confined to `select`, `refresh`, `find`, `amounts`, `mark` and the destination client."""

    name: str
    title: str
    direction: str
    object: str
    object_label: str
    """What people call the object in messages: Invoice, Account, Charge."""
    destination: str
    code: str
    transaction: bool
    """Carries money: amounts are compared and Transferred to Accounting is kept."""
    chunk: int
    """Records that are processed together."""

    def waiting_work(self) -> int: ...
    def select(self) -> Iterator[Candidate]: ...
    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]: ...
    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]: ...
    def plan(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan: ...
    def amounts(self, destination_ids: Sequence[str]) -> dict[str, Decimal]: ...
    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]: ...
    def after_marks(self, records: Sequence[SourceRecord]) -> dict[str, str]: ...


class Destination(Protocol):
    """The client of the system that is written to. Errors are those of `tallybridge.errors`."""

    def create(self, record_type: str, body: Mapping[str, Any], /) -> str: ...
    def update(self, record_type: str, record_id: str, body: Mapping[str, Any], replace: Sequence[str] = (), /) -> object: ...


def normal_status(text: str | None) -> str:
    """A status as it is compared: trimmed, lower case, no trailing dots; "Complete" counts as "Sync Complete" (custom-fields.md 1.1)."""
    plain = (text or "").strip().rstrip(".").strip().lower()
    return SYNC_COMPLETE.lower() if plain == "complete" else plain


def is_complete(text: str | None) -> bool:
    """Whether a status says that the record was synced."""
    return normal_status(text) == SYNC_COMPLETE.lower()
