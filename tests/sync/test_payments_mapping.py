"""Payments, parts P1 and P2: the mapping tables row by row, as the bodies leave; the account posted to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sandbox.netsuite import NetSuiteOptions
from tallybridge.steps.settlement.settlements import METHOD_FIELDS
from tests.rules.cases import of_tables
from tests.sync.builders import Objects, account, merged, payment, zid
from tests.sync.fields import IN_THE_RUN, Fields, Variant, variants
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import DONE, SYNCED, UNASSIGNED, applied, customer, paid, part, ready, run, state_of, the_payment
from tests.sync.recording import first_body, recorded_bodies
from tests.sync.refund_world import objects
from tests.sync.world import World

MAKE: dict[str, Callable[..., Objects]] = {"A": paid, "B": payment}
"""How payments are made in a tenant without Invoice Settlement, and with it."""


@pytest.fixture(scope="module")
def worlds(started: Mapping[str, World]) -> dict[str, MemoryWorld]:
    return {mode: MemoryWorld.of(world) for mode, world in started.items()}


@pytest.fixture(scope="module")
def mode_a(worlds: dict[str, MemoryWorld]) -> MemoryWorld:
    return worlds["A"]


@pytest.fixture(scope="module")
def fast(worlds: dict[str, MemoryWorld]) -> MemoryWorld:
    return worlds["B"]


# -- mapping -------------------------------------------------------------------------------------------------------------

CARD = {"PaymentMethod": [{"Id": zid("card"), "Type": "CreditCard", "CreditCardType": "Visa", "AccountId": zid("A1")}]}
RICH: dict[str, Any] = {
    "Comment": "paid by phone",
    "CreatedDate": "2026-10-14T08:00:00.000+02:00",
    "EffectiveDate": "2026-10-15",
    "ReferenceId": "GW-77",
    "Type": "Electronic",
    "PaymentMethodId": zid("card"),
}
FULL = {
    "A": merged(CARD, paid("A1", "P1", 100.0, {"INV1": 60.0, "INV2": 30.0}, **RICH)),
    "B": merged(CARD, payment("A1", "P1", 90.0, {"INV1": 60.0}, **RICH)),
}
DIMENSIONS = ("Class", "Department", "Location")
OF_ACCOUNT = "account-class-ns-department-ns-location-ns-to-class-department-location"


def both(part: str, method: str, card_type: str, dimensions: str) -> dict[str, tuple[Any, ...]]:
    """What the tables of both parts have, by the names of their rows."""
    return {
        "account-integrationid-ns-to-customer": ("customer", {"id": "9001"}),
        "payment-comment-to-memo": ("memo", "paid by phone"),
        "payment-createddate-to-zuora-created-date": ("custbodyzuoracreateddate", "2026-10-14T06:00:00.000Z"),
        "payment-effectivedate-to-trandate": ("tranDate", "2026-10-15"),
        **{f"{dimensions}, {name}": (name.lower(), {"id": "1"}) for name in DIMENSIONS},
        method: ("paymentOption", {"id": "4"}),
        card_type: ("custbodyzuoracreditcardtype", "Visa"),
        "payment-id-to-zuora-id, Zuora ID": ("custbodyzuoraid", zid("P1")),
        "payment-id-to-zuora-id, externalId": ("externalId", zid("P1"), "sequence-and-status.5.2.rule.1"),
        "payment-paymentnumber-to-zuora-reference-number": (
            "custbodyzuorareferencenumber",
            "P1",
            "sequence-and-status.7.2.reference-number",
        ),
        "payment-referenceid-to-zuora-payment-reference-id": ("custbodyzuorapaymentreferenceid", "GW-77"),
        "payment-type-to-zuora-payment-type": ("custbodyzuorapaymenttype", "Electronic"),
        "to-zuora-origin": ("custbodyzuoraorigin", "ZUORA"),
        "Zuora Type": ("custbodyzuoratype", "PAYMENT", "sequence-and-status.3.2.type.payment"),
        "to-zuora-sync-date": ("custbodyzuorasyncdate", IN_THE_RUN),
        "no automatic application": ("autoApply", False, f"payments.{part}.account-posted", "sequence-and-status.5.3.auto-apply"),
        "account posted to": ("undepFunds", {"id": "T"}, f"payments.{part}.account-posted"),
    }


def lines(**amounts: float) -> dict[str, Any]:
    ids = {"INV1": "7001", "INV2": "7002"}
    return {"items": [{"doc": {"id": ids[n]}, "apply": True, "amount": amount} for n, amount in amounts.items()]}


METHODS = {
    "A": ("paymentmethod-type-to-paymentmethod", "paymentmethod-creditcardtype-to-zuora-credit-card-type"),
    "B": (
        "paymentmethod-type-or-paymentmethodsnapshot-type-to-payment-method",
        "paymentmethod-creditcardtype-or-paymentmethodsnapshot-to-zuora-credit-card-type",
    ),
}
"""The rows of the payment method and of the card type."""
MAPPING = {
    "A": Fields(
        "payments.P1.mapping.",
        {
            **both("P1", *METHODS["A"], OF_ACCOUNT),
            "invoicepayment-amount-to-payment": ("payment", 90),
            "invoicepayment-invoice-integrationid-ns-to-apply-items-doc": (
                "apply",
                lines(INV1=60, INV2=30),
                "payments.P1.mapping.invoicepayment-amount-to-apply-line-amount",
            ),
            "payment-paymentnumber-to-tranid": ("tranId", "P1", "sequence-and-status.7.2.source-number"),
        },
    ),
    "B": Fields(
        "payments.P2.mapping.",
        {
            **both("P2", *METHODS["B"], "to-class-department-location"),
            "payment-amount-to-payment": ("payment", 90),
            "payment-paymentnumber-to-zuora-reference-number, tranId": ("tranId", "P1", "sequence-and-status.7.2.source-number"),
            "invoice-integrationid-ns-to-apply-line-doc": (
                "apply",
                lines(INV1=60),
                "payments.P2.mapping.paymentpart-amount-to-apply-line-amount",
            ),
        },
    ),
}
NUMBERS = {"A": "payment-paymentnumber-to-tranid", "B": "payment-paymentnumber-to-zuora-reference-number"}
"""The rows of NetSuite's number."""
P1 = "payments.P1.mapping."


@pytest.fixture(scope="module")
def sent(worlds: dict[str, MemoryWorld]) -> dict[str, dict[str, Any]]:
    """The body of the one create, as it left, by mode."""
    found = {}
    defaults: dict[str, Any] = {"default_class": "Software", "default_department": "Sales", "default_location": "Americas"}
    for mode, world in worlds.items():
        ready(world, FULL[mode], transaction_number_mapping="Use Number From Source Record", **defaults)
        bodies = recorded_bodies(world, "customerPayment")
        run(world)
        assert state_of(world, "P1") == DONE
        (found[mode],) = bodies
    return found


@pytest.mark.parametrize(("mode", "row"), of_tables(MAPPING))
def test_each_row_of_the_mapping_table(sent: dict[str, dict[str, Any]], mode: str, row: str) -> None:
    MAPPING[mode].check(row, sent[mode])


@pytest.mark.rule("sequence-and-status.7.3.not-sent", "sequence-and-status.7.4.no-card-data")
@pytest.mark.parametrize("mode", MAPPING)
def test_nothing_is_sent_beyond_the_mapping_table(sent: dict[str, dict[str, Any]], mode: str) -> None:
    assert set(sent[mode]) == MAPPING[mode].names


SNAPSHOT = {"Id": zid("snap"), "Type": "DebitCard", "CreditCardType": "Mastercard", "PaymentMethodId": zid("P1 method")}
SNAPSHOTS = {"PaymentMethodSnapshot": [SNAPSHOT]}
WITH_SNAPSHOT: dict[str, Any] = {"PaymentMethodSnapshotId": zid("snap")}
CLASSIFIED = account("A5", IntegrationId__NS="9001", Class__NS="Services", **SYNCED)
CHECK = {"PaymentMethod": [{"Id": zid("check"), "Type": "Check", "CreditCardType": "Visa", "AccountId": zid("A1")}]}
MASTERCARD = {"paymentOption": "8", "custbodyzuoracreditcardtype": "Mastercard"}


def of_both(mode: str, part: str, dimensions: str) -> dict[str, Variant]:
    """What else stands in the body, in both parts."""
    make, card_type = MAKE[mode], f"payments.{part}.mapping.{METHODS[mode][1]}"

    def one(owner: str = "A1", **fields: Any) -> Any:
        return make(owner, "P1", 10.0, {"INV1": 10.0}, **fields)

    return {
        "numbers are left to NetSuite by default": Variant(
            [FULL[mode]], {"tranId": None}, (MAPPING[mode].prefix + NUMBERS[mode], "sequence-and-status.7.2.auto-number")
        ),
        "the card type goes with cards only": Variant(
            [one(PaymentMethodId=zid("check")), CHECK], {"custbodyzuoracreditcardtype": None}, (card_type,)
        ),
        "a method is translated": Variant(
            [one(method="BankTransfer")],
            {"paymentOption": "7"},
            ("sequence-and-status.7.4.translation", "settings.key.payment_method_translation"),
            {"payment_method_translation": {"BankTransfer": "WireTransfer"}},
        ),
        "the account's classifications prevail over the defaults of the same dimension": Variant(
            [CLASSIFIED, one("A5")],
            {"class": "2", "department": "1", "location": None},
            (f"payments.{part}.mapping.{dimensions}", "sequence-and-status.7.1.rule.2", "settings.key.default_department"),
            {"default_class": "Software", "default_department": "Sales"},
        ),
    }


RULES = {mode: tuple(f"payments.{part}.mapping.{name}" for name in METHODS[mode]) for mode, part in {"A": "P1", "B": "P2"}.items()}
IN_A: dict[str, Variant] = {
    **of_both("A", "P1", OF_ACCOUNT),
    "the method counts while it is there": Variant(
        [paid("A1", "P1", 10.0, {"INV1": 10.0}, **WITH_SNAPSHOT), SNAPSHOTS],
        {"paymentOption": "3", "custbodyzuoracreditcardtype": None},
        RULES["A"],
    ),
    "the snapshot stands in for a method that is gone": Variant(
        [paid("A1", "P1", 10.0, {"INV1": 10.0}, PaymentMethodId=None, **WITH_SNAPSHOT), SNAPSHOTS], MASTERCARD, RULES["A"]
    ),
}
IN_B: dict[str, Variant] = {
    **of_both("B", "P2", "to-class-department-location"),
    "the snapshot of the payment method prevails": Variant(
        [payment("A1", "P1", 10.0, {"INV1": 10.0}, **WITH_SNAPSHOT), SNAPSHOTS], MASTERCARD, RULES["B"]
    ),
    "external ids carry a prefix where the setting asks for it": Variant(
        [payment("A1", "P1", 10.0, {"INV1": 10.0})],
        {"externalId": f"ZPMT-{zid('P1')}"},
        ("settings.key.external_id_prefixes",),
        {"external_id_prefixes": "Yes"},
    ),
}


@pytest.mark.parametrize("variant", variants(IN_A))
def test_what_else_stands_in_the_body_without_invoice_settlement(mode_a: MemoryWorld, variant: Variant) -> None:
    ready(mode_a, *variant.given, **variant.settings)
    variant.check(first_body(mode_a, "customerPayment", run))


@pytest.mark.parametrize("variant", variants(IN_B))
def test_what_else_stands_in_the_body_with_it(fast: MemoryWorld, variant: Variant) -> None:
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


# -- without Invoice Settlement -------------------------------------------------------------------------------------------


@pytest.mark.rule(f"{P1}invoicepayment-amount-to-payment", "payments.P1.several-rows-one-invoice")
def test_rows_of_one_invoice_are_added_up_and_the_credit_balance_part_is_left_out(mode_a: MemoryWorld) -> None:
    own = paid("A1", "P1", 100.0, {"INV1": 20.0})
    own["InvoicePayment"].append({"Id": zid("again"), "PaymentId": zid("P1"), "InvoiceId": zid("INV1"), "Amount": 35.5})
    ready(mode_a, own)
    bodies = recorded_bodies(mode_a, "customerPayment")
    summary = run(mode_a)
    assert (bodies[0]["payment"], bodies[0]["apply"]["items"]) == (55.5, [{"doc": {"id": "7001"}, "apply": True, "amount": 55.5}])
    assert (applied(mode_a, "P1"), summary["tiedOut"]) == ({"7001": 55.5}, True)


@pytest.mark.rule("payments.P1.gross-amount")
def test_the_applied_amount_is_gross_although_a_refund_exists_already(mode_a: MemoryWorld) -> None:
    zuora, _ = objects(False, {"R1": {"P1": {"INV1": 60.0}}}, {"P1": ("", "A1", 100.0, {"INV1": 100.0})}, {})
    ready(mode_a, zuora)
    summary = run(mode_a, steps=("payments",))
    assert (applied(mode_a, "P1"), summary["tiedOut"]) == ({"7001": 100}, True)
    run(mode_a, steps=("payments", "refunds"))
    assert applied(mode_a, "P1") == {"7001": 40}
    assert len(mode_a.in_netsuite("customerRefund")) == 1


@pytest.mark.rule(
    f"{P1}payment-integrationid-ns-integrationstatus-ns-syncdate-ns-written-back", f"{P1}payment-origin-ns-written-back-zuora"
)
def test_success_writes_id_status_date_and_origin_to_zuora(mode_a: MemoryWorld) -> None:
    ready(mode_a, paid("A1", "P1", 60.0, {"INV1": 60.0}))
    run(mode_a)
    record, found = mode_a.in_zuora("Payment", "P1"), the_payment(mode_a, "P1")
    assert (record["IntegrationId__NS"], state_of(mode_a, "P1"), record["Origin__NS"]) == (found["id"], DONE, "ZUORA")
    assert record["SyncDate__NS"].startswith("2026-11")


POSTED: dict[str, tuple[str, dict[str, Any], str]] = {
    "the method's account": ("ACH", {"account": {"id": "1"}, "undepFunds": {"id": "F"}}, "1"),
    "none": ("Check", {"undepFunds": {"id": "T"}}, "2"),
}


@pytest.mark.rule("payments.P1.account-posted")
@pytest.mark.parametrize("case", POSTED)
def test_the_account_posted_to_is_the_payment_methods_else_undeposited_funds(mode_a: MemoryWorld, case: str) -> None:
    method, fields, posted = POSTED[case]
    own = merged(*(paid("A1", number, 10.0, {"INV1": 10.0}, method=method) for number in ("P1", "P2")))
    ready(mode_a, own)
    mode_a.netsuite_control.clear_stats()
    body = first_body(mode_a, "customerPayment", run)
    assert {k: body[k] for k in ("account", "undepFunds") if k in body} == fields
    found = the_payment(mode_a, "P1")
    assert found["account"]["id"] == posted
    assert mode_a.netsuite_control.stats()["calls"]["GET /record/v1/paymentMethod/{id}"] == 1


@pytest.mark.rule("payments.P1.account-posted")
def test_a_role_that_may_not_read_payment_methods_leaves_the_account_to_netsuite(mode_a: MemoryWorld) -> None:
    ready(mode_a, paid("A1", "P1", 10.0, {"INV1": 10.0}, method="ACH"))
    refusal = {"o:errorDetails": [{"detail": "You may not.", "o:errorCode": "INSUFFICIENT_PERMISSION"}]}
    mode_a.netsuite_control.set_faults([{"method": "GET", "path": "/record/v1/paymentMethod", "status": 403, "body": refusal}])
    body = first_body(mode_a, "customerPayment", run)
    found = the_payment(mode_a, "P1")
    assert ("account" in body, "undepFunds" in body, found["account"]["id"]) == (False, False, "1")
