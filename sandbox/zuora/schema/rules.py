"""What the field tables do not say: value lists, references, required fields, numbers, custom fields (spec sections 13 and 14)."""

from __future__ import annotations

from sandbox.zuora.schema.fields import words

TRANSFERRED = ("No", "Processing", "Yes", "Error", "Ignore")
MEMO_STATUS = ("Draft", "Posted", "Canceled", "Error", "PendingForTax", "Generating", "CancelInProgress")
METHOD_TYPES = words("ACH Cash Check CreditCard PayPal WireTransfer DebitCard CreditCardReferenceTransaction BankTransfer Other")
CHARGE_MODELS = (
    "Flat Fee Pricing",
    "Per Unit Pricing",
    "Overage Pricing",
    "Tiered Pricing",
    "Tiered with Overage Pricing",
    "Volume Pricing",
    "Delivery Pricing",
    "Discount-Fixed Amount",
    "Discount-Percentage",
    "MultiAttributePricing",
    "PreratedPerUnit",
    "PreratedPricing",
    "HighWatermarkVolumePricing",
    "HighWatermarkTieredPricing",
)
CHARGE_TYPES = ("OneTime", "Recurring", "Usage")
BILLING_PERIODS = (
    "Month",
    "Quarter",
    "Annual",
    "Semi-Annual",
    "Specific Months",
    "Subscription Term",
    "Week",
    "Specific Weeks",
    "Specific Days",
    "Specific_Months",
    "Subscription_Term",
    "Semi_Annual",
    "Specific_Weeks",
    "Specific_Days",
)
TRIGGER_EVENTS = ("ContractEffective", "ServiceActivation", "CustomerAcceptance", "SpecificDate")
REV_REC_TRIGGERS = ("ContractEffectiveDate", "ServiceActivationDate", "CustomerAcceptanceDate")
TAX_MODES = ("TaxExclusive", "TaxInclusive")
TAX_RATE_TYPES = ("Percentage", "FlatFee")
PARTY_TYPES = ("External", "Electronic")
GATEWAY_STATES = ("MarkedForSubmission", "Submitted", "Settled", "NotSubmitted", "FailedToSettle")
DOCUMENT_SOURCES = ("BillRun", "API", "ApiSubscribe", "ApiAmend")
TERM_PERIODS = ("Month", "Year", "Day", "Week")
MEMO_ITEM_SOURCES = ("SubscriptionComponent", "InvoiceDetail", "ProductRatePlanCharge", "OrderLineItem")

ENUMS: dict[str, dict[str, tuple[str, ...]]] = {
    "Account": {
        "Status": ("Draft", "Active", "Canceled"),
        "TaxExemptStatus": ("Yes", "No", "pendingVerification"),
        "BcdSettingOption": ("AutoSet", "ManualSet"),
    },
    "ProductRatePlanCharge": {
        "ChargeType": CHARGE_TYPES,
        "ChargeModel": CHARGE_MODELS,
        "BillingPeriod": BILLING_PERIODS,
        "TriggerEvent": TRIGGER_EVENTS,
        "TaxMode": TAX_MODES,
        "RevRecTriggerCondition": REV_REC_TRIGGERS,
        "BillingTiming": ("IN_ADVANCE", "IN_ARREARS", "In Advance", "In Arrears"),
    },
    "ProductRatePlanChargeTier": {"PriceFormat": ("Flat Fee", "Per Unit")},
    "RatePlanChargeTier": {"PriceFormat": ("Flat Fee", "Per Unit")},
    "RatePlanCharge": {"ChargeType": CHARGE_TYPES, "ChargeModel": CHARGE_MODELS, "BillingPeriod": BILLING_PERIODS},
    "Subscription": {
        "Status": ("Draft", "Pending Activation", "Pending Acceptance", "Active", "Cancelled", "Suspended"),
        "TermType": ("TERMED", "EVERGREEN"),
        "RenewalSetting": ("RENEW_WITH_SPECIFIC_TERM", "RENEW_TO_EVERGREEN"),
        "InitialTermPeriodType": TERM_PERIODS,
        "RenewalTermPeriodType": TERM_PERIODS,
    },
    "Invoice": {
        "Status": ("Draft", "Posted", "Canceled", "Error", "Generating"),
        "SourceType": ("Subscription", "Standalone", "Order", "Consolidation"),
        "Source": DOCUMENT_SOURCES,
        "TransferredToAccounting": TRANSFERRED,
    },
    "InvoiceItem": {
        "ProcessingType": ("0", "1", "2", "3"),
        "SourceItemType": ("SubscriptionComponent", "Rounding", "ProductRatePlanCharge", "None", "OrderLineItem"),
        "TaxMode": TAX_MODES,
        "RevRecTriggerCondition": REV_REC_TRIGGERS,
    },
    "TaxationItem": {"TaxMode": TAX_MODES, "TaxRateType": TAX_RATE_TYPES},
    "CreditTaxationItem": {"TaxMode": TAX_MODES, "TaxRateType": TAX_RATE_TYPES},
    "DebitTaxationItem": {"TaxMode": TAX_MODES, "TaxRateType": TAX_RATE_TYPES},
    "Payment": {
        "Status": ("Draft", "Processing", "Processed", "Error", "Canceled", "Posted", "Pending", "Voided"),
        "Type": PARTY_TYPES,
        "GatewayState": GATEWAY_STATES,
        "TransferredToAccounting": TRANSFERRED,
    },
    "PaymentMethod": {"PaymentMethodStatus": ("Active", "Closed")},
    "Refund": {
        "Status": ("Processing", "Processed", "Canceled", "Error"),
        "Type": PARTY_TYPES,
        "SourceType": ("Payment", "CreditBalance", "CreditMemo"),
        "GatewayState": GATEWAY_STATES,
        "MethodType": tuple(METHOD_TYPES),
        "TransferredToAccounting": TRANSFERRED,
    },
    "InvoiceItemAdjustment": {
        "Status": ("Processed", "Canceled"),
        "Type": ("Credit", "Charge"),
        "SourceType": ("InvoiceDetail", "Tax"),
        "TransferredToAccounting": TRANSFERRED,
    },
    "InvoiceAdjustment": {
        "Status": ("Processed", "Canceled"),
        "Type": ("Credit", "Charge"),
        "TransferredToAccounting": TRANSFERRED,
    },
    "CreditMemo": {
        "Status": MEMO_STATUS,
        "SourceType": ("Subscription", "Standalone", "Invoice", "Order", "CreditMemo", "Consolidation"),
        "Source": (*DOCUMENT_SOURCES, "AdhocFromPrpc", "AdhocFromInvoice"),
        "TransferredToAccounting": TRANSFERRED,
    },
    "DebitMemo": {
        "Status": MEMO_STATUS,
        "SourceType": ("Subscription", "Standalone", "Invoice", "Order", "CreditMemo", "Consolidation"),
        "Source": (*DOCUMENT_SOURCES, "AdhocFromPrpc", "AdhocFromInvoice"),
        "TransferredToAccounting": TRANSFERRED,
    },
    "CreditMemoItem": {"SourceItemType": MEMO_ITEM_SOURCES, "TaxMode": TAX_MODES},
    "DebitMemoItem": {"SourceItemType": (*MEMO_ITEM_SOURCES, "CreditMemoItem"), "TaxMode": TAX_MODES},
    "Order": {
        "Status": ("Draft", "Pending", "Completed", "Cancelled", "Scheduled", "Executing", "Failed"),
        "Category": ("NewSales", "Return"),
        "ScheduledDatePolicy": ("SpecificDate",),
    },
    "OrderAction": {
        "Type": words(
            "CreateSubscription TermsAndConditions AddProduct UpdateProduct RemoveProduct RenewSubscription CancelSubscription"
            " OwnerTransfer Suspend Resume ChangePlan"
        ),
        "TermType": ("TERMED", "EVERGREEN"),
        "RenewSetting": ("RENEW_WITH_SPECIFIC_TERM", "RENEW_TO_EVERGREEN"),
        "CurrentTermPeriodType": TERM_PERIODS,
        "RenewalTermPeriodType": TERM_PERIODS,
        "CancellationPolicy": ("EndOfCurrentTerm", "EndOfLastInvoicePeriod", "SpecificDate"),
        "SubType": ("Upgrade", "Downgrade", "Crossgrade", "PlanChanged"),
        "EffectivePolicy": ("EffectiveImmediately", "EffectiveEndOfBillingPeriod", "SpecificDate"),
    },
    "PaymentApplication": {"PaymentApplicationStatus": ("Processing", "Processed", "Cancelled")},
}

YES_NO = ("Yes", "No")
ITEM_TYPES = ("Inventory", "Non Inventory", "Service")
REV_REC_DATES = ("Charge Period Start", "Rev Rec Trigger Date", "Use NetSuite Rev Rec Template")
COMMON = "IntegrationId IntegrationStatus SyncDate"
CONNECTOR_FIELDS: dict[str, str] = {
    "Account": f"{COMMON} SynctoNetSuite Subsidiary Class Department Location CustomerType CustomerId",
    "Product": f"{COMMON} ItemType",
    "ProductRatePlan": f"{COMMON} ItemType Subsidiary Class Department Location IncludeChildren BillingPeriod Price MultiCurrencyPrice",
    "ProductRatePlanCharge": f"{COMMON} ItemType Subsidiary Class Department Location IncludeChildren RecognizedRevAccount"
    " DeferredRevAccount RevRecStart RevRecEnd RevRecTemplateType",
    "Subscription": f"{COMMON} SalesOrder Project",
    "Invoice": COMMON,
    "InvoiceItem": COMMON,
    "DebitMemo": COMMON,
    "InvoiceItemAdjustment": COMMON,
    "InvoiceAdjustment": COMMON,
    "CreditMemo": f"{COMMON} Origin Transaction",
    "Payment": f"{COMMON} Origin Transaction",
    "Refund": f"{COMMON} Origin SynctoNetSuite",
}
CONNECTOR_ENUMS: dict[tuple[str, str], tuple[str, ...]] = {
    ("Account", "SynctoNetSuite"): YES_NO,
    ("Account", "CustomerType"): ("Company", "Individual"),
    ("Product", "ItemType"): ITEM_TYPES,
    ("ProductRatePlan", "ItemType"): ITEM_TYPES,
    ("ProductRatePlan", "IncludeChildren"): YES_NO,
    ("ProductRatePlan", "BillingPeriod"): ("Monthly", "Quarterly", "Annual", "Semi-Annual"),
    ("ProductRatePlanCharge", "ItemType"): ITEM_TYPES,
    ("ProductRatePlanCharge", "IncludeChildren"): YES_NO,
    ("ProductRatePlanCharge", "RevRecStart"): REV_REC_DATES,
    ("ProductRatePlanCharge", "RevRecEnd"): REV_REC_DATES,
}

REFERENCES_EVERYWHERE = {
    "AccountId": "Account",
    "InvoiceId": "Invoice",
    "InvoiceItemId": "InvoiceItem",
    "SubscriptionId": "Subscription",
    "OrderId": "Order",
    "PaymentId": "Payment",
    "PaymentMethodId": "PaymentMethod",
    "PaymentMethodSnapshotId": "PaymentMethodSnapshot",
    "RefundId": "Refund",
    "CreditMemoId": "CreditMemo",
    "DebitMemoId": "DebitMemo",
    "CreditMemoItemId": "CreditMemoItem",
    "DebitMemoItemId": "DebitMemoItem",
    "ProductId": "Product",
    "ProductRatePlanId": "ProductRatePlan",
    "ProductRatePlanChargeId": "ProductRatePlanCharge",
    "RatePlanId": "RatePlan",
    "RatePlanChargeId": "RatePlanCharge",
    "TaxationItemId": "TaxationItem",
    "CreditTaxationItemId": "CreditTaxationItem",
    "InvoicePaymentId": "InvoicePayment",
    "RefundApplicationId": "RefundApplication",
    "BillToContactId": "Contact",
    "ShipToContactId": "Contact",
    "InvoiceOwnerId": "Account",
    "CreatorAccountId": "Account",
    "AppliedToInvoiceItemId": "InvoiceItem",
    "BillToId": "Contact",
    "SoldToId": "Contact",
    "ShipToId": "Contact",
    "ParentId": "Account",
    "DefaultPaymentMethodId": "PaymentMethod",
}
NO_REFERENCE = {("InvoiceItem", "ProductId"), ("RatePlan", "ProductId"), ("RatePlan", "AmendmentId"), ("Subscription", "OrderId")}

REQUIRED: dict[str, str] = {
    "Order": "AccountId OrderDate",
    "OrderAction": "OrderId Type",
    "Account": "Name Currency",
    "Contact": "AccountId FirstName LastName",
    "Product": "Name EffectiveStartDate EffectiveEndDate",
    "ProductRatePlan": "ProductId Name EffectiveStartDate EffectiveEndDate",
    "ProductRatePlanCharge": "ProductRatePlanId Name ChargeModel ChargeType",
    "ProductRatePlanChargeTier": "ProductRatePlanChargeId Currency",
    "Subscription": "AccountId",
    "RatePlan": "SubscriptionId ProductRatePlanId",
    "RatePlanCharge": "RatePlanId ProductRatePlanChargeId",
    "RatePlanChargeTier": "RatePlanChargeId",
    "Invoice": "AccountId InvoiceDate Amount",
    "InvoiceItem": "InvoiceId ChargeAmount",
    "TaxationItem": "InvoiceItemId TaxAmount",
    "Payment": "Amount EffectiveDate Type",
    "InvoicePayment": "PaymentId InvoiceId Amount",
    "Refund": "Amount RefundDate Type",
    "RefundInvoicePayment": "RefundId InvoicePaymentId RefundAmount",
    "InvoiceItemAdjustment": "InvoiceId SourceId SourceType Type Amount AdjustmentDate",
    "InvoiceAdjustment": "InvoiceId Type Amount AdjustmentDate",
    "PaymentMethod": "Type",
    "PaymentMethodSnapshot": "Type",
    "CreditMemo": "AccountId MemoDate TotalAmount",
    "DebitMemo": "AccountId MemoDate TotalAmount",
    "CreditMemoItem": "CreditMemoId Amount",
    "DebitMemoItem": "DebitMemoId Amount",
    "CreditMemoApplication": "CreditMemoId Amount",
    "PaymentApplication": "PaymentId ApplyAmount",
    "RefundApplication": "RefundId ApplyAmount",
    "RefundApplicationItem": "RefundApplicationId Amount",
    "PaymentPart": "PaymentId Amount",
    "RefundPart": "RefundId RefundAmount",
    "CreditMemoPart": "CreditMemoId Amount",
    "CreditTaxationItem": "CreditMemoItemId TaxAmount",
    "DebitTaxationItem": "DebitMemoItemId TaxAmount",
}

NUMBERS: dict[str, tuple[str, str]] = {
    "Order": ("OrderNumber", "O-"),
    "Account": ("AccountNumber", "A"),
    "Product": ("SKU", "SKU-"),
    "Subscription": ("Name", "A-S"),
    "Invoice": ("InvoiceNumber", "INV"),
    "Payment": ("PaymentNumber", "P-"),
    "Refund": ("RefundNumber", "R-"),
    "InvoiceItemAdjustment": ("AdjustmentNumber", "IIA-"),
    "InvoiceAdjustment": ("AdjustmentNumber", "IA-"),
    "CreditMemo": ("MemoNumber", "CM"),
    "DebitMemo": ("MemoNumber", "DM"),
    "RatePlanCharge": ("ChargeNumber", "C-"),
}
VERSIONED = {"Subscription", "RatePlanCharge"}
"""Types whose number is shared by the versions of one thing and so is not unique."""

ORDER_TYPES = ("Order", "OrderAction")
"""Types of the feature Orders."""
SETTLEMENT_TYPES = frozenset(
    words(
        "CreditMemo CreditMemoItem CreditMemoApplication CreditMemoPart CreditTaxationItem DebitMemo DebitMemoItem DebitTaxationItem"
        " PaymentApplication PaymentPart RefundApplication RefundApplicationItem RefundPart"
    )
)
FROZEN_WITH_SETTLEMENT = frozenset(
    words("InvoiceItemAdjustment CreditBalanceAdjustment InvoiceAdjustment InvoicePayment RefundInvoicePayment")
)

PLURALS: dict[str, str] = {
    "accounts": "Account",
    "contacts": "Contact",
    "products": "Product",
    "product-rate-plans": "ProductRatePlan",
    "product-rate-plan-charges": "ProductRatePlanCharge",
    "product-rate-plan-charge-tiers": "ProductRatePlanChargeTier",
    "subscriptions": "Subscription",
    "rate-plans": "RatePlan",
    "rate-plan-charges": "RatePlanCharge",
    "rate-plan-charge-tiers": "RatePlanChargeTier",
    "invoices": "Invoice",
    "invoice-items": "InvoiceItem",
    "taxation-items": "TaxationItem",
    "payments": "Payment",
    "payment-applications": "PaymentApplication",
    "payment-methods": "PaymentMethod",
    "payment-method-snapshots": "PaymentMethodSnapshot",
    "refunds": "Refund",
    "refund-applications": "RefundApplication",
    "refund-application-items": "RefundApplicationItem",
    "credit-memos": "CreditMemo",
    "credit-memo-items": "CreditMemoItem",
    "credit-memo-applications": "CreditMemoApplication",
    "debit-memos": "DebitMemo",
    "debit-memo-items": "DebitMemoItem",
    "orders": "Order",
    "order-actions": "OrderAction",
}

EMPTY_PLURALS = frozenset(
    words(
        "amendments billing-runs contact-snapshots daily-consumption-summaries delivery-adjustments fulfillments invoice-schedules"
        " order-line-items payment-runs payment-schedules payment-schedule-items prepaid-balances prepaid-balance-funds"
        " prepaid-balance-transactions processed-usages ramps rating-details rating-results summarystatementruns summarystatements"
        " usages validity-period-summaries"
    )
)
"""Published plurals of objects of which this tenant never has any."""

NOT_IN_OBJECT_QUERY: dict[str, str] = {
    "Product": "Description",
    "ProductRatePlan": "ActiveCurrencies Description",
    "ProductRatePlanCharge": "ChargeModelConfiguration ConfigurationItem Description DiscountClass PriceIncreaseOption ProductCategory"
    " ProductClass ProductFamily ProductLine ProductDiscountApplyDetailData AppliedProductRatePlanId AppliedProductRatePlanChargeId",
    "ProductRatePlanChargeTier": "IsOveragePrice",
    "Subscription": "AncestorAccountId SubscriptionBillToId SubscriptionBillToSnapshotId SubscriptionSoldToId SubscriptionSoldToSnapshotId",
    "Invoice": "BillRunId Body RegenerateInvoicePDF",
    "InvoiceItem": "AppliedToChargeNumber ChargeDescription ChargeId ProductDescription ProductName",
    "Payment": "AppliedInvoiceAmount GatewayOptionData InvoiceId InvoiceNumber InvoicePaymentData",
    "Refund": "GatewayOptionData PaymentId RefundInvoicePaymentData",
    "RatePlanCharge": "Description Price",
}
"""Fields of ZOQL that Object Query and Data Query lack (spec section 14.4). `Description` is a Data Query column all the same."""

WSDL_NEEDED: dict[tuple[str, str], int] = {
    ("Invoice", "SourceType"): 118,
    ("Invoice", "BillToContactId"): 118,
    ("Invoice", "PaymentTerm"): 118,
    ("Invoice", "Currency"): 147,
}
"""Fields that Actions know only from this WSDL version on (spec section 3)."""
DEFAULT_WSDL = 79
LATEST_WSDL = 147

SQL_NAMES: dict[tuple[str, str], str] = {("CreditMemo", "Comment"): "comments"}
