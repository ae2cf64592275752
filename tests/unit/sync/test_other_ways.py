"""Plans that have another way, stages that are taken back, what the ledger keeps before anything is sent, and fields to do without."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.errors import Refused
from tallybridge.sync.batch import Batch, BatchResult
from tallybridge.sync.runlog import Outcome
from tallybridge.sync.sender import Worker, declined
from tallybridge.sync.step import CREATED, Candidate, Otherwise, Request, Stage, Write
from tests.sync.memory import MemoryTable
from tests.unit.sync.tables import Clock, ledger
from tests.unit.sync.test_stages import FakeStep


def process(step: FakeStep, *ids: str) -> BatchResult:
    clock = Clock()
    worker = Worker("r1", False, False, 4, clock.now().timestamp() + 300)
    any_step: Any = step
    return Batch(any_step, ledger(MemoryTable("status", "id"), clock), clock, worker).process([Candidate(i) for i in ids or ("R1",)])


def refuses(*types: str) -> Any:
    return lambda request: request.record_type in types


def other_way(*, learned: list[str], known: bool = False) -> Write:
    """One call, or two where it is refused."""
    second = Stage("", "Error", (Request("refund", {"amount": 5}),), undo=(Stage("", "", (Request("apply", {}, "p"),)),))
    in_parts = Write("create", "", "Error", (Request("unapply", {}, "p"),), keep={"moved": "5"}, facts={"moved": ""}, then=(second,))

    def when(refused: Refused) -> bool:
        learned.append(refused.service_code)
        return True

    other = Otherwise(when, lambda: known or bool(learned), in_parts)
    return Write("create", "Creating", "Error", (Request("both", {"amount": 5}),), otherwise=other)


def kinds(step: FakeStep) -> list[str]:
    return [kind for kind, _, _ in step.sent]


def test_the_other_way_is_taken_when_the_first_is_declined_and_the_status_is_marked_once() -> None:
    step, learned = FakeStep(Write("", "", "", ()), refuse=refuses("both")), list[str]()
    step.plan_of_all = other_way(learned=learned)
    result = process(step)
    assert (kinds(step), learned) == (["both", "unapply", "refund"], ["USER_ERROR"])
    assert [r.outcome for r in result.results] == [Outcome.SYNCED]
    assert [m[0] for m in step.marks] == ["Creating", "Sync Complete"]


def test_nothing_is_declined_twice_in_a_batch() -> None:
    step, learned = FakeStep(Write("", "", "", ()), refuse=refuses("both")), list[str]()
    step.plan_of_all = other_way(learned=learned)
    process(step, "a", "b", "c", "d", "e", "f")
    assert (kinds(step).count("both"), kinds(step).count("refund")) == (1, 6)


def test_what_the_run_knows_is_not_tried() -> None:
    step = FakeStep(Write("", "", "", ()))
    step.plan_of_all = other_way(learned=[], known=True)
    process(step)
    assert kinds(step) == ["unapply", "refund"]


def test_a_way_that_is_open_is_gone_side_by_side() -> None:
    step, learned = FakeStep(Write("", "", "", ())), list[str]()
    step.plan_of_all = other_way(learned=learned)
    process(step, "a", "b", "c")
    assert (kinds(step), learned) == (["both"] * 3, [])


def test_a_refused_stage_is_taken_back() -> None:
    step = FakeStep(Write("", "", "", ()), refuse=refuses("both", "refund"))
    step.plan_of_all = other_way(learned=[])
    result = process(step)
    assert kinds(step) == ["both", "unapply", "refund", "apply"]
    assert [r.outcome for r in result.results] == [Outcome.REFUSED]
    assert step.marks[-1][0] == "Error"


def test_what_cannot_be_taken_back_stays_open_and_is_told() -> None:
    step = FakeStep(Write("", "", "", ()), refuse=refuses("both", "refund", "apply"))
    step.plan_of_all = other_way(learned=[])
    result = process(step)
    assert [r.outcome for r in result.results] == [Outcome.UNFINISHED]
    assert "could not be taken back" in " ".join(line.message for line in result.lines)


# -- fields to do without ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "detail", "name"),
    [
        ("phone", "anything", "phone"),
        ("addressBook.items[0].addressBookAddress.zip", "anything", "zip"),
        ("", "The field state contained more than the maximum number ( 30 ) of characters allowed.", "state"),
        ("", "Invalid Phone number.", "phone"),
        ("terms", "the phone is fine", ""),
        ("", "Please enter value(s) for: Company Name", ""),
    ],
)
def test_which_field_a_refusal_is_about(path: str, detail: str, name: str) -> None:
    refused = Refused("text", service="NetSuite", detail=detail, path=path)
    assert declined(refused, ("phone", "state", "zip")) == name


def test_a_request_is_sent_again_without_what_is_declined_and_that_is_said() -> None:
    body = {"name": "x", "phone": "1", "lines": {"items": [{"phone": "2", "city": "y"}]}}

    def refuse(request: Request) -> bool:
        return "phone" in request.body

    class Picky(FakeStep):
        def _send(self, request: Request) -> None:
            self.sent.append((request.record_type, request.record_id, request.body))
            if refuse(request):
                raise Refused("no", service="NetSuite", service_code="USER_ERROR", detail="Invalid phone.", path="phone")

    step = Picky(Write("create", "Creating", "Error", (Request("customer", body, CREATED, spare=("phone",)),), destination_id="7"))
    result = process(step)
    assert [r.outcome for r in result.results] == [Outcome.SYNCED]
    assert [sent[2] for sent in step.sent] == [body, {"name": "x", "lines": {"items": [{"city": "y"}]}}]
    assert [line.message for line in result.lines if line.code == "RFD-CUT"] == [
        "Refund R1: phone was left out, NetSuite does not take it: Invalid phone."
    ]
