"""The ledger: one item per source record, moved by conditional writes only.

    blank -> CLAIMED -> SENT -> CONFIRMED -> DONE
       CLAIMED, SENT, CONFIRMED belong to a worker until the lease ends; then another one may claim again. HELD and REFUSED say why a
       record is not synced; a later run claims it again. What was sent as part of a job belongs to nobody once the job is known (jobs.py).

The time line that the conditions protect:

    worker A   claim ........ SENT ---request--> (dies)
    worker B            claim? refused: A's lease lives      claim after the lease: looks the record up before it sends again

A lease that lives is respected by everybody: whether A has ended is known by nobody, since neither a stopped run nor a retry ends a
function that is running. It ends when A is stopped from outside, or when what A sent last must have arrived, whichever is later.

The user-visible Integration Status on the source record is the authority for selection; the ledger is the journal beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from tallybridge.clock import Clock, stamp
from tallybridge.parallel import parts, side_by_side

BATCH_GET = 100
"""DynamoDB's limit of items in one BatchGetItem."""
BATCH_GET_TRIES = 8
IN_FLIGHT_SECONDS = 200
"""How long a request may still be on its way, or be worked on, after it was sent: longer than any client waits for an answer."""
ATTENTION_INDEX = "waiting"
"""By what must be come back to (`attention`) and, of records that are alike, the oldest first (`place`)."""
NUMBER_INDEX = "number"
PERIOD_INDEX = "period"
"""Items by the month of their document, in the order in which they were moved last."""
MOVED = "moved#"
"""Beginning of the keys of traces that records leave in a month they were dated in before."""
JOB_KEY, JOB, JOB_AT = IN_JOB = ("job_key", "job", "job_at")
"""Of a record that was sent in a job: the key it was submitted under, and once that was answered the job and the moment (epoch seconds)."""
NEVER_EMPTY = ("number", "period", *IN_JOB)
"""Left out where they are empty: keys of indexes, which take no empty text, and what is over."""
MONTH = len("2026-11")


class State(StrEnum):
    CLAIMED = "CLAIMED"
    SENT = "SENT"
    CONFIRMED = "CONFIRMED"
    DONE = "DONE"
    HELD = "HELD"
    REFUSED = "REFUSED"
    DRIFT = "DRIFT"


SETTLED = (State.DONE, State.HELD, State.REFUSED)
HISTORY = 60
"""Entries of an item's history that are kept beside the first and the newest."""
OPEN = (State.CLAIMED, State.SENT, State.CONFIRMED)
DEFERRED = "DEFERRED#"
OF_PROBLEMS = (f"{State.HELD}#", f"{State.REFUSED}#")
"""Beginnings of what `attention` says of a record that is held or refused."""
WAITING = ("attention", "waits_for", "since", "attempts", "tried_in", "deferred")
"""Of an item that somebody or something must come back to."""


class LostClaim(Exception):
    """The item is not, or no longer, this worker's: another one holds it. Nothing was changed."""


class Table(Protocol):
    """The DynamoDB table resource, as far as it is used."""

    name: str
    meta: Any

    def put_item(self, **arguments: Any) -> Any: ...
    def update_item(self, **arguments: Any) -> Any: ...
    def get_item(self, **arguments: Any) -> Any: ...
    def delete_item(self, **arguments: Any) -> Any: ...
    def query(self, **arguments: Any) -> Any: ...


@dataclass(frozen=True)
class Owner:
    """A worker: run, batch, and this very invocation."""

    run_id: str
    batch: str
    invocation: str

    @property
    def family(self) -> str:
        return f"{self.run_id}/{self.batch}"

    @property
    def name(self) -> str:
        """The worker in one text: family and invocation."""
        return f"{self.family}|{self.invocation}"


@dataclass(frozen=True)
class Claim:
    """A record that this worker holds: its item as it was last written, and the state it was in before the claim ("" for none)."""

    item: Mapping[str, Any]
    before: str = ""

    @property
    def key(self) -> str:
        return str(self.item["id"])

    @property
    def version(self) -> int:
        return int(self.item["version"])

    @property
    def destination_id(self) -> str:
        return str(self.item.get("destination_id", ""))

    @property
    def generation(self) -> int:
        """How many requests for this record were given a final answer: part of idempotency keys, so that what is wanted anew is not taken
        for a repetition of what was done."""
        return int(self.item.get("generation", 0))


class Ledger:
    """The Integration Status table. `lease` is the moment (epoch seconds) at which this worker's claims end; `of_run` is kept with every
    record that is settled: who or what has started the run, and the version of the settings it works with."""

    def __init__(self, table: Table, clock: Clock, owner: Owner, lease: int, of_run: Mapping[str, str] | None = None) -> None:
        self.table = table
        self.clock = clock
        self.owner = owner
        self.lease = lease
        self.of_run = of_run or {}

    @staticmethod
    def key(system: str, object_type: str, record_id: str) -> str:
        """The item's key, for example "zuora#Invoice#8ad0..."."""
        return f"{system}#{object_type}#{record_id}"

    def read(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The items by key; missing ones are left out."""
        pieces = list(parts(list(dict.fromkeys(keys)), BATCH_GET))
        return {item["id"]: item for items in side_by_side(self._read, pieces) for item in items}

    def _read(self, keys: Sequence[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        request: Mapping[str, Any] = {self.table.name: {"Keys": [{"id": k} for k in keys], "ConsistentRead": True}}
        for attempt in range(BATCH_GET_TRIES):
            answer = self.table.meta.client.batch_get_item(RequestItems=request)
            found += answer["Responses"].get(self.table.name, [])
            request = answer.get("UnprocessedKeys") or {}
            if not request:
                break
            self.clock.sleep(0.05 * 2**attempt)
        return found

    def claim(self, key: str, step: str, number: str, known: Mapping[str, Any] | None, intent: Mapping[str, Any] | None = None) -> Claim:
        """Take the record for this worker. `known` is the item as it was read, before anything that the claim rests on; `intent` is kept
        with it, for a later attempt of the same batch. Raises `LostClaim` when another worker holds it or has moved it since."""
        item = known or {}
        if self.busy_until(item):
            raise LostClaim(key)
        facts = {
            "state": State.CLAIMED,
            "family": self.owner.family,
            "invocation": self.owner.invocation,
            "lease": self.lease,
            "step": step,
            "number": number,
            "run_id": self.owner.run_id,
            **(intent or {}),
        }
        return Claim(self._move({**item, "id": key}, facts), str(item.get("state", "")))

    def busy_until(self, item: Mapping[str, Any] | None) -> int:
        """The moment (epoch seconds) at which the lease of a worker that holds the item ends; 0 when nobody holds it."""
        lease = int((item or {}).get("lease", 0))
        return lease if item and item.get("state") in OPEN and lease > self.clock.now().timestamp() else 0

    def own(self, item: Mapping[str, Any] | None) -> bool:
        """Whether an item was last moved by this batch of this run, in whatever attempt."""
        return bool(item) and item.get("family") == self.owner.family  # type: ignore[union-attr]

    def sent(self, claim: Claim, request_hash: str, **facts: Any) -> Claim:
        """Stored before a request leaves, with facts that must outlive this worker; `sent_in` is the run that has sent last."""
        own = {"request_hash": request_hash, "sent_in": self.owner.run_id, "lease": max(self.lease, self._arrived())}
        return self._advance(claim, State.SENT, {**dict.fromkeys(IN_JOB, ""), **own, **facts})

    def handed_over(self, claim: Claim, job: str, seconds: int) -> Claim:
        """Stored when the destination has taken a request as part of a job: any worker may go on when the job is over, or after so many
        seconds."""
        now = int(self.clock.now().timestamp())
        return self._advance(claim, State.SENT, {JOB: job, JOB_AT: now, "lease": now + seconds})

    def _arrived(self) -> int:
        """When (epoch seconds) what is sent now must have arrived."""
        return int(self.clock.now().timestamp()) + IN_FLIGHT_SECONDS

    def confirmed(self, claim: Claim, destination_id: str) -> Claim:
        """Stored when the destination has the record."""
        return self._advance(claim, State.CONFIRMED, {"destination_id": destination_id, **_next_generation(claim)})

    def done(self, claim: Claim, **facts: Any) -> Claim:
        """Stored when the source has been written back."""
        return self._advance(claim, State.DONE, facts, settled=True)

    def refused(self, claim: Claim, step: str, code: str, message: str) -> Claim:
        """Stored when the destination declined the record."""
        facts = {"code": code, "message": message, "attention": f"{State.REFUSED}#{step}", **_next_generation(claim)}
        facts |= self._seen(claim.item, code)
        return self._advance(claim, State.REFUSED, facts, settled=True)

    def kept_back(self, claim: Claim, step: str, code: str, message: str, waits_for: str) -> Claim:
        """Stored when the destination has the record, but something about it is still to be done."""
        facts = {"code": code, "message": message, "waits_for": waits_for, "attention": f"{State.HELD}#{step}"}
        facts |= self._seen(claim.item, code)
        return self._advance(claim, State.HELD, facts, settled=True)

    def released(self, claim: Claim, *, in_doubt: bool = False, answered: bool = False) -> Claim:
        """Give the record back unsettled: the lease ends now, or, `in_doubt`, when what was sent must have arrived. `answered`: the
        destination has given the last request a final answer."""
        facts = {"lease": self._arrived() if in_doubt else 0, **(_next_generation(claim) if answered else {})}
        return self._advance(claim, State.CLAIMED, facts)

    def held(
        self,
        key: str,
        step: str,
        number: str,
        code: str,
        message: str,
        waits_for: str,
        known: Mapping[str, Any] | None,
        about: Mapping[str, Any] | None = None,
        *,
        set_aside: bool = False,
    ) -> bool:
        """Note why a record is not sent; answers whether it was noted. Leaves items alone that a worker holds or has moved since `known`
        was read. `about` is kept with it: currency and amount. `set_aside` keeps the code under that name too, where later notes leave it.
        """
        item = known or {}
        if self.busy_until(item):
            return False
        facts = {
            "state": State.HELD,
            "step": step,
            "number": number,
            "run_id": self.owner.run_id,
            "code": code,
            "message": message,
            "waits_for": waits_for,
            "attention": f"{State.HELD}#{step}",
            **self._seen(item, code),
            **(about or {}),
            **({"set_aside": code} if set_aside else {}),
        }
        try:
            self._move({**item, "id": key}, facts)
        except LostClaim:
            return False  # another worker has moved it on: its note is newer than ours
        return True

    def let_go(self, key: str, known: Mapping[str, Any] | None, why: str = "") -> None:
        """Note that nothing is due for a record any more, if the ledger said otherwise, and under which code (`left`), "" where none is
        known. Leaves items alone that a worker holds."""
        item = known or {}
        if item.get("state") in OPEN or not str(item.get("attention", "")).startswith(OF_PROBLEMS):
            return
        back = {"attention": DEFERRED + str(item["step"])} if item.get("deferred") else {}
        try:
            self._move({**item, "id": key}, {**back, "left": why}, [name for name in WAITING if name not in back])
        except LostClaim:
            return  # another worker has moved it on

    def _seen(self, item: Mapping[str, Any], code: str) -> dict[str, Any]:
        """Since when a problem is known (`since`) and in how many runs it was met (`attempts`); an attempt that is repeated within a run
        counts once. A document whose revenue dates are still to come (`deferred`) stays one."""
        now, run, before = stamp(self.clock.now()), self.owner.run_id, str(item.get("attention", ""))
        deferred = {"deferred": True} if item.get("deferred") or before.startswith(DEFERRED) else {}
        if not before.startswith(OF_PROBLEMS) or item.get("code") != code:
            return {"since": now, "attempts": 1, "tried_in": run, **deferred}
        attempts = int(item.get("attempts", 1)) + (item.get("tried_in") != run)
        return {"since": item.get("since", item.get("updated", now)), "attempts": attempts, "tried_in": run, **deferred}

    def looked(self, key: str, known: Mapping[str, Any] | None, moment: str, state: str, *, sure: bool = False) -> None:
        """Note what was seen of a record that was settled, and the moment of change that it bore; it waits for nothing any more. `sure`: no
        other change can bear that moment. Leaves items alone that a worker holds."""
        item, look = known or {}, {"seen": moment, "seen_state": state, "seen_sure": sure}
        if item.get("state") in OPEN or ("attention" not in item and look.items() <= item.items()):
            return
        try:
            self._move({**item, "id": key}, {**look, "seen_at": stamp(self.clock.now())}, WAITING)
        except LostClaim:
            return  # another worker has moved it on; the record is looked at once more

    def drifted(self, key: str, facts: Mapping[str, Any], known: Mapping[str, Any] | None) -> None:
        """Keep a drift (see drift.py) in an item of its own, beside that of the record. Leaves it to another worker that was quicker."""
        self.keep({**(known or {}), "id": key}, {"state": State.DRIFT, **facts})

    def agreed(self, known: Mapping[str, Any]) -> None:
        """Note that a drift is there no more, or that a person has accepted it (`accepted` among its facts)."""
        self.keep(known, {"state": State.DRIFT}, WAITING)

    def keep(self, item: Mapping[str, Any], facts: Mapping[str, Any], surplus: Sequence[str] = ()) -> bool:
        """Write an item that lies beside a record's own, with new facts and without the surplus ones; answers whether it still was as it
        had been read."""
        try:
            self._move(item, facts, surplus)
        except LostClaim:
            return False
        return True

    def attention(self, kind: str, code: str = "", after: str = "", most: int | None = None) -> Iterator[dict[str, Any]]:
        """Items that somebody or something must come back to: "HELD#<step>", "REFUSED#<step>", "DEFERRED#<step>"; all of them, or those
        with a code alone. In the order of their places, from behind the place `after`; at most so many."""
        also = (" AND begins_with(place, :also)", f"{code}#") if code else None
        more = {"ExclusiveStartKey": {"attention": kind, "place": after, "id": after.split("#", 2)[2]}} if after else {}
        return self._all(ATTENTION_INDEX, ("attention", kind), also, most, **more)

    def dated_in(self, month: str, since: str = "") -> Iterator[dict[str, Any]]:
        """The items of records whose documents are dated in a month (YYYY-MM), those that were moved first in front; with `since` (ISO 8601
        UTC) those moved then or later. Among them are traces (`MOVED`) of records that are dated in another month now."""
        return self._all(PERIOD_INDEX, ("period", month), (" AND updated >= :also", since) if since else None)

    def moved_last(self, month: str) -> str:
        """When (ISO 8601 UTC) one of the items of a month was moved last; "" where there is none."""
        newest = self._all(PERIOD_INDEX, ("period", month), most=1, ScanIndexForward=False)
        return next((str(item["updated"]) for item in newest), "")

    def moved_lately(self, month: str, most: int) -> Iterator[dict[str, Any]]:
        """The items of a month that were moved last, the newest first; at most so many."""
        return self._all(PERIOD_INDEX, ("period", month), most=most, ScanIndexForward=False)

    def keys_of(self, number: str) -> list[str]:
        """The keys of all items with a number: of records, and of what lies beside them."""
        return [str(item["id"]) for item in self._all(NUMBER_INDEX, ("number", number))]

    def _all(
        self, index: str, key: tuple[str, str], also: tuple[str, str] | None = None, most: int | None = None, **more: Any
    ) -> Iterator[dict[str, Any]]:
        """What an index has for its key (name, value), page by page, at most so many; `also` is a further condition with the value of
        ":also". The key's name is given as a placeholder, since it may be a word that DynamoDB reserves, such as "number"."""
        more |= {"KeyConditionExpression": "#key = :key", "ExpressionAttributeNames": {"#key": key[0]}}
        more["ExpressionAttributeValues"] = {":key": key[1]}
        if also:
            more["KeyConditionExpression"] += also[0]
            more["ExpressionAttributeValues"][":also"] = also[1]
        left = most
        while left is None or left > 0:
            answer = self.table.query(IndexName=index, **more, **({"Limit": left} if left else {}))
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            left = None if left is None else left - len(answer["Items"])
            more["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _advance(self, claim: Claim, state: State, facts: Mapping[str, Any], *, settled: bool = False) -> Claim:
        surplus = [name for name in WAITING if name not in facts] if settled else ()
        return Claim(self._move(claim.item, {"state": state, **facts}, surplus), claim.before)

    def _move(self, item: Mapping[str, Any], facts: Mapping[str, Any], surplus: Sequence[str] = ()) -> dict[str, Any]:
        """Write the item with new facts, and without the surplus ones, if it still has the version it had when it was read (none: if it
        does not exist yet). Raises `LostClaim` otherwise."""
        version, now = int(item.get("version", 0)), stamp(self.clock.now())
        content = {**item, **facts, "version": version + 1, "updated": now}
        if facts.get("state") in SETTLED:
            content |= dict.fromkeys(IN_JOB, "")
            content |= {"history": history_of(item, facts, self.owner.run_id, now), **self.of_run}
        content["period"] = str(content.get("document_date", ""))[:MONTH]
        if item.get("period", content["period"]) != content["period"]:
            self._leave_trace(item, now)
        content = {k: v for k, v in content.items() if k not in (*surplus, "place") and (v != "" or k not in NEVER_EMPTY)}
        if "attention" in content:
            content["place"] = place_of(content)
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(id)"}
        if version:
            condition = {
                "ConditionExpression": "#version = :was",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":was": version},
            }
        try:
            self.table.put_item(Item=content, **condition)
        except self.table.meta.client.exceptions.ConditionalCheckFailedException as lost:
            raise LostClaim(item["id"]) from lost
        return content

    def _leave_trace(self, item: Mapping[str, Any], now: str) -> None:
        """A record leaves a month: whoever has counted it there learns that. Written before the record is moved; a trace too many says no
        more than that one has to count anew."""
        kept = {name: item[name] for name in ("period", "step", "document_date") if name in item}
        self.table.put_item(Item={**kept, "id": f"{MOVED}{item['period']}#{item['id']}", "state": "MOVED", "updated": now})


def place_of(item: Mapping[str, Any]) -> str:
    """Where an item stands among those that somebody must come back to: by code, the oldest first."""
    return f"{item.get('code', '')}#{item.get('since', '')}#{item['id']}"


def history_of(item: Mapping[str, Any], facts: Mapping[str, Any], run_id: str, now: str) -> list[dict[str, Any]]:
    """What became of a record in all runs, oldest first: {"state", "code", "message", "run", "at", "until", "times"}. What comes to the
    same in several runs is one entry with the last of them; of very many the first and the latest are kept."""
    entry = {"state": str(facts["state"]), **{name: str(facts[name]) for name in ("code", "message") if facts.get(name)}}
    before = list(item.get("history", ()))
    if before and entry == {name: before[-1][name] for name in ("state", "code", "message") if name in before[-1]}:
        last = before.pop()
        times = int(last.get("times", 1)) + (last["run"] != run_id)
        return [*before, {**last, "run": run_id, "until": now, "times": times}]
    return [*before[:1], *before[1:][-HISTORY:], {**entry, "run": run_id, "at": now}]


def _next_generation(claim: Claim) -> dict[str, int]:
    return {"generation": claim.generation + 1}
