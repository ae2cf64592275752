"""`python -m tests.mutants [WORD ...]`: breaks the product in each way (or in those whose description has all the words) and runs the tests
that must see it, with what stands behind `-m` in `make test`. Ends with 1 where one survives. JOBS processes share the work."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence

from tests.mutants.mutant import Mutant, mutants
from tests.mutants.trial import Trial, Wanted, trials


def main(words: list[str]) -> int:
    """Try them; answers the exit code."""
    chosen = [m for m in mutants() if all(word in m.breaks for word in words)]
    jobs, began = int(os.environ.get("JOBS", "2")), time.monotonic()
    tests = tuple(sorted({test for m in chosen for test in m.tests}))
    for _, trial in trials([Wanted(tests[i::jobs]) for i in range(min(jobs, len(tests)))], jobs):
        if trial.failed:
            print(f"These tests fail without any mutant; mend that first.\n{trial.said}", flush=True)
            return 1
    tried = list[tuple[Mutant, Trial]]()
    for wanted, trial in trials([Wanted(m.tests, m) for m in chosen], jobs):
        assert wanted.mutant
        tried.append((wanted.mutant, trial))
        word = "killed  " if trial.failed else "SURVIVED"
        print(f"{word} {trial.seconds:5.1f} s  {wanted.mutant.breaks}\n{'':20}{trial.why}", flush=True)
    killed = sum(trial.failed for _, trial in tried)
    print("\n".join(table(tried)))
    print(f"{killed} of {len(tried)} mutants were seen by the default suite, in {time.monotonic() - began:.0f} s.")
    return 0 if killed == len(tried) else 1


def table(tried: Sequence[tuple[Mutant, Trial]]) -> list[str]:
    """The lines of a table of Markdown: a row for each area. Seconds are of processor time."""
    lines = ["| Area | Mutants | Killed | Seconds |", "|---|---:|---:|---:|"]
    for area in sorted({mutant.area for mutant, _ in tried}):
        of = [trial for mutant, trial in tried if mutant.area == area]
        lines.append(f"| {area[0].upper()}{area[1:]} | {len(of)} | {sum(t.failed for t in of)} | {sum(t.seconds for t in of):.0f} |")
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
