"""The revenue connector in the console: instances and their schedules, runs task by task, their files, and going on with a failed one."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import boto3
import pytest

from tallybridge.console.app import Console
from tallybridge.console.roles import Role
from tallybridge.console.site import OwnMachine, Site
from tallybridge.desk.revenue import runs
from tallybridge.desk.revenue.site import Site as Connector
from tallybridge.desk.target import Target
from tests.console.conftest import fault
from tests.console.world import ADDRESS, KEY, Browser, Page
from tests.revenue.host import Host, cli
from tests.revenue.world import line

PERSON = "ann@example.com"


@pytest.fixture(scope="module")
def target(host: Host) -> Target:
    host.configure(line("Orders"))
    return Target(host.sandbox.env, "the test", host.sandbox.aws.clock)


def entered(target: Target, role: Role = Role.APPROVER) -> Browser:
    """A browser in which a person of this role is signed in."""
    browser = Browser(Console(Site(target, ADDRESS, "a-secret-of-the-tests", OwnMachine(KEY, PERSON, role), "Test"), fault))
    assert browser.get(f"/enter?key={KEY}").status == 303
    return browser


@pytest.fixture(scope="module")
def browser(target: Target) -> Browser:
    return entered(target)


@pytest.fixture(scope="module")
def done(host: Host, target: Target) -> dict[str, Any]:
    """A run that has ended."""
    return host.run()


def ended(host: Host, run_id: str) -> dict[str, Any]:
    """Wait until a run that the console has started is over; its output."""
    arn = f"{host.outputs['RevenueIngestArn'].replace(':stateMachine:', ':execution:')}:{run_id}"
    execution = host.sandbox.aws.wait(arn)
    assert execution["status"] == "SUCCEEDED", execution
    return dict(execution["output"])


def test_runs_are_listed_by_instance(browser: Browser, done: dict[str, Any]) -> None:
    def runs(asked: str) -> dict[str, str]:
        return {row["run_id"]: row["outcome"] for row in browser.get(f"/revenue?{asked}&format=json").data["runs"]}

    view = browser.get("/revenue?instance=daily&format=json").data
    assert runs("instance=daily")[done["runId"]] == "SUCCESS"
    assert view["instances"] == ["Daily"]
    assert runs("instance=Nightly") == {}
    assert set(runs("outcome=SUCCESS").values()) == {"SUCCESS"} and done["runId"] not in runs("outcome=FAILED")
    assert browser.get("/revenue?outcome=splendid").status == 400
    assert "Daily" in browser.get("/revenue").seen


def test_a_run_shows_each_task_with_its_result_and_what_is_staged(browser: Browser, done: dict[str, Any]) -> None:
    view = browser.get(f"/revenue/{done['runId']}?format=json").data
    assert view["status"] == "SUCCESS"
    assert [task["number"] for task in view["tasks"]] == list(range(1, 13))
    assert {task["status"] for task in view["tasks"]} == {"SUCCESS"}
    assert view["objects"] == [{"object": "Orders", "status": "STAGED", "rows": 5, "staged": 5}]
    seen = browser.get(f"/revenue/{done['runId']}").seen
    assert "Upload file" in seen and "STAGED" in seen and "Resume" not in seen


def test_the_summary_log_is_downloaded(browser: Browser, done: dict[str, Any]) -> None:
    view = browser.get(f"/revenue/{done['runId']}?format=json").data
    name = next(each["name"] for each in view["downloads"] if each["what"] == "Summary log")
    answer = browser.get(f"/revenue/{done['runId']}/files/{name}")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["run_id"] for row in rows} == {done["runId"]}
    assert answer.headers["content-disposition"].startswith("attachment")
    assert browser.get(f"/revenue/{done['runId']}/files/other.csv").status == 404
    files = [each["name"] for each in view["downloads"]]
    assert len(files) >= 5 and {browser.get(f"/revenue/{done['runId']}/files/{each}").status for each in files} == {200}


def test_what_is_unknown_is_said_so(browser: Browser, done: dict[str, Any]) -> None:
    for page in ("/revenue/nothing", "/revenue/nothing/files/x.csv"):
        assert "RUN-UNKNOWN" in browser.get(page).seen
    form = browser.get("/").fields("/signout")
    assert "RUN-UNKNOWN" in browser.post("/revenue/nothing/resume", {**form, "reason": "x"}).seen
    again = {**browser.get("/").fields("/signout"), "reason": "x"}
    assert "RUN-NOT-RUNNING" in browser.post(f"/revenue/{done['runId']}/cancel", again).seen


def test_an_instance_is_run_on_demand_and_who_did_it_is_known(host: Host, browser: Browser, target: Target) -> None:
    answer = browser.send("/schedules", "/schedules/revenue", instance="Daily")
    assert (answer.status, answer.where.startswith("/revenue/"), answer.where.endswith("?done=begun")) == (303, True, True)
    run_id = answer.where.removeprefix("/revenue/").removesuffix("?done=begun")
    assert ended(host, run_id)["outcome"] == "SUCCESS"
    entry = next(iter(target.audit.newest()))
    assert (entry.who, entry.action, run_id in entry.what) == (PERSON, "run", True)
    assert run_id in {row["run_id"] for row in browser.get("/revenue?format=json").data["runs"]}


def test_the_schedule_of_an_instance_is_changed_in_the_configuration_and_in_eventbridge(browser: Browser, target: Target) -> None:
    scheduler = target.client("scheduler")

    def there() -> list[str]:
        found = scheduler.list_schedules()["Schedules"]
        mine = [s["Name"] for s in found if "revenue" in s["Name"].lower() and "watch" not in s["Name"]]
        return [str(scheduler.get_schedule(Name=name)["ScheduleExpression"]) for name in mine]

    def sent(**form: str) -> Page:
        own = {"instance": "Daily", "timezone": "Europe/Berlin", "reason": "month end", "time": "05:00"}
        return browser.send("/schedules", "/schedules/instance", None, **own, **form)

    assert sent(frequency="daily").where == "/schedules?done=changed"
    (row,) = browser.get("/schedules?format=json").data["revenue"]
    assert (row["timezone"], len(row["next"]), there()) == ("Europe/Berlin", 5, ["cron(0 5 * * ? *)"])
    assert (sent(frequency="weekly").status, there()) == (400, ["cron(0 5 * * ? *)"])  # no day is said
    assert (sent(frequency="hours", every="99").status, there()) == (400, ["cron(0 5 * * ? *)"])
    assert (sent(frequency="yearly").status, there()) == (400, ["cron(0 5 * * ? *)"])
    assert (sent(frequency="weekly", **{"on-MON": "on", "on-THU": "on"}).status, there()) == (303, ["cron(0 5 ? * MON,THU *)"])
    assert (sent(frequency="hours", every="6", start_minute="10").status, there()) == (303, ["cron(10 0/6 * * ? *)"])
    assert (sent(frequency="monthly", day="last").status, there()) == (303, ["cron(0 5 L * ? *)"])
    assert sent(frequency="").status == 303
    assert (browser.get("/schedules?format=json").data["revenue"][0]["words"], there()) == ("on demand", [])


def test_a_failed_run_is_resumed_once_somebody_has_looked(host: Host, browser: Browser, target: Target) -> None:
    host.sandbox.control("revenue", "faults", [{"path": "/upload/file", "drop": "after"}])
    failed = host.run()
    host.sandbox.control("revenue", "faults", [])
    assert failed["outcome"] == "FAILED"
    page = f"/revenue/{failed['runId']}"
    (name,) = browser.get(f"{page}?format=json").data["unknown"]
    assert "Look in Zuora Revenue for the file" in browser.get(page).seen
    undecided = browser.send(page, f"{page}/resume", reason="Revenue was away")
    assert (undecided.status, name in undecided.seen) == (400, True)
    wrong = browser.send(page, f"{page}/resume", None, reason="Revenue was away", **{f"file-{name}": "perhaps"})
    assert wrong.status == 400
    answer = browser.send(page, f"{page}/resume", None, reason="Revenue was away", **{f"file-{name}": "staged"})
    run_id = answer.where.removeprefix("/revenue/").removesuffix("?done=begun")
    assert ended(host, run_id)["outcome"] == "SUCCESS"
    entry = next(iter(target.audit.newest()))
    assert (entry.action, entry.reason, entry.after) == ("resume", "Revenue was away", f"{name}: staged")


def test_a_run_that_has_begun_to_send_can_no_longer_be_cancelled(browser: Browser, target: Target) -> None:
    connector = Connector(target)
    table = target.table("RUNS_TABLE")
    for run_id in ("before", "sending"):
        table.put_item(Item={"pk": f"run#{run_id}", "sk": "record", "run_id": run_id, "job": "revenue", "outcome": "RUNNING"})
    connector.control("sending").begin_upload()
    form = browser.get("/").fields("/signout")
    assert "RUN-SENDS" in browser.post("/revenue/sending/cancel", form).seen
    assert browser.post("/revenue/before/cancel", browser.get("/").fields("/signout")).where == "/revenue/before?done=cancelled"
    assert not runs.cancel(connector, "sending", PERSON)


def test_who_may_what(target: Target, done: dict[str, Any]) -> None:
    page = f"/revenue/{done['runId']}"
    for role, action, status in ((Role.VIEWER, "cancel", 403), (Role.OPERATOR, "resume", 403)):
        person = entered(target, role)
        assert person.post(f"{page}/{action}", {**person.get("/").fields("/signout"), "reason": "x"}).status == status


def test_a_schedule_is_changed_by_command(host: Host, target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(host, "schedule", "Daily", "--frequency", "weekly", "--days", "mon,thu", "--time", "05:00", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["instance"], row["when"], row["action"]) == ("Daily", "cron(0 5 ? * MON,THU *)", "on")
    assert cli(host, "schedule", "Daily", "--on-demand", "--json") == 0
    client = boto3.client("scheduler", region_name=host.sandbox.aws.region)
    assert not [s for s in client.list_schedules()["Schedules"] if s["Name"].endswith("-daily")]
