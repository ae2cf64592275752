"""What a stand-in dumps can be loaded again, with the demo tenant of either mode."""

from __future__ import annotations

import pytest

from sandbox.demo import load_tenant
from sandbox.zuora import ZuoraOptions, ZuoraStandIn


@pytest.mark.parametrize("mode", ["A", "B"])
def test_a_dump_of_zuora_gives_the_same_tenant_again(mode: str) -> None:
    options = ZuoraOptions(settlement=mode == "B")
    first, second = ZuoraStandIn(options), ZuoraStandIn(options)
    first.load(load_tenant().in_mode(mode))
    dumped = first.dump()
    second.load(dumped)
    assert second.dump() == dumped
