"""What a subscription is made of: validations SO1-SO8 and the mapping of sales orders (sales-orders.md sections 3, 5 and 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tallybridge.settings import Settings
from tallybridge.steps.shared.mapping import Body, Mapped, filled
from tallybridge.steps.shared.reference import Reference
from tallybridge.sync.step import Problem

CODE = "SO"
TERM_TYPES = ("TERMED", "EVERGREEN")
MONTH = "Month"
"""The unit of the terms (open point Q2)."""
YES = ("T", "YES", "TRUE")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class OrderLine:
    """A line of a rate plan: its place on the order, its item's name, the Zuora id of the rate plan, and whether it was closed."""

    place: str
    item: str
    plan: str
    closed: bool = False


@dataclass(frozen=True)
class SalesOrder:
    """A sales order with everything its mapping needs. `row`: columns as the step selects them; `lines`: its rate plan lines in their
    order; `account`: the customer's Zuora account, {} when it is not there; `effective`: first and last day of each rate
    plan, narrowed by its product; `known_currencies`: those of the orders of this batch that some account in Zuora has."""

    row: Row
    lines: tuple[OrderLine, ...]
    settings: Settings
    synced_at: str
    account: Row = field(default_factory=dict)
    effective: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    known_currencies: frozenset[str] = frozenset()

    @property
    def number(self) -> str:
        return str(self.row.get("tranid") or self.row["id"])

    @property
    def label(self) -> str:
        return f"Sales order {self.number}"

    @property
    def plans(self) -> tuple[str, ...]:
        """What is sold: the Zuora ids of the rate plans on lines that are open."""
        return tuple(line.plan for line in self.lines if not line.closed)

    @property
    def currency(self) -> str:
        return str(self.row.get("currency") or "")

    @property
    def term_type(self) -> str:
        return str(self.row.get("termsetting") or "").strip().upper() or "TERMED"

    @property
    def start(self) -> str:
        """The contract effective date; an order without one starts on its own date."""
        return str(self.row.get("contracteffective") or self.row.get("trandate") or "")

    @property
    def auto_renew(self) -> bool:
        return str(self.row.get("autorenew") or "").strip().upper() in YES


# -- what is not sold ----------------------------------------------------------------------------------------------------

PENDING, CANCELLED, CLOSED = "A", "C", "H"
"""States of sales orders (api-netsuite.md 9.13): pending approval, cancelled, closed."""
IGNORED = "If that is final, set Zuora Integration Status to Ignore: then it is not looked at again."


def left_out(order: SalesOrder) -> Problem | None:
    """Why nothing is due for an order that is to be sent: rule 5 of section 2, approval, and lines that were closed."""
    state = str(order.row.get("orderstatus") or "").rpartition(":")[2]
    if state in (CANCELLED, CLOSED):
        word = "cancelled" if state == CANCELLED else "closed"
        return Problem(f"{CODE}-{word.upper()}", f"{order.label}: is {word} in NetSuite; not sent.", IGNORED)
    if state == PENDING:
        text = f"{order.label}: waits for approval in NetSuite; not sent."
        return Problem(f"{CODE}-PENDING", text, "Approve the sales order; then it follows by itself.")
    if not order.plans:
        return Problem(f"{CODE}-LINES-CLOSED", f"{order.label}: all its lines of Zuora rate plans are closed; not sent.", IGNORED)
    return None


def without_account(order: SalesOrder) -> Problem | None:
    """Rule 1 of section 2: the order's customer must be in Zuora."""
    if _plain(order.row.get("account")):
        return None
    text = f"{order.label}: Zuora Customer ID (Sales) is empty, its customer is not in Zuora; not sent."
    return Problem(f"{CODE}-CUSTOMER", text, "It follows by itself once the customer has been synced.")


def remarks_on(order: SalesOrder) -> Iterator[Problem]:
    """The lines that are left out of an order that is sold."""
    for line in order.lines:
        if line.closed:
            yield Problem(f"{CODE}-LINE-CLOSED", f"{order.label}: line {line.place} ({line.item}) is closed; it is not sold.")


# -- validations ---------------------------------------------------------------------------------------------------------


def problems_of(order: SalesOrder) -> list[Problem]:
    """SO1-SO8 of section 3, and that the account is there."""
    row, settings, found = order.row, order.settings, []

    def fails(number: int, message: str, advice: str = "Correct the sales order in NetSuite.") -> None:
        found.append(Problem(f"{CODE}-V{number}", f"{order.label}: {message}", advice))

    terms = (("Zuora Initial Term", _plain(row.get("initialterm"))), ("Zuora Renewal Term", _plain(row.get("renewalterm"))))
    for number, (name, value) in enumerate((("Zuora Auto Renew", _plain(row.get("autorenew"))), *terms), start=1):
        if not value:
            fails(number, f"{name} is empty.", "Fill in the field on the sales order in NetSuite.")
    account_currency = str(order.account.get("Currency") or "")
    differs = bool(order.currency and account_currency and order.currency != account_currency)
    several = settings.netsuite_multiple_currencies or settings.netsuite_advanced_pricing
    if differs and several and order.currency not in order.known_currencies:
        fails(4, f'currency "{order.currency}" is not active in Zuora.', "Activate the currency in Zuora.")
    for name, value in terms:
        if value and not (value.isascii() and value.isdecimal()):
            fails(5, f'{name} "{value}" is not a whole number.')
    if order.term_type not in TERM_TYPES:
        fails(6, f'Zuora Term Setting "{row.get("termsetting")}" is not valid.', "Enter TERMED or EVERGREEN, or nothing for TERMED.")
    if differs:
        fails(7, f"currency {order.currency} differs from the Zuora account's currency {account_currency}.")
    for plan in dict.fromkeys(order.plans):
        first, last = order.effective.get(plan, ("", ""))
        if not first <= order.start <= last:
            fails(8, f"rate plan {plan} is not active in Zuora.", "Extend its effective dates in Zuora, or choose another item.")
    if not order.account:
        text = f"{order.label}: account {row.get('account')} does not exist in Zuora."
        found.append(Problem(f"{CODE}-ACCOUNT", text, "Correct the Zuora ID of the order's customer."))
    return found


def _plain(value: Any) -> str:
    return str(value if value is not None else "").strip()


# -- mapping -------------------------------------------------------------------------------------------------------------


def _column(name: str) -> Callable[[SalesOrder], Any]:
    return lambda order: order.row.get(name)


def _term(name: str) -> Callable[[SalesOrder], Any]:
    return lambda order: int(_plain(order.row[name]))


SUBSCRIPTION_ROWS: tuple[Mapped[SalesOrder], ...] = (
    Mapped("Zuora Customer ID (Sales)", "accountKey", "C", lambda order: order.account["Id"]),
    Mapped("Zuora Subscription Number", "subscriptionNumber", "C", _column("subscriptionnumber")),
    Mapped("Zuora Term Setting", "termType", "C", lambda order: order.term_type),
    Mapped("Zuora Term Start Date", "termStartDate", "C", _column("termstart")),
    Mapped("Zuora Initial Term", "initialTerm", "C", lambda order: _term("initialterm")(order) if order.term_type == "TERMED" else None),
    Mapped("Zuora Renewal Term", "renewalTerm", "C", _term("renewalterm")),
    Mapped("Zuora Auto Renew", "autoRenew", "C", lambda order: order.auto_renew),
    Mapped("Zuora Contract Effective Date", "contractEffectiveDate", "C", lambda order: order.start),
    Mapped("Zuora Service Activation Date", "serviceActivationDate", "C", _column("serviceactivation")),
    Mapped("Zuora Customer Acceptance Date", "customerAcceptanceDate", "C", _column("customeracceptance")),
    Mapped("lines: Zuora Item ID", "subscribeToRatePlans", "C", lambda order: [{"productRatePlanId": plan} for plan in order.plans]),
    Mapped("-", "runBilling", "C", lambda order: False),
    Mapped("-", "collect", "C", lambda order: False),
)
CUSTOM_ROWS: tuple[Mapped[SalesOrder], ...] = (
    Mapped("internalId", "IntegrationId__NS", "C", lambda order: order.row["id"]),
    Mapped("tranId", "SalesOrder__NS", "C", _column("tranid")),
    Mapped("now", "SyncDate__NS", "C", lambda order: order.synced_at),
    Mapped("-", "IntegrationStatus__NS", "C", lambda order: "Sync Complete"),
)


def custom_fields(order: SalesOrder) -> Body:
    """The connector's own fields of the subscription."""
    return filled(CUSTOM_ROWS, "C", order, Reference(), "subscription")


def subscription_body(order: SalesOrder, own: Body) -> Body:
    """For `POST /v1/subscriptions` (tenants without Orders). `own`: the custom fields under the tenant's names."""
    return {**filled(SUBSCRIPTION_ROWS, "C", order, Reference(), "subscription"), **own}


def order_body(order: SalesOrder, own: Body) -> Body:
    """For `POST /v1/orders`: one order that creates one subscription, made of the same values."""
    flat = filled(SUBSCRIPTION_ROWS, "C", order, Reference(), "subscription")
    dates = {
        "ContractEffective": "contractEffectiveDate",
        "ServiceActivation": "serviceActivationDate",
        "CustomerAcceptance": "customerAcceptanceDate",
    }
    initial: Body = {"termType": flat["termType"]}
    if "termStartDate" in flat:
        initial["startDate"] = flat["termStartDate"]
    terms: Body = {"initialTerm": initial, "autoRenew": flat["autoRenew"]}
    if flat["termType"] == "TERMED":
        initial |= {"period": flat["initialTerm"], "periodType": MONTH}
        terms |= {
            "renewalSetting": "RENEW_WITH_SPECIFIC_TERM",
            "renewalTerms": [{"period": flat["renewalTerm"], "periodType": MONTH}],
        }
    create: Body = {"terms": terms, "subscribeToRatePlans": flat["subscribeToRatePlans"]}
    if "subscriptionNumber" in flat:
        create["subscriptionNumber"] = flat["subscriptionNumber"]
    action = {
        "type": "CreateSubscription",
        "triggerDates": [{"name": name, "triggerDate": flat[key]} for name, key in dates.items() if key in flat],
        "createSubscription": create,
    }
    return {
        "orderDate": flat["contractEffectiveDate"],
        "existingAccountNumber": order.account["AccountNumber"],
        "subscriptions": [{"orderActions": [action], "customFields": own}],
        "processingOptions": {"runBilling": False, "collectPayment": False},
    }
