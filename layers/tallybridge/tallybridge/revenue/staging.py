"""Task 10: which lines of this run have errors in Revenue's staging, and the result of every line (sections 7 and 15.3)."""

from __future__ import annotations

import csv
import io
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from tallybridge.errors import ServiceError
from tallybridge.reporting.summary import safe_cell
from tallybridge.reporting.words import moment
from tallybridge.revenue import columns
from tallybridge.revenue.codes import Code
from tallybridge.revenue.files import FileState, UploadedFile
from tallybridge.revenue.findings import MAX_LISTED
from tallybridge.revenue.mapping import find_sources
from tallybridge.revenue.pages import PageRows, pages_of
from tallybridge.revenue.reading import NOTE as READ
from tallybridge.revenue.values import character
from tallybridge.revenue.work import Answer, Work
from tallybridge.zuora_revenue import StageError

CLOCKS_DIFFER = timedelta(minutes=5)
NOTE = "stage"
LINE_HEADER = ("row", "key", "object", "file_name", "result", "codes")


def stage_errors(work: Work) -> Answer:
    """Read the tenant's stage errors, keep those of this run's lines, write the result of every line that is staged, also where another
    file of the object failed. Never fails the run."""
    files = [file for file in work.files_of_object() if file.state is FileState.STAGED]
    if not files:
        work.count(0, 0, "Nothing of the object is staged.")
        return Answer(skip=True)
    try:
        errors = _by_line(work, files)
    except ServiceError as unread:
        errors = {}
        work.warn(Code.STAGE_ERRORS_UNREAD, f"The stage errors could not be read: {unread.message}")
    rows = sum(f.rows for f in files)
    try:
        listed, count = _line_results(work, files, errors)
    except FileNotFoundError:  # resumed after the retention time
        work.warn(Code.STAGE_ERRORS_UNREAD, "Stage errors cannot be told by line: the rows that were sent are no longer stored.")
        work.count(rows, rows, "The rows that were sent are no longer stored.")
        return Answer()
    work.keep(NOTE, {"count": count, "listed": listed, "line_results": work.folder.key(line_results_name(work))})
    if count:
        work.warn(Code.STAGE_ERRORS, f"{count} of {rows} lines have errors in Revenue's staging.")
    work.count(rows, rows - count, f"{count} lines with stage errors.")
    return Answer()


def line_results_name(work: Work) -> str:
    """File of the line results in the run's folder."""
    return f"line_results_{work.number}.csv"


def _by_line(work: Work, files: Sequence[UploadedFile]) -> dict[str, list[StageError]]:
    """Stage errors by line id, as far as they may come from this run: not older than its first upload. The stage error's `upload_id` is
    no safe sign (api-zuora-revenue.md section 8), so it is the line ids that decide."""
    since = min((m for f in files if (m := moment(f.sent_at))), default=None)
    found: dict[str, list[StageError]] = defaultdict(list)
    for error in work.wiring.revenue(work.run.connection.revenue).stage_errors():
        created = moment(error.created)
        if since and created and created < since - CLOCKS_DIFFER:
            continue
        for line_id in error.line_ids:
            found[line_id].append(error)
    return found


def _line_results(work: Work, files: Sequence[UploadedFile], errors: Mapping[str, list[StageError]]) -> tuple[list[dict[str, object]], int]:
    """Writes the download with the result of every line; answers the first thousand errored lines and how many there are."""
    read = work.note(READ)
    keys = _sources(work, read["columns"])
    listed: list[dict[str, object]] = []
    count = 0
    with tempfile.TemporaryFile() as file:
        text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
        out = csv.writer(text)
        out.writerow(LINE_HEADER)
        for piece in sorted(files, key=lambda each: each.part):
            for page in pages_of(work.uploads, work.number, read).read(piece.first_row, piece.first_row + piece.rows - 1):
                names, ids = _names_and_ids(keys, page)
                lines = []
                for place, name in enumerate(names):
                    hits = [e for i in ids[place] for e in errors.get(i, ())] if errors else []
                    codes = sorted({e.code or "error" for e in hits})
                    result = "STAGED_WITH_ERROR" if hits else "STAGED"
                    lines.append((page.first_row + place, safe_cell(name), work.line.object, piece.name, result, " ".join(codes)))
                    count += bool(hits)
                    if hits and len(listed) < MAX_LISTED:
                        text_of = "; ".join(dict.fromkeys(e.text for e in hits))
                        listed.append({"row": page.first_row + place, "key": name, "file": piece.name, "codes": codes, "text": text_of})
                out.writerows(lines)
            work.beat()
        text.flush()
        file.seek(0)
        folder = work.folder
        folder.store.put_object(
            Bucket=folder.bucket, Key=folder.key(line_results_name(work)), Body=file, ContentType="text/csv; charset=utf-8"
        )
    return listed, count


def _sources(work: Work, present: Sequence[str]) -> dict[str, str | None]:
    """Where key and line ids stand in the rows."""
    by_target = {columns.canonical(line.target): line.source for line in work.line.mapping}
    wanted = {name: by_target[name] for name in columns.LINE_IDS if name in by_target}
    key = work.line.key_column or next(iter(wanted.values()), "")
    found = find_sources([*wanted.values(), *([key] if key else [])], present)
    return {**{name: found[source] for name, source in wanted.items()}, "key": found.get(key)}


def _names_and_ids(keys: Mapping[str, str | None], page: PageRows) -> tuple[list[str], list[tuple[str, ...]]]:
    names, *ids = map(character, page.columns([keys.get(name) for name in ("key", *columns.LINE_IDS)]))
    return names, [tuple(filter(None, line)) for line in zip(*ids, strict=True)]
