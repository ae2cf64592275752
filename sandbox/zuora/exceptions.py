"""Refusals in the wire format of each API family (spec section 5)."""

from __future__ import annotations

import itertools
import uuid
from enum import Enum
from typing import Any

NOT_FOUND = 40
METHOD_NOT_SUPPORTED = 45
GENERAL = 500000
_process_ids = itertools.count(1)


class Family(Enum):
    """API families; they differ in how they report errors."""

    OAUTH = "oauth"
    ACTIONS = "actions"
    CRUD = "crud"
    V1 = "v1"
    OBJECT_QUERY = "object-query"
    DATA_QUERY = "data-query"
    AQUA = "aqua"
    EXPORT = "export"


def process_id() -> str:
    """The 16 hexadecimal digits that v1 answers carry."""
    return f"{0x0356073C00000000 + next(_process_ids):016X}"


class ApiError(Exception):
    """A refusal. `status` and `body` are what goes over the wire."""

    status: int = 400

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status or self.status

    def body(self) -> Any:
        return {"message": self.message}


class GatewayError(ApiError):
    """Refused before the request reached an API family (format 8)."""


class V1Error(ApiError):
    """Format 1: HTTP 200 or 4xx with `success: false`. `code` is the eight-digit reason code."""

    status = 200

    def __init__(self, code: int, message: str, status: int | None = None) -> None:
        super().__init__(message, status)
        self.code = code

    def reasons(self) -> list[dict[str, Any]]:
        return [{"code": self.code, "message": self.message}]

    def body(self) -> Any:
        return {"success": False, "processId": process_id(), "reasons": self.reasons(), "requestId": str(uuid.uuid4())}


def v1_error(resource: int, category: int, message: str, status: int | None = None) -> V1Error:
    """A v1 refusal from a six-digit resource code and a two-digit category (spec section 5.2)."""
    return V1Error(resource * 100 + category, message, status)


def missing_key(key: str, noun: str = "entity") -> V1Error:
    return v1_error(GENERAL, NOT_FOUND, f"Cannot find {noun} by key: '{key}'.")


class CrudError(ApiError):
    """Format 2, and one failed object of formats 3 and 4. `code` is one of the codes of spec section 5.3."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message, status)
        self.code = code

    def errors(self) -> list[dict[str, str]]:
        return [{"Code": self.code, "Message": self.message}]

    def body(self) -> Any:
        return {"Success": False, "Errors": self.errors()}


class NoSuchRecord(ApiError):
    """`GET /v1/object/{type}/{id}` for an id that does not exist."""

    status = 404

    def body(self) -> Any:
        return {"records": [], "size": 0, "done": True}


class ZoqlFault(ApiError):
    """Format 5."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def body(self) -> Any:
        return {"FaultCode": self.code, "FaultMessage": self.message}


class DataQueryError(ApiError):
    """Format 6."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message, status)
        self.code = code

    def body(self) -> Any:
        return {"code": self.code, "message": self.message}


class AquaError(ApiError):
    """Format 7: HTTP 200 with an error code (spec section 11.1)."""

    status = 200

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message, status)
        self.code = code

    def body(self) -> Any:
        return {"errorCode": self.code, "message": self.message}


class ActionUnknown(ApiError):
    """`/v1/action/{something else}`"""

    def body(self) -> Any:
        return {"code": "ClientError", "message": self.message}


def not_authenticated(family: Family | None) -> ApiError:
    """Missing, wrong or expired token, as the family of the path reports it; all with status 401."""
    match family:
        case Family.ACTIONS | Family.CRUD | Family.EXPORT:
            return GatewayError("Authentication error", 401)
        case Family.DATA_QUERY:
            return DataQueryError(401, 401, "Failed to get user info")
        case Family.AQUA:
            return AquaError("90009", "Authentication error", 401)
        case _:
            return V1Error(90000011, "this resource is protected, please sign in first", 401)


def unsupported_type(family: Family, given: str) -> ApiError:
    """A body that is not said to be JSON, or is missing."""
    if family is Family.DATA_QUERY:
        return DataQueryError(415, 415, "HTTP 415 Unsupported Media Type")
    return GatewayError(f"Content type '{given}' not supported", 415)


def wrong_path(path: str) -> V1Error:
    return v1_error(GENERAL, NOT_FOUND, f"The endpoint '{path}' does not exist. Check the URL and try again.", 404)


def wrong_method(method: str) -> V1Error:
    return v1_error(GENERAL, METHOD_NOT_SUPPORTED, f"Request method '{method}' is not supported.", 405)


MAINTENANCE = "<html><head><title>503 Service Temporarily Unavailable</title></head><body>System maintenance is in progress.</body></html>"
"""Of the gateway [A]: the tenant behind it does not see the call."""
