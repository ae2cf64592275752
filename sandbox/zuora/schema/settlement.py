"""Fields of the Invoice Settlement objects; the notation is explained in `fields.py`."""

from __future__ import annotations

FIELDS: dict[str, str] = {
    "CreditMemo": """
AppliedAmount dec o; Balance dec o; BillToContactId id o; BillToContactSnapshotId id o; CancelledById id o; CancelledOn dt o;
Comment str(255) o; Currency str o; DiscountAmount dec o; EinvoiceErrorCode str o; EinvoiceErrorMessage str o; EinvoiceFileId id o;
EinvoiceStatus enum o; ExcludeFromAutoApplyRules bool o; ExchangeRateDate date o; AutoApplyUponPosting bool o; MemoDate date o;
MemoNumber str(32) o; PostedById id o; PostedOn dt o; ReasonCode str(255) o; RefundAmount dec o; Reversed bool o; RevenueImpacting enum o;
SequenceSetId id o; Source enum o; SourceId id o; SourceType enum o; Status enum o; TargetDate date o; TaxAmount dec o;
TaxMessage str o; TaxStatus enum o; ShipToContactSnapshotId id o; SoldToContactSnapshotId id o; TaxAutoCalculation bool o;
TotalAmount dec o; TotalAmountWithoutTax dec o; TotalTaxExemptAmount dec o; TransferredToAccounting enum o; InvoiceId id o;
AccountId id o""",
    "CreditMemoItem": """
Amount dec o; AmountWithoutTax dec o; AppliedToItemId id o; AppliedToOthersAmount dec o; BeAppliedByOthersAmount dec o; ChargeDate dt o;
ExcludeItemBillingFromRevenueAccounting bool o; FulfillmentId id o; InvoiceScheduleId id o; InvoiceScheduleItemId id o;
ItemShipToContactId id o; ItemSoldToContactId id o; ItemSoldToContactSnapshotId id o; ItemType str o; OrderLineItemId id o;
ProcessingType enum o; RevenueImpacting enum o; Quantity dec o; PurchaseOrderNumber str o; CreditFromItemSource enum o;
CreditFromItemId id o; ReflectDiscountInNetAmount bool o; ServiceEndDate date o; ServiceStartDate date o; Sku str o;
SourceItemType enum o; SubscriptionId id o; TaxMode enum o; ChargeName str o; ChargeNumber str o; CommitmentChargeSegmentNumber str o;
CommitmentChargeNumber str o; TaxAmount dec o; TaxCodeName str o; TaxExemptAmount dec o; UnappliedAmount dec o; UnitOfMeasure str o;
UnitPrice dec o; SubscriptionNumber str o; InvoiceItemId id o; ProductRatePlanChargeId id o; RatePlanChargeId id o;
RevenueRecognitionRuleName str o; CreditMemoId id o; NumberOfDeliveries dec o; RecognizedRevenueAccountingCodeId id o;
AccountReceivableAccountingCodeId id o; OnAccountAccountingCodeId id o; DeferredRevenueAccountingCodeId id o; JournalEntryId id o;
ShipToContactSnapshotId id o; SoldToContactSnapshotId id o; BillToContactSnapshotId id o""",
    "CreditMemoApplication": """
Amount dec o; EffectiveDate date o; CreditMemoId id o; AccountId id o; ApplicationGroupId id o; DebitMemoId id o; InvoiceId id o""",
    "DebitMemo": """
AutoPay bool o; CreditMemoId id o; Balance dec o; BillToContactId id o; BillToContactSnapshotId id o; CancelledById id o;
CancelledOn dt o; Comments str(255) o; Currency str o; DiscountAmount dec o; DueDate date o; EinvoiceErrorCode str o;
EinvoiceErrorMessage str o; EinvoiceFileId id o; EinvoiceStatus enum o; ExchangeRateDate date o; MemoDate date o; MemoNumber str(32) o;
PostedById id o; PostedOn dt o; ReasonCode str(255) o; SequenceSetId id o; Source enum o; SourceId id o; SourceType enum o; Status enum o;
TargetDate date o; TaxAmount dec o; TaxMessage str o; TaxStatus enum o; ShipToContactSnapshotId id o; SoldToContactSnapshotId id o;
TaxAutoCalculation bool o; TotalAmount dec o; TotalAmountWithoutTax dec o; TotalTaxExemptAmount dec o; TransferredToAccounting enum o;
InvoiceId id o; AccountId id o; PaymentTerm str o""",
    "DebitMemoItem": """
Amount dec o; AmountWithoutTax dec o; AppliedToItemId id o; AppliedToOthersAmount dec o; BeAppliedByOthersAmount dec o; ChargeDate dt o;
CreditMemoItemId id o; ExcludeItemBillingFromRevenueAccounting bool o; ItemShipToContactId id o; ItemSoldToContactId id o;
ItemSoldToContactSnapshotId id o; ProcessingType enum o; Quantity dec o; ReflectDiscountInNetAmount bool o; ServiceEndDate date o;
ServiceStartDate date o; Sku str o; SourceItemType enum o; ChargeName str o; ChargeNumber str o; TaxAmount dec o; TaxCodeName str o;
TaxExemptAmount dec o; TaxMode enum o; UnitOfMeasure str o; UnitPrice dec o; SubscriptionId id o; SubscriptionNumber str o;
InvoiceItemId id o; ProductRatePlanChargeId id o; RatePlanChargeId id o; DebitMemoId id o; Balance dec o;
RecognizedRevenueAccountingCodeId id o; AccountReceivableAccountingCodeId id o; DeferredRevenueAccountingCodeId id o;
JournalEntryId id o; ShipToContactSnapshotId id o; SoldToContactSnapshotId id o; BillToContactSnapshotId id o""",
    "PaymentApplication": """
ApplyAmount dec o; EffectiveDate date o; PaymentApplicationStatus enum o; AccountId id o; PaymentId id o; InvoiceId id o;
ApplicationGroupId id o; DebitMemoId id o; BillingDocumentOwnerId id o; AccountReceivableAccountingCodeId id o;
UnappliedPaymentAccountingCodeId id o; CashAccountingCodeId id o; JournalEntryId id o""",
    "RefundApplication": """
AccountId id o; ApplicationGroupId id o; ApplyAmount dec o; CreditMemoId id o; EffectiveDate date o; InvoiceId id o; PaymentId id o;
RefundId id o; AccountReceivableAccountingCodeId id o; OnAccountAccountingCodeId id o; UnappliedPaymentAccountingCodeId id o;
CashAccountingCodeId id o; JournalEntryId id o""",
    "RefundApplicationItem": """
Amount dec o; EffectiveDate date o; ApplicationGroupId id o; RefundApplicationId id o; AccountReceivableAccountingCodeId id o;
OnAccountAccountingCodeId id o; UnappliedPaymentAccountingCodeId id o; CashAccountingCodeId id o; JournalEntryId id o;
CreditTaxationItemId id o; CreditMemoItemId id o""",
    "PaymentPart": """
PaymentId id o; InvoiceId id o; DebitMemoId id o; AccountId id o; Amount dec o""",
    "RefundPart": """
RefundId id o; PaymentId id o; CreditMemoId id o; AccountId id o; RefundAmount dec o""",
    "CreditMemoPart": """
CreditMemoId id o; InvoiceId id o; DebitMemoId id o; AccountId id o; Amount dec o""",
    "CreditTaxationItem": """
CreditMemoItemId id o; TaxationItemId id o; AccountingCode str(100) o; Name str(128) o; Jurisdiction str(32) o; LocationCode str(32) o;
TaxCode str(64) o; TaxCodeDescription str(255) o; TaxDate date o; TaxMode enum o; TaxRate dec o; TaxRateDescription str(255) o;
TaxRateType enum o; TaxAmount dec o; ExemptAmount dec o; AppliedAmount dec o; RefundAmount dec o; UnappliedAmount dec o""",
    "DebitTaxationItem": """
DebitMemoItemId id o; TaxationItemId id o; AccountingCode str(100) o; Name str(128) o; Jurisdiction str(32) o; LocationCode str(32) o;
TaxCode str(64) o; TaxCodeDescription str(255) o; TaxDate date o; TaxMode enum o; TaxRate dec o; TaxRateDescription str(255) o;
TaxRateType enum o; TaxAmount dec o; ExemptAmount dec o; Balance dec o""",
}
