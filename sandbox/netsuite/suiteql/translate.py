"""From SuiteQL's Oracle dialect to SQLite: names are resolved, what the service would refuse is refused, functions are mapped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlglot import exp
from sqlglot.dialects.oracle import Oracle
from sqlglot.errors import ParseError, TokenError
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.parsers.oracle import OracleParser

from sandbox.netsuite.suiteql.binds import MARKER, outside_quotes
from sandbox.netsuite.suiteql.checks import Checks, check_joins
from sandbox.netsuite.suiteql.dates import BadDate, implicit
from sandbox.netsuite.suiteql.errors import hidden_table, search_error, unknown_column, unknown_table, unsupported
from sandbox.netsuite.suiteql.rownum import limit_by_rownum
from sandbox.netsuite.suiteql.tables import TABLES, Column, Table

MAX_IN_ARGUMENTS = 1000
SCHEMAS_KEPT, TRANSLATIONS_KEPT = 8, 2_000
CUSTOM_FUNCTIONS = {
    "TO_DATE": (1, 2),
    "TO_TIMESTAMP": (1, 2),
    "TO_CHAR": (1, 2),
    "TO_NUMBER": (1, 2),
    "TRUNC": (1, 2),
    "NEXT_DAY": (2, 2),
    "TRANSLATE": (3, 3),
    "ASCII": (1, 1),
    "SOUNDEX": (1, 1),
    "BITAND": (2, 2),
    "REMAINDER": (2, 2),
    "REGEXP_INSTR": (2, 6),
    **dict.fromkeys(("SIN", "COS", "TAN", "ASIN", "ACOS", "ATAN", "SINH", "COSH", "TANH"), (1, 1)),
    "ATAN2": (2, 2),
    "ADD_MONTHS": (2, 2),
    "LAST_DAY": (1, 1),
    "MONTHS_BETWEEN": (2, 2),
    "INSTR": (2, 4),
    "LPAD": (2, 3),
    "RPAD": (2, 3),
    "REPLACE": (2, 3),
    "INITCAP": (1, 1),
    "REGEXP_SUBSTR": (2, 6),
    "REGEXP_REPLACE": (2, 6),
    "REGEXP_LIKE": (2, 3),
}
"""Functions with an implementation of their own, with the fewest and the most arguments they take."""
NATIVE_FUNCTIONS = frozenset(
    (
        *("COUNT", "SUM", "MIN", "MAX", "AVG", "LISTAGG"),
        *("ROW_NUMBER", "RANK", "DENSE_RANK", "NTILE", "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE"),
        *("COALESCE", "NVL", "NVL2", "NULLIF", "DECODE", "GREATEST", "LEAST", "CAST"),
        *("ABS", "CEIL", "EXP", "FLOOR", "LN", "LOG", "MOD", "POWER", "ROUND", "SIGN", "SQRT"),
        *("CHR", "CONCAT", "LENGTH", "LOWER", "LTRIM", "RTRIM", "SUBSTR", "TRIM", "UPPER"),
    )
)
"""Functions that Oracle and SQLite share once they are translated. Every other one is refused: SuiteQL has a list of those it takes."""
DATE_FUNCTIONS = (
    "ns_to_date",
    "ns_to_timestamp",
    "ns_add_months",
    "ns_last_day",
    "ns_trunc",
    "ns_now",
    "ns_shift",
    "ns_next_day",
    "ns_round",
)
ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
RENAMED: dict[type[exp.Expr], str] = {
    exp.Mod: "mod",
    exp.Round: "round",
    exp.Greatest: "greatest",
    exp.Least: "least",
    exp.Substring: "substr",
    exp.Sqrt: "sqrt",
    exp.Ln: "ln",
    exp.Log: "log",
    exp.Exp: "exp",
    exp.Pow: "power",
}
"""What both engines have, but not alike."""
COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
FORBIDDEN = re.compile(
    r"\(\s*\+\s*\)|[\[\]%&~]|\bLIMIT\b|^\s*WITH\b|;\s*\S|==|<<|>>|::|(?<!\|)\|(?!\|)|\b(?:GLOB|[IR]LIKE|REGEXP|SIMILAR|QUALIFY|DIV)\b",
    re.IGNORECASE,
)
DUAL = "dual"
PASSED_THROUGH = ("CONSOLIDATE", "CF", "CURRENCY")


class SuiteQL(Oracle):
    """Oracle, with no other functions than these."""

    class Parser(OracleParser):
        FUNCTIONS = {name: build for name, build in OracleParser.FUNCTIONS.items() if name in NATIVE_FUNCTIONS}
        FUNCTION_PARSERS = {name: build for name, build in OracleParser.FUNCTION_PARSERS.items() if name in NATIVE_FUNCTIONS}
        NO_PAREN_FUNCTION_PARSERS = {name: build for name, build in OracleParser.NO_PAREN_FUNCTION_PARSERS.items() if name != "IF"}


@dataclass(frozen=True)
class Translated:
    """A query for SQLite (bind markers still named), the tables it reads, and the markers that are compared with dates and with numbers.

    `lists` are the IN conditions: how many arguments stand there in words, and the markers beside them.
    """

    sql: str
    tables: frozenset[str]
    date_markers: frozenset[int]
    number_markers: frozenset[int]
    lists: tuple[tuple[int, tuple[int, ...]], ...]

    def check_lists(self, sizes: Sequence[int]) -> None:
        """Raises `NetSuiteError` for a list that is too long with markers of these sizes."""
        for in_words, markers in self.lists:
            count = in_words + sum(sizes[m] for m in markers)
            if count > MAX_IN_ARGUMENTS:
                raise search_error(f"The IN condition has {count} arguments; at most {MAX_IN_ARGUMENTS} are allowed.")


@lru_cache(SCHEMAS_KEPT)
def translator(tables: tuple[Table, ...], compound: bool = True) -> Callable[[str], Translated]:
    """Translates queries whose bind markers are named, each of them once: all accounts of the process that have these tables share it.
    `compound`: the form in which a status is compared."""
    by_name = {table.name: table for table in tables}
    return lru_cache(TRANSLATIONS_KEPT)(lambda text: translate(text, by_name, compound))


def translate(text: str, tables: Mapping[str, Table], compound: bool = True) -> Translated:
    """Translate a query whose bind markers are named. Raises `NetSuiteError` for everything that SuiteQL does not take."""
    if FORBIDDEN.search(outside_quotes(text)):
        raise unsupported()
    try:
        tokens = SuiteQL().tokenize(text)
        check_joins(tokens)
        statements = SuiteQL().parser().parse(tokens, text)
    except (ParseError, TokenError) as error:
        raise unsupported(str(error).splitlines()[0]) from None
    root = statements[0] if len(statements) == 1 else None
    if not isinstance(root, exp.Query) or isinstance(root, exp.Subquery) or root.find(exp.CTE):
        raise unsupported("Only one SELECT statement can be run.")
    return _Translation(tables, compound).run(root)


def account_date(text: str) -> str:
    """A text compared with a date, as dates are kept; it must be in the account's format."""
    try:
        return implicit(text)
    except BadDate as wrong:
        raise unsupported(str(wrong)) from None


def _own(name: str, *given: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=f"ns_{name}", expressions=list(given))


def _cast(node: exp.Cast) -> exp.Expr:
    """A number is Oracle's; everything else is cast as it is written."""
    kind = node.to.this
    if kind in exp.DataType.INTEGER_TYPES or kind == exp.DataType.Type.DECIMAL:
        sizes = [e.this for e in node.to.expressions]
        if kind != exp.DataType.Type.DECIMAL or len(sizes) == 1:
            return _own("whole", node.this)
        return _own("round", _own("to_number", node.this), sizes[1]) if sizes else _own("to_number", node.this)
    return node


def _one_row(node: exp.Subquery) -> exp.Expr:
    """A subquery that stands for a value, with more rows than one refused."""
    query = node.this
    if (
        not isinstance(query, exp.Select)
        or isinstance(node.parent, (exp.From, exp.Join, exp.In, exp.Exists, exp.SetOperation))
        or node.alias
    ):
        return node
    if not query.args.get("group") and any(e.find(exp.AggFunc) for e in query.selects):
        return node
    inner = query.copy()
    inner.set("expressions", [exp.alias_(query.selects[0].unalias().copy(), "one_")])
    value = _own("one_row", exp.column("one_", table="rows_"))
    rows = exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier("rows_")))
    return exp.Subquery(this=exp.Select(expressions=[value]).from_(rows))


def _list_of(node: exp.GroupConcat) -> exp.Expr:
    """`LISTAGG([DISTINCT] value, separator) WITHIN GROUP (ORDER BY key [DESC], ...)`, whose keys are handed over with their directions."""
    order = node.this if isinstance(node.this, exp.Order) else None
    value = order.this if order else node.this
    distinct = isinstance(value, exp.Distinct)
    if node.args.get("on_overflow") is not None or (distinct and len(value.expressions) != 1):
        raise unsupported("LISTAGG.")
    keys = [
        part for key in (order.expressions if order else ()) for part in (exp.Literal.number(int(bool(key.args.get("desc")))), key.this)
    ]
    given = [exp.Literal.number(int(distinct)), node.args.get("separator") or exp.Null(), value.expressions[0] if distinct else value]
    return exp.Anonymous(this="ns_listagg", expressions=[*given, *keys])


def _sorts(column: exp.Column, query: exp.Expr) -> bool:
    """Whether a name stands in the ORDER BY of its query, the one place where it may be that of an output."""
    return any(node is query.args.get("order") for node in _above(column))


def _above(node: exp.Expr) -> Iterator[exp.Expr]:
    while node.parent is not None:
        node = node.parent
        yield node


class _Translation:
    def __init__(self, tables: Mapping[str, Table], compound: bool) -> None:
        self.tables = tables
        self.compound = compound
        self.columns: dict[int, Column] = {}
        self.states: set[int] = set()
        self.used: set[str] = set()
        self.date_markers: set[int] = set()
        self.number_markers: set[int] = set()

    def run(self, root: exp.Query) -> Translated:
        for identifier in root.find_all(exp.Identifier):
            identifier.set("this", identifier.name.lower())
        for table in list(root.find_all(exp.Table)):
            self._table(table)
        for scope in traverse_scope(root):
            self._resolve(scope)
        Checks(self.columns).run(root)
        for source in [f for f in root.find_all(exp.From) if f.this.name == DUAL]:
            source.pop()
        lists = tuple(self._list(node) for node in root.find_all(exp.In))
        self._name_outputs(root)
        for node in reversed(list(root.walk(bfs=False))):
            new = self._node(node)
            if new is not node:
                node.replace(new)
        root = limit_by_rownum(root)
        for identifier in root.find_all(exp.Identifier):
            identifier.set("quoted", True)
        dates, numbers = frozenset(self.date_markers), frozenset(self.number_markers)
        return Translated(root.sql(dialect="sqlite", copy=False), frozenset(self.used), dates, numbers, lists)

    def _table(self, table: exp.Table) -> None:
        name = table.name
        if table.args.get("db") is not None:
            raise unknown_table(table.sql())
        if name == DUAL:
            return
        if name not in self.tables:
            raise hidden_table(name) if any(t.name == name for t in TABLES) else unknown_table(name)
        self.used.add(name)

    def _resolve(self, scope: Scope) -> None:
        """Find what every column of a select means."""
        if isinstance(scope.expression, exp.SetOperation):
            return
        outputs = {e.alias for e in getattr(scope.expression, "expressions", []) if isinstance(e, exp.Alias)}
        having = scope.expression.args.get("having")
        named = (c for c in having.find_all(exp.Column) if c.name in outputs and not c.table) if having is not None else ()
        for column in (*scope.columns, *(c for c in named if c.parent_select is scope.expression)):
            if id(column) in self.columns or column.name == "rownum" or isinstance(column.this, exp.Star):
                continue
            found = self._find(scope, column)
            if found is None and not (not column.table and column.name in outputs and _sorts(column, scope.expression)):
                raise unknown_column(column.sql(), self._available(scope))
            if found is not None and found.type:
                self.columns[id(column)] = found

    def _find(self, scope: Scope, column: exp.Column) -> Column | None:
        at: Scope | None = scope
        while at is not None:
            names = [column.table] if column.table else list(at.sources)
            for name in names:
                found = self._in_source(at.sources.get(name), column.name)
                if found is not None:
                    if found.name == "status" and isinstance(at.sources.get(name), exp.Table):
                        self.states.add(id(column))
                    return found
            at = at.parent
        return None

    def _in_source(self, source: object, name: str) -> Column | None:
        if isinstance(source, exp.Table):
            return self.tables[source.name].by_name.get(name) if source.name in self.tables else None
        if isinstance(source, Scope) and isinstance(source.expression, exp.Query):
            for output in source.expression.selects:
                if output.alias_or_name == name:
                    inner = output.unalias()
                    return self.columns.get(id(inner), Column(name, "")) if isinstance(inner, exp.Column) else Column(name, "")
                if output.is_star:
                    found = next((c for s in source.sources.values() if (c := self._in_source(s, name)) is not None), None)
                    if found is not None:
                        return found
        return None

    @staticmethod
    def _available(scope: Scope) -> dict[str, str]:
        return {name: source.name if isinstance(source, exp.Table) else name for name, source in scope.sources.items()}

    def _list(self, node: exp.In) -> tuple[int, tuple[int, ...]]:
        markers = tuple(self._marker(e) for e in node.expressions if isinstance(e, exp.Placeholder))
        return len(node.expressions) - len(markers), markers

    @staticmethod
    def _marker(node: exp.Placeholder) -> int:
        match = MARKER.fullmatch(f":{node.name}")
        if match is None:
            raise unsupported(node.sql())
        return int(match[1])

    @staticmethod
    def _name_outputs(root: exp.Query) -> None:
        """Columns keep their names; other unnamed outputs are called expr1, expr2, ..."""
        select = root
        while isinstance(select, exp.SetOperation):
            select = select.left
        number = 0
        outputs = []
        for output in select.selects:
            if isinstance(output, exp.Column) and not isinstance(output.this, exp.Star):
                output = exp.alias_(output, output.name, copy=False)
            elif not isinstance(output, (exp.Alias, exp.Star, exp.Column)):
                number += 1
                output = exp.alias_(output, f"expr{number}", copy=False)
            outputs.append(output)
        select.set("expressions", outputs)

    # node by node

    def _node(self, node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Dot):
            return self._builtin(node)
        if isinstance(node, exp.Anonymous):
            return self._function(node)
        if isinstance(node, exp.GroupConcat):
            return _list_of(node)
        if isinstance(node, exp.Literal) and node.is_string and not node.name:
            return exp.Null()
        if isinstance(node, exp.Trim):
            return exp.Nullif(this=node.copy(), expression=exp.Literal.string(""))
        if isinstance(node, exp.Subquery):
            return _one_row(node)
        if isinstance(node, exp.Neg) and not isinstance(node.this, exp.Literal):
            return _own("turned", node.this)
        if isinstance(node, (exp.Sum, exp.Avg, exp.Abs, exp.Ceil, exp.Floor, exp.Sign)) and self._is_text(node.this):
            node.set("this", _own("to_number", node.this))
        if isinstance(node, exp.Cast):
            return _cast(node)
        if isinstance(node, exp.DPipe):
            return exp.Anonymous(this="ns_concat", expressions=[node.left, node.right])
        if isinstance(node, (exp.Add, exp.Sub)) and self._is_date(node.left):
            return self._shift(node)
        if isinstance(node, exp.Binary) and type(node) in ARITHMETIC:
            return _own("reckoned", exp.Literal.string(ARITHMETIC[type(node)]), node.left, node.right)
        if type(node) in RENAMED:
            return _own(RENAMED[type(node)], *node.iter_expressions())
        if isinstance(node, (exp.CurrentTimestamp, exp.CurrentDate, exp.Systimestamp)):
            return exp.Anonymous(this="ns_now")
        if isinstance(node, COMPARISONS):
            self._compare(node, [node.left, node.right])
        elif isinstance(node, exp.In):
            self._compare(node, [node.this, *node.expressions])
        elif isinstance(node, exp.Between):
            self._compare(node, [node.this, node.args["low"], node.args["high"]])
        return node

    def _is_text(self, node: exp.Expr) -> bool:
        known = self.columns.get(id(node))
        return known.type == "text" if known is not None else isinstance(node, exp.Literal) and node.is_string

    def _is_number(self, node: exp.Expr) -> bool:
        known = self.columns.get(id(node))
        return known is not None and known.type in ("int", "num")

    def _is_date(self, node: exp.Expr) -> bool:
        known = self.columns.get(id(node))
        if known is not None:
            return known.type == "date"
        if isinstance(node, exp.Anonymous):
            name = str(node.this).lower()
            return name in DATE_FUNCTIONS and (name not in ("ns_trunc", "ns_round") or self._is_date(node.expressions[0]))
        return isinstance(node, (exp.Paren, exp.Min, exp.Max)) and self._is_date(node.this)

    def _shift(self, node: exp.Binary) -> exp.Expr:
        if self._is_date(node.right):
            return exp.Anonymous(this="ns_days_between", expressions=[node.left, node.right])
        days = node.right if isinstance(node, exp.Add) else exp.Neg(this=exp.Paren(this=node.right))
        return exp.Anonymous(this="ns_shift", expressions=[node.left, days])

    def _compare(self, node: exp.Expr, operands: list[exp.Expr]) -> None:
        """A status is compared in its compound form; a text beside a date must be a date in the account's format."""
        if any(self._is_date(o) for o in operands):
            for operand in operands:
                if isinstance(operand, exp.Placeholder):
                    self.date_markers.add(self._marker(operand))
                elif isinstance(operand, exp.Literal):
                    operand.replace(exp.Literal.string(account_date(operand.name)))
        elif any(self._is_number(o) for o in operands):
            self.number_markers |= {self._marker(o) for o in operands if isinstance(o, exp.Placeholder)}
        for operand in operands:
            if self.compound and isinstance(operand, exp.Column) and id(operand) in self.states:
                operand.replace(self._compound_status(operand))

    @staticmethod
    def _compound_status(column: exp.Column) -> exp.Expr:
        kind = exp.column("type", table=column.table or None)
        return exp.Paren(this=exp.DPipe(this=exp.DPipe(this=kind, expression=exp.Literal.string(":")), expression=column.copy()))

    def _builtin(self, node: exp.Dot) -> exp.Expr:
        call = node.expression
        arguments: list[exp.Expr] = call.expressions
        if not isinstance(call, exp.Anonymous) or node.this.name.upper() != "BUILTIN" or not arguments:
            raise unsupported(node.sql())
        name, argument = call.name.upper(), arguments[0]
        if name in PASSED_THROUGH:
            return argument
        if name != "DF":
            raise unsupported(f"BUILTIN.{name}.")
        known = self.columns.get(id(argument))
        if known is None:
            return argument
        if isinstance(argument, exp.Column) and id(argument) in self.states:
            return exp.Anonymous(this="ns_df", expressions=[exp.Literal.string("status"), self._compound_status(argument)])
        kind = f"ref:{known.target}" if known.target else known.name if known.name == "type" else known.type
        return exp.Anonymous(this="ns_df", expressions=[exp.Literal.string(kind), argument])

    def _function(self, node: exp.Anonymous) -> exp.Expr:
        name = str(node.this)
        if name.startswith("ns_") or isinstance(node.parent, exp.Dot):
            return node
        bounds = CUSTOM_FUNCTIONS.get(name.upper())
        if bounds is None or not bounds[0] <= len(node.expressions) <= bounds[1]:
            raise unsupported(f"Function {name.upper()}.")
        return exp.Anonymous(this=f"ns_{name.lower()}", expressions=node.expressions)
