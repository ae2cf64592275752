"""The four questions an operator asks of a run, answered: did it run, is the money right, what needs me, is it safe to press the button."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tallybridge.errors import AWAY
from tallybridge.reporting import revenue_answers
from tallybridge.reporting.answers import Answer, Tone
from tallybridge.reporting.drifted import drift_sums
from tallybridge.reporting.messages import waiting_records
from tallybridge.reporting.missing import missing_text
from tallybridge.reporting.objects import destination, is_revenue, title
from tallybridge.reporting.off import off_words
from tallybridge.reporting.totals import differences, not_arrived_in, unexplained, unverified
from tallybridge.reporting.words import amount_text, clean, count_text, duration_text, listed, money_text, plural
from tallybridge.sync.held import same_amount
from tallybridge.sync.runlog import BROKEN_OFF, CANCELLED, ControlTotal, Level, RunOutcome, RunSummary, StepOutcome, StepReport, Tally


@dataclass(frozen=True)
class Verdict:
    """`state` as in operations.md section 4.4, a sentence that says it all, and the four answers in the order of the questions."""

    state: str
    headline: str
    tone: Tone
    answers: tuple[Answer, ...]


NAMED = 3
"""Records named in an answer; the report and the mail name more."""
_TONES = {
    RunOutcome.COMPLETED: Tone.GOOD,
    RunOutcome.WARNINGS: Tone.WATCH,
    RunOutcome.PARTLY: Tone.WATCH,
    RunOutcome.OUT_OF_BALANCE: Tone.BAD,
    RunOutcome.FAILED: Tone.BAD,
    RunOutcome.SKIPPED: Tone.QUIET,
    RunOutcome.RUNNING: Tone.QUIET,
    RunOutcome.CANCELLED: Tone.WATCH,
}


def verdict(summary: RunSummary) -> Verdict:
    """What to say first about a run. Pure: the same summary gives the same words."""
    tone = _TONES[summary.outcome]
    revenue = is_revenue(summary.job)
    money = revenue_answers.is_the_money_right(summary) if revenue else _is_the_money_right(summary)
    safe = revenue_answers.is_it_safe(summary) if revenue else _is_it_safe(summary)
    answers = (_did_it_run(summary), money, _what_needs_me(summary), safe)
    return Verdict(state_text(summary), _headline(summary, answers[1]), tone, answers)


def state_text(summary: RunSummary) -> str:
    """ "completed with 3 warnings", "failed", "completed", "out of balance"; a dry run says so."""
    state = str(summary.outcome)
    counted = [plural(n, word) for n, word in ((summary.warnings, "warning"), (summary.drifted, "drifted record")) if n]
    if summary.outcome is RunOutcome.WARNINGS and counted:
        state = f"completed with {listed(counted)}"
    elif summary.drift:
        state = f"{state}, {plural(summary.drifted, 'drifted record')}"
    return f"{state} (dry run)" if summary.dry_run else state


def off_totals(summary: RunSummary) -> list[ControlTotal]:
    """The control totals that do not tie out. A dry run is not compared with the destination."""
    return [t for t in summary.totals if not (t.adds_up if summary.dry_run else t.agrees)]


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
    elif total.off_count:
        reasons.append(f"{there} holds {plural(total.off_count, 'record')} {_in_another_way(total)}")
    return listed(reasons)


def _in_another_way(total: ControlTotal) -> str:
    """What differs where the sums agree."""
    if any(len(r.held) != 1 or not same_amount(r.sent, r.held[0]) for r in total.off):
        return "with other amounts, which cancel out in the sum"
    return "in another currency, of another customer or of another type than was sent"


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
    if summary.outcome is RunOutcome.CANCELLED:
        return "The run was stopped before its end."
    if summary.outcome is RunOutcome.SKIPPED:
        return "The run was skipped."
    if summary.outcome is RunOutcome.RUNNING:
        return "The run has not ended yet."
    if summary.outcome is RunOutcome.OUT_OF_BALANCE:
        return "The run ended, but its totals do not tie out."
    done = "The dry run is complete" if summary.dry_run else "The run is complete"
    if summary.outcome is RunOutcome.PARTLY:
        done = f"The {'dry run' if summary.dry_run else 'run'} has used up its time, and the next one goes on"
    if summary.dry_run:
        return f"{done}. Nothing was written."
    held = not_arrived_in(summary.totals).count + left_out_due(summary)
    compared = sum(t.checked for t in summary.totals)
    which = "every total" if compared == len(summary.totals) else "every total that was compared"
    sound = compared and not off_totals(summary) and not any(t.booked_in or unverified(t) for t in summary.totals)
    ties = f" and {which} ties out" if sound else ""
    left = f"; {plural(held, 'record')} could not be brought over" if held else ""
    drifted = f"; {plural(summary.drifted, 'record')} changed after {'its' if summary.drifted == 1 else 'their'} sync"
    return f"{done}{ties}{left}{drifted if summary.drift else ''}."


def failed_steps(summary: RunSummary) -> list[StepReport]:
    return [s for s in summary.steps if s.outcome is StepOutcome.FAILED]


def partly_done(summary: RunSummary) -> list[StepReport]:
    """The steps that the run's time did not suffice for."""
    return [s for s in summary.steps if s.outcome is StepOutcome.PARTLY]


def _did_it_run(summary: RunSummary) -> Answer:
    question, took = "Did it run?", duration_text(summary.started, summary.ended)
    skipped = [s for s in summary.steps if s.outcome is StepOutcome.SKIPPED]
    done = len(summary.steps) - len(skipped) - len(failed_steps(summary)) - len(partly_done(summary))
    steps = f"{plural(done, 'step')} done{f' in {took}' if took else ''}" + (f", {count_text(len(skipped))} skipped" if skipped else "")
    if summary.outcome is RunOutcome.FAILED:
        why = next((clean(s.message) for s in failed_steps(summary) if s.message), "") or _first_error(summary)
        return Answer(question, "Not to the end", f"{why} {steps[0].upper()}{steps[1:]}.".strip(), Tone.BAD)
    if summary.outcome is RunOutcome.CANCELLED:
        why = next((clean(m.message) for m in summary.messages if m.code in CANCELLED), "")
        return Answer(question, "Not to the end", f"{why} {steps[0].upper()}{steps[1:]}.".strip(), Tone.WATCH)
    if summary.outcome is RunOutcome.SKIPPED:
        return Answer(question, "No, skipped", _first_error(summary) or "A previous run was still in progress.", Tone.QUIET)
    if summary.outcome is RunOutcome.RUNNING:
        return Answer(question, "It is running", f"{steps[0].upper()}{steps[1:]} so far.", Tone.QUIET)
    if summary.outcome is RunOutcome.PARTLY:
        rest = " ".join(f"{clean(s.title or s.step)}: {clean(s.message)}" for s in partly_done(summary)[:NAMED])
        return Answer(question, "Yes, in part", f"{steps}. {rest}".strip(), Tone.WATCH)
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
        differing = sum(t.off_count for t in off)
        answer = f"No: {listed(sums[:2] or [plural(differing, 'record differs', 'records differ')])}" if sums or differing else "Not proven"
        return Answer(question, answer, f"{detail}{more}.{_named_off(off, summary.job)}", Tone.BAD)
    if summary.drift and summary.outcome not in BROKEN_OFF and not summary.dry_run:
        return _after_the_sync(summary)
    if not summary.totals:
        failed = summary.outcome in BROKEN_OFF
        detail = "The run ended before its control totals." if failed else "No record was selected, so no money moved."
        return Answer(question, "Not checked" if failed else "Yes", detail, Tone.WATCH if failed else Tone.GOOD)
    if summary.dry_run:
        return Answer(question, "Nothing was written", "The totals show what a real run would bring over.", Tone.QUIET)
    left_out = missing_text(summary)
    if booked := _booked_text(summary.totals):
        return Answer(question, "Not in their currency", f"{booked}. {left_out}".strip(), Tone.WATCH)
    unasked = [t for t in summary.totals if unverified(t)]
    if unasked:
        detail = f"{plural(len(unasked), 'total was', 'totals were')} not compared with the destination."
        return Answer(question, "Not compared in full", f"{detail} {left_out}".strip(), Tone.WATCH)
    compared = [t for t in summary.totals if t.checked]
    if not compared:
        detail = f"Nothing that was selected is in its destination, so nothing was compared. {left_out}".strip()
        return Answer(question, "Nothing to compare", detail, Tone.WATCH if summary.due else Tone.QUIET)
    every = len(compared) == len(summary.totals)
    lines = plural(len(compared), "control total ties", "control totals tie")
    lines = lines if not every else "The control total ties" if len(compared) == 1 else f"All {lines}"
    rest = "" if every else f" of {count_text(len(summary.totals))}; the others had nothing to compare"
    return Answer(question, "Yes, to the cent", f"{lines} out{rest}. {left_out}".strip(), Tone.GOOD)


def _booked_text(totals: Iterable[ControlTotal]) -> str:
    """What NetSuite books in its base currency; "" where there is none."""
    booked = [t for t in totals if t.booked_in]
    pairs = listed(list(dict.fromkeys(f"{t.currency} in {t.booked_in}" for t in booked)))
    more = f" and {count_text(len(booked) - NAMED)} more" if len(booked) > NAMED else ""
    rows = f"{listed([total_name(t) for t in booked[:NAMED]])}{more}"
    return f"NetSuite books {pairs}, its base currency: {rows} agree as figures only" if booked else ""


def _after_the_sync(summary: RunSummary) -> Answer:
    """What this run moved ties out, but records of earlier runs do not agree any more."""
    sums = drift_sums(summary)
    amounts = f" ({listed(sums)})" if sums else ""
    records = f"{plural(summary.drifted, 'record')}{amounts} changed on one side after {'its' if summary.drifted == 1 else 'their'} sync"
    unasked = [t for t in summary.totals if unverified(t)]
    moved = "What this run moved was not compared in full" if unasked else _booked_text(summary.totals) or "What this run moved ties out"
    detail = f"{moved if summary.totals else 'No money moved'}, but {records}. {missing_text(summary)}".strip()
    return Answer("Is the money right?", "Not any more for all records", detail, Tone.WATCH)


def _named_off(off: Iterable[ControlTotal], job: str) -> str:
    """The first records that the destination holds otherwise, by name."""
    found = [(r.number, off_words(r, t.currency, destination(t.object, job))) for t in off for r in t.off]
    if not found:
        return ""
    left = sum(t.off_count for t in off) - len(found[:NAMED])
    more = f" And {plural(left, 'more record')}." if left > 0 else ""
    return " " + " ".join(f"{clean(number)}: {words}." for number, words in found[:NAMED]) + more


def left_out_due(summary: RunSummary) -> int:
    """How many records rules leave out although they are due."""
    return sum(row.tally.count for row in summary.left_out if row.due)


def _what_needs_me(summary: RunSummary) -> Answer:
    question = "What needs me?"
    held, refused = sum(t.held.count for t in summary.totals), sum(t.refused.count for t in summary.totals)
    by_rule = left_out_due(summary)
    causes, off = len(summary.causes or summary.messages), off_totals(summary)
    if summary.outcome is RunOutcome.SKIPPED:
        return Answer(question, "Nothing", "The next run takes over.", Tone.GOOD)
    passing = _passes_by_itself(summary)
    drifted = summary.drifted
    if passing and not held + refused + by_rule + drifted and not off:
        return Answer(question, "Nothing", "The service does not answer; the next run tries again.", Tone.WATCH)
    if summary.outcome is RunOutcome.PARTLY and not held + refused + by_rule + drifted and not off and not summary.warnings:
        return Answer(question, "Nothing", "The next run goes on by itself.", Tone.GOOD)
    if not causes and not held + refused + by_rule + drifted and not off:
        return Answer(question, "Nothing", "No warnings, no errors.", Tone.GOOD)
    parts = [f"{count_text(n)} {word}" for n, word in ((held, "held"), (refused, "refused"), (by_rule, "left out by a rule")) if n]
    records = f"{plural(held + refused + by_rule, 'record')}" if held + refused + by_rule else ""
    totals = plural(len(off), "total")
    changed = plural(drifted, "drifted record")
    things = [records] * bool(records) + [totals] * bool(off) + [changed] * bool(drifted) or [plural(causes, "message")]
    if summary.outcome is RunOutcome.FAILED and not passing:
        things = ["The cause of the failure"]
    detail = [f"{listed(parts)}."] if parts else []
    waiting = min(_waiting(summary), held)
    if waiting:
        detail += [f"{count_text(waiting)} of them only {'waits for another' if waiting == 1 else 'wait for others'}."]
    detail += [f"{plural(len(off), 'total does', 'totals do')} not tie out."] if off else []
    detail += [f"{plural(drifted, 'record')} changed on one side after the sync."] if drifted else []
    word = ("cause", "causes") if summary.causes else ("message", "different messages")
    detail += [f"{plural(causes, *word)}."] if causes else []
    bad = bool(off) or bool(summary.errors) or summary.outcome is RunOutcome.FAILED
    return Answer(question, listed(things), " ".join(detail), Tone.BAD if bad else Tone.WATCH)


def _waiting(summary: RunSummary) -> int:
    """How many records only wait for others, and will follow them."""
    if not summary.causes:
        return waiting_records(summary.messages)
    return sum(held.count for cause in summary.causes for held in cause.waiting)


def _passes_by_itself(summary: RunSummary) -> bool:
    """Whether the run failed for nothing else than a service that does not answer."""
    errors = [m for m in summary.messages if m.level is Level.ERROR]
    return summary.outcome is RunOutcome.FAILED and bool(errors) and all(m.code.endswith(AWAY) for m in errors)


def _is_it_safe(summary: RunSummary) -> Answer:
    question = "Is it safe to press the button?"
    if summary.outcome is RunOutcome.RUNNING:
        return Answer(question, "Yes, but wait", "A second start is refused while this run is in progress.", Tone.QUIET)
    if _passes_by_itself(summary):
        detail = "A new run tries again. Records already written are recognised and not written twice."
        return Answer(question, "Yes", detail, Tone.GOOD)
    if summary.outcome is RunOutcome.CANCELLED:
        detail = "A new run takes up the rest. Records already written are recognised and not written twice."
        return Answer(question, "Yes", detail, Tone.GOOD)
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
    if summary.outcome is RunOutcome.PARTLY:
        left = sum(s.left for s in summary.steps)
        rest = f" with the {plural(left, 'record')} that {'is' if left == 1 else 'are'} left" if left else ""
        return Answer(question, "Yes", f"A new run goes on{rest}; nothing is written twice.", Tone.GOOD)
    if summary.dry_run:
        would = sum(t.synced.count for t in summary.totals)
        return Answer(question, "Yes", f"A real run would write {plural(would, 'record')}.", Tone.GOOD)
    if summary.due:
        return Answer(question, "Yes", "A new run tries held and refused records again; nothing is written twice.", Tone.GOOD)
    return Answer(question, "Yes", "A new run takes up only what has changed since.", Tone.GOOD)
