"""The tenant's own fields: definitions, `/objects/migrations`, and when the other APIs know them (provisioning.md section 3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.standins.zuora.tenant import ACCOUNT, Tenant, rid, running


@pytest.fixture
def bare() -> Iterator[Tenant]:
    with running(bare=True) as tenant:
        yield tenant


def action(kind: str = "addField", *, name: str = "IntegrationId__c", target: str = "account", **field: Any) -> dict[str, Any]:
    definition = {"type": "string", "label": "Integration ID", "maxLength": 255, "description": "of the connector"}
    more = {"definition": definition, "filterable": True, "required": False} if kind == "addField" else {}
    return {"actions": [{"type": kind, "namespace": "com_zuora", "object": target, "field": {"name": name, **more, **field}}]}


def described(tenant: Tenant, kind: str = "Account") -> str:
    return tenant.call("GET", f"/v1/describe/{kind}").text


def test_a_bare_tenant_has_no_connector_field_in_any_api(bare: Tenant) -> None:
    assert "__NS" not in described(bare) + described(bare, "Invoice") and "<custom>true" not in described(bare)
    assert "FaultCode" in bare.zoql("select IntegrationId__NS from Account")
    assert bare.get("/objects/definitions/com_zuora/account")["schema"]["filterable"] == []
    assert bare.get("/settings/payment-methods") == {"paymentMethodTypes": []}


def test_only_the_administrator_has_a_client_in_a_bare_tenant(bare: Tenant) -> None:
    options = bare.stand_in.options
    form = {"grant_type": "client_credentials", "client_id": options.client_id, "client_secret": options.client_secret}
    assert bare.http.post(f"{bare.url}/oauth/token", data=form, timeout=10).status_code == 400
    assert bare.log_in(options.admin_client_id, options.admin_client_secret)


def test_a_new_field_is_defined_at_once_and_known_to_the_others_later(bare: Tenant) -> None:
    sent = action()
    assert bare.post("/objects/migrations", sent) == sent
    schema = bare.get("/objects/definitions/com_zuora/account")["schema"]
    assert schema["properties"]["IntegrationId__c"] == {
        "origin": "custom",
        "label": "Integration ID",
        "type": "string",
        "maxLength": 255,
        "description": "of the connector",
    }
    assert schema["filterable"] == ["IntegrationId__c"]
    assert "IntegrationId__c" not in described(bare)
    bare.clock.move(bare.stand_in.options.new_field_delay_s)
    assert "<name>IntegrationId__c</name><label>Integration ID</label>" in described(bare)


def test_a_new_field_is_written_and_read_by_every_api(bare: Tenant) -> None:
    bare.load(Account=[ACCOUNT | {"DefaultPaymentMethodId": None}])
    assert bare.sql("SELECT count(*) AS n FROM account")[0]["n"] == 1  # the copy is there before the field is
    bare.post("/objects/migrations", action())
    bare.clock.move(5)
    assert bare.post("/v1/action/update", {"type": "Account", "objects": [{"Id": rid("a"), "IntegrationId__c": "501"}]})[0]["Success"]
    assert bare.zoql("select Id from Account where IntegrationId__c = '501'")["size"] == 1
    assert bare.get("/object-query/accounts", **{"filter[]": "IntegrationId__c.EQ:501"})["data"][0]["IntegrationId__c"] == "501"
    assert bare.get(f"/v1/object/account/{rid('a')}")["IntegrationId__c"] == "501"
    assert bare.get(f"/v1/accounts/{rid('a')}")["basicInfo"]["IntegrationId__c"] == "501"
    bare.clock.move(5)
    assert bare.sql("SELECT id FROM account WHERE integrationid__c = '501'") == [{"id": rid("a")}]


@pytest.mark.parametrize("kind", ["credit-memos", "payments", "refunds"])
def test_new_fields_of_settlement_objects_are_filtered_by_object_query(bare: Tenant, kind: str) -> None:
    target = kind.replace("-", "").removesuffix("s")
    bare.post("/objects/migrations", action(target=target))
    assert bare.call("GET", f"/object-query/{kind}", params={"filter[]": "IntegrationId__c.EQ:1"}).status_code == 400
    bare.clock.move(5)
    assert bare.get(f"/object-query/{kind}", **{"filter[]": "IntegrationId__c.EQ:1"})["data"] == []


def test_a_field_that_is_not_filterable_is_read_but_not_filtered_by(bare: Tenant) -> None:
    bare.post("/objects/migrations", action(filterable=False))
    bare.clock.move(5)
    assert bare.zoql("select IntegrationId__c from Account")["size"] == 0
    assert bare.zoql("select Id from Account where IntegrationId__c = '1'")["FaultCode"] == "INVALID_FIELD"
    assert bare.call("GET", "/object-query/accounts", params={"filter[]": "IntegrationId__c.EQ:1"}).status_code == 400
    assert bare.sql("SELECT id FROM account WHERE integrationid__c = '1'") == []
    assert "<filterable>false</filterable><custom>true" in described(bare)


def test_making_a_field_filterable_later_takes_half_a_day(bare: Tenant) -> None:
    bare.post("/objects/migrations", action(filterable=False))
    bare.clock.move(5)
    assert "actions" in bare.post("/objects/migrations", action("updateField", filterable=True))
    bare.clock.move(1800)
    assert "FaultCode" in bare.zoql("select Id from Account where IntegrationId__c = '1'")
    bare.clock.move(12 * 3600)
    bare.log_in()
    assert bare.zoql("select Id from Account where IntegrationId__c = '1'")["size"] == 0


def test_a_field_takes_another_name_with_its_values_and_goes(bare: Tenant) -> None:
    bare.load(Account=[ACCOUNT | {"DefaultPaymentMethodId": None}])
    bare.post("/objects/migrations", action(name="Old__c"))
    bare.clock.move(5)
    bare.post("/v1/action/update", {"type": "Account", "objects": [{"Id": rid("a"), "Old__c": "7"}]})
    bare.clock.move(5)
    assert bare.sql("SELECT old__c FROM account") == [{"old__c": "7"}]
    assert "actions" in bare.post("/objects/migrations", action("renameField", name="Old__c", targetName="IntegrationId__c"))
    assert bare.zoql("select Id from Account where IntegrationId__c = '7'")["size"] == 1
    assert bare.sql("SELECT integrationid__c FROM account") == [{"integrationid__c": "7"}]
    assert "actions" in bare.post("/objects/migrations", action("deleteField"))
    assert "FaultCode" in bare.zoql("select IntegrationId__c from Account")
    assert "cannot be resolved" in bare.sql_error("SELECT integrationid__c FROM account")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"actions": []}, "exactly one action"),
        ({"actions": [*action()["actions"], *action(name="B__c")["actions"]]}, "exactly one action"),
        (action(name="IntegrationId"), "end with __c"),
        (action(name="IntegrationId__NS"), "end with __c"),
        (action(target="Account"), "does not exist"),
        (action(target="invoiceitemadjustment"), "does not exist"),
        (action(maximum=3), "maximum is not a known property of field"),
        (action(definition={"type": "string", "maxLength": 255}), "needs a label"),
        (action(definition={"type": "string", "label": "A", "maxLength": 256}), "maxLength from 1 to 255"),
        (action(definition={"type": "text", "label": "A", "maxLength": 9}), "cannot be of type 'text'"),
        (action("addRelationship"), "invalid for a standard object"),
        (action("updateField", name="Nothing__c", filterable=True), "does not exist on account"),
    ],
)
def test_what_the_published_schema_does_not_allow_is_refused(bare: Tenant, body: Any, text: str) -> None:
    answer = bare.call("POST", "/objects/migrations", body)
    assert answer.status_code in (400, 404)
    assert text in answer.json()["reasons"][0]["message"]


def test_custom_objects_live_in_another_namespace(bare: Tenant) -> None:
    body = action()
    body["actions"][0]["namespace"] = "default"
    assert bare.call("POST", "/objects/migrations", body).status_code == 404


def test_a_field_that_is_there_is_refused(bare: Tenant) -> None:
    bare.post("/objects/migrations", action())
    again = bare.call("POST", "/objects/migrations", action())
    assert again.status_code == 400 and "already exists" in again.json()["reasons"][0]["message"]
    bare.clock.move(5)
    assert (
        "type of field" in bare.post("/objects/migrations", action("updateField", definition={"type": "number"}))["reasons"][0]["message"]
    )


def test_the_edition_limits_fields_and_filterable_ones() -> None:
    with running(bare=True, custom_field_limits=(3, 1)) as tenant:
        assert "actions" in tenant.post("/objects/migrations", action())
        second = tenant.post("/objects/migrations", action(name="B__c"))
        assert "maximum number of 1 filterable" in second["reasons"][0]["message"]
        for name in ("B__c", "C__c"):
            assert "actions" in tenant.post("/objects/migrations", action(name=name, filterable=False))
        fourth = tenant.post("/objects/migrations", action(name="D__c", filterable=False))
        assert "maximum number of 3 custom fields" in fourth["reasons"][0]["message"]


def test_a_tenant_may_refuse_standard_objects() -> None:
    with running(bare=True, migrates_standard_objects=False) as tenant:
        assert tenant.call("POST", "/objects/migrations", action()).status_code == 400
        assert tenant.get("/objects/definitions/com_zuora")["definitions"].keys() >= {"account", "creditmemo", "productrateplancharge"}
