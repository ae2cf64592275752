"""Lambda revenue_upload, see tallybridge.revenue.performing."""

from __future__ import annotations

from typing import Any

from tallybridge.revenue.performing import perform
from tallybridge.revenue.wiring import RevenueWiring
from tallybridge.technical import masked_errors, technical_logger

logger = technical_logger()


@masked_errors
@logger.inject_lambda_context(correlation_id_path="runId")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Tasks 8 to 10: upload, confirm, stage errors. `event` = {"task", "runId", "object"?}."""
    answer = perform(event, RevenueWiring.of(context))
    logger.info("done", task=event.get("task"), object=event.get("object"), answer=answer)
    return answer
