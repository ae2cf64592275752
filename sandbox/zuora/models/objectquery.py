"""Filters, sorting and relations of Object Query (spec section 9)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.zuora.exceptions import V1Error, v1_error
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record, ValueRefused, check_date, parse_moment
from sandbox.zuora.published.expands import EXPANDS
from sandbox.zuora.schema import Field, ObjectType, camel_name

Test = Callable[[Record], bool]
INVALID_PARAMETER = 27
TEXTS = ("str", "enum", "id")
EMPTY_STRING = "\x02\x03"
FILTER = re.compile(r"(?P<name>\w+)\.(?P<op>EQ|NE|LT|GT|LE|GE|SW|IN):(?P<value>.*)\Z", re.DOTALL)
SORT = re.compile(r"(?P<name>\w+)\.(?P<order>ASC|DESC)\Z", re.IGNORECASE)
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "EQ": operator.eq,
    "NE": operator.ne,
    "LT": operator.lt,
    "GT": operator.gt,
    "LE": operator.le,
    "GE": operator.ge,
}
MEMO_ITEM = (
    "excludeitembillingfromrevenueaccounting sourceitemtype chargenumber subscriptionid subscriptionnumber invoiceitemid rateplanchargeid"
)
MEMO = "balance einvoicestatus memodate memonumber sourcetype status totalamount invoiceid accountid"
FILTERABLE: dict[str, str] = {
    "Account": "accountnumber balance batch billcycleday billtoid communicationprofileid crmid currency defaultpaymentmethodid"
    " invoicetemplateid lastinvoicedate name parentid shiptoid soldtoid status",
    "Contact": "accountid country firstname lastname personalemail workemail workphone",
    "Product": "name effectivestartdate effectiveenddate sku productnumber category",
    "ProductRatePlan": "productid name effectivestartdate effectiveenddate productrateplannumber",
    "ProductRatePlanCharge": "billcycleday chargemodel chargetype isprepaid productrateplanchargenumber productrateplanid",
    "ProductRatePlanChargeTier": "productrateplanchargeid productchargedefinitionid",
    "Subscription": "accountid contracteffectivedate creatoraccountid creatorinvoiceownerid invoiceownerid name originalid"
    " previoussubscriptionid renewalterm status islatestversion subscriptionversionamendmentid termenddate termstartdate version cmrr"
    " externallymanagedby invoicescheduleid quotenumber__qt",
    "RatePlan": "productrateplanid subscriptionid amendmentid",
    "RatePlanChargeTier": "rateplanchargeid",
    "PaymentMethodSnapshot": "accountid paymentmethodid",
    "RefundApplicationItem": "refundapplicationid",
    "RatePlanCharge": "rateplanid productrateplanchargeid chargenumber originalid",
    "Invoice": "accountid amount balance duedate invoicedate invoicenumber reversed sourceid sourcetype status einvoicestatus",
    "InvoiceItem": "rateplanchargeid invoiceid accountingcode chargedate chargenumber excludeitembillingfromrevenueaccounting fulfillmentid"
    " servicestartdate sourceitemtype subscriptionid subscriptionnumber productrateplanchargeid bookingreference",
    "TaxationItem": "invoiceitemid",
    "Payment": "accountid amount effectivedate gatewayorderid gatewaystate paymentmethodid paymentmethodsnapshotid paymentnumber"
    " referenceid source sourcename status unappliedamount createddate",
    "PaymentApplication": "effectivedate accountid paymentid applicationgroupid",
    "PaymentMethod": "accountid type paymentmethodstatus",
    "Refund": "accountid paymentmethodsnapshotid amount paymentmethodid reasoncode refunddate refundnumber sourcetype status type",
    "RefundApplication": "accountid applicationgroupid creditmemoid effectivedate paymentid refundid",
    "CreditMemo": MEMO,
    "CreditMemoItem": f"{MEMO_ITEM} fulfillmentid orderlineitemid creditmemoid",
    "CreditMemoApplication": "effectivedate accountid applicationgroupid debitmemoid invoiceid",
    "DebitMemo": f"{MEMO} creditmemoid",
    "DebitMemoItem": f"{MEMO_ITEM} creditmemoitemid productrateplanchargeid debitmemoid",
    "Order": "accountid ordernumber status",
    "OrderAction": "orderid subscriptionid",
}
"""Indexed fields by object; what orders have is not at hand, so they have few **[A]**."""
ALWAYS_FILTERABLE = ("id", "updateddate")
RELATIONS: dict[str, str] = {
    "Account": "billto>Contact.BillToId soldto>Contact.SoldToId shipto>Contact.ShipToId"
    " defaultpaymentmethod>PaymentMethod.DefaultPaymentMethodId subscriptions<Subscription.AccountId payments<Payment.AccountId"
    " refunds<Refund.AccountId creditmemos<CreditMemo.AccountId debitmemos<DebitMemo.AccountId invoices<Invoice.AccountId"
    " paymentmethods<PaymentMethod.AccountId",
    "Contact": "account>Account.AccountId",
    "Product": "productrateplans<ProductRatePlan.ProductId",
    "ProductRatePlan": "product>Product.ProductId productrateplancharges<ProductRatePlanCharge.ProductRatePlanId",
    "ProductRatePlanCharge": "productrateplan>ProductRatePlan.ProductRatePlanId"
    " productrateplanchargetiers<ProductRatePlanChargeTier.ProductRatePlanChargeId",
    "ProductRatePlanChargeTier": "productrateplancharge>ProductRatePlanCharge.ProductRatePlanChargeId",
    "Subscription": "account>Account.AccountId invoiceowner>Account.InvoiceOwnerId rateplans<RatePlan.SubscriptionId"
    " invoiceitems<InvoiceItem.SubscriptionId order>Order.OrderId billtocontact>Contact.BillToContactId",
    "RatePlan": "subscription>Subscription.SubscriptionId productrateplan>ProductRatePlan.ProductRatePlanId"
    " rateplancharges<RatePlanCharge.RatePlanId",
    "RatePlanCharge": "rateplan>RatePlan.RatePlanId productrateplancharge>ProductRatePlanCharge.ProductRatePlanChargeId"
    " rateplanchargetiers<RatePlanChargeTier.RatePlanChargeId",
    "RatePlanChargeTier": "rateplancharge>RatePlanCharge.RatePlanChargeId",
    "PaymentMethod": "account>Account.AccountId",
    "RefundApplicationItem": "refundapplication>RefundApplication.RefundApplicationId",
    "Invoice": "account>Account.AccountId billtocontact>Contact.BillToContactId invoiceitems<InvoiceItem.InvoiceId"
    " paymentapplications<PaymentApplication.InvoiceId creditmemoapplications<CreditMemoApplication.InvoiceId"
    " paymentparts<PaymentPart.InvoiceId creditmemoparts<CreditMemoPart.InvoiceId",
    "PaymentPart": "payment>Payment.PaymentId",
    "CreditMemoPart": "creditmemo>CreditMemo.CreditMemoId",
    "InvoiceItem": "invoice>Invoice.InvoiceId subscription>Subscription.SubscriptionId taxationitems<TaxationItem.InvoiceItemId"
    " rateplancharge>RatePlanCharge.RatePlanChargeId",
    "Payment": "account>Account.AccountId paymentmethod>PaymentMethod.PaymentMethodId paymentapplications<PaymentApplication.PaymentId",
    "PaymentApplication": "payment>Payment.PaymentId",
    "Refund": "account>Account.AccountId paymentmethod>PaymentMethod.PaymentMethodId refundapplications<RefundApplication.RefundId",
    "RefundApplication": "refund>Refund.RefundId payment>Payment.PaymentId"
    " refundapplicationitems<RefundApplicationItem.RefundApplicationId",
    "CreditMemo": "account>Account.AccountId billtocontact>Contact.BillToContactId creditmemoitems<CreditMemoItem.CreditMemoId"
    " creditmemoapplications<CreditMemoApplication.CreditMemoId",
    "CreditMemoItem": "subscription>Subscription.SubscriptionId rateplancharge>RatePlanCharge.RatePlanChargeId"
    " credittaxationitems<CreditTaxationItem.CreditMemoItemId",
    "CreditMemoApplication": "creditmemo>CreditMemo.CreditMemoId",
    "Order": "account>Account.AccountId orderactions<OrderAction.OrderId",
    "OrderAction": "order>Order.OrderId subscription>Subscription.SubscriptionId",
    "DebitMemo": "account>Account.AccountId billtocontact>Contact.BillToContactId debitmemoitems<DebitMemoItem.DebitMemoId",
    "DebitMemoItem": "subscription>Subscription.SubscriptionId rateplancharge>RatePlanCharge.RatePlanChargeId"
    " debittaxationitems<DebitTaxationItem.DebitMemoItemId",
}
"""Relations by object: `name>Type.Field` for the one object that Field of this object names, `name<Type.Field` for the many whose
Field names this object."""
RELATION = re.compile(r"(?P<name>\w+)(?P<way>[<>])(?P<kind>\w+)\.(?P<field>\w+)\Z")


def refuse(message: str) -> V1Error:
    return v1_error(500000, INVALID_PARAMETER, message, 400)


@dataclass
class Expansion:
    """A relation to show, with the relations below it."""

    name: str
    kind: str
    link: str
    many: bool
    deeper: list[Expansion] = field(default_factory=list)


def expansions(plural: str, kind: str, paths: Iterable[str]) -> list[Expansion]:
    """The tree of relations named by dotted paths, in any case. Raises the refusal of one that is not published for the object."""
    wanted = [path.lower() for path in paths]
    for path in wanted:
        if path not in EXPANDS[plural].split():
            raise refuse(f"The relation '{path}' of {plural} cannot be expanded.")
    return tree(kind, wanted)


def tree(kind: str, paths: Iterable[str]) -> list[Expansion]:
    """Without relations of which the tenant never has any."""
    found: dict[str, Expansion] = {}
    below: dict[str, list[str]] = {}
    for path in paths:
        name, _, rest = path.partition(".")
        if (known := relation(kind, name)) is None:
            continue
        found.setdefault(name, known)
        if rest:
            below.setdefault(name, []).append(rest)
    for name, rests in below.items():
        found[name].deeper = tree(found[name].kind, rests)
    return list(found.values())


def relation(kind: str, name: str) -> Expansion | None:
    for entry in RELATIONS.get(kind, "").split():
        match = RELATION.match(entry)
        if match and match["name"] == name:
            many = match["way"] == "<"
            link = match["field"]
            shown = camel_name(match["kind"]) + "s" if many else camel_name(link.removesuffix("Id"))
            return Expansion(shown, match["kind"], link, many)
    return None


def indexed_field(kind: ObjectType, name: str) -> Field:
    """A field that may be filtered or sorted. Raises the refusal of any other."""
    allowed = {*ALWAYS_FILTERABLE, *FILTERABLE.get(kind.name, "").split()}
    found = kind.by_lower.get(name.lower())
    if found is None or found.camel is None or not (found.indexed or name.lower() in allowed):
        raise refuse(f"The field '{name}' of {kind.name} is not indexed.")
    return found


def filter_tests(tenant: Tenant, kind: ObjectType, filters: Iterable[str]) -> tuple[Iterable[Record], list[Test]]:
    """The records worth looking at, and the tests that they must pass."""
    candidates: Iterable[Record] = tenant.store.all(kind.name)
    tests: list[Test] = []
    for text in filters:
        match = FILTER.match(text)
        if match is None:
            raise refuse(f"The filter '{text}' is invalid.")
        wanted = indexed_field(kind, match["name"])
        operands = operands_of(match["op"], match["value"])
        converted = [convert(wanted, v, tenant) for v in operands]
        if match["op"] == "SW" and wanted.kind not in TEXTS:
            raise refuse(f"The operator SW does not fit the field {wanted.camel}; it is for texts.")
        if match["op"] in ("LT", "GT", "LE", "GE") and converted[0] is None:
            raise refuse(f"The operator {match['op']} needs a value; null is compared by EQ and NE.")
        tests.append(test_for(wanted.name, match["op"], converted))
        if match["op"] in ("EQ", "IN") and wanted.name == "Id":
            candidates = [r for r in (tenant.store.get(kind.name, i) for i in dict.fromkeys(converted)) if r is not None]
        elif match["op"] == "EQ" and wanted.kind == "id" and (kind.name, wanted.name) in tenant.store.indexes and converted[0]:
            candidates = tenant.store.by(kind.name, wanted.name, converted[0])
    return candidates, tests


def operands_of(op: str, text: str) -> list[str]:
    if op != "IN":
        return [text]
    if not (text.startswith("[") and text.endswith("]")):
        raise refuse("The values of IN must stand in brackets.")
    return [v.strip() for v in text[1:-1].split(",")]


def convert(wanted: Field, text: str, tenant: Tenant) -> Any:
    if text == "null":
        return None
    if text == EMPTY_STRING and wanted.kind in TEXTS:
        return ""
    try:
        match wanted.kind:
            case "dec" | "int":
                return Decimal(text)
            case "bool":
                return {"true": True, "false": False}[text.lower()]
            case "date":
                return check_date(wanted, text)
            case "dt":
                return parse_moment(wanted.name, text.replace(" ", "+"), tenant.options.zone)
    except (ValueRefused, InvalidOperation, KeyError):
        raise refuse(f"The value '{text}' does not fit the field {wanted.camel}.") from None
    return text


def folded(value: Any) -> Any:
    """A value as EQ, NE, IN and SW compare it: texts without regard to case (vendor's guide to Object Query)."""
    return value.casefold() if isinstance(value, str) else value


def test_for(name: str, op: str, operands: list[Any]) -> Test:
    if op in ("IN", "EQ", "NE", "SW"):
        operands = [folded(operand) for operand in operands]
    first = operands[0]
    if op == "IN":
        return lambda r: folded(r.get(name)) in operands
    if op == "SW":
        return lambda r: name in r and first is not None and folded(r[name]).startswith(first)
    if first is None:
        return (lambda r: name not in r) if op == "EQ" else (lambda r: name in r)
    compare = COMPARE[op]
    if op in ("EQ", "NE"):
        return lambda r: name in r and compare(folded(r[name]), first)
    return lambda r: name in r and compare(r[name], first)


def sort_key(kind: ObjectType, text: str) -> tuple[Callable[[Record], Any], bool]:
    """The key to sort by, and whether descending."""
    match = SORT.match(text)
    if match is None:
        raise refuse(f"The sort '{text}' is invalid.")
    name = indexed_field(kind, match["name"]).name
    return (lambda r: (name in r, r.get(name) if name in r else 0)), match["order"].upper() == "DESC"
