"""The audit takes every entry once, in order, and shows when one was changed or taken out."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tallybridge.desk.audit import PARTITION, TRIES, Audit, Wanted, rows
from tallybridge.errors import TallybridgeError
from tallybridge_cli.target import Target
from tests.cli.conftest import TestClock


def filled(target: Target) -> Audit:
    log = target.audit
    for number in range(1, 5):
        log.note(
            "mara", "ignore" if number % 2 else "retry", f"Invoice INV{number}", reason="sent by hand", before="held", after="not sent"
        )
    return log


def item(number: int) -> dict[str, str]:
    return {"pk": PARTITION, "sk": f"{number:012}"}


def test_entries_come_back_newest_first_with_all_that_was_said(target: Target) -> None:
    (newest, *older) = filled(target).newest()
    assert (newest.number, newest.who, newest.action, newest.what) == (4, "mara", "retry", "Invoice INV4")
    assert (newest.reason, newest.before, newest.after) == ("sent by hand", "held", "not sent")
    assert [each.number for each in older] == [3, 2, 1]


def test_an_intact_chain_has_no_flaw(target: Target) -> None:
    assert Audit(target.audit.table, target.clock).flaw() == ""
    assert filled(target).flaw() == ""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.delete_item(Key=item(2)), "Entry 2 is missing."),
        (lambda t: t.delete_item(Key=item(1)), "Entry 1 is missing."),
        (lambda t: t.put_item(Item={**t.get_item(Key=item(3))["Item"], "reason": "because"}), "Entry 3 was changed"),
        (lambda t: t.put_item(Item={**t.get_item(Key=item(2))["Item"], "who": "eve"}), "Entry 2 was changed"),
    ],
    ids=["taken out", "the first taken out", "another reason", "another person"],
)
def test_what_was_changed_shows(target: Target, change: Any, says: str) -> None:
    log = filled(target)
    change(log.table)
    assert says in log.flaw()


def test_an_entry_that_was_replaced_by_a_proper_one_shows(target: Target) -> None:
    log = filled(target)
    (second,) = [each for each in log.newest() if each.number == 2]
    other = type(second)(**{**second.to_json(), "who": "eve", "hash": ""})
    log.table.put_item(Item={**item(2), **other.to_json(), "hash": other.proper_hash})
    assert log.flaw() == "Entry 3 does not follow entry 2 as it is now: one of them was replaced."


def test_people_at_the_same_moment_each_get_an_entry(target: Target) -> None:
    log = target.audit
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda n: log.note(f"person {n}", "retry", "Invoice INV1").number, range(8)))
    assert (sorted(numbers), log.flaw()) == ([1, 2, 3, 4, 5, 6, 7, 8], "")


def test_where_no_entry_can_be_taken_nothing_may_be_done(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    log, tries = filled(target), []
    put = log.table.put_item

    def late(**arguments: Any) -> Any:
        """Somebody else was quicker, each time."""
        tries.append(1)
        return put(**{**arguments, "Item": {**arguments["Item"], **item(1)}})

    monkeypatch.setattr(log.table, "put_item", late)
    with pytest.raises(TallybridgeError) as refused:
        log.note("mara", "retry", "Invoice INV1")
    assert (refused.value.code, len(tries)) == ("AUDIT-BUSY", TRIES)


def test_entries_are_found_by_person_thing_action_and_day(target: Target, clock: TestClock) -> None:
    log = filled(target)
    clock.sleep(86_400)
    log.note("olga", "retry", "Invoice INV9")

    def numbers(**wanted: str) -> list[int]:
        return [each.number for each in log.found(Wanted(**wanted))]

    assert numbers(who="olga") == [5]
    assert numbers(what="INV1") == [1]
    assert numbers(action="retry") == [5, 4, 2]
    assert numbers(until="2026-05-04") == [4, 3, 2, 1]
    assert numbers(since="2026-05-05") == [5]


def test_entries_as_rows_are_whole(target: Target) -> None:
    log = filled(target)
    out = io.StringIO()
    csv.writer(out).writerows(rows(log.newest()))
    read = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert [row["number"] for row in read] == ["4", "3", "2", "1"]
    assert read[0]["what"] == "Invoice INV4"
