"""Every command that a page names exists, with the options that it is given: it is asked for its help as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tallybridge_cli.main import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OLDER = {"decisions.md", "coverage.md"}
"""Pages that tell of the past, or of the tests."""
COMMENT = re.compile(r"\s{2,}\S.*$|\s+#.*$")
INLINE = re.compile(r"`(tallybridge [^`]+)`")


def commands() -> dict[str, str]:
    """Commands as pages have them, each with the first page; those with an ellipsis are kinds of commands, not commands."""
    found: dict[str, str] = {}
    for page in (page for page in PAGES if page.name not in OLDER):
        fenced = False
        for line in page.read_text(encoding="utf-8").splitlines():
            fenced ^= line.lstrip().startswith("```")
            own = [COMMENT.sub("", line.strip())] if fenced and line.strip().startswith("tallybridge ") else INLINE.findall(line)
            found |= {each: page.name for each in own if "..." not in each and each not in found}
    return found


@pytest.mark.parametrize("command", sorted(commands()))
def test_a_command_of_the_pages_exists(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(command)[1:]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code in (0, None), (commands()[command], capsys.readouterr().err)


def test_there_are_commands() -> None:
    assert len(commands()) > 50
