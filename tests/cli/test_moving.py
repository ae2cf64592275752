"""Another NetSuite account is accepted only if it is proved to be a copy of the one that the installation is bound to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from tallybridge.desk import moving
from tallybridge.errors import ConfigurationError
from tallybridge.sync.ledger import Ledger, Owner
from tallybridge_cli.target import Target

BEFORE, AFTER, PRODUCTION = "1234567_SB1", "1234567_SB2", "1234567"
HERS = "mara@example.com"


class Account:
    """What NetSuite has, by internal id: the external id."""

    def __init__(self, records: Mapping[str, str]) -> None:
        self.records = records

    def suiteql_in(self, q: str, values: Iterable[str]) -> Iterator[dict[str, str]]:
        assert q == moving.THERE
        for each in values:
            if each in self.records:
                external = self.records[each]
                yield {"id": each, **({"externalid": external} if external else {})}


@pytest.fixture
def synced(target: Target) -> Target:
    """An installation that is bound to one account, has synced three invoices there, and is connected to another one."""
    target.runs.bind({"netsuite_account": BEFORE, "tenant_mode": "B"})
    connect(target, AFTER)
    ledger = Ledger(
        target.table("STATUS_TABLE"), target.clock, Owner("run-1", "invoices/1", "i"), int(target.clock.now().timestamp()) + 300
    )
    day = target.clock.now().date().isoformat()
    for n in (1, 2, 3):
        key = Ledger.key("zuora", "Invoice", f"id-{n}")
        claim = ledger.claim(key, "invoices", f"INV{n}", None, {"document_date": day})
        ledger.done(ledger.confirmed(ledger.sent(claim, "hash"), str(7000 + n)), destination_id=str(7000 + n))
    return target


def connect(target: Target, account: str) -> None:
    secret = {"zuora": {"base_url": "https://rest.test.zuora.com"}, "netsuite": {"account_id": account}}
    target.client("secretsmanager").put_secret_value(SecretId="credentials", SecretString=json.dumps(secret))


def accepted(target: Target, records: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, reason: str = "the sandbox was made anew") -> Any:
    account: Any = Account(records)
    monkeypatch.setattr(moving, "prove", lambda of, prove=moving.prove: prove(of, account))
    return moving.accept(target, HERS, reason)


def test_a_copy_is_accepted_and_what_was_made_since_is_named(synced: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    proof = accepted(synced, {"7001": "id-1", "7002": "INV-id-2"}, monkeypatch)
    assert (sorted(proof.same), proof.missing, proof.others) == (["INV1", "INV2"], ("INV3",), ())
    assert proof.text == "2 of the newest 3 documents are there under their ids; not there, made since the copy: INV3"
    assert synced.runs.bound() == {"netsuite_account": AFTER, "tenant_mode": "B"}
    entry = next(iter(synced.audit.newest()))
    assert (entry.who, entry.action, entry.before, entry.reason) == (HERS, "move", BEFORE, "the sandbox was made anew")
    assert not moving.move(synced).moved


@pytest.mark.parametrize(
    ("records", "account", "says"),
    [
        ({"7001": "id-1", "7002": "somebody-elses"}, AFTER, "other records have the ids of INV2"),
        ({"7001": "id-1", "7003": ""}, AFTER, "other records have the ids of INV3"),
        ({}, AFTER, "has none of the newest 3 documents"),
        ({"7001": "id-1", "7002": "id-2", "7003": "id-3"}, PRODUCTION, "is a production account"),
    ],
)
def test_any_other_account_is_refused_and_nothing_is_changed(
    synced: Target, monkeypatch: pytest.MonkeyPatch, records: dict[str, str], account: str, says: str
) -> None:
    connect(synced, account)
    with pytest.raises(ConfigurationError) as refused:
        accepted(synced, records, monkeypatch)
    assert (refused.value.code, says in refused.value.message) == ("CONNECTION-OTHER", True), refused.value.message
    assert (synced.runs.bound()["netsuite_account"], list(synced.audit.newest())) == (BEFORE, [])


def test_without_a_reason_or_another_account_there_is_nothing_to_accept(synced: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError) as refused:
        accepted(synced, {"7001": "id-1"}, monkeypatch, reason=" ")
    assert refused.value.code == "INSTRUCTION"
    connect(synced, BEFORE)
    with pytest.raises(ConfigurationError) as refused:
        accepted(synced, {"7001": "id-1"}, monkeypatch)
    assert refused.value.code == "CONNECTION-SAME"


def test_an_installation_that_has_synced_nothing_may_go_anywhere_of_its_kind(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    target.runs.bind({"netsuite_account": BEFORE, "tenant_mode": "B"})
    connect(target, AFTER)
    assert accepted(target, {}, monkeypatch).looked_at == 0
    assert target.runs.bound()["netsuite_account"] == AFTER


def test_of_two_people_at_once_one_moves_it(synced: Target) -> None:
    assert synced.runs.bind_anew(BEFORE, AFTER)
    assert not synced.runs.bind_anew(BEFORE, "1234567_SB3")
