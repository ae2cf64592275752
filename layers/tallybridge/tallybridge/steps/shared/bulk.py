"""Batch requests of NetSuite as the engine's second way to write: when they are worth it, and how long jobs take."""

from __future__ import annotations

from collections.abc import Sequence

from tallybridge.errors import NotSent, Refused
from tallybridge.netsuite.jobs import MOST
from tallybridge.steps.shared.context import StepContext
from tallybridge.sync.step import Request

LEAST = {"off": 0, "auto": 20, "always": 1}
"""From how many independent records on they go together, by the setting; 0: never (api-netsuite.md section 8)."""
FIRST_LOOK, LAST_LOOK = 2, 30
"""Seconds between two looks at a job, at least and at most."""
USUAL_SHARE, PAUSE_SHARE = 0.8, 0.15
"""Of what the last job of the run took: how long nobody looks, and how long the pauses between looks are then."""
LASTED = "reference/job-seconds.json"
NOT_TAKEN = "no-jobs"


class NetSuiteBulk:
    """Jobs of one step. The workers of a run tell each other what they learn: whether the account takes jobs, and how long one lasts."""

    most = MOST

    def __init__(self, context: StepContext) -> None:
        self.context = context
        self.usual: int | None = None
        """Seconds that the last job took which was seen to be over; 0 where none was."""

    def takes(self, request: Request) -> bool:
        """NetSuite refuses a second record with an external id, whichever way it comes."""
        return bool(request.body.get("externalId"))

    def is_worth_it(self, number: int) -> bool:
        least = LEAST[self.context.settings.netsuite_batch_requests]
        return 0 < least <= number and not self.has_given_up()

    def submit(self, record_type: str, requests: Sequence[Request], key: str) -> str:
        return self.context.netsuite.submit(record_type, [request.body for request in requests], key)

    def not_before(self, age: int) -> int:
        return max(0, max(FIRST_LOOK, round(USUAL_SHARE * self._usual())) - age)

    def is_over(self, job: str, age: int) -> bool:
        try:
            over = self.context.netsuite.job_is_over(job)
        except NotSent:
            return False
        except Refused:  # nothing is told of it: the look-up says what it has made
            return True
        if over and age != self._usual():
            self.usual = age
            self.context.shelf.write_json(LASTED, age)
        return over

    def pause(self, age: int) -> int:
        usual = self._usual()
        return min(LAST_LOOK, max(FIRST_LOOK, round(PAUSE_SHARE * usual) if usual else age + FIRST_LOOK))

    def give_up(self) -> None:
        self.context.learned.note(NOT_TAKEN)

    def has_given_up(self) -> bool:
        return self.context.learned.has(NOT_TAKEN)

    def _usual(self) -> int:
        if self.usual is None:
            self.usual = int(self.context.shelf.read_json_or(LASTED) or 0)
        return self.usual
