"""Refunds, parts R1 and R2: the two mapping tables row by row, as the bodies leave."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.netsuite import NetSuiteOptions
from tests.sync.builders import account, zid
from tests.sync.fields import IN_THE_RUN, Fields, Variant
from tests.sync.memory import MemoryWorld
from tests.sync.payment_world import SYNCED
from tests.sync.recording import first_body, recorded_bodies
from tests.sync.refund_world import DONE, PAID, applied, made, ns_payment, ready, run, state_of, zuora_refund
from tests.sync.world import unserved_world


@pytest.fixture(scope="module", params=[False, True], ids=["A", "B"])
def fast(request: pytest.FixtureRequest) -> MemoryWorld:
    return MemoryWorld.of(unserved_world(settlement=request.param))


FULL: dict[str, Any] = {
    "Amount": 60,
    "Comment": "sent back by post",
    "CreatedDate": "2026-10-19T08:00:00.000+02:00",
    "UpdatedDate": "2026-10-20T09:30:00.000+02:00",
    "MethodType": "Check",
    "ReferenceID": "GW-99",
    "RefundDate": "2026-10-20",
    "Type": "Electronic",
}
DEFAULT_VALUES: dict[str, Any] = {"default_class": "Software", "default_department": "Sales", "default_location": "Americas"}
MAPPING = Fields(
    "refunds.R1.mapping.",
    {
        "account-integrationid-ns-to-customer": ("customer", {"id": "9001"}),
        "refund-refunddate-to-trandate": ("tranDate", "2026-10-20"),
        "refund-refundnumber-to-tranid": ("tranId", "R1"),
        "refund-refundnumber-to-zuora-reference-number": ("custbodyzuorareferencenumber", "R1", "sequence-and-status.7.2.reference-number"),
        "refund-comment-to-memo": ("memo", "sent back by post"),
        "refund-methodtype-to-paymentmethod": ("paymentOption", {"id": "3"}),
        "payment-integrationid-ns-to-apply-items-doc": (
            "apply",
            {"items": [{"doc": {"id": "8001"}, "apply": True, "amount": 60}]},
            "refunds.R1.mapping.refundinvoicepayment-refundamount-to-apply-items-amount",
            "refunds.R2.rule.5",
        ),
        "account-class-ns-department-ns-location-ns-to-class-department-location, Class": ("class", {"id": "1"}),
        "account-class-ns-department-ns-location-ns-to-class-department-location, Department": ("department", {"id": "1"}),
        "account-class-ns-department-ns-location-ns-to-class-department-location, Location": ("location", {"id": "1"}),
        "refund-id-to-zuora-id": ("custbodyzuoraid", zid("R1")),
        "refund-id-to-zuora-id, externalId": ("externalId", zid("R1"), "sequence-and-status.5.2.rule.1"),
        "refund-referenceid-to-zuora-refund-reference-id": ("custbodyzuorarefundreferenceid", "GW-99"),
        "refund-type-to-zuora-refund-type": ("custbodyzuorarefundtype", "Electronic"),
        "refund-createddate-to-zuora-created-date": ("custbodyzuoracreateddate", "2026-10-19T06:00:00.000Z"),
        "refund-updateddate-to-zuora-updated-date": ("custbodyzuoraupdateddate", "2026-10-20T07:30:00.000Z"),
        "to-zuora-type": ("custbodyzuoratype", "PAYMENT_REFUND", "sequence-and-status.3.2.type.payment-refund"),
        "to-zuora-origin": ("custbodyzuoraorigin", "ZUORA"),
        "to-zuora-sync-date": ("custbodyzuorasyncdate", IN_THE_RUN),
    },
)
R1 = "refunds.R1.mapping."


@pytest.fixture(scope="module")
def sent(fast: MemoryWorld) -> dict[str, Any]:
    """The body of the one create, as it left."""
    ready(fast, fields={"R1": FULL}, transaction_number_mapping="Use Number From Source Record", **DEFAULT_VALUES)
    bodies = recorded_bodies(fast, "customerRefund")
    run(fast)
    assert len(bodies) == 1
    return bodies[0]


@pytest.mark.parametrize("row", MAPPING.cases())
def test_each_row_of_the_mapping_table(sent: dict[str, Any], row: str) -> None:
    MAPPING.check(row, sent)


@pytest.mark.rule(f"{R1}refund-amount-not-sent", "sequence-and-status.7.3.not-sent", "sequence-and-status.7.4.no-card-data")
def test_nothing_is_sent_beyond_the_mapping_table(sent: dict[str, Any]) -> None:
    assert set(sent) == MAPPING.names


ACH = {"PaymentMethod": [{"Id": zid("ach"), "Type": "ACH", "AccountId": zid("A1")}]}
CLASSIFIED = account("A5", IntegrationId__NS="9001", Class__NS="Services", **SYNCED)
VARIANTS: dict[str, tuple[dict[str, Any], Variant]] = {
    "numbers and classifications are left to NetSuite by default": (
        FULL,
        Variant(
            [],
            dict.fromkeys(("tranId", "class", "department", "location")),
            (f"{R1}refund-refundnumber-to-tranid", "sequence-and-status.7.2.auto-number"),
        ),
    ),
    "without a method type that of the payment method counts": (
        {"MethodType": None, "PaymentMethodId": zid("ach")},
        Variant([ACH], {"paymentOption": "1"}, (f"{R1}refund-methodtype-to-paymentmethod",)),
    ),
    "a method type is translated": (
        {"MethodType": "BankTransfer"},
        Variant(
            [],
            {"paymentOption": "7"},
            ("sequence-and-status.7.4.translation", "settings.key.payment_method_translation"),
            {"payment_method_translation": {"BankTransfer": "WireTransfer"}},
        ),
    ),
    "the account's classifications prevail over the defaults": (
        {"AccountId": zid("A5")},
        Variant(
            [CLASSIFIED],
            {"class": "2", "department": "1", "location": None},
            (f"{R1}account-class-ns-department-ns-location-ns-to-class-department-location", "sequence-and-status.7.1.rule.2"),
            {"default_class": "Software", "default_department": "Sales"},
        ),
    ),
    "external ids carry a prefix where the setting asks for it": (
        {},
        Variant([], {"externalId": f"ZREF-{zid('R1')}"}, ("settings.key.external_id_prefixes",), {"external_id_prefixes": "Yes"}),
    ),
}


@pytest.mark.parametrize("case", [pytest.param(n, marks=pytest.mark.rule(*v.rules)) for n, (_, v) in VARIANTS.items()])
def test_what_else_stands_in_the_body(fast: MemoryWorld, case: str) -> None:
    refund, variant = VARIANTS[case]
    ready(fast, *variant.given, fields={"R1": refund}, **variant.settings)
    variant.check(first_body(fast, "customerRefund", run))


@pytest.mark.rule("refunds.R1.account")
@pytest.mark.parametrize(("method", "sent_", "posted"), [("ACH", {"id": "1"}, "1"), ("Check", None, "2")], ids=["own account", "none"])
def test_the_account_posted_to_is_the_payment_methods_else_undeposited_funds(
    fast: MemoryWorld, method: str, sent_: Any, posted: str
) -> None:
    ready(fast, fields={"R1": {"MethodType": method}})
    body = first_body(fast, "customerRefund", run)
    assert body.get("account") == sent_
    assert made(fast)["account"]["id"] == posted


@pytest.mark.rule("refunds.R1.account")
def test_a_role_that_may_not_read_payment_methods_leaves_the_account_to_netsuite(fast: MemoryWorld) -> None:
    ready(fast, fields={"R1": {"MethodType": "ACH"}})
    refusal = {"o:errorDetails": [{"detail": "You may not.", "o:errorCode": "INSUFFICIENT_PERMISSION"}]}
    fast.netsuite_control.set_faults([{"method": "GET", "path": "/record/v1/paymentMethod", "status": 403, "body": refusal}])
    body = first_body(fast, "customerRefund", run)
    assert "account" not in body
    assert made(fast)["account"]["id"] == "1"


def test_without_payment_instruments_the_field_is_paymentmethod(fast: MemoryWorld) -> None:
    options: NetSuiteOptions = fast.netsuite.options
    options.payment_instruments = False
    try:
        ready(fast)
        body = first_body(fast, "customerRefund", run)
        assert (body.get("paymentMethod"), "paymentOption" in body) == ({"id": "3"}, False)
        assert state_of(fast) == DONE
    finally:
        options.payment_instruments = True
        fast.reset()


@pytest.mark.rule(
    f"{R1}refund-integrationid-ns-syncdate-ns-written-back",
    f"{R1}refund-origin-ns-written-back-zuora",
    f"{R1}refund-integrationstatus-ns-transferredtoaccounting-written-back",
    "refunds.R1.procedure.5",
    "sequence-and-status.3.1.field.transferredtoaccounting",
)
def test_success_writes_id_date_origin_and_status_to_zuora(fast: MemoryWorld) -> None:
    ready(fast)
    run(fast)
    record = zuora_refund(fast, "R1")
    assert record["IntegrationId__NS"] == made(fast)["id"]
    assert record["SyncDate__NS"].startswith("2026-11")
    assert (record["Origin__NS"], *state_of(fast)) == ("ZUORA", *DONE)


# -- step 2: the payment -------------------------------------------------------------------------------------------------

UNAPPLY = "refunds.R1.mapping-unapply."
TWO_INVOICES = {"P1": ("8001", "A1", 100.0, {"INV1": 70.0, "INV2": 30.0})}
UNAPPLIED: dict[str, tuple[dict[str, float], list[dict[str, Any]]]] = {
    "in part": ({"INV1": 50}, [{"doc": {"id": "7001"}, "apply": True, "amount": 20}]),
    "in full": ({"INV1": 70}, [{"doc": {"id": "7001"}, "apply": False, "amount": 0}]),
    "of two invoices": (
        {"INV1": 50, "INV2": 30},
        [{"doc": {"id": "7001"}, "apply": True, "amount": 20}, {"doc": {"id": "7002"}, "apply": False, "amount": 0}],
    ),
}


@pytest.mark.rule(
    f"{UNAPPLY}payment-integrationid-ns-to-internal-id",
    f"{UNAPPLY}invoice-integrationid-ns-to-apply-items-doc",
    f"{UNAPPLY}invoicepayment-amount-invoicepayment-refundamount-to-apply-items-amount",
    f"{UNAPPLY}to-sublist-replace",
    "refunds.R1.procedure.2",
    "refunds.R2.rule.3",
    "sequence-and-status.5.3.merge-only",
    "refunds.R1.payment-otherwise-unchanged",
)
@pytest.mark.parametrize("case", UNAPPLIED)
def test_the_payment_is_unapplied_to_what_is_still_applied_in_zuora(fast: MemoryWorld, case: str) -> None:
    refunded, lines = UNAPPLIED[case]
    ready(fast, refunds={"R1": {"P1": refunded}}, paid=TWO_INVOICES)
    before = ns_payment(fast, "8001")
    bodies = recorded_bodies(fast, "customerPayment/8001")
    run(fast)
    (body,) = bodies
    assert sorted(body["apply"]["items"], key=lambda x: x["doc"]["id"]) == lines
    assert set(body) == {"customer", "apply"}
    rest = {d: a - refunded.get(i, 0) for d, i, a in (("7001", "INV1", 70), ("7002", "INV2", 30))}
    assert applied(fast) == {d: a for d, a in rest.items() if a}
    after = ns_payment(fast, "8001")
    changing = {"apply", "applied", "unapplied", "lastModifiedDate", "status"}
    assert {k: v for k, v in after.items() if k not in changing} == {k: v for k, v in before.items() if k not in changing}


def test_an_unapplied_line_of_another_document_stays(fast: MemoryWorld) -> None:
    """In NetSuite the payment is also applied to an invoice that Zuora does not know."""
    ready(fast, refunds={"R1": {"P1": {"INV1": 60}}}, paid={**PAID, "P1": ("8001", "A1", 120.0, {"INV1": 100.0})})
    lines = [{"doc": {"id": "7001"}, "apply": True, "amount": 100}, {"doc": {"id": "7009"}, "apply": True, "amount": 15}]
    fast.netsuite.load({"customerPayment": [{"id": "8001", "apply": {"items": lines}}]})
    run(fast)
    assert applied(fast) == {"7001": 40, "7009": 15}
    assert state_of(fast) == DONE


@pytest.mark.rule("refunds.R1.procedure.2", "refunds.R2.rule.3")
def test_lines_of_other_invoices_stay_without_invoice_settlement_and_follow_zuora_with_it(fast: MemoryWorld) -> None:
    """Somebody has unapplied another invoice in NetSuite, which the refund does not touch."""
    ready(fast, refunds={"R1": {"P1": {"INV1": 50.0}}}, paid=TWO_INVOICES)
    lines = [{"doc": {"id": "7002"}, "apply": False, "amount": 0}, {"doc": {"id": "7001"}, "apply": True, "amount": 70}]
    fast.netsuite.load({"customerPayment": [{"id": "8001", "apply": {"items": lines}}]})
    run(fast)
    assert applied(fast) == ({"7001": 20, "7002": 30} if fast.zuora.options.settlement else {"7001": 20})
    assert state_of(fast) == DONE
