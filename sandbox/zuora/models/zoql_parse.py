"""Parser for ZOQL queries (spec section 8.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from sandbox.zuora.exceptions import ZoqlFault
from sandbox.zuora.schema.fields import words

MAX_QUERY_LENGTH = 10_000
MAX_PREDICATES = 200
TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:[^'\\]|\\[bfnrt'"\\])*')|(?P<number>-?\d+(?:\.\d+)?)(?![\w.])|(?P<name>[A-Za-z_]\w*)(?![\w.(])"""
    r"""|(?P<op><=|>=|!=|=|<|>)|(?P<comma>,))"""
)
ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
KEYWORDS = frozenset(words("select from where and or like null true false in not is order group by limit having"))
OPERATORS = frozenset(["=", "!=", "<", "<=", ">", ">="])
Literal = str | Decimal | bool | None


@dataclass(frozen=True)
class Predicate:
    field: str
    op: str
    value: Literal


@dataclass(frozen=True)
class Query:
    """A query as written: `groups` are the OR branches, each a list of predicates joined by AND; empty without a filter."""

    fields: tuple[str, ...]
    object: str
    groups: tuple[tuple[Predicate, ...], ...]


def malformed() -> NoReturn:
    raise ZoqlFault("MALFORMED_QUERY", "You have an error in your ZOQL syntax")


def parse(text: object, any_case: bool = False) -> Query:
    """`any_case`: keywords may be written in capitals too. Raises `ZoqlFault` MALFORMED_QUERY for anything outside the grammar."""
    if not isinstance(text, str) or len(text) > MAX_QUERY_LENGTH:
        malformed()
    return _Parser(list(tokens(text)), any_case).query()


def tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            malformed()
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Parser:
    def __init__(self, items: list[tuple[str, str]], any_case: bool) -> None:
        self.items = items
        self.any_case = any_case
        self.at = 0

    def query(self) -> Query:
        self.keyword("select")
        fields = [self.name()]
        while self.peek("comma"):
            self.at += 1
            fields.append(self.name())
        self.keyword("from")
        kind = self.name()
        groups: list[tuple[Predicate, ...]] = []
        if self.at < len(self.items):
            self.keyword("where")
            groups = self.alternatives()
        if self.at < len(self.items) or sum(map(len, groups)) > MAX_PREDICATES:
            malformed()
        return Query(tuple(fields), kind, tuple(groups))

    def alternatives(self) -> list[tuple[Predicate, ...]]:
        groups = [[self.predicate()]]
        while self.at < len(self.items):
            if self.accept("or"):
                groups.append([self.predicate()])
            elif self.accept("and"):
                groups[-1].append(self.predicate())
            else:
                malformed()
        return [tuple(g) for g in groups]

    def predicate(self) -> Predicate:
        field = self.name()
        kind, text = self.take()
        if kind == "name" and self.word(text) == "like":
            op = "like"
        elif kind == "op":
            op = text
        else:
            malformed()
        return Predicate(field, op, self.literal())

    def literal(self) -> Literal:
        kind, text = self.take()
        if kind == "string":
            return re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), text[1:-1])
        if kind == "number":
            return Decimal(text)
        match self.word(text) if kind == "name" else "":
            case "true":
                return True
            case "false":
                return False
            case "null":
                return None
        malformed()

    def word(self, text: str) -> str:
        """A word as it is compared with a keyword."""
        return text.lower() if self.any_case else text

    def take(self) -> tuple[str, str]:
        if self.at >= len(self.items):
            malformed()
        self.at += 1
        return self.items[self.at - 1]

    def peek(self, kind: str) -> bool:
        return self.at < len(self.items) and self.items[self.at][0] == kind

    def name(self) -> str:
        kind, text = self.take()
        if kind != "name" or text.lower() in KEYWORDS:
            malformed()
        return text

    def accept(self, word: str) -> bool:
        if self.peek("name") and self.word(self.items[self.at][1]) == word:
            self.at += 1
            return True
        return False

    def keyword(self, word: str) -> None:
        if not self.accept(word):
            malformed()
