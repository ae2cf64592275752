"""What a tenant's settings hold: tax engines and codes, accounting codes, payment method types (provisioning.md section 3.4)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sandbox.zuora.models.values import Record
from sandbox.zuora.schema.rules import METHOD_TYPES

if TYPE_CHECKING:
    from sandbox.zuora.models.tenant import Tenant

ENGINES = {"ztax": "Z_Tax", "avalara": "Avalara", "connector": "Connector"}
"""Kinds of tax engines, by their word in paths."""
TYPES_OF_CODES = {
    "AccountsReceivable": "Assets",
    "On-Account Receivable": "Assets",
    "Cash": "Assets",
    "OtherAssets": "Assets",
    "CustomerCashOnAccount": "Liabilities",
    "DeferredRevenue": "Liabilities",
    "SalesTaxPayable": "Liabilities",
    "OtherLiabilities": "Liabilities",
    "SalesRevenue": "Revenue",
    "SalesDiscounts": "Revenue",
    "OtherRevenue": "Revenue",
    "OtherEquity": "Equity",
    "BadDebt": "Expenses",
    "OtherExpenses": "Expenses",
    "UnbilledReceivables": "Assets",
    "ContractAssets": "Assets",
    "ContractLiabilities": "Liabilities",
    "AdjustmentLiabilities": "Liabilities",
    "AdjustmentRevenue": "Revenue",
}
"""Types of accounting codes and their categories."""
TAXES = ("TaxationItem", "CreditTaxationItem", "DebitTaxationItem")
"""Types that bear the accounting code of their tax code."""
WITHOUT_ACCOUNT = ("ACH", "Cash", "Check", "WireTransfer", "Other")
"""Types of which a method can belong to no account."""


class Settings:
    """Callers hold the store's lock."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.tax_engines = [{"id": uuid.uuid4().hex, "name": "Zuora Tax", "taxEngineType": "Z_Tax"}]
        self.tax_codes: dict[str, dict[str, Any]] = {}
        """By name; `accountingCode` among the values is not shown by the settings API."""
        self.accounting_codes: dict[str, dict[str, Any]] = {}
        self.payment_types: list[str] = [] if tenant.options.bare else list(METHOD_TYPES)

    def make_tax_code(self, name: str, description: str = "", engine: str = "", active: bool = True) -> dict[str, Any]:
        self.tax_codes[name] = {
            "id": uuid.uuid4().hex,
            "taxEngineId": engine or self.tax_engines[0]["id"],
            "active": active,
            "name": name,
            "description": description,
        }
        return self.tax_codes[name]

    def make_accounting_code(self, name: str, kind: str, **more: Any) -> dict[str, Any]:
        """Active at once."""
        self.accounting_codes[name] = {
            "id": uuid.uuid4().hex,
            "name": name,
            "type": kind,
            "glAccountName": more.get("glAccountName"),
            "glAccountNumber": more.get("glAccountNumber"),
            "notes": more.get("notes"),
            "category": TYPES_OF_CODES[kind],
            "status": "Active",
        }
        return self.accounting_codes[name]

    def switch_payment_types(self, types: Iterable[str]) -> None:
        """Exactly these types are on; whether that gives methods without an account is an option."""
        self.payment_types = list(types)
        if not self.tenant.options.payment_types_give_methods:
            return
        store = self.tenant.store
        there = {m["Type"] for m in store.all("PaymentMethod") if "AccountId" not in m}
        for kind in self.payment_types:
            if kind in WITHOUT_ACCOUNT and kind not in there:
                made = {"Type": kind, "Name": kind, "Active": True, "IsSystem": True, "PaymentMethodStatus": "Active"}
                store.insert("PaymentMethod", made)

    def fill_in(self, taxes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Taxes that are loaded without an accounting code, with that of their tax code, as the service computes them."""
        filled = []
        for tax in taxes:
            code = self.tax_codes.get(str(tax.get("TaxCode")), {}).get("accountingCode") if isinstance(tax, dict) else None
            filled.append({**tax, "AccountingCode": code} if code and not tax.get("AccountingCode") else tax)
        return filled

    def take_over(self, taxes: Iterable[Record]) -> None:
        """The codes that loaded taxes bear are there, set on each other."""
        for tax in taxes:
            name, code = tax.get("TaxCode"), tax.get("AccountingCode")
            if code and code not in self.accounting_codes:
                self.make_accounting_code(code, "SalesTaxPayable")
            if name and name not in self.tax_codes:
                self.make_tax_code(name)["accountingCode"] = code
