"""An HTTP API of API Gateway with one route to one function: payload format 2.0 (API Gateway developer guide, "Create AWS Lambda proxy
integrations for HTTP APIs"). What the function cannot answer becomes the API's own 500, as there."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from sandbox.clock import Clock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_PAYLOAD_BYTES = 10 * 1024 * 1024
"""Of a request (API Gateway quotas for HTTP APIs)."""
TEXTUAL = ("text/", "application/json", "application/javascript", "application/xml")
"""Content types of bodies that are handed over as text; every other is base64, forms included."""
API = "console"


class HttpApi:
    """WSGI application. `invoke` calls the function with an event and answers what it answers, or raises."""

    def __init__(self, invoke: Callable[[dict[str, Any]], Any], clock: Clock) -> None:
        self._invoke, self._clock = invoke, clock

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        body = request.get_data()
        if len(body) > MAX_PAYLOAD_BYTES:
            return _own("Request Entity Too Large", 413)
        try:
            return _response(self._invoke(self.event(request, body)))
        except Exception:  # whatever a function fails with, its callers learn no more than this
            return _own("Internal Server Error", 500)

    def event(self, request: Request, body: bytes) -> dict[str, Any]:
        """The event of a request."""
        now = self._clock.now()
        names = [name for name, _ in request.headers if name.lower() != "cookie"]
        headers = {name.lower(): ",".join(request.headers.getlist(name)) for name in names}
        path = request.environ.get("RAW_URI", request.full_path).partition("?")[0] or "/"
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": request.query_string.decode("latin-1"),
            "headers": headers,
            "requestContext": {
                "accountId": "123456789012",
                "apiId": API,
                "domainName": request.host,
                "domainPrefix": API,
                "http": {
                    "method": request.method,
                    "path": request.path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": request.remote_addr or "",
                    "userAgent": request.headers.get("User-Agent", ""),
                },
                "requestId": str(uuid.uuid4()),
                "routeKey": "$default",
                "stage": "$default",
                "time": f"{now:%d/%b/%Y:%H:%M:%S +0000}",
                "timeEpoch": int(now.timestamp() * 1000),
            },
            "isBase64Encoded": False,
        }
        if request.query_string:
            event["queryStringParameters"] = {k: ",".join(request.args.getlist(k)) for k in request.args}
        if cookies := request.headers.get("Cookie", ""):
            event["cookies"] = [each.strip() for each in cookies.split(";")]
        if body:
            as_text = (request.content_type or "").startswith(TEXTUAL)
            event["body"] = body.decode("utf-8", "replace") if as_text else base64.b64encode(body).decode()
            event["isBase64Encoded"] = not as_text
        return event


def _response(answer: Any) -> Response:
    """What a function answered, as the caller gets it: a document without a status is a JSON body."""
    if not isinstance(answer, dict) or "statusCode" not in answer:
        raise TypeError("the function's answer has no statusCode")
    body = answer.get("body") or ""
    content = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    response = Response(content, status=int(answer["statusCode"]))
    response.headers.remove("Content-Type")
    for name, value in (answer.get("headers") or {}).items():
        response.headers.set(name, str(value))
    for cookie in answer.get("cookies") or ():
        response.headers.add("Set-Cookie", cookie)
    return response


def _own(message: str, status: int) -> Response:
    return Response(f'{{"message":"{message}"}}', status=status, content_type="application/json")
