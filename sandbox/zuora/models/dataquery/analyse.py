"""What Trino checks before it runs a query: the type of every expression, groups, and what DISTINCT allows (spec section 10.2).

Works on a tree whose names are resolved. The type of an expression is kept at it, for the translation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.tokenizer_core import Token

from sandbox.zuora.models.dataquery.castings import INTERVALS, cast_type
from sandbox.zuora.models.dataquery.dialect import SIGNS, first_place, sign_place, word_place
from sandbox.zuora.models.dataquery.grammar import SqlRefused
from sandbox.zuora.models.dataquery.groups import WRITTEN, check_groups, check_order, of_window
from sandbox.zuora.models.dataquery.moments import PARTS, UNITS_MONTHS, interval_size
from sandbox.zuora.models.dataquery.signatures import FUNCTIONS, kind_of
from sandbox.zuora.models.dataquery.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DAYS,
    DOUBLE,
    INTEGER,
    MONTHS,
    NUMBERS,
    TIMESTAMP,
    UNKNOWN,
    VARCHAR,
    WHOLES,
    Type,
    array,
    calculated,
    common,
)

TYPE = "trino"
ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.IntDiv: "/"}
COMPARED = SIGNS
DISTINCT_FROM: dict[type[exp.Expr], str] = {exp.NullSafeEQ: "IS DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM"}
MAX_INTEGER = 2**31
LEAST = {
    **dict.fromkeys(("lag", "lead"), (0, "Offset must be at least 0")),
    "nth_value": (1, "Offset must be at least 1"),
    "ntile": (1, "Buckets must be greater than 0"),
}
"""Of window functions: the least number that they take, and how less is refused."""
SETS = {exp.Union: "UNION", exp.Intersect: "INTERSECT", exp.Except: "EXCEPT"}
Columns = list[tuple[str, Type]]
"""Names and types of a query's columns; a name may come twice."""


def type_of(node: exp.Expr) -> Type:
    """The type that the analysis found. A node of the translation's own has none."""
    kind = node.meta.get(TYPE)
    return kind if isinstance(kind, Type) else UNKNOWN


class Analysis:
    """Checks one query over tables whose columns have the types given."""

    def __init__(self, tables: Mapping[str, Mapping[str, Type]], tokens: Sequence[Token]) -> None:
        self.tables = tables
        self.tokens = tokens
        self.outputs: dict[int, Columns] = {}
        self.scope: Scope

    def check(self, tree: exp.Query) -> list[Type]:
        """The types of the result's columns. Raises `SqlRefused` with Trino's words."""
        for scope in traverse_scope(tree):
            self.scope = scope
            query = scope.expression
            if isinstance(query, exp.Select):
                self.outputs[id(query)] = self.select(query)
            elif isinstance(query, exp.SetOperation):
                self.outputs[id(query)] = self.set_operation(query)
            elif isinstance(query, exp.Unnest):
                self.outputs[id(query)] = self.unnested(query)
        return [kind for _, kind in self.outputs[id(tree)]]

    def unnested(self, table: exp.Unnest) -> Columns:
        """The items of one array, and their places where they are asked for."""
        alias, place = table.args.get("alias"), table.args.get("offset")
        kinds = [self.typed(e) for e in table.expressions]
        if len(kinds) != 1 or not isinstance(alias, exp.TableAlias) or len(alias.columns) != 1:
            self.refuse(first_place(table), "UNNEST of other than one array with a name for its items is not imitated here")
        if kinds[0].kind != "array":
            self.refuse(first_place(table), f"Cannot unnest type: {kinds[0]}")
        return [(alias.columns[0].name, kinds[0].of or UNKNOWN), *([(place.name, BIGINT)] if isinstance(place, exp.Identifier) else [])]

    def select(self, query: exp.Select) -> Columns:
        for join in query.args.get("joins") or ():
            if condition := join.args.get("on"):
                self.condition(condition, "JOIN ON clause must evaluate to a boolean: actual type {}")
        for name in ("where", "having"):
            if clause := query.args.get(name):
                self.condition(clause.this, name.upper() + " clause must evaluate to a boolean: actual type {}")
        for place, projection in enumerate(query.selects):
            self.typed(projection)
            if not projection.alias_or_name:
                projection.meta["place"] = place
        for clause in (query.args.get("group"), query.args.get("order")):
            for each in clause.expressions if clause is not None else ():
                self.typed(each.this if isinstance(each, exp.Ordered) else each)
        check_groups(query, set(self.scope.sources))
        check_order(query)
        return [(self.name(p, i), type_of(p)) for i, p in enumerate(query.selects)]

    def name(self, projection: exp.Expr, place: int) -> str:
        return projection.alias_or_name or f"_col{place}"

    def set_operation(self, query: exp.SetOperation) -> Columns:
        left, right = (self.outputs[id(side.unnest())] for side in (query.left, query.right))
        word = SETS[type(query)]
        values = query.find_ancestor(exp.Subquery, exp.SetOperation) if "values" not in query.meta else query
        of_values = "values" in query.meta or (values is not None and "values" in values.meta)
        if len(left) != len(right):
            self.refuse("line 1:1", f"{word} query has different number of fields: {len(left)}, {len(right)}")
        found: Columns = []
        for place, ((name, one), (_, other)) in enumerate(zip(left, right, strict=True)):
            both = common(one, other)
            if both is None and of_values:
                self.refuse(word_place(query, ("VALUES",), self.tokens), f"Values rows have mismatched types: {one} vs {other}")
            if both is None:
                self.refuse("line 1:1", f"column {place + 1} in {word} query has incompatible types: {one}, {other}")
            found.append((name, both))
        for each in query.args["order"].expressions if query.args.get("order") else ():
            column = each.this
            if isinstance(column, exp.Column) and column.name in dict(found):
                column.meta[TYPE] = dict(found)[column.name]
            elif not isinstance(column, exp.Literal):
                self.typed(column)
        return found

    def condition(self, node: exp.Expr, text: str) -> Type:
        kind = self.typed(node)
        if kind not in (BOOLEAN, UNKNOWN):
            self.refuse(first_place(node), text.format(kind))
        return BOOLEAN

    def typed(self, node: exp.Expr) -> Type:
        """The type of an expression, which is kept at it."""
        method = getattr(self, f"of_{type(node).__name__.lower()}", None)
        if method is not None:
            kind = method(node)
        elif type(node) in ARITHMETIC:
            kind = self.arithmetic(node, ARITHMETIC[type(node)])
        elif type(node) in COMPARED or type(node) in DISTINCT_FROM:
            kind = self.compared({**COMPARED, **DISTINCT_FROM}[type(node)], node.this, node.expression)
        else:
            self.refuse(first_place(node), f"not imitated here: {node.key}")
        node.meta[TYPE] = kind
        return kind  # type: ignore[no-any-return]

    def refuse(self, place: str, text: str) -> NoReturn:
        raise SqlRefused(f"{place}: {text}")

    # Values

    def of_literal(self, node: exp.Literal) -> Type:
        text = node.name
        if node.is_string:
            return Type("varchar", len(text))
        if "e" in text.lower():
            return DOUBLE
        if "." in text:
            whole, _, places = text.partition(".")
            return Type("decimal", len(whole.lstrip("0")) + len(places) or 1, len(places))
        if int(text) >= 2**63:
            self.refuse(first_place(node), f"Invalid numeric literal: {text}")
        return INTEGER if int(text) < MAX_INTEGER else BIGINT

    def of_column(self, node: exp.Column) -> Type:
        scope: Scope | None = self.scope
        if not node.table and (kind := self.without_table(node)):
            return kind
        while scope is not None:
            source = scope.sources.get(node.table)
            found = [kind for name, kind in self.columns_of(source) if name == node.name] if source is not None else []
            if len(found) > 1:
                self.refuse(first_place(node), f"Column '{node.meta.get(WRITTEN, node.name)}' is ambiguous")
            if found:
                return found[0]
            scope = scope.parent
        self.refuse(first_place(node), f"Column '{node.table}.{node.name}' cannot be resolved")

    def without_table(self, node: exp.Column) -> Type | None:
        """The type of a column of the list that ORDER BY names. Elsewhere a name is one of a table; that of HAVING is looked up here."""
        query = self.scope.expression
        assert isinstance(query, exp.Query)
        clause = node.find_ancestor(exp.Order, exp.Having, exp.Group, exp.Where, exp.Select)
        found = next((p for p in query.selects if p.alias_or_name == node.name), None)
        if found is not None and clause is query.args.get("order"):
            return type_of(found)
        holders = [name for name, source in self.scope.sources.items() if node.name in dict(self.columns_of(source))]
        if len(holders) != 1 or clause is not query.args.get("having"):
            self.refuse(first_place(node), f"Column '{node.name}' {'is ambiguous' if len(holders) > 1 else 'cannot be resolved'}")
        node.set("table", exp.to_identifier(holders[0]))
        return None

    def columns_of(self, source: exp.Expr | Scope) -> Columns:
        return list(self.tables[source.name].items()) if isinstance(source, exp.Table) else self.outputs.get(id(source.expression), [])

    def of_null(self, node: exp.Expr) -> Type:
        return UNKNOWN

    def of_boolean(self, node: exp.Expr) -> Type:
        return BOOLEAN

    def of_star(self, node: exp.Expr) -> Type:
        return UNKNOWN

    def of_currentdate(self, node: exp.Expr) -> Type:
        return DATE

    def of_currenttimestamp(self, node: exp.Expr) -> Type:
        return TIMESTAMP

    of_localtimestamp = of_currenttimestamp

    def of_interval(self, node: exp.Interval) -> Type:
        """Its size is kept at it, in milliseconds or months."""
        unit = node.args["unit"]
        start, end = (unit.this.name, unit.expression.name) if isinstance(unit, exp.IntervalSpan) else (unit.name, unit.name)
        turned = isinstance(node.this, exp.Neg)
        try:
            size = interval_size((node.this.this if turned else node.this).name, start.upper(), end.upper())
        except ValueError as wrong:
            self.refuse(word_place(node, ("INTERVAL",), self.tokens), str(wrong))
        node.meta["size"] = -size if turned else size
        return MONTHS if start.lower() in UNITS_MONTHS else DAYS

    def of_array(self, node: exp.Array) -> Type:
        return array(
            self.same(node.expressions, first_place(node), "All ARRAY elements must be the same type: {0}") if node.expressions else UNKNOWN
        )

    def of_subquery(self, node: exp.Subquery) -> Type:
        columns = [kind for _, kind in self.outputs[id(node.unnest())]]
        if len(columns) != 1:
            place = word_place(node, ("(",), self.tokens)
            self.refuse(place, f"Multiple columns returned by subquery are not yet supported. Found {len(columns)}")
        return columns[0]

    # Wrappers

    def of_paren(self, node: exp.Expr) -> Type:
        return self.typed(node.this)

    of_alias = of_ordered = of_paren

    def of_exists(self, node: exp.Expr) -> Type:
        return BOOLEAN

    # Operators

    def arithmetic(self, node: exp.Expr, op: str) -> Type:
        left, right = self.typed(node.this), self.typed(node.expression)
        kind = calculated(op, left, right) if not {left.kind, right.kind} & set(INTERVALS) else None
        times, spans = ("date", "timestamp"), (left.kind in INTERVALS, right.kind in INTERVALS)
        if op in "+-" and left.kind in times and right.kind in INTERVALS:
            kind = left
        elif op == "+" and left.kind in INTERVALS and right.kind in times:
            kind = right
        elif op == "-" and left.kind in times and right.kind in times:
            kind = DAYS
        elif (op in "+-" and all(spans) and left == right) or (op in "*/" and spans[0] and right.kind in WHOLES):
            kind = left
        elif op == "*" and spans[1] and left.kind in WHOLES:
            kind = right
        if kind is None:
            self.refuse(sign_place(node.this, op, self.tokens), f"'{op}' cannot be applied to {left}, {right}")
        return kind

    def of_neg(self, node: exp.Neg) -> Type:
        kind = self.typed(node.this)
        if kind.kind not in (*NUMBERS, *INTERVALS, "unknown"):
            self.refuse(word_place(node, ("-",), self.tokens), f"'-' cannot be applied to {kind}")
        return kind

    def of_dpipe(self, node: exp.DPipe) -> Type:
        texts = [self.typed(side).kind for side in node.flatten(unnest=False)]
        if set(texts) <= {"varchar", "unknown"}:
            return VARCHAR
        left, right = self.typed(node.this), self.typed(node.expression)
        if left.kind == right.kind == "array":
            return common(left, right) or left
        if any(k.kind not in ("varchar", "unknown") for k in (left, right)):
            self.no_function("concat", [left, right], sign_place(node.this, "||", self.tokens))
        return VARCHAR

    def of_all(self, node: exp.Expr) -> Type:
        query = node.this
        columns = [kind for _, kind in self.outputs[id(query.unnest())]] if isinstance(query.unnest(), exp.Query) else []
        if len(columns) != 1:
            self.refuse(first_place(node), f"Multiple columns returned by subquery are not yet supported. Found {len(columns)}")
        return columns[0]

    of_any = of_all

    def compared(self, op: str, one: exp.Expr, other: exp.Expr) -> Type:
        left, right = self.typed(one), self.typed(other)
        if common(left, right) is None:
            self.refuse(sign_place(one, op.split(" ", 1)[0], self.tokens), f"'{op}' cannot be applied to {left}, {right}")
        return BOOLEAN

    def of_between(self, node: exp.Between) -> Type:
        kinds = [self.typed(n) for n in (node.this, node.args["low"], node.args["high"])]
        for other in kinds[1:]:
            if common(kinds[0], other) is None:
                place = sign_place(node.this, "BETWEEN", self.tokens)
                self.refuse(place, f"Cannot check if {kinds[0]} is BETWEEN {kinds[1]} and {kinds[2]}")
        return BOOLEAN

    def of_in(self, node: exp.In) -> Type:
        kind = self.typed(node.this)
        query = node.args.get("query")
        if query is not None:
            found = self.of_subquery(query)
            if common(kind, found) is None:
                place = sign_place(node.this, "IN", self.tokens)
                self.refuse(place, f"value and result of subquery must be of the same type for IN expression: {kind} vs {found}")
            return BOOLEAN
        if not node.expressions:
            self.refuse(sign_place(node.this, ")", self.tokens), "mismatched input ')'. Expecting: <expression>")
        place = first_place(node.expressions[0])
        self.same([node.this, *node.expressions], place, "IN value and list items must be the same type: {0}")
        return BOOLEAN

    def of_like(self, node: exp.Like) -> Type:
        for side, word in ((node.this, "Left side of LIKE expression"), (node.expression, "Pattern for LIKE expression")):
            kind = self.typed(side)
            if kind.kind not in ("varchar", "unknown"):
                self.refuse(first_place(side), f"{word} must evaluate to a varchar (actual: {kind})")
        return BOOLEAN

    def of_escape(self, node: exp.Escape) -> Type:
        self.typed(node.expression)
        kind, pattern, sign = self.typed(node.this), node.this.expression, node.expression
        if isinstance(sign, exp.Literal) and len(sign.name) != 1:
            raise SqlRefused("Escape string must be a single character")
        if isinstance(sign, exp.Literal) and isinstance(pattern, exp.Literal):
            rest = pattern.name.replace(sign.name * 2, "").replace(sign.name + "%", "").replace(sign.name + "_", "")
            if sign.name in rest:
                raise SqlRefused("Escape character must be followed by '%', '_' or the escape character itself")
        return kind

    def of_is(self, node: exp.Is) -> Type:
        if not isinstance(node.expression, exp.Null):
            self.refuse(first_place(node.expression), f"mismatched input '{node.expression.sql()}'. Expecting: 'DISTINCT', 'NOT', 'NULL'")
        self.typed(node.this)
        return BOOLEAN

    def of_and(self, node: exp.Expr) -> Type:
        for side in node.flatten(unnest=False):
            self.condition(side, "Logical expression term must evaluate to a boolean (actual: {})")
        return BOOLEAN

    of_or = of_and

    def of_not(self, node: exp.Not) -> Type:
        return self.condition(node.this, "Value of logical NOT expression must evaluate to a boolean (actual: {})")

    # Special forms

    def of_case(self, node: exp.Case) -> Type:
        for branch in node.args["ifs"]:
            if node.this is None:
                self.condition(branch.this, "CASE WHEN clause must evaluate to a boolean (actual: {})")
        if node.this is not None:
            self.same(
                [node.this, *(b.this for b in node.args["ifs"])],
                first_place(node.this),
                "CASE operand type does not match WHEN clause operand type: {0} vs {1}",
            )
        results = [branch.args["true"] for branch in node.args["ifs"]]
        results += [node.args["default"]] if node.args.get("default") else []
        return self.same(results, word_place(node, ("CASE",), self.tokens), "All CASE results must be the same type: {0}")

    def of_if(self, node: exp.If) -> Type:
        self.condition(node.this, "IF condition must evaluate to a boolean (actual: {})")
        results = [node.args[name] for name in ("true", "false") if node.args.get(name)]
        return self.same(results, word_place(node, ("IF",), self.tokens), "Result types for IF must be the same: {0}, {1}")

    def same(self, nodes: Iterable[exp.Expr], place: str, text: str) -> Type:
        """The type that all have in common."""
        kinds = [self.typed(n) for n in nodes]
        found = kinds[0]
        for kind in kinds[1:]:
            both = common(found, kind)
            if both is None:
                self.refuse(place, text.format(found, kind))
            found = both
        return found

    def of_cast(self, node: exp.Cast) -> Type:
        return cast_type(node, self.typed(node.this), self.tokens)

    of_trycast = of_cast

    def of_extract(self, node: exp.Extract) -> Type:
        name = node.this.name.lower()
        if name not in PARTS:
            self.refuse(word_place(node, ("EXTRACT",), self.tokens), f"Invalid EXTRACT field: {name}")
        return self.function(name, [node.expression], word_place(node, ("EXTRACT",), self.tokens))

    def of_trim(self, node: exp.Trim) -> Type:
        return self.function("trim", [node.this], word_place(node, ("TRIM",), self.tokens))

    def of_substring(self, node: exp.Substring) -> Type:
        given = [node.this, *(node.args[n] for n in ("start", "length") if node.args.get(n))]
        return self.function("substring", given, word_place(node, ("SUBSTRING",), self.tokens))

    def of_strposition(self, node: exp.StrPosition) -> Type:
        return self.function("strpos", [node.this, node.args["substr"]], word_place(node, ("POSITION",), self.tokens))

    def of_attimezone(self, node: exp.AtTimeZone) -> Type:
        return self.function("at_timezone", [node.this, node.args["zone"]], first_place(node))

    def of_bracket(self, node: exp.Bracket) -> Type:
        kind, place = self.typed(node.this), self.typed(node.expressions[0])
        if kind.kind != "array" or kind.of is None or place.kind not in WHOLES:
            self.refuse(first_place(node), f"'[]' cannot be applied to {kind}, {place}")
        return kind.of

    def of_anonymous(self, node: exp.Anonymous) -> Type:
        name = node.name.lower()
        given = list(node.expressions)
        if given and isinstance(given[0], exp.Order):
            for each in given[0].expressions:
                self.typed(each.this)
            given[0] = given[0].this
        if given and isinstance(given[0], exp.Distinct):
            given = given[0].expressions
        place = first_place(node)
        if kind_of(name) == "window" and not of_window(node):
            self.refuse(place, f"Window function {name} requires OVER clause")
        self.check_offset(name, given)
        if name == "count" and len(given) == 1 and isinstance(given[0], exp.Star):
            return BIGINT
        if name == "try" and len(given) == 1:
            return self.typed(given[0])
        if name == "coalesce" and len(given) > 1:
            return self.same(given, place, "All COALESCE operands must be the same type: {0}")
        if name == "nullif" and len(given) == 2:
            self.same(given, place, "Types are not comparable with NULLIF: {0} vs {1}")
            return type_of(given[0])
        return self.function(name, given, place)

    def check_offset(self, name: str, given: Sequence[exp.Expr]) -> None:
        """Of a window function, where it is written out."""
        least, text = LEAST.get(name, (0, ""))
        number = given[-1] if name == "ntile" else given[1] if len(given) > 1 else None
        value = number.this if isinstance(number, exp.Neg) else number
        if not text or not isinstance(value, exp.Literal) or value.is_string:
            return
        if (-1 if value is not number else 1) * float(value.name) < least:
            raise SqlRefused(text)

    def function(self, name: str, given: Sequence[exp.Expr], place: str) -> Type:
        kinds = [self.typed(n) for n in given]
        if name not in FUNCTIONS:
            self.refuse(place, f"Function '{name}' not registered")
        for form in FUNCTIONS[name]:
            kind = form.fits(kinds)
            if kind is not None:
                return kind
        self.no_function(name, kinds, place)

    def no_function(self, name: str, kinds: Sequence[Type], place: str) -> NoReturn:
        expected = ", ".join(form.shown() for form in FUNCTIONS[name])
        self.refuse(place, f"Unexpected parameters ({', '.join(map(str, kinds))}) for function {name}. Expected: {expected}")

    def of_filter(self, node: exp.Filter) -> Type:
        self.condition(node.expression.this, "FILTER clause must evaluate to a boolean: actual type {}")
        return self.typed(node.this)

    def of_ignorenulls(self, node: exp.Expr) -> Type:
        self.refuse(first_place(node), "IGNORE NULLS is not imitated here")

    def of_coalesce(self, node: exp.Coalesce) -> Type:
        """Of `USING`, which becomes one."""
        return self.same([node.this, *node.expressions], first_place(node), "All COALESCE operands must be the same type: {0}")

    def of_window(self, node: exp.Window) -> Type:
        if isinstance(node.this, exp.Anonymous) and kind_of(node.this.name) == "scalar":
            self.refuse(first_place(node), f"Not a window function: {node.this.name.lower()}")
        for each in node.args.get("partition_by") or ():
            self.typed(each)
        order = node.args.get("order")
        for each in order.expressions if order is not None else ():
            self.typed(each.this)
        return self.typed(node.this)
