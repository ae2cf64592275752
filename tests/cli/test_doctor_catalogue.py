"""The fields of custom-fields.md, row by row: the doctor asks for each of them, by label and by API name or script id, with its type."""

from __future__ import annotations

import pytest

from tallybridge.fields import netsuite, wanted
from tallybridge.fields.netsuite import NETSUITE, NETSUITE_LINES, script_id_of
from tallybridge.fields.zuora import ZUORA
from tallybridge.tasks.steps import STEPS

ITEMS = ("ProductRatePlan", "ProductRatePlanCharge")
SYNCED = tuple(name for name in ZUORA if name not in ("InvoiceItem", "InvoiceAdjustment"))
ZUORA_ROWS: dict[str, tuple[tuple[str, ...], str]] = {
    "1.1.field.integration-id": (SYNCED, "Integration ID = IntegrationId"),
    "1.1.field.integration-status": (SYNCED, "Integration Status = IntegrationStatus"),
    "1.1.field.sync-date": (SYNCED, "Sync Date = SyncDate"),
    "1.2.field.sync-to-netsuite": (("Account",), "Sync to NetSuite = SynctoNetSuite"),
    "1.2.field.netsuite-customer-type": (("Account",), "NetSuite Customer Type = CustomerType"),
    "1.2.field.netsuite-department": (("Account",), "NetSuite Department = Department"),
    "1.2.field.netsuite-location": (("Account",), "NetSuite Location = Location"),
    "1.2.field.netsuite-class": (("Account",), "NetSuite Class = Class"),
    "1.2.field.netsuite-subsidiary": (("Account",), "NetSuite Subsidiary = Subsidiary"),
    "1.2.field.netsuite-customer-id": (("Account",), "NetSuite Customer ID = CustomerId"),
    "1.3.field.item-type": (("Product", *ITEMS), "Item Type = ItemType"),
    "1.3.field.netsuite-department-location-class": (
        ITEMS,
        "NetSuite Department = Department|NetSuite Location = Location|NetSuite Class = Class",
    ),
    "1.3.field.netsuite-subsidiary": (ITEMS, "NetSuite Subsidiary = Subsidiary"),
    "1.3.field.netsuite-subsidiary-include-children": (ITEMS, "NetSuite Subsidiary Include Children = IncludeChildren"),
    "1.3.field.netsuite-price": (("ProductRatePlan",), "NetSuite Price = Price"),
    "1.3.field.netsuite-multi-currency-price": (("ProductRatePlan",), "NetSuite Multi Currency Price = MultiCurrencyPrice"),
    "1.3.field.netsuite-billing-period": (("ProductRatePlan",), "NetSuite Billing Period = BillingPeriod"),
    "1.3.field.netsuite-recognized-revenue-account": (
        ("ProductRatePlanCharge",),
        "NetSuite Recognized Revenue Account = RecognizedRevAccount",
    ),
    "1.3.field.netsuite-deferred-revenue-account": (("ProductRatePlanCharge",), "NetSuite Deferred Revenue Account = DeferredRevAccount"),
    "1.3.field.netsuite-revenue-recognition-start-date": (
        ("ProductRatePlanCharge",),
        "NetSuite Revenue Recognition Start Date = RevRecStart",
    ),
    "1.3.field.netsuite-revenue-recognition-end-date": (("ProductRatePlanCharge",), "NetSuite Revenue Recognition End Date = RevRecEnd"),
    "1.3.field.netsuite-revenue-recognition-template-type": (
        ("ProductRatePlanCharge",),
        "NetSuite Revenue Recognition Template Type = RevRecTemplateType",
    ),
    "1.4.field.subscription": (("Subscription",), "NetSuite Sales Order = SalesOrder|NetSuite Project = Project"),
    "1.4.field.invoice-item-adjustment": (("InvoiceItemAdjustment",), "Origin = Origin|Transaction = Transaction"),
    "1.4.field.payment": (("Payment",), "Origin = Origin|Transaction = Transaction"),
    "1.4.field.refund": (("Refund",), "Origin = Origin|Sync to NetSuite = SynctoNetSuite"),
    "1.4.field.credit-memo": (("CreditMemo",), "Origin = Origin|Transaction = Transaction"),
}
"""Row of section 1: objects, and the fields that they have, label and name without suffix."""
CUSTOMER, PAYMENT, REFUND, ORDER = ("customer",), ("customerPayment",), ("customerRefund",), ("salesOrder",)
TEXT = netsuite.TEXT
NETSUITE_ROWS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "2.3.field.zuora-id": (CUSTOMER, {"Zuora ID": TEXT}),
    "2.3.field.zuora-account-number": (CUSTOMER, {"Zuora Account Number": TEXT}),
    "2.3.field.zuora-account-mrr": (CUSTOMER, {"Zuora Account MRR": TEXT}),
    "2.3.field.zuora-auto-pay": (CUSTOMER, {"Zuora Auto Pay": netsuite.CHECK}),
    "2.3.field.zuora-batch": (CUSTOMER, {"Zuora Batch": netsuite.LIST}),
    "2.3.field.zuora-bill-cycle-day": (CUSTOMER, {"Zuora Bill Cycle Day": netsuite.LIST}),
    "2.3.field.zuora-bill-to-id-zuora-sold-to-id": (CUSTOMER, {"Zuora Bill To ID": TEXT, "Zuora Sold To ID": TEXT}),
    "2.3.field.zuora-bill-to-tax-region": (CUSTOMER, {"Zuora Bill To Tax Region": TEXT}),
    "2.3.field.zuora-bill-to-work-email-zuora-sold-to-work-email": (
        CUSTOMER,
        {"Zuora Bill To Work Email": TEXT, "Zuora Sold To Work Email": TEXT},
    ),
    "2.3.field.zuora-created-date-zuora-updated-date-zuora-sync-date": (
        CUSTOMER,
        {"Zuora Created Date": TEXT, "Zuora Updated Date": TEXT, "Zuora Sync Date": TEXT},
    ),
    "2.3.field.zuora-crm-id": (CUSTOMER, {"Zuora CRM ID": TEXT}),
    "2.3.field.zuora-customer-service-rep-name": (CUSTOMER, {"Zuora Customer Service Rep Name": TEXT}),
    "2.3.field.zuora-default-payment-method": (CUSTOMER, {"Zuora Default Payment Method": TEXT}),
    "2.3.field.zuora-payment-term": (CUSTOMER, {"Zuora Payment Term": TEXT}),
    "2.3.field.zuora-purchase-order-number": (CUSTOMER, {"Zuora Purchase Order Number": TEXT}),
    "2.3.field.zuora-sales-rep": (CUSTOMER, {"Zuora Sales Rep": TEXT}),
    "2.3.field.zuora-tax-exempt-certificate-id-zuora-tax-exempt-status": (
        CUSTOMER,
        {"Zuora Tax Exempt Certificate ID": TEXT, "Zuora Tax Exempt Status": TEXT},
    ),
    "2.3.field.send-to-zuora-also-called-sync-to-zuora": (CUSTOMER, {"Send to Zuora": netsuite.YES_NO}),
    "2.3.field.zuora-integration-status": (CUSTOMER, {"Zuora Integration Status": TEXT}),
    "2.4.field.customer-payment": (
        PAYMENT,
        {
            "Zuora Payment Type": TEXT,
            "Zuora Credit Card Type": TEXT,
            "Zuora Payment Reference ID": TEXT,
            "Zuora Sync Updates": netsuite.YES_NO,
        },
    ),
    "2.4.field.customer-refund": (REFUND, {"Zuora Refund Type": TEXT, "Zuora Refund Reference ID": TEXT}),
    "2.4.field.sales-order-zuora-subscription-subtab": (
        ORDER,
        {
            "Send to Zuora": netsuite.YES_NO,
            "Zuora Auto Renew": netsuite.YES_NO,
            "Zuora Initial Term": TEXT,
            "Zuora Renewal Term": TEXT,
            "Zuora Term Setting": TEXT,
            "Zuora Term Start Date": netsuite.DAY,
            "Zuora Contract Effective Date": netsuite.DAY,
            "Zuora Service Activation Date": netsuite.DAY,
            "Zuora Customer Acceptance Date": netsuite.DAY,
            "Zuora Subscription Number": TEXT,
        },
    ),
}
"""Row of sections 2.3 and 2.4: record types, and the labels of the fields that they have with their types."""


@pytest.mark.parametrize("row", [pytest.param(row, marks=pytest.mark.rule(f"custom-fields.{row}"), id=row) for row in ZUORA_ROWS])
def test_the_doctor_asks_for_every_zuora_field(row: str) -> None:
    objects, fields = ZUORA_ROWS[row]
    for object_type in objects:
        known = {f"{w.label} = {w.api}" for w in wanted(ZUORA[object_type], STEPS)}
        assert set(fields.split("|")) <= known, object_type


@pytest.mark.parametrize("row", [pytest.param(row, marks=pytest.mark.rule(f"custom-fields.{row}"), id=row) for row in NETSUITE_ROWS])
def test_the_doctor_asks_for_every_netsuite_field(row: str) -> None:
    record_types, fields = NETSUITE_ROWS[row]
    for record_type in record_types:
        known = {w.label: netsuite.KIND_OF.get(w.label, TEXT) for w in wanted(NETSUITE[record_type], STEPS)}
        assert {label: known.get(label) for label in fields} == fields


@pytest.mark.rule("custom-fields.2.5.line-fields")
@pytest.mark.parametrize("record_type", ["invoice", "creditMemo"])
def test_the_doctor_asks_for_the_line_fields(record_type: str) -> None:
    ids = {script_id_of("custcol", w.label, {}, {}) for w in wanted(NETSUITE_LINES[record_type], STEPS)}
    assert ids == {
        "custcolzuoraid",
        "custcolzuoratype",
        "custcolzuorachargedate",
        "custcolzuoraservicestartdate2",
        "custcolzuoraserviceenddate2",
        "custcolzuorasubscriptionnumber",
        "custcolzuorasubscriptionnotes",
        "custcolzuorataxrate",
        "custcolzuorataxratedescription",
    }


@pytest.mark.rule("custom-fields.2.1.pattern")
@pytest.mark.parametrize(
    ("prefix", "label", "script_id"),
    [
        ("custentity", "Zuora Sold To ID", "custentityzuorasoldtoid"),
        ("custentity", "Zuora Bill Cycle Day", "custentityzuorabillcycleday"),
        ("custbody", "Zuora Customer ID (Payment)", "custbodyzuoracustomeridpayment"),
        ("custbody", "Zuora Reference Number", "custbodyzuorareferencenumber"),
        ("custcol", "Zuora Service Start Date", "custcolzuoraservicestartdate2"),
        ("custcol", "Zuora Service End Date", "custcolzuoraserviceenddate2"),
    ],
)
def test_script_ids_follow_the_label_but_for_known_ones(prefix: str, label: str, script_id: str) -> None:
    assert script_id_of(prefix, label, {}, {}) == script_id
