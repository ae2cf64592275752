"""`/v1/subscriptions` and `/v1/orders` (spec section 12.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import v1_error
from sandbox.zuora.http import Call, success
from sandbox.zuora.models import orders
from sandbox.zuora.models.subscriptions import Plan, overrides_of, subscribe
from sandbox.zuora.models.values import Record
from sandbox.zuora.responses.v1.fields import INVALID, REQUIRED, RULE, UNKNOWN_FIELD, found, items_of, names, read, required, show, unlocked
from sandbox.zuora.responses.v1.lists import paged
from sandbox.zuora.schema import is_custom

RESOURCE = 531100
ORDER = 584100
UPDATE = 531200
NOT_OFFERED = frozenset({"newAccount", "orderLineItems", "commitments", "schedulingOptions"})
FIRST_WITH_SUBSCRIPTIONS = (206, 0)
FIELDS = names(
    "contractEffectiveDate serviceActivationDate customerAcceptanceDate=ContractAcceptanceDate termType initialTerm initialTermPeriodType"
    " renewalTerm renewalTermPeriodType renewalSetting autoRenew notes subscriptionNumber=Name termStartDate externallyManagedBy"
    " invoiceSeparately=IsInvoiceSeparate"
)
SHOWN = names(
    "id subscriptionNumber=Name accountId status version revision termType initialTerm initialTermPeriodType renewalTerm"
    " renewalTermPeriodType renewalSetting autoRenew currentTerm currentTermPeriodType contractEffectiveDate serviceActivationDate"
    " customerAcceptanceDate=ContractAcceptanceDate subscriptionStartDate subscriptionEndDate termStartDate termEndDate notes"
    " isLatestVersion currency paymentTerm externallyManagedBy invoiceSeparately=IsInvoiceSeparate"
)
CHARGE = names(
    "id number=ChargeNumber name productRatePlanChargeId type=ChargeType model=ChargeModel billingPeriod uom=UOM quantity price"
    " effectiveStartDate effectiveEndDate triggerEvent segment version"
)
PLAN = names("id ratePlanName=Name productRatePlanId productId")
TRIGGERS = {
    "ContractEffective": "contractEffectiveDate",
    "ServiceActivation": "serviceActivationDate",
    "CustomerAcceptance": "customerAcceptanceDate",
}


def orders_required(call: Call) -> None:
    """Raises the refusal of a tenant without Orders."""
    if not call.tenant.options.orders:
        raise v1_error(ORDER, 10, "Orders is not enabled for this tenant.")


def orders_absent(call: Call) -> None:
    """Raises the refusal of a tenant in which subscriptions are made by orders alone."""
    options = call.tenant.options
    if options.orders and not options.orders_harmonization:
        raise v1_error(RESOURCE, 10, "This operation is not available: the Orders feature is enabled. Use POST /v1/orders.")


def create(call: Call) -> Response:
    """`POST /v1/subscriptions`, for tenants without Orders (or with Orders Harmonization)."""
    body = call.body
    required(body, "accountKey contractEffectiveDate termType subscribeToRatePlans", RESOURCE)
    termed = body["termType"] == "TERMED"
    required(body, "renewalTerm initialTerm" if termed else "renewalTerm", RESOURCE)
    account = found(call, "Account", str(body["accountKey"]), RESOURCE)
    values = checked(call, body)
    subscription, mrr, value = subscribe(call.tenant, account, values, plans_of(body))
    return success(
        {
            "subscriptionId": subscription["Id"],
            "subscriptionNumber": subscription["Name"],
            "contractedMrr": round(mrr, 2),
            "totalContractedValue": round(value, 2),
        }
    )


def checked(call: Call, body: Mapping[str, Any]) -> Record:
    values = read(call, call.tenant.schema["Subscription"], body, FIELDS, RESOURCE)
    values = {k: v for k, v in values.items() if v is not None}
    if "Name" in values and call.tenant.store.by("Subscription", "Name", values["Name"]):
        raise v1_error(RESOURCE, INVALID, f"The subscription number {values['Name']} already exists.")
    return values


def plans_of(body: Mapping[str, Any]) -> list[Plan]:
    rows = items_of(body, "subscribeToRatePlans", RESOURCE)
    return [Plan(row.get("productRatePlanId"), overrides_of(row.get("chargeOverrides"))) for row in rows]


def create_order(call: Call) -> Response:
    """`POST /v1/orders` with subscriptions to create; everything else that an order can do is refused."""
    body = call.body
    required(body, "orderDate subscriptions", ORDER)
    account = account_of(call)
    check_offered(call)
    customs = customs_of(call, "Order", body.get("customFields") or {}, ORDER)
    prepared = [prepare(call, row) for row in items_of(body, "subscriptions", ORDER)]
    made = [subscribe(call.tenant, account, values, plans)[0] for values, plans in prepared]
    number = orders.keep(call.tenant, account, {**body, "customFields": customs}, made)["OrderNumber"]
    answer: dict[str, Any] = {"orderNumber": number, "accountNumber": account["AccountNumber"], "status": "Completed"}
    if minor_version(call) < FIRST_WITH_SUBSCRIPTIONS:
        answer["subscriptionNumbers"] = [s["Name"] for s in made]
    else:
        answer["subscriptions"] = [
            {
                "subscriptionNumber": s["Name"],
                "subscriptionId": s["Id"],
                "subscriptionOwnerNumber": account["AccountNumber"],
                "status": s["Status"],
            }
            for s in made
        ]
    return success(answer)


def check_offered(call: Call) -> None:
    """What an order may hold and this tenant does not do, and a number that is taken. Raises `V1Error`."""
    body = call.body
    for name in sorted(n for n in NOT_OFFERED if body.get(n) is not None):
        raise v1_error(ORDER, RULE, f"'{name}' is not offered by this tenant.")
    if body.get("status", "Completed") != "Completed":
        raise v1_error(ORDER, RULE, f"Orders of the status {body['status']} are not offered by this tenant.")
    number = body.get("orderNumber")
    if number and call.tenant.store.by("Order", "OrderNumber", number):
        raise v1_error(ORDER, INVALID, f"The order number {number} already exists.")


def account_of(call: Call) -> Record:
    """The account by number or id; both must name the same one."""
    number, key = call.body.get("existingAccountNumber"), call.body.get("existingAccountId")
    if not number and not key:
        raise v1_error(ORDER, REQUIRED, "'existingAccountNumber' or 'existingAccountId' is required.")
    account = found(call, "Account", str(number or key), ORDER)
    if number and key and account["Id"] != key:
        raise v1_error(ORDER, INVALID, "existingAccountNumber and existingAccountId name different accounts.")
    return account


def minor_version(call: Call) -> tuple[int, ...]:
    """The version as numbers; dates count as newer than every number."""
    text = call.request.headers.get("Zuora-Version", "186.0")
    parts = text.replace("-", ".").split(".")
    return tuple(int(p) for p in parts) if all(p.isdigit() for p in parts) else (186, 0)


def prepare(call: Call, row: Mapping[str, Any]) -> tuple[Record, list[Plan]]:
    """The fields and plans of one subscription of an order. Raises `V1Error`."""
    actions = items_of(row, "orderActions", ORDER)
    if len(actions) != 1 or actions[0].get("type") != "CreateSubscription":
        raise v1_error(ORDER, RULE, "Only one order action of type CreateSubscription per subscription is supported.")
    action = actions[0]
    details = action.get("createSubscription") or {}
    terms = details.get("terms") or {}
    initial = terms.get("initialTerm") or {}
    flat: dict[str, Any] = {
        TRIGGERS[t["name"]]: t.get("triggerDate") for t in action.get("triggerDates") or [] if t.get("name") in TRIGGERS
    }
    required(flat, "contractEffectiveDate", ORDER)
    required(initial, "termType", ORDER)
    flat["termType"] = initial["termType"]
    if initial["termType"] == "TERMED":
        required(initial, "period", ORDER)
        renewal = items_of(terms, "renewalTerms", ORDER)[0]
        flat |= {"initialTerm": initial["period"], "initialTermPeriodType": initial.get("periodType", "Month")}
        flat |= {"renewalTerm": renewal.get("period"), "renewalTermPeriodType": renewal.get("periodType", "Month")}
    flat |= {k: terms[k] for k in ("autoRenew", "renewalSetting") if k in terms}
    flat |= {"termStartDate": initial["startDate"]} if initial.get("startDate") else {}
    flat |= {"subscriptionNumber": details["subscriptionNumber"]} if details.get("subscriptionNumber") else {}
    flat |= row.get("customFields") or {}
    return checked(call, flat), plans_of(details)


def get(call: Call) -> Response:
    return success(view(call, found(call, "Subscription", call.args["key"])))


def view(call: Call, subscription: Record) -> dict[str, Any]:
    tenant = call.tenant
    shown = show(tenant, tenant.schema["Subscription"], subscription, SHOWN)
    account = tenant.store.get("Account", subscription["AccountId"]) or {}
    shown |= {"accountNumber": account.get("AccountNumber"), "accountName": account.get("Name")}
    plans = tenant.store.by("RatePlan", "SubscriptionId", subscription["Id"])
    shown["ratePlans"] = [plan_view(call, p) for p in plans]
    return shown


def plan_view(call: Call, plan: Record) -> dict[str, Any]:
    tenant = call.tenant
    charges = tenant.store.by("RatePlanCharge", "RatePlanId", plan["Id"])
    shown = show(tenant, tenant.schema["RatePlan"], plan, PLAN)
    return {**shown, "ratePlanCharges": [show(tenant, tenant.schema["RatePlanCharge"], c, CHARGE) for c in charges]}


def of_account(call: Call) -> Response:
    account = found(call, "Account", call.args["key"])
    rows = [s for s in call.tenant.store.by("Subscription", "AccountId", account["Id"]) if s.get("IsLatestVersion", True)]
    return paged(call, "subscriptions", rows, lambda r: view(call, r))


def update_custom_fields(call: Call) -> Response:
    """`PUT /v1/subscriptions/{number}/customFields`"""
    subscription = found(call, "Subscription", call.args["key"])
    unlocked(call.tenant, subscription, UPDATE)
    customs = call.body.get("customFields")
    if not isinstance(customs, dict):
        raise v1_error(UPDATE, REQUIRED, "'customFields' is required.")
    call.tenant.store.update("Subscription", subscription["Id"], customs_of(call, "Subscription", customs, UPDATE))
    return success({})


def customs_of(call: Call, kind: str, customs: Mapping[str, Any], resource: int) -> Record:
    """Custom fields that the object has. Raises `V1Error` for all others."""
    if strange := [name for name in customs if not is_custom(name)]:
        raise v1_error(resource, UNKNOWN_FIELD, f"'{strange[0]}' is not a custom field.")
    return read(call, call.tenant.schema[kind], customs, {}, resource)
