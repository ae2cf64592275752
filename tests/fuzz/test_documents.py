"""Documents that people write: settings, revenue configuration, secret, execution input, the settings of another connector."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tallybridge.errors import ConfigurationError
from tallybridge.revenue.config import RevenueConfig, parse_config
from tallybridge.revenue.wiring import revenue_connection
from tallybridge.settings import DEFAULTS, Settings, parse_settings
from tallybridge.tasks.open_run import own_input, parse_input
from tallybridge.wiring import netsuite_connection, parse_credentials, parse_secret, zuora_connection
from tallybridge_cli.settings_import import LABELS, imported
from tests.fuzz.inputs import ANYTHING, fields_of, inputs

CREDENTIAL_KEYS = st.sampled_from(["account_id", "base_url", "client_id", "client_secret", "user", "password", "auth_method", "expires_on"])
SECRETS = st.dictionaries(st.sampled_from(["zuora", "netsuite", "revenue", "x"]), ANYTHING | st.dictionaries(CREDENTIAL_KEYS, ANYTHING))
INPUTS = st.dictionaries(st.sampled_from(["trigger", "dryRun", "steps", "acceptMode", "only", "plan", "reverse", "by", "x"]), ANYTHING)
EVENTS = st.dictionaries(st.sampled_from(["source", "detail-type", "detail", "id", "time", "account", "version", "trigger"]), ANYTHING)
REVENUE_SIDE = parse_config('{"connection": {"revenue": {"host": "https://a.revprooncloud.com"}}}').connection.revenue
TEXTS = st.text(max_size=60) | st.binary(max_size=40).map(lambda raw: raw.decode("latin-1"))
SETTING_LINES = st.builds(
    lambda label, sign, value: f"{label}{sign}{value}",
    st.sampled_from([label for text in LABELS.values() for label in text.split("|")]) | st.text(max_size=12),
    st.sampled_from([": ", "\t", " = ", ",", ""]),
    st.text(max_size=16) | st.sampled_from(["Yes", "No", "02/03/2026", "2026-01-31", "31.12.2026", "Zuora", "USD", "Use Zuora Charge ID"]),
)


def refusal_of(call: Callable[[], object]) -> ConfigurationError | None:
    """The refusal, None when it was taken; any other error is a traceback for a person."""
    try:
        call()
    except ConfigurationError as refused:
        return refused
    return None


@given(fields_of(Settings) | ANYTHING)
@inputs(200)
def test_settings_of_any_shape_are_taken_or_refused_with_a_place(content: Any) -> None:
    refused = refusal_of(lambda: parse_settings(parse_settings(json.dumps(content)).model_dump_json(by_alias=True)))
    assert refused is None or (refused.code == "SETTINGS" and refused.place and refused.advice)


@given(fields_of(RevenueConfig) | ANYTHING)
@inputs(200)
def test_revenue_configurations_of_any_shape_are_taken_or_refused_with_a_place(content: Any) -> None:
    refused = refusal_of(lambda: parse_config(json.dumps(content)).version)
    assert refused is None or (refused.code == "REVENUE-SETTINGS" and refused.place and refused.advice)


@given(TEXTS)
@inputs(200)
def test_texts_of_any_kind_are_taken_or_refused(text: str) -> None:
    for parse in (parse_settings, parse_config, parse_credentials, parse_secret):
        refused = refusal_of(lambda parse=parse: parse(text))  # type: ignore[misc]
        assert refused is None or refused.place


@given(SECRETS | ANYTHING)
@inputs(150)
def test_secrets_of_any_shape_are_taken_or_refused(content: Any) -> None:
    text = json.dumps(content)
    uses: list[Callable[[], object]] = [
        lambda: zuora_connection(parse_credentials(text), DEFAULTS),
        lambda: netsuite_connection(parse_credentials(text), DEFAULTS),
        lambda: revenue_connection(parse_secret(text), REVENUE_SIDE),
    ]
    for use in uses:
        refused = refusal_of(use)
        assert refused is None or refused.place


@given(INPUTS | EVENTS | ANYTHING)
@inputs(100)
def test_execution_inputs_of_any_shape_are_taken_or_refused(content: Any) -> None:
    refused = refusal_of(lambda: parse_input(own_input(content)))
    assert refused is None or (refused.code == "INPUT" and refused.advice)


@given(st.lists(SETTING_LINES, max_size=5).map("\n".join) | TEXTS | ANYTHING.map(json.dumps))
@inputs(100)
def test_settings_of_another_connector_are_taken_or_refused(text: str) -> None:
    refused = refusal_of(lambda: imported(text))
    assert refused is None or (refused.code == "IMPORT" and refused.advice)
