"""Tells at the end how many inputs were tried, over all processes of a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.inputs import MANY, TRIED

NAME = "inputs tried"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Keep with a test's report how many inputs it has tried."""
    name = getattr(item, "originalname", item.name)
    before = TRIED[name]
    yield
    if TRIED[name] > before:
        item.user_properties.append((NAME, TRIED[name] - before))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """With `make fuzz`: test by test, and all together."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, ()) if getattr(r, "when", "") == "call"]
    counts = {r.nodeid: int(value) for r in reports for name, value in r.user_properties if name == NAME}
    if MANY and counts:
        for node, count in counts.items():
            terminalreporter.write_line(f"{count:>8,}  {node.rpartition('::')[2]}")
        terminalreporter.write_line(f"{sum(counts.values()):>8,}  inputs in all")
