"""Why a credit memo is not sent (memos.md C, Validations): one run over one memo for each rule; nothing is written for any of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync.builders import Objects, charge, merged, subscription, zid
from tests.sync.invoice_world import ITEMS, customer, synced_account, synced_charge
from tests.sync.memo_world import CreditRun, credit, credited, part, ready
from tests.sync.memory import MemoryWorld
from tests.sync.world import World

STANDALONE: dict[str, Any] = {"RatePlanChargeId": None, "ProductRatePlanChargeId": None}
MEMOS: dict[str, Objects] = {
    "good": credit("CMGOOD", InvoiceId=zid("INV1"), taxes=[8.25], applied={"INV1": 10.0}),
    "1 referred": credit("CM1R", InvoiceId=zid("INV9")),
    "1 applied": credit("CM1A", applied={"INV9": 10.0}),
    "2": credit("CM2", applied={"DM9": 10.0}),
    "3": credit("CM3", account="LOC", sub="SLOC"),
    "4": credit("CM4", account="CLS", sub="SCLS"),
    "5": credit("CM5", account="DEP", sub="SDEP"),
    "6": credit("CM6", [("New charge", 10.0), ("New charge", 5.0)], sub="S2"),
    "6 standalone": credit("CM6S", [("Courtesy fee", 5.0)], item_fields=STANDALONE),
    "6 tax": credit("CM6T", taxes=[8.25], tax_fields={"AccountingCode": None}),
    "6 tax item": credit("CM6N", taxes=[8.25], tax_fields={"AccountingCode": "2100 Sales Tax"}),
    "7": credit("CM7", TotalAmount=100.01),
    "8": merged(credit("CM8"), {"CreditMemoPart": [part("CM8", 1, "INV1", 90.0), part("CM8", 2, "INV1", 20.0)]}),
    "account": credit("CMACC", account="NOID", sub="SNOID"),
    "currency": credit("CMEUR", account="EURO", sub="SEURO"),
    "period": credit("CMOLD", MemoDate="2025-12-31"),
    "several": credit("CMALL", account="LOC", sub="SLOC", InvoiceId=zid("INV9"), TotalAmount=90.0),
}
EXPECTED: dict[str, list[tuple[str, str]]] = {
    "1 referred": [("CM-V1", "Credit memo CM1R: invoice INV9 has not been synced to NetSuite.")],
    "1 applied": [("CM-V1", "Credit memo CM1A: invoice INV9 has not been synced to NetSuite.")],
    "2": [("CM-V2", "Credit memo CM2: debit memo DM9 has not been synced to NetSuite.")],
    "3": [("CM-V3", 'Credit memo CM3: location "Mars" of account LOC does not exist in NetSuite.')],
    "4": [("CM-V4", 'Credit memo CM4: class "Toys" of account CLS does not exist in NetSuite.')],
    "5": [("CM-V5", 'Credit memo CM5: department "Americas:East" of account DEP does not exist in NetSuite.')],
    "6": [("CM-V6", 'Credit memo CM6: charge "New charge" has not been synced to NetSuite.')],
    "6 standalone": [("CM-V6", 'Credit memo CM6S: charge "Courtesy fee" has not been synced to NetSuite.')],
    "6 tax": [("CM-V6", 'Credit memo CM6T: tax code "STATE" has no accounting code.')],
    "6 tax item": [("CM-V6", 'Credit memo CM6N: tax code "STATE" has accounting code "2100 Sales Tax", which is not a NetSuite item id.')],
    "7": [("CM-V7", "Credit memo CM7: lines add up to USD 100.00 but the memo amount is USD 100.01; not sent.")],
    "8": [("CM-V8", "Credit memo CM8: applied amounts exceed the memo amount.")],
    "account": [("CM-ACCOUNT", "Credit memo CMACC: account NOID has not been synced to NetSuite.")],
    "currency": [("CM-CURRENCY", 'Credit memo CMEUR of EUR 100.00: NetSuite customer "Customer EURO" (9103) has USD, not EUR; not sent.')],
    "period": [("CM-PERIOD", "Credit memo CMOLD: The accounting period of 2025-12-31 is closed.")],
    "several": [
        ("CM-V1", "Credit memo CMALL: invoice INV9 has not been synced to NetSuite."),
        ("CM-V3", 'Credit memo CMALL: location "Mars" of account LOC does not exist in NetSuite.'),
        ("CM-V7", "Credit memo CMALL: lines add up to USD 100.00 but the memo amount is USD 90.00; not sent."),
    ],
}
RULES: dict[str, tuple[str, ...]] = {case: (f"memos.C.validation.{case[0]}",) for case in EXPECTED if case[0].isdigit()}
RULES |= {case: (*RULES[case], "sequence-and-status.1.6.order.credit-memo-b") for case in ("1 referred", "1 applied")}
RULES["currency"] = ("sequence-and-status.7.3.differs",)
NUMBER = {case: made["CreditMemo"][0]["MemoNumber"] for case, made in MEMOS.items()}
WAITS = {"1 applied": "invoice INV9", "2": "debit memo DM9", "6": 'charge "New charge"'}


@pytest.fixture(scope="module")
def run(started_world: World) -> CreditRun:
    world = MemoryWorld.of(started_world)
    accounts: dict[str, dict[str, Any]] = {
        "LOC": {"Location__NS": "Mars"},
        "CLS": {"Class__NS": "Toys"},
        "DEP": {"Department__NS": "Americas:East"},
        "EURO": {"currency": "EUR"},
    }
    more = merged(
        synced_account("NOID", ""),
        subscription("NOID", "SNOID", "Gold"),
        charge("New charge"),
        synced_charge("Variable", "504", RevRecTemplateType__NS="Variable"),
        subscription("A1", "S2", *ITEMS, "New charge", "Variable"),
        *(synced_account(number, f"91{n:02d}", **fields) for n, (number, fields) in enumerate(accounts.items())),
        *(subscription(number, f"S{number}", "Gold") for number in accounts),
    )
    customers = [customer(number, f"91{n:02d}") for n, number in enumerate(accounts)]
    ready(world, more, *MEMOS.values(), netsuite={"customer": customers})
    (december,) = [p for p in world.in_netsuite("accountingPeriod") if p["periodName"] == "Dec 2025"]
    world.load(netsuite={"accountingPeriod": [{"id": december["id"], "closed": True}]})
    return credited(world)


@pytest.mark.parametrize("rule", ruled(EXPECTED, RULES))
def test_rule_is_reported_with_its_code_and_text(run: CreditRun, rule: str) -> None:
    assert sorted(run.problems(NUMBER[rule])) == sorted(EXPECTED[rule])


@pytest.mark.parametrize("rule", EXPECTED)
def test_rule_says_what_to_do_and_leaves_the_memo_untouched(run: CreditRun, rule: str) -> None:
    for code, _ in EXPECTED[rule]:
        line = run.line(NUMBER[rule], code)
        assert line["level"] == "WARNING"
        assert len(line["advice"]) > 20
    assert run.untouched(NUMBER[rule])


@pytest.mark.parametrize("rule", WAITS)
def test_rule_names_the_record_that_the_memo_waits_for(run: CreditRun, rule: str) -> None:
    assert run.line(NUMBER[rule], EXPECTED[rule][0][0])["waits_for"] == WAITS[rule]


def test_a_good_memo_beside_the_bad_ones_is_sent_and_the_run_ties_out(run: CreditRun) -> None:
    assert run.synced("CMGOOD")
    assert run.problems("CMGOOD") == []
    assert (run.outcome, run.output["tiedOut"]) == ("completed with warnings", True)
    assert sum(t["held"] for t in run.output["totals"]) == len(EXPECTED)
