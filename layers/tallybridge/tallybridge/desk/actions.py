"""What people do about single records: have them tried again, linked, marked as synced, or ignored. Each is an instruction that a run
carries out; it stands in the audit before it is given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice

from tallybridge.clock import stamp
from tallybridge.desk.problems import Problem, alike, problems
from tallybridge.desk.progress import start
from tallybridge.desk.standing import Waiting, waiting_in
from tallybridge.desk.target import Target
from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge.parallel import side_by_side
from tallybridge.reporting.words import plural
from tallybridge.steps.shared.sync_step import SyncStep
from tallybridge.sync.instructions import Instruction, Instructions, Kind, alike_key
from tallybridge.sync.ledger import Ledger
from tallybridge.sync.reversal import STEP
from tallybridge.tasks.steps import STEPS, step_class

INPUT = "INSTRUCTION"
MAX_REASON = 1_000
MAX_TARGET = 64
MOST_AT_ONCE = 1_000
"""Records that are instructed one by one at a time."""
LISTED = "`tallybridge status` lists what is held or refused; `tallybridge explain <number>` tells of any other record."
ABOUT_MONEY = (Kind.LINK, Kind.MARK, Kind.IGNORE)
"""What changes which money is looked for on the other side: it needs a reason, and in the console an approver."""


def found(target: Target, names: Sequence[str], *, code: str = "", step: str = "") -> list[Waiting]:
    """The held and refused records that are meant, by number or id; those with a code, and of a step, where they are given. Raises
    `ConfigurationError` RECORD-UNKNOWN that names what was not found."""
    ledger = target.ledger
    keys = [key for keys in side_by_side(ledger.keys_of, list(names)) for key in keys]
    items = ledger.read([*keys, *(key for name in names for key in possible_keys(name))])
    told = (waiting_in(item) for item in items.values())
    rows = [row for row in told if row and step in ("", row.step)]
    known = {name for row in rows for name in (row.number, row.id)}
    if missing := [name for name in names if name not in known]:
        raise ConfigurationError(f'No record "{missing[0]}" is held or refused.', place="record", code="RECORD-UNKNOWN", advice=LISTED)
    if not (meant := [row for row in rows if code in ("", row.code)]):
        raise _none_meant(code)
    return meant


def all_alike(target: Target, code: str, step: str = "") -> list[Problem]:
    """The problems with a code, one for each step, or that of one step. Raises `ConfigurationError` RECORD-UNKNOWN where there is none."""
    meant = [each for each in problems(target).found if each.code == code and step in ("", each.step)]
    if not meant:
        raise _none_meant(code)
    return meant


def rows_of(target: Target, meant: Sequence[Problem]) -> list[Waiting]:
    """All records of problems. Raises `ConfigurationError` INSTRUCTION for more than can be instructed one by one."""
    rows = [row for each in meant for _, row in islice(alike(target, each.step, each.code, most=MOST_AT_ONCE + 1), MOST_AT_ONCE + 1)]
    if len(rows) > MOST_AT_ONCE:
        text = f"{sum(each.count for each in meant)} records are too many to be dealt with one by one at a time; {MOST_AT_ONCE} are not."
        advice = "Mend what is wrong with all of them and have all alike tried again, or choose some."
        raise ConfigurationError(text, place="record", code=INPUT, advice=advice)
    if not rows:
        raise _none_meant(meant[0].code if meant else "")
    return rows


def _none_meant(code: str) -> ConfigurationError:
    what = f" with the code {code}" if code else ""
    return ConfigurationError(f"No record that is meant{what} is held or refused.", place="record", code="RECORD-UNKNOWN", advice=LISTED)


def possible_keys(source_id: str) -> list[str]:
    """The keys that a record with an id may have."""
    kinds = [step_class(step) for step in STEPS]
    return list(dict.fromkeys(f"{kind.system}#{kind.object}#{source_id}" for kind in kinds))


def one(target: Target, name: str, step: str = "") -> Waiting:
    """The one held or refused record of a number or id. Raises `ConfigurationError` RECORD-UNKNOWN, RECORD-AMBIGUOUS."""
    rows = found(target, [name], step=step)
    if len(rows) > 1:
        steps = ", ".join(row.step for row in rows)
        raise ConfigurationError(
            f'{len(rows)} records are called "{name}" ({steps}).',
            place="record",
            code="RECORD-AMBIGUOUS",
            advice="Say which one with --step, or give its id.",
        )
    return rows[0]


def instruct(
    target: Target, kind: Kind, rows: Sequence[Waiting], who: str, *, reason: str = "", to: str = "", until: str = ""
) -> list[Instruction]:
    """Give an instruction for each record; answers those that were taken. `to` is the other side's id for a link, `until` the last day
    (YYYY-MM-DD) on which a record is ignored. Raises `ConfigurationError` INSTRUCTION, `TallybridgeError` AUDIT-BUSY or
    INSTRUCTION-REPLACED."""
    _check_steps(row.step for row in rows)
    _check(target, kind, rows, reason, to, until)
    now = stamp(target.clock.now())
    wanted = [
        Instruction(key_of(row), row.step, row.number, kind, who, now, reason=reason[:MAX_REASON], target=to, until=until) for row in rows
    ]
    effect = _effect(kind, rows, to, until)
    target.audit.note(who, kind, _named(rows), reason=reason, before=_before(rows), after=effect)
    return _given(target, wanted)


def retry_all(target: Target, meant: Sequence[Problem], who: str, *, reason: str = "") -> list[Instruction]:
    """Have all records of problems tried again, however many there are when a run takes them up; answers the instructions, one for each
    step. Raises `TallybridgeError` AUDIT-BUSY or INSTRUCTION-REPLACED."""
    _check_steps(each.step for each in meant)
    now = stamp(target.clock.now())
    wanted = [
        Instruction(alike_key(each.step, each.code), each.step, "", Kind.RETRY, who, now, reason=reason[:MAX_REASON], alike=each.code)
        for each in meant
    ]
    named = ", ".join(f"all {plural(each.count, 'record')} of {each.step} with {each.code}" for each in meant)
    target.audit.note(who, Kind.RETRY, named, reason=reason, after="tried again; nothing is decided otherwise")
    return _given(target, wanted)


def _given(target: Target, wanted: Sequence[Instruction]) -> list[Instruction]:
    given = queue_of(target).give(wanted)
    if not given:
        text = "Somebody else has given an instruction for the same record at this moment; yours was not taken."
        raise TallybridgeError(text, code="INSTRUCTION-REPLACED", advice="Look at the record again, and repeat yours if it is still meant.")
    return given


def withdraw(target: Target, name: str, who: str, reason: str = "") -> list[Instruction]:
    """Take back what stands for a record, by number or id: it is treated as every other again. Raises `ConfigurationError`
    RECORD-UNKNOWN."""
    queue = queue_of(target)
    standing = [each for step in STEPS for each in queue.open(step) if name in (each.number, each.record_id)]
    if not standing:
        advice = "There is nothing to take back; `tallybridge explain` tells of the record."
        raise ConfigurationError(f'No instruction stands for "{name}".', place="record", code="RECORD-UNKNOWN", advice=advice)
    target.audit.note(who, "withdraw", f"{label(standing[0].step)} {standing[0].number}", reason=reason, before=standing[0].kind)
    return [each for each in standing if queue.withdraw(each)]


def run(target: Target, rows: Sequence[Waiting | Problem], who: str, *, dry_run: bool = False) -> str:
    """Start a run that takes up nothing but what people have given instructions for, in the steps of these records; answers the
    execution's ARN."""
    steps = [name for name in STEPS if name in {row.step for row in rows}]
    return start(target, trigger="manual", dry_run=dry_run, steps=steps, instructed_only=True, by=who)


def queue_of(target: Target) -> Instructions:
    return Instructions(target.ledger, target.clock)


def key_of(row: Waiting) -> str:
    """The ledger's key of a record."""
    return Ledger.key(kind_of(row.step).system, row.object, row.id)


def kind_of(step: str) -> type[SyncStep]:
    return step_class(step)


def label(step: str) -> str:
    """What people call a record of a step: Invoice."""
    return str(kind_of(step).object_label)


def _check_steps(steps: Iterable[str]) -> None:
    """Raises `ConfigurationError` INSTRUCTION about what no run but that of an approved plan takes up."""
    if STEP in steps:
        advice = "Carry the reversal out again with `tallybridge reversal run`, or make a new plan."
        raise ConfigurationError("A reversal takes no instructions for single records.", place="record", code=INPUT, advice=advice)


def _check(target: Target, kind: Kind, rows: Sequence[Waiting], reason: str, to: str, until: str) -> None:
    def refuse(text: str, place: str, advice: str) -> None:
        raise ConfigurationError(text, place=place, code=INPUT, advice=advice)

    if kind in ABOUT_MONEY and not reason.strip():
        refuse("It is not said why.", "reason", "Give a reason; it stands in the audit, and with `ignore` in every report.")
    if kind is Kind.LINK and (not to.strip() or len(to) > MAX_TARGET):
        refuse("It is not said with which record it is to be linked.", "to", "Give the internal id of the record on the other side.")
    if kind is Kind.LINK and len(rows) != 1:
        refuse(f"{len(rows)} records cannot be linked with one.", "record", "Link them one by one.")
    if until:
        try:
            day = date.fromisoformat(until)
        except ValueError:
            return refuse(f'"{until}" is not a date.', "until", "Write it as 2027-01-31.")
        if day < target.clock.now().date():
            refuse(f"{until} has passed.", "until", "Give the last day on which the record is to be ignored, or none.")
    return None


def _named(rows: Sequence[Waiting]) -> str:
    names = [f"{label(row.step)} {row.number or row.id}" for row in rows]
    return ", ".join(names) if len(names) <= 20 else f"{', '.join(names[:20])} and {len(names) - 20} more"


def _before(rows: Sequence[Waiting]) -> str:
    return f"{rows[0].state}: {rows[0].code} {rows[0].message}" if len(rows) == 1 else f"{len(rows)} records held or refused"


def _effect(kind: Kind, rows: Sequence[Waiting], to: str, until: str) -> str:
    """What the instruction does, as the audit keeps it and people are told before they give it."""
    system = kind_of(rows[0].step).destination_system
    match kind:
        case Kind.RETRY:
            return "tried again; nothing is decided otherwise"
        case Kind.LINK:
            return f"linked with {system} record {to}, if that holds the same; it is not sent"
        case Kind.MARK:
            return f"marked as synced with the {system} record that it names, if that holds the same; it is not sent"
        case Kind.IGNORE:
            return f"not sent {f'until {until}' if until else 'until the instruction is withdrawn'}; told as left out in every run"
