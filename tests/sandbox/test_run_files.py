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


class Store:
    """A bucket with one run that left a summary, whose list fails the first times."""

    def __init__(self, failures: list[Exception]) -> None:
        self.failures = failures
        self.recovered = threading.Event()

    def get_paginator(self, name: str) -> Pages:
        return Pages(self._list)

    def _list(self, asked: Any) -> list[dict[str, Any]]:
        if self.failures:
            raise self.failures.pop()
        self.recovered.set()
        return [{"Contents": [{"Key": "runs/one/summary.json", "ETag": "one"}]}]

    def get_object(self, **asked: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(b"{}")}


FAILURES = (AttributeError("'NoneType' object has no attribute 'value'"), ConnectionError("gone"), KeyError("status"))
"""What a list answers while AWS is being replaced, and in between."""


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store(list(FAILURES))
    monkeypatch.setattr(run_files, "COPY_EVERY_SECONDS", 0.001)
    monkeypatch.setattr(run_files, "LINGER_SECONDS", 600)
    monkeypatch.setattr(run_files, "boto3", type("Boto", (), {"client": staticmethod(lambda service: made)}))
    return made


def test_a_look_that_fails_does_not_end_the_looking(tmp_path: Path, store: Store) -> None:
    with RunFiles(["machine"], "bucket", tmp_path) as watched:
        watched.hear({"stateMachineArn": "machine", "status": "SUCCEEDED"})
        assert store.recovered.wait(30)
        assert watched._thread.is_alive()
    assert not store.failures
    assert (tmp_path / "one" / "summary.json").read_bytes() == b"{}"


@pytest.mark.parametrize(("machine", "status"), [("machine", "RUNNING"), ("another", "SUCCEEDED")])
def test_nothing_is_looked_for_before_a_run_has_ended(tmp_path: Path, store: Store, machine: str, status: str) -> None:
    store.failures.clear()
    with RunFiles(["machine"], "bucket", tmp_path) as watched:
        watched.hear({"stateMachineArn": machine, "status": status})
        assert not watched._news.is_set()
        assert not store.recovered.is_set()
    assert (tmp_path / "one" / "summary.json").exists()
