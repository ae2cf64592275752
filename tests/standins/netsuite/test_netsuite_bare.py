"""An account in which nothing has been set up: what people do on it by hand, what a deployment does, and what the deployed role may do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from typer.testing import CliRunner

from sandbox.by_hand.__main__ import app
from sandbox.by_hand.netsuite import files_of
from sandbox.control import Control
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn
from sandbox.netsuite.access import OWN_CERTIFICATES, Refusal
from sandbox.server import LoopbackServer
from tests.standins.netsuite.account import Account, Clock, error_of
from tests.standins.netsuite.test_netsuite_certificates import key_and_certificate

PROJECT = files_of(Path(__file__).parents[3] / "netsuite")
ROLE = "customrole_tallybridge"
ROLE_FILE, FIELD_FILE = f"src/Objects/{ROLE}.xml", "src/Objects/custbodyzuoraid.xml"
CUSTOMER = {"companyName": "Acme", "subsidiary": {"id": "2"}}


@pytest.fixture(scope="module")
def bare_account() -> Iterator[Account]:
    clock = Clock()
    stand_in = NetSuiteStandIn(NetSuiteOptions(bare=True, clock=clock, time_zone="UTC", allow_number_override=True))
    with LoopbackServer(Control(stand_in)) as server:
        yield Account(stand_in, server.url, clock, "")


@pytest.fixture
def bare(bare_account: Account) -> Account:
    requests.post(f"{bare_account.url}/_sandbox/reset", timeout=10)
    bare_account.session.headers.pop("Authorization", None)
    return bare_account


def do(account: Account, action: str, **given: Any) -> dict[str, Any]:
    return account.stand_in.by_hand({"action": action, **given})


def set_up(account: Account, files: dict[str, str] | None = None) -> None:
    """Everything up to a client that is logged in with the deployed role."""
    do(account, "features")
    do(account, "deploy", files=files or PROJECT)
    do(account, "role-to-user", user="Tallybridge", role=ROLE)
    client = do(account, "integration", name="Tallybridge")["client_id"]
    account.private_key, pem = key_and_certificate()
    made = do(account, "certificate", pem=pem, user="Tallybridge", role=ROLE, integration="Tallybridge")
    account.options.client_id, account.options.certificate_id = client, made["certificate_id"]
    account.log_in()


def without(permission: str) -> dict[str, str]:
    """The project whose role lacks a permission."""
    block = PROJECT[ROLE_FILE].partition(f"    <permission>\n      <permkey>{permission}</permkey>")
    assert block[1]
    return {**PROJECT, ROLE_FILE: block[0] + block[2].partition("    </permission>\n")[2]}


def test_nothing_works_before_it_is_set_up(bare: Account) -> None:
    bare.private_key = key_and_certificate()[0]
    assert bare.ask_token(bare.assertion()).json() == {"error": "unsupported_grant_type"}
    do(bare, "features")
    assert bare.ask_token(bare.assertion()).json() == {"error": "invalid_client"}
    assert bare.record("GET", "customer").status_code == 401
    assert bare.stand_in.dump()["customField"] == []


def test_with_role_integration_and_certificate_the_connector_s_fields_are_there(bare: Account) -> None:
    set_up(bare)
    shown = bare.record("GET", "metadata-catalog/customer").json()["properties"]
    assert shown["custentityzuoraid"]["title"] == "Zuora ID" and shown["custentityzuoraid"]["x-ns-custom-field"]
    assert shown["custentityzuoraautopay"]["type"] == "boolean"
    customer = bare.customer(custentityzuoraid="z1", custentityzuorabatch={"refName": "Batch7"}, entityId="C1")
    assert bare.get(f"customer/{customer}")["custentityzuorabatch"]["refName"] == "Batch7"
    assert bare.rows("SELECT custentityzuoraid AS z FROM customer WHERE id = ?", customer) == [{"z": "z1"}]
    assert len(bare.rows("SELECT id, name FROM customlistzuorabillcycleday")) == 31
    assert "custbodyzuorarefundtype" in bare.record("GET", "metadata-catalog/customerRefund").json()["properties"]
    assert "custbodyzuorarefundtype" not in bare.record("GET", "metadata-catalog/invoice").json()["properties"]


@pytest.mark.parametrize(("flag", "there"), [("bodyothertransaction", False), ("bodycustomerpayment", True)])
def test_which_flag_puts_a_field_on_refunds_is_up_to_the_account(bare: Account, flag: str, there: bool) -> None:
    bare.options.refund_flag = flag
    try:
        files = {**PROJECT, FIELD_FILE: PROJECT[FIELD_FILE].replace("  <bodyothertransaction>T</bodyothertransaction>\n", "")}
        set_up(bare, files)
        assert ("custbodyzuoraid" in bare.record("GET", "metadata-catalog/customerRefund").json()["properties"]) == there
    finally:
        bare.options.refund_flag = NetSuiteOptions().refund_flag


def test_a_payment_that_people_enter_has_its_sync_updates_ticked(bare: Account) -> None:
    set_up(bare)
    customer = bare.customer(entityId="C1")
    payment = bare.payment(customer, 10)
    assert bare.get(f"customerPayment/{payment}")["custbodyzuorasyncupdates"] is True


def test_sourced_fields_are_stored_when_a_record_is_saved(bare: Account) -> None:
    set_up(bare)
    customer = bare.customer(entityId="C1")
    item = bare.item(custitemzuoraid="plan")
    older = bare.invoice(customer, item)
    bare.record("PATCH", f"customer/{customer}", {"custentityzuoraid": "z1"})
    newer = bare.invoice(customer, item)
    found = bare.rows("SELECT id, custbodyzuoracustomeridsales AS z FROM transaction WHERE type = 'CustInvc' ORDER BY id")
    assert found == [{"id": older}, {"id": newer, "z": "z1"}]
    assert bare.rows("SELECT custcolzuoraitemid AS z FROM transactionline WHERE mainline = 'F' AND transaction = ?", newer) == [
        {"z": "plan"}
    ]


# -- permissions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permission", "method", "path", "said"),
    [
        ("TRAN_CUSTRFND", "GET", "record/v1/customerRefund", "TRAN_CUSTRFND"),
        ("TRAN_CUSTRFND", "GET", "record/v1/metadata-catalog/customerRefund", "TRAN_CUSTRFND"),
        ("LIST_CUSTJOB", "POST", "record/v1/customer", "LIST_CUSTJOB"),
        ("REPO_ANALYTICS", "POST", "query/v1/suiteql", "SuiteAnalytics Workbook"),
        ("ADMI_RESTWEBSERVICES", "GET", "record/v1/customer", "REST Web Services"),
    ],
)
def test_what_the_role_lacks_is_refused(bare: Account, permission: str, method: str, path: str, said: str) -> None:
    set_up(bare, without(permission))
    status, code, text = error_of(bare.call(method, path, {}, headers={"Prefer": "transient"}))
    assert (status, code) == (403, "INSUFFICIENT_PERMISSION") and said in text


def test_a_role_without_the_login_permission_cannot_be_mapped(bare: Account) -> None:
    with pytest.raises(Refusal, match="Log in using OAuth"):
        set_up(bare, without("ADMI_LOGIN_OAUTH2"))


@pytest.mark.parametrize(
    ("permission", "table"),
    [
        ("LIST_ACCOUNT", "account"),
        ("ADMI_DELETEDRECORD", "deletedrecord"),
        ("ADMI_CUSTLIST", "customlistzuorabatch"),
        ("LIST_CONTACT", "contact"),
    ],
)
def test_a_table_that_the_role_may_not_see_is_unknown_to_it(bare: Account, permission: str, table: str) -> None:
    set_up(bare, without(permission))
    assert f"Record '{table}' was not found" in bare.query(f"SELECT id FROM {table}").text
    set_up_again = do(bare, "permission", role=ROLE, name=permission)
    assert set_up_again["role"] and bare.query(f"SELECT id FROM {table}").status_code == 200


def test_the_role_reads_lists_and_does_not_change_them(bare: Account) -> None:
    set_up(bare)
    assert bare.record("GET", "currency").status_code == 200
    assert error_of(bare.record("POST", "currency", {"name": "X"}))[1] == "INSUFFICIENT_PERMISSION"
    assert error_of(bare.call("GET", "system/v1/governanceLimits"))[0] == 403


def test_custom_fields_are_hidden_without_their_permission(bare: Account) -> None:
    set_up(bare, without("ADMI_CUSTFIELD"))
    assert "custentityzuoraid" not in bare.record("GET", "metadata-catalog/customer").json()["properties"]


def test_a_field_that_only_another_role_may_write_is_refused(bare: Account) -> None:
    files = {**PROJECT, FIELD_FILE: PROJECT[FIELD_FILE].replace("<accesslevel>2", "<accesslevel>1")}
    set_up(bare, files)
    customer, item = bare.customer(entityId="C1"), bare.item()
    lines = {"items": [{"item": {"id": item}, "amount": 1}]}
    body = {"entity": {"id": customer}, "tranDate": "2026-01-31", "item": lines}
    refused = bare.record("POST", "invoice", {**body, "custbodyzuoraid": "z"})
    assert (refused.status_code, "do not have permissions to set a value for element custbodyzuoraid" in refused.text) == (403, True)
    assert bare.record("POST", "invoice", {**body, "custbodyzuoratype": "INVOICE"}).status_code == 204


def test_the_right_to_change_its_own_certificate_is_given_by_hand(bare: Account) -> None:
    set_up(bare)
    path = f"auth/oauth2/v1/clients/{bare.options.client_id}/certificates"
    assert bare.call("GET", path).status_code == 403
    do(bare, "permission", role=ROLE, name=OWN_CERTIFICATES)
    (row,) = bare.call("GET", path).json()
    assert row["certificate_id"] == bare.options.certificate_id
    others = {"fileContent": key_and_certificate()[1], "role": 3, "entity": row["entity"]["id"]}
    assert bare.call("POST", path, others).status_code == 403, "another role's"
    own = {**others, "role": row["role"]["id"]}
    assert bare.call("POST", path, own).status_code == 200


# -- deployments ---------------------------------------------------------------------------------------------------------


def refused(account: Account, files: dict[str, str]) -> str:
    before = account.stand_in.dump()["customField"]
    with pytest.raises(Refusal) as told:
        do(account, "deploy", files=files)
    assert account.stand_in.dump()["customField"] == before, "all or nothing"
    return str(told.value)


def test_features_come_first(bare: Account) -> None:
    assert refused(bare, PROJECT) == (
        "The account must have these features enabled: SUITECLOUDDEVELOPMENTFRAMEWORK, CUSTOMRECORDS, ITEMOPTIONS."
    )


def test_deploying_again_writes_anew_and_removes_nothing(bare: Account) -> None:
    do(bare, "features")
    first = do(bare, "deploy", files=PROJECT)
    assert (len(first["created"]), first["updated"]) == (88, [])
    bare.stand_in.load({"customField": [{"scriptId": "custbody_mine", "label": "Mine"}]})
    again = do(bare, "deploy", files={**PROJECT, FIELD_FILE: PROJECT[FIELD_FILE].replace(">Zuora ID<", ">Key<")})
    assert (again["created"], len(again["updated"])) == ([], 88)
    labels = {f["scriptId"]: f["label"] for f in bare.stand_in.dump()["customField"]}
    assert labels["custbodyzuoraid"] == "Key" and labels["custbody_mine"] == "Mine"
    assert len(bare.stand_in.tenant.catalog.lists["customlistzuorabatch"]) == 20, "the same value ids"


def test_what_is_not_valid_is_refused_as_a_whole(bare: Account) -> None:
    do(bare, "features")
    text = refused(bare, {**PROJECT, FIELD_FILE: PROJECT[FIELD_FILE].replace("TEXT", "STRING"), "src/manifest.xml": "<manifest/>"})
    assert "fieldtype does not take 'STRING'" in text and "projecttype ACCOUNTCUSTOMIZATION" in text


def test_a_required_feature_that_is_off_fails_the_deployment(bare: Account) -> None:
    do(bare, "features")
    bare.stand_in.access.features.discard("INVENTORY")
    needed = PROJECT["src/manifest.xml"].replace('"false">INVENTORY', '"true">INVENTORY')
    assert "INVENTORY is required" in refused(bare, {**PROJECT, "src/manifest.xml": needed})
    do(bare, "deploy", files=PROJECT)
    records = next(f for f in bare.stand_in.dump()["customField"] if f["scriptId"] == "custitemzuoraid")["appliesTo"]
    assert records == ["serviceSaleItem", "nonInventorySaleItem"], "what depends on it is left out"


def test_a_field_that_a_bundle_has_locked_is_not_written_over(bare: Account) -> None:
    do(bare, "features")
    bare.stand_in.load({"customField": [{"scriptId": "custbodyzuoraid", "label": "Zuora ID", "locked": True}]})
    assert "custbodyzuoraid is locked by the bundle" in refused(bare, PROJECT)
    rest = {path: text for path, text in PROJECT.items() if path != FIELD_FILE}
    rest["src/deploy.xml"] = rest["src/deploy.xml"].replace("    <path>~/Objects/custbodyzuoraid.xml</path>\n", "")
    assert len(do(bare, "deploy", files=rest)["created"]) == 87


def test_values_of_a_list_that_was_there_under_other_ids_are_there_twice(bare: Account) -> None:
    do(bare, "features")
    bare.stand_in.tenant.catalog.lists = {"customlistzuorabatch": {1: "Batch1"}}
    do(bare, "deploy", files=PROJECT)
    values = list(bare.stand_in.tenant.catalog.lists["customlistzuorabatch"].values())
    assert values.count("Batch1") == 2


# -- the commands --------------------------------------------------------------------------------------------------------


def test_the_way_by_the_commands(bare: Account, tmp_path: Path) -> None:
    env, certificate = tmp_path / "sandbox.env", tmp_path / "certificate.pem"
    env.write_text(f"NETSUITE_BASE_URL={bare.url}\n")
    bare.private_key, pem = key_and_certificate()
    certificate.write_text(pem)
    project = str(Path(__file__).parents[3] / "netsuite")

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["netsuite", *words, "--env", str(env)])
        assert result.exit_code == code, result.output
        return result.output

    assert "features enabled" in run("deploy", project, code=1)
    assert "OAUTH2" in run("features")
    assert run("validate", project) == "88 objects are valid\n"
    assert run("deploy", project) == "88 objects created, 0 updated\n"
    assert "customlist:customlistzuorabatch" in run("objects").splitlines()
    assert "There is no integration record" in run("certificate", str(certificate), code=1)
    client = run("integration").split()[1]
    assert "There is no user" in run("certificate", str(certificate), code=1)
    assert run("role-to-user") == "entity 1 has role 1001\n"
    identifier = run("certificate", str(certificate)).split()[1]
    assert "has Manage own" in run("permission", OWN_CERTIFICATES)
    bare.options.client_id, bare.options.certificate_id = client, identifier
    assert bare.ask_token(bare.assertion()).status_code == 200
    assert "no SuiteCloud project" in run("deploy", str(tmp_path), code=1)
