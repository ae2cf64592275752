"""The four questions an operator asks of a run, answered: did it run, is the money right, what needs me, is it safe to press the button."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tallybridge.reporting.messages import waiting_records
from tallybridge.reporting.objects import destination, title
from tallybridge.reporting.totals import adds_up, differences, not_arrived, unexplained, unverified
from tallybridge.reporting.words import amount_text, clean, count_text, duration_text, listed, money_text, plural
from tallybridge.sync.runlog import ControlTotal, Level, RunOutcome, RunSummary, StepOutcome, StepReport, Tally


class Tone(StrEnum):
    """How an answer is shown; the words always say it too."""

    GOOD = "good"
    WATCH = "watch"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True)
class Answer:
    question: str
    answer: str
    detail: str
    tone: Tone


@dataclass(frozen=True)
class Verdict:
    """`state` as in operations.md section 4.4, a sentence that says it all, and the four answers in the order of the questions."""

    state: str
    headline: str
    tone: Tone
    answers: tuple[Answer, ...]


_TONES = {
    RunOutcome.COMPLETED: Tone.GOOD,
    RunOutcome.WARNINGS: Tone.WATCH,
    RunOutcome.OUT_OF_BALANCE: Tone.BAD,
    RunOutcome.FAILED: Tone.BAD,
    RunOutcome.SKIPPED: Tone.QUIET,
    RunOutcome.RUNNING: Tone.QUIET,
}


def verdict(summary: RunSummary) -> Verdict:
    """What to say first about a run. Pure: the same summary gives the same words."""
    tone = _TONES[summary.outcome]
    answers = (_did_it_run(summary), _is_the_money_right(summary), _what_needs_me(summary), _is_it_safe(summary))
    return Verdict(state_text(summary), _headline(summary, answers[1]), tone, answers)


def state_text(summary: RunSummary) -> str:
    """ "completed with 3 warnings", "failed", "completed", "out of balance"; a dry run says so."""
    state = str(summary.outcome)
    if summary.outcome is RunOutcome.WARNINGS and summary.warnings:
        state = f"completed with {plural(summary.warnings, 'warning')}"
    return f"{state} (dry run)" if summary.dry_run else state


def off_totals(summary: RunSummary) -> list[ControlTotal]:
    """The control totals that do not tie out. A dry run is not compared with the destination."""
    return [t for t in summary.totals if not (adds_up(t) if summary.dry_run else t.tied_out)]


def off_text(total: ControlTotal, job: str = "") -> str:
    """Why a line does not tie out, for example "NetSuite holds USD 120.50 less than was sent"."""
    there, reasons = destination(total.object, job), []
    missing = unexplained(total)
    if missing != Tally():
        reasons.append(_missing_text(total, missing))
    if total.unfinished.count:
        reasons.append(f"{plural(total.unfinished.count, 'record')} with an outcome that is not known yet")
    if total.checked and total.destination != total.expected:
        reasons.append(_gap_text(total, there))
    return listed(reasons)


def total_name(total: ControlTotal) -> str:
    """ "Invoices, USD"."""
    return f"{title(total.object)}, {clean(total.currency)}" if total.currency else title(total.object)


def _gap_text(total: ControlTotal, there: str) -> str:
    records = f"{plural(total.destination.count, 'record')} where {count_text(total.expected.count)} were expected"
    if not total.difference:
        return f"{there} holds {records}"
    more = "more" if total.difference > 0 else "less"
    amount = f"{there} holds {money_text(abs(total.difference), total.currency)} {more} than was sent"
    return amount if total.destination.count == total.expected.count else f"{amount}, in {records}"


def _missing_text(total: ControlTotal, missing: Tally) -> str:
    if missing.count > 0:
        return f"{plural(missing.count, 'selected record')} left no result"
    if missing.count < 0:
        return f"{plural(-missing.count, 'result')} more than records selected"
    return f"the outcomes differ from the selection by {total.currency} {amount_text(missing.amount, total.currency)}"


def _headline(summary: RunSummary, money: Answer) -> str:
    if summary.outcome is RunOutcome.FAILED:
        steps = listed([clean(s.title or s.step) for s in failed_steps(summary)])
        return f"The run failed in {steps}." if steps else "The run failed."
    if summary.outcome is RunOutcome.SKIPPED:
        return "The run was skipped."
    if summary.outcome is RunOutcome.RUNNING:
        return "The run has not ended yet."
    if summary.outcome is RunOutcome.OUT_OF_BALANCE:
        return "The run ended, but its totals do not tie out."
    done = "The dry run is complete" if summary.dry_run else "The run is complete"
    if summary.dry_run:
        return f"{done}. Nothing was written."
    held = not_arrived_in(summary).count
    ties = " and every total ties out" if money.tone is Tone.GOOD and summary.totals else ""
    left = f"; {plural(held, 'record')} could not be brought over" if held else ""
    return f"{done}{ties}{left}."


def failed_steps(summary: RunSummary) -> list[StepReport]:
    return [s for s in summary.steps if s.outcome is StepOutcome.FAILED]


def not_arrived_in(summary: RunSummary) -> Tally:
    """Held and refused records of all lines; the amount is meaningless, as currencies are mixed."""
    total = Tally()
    for line in summary.totals:
        total = total.plus(not_arrived(line))
    return total


def _did_it_run(summary: RunSummary) -> Answer:
    question, took = "Did it run?", duration_text(summary.started, summary.ended)
    skipped = [s for s in summary.steps if s.outcome is StepOutcome.SKIPPED]
    done = len(summary.steps) - len(skipped) - len(failed_steps(summary))
    steps = f"{plural(done, 'step')} done{f' in {took}' if took else ''}" + (f", {count_text(len(skipped))} skipped" if skipped else "")
    if summary.outcome is RunOutcome.FAILED:
        why = next((clean(s.message) for s in failed_steps(summary) if s.message), "") or _first_error(summary)
        return Answer(question, "Not to the end", f"{why} {steps[0].upper()}{steps[1:]}.".strip(), Tone.BAD)
    if summary.outcome is RunOutcome.SKIPPED:
        return Answer(question, "No, skipped", _first_error(summary) or "A previous run was still in progress.", Tone.QUIET)
    if summary.outcome is RunOutcome.RUNNING:
        return Answer(question, "It is running", f"{steps[0].upper()}{steps[1:]} so far.", Tone.QUIET)
    return Answer(question, "Yes, as a dry run" if summary.dry_run else "Yes", f"{steps}.", Tone.GOOD)


def _first_error(summary: RunSummary) -> str:
    ranked = sorted(summary.messages, key=lambda m: m.level is not Level.ERROR)
    return clean(ranked[0].message) if ranked else ""


def _is_the_money_right(summary: RunSummary) -> Answer:
    question, off = "Is the money right?", off_totals(summary)
    if off:
        sums = [f"{money_text(abs(a), c)} {'too much' if a > 0 else 'too little'}" for c, a in differences(off).items()]
        detail = f"{plural(len(off), 'control total does', 'control totals do')} not tie out: {listed([total_name(t) for t in off[:3]])}"
        more = f" and {count_text(len(off) - 3)} more" if len(off) > 3 else ""
        return Answer(question, f"No: {listed(sums[:2])}" if sums else "Not proven", f"{detail}{more}.", Tone.BAD)
    if not summary.totals:
        failed = summary.outcome is RunOutcome.FAILED
        detail = "The run ended before its control totals." if failed else "No record was selected, so no money moved."
        return Answer(question, "Not checked" if failed else "Yes", detail, Tone.WATCH if failed else Tone.GOOD)
    if summary.dry_run:
        return Answer(question, "Nothing was written", "The totals show what a real run would bring over.", Tone.QUIET)
    left_out = _amounts_text(summary.totals)
    unasked = [t for t in summary.totals if unverified(t)]
    if unasked:
        detail = f"{plural(len(unasked), 'total was', 'totals were')} not compared with the destination."
        return Answer(question, "Not compared in full", f"{detail} {left_out}".strip(), Tone.WATCH)
    lines = "The control total ties" if len(summary.totals) == 1 else f"All {count_text(len(summary.totals))} control totals tie"
    return Answer(question, "Yes, to the cent", f"{lines} out. {left_out}".strip(), Tone.GOOD)


def _amounts_text(totals: Iterable[ControlTotal]) -> str:
    """What is still missing at the destinations, by currency."""
    sums: dict[str, Tally] = {}
    for total in totals:
        if total.currency and not_arrived(total).count:
            sums[total.currency] = sums.get(total.currency, Tally()).plus(not_arrived(total))
    amounts = [money_text(tally.amount, currency) for currency, tally in sums.items()]
    if len(amounts) > 3:
        amounts = [*amounts[:3], f"{count_text(len(amounts) - 3)} more {'currency' if len(amounts) == 4 else 'currencies'}"]
    return f"Not brought over yet: {listed(amounts)}." if amounts else ""


def _what_needs_me(summary: RunSummary) -> Answer:
    question = "What needs me?"
    held, refused = sum(t.held.count for t in summary.totals), sum(t.refused.count for t in summary.totals)
    causes, off = len(summary.messages), off_totals(summary)
    if summary.outcome is RunOutcome.SKIPPED:
        return Answer(question, "Nothing", "The next run takes over.", Tone.GOOD)
    if not causes and not held + refused and not off:
        return Answer(question, "Nothing", "No warnings, no errors.", Tone.GOOD)
    parts = [f"{count_text(n)} {word}" for n, word in ((held, "held"), (refused, "refused")) if n]
    records = f"{plural(held + refused, 'record')}" if held + refused else ""
    totals = plural(len(off), "total")
    things = [records] * bool(records) + [totals] * bool(off) or [plural(causes, "message")]
    if summary.outcome is RunOutcome.FAILED:
        things = ["The cause of the failure"]
    detail = [f"{listed(parts)}."] if parts else []
    waiting = min(waiting_records(summary.messages), held)
    if waiting:
        detail += [f"{count_text(waiting)} of them only {'waits for another' if waiting == 1 else 'wait for others'}."]
    detail += [f"{plural(len(off), 'total does', 'totals do')} not tie out."] if off else []
    detail += [f"{plural(causes, 'message', 'different messages')}."] if causes else []
    bad = bool(off) or bool(summary.errors) or summary.outcome is RunOutcome.FAILED
    return Answer(question, listed(things), " ".join(detail), Tone.BAD if bad else Tone.WATCH)


def _is_it_safe(summary: RunSummary) -> Answer:
    question = "Is it safe to press the button?"
    if summary.outcome is RunOutcome.RUNNING:
        return Answer(question, "Yes, but wait", "A second start is refused while this run is in progress.", Tone.QUIET)
    if summary.outcome is RunOutcome.FAILED:
        detail = "Deal with the cause first. Records already written are recognised and not written twice."
        return Answer(question, "Yes, after the cause is gone", detail, Tone.WATCH)
    unfinished = sum(t.unfinished.count for t in summary.totals)
    if unfinished:
        detail = f"The next run looks up {plural(unfinished, 'record')} with an unknown outcome before it writes anything."
        return Answer(question, "Yes", detail, Tone.GOOD)
    if summary.outcome is RunOutcome.OUT_OF_BALANCE:
        detail = "Nothing is written twice. But a new run does not explain the difference: look into it first."
        return Answer(question, "Yes, after a look", detail, Tone.WATCH)
    if summary.dry_run:
        would = sum(t.synced.count for t in summary.totals)
        return Answer(question, "Yes", f"A real run would write {plural(would, 'record')}.", Tone.GOOD)
    if not_arrived_in(summary).count:
        return Answer(question, "Yes", "A new run tries held and refused records again; nothing is written twice.", Tone.GOOD)
    return Answer(question, "Yes", "A new run takes up only what has changed since.", Tone.GOOD)
