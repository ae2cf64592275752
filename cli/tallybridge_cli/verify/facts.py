"""Probes that ask for several facts at once: each is held or not, and what is not held is what was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tallybridge_cli.verify.probe import NotTestable, Probe, System
from tallybridge_cli.verify.world import World


class OtherMode(NotTestable):
    """The question is one of tenants that are set up otherwise."""


@dataclass(frozen=True)
class Fact:
    """One thing that product and stand-in rely on. `holds` asks, or raises `NotTestable`; `otherwise` says what was seen where it
    does not hold, `means` what changes in the product then."""

    name: str
    holds: Callable[[World], bool]
    otherwise: str
    means: str


def facts_probe(name: str, system: System, asks: str, *facts: Fact, writes: bool = False) -> Probe:
    """A probe that sees the names of the facts that do not hold, and assumes that there are none. It is not testable when one of the facts
    cannot be asked for and the others hold; facts of tenants that are set up otherwise are left out, as long as there are others."""
    by_name = {fact.name: fact for fact in facts}

    def look(world: World) -> list[str]:
        broken, open_, other = [], [], []
        for fact in facts:
            try:
                if not fact.holds(world):
                    broken.append(fact.name)
            except OtherMode as why:
                other.append(str(why))
            except NotTestable as why:
                open_.append(str(why))
        if len(other) == len(facts):
            raise NotTestable(other[0])
        if open_ and not broken:
            raise NotTestable(" ".join(dict.fromkeys(open_)))
        return broken

    def says(seen: Any) -> str:
        return " ".join(by_name[each].otherwise for each in seen) or "So it is."

    def means(seen: Any) -> str:
        return " ".join(dict.fromkeys(by_name[each].means for each in seen))

    return Probe(name, system, asks, look, [], says, means, writes=writes)
