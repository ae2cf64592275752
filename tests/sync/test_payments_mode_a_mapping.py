"""Payments, part P1: the mapping table row by row, as the bodies leave; the account posted to, in both modes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.builders import account, merged, zid
from tests.sync.fields import IN_THE_RUN, Fields, Variant, variants
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import DONE, SYNCED, applied, paid, ready, run, state_of, the_payment
from tests.sync.recording import first_body, recorded_bodies
from tests.sync.refund_world import objects
from tests.sync.world import World


@pytest.fixture(scope="module")
def fast(started_mode_a: World) -> MemoryWorld:
    return MemoryWorld.of(started_mode_a)


CARD = {"PaymentMethod": [{"Id": zid("card"), "Type": "CreditCard", "CreditCardType": "Visa", "AccountId": zid("A1")}]}
FULL = merged(
    CARD,
    paid(
        "A1",
        "P1",
        100.0,
        {"INV1": 60.0, "INV2": 30.0},
        Comment="paid by phone",
        CreatedDate="2026-10-14T08:00:00.000+02:00",
        ReferenceId="GW-77",
        Type="Electronic",
        PaymentMethodId=zid("card"),
    ),
)
MAPPING = Fields(
    "payments.P1.mapping.",
    {
        "account-integrationid-ns-to-customer": ("customer", {"id": "9001"}),
        "invoicepayment-amount-to-payment": ("payment", 90),
        "invoicepayment-invoice-integrationid-ns-to-apply-items-doc": (
            "apply",
            {
                "items": [
                    {"doc": {"id": "7001"}, "apply": True, "amount": 60},
                    {"doc": {"id": "7002"}, "apply": True, "amount": 30},
                ]
            },
            "payments.P1.mapping.invoicepayment-amount-to-apply-line-amount",
        ),
        "payment-comment-to-memo": ("memo", "paid by phone"),
        "payment-createddate-to-zuora-created-date": ("custbodyzuoracreateddate", "2026-10-14T06:00:00.000Z"),
        "payment-effectivedate-to-trandate": ("tranDate", "2026-10-15"),
        "account-class-ns-department-ns-location-ns-to-class-department-location, Class": ("class", {"id": "1"}),
        "account-class-ns-department-ns-location-ns-to-class-department-location, Department": ("department", {"id": "1"}),
        "account-class-ns-department-ns-location-ns-to-class-department-location, Location": ("location", {"id": "1"}),
        "paymentmethod-type-to-paymentmethod": ("paymentOption", {"id": "4"}),
        "paymentmethod-creditcardtype-to-zuora-credit-card-type": ("custbodyzuoracreditcardtype", "Visa"),
        "payment-id-to-zuora-id": ("custbodyzuoraid", zid("P1")),
        "payment-id-to-zuora-id, externalId": ("externalId", zid("P1"), "sequence-and-status.5.2.rule.1"),
        "payment-paymentnumber-to-zuora-reference-number": (
            "custbodyzuorareferencenumber",
            "P1",
            "sequence-and-status.7.2.reference-number",
        ),
        "payment-paymentnumber-to-tranid": ("tranId", "P1", "sequence-and-status.7.2.source-number"),
        "payment-referenceid-to-zuora-payment-reference-id": ("custbodyzuorapaymentreferenceid", "GW-77"),
        "payment-type-to-zuora-payment-type": ("custbodyzuorapaymenttype", "Electronic"),
        "to-zuora-origin": ("custbodyzuoraorigin", "ZUORA"),
        "Zuora Type": ("custbodyzuoratype", "PAYMENT", "sequence-and-status.3.2.type.payment"),
        "to-zuora-sync-date": ("custbodyzuorasyncdate", IN_THE_RUN),
        "no automatic application": ("autoApply", False, "payments.P1.account-posted", "sequence-and-status.5.3.auto-apply"),
        "account posted to": ("undepFunds", {"id": "T"}, "payments.P1.account-posted"),
    },
)
P1 = "payments.P1.mapping."


@pytest.fixture(scope="module")
def sent(fast: MemoryWorld) -> dict[str, Any]:
    """The body of the one create, as it left."""
    defaults: dict[str, Any] = {"default_class": "Software", "default_department": "Sales", "default_location": "Americas"}
    ready(fast, FULL, transaction_number_mapping="Use Number From Source Record", **defaults)
    bodies = recorded_bodies(fast, "customerPayment")
    run(fast)
    assert len(bodies) == 1
    return bodies[0]


@pytest.mark.parametrize("row", MAPPING.cases())
def test_each_row_of_the_mapping_table(sent: dict[str, Any], row: str) -> None:
    MAPPING.check(row, sent)


@pytest.mark.rule("sequence-and-status.7.3.not-sent", "sequence-and-status.7.4.no-card-data")
def test_nothing_is_sent_beyond_the_mapping_table(sent: dict[str, Any]) -> None:
    assert set(sent) == MAPPING.names


METHOD, CARD_TYPE = f"{P1}paymentmethod-type-to-paymentmethod", f"{P1}paymentmethod-creditcardtype-to-zuora-credit-card-type"
SNAPSHOT = {"PaymentMethodSnapshot": [{"Id": zid("snap"), "Type": "DebitCard", "CreditCardType": "Mastercard"}]}
WITH_SNAPSHOT = paid("A1", "P1", 10.0, {"INV1": 10.0}, PaymentMethodSnapshotId=zid("snap"))
CLASSIFIED = account("A5", IntegrationId__NS="9001", Class__NS="Services", **SYNCED)
CHECK = {"PaymentMethod": [{"Id": zid("check"), "Type": "Check", "CreditCardType": "Visa", "AccountId": zid("A1")}]}
VARIANTS = {
    "numbers are left to NetSuite by default": Variant(
        [FULL], {"tranId": None}, (f"{P1}payment-paymentnumber-to-tranid", "sequence-and-status.7.2.auto-number")
    ),
    "the card type goes with cards only": Variant(
        [paid("A1", "P1", 10.0, {"INV1": 10.0}, PaymentMethodId=zid("check")), CHECK],
        {"custbodyzuoracreditcardtype": None},
        (CARD_TYPE,),
    ),
    "the method counts while it is there": Variant(
        [WITH_SNAPSHOT, SNAPSHOT], {"paymentOption": "3", "custbodyzuoracreditcardtype": None}, (METHOD, CARD_TYPE)
    ),
    "the snapshot stands in for a method that is gone": Variant(
        [paid("A1", "P1", 10.0, {"INV1": 10.0}, PaymentMethodSnapshotId=zid("snap"), PaymentMethodId=None), SNAPSHOT],
        {"paymentOption": "8", "custbodyzuoracreditcardtype": "Mastercard"},
        (METHOD, CARD_TYPE),
    ),
    "a method is translated": Variant(
        [paid("A1", "P1", 10.0, {"INV1": 10.0}, method="BankTransfer")],
        {"paymentOption": "7"},
        ("sequence-and-status.7.4.translation", "settings.key.payment_method_translation"),
        {"payment_method_translation": {"BankTransfer": "WireTransfer"}},
    ),
    "the account's classifications prevail over the defaults of the same dimension": Variant(
        [CLASSIFIED, paid("A5", "P1", 10.0, {"INV1": 10.0})],
        {"class": "2", "department": "1", "location": None},
        (f"{P1}account-class-ns-department-ns-location-ns-to-class-department-location", "sequence-and-status.7.1.rule.2"),
        {"default_class": "Software", "default_department": "Sales"},
    ),
}


@pytest.mark.parametrize("variant", variants(VARIANTS))
def test_what_else_stands_in_the_body(fast: MemoryWorld, variant: Variant) -> None:
    ready(fast, *variant.given, **variant.settings)
    variant.check(first_body(fast, "customerPayment", run))


@pytest.mark.rule(f"{P1}invoicepayment-amount-to-payment", "payments.P1.several-rows-one-invoice")
def test_rows_of_one_invoice_are_added_up_and_the_credit_balance_part_is_left_out(fast: MemoryWorld) -> None:
    own = paid("A1", "P1", 100.0, {"INV1": 20.0})
    own["InvoicePayment"].append({"Id": zid("again"), "PaymentId": zid("P1"), "InvoiceId": zid("INV1"), "Amount": 35.5})
    ready(fast, own)
    bodies = recorded_bodies(fast, "customerPayment")
    summary = run(fast)
    assert (bodies[0]["payment"], bodies[0]["apply"]["items"]) == (55.5, [{"doc": {"id": "7001"}, "apply": True, "amount": 55.5}])
    assert (applied(fast, "P1"), summary["tiedOut"]) == ({"7001": 55.5}, True)


@pytest.mark.rule("payments.P1.gross-amount")
def test_the_applied_amount_is_gross_although_a_refund_exists_already(fast: MemoryWorld) -> None:
    zuora, _ = objects(False, {"R1": {"P1": {"INV1": 60.0}}}, {"P1": ("", "A1", 100.0, {"INV1": 100.0})}, {})
    ready(fast, zuora)
    summary = run(fast, steps=("payments",))
    assert (applied(fast, "P1"), summary["tiedOut"]) == ({"7001": 100}, True)
    run(fast, steps=("payments", "refunds"))
    assert applied(fast, "P1") == {"7001": 40}
    assert len(fast.in_netsuite("customerRefund")) == 1


@pytest.mark.rule(
    f"{P1}payment-integrationid-ns-integrationstatus-ns-syncdate-ns-written-back", f"{P1}payment-origin-ns-written-back-zuora"
)
def test_success_writes_id_status_date_and_origin_to_zuora(fast: MemoryWorld) -> None:
    ready(fast, paid("A1", "P1", 60.0, {"INV1": 60.0}))
    run(fast)
    record, found = fast.in_zuora("Payment", "P1"), the_payment(fast, "P1")
    assert (record["IntegrationId__NS"], state_of(fast, "P1"), record["Origin__NS"]) == (found["id"], DONE, "ZUORA")
    assert record["SyncDate__NS"].startswith("2026-11")


POSTED: dict[str, tuple[str, dict[str, Any], str]] = {
    "the method's account": ("ACH", {"account": {"id": "1"}, "undepFunds": {"id": "F"}}, "1"),
    "none": ("Check", {"undepFunds": {"id": "T"}}, "2"),
}


@pytest.mark.rule("payments.P1.account-posted")
@pytest.mark.parametrize("case", POSTED)
def test_the_account_posted_to_is_the_payment_methods_else_undeposited_funds(fast: MemoryWorld, case: str) -> None:
    method, fields, posted = POSTED[case]
    own = merged(*(paid("A1", number, 10.0, {"INV1": 10.0}, method=method) for number in ("P1", "P2")))
    ready(fast, own)
    fast.netsuite_control.clear_stats()
    body = first_body(fast, "customerPayment", run)
    assert {k: body[k] for k in ("account", "undepFunds") if k in body} == fields
    found = the_payment(fast, "P1")
    assert found["account"]["id"] == posted
    assert fast.netsuite_control.stats()["calls"]["GET /record/v1/paymentMethod/{id}"] == 1


@pytest.mark.rule("payments.P1.account-posted")
def test_a_role_that_may_not_read_payment_methods_leaves_the_account_to_netsuite(fast: MemoryWorld) -> None:
    ready(fast, paid("A1", "P1", 10.0, {"INV1": 10.0}, method="ACH"))
    refusal = {"o:errorDetails": [{"detail": "You may not.", "o:errorCode": "INSUFFICIENT_PERMISSION"}]}
    fast.netsuite_control.set_faults([{"method": "GET", "path": "/record/v1/paymentMethod", "status": 403, "body": refusal}])
    body = first_body(fast, "customerPayment", run)
    found = the_payment(fast, "P1")
    assert ("account" in body, "undepFunds" in body, found["account"]["id"]) == (False, False, "1")
