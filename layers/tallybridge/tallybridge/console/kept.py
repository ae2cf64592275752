"""What the console itself keeps, in the runs table: forms that were sent, and sessions that were ended before their time.

pk "console#form"      sk <one-time key>   a form that was sent, by whom and when
pk "console#ended"     sk <session id>     a session that its person has ended
"""

from __future__ import annotations

from datetime import timedelta

from tallybridge.clock import Clock, stamp
from tallybridge.sync.ledger import Table

KEPT = timedelta(days=1)
"""Longer than any session."""
MAX_KEY = 100


class ConsoleState:
    """Sent forms and ended sessions."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self.table, self.clock = table, clock

    def first(self, key: str, person: str) -> bool:
        """Whether a form with this one-time key is sent for the first time; from then on it counts as sent."""
        return self._note("console#form", key, person)

    def forget(self, key: str) -> None:
        """What a form asked for could not be done: it may be sent again."""
        self.table.delete_item(Key={"pk": "console#form", "sk": key[:MAX_KEY]})

    def end(self, session_id: str, person: str) -> None:
        self._note("console#ended", session_id, person)

    def has_ended(self, session_id: str) -> bool:
        return "Item" in self.table.get_item(Key={"pk": "console#ended", "sk": session_id[:MAX_KEY]}, ConsistentRead=True)

    def _note(self, pk: str, key: str, person: str) -> bool:
        now = self.clock.now()
        try:
            self.table.put_item(
                Item={"pk": pk, "sk": key[:MAX_KEY], "who": person, "at": stamp(now), "expires": int((now + KEPT).timestamp())},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except self.table.meta.client.exceptions.ConditionalCheckFailedException:
            return False
        return True
