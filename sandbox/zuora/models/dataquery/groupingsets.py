"""`ROLLUP`, `CUBE` and `GROUPING SETS`: the union of one query for each set of keys, since the engine groups by one set at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, combinations, product

from sqlglot import exp

from sandbox.zuora.models.dataquery.dialect import first_place
from sandbox.zuora.models.dataquery.grammar import SqlRefused
from sandbox.zuora.models.dataquery.signatures import kind_of

MANY = (exp.Rollup, exp.Cube, exp.GroupingSets)
MAX_SETS = 64
Keys = tuple[exp.Expr, ...]


def expand_groups(tree: exp.Query) -> exp.Query:
    """The query with every such grouping written out. Raises `SqlRefused` for what cannot be."""
    for select in list(tree.find_all(exp.Select)):
        group = select.args.get("group")
        if group is None or not any(isinstance(key, MANY) for key in group.expressions):
            continue
        made = united(select, group)
        if select is tree:
            tree = made
        else:
            select.replace(made)
    return tree


def united(select: exp.Select, group: exp.Group) -> exp.Query:
    if select.args.get("distinct") or any(p.find(exp.Window) for p in select.selects) or any(p.is_star for p in select.selects):
        raise SqlRefused(f"{first_place(group)}: GROUPING SETS beside DISTINCT, windows or * are not imitated here")
    sets = list(sets_of(select, group))
    if len(sets) > MAX_SETS:
        raise SqlRefused(f"{first_place(group)}: GROUP BY has {len(sets)} grouping sets but can contain at most {MAX_SETS}")
    every = {key.sql(): key for keys in sets for key in keys}
    branches = [branch(select, keys, every) for keys in sets]
    whole: exp.Query = branches[0]
    for part in branches[1:]:
        whole = exp.Union(this=whole, expression=part, distinct=False)
    for name in ("order", "limit", "offset", "with_"):
        if (clause := select.args.get(name)) is not None:
            whole.set(name, sorted_by(select, clause) if name == "order" else clause.copy())
    return whole


def sets_of(select: exp.Select, group: exp.Group) -> Iterator[Keys]:
    """The sets of keys: each of one part together with each of every other."""
    parts = [sets_of_part(select, part) for part in group.expressions]
    return (tuple(chain.from_iterable(some)) for some in product(*parts))


def sets_of_part(select: exp.Select, part: exp.Expr) -> list[Keys]:
    """Those of one word of GROUP BY; a key alone is one set."""
    keys = [members(e) for e in part.expressions]
    if isinstance(part, exp.GroupingSets):
        return keys
    if isinstance(part, exp.Rollup):
        return [tuple(chain.from_iterable(keys[:size])) for size in range(len(keys), -1, -1)]
    if isinstance(part, exp.Cube):
        return [tuple(chain.from_iterable(some)) for size in range(len(keys), -1, -1) for some in combinations(keys, size)]
    return [(written_out(select, part),)]


def written_out(select: exp.Select, key: exp.Expr) -> exp.Expr:
    return select.selects[int(key.name) - 1].unalias() if isinstance(key, exp.Literal) and not key.is_string else key


def members(node: exp.Expr) -> Keys:
    """The keys of `(a, b)`, of `(a)` and of `a`."""
    if isinstance(node, exp.Tuple):
        return tuple(node.expressions)
    return members(node.this) if isinstance(node, exp.Paren) else (node,)


def branch(select: exp.Select, keys: Keys, every: Iterable[str]) -> exp.Select:
    """The query of one set: the other keys are null in it."""
    there = {key.sql() for key in keys}
    absent = set(every) - there
    made = select.copy()
    for name in ("order", "limit", "offset", "with_", "group"):
        made.set(name, None)
    if keys:
        made.set("group", exp.Group(expressions=[key.copy() for key in {key.sql(): key for key in keys}.values()]))
    shown = []
    for place, projection in enumerate(made.selects):
        value = without(projection.unalias(), absent)
        shown.append(exp.alias_(value, projection.alias_or_name or f"_col_{place}"))
    made.set("expressions", shown)
    if (having := made.args.get("having")) is not None:
        having.set("this", without(having.this, absent))
    if not keys and not any(is_aggregate(n) for part in made.selects for n in part.walk()):
        made.set("distinct", exp.Distinct())
    return made


def is_aggregate(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and kind_of(node.name) == "aggregate"


def without(node: exp.Expr, absent: set[str]) -> exp.Expr:
    """An expression with null for the keys that are not grouped by, and numbers for `grouping`."""
    if node.sql() in absent:
        return exp.Null()
    if isinstance(node, exp.Anonymous) and node.name.lower() == "grouping":
        bits = "".join("1" if key.sql() in absent else "0" for key in node.expressions)
        return exp.Literal.number(int(bits or "0", 2))
    if is_aggregate(node) or isinstance(node, (exp.Query, exp.Subquery)):
        return node
    for child in list(node.iter_expressions()):
        made = without(child, absent)
        if made is not child:
            child.replace(made)
    return node


def sorted_by(select: exp.Select, order: exp.Expr) -> exp.Expr:
    """ORDER BY over the whole, by places in the list. Raises `SqlRefused` for what is not in it."""
    shown = [{p.alias_or_name, p.unalias().sql()} for p in select.selects]
    made = order.copy()
    for each in made.expressions:
        if isinstance(each.this, exp.Literal):
            continue
        place = next((n for n, names in enumerate(shown, 1) if each.this.sql() in names), None)
        if place is None:
            raise SqlRefused(f"{first_place(each)}: ORDER BY of grouping sets outside of the list is not imitated here")
        each.set("this", exp.Literal.number(place))
    return made
