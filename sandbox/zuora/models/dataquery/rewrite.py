"""From a checked query to the embedded engine's SQL: what it has otherwise becomes a function of `functions`."""

from __future__ import annotations

import json
from datetime import tzinfo

from sqlglot import exp

from sandbox.zuora.models.dataquery.aggregates import COLLECTED
from sandbox.zuora.models.dataquery.analyse import ARITHMETIC, COMPARED, DISTINCT_FROM, TYPE, type_of
from sandbox.zuora.models.dataquery.castings import INTERVALS
from sandbox.zuora.models.dataquery.dialect import first_place
from sandbox.zuora.models.dataquery.functions import NULLS, OWN, TRIED
from sandbox.zuora.models.dataquery.grammar import SqlRefused
from sandbox.zuora.models.dataquery.groups import is_aggregate
from sandbox.zuora.models.dataquery.moments import GIVEN_MOMENT, parsed_date, parsed_moment, stored_moment
from sandbox.zuora.models.dataquery.signatures import kind_of
from sandbox.zuora.models.dataquery.types import DATE, TIMESTAMP, UNKNOWN, WHOLES, Type

NATIVE = frozenset({"count", "min", "max", "coalesce", "nullif"})
WHOLE_KINDS = frozenset(WHOLES)
DEFAULTING = frozenset({"coalesce", *NULLS})
"""Functions that answer something for null, so that TRY around them is not what it is around their arguments."""
TIMES = ("date", "timestamp")
NO_ZONES = ("UTC", "Z", "GMT", "+00:00", "-00:00")
"""Zones of literals that stay moments in UTC."""


def own(name: str, *given: exp.Expr | str | int) -> exp.Anonymous:
    """A call of one of the registered functions."""
    values = [g if isinstance(g, exp.Expr) else exp.Literal.string(g) if isinstance(g, str) else exp.Literal.number(g) for g in given]
    return exp.Anonymous(this=OWN + name, expressions=values)


class Rewriting:
    """Rewrites one query of a tenant in its zone."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self.unnested: set[str] = set()
        self.places: dict[str, str] = {}

    def rewrite(self, tree: exp.Query) -> exp.Query:
        """The tree itself, changed from its leaves up. Raises `SqlRefused` for a literal that is none of its type."""
        self.places = {
            u.alias: u.args["offset"].name for u in tree.find_all(exp.Unnest) if isinstance(u.args.get("offset"), exp.Identifier)
        }
        self.unnested = {u.alias for u in tree.find_all(exp.Unnest)}
        for node in reversed(list(tree.walk())):
            made = self.made(node)
            if made is not node:
                made.meta[TYPE] = type_of(node)
                node.replace(made)
        return tree

    def made(self, node: exp.Expr) -> exp.Expr:
        method = getattr(self, f"of_{type(node).__name__.lower()}", None)
        if method is not None:
            return method(node)  # type: ignore[no-any-return]
        if type(node) in ARITHMETIC and TYPE in node.meta:
            return self.arithmetic(node, ARITHMETIC[type(node)])
        if isinstance(node, exp.Binary) and type(node) in COMPARED and isinstance(node.expression, (exp.All, exp.Any)):
            return self.quantified(node, node.expression)
        if type(node) in COMPARED or type(node) in DISTINCT_FROM:
            self.alike(node, [("this", node.this), ("expression", node.expression)])
        return node

    def of_currenttimestamp(self, node: exp.Expr) -> exp.Expr:
        return exp.Placeholder(this="now")

    of_localtimestamp = of_currenttimestamp

    def of_currentdate(self, node: exp.Expr) -> exp.Expr:
        return exp.Placeholder(this="today")

    def of_interval(self, node: exp.Interval) -> exp.Expr:
        size = int(node.meta["size"])
        return exp.Paren(this=exp.Literal.number(size)) if size < 0 else exp.Literal.number(size)

    def of_unnest(self, node: exp.Unnest) -> exp.Expr:
        call = exp.Anonymous(this="json_each", expressions=[node.expressions[0]])
        return exp.Table(this=call, alias=exp.TableAlias(this=exp.to_identifier(node.alias)))

    def of_column(self, node: exp.Column) -> exp.Expr:
        if node.table not in self.unnested:
            return node
        if node.name == self.places.get(node.table):
            return exp.Paren(this=exp.Add(this=exp.column("key", table=node.table), expression=exp.Literal.number(1)))
        return exp.column("value", table=node.table)

    def of_select(self, node: exp.Select) -> exp.Expr:
        """HAVING without GROUP BY, which the engine has beside aggregates in the list alone."""
        if node.args.get("having") is not None and not node.args.get("group") and not any(is_counted(p) for p in node.selects):
            node.set("group", exp.Group(expressions=[exp.Literal.string("")]))
        return node

    # Operators

    def arithmetic(self, node: exp.Expr, op: str) -> exp.Expr:
        left, right, kind = node.this, node.expression, type_of(node)
        of = (type_of(left), type_of(right))
        if kind.kind in TIMES:
            moment, span = (left, right) if of[0].kind in TIMES else (right, left)
            unit = "add_months" if type_of(span).kind == "months" else "add_ms"
            return own(unit, moment, exp.Neg(this=exp.Paren(this=span)) if op == "-" else span)
        if kind.kind in INTERVALS:
            if op == "/":
                return own("divide", left, right, -1)
            return own("since", left, right) if of[0].kind in TIMES else node
        if op in "/%":
            places = kind.scale if kind.kind == "decimal" else -2 if kind.kind == "double" else -1
            return own("divide", left, right, places) if op == "/" else own("mod", left, right)
        if kind.kind == "decimal":
            return own("decimal", op, left, right, kind.scale)
        return own("whole", op, left, right, kind.kind) if kind.kind in WHOLE_KINDS else node

    def of_dpipe(self, node: exp.DPipe) -> exp.Expr:
        return own("concat_arrays", node.this, node.expression) if type_of(node).kind == "array" else node

    def quantified(self, node: exp.Binary, words: exp.Expr) -> exp.Expr:
        """A comparison with all or any rows of a subquery."""
        query = words.this.unnest()
        column: exp.Expr = exp.column(query.selects[0].alias_or_name or "_col_0", table="one_")
        left: exp.Expr = node.this
        if "timestamp" in (type_of(left).kind, type_of(words).kind):
            left, column = comparable(left), own("instant", column)
        every = isinstance(words, exp.All)
        held = own("for_all" if every else "for_any", "{}", COMPARED[type(node)], left, column)
        none = exp.EQ(this=exp.Anonymous(this="count", expressions=[exp.Star()]), expression=exp.Literal.number(0))
        value = exp.Case(ifs=[exp.If(this=none, true=exp.Literal.number(int(every)))], default=held)
        rows = exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier("one_")))
        return exp.Subquery(this=exp.Select(expressions=[value]).from_(rows))

    def alike(self, node: exp.Expr, sides: list[tuple[str, exp.Expr]]) -> None:
        """Dates and moments that are compared, in one form."""
        kinds = {type_of(side).kind for _, side in sides} - {"unknown"}
        if "timestamp" in kinds:
            for name, side in sides:
                node.set(name, comparable(side))

    def of_between(self, node: exp.Between) -> exp.Expr:
        self.alike(node, [(name, node.args[name]) for name in ("this", "low", "high")])
        return node

    def of_in(self, node: exp.In) -> exp.Expr:
        if type_of(node.this) == TIMESTAMP:
            node.set("this", comparable(node.this))
            node.set("expressions", [comparable(e) for e in node.expressions])
        return node

    def of_ordered(self, node: exp.Ordered) -> exp.Expr:
        if type_of(node.this) == TIMESTAMP:
            node.set("this", comparable(node.this))
        return node

    # Special forms

    def of_cast(self, node: exp.Cast) -> exp.Expr:
        value: exp.Expr = node.this
        wanted, kind = type_of(node), type_of(value)
        if isinstance(value, exp.Literal) and kind.kind == "varchar" and wanted in (DATE, TIMESTAMP):
            return self.time_literal(value.name, wanted, isinstance(node, exp.TryCast))
        if (
            kind == UNKNOWN
            or (wanted == kind and wanted.kind != "decimal")
            or (wanted.kind, wanted.size, kind.kind) == ("varchar", None, "varchar")
        ):
            return value
        name = "try_cast" if isinstance(node, exp.TryCast) else "cast"
        return own(
            name, value, kind.kind, kind.size or 0, kind.scale, wanted.kind, -1 if wanted.size is None else wanted.size, wanted.scale
        )

    of_trycast = of_cast

    def tried(self, node: exp.Expr, value: exp.Expr) -> exp.Expr:
        """What is inside of TRY, with functions that answer null where they would fail. Raises `SqlRefused` where that is not the same."""
        for inner in value.walk():
            name = inner.name.lower().removeprefix(OWN) if isinstance(inner, exp.Anonymous) else ""
            if isinstance(inner, (exp.Case, exp.If, exp.Query, exp.Coalesce, exp.Is, exp.And, exp.Or)) or name in DEFAULTING:
                raise SqlRefused(f"{first_place(node)}: TRY over {name or inner.key} is not imitated here")
            if isinstance(inner, exp.Anonymous) and inner.name.startswith(OWN) and kind_of(name) != "aggregate":
                inner.set("this", OWN + TRIED + name)
        return exp.Paren(this=value)

    def time_literal(self, text: str, wanted: Type, tried: bool) -> exp.Expr:
        try:
            if wanted == DATE:
                return exp.Literal.string(parsed_date(text))
            moment = exp.Literal.string(stored_moment(parsed_moment(text, self.zone)))
            match = GIVEN_MOMENT.match(text.strip())
            zone = match["zone"] if match else None
            return moment if zone in (None, *NO_ZONES) else own("at_timezone", moment, zone)
        except ValueError as wrong:
            if tried:
                return exp.Null()
            raise SqlRefused(str(wrong)) from None

    def of_if(self, node: exp.If) -> exp.Expr:
        if not isinstance(node.parent, exp.Case) and not node.args.get("false"):
            node.set("false", exp.Null())
        return node

    def of_extract(self, node: exp.Extract) -> exp.Expr:
        return own(node.this.name.lower(), node.expression)

    def of_trim(self, node: exp.Trim) -> exp.Expr:
        side = str(node.args.get("position") or "").upper()
        return own({"LEADING": "ltrim", "TRAILING": "rtrim"}.get(side, "trim"), node.this)

    def of_substring(self, node: exp.Substring) -> exp.Expr:
        return own("substring", node.this, *(node.args[n] for n in ("start", "length") if node.args.get(n)))

    def of_strposition(self, node: exp.StrPosition) -> exp.Expr:
        return own("strpos", node.this, node.args["substr"])

    def of_attimezone(self, node: exp.AtTimeZone) -> exp.Expr:
        return own("at_timezone", node.this, node.args["zone"])

    def of_array(self, node: exp.Array) -> exp.Expr:
        return own("array", *node.expressions)

    def of_bracket(self, node: exp.Bracket) -> exp.Expr:
        return own("subscript", node.this, exp.Add(this=exp.Paren(this=node.expressions[0]), expression=exp.Literal.number(1)))

    def of_subquery(self, node: exp.Subquery) -> exp.Expr:
        if isinstance(node.parent, exp.SetOperation):
            part = exp.Subquery(this=node.unnest(), alias=exp.TableAlias(this=exp.to_identifier("part_")))
            return exp.Select(expressions=[exp.Star()]).from_(part)
        if TYPE not in node.meta or isinstance(node.parent, (exp.All, exp.Any)):
            return node
        query = node.unnest()
        assert isinstance(query, exp.Query)
        if not query.args.get("group") and isinstance(query, exp.Select) and any(is_counted(p) for p in query.selects):
            return node
        column = exp.column(query.selects[0].alias_or_name or "_col_0", table="one_")
        inner = exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier("one_")))
        return exp.Subquery(this=exp.Select(expressions=[own("one_row", "{}", column)]).from_(inner))

    # Functions

    def of_anonymous(self, node: exp.Anonymous) -> exp.Expr:
        name = node.name.lower()
        given: list[exp.Expr] = list(node.expressions)
        if name.startswith(OWN):
            return node
        if name == "now":
            return exp.Placeholder(this="now")
        if name == "typeof":
            return own(name, str(type_of(given[0])), given[0])
        if name == "try":
            return self.tried(node, given[0])
        if name == "to_milliseconds":
            return given[0]
        if name == "date" and type_of(given[0]).kind == "varchar":
            name = "parsed_date"
        if name in ("max", "min") and len(given) == 2:
            return self.collected(name + "_n", node, given)
        if name in COLLECTED:
            return self.collected(name, node, given)
        if name in NATIVE or kind_of(name) == "window":
            return node
        if name == "concat" and type_of(node).kind == "array":
            name = "concat_arrays"
        return own(name, *given)

    def collected(self, name: str, node: exp.Anonymous, given: list[exp.Expr]) -> exp.Expr:
        """DISTINCT and ORDER BY inside an aggregation, which the engine has not for functions of others, go along as values."""
        how: dict[str, object] = {}
        keys: list[exp.Expr] = []
        if given and isinstance(given[0], exp.Order):
            how["order"] = [bool(o.args.get("desc")) for o in given[0].expressions]
            keys = [o.this for o in given[0].expressions]
            given[0] = given[0].this
        if given and isinstance(given[0], exp.Distinct):
            how["distinct"] = True
            given = given[0].expressions
        if name == "avg":
            kind = type_of(node)
            given = [*given, exp.Literal.number(kind.scale if kind.kind == "decimal" else -1)]
        return own(name, json.dumps(how), *given, *keys)


def is_counted(node: exp.Expr) -> bool:
    return any(
        is_aggregate(n) or n.name.startswith(OWN) for n in node.find_all(exp.Anonymous) if kind_of(n.name.removeprefix(OWN)) == "aggregate"
    )


def comparable(node: exp.Expr) -> exp.Expr:
    """A date or moment in the form of stored moments. What has it already stays as it is, so that an index can be used."""
    if isinstance(node, exp.Anonymous) and node.name == OWN + "at_timezone":
        return comparable(node.expressions[0])
    if type_of(node) != DATE and isinstance(node, (exp.Column, exp.Literal, exp.Null, exp.Placeholder)):
        return node
    return own("instant", node)
