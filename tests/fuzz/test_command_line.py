"""Whatever is typed behind `tallybridge`: an exit code that means something, an error with a code, no traceback; JSON where asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallybridge.desk.target import Target as DeskTarget
from tallybridge.errors import ConfigurationError
from tallybridge_cli import options, target
from tallybridge_cli.main import main
from tests.cli.test_every_command import COMMANDS
from tests.fuzz.inputs import inputs

CODES = {0, 1, 2, 3, 130}
OPTIONS = sorted({text for command in COMMANDS.values() for p in command.params for text in p.opts if text.startswith("--")})
NEVER = {"console"}
"""Serves until it is ended."""
PATHS = st.sampled_from([list(path) for path in COMMANDS if path[-1] not in NEVER]) | st.lists(st.text(max_size=8), max_size=2)
VALUES = st.text(max_size=20) | st.sampled_from(["last", "customers", "INV00000001", "1", "-1", "../x", "2026-01", "zuora", "{}", "\u202e"])
WORDS = st.lists(st.sampled_from([o for o in OPTIONS if o not in ("--debug", "--json")]) | VALUES, max_size=4)


@pytest.fixture(scope="module", autouse=True)
def nowhere(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """No installation anywhere: a command that would need one says so. Files are written into a folder of their own."""
    patch = pytest.MonkeyPatch()
    patch.chdir(tmp_path_factory.mktemp("nowhere"))

    def resolve(env: Path | None, stack: str | None, environ: Any) -> DeskTarget:
        raise ConfigurationError("It is not said which installation is meant.", place="target", code="TARGET", advice="Name it.")

    patch.setattr(options, "resolve", resolve)
    patch.setattr(target, "resolve", resolve)
    patch.setattr("builtins.input", _nobody)
    patch.setattr("getpass.getpass", _nobody)
    yield
    patch.undo()


def _nobody(*asked: Any) -> str:
    raise EOFError


@given(PATHS, WORDS, st.booleans())
@inputs(60, share=0.05)
def test_any_words_end_in_a_code_and_in_json_where_it_was_asked_for(path: list[str], words: list[str], as_json: bool) -> None:
    capture = pytest.MonkeyPatch()
    said: list[str] = []
    told: list[str] = []
    capture.setattr("sys.stdout", _Paper(said))
    capture.setattr("sys.stderr", _Paper(told))
    capture.setattr("tallybridge_cli.main.err", options.console_for(_Paper(told)))  # type: ignore[arg-type]
    try:
        with pytest.raises(SystemExit) as end:
            main([*path, *words, *(["--json"] if as_json else [])])
    finally:
        capture.undo()
    assert end.value.code in CODES, (path, words)
    text = "".join(said)
    assert "Traceback" not in text + "".join(told) and "INTERNAL" not in text + "".join(told), (path, words, text, told)
    if as_json and end.value.code and "--help" not in words:
        assert json.loads(text)["error"]["code"], (path, words, text)


class _Paper:
    """A stream that is kept."""

    encoding = "utf-8"

    def __init__(self, said: list[str]) -> None:
        self.said = said

    def write(self, text: str) -> int:
        self.said.append(text)
        return len(text)

    def flush(self) -> None:
        return None

    def isatty(self) -> bool:
        return False
