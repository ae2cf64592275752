"""What `make quick` takes up."""

from __future__ import annotations

import pytest

from tests.mutants.mutant import mutants
from tests.quick.nearest import REPOSITORY, nearest
from tests.quick.until import ENDS

STEPS = "layers/tallybridge/tallybridge/steps/"


def test_a_changed_test_comes_first_and_whole() -> None:
    found = nearest([f"{STEPS}payments.py", "tests/sync/test_payments_writes.py"])
    assert found[0] == "tests/sync/test_payments_writes.py"
    assert not any(f.startswith("tests/sync/test_payments_writes.py::") for f in found)


def test_a_module_is_followed_by_the_tests_that_see_its_mutants_and_by_those_named_like_it() -> None:
    found = nearest(["layers/tallybridge/tallybridge/sync/sharing.py"])
    of_mutants = [test for m in mutants() if m.file == "sync/sharing.py" for test in m.tests]
    assert of_mutants and all(test in found or test.partition("::")[0] in found for test in of_mutants)
    assert "tests/unit/sync/test_sharing.py" in found
    found = nearest([f"{STEPS}credit_memos.py"])
    named = {str(p.relative_to(REPOSITORY)) for p in (REPOSITORY / "tests/sync").glob("test_credit_memos_*.py")}
    assert named and named <= set(found)


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ("template.yaml", "tests/infra/test_template.py"),
        ("statemachine/sync_step.asl.json", "tests/infra/test_definitions.py"),
        ("docs/errors.md", "tests/docs"),
        ("tests/sync/payment_world.py", "tests/sync/test_payments_writes.py"),
        ("layers/tallybridge/tallybridge/sync/sharing.py", "tests/unit/sync/test_sharing.py"),
        ("layers/tallybridge/tallybridge/steps/settlement/netsuite_payment_dates.py", "tests/sync/test_netsuite_payments_update.py"),
        ("cli/tallybridge_cli/month_commands.py", "tests/cli"),
    ],
)
def test_what_else_is_changed_has_tests_too(changed: str, tests: str) -> None:
    assert (REPOSITORY / changed).exists()
    found = nearest([changed])
    assert any(f == tests or f.startswith(f"{tests}/") for f in found)
    assert all((REPOSITORY / f.partition("::")[0]).exists() for f in found)


def test_nothing_is_taken_up_where_nothing_is_looked_at() -> None:
    assert nearest(["LICENSE"]) == []


def test_tests_that_are_not_begun_in_time_are_counted(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makepyfile("def test_one() -> None: pass\ndef test_two() -> None: pass")
    for ends, passed, skipped in (("0", 0, 2), ("99999999999", 2, 0)):
        monkeypatch.setenv(ENDS, ends)
        result = pytester.runpytest_subprocess("-p", "tests.quick.until", "-p", "no:cacheprovider")
        result.assert_outcomes(passed=passed, skipped=skipped)
        assert ("2 tests were not begun" in result.stdout.str()) is bool(skipped)
