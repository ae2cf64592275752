"""What Oracle refuses before a query runs: columns outside of groups, values where a condition must stand, datatypes apart.

Works on a query whose columns are resolved. The words are Oracle's, behind the sentence that SuiteQL puts before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from sandbox.netsuite.suiteql.errors import unsupported
from sandbox.netsuite.suiteql.numbers import is_number
from sandbox.netsuite.suiteql.tables import Column

NUMBER, TEXT, DATE, UNKNOWN = "NUMBER", "CHAR", "DATE", ""
OF_COLUMNS = {"int": NUMBER, "num": NUMBER, "text": TEXT, "bool": TEXT, "date": DATE}
NUMBERS = (
    *(
        exp.Count,
        exp.Sum,
        exp.Avg,
        exp.Abs,
        exp.Ceil,
        exp.Floor,
        exp.Mod,
        exp.Pow,
        exp.Sqrt,
        exp.Sign,
        exp.Ln,
        exp.Log,
        exp.Exp,
        exp.Length,
    ),
    *(exp.Mul, exp.Div, exp.Neg, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile),
)
OF_NUMBERS = (exp.Sum, exp.Avg, exp.Mul, exp.Div, exp.Neg, exp.Abs, exp.Ceil, exp.Floor, exp.Sign)
TEXTS = (exp.DPipe, exp.Concat, exp.Upper, exp.Lower, exp.Substring, exp.Trim, exp.Chr, exp.GroupConcat)
DATES = (exp.CurrentTimestamp, exp.CurrentDate, exp.Systimestamp)
ANSWERS = {
    **dict.fromkeys(("TO_CHAR", "LPAD", "RPAD", "REPLACE", "INITCAP", "REGEXP_SUBSTR", "REGEXP_REPLACE", "TRANSLATE", "SOUNDEX"), TEXT),
    **dict.fromkeys(("TO_DATE", "TO_TIMESTAMP", "ADD_MONTHS", "LAST_DAY", "NEXT_DAY"), DATE),
    **dict.fromkeys(("TO_NUMBER", "MONTHS_BETWEEN", "INSTR", "ASCII", "BITAND", "REGEXP_INSTR", "REMAINDER"), NUMBER),
}
CONDITIONS = (exp.Predicate, exp.Connector, exp.Not, exp.Exists, exp.In, exp.Between, exp.Like, exp.Escape)
AFTER_JOINS = frozenset({"WHERE", "GROUP", "HAVING", "ORDER", "FETCH", "OFFSET", "UNION", "INTERSECT", "MINUS", "EXCEPT", ")"})


def check_joins(tokens: Iterable[Token]) -> None:
    """Every JOIN has its condition, but for CROSS and NATURAL ones."""
    waiting, before = [0], ""
    for token in tokens:
        word = token.text.upper().split(" ")[0] if token.token_type not in (TokenType.STRING, TokenType.IDENTIFIER) else ""
        waiting[-1] += word == "JOIN" and before not in ("CROSS", "NATURAL")
        waiting[-1] -= word in ("ON", "USING") and waiting[-1] > 0
        if word in AFTER_JOINS and waiting[-1]:
            break
        if token.token_type == TokenType.L_PAREN:
            waiting.append(0)
        elif token.token_type == TokenType.R_PAREN and len(waiting) > 1:
            waiting.pop()
        before = word
    if waiting[-1]:
        raise unsupported("missing keyword: ON")


class Checks:
    """Of one query. `columns`: what the columns of its tables are, by the node."""

    def __init__(self, columns: Mapping[int, Column]) -> None:
        self.columns = columns

    def run(self, root: exp.Query) -> None:
        """Raises `NetSuiteError` with Oracle's words."""
        for node in root.walk():
            self.check(node)
        for select in root.find_all(exp.Select):
            check_groups(select)
            check_distinct(select)

    def check(self, node: exp.Expr) -> None:
        if isinstance(node, exp.Boolean):
            raise unsupported(f'"{"TRUE" if node.this else "FALSE"}": invalid identifier')
        if isinstance(node, exp.DateStrToDate):
            raise unsupported(f"DATE '{node.this.name}'")
        if isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null):
            raise unsupported("missing NULL keyword")
        if isinstance(node, exp.Concat) and len(node.expressions) != 2:
            raise unsupported("invalid number of arguments")
        if isinstance(node, OF_NUMBERS) and any(self.kind(side) == DATE for side in node.iter_expressions()):
            raise unsupported("inconsistent datatypes: expected NUMBER got DATE")
        if isinstance(node, exp.Select) and not node.args.get("from_"):
            raise unsupported("FROM keyword not found where expected")
        for condition in conditions(node):
            if not is_condition(condition):
                raise unsupported("invalid relational operator")
        if isinstance(node, (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)):
            self.compared([node.left, node.right])
        elif isinstance(node, exp.In):
            self.compared([node.this, *node.expressions])
        elif isinstance(node, exp.Between):
            self.compared([node.this, node.args["low"], node.args["high"]])
        elif isinstance(node, exp.SetOperation):
            self.united(node)
        else:
            self.kind(node)

    def compared(self, sides: list[exp.Expr]) -> None:
        if any(self.kind(side) == NUMBER for side in sides):
            for side in sides:
                self.converted(side)

    def converted(self, node: exp.Expr) -> None:
        """A literal that stands for a number."""
        if isinstance(node, exp.Literal) and node.is_string and not is_number(node.name):
            raise unsupported(f"invalid number: '{node.name}'")

    def united(self, node: exp.SetOperation) -> None:
        left, right = (selects_of(side) for side in (node.left, node.right))
        if any(e.is_star for e in (*left, *right)):
            return
        if len(left) != len(right):
            raise unsupported("query block has incorrect number of result columns")
        for one, other in zip(left, right, strict=True):
            if UNKNOWN not in (self.kind(one), self.kind(other)) and self.kind(one) != self.kind(other):
                raise unsupported("expression must have same datatype as corresponding expression")

    def kind(self, node: exp.Expr) -> str:
        """The datatype of an expression, as far as it is known."""
        if isinstance(node, exp.Literal):
            return (TEXT if node.name else UNKNOWN) if node.is_string else NUMBER
        if isinstance(node, exp.Column):
            known = self.columns.get(id(node))
            return OF_COLUMNS.get(known.type, UNKNOWN) if known else UNKNOWN
        if isinstance(node, (exp.Paren, exp.Alias, exp.Min, exp.Max, exp.Round)):
            return self.kind(node.this)
        if isinstance(node, (exp.Add, exp.Sub)):
            return self.sum_of(self.kind(node.left), self.kind(node.right), isinstance(node, exp.Sub))
        if isinstance(node, exp.Case):
            return self.alike([*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")])
        if isinstance(node, exp.Coalesce):
            return self.first_not_null(node)
        if isinstance(node, exp.Anonymous):
            return ANSWERS.get(node.name.upper(), UNKNOWN)
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select) and len(node.this.selects) == 1:
            return self.kind(node.this.selects[0])
        return next((kind for nodes, kind in ((NUMBERS, NUMBER), (TEXTS, TEXT), (DATES, DATE)) if isinstance(node, nodes)), UNKNOWN)

    @staticmethod
    def sum_of(left: str, right: str, minus: bool) -> str:
        if left == right == DATE and not minus:
            raise unsupported("date + date not allowed")
        if DATE in (left, right):
            return NUMBER if minus and left == right else DATE
        return UNKNOWN if UNKNOWN in (left, right) else NUMBER

    def first_not_null(self, node: exp.Coalesce) -> str:
        """`NVL` turns the second value into what the first one is; `COALESCE` wants all of one kind."""
        kind = self.kind(node.this)
        if not node.args.get("is_nvl"):
            return self.alike([node.this, *node.expressions])
        if kind == NUMBER:
            for value in node.expressions:
                self.converted(value)
        return kind

    def alike(self, values: Iterable[exp.Expr | None]) -> str:
        kinds = [kind for value in values if value is not None and (kind := self.kind(value))]
        if len(set(kinds)) > 1:
            raise unsupported(f"inconsistent datatypes: expected {kinds[0]} got {next(k for k in kinds if k != kinds[0])}")
        return kinds[0] if kinds else UNKNOWN


def selects_of(query: exp.Expr) -> list[exp.Expr]:
    query = query.unnest()
    return list(query.selects) if isinstance(query, exp.Query) else []


def is_condition(node: exp.Expr) -> bool:
    if isinstance(node, exp.Paren):
        return is_condition(node.this)
    return isinstance(node, CONDITIONS) or (isinstance(node, exp.Anonymous) and node.name.upper() == "REGEXP_LIKE")


def conditions(node: exp.Expr) -> Iterator[exp.Expr]:
    """The parts of a node that must be conditions."""
    if isinstance(node, (exp.Where, exp.Having, exp.Not)):
        yield node.this
    elif isinstance(node, exp.Connector):
        yield from (node.left, node.right)
    elif isinstance(node, exp.Join) and node.args.get("on"):
        yield node.args["on"]
    elif isinstance(node, exp.Case) and node.this is None:
        yield from (branch.this for branch in node.args["ifs"])


def is_aggregate(node: exp.Expr) -> bool:
    return isinstance(node, exp.AggFunc) and not (isinstance(node.parent, exp.Window) and node.parent.this is node)


def check_groups(select: exp.Select) -> None:
    """Columns stand in groups or in aggregates, once there is one of either."""
    group, having, order = (select.args.get(name) for name in ("group", "having", "order"))
    outputs = {e.alias: e.this for e in select.expressions if isinstance(e, exp.Alias)}
    keys_of_order = [o.this for o in order.expressions] if order else []
    after = [outputs.get(k.name, k) if isinstance(k, exp.Column) and not k.table else k for k in keys_of_order]
    parts = [*(e.unalias() for e in select.expressions), *([having.this] if having else []), *after]
    if group is None and having is None and not any(True for part in parts for _ in aggregates(part)):
        return
    keys = {bare(e) for e in group.expressions if not isinstance(e, exp.Literal)} if group else set()
    for part in parts:
        for column in outside(part, keys, select):
            raise unsupported(f"not a GROUP BY expression: {column.sql()}")


def aggregates(part: exp.Expr) -> Iterator[exp.Expr]:
    return (n for n in part.walk(prune=lambda n: isinstance(n, exp.Query)) if is_aggregate(n))


def bare(node: exp.Expr) -> str:
    """An expression without the names of its tables, so that `c.id` and `id` are one."""
    copy = node.copy()
    for column in copy.find_all(exp.Column):
        column.set("table", None)
    return copy.sql()


def outside(part: exp.Expr, keys: set[str], select: exp.Select) -> Iterator[exp.Column]:
    left = [part]
    while left:
        node = left.pop()
        if is_aggregate(node) or bare(node) in keys or isinstance(node, (exp.Query, exp.Subquery)):
            continue
        if isinstance(node, exp.Column):
            if not isinstance(node.this, exp.Star) and node.name != "rownum":
                yield node
        elif isinstance(node, exp.Dot):
            left += list(node.expression.expressions)
        else:
            left += reversed(list(node.iter_expressions()))


def check_distinct(select: exp.Select) -> None:
    order = select.args.get("order")
    if order is None or not select.args.get("distinct") or any(e.is_star for e in select.expressions):
        return
    shown = {bare(e.unalias()) for e in select.expressions} | {e.alias_or_name for e in select.expressions}
    for each in order.expressions:
        if not isinstance(each.this, exp.Literal) and bare(each.this) not in shown:
            raise unsupported("not a SELECTed expression")
