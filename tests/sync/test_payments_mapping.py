"""Payments, part P2: the mapping table row by row."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.netsuite import NetSuiteOptions
from tallybridge.steps.settlement.settlements import METHOD_FIELDS
from tests.sync.builders import account, merged, payment, zid
from tests.sync.fields import IN_THE_RUN, Fields, Variant, variants
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import DONE, SYNCED, UNASSIGNED, applied, customer, part, ready, run, state_of, the_payment
from tests.sync.recording import first_body, recorded_bodies
from tests.sync.world import World

# -- mapping -------------------------------------------------------------------------------------------------------------

CARD = {"PaymentMethod": [{"Id": zid("card"), "Type": "CreditCard", "CreditCardType": "Visa", "AccountId": zid("A1")}]}
FULL = merged(
    CARD,
    payment(
        "A1",
        "P1",
        90.0,
        {"INV1": 60.0},
        Comment="paid by phone",
        CreatedDate="2026-10-14T08:00:00.000+00:00",
        EffectiveDate="2026-10-15",
        ReferenceId="GW-77",
        Type="Electronic",
        PaymentMethodId=zid("card"),
    ),
)
MAPPING = Fields(
    "payments.P2.mapping.",
    {
        "account-integrationid-ns-to-customer": ("customer", {"id": "9001"}),
        "payment-amount-to-payment": ("payment", 90),
        "payment-comment-to-memo": ("memo", "paid by phone"),
        "payment-createddate-to-zuora-created-date": ("custbodyzuoracreateddate", "2026-10-14T08:00:00.000Z"),
        "payment-effectivedate-to-trandate": ("tranDate", "2026-10-15"),
        "to-class-department-location, Class": ("class", {"id": "1"}),
        "to-class-department-location, Department": ("department", {"id": "1"}),
        "to-class-department-location, Location": ("location", {"id": "1"}),
        "paymentmethod-type-or-paymentmethodsnapshot-type-to-payment-method": ("paymentOption", {"id": "4"}),
        "paymentmethod-creditcardtype-or-paymentmethodsnapshot-to-zuora-credit-card-type": ("custbodyzuoracreditcardtype", "Visa"),
        "payment-id-to-zuora-id, Zuora ID": ("custbodyzuoraid", zid("P1")),
        "payment-id-to-zuora-id, externalId": ("externalId", zid("P1")),
        "to-zuora-origin": ("custbodyzuoraorigin", "ZUORA"),
        "Zuora Type": ("custbodyzuoratype", "PAYMENT", "sequence-and-status.3.2.type.payment"),
        "payment-referenceid-to-zuora-payment-reference-id": ("custbodyzuorapaymentreferenceid", "GW-77"),
        "payment-paymentnumber-to-zuora-reference-number": ("custbodyzuorareferencenumber", "P1"),
        "payment-type-to-zuora-payment-type": ("custbodyzuorapaymenttype", "Electronic"),
        "to-zuora-sync-date": ("custbodyzuorasyncdate", IN_THE_RUN),
        "payment-paymentnumber-to-zuora-reference-number, tranId": ("tranId", "P1", "sequence-and-status.7.2.source-number"),
        "no automatic application": ("autoApply", False, "sequence-and-status.5.3.auto-apply"),
        "account posted to": ("undepFunds", {"id": "T"}, "payments.P2.account-posted"),
        "invoice-integrationid-ns-to-apply-line-doc": (
            "apply",
            {"items": [{"doc": {"id": "7001"}, "apply": True, "amount": 60}]},
            "payments.P2.mapping.paymentpart-amount-to-apply-line-amount",
        ),
    },
)


@pytest.fixture(scope="module")
def sent(fast: MemoryWorld) -> dict[str, Any]:
    """The body of the one create, as it left."""
    ready(
        fast,
        FULL,
        default_class="Software",
        default_department="Sales",
        default_location="Americas",
        transaction_number_mapping="Use Number From Source Record",
    )
    bodies = recorded_bodies(fast, "customerPayment")
    run(fast)
    assert state_of(fast, "P1") == DONE
    assert len(bodies) == 1
    return bodies[0]


@pytest.mark.parametrize("row", MAPPING.cases())
def test_each_row_of_the_mapping_table(sent: dict[str, Any], row: str) -> None:
    MAPPING.check(row, sent)


@pytest.mark.rule("sequence-and-status.7.3.not-sent", "sequence-and-status.7.4.no-card-data")
def test_nothing_is_sent_beyond_the_mapping_table(sent: dict[str, Any]) -> None:
    assert set(sent) == MAPPING.names


METHOD = "payments.P2.mapping.paymentmethod-type-or-paymentmethodsnapshot-type-to-payment-method"
CARD_TYPE = "payments.P2.mapping.paymentmethod-creditcardtype-or-paymentmethodsnapshot-to-zuora-credit-card-type"
SNAPSHOT = {"Id": zid("snap"), "Type": "DebitCard", "CreditCardType": "Mastercard", "PaymentMethodId": zid("P1 method")}
CLASSIFIED = account("A5", IntegrationId__NS="9001", Class__NS="Services", **SYNCED)
CHECK = {"PaymentMethod": [{"Id": zid("check"), "Type": "Check", "CreditCardType": "Visa", "AccountId": zid("A1")}]}
VARIANTS = {
    "numbers are left to NetSuite by default": Variant([FULL], {"tranId": None}, ("sequence-and-status.7.2.auto-number",)),
    "the card type goes with cards only": Variant(
        [payment("A1", "P1", 10.0, {"INV1": 10.0}, PaymentMethodId=zid("check")), CHECK],
        {"custbodyzuoracreditcardtype": None},
        (CARD_TYPE,),
    ),
    "the snapshot of the payment method prevails": Variant(
        [payment("A1", "P1", 10.0, {"INV1": 10.0}, PaymentMethodSnapshotId=zid("snap")), {"PaymentMethodSnapshot": [SNAPSHOT]}],
        {"paymentOption": "8", "custbodyzuoracreditcardtype": "Mastercard"},
        (METHOD, CARD_TYPE),
    ),
    "a method is translated": Variant(
        [payment("A1", "P1", 10.0, {"INV1": 10.0}, method="BankTransfer")],
        {"paymentOption": "7"},
        ("settings.key.payment_method_translation", "sequence-and-status.7.4.translation"),
        {"payment_method_translation": {"BankTransfer": "WireTransfer"}},
    ),
    "the account's classifications prevail over the defaults of the same dimension": Variant(
        [CLASSIFIED, payment("A5", "P1", 10.0, {"INV1": 10.0})],
        {"class": "2", "department": "1", "location": None},
        ("payments.P2.mapping.to-class-department-location", "sequence-and-status.7.1.rule.2", "settings.key.default_department"),
        {"default_class": "Software", "default_department": "Sales"},
    ),
    "external ids carry a prefix where the setting asks for it": Variant(
        [payment("A1", "P1", 10.0, {"INV1": 10.0})],
        {"externalId": f"ZPMT-{zid('P1')}"},
        ("settings.key.external_id_prefixes",),
        {"external_id_prefixes": "Yes"},
    ),
}


@pytest.mark.parametrize("variant", variants(VARIANTS))
def test_what_else_stands_in_the_body(fast: MemoryWorld, variant: Variant) -> None:
    ready(fast, *variant.given, **variant.settings)
    variant.check(first_body(fast, "customerPayment", run))


def test_a_payment_has_a_method_of_two_fields() -> None:
    assert METHOD_FIELDS == ("Type", "CreditCardType")


def test_a_payment_whose_method_is_gone_uses_the_snapshot(fast: MemoryWorld) -> None:
    own = payment("A1", "P1", 10.0, {"INV1": 10.0}, PaymentMethodSnapshotId=zid("snap"))
    own["Payment"][0].pop("PaymentMethodId")
    ready(fast, own, {"PaymentMethodSnapshot": [{"Id": zid("snap"), "Type": "Check"}]})
    run(fast)
    assert state_of(fast, "P1") == DONE


def test_without_payment_instruments_the_field_is_paymentmethod(started_world: World) -> None:
    options: NetSuiteOptions = started_world.netsuite.options
    options.payment_instruments = False
    try:
        fast = MemoryWorld.of(started_world)
        ready(fast, payment("A1", "P1", 10.0, {"INV1": 10.0}))
        body = first_body(fast, "customerPayment", run)
        assert (body.get("paymentMethod"), "paymentOption" in body) == ({"id": "3"}, False)
        assert state_of(fast, "P1") == DONE
    finally:
        options.payment_instruments = True


@pytest.mark.rule("payments.P2.mapping.amount-setting", "settings.key.payment_amount", "payments.P2.mapping.payment-amount-to-payment")
@pytest.mark.parametrize(("choice", "amount"), [("full", 90), ("applied only", 60)])
def test_setting_payment_amount(fast: MemoryWorld, choice: str, amount: int) -> None:
    ready(fast, payment("A1", "P1", 90.0, {"INV1": 60.0}), payment_amount=choice)
    summary = run(fast)
    found = the_payment(fast, "P1")
    assert found["payment"] == amount
    assert applied(fast, "P1") == {"7001": 60}
    assert summary["tiedOut"] is True


def test_an_over_payment_leaves_the_rest_unapplied_in_netsuite(fast: MemoryWorld) -> None:
    ready(fast, payment("A1", "P1", 150.0, {"INV1": 100.0}))
    run(fast)
    found = the_payment(fast, "P1")
    assert found["payment"] == 150
    assert applied(fast, "P1") == {"7001": 100}


@pytest.mark.rule("payments.P2.mapping.parts-added-up")
def test_several_parts_of_one_invoice_are_added_up_into_one_line(fast: MemoryWorld) -> None:
    own = payment("A1", "P1", 60.0, {"INV1": 20.0}, AppliedAmount=60.0, UnappliedAmount=0)
    own["PaymentPart"] = [own["PaymentPart"][0], part("P1", 1, "INV1", 25.5), part("P1", 2, "INV1", 14.5)]
    ready(fast, own)
    body = first_body(fast, "customerPayment", run)
    assert body["apply"]["items"] == [{"doc": {"id": "7001"}, "apply": True, "amount": 60}]


@pytest.mark.rule("payments.P2.mapping.debitmemo-integrationid-ns-to-apply-line-doc")
def test_a_debit_memo_is_applied_to_its_netsuite_invoice(fast: MemoryWorld) -> None:
    own = payment("A1", "P1", 50.0, {"INV1": 20.0}, AppliedAmount=50.0, UnappliedAmount=0)
    own["PaymentPart"] = [own["PaymentPart"][0], part("P1", 1, "DM1", 30.0)]
    ready(fast, own)
    summary = run(fast)
    assert applied(fast, "P1") == {"7001": 20, "7004": 30}
    assert summary["tiedOut"] is True


def test_currency_of_another_account_is_kept(fast: MemoryWorld) -> None:
    own = merged(account("A6", currency="EUR", IntegrationId__NS="9006", **SYNCED), payment("A6", "P1", 10.0, {}))
    ready(fast, own, netsuite={"customer": [customer("9006", zid("A6"), "EUR")]}, sync_unapplied_payments="Yes")
    summary = run(fast)
    assert [(t["currency"], t["synced"]["count"], t["tied_out"]) for t in summary["totals"]] == [("EUR", 1, True)]


def test_unassigned_payments_tie_out(fast: MemoryWorld) -> None:
    ready(fast, payment(None, "P1", 10.0, {}), unassigned_payments_customer_id=UNASSIGNED)
    summary = run(fast)
    assert summary["tiedOut"] is True
