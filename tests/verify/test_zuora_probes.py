"""Every probe of Zuora against the stand-in: as assumed with its defaults, different in a tenant that answers otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import getclosurevars
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.profile import applied
from sandbox.zuora import ZuoraOptions
from tallybridge_cli.verify.probe import System, Verdict
from tallybridge_cli.verify.probes import PROBES
from tallybridge_cli.verify.profile import profile
from tallybridge_cli.verify.zuora.books import CLEANER, account
from tests.standins.zuora.tenant import basics, memos, rid
from tests.verify.bends import answered
from tests.verify.tenant import BY_NAME, Tenant
from tests.verify.tenants import DENIED, DISCOUNT, LAXER, LOST, METHODS, MODE_A, MORE, OTHERS, REFUND, Other, option

NAMES = [probe.name for probe in PROBES if probe.system is System.ZUORA]


@pytest.fixture(scope="module")
def server() -> Iterator[Tenant]:
    tenant = Tenant()
    yield tenant
    tenant.close()


def open_tenant(server: Tenant, other: Other) -> Tenant:
    """The stand-in with one customer's documents."""
    options = {"settlement": True, **other.options}
    tenant = server.opened(other.bend, **options)
    if other.empty:
        return tenant
    objects: dict[str, list[dict[str, Any]]] = basics()
    for more in (DISCOUNT, {**memos(), **REFUND} if options["settlement"] else {}, other.holds):
        for kind, rows in more.items():
            objects[kind] = [*objects.get(kind, []), *rows]
    return tenant.loaded(**objects)


@pytest.mark.parametrize("name", NAMES)
def test_the_stand_in_behaves_as_assumed(name: str, server: Tenant, tmp_path: Path) -> None:
    """Or it is known to be laxer than Zuora, and the probe sees that."""
    tenant = open_tenant(server, option(None, settlement=name not in MODE_A))
    before = tenant.held()
    (found,) = tenant.found(tmp_path, name)
    expected = Verdict.DIFFERENT if name in LAXER else Verdict.AS_ASSUMED
    assert found.verdict is expected, (found.saw, found.evidence)
    assert found.seen == LAXER.get(name, found.probe.assumed)
    assert not found.left
    assert tenant.held() == before


@pytest.mark.parametrize(("name", "other"), [*sorted(OTHERS.items(), key=itemgetter(0)), *MORE])
def test_a_tenant_that_answers_otherwise_is_seen(name: str, other: Other, server: Tenant, tmp_path: Path) -> None:
    (found,) = open_tenant(server, other).found(tmp_path, name)
    assert found.verdict is Verdict.DIFFERENT, (found.saw, found.evidence)
    assert found.seen == other.sees
    assert found.saw
    assert found.means
    if name := found.probe.option:
        behaving = applied(ZuoraOptions(), profile("1", [found], [found.probe])["options"]["zuora"])
        assert getattr(behaving, name) == getattr(server.options, name) != getattr(ZuoraOptions(), name)


def test_every_probe_and_every_fact_can_be_different() -> None:
    assert sorted({*OTHERS, *LAXER}) == sorted(NAMES)
    seen: dict[str, set[str]] = {name: set(names) for name, names in LAXER.items()}
    for name, other in (*OTHERS.items(), *MORE):
        seen.setdefault(name, set()).update(other.sees if isinstance(other.sees, list) else ())
    facts = {probe.name: getclosurevars(probe.look).nonlocals.get("facts", ()) for probe in PROBES if probe.system is System.ZUORA}
    unseen = {f"{name} {fact.name}" for name, own in facts.items() for fact in own if fact.name not in seen[name]}
    assert unseen == {"zuora.history refunds"}, "no stand-in can hold a refund of that status"


def test_a_tenant_with_every_option_turned_round_is_told_by_its_profile(server: Tenant, tmp_path: Path) -> None:
    """But for those whose other side hides the others: Invoice Settlement, Orders, the connector's fields and the way to make fields."""
    hiding = {"settlement", "orders", "connector_fields", "migrates_standard_objects"}
    turned = {name: value for other in OTHERS.values() for name, value in other.options.items() if name not in hiding}
    tenant = open_tenant(server, Other(None, turned, holds=METHODS))
    ours = [probe for probe in PROBES if probe.system is System.ZUORA and probe.option]
    told = profile("1", tenant.found(tmp_path, *[probe.name for probe in ours]), ours)
    behaving = applied(ZuoraOptions(), told["options"]["zuora"])
    assert {probe.option for probe in ours} == set(told["options"]["zuora"])
    assert turned == {name: getattr(behaving, name) for name in turned}
    assert set(turned) | hiding == {probe.option for probe in ours}


def test_probes_that_only_read_write_nothing(server: Tenant, tmp_path: Path) -> None:
    tenant = open_tenant(server, option(None))
    before = tenant.stand_in.dump()
    tenant.found(tmp_path, *[probe.name for probe in PROBES if probe.system is System.ZUORA and not probe.writes])
    assert tenant.stand_in.dump() == before
    assert tenant.world(tmp_path / "other").journal.made == {}


def test_the_secret_is_in_no_evidence(server: Tenant, tmp_path: Path) -> None:
    tenant = open_tenant(server, option(None))
    (found,) = tenant.found(tmp_path, "zuora.tokens")
    assert tenant.options.client_secret not in str(found)


def test_the_other_mode_is_no_answer(server: Tenant, tmp_path: Path) -> None:
    (found,) = open_tenant(server, option(None)).found(tmp_path, "zuora.draft-payments")
    assert (found.verdict, "other mode" in found.saw) == (Verdict.NOT_TESTABLE, True)


def test_a_user_who_may_not_delete_makes_nothing(server: Tenant, tmp_path: Path) -> None:
    tenant = open_tenant(server, Other(None, bend=answered("DELETE", "/v1/accounts/", DENIED, "403 Forbidden")))
    before = tenant.held()
    (found,) = tenant.found(tmp_path, "zuora.write-paths")
    assert (found.verdict, "Delete Accounts" in found.saw) == (Verdict.NOT_TESTABLE, True)
    assert tenant.held() == before


def test_what_a_lost_answer_has_made_is_taken_away(server: Tenant, tmp_path: Path) -> None:
    tenant = open_tenant(server, option(None))
    before = tenant.held()
    requests.post(f"{tenant.server.url}/_sandbox/faults", json=[LOST], timeout=10)
    (found,) = tenant.found(tmp_path, "zuora.write-paths")
    assert (found.verdict, "was lost" in found.saw) == (Verdict.NOT_TESTABLE, True)
    assert tenant.held() == before


def test_what_no_journal_names_is_found_by_its_name(server: Tenant, tmp_path: Path) -> None:
    tenant = open_tenant(server, option(None))
    before = tenant.held()
    forgotten = tenant.world(tmp_path / "forgotten")
    account(forgotten)
    BY_NAME["zuora.unassigned-payment"].look(forgotten)
    BY_NAME["zuora.object-migrations"].look(forgotten)
    assert tenant.held() != before
    world = tenant.world(tmp_path / "later", "2")
    for kind, key, id in CLEANER.lost(world):
        world.journal.is_there(world.journal.intend("zuora", kind, key), id)
    assert world.clean(shared=True) == []
    assert tenant.held() == before
    assert not [*CLEANER.lost(tenant.world(tmp_path / "last", "3"))]


@pytest.mark.parametrize("name", ["zuora.write-paths", "zuora.history"])
def test_facts_of_the_other_mode_are_left_out(name: str, server: Tenant, tmp_path: Path) -> None:
    refund = {"Id": rid("9", 9), "AccountId": rid("a"), "Amount": 5.0, "Type": "External", "RefundDate": "2026-01-31"}
    tenant = open_tenant(server, Other(None, {"settlement": False}, holds={"Refund": [refund]}))
    (found,) = tenant.found(tmp_path, name)
    assert found.verdict is Verdict.AS_ASSUMED, (found.saw, found.evidence)
