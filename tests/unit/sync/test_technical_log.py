"""The technical log: no names, no mail addresses, wherever a text comes from; keys, codes, ids and counts stay."""

from __future__ import annotations

import io
import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from tallybridge.errors import ConfigurationError
from tallybridge.settings import parse_settings
from tallybridge.technical import masked, masked_errors, masked_text, technical_logger

CONTEXT = SimpleNamespace(
    function_name="notify",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:notify",
    aws_request_id="3f5c1c62-0f1b-4d6e-9a54-0c5d1f2a7b10",
)
TELLING = ["Miller", "Ann", "ann@example.com", "Acme"]


@pytest.mark.parametrize(
    "text",
    [
        "could not mail ann@example.com",
        "could not mail <ann@example.com>, Ann Miller's".replace(", Ann Miller's", ""),
        "ann@example.com,ann.miller+x@sub.example.co.uk;Ann@EXAMPLE.com",
        '"ann@example.com" must be a mail address',
        'NetSuite Warning: Warning received from NetSuite for record "Acme Ltd": (Code: X Type: ERROR Message: y)',
        'customer "Ann Miller" is on hold',
        "{'companyName': 'Acme Ltd', 'lastName': 'Miller'}",
        '{"companyName": "Acme Ltd", "note": "she said \\"Ann\\" twice"}',
        "KeyError: 'Miller'",
        "Customer Acme Ltd: no bill-to contact.",
        "Customer 12 Ann Miller: the name is too long.",
        "input_value='Ann Miller', input_type=str",
    ],
)
def test_names_and_addresses_are_masked_in_texts(text: str) -> None:
    found = masked_text(text)
    assert not any(word.lower() in found.lower() for word in TELLING) and "*****" in found


@pytest.mark.parametrize(
    "text",
    [
        "done",
        "Batch 000001 ended unexpectedly",
        'The settings are not usable: "netsuite_max_concurrency" is not a setting',
        '"zuora.base_url" is missing',
        "NetSuite's answer to a query has no items.",
        "The customer record could not be read: status 503",
        "arn:aws:lambda:eu-west-1:123456789012:function:notify",
        "HTTPSConnectionPool(host=1234567.suitetalk.api.netsuite.com, port=443): Read timed out.",
    ],
)
def test_what_helps_to_find_a_fault_stays(text: str) -> None:
    assert masked_text(text) == text


def test_values_are_masked_wherever_they_stand() -> None:
    given = {"Name": "Acme", "sold_to": {"Work Email": "ann@example.com", "count": 3}, "texts": ["Ann: ann@example.com"], "recipients": 2}
    found = masked({"answer": given})
    assert found["answer"]["recipients"] == 2 and found["answer"]["sold_to"]["count"] == 3
    assert not any(word in json.dumps(found) for word in ("Acme", "ann@example.com"))


@pytest.fixture
def written() -> Any:
    """What the functions' logger writes."""
    logger = technical_logger()
    stream = io.StringIO()
    handler = logger.registered_handler
    before = handler.setStream(stream)  # type: ignore[attr-defined]
    level = logger.log_level
    logger.setLevel(logging.INFO)
    yield stream
    logger.setLevel(level)
    handler.setStream(before)  # type: ignore[attr-defined]


def test_the_functions_logger_masks_messages_values_and_exceptions(written: io.StringIO) -> None:
    logger = technical_logger()
    logger.info('sent to "Ann Miller"', answer={"recipient": "ann@example.com", "count": 1})
    logger.info({"text": "ann@example.com"})
    try:
        raise ValueError("Customer Acme Ltd: ann@example.com")
    except ValueError:
        logger.exception("failed for ann@example.com")
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert len(lines) == 3 and lines[0]["answer"]["count"] == 1 and lines[2]["exception_name"] == "ValueError"
    assert not [(word, line) for line in written.getvalue().splitlines() for word in TELLING if word in line]


def test_what_a_function_raises_keeps_its_class_and_loses_names() -> None:
    @masked_errors
    def handler(event: Any, context: Any) -> Any:
        raise ConfigurationError('"Ann Miller" <ann@example.com> is no address', code="SETTINGS")

    with pytest.raises(Exception, match="is no address") as raised:
        handler({}, CONTEXT)
    assert type(raised.value).__name__ == "ConfigurationError"
    assert not any(word in str(raised.value) for word in TELLING)
    assert raised.value.__cause__ is None and raised.value.__suppress_context__


def test_an_error_without_names_goes_through_as_it_is() -> None:
    @masked_errors
    def handler(event: Any, context: Any) -> Any:
        return parse_settings('{"no_such_key": 1}')

    with pytest.raises(ConfigurationError) as raised:
        handler({}, CONTEXT)
    assert (raised.value.code, raised.value.place) == ("SETTINGS", "no_such_key")
