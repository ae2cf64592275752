"""The credentials of an installation: exchanged for new ones that were tried first, so that no run meets any that do not work."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from tallybridge.desk.doctor import netsuite, zuora
from tallybridge.desk.doctor.examine import connected
from tallybridge.desk.revenue.site import Site
from tallybridge.desk.target import Target
from tallybridge.documents import read_object
from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge.wiring import parse_secret

EXPIRES = "expires_on"
"""The last day (YYYY-MM-DD) of a side's credentials, as the person who has made them says: no vendor's API tells it."""
KEYS = {
    "zuora": ("client_id", "client_secret", EXPIRES),
    "netsuite": ("client_id", "certificate_id", "private_key", "consumer_key", "consumer_secret", "token_id", "token_secret", EXPIRES),
    "revenue": ("user", "password", "client_id", "client_secret", EXPIRES),
}
"""What of each side can be exchanged. Its address and account cannot: they say where, not who."""
NAMES = {"zuora": "Zuora", "netsuite": "NetSuite", "revenue": "Zuora Revenue"}
LONGEST = 20_000
"""Characters of a value; a private key is the longest."""


def present(target: Target) -> dict[str, list[str]]:
    """Which keys of each side are filled in, never what with."""
    given = parse_secret(_stored(target))
    return {system: [key for key in KEYS[system] if key in given.get(system, {})] for system in KEYS}


def expiries(target: Target) -> dict[str, str]:
    """The last day of each side's credentials, as far as it was said."""
    given = parse_secret(_stored(target))
    return {system: given[system][EXPIRES] for system in KEYS if EXPIRES in given.get(system, {})}


def rotate(target: Target, system: str, given: Mapping[str, str], who: str, reason: str = "") -> str:
    """Exchange some keys of a side for new ones, after a login with them has gone well; answers what the login said. Raises
    `ConfigurationError` CREDENTIALS or CREDENTIALS-NEW, `TallybridgeError` INSTRUCTION-REPLACED or AUDIT-BUSY; then nothing was changed. No
    value is told or kept elsewhere."""
    new = {key: value.strip() for key, value in given.items() if value.strip()}
    _check(system, new)
    before = _stored(target)
    content = read_object(before)
    content[system] = {**(content.get(system) or {}), **new}
    document = json.dumps(content)
    try:
        said = LOGINS[system](_with(target, document))
    except TallybridgeError as refused:
        text = f"The new credentials do not work in {NAMES[system]}: {refused.code}: {refused.message} Nothing was changed."
        raise ConfigurationError(text, place=system, code="CREDENTIALS-NEW", advice=ADVICE) from refused
    if _stored(target) != before:
        text = "Somebody else has changed the secret at this moment; yours was not put in force."
        raise TallybridgeError(text, code="INSTRUCTION-REPLACED", advice="Look at it again, and repeat yours if it is still meant.")
    target.note(who, "rotate", f"credentials of {NAMES[system]}", reason=reason, after=f"new: {', '.join(sorted(new))}")
    target.client("secretsmanager").put_secret_value(SecretId=target["CREDENTIALS_SECRET"], SecretString=document)
    return said


ADVICE = "Look up the keys once more where they were made; the ones in use go on working until they are taken away there."


def _check(system: str, new: Mapping[str, str]) -> None:
    def refuse(text: str, place: str) -> ConfigurationError:
        return ConfigurationError(text, place=place, code="CREDENTIALS", advice="Give the new keys of zuora, netsuite or revenue.")

    if system not in KEYS:
        raise refuse(f'"{system}" is no side that has credentials.', "system")
    if unknown := [key for key in new if key not in KEYS[system]]:
        raise refuse(f"{unknown[0]} is no credential of {NAMES[system]} that can be exchanged.", f"{system}.{unknown[0]}")
    if not new:
        raise refuse("No new key was given.", system)
    if EXPIRES in new and not _is_day(new[EXPIRES]):
        raise refuse(f'"{new[EXPIRES][:20]}" is no day, such as 2027-03-31.', f"{system}.{EXPIRES}")
    if too_long := [key for key, value in new.items() if len(value) > LONGEST]:
        raise refuse(f"{system}.{too_long[0]} is longer than {LONGEST} characters.", f"{system}.{too_long[0]}")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _stored(target: Target) -> str:
    return str(target.client("secretsmanager").get_secret_value(SecretId=target["CREDENTIALS_SECRET"])["SecretString"])


def _with(target: Target, document: str) -> Target:
    """The installation as it would be with another secret; nothing but reading is asked of it."""

    class Secret:
        def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:
            return {"SecretString": document}

    return Target(target.variables, target.source, target.clock, {**target.clients, "secretsmanager": Secret()})


def _zuora(target: Target) -> str:
    return zuora.login(connected(target, target.settings()).zuora).detail


def _netsuite(target: Target) -> str:
    return netsuite.login(connected(target, target.settings()).netsuite).detail


def _revenue(target: Target) -> str:
    site = Site(target)
    site.revenue(site.revenue_config().connection.revenue).test_connection()
    return "the login went well"


LOGINS: dict[str, Callable[[Target], str]] = {"zuora": _zuora, "netsuite": _netsuite, "revenue": _revenue}
