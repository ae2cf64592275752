"""Request rate and concurrency limits of the tenant and the headers that speak of them (spec section 6)."""

from __future__ import annotations

import threading
from typing import NamedTuple

from sandbox.zuora.options import ZuoraOptions

CONCURRENCY_TEXT = (
    "The total number of concurrent requests has exceeded the limit allowed by the system. Please resubmit your request later."
)


class Window(NamedTuple):
    """One rate window: its length in seconds, its quota, when it began and how many calls it has seen."""

    length_s: int
    quota: int
    began: float
    used: int

    def left(self) -> int:
        return max(0, self.quota - self.used)


class RateMeter:
    """Counts every call in fixed windows of a minute, an hour and a day. Refused calls count too."""

    def __init__(self, options: ZuoraOptions) -> None:
        self.clock = options.clock
        limits = options.rate_limits
        quotas = {60: limits.per_minute, 3_600: limits.per_hour, 86_400: limits.per_day}
        now = self.clock().timestamp()
        self.windows = [Window(length, quota, now, 0) for length, quota in quotas.items()]
        self.lock = threading.Lock()

    def count(self) -> int | None:
        """Count one call. Returns None, or the seconds to wait if a limit is exceeded."""
        now = self.clock().timestamp()
        with self.lock:
            self.windows = [
                w._replace(used=w.used + 1) if now - w.began < w.length_s else w._replace(began=now, used=1) for w in self.windows
            ]
            over = [w for w in self.windows if w.used > w.quota]
        return max(1, *(int(w.began + w.length_s - now) + 1 for w in over)) if over else None

    def headers(self) -> dict[str, str]:
        """RateLimit headers; the quota named first is that of the window that is closest to exhaustion (vendor's guide)."""
        now = self.clock().timestamp()
        with self.lock:
            nearest = min(self.windows, key=lambda w: (w.left() / max(1, w.quota), w.began + w.length_s))
            listed = ", ".join(f"{w.quota};w={w.length_s}" for w in self.windows)
        return {
            "RateLimit-Limit": f"{nearest.quota}, {listed}",
            "RateLimit-Remaining": str(nearest.left()),
            "RateLimit-Reset": str(max(0, int(nearest.began + nearest.length_s - now))),
        }
