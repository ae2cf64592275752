"""What the stand-in covers, told from the code that covers it: the page docs/sandbox-netsuite-coverage.md."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable
from dataclasses import MISSING, Field, fields
from typing import Any, get_args, get_type_hints

from sandbox.netsuite.catalog import TAX_FIELDS
from sandbox.netsuite.dataset_options import DatasetOptions
from sandbox.netsuite.habits import Habits
from sandbox.netsuite.jobs import BATCH_SIZE
from sandbox.netsuite.options import NetSuiteOptions
from sandbox.netsuite.schema import LINE_SHAPES, RECORD_TYPES, RecordType
from sandbox.netsuite.suiteql.tables import TABLES, Table
from sandbox.netsuite.suiteql.translate import CUSTOM_FUNCTIONS, MAX_IN_ARGUMENTS, NATIVE_FUNCTIONS, PASSED_THROUGH
from sandbox.netsuite.transforms import TARGETS
from sandbox.netsuite.urls import ROUTES

INTRODUCTION = """# What the NetSuite stand-in covers

Made from the stand-in's code; [the page about it](sandbox-netsuite.md) tells how to use it and which rules it enforces. What is not named
here is not there. **[A]** marks what no page of the vendor tells.
"""
HEADS = ("Option", "Default", "Meaning")
MADE_UP = {**dict.fromkeys(("client_id", "consumer_key", "consumer_secret", "token_id", "token_secret"), "made up"), "clock": "now"}
"""Defaults that are told by a word."""


def page() -> str:
    """The whole page as Markdown."""
    parts = (_endpoints(), _records(), _transforms(), _queries(), _tables(), _options(), _habits())
    return "\n".join((INTRODUCTION, *parts))


def meanings(kind: type) -> dict[str, str]:
    """The text that stands below each field of a dataclass."""
    (node,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(node, ast.ClassDef)
    found = {}
    for one, below in zip(node.body, node.body[1:], strict=False):
        said = below.value.value if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else None
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(said, str):
            found[one.target.id] = " ".join(said.split())
    return found


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [" | ".join(heads), *(" | ".join(row) for row in rows)]
    lines.insert(1, " | ".join("---" for _ in lines[0].split(" | ")))
    return "".join(f"| {line} |\n" for line in lines)


def _named(words: Iterable[str]) -> str:
    return " ".join(f"`{word}`" for word in words) or "-"


def _endpoints() -> str:
    rows = [(f"`{', '.join(route.methods)} {route.shown}`", route.covered) for route in ROUTES]
    own = [
        ("`POST auth/oauth2/v1/token`", "client credentials with a signed assertion: `kid`, signature, `iss`, `aud`, life, scope"),
        ("`OPTIONS *`", "204"),
    ]
    return f"""## Endpoints

Below `/services/rest/`. Every record request may be sent with `Prefer: respond-async`, and with `X-NetSuite-Idempotency-Key` then; a batch
has at most {BATCH_SIZE} records and must be. A method that is not named is answered with 405 **[A]**.

{_table(("Endpoint", "Covered"), (*own, *rows))}"""


def _records() -> str:
    kinds = sorted(RECORD_TYPES.values(), key=lambda kind: (kind.group, kind.name))
    rows = [(f"`{k.name}`", _required(k), _sublists(k, True), _sublists(k, False), str(len(k.fields))) for k in kinds]
    taxes = "\n".join(f"- `{model}`: {_named(names)}" for model, names in TAX_FIELDS.items())
    return f"""## Record types

Required properties are those that must be there on a create; *OneWorld* ones only with that feature. Writing other sublists is refused.
Custom fields come on top.

{_table(("Record type", "Required", "Sublists that can be written", "Known by name alone", "Properties"), rows)}
Tax fields are those of the account's `tax_model`:

{taxes}
"""


def _required(kind: RecordType) -> str:
    marks = {"R": "", "O": " (OneWorld)"}
    return ", ".join(f"`{f.name}`{marks[f.rule]}" for f in kind.fields.values() if f.rule in marks) or "-"


def _sublists(kind: RecordType, written: bool) -> str:
    return _named(f.name for f in kind.sublists() if (f.target in LINE_SHAPES) is written and not f.read_only)


def _transforms() -> str:
    return "## Transforms\n\n" + _table(("From", "To"), ((f"`{source}`", _named(targets)) for source, targets in TARGETS.items()))


def _queries() -> str:
    functions = sorted({*NATIVE_FUNCTIONS, *CUSTOM_FUNCTIONS})
    return f"""## SuiteQL

One `SELECT` of Oracle's dialect with joins, subqueries, `UNION`, `GROUP BY`, `HAVING`, `CASE`, window functions, `ROWNUM`, `FETCH FIRST`
and `?` binds. Refused: `WITH`, `LIMIT`, `[ ]`, `(+)`, everything but one `SELECT`, operators of other dialects, and
what Oracle refuses: columns outside of groups, outputs' names elsewhere than in `ORDER BY`, values where a condition must stand, texts
that are no numbers, unlike datatypes, a divisor of zero, a subquery of several rows for one value; more than {MAX_IN_ARGUMENTS} arguments
in `IN`, and every function but these: {_named(functions)} `SYSDATE` `SYSTIMESTAMP` `CURRENT_DATE` `CURRENT_TIMESTAMP` `BUILTIN.DF`;
without an effect {_named(f"BUILTIN.{name}" for name in PASSED_THROUGH)}.
"""


def _tables() -> str:
    text = "## Tables\n\nColumns of features that the account does not have are there and empty. Custom fields and lists come on top.\n\n"
    return text + _table(("Table", "Columns", "Empty ones"), (_row(table) for table in TABLES))


def _row(table: Table) -> tuple[str, str, str]:
    return f"`{table.name}`", _named(c.name for c in table.columns), _named(c.name for c in table.empty)


def _options() -> str:
    rows = (*_rows(NetSuiteOptions), *_rows(DatasetOptions, "datasets."))
    return "## Options\n\nOf `NetSuiteOptions`.\n\n" + _table(HEADS, rows)


def _habits() -> str:
    return f"""## Habits

What accounts differ in by preferences that nobody can read, or where nothing is published. Each has the inconvenient side or the reported
one as its default; [`tallybridge verify`](verify.md) tells those of a real account, and its profile sets them.

{_table(HEADS, _rows(Habits, "habits."))}"""


def _rows(kind: type, before: str = "") -> Iterable[tuple[str, str, str]]:
    told, hints = meanings(kind), get_type_hints(kind)
    for each in fields(kind):
        if each.name not in ("habits", "datasets"):
            others = [value for value in get_args(hints[each.name]) if isinstance(value, str)]
            choices = f" One of {_named(others)}." if others else ""
            yield f"`{before}{each.name}`", _default(each), told[each.name].replace("|", "\\|") + choices


def _default(option: Field[Any]) -> str:
    if option.name in MADE_UP:
        return MADE_UP[option.name]
    value = option.default_factory() if option.default_factory is not MISSING else option.default
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"`{value:g}`"
    return f"`{value}`" if value or value == 0 else "none"
