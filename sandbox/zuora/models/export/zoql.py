"""Export ZOQL: parsed, checked and turned into a query over the copy of the store (spec section 11.2)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from sandbox.zuora.models.dataquery.copy import GONE, column_name
from sandbox.zuora.models.dataquery.moments import stored_moment
from sandbox.zuora.schema import Field, ObjectType, Schema

MAX_LENGTH = 20_000
MAX_GROUPS = 5
MAX_DEPTH = 4
AGGREGATES = (exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max)
ROLES = {
    "BillToContact": ("Account", "BillToId"),
    "SoldToContact": ("Account", "SoldToId"),
    "ShipToContact": ("Account", "ShipToId"),
    "BillTo": ("Account", "BillToId"),
    "SoldTo": ("Account", "SoldToId"),
    "DefaultPaymentMethod": ("Account", "DefaultPaymentMethodId"),
    "ParentAccount": ("Account", "ParentId"),
}
"""Related objects that have another name than their type: the object and the field that lead to them."""
FOREIGN_SIGNS = ("==", "&&", "||", "<=>", "<<", ">>", "^", "~")
QUOTED = re.compile(r"'(?:[^']|'')*'")
DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


class ExportRefused(Exception):
    """The query breaks a rule of Export ZOQL."""


@dataclass(frozen=True)
class ExportQuery:
    """A checked query. `labels` are the select items as written, `headings` as `Object.Field`, `kinds` the types of the columns."""

    sql: str
    object: str
    labels: list[str]
    headings: list[str]
    kinds: list[str]


class ExportTranslator:
    """Translates one query."""

    def __init__(self, schema: Schema, zone: tzinfo, settlement: bool) -> None:
        self.schema = schema
        self.zone = zone
        self.settlement = settlement
        self.joins: dict[str, tuple[str, str, str]] = {}

    def translate(self, text: object, since: datetime | None = None, deleted: bool = False) -> ExportQuery:
        """`since` limits the query to what changed in the FROM object after that moment; `deleted`: its deleted rows instead of the living
        ones. Raises `ExportRefused`."""
        select = self.parse(text)
        base = self.base_of(select)
        self.expand_star(select, base)
        items = [self.item(e, base) for e in select.expressions]
        self.check_groups(select, base)
        for column in list(select.find_all(exp.Column)):
            self.place(column, base)
        for node in list(select.find_all(*COMPARISONS)):
            self.compare(node)
        if since is not None:
            select.where(f"{base.table}.updateddate > '{stored_moment(since)}'", copy=False)
        for alias, (table, owner, link) in self.joins.items():
            select.join(f"{table} AS {alias}", on=f"{alias}.id = {owner}.{link}", join_type="left", copy=False)
        source = select.find(exp.Table)
        assert source is not None
        source.replace(exp.to_table(GONE + base.table, alias=base.table) if deleted else exp.to_table(base.table))
        labels, headings, kinds = (list(column) for column in zip(*items, strict=True))
        return ExportQuery(select.sql(dialect="sqlite"), base.name, labels, headings, kinds)

    def parse(self, text: object) -> exp.Select:
        if not isinstance(text, str) or len(text) > MAX_LENGTH:
            raise ExportRefused("The query is missing or too long.")
        try:
            tree = sqlglot.parse_one(text, read="mysql")
        except SqlglotError:
            raise ExportRefused("There is a syntax error in the query.") from None
        if not isinstance(tree, exp.Select) or tree.args.get("joins") or tree.find(exp.Subquery, exp.CTE, exp.Union, exp.Window):
            raise ExportRefused("Only plain select statements over one object are allowed.")
        if tree.args.get("distinct") and not tree.find(exp.Count):
            raise ExportRefused("distinct is only allowed with count.")
        if any(sign in QUOTED.sub("''", text) for sign in FOREIGN_SIGNS):
            raise ExportRefused("There is a syntax error in the query.")
        if function := next((f for f in tree.find_all(exp.Func) if not isinstance(f, (*AGGREGATES, exp.Connector))), None):
            raise ExportRefused(f"{function.sql(dialect='mysql')} is not allowed: only aggregate functions are.")
        group = tree.args.get("group")
        if group is not None and len(group.expressions) > MAX_GROUPS:
            raise ExportRefused(f"At most {MAX_GROUPS} fields can be grouped by.")
        return tree

    def base_of(self, select: exp.Select) -> ObjectType:
        tables = list(select.find_all(exp.Table))
        kind = self.kind_named(tables[0].name) if len(tables) == 1 else None
        if kind is None:
            raise ExportRefused("The object in FROM does not exist.")
        return kind

    def kind_named(self, name: str) -> ObjectType | None:
        for kind in self.schema.values():
            if kind.name.lower() == name.lower() and (self.settlement or not kind.settlement_only):
                return kind
        return None

    def expand_star(self, select: exp.Select, base: ObjectType) -> None:
        if any(isinstance(e, exp.Star) for e in select.expressions):
            select.set("expressions", [exp.column(f.name) for f in base.fields.values() if f.kind != "obj"])

    def item(self, expression: exp.Expr, base: ObjectType) -> tuple[str, str, str]:
        """Label as written, heading `Object.Field` and type of one selected column."""
        if isinstance(expression, exp.Alias):
            _, _, kind = self.item(expression.this, base)
            return expression.alias, expression.alias, kind
        written = expression.sql(dialect="mysql")
        if isinstance(expression, AGGREGATES):
            return written, written, "dec"
        if not isinstance(expression, exp.Column):
            raise ExportRefused(f"{written} cannot be selected.")
        owner, field, _ = self.resolve(expression, base)
        return written, f"{owner}.{field.name}", field.kind

    def check_groups(self, select: exp.Select, base: ObjectType) -> None:
        """What is selected beside aggregates or of groups is grouped by. Raises `ExportRefused`."""
        group = select.args.get("group")
        shown = [e.unalias() for e in select.expressions]
        if group is None and not any(isinstance(e, AGGREGATES) for e in shown):
            return
        keys = [self.resolve(e, base) for e in (group.expressions if group else ()) if isinstance(e, exp.Column)]
        if any(isinstance(e, exp.Column) and self.resolve(e, base) not in keys for e in shown):
            raise ExportRefused("One or more columns in the SELECT statement does not appear in the GROUP BY statement.")

    def resolve(self, column: exp.Column, base: ObjectType) -> tuple[str, Field, str]:
        """Name of the related object, field and table alias of a column."""
        relation = column.table or base.name
        if relation.lower() == base.name.lower():
            kind, alias, shown = base, base.table, base.name
        else:
            kind, alias, shown = self.relate(relation, base)
        field = kind.by_lower.get(column.name.lower())
        if field is None or field.kind == "obj":
            raise ExportRefused(f"{shown} has no field {column.name}.")
        return shown, field, alias

    def place(self, column: exp.Column, base: ObjectType) -> None:
        _, field, alias = self.resolve(column, base)
        column.replace(exp.column(column_name(field), table=alias))

    def relate(self, relation: str, base: ObjectType) -> tuple[ObjectType, str, str]:
        """The related object's type, its alias and its name; the joins that lead there are noted."""
        for role, (owner_name, link) in ROLES.items():
            if role.lower() == relation.lower():
                owner_alias = base.table if base.name == owner_name else self.relate(owner_name, base)[1]
                target = self.schema[self.schema[owner_name].references[link]]
                alias = f"j_{role.lower()}"
                self.joins.setdefault(alias, (target.table, owner_alias, link.lower()))
                return target, alias, role
        kind = self.kind_named(relation)
        path = self.path(base, kind) if kind else None
        if kind is None or path is None:
            raise ExportRefused(f"{relation} is not related to {base.name}.")
        alias = base.table
        for link, target in path:
            step = f"j_{target.table}"
            self.joins.setdefault(step, (target.table, alias, link.lower()))
            alias = step
        return kind, alias, kind.name

    def path(self, base: ObjectType, wanted: ObjectType) -> list[tuple[str, ObjectType]] | None:
        """The shortest way over references, preferring the field that is named like the object."""
        waiting: deque[tuple[ObjectType, list[tuple[str, ObjectType]]]] = deque([(base, [])])
        seen = {base.name}
        while waiting:
            kind, way = waiting.popleft()
            links = sorted(kind.references.items(), key=lambda x: x[0] != f"{x[1]}Id")
            for link, target_name in links:
                if target_name in seen:
                    continue
                target = self.schema[target_name]
                further = [*way, (link, target)]
                if target is wanted:
                    return further
                if len(further) < MAX_DEPTH:
                    seen.add(target_name)
                    waiting.append((target, further))
        return None

    def compare(self, node: exp.Expr) -> None:
        """Rewrite literals that are compared with moments and booleans."""
        column, literal = node.this, node.expression
        if not isinstance(column, exp.Column) or not isinstance(literal, exp.Literal) or not literal.is_string:
            return
        field = self.field_of(column)
        if field.kind == "bool":
            literal.replace(exp.Literal.number(int(literal.name.lower() == "true")))
        elif field.kind == "dt":
            self.compare_moment(node, column, literal.name)

    def field_of(self, column: exp.Column) -> Field:
        table = self.joins[column.table][0] if column.table in self.joins else column.table
        kind = next(k for k in self.schema.values() if k.table == table)
        return next(f for f in kind.fields.values() if column_name(f) == column.name)

    def compare_moment(self, node: exp.Expr, column: exp.Column, text: str) -> None:
        """A bare date stands for the whole day."""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ExportRefused(f"{text} is not a date-time.") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.zone)
        start = exp.Literal.string(stored_moment(moment.astimezone(UTC)))
        if not DAY.match(text):
            node.set("expression", start)
            return
        end = exp.Literal.string(stored_moment((moment + timedelta(days=1)).astimezone(UTC)))
        inside = exp.and_(exp.GTE(this=column.copy(), expression=start), exp.LT(this=column.copy(), expression=end))
        day: dict[type[exp.Expr], exp.Expr] = {
            exp.EQ: inside,
            exp.NEQ: exp.not_(inside.copy()),
            exp.GTE: exp.GTE(this=column.copy(), expression=start),
            exp.LT: exp.LT(this=column.copy(), expression=start),
            exp.GT: exp.GTE(this=column.copy(), expression=end),
            exp.LTE: exp.LT(this=column.copy(), expression=end),
        }
        node.replace(exp.paren(day[type(node)]))


def labels_of(query: ExportQuery, use_query_labels: bool) -> Sequence[str]:
    return query.labels if use_query_labels else [h.replace(".", ": ") for h in query.headings]
