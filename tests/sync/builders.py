"""Zuora objects for tests, complete enough for the stand-in to take them: an account with contacts, a charge, invoices, payments."""

from __future__ import annotations

import hashlib
from typing import Any

Objects = dict[str, list[dict[str, Any]]]


def zid(name: str) -> str:
    """A stable Zuora id for a name."""
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def merged(*parts: Objects) -> Objects:
    together: Objects = {}
    for part in parts:
        for kind, rows in part.items():
            together.setdefault(kind, []).extend(rows)
    return together


def account(number: str, *, name: str | None = None, currency: str = "USD", **fields: Any) -> Objects:
    contact = {"AccountId": zid(number), "Address1": "1 Main St", "City": "Austin", "State": "Texas", "PostalCode": "78701"}
    return {
        "Account": [
            {
                "Id": zid(number),
                "AccountNumber": number,
                "Name": name or f"Customer {number}",
                "Currency": currency,
                "Status": "Active",
                "PaymentTerm": "Net 30",
                "Batch": "Batch1",
                "BillCycleDay": 1,
                "AutoPay": False,
                "BillToId": zid(f"{number} bill"),
                "SoldToId": zid(f"{number} sold"),
                "Subsidiary__NS": "Parent Company",
                **fields,
            }
        ],
        "Contact": [
            {
                "Id": zid(f"{number} bill"),
                "FirstName": "Bill",
                "LastName": "Payer",
                "Country": "United States",
                "WorkEmail": "ap@example.com",
            }
            | contact,
            {"Id": zid(f"{number} sold"), "FirstName": "Sol", "LastName": "User", "Country": "United States"} | contact,
        ],
    }


def charge(name: str, **fields: Any) -> Objects:
    plan, product = zid(f"{name} plan"), zid(f"{name} product")
    dates = {"EffectiveStartDate": "2020-01-01", "EffectiveEndDate": "2040-12-31"}
    return {
        "Product": [{"Id": product, "Name": f"{name} product", **dates}],
        "ProductRatePlan": [{"Id": plan, "ProductId": product, "Name": f"{name} plan", **dates}],
        "ProductRatePlanCharge": [
            {
                "Id": zid(name),
                "ProductRatePlanId": plan,
                "Name": name,
                "ChargeModel": "Flat Fee Pricing",
                "ChargeType": "Recurring",
                "ItemType__NS": "Service",
                "Taxable": False,
                **fields,
            }
        ],
    }


def subscription(account_number: str, number: str, *charges: str) -> Objects:
    plan = zid(f"{number} plan")
    return {
        "Subscription": [
            {
                "Id": zid(number),
                "AccountId": zid(account_number),
                "Name": number,
                "Status": "Active",
                "TermType": "TERMED",
                "ContractEffectiveDate": "2026-01-01",
                "SubscriptionEndDate": "2026-12-31",
            }
        ],
        "RatePlan": [{"Id": plan, "SubscriptionId": zid(number), "ProductRatePlanId": zid(f"{charges[0]} plan"), "Name": "plan"}],
        "RatePlanCharge": [
            {
                "Id": zid(f"{number} {c}"),
                "RatePlanId": plan,
                "ProductRatePlanChargeId": zid(c),
                "Name": c,
                "ChargeNumber": f"C-{number}-{n}",
            }
            for n, c in enumerate(charges)
        ],
    }


def invoice(
    account_number: str,
    number: str,
    lines: list[tuple[str, float]],
    *,
    sub: str,
    taxes: list[float] | None = None,
    amount: float | None = None,
    **fields: Any,
) -> Objects:
    """`lines` = (charge name, amount); `taxes` = a tax amount per line (0 = none), taxed by the item in TaxItem."""
    items, taxation = [], []
    tax_fields = fields.pop("tax_fields", {})
    for n, (name, value) in enumerate(lines, start=1):
        item_id = zid(f"{number} item {n}")
        items.append(
            {
                "Id": item_id,
                "InvoiceId": zid(number),
                "SubscriptionId": zid(sub),
                "RatePlanChargeId": zid(f"{sub} {name}"),
                "ChargeName": name,
                "ChargeAmount": value,
                "Quantity": 1,
                "UnitPrice": value,
                "ChargeDate": "2026-10-01T00:00:00.000+00:00",
                "ProcessingType": 1 if value < 0 and "iscount" in name else 0,
                "ServiceStartDate": "2026-10-01",
                "ServiceEndDate": "2026-10-31",
            }
        )
        if taxes and taxes[n - 1]:
            taxation.append(
                {
                    "Id": zid(f"{number} tax {n}"),
                    "InvoiceId": zid(number),
                    "InvoiceItemId": item_id,
                    "TaxAmount": taxes[n - 1],
                    "TaxCode": "STATE",
                    "TaxRate": 0.0825,
                    "TaxRateType": "Percentage",
                    "TaxRateDescription": "State sales tax",
                    "TaxDate": "2026-10-01",
                    "Jurisdiction": "Texas",
                    "Name": "State tax",
                    **tax_fields,
                }
            )
    tax = round(sum(taxes or []), 2)
    net = round(sum(v for _, v in lines), 2)
    head = {
        "Id": zid(number),
        "AccountId": zid(account_number),
        "InvoiceNumber": number,
        "InvoiceDate": "2026-10-01",
        "DueDate": "2026-10-31",
        "TargetDate": "2026-10-01",
        "PostedDate": "2026-10-01T09:00:00.000+00:00",
        "Status": "Posted",
        "Amount": amount if amount is not None else round(net + tax, 2),
        "AmountWithoutTax": net,
        "TaxAmount": tax,
        "TaxExemptAmount": 0,
        "Balance": amount if amount is not None else round(net + tax, 2),
        **fields,
    }
    return {"Invoice": [head], "InvoiceItem": items, "TaxationItem": taxation}


def payment(
    account_number: str | None, number: str, amount: float, applied: dict[str, float], *, method: str = "Check", **fields: Any
) -> Objects:
    """`applied` = amount by invoice number; the rest stays unapplied."""
    rest = round(amount - sum(applied.values()), 2)
    parts = [
        {"Id": zid(f"{number} part {n}"), "PaymentId": zid(number), "InvoiceId": zid(document), "Amount": value}
        for n, (document, value) in enumerate(applied.items())
    ]
    if rest:
        parts.append({"Id": zid(f"{number} rest"), "PaymentId": zid(number), "Amount": rest})
    head = {
        "Id": zid(number),
        "PaymentNumber": number,
        "Amount": amount,
        "AppliedAmount": round(amount - rest, 2),
        "UnappliedAmount": rest,
        "EffectiveDate": "2026-10-15",
        "PaymentMethodId": zid(f"{number} method"),
        "Status": "Processed",
        "Type": "External",
        **({"AccountId": zid(account_number)} if account_number else {}),
        **fields,
    }
    owner = {"AccountId": zid(account_number)} if account_number else {}
    return {"PaymentMethod": [{"Id": zid(f"{number} method"), "Type": method, **owner}], "Payment": [head], "PaymentPart": parts}
