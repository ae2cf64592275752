"""What of SQL is Trino's grammar: other dialects' words and signs are refused before anything is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.parsers.trino import TrinoParser
from sqlglot.tokenizer_core import Token, TokenType

FOREIGN_SIGNS = frozenset({"==", "::", "&", "|", "^", "~", "<=>", "~~", "&&", "<<", ">>", "->>", "@", "#"})
FOREIGN_WORDS = frozenset({"GLOB", "ILIKE", "RLIKE", "REGEXP", "QUALIFY", "DIV", "SIMILAR", "TOP", "ISNULL", "NOTNULL", "PIVOT", "UNPIVOT"})
MAX_SET = 100
"""Rows of `VALUES` in one set."""
BEFORE_NAMES = frozenset(
    {"SELECT", "DISTINCT", "WHERE", "AND", "OR", "ON", "BY", "HAVING", "FROM", "JOIN", "CASE", "WHEN", "THEN", "ELSE"}
    | {"BETWEEN", "AS", "WITH"}
)
ENDS = frozenset({")", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "UNION"})
NOT_IMITATED: dict[type[exp.Expr], str] = {
    exp.Lock: "FOR",
    exp.TableSample: "TABLESAMPLE",
    exp.Unnest: "UNNEST",
    exp.Lateral: "LATERAL",
    exp.Pivot: "PIVOT",
}
SPECIAL_FORMS = ("CAST", "TRY_CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM")
"""Functions with a grammar of their own."""


class SqlRefused(Exception):
    """The job fails; the text is its `errorMessage`."""


class DataQueryTrino(Trino):
    """Trino, with every function left as it is written: `functions` knows which there are."""

    class Parser(TrinoParser):
        FUNCTIONS: ClassVar = {}
        FUNCTION_PARSERS: ClassVar = {k: v for k, v in TrinoParser.FUNCTION_PARSERS.items() if k in SPECIAL_FORMS}


DIALECT = DataQueryTrino()


def place_of(token: Token) -> str:
    return f"line {token.line}:{max(1, token.col - len(token.text) + 1)}"


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
        if isinstance(node, exp.Star) and any(node.args.values()):
            raise SqlRefused("line 1:1: mismatched input after '*'")
        if isinstance(node, exp.Select) and not node.expressions:
            raise SqlRefused("line 1:1: mismatched input '<EOF>'")
        if isinstance(node, exp.Join) and node.args.get("method") == "NATURAL":
            raise SqlRefused("line 1:1: Natural join not supported")
    for values in list(tree.find_all(exp.Values)):
        values.replace(selected(values))
    return tree, tokens


def check_tokens(tokens: Sequence[Token]) -> None:
    """Refuse signs and words that Trino's grammar does not have, and clauses in another order than its own."""
    limits: list[bool] = [False]
    for place, token in enumerate(tokens):
        word = token.text.upper()
        if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER):
            continue
        if token.text == "`":
            raise SqlRefused(f"{place_of(token)}: backquoted identifiers are not supported; use double quotes to quote identifiers")
        if token.token_type == TokenType.L_PAREN:
            limits.append(False)
        elif token.token_type == TokenType.R_PAREN and len(limits) > 1:
            limits.pop()
        elif word in ("UNION", "INTERSECT", "EXCEPT"):
            limits[-1] = False
        elif word == "LIMIT" and place + 1 < len(tokens):
            limits[-1] = True
            after = tokens[place + 2] if place + 2 < len(tokens) else None
            if after is not None and after.token_type == TokenType.COMMA:
                raise SqlRefused(f"{place_of(after)}: mismatched input ','. Expecting: <EOF>")
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        if word == "INTERVAL" and following is not None and following.token_type == TokenType.NUMBER:
            raise SqlRefused(f"{place_of(following)}: mismatched input '{following.text}'. Expecting: '+', '-', <string>")
        if token.token_type == TokenType.COMMA and (following is None or following.text.upper() in ENDS):
            raise SqlRefused(f"{place_of(following or token)}: mismatched input '{following.text if following else '<EOF>'}'")
        used_as_name = (place > 0 and tokens[place - 1].text in (".",)) or (place > 0 and tokens[place - 1].text.upper() == "AS")
        foreign = token.text in FOREIGN_SIGNS or (word in FOREIGN_WORDS and not used_as_name and is_operator(tokens, place))
        if foreign or (word == "OFFSET" and limits[-1]):
            raise SqlRefused(f"{place_of(token)}: mismatched input '{token.text}'. Expecting: <EOF>")


def is_operator(tokens: Sequence[Token], place: int) -> bool:
    """Whether a word stands behind a value, so that it is no name itself."""
    if not place:
        return False
    before = tokens[place - 1]
    return before.text.upper() == "NOT" or before.text == ")" or (before.text[-1:].isalnum() and before.text.upper() not in BEFORE_NAMES)


def selected(values: exp.Values) -> exp.Query:
    """`VALUES` as a set of selects, in which every row is checked as the set operations are. Raises `SqlRefused`."""
    alias = values.args.get("alias")
    names = [c.name for c in alias.columns] if alias else []
    rows = [list(row.expressions) if isinstance(row, exp.Tuple) else [row] for row in values.expressions]
    if any(len(row) != len(rows[0]) for row in rows):
        raise SqlRefused("line 1:1: Values rows have mismatched types")
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
