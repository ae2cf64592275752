"""The complete set: every death and every lost answer of each step in both modes, and pairs of deaths of what posts most."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

from tests.faults.branching import Tally, seconds
from tests.faults.deaths import Choice, Place, each, never, prove
from tests.faults.each_step import IN_JOBS, STEPS

PAIRED = ("invoices", "payments")
PAIRS_FIRST, PAIRS_SECOND = 13, 17
"""Of the pairs of deaths, every so manieth first one is tried, and of its recovery every so manieth effect, each time another."""
KINDS = ("deaths", "lost answers", "pairs of deaths")
AROUND_JOBS = " around jobs"
"""End of the kinds whose records go in batch requests."""
ALL_KINDS = (*KINDS, *(kind + AROUND_JOBS for kind in KINDS))


@dataclass(frozen=True)
class Proof:
    """One kind for one step and mode; a process of its own does it."""

    kind: str
    mode: str
    step: str

    @property
    def name(self) -> str:
        return f"{self.kind}: {self.step}, mode {self.mode}"


@dataclass
class Row:
    """A line of the table; `used` is processor time, in seconds."""

    proof: Proof
    tally: Tally = field(default_factory=Tally)
    used: float = 0


def proofs(words: Iterable[str] = ()) -> list[Proof]:
    """Those whose name has all the words, the longest first."""
    order = (KINDS[2], KINDS[0], KINDS[1])
    steps = {kind + end: of for end, of in (("", STEPS), (AROUND_JOBS, IN_JOBS)) for kind in order}
    made = [Proof(kind, m, s) for kind, pairs in steps.items() for m, s in pairs if not kind.startswith(KINDS[2]) or s in PAIRED]
    return [proof for proof in made if all(word in proof.name for word in words)]


def pairs() -> Choice:
    """Die after the first effect of a pair, then at an effect of what recovers from it; the numbers move so that together they meet all."""
    first = 0

    def chosen(place: Place) -> bool:
        nonlocal first
        if place.deaths == 0 and place.moment == "after" and place.number % PAIRS_FIRST == 0:
            first = place.number
            return True
        return place.deaths == 1 and place.moment == "after" and (place.number + first // PAIRS_FIRST) % PAIRS_SECOND == 0

    return chosen


def done(proof: Proof) -> Row:
    """The proof, tried."""
    before = seconds()
    kind = proof.kind.removesuffix(AROUND_JOBS)
    dies = {KINDS[0]: each, KINDS[2]: pairs()}.get(kind, never)
    row = Row(proof, prove(proof.mode, proof.step, dies, each if kind == KINDS[1] else never, jobs=kind != proof.kind))
    row.used = seconds() - before
    return row


def rows(chosen: list[Proof]) -> Iterator[Row]:
    """The proofs as they end, JOBS of them at a time."""
    jobs = int(os.environ.get("JOBS", "2"))
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        yield from pool.map(done, chosen)


def table(ended: list[Row], took: float) -> str:
    """Cases, processor seconds and failures by kind."""
    lines = ["| proof | step and mode pairs | cases | processor seconds | failures |", "| --- | --- | --- | --- | --- |"]
    for kind in (*ALL_KINDS, "all"):
        of = [row for row in ended if kind in ("all", row.proof.kind)]
        failures = sum(len(row.tally.failures) for row in of)
        lines.append(f"| {kind} | {len(of)} | {sum(r.tally.cases for r in of):,} | {sum(r.used for r in of):,.0f} | {failures} |")
    return "\n".join([*lines, f"{took / 60:.1f} minutes"])


def main(words: list[str]) -> int:
    """Do them; answers the exit code: 1 where a case failed or there was none."""
    began, ended = time.monotonic(), []
    for row in rows(proofs(words)):
        ended.append(row)
        print(f"{row.proof.name}: {row.tally.cases} cases, {row.used:.0f} s, {len(row.tally.failures)} failures", flush=True)
        for where, what in row.tally.failures:
            print(f"  {where}\n{what}", flush=True)
    print(table(ended, time.monotonic() - began))
    return int(not ended or any(row.tally.failures or not row.tally.cases for row in ended))
