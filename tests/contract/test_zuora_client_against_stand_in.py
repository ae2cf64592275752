"""The Zuora client and the Zuora stand-in agree on the published API: both were written from its description, not from each other."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from sandbox.control import Control
from sandbox.server import LoopbackServer
from sandbox.zuora import ZuoraOptions, ZuoraStandIn
from tallybridge.errors import LoginRefused, NotFound, NotSent, OutcomeUnknown, Refused
from tallybridge.http import Http
from tallybridge.zuora import Written, Zuora, ZuoraConnection, sql_literal, zoql_literal


def account(number: int, **more: Any) -> dict[str, Any]:
    identifier = f"8ad08c8a8f4c1a5e018f4c3b{number:08x}"
    return {"Id": identifier, "AccountNumber": f"A{number:05}", "Name": f"O'Neil {number}", "Currency": "USD", "Status": "Active", **more}


class Tenant:
    """A Zuora stand-in behind its control, and a client of it that pauses without waiting."""

    def __init__(self, settlement: bool) -> None:
        self.stand_in = ZuoraStandIn(ZuoraOptions(settlement=settlement, data_query_lag_s=0))
        self.control = Control(self.stand_in)
        self.server = LoopbackServer(self.control).start()
        self.http = Http(sleep=lambda seconds: None)

    def client(self, **given: Any) -> Zuora:
        options = self.stand_in.options
        connection = ZuoraConnection(self.server.url, given.pop("client_id", options.client_id), given.pop("secret", options.client_secret))
        return Zuora(connection, self.http, **given)

    def calls(self) -> dict[str, int]:
        counted: dict[str, int] = self.control.stats()["calls"]
        return counted

    def close(self) -> None:
        self.http.session.close()
        self.server.close()


@pytest.fixture(scope="module", params=[False, True], ids=["mode A", "mode B"])
def shared(request: pytest.FixtureRequest) -> Iterator[Tenant]:
    tenant = Tenant(request.param)
    yield tenant
    tenant.close()


@pytest.fixture
def tenant(shared: Tenant) -> Tenant:
    shared.control.reset()
    return shared


def test_a_wrong_secret_or_client_is_refused_as_such(tenant: Tenant) -> None:
    with pytest.raises(LoginRefused, match="client id is not known"):
        tenant.client(client_id="0a1b2c3d-0000-4000-8000-00000000ffff").count("select Id from Account")
    with pytest.raises(LoginRefused, match="client secret is wrong"):
        tenant.client(secret="wrong").count("select Id from Account")


def test_the_mode_of_the_tenant_is_found_out(tenant: Tenant) -> None:
    assert tenant.client().invoice_settlement_enabled() is tenant.stand_in.options.settlement


def test_one_token_serves_all_calls(tenant: Tenant) -> None:
    zuora = tenant.client()
    for _ in range(3):
        zuora.count("select Id from Account")
    assert tenant.calls() == {"POST /oauth/token": 1, "POST /v1/action/query": 3}


def test_zoql_pages_counts_and_escapes(tenant: Tenant) -> None:
    tenant.stand_in.load({"Account": [account(n) for n in range(2500)]})
    zuora = tenant.client()
    assert len({row["Id"] for row in zuora.query("select Id from Account")}) == 2500
    assert zuora.count("select Id from Account") == 2500
    query = f"select Id, Name from Account where Name = {zoql_literal(chr(79) + chr(39) + 'Neil 7')}"
    assert [row["Name"] for row in zuora.query(query)] == ["O'Neil 7"]
    assert tenant.calls()["POST /v1/action/queryMore"] == 1


def test_a_wrong_query_is_refused_with_its_code(tenant: Tenant) -> None:
    with pytest.raises(Refused) as caught:
        list(tenant.client().query("select Nonsense from Account"))
    assert caught.value.code == "ZUORA-INVALID_FIELD"
    with pytest.raises(Refused) as caught:
        list(tenant.client().query("select * from Account"))
    assert caught.value.code == "ZUORA-MALFORMED_QUERY"


def test_data_query_reads_its_file_and_knows_columns(tenant: Tenant) -> None:
    tenant.stand_in.load({"Account": [account(n) for n in range(1200)]})
    zuora = tenant.client()
    rows = list(zuora.data_query("SELECT id, name FROM account ORDER BY accountnumber"))
    assert [row["name"] for row in rows] == [f"O'Neil {n}" for n in range(1200)]
    names = sql_literal(["O'Neil 3", "O'Neil 4"])
    assert len(list(zuora.data_query(f"SELECT id FROM account WHERE name IN {names}"))) == 2
    assert list(zuora.data_query("SELECT id FROM account WHERE name = 'nobody'")) == []
    assert zuora.describe_table("account")["integrationstatus__ns"].startswith("varchar")


def test_a_failed_job_says_why(tenant: Tenant) -> None:
    with pytest.raises(Refused, match="cannot be resolved"):
        list(tenant.client().data_query("SELECT nonsense FROM account"))
    with pytest.raises(Refused, match="does not exist"):
        list(tenant.client().data_query("SELECT id FROM acccount"))


def test_updates_have_one_result_each_in_groups_of_fifty(tenant: Tenant) -> None:
    accounts = [account(n) for n in range(60)]
    tenant.stand_in.load({"Account": accounts})
    zuora = tenant.client()
    changes = [{"Id": a["Id"], "IntegrationStatus__NS": "Sync Complete", "IntegrationId__NS": "7 🎉"} for a in accounts]
    changes[5] = {"Id": "8ad08c8a8f4c1a5e018f4c3bffffffff", "IntegrationStatus__NS": "Sync Complete"}
    changes[6] = {"Id": accounts[6]["Id"], "IntegrationStatus__NS": "x" * 256}
    written = zuora.update("Account", changes)
    assert [w.ok for w in written] == [n not in (5, 6) for n in range(60)]
    assert [w.code for w in written[5:7]] == ["ZUORA-INVALID_ID", "ZUORA-INVALID_VALUE"]
    assert written[0] == Written(accounts[0]["Id"], True)
    assert tenant.calls()["POST /v1/action/update"] == 2
    assert zuora.count("select Id from Account where IntegrationId__NS = '7 '") == 58


def test_a_field_that_the_tenant_lacks_is_found_on_demand(tenant: Tenant) -> None:
    tenant.stand_in.load({"Account": [account(1)]})
    change = [{"Id": account(1)["Id"], "NotThere__NS": "x"}]
    assert tenant.client().update("Account", change)[0].ok
    (refused,) = tenant.client(reject_unknown=True).update("Account", change)
    assert not refused.ok
    assert "unrecognised fields" in refused.message


@pytest.mark.parametrize(
    "fault", [{"status": 503, "body": "<html>"}, {"drop": "before"}, {"drop": "after"}, {"status": 429, "body": {"message": "limit"}}]
)
def test_queries_and_updates_survive_passing_faults(tenant: Tenant, fault: dict[str, Any]) -> None:
    tenant.stand_in.load({"Account": [account(1)]})
    zuora = tenant.client()
    tenant.control.set_faults([{"path": "^/(v1|query|oauth)", "probability": 0.4, "seed": 5, **fault}])
    for _ in range(5):
        assert zuora.count("select Id from Account") == 1
        assert len(list(zuora.data_query("SELECT id FROM account"))) == 1
        assert zuora.update("Account", [{"Id": account(1)["Id"], "IntegrationStatus__NS": "Sync Complete"}])[0].ok


def test_a_token_that_ended_early_is_renewed(tenant: Tenant) -> None:
    zuora = tenant.client()
    zuora.count("select Id from Account")
    tenant.control.set_faults([{"path": "^/v1", "nth": 1, "status": 401, "body": {"message": "Authentication error"}}])
    assert zuora.count("select Id from Account") == 0
    assert tenant.calls()["POST /oauth/token"] == 2


def test_an_outage_is_told_as_nothing_done_for_reads_and_open_for_creates(tenant: Tenant) -> None:
    zuora = tenant.client()
    zuora.count("select Id from Account")
    tenant.control.set_faults([{"path": "^/v1", "status": 504, "body": "<html>gateway</html>"}])
    with pytest.raises(NotSent):
        zuora.count("select Id from Account")
    with pytest.raises(OutcomeUnknown):
        zuora.create("Account", [{"Name": "x"}], key="k-1")


def test_an_address_that_is_not_there(tenant: Tenant) -> None:
    with pytest.raises(NotFound):
        tenant.client().get("/v1/no-such-thing/1")


ACCOUNT, PAYMENT, MEMO = account(1)["Id"], "8ad08c8a8f4c1a5e018f4c3b2a190300", "8ad08c8a8f4c1a5e018f4c3b2a190400"
INVOICES = [f"8ad08c8a8f4c1a5e018f4c3b2a19{n:04}" for n in range(100, 160)]
DRAFT = INVOICES[3]
SYNCED = {"transferredToAccounting": "Yes", "IntegrationId__NS": "48211", "IntegrationStatus__NS": "Sync Complete"}


def documents() -> dict[str, list[dict[str, Any]]]:
    dated = {"InvoiceDate": "2026-01-31", "DueDate": "2026-03-02", "AccountId": ACCOUNT, "Amount": 10}
    return {
        "Account": [account(1)],
        "Invoice": [
            {"Id": i, "InvoiceNumber": f"INV{n:08}", "Status": "Draft" if i == DRAFT else "Posted", **dated} for n, i in enumerate(INVOICES)
        ],
        "Payment": [
            {
                "Id": PAYMENT,
                "PaymentNumber": "P-1",
                "AccountId": ACCOUNT,
                "Amount": 10.5,
                "Type": "External",
                "Status": "Processed",
                "EffectiveDate": "2026-01-31",
                "Currency": "USD",
            }
        ],
        "CreditMemo": [
            {"Id": MEMO, "MemoNumber": "CM1", "AccountId": ACCOUNT, "Status": "Posted", "MemoDate": "2026-01-31", "TotalAmount": 5}
        ],
    }


@pytest.fixture
def settled() -> Iterator[Tenant]:
    """A tenant with Invoice Settlement and some documents."""
    tenant = Tenant(settlement=True)
    tenant.stand_in.load(documents())
    yield tenant
    tenant.close()


def test_invoices_are_written_in_bulk_and_one_by_one_where_that_fails(settled: Tenant) -> None:
    zuora = settled.client()
    written = zuora.update_invoices([{"id": i, **SYNCED} for i in INVOICES])
    assert [w.id for w in written if not w.ok] == [DRAFT]
    assert zuora.count("select Id from Invoice where IntegrationStatus__NS = 'Sync Complete' and TransferredToAccounting = 'Yes'") == 59
    assert settled.calls()["PUT /v1/invoices"] == 2
    assert settled.calls()["PUT /v1/invoices/{key}"] == 50


def test_payments_are_written_one_by_one_and_their_parts_read(settled: Tenant) -> None:
    zuora = settled.client()
    assert zuora.update_payment(PAYMENT, {"IntegrationId__NS": "1", "financeInformation": {"transferredToAccounting": "Yes"}}).ok
    assert not zuora.update_payment("P-404", {"IntegrationId__NS": "1"}).ok
    parts = zuora.get_payment_parts("P-1")
    assert [(part.get("invoiceId"), part["amount"]) for part in parts] == [(None, Decimal("10.5"))]


def test_memos_are_written_in_bulk_with_a_result_each(settled: Tenant) -> None:
    zuora = settled.client()
    good, bad = zuora.update_memos("credit", [{"id": MEMO, **SYNCED}, {"id": MEMO[:-1] + "f", **SYNCED}])
    assert good == Written(MEMO, True)
    assert (bad.ok, bad.code) == (False, "ZUORA-50000040")
    (memo,) = zuora.object_query("credit-memos", [f"id.IN:[{MEMO}]"], ["id", "memoNumber", "IntegrationStatus__NS"])
    assert (memo["memoNumber"], memo["IntegrationStatus__NS"]) == ("CM1", "Sync Complete")


def test_a_payment_is_created_once_under_its_key(settled: Tenant) -> None:
    zuora = settled.client()
    body = {"accountId": ACCOUNT, "type": "External", "amount": Decimal("1.10"), "currency": "USD", "IntegrationId__NS": "50110"}
    body["paymentMethodType"] = "Check"
    settled.control.set_faults([{"method": "POST", "path": "^/v1/payments$", "nth": 1, "drop": "after"}])
    made = zuora.post("/v1/payments", body, key="nsz-payment-50110-1")
    assert made["amount"] == Decimal("1.1")
    assert zuora.count("select Id from Payment where IntegrationId__NS = '50110'") == 1


def test_a_description_shows_the_fields_of_the_connector(tenant: Tenant) -> None:
    fields = {f.name: f for f in tenant.client().describe("Invoice")}
    status = fields["IntegrationStatus__NS"]
    assert (status.custom, status.updateable, status.max_length, "soap" in status.contexts) == (True, True, 255, True)
    assert not fields["Id"].custom
    with pytest.raises(Refused):
        tenant.client().describe("NoSuchObject")
