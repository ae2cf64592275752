"""Paged lists of the v1 family (spec section 6): `page`, `pageSize` (larger values count as 40), `nextPage` as a full URL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from sandbox.zuora.http import Call, success
from sandbox.zuora.models.values import Record

DEFAULT_PAGE = 20
MAX_PAGE = 40
MAX_PAGES = 1_000_000
Show = Callable[[Record], dict[str, Any]]


def paged(call: Call, name: str, records: Sequence[Record], show: Show, default: int = DEFAULT_PAGE) -> Response:
    """One page of the records under `name`."""
    size = min(call.integer("pageSize", default, 1, MAX_PAGES), MAX_PAGE)
    page = call.integer("page", 1, 1, MAX_PAGES)
    start = (page - 1) * size
    body: dict[str, Any] = {name: [show(r) for r in records[start : start + size]]}
    if start + size < len(records):
        query = {**call.request.args.to_dict(), "page": str(page + 1), "pageSize": str(size)}
        body["nextPage"] = f"{call.url(call.path)}?{urlencode(query)}"
    return success(body)


def filtered(call: Call, records: Sequence[Record], table: dict[str, str]) -> list[Record]:
    """The records whose fields equal the query parameters of the same v1 name."""
    wanted = {table[k]: v for k, v in call.request.args.items() if k in table}
    return [r for r in records if all(matches(r.get(f), v) for f, v in wanted.items())]


def matches(value: Any, text: str) -> bool:
    if value is None:
        return False
    if isinstance(value, bool):
        return str(value).lower() == text.lower()
    try:
        return bool(value == type(value)(text))
    except (ValueError, ArithmeticError, TypeError):
        return False
