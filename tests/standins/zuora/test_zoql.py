"""ZOQL: grammar, null semantics, literals, paging (spec section 8)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.standins.zuora.tenant import PACIFIC, Tenant, invoice, rid, running


def numbers(answer: Any) -> set[str]:
    return {r["InvoiceNumber"] for r in answer["records"]}


@pytest.fixture
def three(settled: Tenant) -> Tenant:
    """Invoices 1 (no status), 2 (Sync Complete) and 3 (Ignore)."""
    settled.load(Invoice=[invoice(3, 300.5, IntegrationStatus__NS="Ignore", Comments="100% O'Neil")])
    settled.put(f"/v1/invoices/{rid('1', 2)}", {"IntegrationStatus__NS": "Sync Complete"})
    return settled


def where(tenant: Tenant, condition: str) -> set[str]:
    return {n[-1] for n in numbers(tenant.zoql(f"select Id, InvoiceNumber from Invoice where {condition}"))}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("IntegrationStatus__NS = null", "1"),
        ("IntegrationStatus__NS != null", "23"),
        ("IntegrationStatus__NS != 'Sync Complete'", "3"),
        ("IntegrationStatus__NS = null or IntegrationStatus__NS != 'Sync Complete'", "13"),
        ("Status = 'Posted' and Amount > 100 or InvoiceNumber = 'INV00000001'", "13"),
        ("Amount >= 100", "123"),
        ("Amount = 300.5", "3"),
        ("InvoiceDate = '2026-01-15' and Amount < 200", "12"),
        ("CreatedDate <= '2026-01-31T16:15:00Z'", "123"),
        ("CreatedDate > '2026-01-31T08:15:00-08:00'", ""),
        ("InvoiceNumber like '%2'", "2"),
        ("InvoiceNumber like 'INV0000000_'", "123"),
        ("Comments like '100%'", "3"),
        (r"Comments = '100% O\'Neil'", "3"),
        ("status = 'posted'", ""),
        (f"accountid = '{rid('a')}' and AMOUNT > 200", "3"),
    ],
)
def test_conditions(three: Tenant, condition: str, found: str) -> None:
    assert where(three, condition) == set(found)


def test_null_fields_are_left_out_and_the_id_is_always_there(three: Tenant) -> None:
    answer = three.zoql("select InvoiceNumber, IntegrationStatus__NS, Amount from Invoice where InvoiceNumber = 'INV00000001'")
    assert answer == {"records": [{"Id": rid("1", 1), "InvoiceNumber": "INV00000001", "Amount": 100}], "size": 1, "done": True}


@pytest.mark.parametrize(
    "query",
    [
        "select * from Invoice",
        "select Id from Invoice where (Status = 'Posted')",
        "select Id from Invoice where Status in ('Posted')",
        "select Id from Invoice where not Status = 'Posted'",
        "select Id from Invoice where Status is null",
        "select Account.Name from Invoice",
        "select Id from Invoice order by Id",
        "select Id from Invoice limit 1",
        "select count(Id) from Invoice",
        "select Id from Invoice where 'Posted' = Status",
        "select Id from Invoice where Status = Posted",
        "select Id from Invoice where Status = 'O''Neil'",
        "select Id from Invoice where Status = 'open",
        "select Id Invoice",
        "select from Invoice",
        "update Invoice",
        "",
        "select Id from Invoice where " + " or ".join(["Amount = 1"] * 201),
        "select Id from Invoice where Comments = '" + "x" * 10_000 + "'",
    ],
)
def test_outside_the_grammar(settled: Tenant, query: str) -> None:
    response = settled.call("POST", "/v1/action/query", {"queryString": query})
    assert response.status_code == 400
    assert response.json()["FaultCode"] == "MALFORMED_QUERY"


def test_200_conditions_are_allowed(settled: Tenant) -> None:
    assert settled.zoql("select Id from Invoice where " + " or ".join(["Amount = 1"] * 200))["size"] == 0


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("select Id from Invoicee", "INVALID_TYPE"),
        ("select Id from CreditMemo", "INVALID_TYPE"),
        ("select Id from PaymentPart", "INVALID_TYPE"),
        ("select accountid1 from Invoice", "INVALID_FIELD"),
        ("select PaymentId from Refund", "INVALID_FIELD"),
        ("select AppliedAmount from Payment", "INVALID_FIELD"),
        ("select Id from Account where Notes = 'x'", "INVALID_FIELD"),
        ("select Id from Invoice where Amount = '100'", "INVALID_VALUE"),
        ("select Id from Invoice where InvoiceDate = '2026-01-15T00:00:00'", "INVALID_VALUE"),
        ("select Id from Invoice where CreatedDate = 'yesterday'", "INVALID_VALUE"),
        ("select Id from Invoice where AutoPay = 'true'", "INVALID_VALUE"),
        ("select Id from Invoice where AutoPay > true", "INVALID_VALUE"),
        ("select Id from Invoice where Amount > null", "INVALID_VALUE"),
        ("select Id from Invoice where InvoiceNumber like '%x%'", "INVALID_VALUE"),
        ("select Id from Invoice where InvoiceNumber like 'a%c'", "INVALID_VALUE"),
        ("select Id from Invoice where Amount like '1%'", "INVALID_VALUE"),
        ("select Price, DiscountAmount from ProductRatePlanChargeTier", "INVALID_VALUE"),
    ],
)
def test_faults(settled: Tenant, query: str, code: str) -> None:
    response = settled.call("POST", "/v1/action/query", {"queryString": query})
    assert (response.status_code, response.json()["FaultCode"]) == (400, code)


def test_the_text_of_an_invalid_field(settled: Tenant) -> None:
    assert settled.zoql("select accountid1 from Invoice") == {
        "FaultCode": "INVALID_FIELD",
        "FaultMessage": "invalid field for query: Invoice.accountid1",
    }


def test_some_fields_need_a_newer_wsdl(settled: Tenant) -> None:
    body = {"queryString": "select Currency, SourceType from Invoice where PaymentTerm = null"}
    for version, status in ((None, 400), ("118", 400), ("146", 400), ("147", 200)):
        headers = {"X-Zuora-WSDL-Version": version} if version else {}
        assert settled.call("POST", "/v1/action/query", body, headers=headers).status_code == status


def test_applied_amount_can_be_filtered(settled: Tenant) -> None:
    assert settled.zoql("select Id from Payment where AppliedAmount > 0")["size"] == 0


def test_pages_and_locators(empty: Tenant) -> None:
    empty.load(Account=[{"Id": rid("a", n), "Name": f"N{n}", "Currency": "USD"} for n in range(5)])
    body = {"queryString": "select Name from Account", "conf": {"batchSize": 2}}
    first = empty.post("/v1/action/query", body)
    assert (len(first["records"]), first["size"], first["done"]) == (2, 5, False)
    second = empty.post("/v1/action/queryMore", {"queryLocator": first["queryLocator"], "conf": {"batchSize": 2}})
    last = empty.post("/v1/action/queryMore", {"queryLocator": second["queryLocator"], "conf": {"batchSize": 2}})
    assert (len(last["records"]), last["done"], "queryLocator" in last) == (1, True, False)
    seen = {r["Name"] for page in (first, second, last) for r in page["records"]}
    assert seen == {"N0", "N1", "N2", "N3", "N4"}


def test_a_locator_dies_after_15_idle_minutes(empty: Tenant) -> None:
    empty.load(Account=[{"Name": f"N{n}", "Currency": "USD"} for n in range(6)])
    locator = empty.post("/v1/action/query", {"queryString": "select Id from Account", "conf": {"batchSize": 2}})["queryLocator"]
    empty.clock.move(899)
    more = {"queryLocator": locator, "conf": {"batchSize": 2}}
    assert empty.post("/v1/action/queryMore", more)["done"] is False
    empty.clock.move(901)
    response = empty.call("POST", "/v1/action/queryMore", more)
    assert (response.status_code, response.json()["FaultCode"]) == (400, "INVALID_QUERY_LOCATOR")
    assert empty.post("/v1/action/queryMore", {"queryLocator": "nonsense"})["FaultCode"] == "INVALID_QUERY_LOCATOR"


@pytest.mark.parametrize("size", [0, -1, "10", True])
def test_page_size_is_bounded(settled: Tenant, size: Any) -> None:
    body = {"queryString": "select Id from Account", "conf": {"batchSize": size}}
    assert settled.call("POST", "/v1/action/query", body).status_code == 400


def test_a_page_above_the_most_is_cut(empty: Tenant) -> None:
    empty.load(Account=[{"Name": f"N{n}", "Currency": "USD"} for n in range(2001)])
    answer = empty.post("/v1/action/query", {"queryString": "select Id from Account", "conf": {"batchSize": 5000}})
    assert (len(answer["records"]), answer["size"], answer["done"]) == (2000, 2001, False)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT Id from Account",
        "select Id FROM Account",
        "select Id from Account WHERE Name = 'x'",
        "select Id from Account where Name = 'x' OR Name = 'y'",
        "select Id from Account where Name LIKE 'x%'",
        "select Id from Account where Name = NULL",
    ],
)
def test_keywords_are_in_lower_case(settled: Tenant, text: str) -> None:
    assert settled.zoql(text)["FaultCode"] == "MALFORMED_QUERY"
    with running(zoql_keywords="any") as tenant:
        assert tenant.zoql(text)["done"] is True


def test_charge_type_is_spelled_with_a_hyphen(empty: Tenant) -> None:
    dates = {"EffectiveStartDate": "2020-01-01", "EffectiveEndDate": "2030-01-01"}
    empty.load(
        Product=[{"Id": rid("b"), "Name": "P", **dates}],
        ProductRatePlan=[{"Id": rid("c"), "ProductId": rid("b"), "Name": "R", **dates}],
        ProductRatePlanCharge=[
            {"Id": rid("d"), "ProductRatePlanId": rid("c"), "Name": "Setup", "ChargeType": "OneTime", "ChargeModel": "Flat Fee Pricing"}
        ],
    )
    answer = empty.zoql("select ChargeType from ProductRatePlanCharge where ChargeType = 'One-Time'")
    assert [r["ChargeType"] for r in answer["records"]] == ["One-Time"]
    assert empty.zoql("select ChargeType from ProductRatePlanCharge where ChargeType = 'OneTime'")["size"] == 0
    assert empty.sql("SELECT chargetype FROM productrateplancharge") == [{"chargetype": "OneTime"}]


def test_rate_plans_of_removed_products_are_hidden(empty: Tenant) -> None:
    dates = {"EffectiveStartDate": "2020-01-01", "EffectiveEndDate": "2030-01-01"}
    plan = {"SubscriptionId": rid("e"), "ProductRatePlanId": rid("c")}
    empty.load(
        Account=[{"Id": rid("a"), "Name": "Acme", "Currency": "USD"}],
        Product=[{"Id": rid("b"), "Name": "P", **dates}],
        ProductRatePlan=[{"Id": rid("c"), "ProductId": rid("b"), "Name": "R", **dates}],
        Subscription=[{"Id": rid("e"), "AccountId": rid("a")}],
        RatePlan=[{**plan, "Id": rid("f", 1)}, {**plan, "Id": rid("f", 2), "AmendmentType": "RemoveProduct"}],
    )
    assert [r["Id"] for r in empty.zoql("select Id from RatePlan")["records"]] == [rid("f", 1)]
    assert empty.zoql("select Id from RatePlan where AmendmentType = 'RemoveProduct'")["size"] == 1


def test_times_are_shown_in_the_zone_of_the_tenant() -> None:
    with running(zone=PACIFIC) as tenant:
        tenant.load(Account=[{"Name": "Acme", "Currency": "USD", "CreatedDate": "2026-01-31T08:15:00.123"}])
        record = tenant.zoql("select CreatedDate from Account where CreatedDate = '2026-01-31T08:15:00.123'")["records"][0]
        assert record["CreatedDate"] == "2026-01-31T08:15:00.123-08:00"


def test_an_unknown_action_is_named(settled: Tenant) -> None:
    response = settled.call("POST", "/v1/action/query1", {})
    assert (response.status_code, response.json()) == (400, {"code": "ClientError", "message": "Invalid action 'query1'"})
