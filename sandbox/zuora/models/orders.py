"""Orders as they are kept: one record with an action for each thing that it did (published objects Order and Order Action)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record

FROM_SUBSCRIPTION = {
    "ContractEffectiveDate": "ContractEffectiveDate",
    "ServiceActivationDate": "ServiceActivationDate",
    "CustomerAcceptanceDate": "ContractAcceptanceDate",
    "SubscriptionId": "Id",
    "SubscriptionNumber": "Name",
    "AutoRenew": "AutoRenew",
    "CurrentTerm": "CurrentTerm",
    "CurrentTermPeriodType": "InitialTermPeriodType",
    "RenewSetting": "RenewalSetting",
    "RenewalTerm": "RenewalTerm",
    "RenewalTermPeriodType": "RenewalTermPeriodType",
    "TermStartDate": "TermStartDate",
    "TermType": "TermType",
}
"""Fields of an action and those of the subscription that it made."""


def keep(tenant: Tenant, account: Record, body: Mapping[str, Any], made: Sequence[Record]) -> Record:
    """The order of a checked body, completed at once, with an action for each subscription that it made."""
    values = {
        "AccountId": account["Id"],
        "OrderDate": body["orderDate"],
        "OrderNumber": body.get("orderNumber"),
        "Category": body.get("category", "NewSales"),
        "Status": "Completed",
        "CreatedByMigration": False,
        **body.get("customFields", {}),
    }
    order = tenant.store.insert("Order", values)
    for subscription in made:
        copied = {name: subscription[field] for name, field in FROM_SUBSCRIPTION.items() if field in subscription}
        tenant.store.insert("OrderAction", {**copied, "OrderId": order["Id"], "Type": "CreateSubscription", "Sequence": 0})
        tenant.store.update("Subscription", subscription["Id"], {"OrderId": order["Id"]}, touch=False)
    return order
