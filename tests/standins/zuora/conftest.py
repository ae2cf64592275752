"""Stand-ins for the tests of this folder: one for each mode, emptied after every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.zuora.models.tenant import Tenant as State
from tests.standins.zuora.tenant import START, Tenant, basics, memos, running


@pytest.fixture(scope="module")
def server_b() -> Iterator[Tenant]:
    with running(settlement=True) as tenant:
        yield tenant


@pytest.fixture(scope="module")
def server_a() -> Iterator[Tenant]:
    with running(settlement=False) as tenant:
        yield tenant


def fresh(tenant: Tenant) -> Tenant:
    tenant.clock.now = START
    tenant.stand_in.reset()
    assert isinstance(tenant.stand_in.tenant, State)
    tenant.log_in()
    return tenant


@pytest.fixture
def empty(server_b: Tenant) -> Tenant:
    """Mode B without objects."""
    return fresh(server_b)


@pytest.fixture
def settled(server_b: Tenant) -> Tenant:
    """Mode B with `basics` and `memos`."""
    tenant = fresh(server_b)
    tenant.load(**basics(), **memos())
    return tenant


@pytest.fixture
def unsettled(server_a: Tenant) -> Tenant:
    """Mode A with `basics`."""
    tenant = fresh(server_a)
    tenant.load(**basics())
    return tenant
