"""A trial: tests in a process of their own, with the product broken in one way or whole.

The fault is put in where Python reads the module, so that no file changes and trials may stand side by side. Each is a copy (`fork`) of a
process that has imported all but the product, which takes longer than most of the tests do."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType

import pytest

from tests.mutants.mutant import LIBRARY, ROOT, Mutant

MARKS = "not slow and not deploy and not second_aws and not browser"
"""What stands behind `-m` in `make test`."""
LONGEST = 1_200
"""Seconds that the tests of one mutant may take; one that hangs is seen, too."""
WARM = ("sandbox.zuora.service", "sandbox.netsuite.standin", "sandbox.revenue", "sandbox.aws.local", "joserfc.jwt", "jinja2", "simplejson")
"""What the tests need and no mutant touches: the stand-ins, which share no code with the product, and packages."""
BROKEN_TRIAL = 99
SHOWN = 120
"""Characters of what a test says."""


@dataclass(frozen=True)
class Trial:
    """What came of it: pytest's exit code (a negative one: the signal that ended it), what it printed, seconds of processor time."""

    code: int
    said: str
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether a test failed or did not end. Raises `RuntimeError` where pytest could not run the tests at all."""
        if self.code not in (0, 1, -signal.SIGALRM):
            raise RuntimeError(f"pytest ended with {self.code}\n{self.said}")
        return self.code != 0

    @property
    def why(self) -> str:
        """The first line of what the test says, so that people see that it failed for the fault's sake; "" where all passed."""
        return next((line[1:].strip()[:SHOWN] for line in self.said.splitlines() if line.startswith("E ")), "")


@dataclass(frozen=True)
class Wanted:
    """A trial to be made: the tests, and what is broken."""

    tests: tuple[str, ...]
    mutant: Mutant | None = None


def trials(wanted: Iterable[Wanted], jobs: int) -> Iterator[tuple[Wanted, Trial]]:
    """All of them, `jobs` side by side, each as soon as it has ended."""
    for name in WARM:
        importlib.import_module(name)
    if touched := [name for name in sys.modules if name.partition(".")[0] == LIBRARY.name]:
        raise RuntimeError(f"The product was imported already, it cannot be broken any more: {touched[0]}")
    rest, running = list(reversed(list(wanted))), dict[int, tuple[Wanted, Path]]()
    with TemporaryDirectory() as folder:
        while rest or running:
            while rest and len(running) < jobs:
                one, said = rest.pop(), Path(folder) / str(len(rest))
                running[_start(one, said)] = one, said
            process, status, used = os.wait4(-1, 0)
            one, said = running.pop(process)
            text = said.read_text(encoding="utf-8", errors="replace")
            yield one, Trial(os.waitstatus_to_exitcode(status), text, used.ru_utime + used.ru_stime)


def _start(wanted: Wanted, said: Path) -> int:
    """The id of the process that runs the tests up to the first failure and prints into the file `said`."""
    if process := os.fork():
        return process
    code = BROKEN_TRIAL
    try:
        with said.open("wb") as out:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
        signal.alarm(LONGEST)
        os.chdir(ROOT)
        if wanted.mutant:
            sys.meta_path.insert(0, Break(wanted.mutant))
        code = int(pytest.main(["-x", "-n", "0", "-m", MARKS, *wanted.tests]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


class Break(SourceFileLoader):
    """Finds one module, the mutant's, and loads it broken."""

    def __init__(self, mutant: Mutant) -> None:
        parts = (LIBRARY.name, *Path(mutant.file).with_suffix("").parts)
        super().__init__(".".join(parts).removesuffix(".__init__"), str(mutant.path))
        self.mutant = mutant

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.mutant.broken(Path(self.path).read_text(encoding="utf-8")), self.path, "exec")
