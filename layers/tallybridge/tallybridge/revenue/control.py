"""Cancelling a run, and the point from which it can no longer be cancelled (revenue-connector.md section 7, rule 6).

Both are attributes of one item, and each is written only while the other is absent, so that exactly one of them comes first.

    pk "run#<run id>"   sk "control"    cancelled: by whom   |   uploading: since when
"""

from __future__ import annotations

from typing import Any

from tallybridge.clock import Clock, stamp
from tallybridge.revenue.codes import Code, TaskFailed
from tallybridge.sync.ledger import Table
from tallybridge.sync.runs import RETENTION


class Control:
    """The switch of one run."""

    def __init__(self, table: Table, clock: Clock, run_id: str) -> None:
        self.table = table
        self.clock = clock
        self.run_id = run_id
        self.key = {"pk": f"run#{run_id}", "sk": "control"}

    def cancel(self, user: str) -> bool:
        """Ask the run to stop before it sends anything; False when it has begun to send."""
        return self._set("cancelled", user or "somebody", "uploading")

    def begin_upload(self) -> None:
        """Pass the point of no return. Raises `TaskFailed` RUN_CANCELLED."""
        if not self._set("uploading", stamp(self.clock.now()), "cancelled"):
            self.check()

    def check(self) -> None:
        """Raises `TaskFailed` RUN_CANCELLED when the run has been cancelled."""
        item: dict[str, Any] = self.table.get_item(Key=self.key, ConsistentRead=True).get("Item") or {}
        if item.get("cancelled"):
            raise TaskFailed(Code.RUN_CANCELLED, f"The run was cancelled by {item['cancelled']} before anything was sent.")

    def _set(self, name: str, value: str, unless: str) -> bool:
        client = self.table.meta.client
        try:
            self.table.update_item(
                Key=self.key,
                UpdateExpression=f"SET {name} = :value, expires = :expires",
                ConditionExpression=f"attribute_not_exists({unless})",
                ExpressionAttributeValues={":value": value, ":expires": int((self.clock.now() + RETENTION).timestamp())},
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True
