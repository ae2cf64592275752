"""NetSuite's error documents."""

from __future__ import annotations

from typing import Any

TYPE = "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.1"
RESOURCE = "Error while accessing a resource. "
TITLES = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 429: "Bad Request"}
BAD_LOGIN = (
    "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at "
    "Setup > Users/Roles > User Management > View Login Audit Trail."
)


class NetSuiteError(Exception):
    """An error document: HTTP status, and one or more details with `detail`, `o:errorCode` and where the fault is."""

    def __init__(self, status: int, code: str, detail: str, *, headers: dict[str, str] | None = None, **where: str) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers or {}
        self.title = TITLES.get(status, "Internal Server Error")
        self.details: list[dict[str, str]] = [
            {"detail": detail, "o:errorCode": code, **{f"o:{name}": value for name, value in where.items() if value}}
        ]

    def document(self) -> dict[str, Any]:
        """The body in wire format."""
        return {"type": TYPE, "title": self.title, "status": self.status, "o:errorDetails": self.details}


def user_error(text: str, path: str = "") -> NetSuiteError:
    """A business rule said no."""
    return NetSuiteError(400, "USER_ERROR", RESOURCE + text, errorPath=path)


def please_enter(labels: list[str]) -> NetSuiteError:
    """Required fields are empty."""
    return user_error(f"Please enter value(s) for: {', '.join(labels)}")


def entity_exists() -> NetSuiteError:
    """The name or external id of an entity is taken."""
    return user_error("This entity already exists.")


def record_exists() -> NetSuiteError:
    """The external id of a transaction or list record is taken."""
    return user_error("This record already exists")


def item_exists() -> NetSuiteError:
    """The name of an item is taken."""
    return user_error("Uniqueness error - there's already an item with that name or external key.")


def invalid_value(value: object, field: str, path: str) -> NetSuiteError:
    """A value that does not fit its field, or a reference to something that does not exist."""
    text = f"Error while accessing resource: You have entered an Invalid Field Value {value} for the following field: {field}"
    return NetSuiteError(400, "INVALID_CONTENT", text, errorPath=path)


def unknown_property(name: str, path: str) -> NetSuiteError:
    """A property that the record does not have, under strict name validation."""
    text = f"Error while accessing resource: Unknown property '{name}' in the request body. Enter a valid property name."
    return NetSuiteError(400, "INVALID_CONTENT", text, errorPath=path)


def not_json() -> NetSuiteError:
    """The body is not a JSON object."""
    return NetSuiteError(400, "INVALID_CONTENT", "Invalid content in the request body.")


def malformed(path: str = "") -> NetSuiteError:
    """The request as such is wrong."""
    return NetSuiteError(
        400, "INVALID_REQUEST", "The request could not be understood by the server due to malformed syntax.", errorUrl=path
    )


def invalid_parameter(detail: str, name: str) -> NetSuiteError:
    """A query parameter is wrong."""
    return NetSuiteError(400, "INVALID_PARAMETER", detail, errorQueryParam=name)


def invalid_header(detail: str, name: str) -> NetSuiteError:
    """A request header is wrong or missing."""
    return NetSuiteError(400, "INVALID_HEADER", detail, errorHeader=name)


def nonexistent(path: str = "") -> NetSuiteError:
    """No such record."""
    return NetSuiteError(404, "NONEXISTENT_ID", "The record instance does not exist. Provide a valid record instance ID.", errorUrl=path)


def wrong_transaction_type() -> NetSuiteError:
    """The id belongs to a transaction of another type."""
    return user_error("Transaction type specified is incorrect")


def no_permission(title: str) -> NetSuiteError:
    """The role may not use this kind of record."""
    text = f"Permission Violation: You need the '{title}' permission to access this page. Please contact your account administrator."
    return NetSuiteError(403, "INSUFFICIENT_PERMISSION", text)


def no_access(name: str) -> NetSuiteError:
    """The role may see the field, and not change it."""
    text = (
        f"You do not have permissions to set a value for element {name} due to one of the following reasons: 1) The field is read-only; "
        "2) An associated feature is disabled; 3) The field is available either when a record is created or updated, but not in both cases."
    )
    return NetSuiteError(403, "INSUFFICIENT_PERMISSION", text, errorPath=name)


def no_record_type(name: str) -> NetSuiteError:
    """No such record type."""
    return NetSuiteError(404, "NONEXISTENT_ID", f"Record type '{name}' does not exist. Verify the record type and try again.")


def no_such_address(path: str) -> NetSuiteError:
    """No such resource."""
    return NetSuiteError(404, "NOT_FOUND", f"The requested resource '{path}' does not exist.", errorUrl=path)


def method_not_allowed(method: str) -> NetSuiteError:
    """The resource does not take this method."""
    return NetSuiteError(405, "METHOD_NOT_ALLOWED", f"The method {method} is not allowed for this resource.")


def too_many_requests() -> NetSuiteError:
    """All concurrency slots are taken."""
    return NetSuiteError(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")


def unexpected(letters: str) -> NetSuiteError:
    """The account failed; `letters` is the id to report."""
    return NetSuiteError(500, "UNEXPECTED_ERROR", f"An unexpected error occurred. Error ID: {letters}")


def not_supported(what: str, path: str = "") -> NetSuiteError:
    """Something that NetSuite has but this stand-in does not; never answered as if it had been done."""
    return NetSuiteError(400, "INVALID_REQUEST", f"This stand-in does not cover {what}.", errorPath=path)


MAINTENANCE = (
    "<html><head><title>NetSuite - Scheduled Maintenance</title></head><body><h1>NetSuite is currently unavailable</h1>"
    "<p>Your account is undergoing scheduled maintenance. We apologize for the inconvenience.</p></body></html>"
)
"""A page in place of a document [A]: what answers then is not the account."""
ANSWERS: dict[str, dict[str, Any]] = {
    "maintenance": {"status": 503, "body": MAINTENANCE},
    "busy": {"status": 429, "body": too_many_requests().document()},
}
"""What the account answers to every call in some situations, as fault rules call them."""
