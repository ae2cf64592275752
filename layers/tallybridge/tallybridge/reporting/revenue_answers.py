"""Two of the four answers are others for a run of the revenue connector: its totals are rows, and a new run sends what the datasets return
once more (revenue-connector.md section 17, point 3), whether an earlier run has sent it or not."""

from __future__ import annotations

from tallybridge.reporting.answers import Answer, Tone
from tallybridge.reporting.words import count_text, plural
from tallybridge.sync.runlog import RunOutcome, RunSummary

SETTLED_BY_A_PERSON = "Look for the files by name in Revenue, Uploaded Files; then resume the run and say what you found."


def is_the_money_right(summary: RunSummary) -> Answer:
    """Whether every row that was read is in Revenue's inbound staging."""
    question = "Is the money right?"
    rows, staged, unknown = _counts(summary)
    of_rows = f"{count_text(staged)} of {plural(rows, 'row')} read {'is' if staged == 1 else 'are'} in Revenue's inbound staging."
    if summary.outcome is RunOutcome.RUNNING:
        return Answer(question, "Not known yet", of_rows, Tone.QUIET)
    if unknown:
        detail = f"{of_rows} Of {plural(unknown, 'row')} nobody can tell until somebody has looked in Revenue."
        return Answer(question, f"Not known: {plural(unknown, 'row')}", detail, Tone.BAD)
    if rows and staged == rows:
        return Answer(question, "Yes, every row is staged", of_rows, Tone.GOOD)
    if staged:
        return Answer(question, f"No: {plural(rows - staged, 'row')} missing", of_rows, Tone.BAD)
    if summary.outcome is RunOutcome.FAILED:
        return Answer(question, "Nothing is staged", of_rows if rows else "The run ended before it had read a row.", Tone.WATCH)
    if summary.outcome in (RunOutcome.SKIPPED, RunOutcome.CANCELLED):
        return Answer(question, "Nothing is staged", "This run sent nothing.", Tone.QUIET)
    return Answer(question, "Yes", "The datasets returned no rows, so nothing was sent.", Tone.GOOD)


def is_it_safe(summary: RunSummary) -> Answer:
    """Whether the instance may simply be run again."""
    question = "Is it safe to press the button?"
    _, staged, unknown = _counts(summary)
    if summary.outcome is RunOutcome.RUNNING:
        return Answer(question, "Yes, but wait", "A second start of the instance is refused while this run is in progress.", Tone.QUIET)
    if summary.outcome is RunOutcome.FAILED and staged + unknown:
        detail = (
            "Rows of this run are in Revenue, or may be: a new run would send them twice. The mail says what is staged; resume this run "
            f"(tallybridge revenue resume {summary.run_id}) or, where that is not possible, delete its lines in Revenue first."
        )
        return Answer(question, "No", detail, Tone.BAD)
    if summary.outcome is RunOutcome.FAILED:
        detail = "Deal with the cause first. Nothing of this run is in Revenue, so a new run sends nothing twice."
        return Answer(question, "Yes, after the cause is gone", detail, Tone.WATCH)
    if not staged:
        return Answer(question, "Yes", "This run sent nothing; a new one sends what the datasets return by then.", Tone.GOOD)
    detail = (
        "A new run sends every row that the datasets return, also those that this run has sent. It is safe if the datasets' criteria leave "
        "out what was sent."
    )
    return Answer(question, "Only if the datasets leave out what was sent", detail, Tone.WATCH)


def _counts(summary: RunSummary) -> tuple[int, int, int]:
    """Rows read, rows staged, rows of which it is not known."""
    totals = summary.totals
    return sum(t.selected.count for t in totals), sum(t.synced.count for t in totals), sum(t.unfinished.count for t in totals)
