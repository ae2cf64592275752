"""`make demo-revenue`, as a newcomer runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from sandbox import revenue_bench, revenue_demo
from sandbox.demo.revenue_faults import Fault, Said, Verdict, faulty_instances, judge
from sandbox.host import REPOSITORY

DEMO_SECONDS = 240
TASKS = ("validate", "netsuite", "revenue", "read", "template", "build", "check", "upload", "confirm", "stage_errors", "log", "mail")


def test_the_demo_shows_every_task_and_says_where_everything_lies(tmp_path: Path) -> None:
    """A process of its own, since only one embedded AWS runs at a time in a process."""
    paths = [str(REPOSITORY), str(REPOSITORY / "layers/tallybridge"), str(REPOSITORY / "cli")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", "sandbox.revenue_demo"]
    ended = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=DEMO_SECONDS)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = [line.split() for line in ended.stdout.splitlines() if line.strip()]
    shown = [line[1] for line in lines if line[0].isdecimal()]
    assert set(shown) == set(TASKS) and [shown.count(name) for name in ("read", "upload", "confirm")] == [3, 3, 3]
    assert "SUCCESS\n" in ended.stdout and "0 of them twice" in ended.stdout
    (folder,) = [path for path in (tmp_path / "out" / "runs").iterdir() if str(path) in ended.stdout]
    for what, begins in (("mail", "mail.eml"), ("attachment", "revenue_connector_"), ("upload file", "Daily-revenue_Orders_")):
        (path,) = [path for path in folder.iterdir() if path.name.startswith(begins)]
        assert any(line.split() == [*what.split(), path.name] for line in ended.stdout.splitlines()), what
    mail = message_from_bytes((folder / "mail.eml").read_bytes(), policy=policy.default)
    assert "Daily revenue - SUCCESS" in mail["Subject"] and len(list(mail.iter_attachments())) == 2
    judged = [line for line in ended.stdout.splitlines() if line.endswith(" as planned")]
    for fault in (fault for instance in faulty_instances() for fault in instance.faults):
        assert any(line.split(fault.wrong)[-1].split() == [fault.code, fault.code, "as", "planned"] for line in judged), fault
    assert ended.stdout.rstrip().endswith(f"As planned: all {len(judged)}.")
    assert "cannot be resumed" in ended.stdout and "revenue resume" not in ended.stdout


FAULT = Fault("An unknown currency", "RPRO-00736", '"UST"')


@pytest.mark.parametrize(
    ("said", "came"),
    [
        ([Said("FILE_CHECK_FAILED", 'First: found "UST"', ""), Said("RPRO-00736", 'row 4 (found "UST")', "")], "RPRO-00736"),
        ([Said("FILE_CHECK_FAILED", 'First: found "UST"', ""), Said("RPRO-00736", 'row 3 (found "usd")', "")], "FILE_CHECK_FAILED"),
        ([], ""),
    ],
)
def test_a_planted_case_is_as_planned_only_if_a_message_with_its_code_names_it(
    said: list[Said], came: str, capsys: pytest.CaptureFixture[str]
) -> None:
    verdicts = judge([FAULT], said)
    assert verdicts == [Verdict(FAULT.wrong, FAULT.code, came)]
    assert revenue_demo.conclude(verdicts) == (0 if came == FAULT.code else 1)
    assert ("NOT AS PLANNED" in capsys.readouterr().out) is (came != FAULT.code)


def test_the_bench_measures_the_product_beside_csv_in_one_run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROWS", "3000")
    monkeypatch.setenv("PART_ROWS", "1000")
    monkeypatch.setattr(revenue_bench, "SPEED_AIM", 0.0)
    monkeypatch.setattr(revenue_bench, "MEMORY_AIM_MB", float("inf"))  # this process holds the other tests too
    assert revenue_bench.main() == 0
    told = capsys.readouterr().out
    assert "share of csv.writer" in told and "peak memory of a worker" in told and "3,000" in told
