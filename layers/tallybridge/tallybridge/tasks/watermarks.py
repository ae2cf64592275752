"""Which changes of a step's records a run looks at: how far the step has looked, and what it has seen already.

Time is the source's own. A watermark is the highest modified date that a selection has shown, as the source tells it: NetSuite tells
whole seconds of the account's zone without saying which zone that is, Zuora tells UTC. How far that clock has gone since is told by how
much time has passed here, never by what time it is here.

    highest seen (source's time)          since = highest + time passed until the last look - OVERLAP
    |                                     |
    +---- time passed here --------------> the last look
                                  |<----- OVERLAP ----->|   what changed in here is looked at again

The overlap holds what shows late, what was changed within the second of a look, and the hour that an account's clock repeats in autumn.
What it holds beside that was seen before: a record that bears no later moment than the last look, and whose content is the one that was
seen then, is not processed and not counted. Both are kept in the ledger with the record. Once that has been found so with the overlap
behind it, no later change can bear the same moment, and the content need not be read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tallybridge.clock import EPOCH, utc_moment
from tallybridge.errors import ServiceError
from tallybridge.parallel import streamed_parts
from tallybridge.settings import Behavior, Settings
from tallybridge.steps.shared.sync_step import SyncStep
from tallybridge.sync.ledger import OPEN, Ledger
from tallybridge.sync.runlog import Outcome, RecordResult
from tallybridge.sync.runs import Runs
from tallybridge.sync.step import Candidate, SourceRecord, is_complete

OVERLAP = timedelta(hours=2)
"""What Zuora recommends for selections by modified date (api-zuora-billing.md section 11), and more than the hour of a clock change."""
READ_AT_A_TIME = 300
"""Candidates that are read again together."""
WRITERS = 8
NOTED = (Outcome.SYNCED, Outcome.ALREADY, Outcome.SKIPPED)
"""Outcomes after which a record need not be looked at again until it changes."""
FOUND_AGAIN = "recover"
"""Action of a record whose counterpart was there though its source did not say so."""


@dataclass(frozen=True)
class Watermark:
    """`highest` is the highest modified date that was seen, "" before the first one, in the source's time (ISO 8601); `at` is when it was
    seen first, `looked` when the step looked last, both by the connector's clock."""

    highest: str = ""
    at: str = ""
    looked: str = ""

    @property
    def since(self) -> str:
        """What changed from here on is looked at by the next run."""
        if not self.highest or self.highest <= EPOCH:
            return EPOCH
        passed = _moment(self.looked) - _moment(self.at) if self.looked and self.at else timedelta()
        return max(EPOCH, utc_moment((_moment(self.highest) + max(passed, timedelta()) - OVERLAP).isoformat()))

    def after(self, highest: str, looked: str) -> Watermark:
        """The watermark after a look that began at `looked` and showed modified dates up to `highest` ("" for none)."""
        if highest > self.highest:
            return Watermark(highest, looked, looked)
        return replace(self, looked=looked)

    def parts(self) -> tuple[str, str, str]:
        """As it is stored; `Watermark(*parts)` makes it again."""
        return self.highest, self.at, self.looked


def follows(kind: type[SyncStep], settings: Settings) -> bool:
    """Whether a step looks at synced records again when they were changed."""
    return kind.follows_changes and kind.behavior_in(settings) is Behavior.NEW_AND_MODIFIED


def last_look(kind: type[SyncStep], settings: Settings, runs: Runs) -> tuple[Watermark, bool]:
    """How far a step has looked, and whether it looks at changes for the first time now."""
    known = runs.watermark(kind.name) if follows(kind, settings) else {}
    mark = Watermark(known.get("watermark", ""), known.get("at", ""), known.get("looked", ""))
    return mark, known.get("behavior") == Behavior.NEW_ONLY


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def updated(candidate: Candidate) -> str:
    """When the source says that a candidate was changed last."""
    return utc_moment(candidate.data.get("updated"))


class Looks:
    """What earlier runs have seen of a step's records. `following` False: the step looks at no changes. `switched`: it does from this run
    on; what was changed before is taken as seen. `noting` False writes nothing. `highest` is the latest modified date of a selection."""

    def __init__(self, step: SyncStep, ledger: Ledger, *, following: bool, switched: bool, noting: bool) -> None:
        self.step = step
        self.ledger = ledger
        self.following = following
        self.switched = switched
        self.noting = noting
        self.highest = ""
        self.ready: Callable[[], object] = lambda: None
        """Waits for what reading records again needs."""

    def news(self, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        """The candidates without those that are as they were when they were last looked at. Reads again what is in doubt, which is as
        little as the overlap holds."""
        for piece in streamed_parts(candidates, READ_AT_A_TIME) if self.following else ():
            self.highest = max(self.highest, *map(updated, piece))
            seen = self._seen(piece)
            yield from (c for c in piece if c.id not in seen)
        if not self.following:
            yield from candidates

    def _seen(self, candidates: Sequence[Candidate]) -> set[str]:
        known = self.step.context.known([c.id for c in candidates])
        sure = {c.id for c in candidates if _is_old(c, known.get(c.id, {}))}
        doubtful = {c.id: c for c in candidates if c.id not in sure and self._may_be_old(c, known.get(c.id, {}))}
        if doubtful:
            self.ready()
        now = [r for r in self.step.refresh(list(doubtful.values())) if is_complete(r.status)] if doubtful else []
        if self.switched:
            old = [r for r in now if r.modified <= updated(doubtful[r.id])]
            self._note(old)
        else:
            old = [r for r in now if r.state == known[r.id]["seen_state"]]
            self._note([r for r in old if r.modified == known[r.id]["seen"] and self._is_long_ago(known[r.id])], sure=True)
        return sure | {r.id for r in old}

    def _is_long_ago(self, item: Mapping[str, Any]) -> bool:
        """Whether the overlap has passed since a record was seen."""
        seen_at = str(item.get("seen_at") or "")
        return bool(seen_at) and self.step.context.clock.now() - _moment(seen_at) > OVERLAP

    def _may_be_old(self, candidate: Candidate, item: Mapping[str, Any]) -> bool:
        """Whether a candidate may be as it was at the last look: one that has changed since bears a later moment, except within a second
        and in the hour that a clock repeats. Held records and those under way are always looked at."""
        if item.get("attention") or item.get("state") in OPEN:
            return False
        return self.switched or bool(item.get("seen_state") and updated(candidate) <= str(item["seen"]))

    def note(self, records: Sequence[SourceRecord], results: Sequence[RecordResult]) -> None:
        """Keep what was seen of records that were settled: their content as it was read, and the moment that they bear now, after what
        the connector itself wrote on them. Not of master data that was found again: what is there may have been made of an earlier
        content, so that the next run compares; transactions are compared when they are found."""
        outcomes = {r.source_id: r.outcome for r in results if r.action != FOUND_AGAIN or self.step.transaction}
        settled = {r.id: r for r in records if r.state and outcomes.get(r.id) in NOTED}
        if not (settled and self.noting):
            return
        try:
            moments = self.step.moments([i for i in settled if outcomes[i] is not Outcome.SKIPPED])
        except ServiceError:
            return  # they are looked at once more
        self._note([replace(r, modified=moments.get(i) or r.modified) for i, r in settled.items()])

    def _note(self, records: Sequence[SourceRecord], *, sure: bool = False) -> None:
        if not (records and self.noting):
            return
        keys = {self.ledger.key(self.step.system, self.step.object, r.id): r for r in records}
        known = self.ledger.read(list(keys))

        def note(key: str) -> None:
            self.ledger.looked(key, known.get(key), keys[key].modified, keys[key].state, sure=sure)

        with ThreadPoolExecutor(max_workers=min(WRITERS, len(keys))) as pool:
            list(pool.map(note, keys))


def _is_old(candidate: Candidate, item: Mapping[str, Any]) -> bool:
    """Whether a candidate is known to be as it was, without reading it."""
    waits = item.get("attention") or item.get("state") in OPEN
    return bool(item.get("seen_sure")) and not waits and updated(candidate) == item["seen"]
