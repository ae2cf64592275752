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
    own = {f"ItemType{suffix}": "Service"}
    tax = round(PRICE * tax_rate, 2) if tax_code else 0
    objects: Objects = {
        "Account": [
            {
                "Id": ACCOUNT,
                "AccountNumber": "A-FIRST",
                "Name": "First Customer Ltd",
                "Currency": "USD",
                "PaymentTerm": "Net 30",
                "Batch": "Batch1",
                "BillCycleDay": 1,
                "Status": "Active",
                "BillToId": CONTACT,
                "SoldToId": CONTACT,
            }
        ],
        "Contact": [
            {
                "Id": CONTACT,
                "AccountId": ACCOUNT,
                "FirstName": "Ada",
                "LastName": "First",
                "Country": "United States",
                "State": "California",
            }
        ],
        "Product": [{"Id": PRODUCT, "SKU": "SUPPORT", **NET, **own}],
        "ProductRatePlan": [{"Id": PLAN, "ProductId": PRODUCT, **NET, **own}],
        "ProductRatePlanCharge": [
            {
                "Id": CHARGE,
                "ProductRatePlanId": PLAN,
                "Name": "Support, monthly",
                "ChargeModel": "Flat Fee Pricing",
                "ChargeType": "Recurring",
                "BillingPeriod": "Month",
                "Taxable": bool(tax_code),
                **({"TaxCode": tax_code, "TaxMode": "TaxExclusive"} if tax_code else {}),
                **own,
            }
        ],
        "Subscription": [{"Id": SUBSCRIPTION, "AccountId": ACCOUNT, "Name": "S-FIRST", "Status": "Active", "TermType": "EVERGREEN"}],
        "RatePlan": [{"Id": OWN_PLAN, "SubscriptionId": SUBSCRIPTION, "ProductRatePlanId": PLAN, "Name": "Support"}],
        "RatePlanCharge": [{"Id": OWN_CHARGE, "RatePlanId": OWN_PLAN, "ProductRatePlanChargeId": CHARGE, "Name": "Support, monthly"}],
        "Invoice": [
            {
                "Id": INVOICE,
                "InvoiceNumber": "INV-FIRST",
                "AccountId": ACCOUNT,
                "InvoiceDate": day,
                "Amount": PRICE + tax,
                "Status": "Posted",
            }
        ],
        "InvoiceItem": [
            {
                "Id": ITEM,
                "InvoiceId": INVOICE,
                "SubscriptionId": SUBSCRIPTION,
                "RatePlanChargeId": OWN_CHARGE,
                "ChargeName": "Support, monthly",
                "ChargeAmount": PRICE,
                "TaxAmount": tax,
                "Quantity": 1,
                "UnitPrice": PRICE,
                "ServiceStartDate": day,
                "ServiceEndDate": day,
            }
        ],
    }
    if tax_code:
        rate = {"TaxRate": tax_rate, "TaxRateType": "Percentage", "TaxRateDescription": tax_code, "Jurisdiction": "California"}
        objects["TaxationItem"] = [
            {"Id": TAX, "InvoiceItemId": ITEM, "Name": tax_code, "TaxCode": tax_code, "TaxAmount": tax, "TaxDate": day, **rate}
        ]
    return objects
