"""A worker process of the benchmark: opens a run, selects the invoices and syncs the first batch, as the Lambda functions would, and prints
its peak memory after each. AWS, Zuora and NetSuite are in another process, so that only the worker is measured."""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

FUNCTIONS = Path(__file__).resolve().parent.parent / "functions"
SECONDS = 900_000
EXECUTION = "arn:aws:states:eu-west-1:000000000000:execution:billing:bench-worker"


class Context:
    """As much of a Lambda context as the handlers use."""

    function_name = "bench"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:bench"
    aws_request_id = "bench"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return SECONDS


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def invoke(function: str, event: dict[str, Any], answers: Any) -> None:
    """Call a handler in this (fresh) process and put (answer, MiB after import, peak MiB) into the queue, or why it failed."""
    try:
        sys.path.insert(0, str(FUNCTIONS / function))
        app = import_module("app")
        import_module("boto3")  # part of what a worker has in memory
        imported = peak_mib()
        answer = app.handler(event, Context())
    except BaseException:
        answers.put(traceback.format_exc())
        raise
    answers.put((answer, imported, peak_mib()))


def in_own_process(function: str, event: dict[str, Any]) -> tuple[Any, float, float]:
    context = get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=invoke, args=(function, event, answers))
    process.start()
    result = answers.get(timeout=SECONDS / 1000)
    process.join()
    if isinstance(result, str):
        raise RuntimeError(result)
    answer, imported, peak = result
    return answer, imported, peak


def main() -> None:
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "bench")
    os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "Bench")
    os.environ["POWERTOOLS_LOG_LEVEL"] = "ERROR"
    opened, _, _ = in_own_process("open_run", {"input": {"trigger": "bench", "steps": ["invoices"]}, "execution": EXECUTION})
    event = {"runId": opened["runId"], "step": "invoices"}
    selected, imported, select_peak = in_own_process("invoices", {**event, "task": "select"})
    _, _, batch_peak = in_own_process("invoices", {**event, "task": "batch", "batch": "000001"})
    in_own_process("close_run", {"runId": opened["runId"]})
    figures = {"import_mib": imported, "select_mib": select_peak, "batch_mib": batch_peak, "selected": selected["selected"]}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
