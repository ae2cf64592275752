"""The mapping of sales orders, row by row, by both of Zuora's calls (sales-orders.md sections 1, 5 and 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.sync.builders import zid
from tests.sync.fields import Fields
from tests.sync.memory import MemoryWorld
from tests.sync.order_world import CHARGE, GOLD, OLD, ORDINARY, SETTINGS, SILVER, bodies, lines, netsuite, order, plan_id, ready, run
from tests.sync.ran import SALES_ORDERS, Ran, ran
from tests.sync.words import a_sales_order, internal_id, world_with

rule = pytest.mark.rule
MAPPING = "sales-orders.5.mapping."
FULL: dict[str, Any] = {
    "custbodyzuorasubscriptionnumber": "S-77",
    "custbodyzuoratermstartdate": "2026-11-03",
    "custbodyzuoraserviceactivationdate": "2026-11-04",
    "custbodyzuoracustomeracceptancedate": "2026-11-05",
}
EVERGREEN: dict[str, Any] = {"custbodyzuorainitialterm": "0", "custbodyzuorarenewalterm": "0", "custbodyzuoratermsetting": "EVERGREEN"}
ORDERS = [
    a_sales_order("FULL", SILVER, ORDINARY, GOLD, CHARGE, GOLD, **FULL),
    a_sales_order("PLAIN"),
    a_sales_order("NOT RENEWED", custbodyzuoraautorenew=False),
    a_sales_order("UNDATED", custbodyzuoracontracteffectivedate=None),
    a_sales_order("EVERGREEN", **EVERGREEN),
    a_sales_order("NO SETTING", custbodyzuoratermsetting=None),
    a_sales_order("CLOSED LINES", item=lines((GOLD, False), (SILVER, True), (ORDINARY, True), (GOLD, False), (OLD, True))),
]
FIELDS = Fields(
    MAPPING,
    {
        "internalid-to-subscription-integrationid-ns": ("IntegrationId__NS", internal_id("FULL")),
        "tranid-to-subscription-salesorder-ns": ("SalesOrder__NS", "FULL"),
        "zuora-customer-id-to-account-id": ("AccountId", zid("A1")),
        "currency-name-to-subscription-currency": ("Currency", "USD"),
        "zuora-subscription-number-to-subscription-name": ("Name", "S-77"),
        "zuora-term-setting-to-subscription-termtype": ("TermType", "TERMED"),
        "zuora-term-start-date-to-subscription-termstartdate": ("TermStartDate", "2026-11-03"),
        "zuora-initial-term-to-subscription-initialterm": ("InitialTerm", 12),
        "zuora-renewal-term-to-subscription-renewalterm": ("RenewalTerm", 6),
        "zuora-auto-renew-to-subscription-autorenew": ("AutoRenew", True),
        "zuora-contract-effective-date-to-subscription-contracteffectivedate": ("ContractEffectiveDate", "2026-11-01"),
        "zuora-service-activation-date-to-serviceactivationdate": ("ServiceActivationDate", "2026-11-04"),
        "zuora-customer-acceptance-date-to-subscription-contractacceptancedate": ("ContractAcceptanceDate", "2026-11-05"),
        "to-subscription-syncdate-ns-integrationstatus-ns": ("IntegrationStatus__NS", "Sync Complete"),
    },
)


@dataclass(frozen=True)
class Created:
    """The run over all orders, and the calls that created: {"body", "key"}."""

    run: Ran
    calls: list[dict[str, Any]]
    path: str

    def call(self, number: str) -> dict[str, Any]:
        """The one call for an order."""
        (found,) = [c for c in self.calls if c["key"].startswith(f"sales-order-{internal_id(number)}-{self.path}-")]
        return found

    def plans(self, number: str) -> list[str]:
        """The rate plans of its subscription, in their order."""
        return [plan["ProductRatePlanId"] for plan in self._plans(number)]

    def charges(self, number: str) -> list[dict[str, Any]]:
        plans = [plan["Id"] for plan in self._plans(number)]
        return [c for c in self.run.zuora["RatePlanCharge"] if c["RatePlanId"] in plans]

    def _plans(self, number: str) -> list[dict[str, Any]]:
        return [p for p in self.run.zuora["RatePlan"] if p["SubscriptionId"] == self.run.id_of(number)]


@pytest.fixture(autouse=True)
def _orders_are_on(fast: MemoryWorld) -> Iterator[None]:
    yield
    fast.zuora.options.orders = True
    fast.session.__dict__.pop("send", None)


def created_by(world: MemoryWorld, path: str) -> Created:
    """All orders at once, in a tenant that takes them by that call."""
    world_with(world, *ORDERS, **SETTINGS)
    world.zuora.options.orders = path == "orders"
    calls = bodies(world, f"/v1/{path}")
    done = ran(world, SALES_ORDERS)
    assert done.output["tiedOut"]
    return Created(done, calls, path)


@pytest.fixture(scope="module")
def both(fast: MemoryWorld) -> dict[str, Created]:
    return {path: created_by(fast, path) for path in ("orders", "subscriptions")}


@pytest.fixture(params=["orders", "subscriptions"])
def created(both: dict[str, Created], request: pytest.FixtureRequest) -> Created:
    return both[request.param]


@pytest.mark.parametrize("row", FIELDS.cases())
def test_fields(created: Created, row: str) -> None:
    FIELDS.check(row, created.run.sent("FULL"))


@rule(
    f"{MAPPING}line-zuora-item-id-to-rateplandata-productrateplanid",
    *(f"sales-orders.1.rule.{n}" for n in (1, 2, 3)),
)
def test_one_rate_plan_per_rate_plan_line_in_line_order(created: Created) -> None:
    assert created.plans("FULL") == [plan_id(i) for i in (SILVER, GOLD, GOLD)]


@rule("sales-orders.1.rule.4", "sales-orders.1.rule.3")
def test_prices_and_quantities_are_those_of_the_catalogue(created: Created) -> None:
    assert [(c["Price"], c.get("Quantity")) for c in created.charges("FULL")] == [(99, None), (99, None)]


@rule("sales-orders.1.rule.5", f"{MAPPING}to-subscribeoptions-generateinvoices")
def test_no_invoice(created: Created) -> None:
    assert created.run.zuora.get("Invoice", []) == []


@rule(f"{MAPPING}to-subscription-syncdate-ns-integrationstatus-ns", "custom-fields.1.4.field.subscription")
def test_sync_date(created: Created) -> None:
    made, source = created.run.sent("FULL"), created.run.record("FULL")
    written = [datetime.fromisoformat(t) for t in (made["SyncDate__NS"], source["custbodyzuorasyncdate"])]
    assert timedelta(0) <= written[1] - written[0] < timedelta(minutes=1)
    assert made["SalesOrder__NS"] == "FULL" and "Project__NS" not in made


def test_a_closed_line_is_not_sold_and_told(created: Created) -> None:
    assert created.plans("CLOSED LINES") == [plan_id(GOLD), plan_id(GOLD)]
    told = [(line.get("source_number"), line["message"]) for line in created.run.lines if line.get("code") == "SO-LINE-CLOSED"]
    closed = (("2", "Item 502"), ("5", "Item 503"))
    assert told == [("CLOSED LINES", f"Sales order CLOSED LINES: line {n} ({item}) is closed; it is not sold.") for n, item in closed]


@rule("sales-orders.6.api.orders", "sales-orders.6.idempotency-key", "sales-orders.Q2.months")
def test_the_order_that_is_sent(both: dict[str, Created]) -> None:
    body = both["orders"].call("NOT RENEWED")["body"]
    (subscription,) = body["subscriptions"]
    assert subscription["customFields"]["SalesOrder__NS"] == "NOT RENEWED"
    assert {**body, "subscriptions": [{k: v for k, v in subscription.items() if k != "customFields"}]} == {
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


@rule("sales-orders.6.api.subscriptions", f"{MAPPING}to-subscribeoptions-generateinvoices", "sales-orders.6.idempotency-key")
def test_the_subscription_that_is_sent(both: dict[str, Created]) -> None:
    body = {k: v for k, v in both["subscriptions"].call("PLAIN")["body"].items() if not k.endswith("__NS")}
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


@rule("sales-orders.6.contract-effective-date", f"{MAPPING}trandate-read-only")
def test_without_a_contract_effective_date(created: Created) -> None:
    assert created.run.sent("UNDATED")["ContractEffectiveDate"] == "2026-10-05"
    sent = str(created.call("UNDATED"))
    assert "ServiceActivation" not in sent and "serviceActivation" not in sent and "cceptance" not in sent


@rule("sales-orders.Q1.evergreen-terms", f"{MAPPING}zuora-term-setting-to-subscription-termtype")
def test_evergreen(created: Created) -> None:
    made = created.run.sent("EVERGREEN")
    assert made["TermType"] == "EVERGREEN" and "TermEndDate" not in made


@rule("sales-orders.3.validation.SO6")
def test_an_empty_term_setting_is_termed(created: Created) -> None:
    assert created.run.sent("NO SETTING")["TermType"] == "TERMED"


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
def test_the_setting_chooses(fast: MemoryWorld, setting: str, orders: bool, paths: tuple[str, ...]) -> None:
    """`auto` asks the tenant once: one without Orders declines the first order of a batch."""
    ready(fast, order("6001"), order("6002"), **{"zuora.subscription_api": setting})
    fast.zuora.options.orders = orders
    counts = {path: bodies(fast, path) for path in ("/v1/orders", "/v1/subscriptions")}
    assert run(fast)["tiedOut"]
    expected = {path: paths.count(path) for path in counts}
    if setting == "auto" and orders:
        expected["/v1/orders"] = 2
    assert {path: len(sent) for path, sent in counts.items()} == expected


@rule("sales-orders.6.api.setting")
@pytest.mark.parametrize(("setting", "orders"), [("orders", False), ("subscriptions", True)])
def test_a_wrong_setting_is_told_by_zuora(fast: MemoryWorld, setting: str, orders: bool) -> None:
    ready(fast, order("6001"), **{"zuora.subscription_api": setting})
    fast.zuora.options.orders = orders
    summary = run(fast)
    assert any("enabled" in line["message"] for line in summary["log"])
    assert netsuite(fast, "6001")["custbodyzuoraintegrationstatus"] == "Error Creating Subscription"
