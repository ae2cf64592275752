"""Settings, accounting codes, and rights: an administrator has all, others what their roles hold (provisioning.md 3.2 to 3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.standins.zuora.tenant import ACCOUNT, Tenant, basics, rid, running

RUNS = {"Platform": ["API Write Access", "Run Data Queries (In UI Or API)"], "Billing": ["Modify Invoice"]}


@pytest.fixture
def bare() -> Iterator[Tenant]:
    with running(bare=True) as tenant:
        yield tenant


def by_hand(tenant: Tenant, action: str, **given: Any) -> Any:
    return tenant.outside.post(f"{tenant.url}/_sandbox/by-hand", json={"action": action, **given}, timeout=10).json()


def log_in_with(tenant: Tenant, permissions: dict[str, list[str]]) -> None:
    """Call as a user with a role of these permissions from now on."""
    by_hand(tenant, "role", name="Runs", permissions=permissions)
    by_hand(tenant, "user", name="api", role="Runs")
    made = by_hand(tenant, "client", user="api")
    tenant.log_in(made["client_id"], made["client_secret"])


def message(answer: requests.Response) -> str:
    return str(answer.json()["reasons"][0]["message"])


def test_tax_codes_are_made_without_an_accounting_code(bare: Tenant) -> None:
    made = bare.post("/settings/tax-codes/ztax", {"name": "World", "active": True, "description": ""})
    assert made["success"] and made["taxEngineId"] == bare.get("/settings/tax-engines")["taxEngines"][0]["id"]
    assert bare.get("/settings/tax-codes")["taxCodes"] == [{k: v for k, v in made.items() if k != "success"}]
    refused = bare.call("PUT", f"/settings/tax-codes/{made['id']}", {"accountingCode": "900"})
    assert "accountingCode is not a known property" in message(refused)
    assert "already exists" in message(bare.call("POST", "/settings/tax-codes/ztax", {"name": "World"}))
    assert bare.call("POST", "/settings/tax-codes/avalara", {"name": "Other"}).status_code == 404


def test_an_accounting_code_is_set_on_a_tax_code_by_a_person_alone(bare: Tenant) -> None:
    assert "no accounting code 900" in by_hand(bare, "tax-code", name="World", accounting_code="900")["errors"][0]["message"]
    assert bare.post("/v1/accounting-codes", {"name": "900", "type": "SalesTaxPayable"})["success"]
    assert by_hand(bare, "tax-code", name="World", accounting_code="900") == {"tax_code": "World", "accounting_code": "900"}
    assert "accountingCode" not in bare.get("/settings/tax-codes")["taxCodes"][0]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"name": "900", "type": "SalesTaxPayable"}, "already exists"),
        ({"name": "9" * 101, "type": "SalesTaxPayable"}, "allowed are 1 to 100"),
        ({"name": "901", "type": "Tax"}, "valid are AccountsReceivable"),
    ],
)
def test_accounting_codes_have_a_name_of_their_own_and_a_known_type(bare: Tenant, body: dict[str, str], text: str) -> None:
    assert bare.post("/v1/accounting-codes", {"name": "900", "type": "SalesTaxPayable"})["success"]
    answer = bare.call("POST", "/v1/accounting-codes", body)
    assert answer.status_code == 200 and text in message(answer)
    (code,) = bare.get("/v1/accounting-codes")["accountingCodes"]
    assert (code["status"], code["category"]) == ("Active", "Liabilities")


def test_accounting_codes_need_zuora_finance() -> None:
    with running(finance=False) as tenant:
        answer = tenant.call("POST", "/v1/accounting-codes", {"name": "900", "type": "SalesTaxPayable"})
        assert answer.json()["success"] is False and "Finance" in message(answer)


def test_codes_of_loaded_taxes_are_there() -> None:
    with running() as tenant:
        loaded = basics()
        loaded["TaxationItem"][0] |= {"TaxCode": "World", "AccountingCode": "900"}
        tenant.load(**loaded)
        assert [c["name"] for c in tenant.get("/settings/tax-codes")["taxCodes"]] == ["World"]
        assert [c["name"] for c in tenant.get("/v1/accounting-codes")["accountingCodes"]] == ["900"]


def test_taxes_of_a_tax_code_bear_its_accounting_code(bare: Tenant) -> None:
    bare.post("/v1/accounting-codes", {"name": "900", "type": "SalesTaxPayable"})
    by_hand(bare, "tax-code", name="World", accounting_code="900")
    loaded = basics()
    loaded["TaxationItem"] = [
        {**loaded["TaxationItem"][0], "TaxCode": "World"},
        {**loaded["TaxationItem"][0], "Id": rid("3", 2), "TaxCode": "World", "AccountingCode": "77"},
        {**loaded["TaxationItem"][0], "Id": rid("3", 3), "TaxCode": "Other"},
    ]
    bare.load(**loaded)
    codes = bare.sql("SELECT id, accountingcode FROM taxationitem ORDER BY id")
    assert [row.get("accountingcode") for row in codes] == ["900", "77", None]


@pytest.mark.parametrize("give", [False, True])
def test_payment_types_are_replaced_and_give_methods_only_by_option(give: bool) -> None:
    with running(bare=True, payment_types_give_methods=give) as tenant:
        assert tenant.put("/settings/payment-methods", {"paymentMethodTypes": ["Check", "CreditCard"]}) == {
            "paymentMethodTypes": ["Check", "CreditCard"]
        }
        assert tenant.put("/settings/payment-methods", {"paymentMethodTypes": ["Check"]})["paymentMethodTypes"] == ["Check"]
        assert "not Cheque" in message(tenant.call("PUT", "/settings/payment-methods", {"paymentMethodTypes": ["Cheque"]}))
        tenant.clock.move(5)
        found = tenant.sql("SELECT type FROM paymentmethod WHERE accountid IS NULL")
        assert found == ([{"type": "Check"}] if give else [])


def test_settings_are_asked_for_many_at_once(bare: Tenant) -> None:
    requests_ = [
        {"id": "1", "method": "POST", "url": "/tax-codes/ztax", "body": {"name": "World", "active": True}},
        {"id": "2", "method": "GET", "url": "/tax-codes"},
        {"id": "3", "method": "GET", "url": "/nothing"},
    ]
    first, second, third = bare.post("/settings/batch-requests", {"requests": requests_})["responses"]
    assert (first["id"], first["response"]["status"]) == ("1", "200 OK")
    assert [c["name"] for c in second["response"]["body"]["taxCodes"]] == ["World"]
    assert third["response"]["errorMessages"] == ["There is no setting GET /nothing."]
    assert bare.call("POST", "/settings/batch-requests", {"requests": requests_ * 34}).status_code == 400


def test_roles_are_listed_with_their_permissions(bare: Tenant) -> None:
    by_hand(bare, "role", name="Runs", permissions=RUNS)
    answer = bare.get("/settings/user-roles", size=1, page=2)
    assert (answer["total"], [r["category"] for r in answer["userRoles"]]) == (2, ["Billing"])
    assert answer["userRoles"][0]["permissions"] == ["Modify Invoice"]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"action": "role", "name": "A", "permissions": {"Sales": []}}, "no Sales roles"),
        ({"action": "role", "name": "A", "permissions": {"Platform": ["Everything"]}}, "no permission 'Everything'"),
        ({"action": "user", "name": "A", "role": "Nothing"}, "no role Nothing"),
        ({"action": "client", "user": "Nobody"}, "no user Nobody"),
        ({"action": "dance"}, "unknown action"),
    ],
)
def test_a_screen_does_not_let_pass_what_is_not_there(bare: Tenant, given: dict[str, Any], text: str) -> None:
    assert text in by_hand(bare, given.pop("action"), **given)["errors"][0]["message"]


# -- rights --------------------------------------------------------------------------------------------------------------


def field(target: str = "account") -> dict[str, Any]:
    definition = {"type": "string", "label": "Integration ID", "maxLength": 255}
    named = {"name": "IntegrationId__c", "definition": definition}
    return {"actions": [{"type": "addField", "namespace": "com_zuora", "object": target, "field": named}]}


REFUSED: dict[str, tuple[dict[str, list[str]], str, str, Any]] = {
    "a field without the right to edit objects": (RUNS, "POST", "/objects/migrations", field()),
    "a field of a billing object": ({"Platform": ["API Write Access", "Edit Custom Objects"]}, "POST", "/objects/migrations", field()),
    "a field of a payment": (
        {"Platform": ["API Write Access", "Edit Custom Objects"], "Billing": ["Manage Billing Settings"]},
        *("POST", "/objects/migrations", field("payment")),
    ),
    "tax codes": (RUNS, "GET", "/settings/tax-codes", None),
    "payment types": (RUNS, "PUT", "/settings/payment-methods", {"paymentMethodTypes": []}),
    "roles": (RUNS, "GET", "/settings/user-roles", None),
    "accounting codes": (RUNS, "POST", "/v1/accounting-codes", {"name": "900", "type": "SalesTaxPayable"}),
    "accounts": (RUNS, "POST", "/v1/accounts", {}),
    "credit memos": (RUNS, "PUT", f"/v1/credit-memos/{rid('4')}", {}),
    "payments": (RUNS, "POST", "/v1/payments", {}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_role_lacks_is_refused_without_saying_which_permission(bare: Tenant, case: str) -> None:
    permissions, method, path, body = REFUSED[case]
    log_in_with(bare, permissions)
    answer = bare.call(method, path, body)
    assert answer.status_code == 403
    assert answer.json()["reasons"][0] == {"code": 50000010, "message": "You do not have permission to perform this operation."}


def test_the_rights_of_the_family_are_asked_for_by_type(bare: Tenant) -> None:
    bare.load(Account=[ACCOUNT | {"DefaultPaymentMethodId": None}])
    log_in_with(bare, {"Platform": ["API Write Access"]})
    updated = bare.post("/v1/action/update", {"type": "Account", "objects": [{"Id": rid("a"), "Notes": "seen"}]})
    assert updated == [{"Success": True, "Id": rid("a")}]
    for path, body in (
        ("/v1/action/update", {"type": "ProductRatePlanCharge", "objects": []}),
        ("/v1/action/create", {"type": "Contact", "objects": []}),
        ("/v1/object/product", {}),
    ):
        answer = bare.call("POST", path, body)
        assert (answer.status_code, answer.json()["Errors"][0]["Code"]) == (403, "NO_PERMISSION")
    assert bare.call("POST", "/query/jobs", {}).json()["code"] == 403


def test_reading_needs_no_right_to_write(bare: Tenant) -> None:
    log_in_with(bare, {"Platform": ["Run Data Queries (In UI Or API)"]})
    assert bare.zoql("select Id from Account")["size"] == 0
    assert bare.sql("SELECT count(*) AS n FROM account") == [{"n": 0}]
    assert bare.call("GET", "/objects/definitions/com_zuora/account").status_code == 200
    assert bare.call("PUT", f"/v1/invoices/{rid('1')}", {"comments": "x"}).status_code == 403


def test_a_role_that_changes_changes_what_its_users_may(bare: Tenant) -> None:
    log_in_with(bare, RUNS)
    by_hand(bare, "role", name="Runs", permissions={**RUNS, "Billing": ["Create Account"]})
    assert bare.call("POST", "/v1/accounts", {}).status_code == 200
    assert bare.call("PUT", f"/v1/invoices/{rid('1')}", {"comments": "x"}).status_code == 403


# -- fields by hand ------------------------------------------------------------------------------------------------------


def row(target: str = "InvoiceItemAdjustment", **more: Any) -> dict[str, Any]:
    given = {"object": target, "name": "IntegrationId__c", "label": "Integration ID", "type": "text", "length": 255, "indexed": True}
    return {**given, **more}


def test_legacy_fields_are_entered_as_rows_and_once() -> None:
    with running(bare=True, settlement=False) as tenant:
        assert by_hand(tenant, "fields", rows=[row()], legacy=True) == {"made": ["InvoiceItemAdjustment.IntegrationId__c"], "there": []}
        assert by_hand(tenant, "fields", rows=[row()], legacy=True) == {"made": [], "there": ["InvoiceItemAdjustment.IntegrationId__c"]}
        tenant.clock.move(5)
        assert tenant.zoql("select Id from InvoiceItemAdjustment where IntegrationId__c = '1'")["size"] == 0


@pytest.mark.parametrize(
    ("given", "legacy", "text"),
    [
        (row("Account"), True, "in the Object Manager"),
        (row(), False, "under Manage Custom Fields"),
        (row("Nothing"), True, "no object Nothing"),
        (row(type="string"), True, "no field type"),
        (row(name="IntegrationId"), True, "end with __c"),
        ({k: v for k, v in row().items() if k != "indexed"}, True, "a row has the columns"),
    ],
)
def test_rows_are_entered_on_their_screen_with_all_their_columns(bare: Tenant, given: dict[str, Any], legacy: bool, text: str) -> None:
    assert text in by_hand(bare, "fields", rows=[given], legacy=legacy)["errors"][0]["message"]
