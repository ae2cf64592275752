"""Where and how the two systems are reached: settings, and what the credentials secret says where they are silent."""

from __future__ import annotations

from typing import Any

import pytest

from tallybridge.settings import DEFAULTS, Settings
from tallybridge.wiring import netsuite_connection, zuora_connection

SECRET: dict[str, dict[str, str]] = {
    "zuora": {"base_url": "https://rest.zuora.com", "client_id": "c", "client_secret": "s"},
    "netsuite": {
        "account_id": "1234567",
        "client_id": "c",
        "certificate_id": "d",
        "private_key": "k",
        "consumer_key": "k",
        "consumer_secret": "s",
        "token_id": "t",
        "token_secret": "u",
    },
}


def settings(**keys: Any) -> Settings:
    return Settings.model_validate({name.replace("__", "."): value for name, value in keys.items()})


@pytest.mark.rule("settings.key.netsuite.account_id")
def test_the_account_of_the_settings_prevails_and_gives_the_host() -> None:
    assert netsuite_connection(SECRET, DEFAULTS).url == "https://1234567.suitetalk.api.netsuite.com"
    sandbox = netsuite_connection(SECRET, settings(netsuite__account_id="1234567_SB1"))
    assert (sandbox.url, sandbox.realm) == ("https://1234567-sb1.suitetalk.api.netsuite.com", "1234567_SB1")


@pytest.mark.rule("settings.key.netsuite.base_url")
def test_an_address_of_the_settings_replaces_the_derived_one() -> None:
    own = "https://1234567.restlets.api.netsuite.com"
    assert netsuite_connection(SECRET, settings(netsuite__base_url=own)).url == own


@pytest.mark.rule("settings.key.netsuite.auth_method")
def test_oauth_is_the_default_and_tba_can_be_chosen() -> None:
    assert netsuite_connection(SECRET, DEFAULTS).auth_method == "oauth2_m2m"
    assert netsuite_connection(SECRET, settings(netsuite__auth_method="tba")).auth_method == "tba"
    with pytest.raises(ValueError, match=r"netsuite\.auth_method"):
        settings(netsuite__auth_method="password")


@pytest.mark.rule("settings.key.zuora.base_url")
def test_the_rest_host_of_the_settings_prevails() -> None:
    assert zuora_connection(SECRET, DEFAULTS).base_url == "https://rest.zuora.com"
    assert zuora_connection(SECRET, settings(zuora__base_url="https://rest.eu.zuora.com")).base_url == "https://rest.eu.zuora.com"


@pytest.mark.rule("settings.key.zuora.entity_ids")
def test_entities_of_the_settings_are_taken_one_by_one() -> None:
    assert zuora_connection(SECRET, DEFAULTS).entity_ids == ()
    assert zuora_connection(SECRET, settings(zuora__entity_ids="e-1,e-2")).entity_ids == ("e-1", "e-2")
