"""What the published reference says of request bodies and the classes of the vendor's SDK do not: which fields have an enumeration, fields
that the SDK lacks, and fields that are looser. `test_published_bodies.py` holds all of it against the reference."""

from __future__ import annotations

from sandbox.zuora.schema.fields import words

FIELDS_BY_ENUMERATION: dict[str, str] = {
    "ApplyDiscountTo": "DiscountPricingOverride.applyDiscountTo DiscountPricingUpdate.applyDiscountTo",
    "BillingPeriod": "ChargeOverrideBilling.billingPeriod",
    "BillingTiming": "ChargeOverrideBilling.billingTiming",
    "BusinessCategory": "AccountEInvoiceProfile.businessCategory",
    "ChangePlanEffectivePolicy": "CreateOrderChangePlan.effectivePolicy",
    "ChangePlanSubType": "CreateOrderChangePlan.subType",
    "CreditCardCardType": "CreditCard.cardType",
    "CustomObjectCustomFieldDefinitionOrigin": "CustomObjectCustomFieldDefinitionUpdate.origin",
    "CustomObjectDefinitionUpdateActionRequestType": "CustomObjectDefinitionUpdateActionRequest.type",
    "DeliveryFrequency": "DeliveryScheduleParams.frequency",
    "DiscountLevel": "DiscountPricingOverride.discountLevel DiscountPricingUpdate.discountLevel",
    "EndDatePolicy": "EndConditions.endDatePolicy",
    "ExternallyManagedBy": "CreateSubscriptionRequest.externallyManagedBy",
    "FulfillmentState": "CreateOrderOrderLineItem.itemState",
    "GetPaymentMethodSnapshotResponseAchAccountType": "CreateAccountPaymentMethod.bankAccountType",
    "MitTransactionSource": "CreatePaymentRequest.mitTransactionSource",
    "OrderActionType": "CreateOrderAction.type",
    "OrderLineItemInlineDiscountType": "CreateOrderOrderLineItem.inlineDiscountType",
    "OrderScheduledDatePolicy": "OrderSchedulingOptions.scheduledDatePolicy",
    "OverageUnusedUnitsCreditOption": (
        "UsageOveragePricingOverride.overageUnusedUnitsCreditOption UsageTieredWithOveragePricingOverride.overageUnusedUnitsCreditOption"
    ),
    "PaymentFinanceInformationTransferredToAccounting": (
        "CreateInvoiceRequest.transferredToAccounting CreateNonRefRefundFinanceInformation.transferredToAccounting"
        " PaymentRequestFinanceInformation.transferredToAccounting RefundRequestFinanceInformation.transferredToAccounting"
        " UpdateCreditMemoRequest.transferredToAccounting UpdateCreditMemoWithId.transferredToAccounting"
        " UpdateDebitMemoRequest.transferredToAccounting UpdateDebitMemoWithId.transferredToAccounting"
    ),
    "PhoneType": "OrderCreateAccountContact.otherPhoneType UpdateContactRequest.otherPhoneType",
    "PriceFormat": "ChargeTier.priceFormat",
    "ProrationOption": "ChargeOverride.prorationOption",
    "RefundTransactionType": "CreateRefundwithAutoUnapply.refundTransactionType",
    "RefundType": ("CreatePaymentRequest.type CreateRefundRequest.type CreateRefundwithAutoUnapply.type RefundCreditMemoRequest.type"),
    "RenewalSetting": "CreateOrderTermsAndConditions.renewalSetting OrderActionCreateSubscriptionTerms.renewalSetting",
    "ResumePolicy": "CreateOrderResume.resumePolicy",
    "RevRecTrigger": (
        "CreateDiscountItem.revRecTriggerCondition CreateInvoiceItem.revRecTriggerCondition"
        " UpdateDiscountInvoiceItem.revRecTriggerCondition UpdateInvoiceItem.revRecTriggerCondition"
    ),
    "RevRecTriggerCondition": "ChargeOverride.revRecTriggerCondition",
    "RolloverApply": "ChargeOverride.rolloverApply",
    "SettingValueRequestMethod": "ChildrenSettingValueRequest.method SettingValueRequest.method",
    "StartDatePolicy": "TriggerParams.startDatePolicy",
    "StartPeriodsType": "TriggerParams.startPeriodsType",
    "StoredCredentialProfileAction": "CreateAccountPaymentMethod.mitProfileAction",
    "StoredCredentialProfileConsentAgreementSrc": "CreateAccountPaymentMethod.mitConsentAgreementSrc",
    "StoredCredentialProfileType": "CreateAccountPaymentMethod.mitProfileType",
    "SubmitDataQueryRequestCompression": "SubmitDataQueryRequest.compression",
    "SubmitDataQueryRequestOutputFormat": "SubmitDataQueryRequest.outputFormat",
    "SubmitDataQueryRequestOutputTarget": "SubmitDataQueryRequestOutput.target",
    "SubmitDataQueryRequestSourceData": "SubmitDataQueryRequest.sourceData",
    "SubscriptionCancellationPolicy": "OrderActionCancelSubscription.cancellationPolicy",
    "SuspendPolicy": "CreateOrderSuspend.suspendPolicy",
    "TaxMode": ("CreateInvoiceItem.taxMode CreateOrderOrderLineItem.taxMode CreateTaxationItem.taxMode UpdateInvoiceItem.taxMode"),
    "TaxRateType": ("CreateTaxationItem.taxRateType UpdateCreditMemoTaxItemRequest.taxRateType UpdateDebitMemoTaxItemRequest.taxRateType"),
    "TermPeriodType": (
        "CreateOrderResume.resumePeriodsType CreateOrderSuspend.suspendPeriodsType InitialTerm.periodType LastTerm.periodType"
        " RenewalTerm.periodType"
    ),
    "TermType": "InitialTerm.termType LastTerm.termType",
    "TriggerDateName": "TriggerDate.name",
    "TriggerEvent": "TriggerParams.triggerEvent",
    "UpToPeriodsType": "EndConditions.upToPeriodsType",
    "WeeklyBillCycleDay": "ChargeOverrideBilling.weeklyBillCycleDay",
    "=ACH|Cash|Check|CreditCard|PayPal|WireTransfer|DebitCard|CreditCardReferenceTransaction|BankTransfer|Other": (
        "CreateRefundRequest.methodType CreateRefundwithAutoUnapply.methodType RefundCreditMemoRequest.methodType"
    ),
    "=AlignToCharge|AlignToSubscriptionStart|AlignToTermStart": (
        "BillingUpdate.billingPeriodAlignment ChargeOverrideBilling.billingPeriodAlignment"
    ),
    "=ByBillingPeriod|ByUsageStartDate|ByUsageRecord|ByUsageUpload": (
        "UsagePerUnitPricingOverride.ratingGroup UsageTieredPricingOverride.ratingGroup UsageVolumePricingOverride.ratingGroup"
    ),
    "=DefaultFromCustomer|SpecificDayofMonth|SubscriptionStartDay|ChargeTriggerDay|SpecificDayofWeek": (
        "ChargeOverrideBilling.billCycleType"
    ),
    "=Draft|Pending|Completed|Scheduled|Executing|Failed": "CreateOrderRequest.status",
    "=Draft|Posted": "CreateInvoiceRequest.status",
    "=Immediate|Ratable Using Start And End Dates": "ChargeOverride.revenueAmortizationMethod",
    "=NotSubmitted|Submitted|Settled|FailedToSettle": "UpdatePaymentRequest.gatewayState",
    "=Per_Billing_Period|Per_Month|Per_Week|Per_Year|Per_Specific_Months": (
        "RecurringFlatFeePricingOverride.listPriceBase RecurringPerUnitPricingOverride.listPriceBase"
        " RecurringTieredPricingOverride.listPriceBase RecurringVolumePricingOverride.listPriceBase"
    ),
    "=Processing|Yes|Error|Ignore": ("InvoiceForBulkUpdate.transferredToAccounting UpdateInvoiceRequest.transferredToAccounting"),
    "=Product|Fee|Services": "CreateOrderOrderLineItem.itemType",
    "=SUBSCRIPTION_TERM|ANNUAL|SEMI_ANNUAL|QUARTER|MONTH": "ChargeOverride.validityPeriodType",
    "=Subscription_End|Fixed_Period|Specific_End_Date": "EndConditions.endDateCondition",
    "=Upon Billing Document Posting Date|Upon Order Activation Date": "ChargeOverride.revenueRecognitionTiming",
}
"""A class of the SDK, or `=` and the values; and the fields that have it, as `Class.field`."""
ENUMERATED = {field: source for source, fields in FIELDS_BY_ENUMERATION.items() for field in fields.split()}
BEYOND: dict[str, dict[str, str]] = {
    "SubmitDataQueryRequest": {"encryptionKey": "text"},
    "ChargeOverride": {"pobPolicy": "text", "ratingPropertiesOverride": "object"},
    "ChargeOverridePricing": {"recurringDeliveryBased": "object"},
    "CreateAccountPaymentMethod": {
        "amazonPayToken": "text",
        "bankAccountNumber": "text ..30",
        "gatewayOptions": "object",
        "mandateInfo": "object",
        "processingOptions": "object",
        "screeningAmount": "number",
        "skipValidation": "boolean",
        "tokenize": "boolean",
        "tokens": "object",
    },
    "CreateAccountingCodeRequest": {
        "type": "=AccountsReceivable|On-Account Receivable|Cash|OtherAssets|CustomerCashOnAccount|DeferredRevenue|SalesTaxPayable"
        "|OtherLiabilities|SalesRevenue|SalesDiscounts|OtherRevenue|OtherEquity|BadDebt|OtherExpenses|UnbilledReceivables|ContractAssets"
        "|ContractLiabilities|AdjustmentLiabilities|AdjustmentRevenue!",
    },
    "CreateDiscountItem": {"amount": "figure!", "unitPrice": "figure"},
    "CreateInvoiceItem": {"amount": "number!"},
    "CreateOrderChargeUpdate": {"pricingAttributes": "any"},
    "CreateOrderCreateSubscription": {"notes": "text ..500", "paymentProfile": "object"},
    "CreateOrderOrderLineItem": {
        "revenueAmortizationMethod": "=Immediate|Ratable Using Start And End Dates",
        "revenueRecognitionTiming": "=Upon Billing Document Posting Date|Upon Order Activation Date",
    },
    "CreateOrderRequest": {"commitments": "any", "existingAccountId": "text"},
    "CreateOrderSubscriptionOwnerAccount": {
        "additionalEmailAddresses": "any",
        "allowInvoiceEdit": "boolean",
        "creditMemoTemplateId": "text",
        "customerServiceRepName": "text ..50",
        "debitMemoTemplateId": "text",
        "purchaseOrderNumber": "text ..100",
        "salesRep": "text ..50",
    },
    "CreateOrderTermsAndConditions": {"paymentProfile": "object"},
    "CreatePaymentRequest": {"gatewayOrderId": "text ..50"},
    "CreateRefundRequest": {"refundTransactionType": "=Chargeback|PaymentReversal"},
    "CreateSubscriptionComponent": {"amendedByOrderOn": "text", "originalOrderDate": "date", "specificListPriceBase": "integer"},
    "CreateTaxationItem": {"exemptAmount": "figure", "taxAmount": "figure!", "taxRate": "figure!"},
    "CustomRates": {"customFxRate": "figure!"},
    "ElectronicPaymentOptionsWithDelayedCapturePayment": {
        "authTransactionId": "text ..50",
        "gatewayOptions": "object",
        "gatewayOrderId": "text ..50",
        "mitTransactionSource": "=C_Unscheduled|M_Recurring|M_Unscheduled",
    },
    "OneTimePerUnitPricingOverride": {"uom": "any"},
    "OneTimeTieredPricingOverride": {"uom": "any"},
    "OneTimeVolumePricingOverride": {"uom": "any"},
    "OrderCreateAccount": {
        "additionalEmailAddresses": "text ..1200",
        "customerServiceRepName": "text ..50",
        "organizationLabel": "text",
        "purchaseOrderNumber": "text ..100",
        "salesRep": "text ..50",
    },
    "PaymentWithCustomRates": {"customFxRate": "figure!"},
    "RecurringPerUnitPricingOverride": {"uom": "any"},
    "RecurringTieredPricingOverride": {"uom": "any"},
    "RecurringVolumePricingOverride": {"uom": "any"},
    "UpdateAccountRequest": {"defaultPaymentMethodId": "text ..64"},
    "UpdateDiscountInvoiceItem": {"amount": "figure!", "unitPrice": "figure"},
    "UpdateInvoiceItem": {"quantity": "figure", "unitPrice": "figure"},
    "UpdateSubscriptionChargeCustomFields": {"chargeId": "text"},
    "UsagePerUnitPricingOverride": {"uom": "any"},
    "UsageVolumePricingOverride": {"uom": "any"},
}
"""Fields that the SDK does not have, or that the reference types otherwise."""
DATES = frozenset(
    words(
        "ApplyPaymentRequest.effectiveDate CreatePaymentRequest.effectiveDate CreateRefundRequest.refundDate"
        " PaymentWithCustomRates.rateDate TransferPayment.effectiveDate UnapplyPaymentRequest.effectiveDate"
        " WriteOffOptions.memoDate CreateRefundwithAutoUnapply.refundDate RefundCreditMemoRequest.refundDate"
    )
)
"""Texts that are dates."""
OPTIONAL = frozenset(
    words(
        "AccountCreditCardHolder.cardHolderName AccountEInvoiceProfile.businessName CreateInvoiceRequest.invoiceItems"
        " CreateOrderSubscription.orderActions CreatePaymentDebitMemoApplication.amount CreatePaymentInvoiceApplication.amount"
        " CreateRefundwithAutoUnapply.totalAmount CreateTaxationItem.taxCode CreditCard.cardNumber CreditCard.cardType"
        " CreditCard.expirationMonth CreditCard.expirationYear InvoiceForBulkUpdate.id UpdateAccountContact.firstName"
        " UpdateAccountContact.lastName UpdateCreditMemoItem.id UpdateCreditMemoWithId.id UpdateDebitMemoItem.id"
        " UpdateDebitMemoWithId.id UpdateDiscountInvoiceItem.id UpdateSubscriptionRatePlanCustomFields.ratePlanId"
    )
)
"""Required by the SDK, not by the reference."""
REQUIRED = frozenset(
    words(
        "CreatePaymentMethodCardholderInfo.cardHolderName InitialTerm.termType"
        " OverrideDiscountApplyDetail.productRatePlanChargeId OverrideDiscountApplyDetail.productRatePlanId"
    )
)
"""Required by the reference, not by the SDK."""
