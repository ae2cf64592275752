"""EventBridge Scheduler: schedules fire, on the clock of the embedded AWS.

A schedule fires at its moment's first second (AWS: within that minute), once. A flexible window's first moment is as good as any other.
What cannot be started goes to the schedule's dead letters at once: here nothing would be different at the next attempt.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import moto.scheduler.models as models
from moto.scheduler.exceptions import ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend, scheduler_backends

from sandbox.aws.expressions import NotAnExpression, parse, zone_of
from sandbox.aws.patch import put
from sandbox.aws.repairs import Hooks
from sandbox.clock import Clock, in_background

Start = Callable[[dict[str, Any], str], None]
"""Starts a target with an input; raises whatever keeps it from starting."""


INSTANT = timedelta(microseconds=1)


class _Changes:
    heard: Callable[[], None] | None = None


def schedules_are_checked_and_heard_of() -> None:
    """Any expression is taken, moments are the machine's, and a schedule that is updated without a state has none (AWS: ENABLED)."""
    for name in ("create_schedule", "update_schedule", "delete_schedule"):
        put(EventBridgeSchedulerBackend, name, _heard(name, getattr(EventBridgeSchedulerBackend, name)))
    put(models, "utcnow", lambda: Hooks.clock.now().replace(tzinfo=None))
    put(models, "unix_time", lambda: Hooks.clock.now().timestamp())


def _heard(name: str, before: Callable[..., Any]) -> Callable[..., Any]:
    def changed(self: Any, *rest: Any, **options: Any) -> Any:
        if name != "delete_schedule":
            try:
                parse(options["schedule_expression"])
                zone_of(options["schedule_expression_timezone"] or "UTC")
            except NotAnExpression as refused:
                raise ValidationException(str(refused)) from None
            options["state"] = options["state"] or "ENABLED"
        answer = before(self, *rest, **options)
        if _Changes.heard is not None:
            _Changes.heard()
        return answer

    return changed


class Scheduler:
    """Fires the schedules of one region for as long as it runs."""

    def __init__(self, clock: Clock, account: str, region: str, start: Start, give_up: Start) -> None:
        self.clock = clock
        self.account, self.region = account, region
        self._start, self._give_up = start, give_up
        self._settled: dict[tuple[str, float], datetime] = {}
        """By schedule and moment of its last change: until when everything that was due has been fired."""
        self._stopped = False
        with clock.working():
            self._changed = threading.Event()
            self._thread = threading.Thread(target=self._run, daemon=True)
            _Changes.heard = self._changed.set
            self._thread.start()

    def stop(self) -> None:
        _Changes.heard = None
        self._stopped = True
        self._changed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped:
            self._changed.clear()
            upcoming = self._fire_what_is_due()
            if not self._stopped:
                with in_background():
                    self._changed.wait(None if upcoming is None else max(0.0, (upcoming - self.clock.now()).total_seconds()))

    def _fire_what_is_due(self) -> datetime | None:
        """Fires in the order of moments; returns the next moment at which something is due."""
        while True:
            due = [(moment, each) for each in self._schedules() if (moment := self._next(each)) is not None]
            first = min((moment for moment, _ in due), default=None)
            if first is None or first > self.clock.now():
                return first
            for moment, schedule in due:
                if moment == first:
                    self._settled[_state(schedule)] = moment
                    self._fire(schedule, moment)

    def _schedules(self) -> list[Any]:
        groups = scheduler_backends[self.account][self.region].schedule_groups.values()
        return [schedule for group in list(groups) for schedule in list(group.schedules.values()) if schedule.state == "ENABLED"]

    def _next(self, schedule: Any) -> datetime | None:
        """When a schedule is due next."""
        created, changed = _moment(schedule.creation_date), _moment(schedule.last_modified_date)
        begin = _moment(schedule.start_date) or created
        assert created is not None and changed is not None and begin is not None
        after = self._settled.get(_state(schedule), changed - INSTANT if changed == created else changed)
        after = max(after, begin - INSTANT)
        expression = parse(schedule.schedule_expression)
        moment = expression.after(after, zone_of(schedule.schedule_expression_timezone), begin)
        end = _moment(schedule.end_date)
        return None if moment is None or (end is not None and moment > end) else moment

    def _fire(self, schedule: Any, moment: datetime) -> None:
        text = schedule.target.get("Input") or json.dumps(self._event(schedule, moment))
        words = {
            "<aws.scheduler.schedule-arn>": schedule.arn,
            "<aws.scheduler.scheduled-time>": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "<aws.scheduler.execution-id>": uuid.uuid4().hex[:16],
            "<aws.scheduler.attempt-number>": "1",
        }
        for word, value in words.items():
            text = text.replace(word, value)
        try:
            self._start(schedule.target, text)
        except Exception:  # whatever it is, AWS ends with the dead letters
            self._give_up(schedule.target, text)
        if schedule.action_after_completion == "DELETE" and self._next(schedule) is None:
            scheduler_backends[self.account][self.region].delete_schedule(schedule.group_name, schedule.name)

    def _event(self, schedule: Any, moment: datetime) -> dict[str, Any]:
        """What a target gets without an input of its own."""
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": self.account,
            "time": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "region": self.region,
            "resources": [schedule.arn],
            "detail": "{}",
        }


def _state(schedule: Any) -> tuple[str, float]:
    return schedule.arn, schedule.last_modified_date


def _moment(value: Any) -> datetime | None:
    """A start or end as the API gives it: seconds since 1970, or text."""
    if value in (None, ""):
        return None
    if isinstance(value, str) and not value.replace(".", "", 1).isdecimal():
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.fromtimestamp(float(value), UTC)
