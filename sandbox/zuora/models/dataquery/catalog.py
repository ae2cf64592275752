"""`SHOW TABLES`, `SHOW FUNCTIONS`, `DESCRIBE t` and `SHOW COLUMNS FROM t`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.zuora.models.dataquery.grammar import SqlRefused
from sandbox.zuora.models.dataquery.signatures import FUNCTIONS
from sandbox.zuora.models.dataquery.translate import SQL_TYPES, TEXT
from sandbox.zuora.schema import ObjectType

SHOW_TABLES = re.compile(r"\s*show\s+tables\s*;?\s*\Z", re.IGNORECASE)
SHOW_FUNCTIONS = re.compile(r"\s*show\s+functions(?:\s+like\s+'(?P<like>[^']*)')?\s*;?\s*\Z", re.IGNORECASE)
FUNCTION_COLUMNS = ["Function", "Return Type", "Argument Types", "Function Type", "Deterministic", "Description"]
DESCRIBE = re.compile(r"\s*(?:describe|desc|show\s+columns\s+(?:from|in))\s+\"?(?P<table>\w+)\"?\s*;?\s*\Z", re.IGNORECASE)

Answer = tuple[list[str], list[tuple[Any, ...]]]


def answer_catalog_question(query: str, kinds: Mapping[str, ObjectType]) -> Answer | None:
    """Names and rows if the query asks for tables or columns, otherwise None. Raises `SqlRefused` for an unknown table."""
    if SHOW_TABLES.match(query):
        return ["Table"], [(table,) for table in sorted(kinds)]
    if match := SHOW_FUNCTIONS.match(query):
        return FUNCTION_COLUMNS, functions_like(match["like"])
    match = DESCRIBE.match(query)
    if match is None:
        return None
    kind = kinds.get(match["table"].lower())
    if kind is None:
        raise SqlRefused(f"Table owl.data.{match['table'].lower()} does not exist")
    rows = [(f.sql, SQL_TYPES.get(f.kind, TEXT), "", f.name) for f in kind.columns()]
    return ["Column", "Type", "Extra", "Comment"], [*rows, ("deleted", "boolean", "", "Deleted")]


def functions_like(pattern: str | None) -> list[tuple[Any, ...]]:
    """A row for each form of the functions whose names match a pattern of LIKE."""
    form = re.compile("".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in pattern) if pattern is not None else ".*")
    forms = [form_of for name in sorted(FUNCTIONS) if form.fullmatch(name) for form_of in FUNCTIONS[name]]
    return [(f.name, f.answer, f.arguments(), f.kind, f.name != "now", "") for f in forms]
