"""A month in the ledger: documents that runs have synced, held or refused."""

from __future__ import annotations

from tallybridge.sync.ledger import Ledger, Owner
from tallybridge_cli.target import Target
from tests.cli.conftest import TestClock

OF_RUN = {"run_by": "schedule", "settings_version": "3/abc"}
KINDS = {
    "invoices": ("Invoice", "invoice"),
    "credit_memos": ("CreditMemo", "creditMemo"),
    "payments": ("Payment", "customerPayment"),
    "refunds": ("Refund", "customerRefund"),
}


def book(target: Target, run: str = "run-1", batch: str = "1") -> Ledger:
    owner, lease = Owner(run, batch, "i"), int(target.clock.now().timestamp()) + 300
    return Ledger(target.table("STATUS_TABLE"), target.clock, owner, lease, OF_RUN)


def _about(step: str, day: str, amount: str, currency: str) -> dict[str, str]:
    named = {"customer": "77", "customer_name": "A1 Acme", "record_type": KINDS[step][1]}
    return {"document_date": day, "currency": currency, "amount": amount, **named}


def _key(step: str, number: str) -> str:
    return Ledger.key("zuora", KINDS[step][0], f"id-{number}")


def sync(
    target: Target,
    number: str,
    *,
    step: str = "invoices",
    day: str = "2026-04-10",
    amount: str = "100",
    currency: str = "USD",
    proved: bool = True,
    run: str = "run-1",
    **more: str,
) -> None:
    """A run has brought a document over."""
    ledger, key = book(target, run), _key(step, number)
    claim = ledger.claim(key, step, number, ledger.read([key]).get(key), _about(step, day, amount, currency))
    claim = ledger.confirmed(ledger.sent(claim, "hash-" + number, **more), "9" + number[-2:])
    ledger.done(claim, compared=f"{currency} {amount}" if proved else "", held_amount=amount)


def hold(
    target: Target,
    number: str,
    code: str = "INV-V1",
    *,
    step: str = "invoices",
    day: str = "2026-04-12",
    amount: str = "50",
    currency: str = "USD",
    run: str = "run-1",
) -> None:
    """A run has held a document."""
    ledger, key = book(target, run), _key(step, number)
    about = _about(step, day, amount, currency)
    ledger.held(key, step, number, code, f"{number} lacks something.", "", ledger.read([key]).get(key), about)


def looked(target: Target, at: str = "2026-05-04T02:00:00Z") -> None:
    """A whole run has looked at both sides."""
    target.runs.set_watermark("drift in Zuora", "", at, at, at)


def settle(clock: TestClock) -> None:
    """Time passes until a count is kept."""
    clock.sleep(60)
