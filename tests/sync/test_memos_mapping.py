"""What NetSuite gets of debit and credit memos (memos.md D and C, the three tables of each): every row, looked at in the body of the
create. What both have is said once, with the words of each for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.rules.cases import of_tables, ruled
from tests.sync.builders import zid
from tests.sync.fields import Fields
from tests.sync.invoice_world import TAX_ITEM
from tests.sync.memo_world import NOTES, lines_in, mapped
from tests.sync.memory import MemoryWorld
from tests.sync.world import World

rule = pytest.mark.rule
ID = zid("RICH")
ITEM, PROJECT, DISCOUNT, DEFERRED = (zid(f"RICH item {n}") for n in (1, 2, 3, 4))
TAX, FLAT = zid("RICH tax 1"), zid("RICH tax 3")
Rows = dict[str, tuple[Any, ...]]


def header(memo: str, own: Rows) -> Rows:
    """Rows of the header; `memo`: the memo's object as rules call it; `own`: what the other kind does not have."""
    return {
        "account-integrationid-ns-to-entity": ("entity", "9002"),
        f"{memo}-memonumber-to-zuora-reference-number": ("custbodyzuorareferencenumber", "RICH"),
        f"{memo}-memonumber-to-tranid": ("tranId", "RICH"),
        f"{memo}-id-to-externalid": ("externalId", ID),
        f"{memo}-id-to-zuora-id": ("custbodyzuoraid", ID),
        f"{memo}-totalamountwithouttax-to-zuora-amount-without-tax": ("custbodyzuoraamountwithouttax", "117"),
        f"{memo}-taxamount-to-zuora-tax-amount": ("custbodyzuorataxamount", "58.1"),
        f"{memo}-totaltaxexemptamount-to-zuora-tax-exempt-amount": ("custbodyzuorataxexemptamount", "1.5"),
        f"{memo}-createddate-to-zuora-created-date": ("custbodyzuoracreateddate", "2026-10-05T01:15:00.000Z"),
        f"{memo}-targetdate-to-zuora-target-date": ("custbodyzuoratargetdate", "2026-10-04"),
        f"{memo}-postedon-to-zuora-posted-date": ("custbodyzuoraposteddate", "2026-10-05T09:00:00.000Z"),
        f"{memo}-updateddate-to-zuora-updated-date": ("custbodyzuoraupdateddate", "2026-10-05T01:15:00.000Z"),
        f"{memo}-comments-to-memo": ("memo", "Thanks"),
        "to-zuora-origin": ("custbodyzuoraorigin", "ZUORA"),
        "to-class-department-location": ("class", "3"),
        "to-class-department-location, department": ("department", "2"),
        "to-class-department-location, location": ("location", "3"),
        "to-taxable-tax-code": ("isTaxable", False),
        "to-taxable-tax-code, code": ("taxItem", "1"),
        **own,
    }


def lines(memo: str, revenue: str, own: Rows) -> Rows:
    """Rows of item lines; `revenue`: the rule of what revenue recognition gets."""
    return {
        "productrateplancharge-integrationid-ns-to-item": ((ITEM, "item"), "511"),
        f"{memo}item-amountwithouttax-to-amount": ((ITEM, "amount"), 100),
        f"{memo}item-amountwithouttax-to-amount, negative": ((DISCOUNT, "amount"), -10),
        f"{memo}item-chargedate-to-zuora-charge-date": ((ITEM, "custcolzuorachargedate"), "2026-10-01T00:00:00.000Z"),
        f"{memo}item-id-to-zuora-id": ((ITEM, "custcolzuoraid"), ITEM),
        revenue: ((ITEM, "revRecStartDate"), "2026-10-10"),
        f"{revenue}, end": ((ITEM, "revRecEndDate"), "2026-10-31"),
        f"{revenue}, known": ((ITEM, "deferRevRec"), False),
        f"{revenue}, unknown": ((DEFERRED, "deferRevRec"), True),
        f"{revenue}, provisional": ((DEFERRED, "revRecStartDate"), "2026-10-01"),
        f"{revenue}, schedule": ((ITEM, "revRecSchedule"), "2"),
        f"{revenue}, service start": ((ITEM, "custcolzuoraservicestartdate2"), "2026-10-01"),
        f"{revenue}, service end": ((ITEM, "custcolzuoraserviceenddate2"), "2026-10-31"),
        "subscription-project-ns-to-job": ((PROJECT, "job"), "9101"),
        "subscription-project-ns-to-job, not Variable": ((ITEM, "job"), None),
        **own,
    }


def taxes(taxation: str, own: Rows) -> Rows:
    return {
        f"{taxation}-accountingcode-to-item": ((TAX, "item"), TAX_ITEM),
        f"{taxation}-taxamount-to-amount": ((TAX, "amount"), Decimal("8.1")),
        f"{taxation}-taxdate-to-zuora-charge-date": ((TAX, "custcolzuorachargedate"), "2026-10-01"),
        f"{taxation}-id-to-zuora-id": ((TAX, "custcolzuoraid"), TAX),
        f"{taxation}-taxratedescription-to-zuora-tax-rate-description": ((TAX, "custcolzuorataxratedescription"), "State sales tax"),
        **own,
    }


NUMBER, NUMBER_NOTES = ((ITEM, "custcolzuorasubscriptionnumber"), "SEAST"), ((ITEM, "custcolzuorasubscriptionnotes"), NOTES)
OWN_OF_DEBIT: dict[str, Rows] = {
    "header": {
        "debitmemo-date-to-trandate": ("tranDate", "2026-10-05"),
        "debitmemo-duedate-to-duedate": ("dueDate", "2026-11-04"),
        "to-zuora-type": ("custbodyzuoratype", "DEBIT_MEMO"),
    },
    "lines": {
        "debitmemoitem-processingtype-to-zuora-type": ((ITEM, "custcolzuoratype"), "Charge"),
        "subscription-name-to-zuora-subscription-number": NUMBER,
        "subscription-notes-to-zuora-subscription-notes": NUMBER_NOTES,
        "debitmemoitem-quantity-to-quantity": ((ITEM, "quantity"), 4),
        "to-line-tax-flag": ((ITEM, "isTaxable"), False),
        "account-class-department-location-to-line-rule": ((ITEM, "class"), "3"),
        "account-class-department-location-to-line-rule, department": ((ITEM, "department"), "2"),
        "account-class-department-location-to-line-rule, location": ((ITEM, "location"), "3"),
    },
    "taxes": {
        "to-zuora-type-and-tax-rate": ((TAX, "custcolzuoratype"), "Tax"),
        "to-zuora-type-and-tax-rate, percentage": ((TAX, "custcolzuorataxrate"), "9%"),
        "to-zuora-type-and-tax-rate, flat": ((FLAT, "custcolzuorataxrate"), "50 flat fee"),
    },
}
OWN_OF_CREDIT: dict[str, Rows] = {
    "header": {
        "creditmemo-memodate-to-trandate": ("tranDate", "2026-10-05"),
        "to-zuora-type": ("custbodyzuoratype", "CREDIT_MEMO"),
    },
    "lines": {
        "to-zuora-type": ((ITEM, "custcolzuoratype"), "Charge"),
        "subscription-name-notes-to-zuora-subscription-number-notes": NUMBER,
        "subscription-name-notes-to-zuora-subscription-number-notes, notes": NUMBER_NOTES,
        "to-quantity": ((ITEM, "quantity"), None),
        "to-quantity, price level custom": ((ITEM, "price"), "-1"),
    },
    "taxes": {"to-taxable": ((TAX, "isTaxable"), False)},
}


def tables(page: str, kind: str, revenue: str, own: dict[str, Rows]) -> dict[str, Fields]:
    """Header, lines and taxes of a page of the specification."""
    return {
        f"{kind} header": Fields(f"memos.{page}.mapping.", header(f"{kind}memo", own["header"])),
        f"{kind} lines": Fields(f"memos.{page}.mapping-line.", lines(f"{kind}memo", revenue, own["lines"])),
        f"{kind} taxes": Fields(f"memos.{page}.mapping-tax.", taxes(f"{kind}taxationitem", own["taxes"])),
    }


KINDS = {"debit": "D", "credit": "C"}
"""The pages of the kinds."""
TABLES = {
    **tables("D", "debit", "rev-rec-inputs-to-rev-rec-fields", OWN_OF_DEBIT),
    **tables("C", "credit", "same-revenue-inputs-as-debit-memo-items-to-same-six-targets", OWN_OF_CREDIT),
}
Both = tuple[Any, dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="module")
def memos(started_world: World) -> dict[str, Both]:
    """The run, the bodies of the memo with everything and of the one with little, of each kind."""
    world = MemoryWorld.of(started_world)
    return {
        "debit": mapped(world, "Debit", Comments="Thanks", DueDate="2026-11-04"),
        "credit": mapped(world, "Credit", Comment="Thanks"),
    }


@pytest.mark.parametrize(("table", "row"), of_tables(TABLES))
def test_row(memos: dict[str, Both], table: str, row: str) -> None:
    kind, part = table.split()
    body = memos[kind][1]
    TABLES[table].check(row, body if part == "header" else lines_in(body))


BY_NETSUITE = {
    "debit currency": "memos.D.mapping.account-currency-to-currency",
    "debit total": "memos.D.mapping.debitmemo-amount-not-sent",
    "debit postingPeriod": "memos.D.mapping.to-posting-period",
    "credit currency": "memos.C.mapping.to-currency",
    "credit postingPeriod": (),
    "credit dueDate": (),
    **{f"{kind} {field}": () for kind in KINDS for field in ("terms", "subsidiary")},
}


@pytest.mark.parametrize("case", ruled(BY_NETSUITE, BY_NETSUITE))
def test_netsuite_fills_in(memos: dict[str, Both], case: str) -> None:
    kind, field = case.split()
    assert field not in memos[kind][1]


@pytest.mark.parametrize("kind", ruled(KINDS, {kind: f"memos.{page}.no-tax-codes" for kind, page in KINDS.items()}))
def test_no_line_carries_a_tax_code(memos: dict[str, Both], kind: str) -> None:
    assert [line for line in memos[kind][1]["item"]["items"] if "taxCode" in line] == []


@pytest.mark.parametrize("kind", KINDS)
def test_lines_are_numbered_and_each_item_is_followed_by_its_taxes(memos: dict[str, Both], kind: str) -> None:
    sent = memos[kind][1]["item"]["items"]
    assert [line["line"] for line in sent] == [1, 2, 3, 4, 5, 6]
    assert [line["custcolzuoraid"] for line in sent] == [ITEM, TAX, PROJECT, DISCOUNT, FLAT, DEFERRED]
    assert {line["price"]["id"] for line in sent} == {"-1"}


@rule("sequence-and-status.7.1.rule.2", "sequence-and-status.7.1.rule.3")
@pytest.mark.parametrize("kind", KINDS)
def test_an_account_without_classification_gets_the_defaults_on_the_header_only(memos: dict[str, Both], kind: str) -> None:
    body = memos[kind][2]
    assert (body["class"]["id"], body["location"]["id"], body.get("department")) == ("2", "1", None)
    assert [line.get(name) for line in body["item"]["items"] for name in ("class", "department", "location")] == [None] * 3


WRITTEN = ("integrationid-ns-syncdate-ns-written-back", "integrationstatus-ns-written-back", "to-zuora-sync-date")


TOLD = {k: (f"sequence-and-status.3.2.type.{k}-memo", *(f"memos.{page}.mapping.{name}" for name in WRITTEN)) for k, page in KINDS.items()}


@pytest.mark.parametrize("kind", ruled(KINDS, TOLD))
def test_zuora_gets_id_status_and_date(memos: dict[str, Both], kind: str) -> None:
    run = memos[kind][0]
    made, head = run.sent("RICH"), run.record("RICH")
    assert (head["IntegrationId__NS"], made["custbodyzuoratype"]) == (str(made["id"]), f"{kind.upper()}_MEMO")
    assert (head["IntegrationStatus__NS"], head["TransferredToAccounting"]) == ("Sync Complete", "Yes")
    assert head["SyncDate__NS"].startswith("2026-11-")
    assert made["custbodyzuorasyncdate"].startswith("2026-11-")
