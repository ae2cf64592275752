"""Why a debit memo is not sent (memos.md D, Validations): one run over one memo for each rule; nothing is written for any of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.builders import Objects, account, charge, merged, subscription
from tests.sync.invoice_world import ITEMS, Ran, customer, parents, synced_account, synced_charge
from tests.sync.memo_world import debit, ran
from tests.sync.memory import MemoryWorld
from tests.sync.world import World

RULE = "memos.D.validation"
STANDALONE: dict[str, Any] = {"RatePlanChargeId": None, "ProductRatePlanChargeId": None}
MEMOS: dict[str, Objects] = {
    "good": debit("DMGOOD", taxes=[8.25]),
    "1": debit("DM1", account="NEW", sub="SNEW"),
    "2": debit("DM2", [("New charge", 10.0), ("New charge", 5.0), ("Gold", 1.0)], sub="S2"),
    "2 standalone": debit("DM2S", [("Courtesy fee", 5.0)], item_fields=STANDALONE),
    "3": debit("DM3", taxes=[8.25], tax_fields={"AccountingCode": None}),
    "3 no id": debit("DM3N", taxes=[8.25], tax_fields={"AccountingCode": "2100 Sales Tax"}),
    "4": debit("DM4", [("Variable", 10.0), ("Variable", 5.0)], sub="S2"),
    "5": debit("DM5", account="LOC", sub="SLOC"),
    "6": debit("DM6", account="CLS", sub="SCLS"),
    "7": debit("DM7", account="DEP", sub="SDEP"),
    "8": debit("DM8", TotalAmount=100.01),
    "8 no amount": debit("DM8N", item_fields={"AmountWithoutTax": None}),
    "currency": debit("DMEUR", account="EURO", sub="SEURO"),
    "period": debit("DMOLD", MemoDate="2025-12-31"),
    "several": debit("DMALL", account="ALL", sub="SALL", TotalAmount=90.0, taxes=[1.0], tax_fields={"AccountingCode": None}),
}
PROJECT = 'charge "Variable" uses a variable revenue template but subscription S2 has no NetSuite Project.'
EXPECTED: dict[str, list[tuple[str, str]]] = {
    "1": [("DM-V1", "Debit memo DM1: account NEW has not been synced to NetSuite.")],
    "2": [("DM-V2", 'Debit memo DM2: charge "New charge" has not been synced to NetSuite.')],
    "2 standalone": [("DM-V2", 'Debit memo DM2S: charge "Courtesy fee" has not been synced to NetSuite.')],
    "3": [("DM-V3", 'Debit memo DM3: tax code "STATE" has no accounting code.')],
    "3 no id": [("DM-V3", 'Debit memo DM3N: tax code "STATE" has accounting code "2100 Sales Tax", which is not a NetSuite item id.')],
    "4": [("DM-V4", f"Debit memo DM4: {PROJECT}")],
    "5": [("DM-V5", 'Debit memo DM5: location "Mars" of account LOC does not exist in NetSuite.')],
    "6": [("DM-V6", 'Debit memo DM6: class "Toys" of account CLS does not exist in NetSuite.')],
    "7": [("DM-V7", 'Debit memo DM7: department "Americas:East" of account DEP does not exist in NetSuite.')],
    "8": [("DM-V8", "Debit memo DM8: lines add up to USD 100.00 but the memo amount is USD 100.01; not sent.")],
    "8 no amount": [("DM-V8", "Debit memo DM8N: lines add up to USD 0.00 but the memo amount is USD 100.00; not sent.")],
    "currency": [("DM-CURRENCY", 'Debit memo DMEUR of EUR 100.00: NetSuite customer "Customer EURO" (9104) has USD, not EUR; not sent.')],
    "period": [("DM-PERIOD", "Debit memo DMOLD: The accounting period of 2025-12-31 is closed.")],
    "several": [
        ("DM-V3", 'Debit memo DMALL: tax code "STATE" has no accounting code.'),
        ("DM-V5", 'Debit memo DMALL: location "Mars" of account ALL does not exist in NetSuite.'),
        ("DM-V6", 'Debit memo DMALL: class "Toys" of account ALL does not exist in NetSuite.'),
        ("DM-V8", "Debit memo DMALL: lines add up to USD 101.00 but the memo amount is USD 90.00; not sent."),
    ],
}
NUMBER = {case: made["DebitMemo"][0]["MemoNumber"] for case, made in MEMOS.items()}
WAITS = {"1": "account NEW", "2": 'charge "New charge"'}


def tagged() -> list[Any]:
    """Each case under the number with which it begins."""
    ids = {case: [f"{RULE}.{case[0]}"] if case[0].isdigit() else [] for case in EXPECTED}
    ids["currency"] = ["sequence-and-status.7.3.differs"]
    ids["1"].append("sequence-and-status.1.6.order.invoice-debit-memo")
    return [pytest.param(case, marks=pytest.mark.rule(*found) if found else ()) for case, found in ids.items()]


@pytest.fixture(scope="module")
def run(started_world: World) -> Ran:
    world = MemoryWorld.of(started_world)
    world.reset(netsuite_use_revenue_recognition="Yes")
    zuora, netsuite = parents()
    accounts = {
        "LOC": {"Location__NS": "Mars"},
        "CLS": {"Class__NS": "Toys"},
        "DEP": {"Department__NS": "Americas:East"},
        "ALL": {"Location__NS": "Mars", "Class__NS": "Toys"},
        "EURO": {"currency": "EUR"},
    }
    more = merged(
        account("NEW"),
        subscription("NEW", "SNEW", "Gold"),
        charge("New charge"),
        synced_charge("Variable", "504", RevRecTemplateType__NS="Variable"),
        subscription("A1", "S2", *ITEMS, "New charge", "Variable"),
        *(synced_account(number, f"91{n:02d}", **fields) for n, (number, fields) in enumerate(accounts.items())),
        *(subscription(number, f"S{number}", "Gold") for number in accounts),
    )
    customers = [customer(number, f"91{n:02d}") for n, number in enumerate(accounts)]
    world.load(merged(zuora, more, *MEMOS.values()), merged(netsuite, {"customer": customers}))
    (december,) = [p for p in world.in_netsuite("accountingPeriod") if p["periodName"] == "Dec 2025"]
    world.load(netsuite={"accountingPeriod": [{"id": december["id"], "closed": True}]})
    done: Ran = ran(world)
    return done


@pytest.mark.parametrize("rule", tagged())
def test_rule_is_reported_with_its_code_and_text(run: Ran, rule: str) -> None:
    assert sorted(run.problems(NUMBER[rule])) == sorted(EXPECTED[rule])


@pytest.mark.parametrize("rule", EXPECTED)
def test_rule_says_what_to_do_and_leaves_the_memo_untouched(run: Ran, rule: str) -> None:
    for code, _ in EXPECTED[rule]:
        line = run.line(NUMBER[rule], code)
        assert line["level"] == "WARNING"
        assert len(line["advice"]) > 20
    assert run.untouched(NUMBER[rule])


@pytest.mark.parametrize("rule", WAITS)
def test_rule_names_the_record_that_the_memo_waits_for(run: Ran, rule: str) -> None:
    assert run.line(NUMBER[rule], EXPECTED[rule][0][0])["waits_for"] == WAITS[rule]


def test_a_good_memo_beside_the_bad_ones_is_sent_and_the_run_ties_out(run: Ran) -> None:
    assert run.synced("DMGOOD")
    assert run.problems("DMGOOD") == []
    assert (run.outcome, run.output["tiedOut"]) == ("completed with warnings", True)
    assert sum(t["held"] for t in run.output["totals"]) == len(EXPECTED)
