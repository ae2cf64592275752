"""The ledger: one item per source record, moved by conditional writes only.

    blank -> CLAIMED -> SENT -> CONFIRMED -> DONE
       CLAIMED, SENT, CONFIRMED belong to an owner until the lease ends; afterwards, or for a later attempt of the same batch, another
       worker may claim again. HELD and REFUSED say why a record is not synced; a later run claims it again.

The time line that the conditions protect:

    worker A   claim ........ SENT ---request--> (dies)
    worker B            claim? refused: A's lease lives      claim after the lease: looks the record up before it sends again

The user-visible Integration Status on the source record is the authority for selection; the ledger is the journal beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from tallybridge.clock import Clock, stamp
from tallybridge.pieces import parts

BATCH_GET = 100
"""DynamoDB's limit of items in one BatchGetItem."""
BATCH_GET_TRIES = 8
ATTENTION_INDEX = "attention"


class State(StrEnum):
    CLAIMED = "CLAIMED"
    SENT = "SENT"
    CONFIRMED = "CONFIRMED"
    DONE = "DONE"
    HELD = "HELD"
    REFUSED = "REFUSED"


OPEN = (State.CLAIMED, State.SENT, State.CONFIRMED)


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
    """A worker: run, batch, which attempt at the batch, and this very invocation. A later attempt may take over an earlier one's
    claims, since an attempt starts only when the one before has ended; the same attempt delivered twice may not."""

    run_id: str
    batch: str
    attempt: int
    invocation: str

    @property
    def family(self) -> str:
        return f"{self.run_id}/{self.batch}"

    @property
    def name(self) -> str:
        """The worker in one text: family, attempt and invocation."""
        return f"{self.family}|{self.attempt}|{self.invocation}"

    def outlives(self, name: str) -> bool:
        """Whether the worker of that name must have ended by now: it belongs to another run (there is one at a time), is an earlier attempt
        at the same batch, or did the same part of the run that is done by one worker alone (no batch)."""
        family, _, rest = name.partition("|")
        if family.partition("/")[0] != self.run_id:
            return True
        alone = self.batch.endswith("/")
        return family == self.family and name != self.name and (alone or int(rest.partition("|")[0] or 0) < self.attempt)


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


class Ledger:
    """The Integration Status table. `lease` is the moment (epoch seconds) at which this worker's claims end."""

    def __init__(self, table: Table, clock: Clock, owner: Owner, lease: int) -> None:
        self.table = table
        self.clock = clock
        self.owner = owner
        self.lease = lease

    @staticmethod
    def key(system: str, object_type: str, record_id: str) -> str:
        """The item's key, for example "zuora#Invoice#8ad0..."."""
        return f"{system}#{object_type}#{record_id}"

    def read(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The items by key; missing ones are left out."""
        found: dict[str, dict[str, Any]] = {}
        batch_get = self.table.meta.client.batch_get_item
        for part in parts(list(dict.fromkeys(keys)), BATCH_GET):
            request: Mapping[str, Any] = {self.table.name: {"Keys": [{"id": k} for k in part], "ConsistentRead": True}}
            for attempt in range(BATCH_GET_TRIES):
                answer = batch_get(RequestItems=request)
                found |= {item["id"]: item for item in answer["Responses"].get(self.table.name, [])}
                request = answer.get("UnprocessedKeys") or {}
                if not request:
                    break
                self.clock.sleep(0.05 * 2**attempt)
        return found

    def claim(self, key: str, step: str, number: str, known: Mapping[str, Any] | None, intent: Mapping[str, Any] | None = None) -> Claim:
        """Take the record for this worker. `known` is the item as it was read; `intent` is kept with it, for a later attempt of the same
        batch. Raises `LostClaim` when another worker holds it."""
        now = int(self.clock.now().timestamp())
        item = known or {}
        if item.get("state") in OPEN and not self._may_take(item, now):
            raise LostClaim(key)
        facts = {
            "state": State.CLAIMED,
            "family": self.owner.family,
            "attempt": self.owner.attempt,
            "invocation": self.owner.invocation,
            "lease": self.lease,
            "step": step,
            "number": number,
            "run_id": self.owner.run_id,
            **(intent or {}),
        }
        return Claim(self._move({**item, "id": key}, facts), str(item.get("state", "")))

    def _may_take(self, item: Mapping[str, Any], now: int) -> bool:
        if int(item.get("lease", 0)) <= now:
            return True
        return bool(item.get("family") == self.owner.family and int(item.get("attempt", 0)) < self.owner.attempt)

    def own(self, item: Mapping[str, Any] | None) -> bool:
        """Whether an item was last moved by this batch of this run, in whatever attempt."""
        return bool(item) and item.get("family") == self.owner.family  # type: ignore[union-attr]

    def sent(self, claim: Claim, request_hash: str) -> Claim:
        """Stored before a request leaves."""
        return self._advance(claim, State.SENT, {"request_hash": request_hash})

    def confirmed(self, claim: Claim, destination_id: str) -> Claim:
        """Stored when the destination has the record."""
        return self._advance(claim, State.CONFIRMED, {"destination_id": destination_id})

    def done(self, claim: Claim, **facts: Any) -> Claim:
        """Stored when the source has been written back."""
        return self._advance(claim, State.DONE, facts, settled=True)

    def refused(self, claim: Claim, step: str, code: str, message: str) -> Claim:
        """Stored when the destination declined the record."""
        facts = {"code": code, "message": message, "attention": f"{State.REFUSED}#{step}"}
        return self._advance(claim, State.REFUSED, facts, settled=True)

    def kept_back(self, claim: Claim, step: str, code: str, message: str, waits_for: str) -> Claim:
        """Stored when the destination has the record, but something about it is still to be done."""
        facts = {"code": code, "message": message, "waits_for": waits_for, "attention": f"{State.HELD}#{step}"}
        return self._advance(claim, State.HELD, facts, settled=True)

    def released(self, claim: Claim) -> Claim:
        """Give the record back untouched: the lease ends now."""
        return self._advance(claim, State.CLAIMED, {"lease": 0})

    def held(
        self,
        key: str,
        step: str,
        number: str,
        code: str,
        message: str,
        waits_for: str,
        known: Mapping[str, Any] | None,
        *,
        set_aside: bool = False,
    ) -> None:
        """Note why a record is not sent. Leaves items alone that a worker holds. Equal notes of the same run are written once.

        `set_aside` keeps the code under that name too, where later notes leave it.
        """
        item = known or {}
        if item.get("state") in OPEN and int(item.get("lease", 0)) > self.clock.now().timestamp():
            return
        facts = {
            "state": State.HELD,
            "step": step,
            "number": number,
            "run_id": self.owner.run_id,
            "code": code,
            "message": message,
            "waits_for": waits_for,
            "attention": f"{State.HELD}#{step}",
            **({"set_aside": code} if set_aside else {}),
        }
        try:
            self._move({**item, "id": key}, facts)
        except LostClaim:
            return  # another worker has moved it on: its note is newer than ours

    def attention(self, kind: str) -> Iterator[dict[str, Any]]:
        """Items that somebody or something must come back to: "HELD#<step>", "REFUSED#<step>", "DEFERRED#<step>"."""
        start: dict[str, Any] = {}
        while True:
            answer = self.table.query(
                IndexName=ATTENTION_INDEX,
                KeyConditionExpression="attention = :kind",
                ExpressionAttributeValues={":kind": kind},
                **start,
            )
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _advance(self, claim: Claim, state: State, facts: Mapping[str, Any], *, settled: bool = False) -> Claim:
        surplus = ("attention", "waits_for") if settled and "attention" not in facts else ()
        return Claim(self._move(claim.item, {"state": state, **facts}, surplus), claim.before)

    def _move(self, item: Mapping[str, Any], facts: Mapping[str, Any], surplus: Sequence[str] = ()) -> dict[str, Any]:
        """Write the item with new facts, and without the surplus ones, if it still has the version it had when it was read (none: if it
        does not exist yet). Raises `LostClaim` otherwise."""
        version = int(item.get("version", 0))
        content = {**item, **facts, "version": version + 1, "updated": stamp(self.clock.now())}
        content = {k: v for k, v in content.items() if k not in surplus}
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
