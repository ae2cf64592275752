"""Writes the pages of this folder that are made from the code, settings.md and coverage.md. Run `python docs/generate.py`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import typing
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from tallybridge.settings import DEFAULTS, Settings

FOLDER = Path(__file__).parent
RULES = FOLDER.parent / "tests" / "rules"
COLLECTION_SECONDS = 300
"""How long pytest may take to collect the suite."""
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

One JSON document, flat, for example `{"netsuite_subsidiaries": "Yes", "cutover_zuora_invoice": "2026-01-01"}`. Every key may be left
out; a change takes effect with the next run. `tallybridge settings save FILE --reason WHY` checks and saves it; any AWS tool may put
it into the parameter that the stack output `SettingsParameter` names, and the next run takes it. A document above 4 KB lies in the reports
bucket below `configuration/`, and the parameter names it: `{"stored": "configuration/mine.json"}`.

Every version is kept, with author, time, reason and the version before: `tallybridge settings history`, `settings show --version N`,
`settings restore N`. No deployment writes settings. A run refuses a document that is empty or has lost a cutover date or most of its keys
against the last run's, unless it was saved or accepted (`tallybridge settings accept`) on purpose; a key that is written out with its
default is not lost.

Unknown keys, wrong values, a key that stands twice, and keys that contradict each other stop the run before it starts, with
code `SETTINGS` and the place of each fault. What has no effect in your tenant, or is easily not what was meant, is named by
`tallybridge settings check`, by `tallybridge doctor` and in every run's log. This page is generated.
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
        text += f"| `{key}` | {values_of(info)} | {shown} | {_one_line(info.description)} |\n"
    return text


def _one_line(text: str | None) -> str:
    """A text as a cell of a table takes it."""
    return " ".join((text or "").split())


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


COVERAGE = """# Rules and their tests

Every rule of the catalogue in `tests/rules` with the tests that fail when it is dropped. A test counts once, however many cases it has.
This page is generated.
"""


def coverage_page(found: Mapping[str, Iterable[str]]) -> str:
    """docs/coverage.md from {rule id: node ids of its tests}."""
    text = COVERAGE
    for name in json.loads((RULES / "pages.json").read_text(encoding="utf-8")):
        rules = json.loads((RULES / f"{name}.json").read_text(encoding="utf-8"))
        covered = sum(1 for rule in rules if rule["id"] in found)
        text += f"\n## {name}\n\n{covered} of {len(rules)} rules have a test.\n\n| Rule | What it says | Tests |\n| --- | --- | --- |\n"
        for rule in rules:
            tests = sorted({_function_of(node) for node in found.get(rule["id"], ())})
            says = rule["rule"].replace("|", "\\|").replace("<", "&lt;")
            text += f"| `{rule['id']}` | {says} | {'<br>'.join(f'`{test}`' for test in tests) or '-'} |\n"
    return text


def _function_of(node: str) -> str:
    """The test function of a node id: relative path and name without the folder of all tests and without the case."""
    return node.split("[")[0].removeprefix("tests/")


def collected_rules() -> dict[str, list[str]]:
    """{rule id: node ids of its tests}, from a collection of the whole suite."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "rules.json"
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--rules-report", str(report), "tests"]
        subprocess.run(command, cwd=FOLDER.parent, check=True, stdout=subprocess.DEVNULL, timeout=COLLECTION_SECONDS)
        return dict(json.loads(report.read_text(encoding="utf-8")))


if __name__ == "__main__":
    (FOLDER / "settings.md").write_text(settings_page(), encoding="utf-8")
    (FOLDER / "coverage.md").write_text(coverage_page(collected_rules()), encoding="utf-8")
