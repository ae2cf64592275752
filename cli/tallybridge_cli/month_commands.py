"""The commands of month-end: whether a period is complete, its sign-off, its export, and the check of an export."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.table import Table

from tallybridge.desk.export import Exported, export
from tallybridge.desk.month_end import NOT_THERE, THERE, MonthEnd, month_end
from tallybridge.desk.periods import months_to_close, period_of
from tallybridge.desk.sign_off import Signed, sign_off, signed
from tallybridge.desk.target import Target
from tallybridge.desk.verify import Checked, verify
from tallybridge.errors import ConfigurationError
from tallybridge.reporting.words import count_text, money_text, plural, utc_text
from tallybridge.sync.periods import Standing
from tallybridge_cli import render
from tallybridge_cli.exits import Code
from tallybridge_cli.files import written
from tallybridge_cli.options import DebugOption, EnvOption, JsonOption, StackOption, out, say, target_of, write_json

app = typer.Typer()
MONTH_END = "Month-end"
NAMED = 10
"""Documents that are named."""


@app.command("month-end", rich_help_panel=MONTH_END)
def month_end_command(
    period: Annotated[str, typer.Argument(help='A month, 2026-11, or the name of an accounting period of NetSuite, "Nov 2026".')] = "",
    sign: Annotated[bool, typer.Option("--sign-off", help="Sign the period off; it stands in the audit, with the figures.")] = False,
    confirm: Annotated[list[str] | None, typer.Option("--confirm", help="An open point, by its key, that is taken as it is.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why it is signed off although points are open.")] = "",
    file: Annotated[Path | None, typer.Option("--export", help="Write the export for the auditor into this zip file.")] = None,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Tell whether a period is complete (without one: the month before this), sign it off, or export it for the auditor."""
    target = target_of(env, stack)
    meant = period_of(target, period) if period else months_to_close(target.clock.now())[0]
    now = month_end(target, meant)
    if sign:
        sign_off(target, now, target.who(), reason, confirm or [])
    known = signed(target, now)
    exported = written(file, lambda part: export(target, now, target.who(), part)) if file else None
    if json:
        told = {"file": str(file), **vars(exported)} if exported else None
        write_json({**now.to_json(), "signed": known.to_json() if known else None, "exported": told})
    else:
        say(out, *_page(now, known), *([_told(file, exported)] if file and exported else []))
    return Code.TIED_OUT if now.complete or (known and known.same_figures) else Code.LEFT_OVER


@app.command("verify-export", rich_help_panel=MONTH_END)
def verify_export(
    file: Annotated[Path, typer.Argument(help="The zip file of an export.")],
    key: Annotated[Path | None, typer.Option("--key", help="The public key (PEM) that it must be signed with.")] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Ask no installation; the key, or nothing, proves where it comes from.")] = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Check that nothing of an export was changed, and whether the installation has made it."""
    known = verify(file, None if alone or key else _installation(env, stack), key)
    write_json(known.to_json()) if json else say(out, *_checked(known))
    return Code.FAILED if known.flaws else Code.TIED_OUT if known.proved else Code.LEFT_OVER


def _installation(env: Path | None, stack: str | None) -> Target | None:
    """The installation that is meant, None where none is named and none is at hand: whoever checks an export need not have one."""
    try:
        return target_of(env, stack)
    except ConfigurationError:
        if env or stack:
            raise
        return None


def _page(now: MonthEnd, known: Signed | None) -> Iterator[RenderableType]:
    yield render.plain(now.headline, "bold green" if now.complete else "bold yellow")
    if known:
        yield render.plain(known.text, "green" if known.same_figures else "yellow")
    if now.running:
        yield render.plain(f"Run {now.running} is in progress; the figures move.", "cyan")
    if now.rows:
        yield from ("", _table(now))
    yield from (render.plain(text) for text in (*now.effects, *(f"Dated in it: {text}." for text in now.posted_later)))
    if now.not_due:
        yield render.plain(now.not_due)
    if now.points:
        yield from ("", render.plain("Open", "bold"))
        yield from (render.plain(f"  {point.key}  {point.text}") for point in now.points)
    if now.count.named:
        yield from ("", render.plain("The largest of them", "bold"))
        for each in now.count.named[:NAMED]:
            what = f"{each.number or each.id} {money_text(each.amount, each.currency)}".strip()
            yield render.plain(f"  {what}, {each.day}, {each.customer or 'customer not known'}: {each.message}")
    looked = f"Both sides were last looked at on {utc_text(now.looked)}." if now.looked else "Nobody has looked at both sides yet."
    yield render.plain(looked, "dim")


def _table(now: MonthEnd) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in ("", "Currency"):
        table.add_column(head)
    for head in ("On both sides", "Amount there", "Missing", "Amount missing", "Not in order"):
        table.add_column(head, justify="right")
    for row in now.rows:
        there, missing, partly = row.of(*THERE), row.of(*NOT_THERE), row.of(Standing.PARTLY, Standing.UNFINISHED)
        amounts = [money_text(tally.amount, "") if row.currency else "" for tally in (there, missing)]
        cells = (row.name, row.currency, count_text(there.count), amounts[0], count_text(missing.count), amounts[1])
        table.add_row(*map(render.plain, (*cells, count_text(partly.count))))
    return table


def _told(file: Path, exported: Exported) -> RenderableType:
    signed_by = "signed with the stack's key" if exported.signed else "not signed: the stack has no key for it"
    return render.plain(f"{file}: {plural(exported.records, 'document')}, {signed_by}; digest {exported.digest}.")


def _checked(known: Checked) -> Iterator[RenderableType]:
    for flaw in known.flaws:
        yield render.plain(flaw, "bold red")
    if not known.flaws:
        yield render.plain(f"Nothing was changed: {known.of}, digest {known.digest}.", "green")
    if known.fingerprint:
        whose = "that of the installation, or the one given" if known.known_key else "nobody has said whose"
        yield render.plain(f"Signed with the key {known.fingerprint} ({whose}).")
    elif known.digest:
        yield render.plain("It is not signed.")
    if known.in_audit:
        yield render.plain(f"The audit has it: taken by {known.in_audit}.")
    elif known.digest and not known.proved:
        yield render.plain("Where it comes from is not proved: name the installation, or the public key with --key.", "yellow")
