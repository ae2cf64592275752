"""The history of the settings and of the revenue settings: who saved what, when and why, and the way back."""

from __future__ import annotations

from typing import Any

from tallybridge.configuration import KINDS, REVENUE, SETTINGS, Version, differences
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.revenue.config import parse_config
from tallybridge.settings import parse_settings

CHECKS = {SETTINGS: parse_settings, REVENUE: parse_config}


def versions(target: Target, name: str) -> list[Version]:
    """Every version, newest first; before them what stands in the parameter and is in no version yet."""
    configuration = target.configuration(name)
    current = configuration.current()
    return [*([current] if current.number == 0 else []), *configuration.versions.all()]


def listed(target: Target, name: str) -> list[dict[str, Any]]:
    """The versions as JSON, newest first, each with the keys that it changed: {"number", "author", "saved", "reason", "before",
    "on_purpose", "changed", "current"}."""
    every = versions(target, name)
    now = target.configuration(name).current().number
    documents = {version.number: version.document for version in every}
    return [{**v.to_json(), "changed": differences(documents.get(v.before, "{}"), v.document), "current": v.number == now} for v in every]


def restore(target: Target, name: str, number: int, reason: str, who: str = "") -> Version:
    """Make an earlier version the one in force, as a version of its own. Raises `ConfigurationError`: there is no such version, or the
    connector does not understand it any more."""
    configuration = target.configuration(name)
    document = configuration.versions.get(number).document
    CHECKS[name](document)
    return configuration.save_version(document, who or target.who(), f"Version {number} restored" + (f": {reason}" if reason else ""))


def accept(target: Target, name: str, reason: str) -> Version:
    """Save what the parameter holds, on purpose, however small it is. Raises `ConfigurationError`: it is not usable, or it is the current
    version already."""
    configuration = target.configuration(name)
    current = configuration.current()
    CHECKS[name](current.document)
    if current.number:
        kind = KINDS[name]
        text = f"The {kind.what} in force are version {current.number} already; there is nothing to accept."
        raise ConfigurationError(text, place="version", code=kind.code, advice=f"{kind.command('history')} lists the versions.")
    return configuration.save_version(current.document, target.who(), reason)
