"""The count of a month: every document once, where it stands; kept until something moves, and never older than that."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tallybridge import money
from tallybridge.sync.ledger import Ledger
from tallybridge.sync.periods import SETTLES, Count, Standing, count_of, counted, kept_count, standing_of
from tallybridge.sync.runlog import Tally
from tallybridge.sync.runs import Runs
from tests.sync.memory import MemoryTable
from tests.unit.sync.tables import Clock, ledger

MONTH = "2026-11"


class Reads(MemoryTable):
    """Counts how many items queries have answered."""

    items_read = 0

    def query(self, **given: Any) -> dict[str, Any]:
        answer = super().query(**given)
        self.items_read += len(answer["Items"])
        return answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def status() -> Reads:
    return Reads("status", "id")


@pytest.fixture
def book(status: Reads, clock: Clock) -> Ledger:
    return ledger(status, clock)


@pytest.fixture
def runs(clock: Clock) -> Runs:
    table: Any = MemoryTable("runs", "pk", "sk")
    return Runs(table, clock)


def about(day: str = "2026-11-03", amount: str = "100", **more: str) -> dict[str, str]:
    return {"document_date": day, "currency": "USD", "amount": amount, "record_type": "invoice", "customer_name": "A1 Acme", **more}


def hold(book: Ledger, number: str, code: str = "INV-V1", **more: str) -> None:
    key = f"zuora#Invoice#{number}"
    book.held(key, "invoices", number, code, f"{number} lacks something.", "", book.read([key]).get(key), about(**more))


def sync(book: Ledger, number: str, *, compared: str = "USD 100", **more: str) -> None:
    key = f"zuora#Invoice#{number}"
    claim = book.claim(key, "invoices", number, book.read([key]).get(key), about(**more))
    book.done(book.confirmed(book.sent(claim, "hash"), "7001"), compared=compared)


def standings(count: Count) -> dict[Standing, Tally]:
    found: dict[Standing, Tally] = {}
    for line, tally in count.lines.items():
        found[line.standing] = found.get(line.standing, Tally()).plus(tally)
    return found


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"state": "DONE", "amount": "1", "currency": "USD", "compared": "USD 1"}, Standing.PROVED),
        ({"state": "DONE", "amount": "1", "currency": "USD", "compared": "USD 1", "booked_in": "EUR"}, Standing.BOOKED),
        ({"state": "DONE", "amount": "2", "currency": "USD", "compared": "USD 1"}, Standing.UNPROVED),
        ({"state": "DONE", "amount": "1"}, Standing.UNPROVED),
        ({"state": "DONE", "amount": ""}, Standing.PROVED),
        ({"state": "HELD", "attention": "HELD#invoices"}, Standing.MISSING),
        ({"state": "REFUSED", "attention": "REFUSED#invoices"}, Standing.MISSING),
        ({"state": "REFUSED", "attention": "REFUSED#invoices", "destination_id": "7"}, Standing.PARTLY),
        ({"state": "HELD"}, Standing.NOT_DUE),
        ({"state": "HELD", "left": "INV-CANCELED"}, Standing.NOT_DUE),
        ({"state": "HELD", "left": "IGNORED"}, Standing.IGNORED),
        ({"state": "HELD", "left": "IGNORED", "attention": "HELD#invoices"}, Standing.MISSING),
        *(({"state": state}, Standing.UNFINISHED) for state in ("CLAIMED", "SENT", "CONFIRMED")),
    ],
)
def test_where_a_document_stands(item: dict[str, str], expected: Standing) -> None:
    assert standing_of(item) is expected


def test_every_document_of_the_month_is_counted_once(book: Ledger, runs: Runs) -> None:
    sync(book, "INV1")
    sync(book, "INV2", compared="")
    hold(book, "INV3", amount="50.25")
    hold(book, "INV4", amount="-7")
    hold(book, "INV5", day="2026-12-01")
    book.claim("zuora#Invoice#INV6", "invoices", "INV6", None, about(amount="3"))
    count = count_of(book, runs, MONTH)
    assert standings(count) == {
        Standing.PROVED: Tally(1, Decimal(100)),
        Standing.UNPROVED: Tally(1, Decimal(100)),
        Standing.MISSING: Tally(2, Decimal("57.25")),
        Standing.UNFINISHED: Tally(1, Decimal(3)),
    }
    assert [(each.number, each.amount, each.customer) for each in count.named] == [
        ("INV3", Decimal("50.25"), "A1 Acme"),
        ("INV4", Decimal(-7), "A1 Acme"),
        ("INV6", Decimal(3), "A1 Acme"),
    ]
    assert {(line.credit, tally.count) for line, tally in count.lines.items() if line.standing is Standing.MISSING} == {
        (False, 1),
        (True, 1),
    }


def test_a_count_is_kept_and_read_again_instead_of_the_documents(book: Ledger, runs: Runs, clock: Clock, status: Reads) -> None:
    for number in range(40):
        sync(book, f"INV{number}")
    clock.sleep(SETTLES.total_seconds())
    first = count_of(book, runs, MONTH)
    status.items_read = 0
    assert count_of(book, runs, MONTH) == first
    assert status.items_read == 1, "only the item that was moved last is looked at"


def test_what_moves_makes_the_count_new(book: Ledger, runs: Runs, clock: Clock) -> None:
    hold(book, "INV1")
    clock.sleep(SETTLES.total_seconds())
    assert standings(count_of(book, runs, MONTH)) == {Standing.MISSING: Tally(1, Decimal(100))}
    clock.sleep(60)
    sync(book, "INV1")
    clock.sleep(SETTLES.total_seconds())
    assert standings(count_of(book, runs, MONTH)) == {Standing.PROVED: Tally(1, Decimal(100))}
    clock.sleep(60)
    hold(book, "INV2")
    clock.sleep(60)
    hold(book, "INV2", day="2026-12-01")
    clock.sleep(SETTLES.total_seconds())
    assert standings(count_of(book, runs, MONTH)) == {Standing.PROVED: Tally(1, Decimal(100))}
    assert standings(count_of(book, runs, "2026-12")) == {Standing.MISSING: Tally(1, Decimal(100))}


def test_what_has_only_just_moved_is_counted_but_not_kept(book: Ledger, runs: Runs, clock: Clock) -> None:
    """An index may lag behind the table: a count that may lack something must not be taken for the whole later."""
    hold(book, "INV1")
    assert standings(count_of(book, runs, MONTH)) == {Standing.MISSING: Tally(1, Decimal(100))}
    assert kept_count(runs, MONTH, book.moved_last(MONTH)) is None
    clock.sleep(SETTLES.total_seconds())
    count_of(book, runs, MONTH)
    assert kept_count(runs, MONTH, book.moved_last(MONTH)) is not None


def test_the_largest_that_are_missing_are_named(book: Ledger) -> None:
    held = {"state": "HELD", "attention": "HELD#invoices", "updated": "2026"}
    items = [{"id": f"zuora#Invoice#{n:03d}", "number": f"INV{n:03d}", **held, **about(amount=str(n))} for n in range(1, 80)]
    named = counted(items).named
    assert [each.number for each in named[:2]] + [named[-1].number] == ["INV079", "INV078", "INV030"]


def test_a_count_survives_json_and_is_cut_by_days(book: Ledger, runs: Runs) -> None:
    sync(book, "INV1", day="2026-11-01")
    hold(book, "INV2", day="2026-11-30", amount="0.1")
    count = count_of(book, runs, MONTH)
    again = Count.from_json(money.loads(money.dumps(count.to_json())))
    assert again == count
    early, late = again.between("2026-11-01", "2026-11-15"), again.between("2026-11-16", "2026-11-30")
    assert (standings(early), standings(late)) == (
        {Standing.PROVED: Tally(1, Decimal(100))},
        {Standing.MISSING: Tally(1, Decimal("0.1"))},
    )
    assert early.plus(late) == count


def test_a_count_ends_when_there_is_no_time(book: Ledger, runs: Runs) -> None:
    class Over(Exception):
        pass

    def over() -> None:
        raise Over

    hold(book, "INV1")
    with pytest.raises(Over):
        count_of(book, runs, MONTH, over)
