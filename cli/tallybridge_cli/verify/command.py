"""The command: which probes are run, where they may write, and what is left of them."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge_cli.exits import Code
from tallybridge_cli.options import DebugOption, EnvOption, JsonOption, StackOption, out, say, target_of, write_json
from tallybridge_cli.render import plain
from tallybridge_cli.verify import report
from tallybridge_cli.verify.assumptions import Assumption, assumptions
from tallybridge_cli.verify.building import Connections, connections, require_logins, require_tests, values_in, world_of
from tallybridge_cli.verify.journal import unfinished
from tallybridge_cli.verify.listing import lines
from tallybridge_cli.verify.probe import Choice, Finding, NotTestable, Verdict
from tallybridge_cli.verify.probes import PROBES
from tallybridge_cli.verify.running import findings
from tallybridge_cli.verify.world import World

app = typer.Typer()
FOLDER = Path("out/verify")
"""Reports and journals lie below it, each run in a folder of its own."""
LOST = "lost"
"""Folders for records that no journal names begin so."""


@app.command()
def verify(
    only: Annotated[str, typer.Option("--only", help="Only these probes or assumptions, by name, separated by commas.")] = "",
    write: Annotated[bool, typer.Option("--write", help="Make small records too, and take them away again; for sandboxes alone.")] = False,
    read_only: Annotated[bool, typer.Option("--read-only", help="Only read, as without --write; for scripts that say so.")] = False,
    into: Annotated[Path, typer.Option("--into", help="Folder; the files go into one of the run's name below it.")] = FOLDER,
    values: Annotated[Path | None, typer.Option("--values", help="Fields that this tenant asks for, by kind of record, as JSON.")] = None,
    clean_up: Annotated[bool, typer.Option("--clean-up", help="Only take away what an interrupted run has left.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="Only list what is assumed; needs no installation.")] = False,
    env: EnvOption = None,
    stack: StackOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Ask both systems what the product could only assume of them; write a report and a profile for the sandbox."""
    if write and read_only:
        advice = "Give one of them."
        raise ConfigurationError("--write and --read-only say the opposite.", place="--read-only", code="INPUT", advice=advice)
    known = assumptions()
    choice = Choice(_chosen(only, known), write, {each.id: each.probe for each in known})
    if listing:
        return _list([each for each in known if not only or choice.names_it(each.id, each.probe)], json=json)
    target = target_of(env, stack)
    found = connections(target)
    if write or clean_up:
        require_tests(found)
    if clean_up:
        return _clean_up(found, into, target.clock, json=json)
    run = f"{target.clock.now():%y%m%d-%H%M%S}"
    world = world_of(found, run, into / run, target.clock, values_in(values))
    asked = [probe for probe in PROBES if choice.asks(probe)]
    require_logins(world, {probe.system for probe in asked if choice.runs(probe)})
    if write:
        target.note(target.who(), "verify", f"run {run}", after=f"{len(asked)} probes, with records of their own")
    done: list[Finding] = []
    with _interruptible() as ended:
        _tell(findings(world, [probe for probe in asked if choice.runs(probe)]), done, quiet=json)
    whole = report.whole(world, done, asked, known, wrote=write)
    files = report.written(whole, into / run)
    if json:
        write_json({**whole, "interrupted": bool(ended), "files": [str(file) for file in files]})
    else:
        say(out, *report.summary(whole), *[plain(f"  {file}") for file in files])
    return Code.INTERRUPTED if ended else _code(done, world.left)


def _list(known: Sequence[Assumption], *, json: bool) -> int:
    """Tell what is assumed, place by place."""
    if json:
        write_json([{**asdict(each), "place": each.place, "reason": each.reason} for each in known])
    else:
        say(out, *lines(known))
    return Code.TIED_OUT


def _chosen(text: str, known: Sequence[Assumption]) -> frozenset[str]:
    """The names asked for. Raises `ConfigurationError` INPUT for one that does not exist, or whose assumption has no probe."""
    names = {probe.name for probe in PROBES}
    wanted = frozenset(name.strip() for name in text.split(",") if name.strip())
    for name in sorted(wanted - names):
        assumption = next((each for each in known if each.id == name), None)
        if assumption is None:
            advice = f"The probes are {', '.join(sorted(names))}."
            raise ConfigurationError(f'There is no probe or assumption "{name}".', place="--only", code="INPUT", advice=advice)
        if not assumption.probe:
            text = f'The assumption "{name}" has no probe: {assumption.reason}'
            raise ConfigurationError(text, place="--only", code="INPUT", advice="Leave it out.")
    return wanted


def _tell(found: Generator[Finding], done: list[Finding], *, quiet: bool) -> None:
    """Collect all findings, each told when it is there."""
    with closing(found):
        for finding in found:
            done.append(finding)
            if not quiet:
                say(out, report.line(finding))


def _code(done: Sequence[Finding], left: Mapping[str, str]) -> int:
    return Code.TIED_OUT if all(f.verdict is Verdict.AS_ASSUMED for f in done) and not left else Code.LEFT_OVER


def _clean_up(found: Connections, into: Path, clock: Any, *, json: bool) -> int:
    """Take away what journals still name, and what the systems still have of earlier runs whose journals are lost."""
    gone: list[str] = []
    left: list[str] = []
    kept: list[str] = []
    lost = into / f"{LOST}-{clock.now():%y%m%d-%H%M%S}"
    elsewhere = [str(folder) for folder in unfinished(into, found.tenants, others=True)]
    for folder in [*unfinished(into, found.tenants), lost]:
        world = world_of(found, folder.name, folder, clock)
        if folder == lost:
            left += _note_lost(world)
        before = [made.name for made in world.journal.last_first(shared=True)]
        world.clean(shared=True)
        gone += [name for name in before if name not in world.left and name not in world.kept]
        left += report.reasons(world.left)
        kept += report.reasons(world.kept)
    if json:
        write_json({"gone": gone, "left": left, "kept": kept, "elsewhere": elsewhere})
    else:
        told = {"Taken away": gone, "Kept": kept, "Still there": left, "Of other tenants, untouched": elsewhere}
        say(out, *[plain(f"{what}: {name}") for what, names in told.items() for name in names])
        say(out, "Nothing is left." if not left else "Take away by hand what is still there.")
    return Code.LEFT_OVER if left else Code.TIED_OUT


def _note_lost(world: World) -> list[str]:
    """Records of the probes that no journal names are noted in one, so that they are taken away like the others. Answers which systems
    could not be asked, and why."""
    failed = []
    for system, cleaner in world.cleaners.items():
        try:
            for kind, key, id in cleaner.lost(world):
                world.journal.is_there(world.journal.intend(str(system), kind, key), id)
        except (TallybridgeError, NotTestable) as why:
            failed.append(f"{system} could not be asked for records of earlier runs: {why}")
    return failed


@contextmanager
def _interruptible() -> Iterator[list[bool]]:
    """A request to end, as from a supervisor, is taken like Ctrl-C: records are taken away first, and what is known is told. The list has
    an entry once that has happened."""
    ended: list[bool] = []

    def end(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield ended
    except KeyboardInterrupt:
        ended.append(True)
    finally:
        signal.signal(signal.SIGTERM, before)
