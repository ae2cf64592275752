"""Fields of orders and their actions; the notation is explained in `fields.py`. ZOQL, Actions and CRUD do not know them."""

from __future__ import annotations

FIELDS: dict[str, str] = {
    "Order": """
AccountId id o; Category enum(20) o; CreatedByMigration bool o; ErrorCode str o; ErrorMessage str o; InvoiceScheduleId id o;
OrderDate date o; OrderNumber str(100) o; Response str o; ScheduledDate date o; ScheduledDatePolicy enum(20) o; State str o;
Status enum(20) o""",
    "OrderAction": """
AutoRenew bool o; BillToContactId id o; CancellationEffectiveDate date o; CancellationPolicy enum(30) o;
ClearingExistingBillToContact bool o; ClearingExistingCommunicationProfile bool o; ClearingExistingInvoiceTemplate bool o;
ClearingExistingPaymentTerm bool o; ClearingExistingSequenceSet bool o; ClearingExistingShipToContact bool o;
ClearingExistingSoldToContact bool o; CommunicationProfileId id o; ContractEffectiveDate date o; CurrentTerm int o;
CurrentTermPeriodType enum(10) o; CustomerAcceptanceDate date o; EffectivePolicy enum(30) o; InvoiceTemplateId id o; OrderId id o;
PaymentTerm str(100) o; RenewSetting enum(30) o; RenewalTerm int o; RenewalTermPeriodType enum(10) o; ResumeDate date o; Sequence int o;
SequenceSetId id o; ServiceActivationDate date o; ShipToContactId id o; SoldToContactId id o; SubType enum(20) o; SubscriptionId id o;
SubscriptionNumber str(100) o; SubscriptionVersionAmendmentId id o; SuspendDate date o; TermStartDate date o; TermType enum(10) o;
Type enum(30) o""",
}
