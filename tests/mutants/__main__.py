"""`python -m tests.mutants [WORD ...]`: breaks a copy of the product in each way (or in those whose description has all the words) and runs
the tests that must see it, with what stands behind `-m` in `make test`. Ends with 1 where one survives. JOBS processes share the work."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from tests.mutants.mutant import LIBRARY, Mutant, mutants

ROOT = Path(__file__).resolve().parents[2]
MARKS = "not slow and not deploy and not second_aws and not browser"
T = TypeVar("T")
LONGEST = 1_200
"""Seconds that the tests of one mutant may take; one that hangs is seen, too."""


def copy_of_the_project(folder: Path) -> Path:
    """The files that git knows, with what has been changed in them."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.splitlines()):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def failure(project: Path, tests: tuple[str, ...]) -> str:
    """What the first failing test says, the most likely ones are tried first; "" where all pass."""
    paths = f"{project}:{project / 'layers/tallybridge'}:{project / 'cli'}"
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    for test in tests:
        command = [sys.executable, "-m", "pytest", "-x", "-n", "0", "-m", MARKS, test]
        try:
            ended = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False)
        except subprocess.TimeoutExpired:
            return f"{test} does not end"
        if ended.returncode not in (0, 1):
            raise RuntimeError(f"{test}: pytest ended with {ended.returncode}\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")
        if ended.returncode:
            return ended.stdout[-2_000:]
    return ""


def is_killed(project: Path, mutant: Mutant) -> bool:
    """Whether the tests see the mutant; the copy is whole again afterwards."""
    file = project / LIBRARY / mutant.file
    whole = file.read_text(encoding="utf-8")
    file.write_text(mutant.broken(whole), encoding="utf-8")
    try:
        return bool(failure(project, mutant.tests))
    finally:
        file.write_text(whole, encoding="utf-8")


def main(words: list[str]) -> int:
    """Try them; answers the exit code."""
    chosen = [m for m in mutants() if all(word in m.breaks for word in words)]
    jobs, began = int(os.environ.get("JOBS", "2")), time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(jobs):
            copies.put(copy_of_the_project(Path(folder) / str(number)))

        def sound(test: str) -> bool:
            said = _with(copies, lambda project: failure(project, (test,)))
            if said:
                print(f"{test} fails without any mutant; mend that first.\n{said}", flush=True)
            return not said

        if not words and not all(list(pool.map(sound, sorted({test for m in chosen for test in m.tests})))):
            return 1

        def attempt(mutant: Mutant) -> bool:
            killed = _with(copies, lambda project: is_killed(project, mutant))
            print(f"{'killed  ' if killed else 'SURVIVED'}  {mutant.breaks}", flush=True)
            return killed

        killed = sum(pool.map(attempt, chosen))
    print(f"{killed} of {len(chosen)} mutants were seen by the default suite, in {time.monotonic() - began:.0f} s")
    return 0 if killed == len(chosen) else 1


def _with(copies: SimpleQueue[Path], act: Callable[[Path], T]) -> T:
    project = copies.get()
    try:
        return act(project)
    finally:
        copies.put(project)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
