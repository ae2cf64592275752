"""Accounts, subscriptions, orders and the catalogue (spec sections 12.7 and 12.8)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standins.zuora.tenant import Tenant, rid, running
from tests.standins.zuora.test_payments import code

DATES = {"EffectiveStartDate": "2020-01-01", "EffectiveEndDate": "2036-01-01"}
CATALOGUE: dict[str, list[dict[str, Any]]] = {
    "Product": [{"Id": rid("b"), "Name": "Seats", "SKU": "SKU-1", **DATES}],
    "ProductRatePlan": [{"Id": rid("d"), "ProductId": rid("b"), "Name": "Monthly", **DATES}],
    "ProductRatePlanCharge": [
        {
            "Id": rid("e"),
            "ProductRatePlanId": rid("d"),
            "Name": "Per seat",
            "ChargeType": "Recurring",
            "ChargeModel": "Per Unit Pricing",
            "BillingPeriod": "Month",
            "DefaultQuantity": 1,
        }
    ],
    "ProductRatePlanChargeTier": [{"ProductRatePlanChargeId": rid("e"), "Currency": "USD", "Price": 12.0, "Tier": 1}],
}


def account_body(**more: Any) -> dict[str, Any]:
    return {
        "name": "New Ltd",
        "accountNumber": "NS-1007",
        "currency": "USD",
        "billCycleDay": 1,
        "autoPay": False,
        "paymentTerm": "Net 30",
        "batch": "Batch1",
        "billToContact": {"firstName": "Ann", "lastName": "Lee", "zipCode": "78701", "country": "US", "workEmail": "ann@acme.test"},
        "IntegrationId__NS": "1007",
        "Subsidiary__NS": "1",
        **more,
    }


def test_an_account_with_contacts_is_made_in_one_call(empty: Tenant) -> None:
    sold_to = {"firstName": "Bo", "lastName": "Ek"}
    made = empty.post("/v1/accounts", account_body(soldToContact=sold_to))
    assert (made["success"], made["accountNumber"]) == (True, "NS-1007")
    shown = empty.get(f"/v1/accounts/{made['accountId']}")
    assert (shown["basicInfo"]["name"], shown["basicInfo"]["IntegrationId__NS"], shown["basicInfo"]["status"]) == (
        "New Ltd",
        "1007",
        "Active",
    )
    assert (shown["billingAndPayment"]["paymentTerm"], shown["billingAndPayment"]["currency"]) == ("Net 30", "USD")
    assert shown["metrics"]["balance"] == "0"
    assert (shown["billToContact"]["zipCode"], shown["soldToContact"]["lastName"]) == ("78701", "Ek")
    assert (shown["billToContact"]["id"], shown["soldToContact"]["id"]) == (made["billToContactId"], made["soldToContactId"])
    assert empty.zoql("select BillToId from Account where IntegrationId__NS = '1007'")["records"][0]["BillToId"] == made["billToContactId"]


def test_without_sold_to_a_second_contact_like_the_bill_to_is_made(empty: Tenant) -> None:
    made = empty.post("/v1/accounts", account_body())
    assert made["soldToContactId"] != made["billToContactId"]
    shown = empty.get(f"/v1/accounts/{made['accountId']}")
    assert {**shown["soldToContact"], "id": ""} == {**shown["billToContact"], "id": ""}
    one = empty.post("/v1/accounts", account_body(accountNumber="NS-2", soldToSameAsBillTo=True))
    assert one["soldToContactId"] == one["billToContactId"]
    both = account_body(accountNumber="NS-3", soldToSameAsBillTo=True, soldToContact={"firstName": "Bo", "lastName": "Ek"})
    assert code(empty.post("/v1/accounts", both)) == 20


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"name": None}, 22),
        ({"billToContact": None}, 22),
        ({"billToContact": {"firstName": "Ann"}}, 22),
        ({"billToContact": {"firstName": "Ann", "lastName": "Lee", "planet": "Mars"}}, 21),
        ({"currency": "dollars"}, 20),
        ({"batch": "Batch99"}, 20),
        ({"billCycleDay": 32}, 20),
        ({"autoPay": True}, 22),
        ({"parentId": rid("a", 77)}, 40),
        ({"accountNumber": "A-1"}, 20),
        ({"Name": "capital"}, 21),
        ({"Nothing__NS": "x"}, 21),
        ({"creditCard": {}}, 22),
        ({"hpmCreditCardPaymentMethodId": "x"}, 30),
    ],
)
def test_wrong_accounts_are_refused_and_change_nothing(settled: Tenant, change: dict[str, Any], category: int) -> None:
    before = settled.stand_in.dump()
    assert code(settled.post("/v1/accounts", account_body(**change))) == category
    assert settled.stand_in.dump() == before


def test_the_account_above_is_named_by_number_too(settled: Tenant) -> None:
    made = settled.post("/v1/accounts", account_body(accountNumber="NS-9", parentAccountNumber="A-1"))
    assert settled.get(f"/v1/accounts/{made['accountId']}")["basicInfo"]["parentId"] == rid("a")
    assert code(settled.post("/v1/accounts", account_body(accountNumber="NS-10", parentAccountNumber="nobody"))) == 40
    both = account_body(accountNumber="NS-10", parentAccountNumber="A-1", parentId=rid("a", 2))
    assert code(settled.post("/v1/accounts", both)) == 20


def test_update_of_account_and_contact(settled: Tenant) -> None:
    body = {"name": "Acme GmbH", "billToContact": {"city": "Berlin"}, "IntegrationStatus__NS": "Sync Complete", "taxInfo": {"VATId": "DE1"}}
    assert settled.put("/v1/accounts/A-1", body) == {"success": True}
    shown = settled.get("/v1/accounts/A-1")
    assert (shown["basicInfo"]["name"], shown["billToContact"]["city"], shown["billToContact"]["lastName"]) == (
        "Acme GmbH",
        "Berlin",
        "Lee",
    )
    assert (shown["taxInfo"]["VATId"], shown["basicInfo"]["IntegrationStatus__NS"]) == ("DE1", "Sync Complete")
    assert code(settled.put("/v1/accounts/A-1", {"currency": "EUR"})) == 21
    assert code(settled.put("/v1/accounts/nobody", {"name": "x"})) == 40


def test_a_sold_to_of_its_own_is_made_when_both_were_one(settled: Tenant) -> None:
    settled.put("/v1/accounts/A-1", {"soldToContact": {"city": "Oslo"}})
    shown = settled.get("/v1/accounts/A-1")
    assert shown["soldToContact"]["id"] != shown["billToContact"]["id"]
    assert (shown["soldToContact"]["city"], shown["soldToContact"]["lastName"], "city" in shown["billToContact"]) == ("Oslo", "Lee", False)


def test_metrics_are_added_up_as_texts(settled: Tenant) -> None:
    metrics = settled.get("/v1/accounts/A-1")["metrics"]
    assert metrics["totalInvoiceBalance"] == "200.0"
    assert metrics["balance"] == "190.0"
    assert metrics["unappliedCreditMemoAmount"] == "40.0"


def test_contacts(settled: Tenant) -> None:
    assert settled.get(f"/v1/contacts/{rid('c')}")["lastName"] == "Lee"
    assert settled.put(f"/v1/contacts/{rid('c')}", {"zipCode": "10115"})["success"] is True
    assert settled.zoql(f"select PostalCode from Contact where Id = '{rid('c')}'")["records"][0]["PostalCode"] == "10115"


ORDER = {
    "orderDate": "2026-01-31",
    "existingAccountNumber": "A-1",
    "subscriptions": [
        {
            "orderActions": [
                {
                    "type": "CreateSubscription",
                    "triggerDates": [{"name": "ContractEffective", "triggerDate": "2026-01-31"}],
                    "createSubscription": {
                        "terms": {
                            "initialTerm": {"period": 12, "periodType": "Month", "termType": "TERMED", "startDate": "2026-01-31"},
                            "renewalSetting": "RENEW_WITH_SPECIFIC_TERM",
                            "renewalTerms": [{"period": 12, "periodType": "Month"}],
                            "autoRenew": True,
                        },
                        "subscribeToRatePlans": [
                            {
                                "productRatePlanId": rid("d"),
                                "chargeOverrides": [
                                    {
                                        "productRatePlanChargeId": rid("e"),
                                        "pricing": {"recurringPerUnit": {"quantity": 5, "listPrice": 10}},
                                    }
                                ],
                            }
                        ],
                    },
                }
            ],
            "customFields": {"IntegrationId__NS": "881", "SalesOrder__NS": "SO881"},
        }
    ],
    "processingOptions": {"runBilling": False, "collectPayment": False},
}


def test_an_order_makes_a_subscription(settled: Tenant) -> None:
    settled.load(**CATALOGUE)
    made = settled.call("POST", "/v1/orders", ORDER, headers={"Zuora-Version": "2025-08-12"}).json()
    assert (made["success"], made["orderNumber"], made["accountNumber"], made["status"]) == (True, "O-00000001", "A-1", "Completed")
    first = made["subscriptions"][0]
    assert (first["subscriptionNumber"], first["status"]) == ("A-S00000001", "Active")
    shown = settled.get("/v1/subscriptions/A-S00000001")
    assert (shown["id"], shown["SalesOrder__NS"], shown["termEndDate"], shown["autoRenew"]) == (
        first["subscriptionId"],
        "SO881",
        "2027-01-31",
        True,
    )
    charge = shown["ratePlans"][0]["ratePlanCharges"][0]
    assert (charge["productRatePlanChargeId"], charge["quantity"], charge["price"]) == (rid("e"), 5, 10)
    older = settled.call("POST", "/v1/orders", ORDER, headers={"Zuora-Version": "196.0"}).json()
    assert older["subscriptionNumbers"] == ["A-S00000002"]


def test_an_order_is_kept_with_its_actions(settled: Tenant) -> None:
    settled.load(**CATALOGUE)
    settled.post("/v1/orders", {**ORDER, "orderNumber": "O-mine"})
    found = settled.get(
        "/object-query/orders", **{"filter[]": "ordernumber.EQ:o-MINE", "expand[]": ["account", "orderactions.subscription"]}
    )
    order = found["data"][0]
    assert (order["orderNumber"], order["orderDate"], order["status"], order["category"]) == (
        "O-mine",
        "2026-01-31",
        "Completed",
        "NewSales",
    )
    action = order["orderActions"][0]
    assert (action["type"], action["termType"], action["currentTerm"], action["autoRenew"]) == ("CreateSubscription", "TERMED", 12, True)
    assert (order["account"]["accountNumber"], action["subscription"]["orderId"]) == ("A-1", order["id"])
    assert settled.get("/object-query/orders/O-mine")["id"] == order["id"]
    actions = settled.get("/object-query/order-actions", **{"filter[]": f"orderid.EQ:{order['id']}"})["data"]
    assert [a["subscriptionNumber"] for a in actions] == ["A-S00000001"]
    assert settled.call("GET", "/object-query/orders", params={"filter[]": "orderdate.EQ:2026-01-31"}).status_code == 400
    settled.clock.move(60)
    assert settled.sql("SELECT o.ordernumber, a.type FROM orders o JOIN orderaction a ON a.orderid = o.id") == [
        {"ordernumber": "O-mine", "type": "CreateSubscription"}
    ]
    assert code(settled.post("/v1/orders", {**ORDER, "orderNumber": "O-mine"})) == 20
    assert settled.post("/v1/orders", ORDER)["orderNumber"] == "O-00000001"


@pytest.mark.parametrize("change", [{"status": "Draft"}, {"orderLineItems": []}, {"schedulingOptions": {}}])
def test_what_orders_of_this_tenant_do_not_do_is_refused(settled: Tenant, change: dict[str, Any]) -> None:
    settled.load(**CATALOGUE)
    before = settled.stand_in.dump()
    assert code(settled.post("/v1/orders", {**ORDER, **change})) == 30
    assert settled.stand_in.dump() == before


def test_a_tenant_without_orders_knows_none() -> None:
    with running(orders=False) as tenant:
        assert tenant.call("GET", "/object-query/orders").status_code == 404
        assert tenant.call("GET", "/object-query/order-actions").status_code == 404
        tenant.refused(Order=[{"AccountId": rid("a"), "OrderDate": "2026-01-31"}])


def test_wrong_orders(settled: Tenant) -> None:
    settled.load(**CATALOGUE)
    assert code(settled.post("/v1/orders", {**ORDER, "existingAccountNumber": "nobody"})) == 40
    assert code(settled.post("/v1/orders", {"orderDate": "2026-01-31", "existingAccountNumber": "A-1"})) == 22
    cancel = {**ORDER, "subscriptions": [{"orderActions": [{"type": "CancelSubscription"}]}]}
    assert code(settled.post("/v1/orders", cancel)) == 30
    with running(orders=False) as tenant:
        assert code(tenant.post("/v1/orders", ORDER)) == 10


SUBSCRIPTION = {
    "accountKey": "A-1",
    "contractEffectiveDate": "2026-01-31",
    "termType": "TERMED",
    "initialTerm": 12,
    "renewalTerm": 12,
    "runBilling": False,
    "collect": False,
    "subscribeToRatePlans": [
        {"productRatePlanId": rid("d"), "chargeOverrides": [{"productRatePlanChargeId": rid("e"), "quantity": 5, "price": 10}]}
    ],
    "IntegrationId__NS": "881",
}


@pytest.fixture
def no_orders(settled: Tenant, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    """A tenant with a catalogue and without Orders."""
    monkeypatch.setattr(settled.stand_in.options, "orders", False)
    settled.load(**CATALOGUE)
    return settled


def test_a_subscription_without_orders(no_orders: Tenant) -> None:
    settled = no_orders
    made = settled.post("/v1/subscriptions", SUBSCRIPTION)
    assert (made["subscriptionNumber"], made["contractedMrr"], made["totalContractedValue"]) == ("A-S00000001", 50, 600)
    listed = {**SUBSCRIPTION, "subscribeToRatePlans": [{"productRatePlanId": rid("d")}]}
    assert settled.post("/v1/subscriptions", listed)["contractedMrr"] == 12
    assert len(settled.get("/v1/subscriptions/accounts/A-1")["subscriptions"]) == 2
    for name in ("accountKey", "termType", "renewalTerm", "initialTerm", "subscribeToRatePlans"):
        assert code(settled.post("/v1/subscriptions", {k: v for k, v in SUBSCRIPTION.items() if k != name})) == 22
    bad = {**SUBSCRIPTION, "subscribeToRatePlans": [{"productRatePlanId": rid("d", 9)}]}
    assert code(settled.post("/v1/subscriptions", bad)) == 40


def test_custom_fields_of_a_subscription(no_orders: Tenant) -> None:
    settled = no_orders
    settled.post("/v1/subscriptions", SUBSCRIPTION)
    path = "/v1/subscriptions/A-S00000001/customFields"
    assert settled.put(path, {"customFields": {"IntegrationStatus__NS": "Sync Complete"}}) == {"success": True}
    assert settled.get("/v1/subscriptions/A-S00000001")["IntegrationStatus__NS"] == "Sync Complete"
    assert code(settled.put(path, {"customFields": {"Nothing__NS": "x"}})) == 21
    assert code(settled.put(path, {})) == 22


def test_orders_close_the_older_ways_to_write_subscriptions(settled: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    settled.load(**CATALOGUE)
    assert code(settled.post("/v1/subscriptions", SUBSCRIPTION)) == 10
    assert settled.post("/v1/orders", ORDER)["success"] is True
    row = settled.zoql("select Id, Name from Subscription where IntegrationId__NS = '881'")["records"][0]
    update = {"type": "Subscription", "objects": [{"Id": row["Id"], "IntegrationStatus__NS": "x"}]}
    assert settled.post("/v1/action/update", update)[0]["Errors"][0]["Code"] == "INVALID_TYPE"
    monkeypatch.setattr(settled.stand_in.options, "orders_harmonization", True)
    assert settled.post("/v1/subscriptions", {**SUBSCRIPTION, "IntegrationId__NS": "882"})["success"]
    assert settled.post("/v1/action/update", update)[0]["Success"] is True


def test_a_subscription_is_found_by_its_connector_fields(settled: Tenant) -> None:
    settled.load(**CATALOGUE)
    settled.post("/v1/orders", ORDER)
    condition = "AccountId = '" + rid("a") + "' and SalesOrder__NS = 'SO881'"
    row = settled.zoql(f"select Name, IntegrationId__NS, SalesOrder__NS, IntegrationStatus__NS from Subscription where {condition}")
    assert (row["records"][0]["Name"], row["records"][0]["IntegrationId__NS"]) == ("A-S00000001", "881")
    settled.clock.move(6)
    found = settled.sql("SELECT name, salesorder__ns, accountid FROM subscription WHERE integrationid__ns = '881'")
    assert found == [{"name": "A-S00000001", "salesorder__ns": "SO881", "accountid": rid("a")}]
    shown = settled.get("/object-query/subscriptions", **{"filter[]": "name.EQ:A-S00000001"})["data"][0]
    assert (shown["IntegrationId__NS"], shown["SalesOrder__NS"]) == ("881", "SO881")


def test_a_rate_plan_must_be_effective(no_orders: Tenant) -> None:
    assert code(no_orders.post("/v1/subscriptions", {**SUBSCRIPTION, "contractEffectiveDate": "2036-01-02"})) == 30
    assert code(no_orders.post("/v1/subscriptions", {**SUBSCRIPTION, "contractEffectiveDate": "2019-12-31"})) == 30
    assert no_orders.zoql("select Id from Subscription")["size"] == 0
    assert no_orders.post("/v1/subscriptions", {**SUBSCRIPTION, "contractEffectiveDate": "2036-01-01"})["success"]


def test_the_catalogue(settled: Tenant) -> None:
    settled.load(**CATALOGUE)
    product = settled.get("/v1/catalog/products")["products"][0]
    assert (product["sku"], product["name"]) == ("SKU-1", "Seats")
    plans = settled.http.get(product["productRatePlans"], timeout=5).json()["productRatePlans"]
    charge = plans[0]["productRatePlanCharges"][0]
    assert (charge["name"], charge["type"], charge["pricing"][0]["price"]) == ("Per seat", "Recurring", 12)
    settled.load(Product=[{"Name": f"P{n}", **DATES} for n in range(10)])
    assert len(settled.get("/v1/catalog/products")["products"]) == 10
    assert "nextPage" in settled.get("/v1/catalog/products")
    assert settled.get(f"/v1/catalog/products/{rid('b')}")["name"] == "Seats"
