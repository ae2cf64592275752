"""What NetSuite gets of a debit memo (memos.md D, the three tables): every row, looked at in the body of the create."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sync.builders import zid
from tests.sync.fields import Fields
from tests.sync.invoice_world import TAX_ITEM
from tests.sync.memo_world import NOTES, lines_in, mapped
from tests.sync.memory import MemoryWorld
from tests.sync.world import World

ID = zid("RICH")
ITEM, PROJECT, DISCOUNT, DEFERRED = (zid(f"RICH item {n}") for n in (1, 2, 3, 4))
TAX, FLAT = zid("RICH tax 1"), zid("RICH tax 3")
HEADER = Fields(
    "memos.D.mapping.",
    {
        "account-integrationid-ns-to-entity": ("entity", "9002"),
        "debitmemo-memonumber-to-zuora-reference-number": ("custbodyzuorareferencenumber", "RICH"),
        "debitmemo-memonumber-to-tranid": ("tranId", "RICH"),
        "debitmemo-id-to-externalid": ("externalId", ID),
        "debitmemo-id-to-zuora-id": ("custbodyzuoraid", ID),
        "debitmemo-totalamountwithouttax-to-zuora-amount-without-tax": ("custbodyzuoraamountwithouttax", "117"),
        "debitmemo-taxamount-to-zuora-tax-amount": ("custbodyzuorataxamount", "58.1"),
        "debitmemo-totaltaxexemptamount-to-zuora-tax-exempt-amount": ("custbodyzuorataxexemptamount", "1.5"),
        "debitmemo-createddate-to-zuora-created-date": ("custbodyzuoracreateddate", "2026-10-05T01:15:00.000Z"),
        "debitmemo-targetdate-to-zuora-target-date": ("custbodyzuoratargetdate", "2026-10-04"),
        "debitmemo-postedon-to-zuora-posted-date": ("custbodyzuoraposteddate", "2026-10-05T09:00:00.000Z"),
        "debitmemo-updateddate-to-zuora-updated-date": ("custbodyzuoraupdateddate", "2026-10-05T01:15:00.000Z"),
        "debitmemo-comments-to-memo": ("memo", "Thanks"),
        "debitmemo-date-to-trandate": ("tranDate", "2026-10-05"),
        "debitmemo-duedate-to-duedate": ("dueDate", "2026-11-04"),
        "to-zuora-origin": ("custbodyzuoraorigin", "ZUORA"),
        "to-zuora-type": ("custbodyzuoratype", "DEBIT_MEMO"),
        "to-class-department-location": ("class", "3"),
        "to-class-department-location, department": ("department", "2"),
        "to-class-department-location, location": ("location", "3"),
        "to-taxable-tax-code": ("isTaxable", False),
        "to-taxable-tax-code, code": ("taxItem", "1"),
    },
)
LINES = Fields(
    "memos.D.mapping-line.",
    {
        "productrateplancharge-integrationid-ns-to-item": ((ITEM, "item"), "511"),
        "debitmemoitem-amountwithouttax-to-amount": ((ITEM, "amount"), 100),
        "debitmemoitem-amountwithouttax-to-amount, negative": ((DISCOUNT, "amount"), -10),
        "debitmemoitem-chargedate-to-zuora-charge-date": ((ITEM, "custcolzuorachargedate"), "2026-10-01T00:00:00.000Z"),
        "debitmemoitem-id-to-zuora-id": ((ITEM, "custcolzuoraid"), ITEM),
        "debitmemoitem-processingtype-to-zuora-type": ((ITEM, "custcolzuoratype"), "Charge"),
        "rev-rec-inputs-to-rev-rec-fields": ((ITEM, "revRecStartDate"), "2026-10-10"),
        "rev-rec-inputs-to-rev-rec-fields, end": ((ITEM, "revRecEndDate"), "2026-10-31"),
        "rev-rec-inputs-to-rev-rec-fields, known": ((ITEM, "deferRevRec"), False),
        "rev-rec-inputs-to-rev-rec-fields, unknown": ((DEFERRED, "deferRevRec"), True),
        "rev-rec-inputs-to-rev-rec-fields, provisional": ((DEFERRED, "revRecStartDate"), "2026-10-01"),
        "rev-rec-inputs-to-rev-rec-fields, schedule": ((ITEM, "revRecSchedule"), "2"),
        "rev-rec-inputs-to-rev-rec-fields, service start": ((ITEM, "custcolzuoraservicestartdate2"), "2026-10-01"),
        "rev-rec-inputs-to-rev-rec-fields, service end": ((ITEM, "custcolzuoraserviceenddate2"), "2026-10-31"),
        "subscription-name-to-zuora-subscription-number": ((ITEM, "custcolzuorasubscriptionnumber"), "SEAST"),
        "subscription-notes-to-zuora-subscription-notes": ((ITEM, "custcolzuorasubscriptionnotes"), NOTES),
        "subscription-project-ns-to-job": ((PROJECT, "job"), "9101"),
        "subscription-project-ns-to-job, not Variable": ((ITEM, "job"), None),
        "debitmemoitem-quantity-to-quantity": ((ITEM, "quantity"), 4),
        "to-line-tax-flag": ((ITEM, "isTaxable"), False),
        "account-class-department-location-to-line-rule": ((ITEM, "class"), "3"),
        "account-class-department-location-to-line-rule, department": ((ITEM, "department"), "2"),
        "account-class-department-location-to-line-rule, location": ((ITEM, "location"), "3"),
    },
)
TAXES = Fields(
    "memos.D.mapping-tax.",
    {
        "debittaxationitem-accountingcode-to-item": ((TAX, "item"), TAX_ITEM),
        "debittaxationitem-taxamount-to-amount": ((TAX, "amount"), Decimal("8.1")),
        "debittaxationitem-taxdate-to-zuora-charge-date": ((TAX, "custcolzuorachargedate"), "2026-10-01"),
        "debittaxationitem-id-to-zuora-id": ((TAX, "custcolzuoraid"), TAX),
        "debittaxationitem-taxratedescription-to-zuora-tax-rate-description": ((TAX, "custcolzuorataxratedescription"), "State sales tax"),
        "to-zuora-type-and-tax-rate": ((TAX, "custcolzuoratype"), "Tax"),
        "to-zuora-type-and-tax-rate, percentage": ((TAX, "custcolzuorataxrate"), "9%"),
        "to-zuora-type-and-tax-rate, flat": ((FLAT, "custcolzuorataxrate"), "50 flat fee"),
    },
)
Both = tuple[Any, dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def both(started_world: World) -> Both:
    return mapped(MemoryWorld.of(started_world), "Debit", Comments="Thanks", DueDate="2026-11-04")


@pytest.mark.parametrize("row", HEADER.cases())
def test_header_row(both: Both, row: str) -> None:
    HEADER.check(row, both[1])


@pytest.mark.parametrize("row", LINES.cases())
def test_item_row(both: Both, row: str) -> None:
    LINES.check(row, lines_in(both[1]))


@pytest.mark.parametrize("row", TAXES.cases())
def test_tax_row(both: Both, row: str) -> None:
    TAXES.check(row, lines_in(both[1]))


@pytest.mark.parametrize(
    "field",
    [
        pytest.param("currency", marks=pytest.mark.rule("memos.D.mapping.account-currency-to-currency")),
        pytest.param("total", marks=pytest.mark.rule("memos.D.mapping.debitmemo-amount-not-sent")),
        pytest.param("postingPeriod", marks=pytest.mark.rule("memos.D.mapping.to-posting-period")),
        "terms",
        "subsidiary",
    ],
)
def test_netsuite_fills_in(both: Both, field: str) -> None:
    assert field not in both[1]


@pytest.mark.rule("memos.D.no-tax-codes")
def test_no_line_carries_a_tax_code(both: Both) -> None:
    assert [line for line in both[1]["item"]["items"] if "taxCode" in line] == []


def test_lines_are_numbered_and_each_item_is_followed_by_its_taxes(both: Both) -> None:
    lines = both[1]["item"]["items"]
    assert [line["line"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert [line["custcolzuoraid"] for line in lines] == [ITEM, TAX, PROJECT, DISCOUNT, FLAT, DEFERRED]
    assert {line["price"]["id"] for line in lines} == {"-1"}


@pytest.mark.rule("sequence-and-status.7.1.rule.2", "sequence-and-status.7.1.rule.3")
def test_an_account_without_classification_gets_the_defaults_on_the_header_only(both: Both) -> None:
    body = both[2]
    assert (body["class"]["id"], body["location"]["id"], body.get("department")) == ("2", "1", None)
    assert [line.get(name) for line in body["item"]["items"] for name in ("class", "department", "location")] == [None] * 3


@pytest.mark.rule(
    "memos.D.mapping.integrationid-ns-syncdate-ns-written-back",
    "memos.D.mapping.integrationstatus-ns-written-back",
    "memos.D.mapping.to-zuora-sync-date",
    "sequence-and-status.3.2.type.debit-memo",
)
def test_zuora_gets_id_status_and_date(both: Both) -> None:
    run = both[0]
    made, head = run.sent("RICH"), run.record("RICH")
    assert (head["IntegrationId__NS"], made["custbodyzuoratype"]) == (str(made["id"]), "DEBIT_MEMO")
    assert (head["IntegrationStatus__NS"], head["TransferredToAccounting"]) == ("Sync Complete", "Yes")
    assert head["SyncDate__NS"].startswith("2026-11-")
    assert made["custbodyzuorasyncdate"].startswith("2026-11-")
