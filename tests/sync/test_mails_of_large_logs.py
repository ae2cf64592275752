"""A log of any size is mailed, or named in the mail, and added to, without ever being in memory as a whole."""

from __future__ import annotations

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
    more = gzip.compress((money.dumps(line.to_json()) + "\n").encode() * lines, compresslevel=0)
    world.memory.objects.content[key] += more
    return run_id


@pytest.mark.parametrize(("lines", "attached"), [(10, ["log.jsonl.gz"]), (LINES, [])])
def test_a_log_is_added_to_and_mailed_or_named(fast: MemoryWorld, lines: int, attached: list[str]) -> None:
    run_id = logged(fast, lines)
    key = f"runs/{run_id}/log.jsonl.gz"
    before = gzip.decompress(fast.object(key)).splitlines()
    assert (len(fast.object(key)) > MAX_MAIL_BYTES) is (not attached)
    assert notify({"runId": run_id, "error": None}, fast.wiring()) == {"sent": True, "recipients": 1}
    after = gzip.decompress(fast.object(key)).splitlines()
    assert after[: len(before)] == before
    assert [json.loads(line)["code"] for line in after[len(before) :]] == ["MAIL-FAILED"]
    mail = email.message_from_bytes(fast.object(f"runs/{run_id}/mail.eml"), policy=email.policy.default)
    assert [part.get_filename() for part in mail.iter_attachments()] == attached
    body = mail.get_body(("plain",))
    assert body is not None
    assert ("too large" in body.get_content()) is (not attached)
    report = fast.object(f"runs/{run_id}/report.html").decode()
    assert BAD in report and "MAIL-FAILED" in report
