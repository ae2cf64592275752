"""What every step costs per record, in calls on both sides, and that a run with nothing to do costs next to nothing.

Two runs of different size are counted, so that what a run reads once (mode, reference tables, counts) drops out and the calls of one more
record remain. The budgets are those of api-zuora-billing.md 15.2 and api-netsuite.md section 8; where the connector spends more on purpose,
the reason stands beside the figure. Left out: logins, which are per worker, and asking whether a Data Query has finished, which depends on
time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox.control import Control
from sandbox.demo.bench_steps import CASES, bench_step
from tallybridge.tasks.steps import STEPS
from tests.sync.memory import MemoryWorld
from tests.sync.world import unserved_world

FEW, MANY = 2, 52
"""One batch of 50 more."""
LOOKED_AT_AGAIN = 19
"""Most calls of a run with nothing to do that reads its own write-backs, two batches of them, and drops them; without those for drift."""
READS = {"netsuite": 0.05, "zuora": 0.10}
"""What the reads of a batch of 50 may cost per record on top: look-up and re-read, with parents and children (design: 1.05 and 0.15)."""
ONE_BY_ONE = "NetSuite's status before and after: a REST record is changed one at a time"
EACH_ALONE = "one object a call, so that a lost answer leaves one create open and not fifty"
PARTS = "the payment's parts are read one payment a call, because ZOQL does not know them and the query copy lags"
BALANCES = "beside the refund its payments, their applications and what they leave open are read"
PROVED = "what Zuora holds is read with its currency, 99 a call, and followed for drift"
NOT_COUNTED = ("/auth/", "/oauth/", "GET /query/jobs/")
COUNTING = {
    "zuora": {"GET /v1/credit-memos": 1, "POST /v1/action/query": 1, "POST /query/jobs": 3, "GET /files/...": 3},
    "netsuite": {"POST /query/v1/suiteql": 5, "GET /record/v1/metadata-catalog": 4},
}
"""Most calls of a step with nothing to do, by how the operation begins: which mode, how many wait, what fields of records are called.
Memos, which ZOQL does not know, are counted by a query job and its file. What rules leave out is asked too, so that it can be said: by one
query job for all steps from Zuora together, and by one query for each step from NetSuite. Whether NetSuite answers is asked when a run
opens. Drift costs a run one query job in Zuora, and in NetSuite two queries (what was changed, what was deleted) and the fields of one
record type."""
DRIFT = {
    "zuora": {"POST /query/jobs": 1, "GET /files/...": 1},
    "netsuite": {"POST /query/v1/suiteql": 2, "GET /record/v1/metadata-catalog": 1},
}
"""What of that is spent on drift, which is the same however many records were synced before."""
LISTINGS = 2
"""Of all files of a run, at its end: before the totals are compared, and before the log is put together."""
OTHERWISE_ASKED = 8
"""Most further questions after single files there."""
FOLLOWED = {(mode, step) for mode in "AB" for step in ("customers", "products", "rate_plans", "charges", "netsuite_customers")}
FOLLOWED |= {(mode, step) for mode in "AB" for step in ("netsuite_payments", "netsuite_refunds", "netsuite_credit_memos")}
"""Steps that look at what was changed in the last two hours again in each run: their own write-backs too, which are read and dropped."""


@dataclass(frozen=True)
class Budget:
    """Calls per record, without reads of whole batches. `zuora_plan` is what 15.2 says, where it says less; `why` explains the rest."""

    netsuite: float
    zuora: float
    zuora_plan: float | None = None
    why: str = ""


ITEM = Budget(1, 0.05)
BUDGETS: dict[tuple[str, str], Budget] = {
    **{(mode, step): ITEM for mode in "AB" for step in ("customers", "products", "rate_plans", "charges")},
    **{
        (mode, "netsuite_customers"): Budget(2, 4, 1, f"{ONE_BY_ONE}; account, two contacts, activation: customer-accounts.md section 3")
        for mode in "AB"
    },
    **{(mode, "sales_orders"): Budget(2, 1, why=ONE_BY_ONE) for mode in "AB"},
    ("A", "invoices"): Budget(1, 0.05 + 3 / 50, 0.05, "the lines get their key of NetSuite too, and an invoice has three here"),
    ("B", "invoices"): Budget(1, 0.05),
    ("B", "debit_memos"): Budget(1, 0.05),
    ("B", "credit_memos"): Budget(1, 0.05),
    ("A", "payments"): Budget(1, 0.05),
    ("B", "payments"): Budget(1, 2.01),
    ("A", "refunds"): Budget(2.02, 0.07, why=f"the payment is unapplied first (refunds.md R1); {BALANCES}"),
    ("B", "refunds"): Budget(1.02, 4.01, 3.01, f"{PARTS}; {BALANCES}"),
    ("A", "adjustments"): Budget(1, 0.05),
    ("A", "netsuite_payments"): Budget(2, 3, 0.04, f"{ONE_BY_ONE}; draft, its invoice payment, Processed: procedure of payments.md P3"),
    ("B", "netsuite_payments"): Budget(2, 1, why=ONE_BY_ONE),
    ("A", "netsuite_credit_memos"): Budget(
        2,
        2.05,
        0.04,
        f"{ONE_BY_ONE}; {EACH_ALONE}; items, taxes and adjustments of the invoices are read to spread the amount, and their accounts; "
        "the invoices, which the ledger does not know here, are compared once when NetSuite touches them",
    ),
    ("A", "netsuite_refunds"): Budget(3, 2.02, 0.04, f"{ONE_BY_ONE}, and the credit memo's at the end; {EACH_ALONE}; {PROVED}"),
    ("B", "netsuite_refunds"): Budget(3, 2.02, 1, f"{ONE_BY_ONE}, and the credit memo's at the end; {PARTS}; {PROVED}"),
}
"""By mode and step."""
EVERY_STEP = [(mode, step) for mode in "AB" for step, (_, modes, _) in CASES.items() if mode in modes]


@pytest.fixture(scope="module", params=["A", "B"])
def memory(request: pytest.FixtureRequest) -> tuple[MemoryWorld, str]:
    world = unserved_world(settlement=request.param == "B")
    world.zuora.options.refund_with_unapply = True
    return MemoryWorld.of(world), request.param


def fill(world: MemoryWorld, mode: str, step: str, count: int) -> None:
    """The world anew, with `count` records for the step and everything before it done."""
    tenant = bench_step(step, count, mode)
    world.reset(default_subsidiary="Parent Company", **tenant.settings)
    world.load(tenant.in_mode(mode), tenant.netsuite)
    world.load(netsuite=tenant.later_in(mode))


def calls_of_a_run(world: MemoryWorld, step: str, expected: int) -> dict[str, Counter[str]]:
    """The calls of a run of the step alone by system and operation; the run brings `expected` records across."""
    controls: dict[str, Control] = {"zuora": world.zuora_control, "netsuite": world.netsuite_control}
    for control in controls.values():
        control.clear_stats()
    output = world.run(steps=[step])
    assert (output["outcome"], output["tiedOut"], sum(t["synced"] for t in output["totals"])) == ("completed", True, expected)
    world.clock.advance(minutes=30)
    return {
        system: Counter({name: n for name, n in control.stats()["calls"].items() if not any(part in name for part in NOT_COUNTED)})
        for system, control in controls.items()
    }


def beyond_counting(calls: dict[str, Counter[str]]) -> dict[str, int]:
    """What a run with nothing to do should not have cost: operations, and how often too often."""
    found: dict[str, int] = {}
    for system, counted in calls.items():
        left = dict(COUNTING[system])
        for name, n in counted.items():
            begin = next((b for b in left if name.startswith(b)), None)
            spent = min(n, left[begin]) if begin else 0
            if begin:
                left[begin] -= spent
            if n > spent:
                found[f"{system} {name}"] = n - spent
    return found


def test_every_step_has_a_budget_and_a_reason_where_it_costs_more_than_planned() -> None:
    assert sorted(BUDGETS) == sorted(EVERY_STEP)
    assert [k for k, b in BUDGETS.items() if (b.zuora_plan is not None or b.netsuite > 1) and not b.why] == []
    assert [k for k, b in BUDGETS.items() if b.zuora_plan is not None and b.zuora_plan >= b.zuora] == []


@pytest.mark.parametrize("step", CASES)
def test_a_record_costs_no_more_calls_than_its_budget(memory: tuple[MemoryWorld, str], step: str) -> None:
    world, mode = memory
    if mode not in CASES[step][1]:
        pytest.skip(f"mode {mode} does not have the step {step}")
    budget = BUDGETS[mode, step]
    counted = {}
    for count in (FEW, MANY):
        fill(world, mode, step, count)
        counted[count] = calls_of_a_run(world, step, count)
    for system, planned in (("netsuite", budget.netsuite), ("zuora", budget.zuora)):
        more = {name: n - counted[FEW][system][name] for name, n in counted[MANY][system].items()}
        per_record = sum(more.values()) / (MANY - FEW)
        assert per_record <= planned + READS[system], (system, more)
        assert per_record > planned - READS[system], f"the budget of {step} is too wide: {system} needs {per_record}"
    for _ in range(2 if (mode, step) in FOLLOWED else 0):
        idle = calls_of_a_run(world, step, 0)
        assert [name for name in idle["netsuite"] | idle["zuora"] if name.startswith(("PUT", "PATCH", "DELETE"))] == []
        of_drift = sum(n for counted in DRIFT.values() for n in counted.values())
        of_drift += 2 if step == "netsuite_credit_memos" else 0  # adjustments of another kind are asked for by a job of their own
        assert sum(idle["netsuite"].values()) + sum(idle["zuora"].values()) <= LOOKED_AT_AGAIN + of_drift
        world.clock.advance(hours=3)
    assert beyond_counting(calls_of_a_run(world, step, 0)) == {}


def test_a_refund_costs_two_calls_more_where_it_does_not_unapply_by_itself(memory: tuple[MemoryWorld, str]) -> None:
    """Unapplied by a call of its own, and its parts read back afterwards (decisions.md, 67)."""
    world, mode = memory
    if mode == "A":
        pytest.skip("payments are not unapplied without Invoice Settlement")
    counted = {}
    for permitted in (True, False):
        world.zuora.options.refund_with_unapply = permitted
        fill(world, mode, "netsuite_refunds", FEW)
        counted[permitted] = calls_of_a_run(world, "netsuite_refunds", FEW)["zuora"].total()
    world.zuora.options.refund_with_unapply = True
    assert 2 * FEW <= counted[False] - counted[True] <= 2 * FEW + 2


def test_the_end_of_a_run_asks_for_its_files_once_and_not_step_by_step(
    memory: tuple[MemoryWorld, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _ = memory
    world.reset(default_subsidiary="Parent Company")
    opened = world.open()
    for step in (name for name in STEPS if opened["steps"][name]):
        world.step(opened["runId"], step)
    objects, asked = world.memory.objects, Counter[str]()
    listed = objects.list_objects_v2

    def counted(**given: Any) -> dict[str, Any]:
        asked[given["Prefix"]] += 1
        return listed(**given)

    monkeypatch.setattr(objects, "list_objects_v2", counted)
    assert world.close(opened["runId"])["outcome"] == "completed"
    whole = asked.pop(f"runs/{opened['runId']}/")
    assert whole == LISTINGS and asked.total() <= OTHERWISE_ASKED
