"""Lambda revenue_close, see tallybridge.revenue.closing; counts the run's metrics."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from tallybridge.revenue.closing import close_run
from tallybridge.revenue.wiring import RevenueWiring
from tallybridge.technical import masked_errors, technical_logger

logger = technical_logger()
metrics = Metrics()


@masked_errors
@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`event` = {"runId"}, or {"detail", "closer"} of an ended execution."""
    answer = close_run(event, RevenueWiring.of(context))
    if "mailed" not in answer:
        metrics.add_metric("RevenueRunClosed", MetricUnit.Count, 0)
        logger.info("left alone", run_id=answer["runId"])
        return answer
    metrics.add_metric("RevenueRunClosed", MetricUnit.Count, 1)
    metrics.add_metric("RevenueRunFailed", MetricUnit.Count, int(answer["outcome"] == "FAILED"))
    metrics.add_metric("MailFailed", MetricUnit.Count, int(not answer["mailed"]))
    logger.info("closed", run_id=answer["runId"], outcome=answer["outcome"])
    return answer
