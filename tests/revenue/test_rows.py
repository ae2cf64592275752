"""Rows to lines of a file: representation (section 9) and the checks of every row (section 13.3)."""

from __future__ import annotations

from array import array
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallybridge.revenue.columns import MANDATORY, TYPES
from tallybridge.revenue.config import InstanceObject, MappingLine, Options
from tallybridge.revenue.duplicates import duplicate_rows
from tallybridge.revenue.findings import ERROR, WARNING
from tallybridge.revenue.mapping import RowMapper, find_sources
from tallybridge.revenue.pages import PageRows
from tallybridge.revenue.values import Dates, Numbers, character, quoted
from tallybridge.zuora_revenue.template import Template, TemplateColumn
from tests.revenue.rules import rules
from tests.revenue.world import COLUMNS, RevenueWorld, invoice, label, line, order

ALL = tuple(TemplateColumn(name, label(name), kind, seq) for seq, (name, kind) in enumerate(COLUMNS["Orders"]))  # type: ignore[arg-type]


def mapper(*targets: str, key: str = "", options: dict[str, Any] | None = None, extra: tuple[TemplateColumn, ...] = ()) -> RowMapper:
    columns = (*ALL, *extra)
    names = targets or tuple(c.name for c in columns)
    lines = [MappingLine(source=name, target=name) for name in names]
    described = InstanceObject(object="Orders", mapping=lines, key_column=key)
    template = Template("T", "DD-MON-YYYY", columns)
    sources = find_sources([*names, *([key] if key else [])], [*names, *([key] if key else [])])
    return RowMapper(described, template, sources, Options(**(options or {})), "M/D/YYYY")


def found(made: RowMapper, level: str = ERROR) -> dict[str, int]:
    return made.findings.codes(level)


@rules("9.rule.5", "5.rule.5")
@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("  Acme ", "Acme"),
        ("a\tb", "a b"),
        ("a\r\nb", "a b"),
        ("a\n\n b", "a  b"),
        ("\u2028x", "x"),
        ("", ""),
        ("   ", ""),
        ("a  b", "a  b"),
    ],
)
def test_text(value: str, written: str) -> None:
    assert character([value, "plain"]) == [written, "plain"]


@rules("9.rule.4", "5.rule.5")
@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("12", "12"),
        ("-12.50", "-12.50"),
        ("0.10000000000000000000000001", "0.10000000000000000000000001"),
        ("+5", "5"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("1.5E3", "1500"),
        ("1E+2", "100"),
        ("2e-3", "0.002"),
        (" 7 ", "7"),
        ("", ""),
        ("00012", "00012"),
        ("180.00", "180.00"),
    ],
)
def test_numbers_keep_every_digit(value: str, written: str) -> None:
    column = Numbers()
    for _ in range(2):  # what was seen before is no different
        assert column([value, "1"], lambda place, text: pytest.fail(text)) == [written, "1"]


@rules("9.rule.3", "5.rule.5", "3.4.line.source-date-format")
@pytest.mark.parametrize(
    ("source", "target", "value", "written"),
    [
        ("M/D/YYYY", "DD-MON-YYYY", "1/5/2026", "05-JAN-2026"),
        ("M/D/YYYY", "DD-MON-YYYY", "2026-01-05", "05-JAN-2026"),
        ("M/D/YYYY", "D.M.YY", "12/31/2026 3:15 pm", "31.12.26"),
        ("D-Mon-YYYY", "MM/DD/YYYY", "5-Jan-2026", "01/05/2026"),
        ("DD-MON-YYYY", "M/D/YYYY", "28-FEB-2026", "2/28/2026"),
        ("DD.MM.YYYY", "YYYYMMDD", "31.12.2026", "20261231"),
        ("D MONTH YYYY", "MONTH D, YYYY", "5 march 2026", "MARCH 5, 2026"),
        ("M/D/YY", "DD-MM-YYYY", "1/5/99", "05-01-1999"),
        ("M/D/YYYY", "DD-MON-YYYY", "2026-01-05T23:59:59Z", "05-JAN-2026"),
    ],
)
def test_dates(source: str, target: str, value: str, written: str) -> None:
    assert Dates(source, target)([value, ""], lambda place, text: pytest.fail(text)) == [written, ""]


def test_a_date_is_never_guessed() -> None:
    wrong: list[str] = []
    assert Dates("M/D/YYYY", "DD-MON-YYYY")(["31/12/2026"], lambda place, text: wrong.append(text)) == [""]
    assert wrong == ["31/12/2026"]


@rules("9.rule.2")
def test_cells_are_quoted_and_nothing_is_nothing() -> None:
    assert quoted(["a", "", 'say "x"']) == ['"a"', "", '"say ""x"""']


@rules("9.rule.6")
@pytest.mark.parametrize(("value", "written"), [("T", "T"), (True, "T"), (False, "F"), (None, ""), (7, "7")])
def test_flags_stay_and_nothing_else_is_converted(value: object, written: str) -> None:
    made = mapper("po_num", extra=(TemplateColumn("po_num", "Po Num", "Character", 99),))
    assert made.lines(PageRows(1, [{"po_num": value}])).strip("\r\n").rpartition(",")[2] == (f'"{written}"' if written else "")


@rules("5.rule.2", "17.rule.1", "1.rule.2")
@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=0, max_size=30), min_size=1, max_size=30)
)
def test_any_text_comes_through_unchanged(texts: list[str]) -> None:
    import csv
    import io

    made = mapper("po_num", extra=(TemplateColumn("po_num", "Po Num", "Character", 99),), options={"sanitize_leading_chars": False})
    text = made.header() + made.lines(PageRows(1, [{"po_num": t} for t in texts]))
    assert [row["Po Num"] for row in csv.DictReader(io.StringIO(text, newline=""))] == texts


@rules("13.3.check.value-over-240-characters-3-000-for-comments-no")
@pytest.mark.parametrize(
    ("column", "length", "code"),
    [
        ("cstmr_nm", 240, None),
        ("cstmr_nm", 241, "RPRO-00707"),
        ("comments", 3_000, None),
        ("comments", 3_001, "RPRO-00708"),
        ("def_segments", 9_000, None),
        ("rev_segments", 9_000, None),
        ("quote_num", 9_000, None),
    ],
)
def test_length(column: str, length: int, code: str | None) -> None:
    made = mapper(column, extra=(TemplateColumn("quote_num", "Quote Num", "Character", 99),))
    made.lines(PageRows(1, [{column: "x"}, {column: "x" * length}]))
    assert found(made) == ({code: 1} if code else {})


@rules("13.3.check.value-starts-with")
@pytest.mark.parametrize("value", ["=SUM(A1)", "+1", "@x"])
def test_leading_characters(value: str) -> None:
    made = mapper("cstmr_nm")
    made.lines(PageRows(1, [{"cstmr_nm": "a=b"}, {"cstmr_nm": value}]))
    assert found(made) == {"RPRO-00603": 1} and made.findings.listed[0].row == 2


@rules("13.3.check.value-starts-with", "13.4.warnings")
def test_leading_characters_are_stripped_where_that_is_configured() -> None:
    made = mapper("cstmr_nm", options={"sanitize_leading_chars": True})
    assert '"SUM(A1)"' in made.lines(PageRows(1, [{"cstmr_nm": "=SUM(A1)"}]))
    assert found(made) == {} and found(made, WARNING) == {"RPRO-00603": 1}


@rules("13.3.check.characters-outside-printable-ascii")
def test_other_characters_are_an_error_only_where_that_is_configured() -> None:
    rows = [{"cstmr_nm": "Bäcker"}, {"cstmr_nm": "Baker"}]
    free, strict = mapper("cstmr_nm"), mapper("cstmr_nm", options={"ascii_only": True})
    free.lines(PageRows(1, rows))
    strict.lines(PageRows(1, rows))
    assert found(free) == {} and found(strict) == {"RPRO-00709": 1}


@rules("13.3.check.currency-not-three-letters")
@pytest.mark.parametrize(("column", "code"), [("curr", "RPRO-00736"), ("f_cur", "RPRO-00761")])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("USD", ""),
        ("KWD", ""),
        ("HRK", ""),
        ("XBT", ""),
        ("", ""),
        ("usd", "small letters"),
        ("Usd", "small letters"),
        ("xbt", "small letters"),
        ("US Dollar", "not a currency"),
        ("US", "not a currency"),
        ("840", "not a currency"),
        ("UDS", "not a currency"),
        ("XXX", "not a currency"),
    ],
)
def test_currency(column: str, code: str, value: str, said: str) -> None:
    made = mapper(column, options={"currency_decimals": {"XBT": 8}})
    made.lines(PageRows(1, [{column: "EUR"}, {column: value}]))
    assert found(made) == ({code: 1} if said else {})
    assert not said or (said in made.findings.listed[0].text and made.findings.listed[0].row == 2)


@rules("13.3.check.number-column-not-numeric")
@pytest.mark.parametrize("column", ["ext_lst_prc", "ext_sll_prc"])
@pytest.mark.parametrize(
    ("currency", "amount", "wrong"),
    [
        ("USD", "1.25", 0),
        ("USD", "1.250000", 0),
        ("USD", "1.255", 1),
        ("USD", "-0.001", 1),
        ("USD", "1.2e-3", 1),
        ("JPY", "100", 0),
        ("JPY", "100.00", 0),
        ("JPY", "100.5", 1),
        ("KWD", "1.234", 0),
        ("KWD", "1.2345", 1),
        ("HUF", "1.5", 1),
        ("XBT", "0.00000001", 0),
        ("XBT", "0.000000001", 1),
        ("", "1.255", 0),
    ],
)
def test_decimals_beyond_those_of_the_currency(column: str, currency: str, amount: str, wrong: int) -> None:
    made = mapper("curr", column, options={"currency_decimals": {"XBT": 8, "HUF": 0}})
    made.lines(PageRows(1, [{"curr": "KWD", column: "1.234"}, {"curr": "JPY", column: "7"}, {"curr": currency, column: amount}]))
    assert found(made) == ({"RPRO-00737": 1} if wrong else {})
    assert not wrong or made.findings.listed[0].row == 3


def test_quantities_and_rates_have_as_many_decimals_as_they_like() -> None:
    made = mapper("curr", "ord_qty")
    made.lines(PageRows(1, [{"curr": "JPY", "ord_qty": "1.3333333"}]))
    assert found(made) == {}


def test_a_template_with_the_other_names_is_checked_by_the_same_rules() -> None:
    extra = (TemplateColumn("EXT_SELL_PRC", "Ext Sell Price", "Number", 98), TemplateColumn("TRAN_TYPE", "Tran Type", "Character", 99))
    made = mapper("curr", "EXT_SELL_PRC", "TRAN_TYPE", extra=extra)
    made.lines(PageRows(1, [{"curr": "USD", "EXT_SELL_PRC": "1.255", "TRAN_TYPE": "SalesOrd"}]))
    assert found(made) == {"RPRO-00737": 1} and found(made, WARNING) == {"RPRO-00001": 1}


@rules("13.3.check.value-over-240-characters-3-000-for-comments-no")
def test_a_number_that_becomes_too_long_in_plain_notation() -> None:
    made = mapper("ord_qty")
    made.lines(PageRows(1, [{"ord_qty": "1e239"}, {"ord_qty": "1e240"}]))
    assert found(made) == {"RPRO-00707": 1} and made.findings.listed[0].row == 2


def test_half_a_character_is_told_instead_of_ending_the_task() -> None:
    made = mapper("cstmr_nm")
    made.lines(PageRows(1, [{"cstmr_nm": "\U0001f600"}, {"cstmr_nm": "x\ud83d"}])).encode()
    assert found(made) == {"RPRO-00710": 1} and made.findings.listed[0].row == 2
    assert made.findings.listed[0].value == "x?"


@rules("8.rule.2", "8.rule.6")
@pytest.mark.parametrize(
    ("last", "code"),
    [
        pytest.param({"ext_sll_prc": "180.005"}, "RPRO-00737", id="three decimals"),
        pytest.param({"curr": "usd"}, "RPRO-00736", id="small letters"),
        pytest.param({"f_cur": "UDS"}, "RPRO-00761", id="unknown functional currency"),
        pytest.param({"sec_atr_val": ""}, "RPRO-00744", id="no organisation"),
        pytest.param({"cstmr_nm": "x" * 241}, "RPRO-00707", id="too long"),
        pytest.param({"inv_line_id": "INV1-1"}, "RPRO-00715", id="line id twice"),
    ],
)
def test_what_the_last_row_of_the_last_part_breaks_keeps_the_first_part_from_being_sent(
    world: RevenueWorld, last: dict[str, str], code: str
) -> None:
    mapping = [*line("Invoices")["mapping"], {"source": "sec_atr_val", "target": "sec_atr_val"}]
    rows = [invoice(n, sec_atr_val="1") for n in range(1, 6)]
    world.load_rows(invoices=[*rows, invoice(6, **{"sec_atr_val": "1", **last})])
    world.objects(line("Invoices", mapping=mapping))
    world.change(large_dataset_mode="chunked", max_rows_per_file=2, rows_per_part=2)
    world.run("last")
    assert world.task("last", "check", "1").code == "FILE_CHECK_FAILED" and not world.uploads()
    assert any(r["code"] == code and r["level"] == "ERROR" for r in world.log("last"))


@rules("13.3.check.type-not-a-valid-transaction-type")
@pytest.mark.parametrize("value", ["SalesOrd", "so", ""])
def test_transaction_type(value: str) -> None:
    made = mapper("type")
    made.lines(PageRows(1, [{"type": kind} for kind in (*TYPES, value)]))
    assert found(made) == {} and found(made, WARNING) == {"RPRO-00001": 1}


@rules("13.3.check.mandatory-column-of-the-row-s-type-empty", "13.4.warnings")
@pytest.mark.parametrize("column", MANDATORY["SO"])
@pytest.mark.parametrize("strict", [False, True])
def test_mandatory_columns_of_a_sales_order_line(column: str, strict: bool) -> None:
    made = mapper(options={"strict_mandatory": strict})
    made.lines(PageRows(1, [order(1), order(2, **{column: ""}), order(3, type="CST", **{column: ""})]))
    assert found(made, ERROR if strict else WARNING) == {"MANDATORY_EMPTY": 1}
    assert made.findings.listed[0].row == 2


@rules("13.3.check.key-column-empty-or-twice", "3.4.line.key-column", "11.rule.3")
def test_an_empty_key() -> None:
    made = mapper("cstmr_nm", key="line")
    made.lines(PageRows(11, [{"line": "a"}, {"line": " "}, {}]))
    assert found(made) == {"KEY_EMPTY": 2} and [f.row for f in made.findings.listed] == [12, 13]


@rules("13.3.check.key-column-empty-or-twice", "3.4.line.key-column")
def test_a_key_that_stands_twice(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1), order(2), order(1)])
    world.objects(line("Orders", key_column="doc_line_id"))
    world.run("twice")
    assert world.task("twice", "check", "1").code == "FILE_CHECK_FAILED"
    assert any(r["code"] == "KEY_TWICE" and "row 3, key SO1-1" in r["message"] for r in world.log("twice"))


@rules("13.3.check.key-column-empty-or-twice")
def test_a_key_that_stands_twice_on_a_later_page_is_told_with_its_row(world: RevenueWorld) -> None:
    world.load_rows(orders=[*map(order, range(1, 1_003)), order(1_002)])
    world.objects(line("Orders", key_column="doc_line_id"))
    world.run("later")
    assert world.task("later", "check", "1").code == "FILE_CHECK_FAILED"
    told = [r["message"] for r in world.log("later") if r["code"] == "KEY_TWICE"]
    assert len(told) == 1 and "row 1003, key SO1002-1" in told[0]


def test_two_values_of_one_digest_are_told_apart() -> None:
    values = ["A", "B", "A", "", ""]
    digests = array("Q", [7, 7, 7, 0, 0])
    assert list(duplicate_rows(digests, 0, lambda row: values[row - 1])) == [(3, "A")]


@rules("13.3.check.inv-line-id-twice-in-one-object")
def test_an_invoice_line_id_twice_even_over_two_files(world: RevenueWorld) -> None:
    world.load_rows(invoices=[invoice(1), invoice(2), invoice(3), invoice(1)])
    world.objects(line("Invoices"))
    world.change(large_dataset_mode="chunked", max_rows_per_file=2, rows_per_part=2)
    world.run("twice")
    assert world.task("twice", "check", "1").code == "FILE_CHECK_FAILED" and not world.uploads()
    assert any(r["code"] == "RPRO-00715" and "row 4" in r["message"] and "INV1-1" in r["message"] for r in world.log("twice"))


@rules("13.3.check.more-than-one-organisation-in-one-file")
def test_two_organisations(world: RevenueWorld) -> None:
    mapping = [*line("Invoices")["mapping"], {"source": "sec_atr_val", "target": "sec_atr_val"}]
    world.load_rows(invoices=[invoice(1, sec_atr_val="1"), invoice(2, sec_atr_val="2")])
    world.objects(line("Invoices", mapping=mapping))
    world.run("two")
    assert world.task("two", "check", "1").code == "FILE_CHECK_FAILED" and "RPRO-00744" in world.codes("two")


@rules("13.3.check.more-than-one-organisation-in-one-file")
def test_two_columns_that_name_one_organisation_are_not_two_organisations() -> None:
    extra = (TemplateColumn("org_id", "Org Id", "Character", 98), TemplateColumn("org_name", "Org Name", "Character", 99))
    made = mapper("org_id", "org_name", extra=extra)
    made.lines(PageRows(1, [{"org_id": "1", "org_name": "Acme"}]))
    assert made.seen.organisations == {("org_id", "1"), ("org_name", "Acme")}


@rules("11.rule.6")
def test_cells_that_a_spreadsheet_would_run_get_an_apostrophe(world: RevenueWorld) -> None:
    world.load_rows(orders=[order(1, doc_line_id="=HYPERLINK(1)", cstmr_nm="=cmd")])
    world.objects(line("Orders"))
    world.run("formula")
    text = world.report_file("formula", "summary_formula.csv")
    assert not [row for row in world.log("formula") for cell in row.values() if cell.startswith(("=", "+", "@"))]
    assert "RPRO-00603" in text


@rules("5.rule.3")
def test_one_source_may_feed_two_targets_and_names_match_without_case_and_blanks(world: RevenueWorld) -> None:
    rows = [{**{k: v for k, v in order(1).items() if k != "doc_num"}, "Transaction Number": "SO1"}]
    world.load_rows(orders=rows)
    mapping = [m for m in line("Orders")["mapping"] if m["target"] != "doc_num"]
    twice = [{"source": "TRANSACTION_NUMBER", "target": t} for t in ("doc_num", "comments")]
    world.objects(line("Orders", mapping=[*mapping, *twice]))
    assert world.run("fed")["outcome"] == "SUCCESS"
    (row,) = world.dump()["stagingLine"]
    assert row["doc_num"] == row["comments"] == "SO1"


@rules("13.4.warnings", "14.limit.rows-per-dataset-without-suiteanalytics-connect")
def test_exactly_a_hundred_thousand_rows_may_have_been_cut(world: RevenueWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tallybridge.revenue.reading.NETSUITE_CAP", 3)
    world.load_rows(orders=[order(n) for n in range(3)])
    world.objects(line("Orders"))
    assert world.run("cut")["outcome"] == "WARNING" and "POSSIBLE_CUT" in world.codes("cut", "WARNING")
