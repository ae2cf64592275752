"""One cause is one entry: what it holds up, what waits for it, and in which order causes stand."""

from __future__ import annotations

from decimal import Decimal

from tallybridge.reporting.causes import causes, currencies_in_order, holds_text, money_of
from tallybridge.reporting.page import attention
from tallybridge.sync.runlog import Cause, Holds, LeftOut, Level, LogLine, RunOutcome, RunSummary, Tally

METHOD = 'payment method "Wallet" has no NetSuite payment method of exactly that name.'


def held(step: str, object_: str, number: str, code: str, text: str = "", **more: str) -> LogLine:
    money = {"currency": "USD", "amount": "100.00", "outcome": "held"}
    given = {"advice": "Do something.", **money, **more}
    return LogLine("t", "r", step, Level.WARNING, text or f"{number}: {code}.", code, object=object_, source_id=f"id-{number}",
                   source_number=number, **given)  # fmt: skip


def one(found: list[Cause]) -> Cause:
    assert len(found) == 1, found
    return found[0]


def test_the_same_thing_that_is_missing_in_three_steps_is_one_cause() -> None:
    lines = [
        held("payments", "Payment", "P-1", "PAY-V1", f"Payment P-1: {METHOD}", cause=METHOD),
        held("payments", "Payment", "P-2", "PAY-V1", f"Payment P-2: {METHOD}", cause=METHOD),
        held("refunds", "Refund", "R-1", "RFD-V1", f"Refund R-1: {METHOD}", cause=METHOD, amount="30"),
        held("netsuite_payments", "customerPayment", "CP-1", "NSPAY-V2", f"NetSuite payment CP-1: {METHOD}", cause=METHOD, currency="EUR"),
    ]
    cause = one(causes(lines))
    assert (cause.message, cause.steps) == (METHOD[0].upper() + METHOD[1:], ["payments", "refunds", "netsuite_payments"])
    assert (cause.count, cause.records) == (4, ["P-1", "P-2", "R-1", "CP-1"])
    assert holds_text(cause.own) == "2 payments (USD 200.00), 1 NetSuite payment (EUR 100.00) and 1 refund (USD 30.00)"
    assert money_of(cause) == {"USD": Decimal("230"), "EUR": Decimal("100")}


def test_different_things_that_are_missing_are_different_causes_even_in_one_step() -> None:
    texts = {"I-1": 'tax code "A" has no accounting code.', "I-2": 'tax code "B" has no accounting code.'}
    lines = [held("invoices", "Invoice", number, "INV-V9", cause=text) for number, text in texts.items()]
    assert [c.records for c in causes(lines)] == [["I-1"], ["I-2"]]


def test_a_record_with_the_same_cause_twice_counts_once() -> None:
    lines = [held("invoices", "Invoice", "I-1", "INV-V9", cause="It is missing.")] * 2
    assert one(causes(lines)).own == [Holds("Invoice", "USD", 1, Decimal(100))]


def test_what_only_waits_is_folded_under_what_it_waits_for_in_the_end() -> None:
    lines = [
        held("charges", "ProductRatePlanCharge", "Seats", "ITEM-I1", 'Charge "Seats": Item Type is empty.', currency="", amount=""),
        held("invoices", "Invoice", "I-1", "INV-V1", waits_for='charge "Seats"'),
        held("payments", "Payment", "P-1", "PAY-V2", waits_for="invoice I-1", amount="60"),
        held("refunds", "Refund", "R-1", "RFD-V2", waits_for="payment P-1", amount="10"),
    ]
    cause = one(causes(lines))
    assert (cause.code, cause.count, cause.held) == ("ITEM-I1", 1, 4)
    assert holds_text(cause.waiting) == "1 invoice (USD 100.00), 1 payment (USD 60.00) and 1 refund (USD 10.00)"
    assert cause.waiting_records[1:] == [
        'P-1 \u00b7 waits for invoice I-1, in the end for charge "Seats"',
        'R-1 \u00b7 waits for payment P-1, in the end for charge "Seats"',
    ]
    assert cause.waiting_records[0] == 'I-1 \u00b7 waits for charge "Seats"'


def test_a_chain_that_ends_at_a_record_of_which_nobody_is_told_needs_a_person() -> None:
    lines = [
        held("invoices", "Invoice", "I-1", "INV-V1", waits_for="account A-1"),
        held("payments", "Payment", "P-1", "PAY-V2", waits_for="invoice I-1"),
    ]
    found = causes(lines)
    assert {c.code for c in found} == {"INV-V1", "PAY-V2"}
    assert all("No message is about what it waits for" in c.advice for c in found)
    assert all(c.own and not c.waiting for c in found)


def test_a_remark_about_a_record_that_arrived_holds_nothing_up() -> None:
    cause = one(causes([held("invoices", "Invoice", "I-1", "INV-CUT", outcome="synced")]))
    assert (cause.count, cause.held, cause.own) == (1, 0, [])


def test_documents_of_opposite_sign_stand_apart() -> None:
    lines = [held("invoices", "Invoice", f"I-{n}", "INV-V9", cause="x", amount=amount) for n, amount in enumerate(("100", "-40"))]
    assert holds_text(one(causes(lines)).own) == "1 invoice (USD 100.00) and 1 invoice (USD \u221240.00)"


def test_causes_stand_by_money_in_the_currency_with_most_records() -> None:
    lines = [
        held("invoices", "Invoice", "small", "A", amount="10"),
        held("invoices", "Invoice", "yen", "B", currency="JPY", amount="900000"),
        held("invoices", "Invoice", "large", "C", amount="5000"),
        held("customers", "Account", "none", "D", currency="", amount=""),
        LogLine("t", "r", "run", Level.ERROR, "It broke.", "BROKE"),
    ]
    found = causes(lines, [LeftOut("payments", "Payment", "LEFT-X", "so it is", "USD", Tally(3, Decimal(700)), ["P-1"], due=True)])
    assert [c.code for c in found] == ["BROKE", "C", "LEFT-X", "A", "B", "D"]
    assert currencies_in_order(found) == ["USD", "JPY"]


def test_a_rule_that_leaves_out_what_is_due_needs_attention_and_one_that_does_not_stands_apart() -> None:
    rows = [
        LeftOut("payments", "Payment", "LEFT-ACCOUNT-OPEN", "their account is open", "USD", Tally(2, Decimal(20)), ["P1", "P2"], due=True),
        LeftOut("payments", "Payment", "LEFT-CUTOVER", "they are old", "USD", Tally(5, Decimal(50)), ["P3"], due=False),
    ]
    summary = RunSummary("r", "billing", "Contoso", "manual", False, RunOutcome.WARNINGS, "", "", "B", "1", left_out=rows)
    summary.causes = causes([], rows)
    (entry,) = attention(summary)
    assert (entry.code, entry.count, entry.holds) == ("LEFT-ACCOUNT-OPEN", 2, "2 payments (USD 20.00)")
    assert summary.due == 2
    assert RunSummary.from_json(summary.to_json()).causes == summary.causes
