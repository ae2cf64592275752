"""Settings in a file: read, checked, and saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from tallybridge.configuration import Version
from tallybridge.desk import settings_checks
from tallybridge.desk.doctor.check import Check
from tallybridge.desk.doctor.examine import Systems, failed_check
from tallybridge.desk.doctor.settings import AREA
from tallybridge.desk.settings_checks import second_thoughts
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError
from tallybridge.settings import DEFAULTS, Settings, parse_settings
from tallybridge_cli.render import plain

__all__ = ["dropped", "examined", "read", "save", "second_thoughts", "shown", "table", "text_of"]


def examined(file: Path, target: Target | None, connect: Callable[[Target, Settings], Systems] | None = None) -> list[Check]:
    """Every check of a settings file; names are looked up in NetSuite when an installation is given. Nothing is written."""
    try:
        return settings_checks.checks(text_of(file), target, connect)
    except ConfigurationError as unreadable:
        return [failed_check(AREA, "document", unreadable)]


def text_of(file: Path) -> str:
    """What is in a file. Raises `ConfigurationError` SETTINGS."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as unreadable:
        raise ConfigurationError(f"{file} cannot be read: {unreadable}", place=str(file), code="SETTINGS") from unreadable


def read(file: Path) -> Settings:
    """The settings in a file. Raises `ConfigurationError` that names every wrong key."""
    return parse_settings(text_of(file))


def dropped(file: Path, target: Target) -> Iterator[Check]:
    """Keys that the settings in force have and the file lacks: they would fall back to their defaults."""
    try:
        yield from settings_checks.dropped(text_of(file), target)
    except ConfigurationError:
        return


def save(file: Path, target: Target, reason: str) -> Version:
    """Save the file as the settings document, as it is written."""
    return target.configuration().save_version(text_of(file), target.who(), reason)


def shown(settings: Settings, *, every: bool) -> dict[str, Any]:
    """The settings by key, all of them or those that differ from their default."""
    now, default = settings.model_dump(mode="json", by_alias=True), DEFAULTS.model_dump(mode="json", by_alias=True)
    return {key: value for key, value in now.items() if every or value != default[key]}


def table(settings: dict[str, Any]) -> Table | Text:
    """The settings as a person reads them."""
    if not settings:
        return Text("Every setting has its default; --all lists them.")
    rows = Table("Setting", "Value", box=None, padding=(0, 2, 0, 0))
    for key, value in settings.items():
        rows.add_row(plain(key), plain("-" if value in (None, "", [], {}) else value))
    return rows
