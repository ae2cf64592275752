"""`make demo-revenue`, as a newcomer runs it."""

from __future__ import annotations

import runpy
import sys
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path

import pytest

from sandbox import host, revenue_bench, revenue_demo
from sandbox.clock import VirtualClock
from sandbox.demo.revenue_faults import Fault, Said, Verdict, faulty_instances, judge

TASKS = ("validate", "netsuite", "revenue", "read", "template", "build", "check", "upload", "confirm", "stage_errors", "log", "mail")


def test_the_demo_shows_every_task_and_says_where_everything_lies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `python -m sandbox.revenue_demo` but for the waiting, which takes no time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(host, "SandboxOptions", partial(host.SandboxOptions, child=False, clock=VirtualClock()))
    monkeypatch.delitem(sys.modules, revenue_demo.__name__)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(revenue_demo.__name__, run_name="__main__")
    said = capsys.readouterr()
    assert ended.value.code == 0, said
    lines = [line.split() for line in said.out.splitlines() if line.strip()]
    shown = [line[1] for line in lines if line[0].isdecimal()]
    assert set(shown) == set(TASKS) and [shown.count(name) for name in ("read", "upload", "confirm")] == [3, 3, 3]
    assert "SUCCESS\n" in said.out and "0 of them twice" in said.out
    (folder,) = [path for path in (tmp_path / "out" / "runs").iterdir() if str(path) in said.out]
    for what, begins in (("mail", "mail.eml"), ("attachment", "revenue_connector_"), ("upload file", "Daily-revenue_Orders_")):
        (path,) = [path for path in folder.iterdir() if path.name.startswith(begins)]
        assert any(line.split() == [*what.split(), path.name] for line in said.out.splitlines()), what
    mail = message_from_bytes((folder / "mail.eml").read_bytes(), policy=policy.default)
    assert "Daily revenue - SUCCESS" in mail["Subject"] and len(list(mail.iter_attachments())) == 2
    judged = [line for line in said.out.splitlines() if line.endswith(" as planned")]
    for fault in (fault for instance in faulty_instances() for fault in instance.faults):
        assert any(line.split(fault.wrong)[-1].split() == [fault.code, fault.code, "as", "planned"] for line in judged), fault
    assert said.out.rstrip().endswith(f"As planned: all {len(judged)}.")
    assert "cannot be resumed" in said.out and "revenue resume" not in said.out


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
