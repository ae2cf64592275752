"""The real state machine on the embedded AWS, with the functions as they are deployed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import boto3
import pytest

from tests.revenue.host import Host, cli
from tests.revenue.rules import rules
from tests.revenue.world import line

RUN_SECONDS = 120.0
LOOK_SECONDS = 0.2


@rules("1.rule.3", "3.1.rule.3")
def test_a_run_goes_through_all_states_and_is_mailed(host: Host) -> None:
    host.configure(line("Orders"))
    output = host.run()
    assert output["outcome"] == "SUCCESS", output["message"]
    assert output["objects"][0]["staged"] == 5
    assert "Revenue connector NetSuite - Daily - SUCCESS" in host.sandbox.aws.sent_mails()[-1]["Subject"]
    assert host.lock_holders() == []


@rules("8.rule.9")
def test_a_lost_answer_leaves_a_report_and_no_lock(host: Host) -> None:
    host.configure(line("Orders"))
    host.sandbox.control("revenue", "faults", [{"path": "/upload/file", "drop": "after"}])
    try:
        output = host.run()
    finally:
        host.sandbox.control("revenue", "faults", [])
    assert output["outcome"] == "FAILED" and output["objects"][0]["status"] == "UNKNOWN"
    assert "Uploaded Files" in " ".join(output["standing"]) and host.lock_holders() == []


@rules("8.rule.11")
def test_an_unknown_file_is_resumed_by_whoever_has_looked(host: Host) -> None:
    host.configure(line("Orders"))
    host.sandbox.control("revenue", "faults", [{"path": "/upload/file", "drop": "after"}])
    try:
        failed = host.run()
    finally:
        host.sandbox.control("revenue", "faults", [])
    before = host.sandbox.control("revenue", "dump")["staging"][0]["lines"]
    assert cli(host, "resume", failed["runId"], "--staged", failed["objects"][0]["files"][0]["name"]) == 0
    assert host.sandbox.control("revenue", "dump")["staging"][0]["lines"] == before, "nothing is sent again"


@rules("13.1.code.CONNECTOR_DISABLED")
def test_a_refused_run_says_why(host: Host) -> None:
    host.configure(line("Orders"), enabled=False)
    assert host.run()["code"] == "CONNECTOR_DISABLED"


@rules("3.1.rule.1", "4.rule.2", "4.rule.3", "4.rule.4", "5.rule.4")
def test_the_command_line_tests_connections_and_mappings(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.configure(line("Orders"))
    assert cli(host, "test", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"NetSuite": "ok", "Zuora Revenue": "ok"}
    assert cli(host, "datasets", "--json") == 0
    assert {"id": "custdataset_orders", "name": "Orders"} in json.loads(capsys.readouterr().out)
    assert cli(host, "template", "NetSuite Orders", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0] == {"seq": 1, "column": "type", "label": "Type", "type": "Character"}
    assert cli(host, "check-mapping", "Daily", "--json") == 0
    capsys.readouterr()
    host.configure(line("Orders", mapping=[{"source": "gone", "target": "doc_num"}, {"source": "type", "target": "atr60"}]))
    assert cli(host, "refresh", "Daily", "--json") == 3
    remarks = json.loads(capsys.readouterr().out)
    assert {(r["result"], '"gone"' in r["remark"] or '"atr60"' in r["remark"]) for r in remarks} >= {("STALE", True), ("ERROR", True)}
    assert any(r["result"] == "NOTICE" for r in remarks)


def test_the_command_line_runs_and_shows(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.configure(line("Orders"))
    assert cli(host, "run", "daily", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["status"] == "SUCCESS" and [t["status"] for t in shown["tasks"]] == ["SUCCESS"] * 12
    assert cli(host, "show", "last", "--json") == 0
    assert json.loads(capsys.readouterr().out)["run_id"] == shown["run_id"]
    assert cli(host, "runs", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["outcome"] == "SUCCESS"


def test_a_long_document_is_kept_in_the_bucket(host: Host, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host.configure(line("Orders"))
    assert cli(host, "config") == 0
    content = json.loads(capsys.readouterr().out)
    content["instances"] += [{"name": f"Copy {n}", "objects": content["instances"][0]["objects"]} for n in range(5)]
    (tmp_path / "long.json").write_text(json.dumps(content))
    assert cli(host, "config", str(tmp_path / "long.json")) == 0
    assert host.run(instance="copy 3")["outcome"] == "SUCCESS"


def test_a_document_that_is_gone_from_the_bucket_fails_the_run_with_its_code(host: Host) -> None:
    host.put(json.dumps({"stored": "configuration/gone.json"}))
    output = host.run()
    assert output["outcome"] == "FAILED" and "there is no configuration/gone.json" in output["message"]
    listed = boto3.resource("dynamodb", region_name=host.sandbox.aws.region).Table(host.outputs["RunsTable"])
    record = next(item for item in listed.scan()["Items"] if item.get("run_id") == output["runId"] and "code" in item)
    assert record["code"] == "REVENUE-SETTINGS" and host.lock_holders() == []


@rules("8.rule.11", "7.rule.4")
def test_files_that_expired_end_a_resumed_run_with_their_code(host: Host) -> None:
    host.configure(line("Orders"))
    host.sandbox.control("revenue", "faults", [{"path": "/upload/file", "nth": 1, "status": 400, "body": {}}])
    try:
        failed = host.run()
    finally:
        host.sandbox.control("revenue", "faults", [])
    bucket = boto3.resource("s3", region_name=host.sandbox.aws.region).Bucket(host.outputs["UploadsBucket"])
    bucket.objects.filter(Prefix=f"runs/{failed['runId']}/").delete()
    output = host.run(resume=failed["runId"])
    assert output["outcome"] == "FAILED" and "is no longer stored: its retention time has passed" in output["message"]
    assert "FILE_EXPIRED" in str(host.sandbox.aws.sent_mails()[-1].get_body(("plain",)).get_content())  # type: ignore[union-attr]


@rules("6.rule.3", "3.2.toggle")
def test_schedules_follow_the_configuration(host: Host) -> None:
    client = boto3.client("scheduler", region_name=host.sandbox.aws.region)
    name = "tallybridge-revenue-ingest-daily"
    on_schedule = {"name": "Daily", "objects": [line("Orders")], "schedule": {"frequency": "daily", "time": "02:00"}}
    host.configure(instances=[on_schedule])
    assert cli(host, "schedules", "--apply") == 0
    schedule = client.get_schedule(Name=name)
    assert schedule["State"] == "ENABLED" and schedule["Target"]["DeadLetterConfig"] == {"Arn": host.outputs["ScheduleDeadLetters"]}
    host.configure(instances=[on_schedule], enabled=False)
    assert cli(host, "schedules", "--apply") == 0
    assert client.get_schedule(Name=name)["State"] == "DISABLED"
    host.configure(line("Orders"))
    assert cli(host, "schedules", "--apply") == 0
    assert not [s for s in client.list_schedules()["Schedules"] if s["Name"] == name]


@rules("1.rule.3", "6.rule.4", "10.status.skipped")
def test_a_schedules_own_target_and_input_run_once_however_often_they_fire(host: Host) -> None:
    on_schedule = {"name": "Daily", "objects": [line("Orders")], "schedule": {"frequency": "minutes", "every": 15}}
    host.configure(instances=[on_schedule])
    assert cli(host, "schedules", "--apply") == 0
    scheduler = boto3.client("scheduler", region_name=host.sandbox.aws.region)
    target = scheduler.get_schedule(Name="tallybridge-revenue-ingest-daily")["Target"]
    states = boto3.client("stepfunctions", region_name=host.sandbox.aws.region)
    arns = [states.start_execution(stateMachineArn=target["Arn"], input=target["Input"])["executionArn"] for _ in range(2)]
    give_up = time.monotonic() + RUN_SECONDS
    ended = [states.describe_execution(executionArn=arn) for arn in arns]
    while any(each["status"] == "RUNNING" for each in ended) and time.monotonic() < give_up:
        time.sleep(LOOK_SECONDS)
        ended = [states.describe_execution(executionArn=arn) for arn in arns]
    assert sorted(json.loads(each["output"])["outcome"] for each in ended) == ["SKIPPED", "SUCCESS"]
    assert host.lock_holders() == []
