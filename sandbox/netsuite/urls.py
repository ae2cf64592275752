"""Routing: which handler answers which address, and how addresses are counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from werkzeug.wrappers import Request, Response

from sandbox.netsuite.auth import TOKEN_PATH

REST = "/services/rest/"
RECORD = REST + "record/v1/"
CLIENTS = REST + "auth/oauth2/v1/clients/"
Handler = Callable[[Request, "re.Match[str]"], Response]

_TYPE = r"(?P<type>[A-Za-z0-9_-]+)"
_ID = r"(?P<id>[^/!]+)"


@dataclass(frozen=True)
class Route:
    """An address that the account answers: its handler, pattern and methods; `shown` below `/services/rest/` and what is `covered`."""

    handler: str
    pattern: re.Pattern[str]
    methods: tuple[str, ...]
    shown: str
    covered: str


READ, CHANGE, MAKE = ("GET",), ("GET", "POST", "PATCH", "PUT", "DELETE"), ("POST",)

ROUTES: tuple[Route, ...] = (
    Route(
        "certificates",
        re.compile(CLIENTS + r"(?P<client>[^/]+)/certificates/?"),
        ("GET", "POST"),
        "auth/oauth2/v1/clients/{client id}/certificates",
        'on the account\'s restlets host; `{"fileContent", "role", "entity"}`; rows have `certificate_id`, `valid_from`, `valid_until`, '
        "`revoked`, `algorithm`, `role`, `entity`, `application`; dates are `YYYY-MM-DD` **[A]**; needs *Manage own OAuth 2.0 Client "
        "Credentials certificates*; RSA 3072, 4096, EC 256, 384, 521; cut to two years; each certificate once",
    ),
    Route(
        "revoke",
        re.compile(CLIENTS + r"(?P<client>[^/]+)/certificates/(?P<certificate>[^/]+)/revoke/?"),
        MAKE,
        "auth/oauth2/v1/clients/{client id}/certificates/{certificate id}/revoke",
        "as above",
    ),
    Route(
        "suiteql", re.compile(REST + r"query/v1/suiteql/?"), MAKE, "query/v1/suiteql", "`limit`, `offset`; `Prefer: transient` is needed"
    ),
    Route(
        "datasets",
        re.compile(REST + r"query/v1/dataset/?"),
        READ,
        "query/v1/dataset/",
        "datasets are loaded as a query or as rows",
    ),
    Route("dataset_result", re.compile(REST + r"query/v1/dataset/(?P<id>[^/]+)/result/?"), READ, "query/v1/dataset/{id}/result", "pages"),
    Route(
        "governance_limits",
        re.compile(REST + r"system/v1/governanceLimits/?"),
        READ,
        "system/v1/governanceLimits",
        "administrators alone",
    ),
    Route("server_time", re.compile(REST + r"system/v1/serverTime/?"), READ, "system/v1/serverTime", "UTC"),
    Route(
        "metadata_list",
        re.compile(RECORD + r"metadata-catalog/?"),
        READ,
        "record/v1/metadata-catalog",
        "record types; `select`; OpenAPI with `Accept: application/swagger+json`",
    ),
    Route(
        "metadata",
        re.compile(RECORD + rf"metadata-catalog/{_TYPE}/?"),
        READ,
        "record/v1/metadata-catalog/{type}",
        "JSON Schema, or OpenAPI; custom fields carry `title` and `x-ns-custom-field`",
    ),
    Route(
        "job",
        re.compile(REST + r"async/v1/job/(?P<job>[^/]+)(?P<rest>(?:/task(?:/(?P<task>[^/]+)(?:/(?P<result>result))?)?)?)/?"),
        READ,
        "async/v1/job/{job}[/task[/{task}[/result]]]",
        "state of a job, its tasks, a task with its times, and its result: the answer of the single call **[A]**",
    ),
    Route(
        "transform",
        re.compile(RECORD + rf"{_TYPE}/{_ID}/!transform/(?P<target>[A-Za-z0-9_]+)/?"),
        MAKE,
        "record/v1/{type}/{id}/!transform/{target}",
        "the transforms below; `%21transform` works too",
    ),
    Route(
        "attach",
        re.compile(RECORD + rf"{_TYPE}/{_ID}/!(?P<action>attach|detach)/(?P<other>[A-Za-z]+)/(?P<other_id>[^/]+)/?"),
        MAKE,
        "record/v1/{type}/{id}/!attach/contact/{contact}, !detach",
        "on customers, with `role`",
    ),
    Route(
        "collection",
        re.compile(RECORD + rf"{_TYPE}/?"),
        CHANGE,
        "record/v1/{type}",
        "list (`q`, `limit`, `offset`; ids and links only), create, and the batch operations: create, update, upsert, delete, "
        "and read with `expandRecords=true&ids=...`; at most 100 records; validation headers, `replace`, `replaceSelectedFields`",
    ),
    Route(
        "single",
        re.compile(RECORD + rf"{_TYPE}/{_ID}/?"),
        ("GET", "PATCH", "PUT", "DELETE"),
        "record/v1/{type}/{id}",
        "`{id}` may be `eid:...`, and must be for `PUT`; `fields`, `expandSubResources`, `expand`, `simpleEnumFormat`; validation headers, "
        "`replace`, `replaceSelectedFields`",
    ),
    Route(
        "sub_resource",
        re.compile(RECORD + rf"{_TYPE}/{_ID}/(?P<sub>[^!]+?)/?"),
        READ,
        "record/v1/{type}/{id}/{sublist}[/{line}[/{subrecord}]]",
        "read only",
    ),
)


def route(path: str) -> tuple[Route, re.Match[str]] | None:
    """The route of a path (percent-encoding undone), and the parts of the path."""
    for each in ROUTES:
        match = each.pattern.fullmatch(path)
        if match:
            return each, match
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
    name, match = found[0].handler, found[1]
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
