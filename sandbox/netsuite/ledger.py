"""Open amounts, states and balances: everything that follows from the documents and from what is applied to what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.netsuite.store import STATIC_LISTS, Record, Store, applications

ZERO = Decimal(0)
INVOICE_PARTS = ("item",)


class Ledger:
    """Reads the store; stores nothing itself."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def precision(self, currency: int | None) -> int:
        """Decimal places of a currency."""
        record = self.store.get("currency", currency) if currency else None
        return int(record.values.get("currencyPrecision", 2)) if record else 2

    def rounded(self, amount: Decimal, currency: int | None) -> Decimal:
        """An amount at its currency's precision, halves away from zero unless the account rounds otherwise."""
        even = self.store.catalog.options.habits.rounding == "half even"
        return amount.quantize(Decimal(1).scaleb(-self.precision(currency)), rounding=ROUND_HALF_EVEN if even else ROUND_HALF_UP)

    def applied_to(self, document: int, without: int | None = None) -> Decimal:
        """Sum that other transactions apply to a document, optionally leaving one of them out."""
        return sum((a for (applier, _), a in self.store.applied.get(document, {}).items() if applier != without), ZERO)

    def open_amount(self, record: Record, without: int | None = None) -> Decimal:
        """What is left of a document: due on an invoice, unapplied on a memo, payment or deposit."""
        values = record.values
        match record.type.name:
            case "invoice":
                gross = values["total"]
            case "creditMemo":
                gross = values["total"] - own_applied(record)
            case "customerPayment":
                gross = values["payment"] + own(record, "credit") + own(record, "deposit") - own_applied(record)
            case "customerDeposit":
                gross = values["payment"]
            case "journalEntry":
                gross = self._receivable_debits(record)
            case _:
                return ZERO
        left: Decimal = gross - self.applied_to(record.id, without)
        return left

    def _receivable_debits(self, record: Record) -> Decimal:
        total = ZERO
        for line in record.lines.get("line", ()):
            account = self.store.get("account", line["account"])
            if account and account.values["acctType"] == "AcctRec":
                total += line.get("debit") or ZERO
        return total

    def derived(self, record: Record, today: date) -> dict[str, Any]:
        """Values that the server works out when a record is read."""
        match record.type.name:
            case "invoice":
                left = self.open_amount(record)
                return {"amountRemaining": left, "amountPaid": record.values["total"] - left, "status": self.status(record)}
            case "creditMemo":
                left = self.open_amount(record)
                used = record.values["total"] - left
                return {
                    "unapplied": left,
                    "applied": used,
                    "amountRemaining": left,
                    "amountPaid": used,
                    "status": self.status(record),
                }
            case "customerPayment":
                left = self.open_amount(record)
                paid = record.values["payment"]
                return {"unapplied": left, "applied": own_applied(record), "total": paid, "status": self.status(record)}
            case "customerDeposit" | "customerRefund" | "depositApplication" | "journalEntry" | "salesOrder":
                return {"status": self.status(record)}
            case "customer":
                return {**self._balances(record, today), "searchStage": stage_of(record)}
        return {}

    def status(self, record: Record) -> str:
        """The state letter of a transaction."""
        values = record.values
        match record.type.name:
            case "invoice":
                pending = {"1": "D", "3": "E"}.get(values.get("approvalStatus", "2"))
                return pending or ("A" if self.open_amount(record) > 0 else "B")
            case "creditMemo":
                return "A" if self.open_amount(record) > 0 else "B"
            case "customerPayment":
                return "B" if values.get("undepFunds") == "T" else "C"
            case "customerDeposit":
                if self.open_amount(record) == 0:
                    return "C"
                return "A" if values.get("undepFunds") == "T" else "B"
            case "salesOrder":
                return self._order_status(record)
            case "customerRefund":
                return "R"
            case "depositApplication":
                return "A"
        return "B" if values.get("approvalStatus", "2") == "2" else "A"

    def _order_status(self, record: Record) -> str:
        if record.values.get("orderStatus") == "A":
            return "A"
        lines = record.lines["item"]
        if all(line.get("isClosed") for line in lines):
            return "H"
        if all(line.get("isClosed") or line.get("quantityBilled", ZERO) >= line["quantity"] for line in lines):
            return "G"
        items = (self.store.get("item", line["item"]) for line in lines)
        shipped = any(i and (i.type.name == "inventoryItem" or i.values.get("isFulfillable")) for i in items)
        return "B" if shipped else "F"

    def transactions_of(self, customer: int, *types: str) -> Iterator[Record]:
        """A customer's transactions of some types."""
        for number in sorted(self.store.of_customer.get(customer, ())):
            record = self.store.transaction(number)
            if record.type.name in types:
                yield record

    def _balances(self, customer: Record, today: date) -> dict[str, Any]:
        due = overdue = deposits = orders = ZERO
        for record in self.transactions_of(customer.id, "invoice", "creditMemo", "customerPayment", "customerDeposit", "salesOrder"):
            left = self.open_amount(record)
            match record.type.name:
                case "invoice":
                    due += left
                    if record.values.get("dueDate", today) < today:
                        overdue += left
                case "customerDeposit":
                    deposits += left
                case "salesOrder":
                    orders += record.values["total"] if self.status(record) not in "GH" else ZERO
                case _:
                    due -= left
        return {"balance": due, "overdueBalance": overdue, "depositBalance": deposits, "unbilledOrders": orders}


def stage_of(customer: Record) -> str:
    """Lead, Prospect or Customer: the first word of the customer's status."""
    status = STATIC_LISTS["customerStatus"].get(customer.values.get("entityStatus", 0), "CUSTOMER")
    return status.partition("-")[0].capitalize()


def own(record: Record, sublist: str) -> Decimal:
    """Sum of the amounts on one sublist of a transaction."""
    return sum((line["amount"] for line in record.lines.get(sublist, ())), ZERO)


def own_applied(record: Record) -> Decimal:
    """What a transaction applies to other documents through its own `apply` lines."""
    return sum((amount for _, sublist, amount in applications(record) if sublist == "apply"), ZERO)
