"""What NetSuite gets for a negative invoice of a tenant without Invoice Settlement (invoices.md section 8): every row of both tables,
looked at in NetSuite after one run. The rows that 8.1 and 8.2 take over from section 5 are looked at again.

Account EAST carries classifications, the settings hold other defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.sync.builders import invoice, merged, subscription, zid
from tests.sync.fields import Fields, plain
from tests.sync.invoice_world import CLASSIFIED, MAPPED, TAX_ITEM, customer, item, parents, synced_account, synced_charge
from tests.sync.memory import MemoryWorld
from tests.sync.mode_a_world import applied
from tests.sync.ran import Ran, ran
from tests.sync.recording import recorded_bodies
from tests.sync.world import World

NUMBER = "NEGEAST"
HEAD: dict[str, Any] = {
    "Comments": "Two months too much",
    "CreatedDate": "2026-09-30T23:15:00.000-02:00",
    "PostedDate": "2026-10-01T09:00:00.000+00:00",
    "LastEmailSentDate": "2026-10-02T00:30:00.000+01:00",
    "TaxExemptAmount": -1.5,
    "DueDate": "2026-10-31",
    "TargetDate": "2026-09-30",
}
HEADER = Fields(
    "invoices.8.mapping.",
    {
        "account-integrationid-ns-to-entity": ("entity", "9002"),
        "invoice-amountwithouttax-to-zuora-amount-without-tax": ("custbodyzuoraamountwithouttax", "90"),
        "invoice-comments-to-memo": ("memo", "Two months too much"),
        "invoice-createddate-posteddate-targetdate-lastemailsentdate-to-same-zuora-fields, Invoice.CreatedDate": (
            "custbodyzuoracreateddate",
            "2026-10-01T01:15:00.000Z",
        ),
        "invoice-createddate-posteddate-targetdate-lastemailsentdate-to-same-zuora-fields, Invoice.PostedDate": (
            "custbodyzuoraposteddate",
            "2026-10-01T09:00:00.000Z",
        ),
        "invoice-createddate-posteddate-targetdate-lastemailsentdate-to-same-zuora-fields, Invoice.TargetDate": (
            "custbodyzuoratargetdate",
            "2026-09-30",
        ),
        "invoice-createddate-posteddate-targetdate-lastemailsentdate-to-same-zuora-fields, Invoice.LastEmailSentDate": (
            "custbodyzuoralastemailsentdate",
            "2026-10-01T23:30:00.000Z",
        ),
        "invoice-id-to-zuora-id, Zuora ID": ("custbodyzuoraid", zid(NUMBER)),
        "invoice-id-to-zuora-id, External ID": ("externalId", zid(NUMBER)),
        "invoice-invoicedate-to-trandate": ("tranDate", "2026-10-01"),
        "invoice-invoicenumber-to-tranid, Zuora Reference Number": ("custbodyzuorareferencenumber", NUMBER),
        "invoice-invoicenumber-to-tranid, Credit #": ("tranId", NUMBER),
        "account-class-department-location-to-header-rule, Account class": ("class", "3"),
        "account-class-department-location-to-header-rule, Account department": ("department", "2"),
        "account-class-department-location-to-header-rule, Account location": ("location", "3"),
        "invoice-taxamount-taxexemptamount-to-zuora-tax-amount-zuora-tax-exempt-amount, Invoice.TaxAmount": (
            "custbodyzuorataxamount",
            "8.1",
        ),
        "invoice-taxamount-taxexemptamount-to-zuora-tax-amount-zuora-tax-exempt-amount, Invoice.TaxExemptAmount": (
            "custbodyzuorataxexemptamount",
            "1.5",
        ),
        "to-zuora-type": ("custbodyzuoratype", "NEGATIVE_INVOICE"),
        "to-zuora-origin-zuora-zuora-sync-date-taxable-and-tax-code, Zuora Origin": ("custbodyzuoraorigin", "ZUORA"),
        "to-zuora-origin-zuora-zuora-sync-date-taxable-and-tax-code, Taxable": ("isTaxable", False),
        "to-zuora-origin-zuora-zuora-sync-date-taxable-and-tax-code, Tax code": ("taxItem", "1"),
        "Currency is the customer's": ("currency", "1"),
        "to-zuora-origin-zuora-zuora-sync-date-taxable-and-tax-code, Posting Period follows the date": ("postingPeriod", "117"),
        "NetSuite totals the lines": ("total", Decimal("98.10")),
    },
)
DATES = "invoice-createddate-posteddate-targetdate-lastemailsentdate-to-same-zuora-fields"
FLAGS = "to-zuora-origin-zuora-zuora-sync-date-taxable-and-tax-code"
TAXES = "invoice-taxamount-taxexemptamount-to-zuora-tax-amount-zuora-tax-exempt-amount"
ITEM_LINE = Fields(
    "invoices.8.mapping-line.",
    {
        "invoiceitem-chargeamount-to-amount": ("amount", Decimal("100.00")),
        "invoiceitem-quantity-to-quantity": ("quantity", Decimal(4)),
        "invoiceitem-chargedate-id-to-zuora-charge-date-zuora-id, InvoiceItem.ChargeDate": (
            "custcolzuorachargedate",
            "2026-10-01T00:00:00.000Z",
        ),
        "invoiceitem-chargedate-id-to-zuora-charge-date-zuora-id, InvoiceItem.Id": ("custcolzuoraid", zid(f"{NUMBER} item 1")),
        "rev-rec-inputs-to-same-six-targets-as-5-2, Rev. Rec. Start Date": ("revRecStartDate", "2026-10-01"),
        "rev-rec-inputs-to-same-six-targets-as-5-2, Rev. Rec. End Date": ("revRecEndDate", "2026-10-31"),
        "rev-rec-inputs-to-same-six-targets-as-5-2, Defer Rev. Rec.": ("deferRevRec", True),
        "rev-rec-inputs-to-same-six-targets-as-5-2, Rev. Rec. Schedule": ("revRecSchedule", "2"),
        "rev-rec-inputs-to-same-six-targets-as-5-2, Service Start": ("custcolzuoraservicestartdate2", "2026-10-01"),
        "rev-rec-inputs-to-same-six-targets-as-5-2, Service End": ("custcolzuoraserviceenddate2", "2026-10-31"),
        "class-department-location-to-line-rule, Class": ("class", "3"),
        "class-department-location-to-line-rule, Department": ("department", "2"),
        "class-department-location-to-line-rule, Location": ("location", "3"),
        "item-subscription-project-item-type-tax-flag-to-as-5-2, ProductRatePlanCharge.IntegrationId__NS": ("item", "511"),
        "item-subscription-project-item-type-tax-flag-to-as-5-2, Subscription.Name": ("custcolzuorasubscriptionnumber", "SEAST"),
        "item-subscription-project-item-type-tax-flag-to-as-5-2, Subscription.Notes": ("custcolzuorasubscriptionnotes", "First year"),
        "item-subscription-project-item-type-tax-flag-to-as-5-2, InvoiceItem.ProcessingType": ("custcolzuoratype", "Charge"),
        "item-subscription-project-item-type-tax-flag-to-as-5-2, Tax flag of the line": ("isTaxable", False),
        "price level is custom": ("price", "-1"),
        "line number": ("line", 1),
    },
)
REVENUE = "rev-rec-inputs-to-same-six-targets-as-5-2"
AS_5_2 = "item-subscription-project-item-type-tax-flag-to-as-5-2"
TAX_LINE: dict[str, Any] = {
    "TaxationItem.AccountingCode": ("item", TAX_ITEM),
    "TaxationItem.TaxAmount": ("amount", Decimal("8.10")),
    "TaxationItem.TaxDate": ("custcolzuorachargedate", "2026-10-01"),
    "TaxationItem.Id": ("custcolzuoraid", zid(f"{NUMBER} tax 1")),
    "TaxationItem.TaxRate": ("custcolzuorataxrate", "9%"),
    "TaxationItem.TaxRateDescription": ("custcolzuorataxratedescription", "State sales tax"),
    "Zuora Type": ("custcolzuoratype", "Tax"),
    "tax flag": ("isTaxable", False),
    "Class": ("class", "3"),
    "line number": ("line", 2),
}


@dataclass
class Looked:
    """What the run left, and the body of the create as it left."""

    run: Ran
    body: dict[str, Any]
    memo: dict[str, Any]


@pytest.fixture(scope="module")
def looked(started_mode_a: World) -> Looked:
    world = MemoryWorld.of(started_mode_a)
    world.reset(**MAPPED)
    zuora, netsuite = parents()
    more = merged(
        synced_account("EAST", "9002", **CLASSIFIED),
        synced_charge("Annual", "511", RevRecCode="Straight-line, exact days"),
        synced_charge("Project", "512", RevRecCode="Straight-line, exact days", RevRecTemplateType__NS="Variable"),
        subscription("EAST", "SEAST", "Gold", "Annual", "Project"),
        invoice(
            "EAST",
            NUMBER,
            [("Annual", -100.0), ("Gold", 15.0), ("Project", -5.0)],
            sub="SEAST",
            taxes=[-8.1, 0, 0],
            tax_fields={"AccountingCode": TAX_ITEM, "TaxRate": 0.09},
            **HEAD,
        ),
        invoice("A1", "INV1", [("Gold", 100.0)], sub="S1"),
    )
    more["Subscription"][0] |= {"Notes": "First year", "Project__NS": "5501"}
    more["InvoiceItem"][0] |= {"Quantity": 4, "UnitPrice": -25}
    template = {"revRecSchedule": {"id": "1"}, "deferredRevenueAccount": {"id": "6"}}
    there = {
        "customer": [customer("EAST", "9002")],
        "job": [{"id": "5501", "entityId": "P-1", "companyName": "Project", "parent": {"id": "9002"}}],
        "serviceSaleItem": [item("Annual", "511", **template), item("Project", "512", **template)],
    }
    world.load(merged(zuora, more), merged(netsuite, there))
    bodies = recorded_bodies(world, "creditMemo")
    run = ran(world)
    assert run.outcome == "completed"
    (body,) = bodies
    (memo,) = run.netsuite["creditMemo"]
    return Looked(run, body, memo)


@pytest.mark.parametrize("row", HEADER.cases())
def test_8_1_header_row(looked: Looked, row: str) -> None:
    HEADER.check(row, looked.memo)


@pytest.mark.parametrize("row", ITEM_LINE.cases())
def test_8_2_item_row(looked: Looked, row: str) -> None:
    ITEM_LINE.check(row, looked.memo["item"]["items"][0])


@pytest.mark.rule("invoices.8.mapping-line.taxation-items-to-as-5-3-amount-x-1")
@pytest.mark.parametrize("row", TAX_LINE)
def test_8_2_tax_row(looked: Looked, row: str) -> None:
    field, expected = TAX_LINE[row]
    assert plain(looked.memo["item"]["items"][1].get(field)) == expected


FROM_NETSUITE = {"currency", "postingPeriod", "total"}
"""Looked at above, but never sent: NetSuite's own values."""


@pytest.mark.rule("invoices.8.mapping.to-terms-ship-to-address-due-date", "invoices.8.mapping.to-currency-bill-to-address")
def test_8_nothing_is_sent_beyond_the_tables(looked: Looked) -> None:
    fields = HEADER.names - FROM_NETSUITE
    assert set(looked.body) == fields | {"custbodyzuorasyncdate", "item", "autoApply"}
    assert looked.body["autoApply"] is False
    on_lines = ITEM_LINE.names | {field for field, _ in TAX_LINE.values()}
    assert set().union(*looked.body["item"]["items"]) == on_lines | {"job"}


@pytest.mark.rule("invoices.8.mapping-line.invoiceitem-chargeamount-to-amount", "invoices.2.destination.negative-mode-a")
def test_8_2_a_positive_line_of_a_negative_invoice_becomes_a_negative_one(looked: Looked) -> None:
    assert [line["amount"] for line in looked.memo["item"]["items"]] == [100, Decimal("8.10"), -15, 5]


@pytest.mark.rule("invoices.8.mapping-line.item-subscription-project-item-type-tax-flag-to-as-5-2")
def test_8_2_the_project_goes_with_a_variable_template(looked: Looked) -> None:
    line = looked.memo["item"]["items"][3]
    assert (line["job"]["id"], line.get("revRecStartDate"), bool(line.get("deferRevRec"))) == ("5501", None, False)
    assert "job" not in looked.memo["item"]["items"][0]


@pytest.mark.rule(
    "invoices.2.destination.negative-mode-a",
    "sequence-and-status.3.2.type.negative-invoice",
    "sequence-and-status.1.1.step.4",
)
def test_2_the_credit_memo_stands_alone_and_the_other_invoice_is_an_invoice(looked: Looked) -> None:
    assert applied(looked.memo) == {}
    assert looked.memo["unapplied"] == looked.memo["total"]
    assert looked.run.sent("INV1")["custbodyzuoratype"] == "INVOICE"
    assert looked.run.made(NUMBER) == []


@pytest.mark.rule("invoices.8.mapping.to-zuora-origin-zuora-zuora-sync-date-taxable-and-tax-code")
def test_8_1_the_sync_date_is_that_of_the_run(looked: Looked) -> None:
    assert looked.memo["custbodyzuorasyncdate"][:10] == looked.run.record(NUMBER)["SyncDate__NS"][:10]
