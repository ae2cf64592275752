"""The reference data that every account of the stand-in starts with, in the form that `load` takes."""

from __future__ import annotations

import calendar
from typing import Any

from sandbox.netsuite.options import NetSuiteOptions

FIRST_YEAR, LAST_YEAR = 2020, 2032
Objects = dict[str, list[dict[str, Any]]]


def default_objects(options: NetSuiteOptions) -> Objects:
    """Reference data for an account with these features."""
    everywhere = {"subsidiary": {"items": [{"id": 1}]}, "includeChildren": True} if options.one_world else {}
    europe = {"subsidiary": {"items": [{"id": 3}]}} if options.one_world else {}
    objects: Objects = {
        "currency": _currencies(options),
        "classification": _named(["Software", "Services", ("Training", 2)], everywhere),
        "department": _named(["Sales", "Engineering", ("Field Sales", 1)], everywhere),
        "location": [
            *_named(["Americas", ("North America", 1), ("Eastern", 2), ("Western", 2)], everywhere),
            {"id": 5, "name": "Europe", **europe},
        ],
        "term": [{"id": n, "name": name, "daysUntilNetDue": days} for n, (name, days) in enumerate(TERMS, 1)],
        "account": [_account(n, *row) for n, row in enumerate(ACCOUNTS, 1)],
        "paymentMethod": [_payment_method(n, name) for n, name in enumerate(PAYMENT_METHODS, 1)],
        "accountingPeriod": _periods(),
        "taxSchedule": [{"id": 1, "name": "Standard"}, {"id": 2, "name": "Non-Taxable"}],
        "revRecTemplate": [{"id": n, "name": name} for n, name in enumerate(TEMPLATES, 1)],
        "priceLevel": [{"id": 1, "name": "Base Price"}, {"id": 2, "name": "Alternate Price"}],
        "salesTaxItem": [{"id": n, "itemId": name, "taxType": kind, "rate": rate} for n, (name, kind, rate) in enumerate(TAX_CODES, 1)],
    }
    if options.one_world:
        objects["subsidiary"] = SUBSIDIARIES
    return objects


SUBSIDIARIES: list[dict[str, Any]] = [
    {"id": 1, "name": "Parent Company", "country": "US", "currency": 1},
    {"id": 2, "name": "US Operations", "country": "US", "currency": 1, "parent": 1},
    {"id": 3, "name": "Europe Operations", "country": "DE", "currency": 2, "parent": 1},
]
TERMS = [("Due Upon Receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 45", 45), ("Net 60", 60)]
ACCOUNTS: list[tuple[str, str, str, int | None, str | None]] = [
    ("1000", "Operating Bank Account", "Bank", None, None),
    ("1050", "Undeposited Funds", "OthCurrAsset", None, "UndepFunds"),
    ("1100", "Accounts Receivable", "AcctRec", None, "AcctRec"),
    ("2100", "Sales Tax Payable", "OthCurrLiab", None, "SalesTaxPay"),
    ("2300", "Customer Deposits", "OthCurrLiab", None, "CustDep"),
    ("2400", "Deferred Revenue", "DeferRevenue", None, "DeferRevenue"),
    ("4000", "Sales", "Income", None, None),
    ("4100", "Subscription Revenue", "Income", None, None),
    ("4110", "Recurring", "Income", 8, None),
    ("4120", "Usage", "Income", 8, None),
    ("4200", "Professional Services", "Income", None, None),
    ("4900", "Discounts", "Income", None, None),
    ("2410", "Subscriptions", "DeferRevenue", 6, None),
    ("5000", "Cost of Goods Sold", "COGS", None, None),
    ("6000", "Bad Debt", "Expense", None, None),
]
PAYMENT_METHODS = [
    "ACH",
    "Cash",
    "Check",
    "CreditCard",
    "Other",
    "PayPal",
    "WireTransfer",
    "DebitCard",
    "CreditCardReferenceTransaction",
]
TO_THE_BANK = ("ACH", "WireTransfer")
TEMPLATES = ["Straight-line, by even periods", "Straight-line, exact days", "Recognize upon invoicing"]
TAX_CODES = [("Zero Rate", 1, 0), ("Sales Tax 8%", 1, 8), ("VAT 19%", 5, 19)]


def _currencies(options: NetSuiteOptions) -> list[dict[str, Any]]:
    rows: list[tuple[str, str, float, int]] = [
        ("US Dollar", "USD", 1, 2),
        ("Euro", "EUR", 1.1, 2),
        ("British pound", "GBP", 1.25, 2),
        ("Japanese Yen", "JPY", 0.007, 0),
    ]
    kept = rows if options.multiple_currencies else rows[:1]
    return [
        {"id": n, "name": name, "symbol": symbol, "exchangeRate": rate, "currencyPrecision": precision}
        for n, (name, symbol, rate, precision) in enumerate(kept, 1)
    ]


def _named(names: list[str | tuple[str, int]], shared: dict[str, Any]) -> list[dict[str, Any]]:
    """Records with ids from 1; a tuple also gives the id of the parent."""
    rows = []
    for number, entry in enumerate(names, 1):
        name, parent = entry if isinstance(entry, tuple) else (entry, None)
        rows.append({"id": number, "name": name, **({"parent": parent} if parent else {}), **shared})
    return rows


def _account(identifier: int, number: str, name: str, kind: str, parent: int | None, role: str | None) -> dict[str, Any]:
    known = {"id": identifier, "acctNumber": number, "acctName": name, "acctType": kind, "parent": parent, "sSpecAcct": role}
    return {k: v for k, v in known.items() if v is not None}


def _payment_method(identifier: int, name: str) -> dict[str, Any]:
    return {"id": identifier, "name": name, **({"account": 1} if name in TO_THE_BANK else {})}


def _periods() -> list[dict[str, Any]]:
    """Fiscal years, quarters and open months."""
    rows: list[dict[str, Any]] = []
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        rows.append(_period(f"FY {year}", year, 1, 12, isYear=True, isPosting=False))
        for quarter in range(4):
            rows.append(_period(f"Q{quarter + 1} {year}", year, quarter * 3 + 1, quarter * 3 + 3, isQuarter=True, isPosting=False))
        rows += [_period(f"{calendar.month_abbr[month]} {year}", year, month, month, isPosting=True) for month in range(1, 13)]
    return [{"id": number, **row} for number, row in enumerate(rows, 1)]


def _period(name: str, year: int, first: int, last: int, **flags: bool) -> dict[str, Any]:
    end = f"{year}-{last:02}-{calendar.monthrange(year, last)[1]}"
    return {"periodName": name, "startDate": f"{year}-{first:02}-01", "endDate": end, **flags}
