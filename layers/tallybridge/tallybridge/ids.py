"""NetSuite's internal ids, as people and other systems write them down."""

from __future__ import annotations

import re

_ID = re.compile(r"[1-9][0-9]{0,17}")


def netsuite_id(value: object) -> str:
    """The internal id in a value that may hold anything, "" when it is none: ASCII digits without a leading zero, nothing around them.
    Whatever is to stand for a record in an address, a query or a body goes through here; `str.isdigit` takes digits of every script."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _ID.fullmatch(text) else ""


def checked_id(text: str) -> str:
    """The internal id as it was given. Raises `ValueError` when it is none."""
    if not netsuite_id(text):
        raise ValueError("must be an internal id of NetSuite, digits only, such as 4711")
    return text
