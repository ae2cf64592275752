"""Fields of invoices, payments, refunds and adjustments; the notation is explained in `fields.py`."""

from __future__ import annotations

FIELDS: dict[str, str] = {
    "Invoice": """
AccountId id qf; AdjustmentAmount dec qf; Amount dec qf; AmountWithoutTax dec qf; AutoPay bool qfu; Balance dec qf;
BillRunId str(32) qf; BillToContactId id qf; BillToContactSnapshotId id qf; Body str qf; Comments str(255) qf;
CreditBalanceAdjustmentAmount dec q; Currency str q; DueDate date qf; IncludesOneTime bool qfc; IncludesRecurring bool qfc;
IncludesUsage bool qfc; InvoiceDate date qfc; InvoiceNumber str(32) qf; LastEmailSentDate dt qf; PaymentAmount dec qf;
PaymentTerm str(100) qf; PostedBy id qf; PostedDate dt qf; RefundAmount dec qf; RegenerateInvoicePDF bool u; Source enum(15) qf;
SourceId id qf; SourceType enum(16) qf; Status enum(8) qfu; SoldToContactSnapshotId id qf; TargetDate date qfc; TaxAmount dec qf;
TaxExemptAmount dec qf; TaxStatus enum qf; TaxMessage str(1000) qf; TransferredToAccounting enum(10) qfu; CreditMemoAmount dec o;
OrganizationId id o; SequenceSetId id o; CommunicationProfileId id o; ShipToContactId id o; ShipToContactSnapshotId id o;
SoldToContactId id o; Reversed bool o; TemplateId id o; EInvoiceStatus str o; EInvoiceFileId id o; EInvoiceErrorCode str o;
EInvoiceErrorMessage str o; PaymentLink str o""",
    "InvoiceItem": """
AccountingCode str(100) qf; AppliedToChargeNumber str -; AppliedToInvoiceItemId id qf; ChargeAmount dec qf; ChargeDate dt qf;
ChargeDescription str(500) qf; ChargeId id qf; ChargeName str(50) qf; ChargeNumber str(50) qf;
ExcludeItemBillingFromRevenueAccounting bool qcu; InvoiceId id qf; ProcessingType int qf; ProductDescription str(500) qf;
ProductId id qf; ProductName str(255) qf; Quantity dec qf; RatePlanChargeId id qf; RevRecCode str(70) qf; RevRecStartDate date qf;
RevRecTriggerCondition str qf; ServiceEndDate date qf; ServiceStartDate date qf; SKU str(255) qf; SourceItemType enum(16) qf;
SubscriptionId id qf; SubscriptionNumber str qf; TaxAmount dec qf; TaxCode str(64) qf; TaxExemptAmount dec qf; TaxMode str(12) qf;
UnitPrice dec qf; UOM str qf; InvoiceScheduleId id o; InvoiceScheduleItemId id o; CommitmentChargeNumber str o;
CommitmentChargeSegmentNumber str o; DiscountAmount dec o; FulfillmentId id o; ItemShipToContactId id o; ItemSoldToContactId id o;
ItemSoldToContactSnapshotId id o; ReflectDiscountInNetAmount bool o; Balance dec o; NumberOfDeliveries dec o;
AccountReceivableAccountingCodeId id o; RecognizedRevenueAccountingCodeId id o; DeferredRevenueAccountingCodeId id o;
ContractAssetAccountingCodeId id o; ContractLiabilityAccountingCodeId id o; ContractRecognizedRevenueAccountingCodeId id o;
UnbilledReceivablesAccountingCodeId id o; AdjustmentRevenueAccountingCodeId id o; AdjustmentLiabilityAccountingCodeId id o;
JournalEntryId id o; AccountId id o; BillToContactSnapshotId id o; ShipToContactSnapshotId id o; SoldToContactSnapshotId id o;
ParentAccountId id o; BillToContactId id o; ShipToContactId id o; SoldToContactId id o; DefaultPaymentMethodId id o; RatePlanId id o;
AmendmentId id o; ProductRatePlanChargeId id o; ProductRatePlanId id o; BookingReference str o; ItemType str o;
PurchaseOrderNumber str o; RevenueRecognitionRuleName str o; OrderLineItemId id o; SubscriptionOwnerId id o""",
    "TaxationItem": """
AccountingCode str(32) qfcu; ExemptAmount dec qfcu; InvoiceId id qfc; InvoiceItemId id qfc; Jurisdiction str(32) qfcu;
LocationCode str(32) qfcu; Name str(128) qfcu; TaxAmount dec qfcu; TaxCode str(32) qfcu; TaxCodeDescription str(255) qfcu;
TaxDate date qfcu; TaxRate dec qfcu; TaxRateDescription str(255) qfcu; TaxRateType enum(10) qfcu; CreditAmount dec o;
PaymentAmount dec o; TaxAmountUnrounded dec o; CountryCode str o; CustomerCode str o; ExemptCertificate str o; SellerRegistration str o;
TaxDescription str o; TaxRuleId id o; TaxMode enum o; Balance dec o; JournalEntryId id o; SalesTaxPayableAccountingCodeId id o;
AccountReceivableAccountingCodeId id o; TaxableItemSnapshotId id o; PeriodEndDate date o; PeriodStartDate date o; TaxableAmount dec o""",
    "Payment": """
AccountId id qfc; AccountingCode str(100) qfcu; Amount dec qfc; AppliedAmount dec f; AppliedCreditBalanceAmount dec qfc;
AppliedInvoiceAmount dec c; AuthTransactionId str(50) qfc; BankIdentificationNumber str(8) qf; CancelledOn dt qf; Comment str(255) qfc;
EffectiveDate date qfc; Gateway str(40) qfc; GatewayOptionData obj fc; GatewayOrderId str(70) qfc; GatewayResponse str(500) qf;
GatewayResponseCode str(20) qf; GatewayState enum(19) qf; InvoiceId id c; InvoiceNumber str(255) c; InvoicePaymentData obj c;
MarkedForSubmissionOn dt qf; PaymentMethodId id qfc; PaymentMethodSnapshotId id q; PaymentNumber str(32) qf; ReferenceId str(60) qfc;
RefundAmount dec qf; SecondPaymentReferenceId str(60) qf; SettledOn dt qf; SoftDescriptor str(35) qfc; SoftDescriptorPhone str(20) qfc;
Source str q; SourceName str q; Status enum(11) qfcu; SubmittedOn dt qf; TransferredToAccounting enum(11) qfu; Type enum(10) qfc;
UnappliedAmount dec qf; Currency str o; GatewayReconciliationReason str o; GatewayReconciliationStatus str o;
GatewayTransactionState str o; IsStandalone bool o; PaymentOptionId id o; PayoutId id o; Prepayment bool o; ReferencedPaymentID id o;
TransactionSource str o; LastEmailDateTime dt o""",
    "InvoicePayment": """
Amount dec qfcu; InvoiceId id qfc; PaymentId id qfc; RefundAmount dec qf""",
    "Refund": """
AccountId id qfc; AccountingCode str(50) qf; Amount dec qfc; CancelledOn dt qf; Comment str(255) qfc; Gateway str qf;
GatewayOptionData obj fc; GatewayResponse str(500) qf; GatewayResponseCode str(20) qf; GatewayState enum(19) qf;
MarkedForSubmissionOn dt qf; MethodType enum(30) qfc; PaymentId id c; PaymentMethodId id qc; PaymentMethodSnapshotId id q;
ReasonCode str(32) qfcu; ReferenceID str(60) qf; RefundDate date qfc; RefundInvoicePaymentData obj c; RefundNumber str(50) qf;
RefundTransactionTime dt qf; SecondRefundReferenceId str(60) qf; SettledOn dt qf; SoftDescriptor str(35) qfc;
SoftDescriptorPhone str(20) qfc; SourceType enum(13) qfc; Status enum(10) qfu; SubmittedOn dt qf; TransferredToAccounting enum(10) qfu;
Type enum(10) qfc; Currency str o; GatewayReconciliationReason str o; GatewayReconciliationStatus str o; PayoutId id o;
AssociatedTransactionNumber str o""",
    "RefundInvoicePayment": """
InvoiceId id qf; InvoicePaymentId id qf; RefundAmount dec qf; RefundId id qf""",
    "InvoiceItemAdjustment": """
AccountId id qf; AccountingCode str(100) qfc; AdjustmentDate date qfc; AdjustmentNumber str(255) qfc; Amount dec qfc;
CancelledById id qf; CancelledDate dt qf; Comment str(255) qfc; CustomerName str(50) qf; CustomerNumber str(70) qf;
DeferredRevenueAccount str(100) qfc; ExcludeItemBillingFromRevenueAccounting bool qcu; InvoiceId id qfc; InvoiceItemName str(255) qf;
InvoiceNumber str(32) qfc; ReasonCode str(32) qfcu; RecognizedRevenueAccount str(100) qfc; ReferenceId str(60) qfc;
ServiceEndDate date qf; ServiceStartDate date qf; SourceId id qfc; SourceType enum(13) qfc; Status enum(9) qfu;
TransferredToAccounting enum(10) qfu; Type enum(6) qfc""",
    "InvoiceAdjustment": """
AccountId id qf; AccountingCode str(100) qfc; AdjustmentDate date qfc; AdjustmentNumber str(255) qf; Amount dec qfc;
CancelledById id qf; CancelledOn dt qf; Comments str(255) qfc; CustomerName str(50) qf; CustomerNumber str(70) qf; ImpactAmount dec qf;
InvoiceId id qfc; InvoiceNumber str(32) qfc; ReasonCode str(32) qfcu; ReferenceId str(60) qfc; Status enum(9) qfu;
TransferredToAccounting enum(10) qfu; Type enum(6) qfc""",
    "PaymentMethod": """
AccountId id qfc; Name str(255) qf; Type str(40) qfc; SubType str(40) o; Active bool qf; IsSystem bool o; PaymentMethodStatus str(6) qfu;
CreditCardType str(32) qfc; CreditCardMaskNumber str(32) qf; CreditCardHolderName str(50) qfcu; CreditCardExpirationMonth int qfcu;
CreditCardExpirationYear int qfcu; CreditCardCountry str(64) qfcu; AchAbaCode str(9) qfc; AchAccountName str(70) qfcu;
AchAccountNumberMask str(32) qf; AchAccountType str(16) qfc; AchBankName str(70) qfcu; BankTransferType str(20) qfc;
BankName str(80) qfc; Email str(80) qfcu; PaypalEmail str(80) qfc; PaypalType str(16) qfc; UseDefaultRetryRule bool qfcu;
TokenId str(255) q; SecondTokenId str(64) q; LastTransactionStatus str(39) qf; LastTransactionDateTime dt qf;
NumConsecutiveFailures int qf""",
    "PaymentMethodSnapshot": """
PaymentMethodId id qf; AccountId id o; Name str(255) q; Type str(40) qf; CreditCardType str(32) q; CreditCardMaskNumber str(32) q;
CreditCardHolderName str(50) q; CreditCardExpirationMonth int q; CreditCardExpirationYear int q; AchAbaCode str(9) q;
AchAccountType str(16) q; AchBankName str(70) q; BankTransferType str(20) q; PaypalEmail str(80) q""",
}
