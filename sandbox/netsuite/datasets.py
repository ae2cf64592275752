"""SuiteAnalytics datasets: saved queries that can be listed and executed.

A dataset is loaded as `{"id": "custdataset17", "name": ..., "query": "SELECT ..."}` (run against the account each time) or with `"rows"`,
a list of plain objects. `"shared": false` hides it from the integration's role.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.netsuite.exceptions import method_not_allowed, nonexistent
from sandbox.netsuite.operations import Outcome
from sandbox.netsuite.paging import Page
from sandbox.netsuite.responses import respond
from sandbox.netsuite.suiteql import QueryEngine
from sandbox.netsuite.suiteql.functions import shown

DATASET = "dataset"
KEYS = frozenset({"id", "name", "query", "rows", "shared"})
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
RESULT_ROWS = 100_000


@dataclass(frozen=True)
class Dataset:
    """One dataset: a query, or fixed rows."""

    id: str
    name: str
    query: str = ""
    rows: tuple[dict[str, Any], ...] = field(default=())
    shared: bool = True

    @classmethod
    def from_object(cls, given: dict[str, Any]) -> Dataset:
        """A dataset from the form that `load` takes. Raises `ValueError` saying what is wrong."""
        if unknown := set(given) - KEYS:
            raise ValueError(f"unknown key {sorted(unknown)[0]!r}")
        identifier = str(given.get("id", ""))
        if not IDENTIFIER.fullmatch(identifier) or not given.get("name"):
            raise ValueError(f"a dataset needs a name and an id such as custdataset17, not {identifier!r}")
        if ("query" in given) == ("rows" in given):
            raise ValueError("a dataset needs either a query or rows")
        rows = given.get("rows", [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "links" not in row for row in rows):
            raise ValueError("rows must be a list of objects without a column named links")
        return cls(identifier, str(given["name"]), str(given.get("query", "")), tuple(rows), bool(given.get("shared", True)))

    def as_object(self) -> dict[str, Any]:
        """The form that `load` takes and `dump` gives."""
        content: dict[str, Any] = {"query": self.query} if self.query else {"rows": list(self.rows)}
        return {"id": self.id, "name": self.name, **content, "shared": self.shared}


class DatasetResponses:
    """Handlers of `/query/v1/dataset`."""

    def __init__(self, engine: QueryEngine, datasets: dict[str, Dataset]) -> None:
        self.engine = engine
        self.known = datasets

    def datasets(self, request: Request, match: re.Match[str]) -> Response:
        """`GET /query/v1/dataset`: those that are shared with the role."""
        if request.method != "GET":
            raise method_not_allowed(request.method)
        page = Page(request)
        found = [d for d in self.known.values() if d.shared]
        items: list[dict[str, Any]] = [{"links": [], "id": d.id, "name": d.name} for d in found[page.offset : page.offset + page.limit]]
        return respond(Outcome(200, page.collection(items, len(found)), kind="collection"))

    def dataset_result(self, request: Request, match: re.Match[str]) -> Response:
        """`GET /query/v1/dataset/{id}/result`: one page of its rows, values as text, empty ones left out."""
        if request.method != "GET":
            raise method_not_allowed(request.method)
        found = self.known.get(match["id"])
        if found is None or not found.shared:
            raise nonexistent(f"dataset/{match['id']}")
        page = Page(request)
        if found.query:
            rows, total = self.engine.query(found.query, [], page.limit, page.offset)
        else:
            total = min(len(found.rows), RESULT_ROWS)
            rows = [_texts(row) for row in found.rows[page.offset : min(page.offset + page.limit, total)]]
        items: list[dict[str, Any]] = [{"links": [], **row} for row in rows]
        return respond(Outcome(200, page.collection(items, total), kind="collection"))


def _texts(row: dict[str, Any]) -> dict[str, str]:
    """A row as the query services give it: keys in lower case, flags T and F, empty values left out."""
    flags = {True: "T", False: "F"}
    return {k.lower(): flags[v] if isinstance(v, bool) else shown(v) for k, v in row.items() if v is not None and v != ""}
