"""Formats of contact data that accounts enforce: one mail address a field, telephone numbers of seven digits or more."""

from __future__ import annotations

import re

from sandbox.netsuite.exceptions import user_error
from sandbox.netsuite.schema import Field

MAIL_FIELDS = frozenset({"email", "altEmail"})
PHONE_FIELDS = frozenset({"phone", "fax", "altPhone", "mobilePhone", "homePhone", "officePhone", "addrPhone"})
MAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
SEPARATORS = re.compile(r"[,;|\n]")
DIGITS = 7


def check_format(known: Field, value: str, path: str) -> None:
    """Raises `NetSuiteError` for a text that is not what its field holds."""
    if known.name in MAIL_FIELDS and not MAIL.fullmatch(value):
        raise user_error(f"Invalid email address: {value[:100]}.", path)
    if known.name in PHONE_FIELDS:
        if sum(c.isdigit() for c in value) < DIGITS:
            raise user_error("Phone number should have seven digits or more.", path)
        if SEPARATORS.search(value):
            raise user_error(f"Invalid phone number: {value[:100]}.", path)
