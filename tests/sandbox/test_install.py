"""How the packages come onto a machine: requirements/install.py."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FILE = Path(__file__).parents[2] / "requirements" / "install.py"


@pytest.fixture
def install() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", FILE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_uv_is_told_what_pip_is_configured_with(install: ModuleType) -> None:
    said = "global.cert='/etc/own.pem'\n:env:.find-links='/wheels /more'\nglobal.timeout='60'\nuser.index-url='https://index.example.com/simple'"
    assert install.environment(said, {}) == {
        "SSL_CERT_FILE": "/etc/own.pem",
        "UV_FIND_LINKS": "/wheels,/more",
        "UV_DEFAULT_INDEX": "https://index.example.com/simple",
    }


def test_what_uv_was_told_by_a_person_prevails(install: ModuleType) -> None:
    own = {"UV_DEFAULT_INDEX": "https://own.example.com"}
    assert install.environment("global.index-url='https://index.example.com'", own) == own


class Machine:
    """Answers for the commands that are run; `broken` are words that make one fail."""

    def __init__(self, *broken: str) -> None:
        self.broken = broken
        self.ran: list[list[str]] = []

    def run(self, command: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
        self.ran.append(command)
        code = int(any(word in " ".join(command) for word in self.broken))
        return subprocess.CompletedProcess(command, code, "", "")


@pytest.mark.parametrize(
    ("broken", "by", "code"),
    [((), "uv", 0), (("install uv",), "pip", 0), (("bin/uv pip",), "pip", 0), (("bin/uv pip", "install -r"), "", 1)],
    ids=["uv", "no uv in the index", "uv does not manage", "neither manages"],
)
def test_pip_does_it_where_uv_cannot(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], broken: tuple[str, ...], by: str, code: int
) -> None:
    machine = Machine(*broken)
    monkeypatch.setattr(install.subprocess, "run", machine.run)
    file = FILE.with_name("sandbox.txt")
    assert install.main(Path("venv"), file) == code
    said = capsys.readouterr().out
    assert f"packages of {file} into venv" in said
    assert (f"done with {by} in" in said) == bool(by)


def test_the_pins_of_the_sandbox_are_those_of_the_tests() -> None:
    pins = {name: _pins(name) for name in ("sandbox.txt", "dev.txt")}
    assert pins["sandbox.txt"].items() <= pins["dev.txt"].items()
    assert "pytest" not in pins["sandbox.txt"]


def _pins(name: str) -> dict[str, str]:
    lines = FILE.with_name(name).read_text(encoding="utf-8").splitlines()
    return dict(line.split()[0].split("==") for line in lines if "==" in line)
