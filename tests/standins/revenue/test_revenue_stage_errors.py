"""Stage validation: single lines fail, the file is staged, and `stage/error` lists every rule that a line breaks."""

from __future__ import annotations

import pytest

from sandbox.revenue.columns import MANDATORY
from tests.standins.revenue.tenant import CREDIT, INVOICE, ORDER, Revenue, template, text

REDUCTION = {**ORDER, "type": "RORD", "doc_line_id": "SO1-1R", "orig_so_line_id": "SO1-1", "ext_lst_prc": "-50.00", "ext_sll_prc": "-50.00"}
STANDALONE = {k: v for k, v in INVOICE.items() if k != "doc_line_id"}
SAMPLES = {
    "SO": ORDER,
    "INV": STANDALONE,
    "CM": CREDIT,
    "CM-C": {**CREDIT, "type": "CM-C", "orig_inv_line_id": "INV1-1"},
    "CM-R": {**CREDIT, "type": "CM-R"},
    "CM-RO": {**CREDIT, "type": "CM-RO", "doc_line_id": "SO1-1R"},
    "RORD": REDUCTION,
}
BEFORE = {
    "CM-C": [STANDALONE],
    "CM-RO": [ORDER, REDUCTION],
    "RORD": [ORDER],
}
"""What must be staged for a sample to be without errors."""


@pytest.mark.parametrize("kind", SAMPLES)
def test_complete_lines_have_no_errors(rv: Revenue, kind: str) -> None:
    assert rv.codes_of(*BEFORE.get(kind, []), SAMPLES[kind]) == []


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"type": "PORD"}, ["RPRO-00001"]),
        ({"type": ""}, ["RPRO-00001"]),
        ({"cv_eligible_flag": "X"}, ["RPRO-00002"]),
        ({"cstmr_nm": ""}, ["RPRO-00003"]),
        ({"item_num": ""}, ["RPRO-00006"]),
        ({"f_ex_rate": "1.1"}, ["RPRO-00011"]),
        ({"g_ex_rate": "1.1"}, ["RPRO-00012"]),
        ({"end_date": "04-JAN-2026"}, ["RPRO-00013"]),
        ({"end_date": "04-JAN-2026", "duration": "12"}, []),
        ({"credit_rule": "F", "start_date": ""}, ["RPRO-00014", "RPRO-00018"]),
        ({"credit_rule": "F", "end_date": ""}, ["RPRO-00063"]),
        ({"start_date": "05-JAN-1946"}, ["RPRO-00015"]),
        ({"start_date": "05-JAN-1945", "end_date": "05-JAN-1946"}, ["RPRO-00015", "RPRO-00016"]),
        ({"start_date": ""}, ["RPRO-00018"]),
        ({"def_segments": "01-2200-000"}, ["RPRO-00020"]),
        ({"def_segments": "01..000"}, ["RPRO-00020"]),
        ({"def_segments": ""}, ["RPRO-00021"]),
        ({"rev_segments": "01.4000"}, ["RPRO-00022"]),
        ({"rev_segments": ""}, ["RPRO-00023"]),
        ({"credit_rule": "Z"}, ["RPRO-00046"]),
        ({"unbill_flag": "y"}, ["RPRO-00049"]),
        ({"term": "0"}, ["RPRO-00050"]),
        ({"cust_num": ""}, ["RPRO-00051"]),
        ({"fv_eligible_flag": "X"}, ["RPRO-00052"]),
        ({"sob_id": "99"}, ["RPRO-00053"]),
        ({"sob_id": "1"}, []),
        ({"ext_sll_prc": ""}, ["RPRO-00059"]),
        ({"ct_mod_date": "01-JAN-1900"}, ["RPRO-00066"]),
        ({"f_cur": "EUR", "f_ex_rate": "-1"}, ["RPRO-00067"]),
        ({"g_ex_rate": "-1", "f_cur": "EUR", "f_ex_rate": "0.9"}, ["RPRO-00067"]),
        ({"duration": "-1"}, ["RPRO-00068"]),
        ({"ord_qty": ""}, ["RPRO-00072"]),
        ({"ord_qty": "0"}, ["RPRO-00072"]),
        ({"ord_qty": "-1"}, ["RPRO-00072"]),
        ({"f_cur": "EUR", "f_ex_rate": ""}, ["RPRO-00076"]),
        ({"doc_line_id": ""}, ["RPRO-00630"]),
        ({"cstmr_nm": "", "item_num": ""}, ["RPRO-00003", "RPRO-00006"]),
    ],
)
def test_an_order_line(rv: Revenue, change: dict[str, str], codes: list[str]) -> None:
    assert rv.codes_of({**ORDER, **change}) == codes


@pytest.mark.parametrize(
    ("kind", "change", "codes"),
    [
        ("INV", {"inv_qty": ""}, ["RPRO-00007"]),
        ("CM", {"inv_qty": ""}, ["RPRO-00007"]),
        ("CM-RO", {"inv_qty": ""}, ["RPRO-00007"]),
        ("INV", {"inv_num": ""}, ["RPRO-00035"]),
        ("CM", {"inv_line_id": ""}, ["RPRO-00036"]),
        ("INV", {"start_date": ""}, ["RPRO-00018"]),
        ("CM", {"start_date": ""}, []),
        ("RORD", {"orig_so_line_id": ""}, ["RPRO-00030"]),
        ("RORD", {"ext_sll_prc": "50.00"}, ["RPRO-00058"]),
        ("CM", {"credit_rule": "P"}, ["RPRO-00047"]),
        ("CM-C", {"credit_rule": "P"}, []),
        ("CM-RO", {"doc_line_id": ""}, ["RPRO-00630"]),
        ("INV", {"orig_so_line_id": "SO1-1"}, ["RPRO-00636"]),
        ("CM", {"orig_so_line_id": "SO1-1", "orig_inv_line_id": "INV1-1"}, ["RPRO-00637"]),
        ("CM-C", {"orig_inv_line_id": ""}, ["RPRO-00638"]),
        ("RORD", {"orig_so_line_id": "SO9"}, ["RPRO-00600"]),
        ("RORD", {"curr": "EUR", "f_cur": "EUR"}, ["RPRO-00082"]),
        ("RORD", {"ext_sll_prc": "-180.01"}, ["RPRO-00357"]),
        ("CM-RO", {"doc_line_id": "SO1-1"}, ["RPRO-00683"]),
        ("CM-RO", {"doc_line_id": "SO9"}, ["RPRO-00683"]),
        ("CM-C", {"orig_inv_line_id": "INV9"}, ["RPRO-00624"]),
        ("CM-C", {"ext_sll_prc": "-90.01"}, ["RPRO-00621"]),
    ],
)
def test_other_types(rv: Revenue, kind: str, change: dict[str, str], codes: list[str]) -> None:
    assert rv.codes_of(*BEFORE.get(kind, []), {**SAMPLES[kind], **change}) == codes


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"doc_line_id": "SO9"}, ["RPRO-00600"]),
        ({"ext_sll_prc": "-90.00"}, ["RPRO-00078"]),
        ({"ext_sll_prc": "180.01"}, ["RPRO-00622"]),
        ({"inv_qty": "3"}, ["RPRO-00623"]),
    ],
)
def test_an_invoice_against_its_order(rv: Revenue, change: dict[str, str], codes: list[str]) -> None:
    rv.finished(rv.send(ORDER))
    assert rv.codes_of({**INVOICE, **change}) == codes


def test_invoices_of_several_files_add_up(rv: Revenue) -> None:
    assert rv.codes_of(INVOICE, ORDER) == []
    assert rv.codes_of({**INVOICE, "inv_line_id": "INV2-1"}) == []
    assert rv.codes_of({**INVOICE, "inv_line_id": "INV3-1"}) == ["RPRO-00622", "RPRO-00623"]
    rv.load(profile=[{"name": "ALLOW_OVERSTATED_INVOICE", "value": "Y"}])
    assert rv.codes_of({**INVOICE, "inv_line_id": "INV4-1"}) == []


def test_credits_of_an_order_line(rv: Revenue) -> None:
    credit = {**CREDIT, "orig_so_line_id": "SO1-1"}
    assert rv.codes_of(ORDER, credit) == []
    assert rv.codes_of({**credit, "inv_line_id": "CM2-1", "orig_so_line_id": "SO9"}) == ["RPRO-00600"]
    assert rv.codes_of({**credit, "inv_line_id": "CM3-1", "ext_sll_prc": "-181.00"}) == ["RPRO-00657"]
    assert rv.codes_of({**credit, "type": "CM-C", "inv_line_id": "CM4-1"}) == ["RPRO-00662"]


@pytest.mark.parametrize(("column", "kind"), [(column, kind) for column, kinds in MANDATORY.items() for kind in kinds])
def test_every_mandatory_column_is_missed(rv: Revenue, column: str, kind: str) -> None:
    errors_before = len(rv.errors())
    rv.finished(rv.send(*BEFORE.get(kind, []), {**SAMPLES[kind], column: ""}))
    assert len(rv.errors()) - errors_before == 1


def test_segments_are_mandatory_for_every_type_but_cst(rv: Revenue) -> None:
    cost = {**ORDER, "type": "CST", "def_segments": "", "rev_segments": ""}
    assert rv.codes_of(cost) == []
    assert rv.codes_of({**SAMPLES["CM-R"], "def_segments": "", "rev_segments": ""}) == ["RPRO-00021", "RPRO-00023"]


def test_a_period_that_is_being_closed(rv: Revenue) -> None:
    rv.load(profile=[{"name": "PERIOD_CLOSING", "value": "Y"}])
    assert rv.codes_of(ORDER) == ["RPRO-00714"]


def test_the_reporting_currency_is_a_profile(rv: Revenue) -> None:
    rv.load(profile=[{"name": "REPORTING_CURRENCY", "value": "EUR"}])
    assert rv.codes_of({**ORDER, "g_ex_rate": "1.1"}) == []


def test_grouping_attributes_of_the_template(rv: Revenue) -> None:
    rv.load(template=[template(grouping_columns=["po_num"])])
    assert rv.codes_of(ORDER) == ["RPRO-00684"]
    assert rv.codes_of({**ORDER, "po_num": "PO1"}) == []


def test_rules_can_be_switched_off_and_on(rv: Revenue) -> None:
    rv.load(rule=[{"code": "RPRO-00051", "enabled": False}, {"code": "RPRO-00600", "enabled": False}])
    assert rv.codes_of({**ORDER, "cust_num": ""}, {**INVOICE, "doc_line_id": "SO9"}) == []
    rv.load(rule=[{"code": "RPRO-00051", "enabled": True}])
    assert rv.codes_of({**ORDER, "cust_num": ""}) == ["RPRO-00051"]


def test_rules_of_the_tenants_own(rv: Revenue) -> None:
    rv.load(rule=[{"code": "CUST00001", "column": "po_num", "types": ["SO"]}])
    assert rv.codes_of(ORDER) == ["CUST00001"]
    assert rv.codes_of(STANDALONE) == []


def test_what_an_error_says(rv: Revenue) -> None:
    assert rv.call("GET", "stage/error/transaction").status_code == 204
    rv.finished(rv.send(ORDER, {**STANDALONE, "item_num": "", "sec_atr_val": ""}))
    answer = rv.call("GET", "stage/error/transaction").json()
    assert answer["status"] == "Success"
    (error,) = answer["Result"]
    assert error == {
        "client_id": 1,
        "crtd_by": "sandbox-revenue-user",
        "crtd_dt": "2026-02-15T10:00:00Z",
        "err_msg": "RPRO-00006 - The transaction line is not processed due to a missing Line Item Number",
        "id": 900001,
        "inv_line_id": "INV1-1",
        "inv_line_num": "1",
        "processed_flag": "E",
        "sec_atr_val": "1",
        "so_line_id": "",
        "so_line_num": "",
        "so_num": "",
        "type": "INV",
        "updt_by": "sandbox-revenue-user",
        "updt_dt": "2026-02-15T10:00:00Z",
        "upload_id": "10021",
    }
    assert [line["processed_flag"] for line in rv.dump()["stagingLine"]] == ["N", "E"]


def test_upload_id_may_name_the_request(rv: Revenue) -> None:
    rv.load(tenant=[{"error_upload_id": "request"}])
    number = rv.send({**ORDER, "item_num": ""})
    assert rv.errors()[0]["upload_id"] == str(number)


def test_errors_of_all_uploads_are_listed(rv: Revenue) -> None:
    bad = {**ORDER, "item_num": ""}
    rv.finished(rv.send(bad))
    rv.finished(rv.send({**bad, "doc_line_id": "SO2-1"}))
    assert [e["so_line_id"] for e in rv.errors()] == ["SO1-1", "SO2-1"]


def test_events_have_a_list_of_their_own(rv: Revenue) -> None:
    rv.finished(rv.send({**ORDER, "item_num": ""}))
    assert rv.call("GET", "stage/error/event").status_code == 204
    assert rv.call("GET", "stage/error/other").status_code == 400


# --- collection -------------------------------------------------------------------------------------------------------


def collect(rv: Revenue) -> None:
    answer = rv.call("POST", "job/collection/template", json={"rc_template_name": "All", "org_id": "1"})
    assert answer.json()["success"] is True
    assert rv.call("GET", "job/collection/template/1").json()["data"]["status"] == "Completed"


def test_a_collection_takes_good_lines_and_removes_exact_repetitions(rv: Revenue) -> None:
    rv.finished(rv.send(ORDER, {**ORDER, "item_num": ""}, {**ORDER, "ord_qty": "3"}))
    rv.finished(rv.send(ORDER))
    collect(rv)
    assert [line["processed_flag"] for line in rv.dump()["stagingLine"]] == ["P", "E", "P", "D"]


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"cv_eligible_flag": "Y"}, ["RPRO-00079"]),
        ({"f_cur": "EUR", "f_ex_rate": "0.9"}, ["RPRO-00077"]),
        ({"sec_atr_val": "2"}, ["RPRO-10000"]),
    ],
)
def test_an_order_line_sent_again_after_its_collection(rv: Revenue, change: dict[str, str], codes: list[str]) -> None:
    rv.finished(rv.send(ORDER))
    assert rv.codes_of({**ORDER, "cv_eligible_flag": "N"}) == []
    rv.control("reset", {})
    rv.load(template=[template()])
    rv.log_in()
    rv.finished(rv.send(ORDER))
    collect(rv)
    assert rv.codes_of({**ORDER, **change}) == codes


@pytest.mark.parametrize("body", [{}, {"rc_template_name": "All"}, {"rc_template_name": "All", "org_id": "9"}])
def test_a_collection_needs_a_template_and_an_organisation(rv: Revenue, body: dict[str, str]) -> None:
    assert rv.call("POST", "job/collection/template", json=body).status_code == 400
    assert rv.call("POST", "job/collection/template", data=b"{").status_code == 400
    assert rv.call("GET", "job/collection/template/1").status_code == 404


def test_fifty_thousand_lines_are_staged_in_seconds(rv: Revenue) -> None:
    rows = [{**ORDER, "doc_line_id": f"L{n}"} for n in range(50_000)]
    content = text(*rows)
    number = rv.upload(content).json()["Result"]["file_request_id"]
    assert rv.finished(number)["message"] == "Data Staged Successfully"
    assert rv.stand_in.dump()["staging"] == [{"lines": 50_000, "shown": 50_000, "repeated": 0}]
