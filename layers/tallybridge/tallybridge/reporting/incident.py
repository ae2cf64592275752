"""Which mail is due: what is wrong after a run, compared with what was mailed last.

An incident begins with the first run that is not in order and ends with the one that is. Within it, people are mailed when something has
changed (other causes, records or money), and reminded once a day when nothing has. Its end is mailed to those whom it concerned. Its mails
are one thread. Remarks that hold nothing up are told once and are no incident. Pure functions: what was mailed last is kept by the tasks
that mail.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tallybridge.clock import stamp
from tallybridge.reporting.answers import Tone
from tallybridge.reporting.page import Attention, attention
from tallybridge.reporting.words import ELLIPSIS, count_text, listed, minute_text, moment, plural
from tallybridge.settings import ProblemKind
from tallybridge.sync.runlog import RunOutcome, RunSummary

REMIND_AFTER = timedelta(hours=20)
"""So long nothing is mailed again while nothing changes: less than a day, so that a nightly run reminds every night although it does not
end at the same minute."""
NAMED = 5
"""Causes named in a sentence."""
LISTED = 50
"""Records of a cause that are all named; of more, only their number and money are compared."""
TELLS_OF_ALL = frozenset({RunOutcome.COMPLETED, RunOutcome.WARNINGS, RunOutcome.PARTLY, RunOutcome.OUT_OF_BALANCE, RunOutcome.FAILED})
"""Outcomes that say how things stand. That a person has stopped a run, or that it was skipped, says nothing of that."""
_VARIES = re.compile(rf'"[^"]*"|[^\s"(),;:]*[\d{ELLIPSIS}][^\s"(),;:]*')
"""What of a text may be another in the next run: quoted values, and words that hold digits."""


@dataclass(frozen=True)
class Seen:
    """One thing that is wrong: its name in a sentence, how many records it has, and a fingerprint of records and money. `lasts`: it holds
    something up, or is an error, and stands until it is settled; otherwise it is a remark, which is told once."""

    name: str
    count: int
    digest: str
    lasts: bool = True


State = Mapping[ProblemKind, Mapping[str, Seen]]
"""What is wrong, by kind of problem, each thing under a key that stays the same from run to run."""


@dataclass(frozen=True)
class Told:
    """What was mailed of one kind of problem, and when."""

    at: str
    seen: Mapping[str, Seen]


@dataclass(frozen=True)
class Mailed:
    """What was mailed last: the id of the incident, the Message-ID of its first mail as the recipients have it, and what was told. Remarks
    alone are no incident; its id is "" then."""

    incident: str
    first: str
    kinds: Mapping[ProblemKind, Told]

    @property
    def at(self) -> str:
        return max((told.at for told in self.kinds.values()), default="")

    def to_text(self) -> str:
        kinds = {
            kind: [told.at, {key: [s.name, s.count, s.digest, s.lasts] for key, s in told.seen.items()}]
            for kind, told in self.kinds.items()
        }
        return json.dumps([self.incident, self.first, kinds])

    @classmethod
    def from_text(cls, text: str) -> Mailed | None:
        """What `to_text` wrote; None for ""."""
        if not text:
            return None
        incident, first, kinds = json.loads(text)
        return cls(incident, first, {kind: Told(at, {key: Seen(*s) for key, s in seen.items()}) for kind, (at, seen) in kinds.items()})


@dataclass(frozen=True)
class Due:
    """The mail that is due, to nobody if none is. `news` says what has changed since the last mail; `incident` and `first` are those of
    its thread, "" for a mail that belongs to none. Where it `counts`, `after` is to be kept once somebody has the mail, None where nothing
    is wrong any more."""

    recipients: Sequence[str] = ()
    news: str = ""
    recovered: bool = False
    incident: str = ""
    first: str = ""
    counts: bool = False
    after: Mailed | None = None


def state_of(summary: RunSummary, *, in_a_row: bool = False, standing: Iterable[str] = ()) -> State:
    """What is wrong after a run; nothing for one that is in order. `in_a_row`: it is one too many in a row that failed; `standing`: what is
    half done and must be known."""
    found: dict[ProblemKind, dict[str, Seen]] = {}
    for entry in attention(summary):
        about_records = bool(entry.problem[0] or not entry.code or entry.code in {row.code for row in summary.left_out})
        key = f"{entry.code or entry.step}:{_digest(_VARIES.sub(ELLIPSIS, entry.text) if entry.code else '')}"
        found.setdefault("records" if about_records else "run", {})[key] = _seen(entry)
    drift: dict[str, list[str]] = {}
    for row in summary.drift:
        drift.setdefault(row.code, []).append(f"{row.source_id} {row.amount} {row.held}")
    beyond = [[held.object, held.currency, held.count, str(held.amount)] for held in summary.drift_beyond]
    for code, records in drift.items():
        found.setdefault("drift", {})[code] = Seen(code, len(records), _digest([sorted(records), beyond]))
    of_run = [str(summary.outcome), in_a_row, *standing]
    if summary.outcome in (RunOutcome.FAILED, RunOutcome.PARTLY) or (not found and summary.outcome is not RunOutcome.COMPLETED):
        found.setdefault("run", {})["outcome"] = Seen("", 1, _digest(of_run))
    return found


def _seen(entry: Attention) -> Seen:
    names = sorted(name for name, _ in entry.records) if entry.count <= LISTED else []
    text = "" if entry.code else entry.text
    lasts = entry.tone is Tone.BAD or bool(entry.holds)
    return Seen(entry.code or entry.step, entry.count + entry.waiting_count, _digest([entry.count, entry.holds, names, text]), lasts)


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def due(
    state: State,
    before: Mailed | None,
    now: datetime,
    *,
    wanted: bool,
    every_run: bool,
    recipients: Callable[[Iterable[ProblemKind]], list[str]],
    incident: str,
    alone: bool = False,
    partial: bool = False,
) -> Due:
    """The mail that is due after a run that leaves `state`, when `before` was mailed last. `wanted`: the settings ask for a mail about it;
    `every_run`: they ask for one after every run; `recipients` knows whom to tell of which kinds; `incident` is the id of one that begins
    now; `alone`: the run says nothing of how things stand as a whole; `partial`: it ended before it had looked at all records, so that what
    it does not tell of is not settled."""
    if alone:
        return Due(recipients(state)) if wanted else Due()
    told = before.kinds if before else {}
    if partial:
        state = _carried(state, told)
    if _lasts(seen for of in told.values() for seen in of.seen.values()) and not (wanted and _lasts(_all(state))):
        return _end(state if wanted else {}, before, now, every_run=every_run, recipients=recipients)
    if not state or not wanted:
        return Due(recipients(()) if wanted else (), counts=before is not None)
    kinds = [kind for kind in (*state, *(kind for kind in told if kind not in state)) if every_run or _is_new(kind, state, told, now)]
    if not kinds:
        return Due()
    at = stamp(now)
    after = {kind: Told(at if kind in kinds else told[kind].at, seen) for kind, seen in state.items()}
    known = before.incident if before else ""
    mailed = Mailed((known or incident) if _lasts(_all(state)) else "", before.first if before and known else "", after)
    return Due(recipients(kinds), news(state, before, partial=partial), False, mailed.incident, mailed.first, counts=True, after=mailed)


def _end(
    remarks: State, before: Mailed | None, now: datetime, *, every_run: bool, recipients: Callable[[Iterable[ProblemKind]], list[str]]
) -> Due:
    """The mail about the end of an incident, which tells the run's remarks as well."""
    assert before is not None
    to = [*recipients([*before.kinds, *remarks]), *(recipients(()) if every_run else ())]
    after = Mailed("", "", {kind: Told(stamp(now), seen) for kind, seen in remarks.items()}) if remarks else None
    return Due(list(dict.fromkeys(to)), _settled(before), True, before.incident, before.first, counts=True, after=after)


def _all(state: State) -> Iterator[Seen]:
    return (seen for of_kind in state.values() for seen in of_kind.values())


def _lasts(seen: Iterable[Seen]) -> bool:
    return any(each.lasts for each in seen)


def kept(after: Mailed | None, message_id: str) -> str:
    """What is to be kept of a mail that somebody has, "" where nothing is wrong any more; its Message-ID begins a thread that has none."""
    return replace(after, first=after.incident and (after.first or message_id)).to_text() if after else ""


def _is_new(kind: ProblemKind, state: State, told: Mapping[ProblemKind, Told], now: datetime) -> bool:
    """Whether something of this kind has changed, or it is time for a reminder. That a remark is not made again is no change."""
    then, seen = told[kind].seen if kind in told else {}, state.get(kind, {})
    if any(then.get(key) != each for key, each in seen.items()) or _lasts(each for key, each in then.items() if key not in seen):
        return True
    last = moment(told[kind].at) if seen else now
    return last is None or now - last >= REMIND_AFTER


def _carried(state: State, told: Mapping[ProblemKind, Told]) -> State:
    """What is wrong, with what was told of records and is not looked at again yet."""
    of_records: tuple[ProblemKind, ...] = ("records", "drift")
    carried = {kind: {**state.get(kind, {}), **told[kind].seen} for kind in of_records if kind in told}
    return {**state, **carried}


def news(state: State, before: Mailed | None, *, partial: bool = False) -> str:
    """What is new since the last mail, in a sentence or two. What a `partial` run does not tell of is not called settled."""
    if before is None:
        return "All of it is new."
    now = {key: seen for of_kind in state.values() for key, seen in of_kind.items()}
    then = {key: seen for told in before.kinds.values() for key, seen in told.seen.items()}
    both = now.keys() & then.keys()
    moved = {seen.name for key, seen in now.items() if key not in then} & {seen.name for key, seen in then.items() if key not in now}
    fresh = _names(seen for key, seen in now.items() if key not in then and seen.name not in moved)
    more = sum(max(0, now[key].count - then[key].count) for key in both)
    other = _names(seen for key, seen in now.items() if seen.name in moved or (key in both and then[key].digest != seen.digest))
    gone = _names(seen for key, seen in then.items() if key not in now and seen.name not in moved and seen.lasts)
    new, since = [*fresh, *([plural(more, "more record")] if more else [])], minute_text(before.at)
    said = [f"New since the mail of {since}: {listed(new)}."] if new else []
    said += [f"Other records or amounts since the mail of {since}: {listed(other)}."] if other and not new else []
    said += [f"Settled since{'' if said else f' the mail of {since}'}: {listed(gone)}."] if gone and not partial else []
    return " ".join(said) or f"Unchanged since the mail of {since}."


def _settled(before: Mailed) -> str:
    names = _names(seen for told in before.kinds.values() for seen in told.seen.values() if seen.lasts)
    return f"What was mailed on {minute_text(before.at)} is settled{f': {listed(names)}' if names else ''}."


def _names(seen: Iterable[Seen]) -> list[str]:
    """The names of causes, each once, the first of them."""
    names = list(dict.fromkeys(each.name or "how the run ended" for each in seen))
    return [*names[:NAMED], *([f"{count_text(len(names) - NAMED)} more"] if len(names) > NAMED else [])]
