"""Run records and the run lock, in the runs table.

pk "lock"            sk <job>           who runs now; taken by a conditional write, kept alive by heartbeats, stale after 15 minutes
pk "run#<run id>"    sk "record"        one run: trigger, times, settings version, outcome, keys
pk "runs#<job>"      sk <start>#<id>    the list of runs, newest last
pk "watermark"       sk <step>          the modified-since date of a step, with the behaviour it was made under
pk "connection"      sk "zuora-netsuite" the one NetSuite account and the tenant mode that this instance is bound to
pk "slots"           sk <account>       the destination's slots (see slots.py)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from tallybridge.clock import Clock, stamp
from tallybridge.errors import ConfigurationError, RunInProgress, StepFailed
from tallybridge.sync.ledger import Table

STALE_AFTER = timedelta(minutes=15)
"""A lock without a heartbeat for so long may be taken (operations.md section 4.3)."""
RETENTION = timedelta(days=400)
MODES = {"A": "without Invoice Settlement", "B": "with Invoice Settlement"}
"""The tenant modes in words."""
ALREADY_RUNNING = "Sync not started: a previous run is still in progress."


class Runs:
    """Everything about runs that outlives a Lambda."""

    def __init__(self, table: Table, clock: Clock, job: str = "billing") -> None:
        self.table = table
        self.clock = clock
        self.job = job

    def lock(self, run_id: str) -> str:
        """Take the lock; answers the id of a dead run whose stale lock was taken over, or "". Raises `RunInProgress`."""
        now = self.clock.now()
        client = self.table.meta.client
        before = self.table.get_item(Key={"pk": "lock", "sk": self.job}, ConsistentRead=True).get("Item") or {}
        try:
            self.table.put_item(
                Item={"pk": "lock", "sk": self.job, "run_id": run_id, "heartbeat": stamp(now), "since": stamp(now)},
                ConditionExpression="attribute_not_exists(pk) OR run_id = :own OR heartbeat < :stale",
                ExpressionAttributeValues={":own": run_id, ":stale": stamp(now - STALE_AFTER)},
            )
        except client.exceptions.ConditionalCheckFailedException as held:
            raise RunInProgress(
                ALREADY_RUNNING, advice=f"Run {before.get('run_id', '')} holds the lock since {before.get('since', '')}."
            ) from held
        taken_over = str(before.get("run_id", ""))
        return "" if taken_over == run_id else taken_over

    def heartbeat(self, run_id: str) -> None:
        """Say that the run is alive. Raises `StepFailed` when the lock has gone to another run: this one must stop writing."""
        client = self.table.meta.client
        try:
            self.table.update_item(
                Key={"pk": "lock", "sk": self.job},
                UpdateExpression="SET heartbeat = :now",
                ConditionExpression="run_id = :own",
                ExpressionAttributeValues={":now": stamp(self.clock.now()), ":own": run_id},
            )
        except client.exceptions.ConditionalCheckFailedException as lost:
            raise StepFailed(
                f"Run {run_id} no longer holds the lock: another run has taken over.",
                code="RUN-LOCK-LOST",
                advice="Nothing to do: the other run goes on with the work.",
            ) from lost

    def unlock(self, run_id: str) -> bool:
        """Free the lock if it is this run's; answers whether it was."""
        client = self.table.meta.client
        try:
            self.table.delete_item(
                Key={"pk": "lock", "sk": self.job}, ConditionExpression="run_id = :own", ExpressionAttributeValues={":own": run_id}
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def lock_holder(self) -> dict[str, Any] | None:
        """Who holds the lock: run_id, since, heartbeat."""
        item = self.table.get_item(Key={"pk": "lock", "sk": self.job}, ConsistentRead=True).get("Item")
        return dict(item) if item else None

    def record(self, run_id: str, **facts: Any) -> None:
        """Create or add to a run's record, and to its line in the list of runs once `started` is known."""
        item = {**self.read(run_id), **facts, "run_id": run_id}
        expires = int((self.clock.now() + RETENTION).timestamp())
        self.table.put_item(Item={**item, "pk": f"run#{run_id}", "sk": "record", "expires": expires})
        if "started" in item:
            short = {k: item[k] for k in ("run_id", "trigger", "started", "ended", "outcome", "dry_run", "message") if k in item}
            self.table.put_item(Item={**short, "pk": f"runs#{self.job}", "sk": f"{item['started']}#{run_id}", "expires": expires})

    def read(self, run_id: str) -> dict[str, Any]:
        """A run's record, {} when there is none."""
        item = self.table.get_item(Key={"pk": f"run#{run_id}", "sk": "record"}, ConsistentRead=True).get("Item") or {}
        return {k: v for k, v in item.items() if k not in ("pk", "sk", "expires")}

    def recent(self, limit: int = 20) -> Iterator[dict[str, Any]]:
        """The latest runs, newest first."""
        answer = self.table.query(
            KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": f"runs#{self.job}"}, ScanIndexForward=False, Limit=limit
        )
        for item in answer["Items"]:
            yield {k: v for k, v in item.items() if k not in ("pk", "sk", "expires")}

    def watermark(self, step: str) -> dict[str, str]:
        """{"watermark", "behavior"} of a step, {} before its first run."""
        item = self.table.get_item(Key={"pk": "watermark", "sk": step}, ConsistentRead=True).get("Item") or {}
        return {k: str(item[k]) for k in ("watermark", "behavior") if k in item}

    def set_watermark(self, step: str, watermark: str, behavior: str) -> None:
        self.table.put_item(
            Item={"pk": "watermark", "sk": step, "watermark": watermark, "behavior": behavior, "updated": stamp(self.clock.now())}
        )

    def bind(self, connection: Mapping[str, str], *, accepted_mode: str = "", keep: bool = True) -> str:
        """Bind this instance to one tenant pair and mode at its first run; refuse any other afterwards.

        `connection` = {"netsuite_account", "tenant_mode"}. `accepted_mode` is the mode that a person allows the instance to change to;
        answers the mode that it had before such a change, else "". With `keep` false the change is answered, but not noted.
        Raises `ConfigurationError` CONNECTION-CHANGED or MODE-CHANGED.
        """
        key = {"pk": "connection", "sk": "zuora-netsuite"}
        known = self.table.get_item(Key=key, ConsistentRead=True).get("Item")
        if known is None:
            self.table.put_item(
                Item={**key, **connection, "since": stamp(self.clock.now())}, ConditionExpression="attribute_not_exists(pk)"
            )
            return ""
        changed = {name for name, value in connection.items() if known.get(name, value) != value}
        if "netsuite_account" in changed:
            raise _other_account(str(known["netsuite_account"]), connection["netsuite_account"])
        if "tenant_mode" not in changed:
            return ""
        left, mode = str(known["tenant_mode"]), connection["tenant_mode"]
        if mode != accepted_mode:
            raise _other_mode(left, mode)
        if keep:
            self.table.put_item(
                Item={**known, **connection, "since": stamp(self.clock.now())},
                ConditionExpression="tenant_mode = :left",
                ExpressionAttributeValues={":left": left},
            )
        return left


def _other_account(bound: str, found: str) -> ConfigurationError:
    return ConfigurationError(
        f"This instance is bound to netsuite account {bound}, but is connected to {found} now.",
        place="netsuite_account",
        code="CONNECTION-CHANGED",
        advice="Connect it to the old one again, or set up a new instance; records of two accounts must never mix.",
    )


def _other_mode(bound: str, found: str) -> ConfigurationError:
    return ConfigurationError(
        f"The Zuora tenant works {MODES[found]} now (mode {found}), but this instance has run {MODES[bound]} (mode {bound}).",
        place="tenant_mode",
        code="MODE-CHANGED",
        advice=(
            "If the tenant was switched on purpose, follow docs/switch-to-invoice-settlement.md and start one run with "
            f'{{"acceptMode": "{found}"}}. Otherwise connect the old tenant again, or let the Zuora user read credit memos again.'
        ),
    )
