"""One code: what it means and what to do about it, in the words of the documentation."""

from __future__ import annotations

from typing import Any

from tallybridge.console.asked import Asked, Screen
from tallybridge.reporting.codes import page_of


def show(asked: Asked) -> dict[str, Any]:
    """{"code", "group", "meaning", "advice", "alike"}. Raises `ConfigurationError` CODE-UNKNOWN."""
    return page_of(asked.path["code"]).to_json()


SCREEN = Screen("code", "/codes/<code>", "code.html", show)
