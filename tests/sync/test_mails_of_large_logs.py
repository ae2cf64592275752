"""The warnings and errors of a log of any size are mailed, and it is added to, without ever being in memory as a whole."""

from __future__ import annotations

import csv
import email
import email.policy
import gzip
import io
import json
from typing import Any

import pytest

from tallybridge import money
from tallybridge.reporting.mail import MAX_MAIL_BYTES
from tallybridge.sync.runlog import Level, LogLine
from tallybridge.sync.upload import PART_BYTES
from tallybridge.tasks.archive_log import archive_log
from tallybridge.tasks.notify import notify
from tests.sync.memory import MemoryObjects, MemoryWorld
from tests.sync.run_world import ready
from tests.sync.test_mails_refused import BAD, GOOD, Choosy

LINES = 4_000
LINE_BYTES = 4_000
WARNED = 3


class Streamed(io.BytesIO):
    """A log that is read in pieces; nobody may ask for all of it."""

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None and 0 <= size <= MAX_MAIL_BYTES, "the whole log is read at once"
        return super().read(size)


class StreamedObjects(MemoryObjects):
    def get_object(self, *, Key: str, **rest: Any) -> dict[str, Any]:
        body = super().get_object(Key=Key, **rest)["Body"]
        return {"Body": Streamed(body.getvalue()) if Key.endswith("/log.jsonl.gz") else body}

    def put_object(self, *, Key: str, Body: Any, **rest: Any) -> dict[str, Any]:
        assert not Key.endswith("/log.jsonl.gz") or len(Body) <= PART_BYTES
        return super().put_object(Key=Key, Body=Body, **rest)


def logged(world: MemoryWorld, lines: int) -> str:
    """A run that is archived, whose log has so many lines more."""
    ready(world, notify_recipients=[GOOD, BAD], notify_on_success="Yes")
    world.memory.objects = StreamedObjects()
    world.memory.mailer = Choosy(BAD)  # type: ignore[assignment]
    run_id = str(world.open(steps=["customers"])["runId"])
    world.step(run_id, "customers")
    archive_log({"runId": run_id, "error": None}, world.wiring())
    key = f"runs/{run_id}/log.jsonl.gz"
    line = LogLine("2026-11-02T08:00:00Z", run_id, "customers", Level.INFO, "x" * LINE_BYTES)
    told = LogLine(line.time, run_id, "invoices", Level.WARNING, "=1+1 waits", "INV-V2")
    rows = (money.dumps(line.to_json()) + "\n").encode() * lines + (money.dumps(told.to_json()) + "\n").encode() * WARNED
    more = gzip.compress(rows, compresslevel=0)
    world.memory.objects.content[key] += more
    return run_id


@pytest.mark.parametrize("lines", [10, LINES])
def test_the_exceptions_of_a_log_are_mailed_and_it_is_added_to(fast: MemoryWorld, lines: int) -> None:
    run_id = logged(fast, lines)
    key = f"runs/{run_id}/log.jsonl.gz"
    before = gzip.decompress(fast.object(key)).splitlines()
    assert (len(fast.object(key)) > MAX_MAIL_BYTES) is (lines == LINES)
    assert notify({"runId": run_id, "error": None}, fast.wiring()) == {"sent": True, "recipients": 1}
    after = gzip.decompress(fast.object(key)).splitlines()
    assert after[: len(before)] == before
    assert [json.loads(line)["code"] for line in after[len(before) :]] == ["MAIL-FAILED"]
    mail = email.message_from_bytes(fast.object(f"runs/{run_id}/mail.eml"), policy=email.policy.default)
    page, table = mail.iter_attachments()
    assert (page.get_filename(), page.get_content_type()) == ("report.html", "text/html")
    assert (table.get_filename(), table.get_content_type()) == ("exceptions.csv", "text/csv")
    rows = list(csv.DictReader(io.StringIO(table.get_content())))
    assert [(row["level"], row["code"], row["message"]) for row in rows] == [("WARNING", "INV-V2", "'=1+1 waits")] * WARNED
    report = fast.object(f"runs/{run_id}/report.html").decode()
    assert BAD in report and "MAIL-FAILED" in report
