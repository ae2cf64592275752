"""What only a tenant with Invoice Settlement has: debit memos, credit memos, and refunds of unapplied money and of a credit memo."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from sandbox.demo.accounts import BANK_TRANSFER, UNKNOWN_TERM
from sandbox.demo.books import Books, Chapter
from sandbox.demo.ids import zuora_id
from sandbox.demo.memos import MIGRATED, Memo
from sandbox.demo.payments import Payment
from sandbox.demo.refunds import Refund, refund_number
from sandbox.demo.tenant import Planted

DEBIT_DAY, CREDIT_DAY, REFUND_DAY = date(2026, 5, 15), date(2026, 5, 20), date(2026, 5, 26)
WRONG_DEBITS = {
    "unsynced account": ("DM-V1", "Its account is not in NetSuite, because of the payment term of the account."),
    "unsynced charge": ("DM-V2", 'It charges for "Cold Storage", which is not in NetSuite because it lacks an item type.'),
    "no tax item": ("DM-V3", "Its tax code has no accounting code, so there is no NetSuite item for the tax line."),
    "debit of wrong sum": ("DM-V8", "The lines add up to 25.00 less than the amount of the memo."),
}
WRONG_CREDITS = {
    "of a held invoice": ("held", "CM-V1", "It is applied to an invoice that is not in NetSuite."),
    "of a held debit memo": ("held", "CM-V2", "It is applied to a debit memo that is not in NetSuite."),
    "credit of an unsynced charge": ("held", "CM-V6", 'It credits "Cold Storage", which is not in NetSuite because it lacks an item type.'),
    "credit of wrong sum": ("held", "CM-V7", "The lines add up to 25.00 less than the amount of the memo."),
    "migrated": ("held", "", "The move to Invoice Settlement made it of a negative invoice that NetSuite has already."),
}
WRONG_REFUNDS = {
    "unknown method": ("held", "RFD-V1", 'NetSuite has no payment method "BankTransfer".'),
    "of an unsynced payment": ("held", "RFD-V2", "The payment is not in NetSuite, as it is applied to nothing."),
    "of a credit memo": ("held", "", "Refunds of credit memos are not synced."),
}


def debit_memos(books: Books) -> list[Memo]:
    """Paid, credited in part and open ones, a draft, and four that cannot be sent."""

    def memo(n: int, account: int, story: str) -> Memo:
        return books.memo("DebitMemo", n, account, DEBIT_DAY + timedelta(days=n // 3), story)

    made = [
        memo(1, 1, "debit, paid"),
        memo(2, 3, "debit, credited in part"),
        memo(3, 6, "debit, open"),
        memo(4, UNKNOWN_TERM, "unsynced account"),
        memo(5, 5, "unsynced charge"),
        memo(6, 4, "no tax item"),
        memo(7, 7, "debit of wrong sum"),
        memo(8, 2, "debit, draft"),
    ]
    made[0].bill("training")
    made[1].bill("connector", 2)
    made[2].bill("licences", 2)
    made[2].bill("training", 1)
    made[3].bill("training")
    made[4].bill("storage", 400)
    made[5].bill("gateway", 1)
    del made[5].taxes[0]["AccountingCode"]
    made[6].bill("training")
    made[6].amount += 25
    made[7].bill("training")
    made[7].status = "Draft"
    made[0].comments = "Second training day, agreed on by telephone"
    return made


def payment_of_debit_memo(books: Books) -> Payment:
    """The payment of the first debit memo."""
    memo = books.memos["debit, paid"]
    return Payment(
        memo.account,
        memo.profile.currency,
        date(2026, 5, 18),
        memo.amount,
        memo.account,
        "of a debit memo",
        electronic=True,
        parts=[(memo, memo.amount)],
    )


def settlement(books: Books, debits: list[Memo]) -> Chapter:
    """Debit memos, credit memos and refunds with their planted ones."""
    chapter, credits_ = Chapter(), _credit_memos(books)
    for memo in [*debits, *credits_]:
        chapter.add(memo.objects())
    for memo in debits:
        if memo.story in WRONG_DEBITS:
            code, wrong = WRONG_DEBITS[memo.story]
            chapter.planted.append(Planted("DebitMemo", memo.number, "held", wrong, "B", code))
    for memo in credits_:
        if memo.story in WRONG_CREDITS:
            expect, code, wrong = WRONG_CREDITS[memo.story]
            chapter.planted.append(Planted("CreditMemo", memo.number, expect, wrong, "B", code))
    for n, refund in enumerate(_refunds(books), 1):
        chapter.add(refund.objects(n))
        if refund.story in WRONG_REFUNDS:
            expect, code, wrong = WRONG_REFUNDS[refund.story]
            chapter.planted.append(Planted("Refund", refund_number(n), expect, wrong, "B", code))
    return chapter


def _credit_memos(books: Books) -> list[Memo]:
    def memo(n: int, account: int, story: str, price: int, key: str = "training", about: str = "") -> Memo:
        referred = books.invoice(about) if about else None
        made = books.memo("CreditMemo", n, account, CREDIT_DAY + timedelta(days=n // 4), story, refers_to=referred)
        made.bill(key, 1, price=Decimal(price))
        return made

    of_line = memo(1, 1, "credit of a line", 400, about="to credit")
    of_line.parts = [(books.invoice("to credit"), of_line.amount)]
    of_line.comments = "The afternoon of the training day was cut short"
    in_part = memo(2, 3, "credit in part", 500, about="to credit in part")
    in_part.parts = [(books.invoice("to credit in part"), Decimal(300)), (books.memos["debit, credited in part"], Decimal(100))]
    reversed_ = books.memo("CreditMemo", 3, 4, CREDIT_DAY, "reversal", refers_to=books.invoice("to reverse"))
    reversed_.bill("training")
    reversed_.parts = [(books.invoice("to reverse"), reversed_.amount)]
    refunded = memo(4, 5, "credit, refunded in part", 150)
    migrated = memo(5, 3, "migrated", 120, key="connector")
    migrated.reason = MIGRATED
    of_held = memo(6, 7, "of a held invoice", 80)
    of_held.parts = [(books.invoice("wrong sum"), of_held.amount)]
    of_held_debit = memo(7, 7, "of a held debit memo", 90)
    of_held_debit.parts = [(books.memos["debit of wrong sum"], of_held_debit.amount)]
    unsynced = memo(8, 5, "credit of an unsynced charge", 20, key="storage")
    wrong_sum = memo(9, 2, "credit of wrong sum", 60)
    wrong_sum.amount += 25
    return [of_line, in_part, reversed_, refunded, migrated, of_held, of_held_debit, unsynced, wrong_sum]


def _refunds(books: Books) -> list[Refund]:
    def of_payment(of: str, amount: str, method: str = "", story: str = "") -> Refund:
        n, payment = books.payment(of)
        profile = books.profile(payment.account)
        return Refund(
            payment.account,
            payment.currency,
            REFUND_DAY,
            Decimal(amount),
            method or profile.pays_by,
            settlement=True,
            parts=[({"PaymentId": zuora_id("Payment", n)}, Decimal(amount))],
            electronic=payment.electronic and not method,
            story=story,
            comment="" if story else "Paid too much",
        )

    memo = books.memos["credit, refunded in part"]
    of_memo = Refund(
        memo.account,
        memo.profile.currency,
        REFUND_DAY,
        Decimal(60),
        "WireTransfer",
        settlement=True,
        parts=[(memo.reference, Decimal(60))],
        source="CreditMemo",
        story="of a credit memo",
    )
    return [
        of_payment("overpaid", "45.00"),
        of_payment("overpaid", "55.00"),
        of_payment("overpaid", "20.00", BANK_TRANSFER, "unknown method"),
        of_payment("unapplied", "79.00", story="of an unsynced payment"),
        of_memo,
    ]
