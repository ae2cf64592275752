"""The demo tenant: the same for the same seed, and right wherever nothing was planted."""

from __future__ import annotations

import copy
from collections import Counter, defaultdict
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from sandbox.demo import DATA_FILE, MODE_A_FILE, Tenant, bench, generate, load_tenant
from sandbox.demo.catalogue import netsuite_reference
from sandbox.demo.memos import MIGRATED
from sandbox.demo.mirror import Mirror
from sandbox.demo.show import Stopped, compare
from sandbox.demo.tenant import FROM_NETSUITE, LATER, SETTLEMENT_TYPES, Planted
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


def test_the_files_are_what_the_generator_makes() -> None:
    assert DATA_FILE.read_text(encoding="utf-8") == generate().text()
    assert MODE_A_FILE.read_text(encoding="utf-8") == generate().text_a()


def test_the_same_seed_gives_the_same_tenant_and_another_one_does_not() -> None:
    assert generate(seed=3) == generate(seed=3)
    assert generate(seed=3).zuora["InvoiceItem"] != generate(seed=4).zuora["InvoiceItem"]


def test_the_files_have_one_record_a_line() -> None:
    lines = [line for file in (DATA_FILE, MODE_A_FILE) for line in file.read_text(encoding="utf-8").splitlines()]
    tenant = load_tenant()
    parts = (tenant.zuora, tenant.netsuite, tenant.later, tenant.zuora_a, tenant.later_a)
    records = sum(len(rows) for objects in parts for rows in objects.values())
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


DEBTS = {"Invoice": "Amount", "DebitMemo": "TotalAmount"}
MODES = pytest.mark.parametrize("mode", ["A", "B"])


@MODES
@TENANTS
def test_nothing_is_settled_by_more_than_it_amounts_to_nor_applied_beyond_what_it_has(tenant: Tenant, mode: str) -> None:
    zuora = tenant.in_mode(mode)
    debts = {r["Id"]: (cents(r[amount]), r["AccountId"]) for kind, amount in DEBTS.items() for r in zuora.get(kind, [])}
    owners = {r["Id"]: r.get("AccountId") for kind in ("Payment", "CreditMemo") for r in zuora.get(kind, [])}
    settled: dict[str, Decimal] = defaultdict(Decimal)
    used: dict[str, Decimal] = defaultdict(Decimal)
    for kind, link in (("PaymentPart", "PaymentId"), ("InvoicePayment", "PaymentId"), ("CreditMemoPart", "CreditMemoId")):
        for part in zuora.get(kind, []):
            debt = part.get("InvoiceId") or part["DebitMemoId"]
            settled[debt] += cents(part["Amount"])
            used[part[link]] += cents(part["Amount"])
            assert debts[debt][1] == owners[part[link]]
    for part in zuora.get("RefundPart", []):
        used[part.get("PaymentId") or part["CreditMemoId"]] += cents(part["RefundAmount"])
    for adjustment in zuora.get("InvoiceItemAdjustment", []):
        if adjustment["Status"] == "Processed" and debts[adjustment["InvoiceId"]][0] > 0:
            settled[adjustment["InvoiceId"]] += cents(adjustment["Amount"]) * (1 if adjustment["Type"] == "Credit" else -1)
    assert all(amount <= debts[debt][0] for debt, amount in settled.items())
    for kind, amount in (("Payment", "Amount"), ("CreditMemo", "TotalAmount")):
        assert all(used[r["Id"]] <= cents(r[amount]) for r in zuora.get(kind, []))


def test_what_was_refunded_of_an_invoice_payment_is_what_its_refunds_say() -> None:
    zuora = load_tenant().without_settlement()
    refunded: dict[str, Decimal] = defaultdict(Decimal)
    parts: dict[str, Decimal] = defaultdict(Decimal)
    for row in zuora["RefundInvoicePayment"]:
        refunded[row["InvoicePaymentId"]] += cents(row["RefundAmount"])
        parts[row["RefundId"]] += cents(row["RefundAmount"])
    for row in zuora["InvoicePayment"]:
        assert cents(row.get("RefundAmount", 0)) == refunded[row["Id"]] <= cents(row["Amount"])
    without = {p.number for p in load_tenant().planted if p.code == "RFD-V7"}
    assert {r["RefundNumber"] for r in zuora["Refund"] if parts[r["Id"]] != cents(r["Amount"])} == without


@pytest.mark.parametrize("kind", ["CreditMemo", "DebitMemo"])
def test_every_memo_adds_up_unless_planted(kind: str) -> None:
    tenant, sums = load_tenant(), defaultdict[str, Decimal](Decimal)
    items = {i["Id"]: i[f"{kind}Id"] for i in tenant.zuora[f"{kind}Item"]}
    for item in tenant.zuora[f"{kind}Item"]:
        sums[item[f"{kind}Id"]] += cents(item["AmountWithoutTax"])
    for tax in tenant.zuora[kind.removesuffix("Memo") + "TaxationItem"]:
        sums[items[tax[f"{kind}ItemId"]]] += cents(tax["TaxAmount"])
    off = {m["MemoNumber"] for m in tenant.zuora[kind] if sums[m["Id"]] != cents(m["TotalAmount"])}
    assert off == {p.number for p in tenant.planted if p.object == kind and "add up" in p.wrong}
    assert len(off) == 1


@TENANTS
def test_numbers_are_consecutive_and_dates_follow_them(tenant: Tenant) -> None:
    for kind, number, day in (("Invoice", "InvoiceNumber", "InvoiceDate"), ("Payment", "PaymentNumber", "EffectiveDate")):
        rows: list[Row] = tenant.zuora.get(kind, [])
        values = [int("".join(c for c in r[number] if c.isdigit())) for r in rows]
        assert values == list(range(values[0], values[0] + len(values)))
        assert all(r[day].startswith("2026-") for r in rows)
        if tenant.planted:  # the tenant for measurements deals its dates out evenly instead
            assert [r[day] for r in rows] == sorted(r[day] for r in rows)


@MODES
@TENANTS
def test_the_stand_ins_take_it(tenant: Tenant, mode: str) -> None:
    objects = tenant.in_mode(mode)
    loaded = ZuoraStandIn(ZuoraOptions(settlement=mode == "B")).load(objects)
    assert loaded == {name: len(rows) for name, rows in objects.items()}
    assert NetSuiteStandIn(NetSuiteOptions()).load(tenant.netsuite)["nonInventorySaleItem"] > 0


@MODES
def test_netsuite_takes_what_is_entered_after_the_first_run(mode: str) -> None:
    tenant = load_tenant()
    netsuite = NetSuiteStandIn(NetSuiteOptions())
    netsuite.load(tenant.netsuite)
    netsuite.load(Mirror(of_synced(tenant, mode)).of(*MIRRORED[mode]).netsuite)
    entered = tenant.later_in(mode)
    assert netsuite.load(entered) == {name: len(rows) for name, rows in entered.items()}
    used = [m for m in netsuite.dump()["creditMemo"] if m.get("custbodyzuoratype") == "NEGATIVE_INVOICE" and not m["amountRemaining"]]
    assert len(used) == (1 if mode == "A" else 0)


MIRRORED = {
    "A": ("Account", "Product", "ProductRatePlan", "ProductRatePlanCharge", "Invoice", "Payment"),
    "B": ("Account", "Product", "ProductRatePlan", "ProductRatePlanCharge", "Invoice", "DebitMemo", "CreditMemo", "Payment"),
}


def of_synced(tenant: Tenant, mode: str) -> dict[str, list[Row]]:
    """The Zuora objects that reach NetSuite in the first run: those that are not planted and belong to a planted account."""
    zuora = copy.deepcopy(tenant.in_mode(mode))
    stopped = {p.number for p in tenant.expected(mode) if p.mode != "B" or p.object != "Invoice"}
    away = {a["Id"] for a in zuora["Account"] if a["AccountNumber"] in stopped or a["SynctoNetSuite__NS"] == "No"}

    def stays(row: Row) -> bool:
        numbers = {row.get(n) for n in ("AccountNumber", "InvoiceNumber", "MemoNumber", "PaymentNumber", "Name")}
        return row["Id"] not in away and row.get("AccountId") not in away and not numbers & stopped

    kept = {name: [r for r in rows if stays(r)] for name, rows in zuora.items()}
    kept["Invoice"] = [i for i in kept["Invoice"] if i["InvoiceDate"] >= tenant.settings["cutover_zuora_invoice"]]
    kept["Payment"] = [p for p in kept["Payment"] if "AccountId" in p and p.get("IntegrationStatus__NS") != "Ignore"]
    return kept


def test_a_tenant_without_settlement_has_no_payments_without_account_and_no_parts() -> None:
    objects = load_tenant().without_settlement()
    assert not SETTLEMENT_TYPES - {"Payment", "Refund"} & set(objects)
    assert all("AccountId" in p for p in objects["Payment"])
    assert objects["InvoicePayment"]
    assert {r["SourceType"] for r in objects["Refund"]} == {"Payment"}
    assert {(a["Type"], a["SourceType"]) for a in objects["InvoiceItemAdjustment"]} == {
        ("Credit", "InvoiceDetail"),
        ("Credit", "Tax"),
        ("Charge", "InvoiceDetail"),
    }
    negative = {i["Id"] for i in objects["Invoice"] if i["Amount"] < 0}
    assert {a["Type"] for a in objects["InvoiceItemAdjustment"] if a["InvoiceId"] in negative} == {"Credit", "Charge"}


def test_the_demo_tenant_has_memos_of_every_kind() -> None:
    zuora = load_tenant().zuora
    parts: dict[str, list[Row]] = defaultdict(list)
    for part in zuora["CreditMemoPart"]:
        parts[part["CreditMemoId"]].append(part)
    applied = {m["Id"]: sum((cents(p["Amount"]) for p in parts[m["Id"]]), Decimal(0)) for m in zuora["CreditMemo"]}
    assert any(0 < applied[m["Id"]] < cents(m["TotalAmount"]) for m in zuora["CreditMemo"]), "partly unapplied"
    assert any(not applied[m["Id"]] for m in zuora["CreditMemo"]), "unapplied"
    assert any({"InvoiceId", "DebitMemoId"} <= {*ps[0], *ps[-1]} for ps in parts.values() if len(ps) > 1), "of invoice and debit memo"
    assert [m["ReasonCode"] for m in zuora["CreditMemo"] if "ReasonCode" in m] == [MIGRATED]
    assert any("DebitMemoId" in p for p in zuora["PaymentPart"]), "a paid debit memo"
    assert {r["SourceType"] for r in zuora["Refund"]} == {"Payment", "CreditMemo"}
    assert max(Counter(r["PaymentId"] for r in zuora["RefundPart"] if "PaymentId" in r).values()) >= 2, "several refunds of a payment"


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
    names = (
        "AccountNumber",
        "InvoiceNumber",
        "PaymentNumber",
        "MemoNumber",
        "RefundNumber",
        "AdjustmentNumber",
        "entityId",
        "tranId",
        "Name",
    )
    for planted in tenant.planted:
        for mode in planted.mode or "AB":
            changed = planted.expect == "drift"  # a record that has been there all the time
            there = {"": tenant.in_mode(mode), LATER: tenant.later_in(mode), FROM_NETSUITE: tenant.netsuite}[
                "" if changed else planted.when
            ]
            assert any(planted.number in (row.get(n) for n in names) for row in there[planted.object]), planted
        assert planted.wrong
        assert planted.expect in ("held", "refused", "left", "drift")
    assert len({(p.object, p.number, p.mode) for p in tenant.planted}) == len(tenant.planted)
    assert {p.mode for p in tenant.planted} == {"", "A", "B"}


@pytest.mark.parametrize(
    ("mode", "kinds"),
    [
        ("A", {"Refund", "InvoiceItemAdjustment", "customerPayment", "creditMemo", "customerRefund", "salesOrder"}),
        ("B", {"DebitMemo", "CreditMemo", "Refund", "customerPayment", "customerRefund", "salesOrder"}),
    ],
)
def test_something_is_planted_for_every_object_type(mode: str, kinds: set[str]) -> None:
    tenant = load_tenant()
    both = {"Account", "customer", "Product", "ProductRatePlan", "ProductRatePlanCharge", "Invoice", "Payment"}
    assert {p.object for when in ("", LATER, FROM_NETSUITE) for p in tenant.expected(mode, when)} == kinds | both


def test_every_tax_line_names_a_netsuite_item_unless_planted() -> None:
    items = {str(i["id"]) for i in netsuite_reference()["nonInventorySaleItem"]}
    without = {t["InvoiceId"] for t in load_tenant().zuora["TaxationItem"] if t.get("AccountingCode") not in items}
    invoices = {i["Id"]: i["InvoiceNumber"] for i in load_tenant().zuora["Invoice"]}
    assert {invoices[i] for i in without} <= numbers_planted(load_tenant(), "Invoice")
    assert len(without) == 1


@pytest.mark.parametrize(("accounts", "invoices"), [(11, 60), (12, 20)])
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


# -- comparing a run with what was planted -------------------------------------------------------------------------------

ONE = Planted("CreditMemo", "CM1", "held", "", "B", "CM-V1")


@pytest.mark.parametrize(
    ("found", "differences"),
    [
        ({("CreditMemo", "CM1"): Stopped("held", "CM-V1")}, []),
        ({}, ["Credit memos: CM1 should be held but was not stopped."]),
        ({("CreditMemo", "CM1"): Stopped("left")}, ["Credit memos: CM1 should be held but was left alone (no code)."]),
        ({("CreditMemo", "CM1"): Stopped("held", "CM-V2")}, ["Credit memos: CM1 should be held with CM-V1, not with CM-V2."]),
        (
            {("CreditMemo", "CM1"): Stopped("held", "CM-V1"), ("Payment", "P1"): Stopped("refused", "NS")},
            ["Payments: P1 should reach the other system but was refused by the other system (NS)."],
        ),
    ],
)
def test_what_is_otherwise_than_planted_is_told(found: dict[tuple[str, str], Stopped], differences: list[str]) -> None:
    assert compare([ONE], found) == differences
