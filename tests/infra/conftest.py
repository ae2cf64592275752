from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.aws import LocalAws
from sandbox.clock import VirtualClock
from tests.infra import scripted
from tests.infra.scripted import Script

REPOSITORY = Path(__file__).resolve().parents[2]
TEMPLATE = REPOSITORY / "template.yaml"
PARAMETERS = {
    "NotificationSender": "sync@example.com",
    "InstanceName": "Test",
    "ConsoleEnabled": "true",
    "SignExports": "true",
    "ConsoleIssuer": "https://people.example.com",
    "ConsoleClientId": "console",
}


@pytest.fixture(scope="package")
def functions_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with throw-away functions that do what `script` says."""
    return scripted.write(tmp_path_factory.mktemp("throw-away"))


@pytest.fixture(scope="module")
def aws(functions_root: Path) -> Iterator[LocalAws]:
    """The stack of the template with throw-away functions; one per test module."""
    with LocalAws(TEMPLATE, parameters=PARAMETERS, functions_root=functions_root, clock=VirtualClock()) as running:
        yield running


@pytest.fixture
def script() -> Iterator[Script]:
    """What the throw-away functions do; as usual again after the test."""
    scripted.SCRIPT.__init__()  # type: ignore[misc]
    yield scripted.SCRIPT
    scripted.SCRIPT.__init__()  # type: ignore[misc]
