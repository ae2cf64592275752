"""The tenant's state: templates, profiles, currencies, rules, uploads; and what happens to an upload after it was received."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.revenue.formats import number_of
from sandbox.revenue.linerules import MANDATORY_RULES, RULES, LineRule, Surroundings, broken
from sandbox.revenue.options import CURRENCIES, PROFILES, RevenueOptions
from sandbox.revenue.prestage import Examined, Setup, examine
from sandbox.revenue.references import Ledger, asks, wrong_references
from sandbox.revenue.templates import FIRST_ID, Template
from sandbox.revenue.tokens import Session
from sandbox.revenue.uploads import ASYNC, FAILED, RECEIVED, REVIEW, STAGED, StageError, Upload

FIRST_REQUEST = 12_000
FIRST_LINE = 900_001
PREFIX = "The transaction line is not processed due to "


@dataclass
class Tenant:
    """Everything that a tenant holds. Times are seconds since the epoch."""

    options: RevenueOptions
    templates: dict[str, Template] = field(default_factory=dict)
    profiles: dict[str, str] = field(default_factory=lambda: dict(PROFILES))
    currencies: dict[str, int] = field(default_factory=lambda: dict(CURRENCIES))
    organizations: dict[str, str] = field(default_factory=lambda: {"1": "Default Organization"})
    off: set[str] = field(default_factory=set)
    custom_rules: dict[str, LineRule] = field(default_factory=dict)
    uploads: dict[int, Upload] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    file_names: set[str] = field(default_factory=set)
    ledger: Ledger = field(default_factory=Ledger)
    next_line: int = FIRST_LINE
    next_error: int = FIRST_LINE
    collections: int = 0

    def now(self) -> float:
        return self.options.clock().timestamp()

    def next_request(self) -> int:
        """A new request id, from 12000 up."""
        return FIRST_REQUEST + len(self.uploads) + len(self.refused)

    def next_template(self) -> int:
        return max([FIRST_ID - 1, *(t.id for t in self.templates.values())]) + 1

    def usable(self, name: str) -> Template | None:
        """The enabled template of this very name."""
        found = self.templates.get(name)
        return found if found is not None and found.enabled else None

    # --- Uploads ------------------------------------------------------------------------------------------------------

    def receive(self, endpoint: str, file_name: str, content: bytes, template: Template, session: Session, parallel: int) -> Upload:
        """Store a file; it is looked into once it is due."""
        user = session.user
        made = Upload(self.next_request(), endpoint, file_name, template, user.name, user.organizations, self.now(), parallel)
        made.keep(content)
        self.uploads[made.id] = made
        return made

    def refuse(self, reason: str) -> int:
        """Allot an id to a file that is not taken."""
        number = self.next_request()
        self.refused[number] = reason
        return number

    def settle(self) -> None:
        """Process the uploads that are due, in the order in which they came."""
        for upload in self.uploads.values():
            if upload.status == RECEIVED and upload.received + self.options.staging_delay_s <= self.now():
                self._process(upload)

    def _process(self, upload: Upload) -> None:
        setup = Setup(self.profiles, self.currencies, upload.organizations, self.options.account_segments, self.options.segment_delimiter)
        content = upload.content
        found = examine(content, upload.file_name, upload.template, setup)
        upload.rows = len(found.rows)
        if found.problems and upload.endpoint == ASYNC:
            self._leave_out(upload, found)
        if found.problems and not (upload.endpoint == ASYNC and found.rows):
            upload.status, upload.log = FAILED, found.problems
            return
        if self.profiles.get("ENABLE_CSV_DATA_SANITIZATION") == "SANITIZE":
            upload.keep_rows(_written(found.rows, upload.template))
        upload.totals = _totals(found, upload.template)
        if upload.template.review_required:
            upload.status = REVIEW
            return
        upload.first_line, self.next_line = self.next_line, self.next_line + len(found.rows)
        upload.status = STAGED
        if upload.template.kind == "transaction":
            self._validate(upload, found)

    @staticmethod
    def _leave_out(upload: Upload, found: Examined) -> None:
        """An asynchronous upload takes the lines that are right and rejects the others; all of them where the file cannot be read."""
        wrong = found.rejected or dict.fromkeys(range(len(found.rows)), "; ".join(found.problems))
        labels = [c.label for c in upload.template.columns]
        upload.rejected = [{**dict(zip(labels, found.rows[n], strict=False)), "error_message": text} for n, text in sorted(wrong.items())]
        upload.log = found.problems
        kept = [n for n in range(len(found.rows)) if n not in wrong]
        found.rows, found.lines = [found.rows[n] for n in kept], [found.lines[n] for n in kept]
        upload.rows = len(kept)
        upload.keep_rows(_written(found.rows, upload.template))

    # --- Stage validation ---------------------------------------------------------------------------------------------

    def _validate(self, upload: Upload, found: Examined) -> None:
        names = upload.template.names
        columns = dict(zip(names, zip(*found.rows, strict=True), strict=True))
        wrong = [
            (line, rule.code, rule.reason)
            for line, rule in broken(self._line_rules(upload), columns, len(found.rows), self._around(upload))
        ]
        wrong += self._wrong_references(upload, found, set(columns.get("type", ())))
        for line, code, reason in sorted(wrong, key=lambda w: w[0]):
            upload.errors.append(StageError(self.next_error, line, code, f"{code} - {PREFIX}{reason}" if code else f"{PREFIX}{reason}"))
            self.next_error += 1

    def _line_rules(self, upload: Upload) -> tuple[LineRule, ...]:
        grouping = tuple(
            LineRule("RPRO-00684", (), (name,), lambda around, cell: not cell, f"a missing grouping attribute {name.upper()}")
            for name in upload.template.grouping_columns
        )
        rules = (*RULES, *grouping, *MANDATORY_RULES, *self.custom_rules.values())
        return tuple(rule for rule in rules if rule.code not in self.off)

    def _around(self, upload: Upload) -> Surroundings:
        return Surroundings(
            read_date=upload.template.read_date,
            reporting_currency=self.profiles["REPORTING_CURRENCY"],
            account_segments=self.options.account_segments,
            segment_delimiter=self.options.segment_delimiter,
            sob_ids=self.options.sob_ids,
            period_closing=self.profiles["PERIOD_CLOSING"] == "Y",
        )

    def _wrong_references(self, upload: Upload, found: Examined, kinds: set[str]) -> list[tuple[int, str, str]]:
        """Rules broken by references, line by line; orders of the file itself count as known, wherever they stand."""
        again = "SO" in kinds and any(u.collected for u in self.uploads.values())
        if not again and not asks(kinds, set(upload.template.names)):
            return []
        self.ledger.follow(u for u in self.uploads.values() if u is not upload)
        self.ledger.seen.add(upload.id)
        names = upload.template.names
        lines = list(enumerate(dict(zip(names, row, strict=True)) for row in found.rows))
        lines.sort(key=lambda numbered: _rank(numbered[1].get("type", "")))
        wrong: list[tuple[int, str, str]] = []
        overstated = self.profiles["ALLOW_OVERSTATED_INVOICE"] == "Y"
        for number, line in lines:
            broken_here = wrong_references(line, self.ledger, overstated)
            wrong += [(number, code, reason) for code, reason in broken_here if code not in self.off]
            self.ledger.add(line)
        return wrong

    # --- Collection ---------------------------------------------------------------------------------------------------

    def collect(self) -> int:
        """Simulate a data collection: exact repetitions are removed, lines without errors form contracts. Answers the job's number."""
        self.settle()
        self.ledger.follow(self.uploads.values())
        seen: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
        for upload in (u for u in self.uploads.values() if u.staged and not u.collected):
            wrong = {e.line for e in upload.errors}
            for number, line in enumerate(upload.lines()):
                if number in wrong:
                    continue
                alike = seen[line.get("type", ""), line.get("inv_line_id") or line.get("doc_line_id", "")]
                if line in alike:
                    upload.removed.add(number)
                    continue
                alike.append(line)
                self.ledger.collect(line)
            upload.collected = True
        self.collections += 1
        return self.collections


def _rank(kind: str) -> int:
    """Orders before reductions, invoices, credits."""
    return {"SO": 0, "RORD": 1, "INV": 2}.get(kind, 3)


def _written(rows: list[list[str]], template: Template) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=template.field_separator)
    writer.writerows([[c.label for c in template.columns]] * (template.start_row - 1))
    writer.writerows(rows)
    return out.getvalue().encode()


def _totals(found: Examined, template: Template) -> dict[str, str]:
    """Control totals of the columns for which the template asks them."""
    totals = {}
    for n, column in enumerate(template.columns):
        if column.total == "Count":
            totals[column.label] = str(sum(1 for row in found.rows if row[n]))
        elif column.total == "Sum":
            totals[column.label] = str(sum((number_of(row[n]) or Decimal(0) for row in found.rows), Decimal(0)))
    return totals


def staged_line(upload: Upload, number: int, cells: dict[str, str], flags: dict[int, str]) -> dict[str, object]:
    """A staged line as `dump` shows it: its cells and where they came from."""
    usual = "P" if upload.collected else "N"
    return {
        "id": upload.first_line + number,
        "file_request_id": upload.id,
        "row": number + 1,
        "processed_flag": flags.get(number, usual),
        **{name: value for name, value in cells.items() if value},
    }
