"""Payment method names in both directions (sequence-and-status.md 7.4)."""

from __future__ import annotations

import json

import pytest

from tallybridge.errors import ConfigurationError
from tallybridge.settings import parse_settings
from tallybridge.steps.settlement.netsuite_settlements import method_type

CASES = {
    "translated back": ({"Check": "Cheque"}, "Cheque", "Check"),
    "the same name": ({}, "Check", "Check"),
    "a name that is another type": ({"Other": "Check"}, "Check", "Check"),
    "a type that is translated": ({"AmazonPay": "Amazon"}, "AmazonPay", "AmazonPay"),
    "unknown": ({"Check": "Cheque"}, "Petty Cash", "Petty Cash"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_name_that_is_a_type_is_that_type(case: str) -> None:
    translation, name, expected = CASES[case]
    settings = parse_settings(json.dumps({"payment_method_translation": translation}))
    assert method_type(settings, name) == expected


def test_two_types_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match='"Check" and "Other" are both translated to "Cheque"') as refused:
        parse_settings('{"payment_method_translation": {"Check": "Cheque", "Other": "Cheque"}}')
    assert (refused.value.code, refused.value.place) == ("SETTINGS", "payment_method_translation")
