"""`@pytest.mark.apart`: the test happens in a copy of the process, made when its fixtures stand, and what it changes is gone afterwards. So
what costs much to make, a world after its first runs for example, is made once by a fixture of the module and begun from by every test."""

from __future__ import annotations

import threading
import traceback

import pytest

MARKER = "apart"


class Before:
    """The threads that there were before the first test of a module, and its fixtures: servers and browsers of others, which last."""

    module: object = None
    threads: set[threading.Thread] = set()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if (module := getattr(item, "module", None)) is not Before.module:
        Before.module, Before.threads = module, set(threading.enumerate())


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """In the place of pytest's own call for the marked ones. What fails there fails here, with its traceback as text."""
    if pyfuncitem.get_closest_marker(MARKER) is None:
        return None
    from tests.faults.branching import SHOWN, Tree  # only here: whatever is tested would begin with loading all that it loads

    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    tree = Tree(Before.threads)
    if tree.split(pyfuncitem.name):
        try:
            pyfuncitem.obj(**arguments)
        except BaseException:  # told by the process that began the test
            tree.tally.failures.append((pyfuncitem.name, traceback.format_exc()[-SHOWN:]))
        finally:
            tree.end()
    for _, what in tree.tally.failures:
        pytest.fail(what, pytrace=False)
    assert tree.tally.cases == 1
    return True
