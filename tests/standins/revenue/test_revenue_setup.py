"""Upload templates and their mapping, related endpoints, and the control endpoints."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sandbox.demo import load_tenant
from sandbox.demo.revenue import DATASETS, FIELDS, TEMPLATES, large_dataset, revenue_demo
from sandbox.netsuite.dataset_rows import Column, Formulas
from sandbox.revenue.columns import MANDATORY
from sandbox.revenue.linerules import RULES
from sandbox.revenue.loading import REFERENCE_CODES
from tests.standins.revenue.tenant import ORDER, TEMPLATE, Revenue, template


def test_the_mapping_of_a_template(rv: Revenue) -> None:
    rv.load(template=[template("Small", ("type", "ord_qty", "doc_date"), date_format="DD-MM-YYYY")])
    answer = rv.call("GET", "upload/mapping", params={"templatename": "Small"})
    assert answer.status_code == 200
    assert answer.json() == {
        "Dateformat": "DD-MM-YYYY",
        "Mapping": [
            {"client_id": 1, "col_name": "type", "data_type": "Character", "id": 100221, "label": "Type", "seq": 1, "upload_id": 10022},
            {"client_id": 1, "col_name": "ord_qty", "data_type": "Number", "id": 100222, "label": "Ord Qty", "seq": 2, "upload_id": 10022},
            {"client_id": 1, "col_name": "doc_date", "data_type": "Date", "id": 100223, "label": "Doc Date", "seq": 3, "upload_id": 10022},
        ],
    }


def test_an_unknown_template_has_no_mapping(rv: Revenue) -> None:
    answer = rv.call("GET", "upload/mapping", params={"templatename": "Unknown"})
    assert (answer.status_code, answer.json()["Status"]) == (400, "Error")


def test_without_a_name_the_mapping_of_all_templates_is_given(rv: Revenue) -> None:
    rv.load(template=[template("Small", ("type",))])
    assert {row["upload_id"] for row in rv.call("GET", "upload/mapping").json()["Mapping"]} == {10021, 10022}


def test_columns_come_in_the_order_of_seq(rv: Revenue) -> None:
    made = template("Small", ("type", "ord_qty"))
    made["mapping"][0]["seq"], made["mapping"][1]["seq"] = 9, 4
    rv.load(template=[made])
    rows = rv.call("GET", "upload/mapping", params={"templatename": "Small"}).json()["Mapping"]
    assert [(row["seq"], row["col_name"]) for row in rows] == [(4, "ord_qty"), (9, "type")]


def test_the_mapping_may_be_an_object_and_need_post(rv: Revenue) -> None:
    rv.load(tenant=[{"mapping_shape": "object", "mapping_methods": ["POST"]}])
    assert rv.call("GET", "upload/mapping", params={"templatename": TEMPLATE}).status_code == 405
    mapping = rv.call("POST", "upload/mapping", params={"templatename": TEMPLATE}).json()["Mapping"]
    assert mapping["1"]["col_name"] == "type"
    rv.load(tenant=[{"mapping_methods": ["GET"]}])
    assert rv.call("POST", "upload/mapping", params={"templatename": TEMPLATE}).status_code == 405


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "needs a name"),
        ({"mapping": []}, "1 to 250 columns"),
        ({"mapping": [{"col_name": "nope", "label": "x", "data_type": "Character"}]}, "no column 'nope'"),
        ({"mapping": [{"col_name": "atr41", "label": "x", "data_type": "Character"}]}, "reserved"),
        ({"mapping": [{"col_name": "atr61", "label": "x", "data_type": "Character"}]}, "no column"),
        ({"mapping": [{"col_name": "type", "label": "x", "data_type": "Text"}]}, "data type"),
        ({"mapping": [{"col_name": "type", "label": "", "data_type": "Character"}]}, "label"),
        ({"mapping": [{"col_name": c, "label": "x", "data_type": "Character"} for c in ("type", "curr")]}, "label 'x' stands twice"),
        ({"mapping": [{"col_name": c, "label": c, "data_type": "Character"} for c in ("doc_num", "so_num")]}, "col_name"),
        ({"date_format": "DD-MON"}, "a day, a month and a year"),
        ({"date_format": "DD-DD-YYYY"}, "names a part twice"),
        ({"file_type": "XML"}, "file_type"),
        ({"field_separator": ";"}, "TEXT only"),
        ({"start_row": 0}, "start_row"),
        ({"kind": "other"}, "kind"),
        ({"colour": "red"}, "colour"),
        ({"id": 10021}, "belongs to"),
    ],
)
def test_templates_that_cannot_be(rv: Revenue, change: dict[str, Any], message: str) -> None:
    answer = rv.control("load", {"template": [{**template("New", ("type",)), **change}]})
    assert answer.status_code == 422
    assert message in answer.json()["errors"][0]["message"]
    assert [t["name"] for t in rv.dump()["template"]] == [TEMPLATE]


@pytest.mark.parametrize(
    "objects",
    [
        {"nothing": []},
        {"upload": [{}]},
        {"tenant": [{"colour": "red"}]},
        {"tenant": [{"staging_polls": "two"}]},
        {"tenant": [{"api_enabled": 1}]},
        {"tenant": [{"response_style": "other"}]},
        {"profile": [{"name": "NOPE", "value": "1"}]},
        {"profile": [{"name": "UPLOAD_MAX_ERROR_COUNT", "value": "0"}]},
        {"rule": [{"code": "RPRO-99999"}]},
        {"rule": [{"code": "CUST1", "column": "nope"}]},
        {"user": [{"name": "x", "password": "y", "roles": ["None"]}]},
        {"user": [{"name": "x"}]},
        {"currency": [{"code": "SEK"}]},
        {"template": ["x"]},
    ],
)
def test_load_refuses_all_or_nothing(rv: Revenue, objects: dict[str, Any]) -> None:
    before = rv.dump()
    answer = rv.control(
        "load", {"organization": [{"org_id": "7", "org_name": "Seven"}], "currency": [{"code": "NOK", "decimals": 2}], **objects}
    )
    assert answer.status_code == 422
    assert rv.dump() == before


def test_a_dumped_set_up_can_be_loaded_again(rv: Revenue) -> None:
    rv.load(
        tenant=[{"staging_polls": 3}],
        role=[{"name": "Reader", "inbound": False}],
        user=[{"name": "reader", "password": "secret", "roles": ["Reader"], "organizations": ["1"]}],
        rule=[{"code": "RPRO-00051", "enabled": False}],
    )
    before = rv.dump()
    rv.control("reset", {})
    shown_only = ("upload", "stagingLine", "stageError", "staging")
    rv.load(**{kind: rows for kind, rows in before.items() if kind not in shown_only})
    assert rv.dump() == before


def test_reset_forgets_everything(rv: Revenue) -> None:
    rv.load(tenant=[{"api_enabled": False, "staging_polls": 9}], rule=[{"code": "RPRO-00051", "enabled": False}])
    rv.control("reset", {})
    dumped = rv.dump()
    assert (dumped["template"], dumped["upload"], dumped["rule"]) == ([], [], [])
    assert (dumped["tenant"][0]["api_enabled"], dumped["tenant"][0]["staging_polls"]) == (True, 1)
    assert rv.ask_token().status_code == 200


def test_calls_are_counted_by_shape(rv: Revenue) -> None:
    rv.control("stats", {})
    number = rv.send(ORDER)
    rv.finished(number)
    rv.errors()
    assert rv.control("stats").json()["calls"] == {
        "GET /fileupload/status/{id}": 2,
        "GET /stage/error/transaction": 1,
        "POST /upload/file": 1,
    }


def test_organisations_are_those_of_the_user(rv: Revenue) -> None:
    rv.load(
        organization=[{"org_id": "2", "org_name": "Europe"}],
        user=[{"name": "narrow", "password": "secret", "roles": ["API Role"], "organizations": ["2"]}],
    )
    assert [o["org_id"] for o in rv.call("GET", "revenue-orgs").json()["data"]] == ["1", "2"]
    rv.log_in(user="narrow", password="secret")
    assert rv.call("GET", "revenue-orgs").json() == {"data": [{"org_id": "2", "org_name": "Europe"}]}


@pytest.mark.parametrize("path", ["1/programs/2/submit", "1/jobs/3", "nothing", "upload", "stage/error"])
def test_what_is_not_covered_is_not_found(rv: Revenue, path: str) -> None:
    assert rv.call("GET", path).status_code == 404
    assert rv.call("GET", "programs").json() == {"data": []}


def test_paths_outside_the_prefix_are_not_found(rv: Revenue) -> None:
    assert rv.session.get(f"{rv.url}/upload/file", headers={"token": rv.token}, timeout=10).status_code == 404


def test_the_page_about_the_stand_in_names_the_rules_that_it_has() -> None:
    page = (Path(__file__).parents[3] / "docs/sandbox-revenue.md").read_text(encoding="utf-8")
    listed = page[page.index("Stage rules:") : page.index("Not covered:")]
    assert {f"RPRO-{code}" for code in re.findall(r"\d{5}", listed)} == {rule.code for rule in RULES} | REFERENCE_CODES


# --- demo -------------------------------------------------------------------------------------------------------------


def test_the_demo_templates_hold_what_their_types_need(rv: Revenue) -> None:
    demo = revenue_demo(load_tenant())
    rv.load(**demo.revenue)
    kinds = {"Orders": ("SO",), "Invoices": ("INV",), "Credit Memos": ("CM",)}
    for name, (kind,) in kinds.items():
        answer = rv.call("GET", "upload/mapping", params={"templatename": TEMPLATES[name]}).json()
        columns = {row["col_name"] for row in answer["Mapping"]}
        assert {c for c, types in MANDATORY.items() if kind in types} <= columns
        assert demo.mappings[name] == [(f.alias, f.label) for f in FIELDS[name]]


def as_file(name: str, rows: list[dict[str, Any]]) -> bytes:
    """Rows of a dataset, dates as 2026-01-05, as a file for the template of an object."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([f.label for f in FIELDS[name]])
    for row in rows:
        cells = [(f.kind, row.get(f.alias) or "") for f in FIELDS[name]]
        writer.writerow(date.fromisoformat(c).strftime("%d-%b-%Y").upper() if kind == "date" and c else c for kind, c in cells)
    return out.getvalue().encode()


def test_the_demo_lines_are_staged_without_errors(rv: Revenue) -> None:
    demo = revenue_demo(load_tenant())
    rv.load(**demo.revenue)
    rows = {d["id"]: d["rows"] for d in demo.netsuite["dataset"]}
    for name in FIELDS:
        content = as_file(name, rows[DATASETS[name]])
        number = rv.upload(content, f"{name.replace(' ', '')}.csv", TEMPLATES[name]).json()["Result"]["file_request_id"]
        assert rv.finished(number)["message"] == "Data Staged Successfully"
    dumped = rv.dump()
    assert [u["rows"] for u in dumped["upload"]] == [len(rows[DATASETS[name]]) for name in FIELDS]
    assert all(u["rows"] for u in dumped["upload"])
    assert (dumped["stageError"], dumped["staging"][0]["repeated"]) == ([], 0)


def test_large_demo_lines_are_staged_without_errors(rv: Revenue) -> None:
    rv.load(**revenue_demo(load_tenant()).revenue)
    computed = large_dataset(100)
    formulas = Formulas(tuple(Column.from_object(c) for c in computed["columns"]), "alias", "YYYY-MM-DD")
    content = as_file("Orders", [json.loads(formulas.row(n)) for n in range(1, 101)])
    number = rv.upload(content, template=TEMPLATES["Orders"]).json()["Result"]["file_request_id"]
    assert rv.finished(number)["message"] == "Data Staged Successfully"
    assert (rv.dump()["stageError"], rv.dump()["staging"][0]["lines"]) == ([], 100)
