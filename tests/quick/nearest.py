"""Which tests a change touches, the nearest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.mutants.mutant import mutants

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = ("layers/tallybridge/", "cli/", "")
"""Folders below which modules are found by their dotted names."""
IMPORT = re.compile(r"^[ ]*(?:from|import) ([\w.]+)(?: import (\([^)]*\)|[^\n]*))?$", re.MULTILINE)
NAME = re.compile(r"\w+")
MODULES = ("layers", "cli", "sandbox", "tests")
BESIDE: Mapping[str, tuple[str, ...]] = {
    "docs/": ("tests/docs",),
    "README.md": ("tests/docs",),
    "CHANGELOG.md": ("tests/docs",),
    "functions/": ("tests/infra/test_template.py", "tests/infra/test_permissions.py"),
    "template.yaml": ("tests/infra/test_template.py", "tests/infra/test_permissions.py"),
    "policies/": ("tests/sandbox/test_policies_in_use.py",),
    "statemachine/": ("tests/infra/test_definitions.py", "tests/infra/test_sequence.py"),
    "events/": ("tests/infra/test_events.py",),
    "tests/mutants/areas/": ("tests/mutants",),
}
"""Tests of what is no Python, by the beginning of its path."""


def nearest(changed: Iterable[str]) -> list[str]:
    """Arguments for pytest: test files, folders and single tests. First those that were changed, then those that are sure to see a fault
    in what was changed, then those that are named like it or import it, then those of the modules that import it. `changed` are paths
    from the repository's root."""
    paths = sorted(set(changed))
    found = dict.fromkeys(p for p in paths if _is_test(p) and (REPOSITORY / p).exists())
    for tests in (_seen_by_mutants(paths), _beside(paths), _of(paths), _of(_users(paths))):
        found |= dict.fromkeys(tests)
    whole = {f for f in found if "::" not in f}
    return [f for f in found if "::" not in f or f.partition("::")[0] not in whole]


def _is_test(path: str) -> bool:
    return path.startswith("tests/") and Path(path).name.startswith("test_")


def _seen_by_mutants(paths: Iterable[str]) -> Iterator[str]:
    files = {p.removeprefix("layers/tallybridge/tallybridge/") for p in paths}
    for mutant in mutants():
        if mutant.file in files:
            yield from mutant.tests


def _beside(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        for beginning, tests in BESIDE.items():
            if path.startswith(beginning):
                yield from tests


def _of(paths: Sequence[str]) -> Iterator[str]:
    """The tests that are named like modules, then those that import them."""
    stems = {Path(path).stem for path in paths if path.endswith(".py") and not _is_test(path)} - {"__init__", "__main__"}
    like = re.compile(rf"test_({'|'.join(map(re.escape, sorted(stems)))})(_.*)?\.py") if stems else None
    yield from (test for test in _files("tests") if like and like.fullmatch(Path(test).name))
    names = {_dotted(path) for path in paths if path.endswith(".py")}
    yield from (test for test in _files("tests") if _is_test(test) and names & _imports(test))


def _users(paths: Sequence[str]) -> list[str]:
    """The modules that import one of some."""
    names = {_dotted(path) for path in paths if path.endswith(".py") and not _is_test(path)}
    return [module for source in MODULES for module in _files(source) if not _is_test(module) and names & _imports(module)]


def _dotted(path: str) -> str:
    """The name under which a module is imported."""
    source = next(s for s in SOURCES if path.startswith(s))
    return path.removeprefix(source).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def _files(folder: str) -> tuple[str, ...]:
    return tuple(str(p.relative_to(REPOSITORY)) for p in sorted((REPOSITORY / folder).rglob("*.py")))


@cache
def _imports(path: str) -> frozenset[str]:
    """All modules that a file names in its imports."""
    found = set()
    for module, names in IMPORT.findall((REPOSITORY / path).read_text(encoding="utf-8")):
        found |= {module, *(f"{module}.{name}" for name in NAME.findall(names))}
    return frozenset(found)
