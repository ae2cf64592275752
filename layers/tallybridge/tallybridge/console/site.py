"""One console: which installation it shows, under which address, and how people get in."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from tallybridge.console.kept import ConsoleState
from tallybridge.console.oidc import Client
from tallybridge.console.roles import Role
from tallybridge.console.session import Sealer
from tallybridge.desk.target import Target

GROUPS_CLAIM = "cognito:groups"


@dataclass(frozen=True)
class OwnMachine:
    """The console on one's own machine: whoever knows `key`, which the command prints, is `person` in `role`."""

    key: str = field(repr=False)
    person: str
    role: Role


@dataclass(frozen=True)
class Site:
    """`address` is the console's own, without a slash at the end; `secret` signs what browsers keep; `entrance` is a client of an identity
    provider or one's own machine; `instance` the connector's name."""

    target: Target
    address: str
    secret: str = field(repr=False)
    entrance: Client | OwnMachine
    instance: str = ""
    groups_claim: str = GROUPS_CLAIM

    @cached_property
    def sealer(self) -> Sealer:
        return Sealer(self.secret)

    @cached_property
    def state(self) -> ConsoleState:
        return ConsoleState(self.target.table("RUNS_TABLE"), self.target.clock)

    @property
    def secure(self) -> bool:
        return self.address.startswith("https://")

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc

    def cookie(self, name: str) -> str:
        """The full name of a cookie: over HTTPS no other host, and no page below another path, can set it (RFC 6265bis section 4.1.3)."""
        return f"__Host-tallybridge-{name}" if self.secure else f"tallybridge-{name}"
