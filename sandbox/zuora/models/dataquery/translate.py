"""From the Trino dialect of Data Query to the embedded engine: names and types are checked, literals rewritten (spec section 10.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError, SqlglotError, TokenError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from sandbox.zuora.schema import Schema

SQL_TYPES = {
    "dec": "decimal(18,6)",
    "int": "bigint",
    "bool": "boolean",
    "date": "date",
    "dt": "timestamp with time zone",
}
TEXT = "varchar"
MAX_QUERY_LENGTH = 1_000_000
LONG_LIST = re.compile(r"\(\s*'[0-9a-f]{32}'(?:\s*,\s*'[0-9a-f]{32}'){20,}\s*\)")
LIST_ITEM = re.compile(r"[0-9a-f]{32}")
LITERAL_ZONE = re.compile(r"(?P<at>\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d(?:\.\d+)?)?)?)(?: ?(?P<zone>[+-]\d\d:\d\d|UTC|Z))?\Z")
KNOWN_FUNCTIONS = frozenset({"AT_TIMEZONE", "DATE_ADD", "STRPOS", "REGEXP_LIKE"})
MOMENT_TYPES = (exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMP)
GROUPS = {
    **dict.fromkeys((exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT, exp.DataType.Type.CHAR), "varchar"),
    **dict.fromkeys((exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGINT, exp.DataType.Type.INT, exp.DataType.Type.DOUBLE), "number"),
    **dict.fromkeys((exp.DataType.Type.DATE, *MOMENT_TYPES), "time"),
    exp.DataType.Type.BOOLEAN: "boolean",
}
COMPARISONS = {exp.EQ: "=", exp.NEQ: "<>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<="}


class SqlRefused(Exception):
    """The job fails; the text is its `errorMessage`."""


@dataclass
class Translated:
    """A query for the embedded engine. `lists` are the long IN lists to bind, `booleans` the positions of boolean columns."""

    sql: str
    names: list[str]
    booleans: list[int]
    lists: dict[str, list[str]]


class Translator:
    """Translates queries over the tables of one tenant."""

    def __init__(self, schema: Schema, tables: frozenset[str], zone: tzinfo) -> None:
        self.zone = zone
        self.types: dict[str, dict[str, object]] = {
            kind.table: {f.sql: SQL_TYPES.get(f.kind, TEXT) for f in kind.columns() if f.sql}
            for kind in schema.values()
            if kind.table in tables
        }
        with_deleted: dict[str, object] = {table: {**columns, "deleted": "boolean"} for table, columns in self.types.items()}
        self.plain = MappingSchema(dict(self.types), dialect="trino", normalize=False)
        self.with_deleted = MappingSchema(with_deleted, dialect="trino", normalize=False)

    def translate(self, text: str, now: datetime, read_deleted: bool = False) -> Translated:
        """Raises `SqlRefused` with the text that the service reports."""
        lists: dict[str, list[str]] = {}
        tree = self.parse(take_lists(text, lists))
        aliases = {a.alias.lower(): a.alias for a in tree.selects if isinstance(a, exp.Alias)}
        lower_names(tree)
        self.check_tables(tree)
        deleted = read_deleted or any(c.name == "deleted" for c in tree.find_all(exp.Column))
        tree = self.resolve(tree, self.with_deleted if deleted else self.plain)
        names = [column_name(p, i, aliases) for i, p in enumerate(tree.selects)]
        booleans = [i for i, p in enumerate(tree.selects) if p.type is not None and p.type.is_type("boolean")]
        check_functions(tree)
        check_comparisons(tree)
        if deleted:
            include_deleted(tree, self.types)
        sql = tree.transform(self.rewrite, now).sql(dialect="sqlite")
        for key in lists:
            sql = sql.replace(f"('{key}')", f"(SELECT value FROM json_each(:{key}))")
        return Translated(sql, names, booleans, lists)

    def parse(self, text: str) -> exp.Query:
        try:
            statements = sqlglot.parse(text.strip().rstrip(";"), read="trino")
        except ParseError as wrong:
            at = wrong.errors[0] if wrong.errors else {}
            word = str(at.get("highlight") or "<EOF>")
            column = max(1, int(at.get("col") or 1) - len(word) + 1)
            raise SqlRefused(f"line {at.get('line') or 1}:{column}: mismatched input '{word}'") from None
        except (TokenError, SqlglotError):
            raise SqlRefused("line 1:1: mismatched input") from None
        if len(statements) != 1 or not isinstance(statements[0], exp.Query):
            raise SqlRefused(f"line 1:1: mismatched input '{(text.split() or ['<EOF>'])[0]}'. Expecting: 'SELECT', 'WITH'")
        return statements[0]

    def check_tables(self, tree: exp.Query) -> None:
        defined = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
        for table in tree.find_all(exp.Table):
            if table.name and table.name not in self.types and table.name not in defined:
                raise SqlRefused(f"Table owl.data.{table.name} does not exist")

    def resolve(self, tree: exp.Query, schema: MappingSchema) -> exp.Query:
        try:
            resolved = qualify(tree.copy(), schema=schema, dialect="trino", quote_identifiers=False, identify=False)
            return annotate_types(resolved, schema=schema, dialect="trino")
        except OptimizeError as wrong:
            raise SqlRefused(self.column_refusal(tree, str(wrong))) from None
        except SqlglotError as wrong:
            raise SqlRefused(f"line 1:1: {str(wrong).splitlines()[0]}") from None

    def column_refusal(self, tree: exp.Query, text: str) -> str:
        match = re.search(r"[Cc]olumn:? '?\"?(\w+)", text)
        if match is None:
            return f"line 1:1: {text}"
        name = match[1]
        tables = [t.name for t in tree.find_all(exp.Table)]
        column = next((c for c in tree.find_all(exp.Column) if c.name == name), None)
        shown = f"{column.table}.{name}" if column is not None and column.table else name
        first = column.parts[0] if column is not None else exp.to_identifier(name)
        end = int(first.meta.get("col") or 1)
        place = f"line {first.meta.get('line') or 1}:{max(1, end - len(first.name) + 1)}"
        holders = sum(name in self.types.get(t, {}) for t in tables)
        if holders > 1 and column is not None and not column.table:
            return f"{place}: Column '{name}' is ambiguous"
        return f"{place}: Column '{shown}' cannot be resolved"

    def rewrite(self, node: exp.Expr, now: datetime) -> exp.Expr:
        if isinstance(node, exp.CurrentTimestamp):
            return exp.Literal.string(stored(now))
        if isinstance(node, exp.CurrentDate):
            return exp.Literal.string(now.astimezone(self.zone).date().isoformat())
        if isinstance(node, exp.AtTimeZone) or is_function(node, "AT_TIMEZONE"):
            return self.in_zone(node)
        if isinstance(node, exp.Cast) and node.to.this in (*MOMENT_TYPES, exp.DataType.Type.DATE):
            return self.time_cast(node)
        return node

    def in_zone(self, node: exp.Expr) -> exp.Expr:
        moment, zone = node.expressions if isinstance(node, exp.Anonymous) else (node.this, node.args["zone"])
        if node.find_ancestor(exp.Where, exp.Join, exp.Having):
            return moment  # type: ignore[no-any-return]
        return exp.Anonymous(this="at_timezone", expressions=[moment, zone])

    def time_cast(self, node: exp.Cast) -> exp.Expr:
        value = node.this
        is_date = node.to.this == exp.DataType.Type.DATE
        if not isinstance(value, exp.Literal) or not value.is_string:
            return exp.Anonymous(this="date_of", expressions=[value]) if is_date else value
        match = LITERAL_ZONE.match(value.name)
        if match is None:
            raise SqlRefused(f"line 1:1: '{value.name}' is not a valid {'date' if is_date else 'timestamp'} literal")
        if is_date:
            return exp.Literal.string(match["at"][:10])
        at = datetime.fromisoformat(match["at"])
        zone = match["zone"]
        at = at.replace(tzinfo=self.zone) if zone is None else datetime.fromisoformat(at.isoformat() + zone.replace("UTC", "Z"))
        return exp.Literal.string(stored(at))


def stored(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def take_lists(text: str, lists: dict[str, list[str]]) -> str:
    """Replace long lists of ids by one literal each, so that they need not be parsed."""

    def take(match: re.Match[str]) -> str:
        key = f"idlist{len(lists)}"
        lists[key] = LIST_ITEM.findall(match[0])
        return f"('{key}')"

    return LONG_LIST.sub(take, text)


def lower_names(tree: exp.Expr) -> None:
    """Names match without regard to case, even when they are quoted."""
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("this", identifier.this.lower())


def column_name(projection: exp.Expr, position: int, aliases: dict[str, str]) -> str:
    name = projection.alias_or_name
    return f"_col{position}" if not name or name.startswith("_col_") else aliases.get(name, name)


def is_function(node: exp.Expr, name: str) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.upper() == name


def check_functions(tree: exp.Expr) -> None:
    for node in tree.find_all(exp.Anonymous):
        if node.name.upper() not in KNOWN_FUNCTIONS:
            raise SqlRefused(f"line 1:1: Function '{node.name.lower()}' not registered")


def check_comparisons(tree: exp.Expr) -> None:
    """Trino compares only values of like types: a date with a text is refused, which the embedded engine would let pass."""
    for node in tree.find_all(*COMPARISONS):
        refuse_mixed(COMPARISONS[type(node)], node.left, node.right)
    for between in tree.find_all(exp.Between):
        refuse_mixed("BETWEEN", between.this, between.args["low"])
        refuse_mixed("BETWEEN", between.this, between.args["high"])
    for listed in tree.find_all(exp.In):
        for item in listed.expressions[:1]:
            refuse_mixed("IN", listed.this, item)


def refuse_mixed(op: str, left: Any, right: Any) -> None:
    groups = [GROUPS.get(side.type.this) if side.type is not None else None for side in (left, right)]
    if None not in groups and groups[0] != groups[1]:
        shown = [side.type.sql(dialect="trino").lower() for side in (left, right)]
        raise SqlRefused(f"line 1:1: '{op}' cannot be applied to {shown[0]}, {shown[1]}")


def include_deleted(tree: exp.Expr, tables: dict[str, Any]) -> None:
    """Let every table of the query show its deleted rows too."""
    for table in list(tree.find_all(exp.Table)):
        if table.name in tables:
            both = sqlglot.parse_one(f"SELECT * FROM {table.name} UNION ALL SELECT * FROM gone_{table.name}", read="sqlite")
            table.replace(exp.Subquery(this=both, alias=exp.TableAlias(this=exp.to_identifier(table.alias_or_name))))
