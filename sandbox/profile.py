"""A tenant's profile: options with which the stand-ins behave as that tenant does, as `tallybridge verify` writes them.

    {"format": 1, "run": "...", "options": {"netsuite": {"time_zone": "Europe/Berlin", "habits.async_query": "answered"}, "zuora": {...}}}

Options that the profile does not name keep their own value, the inconvenient one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sandbox.netsuite import NetSuiteOptions
from sandbox.revenue import RevenueOptions
from sandbox.zuora import ZuoraOptions

FORMAT = 1
KINDS: dict[str, type] = {"netsuite": NetSuiteOptions, "zuora": ZuoraOptions, "revenue": RevenueOptions}
OWN = frozenset({"clock", "client_id", "client_secret", "account", "users", "roles", "entity_id"})
"""Options that are the sandbox's own in any case, and so are those whose name begins with one of `SECRET`."""
SECRET = ("admin_", "certificate_", "consumer_", "token_id", "token_secret", "oauth_", "token_calls")
PASSED = frozenset({"certificate_endpoint", "certificate_answer"})
"""Options that begin so and are behaviours."""
T = TypeVar("T")
Options = Mapping[str, Mapping[str, Any]]


class ProfileRefused(ValueError):
    """The profile cannot be used; the message names the place."""


def read_profile(path: Path) -> dict[str, dict[str, Any]]:
    """The options of a profile by system, checked. Raises `ProfileRefused`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise ProfileRefused(f"{path} cannot be read as JSON: {wrong}") from wrong
    if not isinstance(document, dict) or document.get("format") != FORMAT or not isinstance(document.get("options"), dict):
        raise ProfileRefused(f"{path} is no profile of format {FORMAT}; `tallybridge verify` writes one.")
    options = {system: dict(given) for system, given in document["options"].items()}
    for system, given in options.items():
        if system not in KINDS:
            raise ProfileRefused(f"{path} names the system {system!r}; known are {', '.join(KINDS)}.")
        applied(KINDS[system](), given, f"{path}, {system}")
    return options


def applied(options: T, given: Mapping[str, Any], place: str = "profile") -> T:
    """Options with the given ones in place of their own. Raises `ProfileRefused` for one that does not exist or has another type."""
    for name, value in given.items():
        options = _with(options, name.split("."), value, f"{place}.{name}")
    return options


def _with(options: T, way: list[str], value: Any, place: str) -> T:
    known = {each.name: each for each in fields(options)}  # type: ignore[arg-type]
    name = way[0]
    if name not in known or name in OWN or (name.startswith(SECRET) and name not in PASSED):
        raise ProfileRefused(f"{place}: there is no such option.")
    own = getattr(options, name)
    if len(way) > 1:
        if not is_dataclass(own):
            raise ProfileRefused(f"{place}: {name} has no parts.")
        return replace(options, **{name: _with(own, way[1:], value, place)})  # type: ignore[type-var]
    return replace(options, **{name: _value(type(options), known[name], own, value, place)})  # type: ignore[type-var]


def _value(kind: type, field: Field[Any], own: Any, value: Any, place: str) -> Any:
    """A JSON value as the option takes it."""
    hint = get_type_hints(kind)[field.name]
    allowed = [each for each in get_args(hint) if isinstance(each, str | int)]
    if allowed and not isinstance(own, tuple):
        if value not in allowed:
            raise ProfileRefused(f"{place}: {value!r} is not one of {', '.join(map(str, allowed))}.")
        return value
    if hint is tzinfo:
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, TypeError):
            raise ProfileRefused(f"{place}: {value!r} is no time zone.") from None
    if isinstance(own, tuple) and isinstance(value, list):
        return tuple(value)
    fits = isinstance(value, bool) if isinstance(own, bool) else isinstance(value, _kinds(hint, own)) and not isinstance(value, bool)
    if not fits:
        raise ProfileRefused(f"{place}: {value!r} is not of the kind of {own!r}.")
    return value


def _kinds(hint: Any, own: Any) -> tuple[type, ...]:
    if hint is float:
        return (int, float)
    return (dict,) if isinstance(own, Mapping) else (type(own),)
