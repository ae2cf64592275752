"""The published keys of an order and of what it is made of (POST_Order, and the models of the vendor's SDK), and the check that a body has
no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.zuora.exceptions import v1_error
from sandbox.zuora.responses.v1.fields import INVALID, only
from sandbox.zuora.schema import is_custom
from sandbox.zuora.schema.fields import words

ORDER = frozenset(
    words(
        "category commitments customFields description existingAccountId existingAccountNumber externallyManagedBy newAccount"
        " orderDate orderLineItems orderNumber processingOptions reasonCode schedulingOptions status subscriptions"
    )
)
SUBSCRIPTION = frozenset(words("clearingCustomFields customFields notes orderActions quote ramp subscriptionNumber"))
ACTION = frozenset(
    words(
        "addProduct cancelSubscription changePlan changeReason createSubscription customFields ownerTransfer removeProduct"
        " renewSubscription resume suspend termsAndConditions triggerDates type updateProduct"
    )
)
CREATE = frozenset(
    words(
        "billToContact shipToContact soldToContact communicationProfileId subscribeToProducts uniqueToken billToContactId"
        " currency invoiceGroupNumber invoiceSeparately invoiceTemplateId newSubscriptionOwnerAccount notes paymentProfile"
        " paymentTerm sequenceSetId shipToContactId soldToContactId subscribeToRatePlans subscriptionNumber"
        " subscriptionOwnerAccountNumber invoiceOwnerAccountNumber terms"
    )
)
TERMS = frozenset(words("autoRenew initialTerm renewalSetting renewalTerms"))
INITIAL = frozenset(words("period periodType startDate endDate termType"))
RENEWAL = frozenset(words("period periodType"))
TRIGGER = frozenset(words("name triggerDate"))
PLAN = frozenset(
    words(
        "chargeOverrides clearingExistingFeatures customFields externalCatalogPlanId externallyManagedPlanId"
        " isAddingSubsetCharges isFromExternalCatalog productRatePlanId productRatePlanNumber ratePlanName"
        " subscriptionProductFeatures subscriptionRatePlanNumber uniqueToken"
    )
)
PRICING = frozenset(
    words(
        "chargeModelData discount oneTimeFlatFee oneTimePerUnit oneTimeTiered oneTimeVolume recurringCalculated recurringDelivery"
        " recurringDeliveryBased recurringFlatFee recurringPerUnit recurringTiered recurringVolume usageFlatFee usageOverage"
        " usagePerUnit usageTiered usageTieredWithOverage usageVolume"
    )
)
OPTIONS = frozenset(
    words(
        "allowPaymentFailure reAssociation applicationOrder applyCredit applyCreditBalance billingOptions collectPayment"
        " electronicPaymentOptions refund refundAmount refundReasonCode runBilling writeOff writeOffBehavior"
    )
)


OF_SUBSCRIPTION = frozenset(
    words("chargeOverrides externalCatalogPlanId externalIdSourceSystem externallyManagedPlanId productRatePlanId productRatePlanNumber")
)
"""Of a plan in `POST /v1/subscriptions`."""
OVERRIDE = frozenset(
    words(
        "amendedByOrderOn applyDiscountTo billCycleDay billCycleType billingPeriod billingPeriodAlignment billingTiming"
        " chargeModelConfiguration description discountAmount discountLevel discountPercentage endDateCondition"
        " excludeItemBillingFromRevenueAccounting excludeItemBookingFromRevenueAccounting includedUnits isAllocationEligible"
        " isUnbilled listPriceBase number numberOfPeriods originalOrderDate overagePrice overageUnusedUnitsCreditOption price"
        " priceChangeOption priceIncreasePercentage productRatePlanChargeId productRatePlanChargeNumber quantity ratingGroup"
        " specificBillingPeriod specificEndDate specificListPriceBase tiers triggerDate triggerEvent unusedUnitsCreditRates"
        " upToPeriods upToPeriodsType weeklyBillCycleDay"
    )
)
"""Of a charge in `POST /v1/subscriptions`; custom fields come on top."""


def check_plans(body: Mapping[str, Any], resource: int) -> None:
    """The plans of `POST /v1/subscriptions`. Raises `V1Error`."""
    for plan in many(body, "subscribeToRatePlans", resource):
        only({k: v for k, v in plan.items() if not is_custom(k)}, OF_SUBSCRIPTION, "subscribeToRatePlans", resource)
        for override in many(plan, "chargeOverrides", resource):
            only({k: v for k, v in override.items() if not is_custom(k)}, OVERRIDE, "chargeOverrides", resource)


def check_keys(body: Mapping[str, Any], resource: int) -> None:
    """Raises `V1Error` for an unknown key, or for something that is no object where one belongs."""
    only(body, ORDER, "an order", resource)
    only(one(body, "processingOptions", resource), OPTIONS, "processingOptions", resource)
    for row in many(body, "subscriptions", resource):
        only(row, SUBSCRIPTION, "subscriptions", resource)
        for action in many(row, "orderActions", resource):
            only(action, ACTION, "orderActions", resource)
            for trigger in many(action, "triggerDates", resource):
                only(trigger, TRIGGER, "triggerDates", resource)
            check_created(one(action, "createSubscription", resource), resource)


def check_created(created: Mapping[str, Any], resource: int) -> None:
    only(created, CREATE, "createSubscription", resource)
    terms = one(created, "terms", resource)
    only(terms, TERMS, "terms", resource)
    only(one(terms, "initialTerm", resource), INITIAL, "initialTerm", resource)
    for term in many(terms, "renewalTerms", resource):
        only(term, RENEWAL, "renewalTerms", resource)
    for plan in many(created, "subscribeToRatePlans", resource):
        only(plan, PLAN, "subscribeToRatePlans", resource)
        for override in many(plan, "chargeOverrides", resource):
            only(one(override, "pricing", resource), PRICING, "pricing", resource)


def one(body: Mapping[str, Any], name: str, resource: int) -> Mapping[str, Any]:
    """A nested object, empty where it is missing."""
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise v1_error(resource, INVALID, f"'{name}' must be an object.")
    return value or {}


def many(body: Mapping[str, Any], name: str, resource: int) -> Iterator[Mapping[str, Any]]:
    rows = body.get(name)
    if rows is not None and (not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows)):
        raise v1_error(resource, INVALID, f"'{name}' must be a list of objects.")
    yield from rows or ()
