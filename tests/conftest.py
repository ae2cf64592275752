"""For every test: the marker `rule` and its report."""

pytest_plugins = ["tests.rules.plugin", "pytester"]
