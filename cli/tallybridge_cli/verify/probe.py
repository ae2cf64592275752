"""What a probe is: one question to a vendor's system, the answer that the product is built on, and what another answer would mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tallybridge_cli.verify.world import World


class System(StrEnum):
    """Who is asked."""

    NETSUITE = "netsuite"
    ZUORA = "zuora"
    REVENUE = "revenue"


class Verdict(StrEnum):
    """What a probe has found."""

    AS_ASSUMED = "as assumed"
    DIFFERENT = "different"
    NOT_TESTABLE = "not testable"


class NotTestable(Exception):
    """The question could not be asked of this tenant; the text says why, and what would make it possible."""


UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What reading an answer raises that has another form than a probe expects."""


@dataclass(frozen=True)
class Probe:
    """One question. Assumptions name their probe (`assumptions.json`), not the reverse.

    `look` asks it and answers what was seen, a JSON value, or raises `NotTestable`; `assumed` is the value that product and stand-in are
    built on. `says` puts a seen value into words, `means` tells what changes in the product when it is not the assumed one. `writes`: it
    makes records of its own, and takes them away again. `option` is the stand-in's option that behaves as seen, "" where there is none;
    `to_option` makes its value of what was seen, where that is not the same.
    """

    name: str
    system: System
    asks: str
    look: Callable[[World], Any]
    assumed: Any
    says: Callable[[Any], str]
    means: Callable[[Any], str]
    writes: bool = False
    option: str = ""
    to_option: Callable[[Any], Any] = lambda seen: seen


@dataclass(frozen=True)
class Finding:
    """What became of a probe. `saw` is one sentence, `means` the consequence or what would make the question possible, `evidence` the calls
    with their answers, names masked. `left`: records that could not be taken away, each with the reason."""

    probe: Probe
    verdict: Verdict
    saw: str
    means: str = ""
    seen: Any = None
    evidence: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """The stand-in's options that behave as seen."""
        known = bool(self.probe.option) and self.verdict is not Verdict.NOT_TESTABLE
        return {self.probe.option: self.probe.to_option(self.seen)} if known else {}

    def to_json(self) -> dict[str, Any]:
        return {
            "probe": self.probe.name,
            "system": str(self.probe.system),
            "asks": self.probe.asks,
            "verdict": str(self.verdict),
            "assumed": self.probe.assumed,
            "seen": self.seen,
            "saw": self.saw,
            "means": self.means,
            "option": self.probe.option,
            "writes": self.probe.writes,
            "evidence": list(self.evidence),
            "left": list(self.left),
        }


def words(**said: str) -> Callable[[Any], str]:
    """A sentence for each value that can be seen; `yes` and `no` stand for true and false."""

    def say(seen: Any) -> str:
        name = ("yes" if seen else "no") if isinstance(seen, bool) else str(seen)
        return said.get(name, f"Something else was seen: {seen}.")

    return say


def sentence(text: str) -> Callable[[Any], str]:
    """One sentence for every value, which stands in it as {}."""
    return lambda seen: text.format(seen)


def judged(probe: Probe, seen: Any) -> Finding:
    """A finding by what was seen."""
    as_assumed = bool(seen == probe.assumed)
    verdict = Verdict.AS_ASSUMED if as_assumed else Verdict.DIFFERENT
    return Finding(probe, verdict, probe.says(seen), "" if as_assumed else probe.means(seen), seen)


@dataclass(frozen=True)
class Choice:
    """Which probes are run: `only` by their name, or that of an assumption ((): all), and `writes`: those too that make records."""

    only: frozenset[str] = frozenset()
    writes: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    """The probe of each assumption."""

    def asks(self, probe: Probe) -> bool:
        return not self.only or probe.name in self.only or any(self.names.get(each) == probe.name for each in self.only)

    def names_it(self, assumption: str, probe: str) -> bool:
        return assumption in self.only or probe in self.only

    def runs(self, probe: Probe) -> bool:
        return self.writes or not probe.writes
