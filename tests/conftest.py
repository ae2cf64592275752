"""For every test: the marker `rule` and its report, the marker `apart`, and how many inputs the tests of `fuzz` have tried."""

import atexit
import functools
import gc
import os

import pytest
import typer.main
import typer.testing

pytest_plugins = ["tests.rules.plugin", "tests.fuzz.plugin", "tests.apart", "pytester"]


def pytest_configure(config: pytest.Config) -> None:
    """A process that had its share of the tests ends at once: to take apart what it has made, object by object, takes it seconds."""
    if hasattr(config, "workerinput"):
        atexit.register(os._exit, 0)  # the first to be registered is the last to be called


def pytest_collection_finish() -> None:
    """What imports and the collection made stays to the end: looking through it again and again for garbage costs a tenth of the time."""
    gc.collect()
    gc.freeze()
    once = functools.cache(typer.main.get_command)  # a command line is put together for each call, which takes longer than most commands
    typer.main.get_command = typer.testing._get_command = once  # type: ignore[attr-defined]
