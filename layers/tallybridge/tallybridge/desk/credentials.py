"""The credentials of an installation: exchanged for new ones that were tried first, so that no run meets any that do not work."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tallybridge.clock import stamp
from tallybridge.desk.doctor import netsuite, zuora
from tallybridge.desk.doctor.examine import http_of, netsuite_of, zuora_of
from tallybridge.desk.revenue.site import Site
from tallybridge.desk.target import Target
from tallybridge.documents import read_object
from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge.expiry import CHANGED, EXPIRES, NAMES, PREVIOUS, endings
from tallybridge.settings import DEFAULTS, Settings, parse_settings
from tallybridge.wiring import parse_secret

__all__ = ["EXPIRES", "KEYS", "NAMES", "ending", "expiries", "fill", "finish", "present", "rotate"]
M2M = ("client_id", "certificate_id", "private_key")
KEYS = {
    "zuora": ("client_id", "client_secret", EXPIRES),
    "netsuite": (*M2M, "consumer_key", "consumer_secret", "token_id", "token_secret", EXPIRES),
    "revenue": ("user", "password", "client_id", "client_secret", EXPIRES),
}
"""What of each side can be exchanged. Its address and account cannot: they say where, not who."""
PLACES = {
    "zuora": ("base_url", "entity_ids"),
    "netsuite": ("account_id", "base_url", "auth_method"),
    "revenue": (),
}
"""What of each side says where it is. Only who sets an installation up gives it."""
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


def ending(target: Target) -> list[dict[str, Any]]:
    """Credentials that end soon: [{"system", "text", "advice", "left" (days)}]; [] where the secret is not usable."""
    try:
        given = parse_secret(_stored(target))
    except ConfigurationError:
        return []
    due = [end for end in endings(given, target.clock.now().date()) if end.is_due]
    return [{"system": end.system, "text": end.text, "advice": end.advice, "left": end.left} for end in due]


def rotate(target: Target, system: str, given: Mapping[str, str], who: str, reason: str = "") -> str:
    """Exchange some keys of a side for new ones, after a login with them has gone well; answers what the login said. Raises
    `ConfigurationError` CREDENTIALS or CREDENTIALS-NEW, `TallybridgeError` INSTRUCTION-REPLACED or AUDIT-BUSY; then nothing was changed. No
    value is told or kept elsewhere."""
    new = {key: tidy(key, value) for key, value in given.items() if value.strip()}
    _check(system, new, KEYS.get(system, ()))
    before = _stored(target)
    if before_id := _replaced(before, system, new):
        new |= {PREVIOUS: before_id, CHANGED: stamp(target.clock.now())}
    content = _merged(before, {system: new})
    return _put(target, before, content, {system: new}, who, reason)[system]


def fill(
    target: Target, given: Mapping[str, Mapping[str, str]], who: str, reason: str = "", *, untried: bool = False
) -> tuple[dict[str, str], Versions]:
    """Put keys of some sides into the secret, where they are and who logs in; what is there and is not given stays. Each side is logged in
    to first, unless `untried`. Answers what the logins said by side, and the versions before and after. Raises as `rotate`."""
    new = {system: {key: tidy(key, value) for key, value in keys.items() if value.strip()} for system, keys in given.items()}
    for system, keys in new.items():
        _check(system, keys, (*KEYS.get(system, ()), *PLACES.get(system, ())))
    before = _stored(target)
    old = _version(target)
    said = _put(target, before, _merged(before, new), new, who, reason, untried=untried)
    return said, Versions(old, _version(target))


@dataclass(frozen=True)
class Versions:
    """The secret's version before and after, by which AWS can be told to go back."""

    before: str
    after: str


def tidy(key: str, value: str) -> str:
    """A value without what copying adds: blanks around it; in a key file, line ends that were written as letters or as Windows does."""
    text = value.strip()
    if key != "private_key":
        return text
    return text.replace("\\n", "\n").replace("\r\n", "\n") + "\n"


def finish(target: Target, who: str, reason: str = "") -> None:
    """Forget the certificate that a new one has replaced. Raises as `rotate`."""
    before = _stored(target)
    content = read_object(before)
    content["netsuite"] = {key: value for key, value in (content.get("netsuite") or {}).items() if key not in (PREVIOUS, CHANGED)}
    _put(target, before, content, {}, who, reason, what="the certificate before is revoked")


def _merged(before: str, new: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    content = read_object(before)
    return {**content, **{system: {**(content.get(system) or {}), **keys} for system, keys in new.items()}}


def _replaced(before: str, system: str, new: Mapping[str, str]) -> str:
    """The id of the certificate that a new one replaces, "" where none is replaced."""
    old = parse_secret(before).get(system, {}).get("certificate_id", "")
    return old if system == "netsuite" and old and new.get("certificate_id", old) != old else ""


def _put(
    target: Target,
    before: str,
    content: Mapping[str, Any],
    new: Mapping[str, Mapping[str, str]],
    who: str,
    reason: str,
    *,
    untried: bool = False,
    what: str = "",
) -> dict[str, str]:
    """Log in with what is new, and put the secret in force unless somebody else has changed it meanwhile."""
    document, said = json.dumps(content), {}
    for system in new:
        try:
            said[system] = "not tried" if untried else LOGINS[system](_with(target, document))
        except TallybridgeError as refused:
            text = f"The new credentials do not work in {NAMES[system]}: {refused.code}: {refused.message} Nothing was changed."
            raise ConfigurationError(text, place=system, code="CREDENTIALS-NEW", advice=ADVICE) from refused
    if _stored(target) != before:
        text = "Somebody else has changed the secret at this moment; yours was not put in force."
        raise TallybridgeError(text, code="INSTRUCTION-REPLACED", advice="Look at it again, and repeat yours if it is still meant.")
    for system, keys in (new or {"netsuite": {}}).items():
        after = what or f"new: {', '.join(sorted(keys))}"
        target.note(who, "rotate", f"credentials of {NAMES[system]}", reason=reason, after=after)
    target.client("secretsmanager").put_secret_value(SecretId=target["CREDENTIALS_SECRET"], SecretString=document)
    return said


def _version(target: Target) -> str:
    return str(target.client("secretsmanager").get_secret_value(SecretId=target["CREDENTIALS_SECRET"])["VersionId"])


ADVICE = "Look up the keys once more where they were made; the ones in use go on working until they are taken away there."


def _check(system: str, new: Mapping[str, str], allowed: Sequence[str]) -> None:
    def refuse(text: str, place: str) -> ConfigurationError:
        return ConfigurationError(text, place=place, code="CREDENTIALS", advice="Give the new keys of zuora, netsuite or revenue.")

    if system not in KEYS:
        raise refuse(f'"{system}" is no side that has credentials.', "system")
    if unknown := [key for key in new if key not in allowed]:
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
    return zuora.login(zuora_of(_given(target), settings_so_far(target), http_of(target))).detail


def _netsuite(target: Target) -> str:
    return netsuite.login(netsuite_of(_given(target), settings_so_far(target), http_of(target))).detail


def _given(target: Target) -> dict[str, dict[str, str]]:
    return {"zuora": {}, "netsuite": {}, **parse_secret(_stored(target))}


def settings_so_far(target: Target) -> Settings:
    """The settings; the defaults as long as nobody has saved any. Raises `ConfigurationError` for those that are not usable."""
    documents = list(target.configuration().documents())
    return parse_settings(documents[0]) if documents else DEFAULTS


def _revenue(target: Target) -> str:
    site = Site(target)
    site.revenue(site.revenue_config().connection.revenue).test_connection()
    return "the login went well"


LOGINS: dict[str, Callable[[Target], str]] = {"zuora": _zuora, "netsuite": _netsuite, "revenue": _revenue}
