"""The vendor's own SDK, unmodified, against the stand-in. Skipped where `zuora-sdk` is not installed: its pins are old, so it
lives in an environment of its own (`docs/sandbox-zuora.md`)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standins.zuora.tenant import Tenant, rid

zuora_sdk = pytest.importorskip("zuora_sdk", reason="zuora-sdk is not installed")


@pytest.fixture
def sdk(settled: Tenant) -> Any:
    """A client that has fetched its token."""
    from zuora_sdk.zuora_client import ZuoraClient  # type: ignore[import-not-found, unused-ignore]

    options = settled.stand_in.options
    configuration = zuora_sdk.Configuration(host=settled.url)
    client = ZuoraClient(client_id=options.client_id, client_secret=options.client_secret, env=None, config=configuration)
    client.initialize()
    assert client.token["access_token"]
    return client


def test_read_an_account(sdk: Any) -> None:
    account = sdk.accounts_api().get_account(account_key="A-1")
    assert account.success is True
    assert (account.basic_info.id, account.basic_info.name, account.billing_and_payment.currency) == (rid("a"), "Acme Ltd", "USD")
    assert (account.bill_to_contact.last_name, account.metrics.total_invoice_balance) == ("Lee", "200.0")


def test_create_an_account_and_read_it_back(sdk: Any) -> None:
    contact = zuora_sdk.CreateAccountContact(first_name="Ann", last_name="Lee", country="US", zip_code="78701")
    request = zuora_sdk.CreateAccountRequest(
        name="New Ltd", currency="USD", bill_cycle_day=1, auto_pay=False, bill_to_contact=contact, integration_id__ns="1007"
    )
    made = sdk.accounts_api().create_account(request)
    assert made.success is True
    read = sdk.accounts_api().get_account(account_key=made.account_number)
    assert (read.basic_info.id, read.basic_info.name, read.basic_info.integration_id__ns) == (made.account_id, "New Ltd", "1007")
    assert read.bill_to_contact.zip_code == "78701"


def test_zoql_and_update(sdk: Any) -> None:
    actions = sdk.actions_api()
    changed = actions.action_postupdate(
        zuora_sdk.ProxyActionupdateRequest(type="Invoice", objects=[{"Id": rid("1", 1), "IntegrationStatus__NS": "Sync Complete"}])
    )
    assert changed[0].success is True
    query = zuora_sdk.ProxyActionqueryRequest(
        query_string="select Id, InvoiceNumber from Invoice where IntegrationStatus__NS = 'Sync Complete'"
    )
    found = actions.action_post_query(query)
    assert (found.size, found.done, found.records[0]["InvoiceNumber"]) == (1, True, "INV00000001")


def test_invoice_payment_and_object_query(sdk: Any) -> None:
    invoice = sdk.invoices_api().get_invoice(invoice_key="INV00000001")
    assert (invoice.amount, invoice.balance) == (100, 100)
    request = zuora_sdk.CreatePaymentRequest(
        account_id=rid("a"),
        amount=60.5,
        currency="USD",
        type="External",
        invoices=[zuora_sdk.CreatePaymentInvoiceApplication(invoice_id=rid("1", 1), amount=60.5)],
    )
    payment = sdk.payments_api().create_payment(request)
    assert (payment.success, payment.applied_amount, payment.unapplied_amount) == (True, 60.5, 0)
    parts = sdk.payments_api().get_payment_parts(payment_key=payment.id)
    assert [p.amount for p in parts.parts] == [60.5]
    read = sdk.object_queries_api().query_invoice_by_key(key="INV00000001")
    assert read.balance == 39.5


def test_errors_are_understood(sdk: Any) -> None:
    with pytest.raises(zuora_sdk.ApiException) as caught:
        sdk.actions_api().action_post_query(zuora_sdk.ProxyActionqueryRequest(query_string="select Nothing from Invoice"))
    assert caught.value.status == 400
    assert "INVALID_FIELD" in caught.value.body
