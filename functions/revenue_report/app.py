"""Lambda revenue_report, see tallybridge.revenue.reporting."""

from __future__ import annotations

from typing import Any

from tallybridge.revenue.reporting import report
from tallybridge.revenue.wiring import RevenueWiring
from tallybridge.technical import masked_errors, technical_logger

logger = technical_logger()


@masked_errors
@logger.inject_lambda_context(correlation_id_path="runId")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Tasks 11 and 12, and what a state could not say itself. `event` = {"task", "runId", "error"?}."""
    answer = report(event, RevenueWiring.of(context))
    logger.info("done", task=event.get("task"), answer=answer)
    return answer
