"""One NetSuite account, two jobs: the billing sync and the revenue connector share the account's slots."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.sandbox.both_jobs import DATASET, both_jobs

LONG_PAGE = [{"path": DATASET, "delay_ms": 400_000}]
"""A page of a dataset takes minutes, up to a quarter of an hour."""
SLOW_CALLS = [{"path": "^/services/rest/(record|query)/", "delay_ms": 14_000}]
MINUTE = timedelta(minutes=1)
RECOVERY = 5 * MINUTE
"""The longest pause of the account, one minute for each of three slots, and a call that is waited for."""


def test_together_they_never_have_more_calls_in_flight_than_slots_also_when_one_is_stopped(tmp_path: Path) -> None:
    """Workers at work on long calls, and those of a stopped run, are not taken for dead."""
    with both_jobs(tmp_path, slots=5, latency_ms=4_000, instances=3) as both:
        both.sandbox.control("netsuite", "faults", LONG_PAGE)
        revenue, billing = both.started_and_stopped(after=180)
        both.check_revenue(revenue)
        assert both.ended(billing)["output"]["outcome"] == "completed with warnings"
        assert (both.account.refused, both.account.most) == ([], both.slots)
        assert both.item()["held"] == {}


def test_an_hour_in_which_others_leave_one_slot_fails_nothing_and_is_recovered_from_in_minutes(tmp_path: Path) -> None:
    """Though NetSuite takes 15 seconds for a call. Then a lowered and a raised setting count at once."""
    with both_jobs(tmp_path, slots=3, latency_ms=1_000, instances=3) as both:
        both.sandbox.control("netsuite", "faults", SLOW_CALLS)
        begun = both.clock.now() + 2 * MINUTE
        over = begun + 60 * MINUTE
        both.account.limit = lambda now: 1 if begun <= now < over else both.slots
        with both.clock.working():
            billing, revenue = both.start_billing(), both.start_revenue()
            both.clock.sleep((over - both.clock.now() - MINUTE).total_seconds())
            both.sandbox.control("netsuite", "faults", [*SLOW_CALLS, *LONG_PAGE])
            revenue += both.start_revenue()
        both.check_revenue(revenue)
        assert both.ended(billing)["output"]["outcome"] == "completed with warnings"
        assert not [each for each in both.sandbox.aws.invocations() if each.error]
        burst, after = both.account.between(begun, over), both.account.between(over, both.clock.now() + MINUTE)
        in_a_minute = [len(both.account.between(at, at + MINUTE).refused) for at in burst.refused if at >= begun + MINUTE]
        assert max(in_a_minute) <= 2
        assert len(burst.refused) <= 75
        assert len(burst.calls) - len(burst.refused) >= 200
        assert after.refused == []
        assert next(call.at for call in after.calls if call.in_flight == both.slots) <= over + RECOVERY

        both.sandbox.control("netsuite", "faults", [])
        for most in (1, both.slots):
            both.configure_revenue(most)
            assert both.seen_of_revenue().most == most


def test_with_batch_requests_they_share_the_slots_and_nothing_is_doubled(tmp_path: Path) -> None:
    """Jobs take no slot; their submits, looks and look-ups do. A run that is stopped leaves jobs behind, which the next one waits for."""
    slow, on = {"netsuite": {"processors": 2, "async_item_s": 3.0}}, {"netsuite_batch_requests": "always"}
    with both_jobs(tmp_path, slots=3, latency_ms=1_000, instances=2, profile=slow, settings=on) as both:
        revenue, billing = both.started_and_stopped(after=150)
        both.check_revenue(revenue)
        assert both.ended(billing)["output"]["outcome"] == "completed with warnings"
        assert (both.account.refused, both.account.most) == ([], both.slots)
        calls = both.sandbox.control("netsuite", "stats")["calls"]
        assert calls["GET /async/v1/job/{id}"] > 0
        dump = both.sandbox.dump("netsuite")
        for name in ("customer", "serviceSaleItem", "invoice", "customerPayment"):
            external = [row["externalId"] for row in dump[name] if row.get("externalId")]
            assert len(external) == len(set(external)) > 0, name
