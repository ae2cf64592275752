"""The contract between the engine and a sync step.

A step is data plus small functions: it selects, reads again, looks up counterparts, and *plans*; the engine claims, marks, sends, verifies
and writes back. `decide` and everything it calls is pure: no clock, no network.

    select -> [Candidate] -> refresh -> [SourceRecord] -> find -> [Counterpart] -> decide -> Plan

A plan is one of

    Hold     nothing is written although it is due: a validation fails, or a rule keeps the record out; somebody has to act, or it waits
    Leave    nothing is written because nothing is due: no warning
    Found    its counterpart exists already: only the source is written
    Refusal  it cannot be sent and the source is to say so
    Write    requests, in one stage or several; `Remainder` says what must stay undone for now

In the bodies of requests `Made` stands for the id that an earlier create of the same plan will give, `Later` for that of another record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Protocol

from tallybridge.errors import Refused
from tallybridge.sync.held import Held


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
    `customer` is the destination's id of the customer that it is booked on, and `base` the currency that the destination books it in where
    it uses its base currency alone and that is another ("" where they do not matter);
    `order` decides what is written first inside a group; `status` is the Integration Status; `destination` is the record type it becomes
    where a step writes several; `data` is the step's own view of it. Steps that follow changes say when the source says that it was changed
    (`modified`), and what it contains (`state`, a digest without what the connector itself writes). `customer` is the destination's id of
    the customer that it is sent for, `applied` what it has applied to documents: kept with what was sent, so that changes are seen. `date`
    is that of the document (YYYY-MM-DD in the source's time zone, "" for what is none), `customer_name` what people call its customer."""

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
    modified: str = ""
    state: str = ""
    customer: str = ""
    applied: Decimal | None = None
    base: str = ""
    date: str = ""
    customer_name: str = ""

    @property
    def sent(self) -> Held:
        """What the destination is to hold of it, whatever type it is of."""
        return Held(self.amount, self.currency, self.customer)

    @property
    def turn(self) -> tuple[Any, ...]:
        """Sorts records into the order in which those of one group are written."""
        return (self.group, self.order, self.number)


@dataclass(frozen=True)
class Counterpart:
    """A destination record. `record` is filled only where the step needs its content; `own`: it carries the source record's id. One that
    is known only because the source record names it may belong to another source record. `currency`, `customer` and `kind` are as in
    `Held`."""

    id: str
    amount: Decimal | None = None
    record: Mapping[str, Any] = field(default_factory=dict)
    own: bool = False
    currency: str = ""
    customer: str = ""
    kind: str = ""

    @property
    def held(self) -> Held:
        return Held(self.amount, self.currency, self.customer, self.kind)


@dataclass(frozen=True)
class Problem:
    """Why a record is not sent, or a remark about it: stable code, full text, next step, and the record that it waits for. `cause` is a
    sentence about what lies outside of the record and may be the matter with many, in several steps: a tax code that does not exist."""

    code: str
    message: str
    advice: str = ""
    waits_for: str = ""
    cause: str = ""


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
    that know idempotency keys; `generation`, which the engine fills in, counts the requests for the record that were given a final answer;
    `replace` names sublists that the body replaces as a whole; `spare` names fields that the record can do without: where the destination
    declines one of them, the request is sent again without it, and that is said.
    """

    record_type: str
    body: Mapping[str, Any]
    record_id: str | Made | None = None
    replace: tuple[str, ...] = ()
    name: str = ""
    key: str = ""
    generation: int = 0
    spare: tuple[str, ...] = ()

    def without(self, name: str) -> Request:
        """The request without a field, wherever it stands in the body."""
        return replace(self, body=_without(self.body, name), spare=tuple(n for n in self.spare if n != name))


def _without(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return {k: _without(v, name) for k, v in value.items() if k != name}
    return [_without(v, name) for v in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Stage:
    """Requests that are sent one after the other, with the status texts that the source carries meanwhile and on a refusal.

    `in_progress` "" leaves the source's status alone. `keep` is noted in the ledger before anything is sent; `undo` is sent when the
    stage is refused, and takes back what the stages before it did.
    """

    in_progress: str
    error: str
    requests: tuple[Request, ...]
    keep: Mapping[str, Any] = field(default_factory=dict)
    undo: tuple[Stage, ...] = ()


@dataclass(frozen=True)
class Later:
    """Stands in a request's body for the destination id of another record of the same batch, which is written first. `otherwise` says
    why this record is held when that one was not written."""

    record_id: str
    otherwise: Problem


@dataclass(frozen=True)
class Hold:
    """The record is due and is not written: a validation fails, a rule keeps it out, or it waits. It stands in report, mail, status and
    exit code. `set_aside` marks it Ignore in the source, so that it is not looked at again before a person has said so."""

    problems: tuple[Problem, ...]
    set_aside: bool = False


@dataclass(frozen=True)
class Leave:
    """Nothing is due for the record, so that nobody would miss it; what somebody would miss is a `Hold`. `set_aside` marks it Ignore in the
    source, so that it does not come back; `level` is INFO or DEBUG."""

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
    `remainder` says that the record will not be complete even if all goes well. `keep` and `undo` are those of the first stage.
    `otherwise` is the way that is taken when the destination declines the first stage for a reason that it knows; the first stage of that
    way has no status text of its own. `after` are records of the same batch that are written first although no body names them.
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
    keep: Mapping[str, Any] = field(default_factory=dict)
    undo: tuple[Stage, ...] = ()
    otherwise: Otherwise | None = None
    after: tuple[Later, ...] = ()

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All stages in their order."""
        return (Stage(self.in_progress, self.error, self.requests, self.keep, self.undo), *self.then)


@dataclass(frozen=True)
class Otherwise:
    """Another way: `when` says whether it is to be taken after this refusal, `sure` whether the run knows already that it is. Of the
    records of a batch that have one, the first way is tried by one alone until it is known whether it can be gone."""

    when: Callable[[Refused], bool]
    sure: Callable[[], bool]
    plan: Write


Plan = Hold | Leave | Found | Refusal | Write

LINK = "link"
"""The action of a record that is given a counterpart which was made without it."""
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
    """Whether the source took the mark; `code`, `message` and `advice` of its refusal otherwise. `final`: it declined the mark for a
    reason that a person has to deal with."""

    ok: bool
    code: str = ""
    message: str = ""
    advice: str = ""
    final: bool = False


class Writer(Protocol):
    """Sends one request to the destination. Errors are those of `tallybridge.errors`; placeholders have been filled in."""

    def create(self, request: Request, /) -> str: ...
    def update(self, request: Request, /) -> object: ...


class Bulk(Protocol):
    """Creates many records of one type by one request, a job, which the destination carries out later. `most`: in one job."""

    most: int

    def takes(self, request: Request, /) -> bool:
        """Whether a create may be part of a job: twice the same one must be impossible."""

    def is_worth_it(self, number: int, /) -> bool:
        """Whether so many creates go together."""

    def submit(self, record_type: str, requests: Sequence[Request], key: str, /) -> str:
        """The job's id; that of the first job where the key, a UUID, was used before, so that a lost answer is asked for again. Errors are
        those of `tallybridge.errors`."""

    def not_before(self, age: int, number: int, /) -> int:
        """Seconds until jobs of this age (seconds) with so many records are worth a look; 0: now."""

    def is_over(self, job: str, /) -> bool:
        """Whether a job has been carried out; one that cannot be asked for now has not."""

    def lasted(self, age: int, /) -> None:
        """Jobs were seen to be over at this age."""

    def pause(self, age: int, /) -> int:
        """Seconds until the next look at jobs of this age that were not over."""

    def give_up(self, level: str, told: Problem, /) -> None:
        """No more jobs in this run, for a reason that is told once."""

    def has_given_up(self) -> bool: ...


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
    marks_at_once: int
    """Records whose marks go in one call."""

    def waiting_work(self) -> int: ...
    def select(self) -> Iterator[Candidate]: ...
    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]: ...
    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]: ...
    def find_made(self, record: SourceRecord, request: Request) -> list[Counterpart]:
        """What a create whose outcome is unknown may have made."""

    def decide(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan: ...
    def is_sync_date(self, name: str) -> bool:
        """Whether a field of a request says when the record was synced, so that it differs each time."""

    def taken(self, targets: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, Problem]:
        """Which of these destination records belong to another source record. `targets`: source id -> (record, destination id), none of
        them found by the source record's id. Answers why, by source id."""

    def adopt(self, record: SourceRecord, target: str) -> Plan | None:
        """The plan that makes a destination record which somebody has entered by hand that of a source record; None where that is not
        possible."""

    def writer(self) -> Writer: ...
    def bulk(self) -> Bulk | None:
        """What creates many records at once, where the destination does."""

    def explained(self, refused: Mapping[str, tuple[SourceRecord, Write, Refused]]) -> dict[str, Problem]:
        """Of records that the destination has just declined, and how: what was wrong, where that can be told better than in its own words.
        By source id; may ask the destination."""

    def held(self, destination_ids: Sequence[str]) -> dict[str, Held]:
        """What the destination says it holds, by its id; a missing record is left out."""

    def there(self, destination_ids: Sequence[str]) -> dict[str, Held]:
        """As `held`, for records of every kind: of one without money it says no more than that it exists."""

    def differences(self, written: Mapping[str, tuple[SourceRecord, Write]]) -> dict[str, Problem]:
        """What the destination holds otherwise than was written, beside the amount, by source id: of plans whose requests add to or take
        from what is there."""

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]: ...
    def complete_details(self, done: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, MarkResult]:
        """What must be written in the source before a record is marked complete, such as line ids; `done`: source id -> (record,
        destination id). Answers those that failed; they stay unfinished."""


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
