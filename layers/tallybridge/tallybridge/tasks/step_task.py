"""What the tasks of a sync step share: the run, its settings, and the step with all that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from tallybridge.clock import moment_of, stamp
from tallybridge.netsuite import NetSuite
from tallybridge.rounds import Kept
from tallybridge.settings import Behavior, Settings
from tallybridge.steps.shared.context import StepContext
from tallybridge.steps.shared.learned import Learned
from tallybridge.steps.shared.reference import load_reference
from tallybridge.steps.shared.sync_step import SyncStep
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.instructions import Instruction, Instructions
from tallybridge.sync.ledger import DEFERRED, Ledger, State
from tallybridge.sync.pace import Pace
from tallybridge.sync.reversal import IN_THE_RUN, ReversalPlan
from tallybridge.sync.runlog import Level, LogLine
from tallybridge.tasks.away import learnt
from tallybridge.tasks.rehearsal import Rehearsal, rehearsed
from tallybridge.tasks.results import LEFT, StepClass
from tallybridge.tasks.run_file import RunFile
from tallybridge.tasks.watermarks import Looks, Watermark, follows, last_look
from tallybridge.wiring import Wiring
from tallybridge.zuora import Zuora
from tallybridge.zuora.invoice_currency import InvoiceCurrency
from tallybridge.zuora.source import ZuoraSource

STEPS_SHARE = 0.9
"""Of what is left of the run's time when a step begins, it may take so much."""


class StepTask:
    """What the tasks of one step in one run share."""

    def __init__(self, kind: StepClass, event: dict[str, Any], wiring: Wiring) -> None:
        self.kind = kind
        self.event = event
        self.wiring = wiring
        self.run_id: str = event["runId"]
        self.batch_name: str = event.get("batch", "")
        self.folder: RunFolder = wiring.folder(self.run_id)
        self.run = RunFile.load(self.folder)
        self.settings: Settings = self.run.parsed_settings()
        self.ledger: Ledger = wiring.ledger(self.run_id, f"{kind.name}/{self.batch_name}", self.run.told)
        self.queue = Instructions(self.ledger, wiring.clock)
        self.rehearsal = Rehearsal()
        self.pace = Pace()
        self.told = wiring.pressure.copy()
        """How hard services had pressed when it was last told."""
        self._started: dict[str, Any] = {}
        self.kept: Kept | None = None
        """Of a task in rounds: what its rounds have asked."""

    def name(self, file: str) -> str:
        return f"{self.kind.name}/{file}"

    def learns_of_one_away(self) -> bool:
        """Ask, after an error, whether a service is away; if so the rest of the run does nothing."""
        return learnt(self.wiring, self.settings, self.folder, self.kind.name) is not None

    def start(self) -> dict[str, Any]:
        """What the step starts from: {"started", "until", "since", "switched", "watermark", "instructions"}, with what tells the step.
        `until` is when it takes up nothing more, "" for never; `since` the query date (customer-accounts.md 1.1), "" where no changes are
        looked at; `instructions` what people had said of records when the step began. An attempt that is repeated starts from the same.
        """
        self._started = self._started or self.folder.read_json_or(self.name("start.json"), {})
        if self._started:
            return self._started
        started, runs = stamp(self.wiring.clock.now()), self.wiring.runs()
        mark, switched = last_look(self.kind, self.settings, runs)
        if switched:
            mark = Watermark(self.step("", with_reference=False).now_at_source(), started, started)
            if not self.run.dry_run:
                runs.set_watermark(self.kind.name, str(Behavior.NEW_AND_MODIFIED), *mark.parts())
        start = {
            "started": started,
            "since": mark.since if self.follows() else "",
            "switched": switched,
            "watermark": mark.parts(),
            "until": self._until(),
            "instructions": [each.to_json() for each in self.queue.due(self.kind.name)],
            **{fact: getattr(self.kind, fact) for fact in ("object", "title", "direction")},
        }
        self.folder.write_json(self.name("start.json"), start)
        self._started = start
        return start

    def instructions(self) -> dict[str, Instruction]:
        """What people had said of records when the step began, by source id."""
        return {each.record_id: each for each in map(Instruction.from_json, self.start().get("instructions", ()))}

    def _until(self) -> str:
        """When a step that begins now takes up nothing more; "" never."""
        now, end = self.wiring.clock.now(), moment_of(self.run.until)
        return stamp(now + STEPS_SHARE * max(end - now, timedelta())) if end else ""

    def time_is_up(self) -> bool:
        """Whether the step takes up nothing more in this run, so that the steps after it have their turn."""
        until = moment_of(self.start().get("until"))
        return until is not None and self.wiring.clock.now() >= until

    def leave(self, part: str, waits_for: str = "") -> None:
        """Note that the rest of a part of the step, "select" or a batch, is left to the next run; `waits_for` names a step of which a part
        is."""
        self.folder.write_json(self.name(f"{LEFT}/{part}.json"), {"waitsFor": waits_for})

    def follows(self) -> bool:
        """Whether the step looks at synced records again when they were changed."""
        return follows(self.kind, self.settings)

    def step(self, since: str, *, with_reference: bool = True) -> SyncStep:
        zuora = self.wiring.zuora(self.settings, self.kept)
        source = ZuoraSource(zuora, self.settings.zuora_read_path, self.settings.zuora_field_suffix)
        netsuite = self.wiring.netsuite(self.settings, self.ledger.owner, self.kept)
        self.pace = Pace(*self._slowest(zuora, netsuite))
        if self.run.dry_run:
            self.rehearsal = Rehearsal.before(self.folder, self.kind.name)
            netsuite, source = rehearsed(netsuite, source, self.rehearsal)
        context = StepContext(
            zuora=zuora,
            source=source,
            netsuite=netsuite,
            settings=self.settings,
            clock=self.wiring.clock,
            invoice_currency=InvoiceCurrency(zuora, self.folder),
            since=since,
            retry=tuple(self._open_ids(f"{State.HELD}#{self.kind.name}")) if since else (),
            deferred=tuple(self._deferred()),
            known=known_items(self.ledger, self.kind),
            mode=self.run.mode,
            shelf=self.folder,
            learned=Learned(self.folder),
            reversal=ReversalPlan.from_json(self.folder.read_json(IN_THE_RUN)) if self.run.reverse else None,
        )
        step = self.kind(context)
        if with_reference:
            self.load_reference(step)
        return step

    def _slowest(self, zuora: Zuora, netsuite: NetSuite) -> tuple[Callable[[], float], Callable[[], float]]:
        """What tells the slowest call to source and destination."""
        calls = (lambda: zuora.slowest), (lambda: netsuite.slowest)
        return calls if self.kind.system == "zuora" else (calls[1], calls[0])

    def load_reference(self, step: SyncStep) -> None:
        step.context.reference = load_reference(step.context.netsuite, self.folder, step.needs, self.settings.field_map)
        step.reference = step.context.reference

    def _open_ids(self, kind: str) -> Iterator[str]:
        return (item["id"].rsplit("#", 1)[-1] for item in self.ledger.attention(kind))

    def _deferred(self) -> Iterator[str]:
        """Documents whose revenue dates are still to come, also those whose update is held."""
        yield from self._open_ids(f"{DEFERRED}{self.kind.name}")
        kinds = (State.HELD, State.REFUSED) if self.settings.netsuite_use_revenue_recognition else ()
        open_ = (item for kind in kinds for item in self.ledger.attention(f"{kind}#{self.kind.name}"))
        yield from (item["id"].rsplit("#", 1)[-1] for item in open_ if item.get("deferred"))

    def looks(self, step: SyncStep, start: Mapping[str, Any]) -> Looks:
        """What earlier runs have seen of the records."""
        following = bool(start["since"])
        return Looks(step, self.ledger, following=following, switched=start["switched"], noting=following and not self.run.dry_run)

    def line(self, level: Level, message: str, code: str = "", advice: str = "") -> LogLine:
        return LogLine(
            stamp(self.wiring.clock.now()),
            self.run_id,
            self.kind.name,
            level,
            message,
            code,
            self.kind.direction,
            self.kind.object,
            advice=advice,
        )


def known_items(ledger: Ledger, kind: StepClass) -> Callable[[Sequence[str]], dict[str, dict[str, Any]]]:
    """Reads the ledger's items of a step's records by source id."""

    def known(ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        items = ledger.read([ledger.key(kind.system, kind.object, i) for i in ids])
        return {key.rsplit("#", 1)[-1]: item for key, item in items.items()}

    return known
