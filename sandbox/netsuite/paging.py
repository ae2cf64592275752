"""Pages of a collection: the `limit` and `offset` parameters and the links between pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Request

from sandbox.netsuite.exceptions import invalid_parameter

PAGE_SIZE = 1000
PAGES = 1000


class Page:
    """One page of a collection, as the request asks for it. Raises `NetSuiteError` for a size or offset that is not allowed."""

    def __init__(self, request: Request) -> None:
        self.limit = self._number(request, "limit", PAGE_SIZE)
        self.offset = self._number(request, "offset", 0)
        if not 1 <= self.limit <= PAGE_SIZE:
            raise invalid_parameter(f"The limit must be between 1 and {PAGE_SIZE}.", "limit")
        if self.offset % self.limit:
            raise invalid_parameter("The offset must be divisible by the limit.", "offset")
        if self.offset // self.limit >= PAGES:
            raise invalid_parameter(f"At most {PAGES} pages can be read.", "offset")
        self.address = request.base_url
        self.others = [(k, v) for k, v in request.args.items(multi=True) if k not in ("limit", "offset")]

    @staticmethod
    def _number(request: Request, name: str, default: int) -> int:
        text = request.args.get(name, str(default))
        if not text.isdigit():
            raise invalid_parameter(f"Invalid value '{text}' of the parameter {name}.", name)
        return int(text)

    def collection(self, items: list[dict[str, Any]], total: int) -> dict[str, Any]:
        """The page's document. `items`: those on this page; `total`: how many there are on all pages."""
        more = self.offset + len(items) < total
        wanted: dict[str, int] = {}
        if more:
            wanted["next"] = self.offset + self.limit
            wanted["last"] = (total - 1) // self.limit * self.limit
        if self.offset:
            wanted["first"] = 0
            wanted["prev"] = self.offset - self.limit
        wanted["self"] = self.offset
        return {
            "links": [{"rel": rel, "href": self._href(offset)} for rel, offset in wanted.items()],
            "count": len(items),
            "hasMore": more,
            "items": items,
            "offset": self.offset,
            "totalResults": total,
        }

    def _href(self, offset: int) -> str:
        return f"{self.address}?{urlencode([*self.others, ('limit', self.limit), ('offset', offset)])}"
