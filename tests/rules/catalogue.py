"""The catalogue of rules: one JSON file per page, see README.md."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
OPEN = FOLDER / "open.json"
PAGES: tuple[str, ...] = tuple(json.loads((FOLDER / "pages.json").read_text(encoding="utf-8")))
"""In the order of docs/coverage.md."""


@dataclass(frozen=True)
class Rule:
    """One rule: its id, the section it stands in, what it says."""

    id: str
    section: str
    text: str


def rules_by_page() -> dict[str, list[Rule]]:
    """Every rule, by page, in the order of the page."""
    return {page: _rules(FOLDER / f"{page}.json") for page in PAGES}


@functools.cache
def rule_ids() -> frozenset[str]:
    """Every id of the catalogue."""
    return frozenset(rule.id for rules in rules_by_page().values() for rule in rules)


def open_ids() -> list[str]:
    """Ids of the rules that no test proves yet."""
    return list(json.loads(OPEN.read_text(encoding="utf-8")))


def _rules(path: Path) -> list[Rule]:
    return [Rule(r["id"], r["section"], r["rule"]) for r in json.loads(path.read_text(encoding="utf-8"))]


def write_open_ids(found: Iterable[str]) -> None:
    """Make open.json the list of all rules that are not among the found ones."""
    OPEN.write_text(json.dumps(sorted(rule_ids() - set(found)), indent=1) + "\n", encoding="utf-8")
