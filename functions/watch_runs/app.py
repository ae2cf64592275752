"""Lambda watch_runs, see tallybridge.tasks.watch_runs; counts the scheduled runs that did not happen."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from tallybridge.tasks.watch_runs import watch_runs
from tallybridge.technical import masked_errors, technical_logger
from tallybridge.wiring import Wiring

logger = technical_logger()
metrics = Metrics()


@masked_errors
@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """`event` is not looked at: EventBridge Scheduler sends it every 15 minutes."""
    missing = watch_runs(Wiring.of(context))
    metrics.add_metric("RunsMissing", MetricUnit.Count, len(missing["billing"]))
    metrics.add_metric("RevenueRunsMissing", MetricUnit.Count, len(missing["revenue"]))
    for each in (*missing["billing"], *missing["revenue"]):
        logger.error("a scheduled run did not happen", missing=each)
    return missing
