"""From the Trino dialect of Data Query to the embedded engine: names are resolved, the query checked and rewritten (spec section 10.2)."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema
from sqlglot.tokenizer_core import Token

from sandbox.zuora.models.dataquery.analyse import Analysis
from sandbox.zuora.models.dataquery.dialect import first_place, parsed
from sandbox.zuora.models.dataquery.grammar import SqlRefused
from sandbox.zuora.models.dataquery.groupingsets import expand_groups
from sandbox.zuora.models.dataquery.groups import WRITTEN, check_names, check_positions, check_using
from sandbox.zuora.models.dataquery.moments import parsed_date, parsed_moment, stored_moment
from sandbox.zuora.models.dataquery.rewrite import Rewriting
from sandbox.zuora.models.dataquery.types import BOOLEAN, OF_FIELDS, VARCHAR, Type
from sandbox.zuora.schema import Field, Schema

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
LIST_MARK = re.compile(r"\('(idlist\d+)'\)")
TIME = re.compile(r"(\bTIMESTAMP '|\bDATE ')(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d\.\d{3}) (UTC|\+00:00))?'")
MARKED_DAY = datetime(1001, 1, 1, tzinfo=UTC)
TIME_MARK = re.compile(r"'(1001-\d\d-\d\d)( 00:00:00\.000Z)?'")
MAX_TIMES = 365
"""Dates and moments of one statement that are taken out of it, one for each day of the year that stands for them."""
CATALOG, SCHEMA = "owl", "data"
MAX_KEPT = 500
"""Translations kept for statements that come again, and columns of object types."""
MAX_TENANTS_KEPT = 32
"""Tenants of other tables, other fields or another zone, whose translations are kept side by side."""


@dataclass(frozen=True)
class Translated:
    """A query for the embedded engine. `kinds` are the types of the columns, `values` what is to be bound by name, `times` the
    literals that those of dates and moments stand for, `named` the tables that it names, and its own expressions (WITH)."""

    sql: str
    names: list[str]
    kinds: list[Type]
    values: dict[str, str]
    times: Mapping[str, str] = field(default_factory=dict)
    named: frozenset[str] = frozenset()


Columns = tuple[tuple[str, Type], ...]
"""Names and types of a table's columns."""
Tables = tuple[tuple[str, Columns], ...]


@lru_cache(maxsize=MAX_KEPT)
def _known(text: str, read_deleted: bool, zone: tzinfo) -> deque[tuple[Mapping[str, Columns | None], Translated]]:
    """The translations of a text so far, each with the columns of what it names."""
    return deque(maxlen=MAX_TENANTS_KEPT)


def translator_for(schema: Schema, tables: frozenset[str], zone: tzinfo) -> Translator:
    """The translator of a tenant; tenants with the same tables and zone share one, and with it what it has translated."""
    shown = [kind for kind in schema.values() if kind.table in tables]
    return _translator(tuple((kind.table, _columns(tuple(kind.columns()))) for kind in shown), zone)


@lru_cache(maxsize=MAX_KEPT)
def _columns(fields: tuple[Field, ...]) -> Columns:
    return tuple((f.sql, OF_FIELDS.get(f.kind, VARCHAR)) for f in fields if f.sql)


@lru_cache(maxsize=MAX_TENANTS_KEPT)
def _translator(tables: Tables, zone: tzinfo) -> Translator:
    return Translator(tables, zone)


class Translator:
    """Translates queries over tables."""

    def __init__(self, tables: Tables, zone: tzinfo) -> None:
        self.zone = zone
        self.columns = dict(tables)
        self.prepared = lru_cache(maxsize=MAX_KEPT)(self.shared)
        self.types: dict[str, dict[str, Type]] = {name: {**dict(columns), "deleted": BOOLEAN} for name, columns in tables}
        with_deleted: dict[str, object] = {table: dict.fromkeys(columns, TEXT) for table, columns in self.types.items()}
        plain: dict[str, object] = {
            table: dict.fromkeys([c for c in columns if c != "deleted"], TEXT) for table, columns in self.types.items()
        }
        self.plain = MappingSchema(plain, dialect="trino", normalize=False)
        self.with_deleted = MappingSchema(with_deleted, dialect="trino", normalize=False)

    def translate(self, text: str, now: datetime, read_deleted: bool = False) -> Translated:
        """With `read_deleted` over the deleted rows alone; over both where the query names the column `deleted`. Raises `SqlRefused`
        with the text that the service reports."""
        values: dict[str, str] = {}
        made = self.prepared_with(take_lists(text, values).strip().rstrip(";"), read_deleted, values)
        return replace(made, values={**values, "now": stored_moment(now), "today": now.astimezone(self.zone).date().isoformat()})

    def prepared_with(self, text: str, read_deleted: bool, values: dict[str, str]) -> Translated:
        """The translation of a text, its dates and moments among the values. A refusal is that of the text as it was given."""
        times: dict[str, str] = {}
        try:
            made = self.prepared(take_times(text, times), read_deleted)
        except (SqlRefused, ValueError):
            made = self.prepared(text, read_deleted)
        values |= {bound: times.get(literal, literal) for bound, literal in made.times.items()}
        return made

    def shared(self, text: str, read_deleted: bool) -> Translated:
        """The translation that was made for a tenant with the same columns in all tables that the text names; else a new one."""
        known = _known(text, read_deleted, self.zone)
        for columns, made in tuple(known):  # others may add to it meanwhile
            if all(self.columns.get(name) == there for name, there in columns.items()):
                return made
        made = self.prepare(text, read_deleted)
        known.append(({name: self.columns.get(name) for name in made.named}, made))
        return made

    def prepare(self, text: str, read_deleted: bool) -> Translated:
        """Everything that depends neither on the time nor on long lists of ids, and not on the dates and moments that were taken out."""
        tree, tokens, aliases = self.named(text)
        tables = frozenset(table.name for table in tree.find_all(exp.Table))
        named = any(c.name == "deleted" for c in tree.find_all(exp.Column))
        tree = self.resolve(tree, self.with_deleted if read_deleted or named else self.plain, text)
        names = [column_name(p, i, aliases) for i, p in enumerate(tree.selects)]
        kinds = Analysis(self.types, tokens).check(tree)
        if read_deleted:
            only_deleted(tree, self.types)
        elif named:
            include_deleted(tree, self.types)
        sql = Rewriting(self.zone).rewrite(tree).sql(dialect="sqlite", copy=False)
        sql = LIST_MARK.sub(r"(SELECT value FROM json_each(:\1))", sql)
        times = {f"time{n}": literal[0][1:-1] for n, literal in enumerate(TIME_MARK.finditer(sql))}
        numbers = iter(times)
        return Translated(TIME_MARK.sub(lambda literal: f":{next(numbers)}", sql), names, kinds, {}, times, tables)

    def named(self, text: str) -> tuple[exp.Query, Sequence[Token], dict[str, str]]:
        """(the query with its names in lower case, its tokens, the names of its columns as they were written)."""
        tree, tokens = parsed(text)
        aliases = {a.alias.lower(): a.alias for a in tree.selects if isinstance(a, exp.Alias)}
        lower_names(tree)
        name_unnamed(tree)
        self.check_tables(tree)
        check_names(tree)
        check_using(tree)
        check_positions(tree)
        return expand_groups(tree), tokens, aliases

    def check_tables(self, tree: exp.Query) -> None:
        for column in tree.find_all(exp.Column):
            if column.args.get("db") and (column.catalog or CATALOG, column.db) == (CATALOG, SCHEMA):
                column.set("catalog", None)
                column.set("db", None)
        defined = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
        for table in tree.find_all(exp.Table):
            if table.args.get("db") and (table.catalog or CATALOG, table.db) == (CATALOG, SCHEMA):
                table.set("catalog", None)
                table.set("db", None)
            if table.args.get("db"):
                raise SqlRefused(f"{first_place(table)}: Schema '{table.db}' does not exist")
            if table.name and table.name not in self.types and table.name not in defined:
                raise SqlRefused(f"Table {CATALOG}.{SCHEMA}.{table.name} does not exist")

    def resolve(self, tree: exp.Query, schema: MappingSchema, text: str) -> exp.Query:
        """`text` is what the tree was made of, which is no more what it was where it is refused."""
        try:
            return qualify(tree, schema=schema, dialect="trino", quote_identifiers=False, identify=False, expand_alias_refs=False)
        except OptimizeError as wrong:
            raise SqlRefused(self.column_refusal(self.named(text)[0], str(wrong))) from None
        except SqlglotError as wrong:
            raise SqlRefused(f"line 1:1: {str(wrong).splitlines()[0]}") from None

    def column_refusal(self, tree: exp.Query, text: str) -> str:
        match = re.search(r"[Cc]olumn:? '?\"?(\w+)", text)
        if match is None:
            return f"line 1:1: {text}"
        name = match[1]
        tables = [t.name for t in tree.find_all(exp.Table)]
        named = [c for c in tree.find_all(exp.Column) if c.name == name]
        aliases = {t.alias_or_name for t in tree.find_all(exp.Table, exp.Subquery, exp.Unnest)}
        column = next((c for c in named if c.table and c.table not in aliases), next(iter(named), None))
        shown = f"{column.table}.{name}" if column is not None and column.table else name
        first = column.parts[0] if column is not None else exp.to_identifier(name)
        end = int(first.meta.get("col") or 1)
        place = f"line {first.meta.get('line') or 1}:{max(1, end - len(first.name) + 1)}"
        holders = sum(name in self.types.get(t, {}) for t in tables)
        if holders > 1 and column is not None and not column.table:
            return f"{place}: Column '{name}' is ambiguous"
        return f"{place}: Column '{shown}' cannot be resolved"


def take_lists(text: str, lists: dict[str, str]) -> str:
    """Replace long lists of ids by one literal each, so that they need not be parsed."""

    def take(match: re.Match[str]) -> str:
        key = f"idlist{len(lists)}"
        lists[key] = json.dumps(LIST_ITEM.findall(match[0]))
        return f"('{key}')"

    return LONG_LIST.sub(take, text)


def take_times(text: str, times: dict[str, str]) -> str:
    """Replace dates and moments by one literal each that is as long, so that a statement with another watermark is the same one; `times`
    gets what each stands for. A text that has such literals of its own stays as it is.

    Raises `ValueError` for a date or moment that the calendar does not have."""

    def take(match: re.Match[str]) -> str:
        word, day, hour, zone = match.groups()
        if (hour is None) != word.startswith("DATE"):
            return match[0]
        mark = (MARKED_DAY + timedelta(days=len(times))).date().isoformat()
        if hour is None:
            times[mark] = parsed_date(day)
            return f"{word}{mark}'"
        times[f"{mark} 00:00:00.000Z"] = stored_moment(parsed_moment(f"{day} {hour} {zone}", UTC))
        return f"{word}{mark} 00:00:00.000 {zone}'"

    stays = "'1001-" in text or len(TIME.findall(text)) > MAX_TIMES
    return text if stays else TIME.sub(take, text)


def lower_names(tree: exp.Expr) -> None:
    """Names match without regard to case, even when they are quoted."""
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("this", identifier.this.lower())
    for column in tree.find_all(exp.Column):
        column.meta[WRITTEN] = ".".join(part.sql() if part.args.get("quoted") else part.name for part in column.parts)


def name_unnamed(tree: exp.Query) -> None:
    """Columns of the result that are neither columns of a table nor named are told by their place."""
    for place, projection in enumerate(tree.selects):
        if not isinstance(projection, (exp.Column, exp.Alias, exp.Star)):
            projection.replace(exp.alias_(projection.copy(), f"_col_{place}"))


def column_name(projection: exp.Expr, position: int, aliases: dict[str, str]) -> str:
    name = projection.alias_or_name
    return f"_col{position}" if not name or name.startswith("_col_") else aliases.get(name, name)


def include_deleted(tree: exp.Expr, tables: Mapping[str, object]) -> None:
    """Let every table of the query show its deleted rows too."""
    for table in list(tree.find_all(exp.Table)):
        if table.name in tables:
            both = sqlglot.parse_one(f"SELECT * FROM {table.name} UNION ALL SELECT * FROM gone_{table.name}", read="sqlite")
            table.replace(exp.Subquery(this=both, alias=exp.TableAlias(this=exp.to_identifier(table.alias_or_name))))


def only_deleted(tree: exp.Expr, tables: Mapping[str, object]) -> None:
    """Let every table of the query show its deleted rows alone."""
    for table in tree.find_all(exp.Table):
        if table.name in tables:
            alias = table.alias_or_name
            table.set("this", exp.to_identifier(f"gone_{table.name}"))
            table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
