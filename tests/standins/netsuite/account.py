"""A running stand-in with a client that is logged in, and short cuts to the records that most tests need."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn

START = datetime(2026, 2, 15, 10, 0, 0, tzinfo=UTC)
TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ITEM: dict[str, Any] = {"subsidiary": {"items": [{"id": "1"}]}, "includeChildren": True, "taxSchedule": {"id": "1"}}
"""What every item of the account has beside its name."""
STRICT = {"X-NetSuite-PropertyNameValidation": "error"}


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Account:
    """The stand-in, its address and its keys, with a client that is logged in."""

    stand_in: NetSuiteStandIn
    url: str
    clock: Clock
    private_key: str
    session: requests.Session = field(default_factory=requests.Session)
    outside: requests.Session = field(default_factory=requests.Session)
    """The same for who is not logged in."""

    @property
    def options(self) -> NetSuiteOptions:
        return self.stand_in.options

    def assertion(self, *, head: dict[str, Any] | None = None, key: Any = None, **claims: Any) -> str:
        """A client assertion; `head` and `claims` change single members."""
        now = int(self.clock().timestamp())
        header = {"typ": "JWT", "alg": "ES256", "kid": self.options.certificate_id, **(head or {})}
        payload = {
            "iss": self.options.client_id,
            "scope": ["rest_webservices"],
            "aud": self.url + TOKEN_PATH,
            "iat": now,
            "exp": now + 300,
            **claims,
        }
        importer = ECKey if header["alg"].startswith("ES") else RSAKey
        return jwt.encode(header, payload, key or importer.import_key(self.private_key), algorithms=[header["alg"]])

    def ask_token(self, assertion: str, **changes: Any) -> requests.Response:
        form = {"grant_type": "client_credentials", "client_assertion_type": JWT_BEARER, "client_assertion": assertion, **changes}
        return self.outside.post(self.url + TOKEN_PATH, data={k: v for k, v in form.items() if v is not None}, timeout=10)

    def log_in(self) -> None:
        token = self.ask_token(self.assertion()).json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, json: Any = None, **more: Any) -> requests.Response:
        """A call below /services/rest/, of a path from the root, or of a whole address."""
        url = path if path.startswith("http") else self.url + path if path.startswith("/") else f"{self.url}/services/rest/{path}"
        return self.session.request(method, url, json=json, timeout=10, **more)

    def record(self, method: str, path: str, json: Any = None, **more: Any) -> requests.Response:
        return self.call(method, f"record/v1/{path}", json, **more)

    def create(self, kind: str, body: dict[str, Any]) -> str:
        """Internal id of a new record; strict about names."""
        answer = self.record("POST", kind, body, headers=STRICT)
        assert answer.status_code == 204, answer.text
        return answer.headers["Location"].rsplit("/", 1)[1]

    def get(self, path: str) -> dict[str, Any]:
        answer = self.record("GET", path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def whole(self, path: str) -> dict[str, Any]:
        return self.get(path + "?expandSubResources=true")

    def query(self, text: str, *params: Any, page: str = "") -> requests.Response:
        return self.call("POST", f"query/v1/suiteql{page}", {"q": text, "params": list(params)}, headers={"Prefer": "transient"})

    def rows(self, text: str, *params: Any) -> list[dict[str, str]]:
        answer = self.query(text, *params)
        assert answer.status_code == 200, answer.text
        return [{k: v for k, v in row.items() if k != "links"} for row in answer.json()["items"]]

    def load(self, objects: dict[str, list[dict[str, Any]]]) -> requests.Response:
        return self.outside.post(f"{self.url}/_sandbox/load", json=objects, timeout=30)

    # short cuts to records that most tests need

    def customer(self, **values: Any) -> str:
        return self.create("customer", {"companyName": "Acme", "subsidiary": {"id": "2"}, **values})

    def item(self, name: str = "Licence", **values: Any) -> str:
        return self.create("serviceSaleItem", {"itemId": name, **ITEM, **values})

    def invoice(self, customer: str, item: str, *amounts: float, **values: Any) -> str:
        lines = [{"item": {"id": item}, "amount": a} for a in amounts or (100.0,)]
        return self.create("invoice", {"entity": {"id": customer}, "tranDate": "2026-01-31", "item": {"items": lines}, **values})

    def payment(self, customer: str, amount: float, *applied: tuple[str, float], **values: Any) -> str:
        lines = [{"doc": {"id": doc}, "apply": True, "amount": part} for doc, part in applied]
        body = {"customer": {"id": customer}, "payment": amount, "tranDate": "2026-02-01", "apply": {"items": lines}, **values}
        return self.create("customerPayment", body)


def error_of(answer: requests.Response) -> tuple[int, str, str]:
    """Status, code and text of an error document."""
    detail = answer.json()["o:errorDetails"][0]
    return answer.status_code, detail["o:errorCode"], detail["detail"]


def path_of(answer: requests.Response) -> str:
    """Where in the body the fault is."""
    return str(answer.json()["o:errorDetails"][0].get("o:errorPath"))
