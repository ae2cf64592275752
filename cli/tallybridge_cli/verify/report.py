"""The report of the probes: by assumption and its place, as text, JSON and one HTML page that needs nothing beside itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import RenderableType
from rich.table import Table

from tallybridge import money
from tallybridge.clock import stamp
from tallybridge.reporting.words import plural
from tallybridge_cli.render import plain
from tallybridge_cli.verify.assumptions import Assumption, settled_by
from tallybridge_cli.verify.probe import Finding, Probe, System, Verdict
from tallybridge_cli.verify.profile import profile
from tallybridge_cli.verify.world import World

TONES = {Verdict.AS_ASSUMED: "green", Verdict.DIFFERENT: "yellow", Verdict.NOT_TESTABLE: "dim"}
NOT_ASKED = "not asked"
"""A probe that writes, in a run that only reads."""
NO_PROBE = "no probe"


def line(finding: Finding) -> RenderableType:
    """A finding as it is told when it is there."""
    return plain(f"{finding.verdict!s:13} {finding.probe.name}: {finding.probe.asks} {_sentence(finding)}", TONES[finding.verdict])


def _sentence(finding: Finding) -> str:
    return " ".join(part for part in (finding.saw, finding.means) if part)


def whole(world: World, done: Sequence[Finding], asked: Sequence[Probe], known: Sequence[Assumption], *, wrote: bool) -> dict[str, Any]:
    """The report as a JSON value. `done` are the findings, `asked` the probes that were meant."""
    by_probe = {finding.probe.name: finding for finding in done}
    return {
        "run": world.run,
        "time": stamp(world.clock.now()),
        "account": getattr(world.connections.get(System.NETSUITE), "account_id", ""),
        "wrote": wrote,
        "counts": {str(verdict): sum(f.verdict is verdict for f in done) for verdict in Verdict}
        | {NOT_ASKED: sum(probe.name not in by_probe for probe in asked)},
        "findings": [{**finding.to_json(), "assumptions": [a.id for a in settled_by(finding.probe.name, known)]} for finding in done],
        "not_asked": [probe.name for probe in asked if probe.name not in by_probe],
        "assumptions": [_assumption(each, by_probe) for each in known],
        "left": reasons(world.left),
        "kept": reasons(world.kept),
        "profile": profile(world.run, done, asked),
    }


def reasons(records: Mapping[str, str]) -> list[str]:
    """Records with the reason why they are there."""
    return [f"{name}: {why}" for name, why in records.items()]


def _assumption(each: Assumption, by_probe: Mapping[str, Finding]) -> dict[str, Any]:
    """An assumption with what became of it."""
    finding = by_probe.get(each.probe)
    verdict = str(finding.verdict) if finding else NOT_ASKED if each.probe else NO_PROBE
    told = _sentence(finding) if finding else each.reason
    return {
        "id": each.id,
        "place": each.place,
        "file": each.file,
        "section": each.section,
        "text": each.text,
        "probe": each.probe,
        "verdict": verdict,
        "told": told,
    }


def summary(report: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What is said at the end: by page of the specification, what is left, and what was not asked."""
    counts = report["counts"]
    yield ""
    yield plain(", ".join(f"{number} {name}" for name, number in counts.items() if number) or "Nothing was asked.", "bold")
    if report["assumptions"]:
        yield _by_page(report["assumptions"])
    if report["not_asked"]:
        yield plain(f"{plural(len(report['not_asked']), 'probe')} that make records were not run: --write runs them, on sandboxes.")
    for name in report["kept"]:
        yield plain(f"Kept: {name}")
    for name in report["left"]:
        yield plain(f"Still there: {name}", "bold red")
    if report["left"]:
        yield plain("`tallybridge verify --clean-up` tries again to take it away.")


def _by_page(assumptions: Iterable[Mapping[str, Any]]) -> RenderableType:
    verdicts = [*map(str, Verdict), NOT_ASKED, NO_PROBE]
    table = Table("Page of the specification", *verdicts, box=None)
    pages: dict[str, Counter[str]] = {}
    for each in assumptions:
        pages.setdefault(each["file"], Counter())[each["verdict"]] += 1
    for page, counted in pages.items():
        table.add_row(page, *[str(counted[verdict] or "") for verdict in verdicts])
    return table


def text(report: Mapping[str, Any]) -> str:
    """The report as plain text."""
    rows = [f"tallybridge verify, run {report['run']}, {report['time']}, NetSuite account {report['account']}", ""]
    for found in report["findings"]:
        told = f"{found['saw']} {found['means']}".strip()
        rows += [f"{found['verdict'].upper()}  {found['probe']}: {found['asks']}", f"  {told}"]
        rows += [f"  Settles: {', '.join(found['assumptions'])}"] if found["assumptions"] else []
        rows += [f"    {each}" for each in found["evidence"]] + [f"  Left: {each}" for each in found["left"]] + [""]
    rows += ["Every assumption by its place in the specification:"] if report["assumptions"] else []
    for each in report["assumptions"]:
        rows += [f"  {each['verdict'].upper()}  {each['place']}: {each['text']}", f"    {each['probe'] or 'no probe'}: {each['told']}"]
    rows += ["Not asked, because nothing was to be written:", *[f"  {each}" for each in report["not_asked"]]] if report["not_asked"] else []
    return "\n".join(rows) + "\n"


def page(report: Mapping[str, Any]) -> str:
    """The report as one HTML page."""
    return str(_templates().get_template("report.html").render(report=report))


@cache
def _templates() -> Environment:
    here = Path(__file__).parent
    return Environment(loader=FileSystemLoader(here, encoding="utf-8"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)


def written(report: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the report and the profile into a folder; answers the files."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "report.txt": text(report),
        "report.json": money.dumps(report),
        "report.html": page(report),
        "profile.json": money.dumps(report["profile"]),
    }
    for name, content in contents.items():
        (folder / name).write_text(content + "\n" * (not content.endswith("\n")), encoding="utf-8")
    return [folder / name for name in contents]
