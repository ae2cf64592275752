"""Pages made from the code are those in the repository; pages written by hand name everything they must."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "layers" / "tallybridge" / "tallybridge"
CODE_PARAMETERS = {"Problem": 0, "ConfigurationError": None, "StepFailed": None}


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_settings_page_is_the_generated_one() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == generator().settings_page()


def test_the_page_of_netsuite_s_fields_is_the_generated_one() -> None:
    assert (ROOT / "docs" / "netsuite-fields.md").read_text(encoding="utf-8") == generator().netsuite_page.page()


def test_the_page_of_zuoras_fields_is_the_generated_one() -> None:
    assert (ROOT / "docs" / "zuora-fields.md").read_text(encoding="utf-8") == generator().zuora_fields_page()


def test_the_page_of_data_query_is_the_generated_one() -> None:
    assert (ROOT / "docs" / "sandbox-data-query.md").read_text(encoding="utf-8") == generator().data_query_page()


def test_the_page_of_what_the_netsuite_stand_in_covers_is_the_generated_one() -> None:
    assert (ROOT / "docs" / "sandbox-netsuite-coverage.md").read_text(encoding="utf-8") == generator().netsuite_coverage.page()


def test_the_page_of_what_the_zuora_stand_in_covers_is_the_generated_one() -> None:
    assert (ROOT / "docs" / "sandbox-zuora-coverage.md").read_text(encoding="utf-8") == generator().zuora_coverage.page()


def test_the_page_of_assumptions_is_the_generated_one() -> None:
    assert (ROOT / "docs" / "assumptions.md").read_text(encoding="utf-8") == generator().assumption_page()


def test_the_pages_of_the_codes_and_the_list_of_the_library_are_the_generated_ones() -> None:
    made, folder = generator(), ROOT / "docs" / "errors"
    assert {page.name: page.read_text(encoding="utf-8") for page in folder.glob("*")} == made.code_pages()
    assert (LIBRARY / "reporting" / "codes.json").read_text(encoding="utf-8") == made.code_list()


def test_the_page_of_performance_shows_what_the_bench_has_printed() -> None:
    page, printed = ((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("performance.md", "bench.txt"))
    assert page == generator().performance_page() and printed in page
    assert "ms a call" in printed and "met" in printed, "the kept output states its latency and ends with the table of aims"


def codes_in(path: Path) -> set[str]:
    """Literal codes of problems and errors in a module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        if name == "Kind":  # its code is the beginning of codes
            continue
        if name == "Problem" and node.args and isinstance(node.args[0], ast.Constant):
            found.add(str(node.args[0].value))
        found |= {str(k.value.value) for k in node.keywords if k.arg == "code" and isinstance(k.value, ast.Constant) and k.value.value}
    return found - {""}


@pytest.mark.parametrize("module", sorted(p.relative_to(LIBRARY).as_posix() for p in LIBRARY.rglob("*.py")))
def test_every_code_has_its_entry_in_the_error_page(module: str) -> None:
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    missing = {code for code in codes_in(LIBRARY / module) if f"`{code}`" not in page}
    assert not missing
