"""Pages as they were read, and the quick way through them: whatever a page holds, its lines are those of the slow way."""

from __future__ import annotations

import csv
import io
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tallybridge.errors import BadAnswer
from tallybridge.netsuite.datasets import quick_rows_in, rows_in
from tallybridge.revenue.config import InstanceObject, MappingLine, Options
from tallybridge.revenue.mapping import RowMapper, find_sources
from tallybridge.revenue.pages import BY_COLUMN, PageRows, Pages, is_plain
from tallybridge.revenue.reading import KeyHashes, Progress
from tallybridge.sync.folder import RunFolder
from tallybridge.zuora_revenue.template import Template, TemplateColumn
from tests.revenue.rules import rules
from tests.sync.memory import MemoryObjects

NAMES = ("a", "b", "c")
AWKWARD = ("", " ", '"', '""', ',"",', "x\ty", "x\r\ny", "\u00e9", "\u2028", "\x7f", "\\", "'", ", ", " x ", "=1", "1,5", "\U0001f600")
VALUES = (
    st.sampled_from(AWKWARD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.integers() | st.booleans() | st.none()
)
ROWS = st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES), min_size=1, max_size=6)


def template(*, between: bool = False, after: int = 2, date_format: str = "DD-MON-YYYY") -> Template:
    names = ["a", *(["spare"] if between else []), "b", "c", *(f"rest{n}" for n in range(after))]
    return Template("T", date_format, tuple(TemplateColumn(name, name.upper(), "Character", seq) for seq, name in enumerate(names)))


def mapper(made: Template, options: Options | None = None) -> RowMapper:
    lines = [MappingLine(source=name, target=name) for name in NAMES]
    described = InstanceObject(object="Orders", mapping=lines)
    return RowMapper(described, made, find_sources(NAMES, NAMES), options or Options(), "M/D/YYYY")


def body(rows: list[dict[str, Any]], *, ascii_only: bool = False) -> bytes:
    return json.dumps({"items": [{"links": [], **row} for row in rows]}, ensure_ascii=ascii_only).encode()


def pages(memory: Any, content: bytes, rows: int) -> Pages:
    found = Pages(RunFolder(memory, "uploads", "r"), "1", 1, rows)
    found.keep(0, content, as_read(1, content))
    return found


def as_read(first_row: int, content: bytes) -> PageRows:
    return PageRows(first_row, quick_rows_in(content), plain=is_plain(content))


@rules("9.rule.1", "9.rule.2", "5.rule.3")
@settings(max_examples=300, deadline=None)
@given(rows=ROWS, between=st.booleans(), after=st.integers(0, 2), ascii_only=st.booleans())
@example(rows=[{"a": "x", "b": "", "c": ""}, {"a": "", "b": "", "c": "y"}], between=True, after=1, ascii_only=False)
@example(rows=[{}, {"b": "x"}], between=False, after=0, ascii_only=True)
def test_a_quick_page_gives_the_lines_of_a_slow_one(rows: list[dict[str, Any]], between: bool, after: int, ascii_only: bool) -> None:
    content = body(rows, ascii_only=ascii_only)
    made = template(between=between, after=after)
    page = next(pages(MemoryObjects(), content, len(rows)).read())
    slow = PageRows(1, rows_in(content))
    quick_lines, slow_lines = mapper(made).lines(page), mapper(made).lines(slow)
    assert quick_lines == slow_lines
    read = list(csv.reader(io.StringIO(quick_lines, newline="")))
    assert [len(line) for line in read] == [len(made.columns)] * len(rows)
    assert quick_lines.endswith("\r\n") and quick_lines.count('"",') == slow_lines.count('"",')


PLAIN = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'), max_size=6)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, PLAIN)), min_size=1, max_size=6),
    first=st.integers(1, 6),
    last=st.integers(1, 6),
)
def test_a_page_kept_by_column_is_read_as_the_text_would_be(rows: list[dict[str, str]], first: int, last: int) -> None:
    memory, content = MemoryObjects(), body(rows)
    stored = pages(memory, content, len(rows))
    assert as_read(1, content).packed() is not None
    assert as_read(1, content).names() == set(NAMES)
    first, last = min(first, len(rows)), max(min(first, len(rows)), min(last, len(rows)))
    piece = next(stored.read(first, last))
    assert piece.plain and (piece.first_row, len(piece)) == (first, last - first + 1)
    assert piece.columns([*NAMES, None, "d"]) == [
        *([row[name] for row in rows[first - 1 : last]] for name in NAMES),
        *([[""] * len(piece)] * 2),
    ]


@pytest.mark.parametrize(
    "row",
    [{"a": 1, "b": "x"}, {"a": None, "b": "x"}, {"a": "x"}, {"b": "x", "c": "y"}, {"a": "\u00e9", "b": "x"}, {"a": "\x1f", "b": "x"}],
)
def test_a_page_with_anything_unusual_is_kept_as_it_came(row: dict[str, Any]) -> None:
    content = body([{"a": "x", "b": "y"}, row])
    page = as_read(1, content)
    assert page.packed() is None and page.names() == {"a", "b", *row}
    assert not content.startswith(BY_COLUMN)
    found = next(pages(MemoryObjects(), content, 2).read())
    assert found.columns(["a", "b"]) == PageRows(1, rows_in(content)).columns(["a", "b"])


@rules("9.rule.2")
def test_a_plain_page_has_values_in_quotes_and_nothing_for_nothing() -> None:
    content = body([{"a": "x", "c": "1"}, {"b": "y z"}])
    page = next(pages(MemoryObjects(), content, 2).read())
    assert page.plain
    assert mapper(template(between=True)).lines(page) == '"x",,,"1",,\r\n,,"y z",,,\r\n'


@rules("9.rule.4")
def test_numbers_that_are_no_text_keep_their_digits() -> None:
    content = b'{"items": [{"links": [], "a": 0.10000000000000000000000001, "b": 12345678901234567890123.0, "c": "x"}]}'
    page = next(pages(MemoryObjects(), content, 1).read())
    assert page.columns(["a", "b", "c", None]) == [["0.10000000000000000000000001"], ["12345678901234567890123.0"], ["x"], [""]]
    assert not page.plain


def test_a_piece_of_a_page_knows_its_rows_numbers_and_exact_values() -> None:
    content = body([{"a": n} for n in range(10)])
    page = next(pages(MemoryObjects(), content, 10).read(4, 6))
    assert (page.first_row, len(page), page.column("a")) == (4, 3, ["3", "4", "5"])


@pytest.mark.parametrize("content", [b"", b"[]", b'{"items": 1}', b'{"items": [1]}', b'{"items": [{"a": "\x01"}]}', b"\xff"])
def test_what_is_no_page_is_refused_either_way(content: bytes) -> None:
    for reader in (rows_in, quick_rows_in):
        with pytest.raises(BadAnswer):
            reader(content)


def test_what_only_the_slow_reader_takes_is_read_all_the_same() -> None:
    content = b'\xef\xbb\xbf{"items": [{"a": "x"}]}'
    assert quick_rows_in(content) == rows_in(content) == [{"a": "x"}]


def test_a_date_format_with_quotes_is_written_as_csv() -> None:
    columns = (TemplateColumn("d", "D", "Date", 0),)
    described = InstanceObject(object="Orders", mapping=[MappingLine(source="d", target="d")])
    made = RowMapper(described, Template("T", 'DD"MM"YYYY', columns), {"d": "d"}, Options(), "M/D/YYYY")
    assert made.lines(PageRows(1, [{"d": "1/5/2026"}], plain=True)) == '"05""01""2026"\r\n'


@rules("13.1.code.DATASET_INCONSISTENT", "3.4.line.key-column")
@pytest.mark.parametrize("looked_at", [(), (0,), (0, 1)])
def test_keys_on_two_pages_are_found_whichever_pages_this_worker_has_read(looked_at: tuple[int, ...]) -> None:
    folder = RunFolder(cast(Any, MemoryObjects()), "uploads", "r")
    first = [{"a": f"K{n}"} for n in range(1_000)]
    second = [{"a": " K7 "}, {"a": "new"}, {"a": "new"}, {"a": ""}, {}]
    rows = [first, second]
    stored = Pages(folder, "1", 1, 1_005)
    for number, content in enumerate(rows):
        stored.keep(number * 1_000, body(content), as_read(number * 1_000 + 1, body(content)))
    work = SimpleNamespace(line=InstanceObject(object="Orders", key_column="A"), uploads=folder, number="1")
    keys = KeyHashes(cast(Any, work), Progress(rows=1_005, columns=["a"]))
    for number in looked_at:
        keys.look(PageRows(number * 1_000 + 1, rows[number]))
    assert keys.on_several_pages() == {hash("K7")}, "twice on one page is no sign of moving"
