"""For every test: the marker `rule` and its report, the marker `apart`, and how many inputs the tests of `fuzz` have tried."""

import gc

pytest_plugins = ["tests.rules.plugin", "tests.fuzz.plugin", "tests.apart", "pytester"]


def pytest_collection_finish() -> None:
    """What imports and the collection made stays to the end: looking through it again and again for garbage costs a tenth of the time."""
    gc.collect()
    gc.freeze()
