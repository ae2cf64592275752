"""Plugin of pytest: no test is begun after a moment, and those that were not are told of."""

from __future__ import annotations

import os
import time

import pytest

ENDS = "QUICK_ENDS"
"""Variable with the moment, in seconds since 1970."""
NOT_BEGUN = "not begun: the time of `make quick` was over"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.time() > float(os.environ[ENDS]):
        pytest.skip(NOT_BEGUN)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left = [report for report in terminalreporter.getreports("skipped") if NOT_BEGUN in str(report.longrepr)]
    if left:
        terminalreporter.write_line(f"{len(left)} tests were not begun in the time given; `make test` runs all of them.")
