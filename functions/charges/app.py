"""Lambda of the sync step charges: one task of it per invocation."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger

from tallybridge.tasks.steps import step_class
from tallybridge.tasks.sync_step import run_task
from tallybridge.wiring import Wiring

logger = Logger()


@logger.inject_lambda_context(correlation_id_path="runId")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`event` = {"task", "runId", "step", "batch"?, "attempt"?, "error"?, "reason"?}; the answer depends on the task."""
    answer = run_task(step_class("charges"), event, Wiring.of(context))
    logger.info("done", task=event.get("task"), batch=event.get("batch"), answer=answer)
    return answer
