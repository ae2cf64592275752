"""Mail addresses: one strict form, wherever one is taken."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator

from tallybridge.documents import when_given

MAX_RECIPIENTS = 50
"""As many as Amazon SES takes in one call."""
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LAST = r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@)(?=.{{1,254}}\Z){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LAST}")


def mail_address(text: str) -> str:
    """The address as it was given, if mail can be sent to it: one address without a name, in ASCII, its domain with a dot (RFC 5321
    without quoted and numeric forms). Raises `ValueError`."""
    if not _ADDRESS.fullmatch(text):
        raise ValueError("must be a mail address, such as finance@example.com")
    return text


def is_mail_address(value: object) -> bool:
    """Whether mail can be sent to it."""
    return isinstance(value, str) and _ADDRESS.fullmatch(value) is not None


def recipients(addresses: Iterable[str]) -> list[str]:
    """Everybody once, in the order given, whatever the case. Raises `ValueError` above the most that one mail can have."""
    kept: dict[str, str] = {}
    for address in addresses:
        kept.setdefault(address.lower(), address)
    if len(kept) > MAX_RECIPIENTS:
        raise ValueError(f"must be at most {MAX_RECIPIENTS} addresses, not {len(kept)}")
    return list(kept.values())


MailAddress = Annotated[str, AfterValidator(mail_address)]
Recipients = Annotated[list[MailAddress], AfterValidator(recipients)]
Sender = Annotated[str, when_given(mail_address)]
"""A mail address, or "" for the one of the deployment."""
