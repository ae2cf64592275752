"""What an instruction makes of the plan for its record. A link is proved before it is made: the destination's record must exist, belong to
nobody else, and hold the same money for the same customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tallybridge.sync.difference import difference
from tallybridge.sync.held import Held, agree
from tallybridge.sync.instructions import Instruction, Kind
from tallybridge.sync.step import Counterpart, Found, Hold, Leave, Plan, Problem, Step, Write
from tallybridge.sync.work import Work, destination_of, name_of, sent_of

IGNORED = "IGNORED"


def instruct(works: Sequence[Work], found: Mapping[str, Sequence[Counterpart]], given: Mapping[str, Instruction], step: Step) -> None:
    """Put what people have said of records in the place of what would become of them. Asks the destination once, for all links."""
    links = []
    for work in works:
        instruction = given.get(work.record.id)
        if instruction is None:
            continue
        if instruction.kind == Kind.IGNORE and not isinstance(work.plan, Found):
            work.plan = Leave(_ignored(work, instruction, step))
        elif instruction.kind in (Kind.LINK, Kind.MARK):
            target = instruction.target or _named(work, found.get(work.record.id, ()))
            if not (isinstance(work.plan, Found) and work.plan.counterpart.id == target):
                links.append((work, target))
    there = step.there(sorted({target for _, target in links if target})) if links else {}
    for work, target in links:
        work.plan = _linked(work, target, there.get(target), found.get(work.record.id, ()), step)


def _linked(work: Work, target: str, there: Held | None, found: Sequence[Counterpart], step: Step) -> Plan:
    """The plan that links a record with `target`, of which `there` says what the destination holds; a hold that says why it must not."""
    name, kind, system = name_of(work, step), destination_of(work, step), step.destination_system
    if not target:
        text = f"{name}: {system} has no record of it that it could be marked as synced with."
        advice = f"Say which one it is: `tallybridge link {work.record.number} --to <id in {system}>`; or let the record be sent."
        return Hold((Problem(f"{step.code}-LINK", text, advice),))
    others = [c.id for c in found if c.own and c.id != target]
    if others:
        text = f"{name}: was to be linked with {system} {kind} {target}, but {system} {kind} {others[0]} carries its id."
        return Hold((Problem(f"{step.code}-LINK", text, f"Link it with {others[0]}, or delete that record in {system} first."),))
    if there is None:
        text = f"{name}: was to be linked with {system} {kind} {target}, which does not exist."
        return Hold((Problem(f"{step.code}-LINK", text, f"Look up the internal id in {system} and give the instruction again."),))
    sent = sent_of(work, step)
    if work.record.amount is not None and not agree(sent, there, work.record.base):
        text = f"{name}: was to be linked with {system} {kind} {target}, which {difference(sent, there, work.record.base)}."
        advice = f"Correct the {system} record or the {kind} that is named, and give the instruction again; nothing was linked."
        return Hold((Problem(f"{step.code}-LINK", text, advice),))
    plan = step.adopt(work.record, target)
    if plan is None or (isinstance(plan, Write) and plan.destination_id != target):
        text = f"{name}: cannot be linked with a single {system} record."
        advice = "If it was entered by hand, have it ignored: `tallybridge ignore`."
        return Hold((Problem(f"{step.code}-LINK", text, advice),))
    return plan


def _named(work: Work, found: Sequence[Counterpart]) -> str:
    """The counterpart that a record has by its own id, or names itself; "" where there is none, or more than one."""
    own = [c.id for c in found if c.own]
    return own[0] if len(own) == 1 else work.record.destination_id if not own else ""


def _ignored(work: Work, instruction: Instruction, step: Step) -> Problem:
    until = f" until {instruction.until}" if instruction.until else ""
    return Problem(IGNORED, f"{name_of(work, step)}: left out{until}, as {instruction.by} has said: {instruction.reason}")
