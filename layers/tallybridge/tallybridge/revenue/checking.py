"""Task 7: judge the upload files by the rules of section 13.3; only files without an error are written down as ready to be sent."""

from __future__ import annotations

from collections.abc import Iterator

from tallybridge.revenue import columns
from tallybridge.revenue.building import digests, findings_and_seen, part_note, plan
from tallybridge.revenue.checks import unmapped_mandatory
from tallybridge.revenue.codes import Code, TaskFailed
from tallybridge.revenue.duplicates import LOOKED_AT, duplicate_rows
from tallybridge.revenue.files import UploadedFile
from tallybridge.revenue.findings import ERROR, WARNING, Findings
from tallybridge.revenue.loading import template_of
from tallybridge.revenue.mapping import digest, find_sources, find_targets
from tallybridge.revenue.pages import pages_of
from tallybridge.revenue.reading import NOTE as READ
from tallybridge.revenue.values import character
from tallybridge.revenue.work import Answer, Work

NOTHING = digest("")
REFERRING_TO_OTHER_OBJECTS = {"SO", "INV", "CM"}
"""Types whose lines refer to lines of other types only, so that their parts may be sent in any order."""


def check(work: Work) -> Answer:
    """All errors of all rows, then the verdict. Raises FILE_CHECK_FAILED."""
    read = work.note(READ)
    rows = int(read["rows"])
    spans = plan(rows, work.run.options)
    if not spans:
        work.count(0, 0, "No rows, nothing to check.")
        return Answer(skip=True)
    findings = Findings.from_json(work.note("findings"))
    _, seen = findings_and_seen(work, len(spans))
    template = template_of(work)
    mapped = {columns.canonical(line.target) for line in work.line.mapping}
    labels = {columns.canonical(column.name): column.label for column in template.columns}
    for missing in unmapped_mandatory(mapped, seen.types, work.run.options.strict_mandatory):
        findings.add(missing)
    for name in sorted({name for name, _ in seen.organisations}):
        found = sorted(value or "(none)" for column, value in seen.organisations if column == name)
        if len(found) > 1:
            text = f"one file holds one organisation, not {len(found)}"
            findings.error("RPRO-00744", text, column=labels[name], value=", ".join(found))
    for row, value in _line_ids_twice(work, len(spans)):
        findings.error("RPRO-00715", "the invoice line id stands in an earlier row too", row=row, column=labels["inv_line_id"], value=value)
    for row, value in _keys_twice(work):
        findings.error("KEY_TWICE", "the key stands in an earlier row too", row=row, key=value, value=value)
    work.keep("findings", findings.to_json())
    work.beat()
    _judge(work, rows, findings)
    for turn, part in enumerate(_in_turn(work, len(spans), seen.types)):
        work.files.prepare(_record(work, part, turn))
    work.count(rows, rows, f"Checked {rows} rows{_remarks(findings)}.")
    return Answer()


def _judge(work: Work, rows: int, findings: Findings) -> None:
    if errors := findings.count(ERROR):
        first = findings.of(ERROR)[0]
        codes = ", ".join(f"{code} {count}" for code, count in findings.codes(ERROR).items())
        work.count(rows, 0, "")
        raise TaskFailed(Code.FILE_CHECK_FAILED, f"{errors} errors in {rows} rows ({codes}). First: {first.message}.")
    for code, count in findings.codes(WARNING).items():
        first = findings.first(WARNING, code)
        work.warn(code, first.message if count == 1 else f"{count} times. First: {first.message}")


def _remarks(findings: Findings) -> str:
    codes = ", ".join(f"{code} {count}" for code, count in findings.codes(WARNING).items())
    count = findings.count(WARNING)
    return f", {count} warning{'' if count == 1 else 's'} ({codes})" if codes else ""


def _line_ids_twice(work: Work, parts: int) -> Iterator[tuple[int, str]]:
    """Rows whose invoice line id stands in an earlier row too."""
    read = work.note(READ)
    pages = pages_of(work.uploads, work.number, read)
    targets = find_targets(work.line.mapping, template_of(work))
    source = next((line.source for name, line in targets.items() if columns.canonical(name) == "inv_line_id"), "")
    key = find_sources([source], read["columns"])[source] if source else None
    if key is None:
        return
    yield from duplicate_rows(digests(work, parts), NOTHING, lambda row: character(pages.row(row).column(key))[0])


def _keys_twice(work: Work) -> Iterator[tuple[int, str]]:
    """Rows whose key stands in an earlier row too, which is on the same page: of keys on several pages the reading makes sure."""
    read = work.note(READ)
    pages = pages_of(work.uploads, work.number, read)
    told = 0
    for first in read["repeating"]:
        known: set[str] = set()
        key = find_sources([work.line.key_column], read["columns"])[work.line.key_column]
        for row, value in enumerate(character(pages.page(first).column(key)), start=first):
            if value and value in known and told < LOOKED_AT:
                told += 1
                yield row, value
            known.add(value)


def _in_turn(work: Work, parts: int, kinds: set[str]) -> list[int]:
    """The parts in the order in which they are sent: first the one with most that only the tenant can judge, as it is the likeliest to be
    rejected and nothing is staged before it. Where lines may refer to each other (several types, reductions), in the order of the rows."""
    in_order = list(range(1, parts + 1))
    if parts == 1 or len(kinds) != 1 or not kinds <= REFERRING_TO_OTHER_OBJECTS:
        return in_order
    return sorted(in_order, key=lambda part: -len(part_note(work, part)["seen"]["judged"]))


def _record(work: Work, part: int, turn: int) -> UploadedFile:
    facts = part_note(work, part)["part"]
    return UploadedFile(
        object=work.number,
        part=part,
        parts=int(facts["parts"]),
        name=facts["name"],
        key=work.uploads.key(facts["name"]),
        template=work.line.template,
        first_row=int(facts["first"]),
        rows=int(facts["last"]) - int(facts["first"]) + 1,
        bytes=int(facts["bytes"]),
        sha256=facts["sha256"],
        turn=turn,
    )
