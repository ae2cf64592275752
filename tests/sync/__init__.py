import pytest

pytest.register_assert_rewrite("tests.sync.table", "tests.sync.fields", "tests.sync.changes")
