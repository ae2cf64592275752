"""pytest support for rules: refuses unknown ids, knows which tests were collected for which rule, writes that as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import pytest

from tests.rules.catalogue import rule_ids

MARKER = "rule"
SUGGESTIONS = 3


@dataclass
class Coverage:
    """What one session collected: test node ids by rule."""

    tests: dict[str, list[str]] = field(default_factory=dict)


COVERAGE = pytest.StashKey[Coverage]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rules-report", metavar="FILE", help="write {rule id: [test node ids]} as JSON when tests are collected")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COVERAGE] = Coverage()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """First of all hooks, so that deselected tests count too."""
    coverage, known = config.stash[COVERAGE], rule_ids()
    faults: list[str] = []
    for item in items:
        for name in sorted({str(i) for mark in item.iter_markers(MARKER) for i in mark.args}):
            if name in known:
                coverage.tests.setdefault(name, []).append(item.nodeid)
            else:
                near = ", ".join(get_close_matches(name, known, SUGGESTIONS))
                faults.append(f"{item.nodeid}: there is no rule {name!r} in tests/rules" + (f"; near: {near}" if near else ""))
    if faults:
        raise pytest.UsageError("\n".join(faults))


def pytest_collection_finish(session: pytest.Session) -> None:
    target = session.config.getoption("--rules-report")
    if target:
        found = session.config.stash[COVERAGE].tests
        Path(target).write_text(json.dumps({k: found[k] for k in sorted(found)}, indent=1) + "\n", encoding="utf-8")


def collected_all(config: pytest.Config) -> bool:
    """Whether the whole suite was collected: the arguments name the folder of all tests, nothing below it."""
    tests = config.rootpath / "tests"
    named = [Path(str(argument)) for argument in config.args if "::" not in str(argument)]
    whole = [p for p in named if (config.invocation_params.dir / p).resolve() in (tests, config.rootpath)]
    narrowed = config.getoption("ignore", None) or config.getoption("ignore_glob", None) or config.getoption("deselect", None)
    return bool(whole) and not narrowed
