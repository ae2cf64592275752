"""Oracle's ROWNUM: a condition on it limits the rows before they are sorted."""

from __future__ import annotations

from sqlglot import exp

from sandbox.netsuite.suiteql.errors import unsupported

EVERY_ROW = 2**31


def limit_by_rownum(root: exp.Query) -> exp.Query:
    """Every `ROWNUM <= n` becomes a limit, every selected ROWNUM a row number. Raises for other conditions on it."""
    for select in list(root.find_all(exp.Select)):
        where = select.args.get("where")
        condition = _condition(where.this) if isinstance(where, exp.Where) else None
        if condition is not None and isinstance(where, exp.Where):
            _limit(select, where, condition)
    for column in list(root.find_all(exp.Column)):
        if column.name.lower() == "rownum":
            if column.find_ancestor(exp.Where, exp.Order, exp.Having):
                raise unsupported("ROWNUM can only be compared with a number.")
            column.replace(exp.Window(this=exp.RowNumber()))
    return root


def _condition(node: exp.Expr) -> exp.Binary | None:
    """The comparison of ROWNUM among the conditions joined by AND."""
    if isinstance(node, exp.And):
        return _condition(node.left) or _condition(node.right)
    if isinstance(node, exp.Paren):
        return _condition(node.this)
    if (
        isinstance(node, (exp.LTE, exp.LT, exp.EQ, exp.GT, exp.GTE))
        and isinstance(node.left, exp.Column)
        and node.left.name.lower() == "rownum"
    ):
        return node
    return None


def _limit(select: exp.Select, where: exp.Where, condition: exp.Binary) -> None:
    count: exp.Expr = condition.right.copy()
    if isinstance(condition, exp.LT):
        count = exp.Sub(this=count, expression=exp.Literal.number(1))
    if isinstance(condition, (exp.EQ, exp.GT, exp.GTE)):
        count = _all_or_none(condition)
    if where.this is condition:
        select.set("where", None)
    else:
        condition.replace(exp.true())
    order = select.args.get("order")
    if order is None:
        select.set("limit", exp.Limit(expression=count))
        return
    names = {e.alias_or_name for e in select.selects}
    keys = [o.this for o in order.expressions]
    if not all(isinstance(k, exp.Column) and k.name in names for k in keys):
        raise unsupported("ROWNUM and ORDER BY in one SELECT need a subquery.")
    inner = select.copy()
    inner.set("order", None)
    inner.set("limit", exp.Limit(expression=count))
    for key in keys:
        key.set("table", None)
    outer = exp.select("*").from_(inner.subquery("limited"))
    outer.set("order", order.copy())
    select.replace(outer) if select.parent else _become(select, outer)


def _all_or_none(condition: exp.Binary) -> exp.Expr:
    """Rows are counted as they are let through: without a first one there is no second one."""
    first = {exp.EQ: exp.EQ, exp.GT: exp.LT, exp.GTE: exp.LTE}[type(condition)](
        this=condition.right.copy(), expression=exp.Literal.number(1)
    )
    rows = exp.Literal.number(1 if isinstance(condition, exp.EQ) else EVERY_ROW)
    return exp.Case(ifs=[exp.If(this=first, true=rows)], default=exp.Literal.number(0))


def _become(select: exp.Select, other: exp.Select) -> None:
    """Give the root select the parts of another one."""
    for name in list(select.args):
        select.set(name, None)
    for name, value in other.args.items():
        select.set(name, value)
