"""The published keys of what is nested in v1 bodies and changes nothing in this tenant."""

from __future__ import annotations

from sandbox.zuora.schema.fields import words

TAX = words(
    "amount exemptAmount financeInformation id jurisdiction locationCode name taxAmount taxCode taxCodeDescription taxDate"
    " taxExemptAmount taxMode taxName taxRate taxRateDescription taxRateType sourceTaxItemId"
)
DISCOUNT = words(
    "accountingCode accountsReceivableAccountingCode adjustmentLiabilityAccountingCode adjustmentRevenueAccountingCode amount"
    " bookingReference chargeDate chargeName contractAssetAccountingCode contractLiabilityAccountingCode"
    " contractRecognizedRevenueAccountingCode deferredRevenueAccountingCode id itemType productRatePlanChargeId purchaseOrderNumber"
    " recognizedRevenueAccountingCode revRecCode revRecTriggerCondition revenueRecognitionRuleName sku taxItems"
    " unbilledReceivablesAccountingCode unitPrice"
)
FINANCE = words(
    "accountsReceivableAccountingCode bankAccountAccountingCode deferredRevenueAccountingCode onAccountAccountingCode"
    " recognizedRevenueAccountingCode revenueRecognitionRuleName salesTaxPayableAccountingCode transferredToAccounting"
    " unappliedPaymentAccountingCode"
)
KEYS: dict[str, frozenset[str]] = {
    "customRates": frozenset(words("currency customFxRate rateDate")),
    "discountItems": frozenset(DISCOUNT),
    "einvoiceProfile": frozenset(
        words("businessCategory businessName businessNumber businessNumberSchemeId enabled endpointId endpointSchemeId taxRegisterNumber")
    ),
    "financeInformation": frozenset(FINANCE),
    "paymentOption": frozenset(words("detail type")),
    "taxItems": frozenset(TAX),
    "writeOffOptions": frozenset(words("comment memoDate reasonCode taxAutoCalculation")),
}
"""Keys by the name of the object, or of the list of objects, that holds them; others hold what the caller likes."""
