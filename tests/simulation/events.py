"""Everything that may happen in a tenant."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.simulation import outside, people
from tests.simulation.script import Event
from tests.simulation.tenant import Simulated

EVENTS: dict[str, Callable[[Simulated, Random], bool]] = {
    "bill": Simulated.bill,
    "pay": Simulated.pay,
    "credit": Simulated.credit,
    "refund": Simulated.refund,
    "run": lambda tenant, chance: bool(tenant.run()),
    "answers are lost": outside.answers_are_lost,
    "answers are slow": outside.answers_are_slow,
    "service is away": outside.service_is_away,
    "too many calls": outside.too_many_calls,
    "clocks differ": outside.clocks_differ,
    "period closes": outside.period_closes,
    "period opens": outside.period_opens,
    "worker dies": outside.worker_dies,
    "worker dies and is started again": outside.worker_dies_and_is_started_again,
    "functions meet": outside.functions_meet,
    "run is stopped": outside.run_is_stopped,
    "update is deployed": outside.update_is_deployed,
    "other job works": outside.other_job_works,
    "run is doubled": outside.run_is_doubled,
    "dry run": outside.dry_run,
    "settings": outside.settings,
    "time passes": outside.time_passes,
    "person changes the amount": people.changes_the_amount,
    "person deletes": people.deletes,
    "person resets": people.resets,
    "person cancels an invoice": people.cancels_an_invoice,
    "person voids a payment": people.voids_a_payment,
    "person renames a customer": people.renames_a_customer,
    "person enters a payment": people.enters_a_payment,
    "person works during a run": people.works_during_a_run,
}


def happen(tenant: Simulated, event: Event) -> bool:
    """Let an event happen; whether it has struck."""
    return EVENTS[event.kind](tenant, Random(event.luck))
