"""Routing: which handler answers which address, and how addresses are counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from sandbox.netsuite.auth import TOKEN_PATH

REST = "/services/rest/"
RECORD = REST + "record/v1/"
CLIENTS = REST + "auth/oauth2/v1/clients/"
Handler = Callable[[Request, "re.Match[str]"], Response]

_TYPE = r"(?P<type>[A-Za-z0-9_-]+)"
_ID = r"(?P<id>[^/!]+)"

ROUTES: list[tuple[str, re.Pattern[str]]] = [
    ("certificates", re.compile(CLIENTS + r"(?P<client>[^/]+)/certificates/?")),
    ("revoke", re.compile(CLIENTS + r"(?P<client>[^/]+)/certificates/(?P<certificate>[^/]+)/revoke/?")),
    ("suiteql", re.compile(REST + r"query/v1/suiteql/?")),
    ("datasets", re.compile(REST + r"query/v1/dataset/?")),
    ("dataset_result", re.compile(REST + r"query/v1/dataset/(?P<id>[^/]+)/result/?")),
    ("governance_limits", re.compile(REST + r"system/v1/governanceLimits/?")),
    ("server_time", re.compile(REST + r"system/v1/serverTime/?")),
    ("metadata_list", re.compile(RECORD + r"metadata-catalog/?")),
    ("metadata", re.compile(RECORD + rf"metadata-catalog/{_TYPE}/?")),
    ("job", re.compile(REST + r"async/v1/job/(?P<job>[^/]+)(?P<rest>(?:/task(?:/(?P<task>[^/]+)(?:/(?P<result>result))?)?)?)/?")),
    ("transform", re.compile(RECORD + rf"{_TYPE}/{_ID}/!transform/(?P<target>[A-Za-z0-9_]+)/?")),
    ("attach", re.compile(RECORD + rf"{_TYPE}/{_ID}/!(?P<action>attach|detach)/(?P<other>[A-Za-z]+)/(?P<other_id>[^/]+)/?")),
    ("collection", re.compile(RECORD + rf"{_TYPE}/?")),
    ("single", re.compile(RECORD + rf"{_TYPE}/{_ID}/?")),
    ("sub_resource", re.compile(RECORD + rf"{_TYPE}/{_ID}/(?P<sub>[^!]+?)/?")),
]


def route(path: str) -> tuple[str, re.Match[str]] | None:
    """Name of the handler for a path (percent-encoding undone), and the parts of the path."""
    for name, pattern in ROUTES:
        match = pattern.fullmatch(path)
        if match:
            return name, match
    return None


def operation(method: str, path: str) -> str:
    """A call's shape for statistics, such as `PUT /record/v1/customer/eid:{x}`."""
    path = unquote(path)
    if path.rstrip("/") == TOKEN_PATH:
        return f"{method} /auth/oauth2/v1/token"
    short = path.removeprefix(REST.rstrip("/"))
    found = route(path)
    if found is None:
        return f"{method} {short}"
    name, match = found
    if name in ("single", "sub_resource", "transform", "attach"):
        identifier = "eid:{x}" if match["id"].startswith("eid:") else "{id}"
        short = f"/record/v1/{match['type']}/{identifier}"
        if name == "transform":
            short += f"/!transform/{match['target']}"
        elif name == "attach":
            short += f"/!{match['action']}/{match['other']}/{{id}}"
        elif name == "sub_resource":
            short += "/" + match["sub"].split("/")[0]
    elif name == "job":
        shape = re.sub(r"/task/[^/]+", "/task/{id}", match["rest"])
        short = "/async/v1/job/{id}" + shape
    elif name in ("certificates", "revoke"):
        short = "/auth/oauth2/v1/clients/{id}/certificates" + ("/{id}/revoke" if name == "revoke" else "")
    elif name == "dataset_result":
        short = "/query/v1/dataset/{id}/result"
    return f"{method} {short.rstrip('/')}"


def is_governed(method: str, path: str) -> bool:
    """Whether a call takes one of the account's concurrency slots."""
    return method != "OPTIONS" and path.rstrip("/") != TOKEN_PATH
