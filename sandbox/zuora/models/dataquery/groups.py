"""What a grouped query may show, and what ORDER BY of a DISTINCT one may name."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from sandbox.zuora.models.dataquery.dialect import first_place
from sandbox.zuora.models.dataquery.grammar import SqlRefused
from sandbox.zuora.models.dataquery.signatures import kind_of

WRITTEN = "written"


def is_aggregate(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and kind_of(node.name) == "aggregate" and not of_window(node)


def of_window(node: exp.Expr) -> bool:
    parent = node.parent
    while isinstance(parent, (exp.Filter, exp.IgnoreNulls)):
        parent = parent.parent
    return isinstance(parent, exp.Window) and parent.this in (node, node.parent)


def aggregates(node: exp.Expr) -> Iterator[exp.Expr]:
    """Aggregations of this query, not those of queries inside it."""
    for found in node.walk(prune=lambda n: isinstance(n, (exp.Query, exp.Subquery))):
        if is_aggregate(found):
            yield found


def windows(node: exp.Expr) -> Iterator[exp.Expr]:
    """Window functions of this query."""
    for found in node.walk(prune=lambda n: isinstance(n, (exp.Query, exp.Subquery))):
        if isinstance(found, exp.Window):
            yield found


def check_names(tree: exp.Query) -> None:
    """Raises `SqlRefused` for a name of WITH that comes twice, and for too many or too few names of its columns."""
    for clause in tree.find_all(exp.With):
        seen: set[str] = set()
        for cte in clause.expressions:
            alias = cte.args["alias"]
            if cte.alias in seen:
                raise SqlRefused(f"{first_place(alias)}: WITH query name '{cte.alias}' specified more than once")
            seen.add(cte.alias)
    for named in tree.find_all(exp.CTE, exp.Subquery):
        alias, query = named.args.get("alias"), named.this
        names = alias.columns if isinstance(alias, exp.TableAlias) else []
        if not isinstance(alias, exp.TableAlias) or not names or not isinstance(query, exp.Query) or any(s.is_star for s in query.selects):
            continue
        width = len(query.selects)
        if len(names) != width:
            of = "relation has" if isinstance(named, exp.CTE) else f"'{named.alias}' has"
            more = "" if isinstance(named, exp.CTE) else " available"
            place = first_place(names[0] if isinstance(named, exp.CTE) else alias)
            raise SqlRefused(f"{place}: Column alias list has {len(names)} entries but {of} {width} columns{more}")


def check_using(tree: exp.Query) -> None:
    """Raises `SqlRefused` for a column of USING that is asked of one table."""
    for select in tree.find_all(exp.Select):
        shared = {name.name for join in select.args.get("joins") or () for name in join.args.get("using") or ()}
        for column in select.find_all(exp.Column) if shared else ():
            if column.table and column.name in shared and column.parent_select is select:
                raise SqlRefused(f"{first_place(column)}: Column '{column.table}.{column.name}' cannot be resolved")


def check_groups(query: exp.Select, sources: set[str]) -> None:
    """Raises `SqlRefused` for columns that are neither grouped nor aggregated, and for aggregations where none may be."""
    where, group, having, order = (query.args.get(name) for name in ("where", "group", "having", "order"))
    joined = [("JOIN", join.args["on"]) for join in query.args.get("joins") or () if join.args.get("on")]
    for name, clause in (("WHERE", where), ("GROUP BY", group), *joined):
        for found in (*windows(clause), *aggregates(clause)) if clause is not None else ():
            text = f"{name} clause cannot contain aggregations, window functions or grouping operations: [{found.sql(dialect='trino')}]"
            raise SqlRefused(f"{first_place(found)}: {text}")
    for found in windows(having) if having is not None else ():
        raise SqlRefused(f"{first_place(found)}: HAVING clause cannot contain window functions")
    shown = [p.unalias() for p in query.selects]
    after = [o.this for o in order.expressions] if order is not None else []
    parts = [*shown, *([having.this] if having is not None else []), *after]
    for part in parts:
        for outer in aggregates(part):
            inner = next((a for child in outer.iter_expressions() for a in aggregates(child)), None)
            if inner is not None:
                text = f"Cannot nest aggregations inside aggregation '{outer.name.lower()}': [{inner.sql(dialect='trino')}]"
                raise SqlRefused(f"{first_place(outer)}: {text}")
    if group is None and having is None and not any(True for part in parts for _ in aggregates(part)):
        return
    grouped = {e.sql() for e in group_keys(group)} if group is not None else set()
    for part in parts:
        for column in ungrouped(part, grouped, sources):
            text = f"'{column.meta.get(WRITTEN, column.sql())}' must be an aggregate expression or appear in GROUP BY clause"
            raise SqlRefused(f"{first_place(column)}: {text}")


def group_keys(group: exp.Group) -> Iterator[exp.Expr]:
    for key in group.expressions:
        yield key.this if isinstance(key, exp.Paren) else key


def ungrouped(part: exp.Expr, grouped: set[str], sources: set[str]) -> Iterator[exp.Column]:
    """Columns outside aggregations and outside what is grouped by, in the order in which they are written."""
    left = [part]
    while left:
        node = left.pop()
        if is_aggregate(node) or (isinstance(node, exp.Filter) and is_aggregate(node.this)):
            continue
        if not isinstance(node, (exp.Literal, exp.Connector)) and node.sql() in grouped:
            continue
        if isinstance(node, exp.Column):
            if node.table in sources:
                yield node
        elif isinstance(node, (exp.Query, exp.Subquery)):
            inner = {t.alias_or_name for t in node.find_all(exp.Table, exp.Subquery)}
            yield from (c for c in node.find_all(exp.Column) if c.table in sources - inner and c.sql() not in grouped)
        else:
            left += reversed(list(node.iter_expressions()))


def check_order(query: exp.Select) -> None:
    order = query.args.get("order")
    if order is None or not query.args.get("distinct"):
        return
    shown = {p.unalias().sql() for p in query.selects}
    names = {p.alias_or_name for p in query.selects}
    for each in order.expressions:
        key = each.this
        named = isinstance(key, exp.Column) and not key.table and key.name in names
        if not named and not isinstance(key, exp.Literal) and key.sql() not in shown:
            raise SqlRefused("line 1:1: For SELECT DISTINCT, ORDER BY expressions must appear in select list")


def check_positions(query: exp.Query) -> None:
    """Raises `SqlRefused` for a number in GROUP BY or ORDER BY that is no column of the list."""
    for select in query.find_all(exp.Select, exp.SetOperation):
        if any(isinstance(s, exp.Star) or s.is_star for s in select.selects):
            continue
        for name, clause in (("GROUP BY", select.args.get("group")), ("ORDER BY", select.args.get("order"))):
            for each in clause.expressions if clause is not None else ():
                key = each.this if isinstance(each, exp.Ordered) else each
                if isinstance(key, exp.Literal) and not key.is_string and not 1 <= int(key.name) <= len(select.selects):
                    raise SqlRefused(f"{first_place(key)}: {name} position {key.name} is not in select list")
