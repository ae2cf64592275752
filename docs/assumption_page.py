"""Writes assumptions.md from the list of assumptions and the probes."""

from __future__ import annotations

from itertools import groupby

from tallybridge_cli.verify.assumptions import Assumption, assumptions
from tallybridge_cli.verify.probes import PROBES
from tallybridge_cli.verify.reasons import REASONS

INTRODUCTION = """# What is assumed, and what settles it

Whoever builds on two clouds from their published pages has to assume things. Here is every assumption of the specification, by file and
section: {number} in all. {with_probe} name the probe of `tallybridge verify` that asks a real tenant, the others the reason why none can.
`tallybridge verify --list` prints the list without any installation, with the first words of the line that each stands in.

Marks: A assumed, P proposed, I inferred; otherwise an open point, a decision, or a fact that is published or not. This page is generated.

## Reasons why there is no probe
"""
PROBE_HEAD = """
## Probes

Those that make records run with `--write`, on sandboxes alone. An option is the one with which the sandbox behaves as the tenant does.

| Probe | Asks | Makes records | Option |
| --- | --- | --- | --- |
"""


def assumption_page() -> str:
    """docs/assumptions.md."""
    known = assumptions()
    text = INTRODUCTION.format(number=len(known), with_probe=sum(bool(each.probe) for each in known))
    text += "\n" + "".join(f"- *{kind}*: {why}\n" for kind, why in REASONS.items()) + PROBE_HEAD
    for probe in PROBES:
        option = f"`{probe.option}`" if probe.option else ""
        text += f"| `{probe.name}` | {probe.asks} | {'yes' if probe.writes else ''} | {option} |\n"
    for file, of_file in groupby(known, lambda each: each.file):
        text += f"\n## {file}\n"
        for section, of_section in groupby(of_file, lambda each: each.section):
            text += f"\n{_plain(section)}\n\n" + "".join(_line(each) for each in of_section)
    return text


def _line(each: Assumption) -> str:
    settled = f"`{each.probe}`" if each.probe else f"*{each.kind}*{f': {each.note}' if each.note else ''}"
    return f"- `{each.id.partition('.')[2]}` ({each.mark}) {_plain(each.text)} {settled}\n"


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is."""
    for mark in ("\\", "*", "_", "<", "[", "`"):
        text = text.replace(mark, f"\\{mark}")
    return text
