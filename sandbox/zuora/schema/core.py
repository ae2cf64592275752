"""Fields of customers, catalogue and subscriptions; the notation is explained in `fields.py`."""

from __future__ import annotations

FIELDS: dict[str, str] = {
    "Account": """
AccountNumber str(50) qfcu; AdditionalEmailAddresses str(1200) qfcu; AllowInvoiceEdit bool qfcu; AutoPay bool qfcu; Balance dec qf;
Batch str(20) qfcu; BcdSettingOption str(9) qfcu; BillCycleDay int qfcu; BillToId id qfcu; CommunicationProfileId id qfcu;
CreditBalance dec qf; CrmId str(100) qfcu; Currency str(3) qfcu; CustomerServiceRepName str(50) qfcu; DefaultPaymentMethodId id qfcu;
InvoiceDeliveryPrefsEmail bool qfcu; InvoiceDeliveryPrefsPrint bool qfcu; InvoiceTemplateId id qfcu; LastInvoiceDate date qf;
Name str(255) qfcu; Notes str(65535) qfcu; ParentId id qfcu; PaymentGateway str(40) qfcu; PaymentMethodCascadingConsent bool qcu;
PaymentTerm str(100) qfcu; PurchaseOrderNumber str(100) qfcu; SalesRepName str(50) qfcu; SequenceSetId str(32) qfcu; SoldToId id qfcu;
Status str(8) qfcu; TaxCompanyCode str(50) qcu; TaxExemptCertificateID str(32) qfcu; TaxExemptCertificateType str(32) qfcu;
TaxExemptDescription str(500) qfcu; TaxExemptEffectiveDate date qfcu; TaxExemptExpirationDate date qfcu;
TaxExemptIssuingJurisdiction str(32) qfcu; TaxExemptStatus enum(19) qfcu; TotalInvoiceBalance dec qf; VATId str(25) qfcu;
EInvoiceProfileId id o; LastMetricsUpdate dt o; OrganizationId id o; PartnerAccount bool o; ShipToId id o; TaxExemptEntityUseCode str o;
UnappliedBalance dec o; Mrr dec o; TotalDebitMemoBalance dec o; UnappliedCreditMemoAmount dec o; CreditMemoTemplateId id o;
DebitMemoTemplateId id o""",
    "Contact": """
AccountId id qfc; Address1 str(255) qfcu; Address2 str(255) qfcu; City str(40) qfcu; Country str(32) qfcu; County str(32) qfcu;
Description str(100) qfcu; Fax str(40) qfcu; FirstName str(100) qfcu; HomePhone str(40) qfcu; LastName str(100) qfcu;
MobilePhone str(40) qfcu; NickName str(100) qfcu; OtherPhone str(40) qfcu; OtherPhoneType str(20) qfcu; PersonalEmail str(80) qfcu;
PostalCode str(20) qfcu; State str(40) qfcu; TaxRegion str(32) qfcu; WorkEmail str(80) qfcu; WorkPhone str(40) qfcu""",
    "Product": """
AllowFeatureChanges bool qfcu; Category str qfcu; Description str(500) qfcu; EffectiveEndDate date qfcu; EffectiveStartDate date qfcu;
Name str(100) qfcu; ProductNumber str(100) qcu; SKU str(50) qfcu""",
    "ProductRatePlan": """
ActiveCurrencies str qcu; Description str(500) qfcu; EffectiveEndDate date qfcu; EffectiveStartDate date qfcu; Grade int qfcu;
Name str(100) qfcu; ProductId id qfc; ProductRatePlanNumber str(100) qcu""",
    "ProductRatePlanCharge": """
AccountingCode str(100) qfcu; ApplyDiscountTo enum(21) qfcu; BillCycleDay int qfcu; BillCycleType enum(20) qfcu;
BillingPeriod enum(15) qfcu; BillingPeriodAlignment enum(24) qfcu; BillingTiming enum qcu; ChargeFunction enum qfcu;
CommitmentType enum qfcu; ChargeModel enum(27) qfcu; ChargeModelConfiguration obj cu; ConfigurationItem obj cu; ChargeType enum(9) qfc;
DefaultQuantity dec qfcu; DeferredRevenueAccount str(100) qcu; Description str(500) qfcu; DiscountClass str(50) qcu;
DiscountLevel enum(12) qfcu; EndDateCondition enum qfcu; ExcludeItemBookingFromRevenueAccounting bool qcu;
ExcludeItemBillingFromRevenueAccounting bool qcu; IncludedUnits dec qfcu; IsAllocationEligible bool qcu; IsUnbilled bool qcu;
LegacyRevenueReporting bool qfcu; ListPriceBase enum qcu; MaxQuantity dec qfcu; MinQuantity dec qfcu; Name str(100) qfcu;
NumberOfPeriod int qfcu; OverageCalculationOption enum(20) qfcu; OverageUnusedUnitsCreditOption enum(20) qfcu;
PriceChangeOption enum qfcu; PriceIncreaseOption enum(25) fcu; PriceIncreasePercentage dec qfcu; ProductCategory str qcu;
ProductClass str qcu; ProductFamily str qcu; ProductLine str qcu; ProductDiscountApplyDetailData obj cu;
ProductRatePlanChargeTierData obj c; AppliedProductRatePlanId id cu;
AppliedProductRatePlanChargeId id cu; ProductRatePlanId id qfcu; ProductRatePlanChargeNumber str(100) qcu; RatingGroup enum qfcu;
RecognizedRevenueAccount str(100) qcu; RevenueRecognitionRuleName enum(25) qcu; RevRecCode str(70) qfcu;
RevRecTriggerCondition enum(22) qfcu; SmoothingModel enum(22) qfcu; SpecificBillingPeriod int qfcu; IsStackedDiscount bool qcu;
Taxable bool qfcu; TaxCode str(64) qfcu; TaxMode enum(12) qfcu; TriggerEvent enum(18) qfcu; UOM str(25) qfcu; UpToPeriods int qfcu;
UpToPeriodsType enum qfcu; UsageRecordRatingOption enum(18) qcu; UseDiscountSpecificAccountingCode bool qfcu;
UseTenantDefaultForPriceChange bool qfcu; WeeklyBillCycleDay enum qcu; ApplyToBillingPeriodPartially bool o; CreditOption str o;
DiscountClassId id o; DrawdownRate dec o; IsPrepaid bool o; IsRollover bool o; SpecificListPriceBase int o; PrepaidOperationType str o;
PrepaidQuantity dec o; PrepaidTotalQuantity dec o; ProrationOption str o; RolloverApply str o; RolloverPeriodLength int o;
RolloverPeriods int o; ValidityPeriodType str o; PriceUpsellQuantityStacked bool o; DeliveryScheduleId id o; IsCommitted bool o;
AccountReceivableAccountingCodeId id o; RecognizedRevenueAccountingCodeId id o; DeferredRevenueAccountingCodeId id o;
AdjustmentLiabilityAccountingCodeId id o; AdjustmentRevenueAccountingCodeId id o; ContractAssetAccountingCodeId id o;
ContractLiabilityAccountingCodeId id o; ContractRecognizedRevenueAccountingCodeId id o; UnbilledReceivablesAccountingCodeId id o;
DrawdownUom str o; PrepaidUom str o""",
    "ProductRatePlanChargeTier": """
Active bool qfcu; Currency str(3) qf; DiscountAmount dec qfcu; DiscountPercentage dec qfcu; EndingUnit dec qf; IsOveragePrice bool qf;
Price dec qfu; PriceFormat enum(8) qfcu; ProductRatePlanChargeId id qfcu; StartingUnit dec qf; Tier int qf; IncludedUnits dec o;
OveragePrice dec o; IsDefault bool o; ProductChargeDefinitionId id o""",
    "Subscription": """
AccountId id qfcu; AncestorAccountId id f; AutoRenew bool qfcu; CancelledDate date qf; ContractAcceptanceDate date qfcu;
ContractEffectiveDate date qfcu; CpqBundleJsonId__QT str(32) qf; CreatorAccountId id qf; CreatorInvoiceOwnerId id qf; Currency str(3) q;
CurrentTerm int q; CurrentTermPeriodType str q; ExternallyManagedBy str qcu; InitialTerm int qfcu; InitialTermPeriodType str qfcu;
InvoiceOwnerId id qfcu; IsInvoiceSeparate bool qfcu; IsLatestVersion bool qf; LastBookingDate dt q; Name str(100) qfcu;
Notes str(1000) qfcu; OpportunityCloseDate__QT date qfcu; OpportunityName__QT str(100) qfcu; OriginalCreatedDate dt qf;
OriginalId id qf; PaymentTerm str(100) qf; PreviousSubscriptionId id qf; QuoteBusinessType__QT str(32) qfcu;
QuoteNumber__QT str(32) qfcu; QuoteType__QT str(32) qfcu; Revision str q; RenewalSetting str fu; RenewalTerm int qfcu;
RenewalTermPeriodType str qfcu; ServiceActivationDate date qfcu; Status enum(18) qf; SubscriptionBillToId id q;
SubscriptionBillToSnapshotId id q; SubscriptionEndDate date qf; SubscriptionStartDate date qf; TermEndDate date qfu;
TermStartDate date qfcu; TermType enum(9) qfcu; Version int qf; SubscriptionSoldToId id qf; SubscriptionSoldToSnapshotId id qf;
IsSingleVersioned bool o; SubscriptionVersionAmendmentId id o; CMRR dec o; BillToContactSnapshotId id o; BillToContactId id o;
InvoiceTemplateId id o; SequenceSetId id o; ShipToContactId id o; ShipToContactSnapshotId id o; SoldToContactId id o;
SoldToContactSnapshotId id o; InvoiceScheduleId id o; CancelReason str o; Prepayment bool o; OrderId id o; RampId id o""",
    "RatePlan": """
ProductRatePlanId id qfc; SubscriptionId id qfc; AmendmentId id qfc; AmendmentType str(18) qf; Name str(100) qf; ProductId id o;
SubscriptionOwnerId id o; InvoiceOwnerId id o; ExternallyManagedPlanId str(100) o; OriginalRatePlanId id o; Reverted bool o;
SubscriptionRatePlanNumber str(50) o""",
    "RatePlanCharge": """
AccountingCode str(100) qf; ApplyDiscountTo enum(21) qf; BillCycleDay int qf; BillCycleType enum(20) qf; BillingPeriod enum(15) qf;
BillingPeriodAlignment enum(24) qf; BillingTiming str o; ChargedThroughDate date qf; ChargeModel enum(27) qf; ChargeNumber str(50) qf;
ChargeType enum(9) qf; Description str(500) qf; DiscountLevel enum(12) qf; DMRC dec qf; DTCV dec qf; EffectiveEndDate date qf;
EffectiveStartDate date qf; EndDateCondition enum qf; IsLastSegment bool qf; IsProcessed bool o; MRR dec qf; Name str(100) qf;
NumberOfPeriods int qf; OriginalId id qf; Price dec q; PriceChangeOption enum qf; PriceIncreasePercentage dec qf;
ProcessedThroughDate date qf; ProductRatePlanChargeId id qfc; Quantity dec qf; RatePlanId id qfc; RatingGroup enum qf;
RevenueRecognitionRuleName enum(25) q; RevRecCode str(70) qf; RevRecTriggerCondition enum(22) qf; Segment int qf;
SpecificBillingPeriod int qf; SpecificEndDate date qf; TCV dec qf; TriggerDate date qf; TriggerEvent enum(18) qf; UOM str(25) qf;
UpToPeriods int qf; UpToPeriodsType enum qf; Version int qf; WeeklyBillCycleDay enum q; SubscriptionId id o; SubscriptionOwnerId id o;
InvoiceOwnerId id o; SalesPrice dec o; Taxable bool o; ListPriceBase enum o""",
    "RatePlanChargeTier": """
Currency str(3) qf; DiscountAmount dec q; DiscountPercentage dec q; EndingUnit dec qf; IncludedUnits dec q; OveragePrice dec q;
Price dec q; PriceFormat enum(8) qf; RatePlanChargeId id qf; StartingUnit dec qf; Tier int qf""",
}
