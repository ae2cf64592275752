"""Where credentials may be sent: the vendors' own hosts over HTTPS, and this machine, where the sandbox listens.

Who may write an ordinary parameter must not be able to send the client secret elsewhere. So an address is taken when settings are stored
and again when a connection is made, wherever it comes from; it is one pattern that has to fit as a whole, and no text that is repaired.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tallybridge.errors import ConfigurationError

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(rf"https://({_LABEL}(?:\.{_LABEL})+)/?")
_THIS_MACHINE = re.compile(r"https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?/?")
_ACCOUNT = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*")

ZUORA = ("zuora.com",)
"""Every data centre's REST host lies below it (api-zuora-billing.md section 1)."""
REVENUE = ("revprooncloud.com", "zuora.com")
"""Tenant hosts, and OneID (api-zuora-revenue.md section 1)."""
NETSUITE = ("suitetalk.api.netsuite.com", "restlets.api.netsuite.com")
"""An account's hosts are one label below these (api-netsuite.md section 1)."""


def zuora_address(text: str) -> str:
    """The address of a Zuora tenant, without a slash at the end. Raises `ValueError` for any other."""
    return _below(text, ZUORA, "an address of Zuora, such as https://rest.eu.zuora.com")


def revenue_address(text: str) -> str:
    """The address of a Zuora Revenue tenant or of OneID, without a slash at the end. Raises `ValueError` for any other."""
    return _below(text, REVENUE, "an address of Zuora Revenue, such as https://acme.revprooncloud.com")


def netsuite_address(text: str, account_id: str = "") -> str:
    """The address of a NetSuite account, without a slash at the end; of this one when an account id is given. Raises `ValueError`."""
    label = netsuite_label(account_id) if account_id else ""
    example = f"https://{label or '1234567-sb1'}.{NETSUITE[0]}"
    what = f"the address of the NetSuite account {account_id}" if label else "an address of a NetSuite account"
    address = _below(text, NETSUITE, f"{what}, such as {example}")
    host = address.removeprefix("https://")
    own = [f"{label}.{domain}" for domain in NETSUITE]
    fits = host in own if label else host.partition(".")[2] in NETSUITE
    if not (fits or _THIS_MACHINE.fullmatch(address)):
        raise ValueError(f"must be {what}, such as {example}")
    return address


def require(check: Callable[..., str], text: str, *more: str, place: str) -> None:
    """Have an address checked where it is used. Raises `ConfigurationError` ADDRESS, before anything is sent there."""
    try:
        check(text, *more)
    except ValueError as wrong:
        raise ConfigurationError(
            f'"{place}" {wrong} (found {text!r}). Nothing was sent there.',
            place=place,
            code="ADDRESS",
            advice="Correct the address in the settings or in the credentials secret, and find out who changed it.",
        ) from wrong


def netsuite_account(account_id: str) -> str:
    """The account id as it was given, if it can be one, such as 1234567 or 1234567_SB1. Raises `ValueError`."""
    if not _ACCOUNT.fullmatch(account_id):
        raise ValueError("must be a NetSuite account id, such as 1234567_SB1")
    return account_id


def netsuite_label(account_id: str) -> str:
    """The account id as hosts spell it: 1234567-sb1. Raises `ValueError`."""
    return netsuite_account(account_id).lower().replace("_", "-")


def _below(text: str, domains: tuple[str, ...], what: str) -> str:
    address = text.removesuffix("/")
    if _THIS_MACHINE.fullmatch(text):
        return address
    found = _ADDRESS.fullmatch(text)
    if not found or not found[1].endswith(tuple(f".{domain}" for domain in domains)):
        raise ValueError(f"must be {what}: https, lower case, nothing before or after the host")
    return address
