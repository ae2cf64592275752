"""How runs look in a terminal: control totals, what needs attention, progress, and where the files lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from tallybridge.reporting import figures
from tallybridge.reporting.answers import Tone
from tallybridge.reporting.delivery import Undelivered
from tallybridge.reporting.page import Attention, attention
from tallybridge.reporting.verdict import verdict
from tallybridge.reporting.words import clean, duration_text, plural
from tallybridge.sync.drift import Drift
from tallybridge.sync.runlog import Level, LogLine, RunSummary
from tallybridge_cli.watch import Progress, StepProgress

TONES = {Tone.GOOD: "green", Tone.WATCH: "yellow", Tone.BAD: "bold red", Tone.QUIET: "dim"}
LEVELS = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.INFO: "", Level.DEBUG: "dim"}
STATES = {
    "waiting": "dim",
    "running": "cyan",
    "completed": "green",
    "completed with warnings": "yellow",
    "partly done": "yellow",
    "failed": "bold red",
    "cancelled": "yellow",
}
RECORDS_SHOWN = 6
"""Records named with one message."""
DRIFT_SHOWN = 40
"""Drifted records that are named."""
UNLIMITED = 1_000
"""Columns in which everything fits."""
OUTCOME_LABELS = ("Selected", *(label.capitalize() for label in figures.LABELS.values()))
BAR = 24
"""Characters of a progress bar."""


def plain(text: object, style: str = "") -> Text:
    """Text of the data, shown as it is: nothing in it is markup, and no control character reaches the terminal."""
    return Text(clean(str(text)), style=style)


def run_result(summary: RunSummary) -> RenderableType:
    """Everything that is said about a finished run."""
    known = verdict(summary)
    parts: list[RenderableType] = [plain(f"{figures.job_title(summary.job)} {summary.run_id}: {known.state}", TONES[known.tone])]
    parts.append(plain(figures.facts(summary), "dim"))
    if summary.totals:
        parts += ["", control_totals(summary)]
    if waiting := attention_list(summary):
        parts += ["", Text("What needs you", style="bold"), *waiting]
    if drift := drift_list(summary.drift, beyond=summary.drifted - len(summary.drift)):
        parts += ["", Text("Changed after the sync (drift)", style="bold"), *drift]
    if left := left_out_list(summary):
        parts += ["", Text("Left out by a rule", style="bold"), *left]
    return Group(*parts)


def drift_list(drift: Sequence[Drift], shown: int = DRIFT_SHOWN, beyond: int = 0) -> list[RenderableType]:
    """What changed on one side after the sync, each with its code, what happened, and the next step; `beyond` is how many there are beside
    those that are given, which the log has."""
    parts: list[RenderableType] = []
    for each in drift[:shown]:
        parts.append(Text.assemble(("  drift ", "yellow"), (clean(each.code), "bold"), " ", clean(each.message)))
        parts.append(plain(f"      Next: {each.advice}"))
    if len(drift) > shown:
        parts.append(plain(f"  and {len(drift) - shown} more; --json lists all", "dim"))
    if beyond:
        parts.append(plain(f"  and {plural(beyond, 'record')} beyond those; the log has them", "dim"))
    return parts


def left_out_list(summary: RunSummary) -> list[RenderableType]:
    """What documented rules leave out: how many, what they amount to, why, and the first of them."""
    shown: list[RenderableType] = []
    for row in figures.left_out_rows(summary):
        amount = f" ({row.amount})" if row.amount else ""
        shown.append(plain(f"  {row.title}: {plural(row.count, 'record')}{amount}, {row.reason}."))
        shown.append(plain(f"      {', '.join(row.names)}" + (f" and {row.more} more" if row.more else ""), "dim"))
    return shown


def control_totals(summary: RunSummary) -> RenderableType:
    """The control totals by destination: amount and count of every outcome, what the destination holds, the difference."""
    return Group(*(_Totals(group) for group in figures.total_groups(summary)))


class _Totals:
    """One group of totals, as the widest of its shapes that fits: all columns, those that are not zero throughout, a line per total."""

    def __init__(self, group: figures.TotalGroup) -> None:
        self.group = group

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        every = range(len(self.group.rows[0].figures))
        telling = [n for n in every if not all(row.figures[n].zero or row.figures[n].main == "0" for row in self.group.rows)]
        for columns in (list(every), telling):
            table = self._table(columns)
            if console.measure(table, options=options.update(max_width=UNLIMITED)).maximum <= options.max_width:
                yield table
                return
        yield Text(self._title(), style="bold")
        for row in self.group.rows:
            yield self._lines(row)

    def _title(self) -> str:
        return f"Control totals, {self.group.heading}"

    def _table(self, columns: Sequence[int]) -> Table:
        table = Table(title=self._title(), title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
        table.add_column("", no_wrap=True)
        table.add_column("", no_wrap=True)
        for n in columns:
            table.add_column(self.group.rows[0].figures[n].label, justify="right", no_wrap=True)
        table.add_column("", no_wrap=True)
        for row in self.group.rows:
            cells = [_cell(row.figures[n]) for n in columns]
            table.add_row(plain(row.title), plain(row.currency), *cells, plain(row.mark, TONES[row.tone]))
        return table

    @staticmethod
    def _lines(row: figures.TotalRow) -> Text:
        text = Text.assemble((f"  {clean(row.title)} {clean(row.currency)}".rstrip(), "bold"), "  ", (row.mark, TONES[row.tone]), "\n     ")
        for figure in row.figures:
            if not (figure.zero or figure.main == "0"):
                text.append(f" {figure.label.lower() if figure.label in OUTCOME_LABELS else figure.label} ")
                text.append_text(_cell(figure)).append(",")
        return text[:-1]


def _cell(figure: figures.Figure) -> Text:
    style = TONES[figure.tone] if figure.tone else "dim" if figure.zero else ""
    cell = plain(figure.main, style)
    if figure.side:
        cell.append(f" ({clean(figure.side)})", style="dim")
    return cell


def attention_list(summary: RunSummary) -> list[RenderableType]:
    """What a person must look into: what it is, for which records, and the next step."""
    return entries(attention(summary))


def entries(found: Iterable[Attention]) -> list[RenderableType]:
    """Causes and totals as a terminal shows them."""
    shown: list[RenderableType] = []
    for entry in found:
        head = Text.assemble(("  " + clean(entry.code or entry.label), TONES[entry.tone]), "  ", clean(entry.text))
        if entry.count > 1:
            head.append(f"  ({entry.count} records)", style="dim")
        shown.append(head)
        if entry.records and not (entry.count == 1 and entry.records[0][0] in entry.text and not entry.records[0][1]):
            named = [" ".join(part for part in record if part) for record in entry.records[:RECORDS_SHOWN]]
            left_out = entry.count - len(named)
            names = ", ".join(named) + (f" and {left_out} more" if left_out > 0 else "")
            shown.append(plain(f"      {names}", "dim"))
        if entry.holds:
            only = f"; {plural(entry.waiting_count, 'of them only waits', 'of them only wait')}" if entry.waiting_count else ""
            shown.append(plain(f"      Holds up {entry.holds}{only}.", "dim"))
        if entry.advice:
            shown.append(plain(f"      Next: {entry.advice}"))
    return shown


def answers(summary: RunSummary) -> RenderableType:
    """The four questions about a run, answered."""
    grid = Table.grid(padding=(0, 2))
    for answer in verdict(summary).answers:
        grid.add_row(plain(answer.question), plain(answer.answer, TONES[answer.tone]), plain(answer.detail, "dim"))
    return grid


def progress(now: Progress) -> RenderableType:
    """One line per step, with a bar while it works."""
    grid = Table.grid(padding=(0, 2))
    for step in now.steps:
        grid.add_row(plain(step.step), plain(step.state, STATES.get(step.state, "")), _bar(step), _counts(step))
    if now.closing and not now.ended:
        grid.add_row(plain(now.closing), plain("running", "cyan"), "", "")
    return grid


def _bar(step: StepProgress) -> Text:
    if step.state != "running" or not step.selected:
        return Text("")
    filled = BAR * step.done // step.selected
    return Text.assemble(("\u2501" * filled, "cyan"), ("\u2501" * (BAR - filled), "dim"))


def _counts(step: StepProgress) -> Text:
    if step.report is not None:
        return plain(counts_text(step), "dim")
    return plain(f"{step.done} of {step.selected}" if step.selected else "", "dim")


def counts_text(step: StepProgress) -> str:
    """ "12 selected: 11 created, 1 held" """
    report = step.report
    if report is None:
        return ""
    names = ("created", "updated", "linked", "recovered", "unchanged", "held", "refused", "skipped", "unfinished")
    parts = [f"{getattr(report, name)} {'left alone' if name == 'skipped' else name}" for name in names if getattr(report, name)]
    return f"{report.selected} selected" + (": " + ", ".join(parts) if parts else "")


def progress_line(step: StepProgress) -> str:
    """A step that has ended, for terminals that cannot redraw."""
    message = f" ({step.report.message})" if step.report and step.report.message else ""
    return f"{step.step}: {step.state}, {counts_text(step)}{message}" if step.report else f"{step.step}: {step.state}"


def files(paths: Sequence[Path]) -> RenderableType:
    """Where the files of a run lie."""
    labels = {"summary.json": "Summary", "summary.csv": "Totals", "log.jsonl.gz": "Log", "report.html": "Report", "mail.eml": "Mail"}
    grid = Table.grid(padding=(0, 2))
    for path in paths:
        grid.add_row(plain(labels.get(path.name, path.name)), plain(path))
    return grid


def log_line(line: LogLine) -> Text:
    """One entry of a run's log."""
    text = Text.assemble((f"{clean(line.time)} ", "dim"), (f"{line.level:<7} ", LEVELS[line.level]), f"{clean(line.step)} ")
    if line.code:
        text.append(f"{clean(line.code)} ", style="bold")
    text.append(clean(line.message))
    if line.detail:
        text.append("\n    " + clean(line.detail), style="dim")
    return text


def runs_table(rows: Iterable[dict[str, object]]) -> Table:
    """The list of runs."""
    table = Table("Run", "Started (UTC)", "Took", "Trigger", "Outcome", "", box=None, padding=(0, 2, 0, 0))
    for row in rows:
        started, outcome = str(row.get("started", "")), str(row.get("outcome", ""))
        took = duration_text(started, str(row.get("ended", "")))
        shown = f"{outcome} (dry run)" if row.get("dry_run") else outcome
        style = STATES.get(outcome, TONES[Tone.BAD] if outcome in ("failed", "out of balance") else "")
        when = started.replace("T", " ").removesuffix("Z")
        table.add_row(
            plain(row.get("run_id", "")),
            when,
            took,
            plain(row.get("trigger", "")),
            plain(shown, style),
            plain("; ".join(filter(None, (str(row.get("message", "")), *undelivered(row)))), "dim"),
        )
    return table


def undelivered(record: Mapping[str, Any]) -> list[str]:
    """Who was not mailed about a run, each in a sentence."""
    rows = record.get("undelivered") or ()
    return [f"{row['code']}: {Undelivered(str(row['recipient']), str(row['reason'])).text}" for row in rows]
