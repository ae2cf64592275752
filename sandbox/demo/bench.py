"""A tenant of any size for measurements: plain invoices with so many lines each, in US dollars, nothing wrong with them."""

from __future__ import annotations

from datetime import date, timedelta

from sandbox.demo.accounts import AUSTIN, US, Profile, zuora_accounts
from sandbox.demo.billing import Invoice
from sandbox.demo.catalogue import netsuite_reference, zuora_catalogue
from sandbox.demo.payments import Payment
from sandbox.demo.subscriptions import subscribe
from sandbox.demo.tenant import Objects, Tenant
from sandbox.demo.unsettled import invoice_payments

PER_ACCOUNT = 10
LINES = ("platform", "licences", "calls", "support", "connector")
MAX_LINES = 50


def bench(n_invoices: int, lines: int = 3, payments: int = 0) -> Tenant:
    """`n_invoices` invoices of ten an account, with `lines` lines each and no taxes; `payments` of them are paid in full."""
    if not 1 <= lines <= MAX_LINES:
        raise ValueError(f"an invoice has 1 to {MAX_LINES} lines here")
    chosen = plain_profiles(-(-n_invoices // PER_ACCOUNT))
    subscriptions, subscribed = subscribe(chosen)
    zuora: Objects = {**zuora_accounts(chosen), **zuora_catalogue(), **subscriptions}
    zuora["ProductRatePlanCharge"] = [c for c in zuora["ProductRatePlanCharge"] if "ItemType__NS" in c]
    known = {c["Id"] for c in zuora["ProductRatePlanCharge"]}
    zuora["RatePlanCharge"] = [c for c in zuora["RatePlanCharge"] if c["ProductRatePlanChargeId"] in known]
    for n in range(1, n_invoices + 1):
        account = (n - 1) // PER_ACCOUNT
        invoice = Invoice(n, account + 1, chosen[account], subscribed[account], date(2026, 2, 1) + timedelta(days=n % 240))
        for line in range(lines):
            invoice.bill(LINES[line % len(LINES)], 1 + (n + line) % 20, taxed=False)
        for name, rows in invoice.objects().items():
            zuora.setdefault(name, []).extend(rows)
        if n <= payments:
            paid = Payment(
                account + 1, "USD", invoice.day + timedelta(days=9), invoice.amount, account + 1, parts=[(invoice, invoice.amount)]
            )
            for name, rows in paid.objects(n).items():
                zuora.setdefault(name, []).extend(rows)
    zuora = {name: rows for name, rows in zuora.items() if rows}
    return Tenant(zuora, netsuite_reference(), zuora_a=invoice_payments(zuora))


def plain_profiles(count: int) -> list[Profile]:
    """So many accounts that differ in nothing but their names."""
    buys = tuple((key, 5) for key in LINES)
    return [
        Profile(f"Customer {n:05d} Inc.", "USD", "Net 30", "US", US, ("Alex", f"Morgan {n}"), AUSTIN, "ACH", buys)
        for n in range(1, count + 1)
    ]
