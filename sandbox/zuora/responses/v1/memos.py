"""`/v1/credit-memos` and `/v1/debit-memos` (spec section 12.4). The older spellings `creditmemos` and `debitmemos` work too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Response

from sandbox.zuora.exceptions import V1Error, process_id, v1_error
from sandbox.zuora.http import Call, json_response, success
from sandbox.zuora.models import reasons
from sandbox.zuora.models.settlement import memos
from sandbox.zuora.models.settlement.money import CREDIT_MEMO
from sandbox.zuora.models.tenant import Tenant
from sandbox.zuora.models.values import Record
from sandbox.zuora.published import filters
from sandbox.zuora.published.filters import Filters
from sandbox.zuora.responses.v1.fields import (
    INVALID,
    RULE,
    Names,
    found,
    items_of,
    names,
    published,
    read,
    show,
    unlocked,
)
from sandbox.zuora.responses.v1.lists import chosen, paged
from sandbox.zuora.responses.v1.payments import date_of, lines_wanted
from sandbox.zuora.responses.v1.taxes import taxes

APPLY = 505610
COMMON = (
    "id number=MemoNumber status accountId amount=TotalAmount currency taxAmount totalTaxExemptAmount reasonCode"
    " referredInvoiceId=InvoiceId sourceType targetDate taxMessage taxStatus transferredToAccounting"
    " billToContactId sequenceSetId postedOn postedById cancelledOn cancelledById createdDate createdById updatedDate updatedById"
)
ITEM_COMMON = (
    "id amount amountWithoutTax appliedToItemId processingType quantity serviceStartDate serviceEndDate sku skuName=ChargeName"
    " sourceItemType subscriptionId taxMode unitOfMeasure unitPrice excludeItemBillingFromRevenueAccounting"
    " createdDate createdById updatedDate updatedById"
)
PART = names("id invoiceId debitMemoId amount createdDate createdById updatedDate updatedById")


@dataclass(frozen=True)
class Memo:
    """What differs between the two kinds of memo."""

    kind: str
    item: str
    link: str
    tax: str
    tax_link: str
    list_name: str
    old_list_name: str
    resource: int
    shown: Names
    item_shown: Names
    change: Names
    bulk_model: str
    filters: Filters
    item_filters: Filters


CREDIT = Memo(
    kind="CreditMemo",
    item="CreditMemoItem",
    link="CreditMemoId",
    tax="CreditTaxationItem",
    tax_link="CreditMemoItemId",
    list_name="creditMemos",
    old_list_name="creditmemos",
    resource=505600,
    shown=names(
        f"{COMMON} source sourceId creditMemoDate=MemoDate comment appliedAmount refundAmount unappliedAmount=Balance"
        " revenueImpacting reversed autoApplyUponPosting excludeFromAutoApplyRules"
    ),
    item_shown=names(f"{ITEM_COMMON} creditFromItemId creditFromItemSource unappliedAmount revenueImpacting"),
    change=names("comment reasonCode transferredToAccounting autoApplyUponPosting excludeFromAutoApplyRules effectiveDate=MemoDate"),
    bulk_model="UpdateCreditMemoWithId",
    filters=filters.CREDIT_MEMOS,
    item_filters=filters.CREDIT_MEMO_ITEMS,
)
DEBIT = Memo(
    kind="DebitMemo",
    item="DebitMemoItem",
    link="DebitMemoId",
    tax="DebitTaxationItem",
    tax_link="DebitMemoItemId",
    list_name="debitMemos",
    old_list_name="debitmemos",
    resource=505700,
    shown=names(f"{COMMON} debitMemoDate=MemoDate comment=Comments balance dueDate autoPay paymentTerm referredCreditMemoId=CreditMemoId"),
    item_shown=names(f"{ITEM_COMMON} balance"),
    change=names("comment=Comments reasonCode transferredToAccounting autoPay dueDate effectiveDate=MemoDate"),
    bulk_model="UpdateDebitMemoWithId",
    filters=filters.DEBIT_MEMOS,
    item_filters=filters.DEBIT_MEMO_ITEMS,
)
DRAFT_ONLY = ("MemoDate",)
ITEM_CHANGE = names("sku skuName=ChargeName serviceStartDate serviceEndDate quantity unitOfMeasure excludeItemBillingFromRevenueAccounting")
ITEM_FREE = ("ExcludeItemBillingFromRevenueAccounting",)


def view(call: Call, memo: Memo, record: Record) -> dict[str, Any]:
    shown = show(call.tenant, call.tenant.schema[memo.kind], record, memo.shown)
    account = call.tenant.store.get("Account", record["AccountId"])
    if account is not None:
        shown["accountNumber"] = account["AccountNumber"]
        shown.setdefault("currency", account["Currency"])
    shown.setdefault("transferredToAccounting", "No")
    if memo is DEBIT:
        shown["beAppliedAmount"] = record["TotalAmount"] - record["Balance"]
    return shown


def change(call: Call, memo: Memo, record: Record, body: Mapping[str, Any]) -> Record:
    """Write the changes of one memo and its items. Raises `V1Error` before anything is written."""
    unlocked(call.tenant, record, memo.resource)
    changes = read(call, call.tenant.schema[memo.kind], body, memo.change, memo.resource)
    reasons.check(call.tenant, memo.kind, record, changes, lambda text: v1_error(memo.resource, INVALID, text))
    posted = record["Status"] == "Posted"
    if "TransferredToAccounting" in changes and not posted:
        raise v1_error(memo.resource, RULE, "transferredToAccounting can only be set on a posted memo.")
    draft = record["Status"] == "Draft"
    if not draft and any(name in changes for name in DRAFT_ONLY):
        raise v1_error(memo.resource, RULE, "Only the date of a draft can be changed.")
    item_changes = [item_change(call, memo, record, row, draft) for row in body.get("items") or []]
    for item_id, values in item_changes:
        call.tenant.store.update(memo.item, item_id, values)
    return call.tenant.store.update(memo.kind, record["Id"], changes)


def item_change(call: Call, memo: Memo, record: Record, row: Any, draft: bool) -> tuple[str, Record]:
    item = call.tenant.store.get(memo.item, row.get("id")) if isinstance(row, dict) else None
    if item is None or item[memo.link] != record["Id"]:
        raise v1_error(memo.resource, 40, f"Cannot find a {memo.item} instance with id.")
    values = read(call, call.tenant.schema[memo.item], row, ITEM_CHANGE, memo.resource)
    if not draft and any(name in values for name in ITEM_CHANGE.values() if name not in ITEM_FREE):
        raise v1_error(memo.resource, RULE, "Only the items of a draft can be changed.")
    return str(item["Id"]), values


def listed(call: Call, memo: Memo) -> Response:
    old = memo.old_list_name in call.path
    name = memo.old_list_name if old else memo.list_name
    return chosen(call, name, call.tenant.store.all(memo.kind), lambda r: view(call, memo, r), memo.filters)


def get(call: Call, memo: Memo) -> Response:
    return success(view(call, memo, found(call, memo.kind, call.args["key"])))


def update(call: Call, memo: Memo) -> Response:
    record = found(call, memo.kind, call.args["key"])
    return success(view(call, memo, change(call, memo, record, call.body)))


def bulk_update(call: Call, memo: Memo) -> Response:
    """Each memo is a transaction of its own; a failed one names its position."""
    results: list[dict[str, Any]] = []
    for index, body in enumerate(items_of(call.body, "memos", memo.resource)):
        try:
            published(body, memo.bulk_model, memo.resource)
            record = call.tenant.store.get(memo.kind, body.get("id"))
            if record is None:
                raise v1_error(500000, 40, f"Cannot find a {memo.kind} instance with id.")
            results.append({"success": True, **view(call, memo, change(call, memo, record, body))})
        except V1Error as refused:
            failed = {"success": False, "id": body.get("id"), "processId": process_id(), "reasons": refused.reasons(), "objectIndex": index}
            results.append(failed)
    return json_response({"success": True, "memos": results})


def items(call: Call, memo: Memo) -> Response:
    record = found(call, memo.kind, call.args["key"])
    rows = call.tenant.store.by(memo.item, memo.link, record["Id"])
    return chosen(call, "items", rows, lambda r: item_view(call, memo, r), memo.item_filters)


def item_view(call: Call, memo: Memo, item: Record) -> dict[str, Any]:
    shown = show(call.tenant, call.tenant.schema[memo.item], item, memo.item_shown)
    if (source := item.get("InvoiceItemId") or item.get("RatePlanChargeId") or item.get("ProductRatePlanChargeId")) is not None:
        shown["sourceItemId"] = source
    shown["taxationItems"] = taxes(call, memo.tax, memo.tax_link, item)
    shown["financeInformation"] = {}
    return shown


def parts(call: Call, memo: Memo) -> Response:
    record = found(call, memo.kind, call.args["key"])
    rows = call.tenant.store.by("CreditMemoPart", "CreditMemoId", record["Id"])
    kind = call.tenant.schema["CreditMemoPart"]
    return paged(call, "parts", rows, lambda r: show(call.tenant, kind, r, PART))


def application_parts(call: Call, memo: Memo) -> Response:
    """What was applied to a debit memo."""
    record = found(call, memo.kind, call.args["key"])
    rows = [*call.tenant.store.by("PaymentPart", memo.link, record["Id"]), *call.tenant.store.by("CreditMemoPart", memo.link, record["Id"])]
    return paged(call, "applicationParts", rows, lambda r: application_part(call.tenant, r))


def application_part(tenant: Tenant, part: Record) -> dict[str, Any]:
    kind = tenant.schema["PaymentPart" if "PaymentId" in part else "CreditMemoPart"]
    table = names("paymentId creditMemoId appliedAmount=Amount createdDate createdById updatedDate updatedById")
    return show(tenant, kind, part, table)


def state_change(step: Callable[[Tenant, str, Record], Record]) -> Callable[[Call, Memo], Response]:
    """The handler of a step such as posting or cancelling."""

    def handler(call: Call, memo: Memo) -> Response:
        record = found(call, memo.kind, call.args["key"])
        unlocked(call.tenant, record, memo.resource)
        return success(view(call, memo, step(call.tenant, memo.kind, record)))

    return handler


post = state_change(memos.post)
cancel = state_change(memos.cancel)
unpost = state_change(memos.unpost)


def apply(call: Call, memo: Memo) -> Response:
    record = found(call, memo.kind, call.args["key"], APPLY)
    unlocked(call.tenant, record, APPLY)
    date = date_of(call, CREDIT_MEMO, record, "MemoDate", APPLY)
    return success(view(call, memo, memos.apply(call.tenant, record, lines_wanted(call, APPLY), date)))


def unapply(call: Call, memo: Memo) -> Response:
    record = found(call, memo.kind, call.args["key"], APPLY)
    unlocked(call.tenant, record, APPLY)
    date = date_of(call, CREDIT_MEMO, record, "MemoDate", APPLY)
    return success(view(call, memo, memos.unapply(call.tenant, record, lines_wanted(call, APPLY), date)))


def of(memo: Memo, handler: Callable[[Call, Memo], Response]) -> Callable[[Call], Response]:
    """A handler for one kind of memo."""
    return lambda call: handler(call, memo)
