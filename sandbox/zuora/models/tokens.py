"""Access tokens of OAuth clients (spec section 2)."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import dataclass

from sandbox.zuora.models.users import Client, User
from sandbox.zuora.options import ZuoraOptions

MINUTE_S = 60
MAX_TOKENS = 10_000


@dataclass
class Token:
    client: Client
    expires: float
    calls_left: int | None = None


class Tokens:
    """Hands out opaque tokens and knows which are alive."""

    def __init__(self, options: ZuoraOptions) -> None:
        self.options = options
        self.alive: dict[str, Token] = {}
        self.asked: dict[str, deque[float]] = {}
        """When tokens were asked for within the last minute, by the address of the caller."""

    def now(self) -> float:
        return self.options.clock().timestamp()

    def calls_left(self, address: str) -> tuple[int, int]:
        """Token calls left in this minute, of the tenant and of the address, after counting this one."""
        now = self.now()
        self.asked.setdefault(address, deque()).append(now)
        for moments in self.asked.values():
            while moments and moments[0] <= now - MINUTE_S:
                moments.popleft()
        everyone = sum(map(len, self.asked.values()))
        return self.options.token_calls_per_minute - everyone, self.options.token_calls_per_address - len(self.asked[address])

    def issue(self, client: Client, calls: int | None = None) -> str:
        """A new token of a client; `calls` lets it die after so many requests."""
        if len(self.alive) >= MAX_TOKENS:
            now = self.now()
            self.alive = {k: t for k, t in self.alive.items() if t.expires > now}
        token = secrets.token_hex(16)
        self.alive[token] = Token(client, self.now() + self.options.token_life_s, calls)
        return token

    def accept(self, authorization: str) -> User | None:
        """Whose living token the header carries, if it does; counts the call."""
        scheme, _, value = authorization.partition(" ")
        token = self.alive.get(value.strip())
        if scheme.lower() != "bearer" or token is None or token.expires <= self.now():
            return None
        if token.calls_left is not None:
            token.calls_left -= 1
            return token.client.user if token.calls_left >= 0 else None
        return token.client.user
