"""Copies what runs leave in the reports bucket to a folder on this machine as soon as they end: out/runs/<run id>/."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3

NAMES = frozenset({"summary.json", "summary.csv", "log.jsonl.gz", "report.html", "mail.eml"})
BEGINNINGS = ("summary_", "revenue_connector_", "line_results_")
"""Files of the revenue connector, whose names hold the run, the instance or the object."""
COPY_EVERY_SECONDS = 1.0
LINGER_SECONDS = 5.0
"""How long after the end of an execution its files are looked for, and how often: some are written after the end."""
PREFIX = "runs/"


class RunFiles(AbstractContextManager["RunFiles"]):
    """Copies the files of runs whose executions of the state machines have ended. A last look is taken when it is closed."""

    def __init__(self, state_machines: Sequence[str], bucket: str, folder: Path) -> None:
        self.state_machines = tuple(state_machines)
        self.bucket = bucket
        self.folder = folder
        self._copied: dict[str, str] = {}
        """The state in which files were copied, by key."""
        self._copy_until = 0.0
        self._stopped = False
        self._news = threading.Event()
        """An execution has ended, or there is nothing more to wait for."""
        self._thread = threading.Thread(target=self._watch, daemon=True, name="run files")
        self._store = boto3.client("s3")

    def __enter__(self) -> RunFiles:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopped = True
        self._news.set()
        self._thread.join()
        self.copy()

    def hear(self, detail: Mapping[str, Any]) -> None:
        """Hears of an execution, from the detail of its event (`stateMachineArn`, `status`)."""
        if detail["stateMachineArn"] in self.state_machines and detail["status"] != "RUNNING":
            self._copy_until = time.monotonic() + LINGER_SECONDS
            self._news.set()

    def copy(self) -> None:
        """Copy the files that runs leave for people; a file that was copied as it is now is left alone."""
        for page in self._store.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=PREFIX):
            for entry in page.get("Contents", ()):
                run, _, name = entry["Key"].removeprefix(PREFIX).partition("/")
                if "/" not in name and _for_people(name) and self._copied.get(entry["Key"]) != entry["ETag"]:
                    self._copy_one(entry["Key"], self.folder / run / name)
                    self._copied[entry["Key"]] = entry["ETag"]

    def _copy_one(self, key: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(target.name + ".part")
        unfinished.write_bytes(self._store.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        unfinished.replace(target)

    def _watch(self) -> None:
        while True:
            self._news.wait(COPY_EVERY_SECONDS if time.monotonic() < self._copy_until else None)
            if self._stopped:
                return
            self._news.clear()
            try:
                self.copy()
            except Exception as failed:  # the edge of the thread: the next look may go well, and nobody else would go on looking
                logging.getLogger(__name__).warning("run files could not be copied, next try follows: %s", failed)


def _for_people(name: str) -> bool:
    return name in NAMES or name.startswith(BEGINNINGS)
