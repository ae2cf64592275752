"""What may be cast to what, and the type that a cast or a typed literal names."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp
from sqlglot.tokenizer_core import Token

from sandbox.zuora.models.dataquery.dialect import word_before, word_place
from sandbox.zuora.models.dataquery.grammar import SqlRefused, place_of
from sandbox.zuora.models.dataquery.moments import parsed_date, parsed_literal
from sandbox.zuora.models.dataquery.types import NUMBERS, UNKNOWN, Type, named

TIMES = ("date", "timestamp")
INTERVALS = ("days", "months")


def cast_type(node: exp.Cast, kind: Type, tokens: Sequence[Token]) -> Type:
    """The type of a cast of a value of a type. Raises `SqlRefused`."""
    check_literal(node, tokens)
    place = word_place(node, ("CAST", "TRY_CAST", "DATE", "TIMESTAMP"), tokens)
    wanted = named_type(node, place, tokens)
    fine = kind == UNKNOWN or wanted.kind == kind.kind or "varchar" in (kind.kind, wanted.kind)
    fine = fine or (kind.kind in TIMES and wanted.kind in TIMES) or {kind.kind, wanted.kind} <= {*NUMBERS, "boolean"}
    if not fine or (kind.kind == "array") != (wanted.kind == "array") or (kind.kind in INTERVALS and wanted.kind != "varchar"):
        raise SqlRefused(f"{place}: Cannot cast {kind} to {wanted}")
    return wanted


def literal_word(node: exp.Cast, words: Sequence[str], tokens: Sequence[Token]) -> Token | None:
    """The word that stands right before the text of a typed literal: `DATE '2026-01-31'`."""
    word = word_before(node, words, tokens)
    if word < 0 or not isinstance(node.this, exp.Literal) or tokens[word + 1].start != node.this.meta.get("start"):
        return None
    return tokens[word]


def named_type(node: exp.Cast, place: str, tokens: Sequence[Token]) -> Type:
    """That of `DECIMAL '1.50'` has the digits of its text."""
    name, sizes = node.to.this.value.lower(), [int(p.name) for p in node.to.expressions]
    if name == "float" and any(t.text.upper() == "REAL" for t in tokens):
        name = "real"
    if name == "decimal" and literal_word(node, ("DECIMAL",), tokens) is not None:
        whole, _, places = node.this.name.strip().lstrip("+-").partition(".")
        sizes = [max(1, len(whole.lstrip("0")) + len(places)), len(places)]
    try:
        found = named(name, sizes)
    except ValueError as wrong:
        raise SqlRefused(str(wrong)) from None
    if found is None:
        raise SqlRefused(f"{place}: Unknown type: {name}")
    return found


def check_literal(node: exp.Cast, tokens: Sequence[Token]) -> None:
    """`DATE 'abc'` is refused before the query runs, and otherwise than `CAST('abc' AS DATE)`."""
    word = literal_word(node, ("DATE", "TIMESTAMP"), tokens)
    if word is None:
        return
    try:
        (parsed_date if word.text.upper() == "DATE" else parsed_literal)(node.this.name)
    except ValueError:
        raise SqlRefused(f"{place_of(word)}: '{node.this.name}' is not a valid {word.text.lower()} literal") from None
