"""Signs and words of a statement, held against Trino's grammar before they are parsed: other dialects' are refused, and so are its own in
places where it does not have them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot.tokenizer_core import Token, TokenType

FOREIGN_SIGNS = frozenset({"==", "::", "&", "|", "^", "~", "<=>", "~~", "&&", "<<", ">>", "->>", "@", "#"})
FOREIGN_WORDS = frozenset({"GLOB", "ILIKE", "RLIKE", "REGEXP", "QUALIFY", "DIV", "SIMILAR", "TOP", "ISNULL", "NOTNULL", "PIVOT", "UNPIVOT"})
RESERVED_WORDS = """
ALTER AND AS BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE DEALLOCATE DELETE DESCRIBE DISTINCT DROP ELSE END ESCAPE EXCEPT EXECUTE
EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT INTO IS JOIN LEFT LIKE NATURAL NORMALIZE NOT NULL ON OR
ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT TABLE THEN TRUE UESCAPE UNION UNNEST USING VALUES WHEN WHERE WITH
"""
RESERVED = frozenset(RESERVED_WORDS.split())
"""Words that are names in quotes alone."""
BEFORE_NAMES = frozenset(
    {"SELECT", "DISTINCT", "WHERE", "AND", "OR", "ON", "BY", "HAVING", "FROM", "JOIN", "CASE", "WHEN", "THEN", "ELSE"}
    | {"BETWEEN", "AS", "WITH", "ORDER BY", "GROUP BY", "PARTITION BY"}
)
ENDS = frozenset({")", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "UNION"})
AFTER_JOINS = frozenset({"WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FETCH", "UNION", "INTERSECT", "EXCEPT", "WINDOW", ")"})
INTERVAL_FIELDS = ("DAY", "HOUR", "MINUTE", "MONTH", "SECOND", "YEAR")
TEXTS = (TokenType.STRING, TokenType.IDENTIFIER)
NOTHING = Token(TokenType.SEMICOLON, "<EOF>")


class SqlRefused(Exception):
    """The job fails; the text is its `errorMessage`."""


def place_of(token: Token) -> str:
    quotes = 2 if token.token_type in TEXTS else 0
    return f"line {token.line}:{max(1, token.col - len(token.text) - quotes + 1)}"


def word_of(token: Token) -> str:
    """The word of a token, empty for a text or a name in quotes; `ORDER BY` and its like are one token."""
    return "" if token.token_type in TEXTS else token.text.upper().split(" ")[0]


def mismatched(token: Token | None, tokens: Sequence[Token], expecting: str = "") -> SqlRefused:
    """The refusal of a word; without one that of the end of the text."""
    more = f". Expecting: {expecting}" if expecting else ""
    if token is None:
        last = tokens[-1]
        return SqlRefused(f"line {last.line}:{last.col + 1}: mismatched input '<EOF>'{more}")
    shown = f"'{token.text}'" if token.token_type == TokenType.STRING else token.text
    shown = shown if token.token_type in TEXTS else shown.split(" ")[0]
    return SqlRefused(f"{place_of(token)}: mismatched input '{shown}'{more}")


def check_tokens(tokens: Sequence[Token]) -> None:
    """Refuse signs and words that Trino's grammar does not have, and clauses in another order than its own."""
    check_joins(tokens)
    check_orders(tokens)
    for place, token in enumerate(tokens):
        if token.token_type in TEXTS:
            check_alias(tokens, place)
            continue
        word = token.text.upper()
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        if token.text == "`":
            raise SqlRefused(f"{place_of(token)}: backquoted identifiers are not supported; use double quotes to quote identifiers")
        if word in ("LIMIT", "OFFSET") and is_clause(tokens, place):
            check_count(tokens, place)
        if word == "INTERVAL":
            check_interval(tokens, place)
        if word == "TRIM":
            check_trim(tokens, place)
        if word == "SYMMETRIC" and place and tokens[place - 1].text.upper() == "BETWEEN":
            raise mismatched(following, tokens)
        if token.token_type == TokenType.COMMA and (following is None or word_of(following) in ENDS):
            raise mismatched(following, tokens)
        if token.token_type == TokenType.L_BRACKET and not follows_value(tokens, place):
            raise mismatched(token, tokens)
        used_as_name = place > 0 and tokens[place - 1].text.upper() in (".", "AS")
        if token.text in FOREIGN_SIGNS or (word in FOREIGN_WORDS and not used_as_name and is_operator(tokens, place)):
            raise mismatched(token, tokens, "<EOF>")


def check_alias(tokens: Sequence[Token], place: int) -> None:
    token = tokens[place]
    if (
        token.token_type == TokenType.STRING
        and place
        and tokens[place - 1].text.upper() == "AS"
        and tokens[place - 1].token_type not in TEXTS
    ):
        raise mismatched(token, tokens)


def check_orders(tokens: Sequence[Token]) -> None:
    """A set operation does not follow ORDER BY, and a table's name is no text."""
    opened, ordered = [""], [False]
    for place, token in enumerate(tokens):
        word = word_of(token)
        if word in ("UNION", "INTERSECT", "EXCEPT") and ordered[-1]:
            raise mismatched(token, tokens)
        ordered[-1] = ordered[-1] or word == "ORDER"
        before = tokens[place - 1].text.upper() if place else ""
        if token.token_type == TokenType.STRING and before in ("FROM", "JOIN") and opened[-1] not in ("EXTRACT", "SUBSTRING", "TRIM"):
            raise mismatched(token, tokens)
        if token.token_type == TokenType.L_PAREN:
            opened.append(before)
            ordered.append(False)
        elif token.token_type == TokenType.R_PAREN and len(opened) > 1:
            opened.pop()
            ordered.pop()


def is_clause(tokens: Sequence[Token], place: int) -> bool:
    """Whether LIMIT or OFFSET begins a clause; both words may be names too."""
    after = tokens[place + 1].text if place + 1 < len(tokens) else ""
    return place > 0 and tokens[place - 1].text not in (".", ",", "(") and is_operator(tokens, place) and after not in (",", ".", "=", "")


def check_count(tokens: Sequence[Token], place: int) -> None:
    """The number of a clause is written out; LIMIT has nothing behind it."""
    count = tokens[place + 1]
    fits = (
        count.text.isdigit()
        if count.token_type == TokenType.NUMBER
        else tokens[place].text.upper() == "LIMIT" and count.text.upper() == "ALL"
    )
    if not fits:
        raise mismatched(count, tokens)
    after = tokens[place + 2] if place + 2 < len(tokens) else None
    ends = (")", ";") if tokens[place].text.upper() == "LIMIT" else (")", ";", "ROW", "ROWS", "LIMIT", "FETCH")
    if after is not None and after.text.upper() not in ends:
        raise mismatched(after, tokens, "<EOF>")


def check_interval(tokens: Sequence[Token], place: int) -> None:
    """A text, and the name of its field in the singular; a second one behind TO."""
    rest = list(tokens[place + 1 : place + 6])
    if rest and rest[0].token_type == TokenType.NUMBER:
        raise mismatched(rest[0], tokens, "'+', '-', <string>")
    if rest and rest[0].text in ("+", "-"):
        rest = rest[1:]
    if not rest or rest[0].token_type != TokenType.STRING:
        return
    fields = rest[1:2] + (rest[3:4] or [NOTHING] if len(rest) > 2 and rest[2].text.upper() == "TO" else [])
    expecting = ", ".join(f"'{name}'" for name in INTERVAL_FIELDS)
    for field in fields or [NOTHING]:
        if field.text.upper() not in INTERVAL_FIELDS:
            raise mismatched(None if field is NOTHING else field, tokens, expecting)


def check_trim(tokens: Sequence[Token], place: int) -> None:
    """`TRIM(text)`; the forms with FROM came later than this version."""
    depth = 0
    for at in range(place + 1, len(tokens)):
        token = tokens[at]
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        if depth < 1:
            return
        side = depth == 1 and at == place + 3 and tokens[at - 1].text.upper() in ("LEADING", "TRAILING", "BOTH")
        if depth == 1 and ((side and token.text not in (".", ",", ")", "|", "||")) or token.text.upper() == "FROM"):
            raise mismatched(token, tokens)


def check_joins(tokens: Sequence[Token]) -> None:
    """Every JOIN has its condition, but for CROSS and NATURAL ones."""
    open_joins = [0]
    for place, token in enumerate(tokens):
        word = word_of(token)
        before = [t.text.upper() for t in tokens[max(0, place - 4) : place]]
        if word == "JOIN" and "CROSS" not in before[-1:] and "NATURAL" not in before:
            open_joins[-1] += 1
        elif word in ("ON", "USING") and open_joins[-1]:
            open_joins[-1] -= 1
        elif word in AFTER_JOINS and open_joins[-1]:
            raise mismatched(token, tokens, "'ON', 'USING'")
        if token.token_type == TokenType.L_PAREN:
            open_joins.append(0)
        elif token.token_type == TokenType.R_PAREN and len(open_joins) > 1:
            open_joins.pop()
    if open_joins[-1]:
        raise mismatched(None, tokens, "'ON', 'USING'")


def follows_value(tokens: Sequence[Token], place: int) -> bool:
    """Whether a bracket is an array's or the place in one."""
    before = tokens[place - 1] if place else NOTHING
    return (
        before.token_type in TEXTS or before.text in (")", "]") or (before.text[-1:].isalnum() and before.text.upper() not in BEFORE_NAMES)
    )


def is_operator(tokens: Sequence[Token], place: int) -> bool:
    """Whether a word stands behind a value, so that it is no name itself."""
    if not place:
        return False
    before = tokens[place - 1]
    return (
        before.text.upper() == "NOT"
        or before.text in (")", "*", "]")
        or before.token_type in TEXTS
        or (before.text[-1:].isalnum() and before.text.upper() not in BEFORE_NAMES)
    )
