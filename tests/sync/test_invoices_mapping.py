"""What NetSuite gets (invoices.md section 5): every row of the tables 5.1 to 5.3, looked at in NetSuite after one run.

Account EAST carries classifications, the settings hold other defaults, and account A1 has none of its own.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sync.builders import invoice, merged, subscription, zid
from tests.sync.fields import Fields, plain
from tests.sync.invoice_world import CLASSIFIED, MAPPED, TAX_ITEM, customer, item, parents, synced_account, synced_charge
from tests.sync.memory import MemoryWorld
from tests.sync.ran import Ran, ran
from tests.sync.recording import recorded_bodies
from tests.sync.world import World

LONG = "x" * 280 + "é,\"'<&>"
HEAD: dict[str, Any] = {
    "Comments": 'Thanks, O\'Brien & "Sons"',
    "CreatedDate": "2026-09-30T23:15:00.000-02:00",
    "PostedDate": "2026-10-01T09:00:00.000+00:00",
    "LastEmailSentDate": "2026-10-02T00:30:00.000+01:00",
    "TaxExemptAmount": 1.5,
    "DueDate": "2026-10-31",
    "TargetDate": "2026-09-30",
}
HEADER = Fields(
    "invoices.5.mapping.",
    {
        "account-integrationid-ns-to-entity": ("entity", "9002"),
        "invoice-amountwithouttax-to-zuora-amount-without-tax": ("custbodyzuoraamountwithouttax", "90"),
        "invoice-taxamount-to-zuora-tax-amount": ("custbodyzuorataxamount", "58.1"),
        "invoice-taxexemptamount-to-zuora-tax-exempt-amount": ("custbodyzuorataxexemptamount", "1.5"),
        "invoice-comments-to-memo": ("memo", 'Thanks, O\'Brien & "Sons"'),
        "invoice-createddate-to-zuora-created-date": ("custbodyzuoracreateddate", "2026-10-01T01:15:00.000Z"),
        "invoice-duedate-to-duedate": ("dueDate", "2026-10-31"),
        "invoice-id-to-zuora-id, Zuora ID": ("custbodyzuoraid", zid("INVEAST")),
        "invoice-id-to-zuora-id, External ID": ("externalId", zid("INVEAST")),
        "invoice-invoicedate-to-trandate": ("tranDate", "2026-10-01"),
        "invoice-invoicenumber-to-zuora-reference-number": ("custbodyzuorareferencenumber", "INVEAST"),
        "invoice-invoicenumber-to-tranid": ("tranId", "INVEAST"),
        "invoice-lastemailsentdate-to-zuora-last-email-sent-date": ("custbodyzuoralastemailsentdate", "2026-10-01T23:30:00.000Z"),
        "invoice-posteddate-to-zuora-posted-date": ("custbodyzuoraposteddate", "2026-10-01T09:00:00.000Z"),
        "invoice-targetdate-to-zuora-target-date": ("custbodyzuoratargetdate", "2026-09-30"),
        "account-class-ns-to-class": ("class", "3"),
        "account-department-ns-to-department": ("department", "2"),
        "account-location-ns-to-location": ("location", "3"),
        "to-zuora-type": ("custbodyzuoratype", "INVOICE", "sequence-and-status.3.2.type.invoice"),
        "to-zuora-origin": ("custbodyzuoraorigin", "ZUORA"),
        "to-istaxable": ("isTaxable", False),
        "to-taxitem": ("taxItem", "1"),
        "Currency is the customer's": ("currency", "1"),
        "Accounts receivable account is NetSuite's": ("account", "3"),
        "Posting Period follows the date": ("postingPeriod", "117"),
        "NetSuite totals the lines": ("total", Decimal("148.10")),
    },
)
ITEM_LINE = Fields(
    "invoices.5.mapping-line.",
    {
        "productrateplancharge-integrationid-ns-to-item": ("item", "511"),
        "invoiceitem-chargeamount-to-amount": ("amount", Decimal("100.00")),
        "invoiceitem-quantity-to-quantity": ("quantity", Decimal(4)),
        "to-rate-price-level": ("price", "-1"),
        "no rate is sent: NetSuite divides": ("rate", Decimal(25)),
        "invoiceitem-chargedate-to-zuora-charge-date": ("custcolzuorachargedate", "2026-10-01T00:00:00.000Z"),
        "invoiceitem-id-to-zuora-id": ("custcolzuoraid", zid("INVEAST item 1")),
        "invoiceitem-processingtype-to-zuora-type": ("custcolzuoratype", "Charge"),
        "rev-rec-inputs-to-rev-rec-fields, Rev. Rec. Start Date": ("revRecStartDate", "2026-10-01"),
        "rev-rec-inputs-to-rev-rec-fields, Rev. Rec. End Date": ("revRecEndDate", "2026-10-31"),
        "rev-rec-inputs-to-rev-rec-fields, Defer Rev. Rec.": ("deferRevRec", True),
        "rev-rec-inputs-to-rev-rec-fields, Rev. Rec. Schedule": ("revRecSchedule", "2"),
        "invoiceitem-servicestartdate-serviceenddate-to-zuora-service-start-date-zuora-service-end-date, InvoiceItem.ServiceStartDate": (
            "custcolzuoraservicestartdate2",
            "2026-10-01",
        ),
        "invoiceitem-servicestartdate-serviceenddate-to-zuora-service-start-date-zuora-service-end-date, InvoiceItem.ServiceEndDate": (
            "custcolzuoraserviceenddate2",
            "2026-10-31",
        ),
        "account-class-ns-department-ns-location-ns-to-class-department-location, Account.Class__NS": ("class", "3"),
        "account-class-ns-department-ns-location-ns-to-class-department-location, Account.Department__NS": ("department", "2"),
        "account-class-ns-department-ns-location-ns-to-class-department-location, Account.Location__NS": ("location", "3"),
        "subscription-name-to-zuora-subscription-number": ("custcolzuorasubscriptionnumber", "SEAST"),
        "subscription-notes-to-zuora-subscription-notes": ("custcolzuorasubscriptionnotes", LONG),
        "to-istaxable": ("isTaxable", False),
        "line number": ("line", 1),
    },
)
TAX_LINE = Fields(
    "invoices.5.mapping-tax.",
    {
        "taxationitem-accountingcode-to-item": ("item", TAX_ITEM),
        "taxationitem-taxamount-to-amount": ("amount", Decimal("8.10")),
        "taxationitem-taxdate-to-zuora-charge-date": ("custcolzuorachargedate", "2026-10-01"),
        "taxationitem-id-to-zuora-id": ("custcolzuoraid", zid("INVEAST tax 1")),
        "taxationitem-taxrate-taxratetype-to-zuora-tax-rate": ("custcolzuorataxrate", "9%"),
        "taxationitem-taxratedescription-to-zuora-tax-rate-description": ("custcolzuorataxratedescription", "State sales tax"),
        "to-zuora-type": ("custcolzuoratype", "Tax"),
        "to-tax-flag": ("isTaxable", False),
        "to-class-department-location, Class": ("class", "3"),
        "to-class-department-location, Department": ("department", "2"),
        "to-class-department-location, Location": ("location", "3"),
        "line number": ("line", 2),
    },
)
NOT_SENT_HEAD = ("terms", "billingAddress", "billAddressList", "shipAddressList", "custbodyzuorarelatedtransaction", "email")
NOT_SENT_LINE = ("job", "taxCode")


@pytest.fixture(scope="module")
def run(both: tuple[Ran, list[dict[str, Any]]]) -> Ran:
    return both[0]


@pytest.fixture(scope="module")
def body(both: tuple[Ran, list[dict[str, Any]]]) -> dict[str, Any]:
    """The create of INVEAST as it left."""
    (found,) = [b for b in both[1] if b["externalId"] == zid("INVEAST")]
    return found


@pytest.fixture(scope="module")
def both(started_world: World) -> tuple[Ran, list[dict[str, Any]]]:
    """The run, and the bodies that it sent for invoices."""
    world = MemoryWorld.of(started_world)
    world.reset(**MAPPED)
    zuora, netsuite = parents()
    more = merged(
        synced_account("EAST", "9002", **CLASSIFIED),
        synced_charge("Annual", "511", RevRecCode="Straight-line, exact days"),
        subscription("EAST", "SEAST", "Gold", "Annual", "Discount"),
        invoice(
            "EAST",
            "INVEAST",
            [("Annual", 100.0), ("Discount", -10.0)],
            sub="SEAST",
            taxes=[8.1, 50.0],
            tax_fields={"AccountingCode": TAX_ITEM, "TaxRate": 0.09},
            **HEAD,
        ),
        invoice("A1", "INVPLAIN", [("Gold", 10.0)], sub="S1"),
    )
    more["Subscription"][0]["Notes"] = LONG
    more["InvoiceItem"][0] |= {"Quantity": 4, "UnitPrice": 25}
    more["TaxationItem"][1] |= {"TaxRateType": "FlatFee", "TaxRate": 50}
    annual = item("Annual", "511", revRecSchedule={"id": "1"}, deferredRevenueAccount={"id": "6"})
    world.load(merged(zuora, more), merged(netsuite, {"customer": [customer("EAST", "9002")], "serviceSaleItem": [annual]}))
    bodies = recorded_bodies(world, "invoice")
    return ran(world), bodies


@pytest.mark.parametrize("row", HEADER.cases())
def test_5_1_header_row(run: Ran, row: str) -> None:
    HEADER.check(row, run.sent("INVEAST"))


@pytest.mark.parametrize("row", ITEM_LINE.cases())
def test_5_2_item_row(run: Ran, row: str) -> None:
    ITEM_LINE.check(row, run.lines_of("INVEAST")[0])


@pytest.mark.parametrize("row", TAX_LINE.cases())
def test_5_3_tax_row(run: Ran, row: str) -> None:
    TAX_LINE.check(row, run.lines_of("INVEAST")[1])


@pytest.mark.parametrize("field", NOT_SENT_HEAD)
def test_5_1_leaves_to_netsuite(run: Ran, field: str) -> None:
    assert field not in run.sent("INVEAST")


@pytest.mark.parametrize("field", NOT_SENT_LINE)
def test_5_2_leaves_to_netsuite(run: Ran, field: str) -> None:
    assert all(field not in line for line in run.lines_of("INVEAST"))


@pytest.mark.rule("invoices.5.discounts", "invoices.5.negative-proration")
def test_5_2_a_discount_is_a_negative_line_of_its_own_item(run: Ran) -> None:
    line = run.lines_of("INVEAST")[2]
    assert (line["item"]["id"], line["amount"], line["custcolzuoratype"]) == ("503", Decimal("-10.00"), "Discount")


@pytest.mark.rule("invoices.5.mapping-tax.taxationitem-taxrate-taxratetype-to-zuora-tax-rate")
def test_5_3_a_flat_tax_rate_is_written_as_such(run: Ran) -> None:
    assert run.lines_of("INVEAST")[3]["custcolzuorataxrate"] == "50 flat fee"


@pytest.mark.rule("invoices.5.line-order")
def test_5_3_each_item_is_followed_by_its_tax_lines(run: Ran) -> None:
    kinds = [line["custcolzuoratype"] for line in run.lines_of("INVEAST")]
    assert kinds == ["Charge", "Tax", "Discount", "Tax"]


@pytest.mark.rule(
    "invoices.5.mapping.invoice-integrationid-ns-written-back-internal-id",
    "invoices.5.mapping.invoice-integrationstatus-ns-written-back",
    "invoices.5.mapping.invoice-syncdate-ns-written-back",
    "invoices.5.mapping.to-zuora-sync-date",
    "invoices.4.status.3",
    "sequence-and-status.4.1.rule.5",
    "sequence-and-status.3.1.field.integrationid-ns",
    "sequence-and-status.3.1.field.integrationstatus-ns",
    "sequence-and-status.3.1.field.syncdate-ns",
)
def test_5_1_zuora_gets_id_status_date_and_transferred(run: Ran) -> None:
    made, head = run.sent("INVEAST"), run.record("INVEAST")
    assert head["IntegrationId__NS"] == str(made["id"])
    assert (head["IntegrationStatus__NS"], head["TransferredToAccounting"]) == ("Sync Complete", "Yes")
    assert head["SyncDate__NS"].startswith("2026-11-")
    assert made["custbodyzuorasyncdate"].startswith("2026-11-")


def test_5_2_the_item_field_is_not_written_in_zuora(world_items: list[dict[str, Any]]) -> None:
    assert [i for i in world_items if i.get("IntegrationId__NS")] == []


@pytest.fixture
def world_items(run: Ran, started_world: World) -> list[dict[str, Any]]:
    return started_world.zuora.dump()["InvoiceItem"]


@pytest.mark.rule(
    "sequence-and-status.7.1.rule.2",
    "sequence-and-status.7.1.rule.3",
    "settings.key.default_class",
    "settings.key.default_location",
    "classifications.3.value.invoice-credit-memo-debit-memo-line-mapping-zuora",
)
def test_7_1_an_account_without_classification_gets_the_defaults_on_the_header_only(run: Ran) -> None:
    made = run.sent("INVPLAIN")
    assert (made["class"]["id"], made["location"]["id"], made.get("department")) == ("2", "1", None)
    assert [line.get(kind) for line in run.lines_of("INVPLAIN") for kind in ("class", "department", "location")] == [None] * 3


FROM_NETSUITE = {"currency", "account", "postingPeriod", "total", "rate"}
"""Looked at above, but never sent: NetSuite's own values."""


@pytest.mark.rule(
    "invoices.5.mapping.account-currency-to-currency",
    "invoices.5.mapping.to-terms",
    "invoices.5.mapping.to-bill-to-address-ship-to-address",
    "invoices.5.mapping.to-accounts-receivable-account",
    "invoices.5.mapping.account-taxexemptstatus-not-sent",
    "invoices.5.mapping.invoice-amount-not-sent",
    "invoices.5.mapping.to-posting-period",
    "sequence-and-status.7.1.rule.5",
    "sequence-and-status.7.3.not-sent",
    "classifications.4.subsidiary.all-transactions",
)
def test_5_1_nothing_is_sent_beyond_the_table(body: dict[str, Any]) -> None:
    assert set(body) == HEADER.names - FROM_NETSUITE | {"custbodyzuorasyncdate", "item"}


@pytest.mark.rule("invoices.5.mapping-line.to-income-account-description", "invoices.5.mapping-line.to-rate-price-level")
def test_5_2_nothing_is_sent_beyond_the_tables_on_a_line(body: dict[str, Any]) -> None:
    fields = ITEM_LINE.names | TAX_LINE.names
    assert set().union(*body["item"]["items"]) == fields - FROM_NETSUITE


@pytest.mark.rule("invoices.6.template-by-name")
def test_6_the_schedule_is_the_template_with_the_name_of_the_code_not_the_items_own(run: Ran) -> None:
    assert run.lines_of("INVEAST")[0]["revRecSchedule"]["id"] == "2"


@pytest.mark.rule("invoices.5.mapping-line.subscription-project-ns-to-job", "custom-fields.1.4.field.subscription")
def test_5_2_the_project_goes_with_a_variable_template_only(started_world: World) -> None:
    world = MemoryWorld.of(started_world)
    world.reset(netsuite_use_revenue_recognition="Yes")
    code = {"RevRecCode": "Straight-line, exact days"}
    deferrable = {"revRecSchedule": {"id": "1"}, "deferredRevenueAccount": {"id": "6"}}
    zuora, netsuite = parents()
    more = merged(
        synced_charge("Annual", "511", **code),
        synced_charge("Project", "512", RevRecTemplateType__NS="Variable", **code),
        subscription("A1", "SP", "Annual", "Project"),
        invoice("A1", "INVP", [("Annual", 10.0), ("Project", 20.0)], sub="SP"),
    )
    more["Subscription"][0]["Project__NS"] = "5501"
    own = {
        "job": [{"id": "5501", "entityId": "P-1", "companyName": "Project", "parent": {"id": "9001"}}],
        "serviceSaleItem": [item("Annual", "511", **deferrable), item("Project", "512", **deferrable)],
    }
    world.load(merged(zuora, more), merged(netsuite, own))
    found = ran(world)
    assert found.outcome == "completed"
    assert [(line["item"]["id"], plain(line.get("job"))) for line in found.lines_of("INVP")] == [("511", None), ("512", "5501")]
