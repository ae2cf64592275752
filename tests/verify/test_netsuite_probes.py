"""Every probe of NetSuite against the stand-in: as assumed with its defaults, different with the other side of what it asks about."""

from __future__ import annotations

from pathlib import Path

import pytest

from tallybridge_cli.verify.probe import System, Verdict
from tests.verify.account import Account, probes

NAMES = [probe.name for probe in probes(System.NETSUITE)]


@pytest.mark.parametrize("name", NAMES)
def test_the_stand_in_behaves_as_assumed(name: str, account: Account, tmp_path: Path) -> None:
    before = account.held()
    (found,) = account.found(tmp_path, name)
    assert found.verdict is Verdict.AS_ASSUMED, (found.saw, found.evidence)
    assert not found.left
    assert account.held() == before
