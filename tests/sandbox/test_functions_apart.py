"""The functions in a process of their own: they do what they do in this one, and what they take of the processor is told apart."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.functions_apart import FunctionsApart
from sandbox.aws.local import FunctionFailed
from sandbox.aws.meter import AWS, OWN, VENDORS
from sandbox.bench_measure import run
from sandbox.demo.bench_steps import bench_step
from sandbox.host import REPOSITORY, Sandbox, SandboxOptions

COUNT = 4


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    out: Path = tmp_path_factory.mktemp("out")
    with Sandbox(SandboxOptions(out=out, child=False, console=False)) as running:
        running.load(bench_step("products", COUNT, "B"))
        for name in [name for name in sys.modules if name.startswith("sandbox_function_")]:
            del sys.modules[name]  # loaded by other tests
        yield running


@pytest.fixture(scope="module")
def apart(sandbox: Sandbox) -> Iterator[FunctionsApart]:
    with FunctionsApart(sandbox.aws, REPOSITORY) as functions:
        yield functions


@pytest.fixture(scope="module")
def output(sandbox: Sandbox, apart: FunctionsApart) -> dict[str, Any]:
    """What a first run says, which creates everything."""
    return run(sandbox, ["products"])


def test_a_run_is_the_same_and_no_handler_works_in_this_process(sandbox: Sandbox, output: dict[str, Any]) -> None:
    assert output["outcome"] == "completed" and output["tiedOut"]
    assert [(t["object"], t["synced"]) for t in output["totals"]] == [("Product", COUNT)]
    here = {name.removeprefix("sandbox_function_") for name in sys.modules if name.startswith("sandbox_function_")}
    assert not here & {"open_run", "products", "close_run"}
    assert {"open_run", "products", "close_run"} <= {record.function for record in sandbox.aws.invocations()}


def test_processor_time_is_told_apart_and_calls_are_counted_by_operation(apart: FunctionsApart, output: dict[str, Any]) -> None:
    used = apart.used()
    assert set(used["seconds"]) == {OWN, AWS, VENDORS} and all(seconds > 0 for seconds in used["seconds"].values())
    assert used["calls"]["PutItem"] >= COUNT and used["calls"]["GetSecretValue"] >= 1
    assert not used["instructions"]  # they were not asked for


def test_a_function_that_fails_there_fails_here_with_its_own_error(sandbox: Sandbox, apart: FunctionsApart) -> None:
    with pytest.raises(FunctionFailed) as failed:
        sandbox.aws.invoke("products", {"task": "nothing"})
    assert sandbox.aws.invocations("products")[-1].error == failed.value.error_type


def test_aws_keeps_the_connection_whatever_it_reads_of_a_request(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection(sandbox.aws.endpoint_url.removeprefix("http://"))
    first = None
    for method, path, body in (("PUT", "/nobodys-bucket/key", b"x" * 100_000), ("GET", "/", None), ("HEAD", "/nobodys-bucket", None)):
        connection.request(method, path, body, {"Host": f"s3.{sandbox.aws.region}.amazonaws.com"})
        first = first or connection.sock
        connection.getresponse().read()
        assert connection.sock is first is not None
    connection.close()
