"""Grouping of log lines into messages, and the limits of NetSuite's texts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallybridge.reporting.messages import CUT, MAX_MESSAGES, MAX_RECORDS, NETSUITE_CHARACTERS, NOT_PRINTED, OTHER_KINDS, group_messages
from tallybridge.sync.runlog import Level, LogLine
from tests.unit.reporting.sample_runs import line


def missing(number: str, name: str, step: str = "invoices", code: str = "INV-V2", **more: str) -> LogLine:
    return line(step, Level.WARNING, f'Invoice {number}: customer "{name}" is missing.', code=code, source_number=number, **more)


def netsuite(number: int, text: str = "bad") -> LogLine:
    message = f'NetSuite Warning: Warning received from NetSuite for record "P-{number}": (Code: X Type: USER_ERROR Message: {text})'
    return line("payments", Level.WARNING, message, code="NS-X", source_number=f"P-{number}")


@pytest.mark.rule("operations.5.grouping")
def test_equal_messages_become_one_with_count_and_records() -> None:
    (message,) = group_messages([missing("INV-1", "Acme"), missing("INV-2", "Globex"), missing("INV-3", "Acme")])
    assert message.message == 'Invoice \u2026: customer "\u2026" is missing.'
    assert message.count == 3
    assert message.records == ["INV-1 \u00b7 Acme", "INV-2 \u00b7 Globex", "INV-3 \u00b7 Acme"]


def test_values_that_all_lines_share_stay_in_the_text() -> None:
    (message,) = group_messages([missing("INV-1", "Acme"), missing("INV-2", "Acme")])
    assert message.message == 'Invoice \u2026: customer "Acme" is missing.'
    assert message.records == ["INV-1", "INV-2"]


def test_a_single_message_stays_as_it_is() -> None:
    (message,) = group_messages([missing("INV-1", "Acme 3 & sons")])
    assert message.message == 'Invoice INV-1: customer "Acme 3 & sons" is missing.'


def test_what_a_record_waits_for_stands_with_it() -> None:
    (message,) = group_messages([missing("INV-1", "Acme", waits_for="customer A-7"), missing("INV-2", "Globex", waits_for="customer A-8")])
    assert message.records == ["INV-1 \u00b7 waits for customer A-7", "INV-2 \u00b7 waits for customer A-8"]


def test_other_step_code_level_or_wording_is_another_message() -> None:
    lines = [
        missing("INV-1", "Acme"),
        missing("INV-1", "Acme", step="credit_memos"),
        missing("INV-1", "Acme", code="INV-V3"),
        line("invoices", Level.ERROR, 'Invoice INV-1: customer "Acme" is missing.', code="INV-V2"),
        line("invoices", Level.WARNING, 'Invoice INV-1: customer "Acme" is inactive.', code="INV-V2"),
    ]
    assert [m.count for m in group_messages(lines)] == [1] * 5


def test_the_same_record_twice_is_listed_once_and_counted_twice() -> None:
    (message,) = group_messages([missing("INV-1", "Acme")] * 2)
    assert (message.count, message.records, message.message) == (2, ["INV-1"], 'Invoice INV-1: customer "Acme" is missing.')


def test_information_and_debug_lines_are_no_messages() -> None:
    assert group_messages([line("refunds", Level.INFO, "No records found to sync."), line("refunds", Level.DEBUG, "raw")]) == []


def test_kinds_and_records_are_bounded_while_counts_stay_complete() -> None:
    words = [f"{chr(97 + a)}{chr(97 + b)}" for a in range(26) for b in range(26)][: MAX_MESSAGES + 50]
    lines = [line("invoices", Level.WARNING, f"Reason {word}", source_number=f"INV-{n}") for n, word in enumerate(words)]
    lines += [missing(f"INV-{n}", "Acme") for n in range(MAX_RECORDS + 30)]
    messages = group_messages(lines)
    assert len(messages) == MAX_MESSAGES + 1
    assert messages[-1].message == OTHER_KINDS
    assert max(len(m.records) for m in messages) == MAX_RECORDS
    assert sum(m.count for m in messages) == len(lines)


@pytest.mark.rule("operations.5.grouping", "sequence-and-status.2.rule.9", "settings.key.debug_logging")
def test_without_debug_logging_netsuite_texts_are_cut_at_10_000_characters_in_total() -> None:
    lines = [netsuite(n, word * 450) for n, word in enumerate(["bad ", "closed ", "wrong ", "full ", "late ", "empty "])]
    messages = group_messages([*lines, missing("INV-1", "Acme")])
    assert len(messages) == 7
    texts = [m.message.removesuffix(f"\u2026 {CUT}") for m in messages[:-1]]
    assert sum(map(len, texts)) == NETSUITE_CHARACTERS
    assert texts[0] == lines[0].message
    assert texts[-1] == ""
    assert messages[-1].message.endswith("is missing.")
    assert all(m.count == 1 and m.code == "NS-X" and m.records for m in messages[:-1])


@pytest.mark.rule("operations.5.debug-limit", "sequence-and-status.2.rule.9", "settings.key.debug_logging")
def test_with_debug_logging_the_first_50_netsuite_errors_are_in_full_and_the_others_counted() -> None:
    lines = [netsuite(n, "long " * 200) for n in range(60)]
    messages = group_messages(lines, debug=True)
    assert [m.message for m in messages[:50]] == [x.message for x in lines[:50]]
    assert (messages[50].message, messages[50].count, len(messages)) == (NOT_PRINTED, 10, 51)
    assert messages[50].records[0] == "P-50"


@pytest.mark.rule("settings.key.netsuite_error_limit", "operations.5.debug-limit")
def test_the_setting_moves_the_limit_of_debug_logging() -> None:
    assert len(group_messages([netsuite(n) for n in range(120)], debug=True, error_limit=100)) == 101


def test_control_characters_in_names_do_not_break_the_grouping() -> None:
    (message,) = group_messages([missing("INV-\x001", "A\x01"), missing("INV-2", "B\u202e")])
    assert "\x00" not in message.message + "".join(message.records)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=12)), max_size=12), st.booleans())
def test_no_text_breaks_the_grouping_and_every_line_is_counted(parts: list[tuple[str, str]], debug: bool) -> None:
    lines = [line("invoices", Level.WARNING, text, source_number=name, source_id=name[:3]) for text, name in parts]
    messages = group_messages(lines, debug=debug)
    assert sum(m.count for m in messages) == len(lines)
