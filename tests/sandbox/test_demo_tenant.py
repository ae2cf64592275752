"""The demo tenant: the same for the same seed, and right wherever nothing was planted."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from sandbox.demo import DATA_FILE, Tenant, bench, generate, load_tenant
from sandbox.demo.catalogue import netsuite_reference
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn
from sandbox.zuora import ZuoraOptions, ZuoraStandIn

Row = dict[str, Any]


def cents(amount: float) -> Decimal:
    return Decimal(str(amount))


@cache
def large() -> Tenant:
    return generate(seed=11, accounts=40, invoices=400)


TENANTS = pytest.mark.parametrize("tenant", [load_tenant(), large(), bench(60, payments=30)], ids=["file", "large", "bench"])


def numbers_planted(tenant: Tenant, kind: str) -> set[str]:
    return {p.number for p in tenant.planted if p.object == kind}


def test_the_file_is_what_the_generator_makes() -> None:
    assert DATA_FILE.read_text(encoding="utf-8") == generate().text()


def test_the_same_seed_gives_the_same_tenant_and_another_one_does_not() -> None:
    assert generate(seed=3) == generate(seed=3)
    assert generate(seed=3).zuora["InvoiceItem"] != generate(seed=4).zuora["InvoiceItem"]


def test_the_file_has_one_record_a_line() -> None:
    lines = DATA_FILE.read_text(encoding="utf-8").splitlines()
    tenant = load_tenant()
    records = sum(len(rows) for objects in (tenant.zuora, tenant.netsuite) for rows in objects.values())
    assert sum(line.startswith('  {"') for line in lines) == records + len(tenant.planted)


@TENANTS
def test_every_invoice_adds_up_unless_planted(tenant: Tenant) -> None:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for item in tenant.zuora["InvoiceItem"]:
        sums[item["InvoiceId"]] += cents(item["ChargeAmount"])
    for tax in tenant.zuora.get("TaxationItem", []):
        sums[tax["InvoiceId"]] += cents(tax["TaxAmount"])
    off = {i["InvoiceNumber"] for i in tenant.zuora["Invoice"] if sums[i["Id"]] != cents(i["Amount"])}
    wrong = {p.number for p in tenant.planted if p.object == "Invoice" and "add up" in p.wrong}
    assert off == wrong


@TENANTS
def test_percentage_taxes_are_those_of_their_line(tenant: Tenant) -> None:
    items = {i["Id"]: i for i in tenant.zuora["InvoiceItem"]}
    for tax in tenant.zuora.get("TaxationItem", []):
        if tax["TaxRateType"] == "Percentage":
            exact = cents(items[tax["InvoiceItemId"]]["ChargeAmount"]) * cents(tax["TaxRate"])
            assert abs(exact - cents(tax["TaxAmount"])) <= Decimal("0.5")


@TENANTS
def test_no_invoice_is_paid_more_than_it_amounts_to_and_no_payment_applied_beyond_its_amount(tenant: Tenant) -> None:
    invoices, payments = ({r["Id"]: r for r in tenant.zuora.get(kind, [])} for kind in ("Invoice", "Payment"))
    paid: dict[str, Decimal] = defaultdict(Decimal)
    used: dict[str, Decimal] = defaultdict(Decimal)
    for part in tenant.zuora.get("PaymentPart", []):
        paid[part["InvoiceId"]] += cents(part["Amount"])
        used[part["PaymentId"]] += cents(part["Amount"])
        assert invoices[part["InvoiceId"]]["AccountId"] == payments[part["PaymentId"]]["AccountId"]
    assert all(amount <= cents(invoices[i]["Amount"]) for i, amount in paid.items())
    assert all(amount <= cents(payments[p]["Amount"]) for p, amount in used.items())


@TENANTS
def test_numbers_are_consecutive_and_dates_follow_them(tenant: Tenant) -> None:
    for kind, number, day in (("Invoice", "InvoiceNumber", "InvoiceDate"), ("Payment", "PaymentNumber", "EffectiveDate")):
        rows: list[Row] = tenant.zuora.get(kind, [])
        values = [int("".join(c for c in r[number] if c.isdigit())) for r in rows]
        assert values == list(range(values[0], values[0] + len(values)))
        assert all(r[day].startswith("2026-") for r in rows)
        if tenant.planted:  # the tenant for measurements deals its dates out evenly instead
            assert [r[day] for r in rows] == sorted(r[day] for r in rows)


@pytest.mark.parametrize("settlement", [True, False])
@TENANTS
def test_the_stand_ins_take_it(tenant: Tenant, settlement: bool) -> None:
    objects = tenant.zuora if settlement else tenant.without_settlement()
    loaded = ZuoraStandIn(ZuoraOptions(settlement=settlement)).load(objects)
    assert loaded["Invoice"] == len(tenant.zuora["Invoice"])
    assert NetSuiteStandIn(NetSuiteOptions()).load(tenant.netsuite)["nonInventorySaleItem"] > 0


def test_a_tenant_without_settlement_has_no_payments_without_account_and_no_parts() -> None:
    objects = load_tenant().without_settlement()
    assert "PaymentPart" not in objects
    assert all("AccountId" in p for p in objects["Payment"])
    assert objects["InvoicePayment"]


def test_the_demo_tenant_has_what_a_finance_person_meets() -> None:
    zuora = load_tenant().zuora
    assert {a["Currency"] for a in zuora["Account"]} == {"USD", "EUR", "GBP", "JPY"}
    assert any("ParentId" in a for a in zuora["Account"])
    assert any('"' in a["Name"] and "," in a["Name"] for a in zuora["Account"])
    assert any(i["ProcessingType"] == 1 and i["ChargeAmount"] < 0 for i in zuora["InvoiceItem"]), "discounts"
    assert any(i["ProcessingType"] == 0 and i["ChargeAmount"] < 0 for i in zuora["InvoiceItem"]), "proration credits"
    assert any(i["ChargeAmount"] == 0 for i in zuora["InvoiceItem"])
    assert any(i["Amount"] == 0 for i in zuora["Invoice"])
    assert {t["TaxRateType"] for t in zuora["TaxationItem"]} == {"Percentage", "FlatFee"}
    assert any(t["TaxRate"] == 0 for t in zuora["TaxationItem"])
    assert max(Counter(t["InvoiceItemId"] for t in zuora["TaxationItem"]).values()) >= 2, "several taxes on a line"
    parts = Counter(p["PaymentId"] for p in zuora["PaymentPart"])
    assert max(parts.values()) >= 2, "a payment over several invoices"
    applied = {p: sum(cents(x["Amount"]) for x in zuora["PaymentPart"] if x["PaymentId"] == p) for p in parts}
    assert any(cents(p["Amount"]) > applied.get(p["Id"], 0) > 0 for p in zuora["Payment"]), "an overpayment"
    assert any("AccountId" not in p for p in zuora["Payment"]), "an unassigned payment"
    assert {i["Status"] for i in zuora["Invoice"]} == {"Posted", "Draft", "Canceled"}


def test_yen_have_no_cents() -> None:
    zuora = load_tenant().zuora
    yen = {a["Id"] for a in zuora["Account"] if a["Currency"] == "JPY"}
    assert all(isinstance(i["Amount"], int) for i in zuora["Invoice"] if i["AccountId"] in yen)


def test_every_planted_record_exists_and_says_what_is_wrong() -> None:
    tenant = load_tenant()
    names = {"Account": "AccountNumber", "Invoice": "InvoiceNumber", "Payment": "PaymentNumber", "ProductRatePlanCharge": "Name"}
    for planted in tenant.planted:
        assert any(row[names[planted.object]] == planted.number for row in tenant.zuora[planted.object])
        assert planted.wrong
        assert planted.expect in ("held", "refused", "left")
    assert {p.mode for p in tenant.planted} == {"", "B"}
    assert len(tenant.expected("A")) < len(tenant.expected("B"))


def test_every_tax_line_names_a_netsuite_item_unless_planted() -> None:
    items = {str(i["id"]) for i in netsuite_reference()["nonInventorySaleItem"]}
    without = {t["InvoiceId"] for t in load_tenant().zuora["TaxationItem"] if t.get("AccountingCode") not in items}
    invoices = {i["Id"]: i["InvoiceNumber"] for i in load_tenant().zuora["Invoice"]}
    assert {invoices[i] for i in without} <= numbers_planted(load_tenant(), "Invoice")
    assert len(without) == 1


@pytest.mark.parametrize(("accounts", "invoices"), [(11, 40), (12, 9)])
def test_too_small_a_tenant_is_refused(accounts: int, invoices: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        generate(accounts=accounts, invoices=invoices)


def test_a_tenant_that_has_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="'invoices'"):
        Tenant.parse('{"zuora": {}, "netsuite": {}, "invoices": []}')


@pytest.mark.parametrize(("count", "lines"), [(1, 1), (25, 3), (25, 7)])
def test_the_measured_tenant_has_as_many_invoices_and_lines_as_asked_for(count: int, lines: int) -> None:
    zuora = bench(count, lines).zuora
    assert len(zuora["Invoice"]) == count
    assert Counter(i["InvoiceId"] for i in zuora["InvoiceItem"]) == {i["Id"]: lines for i in zuora["Invoice"]}
    assert all("ItemType__NS" in c for c in zuora["ProductRatePlanCharge"])
