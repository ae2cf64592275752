"""NetSuite payments of earlier days in tenants whose payments must be effective today (README of the specification: the default)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.sync.memory import MemoryWorld
from tests.sync.reverse_world import (
    DOCUMENTS,
    REFUNDS,
    all_of,
    apply,
    calls,
    forget_calls,
    in_netsuite,
    messages,
    ns_payment,
    ns_refund,
    ready,
    run,
    status_of,
    zuora_of,
)

OCTOBER = "2026-10-15"


def strict(world: MemoryWorld, *netsuite: Any, **settings: Any) -> MemoryWorld:
    ready(world, *netsuite, **settings)
    world.zuora.options.payment_effective_date = "today"
    world.zuora.options.refund_with_unapply = False
    return world


def today(world: MemoryWorld) -> str:
    return world.clock.now().date().isoformat()


@pytest.mark.rule("settings.key.payment_date_fallback", "payments.P4.mapping.trandate-to-effectivedate")
@pytest.mark.parametrize("memo", ["paid by wire", "", "m" * 300])
def test_a_payment_of_an_earlier_day_is_effective_today_and_says_its_date(fast: MemoryWorld, memo: str) -> None:
    strict(fast, ns_payment("PAY1", 60, {"INV1": 60}, memo=memo or None))
    summary = run(fast)
    made = zuora_of(fast, "Payment", "PAY1")
    assert made["EffectiveDate"] == today(fast)
    note = f"(NetSuite date {OCTOBER})"
    assert made["Comment"] == (f"{memo[: 255 - len(note) - 1]} {note}" if memo else note)
    text = f"NetSuite payment PAY1: Zuora takes no payment of {OCTOBER}; it is effective on the day of the sync, and its date stands"
    assert messages(summary)["NSPAY-DATE"] == f"{text} in the comment."
    assert (summary["outcome"], summary["tiedOut"], status_of(fast, "PAY1")) == ("completed", True, "Sync Complete")
    assert (made["Amount"], made["Currency"]) == (60, "USD")


def test_the_run_asks_once(fast: MemoryWorld) -> None:
    strict(fast, *(ns_payment(f"PAY{n}", 5, {"INV1": 5}) for n in range(8)))
    forget_calls(fast)
    run(fast)
    assert calls(fast)[0]["POST /v1/payments"] == 9
    assert {zuora_of(fast, "Payment", f"PAY{n}")["EffectiveDate"] for n in range(8)} == {today(fast)}


def test_a_tenant_that_takes_earlier_dates_gets_them(fast: MemoryWorld) -> None:
    ready(fast, *(ns_payment(f"PAY{n}", 5, {"INV1": 5}) for n in range(8)))
    forget_calls(fast)
    summary = run(fast)
    assert calls(fast)[0]["POST /v1/payments"] == 8
    assert {zuora_of(fast, "Payment", f"PAY{n}")["EffectiveDate"] for n in range(8)} == {OCTOBER}
    assert "NSPAY-DATE" not in messages(summary)


def test_a_payment_of_today_is_just_sent(fast: MemoryWorld) -> None:
    strict(fast)
    fast.load(netsuite=ns_payment("PAY1", 60, {"INV1": 60}, tranDate=today(fast)))
    summary = run(fast)
    made = zuora_of(fast, "Payment", "PAY1")
    assert (made["EffectiveDate"], made.get("Comment")) == (today(fast), None)
    assert "NSPAY-DATE" not in messages(summary)


def test_a_payment_that_is_dated_later_goes_on_its_day(fast: MemoryWorld) -> None:
    strict(fast)
    date = (fast.clock.now().date() + timedelta(days=1)).isoformat()
    fast.load(netsuite=ns_payment("PAY1", 60, {"INV1": 60}, tranDate=date))
    summary = run(fast)
    assert all_of(fast, "Payment", "PAY1") == [] and status_of(fast, "PAY1") == "Error Creating Payment"
    assert any("one that is dated later goes on its day" in line.get("advice", "") for line in summary["log"])
    fast.clock.advance(days=1)
    run(fast)
    assert zuora_of(fast, "Payment", "PAY1")["EffectiveDate"] == date


@pytest.mark.rule("settings.key.payment_date_fallback")
def test_without_the_fallback_it_is_refused_and_the_advice_ends_it(fast: MemoryWorld) -> None:
    strict(fast, ns_payment("PAY1", 60, {"INV1": 60}), payment_date_fallback="off")
    summary = run(fast)
    assert all_of(fast, "Payment", "PAY1") == []
    assert any("payment_date_fallback" in line.get("advice", "") for line in summary["log"])
    fast.settings(disable_netsuite_payment_sync="No")
    run(fast)
    assert zuora_of(fast, "Payment", "PAY1")["EffectiveDate"] == today(fast)


def test_later_changes_keep_the_date_and_are_matched(fast: MemoryWorld) -> None:
    strict(fast, ns_payment("PAY1", 90, {"INV1": 60}))
    run(fast)
    forget_calls(fast)
    fast.clock.advance(hours=3)
    run(fast)
    assert calls(fast)[0]["PUT /v1/payments/{key}"] == 0  # nothing changed
    apply(fast, "PAY1", INV2=20)
    in_netsuite(fast, "PAY1", {"memo": "by wire"})
    summary = run(fast)
    made = zuora_of(fast, "Payment", "PAY1")
    assert (made["Comment"], made["AppliedAmount"]) == (f"by wire (NetSuite date {OCTOBER})", 80)
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)


def test_a_refund_from_before_the_payment_s_new_date_follows_it(fast: MemoryWorld) -> None:
    """Zuora takes no refund that is dated before its payment; the payment was dated on the day of the sync by us."""
    strict(fast, ns_payment("PAY1", 60, id=DOCUMENTS["PAY1"]))
    run(fast)
    paid_on = zuora_of(fast, "Payment", "PAY1")["EffectiveDate"]
    for objects in ns_refund("R1", 60, tranDate="2026-10-21"):
        fast.load(netsuite=objects)
    summary = run(fast, REFUNDS)
    made = zuora_of(fast, "Refund", "R1", "customerRefund")
    assert (made["RefundDate"], made["Comment"]) == (paid_on, "(NetSuite date 2026-10-21)")
    assert (summary["outcome"], summary["tiedOut"]) == ("completed", True)
