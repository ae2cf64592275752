"""First answers of POST and PATCH requests, kept for 24 hours by key (spec section 4)."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sandbox.zuora.exceptions import v1_error
from sandbox.zuora.options import ZuoraOptions

LIFE_S = 24 * 3600
MAX_KEY_LENGTH = 255
INVALID_VALUE = 20
LOCKED = 50


@dataclass
class StoredAnswer:
    """`answer` is (status, content type, body), or None while the first request still runs."""

    method: str
    path: str
    made: float
    answer: tuple[int, str, bytes] | None = None


class IdempotencyStore:
    def __init__(self, options: ZuoraOptions) -> None:
        self.clock = options.clock
        self.replay_status = options.idempotency_replay_status
        self.kept: dict[str, StoredAnswer] = {}
        self.lock = threading.Lock()

    def begin(self, key: str, method: str, path: str) -> tuple[int, str, bytes] | None:
        """The answer to replay, or None if this is the first request with the key. Raises the refusals of section 4."""
        if not 1 <= len(key) <= MAX_KEY_LENGTH:
            raise v1_error(500000, INVALID_VALUE, f"Idempotency-Key must have 1 to {MAX_KEY_LENGTH} characters.", 400)
        now = self.clock().timestamp()
        with self.lock:
            stored = self.kept.get(key)
            if stored is None or now - stored.made >= LIFE_S:
                self.kept[key] = StoredAnswer(method, path, now)
                return None
            if (stored.method, stored.path) != (method, path):
                raise v1_error(500000, INVALID_VALUE, "The Idempotency-Key was used for another request.", 422)
            if stored.answer is None:
                raise v1_error(500000, LOCKED, "A request with the same Idempotency-Key is in progress.", 409)
            status, content_type, body = stored.answer
            return (409 if self.replay_status == 409 else status), content_type, body

    def finish(self, key: str, answer: tuple[int, str, bytes]) -> None:
        with self.lock:
            self.kept[key].answer = answer

    def forget(self, key: str) -> None:
        """The request did not get an answer of its own."""
        with self.lock:
            self.kept.pop(key, None)
