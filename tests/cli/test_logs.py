"""Reading a run's log."""

from __future__ import annotations

import gzip

from tallybridge import money
from tallybridge.desk import log as logs
from tallybridge.sync.folder import RunFolder
from tallybridge.sync.runlog import Level, LogLine
from tallybridge_cli.target import Target
from tests.cli.runs import RUN

LINES = [
    LogLine("2026-05-04T03:00:00Z", RUN, "run", Level.INFO, "Run started."),
    LogLine("2026-05-04T03:00:01Z", RUN, "invoices", Level.INFO, "created", source_number="INV1", source_id="8a1", destination_id="77"),
    LogLine("2026-05-04T03:00:02Z", RUN, "invoices", Level.WARNING, "held", "INV-V1", source_number="INV2"),
    LogLine("2026-05-04T03:00:03Z", RUN, "payments", Level.DEBUG, "raw", source_number="P1"),
    LogLine("2026-05-04T03:00:04Z", RUN, "payments", Level.ERROR, "failed", "STEP-FAILED"),
]


def archived(target: Target) -> RunFolder:
    folder = target.folder(RUN)
    folder.write("log.jsonl.gz", gzip.compress("".join(money.dumps(line.to_json()) + "\n" for line in LINES).encode()))
    return folder


def test_lines_come_in_order_without_debug_ones(target: Target) -> None:
    assert [line.message for line in logs.lines(archived(target))] == ["Run started.", "created", "held", "failed"]


def test_a_level_means_this_one_and_above(target: Target) -> None:
    assert [line.message for line in logs.lines(archived(target), level=Level.WARNING)] == ["held", "failed"]
    assert len(list(logs.lines(archived(target), level=Level.DEBUG))) == len(LINES)


def test_lines_of_one_step_or_one_record(target: Target) -> None:
    folder = archived(target)
    assert [line.message for line in logs.lines(folder, step="payments")] == ["failed"]
    for name in ("INV1", "8a1", "77"):
        assert [line.message for line in logs.lines(folder, record=name)] == ["created"]


def test_a_run_under_way_is_read_from_its_parts(target: Target) -> None:
    folder = target.folder(RUN)
    folder.write_lines("invoices/log/000001-0001.jsonl.gz", [LINES[1].to_json()])
    folder.write_lines("log/run.jsonl.gz", [LINES[0].to_json()])
    assert [line.message for line in logs.lines(folder)] == ["Run started.", "created"]
