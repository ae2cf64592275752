"""A worker process of `make bench-close`: makes the folder of a run whose batches are done, or does one of the tasks that close it, round
after round, as the Lambda functions would."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from sandbox.bench_worker import EXECUTION
from tallybridge.http import Http, new_session
from tallybridge.tasks.archive_log import archive_log
from tallybridge.tasks.open_run import open_run
from tallybridge.tasks.reconcile import reconcile
from tallybridge.tasks.steps import step_class
from tallybridge.tasks.sync_step import run_task
from tallybridge.wiring import Invocation, Wiring

RECORDS = 100
"""In a batch."""
ONE_HELD_IN = 50
ROUND_SECONDS = 295.0
STEP = "invoices"
CUSTOMER = "7001"


class MissingKey(Exception):
    """There is no such object."""


MissingKey.__name__ = "NoSuchKey"  # by which the S3 client tells it


class Folder:
    """As much of an S3 client as closing a run uses, on a folder of this machine; each call takes `seconds`."""

    def __init__(self, root: Path, seconds: float) -> None:
        self.root = root
        self.seconds = seconds
        self.calls = 0

    def put_object(self, *, Key: str, Body: bytes, **_: Any) -> dict[str, Any]:
        self._call()
        path = self.root / Key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(Body)
        return {}

    def get_object(self, *, Key: str, Range: str = "bytes=0-", **_: Any) -> dict[str, Any]:
        self._call()
        begin, end = Range.removeprefix("bytes=").split("-")
        try:
            return {"Body": io.BytesIO((self.root / Key).read_bytes()[int(begin) : int(end) + 1 if end else None])}
        except FileNotFoundError as missing:
            raise MissingKey(Key) from missing

    def list_objects_v2(self, *, Prefix: str, MaxKeys: int = 1000, ContinuationToken: str = "", **_: Any) -> dict[str, Any]:
        self._call()
        found = sorted(k for k in self._below(self.root / Prefix.rpartition("/")[0]) if k.startswith(Prefix) and k > ContinuationToken)
        page = found[:MaxKeys]
        more = {"IsTruncated": True, "NextContinuationToken": page[-1]} if len(found) > MaxKeys else {}
        return {"KeyCount": len(page), "Contents": [{"Key": key} for key in page], **more}

    def create_multipart_upload(self, *, Key: str, **_: Any) -> dict[str, Any]:
        self._call()
        (self.root / f"{Key}.parts").mkdir(parents=True, exist_ok=True)
        return {"UploadId": f"{Key}.parts"}

    def upload_part(self, *, UploadId: str, PartNumber: int, Body: bytes, **_: Any) -> dict[str, Any]:
        self._call()
        (self.root / UploadId / str(PartNumber)).write_bytes(Body)
        return {"ETag": str(PartNumber)}

    def complete_multipart_upload(self, *, Key: str, UploadId: str, MultipartUpload: Any, **_: Any) -> dict[str, Any]:
        self._call()
        with (self.root / Key).open("wb") as whole:
            for part in MultipartUpload["Parts"]:
                whole.write((self.root / UploadId / str(part["PartNumber"])).read_bytes())
        return {}

    def _call(self) -> None:
        self.calls += 1
        time.sleep(self.seconds)

    def _below(self, place: Path) -> Iterator[str]:
        for where, _, names in os.walk(place):
            yield from (str((Path(where) / name).relative_to(self.root)) for name in names)


class Answering(BaseAdapter):
    """Answers what NetSuite is asked about the made-up invoices, after `seconds`; everything else goes to the stand-in."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.onward = HTTPAdapter()

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:  # type: ignore[override]
        body = json.loads(request.body) if request.body and str(request.url).partition("?")[0].endswith("/suiteql") else {}
        ids = [value for value in body.get("params", ()) if value.startswith("made-up-")]
        if not ids:
            return self.onward.send(request, **how)
        time.sleep(self.seconds)
        rows = [{"zuoraid": i, "type": "CustInvc", "entity": CUSTOMER, "currency": "1", "foreigntotal": "10.00"} for i in ids]
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = 200, str(request.url), request
        answer.headers["Content-Type"] = "application/json"
        answer.raw = io.BytesIO(json.dumps({"items": rows, "hasMore": False}).encode())
        return answer

    def close(self) -> None:
        self.onward.close()


class CloseWiring(Wiring):
    """The product's wiring with S3 on a folder and NetSuite's answers made up."""

    store: Folder
    session: requests.Session

    def objects(self) -> Any:
        return self.store

    def http(self) -> Http:
        http = Http(session=self.session)
        http.deadline = self.invocation.deadline
        return http


def made_up(batch: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What a batch has left: its results and its log lines."""
    ids = [f"made-up-{batch:06d}-{n:03d}" for n in range(RECORDS)]
    results, lines = [], []
    for n, record in enumerate(ids):
        money = {"currency": "USD", "amount": 10.0}
        shared = {"object": "Invoice", "source_id": record, "source_number": f"INV{batch:06d}{n:03d}"}
        line = {"time": "2026-11-02T08:00:00.000Z", "run_id": "bench", "step": STEP, "direction": "Zuora -> NetSuite", **shared}
        if n % ONE_HELD_IN:
            there = {"destination_id": f"{batch:06d}{n:03d}", "destination": "invoice", "customer": CUSTOMER}
            results.append({**shared, **money, **there, "outcome": "synced", "action": "create", "destination_amount": 10.0})
            text = f"Invoice {shared['source_number']} was created in NetSuite."
            lines.append({**line, "level": "INFO", "message": text, "action": "create", "destination_id": there["destination_id"]})
        else:
            results.append({**shared, **money, "outcome": "held", "code": "INV-5"})
            text = f'Invoice {shared["source_number"]}: charge "Seats {batch % 7}" has no Item Type.'
            more = {
                "code": "INV-5",
                "advice": "Give it one.",
                "outcome": "held",
                "currency": "USD",
                "amount": "10",
                "cause": "no Item Type",
            }
            lines.append({**line, "level": "WARNING", "message": text, **more})
    return {"results": results, "selected": ids, "failure": "", "left_out": []}, lines


def make(root: Path, batches: int) -> str:
    """Open a run and put into its folder what its batches would have left; answers the run's id."""
    opened = open_run({"input": {"trigger": "bench", "steps": [STEP]}, "execution": EXECUTION}, wired(root, 0, 0))
    run_id: str = opened["runId"]
    folder = wired(root, 0, 0).folder(run_id)
    kind = step_class(STEP)
    start = {"started": "2026-11-02T08:00:00.000Z", "since": "", "switched": False, "watermark": ["", "", ""]}
    folder.write_json(f"{STEP}/start.json", {**start, "object": kind.object, "title": kind.title, "direction": kind.direction})
    manifest: list[dict[str, Any]] = [
        {"batch": f"{n:06d}", "records": RECORDS, "file": f"batches/{n:06d}.jsonl.gz"} for n in range(1, batches + 1)
    ]
    folder.write_json(f"{STEP}/manifest.json", manifest)
    folder.write_json(f"{STEP}/looked.json", {"highest": ""})
    folder.write_json("reference/defaults-checked.json", "customers")
    for entry in manifest:
        results, lines = made_up(int(entry["batch"]))
        folder.write_json(f"{STEP}/results/{entry['batch']}-0001.json", results)
        folder.write_lines(f"{STEP}/log/{entry['batch']}-0001.jsonl.gz", lines)
    return run_id


def wired(root: Path, s3_seconds: float, netsuite_seconds: float) -> CloseWiring:
    wiring = CloseWiring(Invocation("bench", time.time() + ROUND_SECONDS))
    wiring.store = Folder(root, s3_seconds)
    wiring.session = new_session(32)
    wiring.session.mount("http://", Answering(netsuite_seconds))
    return wiring


def work(root: Path, run_id: str, task: str, s3_seconds: float, netsuite_seconds: float) -> dict[str, Any]:
    """One task of closing, round after round, in this process."""
    imported, started = _peak(), time.monotonic()
    rounds = calls = 0
    while True:
        wiring = wired(root, s3_seconds, netsuite_seconds)
        event = {"runId": run_id, "step": STEP, "task": task, "error": None}
        if task == "summarise":
            answer = run_task(step_class(STEP), event, wiring)
        else:
            answer = {"reconcile": reconcile, "archive": archive_log}[task](event, wiring)
        rounds, calls = rounds + 1, calls + wiring.store.calls
        if answer["done"]:
            break
    seconds = time.monotonic() - started
    return {"seconds": seconds, "rounds": rounds, "calls": calls, "peak": _peak(), "imported": imported, "answer": answer}


def _peak() -> float:
    """MiB of this process alone: what the kernel counts for its parent before it began is not in it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    place, action, *rest = sys.argv[1:]
    if action == "make":
        print(json.dumps(make(Path(place), int(rest[0]))))
    else:
        print(json.dumps(work(Path(place), rest[0], rest[1], float(rest[2]), float(rest[3]))))
