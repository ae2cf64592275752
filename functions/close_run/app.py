"""Lambda close_run, see tallybridge.tasks.close_run; counts the run's metrics."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from tallybridge.tasks.close_run import close_run
from tallybridge.wiring import Wiring

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    answer = close_run(event, Wiring.of(context))
    metrics.add_metric("RunClosed", MetricUnit.Count, 1)
    metrics.add_metric("RunFailed", MetricUnit.Count, int(answer["outcome"] == "failed"))
    metrics.add_metric("RunOutOfBalance", MetricUnit.Count, int(answer["outcome"] == "out of balance"))
    logger.info("closed", run_id=answer["runId"], outcome=answer["outcome"])
    return answer
