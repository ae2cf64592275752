"""Copies what runs leave in the reports bucket to a folder on this machine as soon as they end: out/runs/<run id>/."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

import boto3

NAMES = ("summary.json", "summary.csv", "log.jsonl.gz", "report.html", "mail.eml")
LOOK_EVERY_SECONDS = 0.25
PREFIX = "runs/"


class RunFiles(AbstractContextManager["RunFiles"]):
    """Looks for ended executions of a state machine, and copies the files of their runs. A last look is taken when it is closed."""

    def __init__(self, state_machine: str, bucket: str, folder: Path) -> None:
        self.state_machine = state_machine
        self.bucket = bucket
        self.folder = folder
        self._ended: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="run files")
        self._states = boto3.client("stepfunctions")
        self._store = boto3.client("s3")

    def __enter__(self) -> RunFiles:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()
        self.look()

    def look(self) -> None:
        """Copy the files of runs if an execution has ended since the last look."""
        pages = self._states.get_paginator("list_executions").paginate(stateMachineArn=self.state_machine)
        ended = {e["executionArn"] for page in pages for e in page["executions"] if e["status"] != "RUNNING"}
        if ended - self._ended:
            self.copy()
            self._ended = ended

    def copy(self) -> None:
        """Copy the files that runs leave for people; a file that is here already with the same size is left alone."""
        for page in self._store.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=PREFIX):
            for entry in page.get("Contents", ()):
                run, _, name = entry["Key"].removeprefix(PREFIX).partition("/")
                target = self.folder / run / name
                if name in NAMES and not (target.exists() and target.stat().st_size == entry["Size"]):
                    self._copy_one(entry["Key"], target)

    def _copy_one(self, key: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(target.name + ".part")
        unfinished.write_bytes(self._store.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        unfinished.replace(target)

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_EVERY_SECONDS):
            self.look()
