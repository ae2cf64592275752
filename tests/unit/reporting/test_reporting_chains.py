"""Records that wait for records: the end of each chain, and that it is said first."""

from __future__ import annotations

from tallybridge.reporting.chains import MAX_LINKS, Chains, told
from tallybridge.reporting.messages import group_messages
from tallybridge.reporting.page import attention, report_page
from tallybridge.reporting.verdict import verdict
from tallybridge.sync.runlog import Level, LogLine
from tests.unit.reporting.sample_runs import clean_run, line, run_with_everything


def held(step: str, number: str, code: str, waits_for: str = "") -> LogLine:
    return line(step, Level.WARNING, f"{number} is held.", code=code, source_number=number, waits_for=waits_for)


CHAIN = [
    held("refunds", "R-00000001", "RFD-V2", "payment P-00000001"),
    held("payments", "P-00000001", "PAY-V2", "invoice INV00000001"),
    held("invoices", "INV00000001", "INV-V2", "charge Seats Pro"),
    held("charges", "Seats Pro", "ITEM-I1"),
]


def chains(lines: list[LogLine]) -> Chains:
    made = Chains()
    for one in lines:
        made.add((one.source_number,), one.waits_for)
    return made


def test_a_chain_ends_at_what_waits_for_nothing() -> None:
    known = chains(CHAIN)
    assert known.root("payment P-00000001") == "charge Seats Pro"
    assert known.root("charge Seats Pro") == ""
    assert [known.depth(one.waits_for) for one in CHAIN] == [3, 2, 1, 0]


def test_names_in_quotes_are_found() -> None:
    known = chains([held("charges", "Seats Pro", "X", 'product "Field Hardware"')])
    assert known.root('charge "Seats Pro"') == 'product "Field Hardware"'


def test_a_circle_ends() -> None:
    known = chains([held("customers", "A1", "X", "Account A2"), held("customers", "A2", "X", "Account A1")])
    assert known.root("Account A2") in ("", "Account A1")
    assert known.depth("Account A2") <= MAX_LINKS


def test_a_parent_that_this_run_says_nothing_about_is_the_end() -> None:
    assert chains([]).root("invoice INV00000009") == ""
    assert told("invoice INV00000009", "") == "invoice INV00000009"


def test_each_record_says_for_what_it_waits_in_the_end() -> None:
    messages = {m.code: m for m in group_messages(CHAIN)}
    assert messages["RFD-V2"].records == ["R-00000001 \u00b7 waits for payment P-00000001, in the end for charge Seats Pro"]
    assert messages["INV-V2"].records == ["INV00000001 \u00b7 waits for charge Seats Pro"]


def test_what_needs_a_person_stands_before_what_follows_by_itself() -> None:
    summary, _ = clean_run()
    summary.messages = group_messages(CHAIN)
    assert [entry.code for entry in attention(summary)] == ["ITEM-I1", "RFD-V2", "PAY-V2", "INV-V2"]


def test_the_verdict_says_how_many_only_wait() -> None:
    summary, _ = run_with_everything()
    assert verdict(summary).answers[2].detail == "7 held. 5 of them only wait for others. 5 different messages."


def test_totals_of_both_directions_stand_under_their_headings_in_the_report() -> None:
    text = report_page(*run_with_everything())
    places = [text.index(words) for words in ("Zuora to NetSuite", "Invoice item adjustments", "NetSuite to Zuora", "NetSuite refunds")]
    assert places == sorted(places)
