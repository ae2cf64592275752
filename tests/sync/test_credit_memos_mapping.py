"""What NetSuite gets of a credit memo (memos.md C, the three tables): every row, looked at in the body of the create."""

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
    "memos.C.mapping.",
    {
        "account-integrationid-ns-to-entity": ("entity", "9002"),
        "creditmemo-memonumber-to-zuora-reference-number": ("custbodyzuorareferencenumber", "RICH"),
        "creditmemo-memonumber-to-tranid": ("tranId", "RICH"),
        "creditmemo-id-to-externalid": ("externalId", ID),
        "creditmemo-id-to-zuora-id": ("custbodyzuoraid", ID),
        "creditmemo-totalamountwithouttax-to-zuora-amount-without-tax": ("custbodyzuoraamountwithouttax", "117"),
        "creditmemo-taxamount-to-zuora-tax-amount": ("custbodyzuorataxamount", "58.1"),
        "creditmemo-totaltaxexemptamount-to-zuora-tax-exempt-amount": ("custbodyzuorataxexemptamount", "1.5"),
        "creditmemo-createddate-to-zuora-created-date": ("custbodyzuoracreateddate", "2026-10-05T01:15:00.000Z"),
        "creditmemo-targetdate-to-zuora-target-date": ("custbodyzuoratargetdate", "2026-10-04"),
        "creditmemo-postedon-to-zuora-posted-date": ("custbodyzuoraposteddate", "2026-10-05T09:00:00.000Z"),
        "creditmemo-updateddate-to-zuora-updated-date": ("custbodyzuoraupdateddate", "2026-10-05T01:15:00.000Z"),
        "creditmemo-comments-to-memo": ("memo", "Thanks"),
        "creditmemo-memodate-to-trandate": ("tranDate", "2026-10-05"),
        "to-zuora-origin": ("custbodyzuoraorigin", "ZUORA"),
        "to-zuora-type": ("custbodyzuoratype", "CREDIT_MEMO"),
        "to-class-department-location": ("class", "3"),
        "to-class-department-location, department": ("department", "2"),
        "to-class-department-location, location": ("location", "3"),
        "to-taxable-tax-code": ("isTaxable", False),
        "to-taxable-tax-code, code": ("taxItem", "1"),
    },
)
LINES = Fields(
    "memos.C.mapping-line.",
    {
        "productrateplancharge-integrationid-ns-to-item": ((ITEM, "item"), "511"),
        "creditmemoitem-amountwithouttax-to-amount": ((ITEM, "amount"), 100),
        "creditmemoitem-amountwithouttax-to-amount, negative": ((DISCOUNT, "amount"), -10),
        "creditmemoitem-chargedate-to-zuora-charge-date": ((ITEM, "custcolzuorachargedate"), "2026-10-01T00:00:00.000Z"),
        "creditmemoitem-id-to-zuora-id": ((ITEM, "custcolzuoraid"), ITEM),
        "to-zuora-type": ((ITEM, "custcolzuoratype"), "Charge"),
        "same-revenue-inputs-as-debit-memo-items-to-same-six-targets": ((ITEM, "revRecStartDate"), "2026-10-10"),
        "same-revenue-inputs-as-debit-memo-items-to-same-six-targets, end": ((ITEM, "revRecEndDate"), "2026-10-31"),
        "same-revenue-inputs-as-debit-memo-items-to-same-six-targets, known": ((ITEM, "deferRevRec"), False),
        "same-revenue-inputs-as-debit-memo-items-to-same-six-targets, unknown": ((DEFERRED, "deferRevRec"), True),
        "same-revenue-inputs-as-debit-memo-items-to-same-six-targets, provisional": ((DEFERRED, "revRecStartDate"), "2026-10-01"),
        "same-revenue-inputs-as-debit-memo-items-to-same-six-targets, schedule": ((ITEM, "revRecSchedule"), "2"),
        "same-revenue-inputs-as-debit-memo-items-to-same-six-targets, service start": (
            (ITEM, "custcolzuoraservicestartdate2"),
            "2026-10-01",
        ),
        "same-revenue-inputs-as-debit-memo-items-to-same-six-targets, service end": ((ITEM, "custcolzuoraserviceenddate2"), "2026-10-31"),
        "subscription-name-notes-to-zuora-subscription-number-notes": ((ITEM, "custcolzuorasubscriptionnumber"), "SEAST"),
        "subscription-name-notes-to-zuora-subscription-number-notes, notes": ((ITEM, "custcolzuorasubscriptionnotes"), NOTES),
        "subscription-project-ns-to-job": ((PROJECT, "job"), "9101"),
        "subscription-project-ns-to-job, not Variable": ((ITEM, "job"), None),
        "to-quantity": ((ITEM, "quantity"), None),
        "to-quantity, price level custom": ((ITEM, "price"), "-1"),
    },
)
TAXES = Fields(
    "memos.C.mapping-tax.",
    {
        "credittaxationitem-accountingcode-to-item": ((TAX, "item"), TAX_ITEM),
        "credittaxationitem-taxamount-to-amount": ((TAX, "amount"), Decimal("8.1")),
        "credittaxationitem-taxdate-to-zuora-charge-date": ((TAX, "custcolzuorachargedate"), "2026-10-01"),
        "credittaxationitem-id-to-zuora-id": ((TAX, "custcolzuoraid"), TAX),
        "credittaxationitem-taxratedescription-to-zuora-tax-rate-description": ((TAX, "custcolzuorataxratedescription"), "State sales tax"),
        "to-taxable": ((TAX, "isTaxable"), False),
    },
)
Both = tuple[Any, dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def both(started_world: World) -> Both:
    return mapped(MemoryWorld.of(started_world), "Credit", Comment="Thanks")


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
        pytest.param("currency", marks=pytest.mark.rule("memos.C.mapping.to-currency")),
        "postingPeriod",
        "dueDate",
        "terms",
        "subsidiary",
    ],
)
def test_netsuite_fills_in(both: Both, field: str) -> None:
    assert field not in both[1]


@pytest.mark.rule("memos.C.no-tax-codes")
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
    "memos.C.mapping.integrationid-ns-syncdate-ns-written-back",
    "memos.C.mapping.integrationstatus-ns-written-back",
    "memos.C.mapping.to-zuora-sync-date",
    "sequence-and-status.3.2.type.credit-memo",
)
def test_zuora_gets_id_status_and_date(both: Both) -> None:
    run = both[0]
    made, head = run.sent("RICH"), run.record("RICH")
    assert (head["IntegrationId__NS"], made["custbodyzuoratype"]) == (str(made["id"]), "CREDIT_MEMO")
    assert (head["IntegrationStatus__NS"], head["TransferredToAccounting"]) == ("Sync Complete", "Yes")
    assert head["SyncDate__NS"].startswith("2026-11-")
    assert made["custbodyzuorasyncdate"].startswith("2026-11-")
