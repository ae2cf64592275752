"""Lambda close_run, see tallybridge.tasks.close_run; counts the run's metrics."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from tallybridge.tasks.close_run import close_run
from tallybridge.technical import masked_errors, technical_logger
from tallybridge.wiring import Wiring

logger = technical_logger()
metrics = Metrics()


@masked_errors
@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`event` = {"runId", "error"?, "closer"?}, or {"detail", "closer"} of an ended execution."""
    answer = close_run(event, Wiring.of(context))
    if "outcome" not in answer:
        metrics.add_metric("RunClosed", MetricUnit.Count, 0)
        logger.info("noted", run_id=answer["runId"], left=answer["leave"])
        return answer
    metrics.add_metric("RunClosed", MetricUnit.Count, 1)
    metrics.add_metric("RunFailed", MetricUnit.Count, int(answer["outcome"] == "failed"))
    metrics.add_metric("RunOutOfBalance", MetricUnit.Count, int(answer["outcome"] == "out of balance"))
    metrics.add_metric("MailFailed", MetricUnit.Count, int(not answer["mailed"]))
    logger.info("closed", run_id=answer["runId"], outcome=answer["outcome"])
    return answer
