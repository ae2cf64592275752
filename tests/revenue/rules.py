"""Names the rules of the revenue connector's page that a test proves."""

from __future__ import annotations

import pytest

PAGE = "revenue-connector"


def rules(*ids: str) -> pytest.MarkDecorator:
    """The rules, without the page's name in front: rules("8.rule.3", "13.1.code.INTERNAL")."""
    return pytest.mark.rule(*(f"{PAGE}.{each}" for each in ids))
