"""Lists of the v1 family (spec section 6): `page`, `pageSize` (larger values count as 40), `nextPage` as a full URL, filters and `sort`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from sandbox.zuora.http import Call, bad_parameter, success
from sandbox.zuora.models.values import Record, ValueRefused, parse_moment
from sandbox.zuora.published import Spec, trouble_of
from sandbox.zuora.published.filters import Filters

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


def chosen(call: Call, name: str, records: Iterable[Record], show: Show, filters: Filters) -> Response:
    """One page of those that fit the query parameters, in the order of `sort` (`+number,-amount`). Raises `V1Error` of category 27."""
    zone = call.tenant.options.zone
    wanted = {key: value_of(call, key, filters[key], text) for key, text in call.request.args.items() if key in filters}
    shown = [show(record) for record in records]
    found = [row for row in shown if all(key in row and comparable(filters[key], row[key], zone) == v for key, v in wanted.items())]
    for entry in reversed([part.strip() for part in call.parameter("sort").split(",") if part.strip()]):
        key = entry.lstrip("+-")
        if key not in filters:
            raise bad_parameter(call.family, f"The results cannot be sorted by '{key}'.")
        with_value = sorted((row for row in found if key in row), key=itemgetter(key), reverse=entry.startswith("-"))
        found = [*with_value, *(row for row in found if key not in row)]
    return paged(call, name, found, lambda row: row)


def value_of(call: Call, name: str, spec: Spec, text: str) -> Any:
    """A parameter in the form in which it is compared. Raises `V1Error` of category 27."""
    try:
        match spec.kind:
            case "number":
                return Decimal(text)
            case "boolean":
                return {"true": True, "false": False}[text.lower()]
            case "moment":
                return parse_moment(name, text, call.tenant.options.zone)
    except (InvalidOperation, KeyError, ValueRefused):
        raise bad_parameter(call.family, f"The parameter '{name}' has the invalid value '{text}'.") from None
    if (trouble := trouble_of(spec, text)) is not None:
        raise bad_parameter(call.family, f"The parameter '{name}' {trouble}")
    return text


def comparable(spec: Spec, value: Any, zone: tzinfo) -> Any:
    """A shown value; moments are compared to the second, as they are shown."""
    return parse_moment("", value, zone) if spec.kind == "moment" else value
