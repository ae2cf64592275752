"""The ledger: every transition, lost claims, leases, attempts, what needs attention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallybridge.sync.ledger import IN_FLIGHT_SECONDS, Claim, Ledger, LostClaim, State
from tests.sync.memory import MemoryTable
from tests.unit.sync.tables import Clock, ledger

KEY = "zuora#Invoice#i1"


def item(book: Ledger) -> dict[str, Any]:
    return book.read([KEY]).get(KEY, {})


def claimed(book: Ledger) -> Claim:
    return book.claim(KEY, "invoices", "INV1", item(book) or None)


@pytest.mark.rule("sequence-and-status.5.2.rule.4")
def test_blank_claimed_sent_confirmed_done(table: Any) -> None:
    book = ledger(table, Clock())
    claim = claimed(book)
    assert (item(book)["state"], item(book)["number"], item(book)["step"]) == ("CLAIMED", "INV1", "invoices")
    claim = book.sent(claim, "abc")
    assert (item(book)["state"], item(book)["request_hash"]) == ("SENT", "abc")
    claim = book.confirmed(claim, "7001")
    assert (item(book)["state"], item(book)["destination_id"], claim.destination_id) == ("CONFIRMED", "7001", "7001")
    book.done(claim, seen="2026-11-02T08:00:00.000Z")
    assert (item(book)["state"], item(book)["seen"], item(book)["destination_id"]) == ("DONE", "2026-11-02T08:00:00.000Z", "7001")


def test_a_claim_tells_what_the_ledger_said_before(table: Any) -> None:
    book = ledger(table, Clock())
    book.done(book.confirmed(book.sent(claimed(book), "abc"), "7001"))
    claim = claimed(book)
    assert (claim.before, claim.destination_id) == ("DONE", "7001")


def test_a_refused_record_needs_attention_until_it_is_done(table: Any) -> None:
    book = ledger(table, Clock())
    book.refused(claimed(book), "invoices", "NS-USER_ERROR", "no")
    assert [(i["id"], i["code"], i["message"]) for i in book.attention("REFUSED#invoices")] == [(KEY, "NS-USER_ERROR", "no")]
    book.done(book.confirmed(book.sent(claimed(book), "abc"), "7001"))
    assert list(book.attention("REFUSED#invoices")) == []


def test_a_held_record_needs_attention_until_it_is_done(table: Any) -> None:
    book = ledger(table, Clock())
    book.held(KEY, "invoices", "INV1", "INV-V1", "account A1 is missing", "account A1", None)
    assert [(i["id"], i["waits_for"], i["state"]) for i in book.attention("HELD#invoices")] == [(KEY, "account A1", "HELD")]
    assert list(book.attention("HELD#payments")) == []
    book.done(book.confirmed(book.sent(claimed(book), "abc"), "7001"))
    assert list(book.attention("HELD#invoices")) == []
    assert "waits_for" not in item(book)


def test_since_is_when_a_problem_was_first_seen_and_runs_that_met_it_are_counted(table: Any) -> None:
    clock = Clock()

    def met(run: str, code: str = "INV-V1") -> tuple[str, int]:
        book = ledger(table, clock, run=run)
        book.held(KEY, "invoices", "INV1", code, "account A1 is missing", "account A1", item(book) or None)
        found = item(book)
        clock.sleep(3600)
        return str(found["since"])[:16], int(found["attempts"])

    first = met("run-1")
    assert first[1] == 1
    assert met("run-1") == first, "an attempt that is repeated within a run counts once"
    assert met("run-2") == (first[0], 2)
    book = ledger(table, clock, run="run-3")
    book.refused(claimed(book), "invoices", "INV-V1", "the same, at the destination")
    assert (str(item(book)["since"])[:16], int(item(book)["attempts"])) == (first[0], 3)
    assert met("run-4", "INV-V2")[1] == 1, "another problem"
    book = ledger(table, clock, run="run-5")
    book.done(claimed(book))
    assert not {"since", "attempts", "attention"} & item(book).keys()
    assert met("run-6", "INV-V2")[1] == 1, "the same again, after it was gone"


def test_a_held_note_leaves_an_item_alone_that_a_worker_holds(table: Any) -> None:
    clock = Clock()
    book, other = ledger(table, clock), ledger(table, clock, run="r2", who="w2")
    claimed(book)
    other.held(KEY, "invoices", "INV1", "INV-V1", "x", "", item(book))
    assert item(book)["state"] == "CLAIMED"


def test_a_held_note_that_comes_late_loses_against_a_newer_state(table: Any) -> None:
    book = ledger(table, Clock())
    book.held(KEY, "invoices", "INV1", "INV-V1", "first", "", None)
    book.held(KEY, "invoices", "INV1", "INV-V1", "second, from an old reading", "", None)
    assert item(book)["message"] == "first"


def test_another_run_cannot_claim_while_the_lease_lives(table: Any) -> None:
    clock = Clock()
    claimed(ledger(table, clock))
    with pytest.raises(LostClaim):
        claimed(ledger(table, clock, run="r2", who="w2"))


def test_another_run_can_claim_once_the_lease_has_ended(table: Any) -> None:
    clock = Clock()
    old = ledger(table, clock)
    claim = old.sent(claimed(old), "abc")
    clock.sleep(301)
    new = ledger(table, clock, run="r2", who="w2")
    assert claimed(new).before == "SENT"
    with pytest.raises(LostClaim):
        old.confirmed(claim, "7001")


def test_a_released_claim_can_be_taken_at_once(table: Any) -> None:
    clock = Clock()
    book = ledger(table, clock)
    book.released(book.sent(claimed(book), "abc"))
    claimed(ledger(table, clock, run="r2", who="w2"))


@pytest.mark.parametrize("state", [State.DONE, State.HELD, State.REFUSED])
def test_a_settled_record_can_be_claimed_whatever_its_lease(table: Any, state: State) -> None:
    clock = Clock()
    book = ledger(table, clock)
    if state is State.HELD:
        book.held(KEY, "invoices", "INV1", "INV-V1", "x", "", None)
    elif state is State.REFUSED:
        book.refused(claimed(book), "invoices", "X", "x")
    else:
        book.done(claimed(book))
    assert claimed(ledger(table, clock, run="r2", who="w2")).before == state


@pytest.mark.parametrize("other", [{}, {"batch": "invoices/2"}, {"run": "r2"}], ids=["same batch", "another batch", "another run"])
@pytest.mark.parametrize("sent", [False, True], ids=["claimed", "sent"])
def test_nobody_takes_over_a_lease_that_lives(table: Any, other: dict[str, str], sent: bool) -> None:
    clock = Clock()
    first = ledger(table, clock)
    claim = claimed(first)
    if sent:
        first.sent(claim, "abc")
    second = ledger(table, clock, **other, who="w2")
    assert second.busy_until(item(second)) == first.lease
    with pytest.raises(LostClaim):
        claimed(second)
    clock.sleep(300)
    assert second.busy_until(item(second)) == 0
    claimed(second)


def test_what_was_sent_shortly_before_the_end_is_waited_for(table: Any) -> None:
    clock = Clock()
    first = ledger(table, clock)
    claim = claimed(first)
    clock.sleep(290)
    first.sent(claim, "abc")
    clock.sleep(100)
    with pytest.raises(LostClaim):
        claimed(ledger(table, clock, run="r2", who="w2"))
    clock.sleep(IN_FLIGHT_SECONDS)
    assert claimed(ledger(table, clock, run="r2", who="w2")).before == "SENT"


def test_a_record_given_back_in_doubt_is_free_when_the_request_must_have_arrived(table: Any) -> None:
    clock = Clock()
    first = ledger(table, clock)
    first.released(first.sent(claimed(first), "abc"), in_doubt=True)
    second = ledger(table, clock, run="r2", who="w2")
    with pytest.raises(LostClaim):
        claimed(second)
    clock.sleep(IN_FLIGHT_SECONDS)
    claimed(second)


def test_the_generation_counts_final_answers(table: Any) -> None:
    clock = Clock()
    book = ledger(table, clock)
    claim = book.released(book.sent(claimed(book), "abc"))
    assert claim.generation == 0
    book.done(book.confirmed(book.sent(claimed(book), "abc"), "1"))
    assert claimed(book).generation == 1
    book.refused(book.sent(claimed_again(book, clock), "abc"), "invoices", "X", "x")
    assert claimed(book).generation == 2
    assert book.released(claimed_again(book, clock), answered=True).generation == 3


def claimed_again(book: Ledger, clock: Clock) -> Claim:
    """A claim after the lease of the one before has ended."""
    clock.sleep(301)
    return claimed(book)


def test_of_two_claims_from_one_reading_one_wins(table: Any) -> None:
    clock = Clock()
    one, two = ledger(table, clock), ledger(table, clock, run="r2", who="w2")
    one.claim(KEY, "invoices", "INV1", None)
    with pytest.raises(LostClaim):
        two.claim(KEY, "invoices", "INV1", None)


@pytest.mark.parametrize("move", ["sent", "confirmed", "done", "refused", "released"])
def test_no_transition_from_an_outdated_claim(table: Any, move: str) -> None:
    book = ledger(table, Clock())
    claim = claimed(book)
    book.sent(claim, "abc")
    moves: dict[str, Callable[[], object]] = {
        "sent": lambda: book.sent(claim, "abc"),
        "confirmed": lambda: book.confirmed(claim, "1"),
        "done": lambda: book.done(claim),
        "refused": lambda: book.refused(claim, "invoices", "X", "x"),
        "released": lambda: book.released(claim),
    }
    with pytest.raises(LostClaim):
        moves[move]()
    assert item(book)["state"] == "SENT"


def test_reading_more_items_than_one_call_takes(table: Any) -> None:
    book = ledger(table, Clock())
    keys = [f"zuora#Invoice#{n}" for n in range(130)]
    for key in keys:
        book.held(key, "invoices", key, "X", "x", "", None)
    assert set(book.read([*keys, keys[0], "zuora#Invoice#none"])) == set(keys)


def test_the_intent_is_kept_for_a_later_attempt_of_the_batch(table: Any) -> None:
    clock = Clock()
    book = ledger(table, clock)
    book.claim(KEY, "invoices", "INV1", None, {"action": "create", "amount": "100.5", "currency": "USD"})
    assert book.own(item(book))
    assert ledger(table, clock, who="w9").own(item(book))
    assert not ledger(table, clock, run="r2").own(item(book))
    assert not book.own(None)


MOVES = ("read", "claim", "sent", "confirmed", "done", "released", "wait")


class Worker:
    """Does one move at a time, from what it read when it read it."""

    def __init__(self, table: MemoryTable, clock: Clock, name: str, same_batch: bool) -> None:
        self.clock = clock
        self.book = ledger(table, clock, run="r1" if same_batch else f"run {name}", who=name)
        self.known: dict[str, Any] | None = None
        self.claim: Claim | None = None
        self.past_sent = False

    def do(self, move: str) -> None:
        try:
            if move == "read":
                self.known = item(self.book) or None
            elif move == "claim":
                self.claim, self.past_sent = self.book.claim(KEY, "invoices", "INV1", self.known), False
            elif move == "wait":
                self.clock.sleep(120)
            elif self.claim is not None:
                self.advance(move, self.claim)
        except LostClaim:
            self.claim, self.past_sent = None, False

    def advance(self, move: str, claim: Claim) -> None:
        if move == "sent":
            self.claim, self.past_sent = self.book.sent(claim, "abc"), True
        elif move == "confirmed" and self.past_sent:
            self.claim = self.book.confirmed(claim, "7001")
        elif move == "done" and self.past_sent:
            self.book.done(claim)
            self.claim, self.past_sent = None, False
        elif move == "released":
            self.book.released(claim)
            self.claim, self.past_sent = None, False

    def may_send(self) -> bool:
        """Whether it believes, within its lease, that it is the one that sends."""
        return self.past_sent and self.clock.now().timestamp() < self.book.lease


@settings(max_examples=300, deadline=None)
@given(
    steps=st.lists(st.tuples(st.booleans(), st.sampled_from(MOVES)), max_size=40),
    same_batch=st.booleans(),
)
def test_two_workers_are_never_both_past_sent_with_live_leases(steps: list[tuple[bool, str]], same_batch: bool) -> None:
    """Any interleaving."""
    clock, table = Clock(), MemoryTable("status", "id")
    first, second = Worker(table, clock, "w1", same_batch), Worker(table, clock, "w2", same_batch)
    for is_second, move in steps:
        (second if is_second else first).do(move)
        assert not (first.may_send() and second.may_send())


def test_the_items_of_a_number_are_found_by_a_name_that_dynamodb_allows(table: Any) -> None:
    book = ledger(table, Clock())
    book.held(KEY, "invoices", "INV1", "INV-V1", "account A1 is missing", "account A1", None)
    assert (book.keys_of("INV1"), book.keys_of("INV2")) == ([KEY], [])
