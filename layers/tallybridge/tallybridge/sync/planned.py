"""What a plan says of a record, so that a run which applies the plan writes exactly that, or not.

A dry run keeps for each record digests of what would be sent, and the requests as people read them. When the plan is applied the record is
read, looked up and decided anew, as in every run; what comes out must have one of these digests. Until then ids that were not known have
come to be: the places of their stand-ins are kept with the digest, and there, and nowhere else, an id counts as its stand-in.

    left out of a digest   the moment of the sync, the order of the lines in a sublist
    part of it             kind, action, counterpart and what it holds, every request with its target
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tallybridge import money
from tallybridge.sync.stand_ins import STAND_IN, stand_in_id
from tallybridge.sync.step import CREATED, Counterpart, Found, Hold, Later, Leave, Made, Plan, Problem, Refusal, Request, Step, Write
from tallybridge.sync.work import Work, name_of, target_of
from tallybridge.technical import MASK, NAMES, masked_text

MOVED = "PLAN-MOVED"
NAMED = 3
"""Fields that a message names."""
TYPE, TARGET = "#type", "#id"
"""Places, beside those in the body, where a request names records."""

PERSONAL = re.compile(r"salesrep$|phone$|fax$|addr(ess)?$|zip$|postalcode$")
"""Ends of further keys of personal values."""

Places = dict[str, list[str]]
"""Where stand-ins stand: stand-in -> places, such as "item.items[].item.id"."""
Shown = dict[str, Any]
"""A request as people read it: {"to", "id", "fields": {place: text}}."""


@dataclass(frozen=True)
class Planned:
    """What a plan says of the record `id`. `kind`: hold, leave, found, refusal or write; `code` that of a hold."""

    id: str
    kind: str
    code: str = ""
    digests: tuple[str, ...] = ()
    requests: Sequence[Shown] = ()
    stand_ins: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Planned:
        kept = (tuple(row["digests"]), row["requests"], {s: at["places"] for s, at in row["stand_ins"].items()})
        return cls(row["id"], row["kind"], row["planned_code"], *kept)


@dataclass(frozen=True)
class Agreed:
    """What a run may do: `plans` by source id, and the ids that records have by now, by stand-in."""

    plans: Mapping[str, Planned]
    ids: Mapping[str, str]


Swap = Callable[[str, str], str]
"""(place, text) -> text, with stand-ins in the place of ids."""


def planned(work: Work, found: Sequence[Counterpart], step: Step) -> Planned:
    """What the plan of a dry run says of a record."""
    places: Places = {}

    def noted(place: str, text: str) -> str:
        for stand_in in STAND_IN.findall(text):
            if place not in (known := places.setdefault(stand_in, [])):
                known.append(place)
        return text

    digests = tuple(digest(way, found, step, noted) for way in _ways(work.plan)) if _writes(work.plan) else ()
    return Planned(work.record.id, kind_of(work.plan), code_of(work.plan), digests, shown(work.plan, step), places)


def hold_to(works: Sequence[Work], found: Mapping[str, Sequence[Counterpart]], agreed: Agreed, begun: Collection[str], step: Step) -> None:
    """Hold every record of which something else would be written than was planned. `begun` are the ids of those that this run has taken
    up before: they were as planned then, and are finished."""
    for work in works:
        if work.record.id in begun:
            continue
        plan, was = work.plan, agreed.plans.get(work.record.id)
        if not _writes(plan):
            as_planned = was is not None and (was.kind, was.code) == (kind_of(plan), code_of(plan))
            if isinstance(plan, Hold | Leave) and plan.set_aside and not as_planned:
                work.plan = replace(plan, set_aside=False)
            continue
        if was is None:
            work.plan = Hold((_moved(work, "it is not in the plan", step),))
            continue
        swap = _swap(was, agreed.ids)
        if digest(plan, found.get(work.record.id, ()), step, swap) not in was.digests:
            work.plan = Hold((_moved(work, difference(was, plan, step, swap), step),))


def _moved(work: Work, what: str, step: Step) -> Problem:
    text = f"{name_of(work, step)}: not written, it is no longer as planned: {what}."
    return Problem(MOVED, text, "Make a new plan and apply that, or let the next run take the record up as it is now.")


def _writes(plan: Plan) -> bool:
    """Whether a plan writes anything on either side, but for setting a record aside."""
    return isinstance(plan, Write | Refusal) or (isinstance(plan, Found) and plan.write_back)


def _ways(plan: Plan) -> list[Plan]:
    """A plan, and the other way that it may take: which one is gone may be learnt before or after."""
    return [plan, plan.otherwise.plan] if isinstance(plan, Write) and plan.otherwise else [plan]


def kind_of(plan: Plan) -> str:
    """What sort of plan it is, in one word."""
    return type(plan).__name__.lower()


def code_of(plan: Plan) -> str:
    """The code of what is said of a record that is not written; "" for every other."""
    match plan:
        case Hold(problems):
            return problems[0].code
        case Leave(problem) | Refusal(problem):
            return problem.code
    return ""


# -- the digest ----------------------------------------------------------------------------------------------------------


def digest(plan: Plan, found: Sequence[Counterpart], step: Step, swap: Swap) -> str:
    """Tells what a plan would write."""
    target = target_of(plan)
    there = next((c.held.to_json() for c in found if target and c.id == target), {})
    action = "" if isinstance(plan, Hold | Leave) else plan.action
    sent = [_normal_request(r, step, swap) for r in _requests(plan)]
    marks = [plan.write_back, plan.remainder.status if plan.remainder else ""] if isinstance(plan, Write) else []
    content = [kind_of(plan), code_of(plan), action, swap(TARGET, target), {k: _text(v) for k, v in there.items()}, marks, sent]
    return hashlib.sha256(money.dumps(content).encode()).hexdigest()[:32]


def _requests(plan: Plan) -> list[Request]:
    return [request for stage in plan.stages for request in stage.requests] if isinstance(plan, Write) else []


def _normal_request(request: Request, step: Step, swap: Swap) -> list[Any]:
    target = f"made:{request.record_id.name}" if isinstance(request.record_id, Made) else swap(TARGET, request.record_id or "")
    return [swap(TYPE, request.record_type), target, list(request.replace), _normal(request.body, "", step, swap)]


def _normal(value: Any, place: str, step: Step, swap: Swap) -> Any:
    """A value as it is compared: without moments, lines in an order of their own, numbers as text."""
    if isinstance(value, Mapping):
        named = sorted((str(k), v) for k, v in value.items() if not step.is_sync_date(str(k)))
        return {k: _normal(v, _joined(place, k), step, swap) for k, v in named}
    if isinstance(value, list | tuple):
        return sorted((_normal(v, f"{place}[]", step, swap) for v in value), key=money.dumps)
    if isinstance(value, Later):
        return swap(place, stand_in_id(value.record_id))
    return swap(place, value) if isinstance(value, str) else _text(value)


def _text(value: Any) -> Any:
    """A number as text: 10.0, 10 and "10" are the same amount."""
    if isinstance(value, Made):
        return f"made:{value.name}"
    if isinstance(value, bool) or value is None:
        return value
    return money.plain(Decimal(str(value))) if isinstance(value, int | float | Decimal) else str(value)


def _swap(was: Planned, ids: Mapping[str, str]) -> Swap:
    """Puts stand-ins back where the plan has them."""
    by_place: dict[str, list[tuple[re.Pattern[str], str]]] = {}
    for stand_in, places in was.stand_ins.items():
        if stand_in in ids:
            pattern = re.compile(rf"(?<![0-9A-Za-z]){re.escape(ids[stand_in])}(?![0-9A-Za-z])")
            for place in places:
                by_place.setdefault(place, []).append((pattern, stand_in))

    def swap(place: str, text: str) -> str:
        for pattern, stand_in in by_place.get(place, ()):
            text = pattern.sub(stand_in, text)
        return text

    return swap


# -- as people read it ---------------------------------------------------------------------------------------------------


def shown(plan: Plan, step: Step, swap: Swap = lambda place, text: text) -> list[Shown]:
    """The requests of a plan, names and addresses masked."""
    rows = []
    for request in _requests(plan):
        target = target_of(plan) if request.record_id == CREATED else request.record_id
        known = swap(TARGET, target) if isinstance(target, str) else ""
        rows.append({"to": swap(TYPE, request.record_type), "id": known, "fields": dict(_leaves(request.body, "", "", step, swap))})
    return rows


def as_read(record: Mapping[str, Any], step: Step) -> dict[str, Any]:
    """A record of the destination, read, by the same places as the requests that change it."""
    return dict(_leaves(record, "", "", step, lambda place, text: text))


def _leaves(value: Any, place: str, way: str, step: Step, swap: Swap) -> Iterator[tuple[str, Any]]:
    """(place as people read it, value): `item[2].amount`; of a reference its id, of a sublist its lines."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if not step.is_sync_date(str(key)):
                inner = place if key in ("id", "items") and place else _joined(place, key)
                yield from _leaves(each, inner, _joined(way, key), step, swap)
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value, start=1):
            yield from _leaves(each, f"{place}[{number}]", f"{way}[]", step, swap)
    elif isinstance(value, Later):
        yield place, swap(way, stand_in_id(value.record_id))
    else:
        yield place, _masked(way, swap(way, value) if isinstance(value, str) else _text(value))


def _joined(place: str, key: Any) -> str:
    return f"{place}.{key}" if place else str(key)


def _masked(way: str, value: Any) -> Any:
    """A value without names and mail addresses; ids stay."""
    if not isinstance(value, str) or way.endswith(".id"):
        return value
    name = re.sub(r"[^a-z]", "", way.rpartition(".")[2].lower())
    return MASK if NAMES.fullmatch(name) or PERSONAL.search(name) else masked_text(value)


def difference(was: Planned, plan: Plan, step: Step, swap: Swap) -> str:
    """What a plan says otherwise than it did, in the words of a message."""
    kind = kind_of(plan)
    if kind != was.kind:
        return f"{KINDS[was.kind]} was planned, {KINDS[kind]} would follow now"
    then, now = _by_place(was.requests), _by_place(shown(plan, step, swap))
    other = [place for place in {**then, **now} if then.get(place) != now.get(place)]
    told = [f"{place} was {_word(then.get(place))}, is {_word(now.get(place))}" for place in other]
    if not told:
        return "its counterpart, or a value that is not shown, has changed"
    more = f" and {len(told) - NAMED} more" if len(told) > NAMED else ""
    return "; ".join(told[:NAMED]) + more


KINDS = {
    "hold": "a hold",
    "leave": "nothing",
    "found": "its completion in the source alone",
    "refusal": "a refusal",
    "write": "a write",
}


def _by_place(requests: Sequence[Shown]) -> dict[str, Any]:
    several = len(requests) > 1
    found = {}
    for number, request in enumerate(requests, start=1):
        head = f"request {number}, " if several else ""
        found[f"{head}{request['to']}"] = request["id"] or "new"
        found |= {f"{head}{place}": value for place, value in request["fields"].items()}
    return found


def _word(value: Any) -> str:
    return "empty" if value in (None, "") else STAND_IN.sub("a new record", str(value))
