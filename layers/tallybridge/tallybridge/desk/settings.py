"""Every setting with what a person must know of it; and the settings document made from what a person has entered."""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, get_args, get_origin

from tallybridge.configuration import SETTINGS, Version, differences
from tallybridge.desk.history import listed
from tallybridge.desk.target import Target
from tallybridge.documents import read_object
from tallybridge.settings import DEFAULTS, Settings, parse_settings

GROUPS = {
    "zuora_base_url": "Connections",
    "zuora_default_currency": "Currency and tax",
    "netsuite_subsidiaries": "Classification",
    "netsuite_use_revenue_recognition": "Revenue recognition",
    "customer_account_master": "Customer accounts",
    "item_id_mapping": "Product catalogue",
    "transaction_number_mapping": "Transactions",
    "cutover_zuora_invoice": "Cutover dates",
    "disable_zuora_invoice_sync": "Disable and force",
    "debug_logging": "Errors and speed",
    "notify_recipients": "Notification",
    "custom_field_sync_enabled": "Custom fields and extensions",
}
"""Heading by the first setting below it."""
LINES, JSON = "lines", "json"
"""Kinds of values that take more than one line: texts one below the other, and lists and objects as JSON."""


@dataclass(frozen=True)
class Setting:
    """One setting. `kind`: choice (of `choices`), number (from `lowest` to `highest`), day, text, lines or json; `default` is a JSON
    value."""

    key: str
    group: str
    label: str
    effect: str
    kind: str
    choices: tuple[str, ...]
    lowest: int | None
    highest: int | None
    default: Any


def effects() -> dict[str, str]:
    """What each setting does: the text below it in its module, which only people read, so that no function takes the time to."""
    declared = ast.parse(inspect.getsource(Settings)).body[0]
    assert isinstance(declared, ast.ClassDef)
    found = {}
    for before, after in itertools.pairwise(declared.body):
        if isinstance(before, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            found[ast.unparse(before.target)] = " ".join(str(after.value.value).split())
    return found


def catalogue() -> list[Setting]:
    """Every setting, in the order of the documentation."""
    defaults, found, group = DEFAULTS.model_dump(mode="json", by_alias=True), [], ""
    texts = effects()
    for name, info in Settings.model_fields.items():
        group, key = GROUPS.get(name, group), info.alias or name
        bounds = {type(each).__name__: each for each in info.metadata}
        lowest, highest = getattr(bounds.get("Ge"), "ge", None), getattr(bounds.get("Le"), "le", None)
        kind, choices = _kind(info.annotation)
        found.append(Setting(key, group, label_of(key), texts[name], kind, choices, lowest, highest, defaults[key]))
    return found


NAMES = {"netsuite": "NetSuite", "zuora": "Zuora", "id": "id", "ids": "ids", "api": "API", "url": "address", "vat": "VAT"}
"""How words of keys are written in labels."""


def label_of(key: str) -> str:
    """A key in words: "netsuite_max_concurrency" is "NetSuite max concurrency"."""
    text = " ".join(NAMES.get(word, word) for word in key.replace(".", "_").split("_") if word)
    return text[:1].upper() + text[1:]


def _kind(annotation: Any) -> tuple[str, tuple[str, ...]]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return "choice", tuple(str(a.value if isinstance(a, StrEnum) else a) for a in arguments)
    if origin is typing.Union or type(annotation).__name__ == "UnionType":
        kind, choices = _kind(next(a for a in arguments if a is not type(None)))
        return kind, ("", *choices) if choices else ()
    if annotation is bool:
        return "choice", ("Yes", "No")
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return "choice", tuple(member.value for member in annotation)
    if origin is list and getattr(arguments[0], "__origin__", arguments[0]) is str:
        return LINES, ()
    names = {"int": "number", "date": "day", "str": "text", "list": JSON, "dict": JSON}
    return names[(origin or annotation).__name__], ()


def values_in_words(setting: Setting) -> str:
    """The values that a setting takes, as the documentation has them."""
    if setting.choices:
        return ", ".join(f"`{choice}`" for choice in setting.choices if choice)
    if setting.kind == "number":
        return f"{setting.lowest} to {setting.highest}"
    shape = "list" if isinstance(setting.default, list) else "object"
    return {"day": "date, `YYYY-MM-DD`", "text": "text"}.get(setting.kind, shape)


# -- the settings in force ---------------------------------------------------------------------------------------------


def in_force(target: Target) -> tuple[Version, dict[str, Any]]:
    """The version in force (number 0 where it is in none yet) and the value of every key. Raises `ConfigurationError`."""
    version = target.configuration().current()
    return version, parse_settings(version.document).model_dump(mode="json", by_alias=True)


def last_changes(target: Target) -> dict[str, dict[str, Any]]:
    """Who changed a key last, when and why, by key: {"author", "saved", "reason", "number"}."""
    found: dict[str, dict[str, Any]] = {}
    for row in listed(target, SETTINGS):
        for key in row["changed"]:
            found.setdefault(key, {name: row[name] for name in ("author", "saved", "reason", "number")})
    return found


# -- what a person enters ----------------------------------------------------------------------------------------------


def as_text(setting: Setting, value: Any) -> str:
    """A value as a field of a form takes it."""
    if value is None:
        return ""
    if setting.kind == LINES:
        return "\n".join(value)
    if setting.kind == JSON:
        return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
    return str(value)


def from_text(setting: Setting, text: str) -> Any:
    """The value that a person has entered; what cannot be one stays as it is, for the settings' own check to refuse."""
    text = text.replace("\r\n", "\n").strip()
    if setting.kind == LINES:
        return [line.strip() for line in text.split("\n") if line.strip()]
    if setting.kind == JSON:
        try:
            return json.loads(text) if text else type(setting.default)()
        except ValueError:
            return text
    if setting.kind == "number":
        return int(text) if text.isascii() and text.lstrip("-").isdigit() and len(text) < 20 else text
    return None if not text and setting.default is None else text


def edited(document: str, entered: Mapping[str, str]) -> str:
    """The document with what a person has entered (texts by key). Keys that they have not changed stay as they are written, or left out;
    one that was changed is written out, with its default as well, so that nobody takes it for lost."""
    known = parse_settings(document).model_dump(mode="json", by_alias=True)
    content = read_object(document)
    for setting in catalogue():
        if setting.key in entered:
            value = from_text(setting, entered[setting.key])
            if value != known[setting.key]:
                content[setting.key] = value
    return json.dumps(content, indent=1, ensure_ascii=False)


def compared(before: str, after: str) -> list[dict[str, Any]]:
    """What differs between two documents: {"key", "before", "after"}, with the default where a document leaves a key out."""
    defaults = DEFAULTS.model_dump(mode="json", by_alias=True)
    old, new = read_object(before), read_object(after)
    keys = differences(before, after)
    return [{"key": key, "before": old.get(key, defaults.get(key)), "after": new.get(key, defaults.get(key))} for key in keys]
