"""`python -m tests.quick`: the tests that a change touches, nearest first, as far as a minute goes; `make quick`.

What was changed is what git says, beside what SINCE names ("HEAD", a branch, a commit). JOBS processes share the tests; what is not begun
in time is counted and left to `make test`. Ends as pytest does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence

from tests.quick.nearest import REPOSITORY, nearest
from tests.quick.until import ENDS

TIME = 50
"""Seconds after which no test is begun."""
MOST = 40
"""Files and single tests that are taken up: collecting takes time, too."""


def main() -> int:
    """Run them."""
    if not (found := nearest(changed(os.environ.get("SINCE") or "HEAD"))):
        print("Nothing that a test looks at was changed.")
        return 0
    tests = found[:MOST]
    environment = {**os.environ, ENDS: str(time.time() + TIME)}
    usual = ["-m", "not slow and not deploy and not second_aws", "-n", os.environ.get("JOBS") or "auto", "--maxfail", "5"]
    command = [sys.executable, "-m", "pytest", "-p", "tests.quick.until", *usual, *tests]
    print(f"The nearest {len(tests)} of {len(found)} files and tests that the change touches, from {tests[0]} to {tests[-1]}.", flush=True)
    return subprocess.run(command, cwd=REPOSITORY, env=environment, check=False).returncode


def changed(since: str) -> list[str]:
    """Paths that differ from a commit, and those that git does not know yet."""
    return [*_git("diff", "--name-only", since), *_git("ls-files", "--others", "--exclude-standard")]


def _git(*words: str) -> Sequence[str]:
    return subprocess.run(["git", *words], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())
