"""One request on its way through the stand-in: body, parameters and the answer."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from sandbox.zuora.exceptions import ApiError, CrudError, DataQueryError, Family, GatewayError, ZoqlFault, v1_error
from sandbox.zuora.models.values import json_default

if TYPE_CHECKING:
    from sandbox.zuora.models.tenant import Tenant
    from sandbox.zuora.models.users import User

MALFORMED = 90
INVALID_PARAMETER = 27
MAX_BODY_BYTES = 50_000_000
ACTIONS_FAMILIES = (Family.ACTIONS, Family.CRUD, Family.EXPORT)


@dataclass
class Call:
    """A routed request. `args` are the variable parts of the path; `user` is whose token it bears."""

    tenant: Tenant
    request: Request
    family: Family
    args: dict[str, str]
    path: str
    user: User

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object in the body, numbers with a fraction as Decimal. Raises in the format of the family."""
        try:
            parsed = json.loads(request_bytes(self.request) or b"{}", parse_float=Decimal)
        except (ValueError, UnicodeDecodeError):
            raise malformed(self.family) from None
        if not isinstance(parsed, dict):
            raise malformed(self.family)
        return parsed

    def parameter(self, name: str, default: str = "") -> str:
        return self.request.args.get(name, default)

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number from the query string, within bounds. Raises a v1 error of category 27."""
        raw = self.request.args.get(name)
        if raw is None:
            return default
        if not raw.isdigit() or not low <= int(raw) <= high:
            raise bad_parameter(self.family, f"The parameter '{name}' must be an integer from {low} to {high}.")
        return int(raw)

    def flag(self, name: str) -> bool:
        return self.request.args.get(name, "").lower() == "true"

    def url(self, path: str) -> str:
        """A full URL on this server."""
        return self.request.host_url.rstrip("/") + path


Handler = Callable[[Call], Response]


def request_bytes(request: Request) -> bytes:
    data = request.get_data(cache=True)
    if len(data) > MAX_BODY_BYTES:
        raise GatewayError("Request entity too large", 413)
    if request.headers.get("Content-Encoding", "").lower() != "gzip":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        raise GatewayError("Bad gzip body", 400) from None


def malformed(family: Family) -> ApiError:
    """The body is not a JSON object."""
    match family:
        case Family.DATA_QUERY:
            return DataQueryError(400, 400, "Unable to process JSON")
        case Family.ACTIONS:
            return ZoqlFault("MALFORMED_QUERY", "The request body is not valid JSON")
        case Family.CRUD | Family.EXPORT:
            return CrudError("INVALID_VALUE", "The request body is not valid JSON")
        case _:
            return v1_error(500000, MALFORMED, "Malformed JSON in the request body", 400)


def bad_parameter(family: Family, text: str) -> ApiError:
    """A parameter of the query string has a wrong value."""
    return DataQueryError(400, 400, text) if family is Family.DATA_QUERY else v1_error(500000, INVALID_PARAMETER, text, 400)


def json_response(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body, default=json_default), status=status, content_type="application/json;charset=UTF-8")


def error_response(error: ApiError) -> Response:
    return json_response(error.body(), error.status)


def success(body: dict[str, Any]) -> Response:
    """A v1 answer; `success` comes last, as the service sends it."""
    return json_response({**body, "success": True})
