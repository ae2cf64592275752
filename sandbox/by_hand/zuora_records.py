"""The first customer of a new tenant with its first invoice, as a person enters them: a product of one charge, a subscription to it, and
what was billed for it."""

from __future__ import annotations

from typing import Any

Objects = dict[str, list[dict[str, Any]]]
ACCOUNT, CONTACT, PRODUCT, PLAN, CHARGE, SUBSCRIPTION, OWN_PLAN, OWN_CHARGE, INVOICE, ITEM, TAX = (f"8ad0f{n:027x}" for n in range(1, 12))
FROM, UNTIL = "2024-01-01", "2036-12-31"
PRICE = 100
NET = {"Name": "Support", "EffectiveStartDate": FROM, "EffectiveEndDate": UNTIL}


def first_invoice(day: str, suffix: str, tax_code: str = "", tax_rate: float = 0.2) -> Objects:
    """Objects by type. `suffix` is that of the connector's fields; with a tax code a tax of that rate (a fraction) is on the invoice, whose
    accounting code is that of the tax code."""
    return {**customer(), **sold({f"ItemType{suffix}": "Service"}, tax_code), **billed(day, tax_code, tax_rate)}


def customer() -> Objects:
    place = {"Country": "United States", "State": "California"}
    terms = {"Currency": "USD", "PaymentTerm": "Net 30", "Batch": "Batch1", "BillCycleDay": 1, "Status": "Active"}
    return {
        "Account": [
            {"Id": ACCOUNT, "AccountNumber": "A-FIRST", "Name": "First Customer Ltd", "BillToId": CONTACT, "SoldToId": CONTACT, **terms}
        ],
        "Contact": [{"Id": CONTACT, "AccountId": ACCOUNT, "FirstName": "Ada", "LastName": "First", **place}],
    }


def sold(own: dict[str, str], tax_code: str) -> Objects:
    """The catalogue, with the connector's fields in `own`, and a subscription to it."""
    price = {"ChargeModel": "Flat Fee Pricing", "ChargeType": "Recurring", "BillingPeriod": "Month", "Taxable": bool(tax_code)}
    taxed = {"TaxCode": tax_code, "TaxMode": "TaxExclusive"} if tax_code else {}
    return {
        "Product": [{"Id": PRODUCT, "SKU": "SUPPORT", **NET, **own}],
        "ProductRatePlan": [{"Id": PLAN, "ProductId": PRODUCT, **NET, **own}],
        "ProductRatePlanCharge": [{"Id": CHARGE, "ProductRatePlanId": PLAN, "Name": "Support, monthly", **price, **taxed, **own}],
        "Subscription": [{"Id": SUBSCRIPTION, "AccountId": ACCOUNT, "Name": "S-FIRST", "Status": "Active", "TermType": "EVERGREEN"}],
        "RatePlan": [{"Id": OWN_PLAN, "SubscriptionId": SUBSCRIPTION, "ProductRatePlanId": PLAN, "Name": "Support"}],
        "RatePlanCharge": [{"Id": OWN_CHARGE, "RatePlanId": OWN_PLAN, "ProductRatePlanChargeId": CHARGE, "Name": "Support, monthly"}],
    }


def billed(day: str, tax_code: str, tax_rate: float) -> Objects:
    """A posted invoice of one line."""
    tax = round(PRICE * tax_rate, 2) if tax_code else 0
    of_charge = {"SubscriptionId": SUBSCRIPTION, "RatePlanChargeId": OWN_CHARGE, "ChargeName": "Support, monthly"}
    amounts = {"ChargeAmount": PRICE, "TaxAmount": tax, "Quantity": 1, "UnitPrice": PRICE, "ServiceStartDate": day, "ServiceEndDate": day}
    head = {"InvoiceNumber": "INV-FIRST", "AccountId": ACCOUNT, "InvoiceDate": day, "Amount": PRICE + tax, "Status": "Posted"}
    objects: Objects = {"Invoice": [{"Id": INVOICE, **head}], "InvoiceItem": [{"Id": ITEM, "InvoiceId": INVOICE, **of_charge, **amounts}]}
    if tax_code:
        rate = {"TaxRate": tax_rate, "TaxRateType": "Percentage", "TaxRateDescription": tax_code, "Jurisdiction": "California"}
        named = {"Name": tax_code, "TaxCode": tax_code, "TaxAmount": tax, "TaxDate": day}
        objects["TaxationItem"] = [{"Id": TAX, "InvoiceItemId": ITEM, **named, **rate}]
    return objects
