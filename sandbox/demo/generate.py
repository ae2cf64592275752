"""Puts a tenant together from accounts, catalogue, invoices and payments, and plants the records that cannot be sent."""

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
from sandbox.demo.catalogue import BY_KEY, UNASSIGNED, netsuite_reference, zuora_catalogue
from sandbox.demo.payments import Payment, numbered, ordinary, payment_number
from sandbox.demo.subscriptions import Subscribed, subscribe
from sandbox.demo.tenant import Objects, Planted, Tenant

FIRST_MONTH, MONTHS = 2, 9
"""Bill runs are on the first of February 2026 and of the months that follow."""
SPECIAL: tuple[tuple[date, int, str], ...] = (
    (date(2026, 1, 28), 2, "closed period"),
    (date(2026, 3, 12), 4, "no tax item"),
    (date(2026, 3, 16), 10, "zero total"),
    (date(2026, 4, 1), UNKNOWN_TERM, "unsynced account"),
    (date(2026, 4, 1), NOT_SYNCED, "not to be synced"),
    (date(2026, 4, 14), 5, "unsynced charge"),
    (date(2026, 4, 20), 7, "wrong sum"),
    (date(2026, 4, 22), 3, "negative"),
    (date(2026, 4, 30), 6, "canceled"),
    (date(2026, 5, 31), 1, "draft"),
)
"""Invoices outside the bill runs: day, account, and what is special about them."""
WRONG = {
    "closed period": "The invoice is dated in January 2026, and that accounting period is closed in NetSuite.",
    "no tax item": "Its tax code has no accounting code, so there is no NetSuite item for the tax line.",
    "unsynced account": "Its account is not in NetSuite, because of the payment term of the account.",
    "unsynced charge": 'It bills the charge "Cold Storage", which is not in NetSuite because it lacks an item type.',
    "wrong sum": "The lines add up to 25.00 less than the amount of the invoice.",
    "negative": "A negative invoice of a tenant with Invoice Settlement: it would have to be a credit memo.",
}
SPECIAL_PAYMENTS = 4
ABOUT = (
    "The tenant that `make demo` loads: a software company with twelve accounts, in the form that the stand-ins' /_sandbox/load takes.",
    '"planted" lists the records that cannot reach NetSuite and why; everything else does. "settings" are set on top of the sandbox\'s.',
    '"netsuite" is loaded on top of the reference data that every account of the stand-in has, "zuora" into an empty tenant.',
    "Change what you like, then `make demo` again. `python -m sandbox.demo` writes the file as it was.",
)
SETTINGS = {
    "netsuite_use_revenue_recognition": "Yes",
    "invoice_line_class_mapping": "Zuora Account",
    "invoice_line_department_mapping": "Zuora Account",
    "invoice_line_location_mapping": "Zuora Account",
    "unassigned_payments_customer_id": str(UNASSIGNED),
}


def generate(seed: int = 7, accounts: int = len(STORIES), invoices: int = 40) -> Tenant:
    """A tenant with so many accounts (at least twelve) and invoices (at least ten), the same for the same seed."""
    if accounts < len(STORIES) or invoices < len(SPECIAL):
        raise ValueError(f"a tenant has at least {len(STORIES)} accounts and {len(SPECIAL)} invoices")
    chance = Random(seed)
    chosen = profiles(accounts, chance)
    subscriptions, subscribed = subscribe(chosen)
    made = _invoices(chosen, subscribed, invoices, chance)
    regular = [i for i, kind in made if kind == "regular"]
    payments = ordinary(regular, round(invoices * 0.625) - SPECIAL_PAYMENTS, chance)
    payments += _special_payments(chosen, made)
    zuora: Objects = {**zuora_accounts(chosen), **zuora_catalogue(), **subscriptions}
    for objects in [*(i.objects() for i, _ in made), *(p.objects(n) for n, p in numbered(payments))]:
        for name, rows in objects.items():
            zuora.setdefault(name, []).extend(rows)
    return Tenant(zuora, netsuite_reference(), dict(SETTINGS), _planted(made, payments), list(ABOUT))


def _invoices(chosen: list[Profile], subscribed: list[Subscribed], count: int, chance: Random) -> list[tuple[Invoice, str]]:
    billed = [n for n in range(1, len(chosen) + 1) if n not in (UNKNOWN_TERM, NOT_SYNCED)]
    wanted = count - len(SPECIAL)
    runs = [
        (date(2026, FIRST_MONTH + turn // len(billed) % MONTHS, 1) + timedelta(days=turn // len(billed) // MONTHS), account, "regular")
        for turn, account in enumerate(billed * (wanted // len(billed) + 1))
    ]
    plan = sorted([*runs[:wanted], *SPECIAL], key=lambda p: p[0])
    made = []
    for n, (day, account, kind) in enumerate(plan, 1):
        invoice = Invoice(n, account, chosen[account - 1], subscribed[account - 1], day)
        FILL.get(kind, _regular)(invoice, chance)
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


def _small(invoice: Invoice, chance: Random) -> None:
    invoice.bill("training")


def _no_tax_item(invoice: Invoice, chance: Random) -> None:
    invoice.bill("gateway", 1)
    del invoice.taxes[0]["AccountingCode"]


def _zero_total(invoice: Invoice, chance: Random) -> None:
    invoice.bill("platform", 1)
    invoice.discount(100, invoice.amount)
    invoice.comments = 'Free month, as agreed with W. Nakamura ("pilot, 2nd term")'


def _unsynced_charge(invoice: Invoice, chance: Random) -> None:
    invoice.bill("licences", 2)
    invoice.bill("storage", 750)


def _wrong_sum(invoice: Invoice, chance: Random) -> None:
    invoice.bill("training")
    invoice.amount += 25


def _negative(invoice: Invoice, chance: Random) -> None:
    invoice.bill("connector", 2, price=Decimal("-61.75"))
    invoice.comments = "Two connectors returned"


def _canceled(invoice: Invoice, chance: Random) -> None:
    _small(invoice, chance)
    invoice.status = "Canceled"


def _draft(invoice: Invoice, chance: Random) -> None:
    _small(invoice, chance)
    invoice.status = "Draft"


FILL = {
    "closed period": _small,
    "no tax item": _no_tax_item,
    "zero total": _zero_total,
    "unsynced charge": _unsynced_charge,
    "wrong sum": _wrong_sum,
    "negative": _negative,
    "canceled": _canceled,
    "draft": _draft,
}


def _special_payments(chosen: list[Profile], made: list[tuple[Invoice, str]]) -> list[Payment]:
    held = next(i for i, kind in made if kind == "unsynced charge")
    unpaid = [i for i, kind in made if kind == "regular"][-1]
    methods = tenant_methods(len(chosen))
    return [
        _pay_one(held, date(2026, 5, 4), held.account, "of a held invoice"),
        _pay_one(unpaid, date(2026, 5, 6), methods[BANK_TRANSFER], "unknown method"),
        Payment(9, "USD", date(2026, 5, 8), Decimal("179.00"), 9, "unapplied", "Paid before the invoice was there", electronic=True),
        Payment(0, "USD", date(2026, 5, 11), Decimal("1250.00"), methods["Check"], "unassigned", "Cheque 40117, sender not legible"),
    ]


def _pay_one(invoice: Invoice, day: date, method: int, kind: str) -> Payment:
    return Payment(invoice.account, invoice.profile.currency, day, invoice.amount, method, kind, parts=[(invoice, invoice.amount)])


def _planted(made: list[tuple[Invoice, str]], payments: list[Payment]) -> list[Planted]:
    term = STORIES[UNKNOWN_TERM - 1].term
    found = [
        Planted("Account", account_number(UNKNOWN_TERM), "held", f'Its payment term "{term}" does not exist in NetSuite.'),
        Planted("ProductRatePlanCharge", "Cold Storage", "held", "Its item type is empty."),
    ]
    for invoice, kind in made:
        if kind in WRONG:
            expect, mode = ("left", "B") if kind == "negative" else ("held", "")
            found.append(Planted("Invoice", invoice.number, expect, WRONG[kind], mode))
    why = {
        "of a held invoice": ("held", "It is applied to an invoice that is not in NetSuite."),
        "unknown method": ("held", 'NetSuite has no payment method "BankTransfer".'),
        "unapplied": ("left", "It has an account but is applied to nothing; it waits until it is."),
    }
    for n, payment in numbered(payments):
        if payment.kind in why:
            expect, wrong = why[payment.kind]
            found.append(Planted("Payment", payment_number(n), expect, wrong, "B" if expect == "left" else ""))
    return found
