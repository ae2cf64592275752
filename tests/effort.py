"""How much work something is, as a number that is the same on every machine."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


def calls_of(act: Callable[[], Any]) -> int:
    """How many Python functions are called while `act` is done, here and in the threads that are begun meanwhile, as a server begins them.
    Work that grows with what there is, or with its square, shows in it."""
    count = 0

    def seen(_: FrameType, event: str, __: Any) -> None:
        nonlocal count
        count += event == "call"

    threading.setprofile(seen)
    sys.setprofile(seen)
    try:
        act()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return count
