"""docs/netsuite-fields.md: every field with its records and forms, and the role's permissions."""

from __future__ import annotations

from collections.abc import Iterator

from tallybridge.fields.netsuite import FIELDS, LISTS, RECORDS, NetSuiteField
from tallybridge.fields.netsuite_role import LEVEL_NAMES, ROLE, ROLE_ID, ROLE_NAME
from tallybridge_cli.setup.netsuite_project import FIELD_TYPES

GROUPS = {"custentity": "Customers", "custitem": "Items", "custbody": "Transactions", "custcol": "Lines of transactions"}
INTRODUCTION = """# NetSuite fields

Every custom field that Tallybridge uses in NetSuite, the lists and the role. `netsuite/` in the repository holds them as a SuiteCloud
project, and `tallybridge setup netsuite` writes one with what an account lacks. Script ids of fields that were there before may differ:
they are found by label, or named in the setting `field_map`. Each field must be shown on the preferred form of its records; line fields are
columns of the form's item list. No tool makes forms: new fields show by themselves on standard forms, on custom ones a person puts them
(*Customization > Forms > Entry Forms*, or *Transaction Forms*; *Screen Fields*).

*Steps* in **bold** cannot work without the field. *Edited by* says who changes it: Tallybridge alone, people too, or nobody, because
NetSuite fills it from another record. This page is generated.
"""
PERMISSIONS = f"""
## Role

*{ROLE_NAME}* (`{ROLE_ID}`), without restrictions to classes, departments, locations or subsidiaries. To look after its own certificate it
needs *Manage own OAuth 2.0 Client Credentials certificates* besides, which only the role's screen gives.

| Permission | Subtab | Level | Key | For |
| --- | --- | --- | --- | --- |
"""
LISTS_HEAD = "\n## Lists\n\n| List | Script id | Values |\n| --- | --- | --- |\n"
HEAD = "| Label | Script id | Type | Forms | Steps | Edited by |\n| --- | --- | --- | --- | --- | --- |\n"


def page() -> str:
    """The whole page."""
    text = INTRODUCTION
    for prefix, title in GROUPS.items():
        text += f"\n## {title}\n\n{HEAD}" + "".join(_row(field) for field in FIELDS if field.prefix == prefix)
    text += LISTS_HEAD + "".join(f"| {label} | `{i}` | {values[0]} to {values[-1]} |\n" for label, (i, values) in LISTS.items())
    rows = (f"| {p.name} | {p.subtab} | {LEVEL_NAMES[p.level]} | `{p.key}` | {p.purpose} |\n" for p in ROLE)
    return text + PERMISSIONS + "".join(rows)


def by_form(fields: tuple[NetSuiteField, ...] = FIELDS) -> dict[str, list[str]]:
    """The labels of the fields that each form must show; those of lines are marked."""
    found: dict[str, list[str]] = {}
    for kind in RECORDS:
        shown = [f"{field.label} (line)" if field.prefix == "custcol" else field.label for field in fields if kind.record in field.records]
        if shown:
            found[kind.form] = sorted(shown)
    return found


def _row(field: NetSuiteField) -> str:
    who = "NetSuite" if field.source else "people" if field.edited else "Tallybridge"
    kind = FIELD_TYPES[field.kind]
    kind = f"{kind}: `{LISTS[field.label][0]}`" if field.label in LISTS else f"{kind}: transaction" if kind == "SELECT" else kind
    return f"| {field.label} | `{field.script_id}` | {kind} | {', '.join(field.forms)} | {', '.join(_steps(field))} | {who} |\n"


def _steps(field: NetSuiteField) -> Iterator[str]:
    vital = {use.step for use in field.uses if use.vital}
    yield from (f"**`{step}`**" if step in vital else f"`{step}`" for step in field.steps)
