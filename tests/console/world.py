"""A console over an installation in memory, and a browser that asks it: cookies, forms, and events as an HTTP API makes them."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit

from tallybridge import money
from tallybridge.console.app import Console

KEY = "the-key-of-this-machine"
ADDRESS = "https://console.example.com"


class Context:
    """What Lambda hands to a function, as far as the console looks at it."""

    function_name, memory_limit_in_mb, invoked_function_arn, aws_request_id = "console", 512, "arn", "request"


@dataclass
class Page:
    """An answer, with its headers in lower case."""

    status: int
    text: str
    headers: dict[str, str]
    cookies: list[str]

    @property
    def where(self) -> str:
        return self.headers.get("location", "")

    @property
    def seen(self) -> str:
        """What a person reads: no markup, one blank between words."""
        body = re.sub(r"(?s)<head>.*?</head>", "", self.text)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())

    @property
    def data(self) -> Any:
        return money.loads(self.text)

    def fields(self, action: str) -> dict[str, str]:
        """The hidden fields of the form that is sent to an address."""
        (form,) = re.findall(rf'(?s)<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', self.text)[:1]
        return {
            re.search(r'name="([^"]*)"', tag)[1]: unescape(re.search(r'value="([^"]*)"', tag)[1])  # type: ignore[index]
            for tag in re.findall(r'<input type="hidden"[^>]*>', form)
        }


@dataclass
class Browser:
    """Keeps cookies as a browser does: only those of this one host."""

    console: Console
    address: str = ADDRESS
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, headers: dict[str, str] | None = None) -> Page:
        return self.ask("GET", path, headers or {}, "")

    def post(self, path: str, form: dict[str, str], headers: dict[str, str] | None = None) -> Page:
        own = {"content-type": "application/x-www-form-urlencoded", "origin": self.address, "sec-fetch-site": "same-origin"}
        return self.ask("POST", path, {**own, **(headers or {})}, urlencode(form))

    def send(self, page: str, action: str, headers: dict[str, str] | None = None, **given: str) -> Page:
        """Open a page, fill in its form for an address, and send it."""
        return self.post(action, {**self.get(page).fields(action), **given}, headers)

    def ask(self, method: str, target: str, headers: dict[str, str], body: str) -> Page:
        path, _, query = target.partition("?")
        event = {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"host": urlsplit(self.address).netloc, **headers},
            "cookies": [f"{name}={value}" for name, value in self.cookies.items()],
            "requestContext": {"http": {"method": method, "path": path}, "stage": "$default"},
            "body": base64.b64encode(body.encode()).decode() if body else None,
            "isBase64Encoded": bool(body),
        }
        answer = self.console.handle(event, Context())
        text = answer.get("body", "")
        if answer.get("isBase64Encoded"):
            text = base64.b64decode(text).decode("utf-8", "replace")
        given = list(answer.get("cookies", []))
        for cookie in given:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies.pop(name, None)
            if "Max-Age=0" not in cookie:
                self.cookies[name] = value
        return Page(answer["statusCode"], text, {k.lower(): str(v) for k, v in answer["headers"].items()}, given)


class Scheduler:
    """EventBridge Scheduler, with one schedule."""

    def __init__(self) -> None:
        made = datetime(2026, 1, 1, tzinfo=UTC)
        self.schedule: dict[str, Any] = {
            **{"Arn": "arn", "Name": "billing", "GroupName": "default", "State": "ENABLED", "Target": {"Arn": "x", "RoleArn": "y"}},
            **{"ScheduleExpression": "cron(0 2 * * ? *)", "ScheduleExpressionTimezone": "UTC", "FlexibleTimeWindow": {"Mode": "OFF"}},
            **{"CreationDate": made, "LastModificationDate": made},
        }

    def get_schedule(self, *, Name: str) -> dict[str, Any]:
        assert Name == "billing"
        return {**self.schedule, "ResponseMetadata": {}}

    def update_schedule(self, **given: Any) -> None:
        assert "Arn" not in given and "ResponseMetadata" not in given
        self.schedule = {**self.schedule, **given}


class Executions:
    """Step Functions: what was started and stopped; executions that are named here are running."""

    class ExecutionDoesNotExist(Exception):
        pass

    exceptions = type("Exceptions", (), {"ExecutionDoesNotExist": ExecutionDoesNotExist})

    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []
        self.stopped: list[dict[str, Any]] = []
        self.running: set[str] = set()

    def start_execution(self, **given: Any) -> dict[str, str]:
        self.started.append(given)
        return {"executionArn": f"{given['stateMachineArn'].replace(':stateMachine:', ':execution:')}:{given['name']}"}

    def describe_execution(self, executionArn: str) -> dict[str, str]:
        name = executionArn.rsplit(":", 1)[-1]
        if name not in self.running:
            raise self.ExecutionDoesNotExist
        return {"status": "RUNNING"}

    def stop_execution(self, **given: Any) -> None:
        self.stopped.append(given)
        self.running.discard(given["executionArn"].rsplit(":", 1)[-1])

    def describe_state_machine(self, stateMachineArn: str) -> dict[str, str]:
        return {"status": "ACTIVE"}

    def get_execution_history(self, **_: Any) -> dict[str, Any]:
        return {"events": []}
