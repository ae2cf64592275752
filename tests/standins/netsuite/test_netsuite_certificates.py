"""The certificate endpoint: a client lists, sets up and revokes its own certificates, and logs in with the new one meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey

from sandbox.netsuite.access import OWN_CERTIFICATES
from tests.standins.netsuite.account import START, Account, error_of


def key_and_certificate(days: int = 700, key: Any = None, begins: int = 0) -> tuple[str, str]:
    """PEM texts of a key pair's private key and of a certificate that it signed for itself."""
    private = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tallybridge")])
    first = START + timedelta(days=begins)
    made = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number(), first, first + timedelta(days=days))
        .sign(private, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    return pem, made


def address(ns: Account, more: str = "") -> str:
    return f"auth/oauth2/v1/clients/{ns.options.client_id}/certificates{more}"


def listed(ns: Account) -> dict[str, Any]:
    answer = ns.call("GET", address(ns))
    assert answer.status_code == 200, answer.text
    return {row["certificate_id"]: row for row in answer.json()}


def upload(ns: Account, pem: str, **changes: Any) -> requests.Response:
    return ns.call("POST", address(ns), {"fileContent": pem, "role": 3, "entity": 1, **changes})


def test_a_certificate_is_changed_without_a_gap(ns: Account) -> None:
    old = ns.options.certificate_id
    key, pem = key_and_certificate()
    before = listed(ns)
    assert list(before) == [old] and before[old]["revoked"] is False
    assert upload(ns, pem).status_code == 200
    (new,) = set(listed(ns)) - {old}
    row = listed(ns)[new]
    assert (row["valid_from"], row["valid_until"]) == ("2026-02-15", "2028-01-16") and row["algorithm"] == "ES256"
    assert (row["role"]["id"], row["entity"]["id"], row["application"]["name"]) == (3, 1, "Tallybridge")
    signed = ns.assertion(head={"kid": new}, key=ECKey.import_key(key))
    assert ns.ask_token(signed).status_code == 200 and ns.ask_token(ns.assertion()).status_code == 200
    assert ns.call("POST", address(ns, f"/{old}/revoke")).status_code == 200
    assert listed(ns)[old]["revoked"] is True
    assert ns.ask_token(ns.assertion()).json() == {"error": "invalid_client"}
    assert ns.ask_token(ns.assertion(head={"kid": new}, key=ECKey.import_key(key))).status_code == 200


def test_the_answer_to_a_new_certificate_has_no_body_unless_the_account_gives_one(ns: Account) -> None:
    assert upload(ns, key_and_certificate()[1]).content == b""
    ns.options.certificate_answer = True
    answer = upload(ns, key_and_certificate()[1]).json()
    assert answer["certificate_id"] in listed(ns)


def test_the_same_certificate_is_taken_once(ns: Account) -> None:
    pem = key_and_certificate()[1]
    assert [upload(ns, pem).status_code for _ in range(2)] == [200, 400]
    assert len(listed(ns)) == 2


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        (ec.generate_private_key(ec.SECP384R1()), True),
        (ec.generate_private_key(ec.SECP256K1()), False),
        (rsa.generate_private_key(public_exponent=65537, key_size=2048), False),
    ],
)
def test_only_the_documented_kinds_of_keys_are_taken(ns: Account, key: Any, taken: bool) -> None:
    assert upload(ns, key_and_certificate(key=key)[1]).status_code == (200 if taken else 400)


def test_a_certificate_of_more_than_two_years_is_cut_and_ends_then(ns: Account) -> None:
    key, pem = key_and_certificate(days=3000)
    upload(ns, pem)
    (new,) = set(listed(ns)) - {ns.options.certificate_id}
    assert listed(ns)[new]["valid_until"] == "2028-02-16"
    ns.clock.forward(days=732)
    assert ns.ask_token(ns.assertion(head={"kid": new}, key=ECKey.import_key(key))).json() == {"error": "invalid_client"}


@pytest.mark.parametrize("begins", [-800, 1])
def test_a_certificate_that_does_not_hold_today_is_refused(ns: Account, begins: int) -> None:
    assert upload(ns, key_and_certificate(begins=begins)[1]).status_code == 400


@pytest.mark.parametrize("changes", [{"role": 99}, {"entity": 99}, {"fileContent": "no certificate"}, {"role": "3"}, {"more": 1}])
def test_a_wrong_mapping_is_refused(ns: Account, changes: dict[str, Any]) -> None:
    assert upload(ns, key_and_certificate()[1], **changes).status_code == 400


def test_the_endpoint_is_refused_without_the_permission_and_where_the_account_does_not_have_it(ns: Account) -> None:
    ns.options.certificate_endpoint = False
    answer = ns.call("GET", address(ns))
    assert (answer.status_code, answer.json()["error"]) == (403, "access_denied") and OWN_CERTIFICATES in answer.text
    ns.options.certificate_endpoint = True
    assert ns.call("GET", address(ns).replace(ns.options.client_id, "other")).status_code == 403


def test_what_does_not_exist_and_what_is_revoked_cannot_be_revoked(ns: Account) -> None:
    assert ns.call("POST", address(ns, "/nothing/revoke")).status_code == 404
    old = ns.options.certificate_id
    assert [ns.call("POST", address(ns, f"/{old}/revoke")).status_code for _ in range(2)] == [200, 400]
    assert ns.call("GET", address(ns, f"/{old}/revoke")).status_code == 405
    assert ns.call("DELETE", address(ns)).status_code == 405


def test_a_call_without_a_token_is_refused(ns: Account) -> None:
    assert error_of(requests.get(f"{ns.url}/services/rest/{address(ns)}", timeout=10))[1] == "INVALID_LOGIN"
