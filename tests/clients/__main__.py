"""`python -m tests.clients [NAME...]` (`make clients`): foreign programs against the stand-ins, unmodified, each in its own environment.

Each program is checked twice. Against the stand-in all of its checks must pass; against the same stand-in with spoilt answers
(`spoil.py`) some must fail, or the checks would see nothing. A program whose packages cannot be had is left out, with a sentence.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.clients.spoil import VARIABLE

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "requirements" / "clients"
BUILD = ROOT / "build" / "clients"
INSTALL_S, CHECK_S = 600, 900
OUTCOMES = re.compile(r"(\d+) (passed|failed|errors?)\b")


@dataclass(frozen=True)
class Foreign:
    """A program: its name on the registry, its checks, and whether they run inside its environment (libraries for Python) or beside it."""

    name: str
    tests: tuple[str, ...]
    inside: bool = False

    @property
    def folder(self) -> str:
        return self.name.strip("@").replace("/", "-")

    @property
    def node(self) -> Path:
        return PINS / self.folder / "package.json"

    @property
    def pins(self) -> Path:
        return self.node if self.node.exists() else PINS / f"{self.folder}.txt"

    @property
    def environment(self) -> Path:
        return BUILD / self.folder

    @property
    def version(self) -> str:
        text = self.pins.read_text(encoding="utf-8")
        if self.node.exists():
            return str(json.loads(text)["dependencies"][self.name])
        found = re.search(rf"^{re.escape(self.name)}==(\S+)", text, re.MULTILINE)
        return found[1] if found else "?"


PROGRAMS = (
    Foreign("zuora-sdk", ("tests/standins/zuora/test_vendor_sdk.py", "tests/standins/revenue/test_revenue_vendor_sdk.py"), inside=True),
    Foreign("tap-zuora", ("tests/clients/test_tap_zuora.py",)),
    Foreign("zuora-aqua-client-cli", ("tests/clients/test_zuora_aqua_client_cli.py",)),
    Foreign("netsuite", ("tests/standins/netsuite/test_netsuite_client_packages.py",), inside=True),
    Foreign("airbyte-source-netsuite", ("tests/clients/test_airbyte_source_netsuite.py",)),
    Foreign("netsuite-client", ("tests/clients/test_netsuite_client.py",)),
    Foreign("restsuite", ("tests/clients/test_restsuite.py",)),
    Foreign("netsuite-rest", ("tests/clients/test_netsuite_rest.py",)),
    Foreign("@fye/netsuite-rest-api", ("tests/clients/test_fye_netsuite_rest_api.py",)),
)


def install(program: Foreign) -> str:
    """Brings the program's environment; answers why it could not, or nothing."""
    ready = program.environment / "ready"
    if ready.exists() and ready.stat().st_mtime >= program.pins.stat().st_mtime:
        return ""
    shutil.rmtree(program.environment, ignore_errors=True)
    program.environment.mkdir(parents=True)
    at = str(program.environment)
    if program.node.exists():
        shutil.copy(program.node, program.environment)
        steps = [["npm", "install", "--prefix", at, "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]]
    else:
        own = [str(program.environment / "bin" / "python"), "requirements/install.py", at, str(program.pins)]
        steps = [[sys.executable, "-m", "venv", "--clear", at], own]
    # Node knows none of the certificates that the machine's owner added; OpenSSL does.
    variables = {**os.environ, "PIP_NO_COMPILE": "1", "NODE_OPTIONS": "--use-openssl-ca"}
    for step in steps:
        try:
            done = subprocess.run(step, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=INSTALL_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if done.returncode:
            said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            return said[-1][:200] if said else f"exit code {done.returncode}"
    ready.touch()
    return ""


def check(program: Foreign, spoilt: bool) -> tuple[int, int, str]:
    """How many checks passed, how many did not, and what was said."""
    python = str(program.environment / "bin" / "python") if program.inside else sys.executable
    command = [python, "-m", "pytest", "-p", "no:randomly", "--tb=short", *program.tests]
    paths = "." if program.inside else "layers/tallybridge cli ."
    variables = {name: value for name, value in os.environ.items() if name not in (VARIABLE, "PYTHONPATH")}
    variables["CLIENT_ENVIRONMENT"] = str(program.environment)
    if spoilt:
        variables[VARIABLE] = "1"
    called = [*command, f"--override-ini=pythonpath={paths}", *(["--confcutdir=tests/standins"] if program.inside else [])]
    done = subprocess.run(called, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=CHECK_S, check=False)
    counts: dict[str, int] = {}
    for number, outcome in OUTCOMES.findall(done.stdout.strip().rpartition("\n")[2]):
        counts[outcome.rstrip("s")] = int(number)
    return counts.get("passed", 0), counts.get("failed", 0) + counts.get("error", 0), done.stdout + done.stderr


def judge(program: Foreign) -> tuple[bool, int]:
    """Says how a program fared; answers whether that is well, and how many of its checks passed."""
    began, name = time.monotonic(), f"{program.name} {program.version}"
    reason = install(program)
    if reason:
        print(f"left out: {name}; it could not be installed ({reason})", flush=True)
        return True, 0
    passed, failed, said = check(program, spoilt=False)
    if failed or not passed:
        print(f"FAILED: {name}; {passed} checks passed, {failed} failed\n{said}", flush=True)
        return False, passed
    _, red, said = check(program, spoilt=True)
    if not red:
        print(f"FAILED: {name}; no check fails with spoilt answers\n{said}", flush=True)
        return False, passed
    seconds = time.monotonic() - began
    print(f"passed: {name}; {passed} checks, of which {red} fail with spoilt answers ({seconds:.0f} s)", flush=True)
    return True, passed


def main(wanted: list[str]) -> int:
    """Judges the programs of these names, or all; answers the exit code."""
    unknown = set(wanted) - {p.name for p in PROGRAMS}
    if unknown:
        print(f"Unknown: {', '.join(sorted(unknown))}; there are {', '.join(p.name for p in PROGRAMS)}.")
        return 2
    results = [judge(program) for program in PROGRAMS if not wanted or program.name in wanted]
    checks = sum(passed for _, passed in results)
    bad = sum(not well for well, _ in results)
    print(f"{checks} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
