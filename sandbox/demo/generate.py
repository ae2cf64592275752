"""Puts a tenant together from accounts, catalogue, documents and payments, and plants the records that cannot be sent."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sandbox.demo.accounts import (
    BANK_TRANSFER,
    NOT_SYNCED,
    STORIES,
    UNKNOWN_TERM,
    Profile,
    account_number,
    profiles,
    tenant_methods,
    zuora_accounts,
)
from sandbox.demo.billing import Invoice
from sandbox.demo.books import Books
from sandbox.demo.catalogue import BY_KEY, UNASSIGNED, netsuite_reference, planted_catalogue, zuora_catalogue
from sandbox.demo.later import later
from sandbox.demo.netsuite_customers import flagged_customers
from sandbox.demo.payments import Payment, numbered, ordinary, payment_number
from sandbox.demo.settlement import debit_memos, payment_of_debit_memo, settlement
from sandbox.demo.special import BEFORE_CUTOVER, CUTOVER, SPECIAL, WRONG, fill
from sandbox.demo.subscriptions import Subscribed, subscribe
from sandbox.demo.tenant import Objects, Planted, Tenant
from sandbox.demo.unsettled import unsettled

FIRST_MONTH, MONTHS = 2, 9
"""Bill runs are on the first of February 2026 and of the months that follow."""
INVOICES = 63
PAID_PER_CENT = 75
"""How many of the invoices of the bill runs are paid."""
ABOUT = (
    "The tenant that `make demo` loads: a software company with twelve accounts, in the form that the stand-ins' /_sandbox/load takes.",
    '"planted" lists the records that do not reach the other system and why; everything else does. "code" is that of the message.',
    '"settings" are set on top of the sandbox\'s.',
    '"netsuite" is loaded on top of the reference data that every account of the stand-in has, "zuora" into an empty tenant.',
    '"later" is loaded into NetSuite after the first run: what people there enter about what that run created, and what they delete.',
    "Change what you like, then `make demo` again. `python -m sandbox.demo` writes the file as it was.",
)
ABOUT_A = (
    "What the demo tenant has without Invoice Settlement (SETTLEMENT=off). Everything else is as in tenant.json: the types named here take",
    "the place of those there, memos and payment parts fall away, and \"later\" and the planted ones are those of this file.",
)  # fmt: skip
SETTINGS = {
    "netsuite_use_revenue_recognition": "Yes",
    "invoice_line_class_mapping": "Zuora Account",
    "invoice_line_department_mapping": "Zuora Account",
    "invoice_line_location_mapping": "Zuora Account",
    "unassigned_payments_customer_id": str(UNASSIGNED),
    "cutover_zuora_invoice": CUTOVER.isoformat(),
    "enable_sales_order_sync": "Yes",
    "disable_netsuite_payment_sync": "No",
    "disable_netsuite_credit_memo_sync": "No",
    "disable_netsuite_refund_sync": "No",
}


def generate(seed: int = 7, accounts: int = len(STORIES), invoices: int = INVOICES) -> Tenant:
    """A tenant with so many accounts (at least twelve) and invoices (at least as many as there are special ones), the same for the same
    seed. Raises `ValueError` for fewer."""
    if accounts < len(STORIES) or invoices < len(SPECIAL):
        raise ValueError(f"a tenant has at least {len(STORIES)} accounts and {len(SPECIAL)} invoices")
    chance = Random(seed)
    chosen = profiles(accounts, chance)
    subscriptions, subscribed = subscribe(chosen)
    made = _invoices(chosen, subscribed, invoices, chance)
    books = Books(chosen, subscribed, tenant_methods(len(chosen)))
    for invoice, kind in made:
        books.invoices.setdefault(kind, []).append(invoice)
    debits = debit_memos(books)
    payments = _payments(books, chance)
    zuora: Objects = {**zuora_accounts(chosen), **zuora_catalogue(), **subscriptions}
    for objects in [*(i.objects() for i, _ in made), *(p.objects(n) for n, p in payments)]:
        _add(zuora, objects)
    settled, without = settlement(books, debits), unsettled(books, zuora)
    _add(zuora, settled.objects)
    customers = flagged_customers()
    netsuite = netsuite_reference()
    _add(netsuite, customers.objects)
    afterwards, afterwards_a = later(books, "B"), later(books, "A")
    planted = [*planted_catalogue(), *_planted(made, payments), *settled.planted, *without.planted]
    planted += [*afterwards.planted, *afterwards_a.planted, *customers.planted]
    return Tenant(
        zuora,
        netsuite,
        dict(SETTINGS),
        planted,
        list(ABOUT),
        afterwards.objects,
        zuora_a=without.objects,
        later_a=afterwards_a.objects,
        about_a=list(ABOUT_A),
    )


def _add(to: Objects, objects: Objects) -> None:
    for name, rows in objects.items():
        to.setdefault(name, []).extend(rows)


def _invoices(chosen: list[Profile], subscribed: list[Subscribed], count: int, chance: Random) -> list[tuple[Invoice, str]]:
    billed = [n for n in range(1, len(chosen) + 1) if n not in (UNKNOWN_TERM, NOT_SYNCED)]
    wanted = count - len(SPECIAL)
    runs = [
        (date(2026, FIRST_MONTH + turn // len(billed) % MONTHS, 1) + timedelta(days=turn // len(billed) // MONTHS), account, "regular")
        for turn, account in enumerate(billed * (wanted // len(billed) + 1))
    ]
    plan = sorted([*runs[:wanted], *SPECIAL], key=lambda p: p[0])
    made = []
    for n, (day, account, kind) in enumerate(plan):
        invoice = Invoice(n, account, chosen[account - 1], subscribed[account - 1], day)
        if kind == "regular":
            _regular(invoice, chance)
        else:
            fill(kind, invoice)
        made.append((invoice, kind))
    return made


def _regular(invoice: Invoice, chance: Random) -> None:
    """What the account buys regularly, as its bill run finds it: usage, proration credits, free training, discounts."""
    base = Decimal(0)
    for key, _ in invoice.profile.buys:
        charge, first = BY_KEY[key], invoice.day.month == FIRST_MONTH
        due = {"Annual": first, "Quarter": invoice.day.month % 3 == 1, "": first}.get(charge.period, True)
        if charge.kind == "Usage":
            invoice.bill(key, chance.randrange(40_000, 260_000, 1_000))
        elif due or (not invoice.lines and key == invoice.profile.buys[-1][0]):
            amount = invoice.bill(key)
            base = base or amount
    if not invoice.lines:
        base = invoice.bill("licences")
    if invoice.n % 5 == 2 and "licences" in invoice.subscribed.charges:
        price = BY_KEY["licences"].price_in(invoice.profile.currency)
        invoice.bill("licences", 3, price=-(price * 3 / 5).quantize(price))
        invoice.comments = "Three licences fewer since the 13th of last month; credit for the rest of that month."
    if invoice.n % 6 == 1:
        invoice.bill("training", 1, price=Decimal(0))
    if invoice.profile.discount:
        invoice.discount(invoice.profile.discount, base)


def _payments(books: Books, chance: Random) -> list[tuple[int, Payment]]:
    """All payments with their places in the sequence of numbers; the books know them by what is special about them."""
    regular = books.invoices.get("regular", [])
    made = ordinary(regular, len(regular) * PAID_PER_CENT // 100, chance)
    payments = list(numbered([*made, *_special_payments(books), payment_of_debit_memo(books)]))
    for n, payment in payments:
        books.payments.setdefault(payment.kind, []).append((n, payment))
    return payments


def _special_payments(books: Books) -> list[Payment]:
    held, refunded, overpaid = books.invoice("unsynced charge"), books.invoice("refunded"), books.invoice("overpaid")
    twice, in_netsuite, by_transfer = books.invoice("paid in both"), books.invoice("refunded in NetSuite"), books.invoice("paid in cash")
    before = books.invoice(BEFORE_CUTOVER)
    return [
        _pay_one(before, date(2026, 1, 20), before.account, BEFORE_CUTOVER),
        _pay_one(held, date(2026, 5, 4), held.account, "of a held invoice"),
        _pay_one(by_transfer, date(2026, 5, 9), books.methods[BANK_TRANSFER], "unknown method", Decimal(500)),
        Payment(9, "USD", date(2026, 5, 8), Decimal("179.00"), 9, "unapplied", "Paid before the invoice was there", electronic=True),
        Payment(0, "USD", date(2026, 5, 11), Decimal("1250.00"), books.methods["Check"], "unassigned", "Cheque 40117, sender not legible"),
        _pay_one(refunded, date(2026, 5, 13), refunded.account, "refunded"),
        _pay_one(overpaid, date(2026, 5, 14), overpaid.account, "overpaid", extra=Decimal(120)),
        _pay_one(in_netsuite, date(2026, 5, 14), in_netsuite.account, "refunded in NetSuite"),
        _pay_one(twice, date(2026, 5, 15), twice.account, "not to be sent", Decimal(400)),
    ]


def _pay_one(invoice: Invoice, day: date, method: int, kind: str, amount: Decimal | None = None, extra: Decimal = Decimal(0)) -> Payment:
    paid = invoice.amount if amount is None else amount
    mark = "Ignore" if kind == "not to be sent" else ""
    return Payment(invoice.account, invoice.profile.currency, day, paid + extra, method, kind, mark=mark, parts=[(invoice, paid)])


def _planted(made: list[tuple[Invoice, str]], payments: list[tuple[int, Payment]]) -> list[Planted]:
    term = STORIES[UNKNOWN_TERM - 1].term
    found = [
        Planted("Account", account_number(UNKNOWN_TERM), "held", f'Its payment term "{term}" does not exist in NetSuite.', code="ACCT-V1")
    ]
    for invoice, kind in made:
        if kind in WRONG:
            code, wrong = WRONG[kind]
            found.append(Planted("Invoice", invoice.number, "held", wrong, "B" if kind == "negative" else "", code))
    for n, payment in payments:
        found += [Planted("Payment", payment_number(n), *why) for why in WRONG_PAYMENTS.get(payment.kind, ())]
    return found


WRONG_PAYMENTS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    BEFORE_CUTOVER: (("held", "Its invoice is dated before the cutover date, so that it never follows.", "", "PAY-V2"),),
    "of a held invoice": (("held", "It is applied to an invoice that is not in NetSuite.", "", "PAY-V2"),),
    "unknown method": (("held", 'NetSuite has no payment method "BankTransfer".', "", "PAY-V1"),),
    "unapplied": (
        ("held", "It has an account but is applied to nothing; it waits until it is.", "B", "PAY-UNAPPLIED"),
        ("held", "It is applied to no invoice; credit balance is not synced.", "A", "PAY-A6"),
    ),
}
"""What becomes of a payment, what is wrong, in which mode, and the code of the message, by what is special."""
