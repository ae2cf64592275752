"""The NetSuite client and the NetSuite stand-in agree on the published API: both were written from its description, not from each other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.control import Control
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn, new_key_pair
from sandbox.server import LoopbackServer
from tallybridge.errors import AlreadyExists, LoginRefused, NotFound, OutcomeUnknown, Refused, Throttled
from tallybridge.http import Http
from tallybridge.netsuite import LocalSlots, NetSuite, NetSuiteConnection
from tests.meeting import meeting

PRIVATE_KEY, PUBLIC_KEY = new_key_pair()
CUSTOMER = {"companyName": "Acme", "isPerson": False, "subsidiary": {"id": "1"}}


class Account:
    """A NetSuite stand-in behind its control, and clients of it that pause without waiting."""

    def __init__(self) -> None:
        self.options = NetSuiteOptions(certificate_public_key=PUBLIC_KEY)
        self.control = Control(NetSuiteStandIn(self.options))
        self.server = LoopbackServer(self.control).start()
        self.http = Http()

    def client(self, auth: str = "tba", slots: int = 5, **wrong: Any) -> NetSuite:
        o = self.options
        keys: dict[str, Any] = {
            "client_id": o.client_id,
            "certificate_id": o.certificate_id,
            "private_key": PRIVATE_KEY,
            "consumer_key": o.consumer_key,
            "consumer_secret": o.consumer_secret,
            "token_id": o.token_id,
            "token_secret": o.token_secret,
            "auth_method": auth,
        }
        return NetSuite(NetSuiteConnection(o.account, base_url=self.server.url, **{**keys, **wrong}), self.http, LocalSlots(slots))

    def stats(self) -> dict[str, Any]:
        return self.control.stats()

    def close(self) -> None:
        self.http.session.close()
        self.server.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Account]:
    account = Account()
    yield account
    account.close()


@pytest.fixture
def account(shared: Account) -> Account:
    shared.control.reset()
    shared.http.sleep = lambda seconds: None
    return shared


@pytest.fixture
def netsuite(account: Account) -> NetSuite:
    return account.client()


def item(netsuite: NetSuite) -> str:
    body = {"itemId": "Seat", "incomeAccount": {"id": "8"}, "subsidiary": {"items": [{"id": "1"}]}, "taxSchedule": {"id": "1"}}
    return netsuite.upsert("nonInventorySaleItem", "ZITM-1", body)


def invoice_body(netsuite: NetSuite) -> dict[str, Any]:
    customer = netsuite.upsert("customer", "ZACC-1", CUSTOMER)
    line = {"item": {"id": item(netsuite)}, "quantity": 2, "rate": 10.25, "amount": 20.50}
    return {"entity": {"id": customer}, "tranDate": "2026-01-31", "item": {"items": [line]}}


@pytest.mark.parametrize("auth", ["tba", "oauth2_m2m"])
def test_both_ways_to_log_in(account: Account, auth: str) -> None:
    netsuite = account.client(auth)
    assert netsuite.create("customer", CUSTOMER).isdecimal()
    assert list(netsuite.suiteql("SELECT companyname FROM customer WHERE companyname = ?", ["Acme"])) == [{"companyname": "Acme"}]
    tokens = account.stats()["calls"].get("POST /auth/oauth2/v1/token", 0)
    assert tokens == (1 if auth == "oauth2_m2m" else 0)


@pytest.mark.parametrize(
    ("auth", "wrong"),
    [("tba", {"token_secret": "no"}), ("oauth2_m2m", {"certificate_id": "no"}), ("oauth2_m2m", {"private_key": new_key_pair()[0]})],
)
def test_wrong_credentials_are_refused(account: Account, auth: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(LoginRefused):
        account.client(auth, **wrong).server_time()


def test_an_upsert_creates_once_and_then_changes(account: Account, netsuite: NetSuite) -> None:
    first = netsuite.upsert("customer", "ZACC-1", CUSTOMER)
    second = netsuite.upsert("customer", "ZACC-1", {"companyName": "Acme Ltd", "email": "ap@acme.example"})
    assert first == second
    read = netsuite.read("customer", "eid:ZACC-1", fields=["companyName", "email"])
    assert (read["companyName"], read["email"]) == ("Acme Ltd", "ap@acme.example")


def test_an_update_by_either_id(netsuite: NetSuite) -> None:
    identifier = netsuite.create("customer", {**CUSTOMER, "externalId": "ZACC-1"})
    assert netsuite.update("customer", identifier, {"email": "a@acme.example"}) == identifier
    assert netsuite.update("customer", "eid:ZACC-1", {"phone": "555 0100"}) == identifier


def test_a_second_create_with_the_same_external_id_says_so(netsuite: NetSuite) -> None:
    body = {**invoice_body(netsuite), "externalId": "ZINV-1"}
    netsuite.create("invoice", body)
    with pytest.raises(AlreadyExists):
        netsuite.create("invoice", body)
    with pytest.raises(AlreadyExists):
        netsuite.create("customer", {**CUSTOMER, "externalId": "ZACC-1", "companyName": "Other"})


def test_failures_are_named(netsuite: NetSuite) -> None:
    body = invoice_body(netsuite)
    with pytest.raises(NotFound):
        netsuite.read("customer", "999999")
    with pytest.raises(Refused) as missing:
        netsuite.create("invoice", {k: v for k, v in body.items() if k != "entity"})
    assert missing.value.advice.startswith("NetSuite needs a value for")
    with pytest.raises(Refused) as reference:
        netsuite.create("invoice", {**body, "class": {"id": "9999"}})
    assert '"9999" for this record' in reference.value.advice
    with pytest.raises(Refused) as unknown:
        netsuite.create("invoice", {**body, "custbody_not_there": "x"})
    assert '"custbody_not_there" is missing' in unknown.value.advice
    with pytest.raises(Refused) as early:
        netsuite.create("invoice", {**body, "tranDate": "1999-12-31"}, record="INV00000001")
    assert early.value.message.startswith('NetSuite Warning: Warning received from NetSuite for record "INV00000001": (Code: USER_ERROR')
    assert early.value.advice.startswith("There is no accounting period for 1999-12-31.")


def test_a_lost_answer_leaves_a_create_open_and_the_look_up_finds_it(account: Account, netsuite: NetSuite) -> None:
    body = {**invoice_body(netsuite), "externalId": "ZINV-1"}
    account.control.set_faults([{"method": "POST", "path": "/invoice$", "drop": "after"}])
    with pytest.raises(OutcomeUnknown):
        netsuite.create("invoice", body)
    found = list(netsuite.suiteql_in("SELECT id, externalid, foreigntotal FROM transaction WHERE externalid IN {in}", ["ZINV-1", "ZINV-2"]))
    assert [(row["externalid"], float(row["foreigntotal"])) for row in found] == [("ZINV-1", 20.5)]


@pytest.mark.parametrize("effect", [{"drop": "after"}, {"drop": "before"}, {"status": 500}, {"status": 429}])
def test_an_upsert_that_replaces_its_lines_survives_faults_without_doubling_them(
    account: Account, netsuite: NetSuite, effect: dict[str, Any]
) -> None:
    body = invoice_body(netsuite)
    account.control.set_faults([{"method": "PUT", "path": "/invoice", "times": 2, **effect}])
    identifier = netsuite.upsert("invoice", "ZINV-1", body, replace=["item"])
    read = netsuite.read("invoice", identifier, expand=True)
    assert (read["total"], len(read["item"]["items"])) == (pytest.approx(20.5, abs=0), 1)


def test_suiteql_pages_and_splits_long_lists(account: Account, netsuite: NetSuite) -> None:
    account.control.stand_in.load(
        {"customer": [{"externalId": f"Z-{n}", "companyName": f"C {n}", "subsidiary": {"id": 1}} for n in range(1500)]}
    )
    assert len({row["id"] for row in netsuite.suiteql("SELECT id FROM customer ORDER BY id")}) == 1500
    wanted = [f"Z-{n}" for n in range(1500)] + ["Z-none"]
    rows = list(netsuite.suiteql_in("SELECT externalid FROM customer WHERE isinactive = ? AND externalid IN ({in})", wanted, ["F"]))
    assert {row["externalid"] for row in rows} == set(wanted) - {"Z-none"}
    assert account.stats()["calls"]["POST /query/v1/suiteql"] == 4


def test_a_wrong_query_is_refused(netsuite: NetSuite) -> None:
    with pytest.raises(Refused) as caught:
        list(netsuite.suiteql("SELECT nonsense FROM customer"))
    assert (caught.value.code, caught.value.path) == ("NS-INVALID_PARAMETER", "q")


def test_a_value_with_a_quote_is_only_a_value(netsuite: NetSuite) -> None:
    netsuite.create("customer", {**CUSTOMER, "companyName": "O'Neil; DROP"})
    assert len(list(netsuite.suiteql("SELECT id FROM customer WHERE companyname = ?", ["O'Neil; DROP"]))) == 1


def test_slots_keep_the_account_within_its_limit(account: Account) -> None:
    account.control.latency_ms = 5
    with meeting(account.control), ThreadPoolExecutor(12) as workers:
        netsuite = account.client(slots=account.options.slots)
        list(workers.map(lambda n: netsuite.upsert("customer", f"ZACC-{n}", {**CUSTOMER, "companyName": f"C {n}"}), range(60)))
    assert (account.stats()["rejected"], account.stats()["in_flight_max"]) == (0, account.options.slots)


def test_too_many_at_once_are_tried_again_with_fewer(account: Account) -> None:
    account.control.latency_ms = 200
    with meeting(account.control) as clock, ThreadPoolExecutor(12) as workers:
        account.http.sleep, account.http.luck = clock.sleep, (lambda: 1.0)
        netsuite = account.client(slots=12)
        made = list(workers.map(lambda n: netsuite.upsert("customer", f"ZACC-{n}", {**CUSTOMER, "companyName": f"C {n}"}), range(12)))
    assert len(set(made)) == 12
    assert account.stats()["rejected"] >= 12 - account.options.slots


def test_an_account_that_stays_full_says_so(account: Account, netsuite: NetSuite) -> None:
    account.control.set_faults(
        [{"status": 429, "body": {"status": 429, "o:errorDetails": [{"o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED", "detail": "x"}]}}]
    )
    with pytest.raises(Throttled, match="CONCURRENCY_LIMIT_EXCEEDED"):
        netsuite.create("customer", CUSTOMER)


def test_metadata_shows_standard_and_custom_fields_and_sublists(netsuite: NetSuite) -> None:
    schema = netsuite.metadata("invoice")
    assert schema.fields["tranDate"].type == "date"
    assert not schema.fields["tranDate"].custom
    assert all(info.custom for name, info in schema.fields.items() if name.startswith("custbody_"))
    assert {"amount", "quantity"} <= set(schema.sublists["item"])
    assert "links" not in schema.sublists


def test_limits_and_clock(account: Account, netsuite: NetSuite) -> None:
    assert netsuite.governance_limits().account == account.options.slots
    assert abs(netsuite.server_time() - datetime.now(UTC)) < timedelta(minutes=1)
