"""SuiteQL: pages of rows, and look-ups of more keys than one `IN` list takes (api-netsuite.md section 5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from tallybridge.errors import BadAnswer
from tallybridge.http import Effect
from tallybridge.netsuite.calls import NetSuiteCalls
from tallybridge.netsuite.faults import SERVICE

PATH = "/services/rest/query/v1/suiteql"
PAGE = 1_000
MAX_PAGES = 100
MAX_ROWS = PAGE * MAX_PAGES
"""A SuiteQL result has at most so many rows, whether there are more or not: one of this size is never taken for a whole one."""
MAX_IN = 1_000
PLACE = "{in}"
TEXT = re.compile(r"'(?:[^']|'')*'")
TEXT_OR_SPACE = re.compile(rf"({TEXT.pattern})|\s+")

Row = dict[str, str]


class TooManyRows(BadAnswer):
    """A result of the largest size: what it leaves out is not known."""


def rows(calls: NetSuiteCalls, q: str, params: Sequence[str]) -> Iterator[Row]:
    """All rows of a query, page by page. Raises `TooManyRows` after the last row of a result of the largest size."""
    body: dict[str, Any] = {"q": one_line(q)}
    if params:
        body["params"] = list(params)
    number, more = 0, True
    for page_number in range(MAX_PAGES):
        page = calls.json(
            "POST",
            PATH,
            Effect.READ,
            params={"limit": str(PAGE), "offset": str(page_number * PAGE)},
            headers={"Prefer": "transient"},
            body=body,
            operation="SuiteQL",
        )
        items = page.get("items") if isinstance(page, Mapping) else None
        if not isinstance(items, list):
            raise BadAnswer("NetSuite's answer to a query has no items.", service=SERVICE)
        number += len(items)
        yield from (_row(item) for item in items)
        more = bool(page.get("hasMore"))
        if not more:
            break
    if more or number >= MAX_ROWS:
        text = f"The query has {MAX_ROWS:,} rows or more; NetSuite gives no more, so that the answer may not be whole."
        advice = "Leave fewer records to a run: set a cutover date, or sync in parts."
        raise TooManyRows(text, service=SERVICE, service_code="ROWS", advice=advice)


def rows_in(calls: NetSuiteCalls, q: str, values: Iterable[str], params: Sequence[str]) -> Iterator[Row]:
    """All rows of a query for some values in place of `{in}`. An answer of the largest size is asked for again in two halves."""
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), MAX_IN):
        yield from _halving(calls, q, distinct[start : start + MAX_IN], params)


def _halving(calls: NetSuiteCalls, q: str, values: Sequence[str], params: Sequence[str]) -> Iterator[Row]:
    try:
        yield from list(rows(calls, *bound(q, values, params)))
    except TooManyRows:
        if len(values) == 1:
            raise
        middle = len(values) // 2
        yield from _halving(calls, q, values[:middle], params)
        yield from _halving(calls, q, values[middle:], params)


@lru_cache(maxsize=200)
def one_line(q: str) -> str:
    """The query without line breaks and tabs, which NetSuite does not take everywhere; texts in it stay as they are."""
    return TEXT_OR_SPACE.sub(lambda found: found.group(1) or " ", q).strip()


def _row(item: Mapping[str, Any]) -> Row:
    return {key.lower(): _text(value) for key, value in item.items() if key != "links" and value is not None}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    return str(value)


def bound(q: str, values: Sequence[str], params: Sequence[str]) -> tuple[str, list[str]]:
    """Query and parameters with some values in place of `{in}`, which stands where the list belongs, in brackets or not.

    Raises `ValueError` unless `{in}` stands there exactly once.
    """
    if q.count(PLACE) != 1:
        raise ValueError(f"the query must contain {PLACE} exactly once: {q}")
    before, after = q.split(PLACE)
    bracketed = before.rstrip().endswith("(")
    first = TEXT.sub("", before).count("?")
    marks = ", ".join("?" * len(values))
    return before + (marks if bracketed else f"({marks})") + after, [*params[:first], *values, *params[first:]]
