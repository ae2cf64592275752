"""Credentials go to the vendors' own hosts only, wherever an address comes from."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tallybridge.errors import ConfigurationError
from tallybridge.hosts import netsuite_address, revenue_address, zuora_address
from tallybridge.netsuite import NetSuiteConnection
from tallybridge.revenue.config import parse_config
from tallybridge.revenue.wiring import netsuite_connection as netsuite_for_revenue
from tallybridge.settings import parse_settings
from tallybridge.wiring import netsuite_connection, zuora_connection
from tallybridge.zuora import ZuoraConnection
from tallybridge.zuora_revenue import RevenueConnection

KEYS: dict[str, Any] = {"client_id": "c", "certificate_id": "d", "private_key": "k"}
SECRET: dict[str, dict[str, str]] = {
    "zuora": {"base_url": "https://rest.zuora.com", "client_id": "c", "client_secret": "s"},
    "netsuite": {"account_id": "1234567_SB1", **KEYS},
}
OWN = "1234567-sb1.suitetalk.api.netsuite.com"


def tricks(host: str) -> list[str]:
    """Addresses that look like the host's and are not, or that say more than a host."""
    first, _, rest = host.partition(".")
    return [
        f"http://{host}",
        f"ftp://{host}",
        f"//{host}",
        host,
        f"https://{host}@evil.example",
        f"https://{host}:x@evil.example",
        f"https://user@{host}",
        f"https://evil.example#@{host}",
        f"https://evil.example/{host}",
        f"https://evil.example\\@{host}",
        f"https://{host}\\.evil.example",
        f"https://{host}.evil.example",
        f"https://evil.example?.{host}",
        f"https://{host}:443",
        f"https://{host}:8443",
        f"https://{host}.",
        f"https://{host}./",
        f"https://{host.upper()}",
        f"HTTPS://{host}",
        f"https://{first}.evil{'' if rest.count('.') == 1 else '.'}{rest}",
        f"https://{first}-{rest.replace('.', '-')}.example",
        f"https://{first}.{rest.replace('.com', '.com.evil.example')}",
        f"https://{first}.{rest.replace('o', 'о')}",  # a Cyrillic letter
        f"https://{first}.{rest.replace('e', 'é')}" if "e" in rest else f"https://{first}.{rest.replace('u', 'ü')}",
        f"https://{first}。{rest}",
        f"https://{host}/v1",
        f"https://{host}//",
        f"https://{host}?a=b",
        f"https://{host}#a",
        f" https://{host}",
        f"https://{host} ",
        f"https://{host}\n",
        f"https://{host}\r\nHost: evil.example",
        f"https://{first}.\t{rest}",
        f"https://-{host}",
        f"https://.{host}",
        f"https://{first}..{rest}",
        f"https://{first}_.{rest}",
        f"https://{'a' * 64}.{rest}",
        "https://",
        "https://evil.example",
        "https://169.254.169.254",
        "http://169.254.169.254",
        "http://127.0.0.1.evil.example",
        "http://127.0.0.1@evil.example",
        "http://127.0.0.1:1@evil.example",
        "http://localhost.evil.example",
        "http://127.1",
        "http://0.0.0.0",
        "http://[::]",
        "javascript:alert(1)",
    ]


@pytest.mark.parametrize("address", [*tricks("rest.zuora.com"), "https://zuora.com", "https://evilzuora.com", f"https://{OWN}"])
def test_no_other_host_is_taken_for_zuora(address: str) -> None:
    with pytest.raises(ValueError, match="must be an address of Zuora"):
        zuora_address(address)
    with pytest.raises(ConfigurationError) as stored:
        parse_settings(json.dumps({"zuora.base_url": address}))
    assert (stored.value.code, stored.value.place) == ("SETTINGS", "zuora.base_url")
    with pytest.raises(ConfigurationError) as used:
        zuora_connection({**SECRET, "zuora": {**SECRET["zuora"], "base_url": address}}, parse_settings(""))
    assert (used.value.code, used.value.place) == ("ADDRESS", "zuora.base_url")


@pytest.mark.parametrize(
    "address",
    [
        *tricks(OWN),
        "https://suitetalk.api.netsuite.com",
        "https://1234567-sb1.api.netsuite.com",
        "https://1234567-sb1.netsuite.com",
        f"https://evil.{OWN}",
        f"https://evil{OWN}",
        "https://rest.zuora.com",
    ],
)
def test_no_other_host_is_taken_for_netsuite(address: str) -> None:
    with pytest.raises(ValueError, match="must be "):
        netsuite_address(address, "1234567_SB1")
    with pytest.raises(ConfigurationError) as used:
        netsuite_connection({**SECRET, "netsuite": {**SECRET["netsuite"], "base_url": address}}, parse_settings(""))
    assert (used.value.code, used.value.place) == ("ADDRESS", "netsuite.base_url")
    for document in ({"netsuite.base_url": address}, {"netsuite.base_url": address, "netsuite.account_id": "1234567_SB1"}):
        if document == {"netsuite.base_url": f"https://evil{OWN}"}:
            continue  # an account's address, as far as the settings alone can tell
        with pytest.raises(ConfigurationError) as stored:
            parse_settings(json.dumps(document))
        assert (stored.value.code, stored.value.place) == ("SETTINGS", "netsuite.base_url")


@pytest.mark.parametrize("account", ["7654321", "1234567", "1234567_SB2", "1234567_RP", "34567_SB1"])
def test_the_host_of_another_account_is_refused_where_the_account_is_known(account: str) -> None:
    with pytest.raises(ConfigurationError, match=account):
        parse_settings(json.dumps({"netsuite.base_url": f"https://{OWN}", "netsuite.account_id": account}))
    given = parse_settings(json.dumps({"netsuite.base_url": f"https://{OWN}"}))
    with pytest.raises(ConfigurationError, match=account) as used:
        netsuite_connection({**SECRET, "netsuite": {**SECRET["netsuite"], "account_id": account}}, given)
    assert used.value.code == "ADDRESS"


@pytest.mark.parametrize("account", ["1234567_SB1", "1234567-SB1", "1234567_sb1"])
@pytest.mark.parametrize("address", [f"https://{OWN}", f"https://{OWN}/", "https://1234567-sb1.restlets.api.netsuite.com"])
def test_an_accounts_own_hosts_are_taken(account: str, address: str) -> None:
    settings = parse_settings(json.dumps({"netsuite.base_url": address, "netsuite.account_id": account}))
    assert netsuite_connection(SECRET, settings).url == address.rstrip("/")


DATA_CENTRES = ("na", "sandbox.na", "apisandbox", "test", "pt1", "eu", "sandbox.eu", "test.eu", "ap", "test.ap")


@pytest.mark.parametrize("host", ["rest", *(f"rest.{name}" for name in DATA_CENTRES)])
def test_every_published_data_centre_is_taken(host: str) -> None:
    settings = parse_settings(json.dumps({"zuora.base_url": f"https://{host}.zuora.com/"}))
    assert zuora_connection(SECRET, settings).base_url == f"https://{host}.zuora.com"


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:7001", "http://127.0.0.1:7001/", "http://localhost:7001", "https://localhost", "http://[::1]:7001"]
)
def test_this_machine_is_taken_for_the_sandbox(address: str) -> None:
    assert zuora_address(address) == netsuite_address(address, "1234567") == revenue_address(address) == address.rstrip("/")


@pytest.mark.parametrize("account", ["", "evil.example/", "1234567.evil.example", "1234567_", "a@b", "1234567_SB1\n", "١٢٣"])
def test_an_account_id_cannot_name_a_host(account: str) -> None:
    with pytest.raises(ConfigurationError):
        NetSuiteConnection(account, **KEYS)
    if account:
        with pytest.raises(ConfigurationError) as stored:
            parse_settings(json.dumps({"netsuite.account_id": account}))
        assert stored.value.place == "netsuite.account_id"


@pytest.mark.parametrize("address", [*tricks("acme.revprooncloud.com"), "https://revprooncloud.com", "https://evilrevprooncloud.com"])
def test_no_other_host_is_taken_for_zuora_revenue(address: str) -> None:
    if address == address.strip():  # the document's texts are trimmed
        for key in ("host", "token_url"):
            with pytest.raises(ConfigurationError) as stored:
                parse_config(json.dumps({"connection": {"revenue": {key: address}}}))
            assert stored.value.place == f"connection.revenue.{key}"
    wrong: Any
    for wrong in ({"host": address}, {"host": "https://acme.revprooncloud.com", "token_url": address}):
        with pytest.raises(ConfigurationError) as used:
            RevenueConnection(user="u", password="p", **wrong)
        assert used.value.code == "ADDRESS" and used.value.place in ("revenue.host", "revenue.token_url")


@pytest.mark.parametrize("address", [a for a in tricks(OWN) if a == a.strip()])
def test_the_revenue_connector_takes_no_other_host_for_netsuite(address: str) -> None:
    given: dict[str, Any] = {"account_id": "1234567_SB1", "services_url": address}
    with pytest.raises(ConfigurationError) as stored:
        parse_config(json.dumps({"connection": {"netsuite": given}}))
    assert stored.value.place == "connection.netsuite.services_url"
    side = parse_config(json.dumps({"connection": {"netsuite": {"account_id": "1234567_SB1", "auth_method": "oauth2_m2m"}}}))
    with pytest.raises(ConfigurationError) as used:
        netsuite_for_revenue({"netsuite": {**KEYS, "base_url": address}}, side.connection.netsuite)
    assert "base_url" in used.value.place


def test_a_connection_is_checked_however_it_is_made() -> None:
    with pytest.raises(ConfigurationError, match="evil"):
        ZuoraConnection("https://evil.example", "c", "s")
    with pytest.raises(ConfigurationError, match="evil"):
        NetSuiteConnection("1234567", base_url="https://evil.example", **KEYS)
