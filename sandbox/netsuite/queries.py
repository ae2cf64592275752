"""Query and system services over HTTP: SuiteQL, governance limits, server time."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.netsuite.exceptions import invalid_header, malformed
from sandbox.netsuite.operations import Outcome
from sandbox.netsuite.options import NetSuiteOptions
from sandbox.netsuite.paging import Page
from sandbox.netsuite.records import check_body
from sandbox.netsuite.responses import json_body, preferences, respond
from sandbox.netsuite.suiteql import QueryEngine

NO_LIMIT = 999


class QueryResponses:
    """Handlers of `/query/v1/` and `/system/v1/`."""

    def __init__(self, engine: QueryEngine, options: NetSuiteOptions) -> None:
        self.engine = engine
        self.options = options

    def suiteql(self, request: Request, match: re.Match[str]) -> Response:
        """`POST /query/v1/suiteql` with `{"q": ..., "params": [...]}`."""
        if "respond-async" in preferences(request) and self.options.habits.async_query == "refused":
            raise invalid_header("SuiteQL queries cannot be run asynchronously.", "Prefer")
        if "transient" not in preferences(request):
            raise invalid_header("The header Prefer: transient is required for SuiteQL queries.", "Prefer")
        page = Page(request)
        body = check_body(json_body(request))
        text, params = body.get("q"), body.get("params", [])
        if not isinstance(text, str) or not text.strip() or not _plain(params) or set(body) - {"q", "params"}:
            raise malformed()
        rows, total = self.engine.query(text, params, page.limit, page.offset)
        items: list[dict[str, Any]] = [{"links": [], **row} for row in rows]
        return respond(Outcome(200, page.collection(items, total), kind="collection"))

    def governance_limits(self, request: Request, match: re.Match[str]) -> Response:
        """`GET /system/v1/governanceLimits`."""
        limit = self.options.slots or NO_LIMIT
        document = {
            "accountConcurrencyLimit": limit,
            "accountUnallocatedConcurrencyLimit": limit,
            "integrationLimitType": "accountLimit",
        }
        return respond(Outcome(200, document))

    def server_time(self, request: Request, match: re.Match[str]) -> Response:
        """`GET /system/v1/serverTime`."""
        return respond(Outcome(200, {"serverTime": self.options.clock().strftime("%Y-%m-%dT%H:%M:%SZ")}))


def _plain(params: Any) -> bool:
    """Whether bind parameters are a list of plain values."""
    return isinstance(params, list) and not any(isinstance(p, (dict, list)) for p in params)
