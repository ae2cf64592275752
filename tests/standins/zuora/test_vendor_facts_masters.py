"""What the vendor's pages say that accounts, contacts, the catalogue, orders and searches refuse or take, one row each."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.standins.zuora.tenant import Tenant, rid, running
from tests.standins.zuora.test_accounts import CATALOGUE, DATES, ORDER, SUBSCRIPTION, account_body
from tests.standins.zuora.test_exports import QUERY, body
from tests.standins.zuora.test_object_query import ids, query
from tests.standins.zuora.test_payments import code

PERSON = {"firstName": "Ann", "lastName": "Lee"}


def person(**more: Any) -> dict[str, Any]:
    return {"billToContact": {**PERSON, **more}}


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"billCycleDay": None}, 22),
        ({"accountNumber": "A00000777"}, 20),
        (person(country="Atlantis"), 20),
        (person(country="_unitedStates"), 20),
        (person(country="US", state="Nowhere"), 20),
        (person(country="CAN", state="Texas"), 20),
        (person(workEmail="not a mail address"), 20),
        (person(personalEmail="a@b"), 20),
        ({"additionalEmailAddresses": ["a@acme.test", "nobody"]}, 20),
    ],
)
def test_accounts_that_are_refused(settled: Tenant, change: dict[str, Any], category: int) -> None:
    before = settled.stand_in.dump()
    given = {k: v for k, v in account_body(**change).items() if v is not None}
    assert code(settled.post("/v1/accounts", given)) == category
    assert settled.stand_in.dump() == before


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"country": "BG"}, ("Bulgaria", None)),
        ({"country": "BGR"}, ("Bulgaria", None)),
        ({"country": "Bulgaria", "state": "Anywhere"}, ("Bulgaria", "Anywhere")),
        ({"country": "CA", "state": "NB"}, ("Canada", "New Brunswick")),
        ({"country": "United States", "state": "Texas"}, ("United States", "Texas")),
        ({"state": "Anywhere"}, (None, "Anywhere")),
        ({}, (None, None)),
    ],
)
def test_names_are_stored_in_place_of_codes(empty: Tenant, given: dict[str, Any], stored: tuple[Any, Any]) -> None:
    made = empty.post("/v1/accounts", account_body(**person(**given)))
    shown = empty.get(f"/v1/contacts/{made['billToContactId']}")
    assert (shown.get("country"), shown.get("state")) == stored
    contact = {k.capitalize(): v for k, v in given.items()}
    created = {"type": "Contact", "objects": [{"AccountId": made["accountId"], "FirstName": "Bo", "LastName": "Ek", **contact}]}
    row = empty.zoql(f"select Country, State from Contact where Id = '{empty.post('/v1/action/create', created)[0]['Id']}'")["records"][0]
    assert (row.get("Country"), row.get("State")) == stored


def test_a_tenant_may_have_countries_of_its_own() -> None:
    with running(countries=("Atlantis",)) as tenant:
        assert tenant.post("/v1/accounts", account_body(**person(country="Atlantis")))["success"]


@pytest.mark.parametrize(
    ("path", "change", "category"),
    [
        (f"contacts/{rid('c')}", {"lastName": ""}, 20),
        (f"contacts/{rid('c')}", {"firstName": None}, 20),
        (f"contacts/{rid('c')}", {"state": "Nowhere"}, 20),
        (f"contacts/{rid('c')}", {"country": "Atlantis"}, 20),
        ("accounts/A-1", {"name": ""}, 22),
        ("accounts/A-1", {"name": None}, 22),
        ("accounts/A-1", {"billToContact": {"lastName": ""}}, 20),
        ("accounts/A-1", {"shipToContact": {"city": "Oslo"}}, 22),
        ("accounts/A-1", {"parentId": rid("a")}, 30),
        ("accounts/A-1", {"parentId": rid("a", 2)}, 30),
    ],
)
def test_changes_that_are_refused(settled: Tenant, path: str, change: dict[str, Any], category: int) -> None:
    settled.put("/v1/accounts/A-2", {"parentId": rid("a")})
    before = settled.stand_in.dump()
    assert code(settled.put(f"/v1/{path}", change)) == category
    assert settled.stand_in.dump() == before


@pytest.mark.parametrize(
    "change", [{"Currency": "EUR"}, {"ParentId": rid("a")}, {"AccountNumber": "A-77"}, {"fieldsToNull": ["Name"]}, {"Currency": "XXX"}]
)
def test_changes_by_actions_that_are_refused(settled: Tenant, change: dict[str, Any]) -> None:
    given = {"type": "Account", "objects": [{"Id": rid("a"), **change}]}
    assert settled.post("/v1/action/update", given)[0]["Success"] is False


def test_the_currency_of_an_account_without_documents_can_change(settled: Tenant) -> None:
    given = {"type": "Account", "objects": [{"Id": rid("a", 2), "Currency": "GBP", "AccountNumber": "B-2"}]}
    assert settled.post("/v1/action/update", given)[0]["Success"] is True


def test_the_prefix_of_numbers_is_the_tenants() -> None:
    with running(account_number_prefix="NS") as tenant:
        assert code(tenant.post("/v1/accounts", account_body())) == 20
        assert tenant.post("/v1/accounts", account_body(accountNumber="A-1"))["success"]


# Catalogue


def test_nothing_ends_before_it_begins(settled: Tenant) -> None:
    backwards = {"Name": "P", "EffectiveStartDate": "2026-02-01", "EffectiveEndDate": "2026-01-31"}
    assert settled.post("/v1/object/product", backwards)["Errors"][0]["Code"] == "INVALID_VALUE"
    made = settled.post("/v1/object/product", {"Name": "P", **DATES})["Id"]
    assert settled.post("/v1/object/product-rate-plan", {**backwards, "ProductId": made})["Success"] is False
    assert settled.put(f"/v1/object/product/{made}", {"EffectiveEndDate": "2019-12-31"})["Success"] is False


CHARGE = {
    "ProductRatePlanId": rid("d"),
    "Name": "Fee",
    "ChargeModel": "Flat Fee Pricing",
    "ChargeType": "Recurring",
    "TriggerEvent": "ContractEffective",
    "BillingPeriod": "Month",
}


@pytest.mark.parametrize(
    "tiers",
    [
        None,
        [],
        [{"Price": 5}],
        [{"Currency": "USD"}],
        [{"Currency": "XXX", "Price": 5}],
        [{"Currency": "USD", "Price": 5, "Colour": "red"}],
    ],
)
def test_charges_without_prices_are_refused(settled: Tenant, tiers: Any) -> None:
    settled.load(**CATALOGUE)
    given = {**CHARGE, **({} if tiers is None else {"ProductRatePlanChargeTierData": {"ProductRatePlanChargeTier": tiers}})}
    before = settled.stand_in.dump()
    assert settled.post("/v1/object/product-rate-plan-charge", given)["Success"] is False
    assert settled.stand_in.dump() == before


def test_the_prices_of_a_charge_are_kept(settled: Tenant) -> None:
    settled.load(**CATALOGUE)
    tiers = [{"Currency": "USD", "Price": 12.5}, {"Currency": "EUR", "Price": 11}, {"Currency": "USD", "StartingUnit": 10, "Price": 10}]
    given = {**CHARGE, "ProductRatePlanChargeTierData": {"ProductRatePlanChargeTier": tiers}}
    made = settled.post("/v1/object/product-rate-plan-charge", given)["Id"]
    rows = settled.zoql(f"select Currency, Tier, Price from ProductRatePlanChargeTier where ProductRatePlanChargeId = '{made}'")["records"]
    assert [(r["Currency"], r["Tier"], r["Price"]) for r in rows] == [("USD", 1, 12.5), ("EUR", 1, 11), ("USD", 2, 10)]
    plans = settled.get(f"/v1/rateplan/{rid('b')}/productRatePlan")["productRatePlans"]
    charge = next(c for c in plans[0]["productRatePlanCharges"] if c["id"] == made)
    assert [(p["currency"], p["price"]) for p in charge["pricing"]] == [("USD", 12.5), ("EUR", 11)]


# Orders


def changed(*way: Any, to: Any) -> dict[str, Any]:
    """The order with another value at one place."""
    order = copy.deepcopy(ORDER)
    place: Any = order
    for key in way[:-1]:
        place = place[key]
    place[way[-1]] = to
    return order


ACTION = ("subscriptions", 0, "orderActions", 0)
CREATE = (*ACTION, "createSubscription")
PLAN = (*CREATE, "subscribeToRatePlans", 0)
OVERRIDE = (*PLAN, "chargeOverrides", 0)


@pytest.mark.parametrize(
    ("order", "category"),
    [
        (changed("orderDate", to="31/01/2026"), 20),
        ({**ORDER, "customFields": {"Nowhere__c": "x"}}, 21),
        ({**ORDER, "customFields": {"description": "x"}}, 21),
        (changed("colour", to="red"), 21),
        (changed("existingAccountId", to=rid("a", 2)), 20),
        (changed("processingOptions", "hurry", to=True), 21),
        (changed("subscriptions", 0, "colour", to="red"), 21),
        (changed(*ACTION, "colour", to="red"), 21),
        (changed(*ACTION, "triggerDates", 0, "colour", to="red"), 21),
        (changed(*ACTION, "triggerDates", 0, "triggerDate", to="31/01/2026"), 20),
        (changed(*CREATE, "colour", to="red"), 21),
        (changed(*CREATE, "terms", "colour", to="red"), 21),
        (changed(*CREATE, "terms", "initialTerm", "colour", to="red"), 21),
        (changed(*CREATE, "terms", "renewalTerms", 0, "colour", to="red"), 21),
        (changed(*CREATE, "terms", to=[]), 20),
        (changed(*PLAN, "colour", to="red"), 21),
        (changed(*OVERRIDE, "pricing", "colour", to={}), 21),
        (changed(*OVERRIDE, "pricing", "recurringPerUnit", "quantity", to=-1), 20),
        (changed(*OVERRIDE, "pricing", to={"recurringFlatFee": {"listPrice": 10}}), 20),
        (changed(*OVERRIDE, "pricing", to={"oneTimePerUnit": {"listPrice": 10}}), 20),
        ({**changed(*PLAN, "chargeOverrides", to=[]), "existingAccountNumber": "A-2"}, 30),
    ],
)
def test_orders_that_are_refused(settled: Tenant, order: dict[str, Any], category: int) -> None:
    settled.load(**CATALOGUE)
    before = settled.stand_in.dump()
    assert code(settled.post("/v1/orders", order)) == category
    assert settled.stand_in.dump() == before


def test_an_order_may_name_its_account_twice(settled: Tenant) -> None:
    settled.load(**CATALOGUE)
    assert settled.post("/v1/orders", {**ORDER, "existingAccountId": rid("a")})["success"]


def test_subscriptions_refuse_unknown_keys_too(settled: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    settled.load(**CATALOGUE)
    monkeypatch.setattr(settled.stand_in.options, "orders", False)
    plans: Any = SUBSCRIPTION["subscribeToRatePlans"]
    plan = plans[0]
    for wrong in ({**plan, "colour": "red"}, {**plan, "chargeOverrides": [{**plan["chargeOverrides"][0], "colour": "red"}]}):
        assert code(settled.post("/v1/subscriptions", {**SUBSCRIPTION, "subscribeToRatePlans": [wrong]})) == 21


def test_monthly_revenue_is_filled(settled: Tenant) -> None:
    settled.load(**CATALOGUE)
    rows: Any = ORDER["subscriptions"]
    twice = {**ORDER, "subscriptions": rows * 2}
    assert settled.post("/v1/orders", twice)["success"]
    assert [r["MRR"] for r in settled.zoql("select MRR from RatePlanCharge")["records"]] == [50, 50]
    shown = settled.get("/v1/accounts/A-1")
    assert shown["metrics"]["contractedMrr"] == "100"
    assert settled.get("/object-query/accounts/A-1")["mrr"] == 100
    assert [s["cMRR"] for s in settled.get("/object-query/subscriptions")["data"]] == [50, 50]


# Object Query


@pytest.mark.parametrize(
    "condition", ["accountnumber.EQ:a-1", "name.EQ:ACME LTD", "name.IN:[acme ltd,Nobody]", "name.SW:aCmE", "name.NE:beta inc"]
)
def test_texts_are_compared_without_regard_to_case(settled: Tenant, condition: str) -> None:
    assert ids(query(settled, "accounts", condition)) == [rid("a")]


@pytest.mark.parametrize(
    ("plural", "given"),
    [
        ("accounts", {"filter[]": "balance.SW:1"}),
        ("invoices", {"filter[]": "invoicedate.SW:2026"}),
        ("accounts", {"filter[]": "updateddate.SW:2026"}),
        ("accounts", {"fields[]": "name,colour"}),
        ("invoices", {"expand[]": "account", "account.fields[]": "colour"}),
        ("invoices", {"account.fields[]": "name"}),
    ],
)
def test_searches_that_are_refused(settled: Tenant, plural: str, given: dict[str, str]) -> None:
    answer = settled.call("GET", f"/object-query/{plural}", params=given)
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (400, 50000027)


def test_fields_can_be_chosen(settled: Tenant) -> None:
    given = {"fields[]": "invoiceNumber", "expand[]": "account", "account.fields[]": "name"}
    shown = settled.get("/object-query/invoices", **given)["data"][0]
    assert shown == {"invoiceNumber": "INV00000001", "account": {"name": "Acme Ltd"}}


def test_every_published_plural_answers(settled: Tenant) -> None:
    settled.load(PaymentMethodSnapshot=[{"Id": rid("8"), "Type": "Check"}])
    assert [r["id"] for r in settled.get("/object-query/payment-method-snapshots")["data"]] == [rid("8")]
    for plural in ("rate-plan-charge-tiers", "refund-application-items", "usages", "amendments", "contact-snapshots", "payment-runs"):
        assert settled.get(f"/object-query/{plural}") == {"nextPage": None, "data": []}
    assert settled.call("GET", f"/object-query/usages/{rid('8')}").status_code == 404
    assert settled.get("/object-query/order-actions") == {"nextPage": None, "data": []}


# AQuA


def test_names_of_jobs_are_short(settled: Tenant) -> None:
    assert settled.post("/v1/batch-query/", body(QUERY, name="n" * 33))["errorCode"] == "90006"
    assert settled.post("/v1/batch-query/", body(QUERY, name="n" * 32))["status"] == "submitted"
    with running(aqua_job_name_limit=255) as tenant:
        assert tenant.post("/v1/batch-query/", body(QUERY, name="n" * 33))["status"] == "submitted"


def exported(tenant: Tenant, **more: Any) -> list[str]:
    """The rows of contacts that a stateful job with a column for deleted ones exports."""
    sql = "select Contact.LastName from Contact order by Contact.LastName"
    given = body(sql, version="1.2", partner="sandbox-partner", project="p", **more)
    for each in given["queries"]:
        each["deleted"] = {"column": "Deleted", "format": "Numeric"}
    job = tenant.get(f"/v1/batch-query/jobs/{tenant.post('/v1/batch-query/', given)['id']}")
    assert job["status"] == "completed", job
    return list(tenant.call("GET", f"/v1/files/{job['batches'][0]['fileId']}").text.splitlines())


def test_deleted_records_are_marked_in_later_exports(settled: Tenant) -> None:
    made = settled.post("/v1/object/contact", {"AccountId": rid("a"), "FirstName": "Old", "LastName": "Zed"})["Id"]
    settled.clock.move(60)
    assert exported(settled) == ["Contact.LastName,Deleted", "Ek,0", "Lee,0", "Zed,0"]
    settled.clock.move(60)
    settled.call("DELETE", f"/v1/object/contact/{made}")
    settled.clock.move(60)
    assert exported(settled) == ["Contact.LastName,Deleted", "Zed,1"]


def test_the_column_of_deleted_records_is_stateful_alone(settled: Tenant) -> None:
    given = body(QUERY)
    given["queries"][0]["deleted"] = {"column": "Deleted", "format": "Boolean"}
    assert settled.post("/v1/batch-query/", given)["errorCode"] == "90017"
