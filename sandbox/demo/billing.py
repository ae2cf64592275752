"""Invoices: lines with service periods, prorations, discounts and several tax lines each, always adding up."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.demo.accounts import Profile
from sandbox.demo.catalogue import LEVY, REGIMES, Charge, Tax
from sandbox.demo.ids import number, rounded, zuora_id
from sandbox.demo.subscriptions import Bought, Subscribed
from sandbox.demo.tenant import Objects

FIRST_INVOICE = 4001
DAYS = {"Due Upon Receipt": 0, "Net 15": 15, "Net 30": 30, "Net 45": 45, "Net 60": 60, "Net 37": 37}


@dataclass
class Invoice:
    """An invoice in the making. `n` is its place in the sequence of numbers, `account` that of its account."""

    n: int
    account: int
    profile: Profile
    subscribed: Subscribed
    day: date
    lines: list[dict[str, Any]] = field(default_factory=list)
    taxes: list[dict[str, Any]] = field(default_factory=list)
    amount: Decimal = Decimal(0)
    status: str = "Posted"
    comments: str = ""
    currency: str = ""
    """Where it is another than the account's."""

    @property
    def id(self) -> str:
        return zuora_id("Invoice", self.n)

    @property
    def reference(self) -> dict[str, str]:
        """What another object says to refer to it."""
        return {"InvoiceId": self.id}

    @property
    def number(self) -> str:
        return f"INV{FIRST_INVOICE + self.n - 1:08d}"

    def bill(self, key: str, quantity: Decimal | int | None = None, *, price: Decimal | None = None, taxed: bool = True) -> Decimal:
        """Add a line for a charge of the subscription, with its taxes; answers its amount without them."""
        bought = self.subscribed.charges[key]
        count = Decimal(bought.quantity if quantity is None else quantity)
        each = bought.charge.price_in(self.profile.currency) if price is None else price
        amount = rounded(count * each, self.profile.currency)
        self._line(bought, amount, count, each)
        if taxed and not bought.charge.is_discount:
            self._tax(amount, count, bought.charge)
        return amount

    def bill_in_parts(self, key: str, *amounts: Decimal) -> None:
        """Add a line for each amount, as finely as it is given, without taxes."""
        for amount in amounts:
            self._line(self.subscribed.charges[key], amount, Decimal(1), amount)

    def discount(self, per_cent: int, base: Decimal) -> None:
        """Add a discount line of so much of the amount of the first line, with the taxes that it saves."""
        bought = self.subscribed.charges["loyalty"]
        off = -rounded(base * per_cent / 100, self.profile.currency)
        self._line(bought, off, Decimal(1), off, AppliedToInvoiceItemId=self.lines[0]["Id"], ProcessingType=1)
        self._tax(off, Decimal(1), bought.charge)

    def objects(self) -> Objects:
        """The invoice with its lines and taxes as Zuora has them."""
        row: dict[str, Any] = {
            "Id": self.id,
            "InvoiceNumber": self.number,
            "AccountId": zuora_id("Account", self.account),
            "InvoiceDate": self.day.isoformat(),
            "DueDate": (self.day + timedelta(days=DAYS[self.profile.term])).isoformat(),
            "TargetDate": self.day.isoformat(),
            "Status": self.status,
            "Amount": number(self.amount),
            "Currency": self.currency,
            "Comments": self.comments,
            "CreatedDate": f"{self.day}T03:15:00Z",
        }
        if self.status == "Posted":
            row["PostedDate"] = f"{self.day}T06:40:00Z"
        return {"Invoice": [{k: v for k, v in row.items() if v != ""}], "InvoiceItem": self.lines, "TaxationItem": self.taxes}

    def _line(self, bought: Bought, amount: Decimal, quantity: Decimal, price: Decimal, **more: Any) -> None:
        charge = bought.charge
        start, end = self._service_period(charge)
        row: dict[str, Any] = {
            "Id": zuora_id("InvoiceItem", self.n * 100 + len(self.lines) + 1),
            "InvoiceId": self.id,
            "SubscriptionId": self.subscribed.id,
            "RatePlanChargeId": bought.id,
            "ChargeName": charge.name,
            "ChargeAmount": number(amount),
            "Quantity": number(quantity),
            "UnitPrice": number(price),
            "UOM": charge.unit,
            "ProcessingType": 0,
            "ChargeDate": f"{self.day}T03:15:00Z",
            "ServiceStartDate": start.isoformat(),
            "ServiceEndDate": end.isoformat(),
            "AccountingCode": charge.account,
            "RevRecCode": charge.template,
            "RevRecStartDate": start.isoformat() if charge.template and charge.period != "Quarter" else "",
            **more,
        }
        self.lines.append({k: v for k, v in row.items() if v != ""})
        self.amount += amount

    def _service_period(self, charge: Charge) -> tuple[date, date]:
        months = {"Month": 1, "Quarter": 3, "Annual": 12}.get(charge.period, 0)
        if not months:
            return self.day, self.day
        if charge.kind == "Usage":
            first = (self.day.replace(day=1) - timedelta(days=1)).replace(day=1)
            return first, _last_day(first, 1)
        first = self.day.replace(day=1)
        return first, _last_day(first, months)

    def _tax(self, amount: Decimal, quantity: Decimal, charge: Charge) -> None:
        for tax in REGIMES[self.profile.regime]:
            self._tax_line(tax, rounded(amount * tax.rate, self.profile.currency), amount)
        if charge.levy and self.profile.regime == "US":
            self._tax_line(LEVY, LEVY.rate * quantity, amount)

    def _tax_line(self, tax: Tax, taxed: Decimal, base: Decimal) -> None:
        self.taxes.append(
            {
                "Id": zuora_id("TaxationItem", self.n * 100 + len(self.taxes) + 1),
                "InvoiceItemId": self.lines[-1]["Id"],
                "InvoiceId": self.id,
                "Name": tax.name,
                "TaxCode": tax.code,
                "TaxAmount": number(taxed),
                "TaxRate": number(tax.rate),
                "TaxRateType": "FlatFee" if tax.flat else "Percentage",
                "TaxRateDescription": tax.name,
                "TaxDate": self.day.isoformat(),
                "Jurisdiction": tax.jurisdiction,
                "ExemptAmount": 0 if tax.rate else number(base),
                "AccountingCode": str(tax.item),
            }
        )
        self.amount += taxed


def _last_day(first: date, months: int) -> date:
    month = first.month - 1 + months - 1
    year, month = first.year + month // 12, month % 12 + 1
    return date(year, month, calendar.monthrange(year, month)[1])
