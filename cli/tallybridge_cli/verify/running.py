"""Runs probes, one after the other, and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace

from tallybridge.errors import TallybridgeError
from tallybridge_cli.verify.probe import UNREADABLE, Finding, NotTestable, Probe, Verdict, judged
from tallybridge_cli.verify.world import World


def findings(world: World, probes: Iterable[Probe]) -> Generator[Finding]:
    """The finding of each probe, as soon as it is there; its records are gone then. What several probes work with goes at the end, also
    when the one who takes the findings stops early; what cannot be taken away stands in the finding, or stays in the journal."""
    try:
        for probe in probes:
            found = _finding(world, probe)
            left = world.clean(shared=False)
            yield replace(found, evidence=world.trace.taken(), left=tuple(left))
    finally:
        world.clean(shared=True)


def _finding(world: World, probe: Probe) -> Finding:
    try:
        return judged(probe, probe.look(world))
    except NotTestable as why:
        return Finding(probe, Verdict.NOT_TESTABLE, str(why))
    except TallybridgeError as failed:
        return Finding(probe, Verdict.NOT_TESTABLE, failed.message, failed.advice)
    except UNREADABLE as failed:
        text = f"The answer has another form than the published one ({type(failed).__name__}: {failed})."
        return Finding(probe, Verdict.NOT_TESTABLE, text, "The evidence shows it; send it to the maintainers.")
