"""`python requirements/install.py VENV FILE`: brings the packages of a compiled file of requirements into a virtual environment.

uv does it in seconds, so it is fetched from the same index first; where it cannot be had or does not manage, pip does it. uv does not read
pip's configuration, so the indexes, certificates and proxies that pip is told of are handed on to it.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

OF_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
}
"""Settings of pip and the variables of uv that mean the same."""
SEPARATOR = {"UV_FIND_LINKS": ","}
PINS = Path(__file__).with_name("dev.txt")


def environment(pip_says: str, given: Mapping[str, str]) -> dict[str, str]:
    """uv's environment from what `pip config list` prints (`global.index-url='...'`, `:env:.cert='...'`); what is set for uv already
    prevails."""
    variables: dict[str, str] = {}
    for line in pip_says.splitlines():
        name, equals, value = line.partition("=")
        variable = OF_UV.get(name.rpartition(".")[2])
        if variable and equals:
            text = str(ast.literal_eval(value))
            variables[variable] = SEPARATOR.get(variable, " ").join(text.split())
    return {**variables, **given}


def uv_pin() -> str:
    """The pinned uv, as the project compiles it."""
    return next((line.split()[0] for line in PINS.read_text(encoding="utf-8").splitlines() if line.startswith("uv==")), "uv")


def main(venv: Path, file: Path) -> int:
    """Install, and say what is done; answers the exit code."""
    python = str(venv / "bin" / "python")
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    packages = sum(1 for line in file.read_text(encoding="utf-8").splitlines() if line[:1].isalnum())
    began = time.monotonic()
    print(f"Installing the {packages} packages of {file} into {venv} ...", flush=True)
    told = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    by = "pip"
    if subprocess.run([*pip, "install", uv_pin()], capture_output=True, check=False).returncode == 0:
        command = [str(venv / "bin" / "uv"), "pip", "install", "--quiet", "--python", python, "-r", str(file)]
        if subprocess.run(command, env=environment(told, os.environ), capture_output=True, check=False).returncode == 0:
            by = "uv"
    if by == "pip" and (code := subprocess.run([*pip, "install", "-r", str(file)], check=False).returncode):
        return code
    print(f"  done with {by} in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
