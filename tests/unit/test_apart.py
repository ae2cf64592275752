"""The marker `apart`: what such a test changes is gone afterwards, and what fails in it is told."""

from __future__ import annotations

import pytest


def test_what_a_test_apart_changes_is_gone_and_what_fails_is_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os

        import pytest

        HERE = os.getpid()

        @pytest.fixture(scope="module")
        def kept():
            return [0]

        @pytest.mark.apart
        def test_changes(kept):
            kept.append(os.getpid())
            assert len(kept) == 2 and kept[1] != HERE

        @pytest.mark.apart
        @pytest.mark.parametrize("number", [1, 2])
        def test_changes_again(kept, number):
            kept.append(number)
            assert kept == [0, 1]

        @pytest.mark.apart
        def test_ends_without_a_word():
            os._exit(0)

        def test_is_left_alone(kept):
            assert (kept, os.getpid()) == ([0], HERE)
        """
    )
    result = pytester.runpytest_inprocess("-p", "tests.apart", "-n", "0")
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines(["*assert [[]0, 2] == [[]0, 1]*", "*the branch ended without a word*"])
