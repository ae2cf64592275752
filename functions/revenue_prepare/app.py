"""Lambda revenue_prepare, see tallybridge.revenue.performing."""

from __future__ import annotations

from typing import Any

from tallybridge.revenue.performing import pass_barrier, perform
from tallybridge.revenue.wiring import RevenueWiring
from tallybridge.technical import masked_errors, technical_logger

logger = technical_logger()


@masked_errors
@logger.inject_lambda_context(correlation_id_path="runId")
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Tasks 2 to 7: log in, read, template, build, check; and the barrier. `event` = {"task", "runId", "object"?}."""
    act = pass_barrier if event.get("task") == "barrier" else perform
    answer = act(event, RevenueWiring.of(context))
    logger.info("done", task=event.get("task"), object=event.get("object"), answer=answer)
    return answer
