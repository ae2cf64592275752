"""What a step needs of an object's fields."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Need:
    """What steps need of one object. `steps` separated by blanks; `fields` separated by `|` as "Label = ApiName" in Zuora and as "Label" in
    NetSuite; `vital` are those without which the steps cannot work, `useful` ones cost only what they are for. `mode`: the only one in
    which the steps need them, "" for both."""

    steps: str
    vital: str
    useful: str = ""
    mode: str = ""

    def runs(self, running: Collection[str], mode: str = "") -> bool:
        """Whether one of the steps runs, in a tenant of this mode."""
        return self.mode in ("", mode or self.mode) and any(step in running for step in self.steps.split())


@dataclass(frozen=True)
class Wanted:
    """One field: `api` is its name in Zuora without the suffix, "" in NetSuite. `vital` and `running` as in `Need`."""

    label: str
    api: str
    vital: bool
    running: bool


def wanted(needs: tuple[Need, ...], running: Collection[str], mode: str = "") -> Iterator[Wanted]:
    """Every field of the needs once: the strongest need of a step that runs, else of one that does not."""
    found: dict[str, Wanted] = {}
    for need in needs:
        runs = need.runs(running, mode)
        for text, vital in ((need.vital, True), (need.useful, False)):
            for entry in filter(None, text.split("|")):
                label, _, api = entry.partition(" = ")
                made = Wanted(label, api, vital, runs)
                known = found.get(label)
                if known is None or (made.running, made.vital) > (known.running, known.vital):
                    found[label] = made
    yield from found.values()
