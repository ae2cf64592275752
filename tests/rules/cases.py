"""Parameters of table-driven tests with the rules that each of them proves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from tests.rules.catalogue import PAGES


def ruled(cases: Iterable[str], rules: Mapping[str, str | Iterable[str]], prefix: str = "") -> list[Any]:
    """The cases as parameters, each marked with its rules. Rules are given by case; `prefix` stands before each id that does not begin
    with the name of a page. Cases without an entry stay unmarked; an entry without its case is an error."""
    known = list(cases)
    strange = set(rules) - set(known)
    assert not strange, f"rules of unknown cases: {sorted(strange)}"
    return [pytest.param(case, marks=_marks(rules.get(case, ()), prefix), id=case) for case in known]


def of_tables(tables: Mapping[str, Any]) -> list[Any]:
    """The cases of several tables as parameters: the name of the table, and what the table gives of each case."""
    return [pytest.param(name, *p.values, marks=p.marks, id=f"{name}: {p.id}") for name, table in tables.items() for p in table.cases()]


def _marks(ids: str | Iterable[str], prefix: str) -> tuple[Any, ...]:
    wanted = [ids] if isinstance(ids, str) else list(ids)
    return (pytest.mark.rule(*(_whole(i, prefix) for i in wanted)),) if wanted else ()


def _whole(rule: str, prefix: str) -> str:
    page, dot, _ = rule.partition(".")
    return rule if dot and page in PAGES else prefix + rule
