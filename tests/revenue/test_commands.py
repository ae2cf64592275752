"""The commands of the revenue connector: runs are looked up, files fetched, schedules compared, configurations begun."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from tallybridge.errors import ConfigurationError, TallybridgeError
from tallybridge.revenue.config import parse_config
from tests.revenue.host import Host, cli
from tests.revenue.world import line


@pytest.fixture(scope="module")
def done(host: Host) -> dict[str, Any]:
    """A run that has ended."""
    host.configure(line("Orders"))
    return host.run()


@pytest.mark.parametrize("command", ["show", "cancel", "resume", "download"])
def test_unknown_runs_are_refused(host: Host, done: dict[str, Any], command: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        cli(host, command, "nothing-of-the-kind")
    assert (refused.value.code, "revenue runs" in refused.value.advice) == ("RUN-UNKNOWN", True)


def test_a_run_of_the_billing_sync_is_none_of_the_connector(host: Host, done: dict[str, Any]) -> None:
    table = boto3.resource("dynamodb", region_name=host.sandbox.aws.region).Table(host.outputs["RunsTable"])
    table.put_item(Item={"pk": "run#20260101T000000Z-abc", "sk": "record", "run_id": "20260101T000000Z-abc", "job": "billing"})
    with pytest.raises(ConfigurationError) as refused:
        cli(host, "show", "20260101T000000Z-abc")
    assert refused.value.code == "RUN-UNKNOWN"


def test_a_run_is_found_by_its_beginning(host: Host, done: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(host, "show", done["runId"][:8], "--json") == 0
    assert json.loads(capsys.readouterr().out)["run_id"] == done["runId"]


def test_a_run_that_has_ended_cannot_be_cancelled(host: Host, done: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TallybridgeError) as refused:
        cli(host, "cancel", done["runId"][:8])
    assert refused.value.code == "RUN-NOT-RUNNING"
    assert refused.value.message == f"Run {done['runId']} has ended (SUCCESS); there is nothing to cancel."


def test_runs_and_instances_are_listed(host: Host, done: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    host.configure(line("Orders"))
    assert cli(host, "runs", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["instance"] == "Daily"
    assert cli(host, "instances", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert {k: row[k] for k in ("instance", "objects", "schedule", "last run")} == {
        "instance": "Daily",
        "objects": "Orders",
        "schedule": "on demand",
        "last run": "SUCCESS",
    }


def test_the_files_of_a_run_are_fetched(host: Host, done: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(host, "download", done["runId"][:8], "--into", str(tmp_path), "--json") == 0
    names = {Path(p).name for p in json.loads(capsys.readouterr().out)["files"]}
    (upload,) = done["objects"][0]["files"]
    assert {"summary.json", "report.html", "mail.eml", "log.jsonl.gz", upload["name"]} <= names
    kinds = ("summary_", "revenue_connector_", "line_results_")
    assert all(any(name.startswith(kind) for name in names) for kind in kinds), "summary log, attachment, line results"
    assert (tmp_path / done["runId"] / upload["name"]).read_text().count("SO") >= 5


def test_a_dataset_and_a_template_make_a_configuration(host: Host, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host.configure(line("Orders"))
    assert cli(host, "scaffold", "Orders", "NetSuite Orders", "--instance", "Nightly", "--out", str(tmp_path / "made.json")) == 0
    made = json.loads((tmp_path / "made.json").read_text())
    config = parse_config(json.dumps(made))
    instance = config.instance("nightly")
    assert instance is not None and config.instance("daily") is not None
    (object_,) = instance.objects
    assert (object_.object, object_.dataset, object_.template) == ("Orders", "custdataset_orders", "NetSuite Orders")
    assert {(m.source, m.target) for m in object_.mapping} >= {("type", "type"), ("ext_sll_prc", "ext_sll_prc"), ("f_cur", "f_cur")}
    assert cli(host, "config", str(tmp_path / "made.json")) == 0
    assert host.run(instance="Nightly")["outcome"] == "SUCCESS"
    for dataset, template, code in (("none", "NetSuite Orders", "DATASET_NOT_FOUND"), ("Orders", "none", "TEMPLATE_NOT_FOUND")):
        with pytest.raises(ConfigurationError) as refused:
            cli(host, "scaffold", dataset, template)
        assert refused.value.code == code


def scheduled(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "objects": [line("Orders")], "schedule": {"frequency": "daily", "time": "02:00", **more}}


def test_what_differs_from_the_configuration_is_shown_until_it_is_applied(
    host: Host, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = boto3.client("scheduler", region_name=host.sandbox.aws.region)

    def rows(*arguments: str) -> list[tuple[str, str]]:
        """What is shown; the exit code says whether something differs, unless that is mended by the same command."""
        code = cli(host, "schedules", "--json", *arguments)
        shown = json.loads(capsys.readouterr().out)
        drifted = any(row["action"].startswith(("create", "update", "remove")) for row in shown)
        assert code == int(drifted and not arguments)
        return [(r["instance"], r["action"]) for r in shown]

    passed = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    host.configure(instances=[scheduled("a b", start_date=passed), scheduled("a-b"), scheduled("Old", end_date=passed)])
    assert rows() == [("a b", "create"), ("a-b", "create"), ("Old", f"over since {passed}")]
    rows("--apply")
    assert len({s["Name"] for s in client.list_schedules(NamePrefix="tallybridge-revenue")["Schedules"]}) == 2
    assert rows()[:2] == [("a b", "in place"), ("a-b", "in place")]
    document = tmp_path / "changed.json"
    assert cli(host, "config") == 0
    content = json.loads(capsys.readouterr().out)
    content["instances"][1]["schedule"]["time"] = "03:00"
    document.write_text(json.dumps(content))
    assert cli(host, "config", str(document)) == 0
    assert "revenue schedules --apply" in capsys.readouterr().out
    assert rows()[1] == ("a-b", "update: when differs")
    rows("--apply")
    assert rows()[1] == ("a-b", "in place")
    host.configure(line("Orders"))
    assert [action for _, action in rows()] == ["remove: no instance has it"] * 2
    rows("--apply")
    assert rows() == []
