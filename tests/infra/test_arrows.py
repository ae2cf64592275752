"""The rooms of the library, from top to bottom: a module imports from its own room and from those below it, never from one above."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[2] / "layers" / "tallybridge" / "tallybridge"
ROOMS: tuple[tuple[str, str], ...] = (
    ("console", "pages in the browser"),
    ("desk", "what people do beside the runs: settings, answers, exports, sign-off, setting up"),
    ("revenue", "the revenue connector"),
    ("tasks", "what the states of the billing sync call"),
    ("drift", "what changed after the sync"),
    ("steps", "one module for each step of the billing sync"),
    ("steps.reversing", "documents that are taken back"),
    ("steps.documents", "invoices, memos and adjustments"),
    ("steps.settlement", "payments and refunds"),
    ("steps.master_data", "customers, items, sales orders"),
    ("steps.shared", "what steps have in common"),
    ("reporting", "words and tables of mails, pages and exports"),
    ("wiring configuration", "clients of all services, made once a process; the stored settings"),
    ("settings settings_rules field_names", "what the owner sets, and what is allowed"),
    ("fields", "the fields that the connector needs on both sides"),
    ("zuora_revenue", "client of Zuora Revenue"),
    ("zuora", "client of Zuora"),
    ("netsuite", "client of NetSuite"),
    ("sync", "the engine: write protocol, ledger, slots, runs"),
    ("", "money, time, errors, HTTP: what knows neither side"),
)
PLACE = {name: place for place, (names, _) in enumerate(ROOMS) for name in names.split() or [""]}


def modules() -> Iterator[str]:
    for path in sorted(LIBRARY.rglob("*.py")):
        yield ".".join(path.relative_to(LIBRARY).with_suffix("").parts)


def room_of(module: str) -> str:
    """The longest name of a room with which a module's name begins, "" for one of the last room."""
    parts = module.removesuffix(".__init__").split(".")
    names = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((name for name in names if name in PLACE), "")


@cache
def imported_by(module: str) -> frozenset[str]:
    """The modules of the library that a module names in its imports, those for types alone too."""
    found = set()
    for node in ast.walk(ast.parse((LIBRARY / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "tallybridge":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tallybridge."):
            inner = str(node.module).removeprefix("tallybridge.")
            found |= {f"{inner}.{alias.name}" if (LIBRARY / inner.replace(".", "/")).is_dir() else inner for alias in node.names}
    return frozenset(found)


@pytest.mark.parametrize("names", [names for names, _ in ROOMS])
def test_a_room_imports_only_from_rooms_below_it(names: str) -> None:
    own = [module for module in modules() if room_of(module) in (names.split() or [""])]
    assert own
    upwards = {f"{module} -> {other}" for module in own for other in imported_by(module) if PLACE[room_of(other)] < PLACE[room_of(module)]}
    assert upwards == set()


def test_no_two_modules_of_the_steps_import_each_other() -> None:
    """Nor in a longer circle."""
    graph = {m: {o for o in imported_by(m) if o.startswith("steps")} for m in modules() if m.startswith("steps")}
    while graph:
        free = [m for m, others in graph.items() if not others & graph.keys() - {m}]
        assert free, f"a circle among {sorted(graph)}"
        graph = {m: others for m, others in graph.items() if m not in free}


def test_every_folder_is_a_room() -> None:
    folders = {".".join(p.relative_to(LIBRARY).parent.parts) for p in LIBRARY.rglob("*.py")} - {""}
    of_rooms = {name for names, _ in ROOMS for name in names.split()}
    assert {f for f in folders if f.split(".")[0] not in of_rooms and f not in of_rooms} == set()
