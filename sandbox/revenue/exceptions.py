"""Refusals of the Revenue API in wire format."""

from __future__ import annotations

from typing import Any


class RevenueError(Exception):
    """An answer that is not 200: HTTP status and JSON body. A body of None is an empty one."""

    def __init__(self, status: int, body: dict[str, Any] | None, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def refused(status: int, message: str, result: Any = None) -> RevenueError:
    """`{"Status": "Error", "Message": ...}`, with `Result` where there is one."""
    body: dict[str, Any] = {"Status": "Error", "Message": message}
    return RevenueError(status, body if result is None else {**body, "Result": result})


def not_enabled() -> RevenueError:
    """The API is off for the tenant: every path and verb answers so."""
    return RevenueError(405, {})


def no_such_path() -> RevenueError:
    return refused(404, "The requested resource does not exist")


def wrong_method(allowed: tuple[str, ...]) -> RevenueError:
    return RevenueError(405, {"Status": "Error", "Message": "Method Not Allowed"}, {"Allow": ", ".join(allowed)})


def unauthorized(message: str = "Invalid or expired token") -> RevenueError:
    return refused(401, message)


def forbidden() -> RevenueError:
    return refused(403, "The role does not have the privilege for this service")


def no_content() -> RevenueError:
    """Nothing is known: 204 without a body."""
    return RevenueError(204, None)


ANSWERS: dict[str, dict[str, Any]] = {
    "maintenance": {"status": 503, "body": "<html><body><h1>Service Unavailable</h1><p>Scheduled maintenance.</p></body></html>"},
    "busy": {"status": 429, "body": refused(429, "Too many requests").body},
}
"""What the tenant answers to every call in some situations, as fault rules call them [A]."""
