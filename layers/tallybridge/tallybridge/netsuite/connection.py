"""Where a NetSuite account is and with what credentials it is called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tallybridge.errors import ConfigurationError
from tallybridge.hosts import netsuite_account, netsuite_address, netsuite_label, require

AuthMethod = Literal["oauth2_m2m", "tba"]
REQUIRED: dict[str, tuple[str, ...]] = {
    "oauth2_m2m": ("client_id", "certificate_id", "private_key"),
    "tba": ("consumer_key", "consumer_secret", "token_id", "token_secret"),
}
TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"


@dataclass(frozen=True)
class NetSuiteConnection:
    """`account_id` as NetSuite shows it (1234567 or 1234567_SB1); `base_url` only where the account's address is not to be
    derived from it.

    `oauth2_m2m` needs client id, certificate id and the PEM text of the private key (EC P-256 or RSA); `tba` the four keys.
    Raises `ConfigurationError` naming the value that is missing, ADDRESS when the host is not the account's own.
    """

    account_id: str
    auth_method: AuthMethod = "oauth2_m2m"
    base_url: str = ""
    client_id: str = ""
    certificate_id: str = ""
    private_key: str = field(default="", repr=False)
    consumer_key: str = ""
    consumer_secret: str = field(default="", repr=False)
    token_id: str = ""
    token_secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        require(netsuite_account, self.account_id, place="netsuite.account_id")
        if self.base_url:
            require(netsuite_address, self.base_url, self.account_id, place="netsuite.base_url")
        if self.auth_method not in REQUIRED:
            raise ConfigurationError(f"{self.auth_method!r} is not a way to log in to NetSuite.", place="netsuite.auth_method")
        for name in REQUIRED[self.auth_method]:
            if not getattr(self, name):
                raise ConfigurationError(f"The NetSuite credentials lack {name!r}.", place=f"netsuite.{name}")

    @property
    def realm(self) -> str:
        """The account id as token-based authentication names it: 1234567_SB1."""
        return self.account_id.upper().replace("-", "_")

    @property
    def own_host(self) -> str:
        """The account's address at NetSuite."""
        return f"https://{netsuite_label(self.account_id)}.suitetalk.api.netsuite.com"

    @property
    def url(self) -> str:
        """Where calls go, without a slash at the end."""
        return (self.base_url or self.own_host).rstrip("/")

    @property
    def token_audience(self) -> str:
        """For whom a login assertion is meant: NetSuite's own token address, also when calls go through another host."""
        return self.own_host + TOKEN_PATH
