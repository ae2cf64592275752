"""docs/contributing.md: its table of rooms is the one that holds, what it names exists, and its example does what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.test_arrows import LIBRARY, ROOMS

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "contributing.md").read_text(encoding="utf-8")
NEEDED = ("cli", "docs", "functions", "layers", "netsuite", "sandbox", "tests", "pyproject.toml", "template.yaml", "statemachine")
"""What the example and its tests work with."""


def blocks(language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_rooms_are_those_that_hold() -> None:
    rows = [f"| {', '.join(f'`{n}`' for n in names.split()) or 'the other modules'} | {what} |" for names, what in ROOMS]
    assert "\n".join(rows) in PAGE


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:[a-z_]+/)+(?:[A-Za-z_*]+\.[a-z]+)?)`", PAGE))))
def test_what_the_page_names_exists(path: str) -> None:
    assert any(list(root.glob(path)) for root in (REPOSITORY, LIBRARY))


@pytest.mark.skipif(shutil.which("git") is None, reason="its changes are applied by git")
def test_the_example_does_what_it_says(tmp_path: Path) -> None:
    """In a copy: its changes fit, and its commands end well."""
    for name in NEEDED:
        there = REPOSITORY / name
        if there.is_dir():
            shutil.copytree(there, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(there, tmp_path / name)
    (tmp_path / "example.diff").write_text("".join(blocks("diff")), encoding="utf-8")
    subprocess.run(["git", "apply", "-v", "example.diff"], cwd=tmp_path, check=True, capture_output=True)
    here = os.pathsep.join(str(tmp_path / part) for part in ("", "layers/tallybridge", "cli"))
    (commands,) = (block for block in blocks("") if block.startswith("python "))
    for command in commands.splitlines():
        words = command.split()
        done = subprocess.run(
            [sys.executable, *words[1:]], cwd=tmp_path, env={**os.environ, "PYTHONPATH": here}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "docs" / "errors" / "INV-V12.md").exists()
