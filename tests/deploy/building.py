"""What `sam build` makes of the template, once for all workers of a test run."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAM = ROOT / "build" / "sam" / "bin" / "sam"
RUNTIMES = ("python3.13", "python3.12", "python3.11")
"""Runtimes that the template allows, the newest first."""
LAYER = "Library"
MACHINES = {"arm64": 183, "x86_64": 62}
"""ELF's numbers of the architectures (e_machine)."""
BUILD_SECONDS = 900


@dataclass(frozen=True)
class Built:
    """A finished build: where it lies, for which runtime, and the interpreter of that runtime."""

    folder: Path
    runtime: str
    interpreter: str

    @property
    def layer(self) -> Path:
        """What lies on the path of every function."""
        return self.folder / LAYER / "python"


def newest_runtime() -> tuple[str, str]:
    """The newest of the template's runtimes that this machine has, and its interpreter."""
    for runtime in RUNTIMES:
        found = shutil.which(runtime)
        if found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0:
            return runtime, found
    raise AssertionError(f"None of {', '.join(RUNTIMES)} is on this machine.")


def own_architecture() -> str:
    """The architecture of this machine, as Lambda names it."""
    return {"aarch64": "arm64"}.get(platform.machine(), platform.machine())


def sam(*arguments: str, cwd: Path = ROOT) -> str:
    """Run the SAM CLI; answers what it prints. Raises `AssertionError` with that when it fails."""
    assert SAM.is_file(), "The SAM CLI is not installed; `make build` installs it."
    environ = {**os.environ, "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run([str(SAM), *arguments], capture_output=True, text=True, cwd=cwd, env=environ, timeout=BUILD_SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def build(folder: Path, architecture: str, *resource: str) -> Built:
    """Build everything, or one resource, into a folder, unless another worker has done so."""
    runtime, interpreter = newest_runtime()
    with locked(folder):
        if not (folder / "done").is_file():
            out = ["--build-dir", str(folder / "build"), "--cache-dir", str(folder / "cache")]
            choice = ["--parameter-overrides", f"PythonRuntime={runtime}", f"Architecture={architecture}"]
            sam("build", *resource, *out, *choice)
            (folder / "done").touch()
    return Built(folder / "build", runtime, interpreter)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One worker at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
