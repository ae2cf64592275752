"""`POST /oauth/token` (spec section 2)."""

from __future__ import annotations

from werkzeug.wrappers import Response

from sandbox.zuora.http import Call, json_response
from sandbox.zuora.models.store import API_USER

GRANT = "client_credentials"


def token(call: Call) -> Response:
    """A new access token, or the refusals of section 2."""
    tokens = call.tenant.tokens
    left, of_address = tokens.calls_left(call.request.remote_addr or "")
    if min(left, of_address) < 0:
        return refused(429, "Too Many Requests", "Too many token requests", {"Retry-After": "60"})
    form = call.request.form
    if form.get("grant_type") != GRANT:
        return refused(400, "Bad Request", "Invalid grant type")
    client = call.tenant.users.client(form.get("client_id", ""))
    if client is None:
        return refused(400, "Bad Request", "Invalid client id")
    if not client.secret_is(form.get("client_secret", "")):
        return refused(401, "Unauthorized", "Invalid client secret")
    if call.tenant.troubles.client_deactivated:
        return json_response({"status": 403, "error": "Forbidden", "path": "/oauth/token"}, 403)
    value = tokens.issue(client, call.tenant.troubles.token_calls)
    options = call.tenant.options
    response = json_response(
        {
            "access_token": value,
            "token_type": "bearer",
            "expires_in": options.token_life_s,
            "scope": f"user.{API_USER} entity.{options.entity_id.replace('-', '')} service.echo.read tenant.10001",
            "jti": value,
        }
    )
    response.headers["X-RateLimit-Limit-minute"] = str(options.token_calls_per_minute)
    response.headers["X-RateLimit-Remaining-minute"] = str(left)
    return response


def refused(status: int, error: str, message: str, headers: dict[str, str] | None = None) -> Response:
    response = json_response({"status": status, "error": error, "message": message, "path": "/oauth/token"}, status)
    response.headers.update(headers or {})
    return response
