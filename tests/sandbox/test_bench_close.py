"""`make bench-close` closes a run whose batches it has made up, and finds it right."""

from __future__ import annotations

import pytest

from sandbox.bench_close import main


def test_a_few_batches(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in {"BATCHES": "3", "S3_MS": "0", "NETSUITE_MS": "0"}.items():
        monkeypatch.setenv(name, value)
    assert main() == 0
    said = capsys.readouterr().out
    assert "completed with warnings, ties out; a log of 301 lines" in said
    assert [said.count(task) for task in ("summarise", "reconcile", "archive")] == [1, 1, 1]
