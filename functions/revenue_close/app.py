"""Lambda revenue_close, see tallybridge.revenue.closing; counts the run's metrics."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from tallybridge.revenue.closing import close_run
from tallybridge.revenue.wiring import RevenueWiring

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`event` = {"runId"} or an EventBridge event of an ended execution."""
    answer = close_run(event, RevenueWiring.of(context))
    metrics.add_metric("RevenueRunClosed", MetricUnit.Count, 1)
    metrics.add_metric("RevenueRunFailed", MetricUnit.Count, int(answer["outcome"] == "FAILED"))
    logger.info("closed", run_id=answer["runId"], outcome=answer["outcome"])
    return answer
