"""What the probes of Zuora have seen makes a stand-in that behaves the same; which of its options no probe tells, and why."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sandbox.profile import applied
from sandbox.zuora import ZuoraOptions
from tallybridge_cli.verify.probe import System, judged
from tallybridge_cli.verify.probes import PROBES
from tallybridge_cli.verify.profile import profile
from tests.verify.tenants import OTHERS

WITH_OPTION = [probe for probe in PROBES if probe.system is System.ZUORA and probe.option]
MEASURED = {"data_query_lag_s", "new_field_delay_s"}
"""Times that are measured by asking again: what is told is never shorter than what is so."""
UNASKED = {
    "client_id": "credentials",
    "client_secret": "credentials",
    "admin_client_id": "credentials",
    "admin_client_secret": "credentials",
    "entity_id": "who it is",
    "clock": "the time itself",
    "token_life_s": "the answer to the login tells it, and the product goes by it",
    "token_calls_per_minute": "it would take thousands of calls",
    "token_calls_per_address": "it would take a hundred calls, and lock out whoever shares the address",
    "rate_limits": "the headers of every answer tell them, and the product goes by these",
    "concurrency_limits": "the headers of every answer tell them, and the product goes by these",
    "data_query_limits": "it would take half a million rows, or all jobs of the tenant",
    "data_query_queue_s": "how long something takes, not how it behaves",
    "data_query_run_s": "how long something takes, not how it behaves",
    "locator_life_s": "how long something takes, not how it behaves",
    "result_file_life_s": "how long something takes, not how it behaves",
    "reindex_s": "how long something takes, not how it behaves",
    "custom_field_limits": "an edition's; the set-up counts what there is before it makes a field",
    "finance": "a licence; the set-up tells when accounting codes are refused for want of it",
    "custom_fields": "the tenant's own fields; the doctor looks at those that are mapped",
    "currencies": "reference data, which the doctor looks at",
    "payment_terms": "reference data, which the doctor looks at",
    "aqua_partners": "the product has no part in it",
    "aqua_job_name_limit": "the product has no part in it",
    "reason_codes": "reference data, which the product does not write",
    "countries": "reference data; a fact of zuora.account-values tells whether it is looked at",
    "payment_gateways": "reference data, which the product does not write",
    "account_number_prefix": "reference data; a refused number is a problem of its record",
    "credit_balance_payments": "a fact of zuora.payments-mode-a tells it, and the product makes none",
}
BARE = {"bare", "user_rights"}
"""What a tenant is in which nobody has set anything up yet."""


@pytest.mark.parametrize("probe", WITH_OPTION, ids=lambda probe: probe.name)
def test_an_option_that_was_seen_is_that_of_the_stand_in(probe: Any) -> None:
    other = OTHERS[probe.name]
    told = json.loads(json.dumps(profile("1", [judged(probe, other.sees)], [probe])))
    behaving = getattr(applied(ZuoraOptions(), told["options"]["zuora"]), probe.option)
    meant = other.options[probe.option]
    assert behaving >= meant if probe.option in MEASURED else behaving == meant
    assert behaving != getattr(ZuoraOptions(), probe.option)


def test_every_option_of_the_stand_in_is_asked_for_or_excused() -> None:
    names = {each.name for each in fields(ZuoraOptions)}
    unasked = names - {probe.option for probe in WITH_OPTION} - BARE
    assert unasked == set(UNASKED), (unasked - set(UNASKED), set(UNASKED) - unasked)


def test_the_zone_is_one_that_can_be_told() -> None:
    assert applied(ZuoraOptions(), {"zone": "Europe/Berlin"}).zone == ZoneInfo("Europe/Berlin")
