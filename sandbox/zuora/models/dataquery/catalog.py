"""`SHOW TABLES`, `DESCRIBE t` and `SHOW COLUMNS FROM t`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.zuora.models.dataquery.translate import SQL_TYPES, TEXT, SqlRefused
from sandbox.zuora.schema import ObjectType

SHOW_TABLES = re.compile(r"\s*show\s+tables\s*;?\s*\Z", re.IGNORECASE)
DESCRIBE = re.compile(r"\s*(?:describe|desc|show\s+columns\s+(?:from|in))\s+\"?(?P<table>\w+)\"?\s*;?\s*\Z", re.IGNORECASE)

Answer = tuple[list[str], list[tuple[Any, ...]]]


def answer_catalog_question(query: str, kinds: Mapping[str, ObjectType]) -> Answer | None:
    """Names and rows if the query asks for tables or columns, otherwise None. Raises `SqlRefused` for an unknown table."""
    if SHOW_TABLES.match(query):
        return ["Table"], [(table,) for table in sorted(kinds)]
    match = DESCRIBE.match(query)
    if match is None:
        return None
    kind = kinds.get(match["table"].lower())
    if kind is None:
        raise SqlRefused(f"Table owl.data.{match['table'].lower()} does not exist")
    rows = [(f.sql, SQL_TYPES.get(f.kind, TEXT), "", f.name) for f in kind.columns()]
    return ["Column", "Type", "Extra", "Comment"], [*rows, ("deleted", "boolean", "", "Deleted")]
