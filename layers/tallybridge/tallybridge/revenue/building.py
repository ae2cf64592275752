"""Task 6: map every row, adapt its representation and write the upload file, or the parts of it; every row is checked on the way."""

from __future__ import annotations

import hashlib
import math
import re
import tempfile
from array import array
from dataclasses import asdict, dataclass
from typing import IO, Any

from tallybridge.reporting.words import moment
from tallybridge.revenue import columns
from tallybridge.revenue.codes import Code, TaskFailed
from tallybridge.revenue.config import Options
from tallybridge.revenue.findings import ERROR, Findings
from tallybridge.revenue.loading import template_of
from tallybridge.revenue.mapping import RowMapper, Seen, find_sources
from tallybridge.revenue.pages import Pages, pages_of, without_collector
from tallybridge.revenue.reading import NOTE as READ
from tallybridge.revenue.run import RevenueRun
from tallybridge.revenue.work import Answer, Work

RESERVE_SECONDS = 30.0
MAX_NAME = 120
NAME_PIECE = re.compile(r"[^A-Za-z0-9]+")
CONTENT_TYPE = "text/csv; charset=utf-8"


@dataclass(frozen=True)
class Part:
    """One upload file: rows `first` to `last` of the dataset, from 1."""

    part: int
    parts: int
    first: int
    last: int
    name: str
    bytes: int = 0
    sha256: str = ""


def plan(rows: int, options: Options) -> list[tuple[int, int]]:
    """First and last row of each file (section 8, steps 4 to 6): none without rows, one up to the limit, then as the mode says."""
    if not rows:
        return []
    if rows <= options.max_rows_per_file or options.large_dataset_mode == "single":
        return [(1, rows)]
    size = options.rows_per_part
    return [(n * size + 1, min(rows, (n + 1) * size)) for n in range(math.ceil(rows / size))]


def file_name(run: RevenueRun, number: str, part: int, parts: int) -> str:
    """Name of an upload file (section 9, rule 7): people search for it in Revenue."""
    started = moment(run.started)
    time = f"{started:%Y%m%dT%H%M%SZ}" if started else ""
    suffix = f"_p{part:02}of{parts:02}" if parts > 1 else ""
    others = [_slug(line.object) for n, line in run.objects.items() if n != number]
    name = _slug(run.objects[number].object)
    if name in others:
        name = f"{name}-{number}"
    end = f"_{time}_{_slug(run.run_id)[:8]}{suffix}.csv"
    room = MAX_NAME - len(end) - 1
    instance = _slug(run.instance.name)[: max(room - len(name), room // 2)]
    return f"{instance}_{name[: room - len(instance)]}{end}"


def _slug(text: str) -> str:
    return NAME_PIECE.sub("-", text).strip("-") or "x"


def build(work: Work) -> Answer:
    """Write the parts that are not written yet. Raises VALUE_DATE, VALUE_NUMBER, SOURCE_COLUMN_MISSING, DATASET_TOO_LARGE."""
    read = work.note(READ)
    pages, template = pages_of(work.uploads, work.number, read), template_of(work)
    spans = plan(pages.rows, work.run.options)
    wanted = [line.source for line in work.line.mapping] + ([work.line.key_column] if work.line.key_column else [])
    sources = find_sources(wanted, read["columns"])
    longest = 0.0
    written = 0
    for part, (first, last) in enumerate(spans, start=1):
        if part_note(work, part):
            continue
        started = work.wiring.clock.now()
        if written and work.seconds_left() < longest * 1.5 + RESERVE_SECONDS:
            return Answer(done=False)
        mapper = RowMapper(work.line, template, sources, work.run.options, work.run.source_format(work.line))
        piece = Part(part, len(spans), first, last, file_name(work.run, work.number, part, len(spans)))
        _write_part(work, pages, mapper, piece)
        written += 1
        longest = max(longest, (work.wiring.clock.now() - started).total_seconds())
        work.beat()
    _conclude(work, spans, sources)
    return Answer()


def part_note(work: Work, part: int) -> dict[str, Any]:
    """What is known of a part that has been written: its facts, findings and what was seen; {} before."""
    return work.note(f"part{part:04}")


def _write_part(work: Work, pages: Pages, mapper: RowMapper, piece: Part) -> None:
    """One file, through the disk, into the uploads bucket; its note comes last, so that an unfinished part is written again."""
    limit = work.run.options.max_file_mb * 1_000_000
    with without_collector(), tempfile.TemporaryFile() as file:
        digest, size = hashlib.sha256(), 0
        for text in _texts(pages, mapper, piece):
            data = text.encode()
            size += len(data)
            if size > limit:
                raise TaskFailed(Code.DATASET_TOO_LARGE, f"The file {piece.name} is larger than {work.run.options.max_file_mb} MB.")
            digest.update(data)
            file.write(data)
        if not mapper.findings.count(ERROR):
            file.seek(0)
            store_file(work, piece.name, file)
    if mapper.seen.line_ids:
        work.uploads.write(_digests_name(work, piece.part), mapper.seen.line_ids.tobytes(), "application/octet-stream")
    facts = Part(piece.part, piece.parts, piece.first, piece.last, piece.name, size, digest.hexdigest())
    found = {"findings": mapper.findings.to_json(), "seen": mapper.seen.to_json()}
    work.keep(f"part{piece.part:04}", {"part": asdict(facts), **found})


def _texts(pages: Pages, mapper: RowMapper, piece: Part) -> Any:
    yield mapper.header()
    for page in pages.read(piece.first, piece.last):
        yield mapper.lines(page)


def store_file(work: Work, name: str, file: IO[bytes]) -> None:
    """Put an upload file into the bucket, from the disk."""
    uploads = work.uploads
    uploads.store.put_object(Bucket=uploads.bucket, Key=uploads.key(name), Body=file, ContentType=CONTENT_TYPE)


def _digests_name(work: Work, part: int) -> str:
    return f"objects/{work.number}/digests/{part:04}-line_ids.bin"


def digests(work: Work, parts: int) -> array[int]:
    """Digests of INV_LINE_ID over all parts, in the order of the rows; empty when the column is not mapped."""
    whole: array[int] = array("Q")
    for part in range(1, parts + 1):
        try:
            whole.frombytes(work.uploads.read(_digests_name(work, part)))
        except FileNotFoundError:
            return array("Q")
    return whole


def findings_and_seen(work: Work, parts: int) -> tuple[Findings, Seen]:
    """What was found and seen over all parts."""
    notes = [part_note(work, part) for part in range(1, parts + 1)]
    seen = Seen()
    for note in notes:
        seen.add(note["seen"])
    return Findings().merge(Findings.from_json(note["findings"]) for note in notes), seen


def _conclude(work: Work, spans: list[tuple[int, int]], sources: dict[str, str | None]) -> None:
    findings, seen = findings_and_seen(work, len(spans))
    if spans:
        _empty_sources(work, seen, findings)
    work.keep("findings", findings.to_json())
    rows = spans[-1][1] if spans else 0
    codes = findings.codes(ERROR)
    fatal = [code for code in (Code.SOURCE_COLUMN_MISSING, Code.VALUE_DATE, Code.VALUE_NUMBER) if codes.get(code)]
    if fatal:
        first = findings.first(ERROR, fatal[0])
        others = ", ".join(f"{code} {count}" for code, count in codes.items())
        work.count(rows, 0, "")
        raise TaskFailed(fatal[0], f"{findings.count(ERROR)} errors in {rows} rows ({others}). First: {first.message}.")
    files = f"{len(spans)} file{'s' if len(spans) != 1 else ''}" if spans else "no file: the dataset has no rows"
    work.count(rows, rows, f"Built {files} from {rows} rows.")


def _empty_sources(work: Work, seen: Seen, findings: Findings) -> None:
    """Mapped sources that are absent from every row (section 13.2)."""
    labels = {columns.canonical(c.name): c.label for c in template_of(work).columns}
    for line in work.line.mapping:
        target = columns.canonical(line.target)
        if target in seen.filled:
            continue
        text = f'the source column "{line.source}" is in no row of the dataset'
        if columns.always_mandatory(target, seen.types):
            findings.error(str(Code.SOURCE_COLUMN_MISSING), f"{text}, and its target is mandatory", column=labels.get(target, target))
        else:
            findings.warning(str(Code.SOURCE_COLUMN_EMPTY), text, column=labels.get(target, target))
