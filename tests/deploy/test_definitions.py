"""State machine definitions against a strict validator of another author: what Step Functions would refuse, is refused here."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.building import ROOT

pytestmark = pytest.mark.deploy
VALIDATOR = ROOT / "build" / "definitions" / "node_modules" / ".bin" / "asl-validator"
DEFINITIONS = sorted(path.name for path in (ROOT / "statemachine").glob("*.asl.json"))


def judged(path: Path) -> subprocess.CompletedProcess[str]:
    assert VALIDATOR.is_file(), "The validator is not installed; `make build` installs it."
    # Names in braces are substituted at deployment and are no ARNs yet.
    return subprocess.run([str(VALIDATOR), "--no-arn-check", "--json-path", str(path)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_definition_is_valid(name: str) -> None:
    done = judged(ROOT / "statemachine" / name)
    assert done.returncode == 0, done.stdout + done.stderr


FAULTS: dict[str, Any] = {
    "a state that does not exist": lambda states: states["Select"].update(Next="Nowhere"),
    "a state of no known type": lambda states: states["Select"].update(Type="Tusk"),
    "a path that is none": lambda states: states["Select"].update(ResultPath="$.[select"),
    "a field that is none": lambda states: states["Prepare"].update(Ned=True),
    "a state without a successor": lambda states: states["Prepare"].pop("Next"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault: str, tmp_path: Path) -> None:
    definition = json.loads((ROOT / "statemachine" / "sync_step.asl.json").read_text())
    FAULTS[fault](definition["States"])
    path = tmp_path / "faulty.asl.json"
    path.write_text(json.dumps(definition))
    assert judged(path).returncode != 0
