"""SuiteAnalytics datasets: list them, and read their rows page by page (api-netsuite-datasets.md sections 5 to 9)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from tallybridge.errors import BadAnswer
from tallybridge.http import Effect, Http
from tallybridge.netsuite.calls import NetSuiteCalls
from tallybridge.netsuite.connection import NetSuiteConnection
from tallybridge.netsuite.faults import SERVICE
from tallybridge.slots import LocalSlots, Slots
from tallybridge.tokens import ProcessTokens, TokenCache

PATH = "/services/rest/query/v1/dataset"
PAGE_ROWS = 1_000
"""Rows of one page: NetSuite's default and most."""
MOST_PAGES = 1_000
"""NetSuite gives at most so many pages, hence a million rows."""
PAGE_SECONDS = 900.0
"""NetSuite's own limit of a request is 15 minutes."""
IDENTIFIER = re.compile(r"[A-Za-z0-9_]+")

Row = dict[str, Any]


@dataclass(frozen=True)
class Dataset:
    """A dataset that the role may see."""

    id: str
    name: str


@dataclass(frozen=True)
class Page:
    """One page as it came: `body` is NetSuite's own text, so that it can be kept without being written anew."""

    offset: int
    total: int
    has_more: bool
    rows: list[Row]
    """As `quick_rows_in` reads them."""
    body: bytes


def rows_in(body: bytes) -> list[Row]:
    """The rows in the text of a page. Numbers keep their digits as text; a row's `links` are of no use and are left in."""
    return _items(_document(body))


def quick_rows_in(body: bytes) -> list[Row]:
    """As `rows_in`, in half the time; but a value that is a JSON number, which NetSuite's rows do not have, may lose digits: whoever
    meets something other than text takes `rows_in`."""
    return _items(_quick_document(body))


class Datasets:
    """The datasets of one account. One call at a time. Raises the errors of `NetSuite`."""

    def __init__(self, connection: NetSuiteConnection, http: Http, slots: Slots | None = None, *, tokens: TokenCache | None = None) -> None:
        self._calls = NetSuiteCalls(connection, http, slots or LocalSlots(1, http.clock), tokens or ProcessTokens(), "error")

    def all(self) -> Iterator[Dataset]:
        """Every dataset that is shared with the role."""
        for number in range(MOST_PAGES):
            document = self._page(f"{PATH}/", number * PAGE_ROWS, "list datasets")
            for item in _items(document):
                yield Dataset(str(item.get("id", "")), str(item.get("name", "")))
            if not document.get("hasMore"):
                return

    def test_connection(self) -> None:
        """One signed call. Raises `LoginRefused` and the like."""
        self._calls.json("GET", f"{PATH}/", Effect.READ, operation="list datasets", params={"limit": "1", "offset": "0"})

    def page(self, dataset: str, offset: int) -> Page:
        """The rows from `offset` on, at most a thousand. Raises `NotFound` for a dataset that is unknown or not shared, `BadAnswer` when
        the page does not hold together: its count differs from its rows, or it is empty although more is promised."""
        if not IDENTIFIER.fullmatch(dataset):
            raise ValueError(f"{dataset!r} is not a dataset id")
        body = self._calls.send(
            "GET",
            f"{PATH}/{dataset}/result",
            Effect.READ,
            operation=f"dataset {dataset} from row {offset}",
            params={"limit": str(PAGE_ROWS), "offset": str(offset)},
            seconds=PAGE_SECONDS,
        ).body
        document = _quick_document(body)
        rows = _items(document)
        try:
            count, total = int(document["count"]), int(document["totalResults"])
        except (KeyError, TypeError, ValueError) as wrong:
            raise _broken(dataset, offset, "it does not say how many rows it has") from wrong
        has_more = document.get("hasMore") is True
        if count != len(rows):
            raise _broken(dataset, offset, f"it has {len(rows)} rows, but says {count}")
        if has_more and not rows:
            raise _broken(dataset, offset, "it is empty although more rows are promised")
        return Page(offset, total, has_more, rows, body)

    def _page(self, path: str, offset: int, operation: str) -> Mapping[str, Any]:
        params = {"limit": str(PAGE_ROWS), "offset": str(offset)}
        return _document(self._calls.send("GET", path, Effect.READ, operation=operation, params=params).body)


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body, parse_float=str, parse_int=str)
    except ValueError as wrong:
        raise BadAnswer("NetSuite answered a dataset call with something other than JSON.", service=SERVICE) from wrong
    if not isinstance(document, Mapping):
        raise BadAnswer("NetSuite answered a dataset call with something other than an object.", service=SERVICE)
    return document


def _quick_document(body: bytes) -> Mapping[str, Any]:
    try:
        document = from_json(body, cache_strings="keys")
    except ValueError:  # not for this reader, such as half a surrogate pair; the other one decides
        return _document(body)
    return document if isinstance(document, Mapping) else _document(body)


def _items(document: Mapping[str, Any]) -> list[Row]:
    items = document.get("items", [])
    if not isinstance(items, list) or not set(map(type, items)) <= {dict}:
        raise BadAnswer("NetSuite's answer to a dataset call has no list of rows.", service=SERVICE)
    return items


def _broken(dataset: str, offset: int, why: str) -> BadAnswer:
    return BadAnswer(f"The page of dataset {dataset} from row {offset} does not hold together: {why}.", service=SERVICE, code="SHORT-PAGE")
