"""What became of a step's records, counted: the step's line of the run report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tallybridge.clock import stamp
from tallybridge.reporting.words import count_text, plural
from tallybridge.rounds import DONE, Kept, in_rounds
from tallybridge.steps.shared.classification import unknown_defaults
from tallybridge.steps.shared.reference import load_reference
from tallybridge.sync.instructions import NOT_DUE
from tallybridge.sync.problems import counted
from tallybridge.sync.runlog import Level, LogLine, StepOutcome, StepReport
from tallybridge.tasks.away import Away
from tallybridge.tasks.failure import failure_text
from tallybridge.tasks.folded import fold
from tallybridge.tasks.left_out import not_met, write_left_out
from tallybridge.tasks.queries import cancel_queries
from tallybridge.tasks.results import LEFT, MANIFEST, StepFacts
from tallybridge.tasks.select import BESIDE_PLAN
from tallybridge.tasks.step_task import StepTask
from tallybridge.tasks.steps import step_class
from tallybridge.tasks.watermarks import Watermark

FAILED_ADVICE = (
    "Run `tallybridge doctor`: it names what the step cannot work without. `tallybridge code CODE` explains a code that the text names."
)


class SummariseTask(StepTask):
    """Tasks "summarise" and "skip"."""

    def skip(self) -> dict[str, Any]:
        """Note that the step does not run, and why."""
        reason = self.event["reason"]
        line = self.line(Level.WARNING, reason, "STEP-SKIPPED", "Mend the earlier step; the next run takes this one up by itself.")
        self.folder.write_lines(self.name("log/step.jsonl.gz"), [line.to_json()])
        report = StepReport(self.kind.name, self.kind.title, self.kind.direction, StepOutcome.SKIPPED, warnings=1, message=reason)
        self.folder.write_json(self.name("report.json"), report.to_json())
        return {**DONE, "outcome": str(report.outcome), "selected": 0, "synced": 0}

    def summarise(self) -> dict[str, Any]:
        """One round: counts what became of every selected record; in the end moves the watermark and writes the step's report."""
        kept = self.wiring.kept(self.folder, self.name("summarise"))
        return in_rounds(lambda: self._summarise(kept), kept)

    def _summarise(self, kept: Kept) -> dict[str, Any]:
        self.wiring.runs().heartbeat(self.run_id)
        cancel_queries(self.folder, self.wiring, self.kind.name)
        away = Away.known(self.folder)
        if away and away.step != self.kind.name and not self.folder.has(self.name(MANIFEST)):
            return self._not_reached(away)
        folded, now = fold(self.folder, StepFacts.of_class(self.kind), kept, dry_run=self.run.dry_run), stamp(self.wiring.clock.now())
        start = self.folder.read_json_or(self.name("start.json"), {"started": now})
        report, left_out = replace(folded.report, started=start["started"], ended=now), list(folded.left_out)
        lines: list[LogLine] = []
        rest = ""
        if report.left:
            self.leave("batches")  # that steps which come after it wait for it
        if error := self.event.get("error"):
            report.message = failure_text(error)
            lines.append(self.line(Level.ERROR, f"{self.kind.title}: {report.message}", "STEP-FAILED", FAILED_ADVICE))
        elif away:
            report.message = away.message
            if away.step == self.kind.name:
                lines.append(self.line(Level.ERROR, away.message, away.code, away.advice))
        elif (rest := self._rest(report)) and not report.message:
            report.message = rest
            lines.append(self.line(Level.INFO, f"{self.kind.title}: {rest}", "RUN-TIME"))
        elif report.selected == 0 and not report.message:
            lines.append(self.line(Level.INFO, "No records found to sync."))
        whole = not (report.message or report.unfinished)
        if whole and not (self.run.dry_run or self.run.plan):  # a plan meets only its own records
            lines += self._not_due()
            self.queue.end_overdue(self.kind.name)
        if whole and not (self.run.dry_run or self.run.restricted):
            left_out += not_met(self.ledger, self.kind, kept)
        if not self.run.dry_run:
            found = counted(self.ledger, self.kind.name)
            if sum(each.count for each in found) >= report.held + report.refused:  # else the index has not all of it yet
                self.wiring.problems().keep(self.kind.name, self.run_id, found)
        lines += [*self._beside_plan(), *(self.line(Level.WARNING, p.message, p.code, p.advice) for p in self._default_problems(report))]
        report.outcome = StepOutcome.PARTLY if rest else step_outcome(report)
        write_left_out(self.folder, self.kind.name, "when_read", left_out)
        self.folder.write_lines(self.name("log/step.jsonl.gz"), [line.to_json() for line in lines])
        self.folder.write_json(self.name("report.json"), report.to_json())
        if self.kind.follows_changes and not (self.run.dry_run or self.run.restricted):
            self._move_watermark(start, whole=not (report.unfinished or rest or away or self.event.get("error")))
        return {"outcome": str(report.outcome), "selected": report.selected, "synced": report.created + report.updated + report.linked}

    def _not_due(self) -> Iterator[LogLine]:
        """Instructions whose records the step has not met, though it has gone through all: they end here, with a word."""
        given = self.queue.still_meant(self.instructions()).values()
        self.queue.all_carried_out(given)
        for each in given:
            if each.of_one and not each.standing:
                self.queue.carried_out(each, NOT_DUE)
                text = f"{self.kind.object_label} {each.number}: nothing is due for it; the instruction of {each.by} ({each.kind}) ends."
                yield self.line(Level.INFO, text, "NOT-DUE", f"`tallybridge explain {each.number}` says what became of it.")

    def _beside_plan(self) -> Iterator[LogLine]:
        """Of a step that applies a plan: what came after it, and what it speaks of in vain."""
        beside = self.folder.read_json_or(self.name(BESIDE_PLAN), {})
        if new := int(beside.get("new", 0)):
            text = f"{self.kind.title}: {plural(new, 'record')} came after the plan and {'was' if new == 1 else 'were'} not taken up."
            yield self.line(Level.INFO, text, "PLAN-NEW", "The next run takes them up.")
        if gone := int(beside.get("gone", 0)):
            text = f"{self.kind.title}: {plural(gone, 'record')} of the plan {'is' if gone == 1 else 'are'} not due any more."
            yield self.line(Level.INFO, text, "PLAN-NOT-DUE", "`tallybridge explain` says of each what became of it.")

    def _rest(self, report: StepReport) -> str:
        """What the run leaves to the next one, in words; "" where it leaves nothing."""
        if (left := self.folder.read_json_or(self.name(f"{LEFT}/select.json"))) is not None:
            waits_for = str(left["waitsFor"])
            why = f"waits for {step_class(waits_for).title}" if waits_for else "the run's time was used up"
            return f"Not begun: {why}. The next run goes on."
        if not report.left:
            return ""
        done = count_text(report.selected)
        return f"{done} of {count_text(report.selected + report.left)} records; the run's time was used up. The next run goes on."

    def _not_reached(self, away: Away) -> dict[str, Any]:
        """The report of a step that did nothing, since a service is away; the step that learnt it has said so."""
        report = StepReport(self.kind.name, self.kind.title, self.kind.direction, StepOutcome.SKIPPED, message=f"Not run: {away.message}")
        self.folder.write_json(self.name("report.json"), report.to_json())
        return {"outcome": str(report.outcome), "selected": 0, "synced": 0}

    def _default_problems(self, report: StepReport) -> list[Any]:
        """Connector defaults that do not exist: said once a run, by the first step that has work."""
        checked = "reference/defaults-checked.json"
        if not report.selected or self.folder.read_json_or(checked, self.kind.name) != self.kind.name:
            return []
        kinds = [n for n in self.kind.needs if n in ("class", "department", "location", "subsidiary")]
        reference = load_reference(None, self.folder, kinds, {})  # type: ignore[arg-type]  # this run's files are there
        self.folder.write_json(checked, self.kind.name)
        return unknown_defaults(self.settings, reference)

    def _move_watermark(self, start: Mapping[str, Any], *, whole: bool) -> None:
        """Up to what was looked at; not at all where a record stayed unfinished: an update leaves no trace in the source's status."""
        runs, behavior = self.wiring.runs(), str(self.kind.behavior_in(self.settings))
        if not self.follows():
            runs.set_watermark(self.kind.name, behavior)
        elif whole and self.folder.has(self.name("looked.json")):
            highest = str(self.folder.read_json(self.name("looked.json"))["highest"])
            runs.set_watermark(self.kind.name, behavior, *Watermark(*start["watermark"]).after(highest, start["started"]).parts())


def step_outcome(report: StepReport) -> StepOutcome:
    if report.message:
        return StepOutcome.FAILED
    return StepOutcome.WARNINGS if report.warnings else StepOutcome.COMPLETED
