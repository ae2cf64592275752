"""Writes the pages of this folder that are made from the code: settings.md. Run `python docs/generate.py`; a test compares."""

from __future__ import annotations

import json
import typing
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from tallybridge.settings import DEFAULTS, Settings

FOLDER = Path(__file__).parent
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

INTRODUCTION = """# Settings

One JSON document in the Parameter Store (its name is the stack output `SettingsParameter`), flat, for example
`{"netsuite_subsidiaries": "Yes", "cutover_zuora_invoice": "2026-01-01"}`. Every key may be left out; a change takes effect with the
next run. Unknown keys and wrong values stop the run before it starts, with code `SETTINGS` and the place of each fault. This page is
generated.
"""


def settings_page() -> str:
    """docs/settings.md."""
    text, defaults = INTRODUCTION, DEFAULTS.model_dump(mode="json", by_alias=True)
    for name, info in Settings.model_fields.items():
        if name in GROUPS:
            text += f"\n## {GROUPS[name]}\n\n| Key | Values | Default | Effect |\n| --- | --- | --- | --- |\n"
        key = info.alias or name
        default = defaults[key]
        shown = "-" if default in (None, "", [], {}) else f"`{default if isinstance(default, str) else json.dumps(default)}`"
        text += f"| `{key}` | {values_of(info)} | {shown} | {info.description} |\n"
    return text


def values_of(info: FieldInfo) -> str:
    """The values that a setting takes, in words."""
    return _values(info.annotation, info)


def _values(kind: Any, info: FieldInfo) -> str:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return ", ".join(f"`{a.value if isinstance(a, StrEnum) else a}`" for a in arguments)
    if origin is typing.Union or type(kind).__name__ == "UnionType":
        return _values(next(a for a in arguments if a is not type(None)), info)
    if kind is bool:
        return "`Yes`, `No`"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ", ".join(f"`{member.value}`" for member in kind)
    bounds = {type(m).__name__: m for m in info.metadata}
    if kind is int:
        return f"{getattr(bounds.get('Ge'), 'ge', '')} to {getattr(bounds.get('Le'), 'le', '')}"
    names = {"date": "date, `YYYY-MM-DD`", "str": "text", "list": "list", "dict": "object"}
    return names[(origin or kind).__name__]


if __name__ == "__main__":
    (FOLDER / "settings.md").write_text(settings_page(), encoding="utf-8")
