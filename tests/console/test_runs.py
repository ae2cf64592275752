"""The list of runs, one run, its files, and two runs side by side."""

from __future__ import annotations

import csv
import gzip
import io
import json

import pytest

from tallybridge.console.screens.run import FILES
from tallybridge.sync.runlog import RunOutcome, StepOutcome, StepReport
from tallybridge_cli.target import Target
from tests.cli.runs import RUN, finished_run, store_run
from tests.console.world import Browser, Executions


def run_id(day: int) -> str:
    return f"202605{day:02}T020000Z-{day:06x}"


def store(target: Target, day: int, **more: object) -> None:
    """A run of a day of May 2026, with its file."""
    facts = {"run_id": run_id(day), "started": f"2026-05-{day:02}T02:00:00Z", "ended": f"2026-05-{day:02}T02:05:00Z", **more}
    store_run(target, finished_run(**facts))  # type: ignore[arg-type]


def test_runs_are_listed_with_what_they_brought(browser: Browser, target: Target) -> None:
    summary = finished_run()
    summary.totals[0].missing = summary.totals[0].held
    store_run(target, summary)
    (row,) = browser.get("/runs?format=json").data["runs"]
    assert (row["took"], row["selected"], row["synced"], row["left"], row["missing"]) == ("1 min 12 s", 10, 9, 1, ["USD 100.10"])
    seen = browser.get("/runs").seen
    assert "completed with warnings" in seen and "USD 100.10" in seen


def ids(browser: Browser, query: str) -> list[str]:
    return [row["run_id"] for row in browser.get(f"/runs?format=json&{query}").data["runs"]]


def test_filters(browser: Browser, target: Target) -> None:
    store(target, 1, trigger="schedule")
    store(target, 2, trigger="ann@example.com")
    store(target, 3, outcome=RunOutcome.FAILED, trigger="schedule")
    target.runs.record(run_id(4), started="2026-05-04T02:00:00Z", trigger="ann@example.com", outcome="completed", dry_run=True)
    assert ids(browser, "") == [run_id(day) for day in (4, 3, 2, 1)]
    assert ids(browser, "outcome=failed") == [run_id(3)]
    assert ids(browser, "trigger=ANN") == [run_id(4), run_id(2)]
    assert ids(browser, "kind=dry") == [run_id(4)]
    assert ids(browser, "kind=real&trigger=ann") == [run_id(2)]
    assert ids(browser, "since=2026-05-02&until=2026-05-03") == [run_id(3), run_id(2)]
    assert "No run fits." in browser.get("/runs?outcome=cancelled").seen


@pytest.mark.parametrize("query", ["outcome=green", "kind=x", "since=yesterday", "until=2026-13-01"])
def test_a_filter_that_is_not_understood_is_told(browser: Browser, query: str) -> None:
    answer = browser.get(f"/runs?{query}")
    assert (answer.status, "CONSOLE-INPUT" in answer.seen) == (400, True)


def test_pages_have_every_run_once(browser: Browser, target: Target) -> None:
    for number in range(120):
        started = f"2026-05-{1 + number // 24:02}T{number % 24:02}:00:00Z"
        target.runs.record(f"run-{number:03}", started=started, trigger="odd" if number % 2 else "even", outcome="completed")
    for query in ("", "trigger=odd&"):
        seen, after = [], f"/runs?{query}"
        while after:
            page = browser.get(f"{after}&format=json").data
            seen += [row["run_id"] for row in page["runs"]]
            after = page["next"]
        assert seen == [f"run-{number:03}" for number in reversed(range(120)) if not query or number % 2]


def test_a_run_with_its_tasks_on_a_line_of_time(browser: Browser, target: Target) -> None:
    store_run(target, finished_run(ended="2026-05-04T03:10:00Z"))
    target.runs.record(RUN, steps={"customers": True, "invoices": True, "payments": True, "charges": False})
    folder = target.folder(RUN)
    report = StepReport("invoices", "", "", StepOutcome.WARNINGS, "2026-05-04T03:05:00Z", "2026-05-04T03:10:00Z")
    report.selected, report.created, report.held, report.message = 10, 9, 1, "One waits."
    folder.write_json("invoices/report.json", report.to_json())
    folder.write_json("invoices/manifest.json", [{"batch": "000001", "records": 10}])
    for part in ("000001-0001", "000001-0002"):
        folder.write_json(f"invoices/results/{part}.json", {"selected": []})
    folder.write_json("customers/start.json", {"started": "2026-05-04T03:00:00Z"})
    tasks = {task["step"]: task for task in browser.get(f"/runs/{RUN}?format=json").data["tasks"]}
    assert list(tasks) == ["customers", "invoices", "payments"]
    invoices = tasks["invoices"]
    assert (invoices["state"], invoices["begins"], invoices["lasts"], invoices["took"]) == ("completed with warnings", 500, 500, "5 min")
    assert (invoices["batches"], invoices["rounds"], invoices["counts"]) == (1, 2, {"selected": 10, "created": 9, "held": 1})
    assert (tasks["customers"]["state"], tasks["payments"]["state"]) == ("running", "not reached")
    seen = browser.get(f"/runs/{RUN}").seen
    assert "9 created, 1 held" in seen and "One waits." in seen and "Control totals" in seen


def test_what_changed_in_the_settings_since_the_run_before(browser: Browser, target: Target) -> None:
    for day, settings in ((1, {"run_hours": 24}), (2, {"run_hours": 12, "default_class": "<b>x</b>"})):
        store(target, day)
        target.folder(run_id(day)).write_json("run.json", {"settings": settings, "steps": {}})
    page = browser.get(f"/runs/{run_id(2)}")
    assert browser.get(f"/runs/{run_id(2)}?format=json").data["changed"] == [
        {"key": "default_class", "before": "", "after": "<b>x</b>"},
        {"key": "run_hours", "before": 24, "after": 12},
    ]
    assert "run_hours 24 12" in page.seen and "<b>x</b>" not in page.text
    assert "There is no run before to compare with." in browser.get(f"/runs/{run_id(1)}").seen


def log_of(target: Target, rows: list[dict[str, str]]) -> None:
    target.runs.record(RUN, started="2026-05-04T03:00:00Z", outcome="completed")
    usual = {"time": "2026-05-04T03:00:01Z", "run_id": RUN, "step": "invoices", "level": "INFO", "message": "x"}
    body = "".join(json.dumps({**usual, **row}) + "\n" for row in rows)
    target.folder(RUN).write("log.jsonl.gz", gzip.compress(body.encode()))


def test_the_log_as_csv_runs_in_no_spreadsheet(browser: Browser, target: Target) -> None:
    log_of(
        target, [{"message": "=cmd()", "source_number": "INV1", "amount": "-5.00"}, {"level": "WARNING", "message": "two\nlines, quoted"}]
    )
    answer = browser.get(f"/runs/{RUN}/log?as=csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["message"] for row in rows] == ["'=cmd()", "two\nlines, quoted"]
    assert (rows[0]["source_number"], rows[0]["amount"]) == ("INV1", "-5.00")
    assert answer.headers["content-disposition"] == f'attachment; filename="{RUN}-log.csv"'
    warnings = browser.get(f"/runs/{RUN}/log?as=csv&level=WARNING").text
    assert len(list(csv.DictReader(io.StringIO(warnings)))) == 1


def test_the_log_as_json_lines(browser: Browser, target: Target) -> None:
    log_of(target, [{"message": "one"}, {"message": "two"}])
    answer = browser.get(f"/runs/{RUN}/log?as=jsonl")
    assert [json.loads(line)["message"] for line in answer.text.splitlines()] == ["one", "two"]


def test_the_report_is_shown_as_if_it_came_from_nowhere(browser: Browser, target: Target) -> None:
    store_run(target, finished_run())
    target.folder(RUN).write("report.html", b"<!DOCTYPE html><style>p{}</style><p>the report")
    answer = browser.get(f"/runs/{RUN}/files/report.html")
    assert (answer.status, answer.headers["content-disposition"].partition(";")[0]) == (200, "inline")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'") and "script" not in policy


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_file_of_a_run_is_handed_over_as_it_is(browser: Browser, target: Target, name: str) -> None:
    store_run(target, finished_run())
    content = b'{"a": "\xc3\xa9"}' if name.endswith(".json") else b"\x1f\x8b\x00 or any text"
    target.folder(RUN).write(name, content)
    answer = browser.get(f"/runs/{RUN}/files/{name}")
    assert (answer.status, answer.text) == (200, content.decode("utf-8", "replace"))


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/runs/nowhere", "RUN-UNKNOWN"),
        ("/runs/nowhere/log", "RUN-UNKNOWN"),
        (f"/runs/{RUN}/files/report.html", "RUN-NO-FILES"),
        (f"/runs/{RUN}/files/run.json", "CONSOLE-UNKNOWN"),
        (f"/runs/{RUN}/files/..%2F..%2Fconfiguration", "CONSOLE-UNKNOWN"),
        ("/compare?a=nowhere&b=nowhere", "RUN-UNKNOWN"),
        (f"/compare?a={RUN}", "CONSOLE-INPUT"),
    ],
)
def test_what_is_not_there_is_told(browser: Browser, target: Target, path: str, code: str) -> None:
    store_run(target, finished_run())
    answer = browser.get(path)
    assert (answer.status in (400, 404), code in answer.seen) == (True, True)


def test_two_runs_side_by_side_the_older_first(browser: Browser, target: Target) -> None:
    store(target, 1, held=1)
    store(target, 2, held=0, outcome=RunOutcome.COMPLETED)
    found = browser.get(f"/compare?a={run_id(2)}&b={run_id(1)}&format=json").data
    assert [run["run_id"] for run in found["runs"]] == [run_id(1), run_id(2)]
    assert found["causes"] == [{"code": "INV-V9", "of": [1, 0]}]
    (total,) = found["totals"]
    assert [of["open"] for of in total["of"]] == [{"count": 1, "text": "USD 100.10"}, {"count": 0, "text": "USD 0.00"}]
    seen = browser.get(f"/compare?a={run_id(2)}&b={run_id(1)}").seen
    assert "INV-V9 1 0" in seen and "10 (USD 1,001.00), 9 (USD 900.90), 1 (USD 100.10)" in seen


def test_a_run_is_stopped_on_its_own_page(browser: Browser, target: Target, executions: Executions) -> None:
    target.runs.record(RUN, started="2026-05-04T03:00:00Z", outcome="running")
    executions.running.add(RUN)
    assert browser.send(f"/runs/{RUN}", f"/runs/{RUN}/stop", reason="month end").where == f"/runs/{RUN}?done=stopped"
    assert executions.stopped[0]["cause"] == "Stopped by ann@example.com: month end"
