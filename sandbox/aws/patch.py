"""Replacing parts of moto and of other modules, in one place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import moto

MOTO_RELEASE = "5.2.5"

_lock = threading.Lock()
_done: set[Callable[[], None]] = set()


class UnsupportedMoto(RuntimeError):
    """The installed moto is not the release that the repairs were written for."""


def apply(repairs: Iterable[Callable[[], None]]) -> None:
    """Puts repairs in place, each once per process. Raises UnsupportedMoto for another release than MOTO_RELEASE."""
    if moto.__version__ != MOTO_RELEASE:
        raise UnsupportedMoto(f"the embedded AWS is made for moto {MOTO_RELEASE}, but {moto.__version__} is installed")
    with _lock:
        for repair in repairs:
            if repair not in _done:
                repair()
                _done.add(repair)


def put(owner: Any, name: str, replacement: Any) -> None:
    """Makes `replacement` the attribute `name` of a module, class or object. Raises AttributeError if there was none before."""
    getattr(owner, name)
    setattr(owner, name, replacement)
