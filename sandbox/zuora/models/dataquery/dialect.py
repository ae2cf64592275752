"""What of SQL is Trino's grammar: other dialects' words and signs are refused before anything is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.parsers.trino import TrinoParser
from sqlglot.tokenizer_core import Token

from sandbox.zuora.models.dataquery.grammar import RESERVED, SqlRefused, check_tokens, place_of

MAX_SET = 100
"""Rows of `VALUES` in one set."""
NOT_IMITATED: dict[type[exp.Expr], str] = {
    exp.Lock: "FOR",
    exp.TableSample: "TABLESAMPLE",
    exp.Lateral: "LATERAL",
    exp.Pivot: "PIVOT",
}
SIGNS: dict[type[exp.Expr], str] = {exp.EQ: "=", exp.NEQ: "<>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<="}
COMPARISONS = tuple(SIGNS)
SPECIAL_FORMS = ("CAST", "TRY_CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM")
"""Functions with a grammar of their own."""


class DataQueryTrino(Trino):
    """Trino, with every function left as it is written: `functions` knows which there are."""

    class Parser(TrinoParser):
        FUNCTIONS: ClassVar = {}
        FUNCTION_PARSERS: ClassVar = {k: v for k, v in TrinoParser.FUNCTION_PARSERS.items() if k in SPECIAL_FORMS}


DIALECT = DataQueryTrino()


def parsed(text: str) -> tuple[exp.Query, list[Token]]:
    """The one query of a text and its tokens. Raises `SqlRefused`."""
    try:
        tokens = DIALECT.tokenize(text)
        check_tokens(tokens)
        statements = DIALECT.parser().parse(tokens, text)
    except ParseError as wrong:
        at = wrong.errors[0] if wrong.errors else {}
        word = str(at.get("highlight") or "<EOF>")
        column = max(1, int(at.get("col") or 1) - len(word) + 1)
        raise SqlRefused(f"line {at.get('line') or 1}:{column}: mismatched input '{word}'") from None
    except SqlglotError:
        raise SqlRefused("line 1:1: mismatched input") from None
    tree = statements[0] if len(statements) == 1 else None
    if isinstance(tree, exp.Values):
        tree = selected(tree)
    if not isinstance(tree, exp.Query):
        raise SqlRefused(f"line 1:1: mismatched input '{(text.split() or ['<EOF>'])[0]}'. Expecting: 'SELECT', 'WITH'")
    for node in tree.walk():
        if type(node) in NOT_IMITATED:
            raise SqlRefused(f"line 1:1: mismatched input '{NOT_IMITATED[type(node)]}'")
        if isinstance(node, exp.Distinct) and node.args.get("on"):
            raise SqlRefused("line 1:1: mismatched input 'ON'")
        if isinstance(node, exp.Identifier) and not node.args.get("quoted") and node.name.upper() in RESERVED:
            raise SqlRefused(f"{first_place(node)}: mismatched input '{node.name}'")
        if isinstance(node, COMPARISONS) and isinstance(node.this, COMPARISONS):
            raise SqlRefused(f"{sign_place(node.this, SIGNS[type(node)], tokens)}: mismatched input '{SIGNS[type(node)]}'")
        if isinstance(node, exp.Fetch) and (options := node.args.get("limit_options")) and options.args.get("with_ties"):
            raise SqlRefused("line 1:1: WITH TIES is not imitated here")
        if isinstance(node, exp.Star) and any(node.args.values()):
            raise SqlRefused("line 1:1: mismatched input after '*'")
        if isinstance(node, exp.Select) and not node.expressions:
            raise SqlRefused("line 1:1: mismatched input '<EOF>'")
        if isinstance(node, exp.Join) and node.args.get("method") == "NATURAL":
            raise SqlRefused("line 1:1: Natural join not supported")
    for values in list(tree.find_all(exp.Values)):
        values.replace(selected(values))
    return tree, tokens


def selected(values: exp.Values) -> exp.Query:
    """`VALUES` as a set of selects, in which every row is checked as the set operations are. Raises `SqlRefused`."""
    alias = values.args.get("alias")
    names = [c.name for c in alias.columns] if alias else []
    rows = [list(row.expressions) if isinstance(row, exp.Tuple) else [row] for row in values.expressions]
    if any(len(row) != len(rows[0]) for row in rows):
        raise SqlRefused("line 1:1: Values rows have mismatched types")
    if alias and names and len(names) != len(rows[0]):
        text = f"Column alias list has {len(names)} entries but '{alias.name}' has {len(rows[0])} columns available"
        raise SqlRefused(f"{first_place(alias)}: {text}")
    heads = [names[i].lower() if i < len(names) else f"_col{i}" for i in range(len(rows[0]))]
    query = together([exp.Select(expressions=[exp.alias_(e.copy(), head) for e, head in zip(row, heads, strict=True)]) for row in rows])
    if not alias and not isinstance(values.parent, (exp.From, exp.Join)):
        return query
    return exp.Subquery(this=query, alias=exp.TableAlias(this=alias.this if alias else exp.to_identifier("_values")))


def together(parts: Sequence[exp.Query]) -> exp.Query:
    """All rows of some queries, in sets that the engine's limit allows."""
    query = parts[0]
    for part in parts[1:MAX_SET]:
        query = exp.Union(this=query, expression=part, distinct=False)
    query.meta["values"] = True
    if len(parts) <= MAX_SET:
        return query
    sets = [query, *(together(parts[n : n + MAX_SET]) for n in range(MAX_SET, len(parts), MAX_SET))]
    return together(
        [
            exp.Select(expressions=[exp.Star()]).from_(exp.Subquery(this=s, alias=exp.TableAlias(this=exp.to_identifier("set_"))))
            for s in sets
        ]
    )


def first_place(node: exp.Expr) -> str:
    """Where an expression begins, as far as the parser noted it: `line 1:8`."""
    starts = [(n.meta["start"], n) for n in node.walk() if "start" in n.meta]
    if not starts:
        return "line 1:1"
    first = min(starts, key=lambda s: s[0])[1]
    width = first.meta["end"] - first.meta["start"] + 1
    return f"line {first.meta['line']}:{max(1, first.meta['col'] - width + 1)}"


def sign_place(left: exp.Expr, sign: str, tokens: Sequence[Token]) -> str:
    """Where the operator behind an operand stands, which is where Trino puts the refusal of an operation."""
    end = max((n.meta["end"] for n in left.walk() if "end" in n.meta), default=-1)
    found = next((t for t in tokens if t.start > end and t.text.upper() == sign), None)
    return place_of(found) if found is not None else first_place(left)


def word_before(node: exp.Expr, words: Sequence[str], tokens: Sequence[Token]) -> int:
    """Which token is the word with which an expression begins; -1 where none is."""
    first = min((n.meta["start"] for n in node.walk() if "start" in n.meta), default=-1)
    return max((i for i, t in enumerate(tokens) if t.start < first and t.text.upper() in words), default=-1)


def word_place(node: exp.Expr, words: Sequence[str], tokens: Sequence[Token]) -> str:
    """Where the word stands with which an expression begins."""
    found = word_before(node, words, tokens)
    return place_of(tokens[found]) if found >= 0 else first_place(node)
