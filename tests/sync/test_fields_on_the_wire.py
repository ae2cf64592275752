"""The fields of custom-fields.md, seen on the wire: what the connector reads and writes in both systems when every step runs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync.full_world import ITEMS, RECORDS, SOURCES
from tests.sync.traffic import Traffic, watched

MORE: dict[str, dict[str, Any]] = {
    "Invoice": {"LastEmailSentDate": "2026-05-06T09:00:00Z"},
    "PaymentMethod": {"Type": "CreditCard", "CreditCardType": "Visa"},
}


@pytest.fixture(scope="module")
def modes() -> dict[str, Traffic]:
    return {mode: watched(mode, **({} if mode == "customers" else MORE)) for mode in ("A", "B", "customers")}


def synced(traffic: Traffic, kind: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The world's Zuora records of an object with their NetSuite counterparts, as both are in the end."""
    records = [r for name in RECORDS.get(kind, ITEMS) for r in traffic.netsuite.get(name, [])]
    own = {r["Id"] for r in traffic.world.first_zuora.get(kind, [])}
    heads = {z["Id"]: z for z in traffic.zuora.get(kind, []) if z["Id"] in own}
    return [(heads[r["externalId"]], r) for r in records if r.get("externalId") in heads]


# -- Zuora ---------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("custom-fields.1.1.field.integration-id", "custom-fields.1.1.field.integration-status")
@pytest.mark.parametrize("mode", ["A", "B"])
@pytest.mark.parametrize("kind", SOURCES)
def test_every_synced_object_carries_the_common_fields(modes: dict[str, Traffic], kind: str, mode: str) -> None:
    pairs = synced(modes[mode], kind)
    assert len(pairs) == len(modes[mode].world.first_zuora.get(kind, []))
    for head, record in pairs:
        assert head["IntegrationId__NS"] == str(record["id"])
        assert head["IntegrationStatus__NS"] == "Sync Complete"
        assert head["SyncDate__NS"].startswith("2026-11-")


READ = {
    "Account": "CustomerType__NS Department__NS Location__NS Class__NS Subsidiary__NS SynctoNetSuite__NS",
    "Product": "ItemType__NS",
    "ProductRatePlan": "ItemType__NS Department__NS Location__NS Class__NS Subsidiary__NS IncludeChildren__NS Price__NS "
    "MultiCurrencyPrice__NS BillingPeriod__NS",
    "ProductRatePlanCharge": "ItemType__NS Department__NS Location__NS Class__NS Subsidiary__NS IncludeChildren__NS "
    "RecognizedRevAccount__NS DeferredRevAccount__NS RevRecStart__NS RevRecEnd__NS RevRecTemplateType__NS",
    "Payment": "Origin__NS",
    "Refund": "Origin__NS SynctoNetSuite__NS",
}
READ_RULES = {
    "Account.CustomerType__NS": "1.2.field.netsuite-customer-type",
    "Account.Department__NS": "1.2.field.netsuite-department",
    "Account.Location__NS": "1.2.field.netsuite-location",
    "Account.Class__NS": "1.2.field.netsuite-class",
    "ProductRatePlanCharge.RevRecStart__NS": "1.3.field.netsuite-revenue-recognition-start-date",
    "ProductRatePlanCharge.RevRecEnd__NS": "1.3.field.netsuite-revenue-recognition-end-date",
    "ProductRatePlanCharge.RevRecTemplateType__NS": "1.3.field.netsuite-revenue-recognition-template-type",
    "Refund.SynctoNetSuite__NS": "1.4.field.refund",
}


@pytest.mark.parametrize("place", ruled([f"{o}.{f}" for o, fields in READ.items() for f in fields.split()], READ_RULES, "custom-fields."))
def test_what_administrators_fill_in_zuora_is_read_under_its_name(modes: dict[str, Traffic], place: str) -> None:
    kind, name = place.split(".")
    for mode in "AB":
        assert name in modes[mode].read[kind]


WRITTEN = {
    "Account.CustomerId__NS": ("customers", "1.2.field.netsuite-customer-id"),
    "Payment.Transaction__NS": ("B", "1.4.field.payment"),
    "CreditMemo.Origin__NS": ("B", "1.4.field.credit-memo"),
    "Refund.Origin__NS": ("B", "1.4.field.refund"),
    "Payment.Origin__NS": ("B", "1.4.field.payment"),
    "Subscription.SalesOrder__NS": ("B", "1.4.field.subscription"),
}


@pytest.mark.parametrize("place", ruled(WRITTEN, {k: rule for k, (_, rule) in WRITTEN.items()}, "custom-fields."))
def test_what_the_connector_fills_in_zuora_is_written_under_its_name(modes: dict[str, Traffic], place: str) -> None:
    (kind, name), (mode, _) = place.split("."), WRITTEN[place]
    before = {r["Id"] for r in modes[mode].world.first_zuora.get(kind, []) if r.get(name)}
    assert [r for r in modes[mode].zuora[kind] if r.get(name) and r["Id"] not in before]


@pytest.mark.rule("sequence-and-status.7.1.rule.6", "classifications.1.nothing-to-zuora")
@pytest.mark.parametrize("mode", ["A", "B", "customers"])
def test_no_classification_is_written_in_zuora(modes: dict[str, Traffic], mode: str) -> None:
    changes = " ".join(modes[mode].to_zuora)
    assert "IntegrationId__NS" in changes
    for name in ("Department", "Location", "Class", "Subsidiary"):
        assert f"{name}__NS" not in changes
    if mode != "customers":
        assert any(r.get("class") for r in modes[mode].netsuite["invoice"]), "there are classifications"


# -- NetSuite ------------------------------------------------------------------------------------------------------------

COMMON = {
    "id": "invoice creditMemo customerPayment customerRefund salesOrder",
    "type": "invoice creditMemo customerPayment customerRefund",
    "referencenumber": "invoice creditMemo customerPayment customerRefund salesOrder",
    "relatedreferencenumber": "invoice creditMemo",
    "relatedtransaction": "invoice creditMemo",
    "origin": "invoice creditMemo customerPayment customerRefund",
    "integrationstatus": "creditMemo customerPayment customerRefund salesOrder",
    "createddate": "invoice creditMemo customerPayment customerRefund",
    "updateddate": "creditMemo customerRefund",
    "syncdate": "invoice creditMemo customerPayment customerRefund salesOrder",
}
MEMO = dict.fromkeys(("amountwithouttax", "taxamount", "taxexemptamount", "posteddate", "targetdate"), "invoice creditMemo")
MEMO |= {"lastemailsentdate": "invoice"}
PAYMENT = dict.fromkeys(("paymenttype", "creditcardtype", "paymentreferenceid"), "customerPayment")
REFUND = dict.fromkeys(("refundtype", "refundreferenceid"), "customerRefund")
GROUPS = {"common": COMMON, "invoice-credit-memo": MEMO, "customer-payment": PAYMENT, "customer-refund": REFUND}
BODY = {f"{r} custbodyzuora{f}": f"field.{group}" for group, fields in GROUPS.items() for f, rs in fields.items() for r in rs.split()}


@pytest.mark.parametrize("place", ruled(BODY, BODY, "custom-fields.2.4."))
def test_transaction_fields_are_written(modes: dict[str, Traffic], place: str) -> None:
    record_type, script_id = place.split()
    assert any(script_id in modes[mode].written[record_type] for mode in "AB")


ASKED = {
    "custbodyzuorasyncupdates": "2.4.field.customer-payment",
    "custbodyzuoracustomeridpayment": "2.4.field.common",
    "custbodyzuoracustomeridsales": "2.4.field.common",
    "custbodycreatezuorarefund": "2.4.field.credit-memo",
    "custbodyzuorarefundpaymentreference": "2.4.field.credit-memo",
    "custentitysendtozuora": "2.3.field.send-to-zuora-also-called-sync-to-zuora",
}


@pytest.mark.parametrize("script_id", ruled(ASKED, ASKED, "custom-fields."))
def test_what_people_fill_in_netsuite_is_asked_for(modes: dict[str, Traffic], script_id: str) -> None:
    assert any(script_id in traffic.asked for traffic in modes.values())


LINE = "id type chargedate servicestartdate2 serviceenddate2 subscriptionnumber subscriptionnotes taxrate taxratedescription"


@pytest.mark.rule("custom-fields.2.5.line-fields", "custom-fields.2.1.pattern")
@pytest.mark.parametrize("record_type", ["invoice", "creditMemo"])
@pytest.mark.parametrize("name", LINE.split())
def test_line_fields_are_written_under_their_derived_ids(modes: dict[str, Traffic], record_type: str, name: str) -> None:
    assert f"custcolzuora{name}" in modes["B"].lines[record_type]
