"""What probes of Zuora see in tenants that answer otherwise than assumed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from tests.standins.zuora.tenant import rid
from tests.verify.bends import MISSING, REFUSED, Bend, answered, counting, deaf, one_token, replaced, replaced_in, without_headers

MODE_A = {"zuora.draft-payments", "zuora.refunds-mode-a", "zuora.payments-mode-a"}
"""Probes that ask about a tenant without Invoice Settlement."""
LAXER: dict[str, list[str]] = {}
"""Where the stand-in is known to take what Zuora's pages say that it refuses: the probes see it."""
NO_JOB = {"data": {"id": "1", "queryStatus": "failed", "errorMessage": "No such statement here."}}
LOST = {"method": "POST", "path": "^/v1/accounts$", "nth": 1, "drop": "after"}
"""The first account is made, and its answer is lost."""
DENIED = {"success": False, "reasons": [{"code": 50000010, "message": "You do not have permission to perform this operation."}]}
METHODS = {
    "PaymentMethod": [
        {"Id": rid("9", 20 + n), "Type": kind, "Name": kind} for n, kind in enumerate(("ACH", "Cash", "WireTransfer", "Other"))
    ]
}
ALWAYS = {"success": True, "id": rid("f"), "effectiveDate": "2026-05-04", "unappliedAmount": 1}
FAILED = [{"Success": False, "Errors": [{"Code": "INVALID_VALUE", "Message": "Not here."}]}]
MADE = {"success": True, "accountId": rid("f")}
DONE = [{"Success": True, "Id": rid("f")}]
OF_A_JOB = {"data": {"id": "1", "queryStatus": "completed"}}
FAULT = {"FaultCode": "MALFORMED_QUERY", "FaultMessage": "Not here."}
NOTHING: dict[str, Any] = {"records": [], "size": 0, "done": True}
YEARS = {"EffectiveStartDate": "2020-01-01", "EffectiveEndDate": "2040-01-01"}
CHARGE = {"ChargeType": "Recurring", "ChargeModel": "Discount-Percentage", "TriggerEvent": "ContractEffective"}
CODES = {"TaxCode": "VAT", "AccountingCode": "77"}
DISCOUNT: dict[str, list[dict[str, Any]]] = {
    "Product": [{"Id": rid("d"), "Name": "Seats", **YEARS}],
    "ProductRatePlan": [{"Id": rid("d", 2), "ProductId": rid("d"), "Name": "Year", **YEARS}],
    "ProductRatePlanCharge": [{"Id": rid("d", 3), "ProductRatePlanId": rid("d", 2), "Name": "Off", **CHARGE}],
    "Subscription": [{"Id": rid("d", 4), "AccountId": rid("a"), "Name": "S-1"}],
    "RatePlan": [{"Id": rid("d", 5), "SubscriptionId": rid("d", 4), "ProductRatePlanId": rid("d", 2)}],
    "RatePlanCharge": [{"Id": rid("d", 6), "RatePlanId": rid("d", 5), "ProductRatePlanChargeId": rid("d", 3), "ChargeNumber": "C-1"}],
    "TaxationItem": [{"Id": rid("3", 8), "InvoiceItemId": rid("2"), "Name": "VAT", "TaxAmount": 1.0, "TaxRate": 0.1, **CODES}],
    "InvoiceItem": [{"Id": rid("2", 8), "InvoiceId": rid("1"), "RatePlanChargeId": rid("d", 6), "ChargeAmount": 0.0, "ProcessingType": 1}],
}
REFUND: dict[str, list[dict[str, Any]]] = {
    "Payment": [{"Id": rid("8"), "AccountId": rid("a"), "Amount": 5.0, "Type": "External", "EffectiveDate": "2026-01-31"}],
    "Refund": [
        {"Id": rid("9", 9), "AccountId": rid("a"), "Amount": 5.0, "Type": "External", "MethodType": "Check", "RefundDate": "2026-01-31"}
    ],
    "RefundPart": [{"Id": rid("b"), "RefundId": rid("9", 9), "PaymentId": rid("8"), "RefundAmount": 5.0}],
}


def straight(app: Any) -> Any:
    return app


@dataclass(frozen=True)
class Other:
    """A tenant in which a probe sees something else: by an option, by what it holds, or bent on the way."""

    sees: Any
    options: dict[str, Any] = field(default_factory=dict)
    bend: Bend = straight
    holds: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    empty: bool = False


def option(sees: Any, **options: Any) -> Other:
    return Other(sees, options)


def bent(*sees: str, by: Bend, **options: Any) -> Other:
    return Other(list(sees), options, by)


OTHERS: dict[str, Other] = {
    "zuora.settlement": option(False, settlement=False),
    "zuora.mode": bent("other-mode", by=replaced("/v1/action/query", "INVALID_TYPE", "INVALID_VALUE")),
    "zuora.connector-fields": option(False, connector_fields=False),
    "zuora.connector-field-places": bent("length", by=replaced("/describe/", "<maxlength>255", "<maxlength>100")),
    "zuora.multiple-currencies": option(False, multiple_currencies=False),
    "zuora.invoice-adjustments": option(False, invoice_adjustments=False),
    "zuora.orders": option(False, orders=False),
    "zuora.orders-harmonization": option(True, orders_harmonization=True),
    "zuora.adjustment-fields": bent("Origin__NS", by=replaced("/describe/InvoiceItemAdj", "<name>Comment<", "<name>Origin__NS<")),
    "zuora.refund-fields": Other(True, bend=replaced("/describe/Refund", "<name>Comment<", "<name>Transaction__NS<")),
    "zuora.tokens": bent("older-token", by=one_token),
    "zuora.payment-method-names": bent("types", by=replaced("/presigned/", '"type": ?"Check"', '"type":"Barter"')),
    "zuora.methods-without-account": Other(["methods"], empty=True),
    "zuora.answer-headers": bent("rate", by=without_headers("RateLimit")),
    "zuora.bill-cycle-day": bent("day", by=replaced("/presigned/", r'"most": ?\d+', '"most":77')),
    "zuora.column-names": bent("invoiceitem.revrecstartdate", by=replaced("/presigned/", '"revrecstartdate"', '"revenuestart"')),
    "zuora.zoql-wordings": bent("syntax", by=replaced("/v1/action/", "MALFORMED_QUERY", "WRONG_QUERY")),
    "zuora.zoql-limits": bent("case", "conditions", "page", by=answered("POST", "/v1/action/query", FAULT)),
    "zuora.object-query-errors": bent("filter", "operator", "page", by=replaced("/object-query/", "50000027", "50000020")),
    "zuora.data-query": bent("keys", by=replaced("/presigned/", '"accountnumber"', '"AccountNumber"')),
    "zuora.data-query-dialect": bent("case", by=replaced("/presigned/", '"unlike"', '"alike"')),
    "zuora.data-query-deleted": bent("deleted", by=replaced_in("/query/jobs", '"readDeleted": ?true', '"readDeleted": false')),
    "zuora.data-query-lists": bent("ids", by=answered("POST", "/query/jobs", NO_JOB)),
    "zuora.data-query-zone": option("Europe/Berlin", zone=ZoneInfo("Europe/Berlin")),
    "zuora.history": Other(
        ["rates"], holds={"TaxationItem": [{"Id": rid("3", 9), "InvoiceItemId": rid("2"), "Name": "x", "TaxAmount": 1.0, "TaxRate": 9.0}]}
    ),
    "zuora.user-rights": bent("Object Query", by=answered("GET", "/object-query/", DENIED, "403 Forbidden")),
    "zuora.object-definitions": bent("there", by=answered("GET", "/objects/definitions/", MISSING, "404 Not Found")),
    "zuora.object-migrations": option(False, migrates_standard_objects=False),
    "zuora.new-field": option(30, new_field_delay_s=30),
    "zuora.tax-codes": bent("code", by=replaced("/settings/tax-codes", '"description"', '"accountingCode"')),
    "zuora.payment-types": Other(True, {"payment_types_give_methods": True}, holds=METHODS),
    "zuora.batch-independence": bent("independent", by=answered("POST", "/v1/action/update", FAILED * 2)),
    "zuora.batch-limit": bent("fifty", by=replaced("/v1/action/update", "MAX_RECORDS_EXCEEDED", "INVALID_VALUE")),
    "zuora.idempotency-replay": option(200, idempotency_replay_status=200),
    "zuora.idempotency-of-actions": bent("once", by=deaf("/v1/action/", "Idempotency-Key")),
    "zuora.invoice-bulk": option(True, invoice_bulk_partial=True),
    "zuora.actions-on-payments": option(True, mode_b_actions_on_payments=True),
    "zuora.read-after-create": bent("found", by=answered("GET", "/v1/accounts/", MISSING)),
    "zuora.found-by-integration-id": bent("found", by=answered("POST", "/v1/action/query", NOTHING)),
    "zuora.write-back-dates": bent("moves", by=replaced("/v1/action/query", '"UpdatedDate": ?"[^"]*"', '"UpdatedDate":"2026-05-04"')),
    "zuora.contact-touches-account": bent("stays", by=replaced("/v1/action/query", '"UpdatedDate": ?"[^"]*"', counting())),
    "zuora.data-query-lag": option(60, data_query_lag_s=60),
    "zuora.tta-values": bent("five", by=answered("PUT", "/v1/payments/", REFUSED)),
    "zuora.write-paths": bent("invoices", by=answered("PUT", "/v1/invoices", REFUSED)),
    "zuora.items-without-charge": bent("empty", by=replaced("/items$", '"chargeName"', '"productRatePlanChargeId"')),
    "zuora.order-validation": bent("plan", by=answered("POST", "/v1/orders", ALWAYS)),
    "zuora.payment-effective-date": option("not_future", payment_effective_date="not_future"),
    "zuora.refund-with-unapply": option(True, refund_with_unapply=True),
    "zuora.refund-unapplied": bent("left", by=answered("POST", "/refunds$", ALWAYS, having="7")),
    "zuora.payment-applications": bent("again", by=answered("PUT", "/apply$", REFUSED)),
    "zuora.over-application": bent("balance", "payment", by=answered("POST", "/v1/payments$", ALWAYS)),
    "zuora.payment-values": bent("currency", "negative", "zero", "decimals", "two", by=answered("POST", "/v1/payments$", ALWAYS)),
    "zuora.content-type": bent("type", by=answered("POST", "/query/jobs", OF_A_JOB)),
    "zuora.invoice-dates": bent("dates", by=answered("PUT", "/v1/invoices/", ALWAYS, having="dueDate")),
    "zuora.reason-codes": bent("reason", by=answered("POST", "/refunds$", ALWAYS, having="reasonCode")),
    "zuora.payments-mode-a": bent("future", by=answered("POST", "/v1/action/create", DONE, having='"Status":"Draft"'), settlement=False),
    "zuora.account-values": bent("country", by=answered("POST", "/v1/accounts$", MADE, having="Atlantis")),
    "zuora.zoql-keywords": option("any", zoql_keywords="any"),
    "zuora.void-transferred": option(True, voids_transferred_payments=True),
    "zuora.payment-transfer": bent("moved", by=answered("PUT", "/transfer$", REFUSED)),
    "zuora.unassigned-payment": bent("unassigned", by=answered("POST", "/v1/payments$", REFUSED)),
    "zuora.draft-payments": bent("changed", "continued", by=answered("POST", "/v1/action/update", FAILED), settlement=False),
    "zuora.refunds-mode-a": bent("reopened", by=answered("POST", "/v1/action/create", FAILED, having='"Refund"'), settlement=False),
}

MEMO = {"Id": rid("4", 9), "MemoNumber": "CM00000009", "AccountId": rid("a"), "MemoDate": "2026-01-20", "Status": "Posted"}
MORE: tuple[tuple[str, Other], ...] = (
    ("zuora.mode", bent("tables", by=replaced("/presigned/", '"creditmemo"', '"memo"'))),
    ("zuora.connector-field-places", bent("ends", by=replaced("/describe/ProductRatePlanCharge", "<option>Charge Per", "<option>Per"))),
    ("zuora.connector-field-places", bent("objects", by=replaced("/describe/Product$", "IntegrationStatus__NS", "Status__NS"))),
    ("zuora.answer-headers", bent("concurrency", by=without_headers("Concurrency"))),
    ("zuora.zoql-wordings", bent("locator", by=replaced("/v1/action/", "INVALID_QUERY_LOCATOR", "LOCATOR"))),
    ("zuora.zoql-wordings", bent("object", by=replaced("/v1/action/", "INVALID_TYPE", "TYPE"))),
    ("zuora.zoql-wordings", bent("field", by=replaced("/v1/action/", "INVALID_FIELD", "FIELD"))),
    ("zuora.object-query-errors", bent("object", by=answered("GET", "/object-query/no-such", {"data": []}))),
    ("zuora.object-query-errors", bent("objects", by=answered("GET", "/object-query/refunds", MISSING, "404 Not Found"))),
    ("zuora.data-query", bent("empty", by=replaced("/presigned/", r"\A\Z", "[]"))),
    ("zuora.data-query", bent("empty", "address", by=replaced("/presigned/", r"\A\Z", counting()))),
    (
        "zuora.data-query-dialect",
        bent("types", by=answered("POST", "/query/jobs", OF_A_JOB, having="updateddate = 'x'")),
    ),
    ("zuora.data-query-dialect", bent("functions", by=answered("POST", "/query/jobs", OF_A_JOB, having="ifnull"))),
    ("zuora.data-query-dialect", bent("grouping", by=answered("POST", "/query/jobs", OF_A_JOB, having="SELECT name, count"))),
    (
        "zuora.history",
        Other(["discounts"], holds={"InvoiceItem": [{"Id": rid("2", 9), "InvoiceId": rid("1"), "ChargeAmount": 0.0, "ProcessingType": 1}]}),
    ),
    ("zuora.history", Other(["memos"], holds={"CreditMemo": [{**MEMO, "TotalAmount": -5.0, "AppliedAmount": -5.0}]})),
    ("zuora.history", Other(["applications"], holds={"CreditMemo": [{**MEMO, "TotalAmount": 5.0, "AppliedAmount": 9.0}]})),
    ("zuora.object-definitions", bent("form", by=replaced("/objects/definitions/", '"filterable"', '"indexed"'))),
    ("zuora.tta-values", bent("others", by=answered("PUT", "/v1/payments/", ALWAYS, having='"Complete"'))),
    ("zuora.write-paths", bent("accounts", by=answered("POST", "/v1/action/update", FAILED))),
    ("zuora.write-paths", bent("payments", by=answered("PUT", "/v1/payments/", REFUSED))),
    (
        "zuora.account-values",
        bent(
            "number",
            by=answered("POST", "/v1/accounts$", MADE, having='"name":"TB-VERIFY-1-again"'),
        ),
    ),
    ("zuora.refund-unapplied", bent("rest", by=replaced("/v1/payments/[^/]+$", '"unappliedAmount": ?6', '"unappliedAmount":10'))),
    ("zuora.refund-unapplied", bent("applied", by=answered("POST", "/refunds$", ALWAYS, having='"totalAmount":5'))),
    ("zuora.payment-applications", bent("date", by=answered("PUT", "/unapply$", ALWAYS, having="effectiveDate"))),
    ("zuora.payment-applications", bent("cancel", by=answered("PUT", "/cancel$", REFUSED))),
    ("zuora.payment-transfer", bent("applied", by=answered("PUT", "/transfer$", ALWAYS, having="accountId"))),
    ("zuora.payment-transfer", bent("nowhere", by=answered("PUT", "/transfer$", ALWAYS, having="{}"))),
    (
        "zuora.account-values",
        bent("name", "contact", by=answered("PUT", "/v1/(accounts|contacts)/", ALWAYS)),
    ),
    ("zuora.account-values", bent("contacts", by=replaced("/v1/action/query", '"(BillTo|SoldTo)Id": ?"[^"]*', r'"\1Id":"same'))),
    ("zuora.payments-mode-a", Other(["balance"], {"settlement": False, "credit_balance_payments": True})),
    ("zuora.payments-mode-a", bent("draft", by=answered("POST", "/v1/action/update", DONE, having='"Invoice"'), settlement=False)),
    ("zuora.refunds-mode-a", bent("gross", by=replaced("/v1/action/query", '"Amount": ?10', '"Amount":6'), settlement=False)),
)
"""Further tenants, so that each fact of a probe is seen not to hold in one of them."""
