"""Batch requests of NetSuite as the engine's second way to write: when they are worth it, and how long jobs take."""

from __future__ import annotations

from collections.abc import Sequence

from tallybridge.errors import NotSent, Refused
from tallybridge.netsuite.bodies import MANY_LINES, sublists
from tallybridge.netsuite.jobs import MOST
from tallybridge.steps.shared.context import StepContext
from tallybridge.sync.step import Problem, Request

LEAST = {"off": 0, "auto": 20, "always": 1}
"""From how many independent records on they go together, by the setting; 0: never (api-netsuite.md section 8)."""
LEAST_PAUSE, MOST_PAUSE = 2, 60
"""Seconds between two looks at a job."""
UNKNOWN_PACE = 0.2
"""Seconds a record for which nobody looks at the first jobs of a run."""
USUAL_SHARE, PAUSE_SHARE = 0.8, 0.1
"""Of what the last jobs took: how long nobody looks, and the least pause between looks, which is as much of the age of a job."""
JOBS_AT_ONCE = 3
"""Full jobs of a batch of records: what is read for a batch is read once for all of them."""
USUAL = "reference/job-seconds.json"
NOT_TAKEN = "no-jobs"


class NetSuiteBulk:
    """Jobs of one step. The workers of a run tell each other what they learn: whether the account takes jobs, and how long one lasts."""

    most = MOST

    def __init__(self, context: StepContext, place: str = USUAL) -> None:
        """`place` is where in the run's folder it is kept how long jobs take: others stand in the same queue, so that the last ones tell
        more than the number of records."""
        self.context = context
        self.place = place
        self.usual: int | None = None
        """Seconds that jobs took when the run has seen them last; 0 where it has not."""

    def batch_of(self, usual: int) -> int:
        """How many records make a batch of a step that may hand over jobs."""
        return max(usual, JOBS_AT_ONCE * self.most) if self._least() else usual

    def takes(self, request: Request) -> bool:
        """NetSuite refuses a second record with an external id, whichever way it comes. What has many lines goes by itself."""
        return bool(request.body.get("externalId")) and max((len(lines) for _, lines in sublists(request.body)), default=0) <= MANY_LINES

    def is_worth_it(self, number: int) -> bool:
        return 0 < self._least() <= number and not self.has_given_up()

    def submit(self, record_type: str, requests: Sequence[Request], key: str) -> str:
        return self.context.netsuite.submit(record_type, [request.body for request in requests], key)

    def not_before(self, age: int, number: int) -> int:
        usual = self._usual()
        first = round(USUAL_SHARE * usual if usual else UNKNOWN_PACE * number)
        return max(0, max(LEAST_PAUSE, first) - age)

    def is_over(self, job: str) -> bool:
        try:
            return self.context.netsuite.job_is_over(job)
        except NotSent:
            return False
        except Refused:  # nothing is told of it: the look-up says what it has made
            return True

    def lasted(self, age: int) -> None:
        self.usual = age
        self.context.shelf.write_json(self.place, age)

    def pause(self, age: int) -> int:
        return min(MOST_PAUSE, max(LEAST_PAUSE, round(PAUSE_SHARE * max(self._usual(), age))))

    def give_up(self, level: str, told: Problem) -> None:
        if not self.has_given_up():
            self.context.remarks.append((level, told))
        self.context.learned.note(NOT_TAKEN)

    def has_given_up(self) -> bool:
        return self.context.learned.has(NOT_TAKEN)

    def _least(self) -> int:
        return LEAST[self.context.settings.netsuite_batch_requests]

    def _usual(self) -> int:
        if self.usual is None:
            self.usual = int(self.context.shelf.read_json_or(self.place) or 0)
        return self.usual
