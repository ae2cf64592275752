"""SuiteAnalytics datasets: saved queries that can be listed and executed.

A dataset is loaded with an id, a name and one of

    "query": "SELECT ..."              run against the account each time
    "rows": [{"SO_LINE_ID": "1"}, ...] fixed rows; with "columns" their values are checked, dates given as 2026-01-05
    "generate": 1000000                so many rows computed from the "value" of each of "columns" (see `dataset_rows`)

`"shared": false` hides it from the integration's role. `"troubles"` spoil pages: `{"page": 2, ...}` with one of `"totalResults": 5`,
`"repeat_row": true`, `"drop_row": true`, `"empty": true`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.netsuite.dataset_options import DatasetOptions
from sandbox.netsuite.dataset_rows import Column, Formulas, row_text
from sandbox.netsuite.exceptions import NetSuiteError, no_permission, nonexistent
from sandbox.netsuite.output import to_json
from sandbox.netsuite.paging import Page
from sandbox.netsuite.responses import MEDIA
from sandbox.netsuite.suiteql import QueryEngine

DATASET = "dataset"
DATASET_SETTINGS = "datasetSettings"
KEYS = frozenset({"id", "name", "query", "rows", "generate", "columns", "shared", "troubles"})
TROUBLES = {"totalResults": int, "repeat_row": bool, "drop_row": bool, "empty": bool}
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
ACCEPTED = ("application/json", MEDIA.split(";")[0], MEDIA + "collection")


@dataclass
class Dataset:
    """One dataset: a query, fixed rows, or computed ones."""

    id: str
    name: str
    query: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    generate: int = 0
    columns: tuple[Column, ...] = ()
    shared: bool = True
    troubles: dict[int, dict[str, Any]] = field(default_factory=dict)
    formulas: dict[tuple[str, str], Formulas] = field(default_factory=dict)

    @classmethod
    def from_object(cls, given: dict[str, Any]) -> Dataset:
        """A dataset from the form that `load` takes. Raises `ValueError` saying what is wrong."""
        if unknown := set(given) - KEYS:
            raise ValueError(f"unknown key {sorted(unknown)[0]!r}")
        identifier = str(given.get("id", ""))
        if not IDENTIFIER.fullmatch(identifier) or not given.get("name"):
            raise ValueError(f"a dataset needs a name and an id such as custdataset17, not {identifier!r}")
        if sum(key in given for key in ("query", "rows", "generate")) != 1:
            raise ValueError("a dataset needs one of query, rows, generate")
        made = cls(
            identifier,
            str(given["name"]),
            str(given.get("query", "")),
            given.get("rows", []),
            _count(given.get("generate", 0)),
            tuple(Column.from_object(c) for c in given.get("columns", [])),
            bool(given.get("shared", True)),
            {_count(t.get("page")): _trouble(t) for t in given.get("troubles", [])},
        )
        made._check()
        return made

    def _check(self) -> None:
        if not isinstance(self.rows, list) or not all(isinstance(r, dict) and "links" not in map(str.lower, r) for r in self.rows):
            raise ValueError("rows must be a list of objects without a column named links")
        if self.generate and not any(c.value for c in self.columns):
            raise ValueError("a computed dataset needs columns with a value")
        if any(c.value for c in self.columns) and not self.generate:
            raise ValueError("only the columns of a computed dataset have a value")
        known = {c.name: c for c in self.columns}
        for number, row in enumerate(self.rows if known else (), 1):
            if unknown := set(row) - set(known):
                raise ValueError(f"row {number} has the unknown column {sorted(unknown)[0]!r}")
            for name, value in row.items():
                known[name].check(value)
        if self.generate:
            Formulas(self.columns, "lower", "M/D/YYYY")

    def as_object(self) -> dict[str, Any]:
        """The form that `load` takes and `dump` gives."""
        content: dict[str, Any] = {"query": self.query} if self.query else {"rows": self.rows}
        if self.generate:
            content = {"generate": self.generate}
        if self.columns:
            content["columns"] = [c.as_object() for c in self.columns]
        if self.troubles:
            content["troubles"] = [{"page": page, **trouble} for page, trouble in self.troubles.items()]
        return {"id": self.id, "name": self.name, **content, "shared": self.shared}

    def read(self, page: Page, options: DatasetOptions, engine: QueryEngine) -> tuple[list[str], int]:
        """One page of the result, each row as JSON text, and the number of rows on all pages."""
        if self.query:
            found, total = engine.query(self.query, [], page.limit, page.offset)
            return [row_text(row, {}, options.key_style, options.date_format) for row in found], total
        total = min(self.generate or len(self.rows), options.most_rows)
        end = min(page.offset + page.limit, total)
        if not self.generate:
            kinds = {c.name: c.type for c in self.columns}
            return [row_text(row, kinds, options.key_style, options.date_format) for row in self.rows[page.offset : end]], total
        style = (options.key_style, options.date_format)
        formulas = self.formulas.setdefault(style, Formulas(self.columns, *style))
        return [formulas.row(number) for number in range(page.offset + 1, end + 1)], total


class DatasetResponses:
    """Handlers of `/query/v1/dataset`."""

    def __init__(self, engine: QueryEngine, datasets: dict[str, Dataset], options: DatasetOptions) -> None:
        self.engine = engine
        self.known = datasets
        self.options = options

    def datasets(self, request: Request, match: re.Match[str]) -> Response:
        """`GET /query/v1/dataset`: those that are shared with the role."""
        self._admit(request)
        page = Page(request)
        found = [d for d in self.known.values() if d.shared]
        items = [to_json({"links": [], "id": d.id, "name": d.name}) for d in found[page.offset : page.offset + page.limit]]
        return _collection(page, items, len(found))

    def dataset_result(self, request: Request, match: re.Match[str]) -> Response:
        """`GET /query/v1/dataset/{id}/result`: one page of its rows, values as text, empty ones left out."""
        self._admit(request)
        found = self.known.get(match["id"])
        if found is None or not found.shared:
            raise nonexistent(f"dataset/{match['id']}")
        page = Page(request)
        rows, total = found.read(page, self.options, self.engine)
        trouble = found.troubles.get(page.offset // page.limit + 1)
        if trouble:
            rows, total = _spoilt(rows, total, trouble)
        return _collection(page, rows, total)

    def _admit(self, request: Request) -> None:
        """The verb, the media type, the features and the permission. Raises the document of the first that is wrong."""
        if request.headers.get("Accept") and not any(request.accept_mimetypes.quality(kind) for kind in ACCEPTED):
            refusal = NetSuiteError(406, "NOT_ACCEPTABLE", "The media types of the header Accept are not supported.", errorHeader="Accept")
            refusal.title = "Not Acceptable"
            raise refusal
        options = self.options
        if not options.rest_web_services:
            raise _feature_off("REST Web Services")
        if not options.suite_analytics_workbook:
            raise _feature_off("SuiteAnalytics Workbook")
        if not options.permission:
            raise no_permission("SuiteAnalytics Workbook")


def _feature_off(name: str) -> NetSuiteError:
    return NetSuiteError(403, "INSUFFICIENT_PERMISSION", f"The feature '{name}' is not enabled in this account.")


def _collection(page: Page, rows: list[str], total: int) -> Response:
    """A page whose rows are JSON text already."""
    document = page.collection([{}] * len(rows), total)
    del document["items"]
    text = f'{to_json(document)[:-1]}, "items": [{", ".join(rows)}]}}'
    return Response(text, content_type=MEDIA + "collection")


def _spoilt(rows: list[str], total: int, trouble: dict[str, Any]) -> tuple[list[str], int]:
    total = trouble.get("totalResults", total)
    if trouble.get("empty"):
        rows = []
    if trouble.get("drop_row"):
        rows = rows[:-1]
    if trouble.get("repeat_row") and len(rows) > 1:
        rows = [*rows[:-1], rows[0]]
    return rows, total


def _count(number: Any) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise ValueError(f"a whole number from 0 up is needed, not {number!r}")
    return number


def _trouble(given: dict[str, Any]) -> dict[str, Any]:
    trouble = {k: v for k, v in given.items() if k != "page"}
    if not trouble or any(not isinstance(v, TROUBLES.get(k, ())) for k, v in trouble.items()):
        raise ValueError(f"a trouble has a page and one of {', '.join(TROUBLES)}")
    return trouble
