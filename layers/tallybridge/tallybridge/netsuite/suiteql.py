"""SuiteQL: pages of rows, and look-ups of more keys than one `IN` list takes (api-netsuite.md section 5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tallybridge.errors import BadAnswer
from tallybridge.http import Effect
from tallybridge.netsuite.calls import NetSuiteCalls
from tallybridge.netsuite.faults import SERVICE

PATH = "/services/rest/query/v1/suiteql"
PAGE = 1_000
MAX_PAGES = 100
"""A SuiteQL result has at most 100,000 rows."""
MAX_IN = 1_000
PLACE = "{in}"
TEXT = re.compile(r"'(?:[^']|'')*'")
TEXT_OR_SPACE = re.compile(rf"({TEXT.pattern})|\s+")

Row = dict[str, str]


def rows(calls: NetSuiteCalls, q: str, params: Sequence[str]) -> Iterator[Row]:
    """All rows of a query, page by page."""
    body: dict[str, Any] = {"q": one_line(q)}
    if params:
        body["params"] = list(params)
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
        yield from (_row(item) for item in items)
        if not page.get("hasMore"):
            return
    raise BadAnswer(
        f"The query has more than {PAGE * MAX_PAGES} rows; NetSuite gives no more.", service=SERVICE, advice="Narrow the time window."
    )


def one_line(q: str) -> str:
    """The query without line breaks and tabs, which NetSuite does not take everywhere; texts in it stay as they are."""
    return TEXT_OR_SPACE.sub(lambda found: found.group(1) or " ", q).strip()


def _row(item: Mapping[str, Any]) -> Row:
    return {key.lower(): _text(value) for key, value in item.items() if key != "links" and value is not None}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    return str(value)


def in_parts(q: str, values: Iterable[str], params: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Query and parameters for each thousand of the different values. `q` has `{in}` where the list belongs, in brackets or not.

    Raises `ValueError` unless `{in}` stands there exactly once.
    """
    if q.count(PLACE) != 1:
        raise ValueError(f"the query must contain {PLACE} exactly once: {q}")
    before, after = q.split(PLACE)
    bracketed = before.rstrip().endswith("(")
    first = TEXT.sub("", before).count("?")
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), MAX_IN):
        part = distinct[start : start + MAX_IN]
        marks = ", ".join("?" * len(part))
        yield before + (marks if bracketed else f"({marks})") + after, [*params[:first], *part, *params[first:]]
