"""What is assumed, place by place, with what settles it. Needs no installation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import RenderableType
from rich.table import Table

from tallybridge_cli.render import plain
from tallybridge_cli.verify.assumptions import Assumption


def lines(known: Sequence[Assumption]) -> Iterator[RenderableType]:
    """Each assumption with its place, and the probe or the reason; at the end a table by page."""
    for file, of_file in groupby(known, lambda each: each.file):
        yield plain(file, "bold")
        for section, of_section in groupby(of_file, lambda each: each.section):
            yield plain(f"  {section}")
            for each in of_section:
                yield plain(f"    {each.id} [{each.mark}]: {each.text}")
                yield plain(f'      at "{each.begins}"', "dim")
                yield plain(f"      {settled(each)}", "dim")
    yield by_page(known)


def settled(each: Assumption) -> str:
    return f"Probe {each.probe}" if each.probe else f"No probe: {each.reason}"


def by_page(known: Sequence[Assumption]) -> RenderableType:
    """How many there are on each page of the specification, with a probe and without."""
    table = Table("Page of the specification", "Assumptions", "with a probe", "without", box=None)
    for file, of_file in groupby(known, lambda each: each.file):
        rows = list(of_file)
        with_probe = sum(bool(each.probe) for each in rows)
        table.add_row(file, str(len(rows)), str(with_probe), str(len(rows) - with_probe))
    with_probe = sum(bool(each.probe) for each in known)
    table.add_row("all", str(len(known)), str(with_probe), str(len(known) - with_probe), style="bold")
    return table
