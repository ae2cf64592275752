"""NetSuite credit memos -> Zuora adjustments: what is still to be made of a memo, and why it cannot be (adjustments.md, A2 and A3)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from decimal import Decimal

from tallybridge.steps.documents.adjustment_spread import CHARGE, CREDIT, ZERO, Book, Share, placed
from tallybridge.steps.documents.netsuite_credit_memo_mapping import ON_INVOICES, Goal, MemoData, Movement
from tallybridge.steps.shared.currencies import own_currency
from tallybridge.steps.shared.from_netsuite import INTEGRATION_ID
from tallybridge.steps.shared.problems import other_currency
from tallybridge.sync.step import Problem

SYNC_FIRST = "Let the invoice sync, or enter its NetSuite internal id as Integration ID in Zuora; then the memo follows by itself."


# -- validations of a memo -----------------------------------------------------------------------------------------------


def is_used(memo: MemoData) -> Iterator[Problem]:
    """A3, validation 1."""
    if memo.negative and not memo.applications and not memo.refunded:
        advice = "Apply the credit memo in NetSuite, or set its status to Ignore."
        yield Problem("NSNEG-V1", f"{memo.name}: not applied to any transaction.", advice)


def has_one_invoice(memo: MemoData) -> Iterator[Problem]:
    """A2, validation 1."""
    if not memo.negative and len(memo.to_invoices) != 1:
        text = f"{memo.name}: applied to {len(memo.to_invoices)} Zuora invoices; exactly one is required."
        advice = "Use one credit memo for each Zuora invoice, or enter the credit in Zuora and set the status to Ignore."
        yield Problem("NSCM-V1", text, advice)


CHECKS: tuple[Callable[[MemoData], Iterator[Problem]], ...] = (is_used, has_one_invoice)


# -- validations of what one invoice is to hold --------------------------------------------------------------------------


def balance_code(memo: MemoData, goal: Goal) -> str:
    """Validation 2; for the invoices that a negative invoice is used up on the same as 3."""
    return "NSCM-V2" if not memo.negative else "NSNEG-V2" if goal.kind == CHARGE else "NSNEG-V3"


def invoice_exists(memo: MemoData, goal: Goal, rest: Decimal, book: Book) -> Iterator[Problem]:
    """Zuora has the invoice."""
    if goal.invoice_id not in memo.invoices:
        text = f"{memo.name}: Zuora invoice {memo.invoice_name(goal.invoice_id) or '(no Zuora ID)'} does not exist."
        yield Problem(balance_code(memo, goal), text, "Correct the Zuora ID in NetSuite.")


def invoice_is_synced(memo: MemoData, goal: Goal, rest: Decimal, book: Book) -> Iterator[Problem]:
    """The order of sequence-and-status.md 1.6."""
    if not memo.invoices[goal.invoice_id].get(INTEGRATION_ID):
        number = memo.invoice_name(goal.invoice_id)
        text = f"{memo.name}: Zuora invoice {number} is not marked as synced."
        yield Problem("NSNEG-V4" if memo.negative else "NSCM-V3", text, SYNC_FIRST, waits_for=f"Invoice {number}")


def currencies_agree(memo: MemoData, goal: Goal, rest: Decimal, book: Book) -> Iterator[Problem]:
    """The invoice is in the memo's currency."""
    own, its = memo.row.get("currency", ""), own_currency(memo.invoices[goal.invoice_id], memo.account)
    if told := other_currency(memo.code, memo.name, rest, own, f"Zuora invoice {memo.invoice_name(goal.invoice_id)}", its):
        yield told


def balance_is_as_expected(memo: MemoData, goal: Goal, rest: Decimal, book: Book) -> Iterator[Problem]:
    """A charge closes its invoice; a credit does not exceed the balance."""
    balance, number = book.balances.get(goal.invoice_id, ZERO), memo.invoice_name(goal.invoice_id)
    if goal.kind == CHARGE and balance != -rest:
        text = f"{memo.name}: Zuora invoice {number} has balance {memo.money(balance)}; expected {memo.money(-rest)}."
        advice = "Find out what has changed the balance in Zuora; close the rest there by hand and set the status to Ignore."
        yield Problem(balance_code(memo, goal), text, advice)
    if goal.kind == CREDIT and balance < rest:
        text = f"{memo.name}: {memo.money(rest)} exceeds the balance {memo.money(balance)} of Zuora invoice {number}."
        advice = "The invoice was credited or paid on both sides: undo one of them, or set the status to Ignore."
        yield Problem(balance_code(memo, goal), text, advice)


CHECKS_OF_INVOICE: tuple[Callable[[MemoData, Goal, Decimal, Book], Iterator[Problem]], ...] = (
    invoice_exists,
    invoice_is_synced,
    currencies_agree,
    balance_is_as_expected,
)
"""Each takes for granted what the ones before it ask for, so that the first failure alone is told."""


# -- what is still to be made --------------------------------------------------------------------------------------------


def settle(memo: MemoData, book: Book, target: str) -> None:
    """Find out what is still to be made of a memo and whether it can be; it is taken out of `book` when it can. Memos of one account must
    come in the order in which they are written."""
    memo.problems = [problem for check in CHECKS for problem in check(memo)]
    if memo.problems:
        return
    for goal in memo.goals:
        movements, problems = _rest_of(memo, goal, book, target)
        memo.movements += movements
        memo.problems += problems
    if not memo.problems:
        for m in memo.movements:
            book.reserve(m.kind, m.amount, m.invoice_id, m.source_id)


def _rest_of(memo: MemoData, goal: Goal, book: Book, target: str) -> tuple[list[Movement], list[Problem]]:
    live = memo.live(goal)
    whole = target == ON_INVOICES or any(r["object"] == ON_INVOICES for r in live)
    rest = goal.amount - sum((Decimal(r["Amount"]) for r in live), ZERO)
    if rest <= ZERO or (whole and live):
        return [], []
    if told := next((problem for check in CHECKS_OF_INVOICE for problem in check(memo, goal, rest, book)), None):
        return [], [told]
    if whole:
        return [Movement(goal.key, goal.kind, goal.invoice_id, rest, goal.transaction)], []
    shares = book.spread(goal.kind, rest, goal.invoice_id)
    if placed(shares) < rest:
        text = (
            f"{memo.name}: only {memo.money(placed(shares))} of {memo.money(rest)} can be placed on the items of Zuora invoice "
            f"{memo.invoice_name(goal.invoice_id)}; nothing was created."
        )
        advice = "Adjust the invoice by hand in Zuora, then set the memo's status to Ignore."
        return [], [Problem(f"{memo.code}-ITEMS", text, advice)]
    return _movements(goal, shares, {str(r[INTEGRATION_ID]) for r in live}), []


def _movements(goal: Goal, shares: Sequence[Share], used: Collection[str]) -> list[Movement]:
    """One adjustment a share, under the Integration IDs that are still free."""
    keys = [goal.key, *(f"{goal.key}_{n}" for n in range(2, len(shares) + len(used) + 2))]
    free = [k for k in keys if k not in used]
    return [
        Movement(key, goal.kind, goal.invoice_id, s.amount, goal.transaction, s.place.source_id, s.place.source_type)
        for key, s in zip(free, shares, strict=False)
    ]
