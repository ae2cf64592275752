"""Pre-stage: whatever is wrong with one cell fails the whole file, and the log says where."""

from __future__ import annotations

import re

import pytest

from tests.standins.revenue.tenant import INVOICE, ORDER, Revenue, template, text

LINE = re.compile(r"row (\d+), column (.+?): (?:(RPRO-\d{5}) )?.+")


def places(log: list[str]) -> list[tuple[int, str, str]]:
    """Row, column and code of each line of a log."""
    found = [LINE.fullmatch(line) for line in log]
    assert all(found), log
    return [(int(m[1]), m[2], m[3]) for m in found if m]


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        ({"cstmr_nm": "=SUM(A1)"}, "Cstmr Nm", "RPRO-00603"),
        ({"item_num": "+1"}, "Item Num", "RPRO-00603"),
        ({"doc_num": "@x"}, "Doc Num", "RPRO-00603"),
        ({"ord_qty": "+2"}, "Ord Qty", "RPRO-00603"),
        ({"cstmr_nm": "x" * 241}, "Cstmr Nm", "RPRO-00707"),
        ({"comments": "x" * 3001}, "Comments", "RPRO-00708"),
        ({"ord_qty": "two"}, "Ord Qty", "RPRO-00712"),
        ({"ext_sll_prc": "- 5"}, "Ext Sll Prc", "RPRO-00712"),
        ({"ext_sll_prc": "5- "}, "Ext Sll Prc", "RPRO-00712"),
        ({"ext_sll_prc": "1,000.00"}, "Ext Sll Prc", "RPRO-00712"),
        ({"ext_sll_prc": "(5.00)"}, "Ext Sll Prc", "RPRO-00712"),
        ({"f_ex_rate": "1E2"}, "F Ex Rate", "RPRO-00712"),
        ({"doc_date": "2026-01-05"}, "Doc Date", "RPRO-00713"),
        ({"doc_date": "31-FEB-2026"}, "Doc Date", "RPRO-00713"),
        ({"doc_date": "05-JAM-2026"}, "Doc Date", "RPRO-00713"),
        ({"start_date": "05-JAN-2026 10:00"}, "Start Date", "RPRO-00713"),
        ({"curr": "XXX"}, "Curr", "RPRO-00736"),
        ({"f_cur": "usd"}, "F Cur", "RPRO-00761"),
        ({"ext_sll_prc": "180.005"}, "Ext Sll Prc", "RPRO-00737"),
        ({"curr": "JPY", "ext_lst_prc": "200", "ext_sll_prc": "180.50"}, "Ext Sll Prc", "RPRO-00737"),
    ],
)
def test_a_bad_cell_fails_the_file(rv: Revenue, change: dict[str, str], column: str, code: str) -> None:
    good = {**ORDER, "doc_line_id": "SO1-2"}
    assert places(rv.log_of(good, {**ORDER, **change})) == [(3, column, code)]
    dumped = rv.dump()
    assert (dumped["upload"][0]["status"], dumped["upload"][0]["staged_lines"], dumped["stagingLine"]) == ("Failed", 0, [])


@pytest.mark.parametrize(
    "change",
    [
        {"comments": "x" * 3000},
        {"cstmr_nm": "x" * 240},
        {"def_segments": "0" * 241 + ".1.1"},
        {"rev_segments": "0" * 241 + ".1.1"},
        {"quote_num": "x" * 241},
        {"ext_sll_prc": "-5"},
        {"ext_sll_prc": "180.500"},
        {"ext_sll_prc": ".5"},
        {"doc_date": "05-jan-2026"},
        {"doc_date": ""},
        {"cstmr_nm": "Grüße, 株式会社"},
        {"cstmr_nm": 'A "quoted", name'},
        {"item_num": "-A"},
        {"curr": "JPY", "ext_lst_prc": "200", "ext_sll_prc": "180"},
    ],
)
def test_what_pre_stage_lets_pass(rv: Revenue, change: dict[str, str]) -> None:
    assert rv.finished(rv.send({**ORDER, **change}))["message"] == "Data Staged Successfully"
    staged = rv.dump()["stagingLine"][0]
    assert {k: staged.get(k, "") for k in change} == change


def test_sanitising_strips_the_leading_characters(rv: Revenue) -> None:
    rv.load(profile=[{"name": "ENABLE_CSV_DATA_SANITIZATION", "value": "SANITIZE"}])
    rv.finished(rv.send({**ORDER, "cstmr_nm": "=+Acme", "doc_line_id": "A"}, {**ORDER, "doc_line_id": "B"}))
    assert [line["cstmr_nm"] for line in rv.dump()["stagingLine"]] == ["Acme", "Acme"]


def test_raw_takes_leading_characters_as_they_are(rv: Revenue) -> None:
    rv.load(profile=[{"name": "ENABLE_CSV_DATA_SANITIZATION", "value": "RAW"}])
    rv.finished(rv.send({**ORDER, "cstmr_nm": "=Acme"}))
    assert rv.dump()["stagingLine"][0]["cstmr_nm"] == "=Acme"


def test_only_printable_ascii_where_the_profile_says_so(rv: Revenue) -> None:
    rv.load(profile=[{"name": "UPLOAD_NON_ENGLISH_CHARS", "value": "N"}])
    bad = ({**ORDER, "cstmr_nm": "Grüße"}, {**ORDER, "cstmr_nm": "a\tb"})
    assert places(rv.log_of(*bad)) == [(2, "Cstmr Nm", "RPRO-00709"), (3, "Cstmr Nm", "RPRO-00709")]


def test_bytes_that_are_not_utf_8(rv: Revenue) -> None:
    number = rv.upload(text(ORDER).replace(b"Acme", b"Acm\xe9")).json()["Result"]["file_request_id"]
    assert rv.finished(number)["Result"][0]["file_log"].startswith("RPRO-00710 ")


def test_an_invoice_line_id_stands_once_in_a_file(rv: Revenue) -> None:
    log = rv.log_of(INVOICE, {**INVOICE, "inv_line_id": "INV1-2"}, INVOICE)
    assert places(log) == [(2, "Inv Line Id", "RPRO-00715"), (4, "Inv Line Id", "RPRO-00715")]


def test_an_order_line_may_stand_twice_in_a_file(rv: Revenue) -> None:
    assert rv.finished(rv.send(ORDER, ORDER))["message"] == "Data Staged Successfully"


def test_one_organisation_in_a_file(rv: Revenue) -> None:
    log = rv.log_of({**ORDER, "sec_atr_val": "1"}, {**ORDER, "sec_atr_val": "2"})
    assert places(log) == [(3, "Sec Atr Val", "RPRO-00744")]


def test_an_organisation_that_the_user_may_not_use(rv: Revenue) -> None:
    rv.load(user=[{"name": "narrow", "password": "secret", "roles": ["API Role"], "organizations": ["1"]}])
    rv.log_in(user="narrow", password="secret")
    assert places(rv.log_of({**ORDER, "sec_atr_val": "2"})) == [(2, "Sec Atr Val", "RPRO-00714")]
    assert rv.finished(rv.send({**ORDER, "sec_atr_val": "1"}))["message"] == "Data Staged Successfully"


def test_currencies_can_be_set_up(rv: Revenue) -> None:
    line = {**ORDER, "curr": "BHD", "f_cur": "BHD", "ext_lst_prc": "200.123", "ext_sll_prc": "180.125"}
    assert {code for _, _, code in places(rv.log_of(line))} == {"RPRO-00736", "RPRO-00761"}
    rv.load(currency=[{"code": "BHD", "decimals": 3}])
    assert rv.finished(rv.send(line))["message"] == "Data Staged Successfully"


def test_all_errors_are_listed_in_the_order_of_the_file_up_to_a_count(rv: Revenue) -> None:
    bad = {**ORDER, "ord_qty": "two", "cstmr_nm": "=x", "doc_date": "soon"}
    log = rv.log_of(bad, bad)
    assert [place[:2] for place in places(log)] == [
        (2, "Cstmr Nm"),
        (2, "Ord Qty"),
        (2, "Doc Date"),
        (3, "Cstmr Nm"),
        (3, "Ord Qty"),
        (3, "Doc Date"),
    ]
    rv.load(profile=[{"name": "UPLOAD_MAX_ERROR_COUNT", "value": "2"}])
    assert len(rv.log_of(bad, bad)) == 2


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "a.csv", "The file is empty"),
        (text(), "a.csv", "The file is empty"),
        (text(ORDER), "a.txt", "The file type TXT differs from the file type CSV of the template"),
        (text(ORDER, header=False), "a.csv", "The file is empty"),
        (text(ORDER, ORDER, header=False), "a.csv", "The header does not match the columns of the template from column 1 on"),
        (text(ORDER).replace(b"Doc Num", b"SO Num"), "a.csv", "The header does not match the columns of the template from column 2 on"),
        (b"\xef\xbb\xbf" + text(ORDER), "a.csv", "The header does not match the columns of the template from column 1 on"),
        (text(ORDER) + b'"SO","x"\r\n', "a.csv", "row 3: 2 columns instead of 38"),
        (text(ORDER) + b'"SO"x\r\n', "a.csv", "The file cannot be read: "),
    ],
)
def test_a_file_of_the_wrong_form_fails(rv: Revenue, content: bytes, name: str, reason: str) -> None:
    state = rv.finished(rv.upload(content, name).json()["Result"]["file_request_id"])
    assert (state["status"], state["message"]) == ("Error", "Failed")
    assert state["Result"][0]["file_log"].startswith(reason)


def test_text_files_with_a_separator_and_another_start_row(rv: Revenue) -> None:
    rv.load(template=[template("Text", file_type="TEXT", field_separator="|", start_row=1)])
    content = text(ORDER, header=False, separator="|")
    number = rv.upload(content, "a.txt", "Text").json()["Result"]["file_request_id"]
    assert rv.finished(number)["message"] == "Data Staged Successfully"
    assert rv.dump()["stagingLine"][0]["cstmr_nm"] == "Acme"


@pytest.mark.parametrize(
    ("date_format", "good", "bad"),
    [
        ("DD-MM-YYYY", "05-01-2026", "05-JAN-2026"),
        ("MM/DD/YYYY", "01/05/2026", "1/5/2026"),
        ("YYYY-MM-DD", "2026-01-05", "2026-13-05"),
        ("D-MON-YY", "5-JAN-26", "5-1-26"),
        ("DD MONTH YYYY", "05 January 2026", "05 Jan 2026"),
    ],
)
def test_dates_follow_the_format_of_the_template(rv: Revenue, date_format: str, good: str, bad: str) -> None:
    rv.load(template=[template("Dates", ("doc_line_id", "doc_date"), date_format=date_format)])
    results = []
    for value in (good, bad):
        content = text({"doc_line_id": "1", "doc_date": value}, columns=("doc_line_id", "doc_date"))
        results.append(rv.finished(rv.upload(content, template="Dates").json()["Result"]["file_request_id"])["status"])
    assert results == ["Success", "Error"]


def test_incomplete_segments_fail_event_files_only(rv: Revenue) -> None:
    columns = ("doc_line_id", "rev_segments")
    rv.load(template=[template("Events", columns, kind="event")])
    content = text({"doc_line_id": "1", "rev_segments": "01.4000"}, columns=columns)
    state = rv.finished(rv.upload(content, template="Events").json()["Result"]["file_request_id"])
    assert places([state["Result"][0]["file_log"]]) == [(2, "Rev Segments", "RPRO-00711")]
    assert rv.codes_of({**ORDER, "rev_segments": "01.4000"}) == ["RPRO-00022"]


def test_control_totals_of_a_template(rv: Revenue) -> None:
    made = template("Totals", ("doc_line_id", "ext_sll_prc"))
    made["mapping"][0]["total"], made["mapping"][1]["total"] = "Count", "Sum"
    rv.load(template=[made])
    rows = [{"doc_line_id": f"{n}", "ext_sll_prc": "0.10"} for n in range(3)]
    rv.finished(rv.upload(text(*rows, columns=("doc_line_id", "ext_sll_prc")), template="Totals").json()["Result"]["file_request_id"])
    assert rv.dump()["upload"][0]["totals"] == {"Doc Line Id": "3", "Ext Sll Prc": "0.30"}
