"""`make demo-revenue`: runs the revenue connector on the demo tenant through the real state machine, shows the tasks as they pass, and says
where the mail, its attachment, the upload files and the other files lie."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import boto3

from sandbox.aws import StackError
from sandbox.demo import load_tenant
from sandbox.demo.revenue import DATASETS, TEMPLATES, revenue_demo
from sandbox.host import RECIPIENT, SENDER, Sandbox, SandboxError, SandboxOptions
from sandbox.stand_ins import StandInsFailed

INSTANCE = "Daily revenue"
OBJECTS = ("Orders", "Invoices", "Credit Memos")
NOT_MAPPED = {("Invoices", "Memo"), ("Credit Memos", "Memo"), ("Credit Memos", "SO_LINE_ID")}
"""Columns of the demo's datasets that have no place in the object's file, or are empty in every row."""
CONFIGURATION, INTERRUPTED = 3, 130
LOOK_SECONDS = 0.2
LONGEST_SECONDS = 300.0
PREFIX = "tasks/"


def configuration(sandbox: Sandbox) -> dict[str, Any]:
    """The connector's configuration for the demo tenant: one instance, three objects."""
    demo = revenue_demo(load_tenant())
    columns = {t["name"]: {c["label"]: c["col_name"] for c in t["mapping"]} for t in demo.revenue["template"]}
    objects = [
        {
            "object": name,
            "dataset": DATASETS[name],
            "dataset_name": f"ZR {name}",
            "template": TEMPLATES[name],
            "mapping": [
                {"source": alias, "target": columns[TEMPLATES[name]][label]}
                for alias, label in demo.mappings[name]
                if (name, alias) not in NOT_MAPPED
            ],
        }
        for name in OBJECTS
    ]
    env = sandbox.env
    netsuite = {"account_id": env["NETSUITE_ACCOUNT"], "services_url": env["NETSUITE_BASE_URL"], "auth_method": "oauth2_m2m"}
    return {
        "enabled": True,
        "connection": {"netsuite": netsuite, "revenue": {"host": env["REVENUE_BASE_URL"]}},
        "notifications": {"recipients": [RECIPIENT], "sender": SENDER, "on_success": True, "on_warning": True},
        "options": {"poll_first_seconds": 1, "poll_most_seconds": 1},
        "instances": [{"name": INSTANCE, "objects": objects, "schedule": {"frequency": "daily", "time": "02:00"}}],
    }


def store(sandbox: Sandbox, document: dict[str, Any]) -> None:
    """Make a document the configuration, in the bucket, since it is longer than a parameter may be."""
    key = "configuration/revenue.json"
    boto3.client("s3").put_object(Bucket=sandbox.aws.outputs["ReportsBucket"], Key=key, Body=json.dumps(document).encode())
    client = boto3.client("ssm", region_name=sandbox.aws.region)
    parameter = sandbox.aws.outputs["RevenueSettingsParameter"]
    client.put_parameter(Name=parameter, Value=json.dumps({"stored": key}), Type="String", Overwrite=True)


def follow(sandbox: Sandbox, arn: str, run_id: str) -> dict[str, Any]:
    """Print each task when it has ended; answers the execution's description."""
    states, told = boto3.client("stepfunctions", region_name=sandbox.aws.region), set[str]()
    give_up = time.monotonic() + LONGEST_SECONDS
    while True:
        ended = dict(states.describe_execution(executionArn=arn))
        for name, task in tasks(sandbox, run_id):
            if name not in told and task["ended"]:
                told.add(name)
                of = f" ({OBJECTS[int(task['object']) - 1]})" if task["object"] else ""
                print(f"  {task['number']:>2}  {task['name'] + of:<30} {task['status']:<8} {task['message'][:110]}", flush=True)
        if ended["status"] != "RUNNING" or time.monotonic() > give_up:
            return ended
        time.sleep(LOOK_SECONDS)


def tasks(sandbox: Sandbox, run_id: str) -> list[tuple[str, dict[str, Any]]]:
    """The task records of a run, in the order in which they began."""
    store, bucket, prefix = boto3.client("s3"), sandbox.aws.outputs["ReportsBucket"], f"runs/{run_id}/{PREFIX}"
    listed = store.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    found = [(e["Key"], json.loads(store.get_object(Bucket=bucket, Key=e["Key"])["Body"].read())) for e in listed]
    return sorted(found, key=lambda each: (each[1]["ended"], each[1]["number"]))


def fetch(sandbox: Sandbox, run_id: str, output: dict[str, Any]) -> list[tuple[str, Path]]:
    """Copy what the run left for people, and its upload files, to out/runs/<run id>/; what each file is, and where it lies."""
    client, buckets = boto3.client("s3"), sandbox.aws.outputs
    wanted = [(what_is(name), buckets["ReportsBucket"], key) for name, key in output["keys"].items()]
    wanted += [("upload file", buckets["UploadsBucket"], file["key"]) for each in output["objects"] for file in each["files"]]
    folder = sandbox.out / "runs" / run_id
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for what, bucket, key in sorted(wanted, key=lambda each: list(WHAT.values()).index(each[0])):
        path = folder / key.rpartition("/")[2]
        path.write_bytes(client.get_object(Bucket=bucket, Key=key)["Body"].read())
        found.append((what, path))
    return found


WHAT = {
    "mail": "mail",
    "attachment": "attachment",
    "upload": "upload file",
    "report": "report",
    "summary_csv": "summary log",
    "line_results": "line results",
    "summary": "summary",
    "log": "log",
}
"""The files of a run by the name that its output gives them, in the order in which they are shown."""


def what_is(name: str) -> str:
    """line_results_1 -> line results."""
    return WHAT[name.rstrip("0123456789").rstrip("_")]


def demo(options: SandboxOptions) -> int:
    """Run it; answers the exit code: 0 when everything is staged."""
    print("Starting the sandbox.", flush=True)
    with Sandbox(options) as sandbox:
        store(sandbox, configuration(sandbox))
        print(f"The demo tenant is loaded. Running the instance {INSTANCE!r} through the state machine revenue-ingest.\n", flush=True)
        states = boto3.client("stepfunctions", region_name=sandbox.aws.region)
        given = json.dumps({"trigger": "manual", "instance": INSTANCE, "user": "demo"})
        arn = states.start_execution(stateMachineArn=sandbox.aws.outputs["RevenueIngestArn"], input=given)["executionArn"]
        run_id = arn.rpartition(":")[2]
        output = json.loads(follow(sandbox, arn, run_id).get("output") or "{}")
        if "objects" not in output:
            print(f"\nThe run could not be started: {output.get('reason', 'see the execution')}", file=sys.stderr)
            return 2
        print(f"\nRun {run_id}: {output['outcome']}")
        for each in output["objects"]:
            print(f"  {each['object']:<14}{each['status']:<10}{each['rows']:>6} rows read {each['staged']:>6} staged")
        staged = sandbox.control("revenue", "dump")["staging"][0]
        print(f"  Zuora Revenue holds {staged['lines']} lines in inbound staging, {staged['repeated']} of them twice.\n")
        files = fetch(sandbox, run_id, output)
        print(f"What the run left, in {files[0][1].parent}:")
        for what, path in files:
            print(f"  {what:<14}{path.name}")
        return 0 if output["outcome"] in ("SUCCESS", "WARNING") else 2


def main() -> int:
    """The entry point."""
    try:
        return demo(SandboxOptions(data="demo"))
    except KeyboardInterrupt:
        return INTERRUPTED
    except (SandboxError, StandInsFailed, StackError) as failed:
        print(f"The sandbox cannot start. {failed}", file=sys.stderr)
        return CONFIGURATION


if __name__ == "__main__":
    sys.exit(main())
