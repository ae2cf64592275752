from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.verify.account import Account


@pytest.fixture(scope="session")
def server() -> Iterator[Account]:
    account = Account()
    yield account
    account.close()


@pytest.fixture
def account(server: Account) -> Account:
    """An account as the stand-in is without options."""
    return server.opened()
