"""Where a Zuora Revenue tenant is and with what credentials it is called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tallybridge.errors import ConfigurationError
from tallybridge.hosts import require, revenue_address

REQUIRED = {"token": ("user", "password"), "oauth2": ("client_id", "client_secret")}
ONE_ID = "https://one.zuora.com"


@dataclass(frozen=True)
class RevenueConnection:
    """`token` logs in with user, password, role and client name; `oauth2` with OneID client credentials at `token_url`.

    Raises `ConfigurationError` CONFIG_INCOMPLETE naming the value that is missing, ADDRESS when a host is not one of Zuora's.
    """

    host: str
    auth_method: Literal["token", "oauth2"] = "token"
    api_prefix: str = "/api/integration/v1"
    role: str = "API Role"
    client_name: str = "Default"
    user: str = ""
    password: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    token_url: str = ""

    def __post_init__(self) -> None:
        for name in ("host", *REQUIRED[self.auth_method]):
            if not getattr(self, name):
                raise ConfigurationError(
                    f'The Zuora Revenue connection lacks "{name}".',
                    place=f"revenue.{name}",
                    code="CONFIG_INCOMPLETE",
                    advice="Hosts and names stand in the revenue configuration, user and password in the credentials secret.",
                )
        require(revenue_address, self.host, place="revenue.host")
        if self.token_url:
            require(revenue_address, self.token_url, place="revenue.token_url")

    @property
    def url(self) -> str:
        """Where calls go, without a slash at the end."""
        return self.host.rstrip("/") + self.api_prefix

    @property
    def token_address(self) -> str:
        """Where OneID gives out tokens."""
        return (self.token_url or ONE_ID).rstrip("/") + "/oauth2/token"
