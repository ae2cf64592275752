"""Folder, upload, settings and list of runs keep their promises on whatever implements AWS."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import pytest

from tallybridge.configuration import PARAMETER_BYTES, SETTINGS, Configuration, Versions
from tallybridge.errors import ConfigurationError, RunInProgress
from tallybridge.sync.folder import RunFolder, is_gone
from tallybridge.sync.runs import Runs
from tallybridge.sync.upload import PART_BYTES, Upload
from tests.second_aws import BUCKET, STORES, embedded
from tests.sync.memory import MemoryObjects, MemoryParameters
from tests.unit.sync.tables import Clock

PARAMETER = "/tallybridge/settings"
MANY = 1_005
"""Keys: more than one page of a listing."""


@pytest.fixture(params=STORES)
def stores(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any]]:
    """S3 with an empty bucket, and the Parameter Store with settings of nothing."""
    if request.param == "memory":
        yield MemoryObjects(), MemoryParameters()
    elif request.param == "ministack":
        aws = request.getfixturevalue("ministack")
        yield aws.bucket(), _parameters(aws)
    else:
        with embedded() as aws:
            yield aws.bucket(), _parameters(aws)


def _parameters(aws: Any) -> Any:
    ssm = aws.made("client", "ssm")
    ssm.put_parameter(Name=PARAMETER, Value="{}", Type="String", Overwrite=True)
    return ssm


@pytest.fixture
def folder(stores: tuple[Any, Any]) -> RunFolder:
    return RunFolder(stores[0], BUCKET, "run-1")


@pytest.fixture
def configuration(stores: tuple[Any, Any]) -> Configuration:
    return Configuration(stores[1], PARAMETER, Versions(stores[0], BUCKET, SETTINGS), Clock())


def test_a_file_is_read_as_it_was_written(folder: RunFolder) -> None:
    folder.write_lines("log/a.jsonl.gz", [{"n": 1}, ["\u00e4", None]])
    assert list(folder.read_lines("log/a.jsonl.gz")) == [{"n": 1}, ["\u00e4", None]]
    assert gzip.decompress(folder.open("log/a.jsonl.gz").read()).count(b"\n") == 2


def test_of_two_writers_of_a_file_that_is_written_once_the_first_one_stays(folder: RunFolder) -> None:
    assert folder.write_json_once("manifest.json", [1]) is True
    assert folder.write_json_once("manifest.json", [2]) is False
    assert folder.read_json("manifest.json") == [1]


def test_a_file_that_is_not_there_is_said_to_be_missing(folder: RunFolder) -> None:
    assert folder.has("nothing.json") is False
    with pytest.raises(FileNotFoundError):
        folder.read("nothing.json")


def test_a_listing_of_several_pages_is_whole_and_in_order(folder: RunFolder) -> None:
    expected = [f"results/{number:06d}.json" for number in range(MANY)]
    for name in reversed(expected):
        folder.write(name, b"{}")
    folder.write("other.json", b"{}")
    assert list(folder.names("results/")) == expected


def test_an_upload_in_parts_is_there_when_it_is_closed_and_a_repeated_round_changes_nothing(folder: RunFolder) -> None:
    first, body = Upload(folder, "log.jsonl.gz", "application/gzip"), bytes(range(256)) * (PART_BYTES // 256) + b"the rest"
    first.write(body[: PART_BYTES + 3])
    assert not folder.has("log.jsonl.gz")
    again = Upload(folder, "log.jsonl.gz", "application/gzip")
    again.load(first.to_json())
    first.write(body[PART_BYTES + 3 :])
    again.write(body[PART_BYTES + 3 :])
    again.close()
    assert folder.read("log.jsonl.gz") == body
    with pytest.raises(Exception, match=r".*Upload.*|.*#.*") as gone:
        first.close()
    assert is_gone(gone.value)


def test_settings_have_versions_and_what_is_large_is_referred_to(configuration: Configuration) -> None:
    small, large = '{"debug_logging": "Yes"}', '{"field_map": {"x": "' + "y" * PARAMETER_BYTES + '"}}'
    assert configuration.current().number == 0
    assert [configuration.save_version(text, "ana", "as agreed").number for text in (small, large)] == [1, 2]
    assert (configuration.current().document, configuration.current().number) == (large, 2)
    assert [(v.number, v.before, v.document) for v in configuration.versions.all()] == [(2, 1, large), (1, 0, small)]


def test_of_two_who_save_the_same_version_the_second_is_told(configuration: Configuration) -> None:
    saved = configuration.save_version("{}", "ana", "first")
    with pytest.raises(ConfigurationError) as told:
        configuration.versions.add(saved)
    assert told.value.code == "CONFIGURATION-SAVED-MEANWHILE"


def test_what_a_tool_puts_into_the_parameter_is_the_document_in_force(configuration: Configuration) -> None:
    configuration.save_version("{}", "ana", "first")
    configuration.parameters.put_parameter(Name=PARAMETER, Value='{"run_hours": 2}', Type="String", Overwrite=True)
    found = configuration.current()
    assert (found.number, found.before, found.document) == (0, 1, '{"run_hours": 2}')
    assert configuration.adopt(found).number == 2
    assert configuration.current().number == 2


def test_one_run_at_a_time(runs: Any) -> None:
    clock = Clock()
    book = Runs(runs, clock)
    book.lock("run-1")
    with pytest.raises(RunInProgress):
        book.lock("run-2")
    assert book.unlock("run-2") is False
    assert book.unlock("run-1") is True
    book.lock("run-2")
    assert (book.lock_holder() or {})["run_id"] == "run-2"


def test_the_list_of_runs_is_newest_first(runs: Any) -> None:
    clock = Clock()
    book = Runs(runs, clock)
    for number in range(1, 4):
        book.record(f"run-{number}", job=book.job, started=f"2026-11-0{number}T08:00:00Z", outcome="completed")
    assert [row["run_id"] for row in book.recent(2)] == ["run-3", "run-2"]
    assert book.read("run-1")["outcome"] == "completed"
