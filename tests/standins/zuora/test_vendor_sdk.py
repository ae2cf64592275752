"""The vendor's own SDK, unmodified, against the stand-in in both modes. Skipped where `zuora-sdk` is not installed: its pins are old, so it
lives in an environment of its own (`docs/sandbox-zuora.md`)."""

from __future__ import annotations

import gzip
import json
from typing import Any
from urllib.request import urlopen

import pytest

from sandbox.zuora.published import FILE
from tests.standins.zuora.derive_bodies import derived, text_of
from tests.standins.zuora.tenant import Tenant, rid
from tests.standins.zuora.test_accounts import CATALOGUE, ORDER, SUBSCRIPTION

zuora_sdk = pytest.importorskip("zuora_sdk", reason="zuora-sdk is not installed")


INVOICE, MEMO, DEBIT = rid("1", 1), rid("4"), rid("6")
ON_INVOICE = {"invoices": [{"invoiceId": INVOICE, "amount": 20.0}]}
MONEY_BACK = {"type": "External", "methodType": "Check", "totalAmount": 10.0, "refundDate": "2026-01-31"}


def logged_in(tenant: Tenant) -> Any:
    """A client that has fetched its token."""
    from zuora_sdk.zuora_client import ZuoraClient  # type: ignore[import-not-found, unused-ignore]

    options = tenant.stand_in.options
    configuration = zuora_sdk.Configuration(host=tenant.url)
    client = ZuoraClient(client_id=options.client_id, client_secret=options.client_secret, env=None, config=configuration)
    client.initialize()
    assert client.token["access_token"]
    return client


@pytest.fixture
def sdk(settled: Tenant) -> Any:
    """With Invoice Settlement."""
    return logged_in(settled)


@pytest.fixture
def sdk_a(unsettled: Tenant) -> Any:
    """Without."""
    return logged_in(unsettled)


def of(model: str, body: dict[str, Any]) -> Any:
    """A request object of the SDK from its form on the wire."""
    return getattr(zuora_sdk, model).from_dict(body)


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


def paid(sdk: Any, amount: float = 60.0) -> Any:
    """A payment of which nothing is applied."""
    body = {"accountId": rid("a"), "amount": amount, "currency": "USD", "type": "External", "effectiveDate": "2026-01-31"}
    return sdk.payments_api().create_payment(of("CreatePaymentRequest", body))


def test_apply_unapply_and_change_a_payment(sdk: Any) -> None:
    api, payment = sdk.payments_api(), paid(sdk)
    applied = api.apply_payment(
        payment.id, of("ApplyPaymentRequest", {**ON_INVOICE, "debitMemos": [{"debitMemoId": DEBIT, "amount": 30.0}]})
    )
    assert (applied.applied_amount, applied.unapplied_amount) == (50, 10)
    assert sdk.debit_memos_api().get_debit_memo(DEBIT).balance == 0
    back = api.unapply_payment(payment.id, of("UnapplyPaymentRequest", {"debitMemos": [{"debitMemoId": DEBIT, "amount": 30.0}]}))
    assert (back.applied_amount, back.unapplied_amount) == (20, 40)
    assert sorted((p.invoice_id or "", p.amount) for p in api.get_payment_parts(payment.id).parts) == [("", 40.0), (INVOICE, 20.0)]
    changed = {
        "comment": "second thought",
        "financeInformation": {"transferredToAccounting": "Yes"},
        "IntegrationStatus__NS": "Sync Complete",
    }
    assert api.update_payment(payment.id, of("UpdatePaymentRequest", changed)).comment == "second thought"
    read = api.get_payment(payment.id)
    assert (read.finance_information.transferred_to_accounting, read.number) == ("Yes", payment.number)
    assert payment.number in [p.number for p in api.get_retrieve_all_payments().payments]


def test_refunds_of_unapplied_and_of_applied_money(sdk: Any, settled: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled.stand_in.options, "refund_with_unapply", True)
    payments, payment = sdk.payments_api(), paid(sdk)
    first = payments.create_refund_payment(payment.id, of("CreateRefundRequest", MONEY_BACK))
    assert (first.success, first.amount, first.payment_id) == (True, 10, payment.id)
    payments.apply_payment(payment.id, of("ApplyPaymentRequest", {"invoices": [{"invoiceId": INVOICE, "amount": 50.0}]}))
    request = of("CreateRefundwithAutoUnapply", {**MONEY_BACK, **ON_INVOICE, "totalAmount": 20.0})
    second = payments.refund_paymentwith_auto_unapply(payment.id, request)
    assert (second.success, second.amount) == (True, 20)
    assert sdk.invoices_api().get_invoice(invoice_key="INV00000001").balance == 70
    refunds = sdk.refunds_api()
    assert refunds.update_refund(second.id, of("UpdateRefundRequest", {"comment": "wired"})).comment == "wired"
    assert [p.amount for p in refunds.get_refund_parts(second.id).parts] == [20]
    assert {r.number for r in refunds.get_refunds().refunds} == {first.number, second.number}
    assert refunds.get_refund(first.id).method_type == "Check"


def test_credit_memos(sdk: Any) -> None:
    api = sdk.credit_memos_api()
    applied = api.apply_credit_memo(MEMO, of("ApplyCreditMemoRequest", ON_INVOICE))
    assert (applied.applied_amount, applied.unapplied_amount) == (20, 20)
    assert sorted(p.amount for p in api.get_credit_memo_parts(MEMO).parts) == [20, 20]
    assert api.unapply_credit_memo(MEMO, of("UnapplyCreditMemoRequest", ON_INVOICE)).unapplied_amount == 40
    refunded = api.refund_credit_memo(MEMO, of("RefundCreditMemoRequest", MONEY_BACK))
    assert (refunded.success, refunded.credit_memo_id, refunded.amount) == (True, MEMO, 10)
    update = {"memos": [{"id": MEMO, "transferredToAccounting": "Yes", "IntegrationId__NS": "7"}, {"id": rid("4", 99)}]}
    bulk = api.bulk_update_credit_memos(of("BulkUpdateCreditMemosRequest", update))
    assert [m.success for m in bulk.memos] == [True, False]
    read = api.get_credit_memo(MEMO)
    assert (read.transferred_to_accounting, read.integration_id__ns, read.refund_amount) == ("Yes", "7", 10)
    assert [i.amount for i in api.get_credit_memo_items(MEMO).items] == [40]
    listed = api.get_credit_memos(page_size=1)  # live tenants spell the list's key otherwise than the SDK (api-zuora-billing.md 12.4)
    assert [m["number"] for m in listed.additional_properties["creditMemos"]] == ["CM00000001"]


def test_debit_memos(sdk: Any) -> None:
    api = sdk.debit_memos_api()
    bulk = api.bulk_update_debit_memos(
        of("BulkUpdateDebitMemosRequest", {"memos": [{"id": DEBIT, "transferredToAccounting": "Processing"}]})
    )
    assert [m.success for m in bulk.memos] == [True]
    assert (api.get_debit_memo(DEBIT).transferred_to_accounting, api.get_debit_memo_items(DEBIT).items[0].amount) == ("Processing", 30)


def test_invoices_in_bulk(sdk: Any) -> None:
    api = sdk.invoices_api()
    rows = [
        {"id": INVOICE, "transferredToAccounting": "Yes", "IntegrationId__NS": "48211"},
        {"id": rid("1", 2), "IntegrationId__NS": "48212"},
    ]
    assert api.bulk_update_invoices(of("BulkUpdateInvoicesRequest", {"invoices": rows})).success is True
    assert [api.get_invoice(invoice_key=n).integration_id__ns for n in ("INV00000001", "INV00000002")] == ["48211", "48212"]
    assert [i.charge_name for i in api.get_invoice_items(invoice_key="INV00000001").invoice_items] == ["Seats 1"]


def test_change_an_account_and_its_contact(sdk: Any) -> None:
    body = {"name": "Acme GmbH", "billToContact": {"city": "Berlin"}, "IntegrationStatus__NS": "Sync Complete"}
    assert sdk.accounts_api().update_account(account_key="A-1", request=of("UpdateAccountRequest", body)).success is True
    read = sdk.accounts_api().get_account(account_key="A-1")
    assert (read.basic_info.name, read.bill_to_contact.city, read.basic_info.integration_status__ns) == (
        "Acme GmbH",
        "Berlin",
        "Sync Complete",
    )


@pytest.mark.parametrize("mode", ["settled", "unsettled"])
def test_orders_and_subscriptions(mode: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant: Tenant = request.getfixturevalue(mode)
    monkeypatch.setattr(tenant.stand_in.options, "orders_harmonization", True)
    tenant.load(**CATALOGUE)
    client = logged_in(tenant)
    made = client.subscriptions_api().create_subscription(of("CreateSubscriptionRequest", SUBSCRIPTION))
    assert made.success is True
    read = client.subscriptions_api().get_subscription_by_key(subscription_key=made.subscription_number)
    assert (read.id, read.term_type, read.status) == (made.subscription_id, "TERMED", "Active")
    custom = of("UpdateSubscriptionCustomFieldsRequest", {"customFields": {"IntegrationStatus__NS": "Sync Complete"}})
    assert client.orders_api().update_subscription_custom_fields(made.subscription_number, custom).success is True
    order = client.orders_api().create_order(of("CreateOrderRequest", ORDER))
    assert (order.success, order.account_number, len(order.subscriptions or order.subscription_numbers)) == (True, "A-1", 1)


@pytest.mark.parametrize("mode", ["sdk", "sdk_a"])
def test_a_data_query(mode: str, request: pytest.FixtureRequest) -> None:
    client = request.getfixturevalue(mode)
    body = {
        "query": "SELECT id, amount FROM invoice ORDER BY id",
        "outputFormat": "JSON",
        "compression": "GZIP",
        "output": {"target": "S3"},
    }
    api = client.data_queries_api()
    job = api.post_data_query_job(of("SubmitDataQueryRequest", body)).data
    for _ in range(200):
        job = api.get_data_query_job(job.id).data
        if job.query_status in ("completed", "failed"):
            break
    assert job.query_status == "completed"
    with urlopen(job.data_file) as answer:
        rows = [json.loads(line) for line in gzip.decompress(answer.read()).splitlines()]
    assert [row["amount"] for row in rows] == [100, 100]


def test_documents_without_invoice_settlement(sdk_a: Any) -> None:
    """Payment with its invoice, refund and adjustment by Actions; memos are refused."""
    actions = sdk_a.actions_api()

    def create(kind: str, row: dict[str, Any]) -> str:
        (made,) = actions.action_post_create(of("ProxyActioncreateRequest", {"type": kind, "objects": [row]}))
        assert made.success is True, made
        return str(made.id)

    common = {"AccountId": rid("a"), "Type": "External", "Status": "Processed", "PaymentMethodId": rid("9", 1)}
    parts = {"InvoicePaymentData": {"InvoicePayment": [{"InvoiceId": INVOICE, "Amount": 60}]}}
    payment = create("Payment", {**common, "Amount": 60, "EffectiveDate": "2026-01-31", "AppliedCreditBalanceAmount": 0, **parts})
    assert sdk_a.invoices_api().get_invoice(invoice_key="INV00000001").balance == 40
    back = {
        "Type": "External",
        "MethodType": "Check",
        "SourceType": "Payment",
        "PaymentId": payment,
        "Amount": 10,
        "RefundDate": "2026-01-31",
    }
    create("Refund", {**back, "RefundInvoicePaymentData": {"RefundInvoicePayment": [{"InvoiceId": INVOICE, "RefundAmount": 10}]}})
    adjustment = {"InvoiceId": rid("1", 2), "SourceId": rid("2", 2), "SourceType": "InvoiceDetail", "Type": "Credit", "Amount": 12.5}
    create("InvoiceItemAdjustment", {**adjustment, "AdjustmentDate": "2026-01-31"})
    assert sdk_a.invoices_api().get_invoice(invoice_key="INV00000002").balance == 87.5
    assert sdk_a.credit_memos_api().get_credit_memos(page_size=1).success is False


def test_changes_of_state_have_no_body(sdk: Any) -> None:
    """As the reference publishes none for them."""
    payment = paid(sdk)
    assert sdk.payments_api().cancel_payment(payment.id).status == "Canceled"
    refund = sdk.payments_api().create_refund_payment(paid(sdk).id, of("CreateRefundRequest", MONEY_BACK))
    assert sdk.refunds_api().cancel_refund(refund.id).status == "Canceled"
    for api, kind, key in ((sdk.credit_memos_api(), "credit_memo", MEMO), (sdk.debit_memos_api(), "debit_memo", DEBIT)):
        for step, status in (("unpost", "Draft"), ("post", "Posted"), ("unpost", "Draft"), ("cancel", "Canceled")):
            assert getattr(api, f"{step}_{kind}")(key).status == status


def test_bodies_are_checked_by_what_the_sdk_says_of_them() -> None:
    assert FILE.read_text(encoding="utf-8") == text_of(derived())
