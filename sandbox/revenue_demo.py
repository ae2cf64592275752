"""`make demo-revenue`: runs the revenue connector on the demo tenant through the real state machine, shows the tasks as they pass, and says
where the mail, its attachment, the upload files and the other files lie. Then it runs the instances in which something is planted, and
says of each case whether the run told it with the code that was expected."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3

from sandbox.aws import StackError
from sandbox.child import ChildFailed
from sandbox.demo.revenue_faults import FaultyInstance, Said, Verdict, faulty_instances, judge
from sandbox.demo.revenue_settings import INSTANCE, OBJECTS
from sandbox.host import Sandbox, SandboxError, SandboxOptions
from tallybridge.reporting.words import shortened

AS_PLANNED, OTHERWISE, FAILED, CONFIGURATION, INTERRUPTED = 0, 1, 2, 3, 130
TRANSFERRED = ("SUCCESS", "WARNING")
SHOWN = 180
"""Characters of a message that are shown."""
LOOK_SECONDS = 0.2
LONGEST_SECONDS = 300.0
PREFIX = "tasks/"


def configuration(sandbox: Sandbox, faulty: Sequence[FaultyInstance] = ()) -> dict[str, Any]:
    """The sandbox's configuration with those instances besides in which something is planted."""
    document = sandbox.revenue_settings()
    return {**document, "instances": [*document["instances"], *(each.configured() for each in faulty)]}


def run(sandbox: Sandbox, instance: str, objects: Sequence[str] = (), **more: str) -> tuple[str, dict[str, Any]]:
    """Run an instance to its end; answers the run's id and the output of its execution. Its tasks are shown where `objects` names those
    of the instance; `more` is given to the execution, such as the run that it resumes."""
    states = boto3.client("stepfunctions", region_name=sandbox.aws.region)
    given = json.dumps({"trigger": "manual", "instance": instance, "user": "demo", **more})
    arn = states.start_execution(stateMachineArn=sandbox.aws.outputs["RevenueIngestArn"], input=given)["executionArn"]
    run_id = arn.rpartition(":")[2]
    return run_id, json.loads(follow(sandbox, arn, run_id, objects).get("output") or "{}")


def follow(sandbox: Sandbox, arn: str, run_id: str, objects: Sequence[str]) -> dict[str, Any]:
    """Wait for the end, and print each task when it has ended, if `objects` are given; answers the execution's description."""
    states, told = boto3.client("stepfunctions", region_name=sandbox.aws.region), set[str]()
    give_up = time.monotonic() + LONGEST_SECONDS
    while True:
        ended = dict(states.describe_execution(executionArn=arn))
        for name, task in tasks(sandbox, run_id) if objects else ():
            if name not in told and task["ended"]:
                told.add(name)
                of = f" ({objects[int(task['object']) - 1]})" if task["object"] else ""
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
    """Run it; answers the exit code: 0 when everything is staged and every planted case was told as expected."""
    print("Starting the sandbox.", flush=True)
    with Sandbox(options) as sandbox:
        faulty = faulty_instances()
        sandbox.load_netsuite({"dataset": [each.dataset for each in faulty]})
        sandbox.store_revenue_settings(configuration(sandbox, faulty))
        print(f"The demo tenant is loaded. Running the instance {INSTANCE!r} through the state machine revenue-ingest.\n", flush=True)
        if not good_run(sandbox):
            return FAILED
        print(f"\nNow {len(faulty)} instances in which something is planted.", flush=True)
        return conclude([verdict for each in faulty for verdict in faulty_run(sandbox, each)])


def good_run(sandbox: Sandbox) -> bool:
    """The instance with which nothing is wrong; answers whether all of it is staged."""
    run_id, output = run(sandbox, INSTANCE, OBJECTS)
    if "objects" not in output:
        print(f"\nThe run could not be started: {output.get('message', 'see the execution')}", file=sys.stderr)
        return False
    print(f"\nRun {run_id}: {output['outcome']}")
    for each in output["objects"]:
        print(f"  {each['object']:<14}{each['status']:<10}{each['rows']:>6} rows read {each['staged']:>6} staged")
    staged = staging(sandbox)
    print(f"  Zuora Revenue holds {staged['lines']} lines in inbound staging, {staged['repeated']} of them twice.\n")
    files = fetch(sandbox, run_id, output)
    print(f"What the run left, in {files[0][1].parent}:")
    for what, path in files:
        print(f"  {what:<14}{path.name}")
    return output["outcome"] in TRANSFERRED


def faulty_run(sandbox: Sandbox, instance: FaultyInstance) -> list[Verdict]:
    """An instance in which something is planted: what it says is shown, and judged. Where the cause is mended in Zuora Revenue, what a
    person would do next is done: resuming, which is refused, and a new run."""
    before = staging(sandbox)["lines"]
    run_id, output = run(sandbox, instance.name)
    print(f"\n{instance.name}: run {run_id}: {output.get('outcome', 'no answer')}")
    said = messages(sandbox, output)
    for each in (each for each in said if each.code):
        print(f"  {each.code:<21} {shortened(each.message, SHOWN)}")
        if each.advice:
            print(f"  {'':<21} Next: {each.advice}")
    print(f"  {' '.join(output.get('standing', []))}", flush=True)
    verdicts = judge(instance.faults, said)
    verdicts.append(Verdict(f"{instance.name}: lines staged", "0", str(staging(sandbox)["lines"] - before)))
    if instance.mend:
        _, resumed = run(sandbox, instance.name, resume=run_id)
        verdicts.append(Verdict(f"{instance.name}: resumed", "NOT_RESUMABLE", str(resumed.get("code") or resumed.get("outcome", ""))))
        sandbox.control("revenue", "load", instance.mend)
        _, anew = run(sandbox, instance.name)
        verdicts.append(Verdict(f"{instance.name}: mended and run anew", "SUCCESS", anew.get("outcome", "")))
        rows, now = sum(each["rows"] for each in anew.get("objects", [])), staging(sandbox)
        staged = f"{now['lines'] - before} of {rows}, {now['repeated']} twice"
        verdicts.append(Verdict(f"{instance.name}: lines staged then", f"{rows} of {rows}, 0 twice", staged))
    return verdicts


def messages(sandbox: Sandbox, output: dict[str, Any]) -> list[Said]:
    """The errors of a run, as its summary tells them; why it was not started, where it was not."""
    if "keys" not in output:
        return [Said(str(output.get("code", "")), str(output.get("message", "")), "")]
    key = output["keys"]["summary"]
    body = boto3.client("s3").get_object(Bucket=sandbox.aws.outputs["ReportsBucket"], Key=key)["Body"].read()
    return [Said(m["code"], m["message"], m["advice"]) for m in json.loads(body)["messages"] if m["level"] == "ERROR"]


def staging(sandbox: Sandbox) -> dict[str, Any]:
    """What inbound staging of Zuora Revenue holds: lines, and how many of them twice."""
    return dict(sandbox.control("revenue", "dump")["staging"][0])


def conclude(verdicts: Sequence[Verdict]) -> int:
    """Say of each planted case what was expected and what came; answers the exit code."""
    print("\nWhat was planted, the code that was expected, and the one that came:")
    for each in verdicts:
        word = "as planned" if each.as_planned else "NOT AS PLANNED"
        print(f"  {each.case:<62} {each.expected:<21} {each.came or '(nothing)':<21} {word}")
    others = sum(not each.as_planned for each in verdicts)
    print(f"\n{others} of {len(verdicts)} are not as planned." if others else f"\nAs planned: all {len(verdicts)}.")
    return OTHERWISE if others else AS_PLANNED


def main() -> int:
    """The entry point."""
    try:
        return demo(SandboxOptions(data="demo", console=False))
    except KeyboardInterrupt:
        return INTERRUPTED
    except (SandboxError, ChildFailed, StackError) as failed:
        print(f"The sandbox cannot start. {failed}", file=sys.stderr)
        return CONFIGURATION


if __name__ == "__main__":
    sys.exit(main())
