"""What NetSuite gets for an adjustment (adjustments.md A1): every row of both tables, looked at in NetSuite after one run.

Account EAST carries classifications, the settings hold other defaults, and account A1 has none of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.sync.builders import invoice, merged, subscription, zid
from tests.sync.fields import Fields
from tests.sync.invoice_world import TAX_ITEM, customer, item, synced_account, synced_charge
from tests.sync.memory import MemoryWorld
from tests.sync.mode_a_world import adjustment, adjustment_in_zuora, applied, only, ready, run
from tests.sync.recording import first_body, recorded_bodies
from tests.sync.world import World

ORIGINAL = "7101"
HEAD: dict[str, Any] = {
    "Comment": 'Half an hour late, O\'Brien & "Sons"',
    "CreatedDate": "2026-10-19T23:15:00.000-02:00",
    "ReferenceId": "CASE-77",
}
HEADER = Fields(
    "adjustments.A1.mapping.",
    {
        "account-integrationid-ns-to-entity": ("entity", "9002"),
        "invoiceitemadjustment-adjustmentdate-to-trandate": ("tranDate", "2026-10-20"),
        "invoiceitemadjustment-adjustmentnumber-to-zuora-reference-number": ("custbodyzuorareferencenumber", "{n}"),
        "invoiceitemadjustment-adjustmentnumber-to-tranid": ("tranId", "{n}"),
        "invoiceitemadjustment-comment-to-memo": ("memo", 'Half an hour late, O\'Brien & "Sons"'),
        "invoiceitemadjustment-createddate-to-zuora-created-date": ("custbodyzuoracreateddate", "2026-10-20T01:15:00.000Z"),
        "invoiceitemadjustment-id-to-zuora-id, Zuora ID": ("custbodyzuoraid", "{id}"),
        "invoiceitemadjustment-id-to-zuora-id, External ID": ("externalId", "{id}"),
        "invoiceitemadjustment-invoicenumber-to-zuora-related-reference-number": ("custbodyzuorarelatedreferencenumber", "INVEAST"),
        "invoice-integrationid-ns-to-zuora-related-transaction": ("custbodyzuorarelatedtransaction", ORIGINAL),
        "invoiceitemadjustment-referenceid-to-zuora-reference-id": ("custbodyzuorareferenceid", "CASE-77"),
        "invoiceitemadjustment-type-to-zuora-adjustment-type": ("custbodyzuoraadjustmenttype", "{type}"),
        "to-zuora-type": ("custbodyzuoratype", "INVOICE_ITEM_ADJUSTMENT"),
        "to-zuora-origin": ("custbodyzuoraorigin", "ZUORA"),
        "to-taxable-tax-code, Taxable": ("isTaxable", False),
        "to-taxable-tax-code, Tax code": ("taxItem", "1"),
        "account-class-department-location-to-class-department-location, Account class": ("class", "3"),
        "account-class-department-location-to-class-department-location, Account department": ("department", "2"),
        "account-class-department-location-to-class-department-location, Account location": ("location", "3"),
    },
)
LINE = Fields(
    "adjustments.A1.mapping-line.",
    {
        "productrateplancharge-integrationid-ns-to-item": ("item", "511"),
        "invoiceitemadjustment-amount-to-amount": ("amount", Decimal("12.50")),
        "to-quantity, Quantity": ("quantity", Decimal(1)),
        "to-quantity, price level is custom": ("price", "-1"),
        "rev-rec-inputs-to-rev-rec-fields, Rev. Rec. Start": ("revRecStartDate", "2026-10-10"),
        "rev-rec-inputs-to-rev-rec-fields, Rev. Rec. End": ("revRecEndDate", "2026-10-31"),
        "rev-rec-inputs-to-rev-rec-fields, Rev. Rec. Schedule": ("revRecSchedule", "2"),
        "rev-rec-inputs-to-rev-rec-fields, Service Start": ("custcolzuoraservicestartdate2", "2026-10-01"),
        "rev-rec-inputs-to-rev-rec-fields, Service End": ("custcolzuoraserviceenddate2", "2026-10-31"),
        "account-class-department-location-to-line-rule, Class": ("class", "3"),
        "account-class-department-location-to-line-rule, Department": ("department", "2"),
        "account-class-department-location-to-line-rule, Location": ("location", "3"),
        "to-line-tax-flag": ("isTaxable", False),
    },
)
DATES = "rev-rec-inputs-to-rev-rec-fields"
TYPES = {"Credit": "creditMemo", "Charge": "invoice"}
NUMBERS = {"Credit": "IIACR", "Charge": "IIACH"}


@dataclass
class Looked:
    """What the run left, and the bodies that it sent by record type."""

    world: MemoryWorld
    bodies: dict[str, list[dict[str, Any]]]

    def sent(self, kind: str) -> dict[str, Any]:
        """The NetSuite transaction of the adjustment of that type."""
        return only(self.world, NUMBERS[kind], TYPES[kind])

    def body(self, number: str) -> dict[str, Any]:
        """The create of an adjustment as it left."""
        (found,) = [b for bodies in self.bodies.values() for b in bodies if b.get("externalId") == zid(number)]
        return found


@pytest.fixture(scope="module")
def looked(started_mode_a: World) -> Looked:
    world = MemoryWorld.of(started_mode_a)
    own = {"Class__NS": "Services : Training", "Department__NS": "Engineering", "Location__NS": "Americas : North America : Eastern"}
    state: dict[str, Any] = {"IntegrationStatus__NS": "Sync Complete", "TransferredToAccounting": "Yes", "IntegrationId__NS": ORIGINAL}
    zuora = merged(
        synced_account("EAST", "9002", **own),
        synced_charge("Annual", "511", RevRecCode="Straight-line, exact days", RevRecStart__NS="Rev Rec Trigger Date"),
        synced_charge("Project", "512", RevRecCode="Straight-line, exact days", RevRecTemplateType__NS="Variable"),
        subscription("EAST", "SEAST", "Annual", "Project"),
        invoice(
            "EAST",
            "INVEAST",
            [("Annual", 100.0), ("Project", 50.0)],
            sub="SEAST",
            taxes=[8.0, 0],
            tax_fields={"AccountingCode": TAX_ITEM},
            **state,
        ),
        *(adjustment(NUMBERS[kind], "INVEAST", 12.5, kind, **HEAD) for kind in TYPES),
        adjustment("IIATAX", "INVEAST", 2.0, of_tax=True),
        adjustment("IIAJOB", "INVEAST", 3.0, SourceId=zid("INVEAST item 2")),
        adjustment("IIAPLAIN", "INV1", 1.0),
    )
    zuora["Subscription"][0]["Project__NS"] = "5501"
    zuora["InvoiceItem"][0]["RevRecStartDate"] = "2026-10-10"
    head = {"id": ORIGINAL, "entity": {"id": "9002"}, "tranDate": "2026-10-01", "custbodyzuoraid": zid("INVEAST")}
    template = {"revRecSchedule": {"id": "1"}, "deferredRevenueAccount": {"id": "6"}}
    netsuite = {
        "customer": [customer("EAST", "9002")],
        "job": [{"id": "5501", "entityId": "P-1", "companyName": "Project", "parent": {"id": "9002"}}],
        "serviceSaleItem": [item("Annual", "511", **template), item("Project", "512", **template)],
        "invoice": [{**head, "item": {"items": [{"item": {"id": "501"}, "amount": 158}]}}],
    }
    settings: dict[str, Any] = {f"invoice_line_{kind}_mapping": "Zuora Account" for kind in ("class", "department", "location")}
    ready(
        world,
        zuora,
        netsuite=netsuite,
        transaction_number_mapping="Use Number From Source Record",
        netsuite_default_tax_code="Zero Rate",
        netsuite_use_revenue_recognition="Yes",
        default_class="Services",
        default_location="Americas",
        **settings,
    )
    bodies = {kind: recorded_bodies(world, kind) for kind in TYPES.values()}
    assert run(world)["outcome"] == "completed"
    return Looked(world, bodies)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("row", HEADER.cases())
def test_header_row(looked: Looked, row: str, kind: str) -> None:
    HEADER.check(row, looked.sent(kind), n=NUMBERS[kind], id=zid(NUMBERS[kind]), type=kind)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("row", LINE.cases())
def test_line_row(looked: Looked, row: str, kind: str) -> None:
    (line,) = looked.sent(kind)["item"]["items"]
    LINE.check(row, line)


@pytest.mark.parametrize("kind", TYPES)
def test_nothing_is_sent_beyond_the_tables(looked: Looked, kind: str) -> None:
    body = looked.body(NUMBERS[kind])
    own = {"apply", "autoApply"} if kind == "Credit" else set()
    assert set(body) == HEADER.names | own | {"item", "custbodyzuorasyncdate"}
    assert set(body["item"]["items"][0]) == LINE.names | {"line"}


@pytest.mark.parametrize("kind", TYPES)
def test_a_line_whose_trigger_is_known_or_not_is_never_deferred(looked: Looked, kind: str) -> None:
    assert "deferRevRec" not in looked.body(NUMBERS[kind])["item"]["items"][0]


@pytest.mark.rule("adjustments.A1.mapping.to-zuora-sync-date")
@pytest.mark.parametrize("kind", TYPES)
def test_the_sync_date_is_that_of_the_run(looked: Looked, kind: str) -> None:
    assert looked.sent(kind)["custbodyzuorasyncdate"].startswith(f"{looked.world.clock.moment:%Y-%m-%d}")


@pytest.mark.rule(
    "adjustments.A1.mapping.invoice-integrationid-ns-to-apply-line-doc",
    "adjustments.A1.mapping.invoiceitemadjustment-amount-to-apply-line-amount",
    "sequence-and-status.5.3.auto-apply",
)
def test_a_credit_carries_the_application_to_the_invoice_and_a_charge_none(looked: Looked) -> None:
    line = {"doc": {"id": ORIGINAL}, "apply": True, "amount": Decimal("12.5")}
    assert looked.body(NUMBERS["Credit"])["apply"] == {"items": [line]}
    assert looked.body(NUMBERS["Credit"])["autoApply"] is False
    assert "apply" not in looked.body(NUMBERS["Charge"])
    assert applied(looked.sent("Credit")) == {ORIGINAL: Decimal("12.50")}


@pytest.mark.rule("adjustments.A1.mapping-line.taxationitem-accountingcode-to-item")
def test_a_tax_adjustment_takes_the_item_of_the_tax_code_and_has_no_dates(looked: Looked) -> None:
    (line,) = looked.body("IIATAX")["item"]["items"]
    assert (line["item"], line["amount"], line["quantity"]) == ({"id": TAX_ITEM}, Decimal(2), 1)
    assert not {"revRecStartDate", "revRecEndDate", "revRecSchedule", "custcolzuoraservicestartdate2", "job"} & set(line)


@pytest.mark.rule("adjustments.A1.mapping-line.subscription-project-ns-to-job")
def test_the_project_goes_with_a_variable_template_only(looked: Looked) -> None:
    (line,) = looked.body("IIAJOB")["item"]["items"]
    assert (line["item"]["id"], line["job"]) == ("512", {"id": "5501"})
    assert "revRecStartDate" not in line
    assert "job" not in looked.body(NUMBERS["Credit"])["item"]["items"][0]


@pytest.mark.rule("sequence-and-status.7.1.rule.2", "sequence-and-status.7.1.rule.3")
def test_an_account_without_classification_gets_the_defaults_on_the_header_only(looked: Looked) -> None:
    made = only(looked.world, "IIAPLAIN", "creditMemo")
    assert (made["class"]["id"], made["location"]["id"], made.get("department")) == ("2", "1", None)
    assert [line.get(kind) for line in made["item"]["items"] for kind in ("class", "department", "location")] == [None] * 3


@pytest.mark.rule(
    "adjustments.A1.mapping.integrationid-ns-syncdate-ns-integrationstatus-ns-written-back",
    "adjustments.A1.status.4",
    "sequence-and-status.4.1.rule.5",
)
@pytest.mark.parametrize("kind", TYPES)
def test_zuora_gets_id_status_date_and_transferred(looked: Looked, kind: str) -> None:
    head = adjustment_in_zuora(looked.world, NUMBERS[kind])
    assert head["IntegrationId__NS"] == str(looked.sent(kind)["id"])
    assert (head["IntegrationStatus__NS"], head["TransferredToAccounting"]) == ("Sync Complete", "Yes")
    assert head["SyncDate__NS"].startswith(f"{looked.world.clock.moment:%Y-%m-%d}")


@pytest.mark.rule("sequence-and-status.7.2.auto-number", "sequence-and-status.7.2.reference-number")
def test_numbers_are_netsuites_where_it_numbers_itself(started_mode_a: World) -> None:
    world = ready(MemoryWorld.of(started_mode_a), adjustment("IIA1", "INV1", 1.0))
    run(world)
    made = only(world, "IIA1", "creditMemo")
    assert made["tranId"] != "IIA1" == made["custbodyzuorareferencenumber"]


@pytest.mark.rule("sequence-and-status.7.5.value.yes-netsuite-int-l-edition")
def test_the_international_edition_gets_no_tax_flags(started_mode_a: World) -> None:
    settings: dict[str, Any] = {"use_standard_invoice_sync": "Yes - NetSuite Int'l Edition", "netsuite_default_tax_code": "Zero Rate"}
    world = ready(MemoryWorld.of(started_mode_a), adjustment("IIA1", "INV1", 1.0), **settings)
    body = first_body(world, "creditMemo", run)
    assert not {"isTaxable", "taxItem"} & set(body)
    assert "isTaxable" not in body["item"]["items"][0]


def test_without_its_two_own_fields_in_netsuite_an_adjustment_goes_all_the_same(started_mode_a: World) -> None:
    world = MemoryWorld.of(started_mode_a)
    ready(world, adjustment("IIA1", "INV1", 1.0, ReferenceId="X"), field_map={"custbody.Zuora Reference ID": "custbodynowhere"})
    summary = run(world)
    assert only(world, "IIA1", "creditMemo")["custbodyzuoraadjustmenttype"] == "Credit"
    assert [line["code"] for line in summary["log"] if line.get("code")] == ["FIELD-DROPPED"]
