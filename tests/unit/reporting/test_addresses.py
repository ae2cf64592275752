"""One form of mail addresses, wherever one is taken: settings, revenue configuration, parameters of the template."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sandbox.aws.translate import load_template
from tallybridge.addresses import is_mail_address, mail_address
from tallybridge.errors import ConfigurationError
from tallybridge.revenue.config import parse_config
from tallybridge.settings import parse_settings

ROOT = Path(__file__).parents[3]
GOOD = [
    "finance@example.com",
    "first.last+ledger@sub.example.co.uk",
    "o'brien@example.com",
    "a_b-c@ex-ample.com",
    "1@2.example",
    "x@xn--bcher-kva.example",
    "FINANCE@EXAMPLE.COM",
    f"{'a' * 64}@example.com",
]
BAD = [
    "",
    "nobody",
    "@",
    "@example.com",
    "a@",
    "a@localhost",
    "a@b",
    "a@@example.com",
    "a@b@example.com",
    "a b@example.com",
    "a@exa mple.com",
    " a@example.com",
    "a@example.com ",
    "a@example.com\n",
    "a@example.com\r\nBcc: b@example.com",
    "a\x00@example.com",
    "a@example.com,b@example.com",
    "a@example.com;b@example.com",
    "Ann <a@example.com>",
    "<a@example.com>",
    '"a b"@example.com',
    "a(comment)@example.com",
    "a\\@example.com",
    "a:b@example.com",
    "a[b@example.com",
    "a@[127.0.0.1]",
    "a@127.0.0.1",
    "a@example.1",
    "a@example.c",
    "a@example..com",
    "a@.example.com",
    "a@example.com.",
    "a@-example.com",
    "a@example-.com",
    "a@exam_ple.com",
    ".a@example.com",
    "a.@example.com",
    "a..b@example.com",
    "bücher@example.com",
    "a@bücher.example",
    "a@example.com\u200b",
    "a\u00a0b@example.com",
    "а@example.com",  # a Cyrillic letter
    f"{'a' * 65}@example.com",
    f"a@{'b' * 64}.com",
    "a@" + ".".join(["b" * 60] * 5) + ".com",
    "mailto:a@example.com",
]


@pytest.mark.parametrize("address", GOOD)
def test_usual_addresses_are_taken(address: str) -> None:
    assert mail_address(address) == address
    assert parse_settings(json.dumps({"notify_recipients": [address], "notify_sender": address})).notify_sender == address
    assert parse_config(json.dumps({"notifications": {"recipients": [address], "sender": address}})).notifications.sender == address


@pytest.mark.parametrize("address", BAD)
def test_others_are_refused_with_their_place_when_they_are_stored(address: str) -> None:
    assert not is_mail_address(address)
    with pytest.raises(ConfigurationError) as wrong:
        parse_settings(json.dumps({"notify_recipients": ["finance@example.com", address]}))
    assert wrong.value.place == "notify_recipients.1"
    if address:
        with pytest.raises(ConfigurationError) as wrong:
            parse_settings(json.dumps({"notify_sender": address}))
        assert wrong.value.place == "notify_sender"
    if address.strip() != address:
        return  # texts of the revenue configuration are trimmed
    with pytest.raises(ConfigurationError) as wrong:
        parse_config(json.dumps({"notifications": {"recipients": ["finance@example.com", address]}}))
    assert wrong.value.place == "notifications.recipients.1"
    if address:
        with pytest.raises(ConfigurationError) as wrong:
            parse_config(json.dumps({"notifications": {"sender": address}}))
        assert wrong.value.place == "notifications.sender"


@pytest.mark.parametrize("value", [1, None, True, ["finance@example.com"], {"a": "finance@example.com"}, "finance@example.com"])
def test_what_is_no_list_of_texts_is_refused_without_a_traceback(value: object) -> None:
    good: dict[str, list[object]] = {
        "finance@example.com": [value],
        "['finance@example.com']": [[value]],
    }
    for given in good.get(str(value), [value, [value]]):
        with pytest.raises(ConfigurationError) as wrong:
            parse_settings(json.dumps({"notify_recipients": given}))
        assert wrong.value.place.startswith("notify_recipients")
        with pytest.raises(ConfigurationError) as wrong:
            parse_config(json.dumps({"notifications": {"recipients": given}}))
        assert wrong.value.place.startswith("notifications.recipients")


def test_nobody_is_mailed_twice() -> None:
    given = parse_settings(json.dumps({"notify_recipients": ["Finance@example.com", "a@example.com", "finance@EXAMPLE.com"]}))
    assert given.notify_recipients == ["Finance@example.com", "a@example.com"]
    with pytest.raises(ConfigurationError, match="at most 50"):
        parse_settings(json.dumps({"notify_recipients": [f"p{n}@example.com" for n in range(51)]}))


@pytest.mark.parametrize("name", ["NotificationSender", "AlarmEmail"])
def test_the_parameters_of_the_template_take_the_same_addresses(name: str) -> None:
    parameter = load_template(ROOT / "template.yaml")["Parameters"][name]
    pattern = re.compile(parameter["AllowedPattern"])
    assert all(pattern.fullmatch(address) for address in GOOD)
    assert [address for address in BAD if pattern.fullmatch(address) and len(address) < 65 and address] == []
    assert bool(pattern.fullmatch("")) is (parameter.get("Default") == "")
