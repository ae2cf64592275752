"""The thread that copies what runs leave goes on looking, whatever one look meets."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import pytest

from sandbox import run_files
from sandbox.run_files import RunFiles


class Pages:
    """A paginator that gives these pages, whatever it is asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def paginate(self, **asked: Any) -> Any:
        return self.answer(asked)


class States:
    """Step Functions with one ended execution, whose list fails the first times."""

    def __init__(self, failures: list[Exception]) -> None:
        self.failures = failures
        self.recovered = threading.Event()

    def get_paginator(self, name: str) -> Pages:
        return Pages(self._list)

    def _list(self, asked: Any) -> list[dict[str, Any]]:
        if self.failures:
            raise self.failures.pop()
        self.recovered.set()
        return [{"executions": [{"executionArn": "arn", "status": "SUCCEEDED"}]}]


class Store:
    """A bucket with one run that left a summary."""

    def get_paginator(self, name: str) -> Pages:
        return Pages(lambda asked: [{"Contents": [self.entry]}])

    entry = {"Key": "runs/one/summary.json", "ETag": "one"}

    def get_object(self, **asked: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(b"{}")}


FAILURES = (AttributeError("'NoneType' object has no attribute 'value'"), ConnectionError("gone"), KeyError("status"))
"""What a list answers while an execution is being created, while AWS is being replaced, and in between."""


def test_a_look_that_fails_does_not_end_the_looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_files, "LOOK_EVERY_SECONDS", 0.001)
    monkeypatch.setattr(run_files, "boto3", type("Boto", (), {"client": staticmethod(lambda service: None)}))
    watched = RunFiles(["machine"], "bucket", tmp_path)
    states = States(list(FAILURES))
    watched._states, watched._store = states, Store()
    with watched:
        assert states.recovered.wait(30)
        assert watched._thread.is_alive()
    assert not states.failures
    assert (tmp_path / "one" / "summary.json").read_bytes() == b"{}"
