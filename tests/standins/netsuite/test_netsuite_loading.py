"""Load, dump and reset, and the custom fields of the account."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn
from sandbox.netsuite.habits import Habits
from tests.standins.netsuite.account import Account, path_of

OBJECTS: dict[str, list[dict[str, Any]]] = {
    "customerPayment": [
        {"customer": {"externalId": "C"}, "payment": 10, "apply": {"items": [{"doc": {"externalId": "INV"}, "apply": True, "amount": 10}]}}
    ],
    "invoice": [{"externalId": "INV", "entity": {"externalId": "C"}, "item": {"items": [{"item": {"externalId": "I"}, "amount": 25.5}]}}],
    "serviceSaleItem": [{"externalId": "I", "itemId": "Licence", "subsidiary": {"items": [{"id": 1}]}, "includeChildren": True}],
    "customer": [
        {"externalId": "CHILD", "companyName": "Child", "subsidiary": {"id": 2}, "parent": {"externalId": "C"}},
        {"externalId": "C", "companyName": "Acme", "subsidiary": {"id": 2}},
    ],
}


def test_accounts_begin_alike_each_at_its_own_time() -> None:
    days = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC))
    first, second = (NetSuiteStandIn(NetSuiteOptions(clock=lambda day=day: day)) for day in days)  # type: ignore[misc]
    records = [[record for group in s.tenant.store.groups.values() for record in group.values()] for s in (first, second)]
    dates = [{r.values["lastModifiedDate"] for r in each if "lastModifiedDate" in r.values} for each in records]
    assert dates == [{days[0]}, {days[1]}]
    assert [r.key for r in records[0]] == [r.key for r in records[1]] and first.tenant.store.counters == second.tenant.store.counters
    first.tenant.store.groups["currency"][1].values["name"] = "Dollar"
    assert NetSuiteStandIn(NetSuiteOptions()).tenant.store.groups["currency"][1].values["name"] == "US Dollar"
    assert len(NetSuiteStandIn(NetSuiteOptions(one_world=False, multiple_currencies=False)).tenant.store.groups["currency"]) == 1


def dump(ns: Account) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = requests.get(f"{ns.url}/_sandbox/dump", timeout=10).json()
    return found


def test_objects_are_loaded_in_the_order_of_what_depends_on_what(ns: Account) -> None:
    answer = ns.load(OBJECTS)
    assert answer.json() == {"loaded": {"customerPayment": 1, "invoice": 1, "serviceSaleItem": 1, "customer": 2}}
    assert ns.get("invoice/eid:INV")["amountRemaining"] == 15.5
    assert ns.get("customer/eid:CHILD")["parent"]["refName"].endswith("Acme")


@pytest.mark.parametrize(
    ("kind", "row", "text"),
    [
        ("customer", {"companyName": "No subsidiary"}, "Please enter value(s) for: Subsidiary"),
        ("customer", {"companyName": "x", "subsidiary": {"id": 2}, "colour": "red"}, "Unknown property 'colour'"),
        ("invoice", {"entity": {"externalId": "nobody"}, "item": {"items": []}}, "Invalid Field Value nobody"),
        ("term", {"name": "Net 30"}, "already exists"),
        ("planet", {}, "does not exist"),
        ("term", {"id": "x", "name": "X"}, "Invalid Field Value x"),
        ("depositApplication", {"deposit": 5}, "Invalid Field Value 5"),
    ],
)
def test_load_refuses_what_a_write_would_refuse_and_stores_nothing(ns: Account, kind: str, row: dict[str, Any], text: str) -> None:
    before = dump(ns)
    answer = ns.load({**OBJECTS, kind: [*OBJECTS.get(kind, []), row]})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["type"], error["index"]) == (kind, len(OBJECTS.get(kind, []))) and text in error["message"]
    assert dump(ns) == before


def test_dump_can_be_loaded_again_and_into_a_new_account(ns: Account) -> None:
    ns.load(OBJECTS)
    first = dump(ns)
    assert ns.load(first).status_code == 200
    assert dump(ns) == first
    requests.post(f"{ns.url}/_sandbox/reset", timeout=10)
    assert ns.load(first).status_code == 200
    again = dump(ns)
    assert {k: len(v) for k, v in again.items()} == {k: len(v) for k, v in first.items()}
    assert again["invoice"][0]["amountRemaining"] == 15.5 and again["customerPayment"] == first["customerPayment"]


def test_given_ids_are_kept_and_not_handed_out_again(ns: Account) -> None:
    ns.load({"customer": [{"id": "7000", "companyName": "Acme", "subsidiary": 2}]})
    assert ns.get("customer/7000")["companyName"] == "Acme"
    assert int(ns.customer(companyName="Next")) == 7001


def test_load_deletes_a_record_as_a_person_would(ns: Account) -> None:
    ns.load({"customer": [{"externalId": "Z1", "companyName": "Acme", "subsidiary": {"id": 1}}]})
    ns.load({"customer": [{"externalId": "Z1", "deleted": True}]})
    assert ns.rows("SELECT id FROM customer WHERE externalid = 'Z1'") == []
    assert [row["name"] for row in ns.rows("SELECT name FROM deletedrecord")] == ["CUST1001 Acme"]
    again = ns.load({"customer": [{"externalId": "Z1", "deleted": True}]})
    assert again.status_code == 422 and again.json()["errors"]


def test_load_updates_a_record_it_finds_by_id(ns: Account) -> None:
    ns.load({"term": [{"id": "3", "isInactive": True}], "subsidiary": [{"id": "2", "name": "America"}]})
    assert ns.rows("SELECT name, isinactive FROM term WHERE id = 3") == [{"name": "Net 30", "isinactive": "T"}]
    assert ns.rows("SELECT fullname FROM subsidiary WHERE id = 2") == [{"fullname": "Parent Company : America"}]


def test_reset_gives_a_new_account(ns: Account) -> None:
    new = dump(ns)
    ns.load(OBJECTS)
    ns.load({"customField": [{"scriptId": "custbodyzuoraid", "isInactive": True}]})
    requests.post(f"{ns.url}/_sandbox/reset", timeout=10)
    assert dump(ns) == new
    assert ns.record("GET", "customer").status_code == 401
    ns.log_in()
    assert ns.rows("SELECT id, custbodyzuoraid FROM transaction") == []


QUERIED = [
    "SELECT id, name FROM term ORDER BY id",
    "SELECT id, companyname FROM customer ORDER BY id",
    "SELECT id, foreignamountunpaid FROM transaction ORDER BY id",
    "SELECT transaction, foreignamount FROM transactionline ORDER BY transaction, id",
    "SELECT previousdoc, nextdoc FROM nexttransactionlinelink ORDER BY previousdoc",
    "SELECT recordid FROM deletedrecord ORDER BY recordid",
]


@pytest.mark.parametrize("between", [True, False], ids=["queried before", "not queried before"])
def test_queries_after_a_reset_are_of_the_new_account(ns: Account, between: bool) -> None:
    new = [ns.rows(query) for query in QUERIED]
    ns.load({**OBJECTS, "term": [{"id": 3, "name": "Net 31"}]})
    assert ns.record("DELETE", "customer/eid:CHILD").status_code == 204
    if between:
        assert all(ns.rows(query) != rows for query, rows in zip(QUERIED, new, strict=True))
    requests.post(f"{ns.url}/_sandbox/reset", timeout=10)
    ns.log_in()
    assert [ns.rows(query) for query in QUERIED] == new
    ns.load(OBJECTS)
    assert [row["foreignamountunpaid"] for row in ns.rows(QUERIED[2]) if "foreignamountunpaid" in row] == ["15.5"]


def test_a_new_account_answers_queries_as_its_options_say_then(ns: Account) -> None:
    query = "SELECT id FROM currency WHERE symbol = 'usd'"
    assert ns.rows(query) == []
    requests.post(f"{ns.url}/_sandbox/reset", timeout=10)
    ns.log_in()
    ns.options.habits = Habits(query_case=False)
    assert len(ns.rows(query)) == 1


def test_removed_custom_field_is_unknown_everywhere(ns: Account) -> None:
    customer, item = ns.customer(), ns.item()
    invoice = ns.invoice(customer, item, custbodyzuoraid="x")
    ns.load({"customField": [{"scriptId": "custbodyzuoraid", "isInactive": True}]})
    assert "custbodyzuoraid" not in ns.get(f"invoice/{invoice}")
    assert "custbodyzuoraid" not in ns.record("GET", "metadata-catalog/invoice").json()["properties"]
    change = ns.record("PATCH", f"invoice/{invoice}", {"custbodyzuoraid": "y"}, headers={"X-NetSuite-PropertyNameValidation": "error"})
    assert path_of(change) == "custbodyzuoraid"
    assert "Unknown identifier 'custbodyzuoraid'" in ns.query("SELECT custbodyzuoraid FROM transaction").text


def test_new_custom_field_is_a_property_and_a_column(ns: Account) -> None:
    customer = ns.customer()
    ns.load({"customField": [{"scriptId": "custentity_region", "label": "Region", "type": "text", "appliesTo": ["customer"]}]})
    assert ns.record("PATCH", f"customer/{customer}", {"custentity_region": "EMEA"}).status_code == 204
    assert ns.rows("SELECT custentity_region AS r FROM customer") == [{"r": "EMEA"}]
    assert dump(ns)["customField"][-1] == {
        "scriptId": "custentity_region",
        "label": "Region",
        "type": "text",
        "appliesTo": ["customer"],
    }


def test_a_field_of_projects_is_a_column_of_theirs_alone(ns: Account) -> None:
    ns.load({"customField": [{"scriptId": "custentity_phase", "label": "Phase", "type": "text", "appliesTo": ["job"]}]})
    ns.create("job", {"companyName": "Move", "parent": {"id": ns.customer()}, "custentity_phase": "2"})
    assert ns.rows("SELECT companyname AS name, custentity_phase AS phase FROM job") == [{"name": "Move", "phase": "2"}]
    assert "Unknown identifier 'custentity_phase'" in ns.query("SELECT custentity_phase FROM customer").text


@pytest.mark.parametrize(
    "field", [{"scriptId": "zuoraid"}, {"scriptId": "custbody_x", "type": "colour"}, {"scriptId": "custbody_x", "kind": "text"}]
)
def test_bad_custom_fields_are_refused(ns: Account, field: dict[str, Any]) -> None:
    assert ns.load({"customField": [field]}).status_code == 422


def test_all_fields_of_the_package_are_installed(ns: Account) -> None:
    fields = {f["scriptId"]: f for f in dump(ns)["customField"]}
    assert {"custcolzuoraservicestartdate2", "custcolzuoraserviceenddate2", "custentityzuorabillcycleday"} <= set(fields)
    assert fields["custentityzuorasoldtoworkemail"]["label"] == "Zuora Sold To Work Email"
    assert fields["custentityzuorabatch"]["list"] == "customlistzuorabatch"
    customer = ns.customer(custentityzuorabatch={"refName": "Batch20"}, custentityzuorabillcycleday={"refName": "31"})
    assert ns.get(f"customer/{customer}")["custentityzuorabatch"]["refName"] == "Batch20"
    row = ns.rows("SELECT BUILTIN.DF(custentityzuorabillcycleday) AS day, custentityzuorabatch AS batch FROM customer")
    assert row == [{"day": "31", "batch": "20"}]


def test_custom_texts_take_three_hundred_characters(ns: Account) -> None:
    invoice = ns.invoice(ns.customer(), ns.item())
    line = {"line": 1, "custcolzuorasubscriptionnotes": "x" * 301}
    answer = ns.record("PATCH", f"invoice/{invoice}", {"item": {"items": [line]}})
    assert "( 300 )" in answer.text and answer.status_code == 400


@pytest.mark.parametrize("body", [{"customer": {}}, {"customer": ["x"]}])
def test_load_takes_lists_of_objects(ns: Account, body: Any) -> None:
    assert ns.load(body).status_code == 422


def test_example_of_the_documentation_loads(ns: Account) -> None:
    page = (Path(__file__).parents[3] / "docs" / "sandbox-netsuite.md").read_text()
    (example,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert ns.load(json.loads(example)).status_code == 200
    assert "custbodyzuoraid" not in ns.record("GET", "metadata-catalog/invoice").json()["properties"]


def test_documentation_names_every_record_type_and_table(ns: Account) -> None:
    folder = Path(__file__).parents[3] / "docs"
    page = "".join((folder / name).read_text() for name in ("sandbox-netsuite.md", "sandbox-netsuite-coverage.md"))
    names = {t.name for t in ns.stand_in.tenant.catalog.types.values()} | set(ns.stand_in.engine.tables)
    assert {name for name in names if f"`{name}`" not in page} == set()
