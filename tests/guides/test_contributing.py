"""docs/contributing.md: its table of rooms is the one that holds, what it names exists, and its examples do what they say, that of
docs/adding-a-step.md too."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.test_arrows import LIBRARY, ROOMS

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE, STEP = ((REPOSITORY / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("contributing", "adding-a-step"))
PROSE = re.sub(r"^```.*?^```$", "", PAGE + STEP, flags=re.MULTILINE | re.DOTALL)
SECTIONS = {text.partition("\n")[0]: text for text in PAGE.split("\n## ")} | {"A step": STEP}
EXAMPLES = {"A setting, and a message that it causes", "A step", "A vendor's endpoint"}
NEEDED = ("cli", "docs", "functions", "layers", "netsuite", "sandbox", "tests", "pyproject.toml", "template.yaml", "statemachine")
"""What the examples and their tests work with."""


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a language."""
    return [code for kind, code in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) if kind == language]


def test_the_rooms_are_those_that_hold() -> None:
    rows = [f"| {', '.join(f'`{n}`' for n in names.split()) or 'the other modules'} | {what} |" for names, what in ROOMS]
    assert "\n".join(rows) in PAGE


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:[a-z_]+/)+(?:[A-Za-z_*]+\.[a-z.]+)?)`", PROSE))))
def test_what_the_pages_name_exists(path: str) -> None:
    assert any(list(root.glob(path)) for root in (REPOSITORY, LIBRARY))


def test_every_section_with_changes_is_an_example() -> None:
    assert {title for title, text in SECTIONS.items() if blocks(text, "diff")} == EXAMPLES


@pytest.mark.skipif(shutil.which("git") is None, reason="its changes are applied by git")
@pytest.mark.parametrize("title", sorted(EXAMPLES))
def test_an_example_does_what_it_says(tmp_path: Path, title: str) -> None:
    """In a copy: its changes fit, and its commands end well."""
    for name in NEEDED:
        there = REPOSITORY / name
        if there.is_dir():
            shutil.copytree(there, tmp_path / name)  # with what is compiled, which saves time
        else:
            shutil.copy(there, tmp_path / name)
    (tmp_path / "example.diff").write_text("".join(blocks(SECTIONS[title], "diff")), encoding="utf-8")
    subprocess.run(["git", "apply", "-v", "example.diff"], cwd=tmp_path, check=True, capture_output=True)
    here = os.pathsep.join(str(tmp_path / part) for part in ("", "layers/tallybridge", "cli"))
    commands = [line for block in blocks(SECTIONS[title], "") for line in block.replace("\\\n", "").splitlines()]
    assert any("pytest" in command for command in commands)
    for command in commands:
        python, *words = shlex.split(command)
        assert python == "python"
        done = subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env={**os.environ, "PYTHONPATH": here}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
