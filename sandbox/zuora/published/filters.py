"""By what the lists of `/v1` can be filtered and sorted (published query parameters), in the notation of `bodies.json`."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.zuora.published import Spec, spec_of
from sandbox.zuora.schema.rules import MEMO_STATUS, METHOD_TYPES, PARTY_TYPES, TRANSFERRED

Filters = Mapping[str, Spec]
CHANGED = "createdById text; createdDate moment; updatedById text; updatedDate moment"


def filters(text: str, **enumerations: tuple[str, ...]) -> Filters:
    """`amount number; id text` and enumerations by name."""
    plain = (entry.split() for entry in text.split("; "))
    return {
        **{name: spec_of(kind) for name, kind in plain},
        **{name: spec_of("=" + "|".join(values)) for name, values in enumerations.items()},
    }


PAYMENTS = filters(
    f"accountId text; amount number; appliedAmount number; {CHANGED}; creditBalanceAmount number; currency text; effectiveDate date;"
    " number text; refundAmount number; unappliedAmount number",
    status=("Draft", "Processing", "Processed", "Error", "Canceled", "Posted"),
    type=PARTY_TYPES,
)
REFUNDS = filters(
    f"accountId text; amount number; {CHANGED}; number text; paymentId text; refundDate date",
    methodType=tuple(METHOD_TYPES),
    status=("Processed", "Canceled", "Error", "Processing"),
    type=PARTY_TYPES,
)
CREDIT_MEMOS = filters(
    f"accountId text; accountNumber text; amount number; appliedAmount number; autoApplyUponPosting boolean; {CHANGED};"
    " creditMemoDate date; currency text; excludeFromAutoApplyRules boolean; number text; referredInvoiceId text; refundAmount number;"
    " sourceId text; targetDate date; taxAmount number; totalTaxExemptAmount number; unappliedAmount number",
    status=MEMO_STATUS,
    transferredToAccounting=TRANSFERRED,
)
DEBIT_MEMOS = filters(
    f"accountId text; accountNumber text; amount number; balance number; beAppliedAmount number; {CHANGED}; currency text;"
    " debitMemoDate date; dueDate date; number text; referredInvoiceId text; targetDate date; taxAmount number;"
    " totalTaxExemptAmount number",
    status=MEMO_STATUS,
)
CREDIT_MEMO_ITEMS = filters(
    f"amount number; appliedAmount number; {CHANGED}; id text; refundAmount number; serviceEndDate date; serviceStartDate date; sku text;"
    " skuName text; sourceItemId text; subscriptionId text"
)
DEBIT_MEMO_ITEMS = filters(
    f"amount number; beAppliedAmount number; {CHANGED}; id text; serviceEndDate date; serviceStartDate date; sku text; skuName text;"
    " sourceItemId text; subscriptionId text"
)
