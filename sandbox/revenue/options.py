"""How a stand-in tenant of Zuora Revenue is set up, who may use it, and the clock it lives by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

SANDBOX_USER = "sandbox-revenue-user"
SANDBOX_PASSWORD = "sandbox-revenue-password"
API_ROLE = "API Role"
DEFAULT_CLIENT = "Default"
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Role:
    """A role and its two privileges (Full Access to *Web Services Inbound* and *Web Services Outbound*)."""

    name: str
    inbound: bool = True
    outbound: bool = True


@dataclass(frozen=True)
class User:
    """An API user: the roles it has, the client names it may give, and the organisations it may write to (none named: all)."""

    name: str
    password: str
    roles: tuple[str, ...] = (API_ROLE,)
    clients: tuple[str, ...] = (DEFAULT_CLIENT,)
    organizations: tuple[str, ...] = ()


PROFILES: dict[str, str] = {
    "ENABLE_CSV_DATA_SANITIZATION": "BLOCK",
    "UPLOAD_NON_ENGLISH_CHARS": "Y",
    "UPLOAD_MAX_ERROR_COUNT": "1000",
    "REPORTING_CURRENCY": "USD",
    "ALLOW_OVERSTATED_INVOICE": "N",
    "PERIOD_CLOSING": "N",
    "ENABLE_ZR_CONNECTORS": "",
}
"""System profiles and their values in a new tenant. `PERIOD_CLOSING` stands for the state of the open period."""

CURRENCIES: dict[str, int] = {"USD": 2, "EUR": 2, "GBP": 2, "JPY": 0, "CAD": 2, "AUD": 2, "CHF": 2}
"""Currency setup of a new tenant: code and decimals."""


@dataclass
class RevenueOptions:
    """Switches of the tenant; `load` takes those of `SWITCHES` under the type `tenant`.

    `api_enabled` off: every path answers 405. `response_style`: the two published shapes of an upload's answer; `reference` has no
    request id. `key_case` changes the case of the answers' keys. `mapping_methods`, `mapping_shape`: the verbs that the template mapping
    takes, and whether `Mapping` is an array or an object. `error_upload_id`: what `upload_id` of a stage error names.
    `staging_delay_s`: time between receipt and staging. `staging_polls`: so many status calls still say that the file is in work.
    `third_upload`: a third upload at the same time waits, or is refused with 429. `chunked_upload`: one that does not name its length is
    answered 411, or as any other. `file_lines`: lines taken by `upload/file` (0: no limit, as published); `csv_lines`: by `csv/upload`.
    `calls_per_minute` 0 means no limit. `account_segments`: the number of
    segments of an account and their delimiter. `oauth_client_id`: the OneID client; its calls act as `oauth_user` in `oauth_role`.
    """

    users: tuple[User, ...] = (User(SANDBOX_USER, SANDBOX_PASSWORD),)
    roles: tuple[Role, ...] = (Role(API_ROLE),)
    api_prefix: str = "/api/integration/v1"
    token_life_s: int = 1_800
    oauth_client_id: str = "sandbox-revenue-oneid-client"
    oauth_client_secret: str = "sandbox-revenue-oneid-secret"
    oauth_user: str = SANDBOX_USER
    oauth_role: str = API_ROLE
    api_enabled: bool = True
    response_style: Literal["sdk", "reference"] = "sdk"
    key_case: Literal["published", "lower", "upper"] = "published"
    mapping_methods: tuple[str, ...] = ("GET",)
    mapping_shape: Literal["array", "object"] = "array"
    error_upload_id: Literal["template", "request"] = "template"
    staging_delay_s: float = 0.0
    staging_polls: int = 1
    third_upload: Literal["queue", "refuse"] = "queue"
    chunked_upload: Literal["refuse", "take"] = "refuse"
    file_lines: int = 0
    csv_lines: int = 20_000
    file_bytes: int = 100 * MEGABYTE
    calls_per_minute: int = 0
    account_segments: int = 3
    segment_delimiter: str = "."
    sob_ids: tuple[str, ...] = ("1",)
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))


SWITCHES: dict[str, type] = {
    "api_enabled": bool,
    "response_style": str,
    "key_case": str,
    "mapping_methods": list,
    "mapping_shape": str,
    "error_upload_id": str,
    "staging_delay_s": float,
    "staging_polls": int,
    "third_upload": str,
    "chunked_upload": str,
    "file_lines": int,
    "csv_lines": int,
    "file_bytes": int,
    "calls_per_minute": int,
    "token_life_s": int,
    "account_segments": int,
    "segment_delimiter": str,
}
"""What `load` may change, with the type of each."""

CHOICES: dict[str, tuple[str, ...]] = {
    "response_style": ("sdk", "reference"),
    "key_case": ("published", "lower", "upper"),
    "mapping_shape": ("array", "object"),
    "error_upload_id": ("template", "request"),
    "third_upload": ("queue", "refuse"),
    "chunked_upload": ("refuse", "take"),
}
