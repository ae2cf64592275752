"""The mapping of sales orders, row by row, by both of Zuora's calls (sales-orders.md sections 1, 5 and 6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.rules.cases import ruled
from tests.sync.builders import zid
from tests.sync.memory import MemoryWorld
from tests.sync.order_world import CHARGE, GOLD, ORDINARY, SILVER, bodies, netsuite, order, plan_id, plans_of, ready, run, subscription

rule = pytest.mark.rule
MAPPING = "sales-orders.5.mapping."
FULL = {
    "custbodyzuorasubscriptionnumber": "S-77",
    "custbodyzuoratermstartdate": "2026-11-03",
    "custbodyzuoraserviceactivationdate": "2026-11-04",
    "custbodyzuoracustomeracceptancedate": "2026-11-05",
}
EXPECTED: dict[str, tuple[Any, str]] = {
    "IntegrationId__NS": ("6001", "internalid-to-subscription-integrationid-ns"),
    "SalesOrder__NS": ("SO-6001", "tranid-to-subscription-salesorder-ns"),
    "AccountId": (zid("A1"), "zuora-customer-id-to-account-id"),
    "Currency": ("USD", "currency-name-to-subscription-currency"),
    "Name": ("S-77", "zuora-subscription-number-to-subscription-name"),
    "TermType": ("TERMED", "zuora-term-setting-to-subscription-termtype"),
    "TermStartDate": ("2026-11-03", "zuora-term-start-date-to-subscription-termstartdate"),
    "InitialTerm": (12, "zuora-initial-term-to-subscription-initialterm"),
    "RenewalTerm": (6, "zuora-renewal-term-to-subscription-renewalterm"),
    "AutoRenew": (True, "zuora-auto-renew-to-subscription-autorenew"),
    "ContractEffectiveDate": ("2026-11-01", "zuora-contract-effective-date-to-subscription-contracteffectivedate"),
    "ServiceActivationDate": ("2026-11-04", "zuora-service-activation-date-to-serviceactivationdate"),
    "ContractAcceptanceDate": ("2026-11-05", "zuora-customer-acceptance-date-to-subscription-contractacceptancedate"),
    "IntegrationStatus__NS": ("Sync Complete", "to-subscription-syncdate-ns-integrationstatus-ns"),
}
LINES = (SILVER, ORDINARY, GOLD, CHARGE, GOLD)


@pytest.fixture
def world(fast: MemoryWorld) -> Iterator[MemoryWorld]:
    yield fast
    fast.zuora.options.orders = True
    fast.session.__dict__.pop("send", None)


@pytest.fixture(scope="module", params=[True, False], ids=["orders", "subscriptions"])
def created(fast: MemoryWorld, request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    ready(fast, order("6001", *LINES, **FULL))
    fast.zuora.options.orders = request.param
    run(fast)
    yield {**subscription(fast, "6001"), "plans": plans_of(fast, "6001"), "order": netsuite(fast, "6001"), "all": fast.zuora.dump()}
    fast.zuora.options.orders = True


@pytest.mark.parametrize("field", ruled(EXPECTED, {f: row[1] for f, row in EXPECTED.items()}, MAPPING))
def test_fields(created: dict[str, Any], field: str) -> None:
    assert created[field] == EXPECTED[field][0]


@rule(
    f"{MAPPING}line-zuora-item-id-to-rateplandata-productrateplanid",
    *(f"sales-orders.1.rule.{n}" for n in (1, 2, 3)),
)
def test_one_rate_plan_per_rate_plan_line_in_line_order(created: dict[str, Any]) -> None:
    assert created["plans"] == [plan_id(i) for i in (SILVER, GOLD, GOLD)]


@rule("sales-orders.1.rule.4", "sales-orders.1.rule.3")
def test_prices_and_quantities_are_those_of_the_catalogue(created: dict[str, Any]) -> None:
    charges = created["all"]["RatePlanCharge"]
    assert [(c["Price"], c.get("Quantity")) for c in charges] == [(99, None), (99, None)]


@rule("sales-orders.1.rule.5", f"{MAPPING}to-subscribeoptions-generateinvoices")
def test_no_invoice(created: dict[str, Any]) -> None:
    assert created["all"].get("Invoice", []) == []


@rule(f"{MAPPING}to-subscription-syncdate-ns-integrationstatus-ns", "custom-fields.1.4.field.subscription")
def test_sync_date(created: dict[str, Any]) -> None:
    written = [datetime.fromisoformat(t) for t in (created["SyncDate__NS"], created["order"]["custbodyzuorasyncdate"])]
    assert timedelta(0) <= written[1] - written[0] < timedelta(minutes=1)
    assert created["SalesOrder__NS"] == "SO-6001" and "Project__NS" not in created


@rule("sales-orders.6.api.orders", "sales-orders.6.idempotency-key", "sales-orders.Q2.months")
def test_the_order_that_is_sent(world: MemoryWorld) -> None:
    ready(world, order("6001", GOLD, custbodyzuoraautorenew=False))
    sent = bodies(world, "/v1/orders")
    output = run(world)
    (call,) = sent
    stamped = call["body"]["subscriptions"][0].pop("customFields")
    assert stamped["SalesOrder__NS"] == "SO-6001"
    assert call["body"] == {
        "orderDate": "2026-11-01",
        "existingAccountNumber": "A1",
        "subscriptions": [
            {
                "orderActions": [
                    {
                        "type": "CreateSubscription",
                        "triggerDates": [{"name": "ContractEffective", "triggerDate": "2026-11-01"}],
                        "createSubscription": {
                            "terms": {
                                "initialTerm": {"termType": "TERMED", "period": 12, "periodType": "Month"},
                                "renewalSetting": "RENEW_WITH_SPECIFIC_TERM",
                                "renewalTerms": [{"period": 6, "periodType": "Month"}],
                                "autoRenew": False,
                            },
                            "subscribeToRatePlans": [{"productRatePlanId": plan_id(GOLD)}],
                        },
                    }
                ]
            }
        ],
        "processingOptions": {"runBilling": False, "collectPayment": False},
    }
    assert call["key"].startswith("sales-order-6001-orders-") and output["tiedOut"]


@rule("sales-orders.6.api.subscriptions", f"{MAPPING}to-subscribeoptions-generateinvoices", "sales-orders.6.idempotency-key")
def test_the_subscription_that_is_sent(world: MemoryWorld) -> None:
    ready(world, order("6001", GOLD))
    world.zuora.options.orders = False
    sent = bodies(world, "/v1/subscriptions")
    run(world)
    (call,) = sent
    body = {k: v for k, v in call["body"].items() if not k.endswith("__NS")}
    assert body == {
        "accountKey": zid("A1"),
        "contractEffectiveDate": "2026-11-01",
        "termType": "TERMED",
        "initialTerm": 12,
        "renewalTerm": 6,
        "autoRenew": True,
        "subscribeToRatePlans": [{"productRatePlanId": plan_id(GOLD)}],
        "runBilling": False,
        "collect": False,
    }
    assert call["key"].startswith("sales-order-6001-subscriptions-")


@rule("sales-orders.6.contract-effective-date", f"{MAPPING}trandate-read-only")
@pytest.mark.parametrize("orders", [True, False])
def test_without_a_contract_effective_date(world: MemoryWorld, orders: bool) -> None:
    ready(world, order("6001", custbodyzuoracontracteffectivedate=None))
    world.zuora.options.orders = orders
    sent = bodies(world, "/v1/orders" if orders else "/v1/subscriptions")
    run(world)
    assert subscription(world, "6001")["ContractEffectiveDate"] == "2026-10-05"
    assert "ServiceActivation" not in str(sent) and "serviceActivation" not in str(sent) and "cceptance" not in str(sent)


@rule("sales-orders.Q1.evergreen-terms", f"{MAPPING}zuora-term-setting-to-subscription-termtype")
@pytest.mark.parametrize("orders", [True, False])
def test_evergreen(world: MemoryWorld, orders: bool) -> None:
    zero = {"custbodyzuorainitialterm": "0", "custbodyzuorarenewalterm": "0", "custbodyzuoratermsetting": "EVERGREEN"}
    ready(world, order("6001", **zero))
    world.zuora.options.orders = orders
    assert run(world)["tiedOut"]
    made = subscription(world, "6001")
    assert made["TermType"] == "EVERGREEN" and "TermEndDate" not in made


@rule("sales-orders.3.validation.SO6")
def test_an_empty_term_setting_is_termed(world: MemoryWorld) -> None:
    ready(world, order("6001", custbodyzuoratermsetting=None))
    run(world)
    assert subscription(world, "6001")["TermType"] == "TERMED"


@rule("sales-orders.6.api.setting", "settings.key.zuora.subscription_api")
@pytest.mark.parametrize(
    ("setting", "orders", "paths"),
    [
        ("auto", True, ("/v1/orders",)),
        ("auto", False, ("/v1/orders", "/v1/subscriptions", "/v1/subscriptions")),
        ("orders", True, ("/v1/orders", "/v1/orders")),
        ("subscriptions", False, ("/v1/subscriptions", "/v1/subscriptions")),
    ],
)
def test_the_setting_chooses(world: MemoryWorld, setting: str, orders: bool, paths: tuple[str, ...]) -> None:
    """`auto` asks the tenant once: one without Orders declines the first order of a batch."""
    ready(world, order("6001"), order("6002"), **{"zuora.subscription_api": setting})
    world.zuora.options.orders = orders
    counts = {path: bodies(world, path) for path in ("/v1/orders", "/v1/subscriptions")}
    assert run(world)["tiedOut"]
    expected = {path: paths.count(path) for path in counts}
    if setting == "auto" and orders:
        expected["/v1/orders"] = 2
    assert {path: len(sent) for path, sent in counts.items()} == expected


@rule("sales-orders.6.api.setting")
@pytest.mark.parametrize(("setting", "orders"), [("orders", False), ("subscriptions", True)])
def test_a_wrong_setting_is_told_by_zuora(world: MemoryWorld, setting: str, orders: bool) -> None:
    ready(world, order("6001"), **{"zuora.subscription_api": setting})
    world.zuora.options.orders = orders
    summary = run(world)
    assert any("enabled" in line["message"] for line in summary["log"])
    assert netsuite(world, "6001")["custbodyzuoraintegrationstatus"] == "Error Creating Subscription"
