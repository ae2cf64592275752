"""Run records and the run lock, in the runs table.

pk "lock"            sk <job>           who runs now; taken by a conditional write, kept alive by heartbeats, stale after 15 minutes
pk "run#<run id>"    sk "record"        one run: trigger, times, settings version, outcome, keys
pk "run#<run id>"    sk "end"           who ends the run: it itself, or the clean-up of its execution, with what is known of how it ended
pk "run#<run id>"    sk "stopper"       who has stopped the execution, as CloudTrail tells it
pk "runs#<job>"      sk <start>#<id>    the list of runs, newest last
pk "watermark"       sk <step>          how far a step has looked at changes (see tasks/watermarks.py), with the behaviour it was made under
pk "configuration"   sk <job>           the version of the settings that the last run worked with
pk "concurrency"     sk <job>           how many calls to the destination the newest settings allow at a time
pk "connection"      sk "zuora-netsuite" the one NetSuite account and the tenant mode that this instance is bound to
pk "count"           sk <month>         the documents of a month, counted (see periods.py), and the moment up to which
pk "mailed"          sk <what runs>     what people were mailed last of an incident that has not ended (see reporting/incident.py)
pk "told"            sk <job> <what>    at what stage of a thing that comes nearer people were told of it last, and by which run
pk "slots"           sk <account>       the destination's slots (see slots.py)
pk "problems"        sk <step>           what is held or refused, by code (see problems.py)
pk "console#..."     sk ...              what the console keeps (see console/kept.py), and what the last checks of the set-up have found
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from tallybridge.clock import Clock, stamp
from tallybridge.errors import ConfigurationError, RunEnded, RunInProgress, StepFailed
from tallybridge.sync.ledger import Table

STALE_AFTER = timedelta(minutes=15)
"""A lock without a heartbeat for so long may be taken (operations.md section 4.3)."""
BILLING = "billing"
"""The job of the billing sync."""
RETENTION = timedelta(days=3653)
"""How long records of runs are kept: the longest that a stack can keep what the runs have left."""
IN_THE_LIST = (
    *("run_id", "instance", "trigger", "started", "ended", "outcome", "dry_run", "set_up", "message"),
    *("stopped_by", "reason", "undelivered", "instructed_only", "by", "plan", "reverse"),
)
"""What of a run's record stands in the list of runs."""
NOT_THE_WHOLE = ("dry_run", "instructed_only", "plan", "reverse")
"""What of a run's record says that it was not to do everything: it proves nothing of the whole."""
CONNECTION = {"pk": "connection", "sk": "zuora-netsuite"}
"""Where the binding stands."""
BILLING, REVENUE = "billing", "revenue"
"""The jobs that have runs."""
MAX_PAGES = 1_000
"""Answers of one list of runs: more runs than are ever kept."""
AFTER_ALL = "9999"
"""A place in the list of runs after every run."""
ITSELF = "the run itself"
"""Who ends a run in the usual way."""
MODES = {"A": "without Invoice Settlement", "B": "with Invoice Settlement"}
"""The tenant modes in words."""
ALREADY_RUNNING = "Sync not started: a previous run is still in progress."


class Runs:
    """Everything about runs that outlives a Lambda."""

    def __init__(self, table: Table, clock: Clock, job: str = BILLING) -> None:
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

    def is_first_to_tell(self, what: str, stage: str, run_id: str) -> bool:
        """Whether the run that holds the lock is the first to tell people something at this stage; it stays so when it asks again."""
        place = {"pk": "told", "sk": f"{self.job} {what}"}
        known = self.table.get_item(Key=place, ConsistentRead=True).get("Item") or {}
        if known.get("stage") == stage:
            return bool(known.get("run_id") == run_id)
        self.table.put_item(Item={**place, "stage": stage, "run_id": run_id})
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
            short = {k: item[k] for k in IN_THE_LIST if k in item}
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

    def page(self, limit: int, before: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
        """So many runs, newest first, each with its place in the list; after the one at the place `before`."""
        answer = self.table.query(
            KeyConditionExpression="pk = :pk AND sk < :before",
            ExpressionAttributeValues={":pk": f"runs#{self.job}", ":before": before or AFTER_ALL},
            ScanIndexForward=False,
            Limit=limit,
        )
        for item in answer["Items"]:
            yield str(item["sk"]), {k: v for k, v in item.items() if k not in ("pk", "sk", "expires")}

    def since(self, started: str) -> Iterator[dict[str, Any]]:
        """The runs that were started at a moment or later, oldest first."""
        arguments: dict[str, Any] = {
            "KeyConditionExpression": "pk = :pk AND sk >= :since",
            "ExpressionAttributeValues": {":pk": f"runs#{self.job}", ":since": started},
        }
        for _ in range(MAX_PAGES):
            answer = self.table.query(**arguments)
            yield from ({k: v for k, v in item.items() if k not in ("pk", "sk", "expires")} for item in answer["Items"])
            if not answer.get("LastEvaluatedKey"):
                return
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def claim_end(self, run_id: str, by: str = ITSELF, *, over: str = "", **facts: str) -> bool:
        """Take it upon oneself to end a run, and keep what is known of how it ended: `by` is the run itself or the id of a clean-up, `over`
        another that it may take over from. Answers whether nobody else has."""
        expires = int((self.clock.now() + RETENTION).timestamp())
        try:
            self.table.put_item(
                Item={**facts, "pk": f"run#{run_id}", "sk": "end", "claimed": by, "expires": expires},
                ConditionExpression="attribute_not_exists(pk) OR claimed = :own OR claimed = :other",
                ExpressionAttributeValues={":own": by, ":other": over or by},
            )
        except self.table.meta.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def end(self, run_id: str) -> dict[str, str]:
        """Who ends a run ("claimed") and what `claim_end` was told; {} while nobody does."""
        return self._aside(run_id, "end")

    def check_open(self, run_id: str, by: str = "") -> None:
        """Raises `RunEnded` where the run has ended, or is ended by somebody else than `by`, the id of a clean-up."""
        if self.end(run_id).get("claimed", "") != by:
            raise RunEnded(f"Run {run_id} has ended; nothing is done in its name any more.")

    def stopper(self, run_id: str) -> str:
        """Who has stopped the execution, "" where CloudTrail has not told."""
        return self._aside(run_id, "stopper").get("who", "")

    def note_stopper(self, run_id: str, who: str) -> None:
        expires = int((self.clock.now() + RETENTION).timestamp())
        self.table.put_item(Item={"pk": f"run#{run_id}", "sk": "stopper", "who": who, "expires": expires})

    def _aside(self, run_id: str, name: str) -> dict[str, str]:
        item = self.table.get_item(Key={"pk": f"run#{run_id}", "sk": name}, ConsistentRead=True).get("Item") or {}
        return {k: str(v) for k, v in item.items() if k not in ("pk", "sk", "expires")}

    def watermark(self, step: str) -> dict[str, str]:
        """{"watermark", "at", "looked", "behavior"} of a step, {} before its first run; `watermark` is in the source's time."""
        item = self.table.get_item(Key={"pk": "watermark", "sk": step}, ConsistentRead=True).get("Item") or {}
        return {k: str(item[k]) for k in ("watermark", "at", "looked", "behavior") if k in item}

    def set_watermark(self, step: str, behavior: str, watermark: str = "", at: str = "", looked: str = "") -> None:
        facts = {"watermark": watermark, "at": at, "looked": looked, "behavior": behavior}
        self.table.put_item(Item={"pk": "watermark", "sk": step, **facts, "updated": stamp(self.clock.now())})

    def configuration(self) -> int:
        """The number of the version of the settings that the last run worked with, 0 when none did."""
        item = self.table.get_item(Key={"pk": "configuration", "sk": self.job}, ConsistentRead=True).get("Item") or {}
        return int(item.get("version", 0))

    def set_configuration(self, version: int, run_id: str) -> None:
        self.table.put_item(Item={"pk": "configuration", "sk": self.job, "version": version, "run_id": run_id})

    def mailed(self, name: str) -> str:
        """What was mailed last of the incident of a job or an instance, "" where all is in order or nobody was told."""
        item = self.table.get_item(Key={"pk": "mailed", "sk": name}, ConsistentRead=True).get("Item") or {}
        return str(item.get("told", ""))

    def set_mailed(self, name: str, told: str, run_id: str, started: str) -> None:
        """Keep what a run has mailed, unless a run that was started after it has mailed by then."""
        item = {"pk": "mailed", "sk": name, "told": told, "run_id": run_id, "started": started}
        with suppress(self.table.meta.client.exceptions.ConditionalCheckFailedException):
            self.table.put_item(
                Item=item,
                ConditionExpression="attribute_not_exists(pk) OR run_id = :own OR started < :started",
                ExpressionAttributeValues={":own": run_id, ":started": started},
            )

    def concurrency(self, otherwise: int) -> int:
        """Calls to the destination in flight that the newest settings allow, also to workers of a run that began with others; `otherwise`
        where nobody has said."""
        item = self.table.get_item(Key={"pk": "concurrency", "sk": self.job}, ConsistentRead=True).get("Item") or {}
        return int(item.get("calls", otherwise))

    def set_concurrency(self, calls: int) -> None:
        self.table.put_item(Item={"pk": "concurrency", "sk": self.job, "calls": calls})

    def keep_checks(self, text: str) -> None:
        """Keep what checks of the set-up have found, instead of what earlier ones found."""
        self.table.put_item(Item={"pk": "console#doctor", "sk": "last", "found": text})

    def checks(self) -> str:
        """What the last checks of the set-up have found, "" before the first."""
        item = self.table.get_item(Key={"pk": "console#doctor", "sk": "last"}, ConsistentRead=True).get("Item") or {}
        return str(item.get("found", ""))

    def keep_count(self, month: str, moved_last: str, body: bytes, at: str) -> None:
        """Keep the count of a month (YYYY-MM), which has all that was moved up to `moved_last`, in the place of an earlier one."""
        self.table.put_item(Item={"pk": "count", "sk": month, "moved_last": moved_last, "body": body, "at": at})

    def count(self, month: str) -> dict[str, Any]:
        """{"moved_last", "body", "at"} of the count that is kept of a month, {} where none is."""
        return self.table.get_item(Key={"pk": "count", "sk": month}, ConsistentRead=True).get("Item") or {}

    def note_dates_begin(self) -> None:
        """Note, once, that the ledger keeps the dates of documents from now on, and whether runs that kept none have come before."""
        item = {"pk": "count", "sk": "begin", "at": stamp(self.clock.now()), "earlier": bool(self.bound())}
        with suppress(self.table.meta.client.exceptions.ConditionalCheckFailedException):
            self.table.put_item(Item=item, ConditionExpression="attribute_not_exists(pk)")

    def undated_before(self) -> str:
        """The moment (ISO 8601 UTC) before which records were synced whose dates the ledger does not keep; "" where it keeps all."""
        item = self.table.get_item(Key={"pk": "count", "sk": "begin"}, ConsistentRead=True).get("Item") or {}
        return str(item["at"]) if item.get("earlier") else ""

    def bound(self) -> dict[str, str]:
        """{"netsuite_account", "tenant_mode"} of the tenant pair that this instance is bound to, {} before its first run."""
        item = self.table.get_item(Key=CONNECTION, ConsistentRead=True).get("Item") or {}
        return {k: str(item[k]) for k in ("netsuite_account", "tenant_mode") if k in item}

    def bind(self, connection: Mapping[str, str], *, accepted_mode: str = "", keep: bool = True) -> str:
        """Bind this instance to one tenant pair and mode at its first run; refuse any other afterwards.

        `connection` = {"netsuite_account", "tenant_mode"}. `accepted_mode` is the mode that a person allows the instance to change to;
        answers the mode that it had before such a change, else "". With `keep` false nothing is noted: neither the first
        binding nor a change.
        Raises `ConfigurationError` CONNECTION-CHANGED or MODE-CHANGED.
        """
        key = dict(CONNECTION)
        known = self.table.get_item(Key=key, ConsistentRead=True).get("Item")
        if known is None:
            if not keep:
                return ""
            item = {**key, **connection, "since": stamp(self.clock.now())}
            try:
                self.table.put_item(Item=item, ConditionExpression="attribute_not_exists(pk)")
            except self.table.meta.client.exceptions.ConditionalCheckFailedException:  # another opening was first
                return self.bind(connection, accepted_mode=accepted_mode)
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

    def bind_anew(self, left: str, account: str) -> bool:
        """Bind this instance to another NetSuite account, instead of the one that it was bound to; answers whether it still was."""
        try:
            self.table.update_item(
                Key=dict(CONNECTION),
                UpdateExpression="SET netsuite_account = :account, since = :now",
                ConditionExpression="netsuite_account = :left",
                ExpressionAttributeValues={":account": account, ":left": left, ":now": stamp(self.clock.now())},
            )
        except self.table.meta.client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _other_account(bound: str, found: str) -> ConfigurationError:
    return ConfigurationError(
        f"This instance is bound to netsuite account {bound}, but is connected to {found} now.",
        place="netsuite_account",
        code="CONNECTION-CHANGED",
        advice=(
            "Connect it to the old one again. If the other one is a copy of it, `tallybridge connection --accept` proves that and goes on "
            "there; for any other account set up an instance of its own: records of two accounts must never mix."
        ),
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
