"""The Lambda handler that all sync steps share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tallybridge.tasks.steps import step_class
from tallybridge.tasks.sync_step import run_task
from tallybridge.technical import masked_errors, technical_logger
from tallybridge.wiring import Wiring

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def step_handler(name: str) -> Handler:
    """The handler of a sync step: one task of it per invocation.

    Its event = {"task", "runId", "step", "batch"?, "error"?, "reason"?}; the answer depends on the task, see sync_step.py.
    """
    logger = technical_logger()

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        answer = run_task(step_class(name), event, Wiring.of(context))
        logger.info("done", task=event.get("task"), batch=event.get("batch"), answer=answer)
        return answer

    return masked_errors(logger.inject_lambda_context(handler, correlation_id_path="runId"))
