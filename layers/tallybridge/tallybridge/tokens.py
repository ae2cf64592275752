"""Access tokens: one for all calls of a process, shared between processes through a cache, renewed before they end and once on a 401."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import requests


class TokenCache(Protocol):
    """Where processes share tokens. `expiry`, in seconds since 1970, is the moment until which the token may be *used*: the
    service's own limit less the safety margin. A cache must keep tokens as safe as the credentials themselves."""

    def get(self, key: str) -> tuple[str, float] | None: ...
    def put(self, key: str, token: str, expiry: float) -> None: ...


class ProcessTokens:
    """A cache that ends with the process."""

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[str, float]] = {}

    def get(self, key: str) -> tuple[str, float] | None:
        return self._tokens.get(key)

    def put(self, key: str, token: str, expiry: float) -> None:
        self._tokens[key] = (token, expiry)


class TokenSource:
    """The token under `key`: from memory, else from the cache, else by `login() -> (token, usable seconds)`."""

    def __init__(self, key: str, login: Callable[[], tuple[str, float]], cache: TokenCache, clock: Callable[[], float]) -> None:
        self._key = key
        self._login = login
        self._cache = cache
        self._clock = clock
        self._token = ""
        self._expiry = 0.0
        self._refused = ""
        self._lock = threading.Lock()

    def current(self) -> str:
        """A token that has not been refused and has not ended. Threads that come together log in once."""
        with self._lock:
            if self._usable(self._token, self._expiry):
                return self._token
            cached = self._cache.get(self._key)
            if cached and self._usable(*cached):
                self._token, self._expiry = cached
                return self._token
            token, seconds = self._login()
            self._token, self._expiry = token, self._clock() + seconds
            self._cache.put(self._key, token, self._expiry)
            return token

    def discard(self, token: str) -> None:
        """The service refused `token`: it is not used again, wherever it comes from."""
        with self._lock:
            self._refused = token

    def _usable(self, token: str, expiry: float) -> bool:
        return bool(token) and token != self._refused and self._clock() < expiry


class Bearer:
    """Signs requests with the current token of `source`."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source

    def prepare(self) -> None:
        """Log in where that is due, so that signing need not."""
        self._source.current()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._source.current()}"
        return request

    def refused(self, request: requests.PreparedRequest) -> bool:
        self._source.discard(str(request.headers["Authorization"]).removeprefix("Bearer "))
        return True
