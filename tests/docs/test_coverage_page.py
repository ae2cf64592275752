"""Every rule of the catalogue has a test, and a table says which; docs/coverage.md counts them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.docs.test_generated_pages import ROOT, generator
from tests.rules.catalogue import FOLDER, PAGES, open_ids, rule_ids, rules_by_page
from tests.rules.plugin import COVERAGE, collected_all

LONGEST_RULE = 160


@pytest.fixture
def found(request: pytest.FixtureRequest) -> dict[str, list[str]]:
    """{rule id: node ids of its tests} as this session collected them."""
    if not collected_all(request.config):
        pytest.skip("only a part of the suite was collected")
    return request.config.stash[COVERAGE].tests


def test_every_rule_has_a_test_or_stands_in_the_list_of_open_ones(found: dict[str, list[str]]) -> None:
    uncovered = rule_ids() - found.keys()
    assert sorted(uncovered - set(open_ids())) == [], "rules without a test"
    assert sorted(set(open_ids()) - uncovered) == [], "rules of tests/rules/open.json that have a test"


def test_the_coverage_page_is_the_generated_one() -> None:
    assert (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8") == generator().coverage_summary()


def test_the_suite_leaves_the_table_of_every_rule(found: dict[str, list[str]]) -> None:
    made = generator()
    made.write_rules(found)
    rows = [line for line in made.TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert len(rows) == len(rule_ids())
    assert {row.split("`")[1] for row in rows if row.endswith("| - |")} == set(open_ids())


def test_the_catalogue_is_sound() -> None:
    ids = [rule.id for rules in rules_by_page().values() for rule in rules]
    assert len(set(ids)) == len(ids)
    assert all(0 < len(rule.text) <= LONGEST_RULE and rule.section for rules in rules_by_page().values() for rule in rules)
    assert all(rule.id.startswith(f"{page}.") for page, rules in rules_by_page().items() for rule in rules)
    assert {path.stem for path in FOLDER.glob("*.json")} == {*PAGES, "pages", "open"}


def test_the_list_of_open_rules_is_sorted_and_names_rules() -> None:
    assert open_ids() == sorted(set(open_ids()))
    assert set(open_ids()) <= rule_ids()


def test_the_table_names_a_test_function_once_however_many_cases_it_has(tmp_path: Path) -> None:
    first, second = sorted(rule_ids())[:2]
    page = generator().rules_table({first: ["tests/a/test_x.py::test_y[one]", "tests/a/test_x.py::test_y[two]"]})
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `{first}` ")]
    (other,) = [line for line in page.splitlines() if line.startswith(f"| `{second}` ")]
    assert row.endswith("| `a/test_x.py::test_y` |")
    assert other.endswith("| - |")


FAULTY = """
import pytest

@pytest.mark.rule("payments.P2.selection.99")
def test_nothing() -> None:
    pass
"""


def test_an_unknown_rule_stops_the_collection_with_the_nearest_ids(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nmarkers = rule(*ids): rules")
    pytester.makepyfile(FAULTY)
    result = pytester.runpytest_inprocess("-p", "tests.rules.plugin")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*test_nothing: there is no rule 'payments.P2.selection.99' in tests/rules; near: *"])


def test_the_report_names_tests_by_rule_without_running_them(pytester: pytest.Pytester, tmp_path: Path) -> None:
    pytester.makeini("[pytest]\nmarkers = rule(*ids): rules")
    pytester.makepyfile(test_it=FAULTY.replace(".99", ".4").replace("pass", "raise AssertionError"))
    report = tmp_path / "rules.json"
    result = pytester.runpytest_inprocess("-p", "tests.rules.plugin", "--collect-only", "--rules-report", str(report))
    assert result.ret == pytest.ExitCode.OK
    assert json.loads(report.read_text(encoding="utf-8")) == {"payments.P2.selection.4": ["test_it.py::test_nothing"]}
