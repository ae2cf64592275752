"""What documented rules leave out: told by every step in its own file, asked of Zuora once a run, gathered for summary and log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from tallybridge.clock import stamp
from tallybridge.errors import NoSlot, NotSent, ServiceError
from tallybridge.reporting.objects import title
from tallybridge.reporting.words import left_out_words
from tallybridge.rounds import Kept
from tallybridge.steps.shared.sync_step import LEFT_OUT, SyncStep
from tallybridge.sync.folder import Listing, RunFolder
from tallybridge.sync.ledger import Ledger, State
from tallybridge.sync.runlog import NAMED, LeftOut, Level, LogLine, together
from tallybridge.tasks.first_look import FirstLook
from tallybridge.tasks.steps import STEPS
from tallybridge.zuora.left_out import left_out_sql

UNREAD = "What rules leave out could not be asked: {0}"
SET_ASIDE = "an earlier run has set them aside, and nobody has said since that they are to be sent"
UNREAD_ADVICE = "Nothing is wrong with what was synced, but records that are due may be missing; the next run asks again."


def write_left_out(folder: RunFolder, step: str, name: str, rows: Iterable[LeftOut]) -> None:
    """Keep what a step leaves out, if anything; `name` says who found it."""
    if found := together(rows):
        folder.write_json(f"{step}/left_out/{name}.json", [row.to_json() for row in found])


def ask_netsuite(step: SyncStep, folder: RunFolder, look: FirstLook) -> None:
    """Ask for one step from NetSuite, unless the look has counted none; see `ask_zuora` for refusals. Raises `NoSlot`."""
    if look.has_none(step.name, LEFT_OUT):
        return
    try:
        write_left_out(folder, step.name, "in_netsuite", step.left_out())
    except NoSlot:
        raise
    except ServiceError as refused:
        _unread(refused, step, folder, f"{step.name}/log/left_out.jsonl.gz")


def ask_zuora(steps: Sequence[SyncStep], folder: RunFolder, kept: Kept) -> None:
    """Ask for all steps at once, but for those of which the look has counted none: one query job a run. Where the tenant is read by ZOQL,
    which knows no joins and no sums, nothing is asked. A refusal is noted and changes nothing else."""
    look = FirstLook.of(folder)
    asked = [s for s in steps if s.settings.zuora_read_path != "zoql" and not look.has_none(s.name, LEFT_OUT)]
    sql = left_out_sql({step.name: step.left_out_sql() for step in asked}, NAMED)
    if not sql:
        return
    try:
        rows = list(asked[0].context.zuora.data_query(sql))
    except ServiceError as refused:
        if isinstance(refused, NotSent) and kept.used_up():
            raise
        _unread(refused, asked[0], folder, "log/left_out.jsonl.gz")
        return
    for step in asked:
        write_left_out(folder, step.name, "in_zuora", step.left_out_rows(row for row in rows if row["step"] == step.name))


def _unread(refused: ServiceError, step: SyncStep, folder: RunFolder, file: str) -> None:
    now, text = stamp(step.context.clock.now()), UNREAD.format(refused.message)
    line = LogLine(now, folder.run_id, step.name, Level.WARNING, text, "LEFT-UNREAD", step.direction, advice=UNREAD_ADVICE)
    folder.write_lines(file, [line.to_json()])


def not_met(ledger: Ledger, step: type[SyncStep], kept: Kept) -> Iterator[LeftOut]:
    """What the ledger calls held or refused and the run, which has gone through the step, has not met: rules or people have taken it out
    of the sync, which is told of as for every such record, so that it waits no longer. Only what the connector has set aside still does.
    Raises `NotDone` when the round's time is used up; the next one has so much less to let go."""
    for state in (State.HELD, State.REFUSED):
        for item in ledger.attention(f"{state}#{step.name}"):
            if item.get("run_id") == ledger.owner.run_id:
                continue
            if not item.get("set_aside"):
                ledger.let_go(str(item["id"]), item)
                kept.check_time()
                continue
            amount = str(item.get("amount") or "")
            row = LeftOut(step.name, step.object, str(item["set_aside"]), SET_ASIDE, str(item["currency"]) if amount else "", due=True)
            row.add(str(item.get("number", "")), Decimal(amount or 0))
            yield row


def read_left_out(folder: RunFolder, listing: Listing) -> list[LeftOut]:
    """Everything that was left out in the run, step by step."""
    names = (name for step in STEPS for name in listing.names(f"{step}/left_out/"))
    return together(LeftOut.from_json(row) for name in names for row in folder.read_json(name))


def left_out_lines(rows: Iterable[LeftOut], run_id: str, now: str) -> list[LogLine]:
    """One line of the run log per rule and currency: a warning where the records are due."""

    def line(row: LeftOut) -> LogLine:
        level, text = Level.WARNING if row.due else Level.INFO, f"{title(row.object)}: {left_out_words(row)}"
        return LogLine(now, run_id, row.step, level, text, row.code, object=row.object)

    return list(map(line, rows))
