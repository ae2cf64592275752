"""Plans of several stages, refusals that are decided before sending, and records that stay unfinished on purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from tallybridge.errors import AlreadyExists, NotSent, OutcomeUnknown, Refused
from tallybridge.sync.batch import Batch, BatchResult
from tallybridge.sync.held import Held
from tallybridge.sync.ledger import IN_FLIGHT_SECONDS, OPEN
from tallybridge.sync.sender import UNREACHABLE_LIMIT, Worker
from tallybridge.sync.step import (
    CREATED,
    Candidate,
    Counterpart,
    Made,
    Mark,
    MarkResult,
    Plan,
    Problem,
    Refusal,
    Remainder,
    Request,
    SourceRecord,
    Stage,
    Write,
)
from tests.sync.memory import MemoryTable
from tests.unit.sync.tables import Clock, ledger

WRITERS = 2
NO_ROOM = Problem("RFD-OPEN", "Refund R1: NetSuite payment 7 has only 1 unapplied, 5 needed.")


@dataclass
class FakeStep:
    """One record with a given plan; everything that is written is kept in `sent` and `marks` in the order of time."""

    plan_of_all: Plan
    refuse: Callable[[Request], bool] = lambda request: False
    lose: Callable[[Request], bool] = lambda request: False
    details: Mapping[str, MarkResult] = field(default_factory=dict)
    there: dict[str, list[Counterpart]] = field(default_factory=dict)
    found: list[Counterpart] = field(default_factory=list)
    owned_by_others: Problem | None = None
    different: Problem | None = None
    sent: list[tuple[str, Any, Any]] = field(default_factory=list)
    marks: list[tuple[str | None, str | None, str]] = field(default_factory=list)
    name: str = "refunds"
    title: str = "Zuora refunds"
    direction: str = "Zuora -> NetSuite"
    system: str = "zuora"
    object: str = "Refund"
    marks_at_once: int = 50
    object_label: str = "Refund"
    destination: str = "customerRefund"
    destination_system: str = "NetSuite"
    code: str = "RFD"
    transaction: bool = True
    chunk: int = 10

    def is_sync_date(self, name: str) -> bool:
        return False

    def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
        return [SourceRecord(c.id, c.id, "", currency="USD", amount=Decimal(5)) for c in candidates]

    def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
        return {r.id: self.found for r in records}

    def find_made(self, record: SourceRecord, request: Request) -> list[Counterpart]:
        return self.there.get(request.name, [])

    def decide(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
        return self.plan_of_all

    def writer(self) -> FakeStep:
        return self

    def bulk(self) -> None:
        return None

    def create(self, request: Request) -> str:
        self._send(request)
        return f"new-{request.record_type}"

    def update(self, request: Request) -> None:
        self._send(request)

    def _send(self, request: Request) -> None:
        self.sent.append((request.record_type, request.record_id, request.body))
        if self.refuse(request):
            raise Refused("Not possible.", service="NetSuite", service_code="USER_ERROR")
        if self.lose(request):
            raise OutcomeUnknown("No answer.", service="NetSuite")

    def taken(self, targets: Mapping[str, tuple[SourceRecord, str]]) -> dict[str, Problem]:
        return dict.fromkeys(targets, self.owned_by_others) if self.owned_by_others else {}

    def explained(self, refused: Mapping[str, Any]) -> dict[str, Problem]:
        return {}

    def differences(self, written: Mapping[str, tuple[SourceRecord, Write]]) -> dict[str, Problem]:
        return dict.fromkeys(written, self.different) if self.different else {}

    def held(self, destination_ids: Sequence[str]) -> dict[str, Held]:
        return dict.fromkeys(destination_ids, Held(Decimal(5)))

    def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
        self.marks += [(m.status, m.transferred, m.destination_id) for m in marks]
        return {m.record.id: MarkResult(True) for m in marks}

    def complete_details(self, done: Mapping[str, tuple[SourceRecord, str]]) -> Mapping[str, MarkResult]:
        return self.details


def process(step: FakeStep, table: Any = None, *, dry_run: bool = False, ids: Sequence[str] = ("R1",)) -> BatchResult:
    clock = Clock()
    worker = Worker("r1", dry_run, False, WRITERS, clock.now().timestamp() + 300)
    any_step: Any = step
    return Batch(any_step, ledger(table or MemoryTable("status", "id"), clock), clock, worker).process([Candidate(i) for i in ids])


UNAPPLY = Request("customerPayment", {"apply": []}, "7")
REFUND = Request("customerRefund", {"amount": 5})


def two_stages(**more: Any) -> Write:
    return Write(
        "create", "Updating Payment", "Error Updating Payment", (UNAPPLY,),
        then=(Stage("Creating Refund", "Error Creating Refund", (REFUND,)),), **more,
    )  # fmt: skip


def test_each_stage_is_marked_before_it_is_sent() -> None:
    step = FakeStep(two_stages())
    result = process(step)
    assert step.marks == [
        ("Updating Payment", "Processing", ""),
        ("Creating Refund", "Processing", ""),
        ("Sync Complete", "Yes", "new-customerRefund"),
    ]
    assert [kind for kind, _, _ in step.sent] == ["customerPayment", "customerRefund"]
    assert [(r.outcome, r.destination_id) for r in result.results] == [("synced", "new-customerRefund")]


@pytest.mark.parametrize(
    ("refused", "error", "sent"),
    [("customerPayment", "Error Updating Payment", 1), ("customerRefund", "Error Creating Refund", 2)],
)
def test_a_refused_stage_gives_its_own_error_text_and_ends_the_plan(refused: str, error: str, sent: int) -> None:
    step = FakeStep(two_stages(), refuse=lambda r: r.record_type == refused)
    result = process(step)
    assert step.marks[-1] == (error, "Error", "")
    assert len(step.sent) == sent
    assert [r.outcome for r in result.results] == ["refused"]


LOCKED = MarkResult(False, "ZUORA-LOCK", "busy")


@pytest.mark.parametrize(
    ("answer", "code"), [(lambda i: {i: LOCKED}, "ZUORA-LOCK"), (lambda i: {}, "STATUS")], ids=["refused", "no word of it"]
)
def test_a_record_that_could_not_be_marked_is_not_sent(answer: Callable[[str], dict[str, MarkResult]], code: str) -> None:
    """Without its mark nobody who looks at the source would know that it may have been sent."""

    class Unmarked(FakeStep):
        def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
            return answer(marks[0].record.id)

    step = Unmarked(two_stages())
    result = process(step)
    assert (step.sent, [(r.outcome, r.code) for r in result.results]) == ([], [("unfinished", code)])


def test_a_record_is_not_done_before_its_source_says_so(table: Any) -> None:
    class LockedAtTheEnd(FakeStep):
        def mark(self, marks: Sequence[Mark]) -> dict[str, MarkResult]:
            return {m.record.id: LOCKED if m.status == "Sync Complete" else MarkResult(True) for m in marks}

    result = process(LockedAtTheEnd(two_stages()), table)
    (item,) = ledger(table, Clock()).read(["zuora#Refund#R1"]).values()
    assert [(r.outcome, r.code) for r in result.results] == [("unfinished", "ZUORA-LOCK")]
    assert (item["state"] in OPEN, item["destination_id"]) == (True, "new-customerRefund")


def test_a_refusal_after_the_record_was_made_keeps_its_id_on_the_source() -> None:
    made = Write("create", "Creating Invoice", "Error Creating Invoice", (Request("invoice", {}),),
                 then=(Stage("Updating Credit Memo", "Error Updating Credit Memo", (Request("creditMemo", {}, "9"),)),))  # fmt: skip
    step = FakeStep(made, refuse=lambda r: r.record_type == "creditMemo")
    process(step)
    assert step.marks[-1] == ("Error Updating Credit Memo", "Error", "new-invoice")


def test_ids_made_earlier_stand_in_later_requests() -> None:
    plan = Write("create", "Creating", "Error", (
        Request("account", {}),
        Request("contact", {"AccountId": CREATED}, name="bill to"),
        Request("account", {"BillToId": Made("bill to"), "lines": [{"id": CREATED}]}, CREATED),
    ))  # fmt: skip
    step = FakeStep(plan)
    process(step)
    assert step.sent[1:] == [
        ("contact", None, {"AccountId": "new-account"}),
        ("account", "new-account", {"BillToId": "new-contact", "lines": [{"id": "new-account"}]}),
    ]
    assert step.marks[-1] == ("Sync Complete", "Yes", "new-account")


def test_a_lost_named_create_is_looked_up_by_its_name() -> None:
    plan = Write("create", "Creating", "Error", (Request("account", {}), Request("contact", {}, name="bill to")))
    step = FakeStep(plan, lose=lambda r: r.name == "bill to", there={"bill to": [Counterpart("c7")]})
    result = process(step)
    assert [kind for kind, _, _ in step.sent] == ["account", "contact"]
    assert [r.outcome for r in result.results] == ["synced"]


@pytest.mark.parametrize(("there", "outcome"), [([Counterpart("7")], ("already", "7")), ([], ("refused", ""))], ids=["found", "not found"])
def test_a_create_that_is_refused_as_a_duplicate_is_looked_up(there: list[Counterpart], outcome: tuple[str, str]) -> None:
    """An earlier attempt has made it, whose answer nobody has seen."""

    class Known(FakeStep):
        def create(self, request: Request) -> str:
            self._send(request)
            raise AlreadyExists("This record already exists.", service="NetSuite")

    step = Known(Write("create", "", "Error", (REFUND,)), there={"": there})
    (result,) = process(step).results
    assert (len(step.sent), (result.outcome, result.destination_id)) == (1, outcome)


def test_records_of_one_group_are_sent_in_their_order() -> None:
    days = {"R1": "2026-10-03", "R2": "2026-10-01", "R3": "2026-10-02"}

    class Group(FakeStep):
        def refresh(self, candidates: Sequence[Candidate]) -> list[SourceRecord]:
            return [SourceRecord(c.id, c.id, "", group="A1", order=(days[c.id],)) for c in candidates]

        def decide(self, record: SourceRecord, found: Sequence[Counterpart]) -> Plan:
            return Write("create", "", "Error", (Request("customerRefund", {"of": record.id}),))

    step = Group(two_stages())
    process(step, ids=list(days))
    assert [body["of"] for _, _, body in step.sent] == ["R2", "R3", "R1"]


def test_a_destination_that_does_not_answer_is_not_asked_about_every_record() -> None:
    class Away(FakeStep):
        def create(self, request: Request) -> str:
            self._send(request)
            raise NotSent("No connection.", service="NetSuite")

    step, several = Away(Write("create", "", "Error", (REFUND,))), [f"R{n}" for n in range(4 * UNREACHABLE_LIMIT)]
    result = process(step, ids=several)
    assert UNREACHABLE_LIMIT <= len(step.sent) < UNREACHABLE_LIMIT + WRITERS
    assert {r.outcome for r in result.results} == {"unfinished"}
    assert result.failure is not None and result.failure.code == "DESTINATION-DOWN"


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_cannot_be_sent_is_refused_without_a_call(dry_run: bool) -> None:
    step = FakeStep(Refusal(NO_ROOM, "Error Updating Payment"))
    result = process(step, dry_run=dry_run)
    assert step.sent == []
    assert step.marks == ([] if dry_run else [("Error Updating Payment", "Error", "")])
    assert [(r.outcome, r.code) for r in result.results] == [("refused", "RFD-OPEN")]
    assert NO_ROOM.message in [line.message for line in result.lines]


def test_what_is_left_to_do_keeps_the_record_in_progress(table: Any) -> None:
    rest = Problem("CM-OPEN", "Credit memo C1: created, but not applied.", waits_for="invoice INV1")
    step = FakeStep(two_stages(remainder=Remainder("Updating Credit Memo", rest)))
    result = process(step, table)
    assert step.marks[-1] == ("Updating Credit Memo", "Processing", "new-customerRefund")
    assert [(r.outcome, r.destination_id) for r in result.results] == [("held", "new-customerRefund")]
    waiting = ledger(table, Clock()).attention("HELD#refunds")
    assert [(i["code"], i["waits_for"]) for i in waiting] == [("CM-OPEN", "invoice INV1")]


def test_a_record_whose_lines_cannot_be_written_back_is_not_complete() -> None:
    step = FakeStep(two_stages(), details={"R1": MarkResult(False, "ZUORA-LOCK", "busy")})
    result = process(step)
    assert [m[0] for m in step.marks] == ["Updating Payment", "Creating Refund"]
    assert [(r.outcome, r.code) for r in result.results] == [("unfinished", "ZUORA-LOCK")]


def update_of(target: str) -> Write:
    return Write("update", "", "Error", (Request("customer", {}, target),), destination_id=target)


def test_a_counterpart_that_belongs_to_another_record_is_not_written() -> None:
    problem = Problem("RFD-TAKEN", "Refund R1: NetSuite customerRefund 7, which it names, belongs to Refund R2.")
    step = FakeStep(update_of("7"), found=[Counterpart("7")], owned_by_others=problem)
    result = process(step)
    assert (step.sent, step.marks) == ([], [])
    assert [(r.outcome, r.code) for r in result.results] == [("held", "RFD-TAKEN")]


def test_a_counterpart_that_carries_the_records_own_id_is_not_asked_about() -> None:
    step = FakeStep(update_of("7"), found=[Counterpart("7", own=True)], owned_by_others=Problem("RFD-TAKEN", "x"))
    assert [r.outcome for r in process(step).results] == ["synced"]


def test_what_is_there_otherwise_than_was_sent_is_not_complete() -> None:
    step = FakeStep(two_stages(), different=Problem("RFD-PARTS", "Refund R1: applied otherwise."))
    result = process(step)
    assert "Sync Complete" not in [m[0] for m in step.marks]
    assert [(r.outcome, r.code) for r in result.results] == [("unfinished", "RFD-PARTS")]


def test_nothing_is_done_while_another_worker_may_hold_a_record(table: Any) -> None:
    other = ledger(table, Clock(), run="r0", who="w0")
    other.claim("zuora#Refund#R1", "refunds", "R1", None)
    step = FakeStep(two_stages())
    result = process(step, table)
    assert (step.sent, step.marks, result.results) == ([], [], [])
    assert 0 < result.wait <= 300


def test_what_another_worker_does_while_this_one_looks_is_not_done_again(table: Any) -> None:
    """The ledger is read before anything that a decision rests on: else it would be as new as the other's work, and the look-up older."""

    class Overtaken(FakeStep):
        def find(self, records: Sequence[SourceRecord]) -> dict[str, list[Counterpart]]:
            found = super().find(records)
            other = ledger(table, Clock(), run="r0", who="w0")
            other.done(other.confirmed(other.sent(other.claim("zuora#Refund#R1", "refunds", "R1", None), "hash"), "7"))
            return found

    step = Overtaken(two_stages())
    result = process(step, table)
    assert (step.sent, [(r.outcome, r.code) for r in result.results]) == ([], [("unfinished", "LEDGER-BUSY")])


def test_a_create_whose_answer_is_lost_stays_in_doubt_when_the_look_up_fails(table: Any) -> None:
    """Nothing has settled what became of it, although the last call never left."""

    class Blind(FakeStep):
        def find_made(self, record: SourceRecord, request: Request) -> list[Counterpart]:
            raise NotSent("No connection.", service="NetSuite")

    process(Blind(two_stages(), lose=lambda r: r.record_id is None), table)
    assert process(FakeStep(two_stages()), table).wait > 0


def test_a_request_whose_outcome_is_unknown_keeps_the_record_until_it_must_have_arrived(table: Any) -> None:
    process(FakeStep(two_stages(), lose=lambda r: True), table)
    wait = process(FakeStep(two_stages()), table).wait
    assert IN_FLIGHT_SECONDS - 10 < wait <= IN_FLIGHT_SECONDS
